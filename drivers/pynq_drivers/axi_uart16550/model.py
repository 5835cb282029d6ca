"""What AXI UART 16550 does, for the simulated device.

Source: AMD PG143, AXI UART 16550 v2.0: "Register Space" (each register's section), "Interrupts" (priorities, what clears each), "FIFO
Interrupt Mode Operation" (trigger level; the timeout after four characters' time in which nothing came and nothing was read).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pynq_drivers import parameters
from pynq_drivers.axi_uart16550 import registers as r
from pynq_drivers.axi_uart16550.settings import external_clock, format_of
from pynq_drivers.uart.frame import Format, Received
from pynq_drivers.uart.model import UartModel
from pynq_widgets.device import ModelContext
from pynq_widgets.device.clock import Timer

_INTERRUPT = "ip2intc_irpt"
_LINE_ERRORS = r.OVERRUN | r.PARITY_ERROR | r.FRAME_ERROR | r.BROKEN
_PINS = {"ctsn": r.CTS, "dsrn": r.DSR, "rin": r.RI, "dcdn": r.DCD}
_OUTPUTS = {"dtrn": r.DTR, "rtsn": r.RTS, "out1n": r.OUT1, "out2n": r.OUT2}
_LOOPED = {r.RTS: r.CTS, r.DTR: r.DSR, r.OUT1: r.RI, r.OUT2: r.DCD}


class _Character(NamedTuple):
    value: int
    errors: int  # as in LSR


class AxiUart16550Model(UartModel):
    """AXI UART 16550: ``line`` is what stands at its other end, ``set_modem`` the control lines from there."""

    def __init__(self, context: ModelContext) -> None:
        given = dict(context.module.parameters)
        self._clock = external_clock(given) or context.frequency("s_axi_aclk")
        self._has_fifos = parameters.integer(given, "C_IS_A_16550", 1) != 0
        self._outside = r.CTS | r.DSR | r.DCD
        self._timeout: Timer | None = None
        self._divisor = self._lcr = 0
        super().__init__(context)

    @property
    def baud(self) -> float:
        return self._clock / (16 * self._divisor) if self._divisor else 0.0

    @property
    def format(self) -> Format:
        return format_of(self._lcr)

    def set_modem(self, *, cts: bool | None = None, dsr: bool | None = None, ri: bool | None = None, dcd: bool | None = None) -> None:
        """Puts levels on the control lines from the other end; True is active. At first all but RI are."""
        with self.context.from_outside():
            for bit, level in ((r.CTS, cts), (r.DSR, dsr), (r.RI, ri), (r.DCD, dcd)):
                if level is not None:
                    self._outside = self._outside | bit if level else self._outside & ~bit
            self._modem_changed()

    def on_signal(self, pin: str, value: int) -> None:
        if pin in _PINS:
            self._outside = self._outside & ~_PINS[pin] if value else self._outside | _PINS[pin]
            self._modem_changed()

    def reset(self) -> None:
        super().reset()
        self._received: deque[_Character] = deque()
        self._sending: deque[int] = deque()
        self._divisor = round(self._clock / (16 * 9600))
        self._ier = self._fcr = self._lcr = self._mcr = self._scr = 0
        self._line_errors = self._changes = 0
        self._modem = self._outside
        self._empty_pending = self._timed_out = False
        self._wait()
        self._update()

    @property
    def _depth(self) -> int:
        return r.DEPTH if self._fcr & r.ENABLE else 1

    # Registers.

    def read(self, interface: str, offset: int) -> int:
        latch = bool(self._lcr & r.DLAB)
        if offset == r.RBR:
            return self._divisor & 0xFF if latch else self._take()
        if offset == r.IER:
            return self._divisor >> 8 if latch else self._ier
        if offset == r.IIR:
            return self._fcr if latch else self._identify()
        if offset == r.LSR:
            return self._line_status()
        if offset == r.MSR:
            value, self._changes = self._modem | self._changes, 0
            self._update()
            return value
        return {r.LCR: self._lcr, r.MCR: self._mcr, r.SCR: self._scr}.get(offset, 0)

    def _take(self) -> int:
        value = self._received.popleft().value if self._received else 0
        self._timed_out = False
        self._top()
        self._wait()
        self._update()
        return value

    def _identify(self) -> int:
        pending = self._pending()
        if pending == r.EMPTY:
            self._empty_pending = False
            self._update()
        return pending | (r.FIFOS if self._fcr & r.ENABLE else 0)

    def _line_status(self) -> int:
        later = any(character.errors for character in list(self._received)[1:])
        status = (
            r.READY * bool(self._received)
            | self._line_errors
            | r.HOLDING_EMPTY * (not self._sending)
            | r.ALL_EMPTY * (not self._sending and not self.is_shifting)
            | r.FAULTS * bool(self._fcr & r.ENABLE and (later or self._line_errors & ~r.OVERRUN))
        )
        self._line_errors = 0
        self._update()
        return status

    def write(self, interface: str, offset: int, value: int) -> None:
        value &= 0xFF
        if offset == r.THR and self._lcr & r.DLAB:
            self._divisor = self._divisor & 0xFF00 | value
        elif offset == r.IER and self._lcr & r.DLAB:
            self._divisor = self._divisor & 0xFF | value << 8
        elif offset == r.THR:
            self._empty_pending = False
            if len(self._sending) < self._depth:
                self._sending.append(value)
        elif offset == r.IER:
            if value & ~self._ier & r.ON_EMPTY and not self._sending:
                self._empty_pending = True
            self._ier = value & 0xF
        elif offset == r.FCR:
            self._control_fifos(value)
        elif offset == r.LCR:
            if value & ~self._lcr & r.BREAK:
                self.send((0,) * 12)
            self._lcr = value
        elif offset == r.MCR:
            self._mcr = value & 0x1F
            for pin, bit in _OUTPUTS.items():
                self.context.signal_out(pin).set(int(not (value & bit) or bool(value & r.LOOP)))
            self._modem_changed()
        elif offset == r.SCR:
            self._scr = value
        self._update()
        self.transmit()

    def _control_fifos(self, value: int) -> None:
        if not self._has_fifos:
            return
        switched = (value ^ self._fcr) & r.ENABLE
        if switched or (value & r.ENABLE and value & r.RESET_RX):
            self._received.clear()
            self._line_errors, self._timed_out = 0, False
        if switched or (value & r.ENABLE and value & r.RESET_TX):
            self._sending.clear()
        self._fcr = value & 0xC9 if value & r.ENABLE else 0
        self._wait()

    # Interrupts.

    def _pending(self) -> int:
        if self._ier & r.ON_LINE and self._line_errors:
            return r.LINE_STATUS
        if self._ier & r.ON_RECEIVED and len(self._received) >= (r.TRIGGERS[self._fcr >> 6] if self._fcr & r.ENABLE else 1):
            return r.RECEIVED
        if self._ier & r.ON_RECEIVED and self._timed_out:
            return r.TIMEOUT
        if self._ier & r.ON_EMPTY and self._empty_pending:
            return r.EMPTY
        if self._ier & r.ON_MODEM and self._changes:
            return r.MODEM
        return r.NOTHING

    def _update(self) -> None:
        self.context.interrupt(_INTERRUPT).set(int(self._pending() != r.NOTHING))

    def _wait(self) -> None:
        """The four characters' time of the timeout begins, where something is in the FIFO."""
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        if self._received and self._fcr & r.ENABLE and self.baud:
            self._timeout = self.context.clock.call_later(4 * self.format.length / self.baud, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timeout = None
        self._timed_out = True
        self._update()

    def _modem_changed(self) -> None:
        if self._mcr & r.LOOP:
            now = sum(into for source, into in _LOOPED.items() if self._mcr & source)
        else:
            now = self._outside
        changed = (now ^ self._modem) & ~r.RI
        if self._modem & r.RI and not now & r.RI:  # trailing edge
            changed |= r.RI
        self._changes |= changed >> 4
        self._modem = now
        self._update()

    # The line.

    def next_character(self) -> int | None:
        if not self._sending:
            return None
        value = self._sending.popleft()
        if not self._sending:
            self._empty_pending = True
            self._update()
        return value

    def shifted(self, value: int) -> None:
        levels = self.format.levels(value)
        if self._mcr & r.LOOP:
            self._enter(Received(value & (1 << self.format.bits) - 1))
        elif self._lcr & r.BREAK:
            self.send((0,) * 12)
        else:
            self.send(levels)

    def arrived(self, got: Received) -> None:
        if not self._mcr & r.LOOP:
            self._enter(got)

    def _enter(self, got: Received) -> None:
        errors = r.PARITY_ERROR * got.parity_error | r.FRAME_ERROR * got.frame_error | r.BROKEN * got.is_break
        if len(self._received) >= self._depth:
            self._line_errors |= r.OVERRUN
            if self._depth == 1:  # with no FIFO the new one takes the place of the old
                self._received[0] = _Character(got.value, errors)
                self._line_errors |= errors
        else:
            self._received.append(_Character(got.value, errors))
            if len(self._received) == 1:
                self._top()
        self._wait()
        self._update()

    def _top(self) -> None:
        """An error is told when its character is the next to be read."""
        if self._received:
            self._line_errors |= self._received[0].errors
