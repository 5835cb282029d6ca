"""What software does with AXI IIC. The shape of the API is PYNQ's ``AxiIIC``.

Source: AMD PG090, AXI IIC Bus Interface v2.1: "Register Space", "Dynamic Controller Logic Flow" (the words in TX_FIFO that say start, stop
and how many bytes to receive), "Interrupt Status Register" (ISR).
"""

from __future__ import annotations

import asyncio
import contextlib
import operator
import threading
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, ClassVar

import traitlets

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_iic import registers as r
from pynq_drivers.axi_iic.chip import Chip
from pynq_drivers.axi_iic.layout import LAYOUT
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Word

_PATIENCE = 1.0  # seconds beside those that the bits take: targets may hold the clock
_MOST = 255  # bytes that one word can ask for
_INTERRUPT = "iic2intc_irpt"
_LOOK_AGAIN = 10e-3  # seconds after which an interrupt is not waited for any longer: it can be lost
_ENDINGS = r.ARBITRATION_LOST | r.TX_ERROR | r.TX_EMPTIED | r.RX_FILLED | r.BUS_FREED


class IICError(RuntimeError):
    """A transfer on the I2C bus failed; the controller has been reset, and can be used again."""


class NoAcknowledge(IICError):
    """The target did not acknowledge its address, or a byte."""


