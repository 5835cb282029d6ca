"""What AXI Quad SPI does, for the simulated device: a master, and chips at its select lines.

Source: AMD PG153, AXI Quad SPI v3.2: "Register Space", "Core Parameters" (C_FIFO_DEPTH, C_NUM_TRANSFER_BITS, C_NUM_SS_BITS, C_SCK_RATIO of
ext_spi_clk). The core as a slave, and several data lines at once (C_SPI_MODE), are not there: bytes pass one bit at a time.
"""

from __future__ import annotations

from collections import deque

from pynq_drivers import parameters
from pynq_drivers.axi_quad_spi import registers as r
from pynq_drivers.axi_quad_spi.target import Target
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.clock import Timer

_INTERRUPT = "ip2intc_irpt"


class AxiQuadSpiModel(IPModel):
    """AXI Quad SPI: ``attach(0, target)`` puts a chip at a select line. Each element takes the time of its bits."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self._fifo = parameters.integer(given, "C_FIFO_DEPTH", 16)
        self._depth = self._fifo or 1
        self._bits = parameters.integer(given, "C_NUM_TRANSFER_BITS", 8)
        self._lines = (1 << parameters.integer(given, "C_NUM_SS_BITS", 1)) - 1
        self._clock_pin = "ext_spi_clk" if "ext_spi_clk" in context.module.ports else "s_axi_aclk"
        self._ratio = parameters.integer(given, "C_SCK_RATIO", 16)
        if parameters.integer(given, "C_SPI_MODE", 0):
            context.assume("commands that use several data lines take as long as on one, and their dummy bytes are the software's")
        self._targets: dict[int, Target] = {}
        self._selected = 0  # lines that are low
        self._event: Timer | None = None

    @property
    def frequency(self) -> float:
        """Of SCK, in Hz."""
        return self.context.frequency(self._clock_pin) / self._ratio

    def attach(self, line: int, target: Target) -> None:
        """Put `target` at select line `line`; ValueError where there is no such line, or a target already."""
        if not 0 <= line < self._lines.bit_length():
            raise ValueError(f"{self.context.path} has {self._lines.bit_length()} select lines, from 0, not {line}")
        if line in self._targets:
            raise ValueError(f"there is a target at select line {line} of {self.context.path} already: detach it")
        target.clock = self.context.clock
        self._targets[line] = target

    def detach(self, line: int) -> None:
        """Take off what is at select line `line`."""
        del self._targets[line]

    def reset(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._control = r.AFTER_RESET
        self._select = self._lines
        self._status = self._enabled = self._global = 0
        self._fault = False
        self._sending: deque[int] = deque()
        self._shifting = 0  # what is on its way while there is an event
        self._received: deque[int] = deque()
        self._drive(0)
        self._update()

    # Registers.

    def read(self, interface: str, offset: int) -> int:
        if offset == r.DRR:
            if not self._received:
                self.context.assume("its empty receive register was read, which the core answers with an error; here with 0")
                return 0
            return self._received.popleft()
        if offset == r.SPISR:
            flags, self._fault = self._flags(), False
            return flags
        known = {
            r.DGIER: self._global,
            r.IPISR: self._status,
            r.IPIER: self._enabled,
            r.SPICR: self._control,
            r.SSR: self._select,
            r.TX_OCCUPANCY: max(0, len(self._sending) - 1) if self._fifo else 0,
            r.RX_OCCUPANCY: max(0, len(self._received) - 1) if self._fifo else 0,
        }
        return known.get(offset, 0)

    def _flags(self) -> int:
        waiting = len(self._sending) + (not self._fifo and self._event is not None)  # a single register is full until its bits are out
        return (
            r.RX_EMPTY * (not self._received)
            | r.RX_FULL * (len(self._received) >= self._depth)
            | r.TX_EMPTY * (not waiting)
            | r.TX_FULL * (waiting >= self._depth)
            | r.MODE_FAULT * self._fault
            | r.NOT_SELECTED
            | r.NO_MASTER * (not self._control & r.MASTER)
        )

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == r.SRR:
            if value == r.RESET_KEY:
                self.reset()
        elif offset == r.SPICR:
            if value & r.RESET_TX:
                self._sending.clear()
            if value & r.RESET_RX:
                self._received.clear()
            self._control = value & 0x3FF & ~(r.RESET_TX | r.RESET_RX)
            if value & r.ENABLE and not value & r.MASTER:
                self.context.assume("the core as a slave of another master is not simulated")
        elif offset == r.DTR:
            if self._flags() & r.TX_FULL:
                self.context.assume("its full transmit register was written, which the core answers with an error; here it is lost")
            else:
                self._sending.append(value & (1 << self._bits) - 1)
        elif offset == r.SSR:
            self._select = value & self._lines
        elif offset == r.IPISR:
            self._status ^= value & r.ALL_INTERRUPTS
        elif offset == r.IPIER:
            self._enabled = value & r.ALL_INTERRUPTS
        elif offset == r.DGIER:
            self._global = value & r.GLOBAL_ENABLE
        self._drive_lines()
        self._update()
        self._go()

    def _update(self) -> None:
        self.context.interrupt(_INTERRUPT).set(int(bool(self._global and self._status & self._enabled)))

    def on_signal(self, pin: str, value: int) -> None:
        if pin == "spisel" and not value and self._control & r.MASTER and self._control & r.ENABLE:
            self._fault = True
            self._status |= r.FAULTED
            self._update()

    # The bus.

    def _drive_lines(self) -> None:
        """By hand the lines follow SSR; else they are low while elements are exchanged."""
        active = self._control & r.MANUAL_SELECT or self._event is not None
        self._drive(~self._select & self._lines if active and self._control & r.ENABLE else 0)

    def _drive(self, low: int) -> None:
        before, self._selected = self._selected, low
        for line, target in self._targets.items():
            if (before ^ low) >> line & 1:
                if low >> line & 1:
                    target.select()
                else:
                    target.deselect()

    def _go(self) -> None:
        needed = r.ENABLE | r.MASTER
        if self._event is not None and (self._control & (needed | r.INHIBIT)) != needed:
            self._event.cancel()  # inhibited at once: what is on its way is lost
            self._event = None
            self._drive_lines()
        if self._event is None and self._sending and self._control & (needed | r.INHIBIT) == needed:
            self._shifting = self._sending.popleft()
            if self._fifo and len(self._sending) == self._fifo // 2 - 1:
                self._status |= r.HALF_EMPTY
            self._event = self.context.clock.call_later(self._bits / self.frequency, self._exchanged)
            self._drive_lines()

    def _exchanged(self) -> None:
        self._event = None
        sent = self._shifting
        got = sent if self._control & r.LOOP else self._exchange(sent)
        if len(self._received) >= self._depth:
            self._status |= r.OVERRUN
        else:
            self._received.append(got)
            if len(self._received) >= self._depth:
                self._status |= r.RECEIVED_FULL
        if not self._sending:
            self._status |= r.SENT
        self._go()
        self._drive_lines()
        self._update()

    def _exchange(self, word: int) -> int:
        """An element on the wires, a byte at a time in the order in which its bits pass."""
        lsb = bool(self._control & r.LSB_FIRST)
        count = self._bits // 8
        order = "little" if lsb else "big"
        answer = bytearray()
        for value in word.to_bytes(count, order):  # type: ignore[arg-type]
            got = self._exchange_byte(_reversed(value) if lsb else value)
            answer.append(_reversed(got) if lsb else got)
        return int.from_bytes(answer, order)  # type: ignore[arg-type]

    def _exchange_byte(self, value: int) -> int:
        mode = 2 * bool(self._control & r.CPOL) + bool(self._control & r.CPHA)
        answer = 0xFF
        for line, target in self._targets.items():
            if self._selected >> line & 1:
                if mode in target.modes:
                    answer &= target.exchange(value)
                else:
                    names = ", ".join(str(each) for each in sorted(target.modes))
                    self.context.assume(f"what is at select line {line} understands mode {names} and sees nothing in mode {mode}")
        return answer


def _reversed(value: int) -> int:
    return int(f"{value:08b}"[::-1], 2)
