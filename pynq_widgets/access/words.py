"""What may answer at an index: the words of a device, of memory, counted ones, and those that have gone.

A :class:`~pynq_widgets.access.port.Port` exchanges one for another; see there.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from pynq_widgets.device.bus import READ, WRITE

from .errors import StaleOverlayError

if TYPE_CHECKING:
    from pynq_widgets.device import Device
    from pynq_widgets.device.bus import Bus
    from pynq_widgets.device.clock import Pace, VirtualClock, WallClock

    Clock = VirtualClock | WallClock

    from .port import Port

WORD = 0xFFFF_FFFF


class Words(Protocol):
    """Words by index: a ``memoryview`` of format ``I``, or a bus that looks like one."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, value: int, /) -> None: ...

    def __len__(self) -> int: ...


def _outside(index: int, length: int) -> IndexError:
    return IndexError(f"word {index} (offset {4 * index:#x}) is outside the {length} words of this range")


class BusWords:
    """The words of a device that is not mapped: each access is one call of the device (capability ``REGISTER_RW``).

    `read_held` and `write_held` are the device's for whoever holds its lock, where it has them; else the same as for anybody.
    """

    __slots__ = ("base", "device", "length", "read_held", "read_word", "write_held", "write_word")

    def __init__(self, device: Device, base: int, length: int) -> None:
        self.device = device
        self.base = base
        self.length = length
        self.read_word = device.read_word if _speaks_words(device, "read_word", "read_registers") else self._read_registers
        self.write_word = device.write_word if _speaks_words(device, "write_word", "write_registers") else self._write_registers
        self.read_held: Callable[[int], int] = self._held("read", self.read_word)
        self.write_held: Callable[[int, int], object] = self._held("write", self.write_word)

    def _held(self, operation: str, word: Callable[..., Any]) -> Callable[..., Any]:
        device = self.device
        if word == getattr(device, f"{operation}_word", None) and _speaks_words(device, f"{operation}_held", f"{operation}_word"):
            held: Callable[..., Any] = getattr(device, f"{operation}_held")
            return held
        return word

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        return self.read_word(self.base + 4 * index)

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        self.write_word(self.base + 4 * index, value)

    def read_block(self, first: int, count: int) -> list[int]:
        """`count` words from `first`: one call of the device."""
        data = self._read_bytes(self.base + 4 * first, 4 * count)
        return memoryview(data).cast("B").cast("I").tolist()

    def write_block(self, first: int, data: bytes) -> None:
        """`data` from word `first` on: one call of the device."""
        self.device.write_registers(self.base + 4 * first, data)

    def _read_registers(self, address: int) -> int:
        return int.from_bytes(self._read_bytes(address, 4), "little")

    def _read_bytes(self, address: int, nbytes: int) -> bytes:
        data = self.device.read_registers(address, nbytes)
        if len(data) != nbytes:
            # A short answer would be a value that nobody has read.
            raise OSError(f"device answered {len(data)} bytes to a read of {nbytes} bytes at {address:#010x}")
        return data

    def _write_registers(self, address: int, value: int) -> None:
        self.device.write_registers(address, value.to_bytes(4, "little"))


class RemoteWords:
    """The words of a remote mapping (capability ``REMOTE``): an object with ``read(offset)`` and ``write(offset, value)``."""

    __slots__ = ("length", "mapping")

    def __init__(self, mapping: Any, length: int) -> None:
        self.mapping = mapping
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        return int(self.mapping.read(4 * index))

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        self.mapping.write(4 * index, value)


