"""What software does with AXI UART 16550: a serial port used as a file, its speed and framing, its control lines.

Source: AMD PG143, AXI UART 16550 v2.0: "Register Space" (RBR and THR 0x1000, IIR and FCR 0x1008, LSR 0x1014, MSR 0x1018), "Divisor Latch".
"""

from __future__ import annotations

from typing import Any

from pynq_drivers import parameters
from pynq_drivers.axi_uart16550 import registers as r
from pynq_drivers.axi_uart16550.layout import LAYOUT
from pynq_drivers.axi_uart16550.settings import divisor, external_clock, format_of, lcr_of
from pynq_drivers.uart.frame import Format
from pynq_drivers.uart.port import UartPort
from pynq_widgets.overlay.traits import Field, Word


class AxiUart16550(UartPort):
    """AXI UART 16550 as a file: ``uart.configure(115200)``, ``uart.write(b"hello")``, ``uart.readline()``; see `UartPort`.

    Making the driver touches nothing; the first use switches the FIFOs on, and framing to 8N1 where nobody has said other (after a reset
    the core has 5 data bits). A read takes a character, or forgets an interrupt, errors or changes: no display does that.

    Attributes
    ----------
    clock : float
        Of the baud rate generator, in Hz; the design's.
    """

    bindto = ["xilinx.com:ip:axi_uart16550:2.0"]

    register_layout = LAYOUT

    RBR_THR_DLL = Word("RBR_THR_DLL", onread="pop", onwrite="push", help="Read: the next character received. Written: one to be sent")
    IIR_FCR = Word(
        "IIR_FCR", onread="modify", onwrite="push", help="Read: what interrupts, and no longer does. Written: control of the FIFOs"
    )
    line_errors = Field("LSR", (4, 1), onread="clear", help="Break, frame, parity and overrun error; a read forgets them")
    changes = Field("MSR", (3, 0), onread="clear", help="Which modem lines have changed; a read forgets them")

    _pin_name = "ip2intc_irpt"

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        self._depth = r.DEPTH if parameters.integer(given, "C_IS_A_16550", 1) else 1
        module = description.get("module")
        port = module.ports.get("s_axi_aclk") if module is not None else None
        told = port.frequency if port is not None and port.frequency else parameters.integer(given, "C_S_AXI_ACLK_FREQ_HZ", 0)
        self.clock: float = external_clock(given) or float(told)
        self._known: tuple[float, Format] | None = None  # speed and framing

    # Speed and framing.

    def configure(
        self, baudrate: float | None = None, bits: int | None = None, parity: str | None = None, stop: float | None = None
    ) -> None:
        """Sets what is given and leaves the rest: `baudrate`, `bits` (5 to 8), `parity` (``'none'``, ``'odd'``, ``'even'``, ``'mark'``,
        ``'space'``), `stop` bits (1, 2; 1.5 with 5 data bits). What is in the FIFOs stays.

        ValueError, and nothing is written, for what the core cannot do; a baud rate may be off by 5 %.
        """
        with self.device.lock:
            speed, old = self._settings()
            format = Format(
                old.bits if bits is None else bits, old.parity if parity is None else parity, old.stop if stop is None else stop
            )
            lcr = lcr_of(format)
            if baudrate is not None:
                ratio = divisor(self._checked_clock(), baudrate)
                self.mmio.write(r.LCR, lcr | r.DLAB)
                self.mmio.write(r.DLM, ratio >> 8)
                self.mmio.write(r.DLL, ratio & 0xFF)
                speed = self.clock / (16 * ratio)
            self.mmio.write(r.LCR, lcr)
            self._known = speed, format

    def _checked_clock(self) -> float:
        if not self.clock > 0:
            raise ValueError(f"The design does not say how fast the clock of {self._where()} is: set its clock (in Hz) first")
        return self.clock

    def _settings(self) -> tuple[float, Format]:
        """Speed and framing, asked of the core once; FIFOs are switched on with it."""
        if self._known is None:
            with self.device.lock:
                lcr = self.mmio.read(r.LCR) & 0xFF & ~r.DLAB
                if lcr == 0:  # as after a reset
                    lcr = lcr_of(Format())
                self.mmio.write(r.LCR, lcr | r.DLAB)
                ratio = (self.mmio.read(r.DLM) & 0xFF) << 8 | self.mmio.read(r.DLL) & 0xFF
                self.mmio.write(r.LCR, lcr)
                if self._depth > 1:
                    self.mmio.write(r.FCR, r.ENABLE)
                self._known = (self._checked_clock() / (16 * ratio) if ratio else 0.0), format_of(lcr)
        return self._known

    @property
    def baudrate(self) -> float:
        """Bits a second, as the divisor has it; settable (`configure`)."""
        return self._settings()[0]

    @baudrate.setter
    def baudrate(self, value: float) -> None:
        self.configure(value)

    @property
    def format(self) -> Format:
        """Data bits, parity and stop bits."""
        return self._settings()[1]

    def setting(self) -> str:
        if self._known is None:
            return "not used yet"
        return f"{self._known[0]:.6g} baud, {self._known[1]}"

    # The control lines.

    def _control(self, bit: int, on: bool) -> None:
        with self.device.lock:
            control = self.mmio.read(r.MCR)
            self.mmio.write(r.MCR, control | bit if on else control & ~bit)

    @property
    def rts(self) -> bool:
        """Request to send; settable."""
        return bool(self.mmio.read(r.MCR) & r.RTS)

    @rts.setter
    def rts(self, on: bool) -> None:
        self._control(r.RTS, on)

    @property
    def dtr(self) -> bool:
        """Data terminal ready; settable."""
        return bool(self.mmio.read(r.MCR) & r.DTR)

    @dtr.setter
    def dtr(self, on: bool) -> None:
        self._control(r.DTR, on)

    @property
    def loop_back(self) -> bool:
        """Whether what is sent comes back within the core; settable."""
        return bool(self.mmio.read(r.MCR) & r.LOOP)

    @loop_back.setter
    def loop_back(self, on: bool) -> None:
        self._control(r.LOOP, on)

    def _modem(self, bit: int) -> bool:
        return bool(self.mmio.read(r.MSR) & bit)

    @property
    def cts(self) -> bool:
        """Clear to send, from the other end. Each of these reads MSR, which forgets `changes`."""
        return self._modem(r.CTS)

    @property
    def dsr(self) -> bool:
        """Data set ready."""
        return self._modem(r.DSR)

    @property
    def ri(self) -> bool:
        """Ring indicator."""
        return self._modem(r.RI)

    @property
    def cd(self) -> bool:
        """Carrier detect."""
        return self._modem(r.DCD)

    def send_break(self, seconds: float = 0.25) -> None:
        """Holds the line low for so long, once what is in the FIFO is out."""
        self.flush()
        lcr = self.mmio.read(r.LCR)
        self.mmio.write(r.LCR, lcr | r.BREAK)
        try:
            self.device.clock.sleep(seconds)
        finally:
            self.mmio.write(r.LCR, lcr & ~r.BREAK)

    # What UartPort needs.

    def _character_time(self) -> float:
        speed, format = self._settings()
        if not speed:
            raise RuntimeError(f"{self._where()} stands still: its divisor is 0. Set a speed: configure(115200)")
        return format.length / speed

    def _status(self) -> int:
        status = self.mmio.read(r.LSR)
        for bit, name in r.ERRORS.items():
            if status & bit and not (bit == r.FRAME_ERROR and status & r.BROKEN):
                self._note_error(name)
        return status

    def _take_characters(self) -> bytes:
        self._settings()
        got = bytearray()
        while (status := self._status()) & r.READY:
            character = self.mmio.read(r.RBR) & 0xFF
            if not status & r.BROKEN:
                got.append(character)
        return bytes(got)

    def _put_characters(self, data: memoryview) -> int:
        self._settings()
        if not len(data) or not self._status() & r.HOLDING_EMPTY:
            return 0
        part = data[: self._depth].tolist()
        for character in part:
            self.mmio.write(r.THR, character)
        return len(part)

    def _until_room(self, left: int) -> float:
        return self._character_time()

    def _is_drained(self) -> bool:
        self._settings()
        with self.device.lock:
            return bool(self._status() & r.ALL_EMPTY)

    def _last_character(self) -> float:
        return 0.0  # ALL_EMPTY speaks of it, too

    def _interrupt_on_receive(self, on: bool) -> None:
        self._settings()
        with self.device.lock:
            enabled = self.mmio.read(r.IER)
            self.mmio.write(r.IER, enabled | r.ON_RECEIVED if on else enabled & ~r.ON_RECEIVED)

    def reset_output_buffer(self) -> None:
        """Forget what is in the transmit FIFO; the character that is on its way goes out."""
        self._settings()
        self.mmio.write(r.FCR, r.ENABLE | r.RESET_TX)

    def _empty_receiver(self) -> None:
        self._settings()
        if self._depth > 1:
            self.mmio.write(r.FCR, r.ENABLE | r.RESET_RX)
        else:
            self._take_characters()
