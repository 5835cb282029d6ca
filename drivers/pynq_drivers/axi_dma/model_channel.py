"""One channel of AXI DMA, for the simulated device.

Source: AMD PG021, AXI DMA v7.1: "MM2S_DMACR", "MM2S_DMASR", "Direct Register Mode (Simple DMA)", "Errors", "Interrupts".
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from pynq_drivers import parameters
from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.chain import Chain
from pynq_drivers.axi_dma.job import Job
from pynq_drivers.responses import error_of
from pynq_widgets.device import BusError, ModelContext
from pynq_widgets.device.clock import Timer
from pynq_widgets.device.simulated.stream import DEFAULT_CAPACITY

_CONTROL = r.RS | r.KEYHOLE | r.CYCLIC | r.IOC_IRQ_EN | r.DLY_IRQ_EN | r.ERR_IRQ_EN | 0xFFFF0000


class Channel(ABC):
    """What both channels have in common: control, status, one job at a time, an interrupt.

    A job takes bytes / (stream width x clock) of virtual time, counted from its first byte, and longer where the other end or the way
    between is slower.
    """

    name: str
    base: int

    def __init__(self, context: ModelContext, scatter_gather: bool, stream: str, memory: str, pin: str, clock: str) -> None:
        given = context.module.parameters
        self.context = context
        self.clock = context.clock
        self.stream = context.stream(stream)
        self.memory = context.memory(memory)
        self._pin = context.interrupt(pin)
        width = parameters.integer(given, f"C_{stream}_TDATA_WIDTH", 32)
        frequency = context.frequency(clock)
        self._rate = frequency * width / 8
        self._align = parameters.integer(given, f"C_{memory}_DATA_WIDTH", 32) // 8
        self._realigns = parameters.integer(given, f"C_INCLUDE_{self.name}_DRE", 0) != 0
        self.wide = parameters.integer(given, f"C_{memory}_ADDR_WIDTH", parameters.integer(given, "C_ADDR_WIDTH", 32))
        self._address_mask = (1 << max(32, self.wide)) - 1
        self.length_mask = (1 << min(r.MOST_LENGTH_BITS, parameters.integer(given, "C_SG_LENGTH_WIDTH", 14))) - 1
        self.job: Job | None = None
        self.chain = Chain(self, frequency) if scatter_gather else None
        self._event: Timer | None = None
        self.restart()

    def restart(self) -> None:
        """The state after reset."""
        self._cancel()
        self._drop()
        self.control = 0x00010000
        self.halted, self.idle = True, False
        self.errors = self.interrupts = 0
        self.address = self.length = 0
        if self.chain:
            self.chain.restart()
        self.update_interrupt()

    # Registers.

    def read(self, word: int) -> int:
        if word == r.DMACR:
            return self.control | r.RESERVED_ONE
        if word == r.DMASR:
            status = self.errors | self.interrupts | (r.SG_INCLUDED | self.chain.coalescing.status if self.chain else 1 << r.THRESHOLD)
            return status | (r.HALTED if self.halted else r.IDLE if self.idle else 0)
        if self.chain:
            return self.chain.read(word)
        if word == r.ADDRESS:
            return self.address & 0xFFFFFFFF
        if word == r.ADDRESS_MSB:
            return self.address >> 32
        return self.length if word == r.LENGTH else 0

    def write(self, word: int, value: int) -> None:
        if word == r.DMACR:
            self._write_control(value)
        elif word == r.DMASR:
            self.interrupts &= ~value
            self.update_interrupt()
        elif self.chain:
            self.chain.write(word, value)
        elif word == r.ADDRESS:
            self.address = (self.address & ~0xFFFFFFFF) | value
        elif word == r.ADDRESS_MSB:
            self.address = ((self.address & 0xFFFFFFFF) | value << 32) & self._address_mask
        elif word == r.LENGTH:
            self._write_length(value & self.length_mask)

    def _write_control(self, value: int) -> None:
        control = value & _CONTROL
        if not control & 0x00FF0000:
            control |= 0x00010000  # a threshold of 0 is not taken
        started = control & r.RS and not self.control & r.RS
        self.control = control
        if self.chain:
            self.chain.coalescing.load(control)
        if started and not self.errors:  # after an error only a reset helps
            self.halted, self.idle = False, False
        elif not control & r.RS and not self.halted:
            self._cancel()
            self._drop()
            self.halted, self.idle = True, False
        self.update_interrupt()

    def _write_length(self, length: int) -> None:
        if self.halted or self.job or not length:
            return  # LENGTH starts a transfer only where the channel runs and is not in one
        self.length = length
        self.begin(Job(self.address, length, True))

    # Jobs.

    def begin(self, job: Job) -> None:
        """Starts `job`."""
        self.job, self.idle = job, False
        if job.address % self._align and not self._realigns:
            self.fail(r.DMA_INT_ERR)
            return
        self.move()

    @abstractmethod
    def move(self) -> None:
        """Starts to move the bytes of the job."""

    def forget(self) -> None:  # noqa: B027, one of the two has nothing to do
        """The job is no more."""

    def _drop(self) -> None:
        self.job = None
        self._free = 0.0  # when the last byte that was moved will have passed the stream interface
        self.forget()

    @property
    def position(self) -> int:
        """Bytes of the job that are through by now."""
        job = self.job
        if job is None or job.since is None:
            return 0
        return min(job.moved, int((self.clock.now() - job.since) * self._rate))

    def through(self, job: Job) -> None:
        """The last byte of the job has been moved; the time that they take may not have passed."""
        job.over = True
        self._event = self.clock.call_at(max(self._free, self.clock.now()), self._finish)

    def _finish(self) -> None:
        self._event = None
        job, self.job = self.job, None
        if job is None:
            return
        self.forget()
        if self.chain:
            self.chain.finished(job)
        else:
            self.length = job.moved if self.base == r.S2MM else self.length
            self.idle = True
            self.interrupt(r.IOC_IRQ)

    def fail(self, error: int) -> None:
        """The channel stops with ``error`` in DMASR; only a reset starts it again (PG021, "Errors")."""
        self._cancel()
        if self.chain and self.job is not None:
            self.chain.failed(self.job, error)
        self._drop()
        self.errors |= error
        self.control &= ~r.RS
        self.halted, self.idle = True, False
        self.interrupt(r.ERR_IRQ)

    # Interrupts.

    def interrupt(self, bits: int) -> None:
        """Something to be told has happened."""
        self.interrupts |= bits
        self.update_interrupt()

    def update_interrupt(self) -> None:
        self._pin.set(bool(self.interrupts & self.control & r.INTERRUPTS))

    def _cancel(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None


class SendChannel(Channel):
    """MM2S: reads memory and sends packets."""

    name, base = "MM2S", r.MM2S
    _rest = memoryview(b"")

    def forget(self) -> None:
        self._rest = memoryview(b"")

    def move(self) -> None:
        job = self.job
        assert job is not None
        try:
            self._rest = memoryview(self.memory.read(job.address, job.length)).cast("B")
        except BusError as error:
            self.fail(error_of(error, r.DMA_SLV_ERR, r.DMA_DEC_ERR))
            return
        job.since = self.clock.now()
        self.push()

    def push(self) -> None:
        """Puts on the stream what there is room for."""
        job = self.job
        while job is not None and not job.over:
            rest = self._rest
            chunk = rest[: self.stream.space]
            free = max(self._free, self.clock.now()) + len(chunk) / self._rate
            taken = self.stream.send(chunk, job.last and len(chunk) == len(rest), ready_at=free, lend=True) if len(chunk) else 0
            if self.job is not job or not taken:
                return  # whoever received it has made this channel stop or go on meanwhile; or there is no room
            self._free = free
            job.moved += taken
            self._rest = rest[taken:]
            if not len(self._rest):
                self.through(job)

    def _finish(self) -> None:
        accepted = self.stream.accepted_at
        if accepted > self.clock.now():
            self._event = self.clock.call_at(accepted, self._finish)  # whoever takes the data is slower
        else:
            super()._finish()


class ReceiveChannel(Channel):
    """S2MM: writes packets to memory. In direct mode the length of the packet stands in LENGTH afterwards."""

    name, base = "S2MM", r.S2MM

    def forget(self) -> None:
        self.stream.demand(0)

    def discard(self) -> None:
        """What stands in the core's own small FIFOs goes with a reset; what stands in FIFOs on the way does not."""
        if self.stream.capacity is not None and self.stream.capacity <= DEFAULT_CAPACITY:
            self.stream.clear()

    def move(self) -> None:
        job = self.job
        assert job is not None
        job.last = False
        self.stream.demand(job.length)  # TREADY: what waits in the memory behind this channel is room for the sender
        self.pull()

    def pull(self) -> None:
        """Takes from the stream what belongs to the job, where there is one."""
        while (job := self.job) is not None and not job.over and self.stream.available:
            if job.moved >= job.length:
                self.fail(r.DMA_INT_ERR)  # direct mode: the packet is longer than the buffer
                return
            data, last = self.stream.receive(job.length - job.moved)
            if job.since is None:
                job.since = self.clock.now()
            self._free = max(max(self._free, self.clock.now()) + len(data) / self._rate, self.stream.ready_at)
            self.stream.taken(self._free, self._rate)
            address = job.address + job.moved
            job.moved += len(data)
            try:
                self.memory.write(address, data)
            except BusError as error:
                self.fail(error_of(error, r.DMA_SLV_ERR, r.DMA_DEC_ERR))
                return
            if last or (self.chain and job.moved >= job.length):
                job.last = last
                self.stream.demand(0)
                self.through(job)
