"""A serial port that is used as a file: the part of the driver that does not know the registers."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cached_property
from typing import Any

from pynq_drivers import waiting
from pynq_drivers.uart.inbox import Inbox
from pynq_drivers.uart.raw import RawPort
from pynq_drivers.uart.transcript import Transcript
from pynq_drivers.uart.turns import Turns
from pynq_widgets.overlay import DefaultIP

_log = logging.getLogger(__name__)


class _Default:
    """Stands for the port's own timeout where a call names none."""

    def __repr__(self) -> str:
        return "the port's timeout"


DEFAULT: Any = _Default()
_LONGEST_PAUSE = 2e-3


class UartPort(DefaultIP):
    """A serial port as a file::

        uart.write(b"AT\\r")
        uart.readline()
        uart.receive(5, timeout=0.1)
        line = await uart.readline_async()

    Names and meanings are those of files, and pyserial's where files have none: what does not come within the timeout (seconds of the
    device's clock) is not waited for any longer, so that less may come than was asked for, or ``b''``. ``uart.read(offset)`` and
    ``uart.write(offset, value)`` are the register accesses of every IP, as code written for PYNQ has them; a file's ``read(size)`` is
    ``receive(size)`` here, and `raw` gives a whole file (``io.RawIOBase``) for what wants one.

    Within ``with uart:`` (or between `open` and `close`) what comes is kept by interrupt even while nobody reads, however small the FIFO.

    Attributes
    ----------
    timeout : float or None
        Of reads that name none; 1 s at first. None waits for ever.
    write_timeout : float or None
        Of writes and `flush`; None at first.
    """

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self.timeout: float | None = 1.0
        self.write_timeout: float | None = None
        self._inbox = Inbox(self)
        self._turns = Turns()
        self._transcript = Transcript()
        self._opened = 0
        self._errors: dict[str, int] = {}

    # What a derived class knows.

    @property
    @abstractmethod
    def baudrate(self) -> float:
        """Bits a second."""

    @abstractmethod
    def _character_time(self) -> float:
        """Seconds that a character takes."""

    @abstractmethod
    def _take_characters(self) -> bytes:
        """What is in the receive FIFO, taken out of it; the lock of the device is held."""

    @abstractmethod
    def _put_characters(self, data: memoryview) -> int:
        """Puts as much of `data` into the transmit FIFO as there is room for, and says how much; the lock of the device is held."""

    @abstractmethod
    def _is_drained(self) -> bool:
        """Whether the transmit FIFO is empty."""

    @abstractmethod
    def _interrupt_on_receive(self, on: bool) -> None:
        """Whether characters that wait interrupt."""

    @abstractmethod
    def reset_output_buffer(self) -> None:
        """Forget what is in the transmit FIFO."""

    @abstractmethod
    def _empty_receiver(self) -> None:
        """Forget what is in the receive FIFO."""

    _pin_name: str
    _depth: int = 16  # of the receive FIFO

    @cached_property
    def interrupt_pin(self) -> Any:
        """The interrupt, made when it is first needed; None where none is connected."""
        return self[self._pin_name] if self._pin_name in self._interrupts else None

    def _note_error(self, name: str) -> None:
        count = self._errors[name] = self._errors.get(name, 0) + 1
        if count == 1:
            what = {"overrun": "characters were lost: its FIFO was full. Read sooner, or within `with uart:`"}
            _log.warning("%s: %s", self._where(), what.get(name, f"{name} error: do both ends have the same baud rate and framing?"))

    # State.

    @property
    def errors(self) -> Mapping[str, int]:
        """How often something went wrong since `clear_errors`: ``'overrun'``, ``'frame'``, ``'parity'``, ``'break'``.

        Counted when the hardware is looked at, which reports one error of a kind between two looks.
        """
        return dict(self._errors)

    def clear_errors(self) -> None:
        """Forgets `errors`."""
        self._errors.clear()

    @property
    def in_waiting(self) -> int:
        """Characters that can be read at once."""
        self._inbox.collect()
        return len(self._inbox.content)

    def reset_input_buffer(self) -> None:
        """Forget what has come and was not read."""
        with self.device.lock:
            self._empty_receiver()
            self._inbox.clear()

    @property
    def transcript(self) -> Transcript:
        """What this driver has sent and received, the newest of it."""
        return self._transcript

    def setting(self) -> str:
        """Speed and framing in words, as far as they are known: no hardware is touched."""
        return f"{self.baudrate:g} baud"

    def panel(self) -> Any:
        """A terminal."""
        from pynq_drivers.uart.panel import Terminal

        return Terminal.of(self)

    # Reading.

    def _deadline(self, timeout: Any, own: float | None) -> waiting.Deadline:
        return waiting.Deadline(self.device.clock, own if timeout is DEFAULT else timeout)

    def _pause(self, wanted: int) -> float:
        """Between two looks where no interrupt tells: no more may come than half of the FIFO holds."""
        return min(_LONGEST_PAUSE, min(max(1, wanted), self._depth / 2) * self._character_time())

    def receive(self, size: int | None = None, timeout: Any = DEFAULT) -> bytes:
        """`size` characters, or what has come of them after `timeout` seconds. With no `size`: what is there, but at least one.

        ValueError for a size or a timeout below 0.
        """
        wanted = self._wanted(size)
        deadline = self._deadline(timeout, self.timeout)
        with self._reading() as inbox:
            while len(inbox.content) < wanted and not deadline.passed():
                inbox.wait(deadline.left(), self._pause(wanted - len(inbox.content)))
            return inbox.take(wanted if size is not None else len(inbox.content))

    async def receive_async(self, size: int | None = None, timeout: Any = DEFAULT) -> bytes:
        """As `receive`, for coroutines. A cancelled one takes nothing."""
        wanted = self._wanted(size)
        deadline = self._deadline(timeout, self.timeout)
        with self._reading() as inbox:
            while len(inbox.content) < wanted and not deadline.passed():
                await inbox.wait_async(deadline.left(), self._pause(wanted - len(inbox.content)))
            return inbox.take(wanted if size is not None else len(inbox.content))

    def read_until(self, expected: bytes = b"\n", size: int | None = None, timeout: Any = DEFAULT) -> bytes:
        """Up to and with `expected`, or `size` characters; what has come after `timeout` seconds."""
        deadline = self._deadline(timeout, self.timeout)
        self._check_expected(expected, size)
        with self._reading() as inbox:
            while (end := self._end(expected, size)) is None and not deadline.passed():
                inbox.wait(deadline.left(), self._pause(1))
            return inbox.take(len(inbox.content) if end is None else end)

    async def read_until_async(self, expected: bytes = b"\n", size: int | None = None, timeout: Any = DEFAULT) -> bytes:
        """As `read_until`, for coroutines."""
        deadline = self._deadline(timeout, self.timeout)
        self._check_expected(expected, size)
        with self._reading() as inbox:
            while (end := self._end(expected, size)) is None and not deadline.passed():
                await inbox.wait_async(deadline.left(), self._pause(1))
            return inbox.take(len(inbox.content) if end is None else end)

    def readline(self, size: int | None = None, timeout: Any = DEFAULT) -> bytes:
        """A line with its ``\\n``; after `timeout` seconds what has come of it."""
        return self.read_until(b"\n", None if size is None or size < 0 else size, timeout)

    async def readline_async(self, size: int | None = None, timeout: Any = DEFAULT) -> bytes:
        """As `readline`, for coroutines."""
        return await self.read_until_async(b"\n", None if size is None or size < 0 else size, timeout)

    def readinto(self, buffer: Any) -> int:
        """Fills `buffer` as `read` does; the number of characters."""
        view = memoryview(buffer).cast("B")
        data = self.receive(len(view))
        view[: len(data)] = data
        return len(data)

    def __iter__(self) -> Iterator[Any]:
        """Lines, until one does not come within the timeout."""
        while line := self.readline():
            yield line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Lines, until one does not come within the timeout."""
        while line := await self.readline_async():
            yield line

    def _reading(self) -> _Reading:
        return _Reading(self._inbox)

    def _wanted(self, size: int | None) -> int:
        if size is not None and size < 0:
            raise ValueError(f"{self._where()}.receive takes a number of characters, not {size}; None is what there is")
        return 1 if size is None else size

    def _check_expected(self, expected: bytes, size: int | None) -> None:
        if not isinstance(expected, (bytes, bytearray)) or not expected:
            raise ValueError(f"{self._where()}.read_until ends with bytes such as b'\\r\\n', not {expected!r}")
        self._wanted(size)

    def _end(self, expected: bytes, size: int | None) -> int | None:
        content = self._inbox.content
        at = content.find(expected)
        end = None if at < 0 else at + len(expected)
        if size is not None and (len(content) if end is None else end) >= size:
            return size
        return end

    # Writing.

    def write(self, data: Any, value: Any = None, *, timeout: Any = DEFAULT) -> Any:
        """Send `data` (bytes, or text as UTF-8); returns when the FIFO has all of it, with the number of characters.

        TimeoutError after `timeout` seconds; it says how many characters were taken. With two arguments: the register write of every IP,
        ``uart.write(offset, value)``.
        """
        if value is not None:
            super().write(data, value)
            return None
        content, deadline = self._content(data), self._deadline(timeout, self.write_timeout)
        ticket, done = self._turns.enter(), 0
        try:
            while (done := self._put(ticket, content, done)) < len(content):
                self._check_late(deadline, f"{done} of {len(content)} characters were taken")
                self.device.clock.sleep(deadline.slice(self._until_room(len(content) - done)))
        finally:
            self._turns.leave(ticket)
        return len(content)

    async def write_async(self, data: Any, timeout: Any = DEFAULT) -> int:
        """As ``write(data)``, for coroutines."""
        content, deadline = self._content(data), self._deadline(timeout, self.write_timeout)
        ticket, done = self._turns.enter(), 0
        try:
            while (done := self._put(ticket, content, done)) < len(content):
                self._check_late(deadline, f"{done} of {len(content)} characters were taken")
                await waiting.pause(self.device.clock, deadline.slice(self._until_room(len(content) - done)))
        finally:
            self._turns.leave(ticket)
        return len(content)

    def writelines(self, lines: Any) -> None:
        """Each of `lines`; no line ends are added."""
        for line in lines:
            self.write(line)

    def flush(self, timeout: Any = DEFAULT) -> None:
        """Returns when all characters are out on the line. TimeoutError after `timeout` seconds."""
        deadline = self._deadline(timeout, self.write_timeout)
        while not self._is_drained():
            self._check_late(deadline, "characters are still in the FIFO")
            self.device.clock.sleep(deadline.slice(self._character_time()))
        self.device.clock.sleep(self._last_character())

    async def flush_async(self, timeout: Any = DEFAULT) -> None:
        """As `flush`, for coroutines."""
        deadline = self._deadline(timeout, self.write_timeout)
        while not self._is_drained():
            self._check_late(deadline, "characters are still in the FIFO")
            await waiting.pause(self.device.clock, deadline.slice(self._character_time()))
        await waiting.pause(self.device.clock, self._last_character())

    def _last_character(self) -> float:
        """Seconds after the FIFO is empty until the last character is out."""
        return self._character_time()

    def _content(self, data: Any) -> memoryview:
        if isinstance(data, str):
            data = data.encode()
        try:
            return memoryview(data).cast("B")
        except (TypeError, ValueError):
            raise TypeError(
                f"{self._where()}.write sends bytes or text, not {data!r}; a register is written by write(offset, value)"
            ) from None

    def _put(self, ticket: object, content: memoryview, done: int) -> int:
        if not self._turns.mine(ticket):
            return done
        with self.device.lock:
            put = self._put_characters(content[done:])
        self.transcript.add(True, bytes(content[done : done + put]))
        return done + put

    def _until_room(self, left: int) -> float:
        return min(8, left) * self._character_time()

    def _check_late(self, deadline: waiting.Deadline, what: str) -> None:
        if deadline.passed():
            raise TimeoutError(f"{self._where()} could not send in time: {what}")

    # A file.

    def open(self) -> None:
        """From now on what comes is kept even while nobody reads; needs the interrupt to be connected to do more than `read` does."""
        if not self._opened:
            self._inbox.listen()
        self._opened += 1

    def close(self) -> None:
        """Ends what `open` began. The port can be used on."""
        if self._opened:
            self._opened -= 1
            if not self._opened:
                self._inbox.leave()

    def __enter__(self) -> UartPort:
        self.open()
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def raw(self, timeout: Any = DEFAULT) -> RawPort:
        """An ``io.RawIOBase`` over this port, for ``io.TextIOWrapper``, ``io.BufferedReader`` and whoever wants a file object.

        A read of it that gets nothing within `timeout` seconds returns None, as such files do.
        """
        return RawPort(self, self.timeout if timeout is DEFAULT else timeout)

    def readable(self) -> bool:
        """True."""
        return True

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """False."""
        return False

    def isatty(self) -> bool:
        """True: there may be a person at the other end."""
        return True


class _Reading:
    """One who reads: what has come is collected, and more comes by interrupt."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def __enter__(self) -> Inbox:
        self._inbox.listen()
        return self._inbox

    def __exit__(self, *error: Any) -> None:
        self._inbox.leave()
