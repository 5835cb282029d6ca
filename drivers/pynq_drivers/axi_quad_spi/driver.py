"""What software does with AXI Quad SPI: bytes out and bytes in, and flash memories behind it.

Source: AMD PG153, AXI Quad SPI v3.2: "Register Space" (SPICR 0x60, SPISR 0x64: a read clears MODF, SPI DTR 0x68, SPI DRR 0x6C, SPISSR
0x70), "SPI Master Device" (data into DTR, select, then Master Transaction Inhibit off).
"""

from __future__ import annotations

import asyncio
import contextlib
import operator
import threading
from collections.abc import Iterator
from typing import Any

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_quad_spi import registers as r
from pynq_drivers.axi_quad_spi.flash import FlashMemory
from pynq_drivers.axi_quad_spi.layout import LAYOUT
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.traits import Bit, Word

_PATIENCE = 0.5  # seconds beside those that the bits take


class SPIError(RuntimeError):
    """A transfer on the SPI bus failed; the core has been reset, and can be used again."""


class AxiQuadSPI(DefaultIP):
    """AXI Quad SPI as the master of an SPI bus::

        spi.transfer(b"\\x9f\\0\\0\\0")            # as many bytes come back as go out
        with spi.selected(0):                    # the select line stays low
            spi.transfer(b"\\x03\\0\\0\\0")
            data = spi.transfer(bytes(100))
        spi.flash().identify()

    One transfer at a time; threads wait for one another. Making the driver touches nothing; the first transfer resets the core. No display
    reads SPI_DRR, which takes what was received out of it, nor SPISR, which forgets a mode fault.

    Attributes
    ----------
    slaves : int
        Select lines that the core has.
    width : int
        Bytes of an element (1, 2 or 4): transfers are a multiple of it.
    """

    bindto = ["xilinx.com:ip:axi_quad_spi:3.2"]

    register_layout = LAYOUT

    SPI_DRR = Word("SPI_DRR", access="read-only", onread="pop", help="Each read takes one transfer out of the receive FIFO")
    SPI_DTR = Word("SPI_DTR", access="write-only", onwrite="push", help="Each write puts one transfer into the transmit FIFO")
    IPISR = Word("IPISR", onwrite="1-to-toggle", help="What has happened; a written 1 inverts a bit")
    mode_fault = Bit("SPISR", 4, onread="clear", help="Another master selected this one; a read forgets it")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        if parameters.integer(given, "C_XIP_MODE", 0):
            raise UnsupportedConfiguration(f"{self._fullpath} is configured to be read as memory (C_XIP_MODE); it has no transfers")
        self._depth = parameters.integer(given, "C_FIFO_DEPTH", 16) or 1
        self.width = parameters.integer(given, "C_NUM_TRANSFER_BITS", 8) // 8
        self.slaves = parameters.integer(given, "C_NUM_SS_BITS", 1)
        self._ratio = parameters.integer(given, "C_SCK_RATIO", 16)
        self._turn = threading.RLock()
        self._ready = False
        self._mode, self._lsb_first = 0, False
        self._held: int | None = None  # the slave whose select line stays low

    # Settings.

    @property
    def frequency(self) -> float | None:
        """Of SCK in Hz, as the design has it (ext_spi_clk / C_SCK_RATIO); None where the design does not say."""
        module = self.description.get("module")
        for pin in ("ext_spi_clk", "s_axi_aclk"):
            port = module.ports.get(pin) if module is not None else None
            if port is not None and port.frequency:
                return float(port.frequency) / self._ratio
        return None

    @property
    def mode(self) -> int:
        """0 to 3: bit 1 is CPOL (SCK idles high), bit 0 is CPHA (data is taken at the second edge). Settable, for transfers to come."""
        return self._mode

    @mode.setter
    def mode(self, value: int) -> None:
        number = operator.index(value)
        if not 0 <= number <= 3:
            raise ValueError(f"{self._where()} has modes 0 to 3 (CPOL x 2 + CPHA), not {number}")
        with self._turn:
            self._mode = number
            self._apply()

    @property
    def lsb_first(self) -> bool:
        """Whether the lowest bit of a byte goes first; settable, for transfers to come."""
        return self._lsb_first

    @lsb_first.setter
    def lsb_first(self, value: bool) -> None:
        with self._turn:
            self._lsb_first = bool(value)
            self._apply()

    def _control(self) -> int:
        clocking = (r.CPOL if self._mode & 2 else 0) | (r.CPHA if self._mode & 1 else 0)
        return r.ENABLE | r.MASTER | r.MANUAL_SELECT | clocking | (r.LSB_FIRST if self._lsb_first else 0)

    def _apply(self) -> None:
        if self._ready:
            self.write(r.SPICR, self._control() | r.INHIBIT)

    def reset(self) -> None:
        """Resets the core; no slave is selected, and what is in the FIFOs is lost."""
        with self._turn:
            self._ready = False
            self.write(r.SRR, r.RESET_KEY)
            self.write(r.SPICR, self._control() | r.INHIBIT | r.RESET_TX | r.RESET_RX)
            self.write(r.SSR, (1 << self.slaves) - 1)
            self._ready = True

    # Transfers.

    def transfer(self, data: Any, slave: int | None = None) -> bytes:
        """Send the bytes of `data` to `slave` (its select line, 0 at first) and give those that came back, as many.

        Bytes are in the order in which they pass on the wires, whatever the width of an element. Within `selected` the slave is that one.
        ValueError or TypeError, before the bus is touched, for what cannot be sent; `SPIError` where nothing goes on.
        """
        content = self._content(data)
        with self._turn:
            number = self._slave(slave)
            if not content:
                return b""
            with self._whole():
                if self._held is not None:
                    return self._exchange(content)
                with self._low(number):
                    return self._exchange(content)

    async def transfer_async(self, data: Any, slave: int | None = None) -> bytes:
        """As `transfer`, for coroutines: in a thread, while others go on. One that is cancelled is finished all the same."""
        return await asyncio.to_thread(self.transfer, data, slave)

    @contextlib.contextmanager
    def selected(self, slave: int = 0) -> Iterator[AxiQuadSPI]:
        """The select line of `slave` stays low within; other threads wait until its end."""
        with self._turn:
            number = self._slave(slave)
            if self._held is not None:
                raise RuntimeError(f"slave {self._held} of {self._where()} is selected already: one at a time")
            with self._whole(), self._low(number):
                self._held = number
                try:
                    yield self
                finally:
                    self._held = None

    def flash(self, slave: int = 0) -> FlashMemory:
        """The serial flash at `slave`: ``identify()``, ``read(address, nbytes)``."""
        return FlashMemory(self, self._slave(slave))

    def _content(self, data: Any) -> bytes:
        try:
            content = bytes(memoryview(data).cast("B")) if not isinstance(data, (list, tuple)) else bytes(data)
        except (TypeError, ValueError):
            raise TypeError(f"{self._where()}.transfer takes bytes, not {data!r}") from None
        if len(content) % self.width:
            raise ValueError(f"{self._where()} transfers elements of {self.width} bytes in this design, which {len(content)} bytes are not")
        return content

    def _slave(self, slave: int | None) -> int:
        if slave is None:
            return 0 if self._held is None else self._held
        number = operator.index(slave)
        if not 0 <= number < self.slaves:
            raise ValueError(f"{self._where()} has {self.slaves} select lines in this design, from 0, not {number}")
        if self._held not in (None, number):
            raise RuntimeError(f"slave {self._held} of {self._where()} is selected already: one at a time")
        return number

    @contextlib.contextmanager
    def _low(self, slave: int) -> Iterator[None]:
        self.write(r.SSR, ~(1 << slave) & (1 << self.slaves) - 1)
        yield  # where this fails the reset of `_whole` lets the line go
        self.write(r.SSR, (1 << self.slaves) - 1)

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """What is broken off must not be in the FIFOs of the next transfer."""
        if not self._ready:
            self.reset()
        try:
            yield
        except BaseException:
            self._ready = False  # reset by the next one, even where this fails
            with contextlib.suppress(Exception):  # the first error is the one to be seen
                self.reset()
            raise

    def _exchange(self, content: bytes) -> bytes:
        order: Any = "little" if self._lsb_first else "big"
        words = [int.from_bytes(content[i : i + self.width], order) for i in range(0, len(content), self.width)]
        got = bytearray()
        for first in range(0, len(words), self._depth):
            part = words[first : first + self._depth]
            for word in part:
                self.write(r.DTR, word)
            self.write(r.SPICR, self._control())
            self._wait(len(part))
            self.write(r.SPICR, self._control() | r.INHIBIT)
            mask = (1 << 8 * self.width) - 1
            for _ in part:
                got += (self.read(r.DRR) & mask).to_bytes(self.width, order)
        return bytes(got)

    def _wait(self, count: int) -> None:
        """Until `count` elements have come."""
        clock = self.device.clock
        needs = 8 * self.width * count / (self.frequency or 1e6)
        deadline = waiting.Deadline(clock, needs + _PATIENCE)
        pause = needs
        while not self.read(r.IPISR) & r.SENT:  # the last bit is out, and in
            if deadline.passed():
                raise SPIError(f"{self._where()} did not end a transfer of {count} elements in time: does its clock ext_spi_clk run?")
            clock.sleep(deadline.slice(pause))
            pause = max(needs / 16, waiting.LOOK)
        self.write(r.IPISR, r.SENT)  # which inverts it
