"""The frame stores of a channel: which buffer is in which, and the registers that say so."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from pynq_drivers.axi_vdma import registers as r
from pynq_drivers.transfers.holding import Holding

if TYPE_CHECKING:
    from pynq_drivers.axi_vdma.channel import Channel


class StoreTransfer:
    """What a buffer tells of a channel that works in it, for whoever shows it (see ``PynqBuffer.under_way``)."""

    error: BaseException | None = None
    done = False
    over = False  # the overlay has gone, but perhaps not the hardware

    def __init__(self, channel: Channel, index: int, frame: Any, offset: int, nbytes: int) -> None:
        self._channel = weakref.ref(channel)
        self._frame = frame
        self._holding = Holding.of(channel._dma.device)
        self._holding.add(self)
        frame.begin_transfer(self)
        self.title = f"{channel._title}[{index}]"
        self.to_memory = channel.to_memory
        self.index = index
        self.offset = offset
        self.nbytes = nbytes

    def let_go(self) -> None:
        """The core is not at work in it any more."""
        if not self.done:
            self.done = self.over = True
            self._holding.discard(self)
            frame, self._frame = self._frame, None
            frame.end_transfer(self)

    def lost(self, at_rest: bool, region: str = "") -> None:
        """The overlay has gone: so has the core, where it was replaced."""
        self.over = True
        if at_rest:
            self.let_go()

    def position(self) -> int | None:
        """0 while the channel is at this frame, else all of it; within a frame the core does not tell. One bus read."""
        channel = self._channel()
        if channel is None or self.done:
            return None
        with channel._dma.device.bus.asking("display"):
            return 0 if channel.activeframe == self.index else self.nbytes


class FrameList:
    """The buffers in the frame stores of a channel. They belong to the core: nobody else's until `take` gives one away."""

    def __init__(self, channel: Channel, count: int) -> None:
        self._channel = channel
        self._frames: list[Any] = [None] * count
        self._addresses = [0] * count
        self._shown: list[StoreTransfer | None] = [None] * count
        self.followers: set[FrameList] = set()

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Any:
        return self._frames[index]

    @property
    def filled(self) -> bool:
        """Whether any store has a buffer."""
        return any(frame is not None for frame in self._frames)

    def put(self, index: int, frame: Any) -> Any:
        """The buffer `frame` in the store `index`, written to its register; what was there before. `reload` makes it count."""
        address = self._channel.address_of(frame)
        before = self.keep(index, frame, address)
        self.write(index)
        for follower in self.followers:
            follower.put(index, frame)
        return before

    def keep(self, index: int, frame: Any, address: int) -> Any:
        """As `put`, without a register."""
        before = self._frames[index]
        self._let_go(index)
        self._frames[index], self._addresses[index] = frame, address
        mode = self._channel._needed_mode()
        if hasattr(frame, "begin_transfer"):
            self._shown[index] = StoreTransfer(self._channel, index, frame, int(getattr(frame[0], "offset", 0)), mode.nbytes)
        return before

    def _let_go(self, index: int) -> None:
        shown = self._shown[index]
        if shown is not None:
            shown.let_go()
        self._frames[index], self._shown[index] = None, None

    def write(self, index: int) -> None:
        """The address of a store to its register (two of them above 32 bits; banks where there are more than 16)."""
        channel = self._channel
        address, wide = self._addresses[index], channel.address_bits > 32
        words = [address & 0xFFFFFFFF, address >> 32] if wide else [address]
        first = index * len(words)
        banked = len(self._frames) * len(words) > r.BANK
        if banked:
            channel._write(r.REG_INDEX, first // r.BANK)
        for i, word in enumerate(words):
            channel._mmio.write(channel._frame_base + r.ADDRESSES + 4 * ((first + i) % r.BANK), word)

    def write_all(self) -> None:
        """Each address to its register."""
        for index in range(len(self._frames)):
            self.write(index)

    def clear(self) -> None:
        """No buffer in any store. The registers keep what they had: a halted core does not use it."""
        for index in range(len(self._frames)):
            self._let_go(index)
            self._addresses[index] = 0
