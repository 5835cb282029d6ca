"""What software does with AXI UART Lite: a serial port of fixed speed, used as a file.

Source: AMD PG142, AXI UART Lite v2.0: "Register Space" (Rx FIFO 0x0, Tx FIFO 0x4, STAT_REG 0x8: the error bits are cleared by a read,
CTRL_REG 0xC), "Interrupts", "Design Parameters".
"""

from __future__ import annotations

from typing import Any

from pynq_drivers import parameters
from pynq_drivers.axi_uartlite import registers as r
from pynq_drivers.axi_uartlite.layout import LAYOUT
from pynq_drivers.axi_uartlite.model import format_of
from pynq_drivers.uart.frame import Format
from pynq_drivers.uart.port import UartPort
from pynq_widgets.overlay.traits import Bit, Word


class AxiUartLite(UartPort):
    """AXI UART Lite as a file: ``uart.write(b"hello")``, ``uart.readline()``; see `UartPort`.

    Speed and framing are fixed in the design (`baudrate`, `format`). Making the driver touches nothing. Reading RX_FIFO takes a character
    and reading STAT_REG clears its errors, so that no display ever does; `errors` has those that this driver saw.
    """

    bindto = ["xilinx.com:ip:axi_uartlite:2.0"]

    register_layout = LAYOUT

    RX_FIFO = Word("RX_FIFO", access="read-only", onread="pop", help="Each read takes a character out of the receive FIFO")
    TX_FIFO = Word("TX_FIFO", access="write-only", onwrite="push", help="Each write puts a character into the transmit FIFO")
    overrun = Bit("STAT_REG", 5, onread="clear", help="A character was lost: the receive FIFO was full")
    frame_error = Bit("STAT_REG", 6, onread="clear", help="A character came without its stop bit")
    parity_error = Bit("STAT_REG", 7, onread="clear", help="A character came with a wrong parity")

    _pin_name = "interrupt"

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        self._baudrate = parameters.integer(given, "C_BAUDRATE", 9600)
        self._format = format_of(given)

    @property
    def baudrate(self) -> float:
        """Bits a second, as the design has it."""
        return self._baudrate

    @baudrate.setter
    def baudrate(self, value: float) -> None:
        raise AttributeError(f"{self._where()} has {self._baudrate} baud by design (C_BAUDRATE); it cannot be changed by software")

    @property
    def format(self) -> Format:
        """Data bits, parity and stop bits, as the design has them."""
        return self._format

    def setting(self) -> str:
        return f"{self._baudrate} baud, {self._format}"

    def _character_time(self) -> float:
        return self._format.length / self._baudrate

    def _status(self) -> int:
        status = self.mmio.read(r.STAT)
        if status & (r.OVERRUN | r.FRAME | r.PARITY):
            for bit, name in r.ERRORS.items():
                if status & bit:
                    self._note_error(name)
        return status

    def _take_characters(self) -> bytes:
        got = bytearray()
        read = self.mmio.read
        while (status := self._status()) & r.RX_VALID:
            for _ in range(r.DEPTH if status & r.RX_FULL else 1):
                got.append(read(r.RX_FIFO) & 0xFF)
        return bytes(got)

    def _put_characters(self, data: memoryview) -> int:
        if not len(data):
            return 0
        status, put = self._status(), 0
        while put < len(data) and not status & r.TX_FULL:
            room = r.DEPTH if status & r.TX_EMPTY else 1
            part = data[put : put + room].tolist()
            for character in part:
                self.mmio.write(r.TX_FIFO, character)
            put += len(part)
            if put < len(data):
                status = self._status()
        return put

    def _is_drained(self) -> bool:
        with self.device.lock:
            return bool(self._status() & r.TX_EMPTY)

    def _control(self, bits: int) -> None:
        """CTRL_REG cannot be read: STAT_REG tells whether interrupts are on."""
        with self.device.lock:
            self.mmio.write(r.CTRL, bits | (r.ENABLE if self._status() & r.INTERRUPTS else 0))

    def _interrupt_on_receive(self, on: bool) -> None:
        self.mmio.write(r.CTRL, r.ENABLE if on else 0)

    def reset_output_buffer(self) -> None:
        """Forget what is in the transmit FIFO; the character that is on its way goes out."""
        self._control(r.RESET_TX)

    def _empty_receiver(self) -> None:
        self._control(r.RESET_RX)
