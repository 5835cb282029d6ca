"""The descriptors of one channel of AXI DMA in scatter-gather mode, for the simulated device: fetched, carried out, written back.

Source: AMD PG021, AXI DMA v7.1: "Scatter/Gather Mode", "Scatter Gather Descriptor", "MM2S_CURDESC", "MM2S_TAILDESC", "Cyclic DMA Mode",
"Errors".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pynq_drivers import parameters
from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.coalescing import Coalescing
from pynq_drivers.axi_dma.job import Job
from pynq_drivers.responses import error_of
from pynq_widgets.device import BusError

if TYPE_CHECKING:
    from pynq_drivers.axi_dma.model_channel import Channel

_ALIGNED = ~0x3F  # the lowest six bits of an address of a descriptor are not kept
_LOW = 0xFFFFFFFF


class Chain:
    """CURDESC and TAILDESC of a channel, and what they lead to."""

    def __init__(self, channel: Channel, frequency: float) -> None:
        self._channel = channel
        context = channel.context
        given = context.module.parameters
        self._memory = context.memory("M_AXI_SG")
        self._wide = parameters.integer(given, "C_M_AXI_SG_ADDR_WIDTH", parameters.integer(given, "C_ADDR_WIDTH", 32)) > 32
        resolution = parameters.integer(given, "C_DLYTMR_RESOLUTION", 125)
        self.coalescing = Coalescing(channel.clock, frequency, resolution, channel.interrupt)
        self.restart()

    def restart(self) -> None:
        """The state after reset."""
        self.current = self.tail = 0
        self._next = 0  # where the next descriptor is
        self._in_packet = False
        self.coalescing.load(1 << r.THRESHOLD)

    def read(self, word: int) -> int:
        value = {r.CURDESC: self.current, r.CURDESC_MSB: self.current >> 32, r.TAILDESC: self.tail, r.TAILDESC_MSB: self.tail >> 32}
        return value.get(word, 0) & _LOW

    def write(self, word: int, value: int) -> None:
        if word in (r.CURDESC, r.CURDESC_MSB):
            if self._channel.halted:  # else it is read-only
                self.current = self._next = self._part(self.current, value, word == r.CURDESC_MSB)
                self._in_packet = False
        elif word in (r.TAILDESC, r.TAILDESC_MSB):
            self.tail = self._part(self.tail, value, word == r.TAILDESC_MSB)
            # The half that is written last begins it: the upper one, where there is one.
            if (word == r.TAILDESC_MSB) == self._wide and not self._channel.halted:
                self._channel.idle = False
                if self._channel.job is None:
                    self._fetch()

    def _part(self, address: int, value: int, upper: bool) -> int:
        if upper:
            return (address & _LOW | value << 32) if self._wide else address
        return (address & ~_LOW) | (value & _ALIGNED & _LOW)

    @property
    def _cyclic(self) -> bool:
        return bool(self._channel.control & r.CYCLIC)

    def _fetch(self) -> None:
        channel = self._channel
        self.current = self._next
        try:
            words = struct.unpack("<8I", bytes(self._memory.read(self.current, 32)))
        except BusError as error:
            channel.fail(error_of(error, r.SG_SLV_ERR, r.SG_DEC_ERR))
            return
        self._next = (words[r.NXTDESC] & _ALIGNED & _LOW) | (words[r.NXTDESC_MSB] << 32 if self._wide else 0)
        if words[r.STATUS] & r.COMPLETE and not self._cyclic:
            channel.fail(r.SG_INT_ERR)
            return
        control = words[r.CONTROL]
        address = words[r.BUFFER] | (words[r.BUFFER_MSB] << 32 if channel.wide > 32 else 0)
        job = Job(address, control & channel.length_mask, bool(control & r.EOF), first=not self._in_packet)
        if not job.length:
            channel.job = job
            channel.fail(r.DMA_INT_ERR)
            return
        channel.begin(job)

    def finished(self, job: Job) -> None:
        """The job of the current descriptor is done."""
        channel = self._channel
        received = channel.base == r.S2MM
        flags = (r.SOF if job.first else 0) | (r.EOF if job.last else 0) if received else 0
        if not self._write_back(r.COMPLETE | flags | job.moved):
            return
        self._in_packet = not job.last
        at_tail = self.current == self.tail and not self._cyclic
        channel.idle = at_tail
        if job.last:
            self.coalescing.packet()
        if not at_tail and channel.job is None and not channel.halted:
            self._fetch()

    def failed(self, job: Job, error: int) -> None:
        """The job of the current descriptor ended in an error of the data, which its status word tells."""
        if error & r.DMA_ERRORS:
            self._write_back(r.COMPLETE | (error & r.DMA_ERRORS) << r.STATUS_ERRORS | job.moved, silent=True)

    def _write_back(self, status: int, silent: bool = False) -> bool:
        try:
            self._memory.write(self.current + 4 * r.STATUS, struct.pack("<I", status))
        except BusError as error:
            if not silent:
                self._channel.fail(error_of(error, r.SG_SLV_ERR, r.SG_DEC_ERR))
            return False
        return True
