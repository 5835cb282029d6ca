"""What AXI DMA does in direct register mode, for the simulated device.

Source: AMD PG021, AXI DMA v7.1: "Register Space", "Direct Register Mode (Simple DMA)", "Errors", "Interrupts".
Scatter-gather, which a core has where C_INCLUDE_SG is set, is not modelled: such a core reports itself (DMASR.SGIncld) and refuses
descriptors.
"""

from __future__ import annotations

from pynq_drivers import parameters
from pynq_drivers.axi_dma import registers as r
from pynq_widgets.device import BusError, IPModel, ModelContext
from pynq_widgets.device.clock import Timer

_CONTROL = r.RS | r.KEYHOLE | r.CYCLIC | r.IOC_IRQ_EN | r.DLY_IRQ_EN | r.ERR_IRQ_EN | 0xFFFF0000


class Channel:
    """What both channels have in common: control, status, one transfer at a time, an interrupt.

    A transfer takes bytes / (stream width x clock) of virtual time, counted from its first byte.
    """

    name: str
    base: int

    def __init__(self, model: AxiDmaModel, stream: str, memory: str, pin: str, clock: str) -> None:
        given = model.context.module.parameters
        context = model.context
        self.model = model
        self.stream = context.stream(stream)
        self.memory = context.memory(memory)
        self._pin = context.interrupt(pin)
        width = parameters.integer(given, f"C_{stream}_TDATA_WIDTH", 32)
        self._rate = context.frequency(clock) * width / 8
        self._align = parameters.integer(given, f"C_{memory}_DATA_WIDTH", 32) // 8
        self._realigns = parameters.integer(given, f"C_INCLUDE_{self.name}_DRE", 0) != 0
        self._address_mask = (1 << max(32, parameters.integer(given, f"C_{memory}_ADDR_WIDTH", 32))) - 1
        self._length_mask = (1 << parameters.integer(given, "C_SG_LENGTH_WIDTH", 14)) - 1
        self._event: Timer | None = None
        self.restart()

    def restart(self) -> None:
        """The state after reset."""
        self._cancel()
        self.control = 0x00010000
        self.halted, self.idle = True, False
        self.errors = self.interrupts = 0
        self.address = self.length = 0
        self.busy = False
        self.update_interrupt()

    def read(self, word: int) -> int:
        if word == r.DMACR:
            return self.control | r.RESERVED_ONE
        if word == r.DMASR:
            status = 0x00010000 | self.errors | self.interrupts | (r.SG_INCLUDED if self.model.scatter_gather else 0)
            return status | (r.HALTED if self.halted else r.IDLE if self.idle else 0)
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
        elif word == r.ADDRESS:
            self.address = (self.address & ~0xFFFFFFFF) | value
        elif word == r.ADDRESS_MSB:
            self.address = ((self.address & 0xFFFFFFFF) | value << 32) & self._address_mask
        elif word == r.LENGTH:
            self._write_length(value & self._length_mask)
        elif self.model.scatter_gather and word in (r.CURDESC, r.CURDESC + 4, r.TAILDESC, r.TAILDESC + 4):
            raise NotImplementedError(
                f"{self.model.context.module.path}: this core is configured for scatter-gather, which the simulated device does not model; "
                "configure the core for direct register mode (C_INCLUDE_SG = 0)"
            )

    def _write_control(self, value: int) -> None:
        control = value & _CONTROL
        if not control & 0x00FF0000:
            control |= 0x00010000  # a threshold of 0 is not taken
        started = control & r.RS and not self.control & r.RS
        self.control = control
        if started and not self.errors:  # after an error only a reset helps
            self.halted, self.idle = False, False
        elif not control & r.RS and not self.halted:
            self._cancel()
            self.abandon()
            self.halted, self.idle, self.busy = True, False, False
        self.update_interrupt()

    def _write_length(self, length: int) -> None:
        if self.halted or self.busy or self.model.scatter_gather or not length:
            return  # LENGTH starts a transfer only where the channel runs and is not in one
        self.length = length
        self.busy, self.idle = True, False
        if self.address % self._align and not self._realigns:
            self.fail(r.DMA_INT_ERR)
            return
        self.begin()

    def begin(self) -> None:
        """Starts the transfer of `length` bytes at `address`."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Forgets the transfer."""

    def finish_at(self, when: float) -> None:
        """The transfer is over at the time ``when``, or now where that has passed."""
        self._event = self.model.context.clock.call_at(max(when, self.model.context.clock.now()), self._finish)

    def duration(self, nbytes: int) -> float:
        """Seconds that ``nbytes`` take on the stream."""
        return nbytes / self._rate

    def _finish(self) -> None:
        self._event = None
        self.busy, self.idle = False, True
        self.finished()
        self.interrupts |= r.IOC_IRQ
        self.update_interrupt()

    def finished(self) -> None:
        """What else becomes visible at the end of a transfer."""

    def fail(self, error: int) -> None:
        """The channel stops with ``error`` in DMASR; only a reset starts it again (PG021, "Errors")."""
        self._cancel()
        self.abandon()
        self.errors |= error
        self.interrupts |= r.ERR_IRQ
        self.control &= ~r.RS
        self.halted, self.idle, self.busy = True, False, False
        self.update_interrupt()

    def update_interrupt(self) -> None:
        self._pin.set(bool(self.interrupts & self.control & r.INTERRUPTS))

    def _cancel(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None


class SendChannel(Channel):
    """MM2S: reads memory and sends one packet."""

    name, base = "MM2S", r.MM2S

    def restart(self) -> None:
        self._rest = memoryview(b"")
        super().restart()

    def abandon(self) -> None:
        self._rest = memoryview(b"")

    def begin(self) -> None:
        try:
            self._rest = memoryview(self.memory.read(self.address, self.length)).cast("B")
        except BusError:
            self.fail(r.DMA_DEC_ERR)
            return
        self._done = self.model.context.clock.now() + self.duration(self.length)
        self.push()

    def push(self) -> None:
        """Puts on the stream what there is room for."""
        while len(self._rest):
            rest = self._rest
            taken = self.stream.send(rest, True)
            if not taken:
                return
            if self._rest is not rest:
                return  # whoever received it has made this channel stop or go on meanwhile
            self._rest = rest[taken:]
            if not len(self._rest):
                self.finish_at(self._done)


class ReceiveChannel(Channel):
    """S2MM: writes one packet to memory; its length stands in LENGTH afterwards."""

    name, base = "S2MM", r.S2MM

    def restart(self) -> None:
        self._first: float | None = None
        self.abandon()
        super().restart()

    def abandon(self) -> None:
        self._received, self._first, self._complete = 0, None, False
        self.stream.demand(0)

    def begin(self) -> None:
        self._received, self._first, self._complete = 0, None, False
        self.stream.demand(self.length)  # TREADY: what waits in the memory behind this channel is room for the sender
        self.pull()

    def pull(self) -> None:
        """Takes from the stream what belongs to the packet, where a buffer waits for it."""
        while self.busy and not self._complete and self.stream.available:
            if self._received >= self.length:
                self.fail(r.DMA_INT_ERR)  # the packet is longer than the buffer
                return
            data, last = self.stream.receive(self.length - self._received)
            if self._first is None:
                self._first = self.model.context.clock.now()
            address = self.address + self._received
            self._received += len(data)
            try:
                self.memory.write(address, data)
            except BusError:
                self.fail(r.DMA_DEC_ERR)
                return
            if last:
                self._complete = True
                self.stream.demand(0)
                self.finish_at(self._first + self.duration(self._received))

    def finished(self) -> None:
        self.length = self._received


class AxiDmaModel(IPModel):
    """AXI DMA in direct register mode: memory to stream and stream to memory, in blocks."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self.scatter_gather = parameters.integer(given, "C_INCLUDE_SG", 0) != 0
        self.send = self.receive = None
        if parameters.integer(given, "C_INCLUDE_MM2S", 1):
            self.send = SendChannel(self, "M_AXIS_MM2S", "M_AXI_MM2S", "mm2s_introut", "m_axi_mm2s_aclk")
        if parameters.integer(given, "C_INCLUDE_S2MM", 1):
            self.receive = ReceiveChannel(self, "S_AXIS_S2MM", "M_AXI_S2MM", "s2mm_introut", "m_axi_s2mm_aclk")

    def _at(self, offset: int) -> tuple[Channel | None, int]:
        return (self.send, offset) if offset < r.S2MM else (self.receive, offset - r.S2MM)

    def read(self, interface: str, offset: int) -> int:
        channel, word = self._at(offset)
        return channel.read(word) if channel else 0

    def write(self, interface: str, offset: int, value: int) -> None:
        channel, word = self._at(offset)
        if channel is None:
            return
        if word == r.DMACR and value & r.RESET:
            self.reset()  # either channel's bit resets the whole engine
        else:
            channel.write(word, value)

    def reset(self) -> None:
        for channel in (self.send, self.receive):
            if channel:
                channel.restart()

    def on_space(self, interface: str) -> None:
        if self.send:
            self.send.push()

    def on_stream(self, interface: str) -> None:
        if self.receive:
            self.receive.pull()
