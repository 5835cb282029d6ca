"""What AXI UART Lite does, for the simulated device.

Source: AMD PG142, AXI UART Lite v2.0: "Register Space", "Interrupts" (high as long as a character waits, and for a moment when the transmit
FIFO becomes empty), "Design Parameters" (C_BAUDRATE, C_DATA_BITS, C_USE_PARITY, C_ODD_PARITY). A character leaves the FIFO when it begins
to be shifted out.
"""

from __future__ import annotations

from collections import deque

from pynq_drivers import parameters
from pynq_drivers.axi_uartlite import registers as r
from pynq_drivers.uart.frame import Format, Received
from pynq_drivers.uart.model import UartModel
from pynq_widgets.device import ModelContext

_INTERRUPT = "interrupt"


def format_of(given: dict[str, str]) -> Format:
    """How a core with these parameters frames characters."""
    odd = parameters.integer(given, "C_ODD_PARITY", 0)
    parity = ("odd" if odd else "even") if parameters.integer(given, "C_USE_PARITY", 0) else "none"
    return Format(parameters.integer(given, "C_DATA_BITS", 8), parity)


class AxiUartLiteModel(UartModel):
    """AXI UART Lite: ``line`` is what stands at its other end. Each character takes the time of its bits."""

    def __init__(self, context: ModelContext) -> None:
        given = dict(context.module.parameters)
        self._baud = float(parameters.integer(given, "C_BAUDRATE", 9600))
        self._format = format_of(given)
        super().__init__(context)

    @property
    def baud(self) -> float:
        return self._baud

    @property
    def format(self) -> Format:
        return self._format

    def reset(self) -> None:
        super().reset()
        self._received: deque[int] = deque()
        self._sending: deque[int] = deque()
        self._errors = self._enabled = 0
        self._update()

    def read(self, interface: str, offset: int) -> int:
        if offset == r.RX_FIFO:
            if not self._received:
                self.context.assume("its empty receive FIFO was read, which the core answers with a bus error; here with 0")
                return 0
            value = self._received.popleft()
            self._update()
            return value
        if offset == r.STAT:
            errors, self._errors = self._errors, 0
            return (
                r.RX_VALID * bool(self._received)
                | r.RX_FULL * (len(self._received) >= r.DEPTH)
                | r.TX_EMPTY * (not self._sending)
                | r.TX_FULL * (len(self._sending) >= r.DEPTH)
                | r.INTERRUPTS * self._enabled
                | errors
            )
        return 0

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == r.TX_FIFO:
            if len(self._sending) >= r.DEPTH:
                self.context.assume("its full transmit FIFO was written, which the core answers with a bus error; here it is lost")
                return
            self._sending.append(value & (1 << self._format.bits) - 1)
            self.transmit()
        elif offset == r.CTRL:
            if value & r.RESET_TX:
                self._sending.clear()
            if value & r.RESET_RX:
                self._received.clear()
            self._enabled = int(bool(value & r.ENABLE))
            self._update()

    def _update(self) -> None:
        self.context.interrupt(_INTERRUPT).set(int(bool(self._enabled and self._received)))

    # The line.

    def next_character(self) -> int | None:
        if not self._sending:
            return None
        value = self._sending.popleft()
        if not self._sending and self._enabled:  # one clock long: an edge, if no level stands there already
            self.context.interrupt(_INTERRUPT).set(1)
            self.context.post(self._update)
        return value

    def shifted(self, value: int) -> None:
        self.send(self._format.levels(value))

    def arrived(self, got: Received) -> None:
        if got.parity_error:
            self._errors |= r.PARITY
        if got.frame_error:
            self._errors |= r.FRAME
        elif len(self._received) >= r.DEPTH:
            self._errors |= r.OVERRUN
        else:
            self._received.append(got.value)
        self._update()