class ViewWords:
    """The words of an array-like object of 32-bit items that exports no buffer."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index: int) -> int:
        return int(self.array[index])

    def __setitem__(self, index: int, value: int) -> None:
        self.array[index] = value


class ShiftedWords:
    """Words of `words` from index `first` on."""

    __slots__ = ("first", "length", "words")

    def __init__(self, words: Words, first: int, length: int) -> None:
        self.words = words
        self.first = first
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        return self.words[self.first + index]

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        self.words[self.first + index] = value


class CountedWords:
    """`words` at address `base` of `bus` that go through its account: one transaction an item, under the lock of the bus."""

    __slots__ = ("_lock", "_origin", "_read", "_step", "_write", "base", "bus", "length", "words")

    def __init__(self, words: Words, base: int, bus: Bus) -> None:
        self.words = words
        self.base = base
        self.bus = bus
        self.length = len(words)
        self._lock = bus.lock
        self._read: Callable[[int], int]
        self._write: Callable[[int, int], object]
        # The device itself, where it is asked word by word: one call less.
        if isinstance(words, BusWords):
            self._read, self._write, self._origin, self._step = words.read_held, words.write_held, words.base, 4
        else:
            self._read, self._write, self._origin, self._step = words.__getitem__, words.__setitem__, 0, 1

    def __len__(self) -> int:
        return self.length

    def end(self, stale: Callable[..., Any]) -> None:
        """Let `stale` raise for whoever took these words before their overlay ended, and waits for the bus yet."""
        self._read = self._write = stale

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        with self._lock:
            bus, start = self.bus, perf_counter()
            try:
                value = self._read(self._origin + index * self._step)
            except BaseException as error:
                self._failed("read", index, (), bus.stamp(), start, error)
                raise
            count = bus.account() if bus._asking else bus.users
            count[0] += 1
            count[4] += perf_counter() - start
            return value

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        if type(value) is not int or not 0 <= value <= WORD:
            value = _fitting(value)
        with self._lock:
            bus, start = self.bus, perf_counter()
            try:
                self._write(self._origin + index * self._step, value)
            except BaseException as error:
                self._failed("write", index, (value,), bus.stamp(), start, error)
                raise
            count = bus.account() if bus._asking else bus.users
            count[1] += 1
            count[4] += perf_counter() - start

    def _failed(self, operation: str, index: int, words: tuple[int, ...], when: float | Pace, start: float, error: BaseException) -> None:
        # What found its overlay gone never came to the bus.
        if not isinstance(error, StaleOverlayError):
            self.bus.note(operation, self.base + 4 * index, words, 1, when, start, text_of(error))


class HeardWords(CountedWords):
    """Counted words while somebody listens to the bus."""

    __slots__ = ()

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        with self._lock:
            bus = self.bus
            when, start = bus.stamp(), perf_counter()
            try:
                value = self._read(self._origin + index * self._step)
            except BaseException as error:
                self._failed("read", index, (), when, start, error)
                raise
            bus.note("read", self.base + 4 * index, (value,), 1, when, start)
            return value

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        if type(value) is not int or not 0 <= value <= WORD:
            value = _fitting(value)
        with self._lock:
            bus = self.bus
            when, start = bus.stamp(), perf_counter()
            try:
                self._write(self._origin + index * self._step, value)
            except BaseException as error:
                self._failed("write", index, (value,), when, start, error)
                raise
            bus.note("write", self.base + 4 * index, (value,), 1, when, start)


class RecordedWords(HeardWords):
    """Counted words of a device that is asked word by word, while a tape records and nobody else listens.

    What `Bus.note` would do, without its calls: these are what a recording costs.
    """

    __slots__ = ("_clock",)

    def __init__(self, words: BusWords, base: int, bus: Bus, clock: Clock) -> None:
        super().__init__(words, base, bus)
        self._clock = clock

    def __getitem__(self, index: int) -> int:
        bus = self.bus
        if bus._asking or not 0 <= index < self.length:
            return super().__getitem__(index)
        with self._lock:
            when, address, start = self._clock.pace, self.base + 4 * index, perf_counter()
            try:
                value = self._read(address)
            except BaseException as error:
                self._failed("read", index, (), when, start, error)
                raise
            seconds = perf_counter() - start
            count = bus.users
            count[0] += 1
            count[4] += seconds
            bus.record_word((start, when, READ, address, value, seconds))
            if not count[0] & 63:
                bus.turn()
            return value

    def __setitem__(self, index: int, value: int) -> None:
        bus = self.bus
        if bus._asking or type(value) is not int or not 0 <= value <= WORD or not 0 <= index < self.length:
            super().__setitem__(index, value)
            return
        with self._lock:
            when, address, start = self._clock.pace, self.base + 4 * index, perf_counter()
            try:
                self._write(address, value)
            except BaseException as error:
                self._failed("write", index, (value,), when, start, error)
                raise
            seconds = perf_counter() - start
            count = bus.users
            count[1] += 1
            count[4] += seconds
            bus.record_word((start, when, WRITE, address, value, seconds))
            if not count[1] & 63:
                bus.turn()


class OverheardWords:
    """Words through which others reach registers that a mirror's observers wait for: the mirror hears of each access.

    Only what goes past the mirror comes here; it has a port of its own while it hears.
    """

    __slots__ = ("port", "words")

    def __init__(self, port: Port, words: Words) -> None:
        self.port = port
        self.words = words

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> int:
        port = self.port
        with port.lock:
            value = self.words[index]
            port.heard("read", index, (value,))
        port.tell()
        return value

    def __setitem__(self, index: int, value: int) -> None:
        port = self.port
        with port.lock:
            self.words[index] = value
            port.heard("write", index, (int(value),))
        port.tell()


class GoneWords:
    """Stands in the place of the words of an overlay that has gone: each access says so."""

    __slots__ = ("length", "port")

    def __init__(self, port: Port, length: int) -> None:
        self.port = port
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        raise self.port.stale()

    def __setitem__(self, index: int, value: int) -> None:
        raise self.port.stale()


class ComparingWords:
    """The words of a device that keeps a generation but tells nobody when it grows: each access compares."""

    __slots__ = ("port", "words")

    def __init__(self, port: Port, words: Words) -> None:
        self.port = port
        self.words = words

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> int:
        with self.port.lock:
            self.port.check()
            return self.words[index]

    def __setitem__(self, index: int, value: int) -> None:
        with self.port.lock:
            self.port.check()
            self.words[index] = value


def _fitting(value: object) -> int:
    """`value` as a word, or refused before the bus as a ``memoryview`` refuses it: whoever asked then says what is wrong."""
    if not isinstance(value, int):
        raise TypeError(f"a word must be an int, not the {type(value).__name__} {value!r}")
    if not 0 <= value <= WORD:
        raise ValueError(f"{value} does not fit a word of 32 bits (unsigned)")
    return int(value)


def text_of(error: BaseException) -> str:
    """The text of `error`, or its kind where it has none."""
    return str(error) or type(error).__name__


def _speaks_words(device: object, word: str, block: str) -> bool:
    """Whether the method `word` of `device` may be used in place of `block`.

    Only where it was defined at least as late as `block`: a PYNQ device, or a subclass that overrides ``read_registers`` alone,
    must see its own method called.
    """
    if word in vars(device):
        return True
    if block in vars(device):
        return False
    for cls in type(device).__mro__:
        if word in vars(cls):
            # The base class' default only calls `block`: skipping it saves a call.
            return not (cls.__name__ == "Device" and cls.__module__.startswith("pynq_widgets.device"))
        if block in vars(cls):
            return False
    return False
