"""One channel of the modelled AXI MCDMA: its words, its chain of descriptors, its interrupt.

Source: AMD PG288, AXI Multichannel DMA v1.1, "Register Space" (channel registers), "Scatter Gather Descriptor", as remembered. Interrupts
are counted in packets.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pynq_drivers.axi_mcdma import registers as r
from pynq_drivers.responses import error_of
from pynq_widgets.device import BusError
from pynq_widgets.device.clock import Timer

if TYPE_CHECKING:
    from pynq_drivers.axi_mcdma.model import Side

_CONTROL = r.RS | r.INTERRUPTS | 0xFFFFFF00


class DescriptorError(Exception):
    """A descriptor could not be fetched or updated; `bit` is that of ERR."""

    def __init__(self, bit: int) -> None:
        super().__init__(bit)
        self.bit = bit


class Chain:
    """The state of one channel."""

    def __init__(self, side: Side, number: int) -> None:
        self.side = side
        self.number = number
        self._model = side.model
        self._sends = side.kind == "MM2S"
        self._pin = side.model.context.interrupt(f"{side.kind.lower()}_ch{number + 1}_introut")
        self._delay: Timer | None = None
        self.restart()

    def restart(self) -> None:
        """The state after reset."""
        self._cancel()
        self._word = 0x00010000
        self.idle = True
        self.error_elsewhere = False
        self._interrupts = 0
        self._left = 1  # packets until the threshold
        self._current = self._tail = 0
        self._next: int | None = None
        self.loaded = False
        self._fresh = True  # no descriptor was given since it was started
        self.buffer = self.length = self.control = 0
        self.packets = self.dropped = 0

    # The bus.

    @property
    def started(self) -> bool:
        return bool(self._word & r.RS)

    @property
    def expecting(self) -> bool:
        """Whether it is started and its first descriptor is still to come."""
        return self.started and self._fresh and bool(self.side.enabled >> self.number & 1)

    @property
    def interrupting(self) -> bool:
        return bool(self._interrupts & self._word & r.INTERRUPTS)

    def read(self, word: int) -> int:
        if word == r.CR:
            return self._word
        if word == r.SR:
            flags = (r.CHANNEL_IDLE if self.idle else 0) | (r.ERROR_ELSEWHERE if self.error_elsewhere else 0)
            return self._left << 16 | self._interrupts | flags
        if word in (r.CURDESC, r.CURDESC_MSB):
            return self._current >> (32 if word == r.CURDESC_MSB else 0) & 0xFFFFFFFF
        if word in (r.TAILDESC, r.TAILDESC_MSB):
            return self._tail >> (32 if word == r.TAILDESC_MSB else 0) & 0xFFFFFFFF
        if self._sends:
            return self.packets if word == r.TX_PACKETS else 0
        return self.dropped if word == r.RX_CHANNEL_DROPPED else self.packets if word == r.RX_PACKETS else 0

    def write(self, word: int, value: int) -> None:
        if word == r.CR:
            self._write_control(value)
        elif word == r.SR:
            self._interrupts &= ~value
            self.side.update()
        elif word in (r.CURDESC, r.CURDESC_MSB):
            if not self.started:
                self._current = self._joined(self._current, word == r.CURDESC_MSB, value)
                self._next, self.loaded = self._current, False
        elif word in (r.TAILDESC, r.TAILDESC_MSB):
            self._tail = self._joined(self._tail, word == r.TAILDESC_MSB, value)
            if (word == r.TAILDESC_MSB) == self._model.wide and self.started and self._next is not None:
                self.idle = self._fresh = False
                self.side.go()

    def _joined(self, before: int, high: bool, value: int) -> int:
        if high:
            return ((before & 0xFFFFFFFF) | value << 32) & self._model.addresses
        return (before & ~0xFFFFFFFF) | (value & ~0x3F)

    def _write_control(self, value: int) -> None:
        word = value & _CONTROL
        if not word & 0x00FF0000:
            word |= self._word & 0x00FF0000  # a threshold of 0 is not taken
        if (word ^ self._word) & 0x00FF0000:
            self._left = word >> 16 & 0xFF
        self._word = word
        if not self.started:
            self.idle, self.loaded, self._fresh = True, False, True
            if self.side.at is self:
                self.side.stop()
        self.side.update()
        self.side.go()

    # Descriptors.

    def fetch(self) -> None:
        """Loads the next descriptor unless one is in hand; raises `DescriptorError`."""
        if self.loaded:
            return
        assert self._next is not None
        self._current = self._next
        try:
            words = struct.unpack("<8I", bytes(self._model.descriptors.read(self._current, 32)))
        except BusError as error:
            raise DescriptorError(error_of(error, r.SG_SLV_ERR, r.SG_DEC_ERR)) from error
        self._next = (words[0] | words[1] << 32) & self._model.addresses & ~0x3F
        if words[7 if self._sends else 6] & r.COMPLETE:
            raise DescriptorError(r.SG_INT_ERR)  # software has not taken it back yet
        self.buffer = (words[2] | words[3] << 32) & self._model.addresses
        self.control = words[5]
        self.length = words[5] & self.side.length_mask & 0x03FFFFFF
        self.loaded = True

    def complete(self, word: int, status: bytes) -> None:
        """The descriptor in hand is done: `status` is written from its `word` on. Raises `DescriptorError`."""
        self.loaded = False
        try:
            self._model.descriptors.write(self._current + word, status)
        except BusError as error:
            raise DescriptorError(error_of(error, r.SG_SLV_ERR, r.SG_DEC_ERR)) from error
        if self._current == self._tail:
            self.idle = True

    def fail(self, error: int) -> None:
        """Marks the descriptor in hand, where it is the data that failed."""
        if self.loaded:
            status = {r.DMA_INT_ERR: r.INT_ERR, r.DMA_SLV_ERR: r.SLV_ERR, r.DMA_DEC_ERR: r.DEC_ERR}.get(error)
            self.loaded = False
            if status is not None:
                word = r.TX_STATUS if self._sends else r.RX_STATUS
                try:
                    self._model.descriptors.write(self._current + word, (status | r.COMPLETE).to_bytes(4, "little"))
                except BusError:
                    self.side.error |= r.SG_DEC_ERR
        self._interrupts |= r.ERR_IRQ

    # The interrupt.

    def count_packet(self) -> None:
        """One packet more is through: an interrupt for each so many of them, or some time after the last."""
        self._cancel()
        self.packets = (self.packets + 1) & 0xFFFF
        self._left -= 1
        if not self._left:
            self._left = self._word >> 16 & 0xFF
            self._interrupts |= r.IOC_IRQ
        elif steps := self._word >> 24:
            clock = self._model.context.clock
            self._delay = clock.call_at(clock.now() + steps * self.side.delay_step, self._late)

    def drop(self) -> None:
        """A packet for this channel was thrown away."""
        self.dropped = (self.dropped + 1) & 0xFFFFFFFF
        self._interrupts |= r.DROP_IRQ

    def _late(self) -> None:
        self._delay = None
        self._left = self._word >> 16 & 0xFF
        self._interrupts |= r.DLY_IRQ
        self.side.update()

    def _cancel(self) -> None:
        if self._delay is not None:
            self._delay.cancel()
        self._delay = None

    def update(self) -> None:
        self._pin.set(self.interrupting)