class AxiIIC(DefaultIP):
    """AXI IIC as the master of an I2C bus, with addresses of 7 bits::

        iic.scan()                                      # [0x48, 0x50]
        iic.chip(0x48).register(0x00, width=2).value
        iic.chip(0x50).write_read([0x10], 4)

    or as PYNQ has it::

        iic.send(0x50, bytes([0x10]), 1, AxiIIC.REPEAT_START)
        data = bytearray(4)
        iic.receive(0x50, data, 4)

    One transfer at a time; threads wait for one another. Making the driver touches nothing; the first transfer resets the core. As a
    register, RX_FIFO is never read by a display: each read takes a byte out of it.

    Attributes
    ----------
    frequency : float
        Of SCL in Hz, as the design has it.
    """

    bindto = [f"xilinx.com:ip:axi_iic:{version}" for version in ("2.0", "2.1")]

    REPEAT_START: ClassVar[int] = 1

    register_layout = LAYOUT

    RX_FIFO = Word("RX_FIFO", access="read-only", onread="pop", help="Each read takes a byte out of the receive FIFO")
    TX_FIFO = Word(
        "TX_FIFO", access="write-only", onwrite="push", help="Each write puts a byte, or a start or stop, into the transmit FIFO"
    )

    found = traitlets.Any(None, help="Addresses that answered in scans so far, ascending; None before the first")

    ISR = Word("ISR", onwrite="1-to-toggle", help="What has happened; a written 1 inverts a bit")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        self.frequency = float(parameters.integer(given, "C_IIC_FREQ", 100_000) or 100_000)
        self._byte_time = 9 / self.frequency
        self._turn = threading.RLock()
        self._ready = False  # the core has been reset
        self._holding = False  # the bus, after a transfer with REPEAT_START

    @cached_property
    def interrupt_pin(self) -> Any:
        """The interrupt, made when it is first needed; None where none is connected."""
        return self[_INTERRUPT] if _INTERRUPT in self._interrupts else None

    def send(self, address: int, data: Any, length: int, option: int = 0) -> int:
        """Send the first `length` bytes of `data` (bytes, or anything whose items are integers) to the target at `address`.

        With `option` REPEAT_START the bus is kept, and the next transfer begins with a repeated start. Returns `length`.

        Raises ValueError or TypeError for what cannot be sent, before the bus is touched; `IICError` (a RuntimeError) where the target
        does not acknowledge, another master wins, or nothing goes on.
        """
        start = self._start_word(address, option)
        count = self._checked(length, data)
        content = bytes(_octet(data[i]) for i in range(count))
        words = [start, *content]
        if option != self.REPEAT_START:
            words[-1] |= r.STOP
        with self._transfer(address, count) as deadline:
            for first in range(0, len(words), r.DEPTH):
                for word in words[first : first + r.DEPTH]:
                    self.write(r.TX_FIFO, word)
                while not self._status(address, "send") & r.TX_EMPTY:
                    self._pause(deadline, "send", address)
            if option != self.REPEAT_START:
                while self._status(address, "send") & r.BUSY:
                    self._pause(deadline, "send", address)
                self._check_errors(address, "send")  # those of the last byte
            self._holding = option == self.REPEAT_START
        return count

    def receive(self, address: int, data: Any, length: int, option: int = 0) -> int:
        """Receive `length` bytes (1 to 255) from the target at `address` into `data` (a bytearray, or anything with items to assign).

        `option` and the errors are as in `send`; where it fails `data` is as before. Returns `length`.
        """
        start = self._start_word(address, option)
        count = self._checked(length, data)
        if not hasattr(data, "__setitem__") and not hasattr(type(data), "__setitem__"):
            raise TypeError(f"{self._where()}.receive fills a bytearray or an array of bytes, which a {type(data).__name__} is not")
        if count > _MOST:
            raise ValueError(f"{self._where()} receives at most {_MOST} bytes at once, not {count}: receive them in parts")
        got = bytearray()
        with self._transfer(address, count) as deadline:
            self.write(r.TX_FIFO, start | 1)
            self.write(r.TX_FIFO, count if option == self.REPEAT_START else count | r.STOP)
            while len(got) < count:
                if self.read(r.SR) & r.RX_EMPTY:
                    self._check_errors(address, "receive")
                    self._pause(deadline, "receive", address)
                else:
                    there = min((self.read(r.RX_FIFO_OCY) & 0xF) + 1, count - len(got))
                    got += bytes(self.read(r.RX_FIFO) & 0xFF for _ in range(there))
            if option != self.REPEAT_START:
                while self.read(r.SR) & r.BUSY:
                    self._pause(deadline, "receive", address)
            self._clear(r.TX_ERROR)  # the last byte was not acknowledged: by the core itself
            self._holding = option == self.REPEAT_START
        for i, byte in enumerate(got):
            data[i] = byte
        return count

    async def send_async(self, address: int, data: Any, length: int, option: int = 0) -> int:
        """As `send`, for coroutines: in a thread, while others go on. One that is cancelled is finished all the same."""
        return await asyncio.to_thread(self.send, address, data, length, option)

    async def receive_async(self, address: int, data: Any, length: int, option: int = 0) -> int:
        """As `receive`, for coroutines."""
        return await asyncio.to_thread(self.receive, address, data, length, option)

    # What is on the bus.

    def chip(self, address: int) -> Chip:
        """The chip at `address`: bytes, registers, and SMBus' transfers. ValueError for what is no address of 7 bits."""
        self._start_word(address, 0)
        return Chip(self, operator.index(address))

    def scan(self, addresses: Iterable[int] = range(0x08, 0x78)) -> list[int]:
        """The addresses at which a chip acknowledges, of those that are not reserved (0x08 to 0x77) or of `addresses`.

        A byte is read from each. That does no harm but to a chip which counts what is read of it.
        """
        asked = list(addresses)
        answered = [address for address in asked if self._acknowledges(address)]
        self.found = tuple(sorted({*(self.found or ()), *answered} - ({*asked} - {*answered})))
        return answered

    def _acknowledges(self, address: int) -> bool:
        try:
            self.receive(address, bytearray(1), 1)
        except IICError as error:
            if isinstance(error, NoAcknowledge):
                return False
            raise
        return True

    def panel(self) -> Any:
        """A map of the bus."""
        from pynq_drivers.axi_iic.panel import BusMap

        return BusMap.of(self)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Within it no other thread's transfer comes between those of this one."""
        with self._turn:
            yield

    def wait(self, timeout: float = _PATIENCE) -> None:
        """Wait until the bus is free; `IICError` after `timeout` seconds."""
        deadline = waiting.Deadline(self.device.clock, timeout)
        while self.read(r.SR) & r.BUSY:
            if deadline.passed():
                raise IICError(f"Timed out waiting for free bus: {self._where()} has seen it busy for {timeout:g} s. {_STUCK}")
            self.device.clock.sleep(deadline.slice(self._byte_time))

    def reset(self) -> None:
        """Resets the core, and gives the bus back where it was kept."""
        with self._turn:
            self._holding = False
            self.write(r.SOFTR, r.RESET_KEY)
            self.write(r.RX_FIFO_PIRQ, r.DEPTH - 1)
            self.write(r.CR, r.TX_RESET)
            self.write(r.CR, r.ENABLE)
            self._ready = True

    # The steps of a transfer.

    def _start_word(self, address: int, option: int) -> int:
        if not 0 <= operator.index(address) <= 0x7F:
            raise ValueError(f"an I2C address of {self._where()} has 7 bits, 0 to 0x7f, without the bit for reading, not {address:#x}")
        if option not in (0, self.REPEAT_START):
            raise ValueError(f"option of {self._where()} is 0 or AxiIIC.REPEAT_START ({self.REPEAT_START}), not {option!r}")
        return r.START | operator.index(address) << 1

    def _checked(self, length: int, data: Any) -> int:
        count = operator.index(length)
        if count < 1:
            raise ValueError(f"a transfer of {self._where()} has 1 byte or more, not {count}")
        if hasattr(data, "__len__") and count > len(data):
            raise ValueError(f"{self._where()} cannot transfer {count} bytes: there are {len(data)} in data")
        return count

    def _transfer(self, address: int, count: int) -> _Transfer:
        return _Transfer(self, address, count)

    def _clear(self, bits: int) -> None:
        pending = self.read(r.ISR) & bits
        if pending:
            self.write(r.ISR, pending)  # which inverts them

    def _check_errors(self, address: int, what: str) -> None:
        pending = self.read(r.ISR)
        if pending & r.ARBITRATION_LOST:
            raise IICError(f"{self._where()} lost the bus to another master while it was to {what} ({address:#04x})")
        if pending & r.TX_ERROR and not (what == "receive" and not self.read(r.SR) & r.RX_EMPTY):
            reason = "Could not send I2C data" if what == "send" else "Could not receive I2C data"
            raise NoAcknowledge(f"{reason}: the target at {address:#04x} of {self._where()} did not acknowledge; is it there, and powered?")

    def _status(self, address: int, what: str) -> int:
        self._check_errors(address, what)
        return self.read(r.SR)

    def _pause(self, deadline: waiting.Deadline, what: str, address: int) -> None:
        if deadline.passed():
            raise IICError(f"{self._where()} could not {what} in time ({address:#04x}): the bus stands still. {_STUCK}")
        if self.interrupt_pin is None:
            self.device.clock.sleep(deadline.slice(self._byte_time))
            return
        with contextlib.suppress(TimeoutError):
            self.interrupt_pin.wait_blocking(deadline.slice(_LOOK_AGAIN))
        self._clear(r.TX_EMPTIED | r.RX_FILLED | r.BUS_FREED)  # before the look at what they tell

    def _interrupts_for(self, count: int) -> None:
        """What ends a wait within a transfer interrupts; 0 bytes: nothing does."""
        if self.interrupt_pin is not None:
            if count:
                self._clear(r.TX_EMPTIED | r.RX_FILLED | r.BUS_FREED)
                self.write(r.RX_FIFO_PIRQ, min(count, r.DEPTH) - 1)
                self.write(r.IER, _ENDINGS)
            self.write(r.GIE, r.GLOBAL_ENABLE if count else 0)


