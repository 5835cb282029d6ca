"""What AXI CDMA does, for the simulated device.

Source: AMD PG034, AXI Central DMA v4.1: "Register Space", "Simple DMA Operation", "Scatter Gather Operation", "Interrupts", "Errors", as
remembered. Taken for granted where the guide leaves it open or memory does: CDMASR.Idle is 1 after reset, as AMD's own driver needs it,
although design files state 0; an address that is not aligned in a core without realignment, and a transfer longer than a lite core can
do, end as DMAIntErr; a keyhole moves the width of the memory interface with each beat; a soft reset ends the transfer that runs at once.
"""

from __future__ import annotations

import struct

from pynq_drivers import parameters
from pynq_drivers.axi_cdma import registers as r
from pynq_drivers.responses import error_of
from pynq_widgets.device import BusError, IPModel, ModelContext
from pynq_widgets.device.clock import Timer


class AxiCdmaModel(IPModel):
    """AXI CDMA: simple transfers, and chains of descriptors where the core has the scatter-gather engine.

    A transfer takes bytes / (width of the memory interface x clock) of virtual time: what is there when it begins is written when it ends.
    """

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self.configuration = r.Configuration.of(given, r.length_bits(context.module))
        self.memory = context.memory("M_AXI")
        self.descriptors = context.memory("M_AXI_SG") if self.configuration.scatter_gather else self.memory
        frequency = context.frequency("m_axi_aclk")
        self._rate = frequency * self.configuration.width
        self._delay_step = parameters.integer(given, "C_DLYTMR_RESOLUTION", 256) / frequency
        self._pin = context.interrupt("cdma_introut")
        self._addresses = (1 << max(32, self.configuration.address_bits)) - 1
        self._event: Timer | None = None
        self._delay: Timer | None = None
        self._start()

    def _start(self) -> None:
        for timer in (self._event, self._delay):
            if timer is not None:
                timer.cancel()
        self._event = self._delay = None
        self._control = 0x00010000
        self._idle = True
        self._errors = self._interrupts = 0
        self._left = 1  # descriptors until the threshold
        self._source = self._destination = self._length = 0
        self._current = self._tail = 0
        self._next: int | None = None  # the descriptor after the current one, once that is done
        self._update()

    def reset(self) -> None:
        self._start()

    # The bus.

    def read(self, interface: str, offset: int) -> int:
        if offset == r.CDMACR:
            return self._control | r.TAIL_POINTER_ENABLED
        if offset == r.CDMASR:
            built = r.SG_INCLUDED if self.configuration.scatter_gather else 0
            return self._left << 16 | self._errors | self._interrupts | built | (r.IDLE if self._idle else 0)
        if offset == r.BTT:
            return self._length
        pairs = {r.CURDESC: self._current, r.TAILDESC: self._tail, r.SA: self._source, r.DA: self._destination}
        if offset in pairs:
            return pairs[offset] & 0xFFFFFFFF
        return pairs.get(offset - 4, 0) >> 32

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == r.CDMACR:
            self._write_control(value)
        elif offset == r.CDMASR:
            self._interrupts &= ~value
            self._update()
        elif offset == r.SA:
            self._source = self._low(self._source, value)
        elif offset == r.SA_MSB:
            self._source = self._high(self._source, value)
        elif offset == r.DA:
            self._destination = self._low(self._destination, value)
        elif offset == r.DA_MSB:
            self._destination = self._high(self._destination, value)
        elif offset == r.BTT:
            self._write_length(value)
        elif self._control & r.SG_MODE:
            self._write_pointer(offset, value)

    def _low(self, before: int, value: int) -> int:
        return (before & ~0xFFFFFFFF) | value

    def _high(self, before: int, value: int) -> int:
        return ((before & 0xFFFFFFFF) | value << 32) & self._addresses

    def _write_control(self, value: int) -> None:
        if value & r.RESET:
            self._start()
            return
        taken = r.IOC_IRQ_EN | r.ERR_IRQ_EN
        if self.configuration.keyhole:
            taken |= r.KEYHOLE_READ | r.KEYHOLE_WRITE
        if self.configuration.scatter_gather:
            taken |= r.SG_MODE | r.CYCLIC | r.DLY_IRQ_EN | 0xFFFF0000
        else:
            taken |= 0x00FF0000
        control = value & taken
        if not control & 0x00FF0000:
            control |= self._control & 0x00FF0000  # a threshold of 0 is not taken
        if (control ^ self._control) & 0x00FF0000:
            self._left = control >> 16 & 0xFF
        if not control & r.SG_MODE:
            self._current = self._tail = 0
            self._next = None
        self._control = control
        self._update()

    def _write_pointer(self, offset: int, value: int) -> None:
        if offset in (r.CURDESC, r.CURDESC_MSB):
            if self._idle:  # while it runs the engine writes it
                pointer = self._current
                self._current = self._low(pointer, value & ~0x3F) if offset == r.CURDESC else self._high(pointer, value)
                self._next = self._current
        elif offset in (r.TAILDESC, r.TAILDESC_MSB):
            pointer = self._tail
            self._tail = self._low(pointer, value & ~0x3F) if offset == r.TAILDESC else self._high(pointer, value)
            wide = self.configuration.address_bits > 32
            if (offset == r.TAILDESC_MSB) == wide and self._idle and not self._errors and self._next is not None:
                self._idle = False
                self._fetch(self._next)

    # Simple transfers.

    def _write_length(self, value: int) -> None:
        if not self._idle or self._errors or self._control & r.SG_MODE:
            return
        self._length = value & ((1 << self.configuration.length_bits) - 1)
        self._idle = False
        self._move(self._source, self._destination, self._length, None)

    def _move(self, source: int, destination: int, nbytes: int, descriptor: int | None) -> None:
        """Copies, and goes on with the chain where this was of a `descriptor`."""
        own = self.configuration
        unaligned = not own.realigns and (source % own.width or destination % own.width)
        if not nbytes or nbytes > own.longest or unaligned:
            self._fail(r.DMA_INT_ERR, descriptor)
            return
        try:
            data = self._collect(source, nbytes)
        except BusError as error:
            self._fail(error_of(error, r.DMA_SLV_ERR, r.DMA_DEC_ERR), descriptor)
            return
        clock = self.context.clock

        def done() -> None:
            self._event = None
            try:
                self._deliver(destination, data)
            except BusError as error:
                self._fail(error_of(error, r.DMA_SLV_ERR, r.DMA_DEC_ERR), descriptor)
                return
            self._done(descriptor)

        self._event = clock.call_at(clock.now() + nbytes / self._rate, done)

    def _collect(self, source: int, nbytes: int) -> bytes | memoryview:
        if not self._control & r.KEYHOLE_READ:
            return self.memory.read(source, nbytes)
        width = self.configuration.width
        return b"".join([bytes(self.memory.read(source, min(width, nbytes - at))) for at in range(0, nbytes, width)])

    def _deliver(self, destination: int, data: bytes | memoryview) -> None:
        if not self._control & r.KEYHOLE_WRITE:
            self.memory.write(destination, data)
            return
        width = self.configuration.width
        for at in range(0, len(data), width):
            self.memory.write(destination, data[at : at + width])

    def _done(self, descriptor: int | None) -> None:
        if descriptor is None:
            self._idle = True
            self._interrupts |= r.IOC_IRQ
            self._update()
        elif self._report(descriptor, r.COMPLETE):
            self._count()
            if descriptor == self._tail and not self._control & r.CYCLIC:
                self._idle = True
            elif self._next is not None:
                self._fetch(self._next)

    # Chains of descriptors.

    def _fetch(self, address: int) -> None:
        self._current = address
        try:
            words = struct.unpack("<8I", bytes(self.descriptors.read(address, 32)))
        except BusError as error:
            self._fail(error_of(error, r.SG_SLV_ERR, r.SG_DEC_ERR), None)
            return
        self._next = (words[0] | words[1] << 32) & self._addresses & ~0x3F
        if words[7] & r.COMPLETE and not self._control & r.CYCLIC:
            self._fail(r.SG_INT_ERR, None)  # software has not taken it back yet
            return
        length = words[6] & ((1 << self.configuration.length_bits) - 1)
        source, destination = (words[2] | words[3] << 32) & self._addresses, (words[4] | words[5] << 32) & self._addresses
        self._move(source, destination, length, address)

    def _report(self, descriptor: int, status: int) -> bool:
        try:
            self.descriptors.write(descriptor + r.STATUS, status.to_bytes(4, "little"))
        except BusError as error:
            self._fail(error_of(error, r.SG_SLV_ERR, r.SG_DEC_ERR), None)
            return False
        return True

    def _count(self) -> None:
        """One descriptor more is complete: an interrupt for each so many of them, or some time after the last."""
        if self._delay is not None:
            self._delay.cancel()
            self._delay = None
        self._left -= 1
        if not self._left:
            self._left = self._control >> 16 & 0xFF
            self._interrupts |= r.IOC_IRQ
        elif steps := self._control >> 24:
            clock = self.context.clock
            self._delay = clock.call_at(clock.now() + steps * self._delay_step, self._late)
        self._update()

    def _late(self) -> None:
        self._delay = None
        self._left = self._control >> 16 & 0xFF
        self._interrupts |= r.DLY_IRQ
        self._update()

    # Errors and the interrupt.

    def _fail(self, error: int, descriptor: int | None) -> None:
        """The engine stops, idle, with `error`; only a reset starts it again. CURDESC stays at the descriptor at fault."""
        self._errors |= error
        self._interrupts |= r.ERR_IRQ
        self._idle = True
        self._update()
        if descriptor is not None:
            status = {r.DMA_INT_ERR: r.INT_ERR, r.DMA_SLV_ERR: r.SLV_ERR, r.DMA_DEC_ERR: r.DEC_ERR}[error]
            self._report(descriptor, status | r.COMPLETE)

    def _update(self) -> None:
        self._pin.set(bool(self._interrupts & self._control & r.INTERRUPTS))
