"""The read channel of AXI VDMA (S2MM): frames from a stream into memory.

Source: AMD PG020, AXI VDMA v6.3: "Register Space", "Genlock Synchronization".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynq_drivers import waiting
from pynq_drivers.axi_vdma import registers as r
from pynq_drivers.axi_vdma.channel import Channel

if TYPE_CHECKING:
    from pynq_drivers.axi_vdma.write import MM2SChannel


class S2MMChannel(Channel):
    """Read channel of the Video DMA

    Brings frames from the video input into memory. Hands ownership of the read frames to the user code.
    """

    kind, name, stream, to_memory = "S2MM", "readchannel", "S_AXIS_S2MM", True
    _sink: MM2SChannel | None = None
    _last = -1  # the store that was exchanged last

    def start(self) -> None:
        """Start the DMA. The mode must be set prior to this being called

        Raises RuntimeError without a mode, ``PoolExhaustedError`` where memory does not hold `framecount` frames; then nothing is started.
        """
        if self._frames.filled:
            self.stop()
        made = self._made()
        frames = [made.get() for _ in range(len(self._frames))]
        addresses = [self.address_of(frame) for frame in frames]
        for index, (frame, address) in enumerate(zip(frames, addresses, strict=True)):
            frame.flush()  # lines of it that the processor wrote must not be put back over what the core writes
            self._frames.keep(index, frame, address)
        self._parked, self._last = False, -1
        self._start(r.CIRCULAR)

    def stop(self) -> None:
        """Stops the DMA at the end of its frame, and unhooks any tied output. Frames that nobody holds are freed."""
        self.tie(None)
        super().stop()

    def reset(self) -> None:
        self.tie(None)
        super().reset()

    def readframe(self, timeout: float | None = None) -> Any:
        """Read a frame from the channel and return to the user

        The one that was completed last: it is waited for only where none was since the last call. The frame belongs to the caller.

        Raises TimeoutError, telling what stands still, after `timeout` seconds; with None it goes on waiting, and what stands still is
        logged after 3 s. RuntimeError where the channel does not run, TransferError (one of those) where it has stopped with an error.
        """
        deadline = waiting.Deadline(self._dma.device.clock, timeout)
        self._wait(timeout, "frame came")
        captured = self._exchange()
        if captured is None:
            self._wait(deadline.left(), "frame came")
            captured = self._exchange(again=True)
        if self._in_place:
            self._wait(deadline.left(), "frame came")
        return self._given(captured)

    async def readframe_async(self, timeout: float | None = None) -> Any:
        """As `readframe`, for coroutines: waits without holding up the event loop."""
        deadline = waiting.Deadline(self._dma.device.clock, timeout)
        await self._wait_async(timeout, "frame came")
        captured = self._exchange()
        if captured is None:
            await self._wait_async(deadline.left(), "frame came")
            captured = self._exchange(again=True)
        if self._in_place:
            await self._wait_async(deadline.left(), "frame came")
        return self._given(captured)

    @property
    def _in_place(self) -> bool:
        """Whether the core may still write the store that was exchanged, until its next frame begins."""
        return self._parked or len(self._frames) < 3

    def _exchange(self, again: bool = False) -> Any:
        """Another buffer in the store that was completed last; the one that was there.

        None where that is the store that was exchanged last: a frame may have ended just then, between the word that cleared its interrupt
        and the one that told the store, and the interrupt seen now may be its. After another frame, `again`, it is not.
        """
        if not self._frames.filled:
            raise RuntimeError(f"DMA channel not started: {self._title} was started by registers, and its frames are not known here")
        fresh = self._made().get()
        fresh.flush()
        with self._dma.device.lock:
            self._write(r.VDMASR, r.FRMCNT_IRQ)
            active = self.activeframe
            index = active if self._parked else (active - 1) % len(self._frames)
            if index == self._last and not again and not self._in_place:
                return None
            self._last = index
            captured = self._frames.put(index, fresh)
            self.reload()
            if self._sink is not None:
                self._sink.reload()
        return captured

    def _given(self, frame: Any) -> Any:
        frame.invalidate()
        if getattr(frame, "coherent", False):
            frame.tell_changed()
        return frame

    def tie(self, channel: MM2SChannel | None) -> None:
        """Ties an output channel to this input channel: what comes in goes out, without the CPU for each frame.

        The tie is broken by tie(None), and by writing a frame to the output. The output follows one frame behind where the core has its
        channels genlocked (`genlock_mode`); where it has not, it goes round at its own pace.
        Raises ValueError for a channel with another mode or number of frame stores.
        """
        if self._sink is not None:
            sink, self._sink = self._sink, None
            self._frames.followers.discard(sink._frames)
            sink.source = None
            if sink._frames.filled:
                sink.parked = True
        if channel is None:
            return
        if len(channel._frames) != len(self._frames):
            raise ValueError(
                f"{channel._title} has {len(channel._frames)} frame stores, {self._title} {len(self._frames)}: they cannot be tied"
            )
        mode, theirs = self._needed_mode(), channel._needed_mode()
        if (mode.line, mode.height, mode.stride) != (theirs.line, theirs.height, theirs.stride):
            raise ValueError(f"{self._title} has {mode}, {channel._title} {theirs}: only channels of one mode can be tied")
        if not self._frames.filled or not channel._frames.filled:
            raise RuntimeError(f"start {self._title} and {channel._title} before tying them")
        if channel.source is not None:
            channel.source.tie(None)
        with self._dma.device.lock:
            for index in range(len(self._frames)):
                channel._frames.put(index, self._frames[index])
            self._frames.followers.add(channel._frames)
            channel.framedelay = 1
            channel.reload()
            channel.parked = False
            self._sink, channel.source = channel, self