_STUCK = "Does a target hold SCL or SDA low, and do the lines have pull-ups?"


class _Transfer:
    """The time from the check that the bus is free to the end of a transfer; where that fails the core is reset."""

    def __init__(self, iic: AxiIIC, address: int, count: int) -> None:
        self._iic = iic
        self._count = count
        self._seconds = _PATIENCE + (count + 2) * iic._byte_time

    def __enter__(self) -> waiting.Deadline:
        iic = self._iic
        iic._turn.acquire()
        try:
            if not iic._ready:
                iic.reset()
            if not iic._holding:
                iic.wait()
                iic._clear(r.ARBITRATION_LOST | r.TX_ERROR)
            iic._interrupts_for(self._count)
            return waiting.Deadline(iic.device.clock, self._seconds)
        except BaseException:
            iic._turn.release()
            raise

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self._iic._interrupts_for(0)
            else:
                self._iic._ready = False  # reset by the next one, even where this fails
                self._iic.reset()
        finally:
            self._iic._turn.release()


def _octet(value: Any) -> int:
    number = value[0] if isinstance(value, bytes) and len(value) == 1 else operator.index(value)
    if not 0 <= number <= 0xFF:
        raise ValueError(f"a byte of I2C data is 0 to 255, not {number}")
    return int(number)
