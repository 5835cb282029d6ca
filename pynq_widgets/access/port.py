"""Where words are put on the bus: one 32-bit word at an index, or a block of them.

Everything else in this room (MMIO, registers, mirrors) reads and writes through a :class:`Port`, so that the lock, the account, the end
of an overlay and the choice of access live in one place.

`Port.words` is what answers at an index, and is exchanged for another when things change: the words themselves, words that go through
the account of the bus, or words that say that the overlay has gone. So an access asks nothing, and costs an index.

On mapped device memory only item access of ``memoryview.cast('I')`` and ``.tolist()`` of it are used: traced on aarch64 and armv7 (QEMU),
each makes exactly one ordered 32-bit access a word. What else Python offers does not: a ctypes store reads first, ``struct.pack_into``
writes five times, four of them single bytes, and copies of slices (of numpy's arrays as of memoryviews) double and reorder accesses,
and on armv7 touch the neighbouring word too.
"""

from __future__ import annotations

import threading
import weakref
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from pynq_widgets.device.bus import Bus, bus_of

from .errors import StaleOverlayError

if TYPE_CHECKING:
    from pynq_widgets.device import Device

WORD = 0xFFFF_FFFF


class Words(Protocol):
    """Words by index: a ``memoryview`` of format ``I``, or a bus that looks like one."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, value: int, /) -> None: ...

    def __len__(self) -> int: ...


def _outside(index: int, length: int) -> IndexError:
    return IndexError(f"word {index} (offset {4 * index:#x}) is outside the {length} words of this range")


class BusWords:
    """The words of a device that is not mapped: each access is one call of the device (capability ``REGISTER_RW``), and is counted."""

    __slots__ = ("acquire", "base", "bus", "device", "length", "read_word", "release", "write_word")

    def __init__(self, device: Device, base: int, length: int) -> None:
        self.device = device
        self.base = base
        self.length = length
        self.bus = bus_of(device)
        # Half the cost of `with`.
        self.acquire, self.release = self.bus.lock.acquire, self.bus.lock.release
        self.read_word = device.read_word if _speaks_words(device, "read_word", "read_registers") else self._read_registers
        self.write_word = device.write_word if _speaks_words(device, "write_word", "write_registers") else self._write_registers

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        bus, address = self.bus, self.base + 4 * index
        self.acquire()
        try:
            when, start = bus.stamp(), perf_counter()
            try:
                value = self.read_word(address)
            except BaseException as error:
                bus.note("read", address, (), 1, when, start, _text(error))
                raise
            bus.note("read", address, (value,), 1, when, start)
            return value
        finally:
            self.release()

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < self.length:
            raise _outside(index, self.length)
        _check_word(value)
        bus, address = self.bus, self.base + 4 * index
        self.acquire()
        try:
            when, start = bus.stamp(), perf_counter()
            try:
                self.write_word(address, value)
            except BaseException as error:
                bus.note("write", address, (value,), 1, when, start, _text(error))
                raise
            bus.note("write", address, (value,), 1, when, start)
        finally:
            self.release()

    def read_block(self, first: int, count: int) -> list[int]:
        bus, address = self.bus, self.base + 4 * first
        with bus.lock:
            when, start = bus.stamp(), perf_counter()
            try:
                data = self.device.read_registers(address, 4 * count)
                if len(data) != 4 * count:
                    raise OSError(f"device answered {len(data)} bytes to a read of {4 * count} bytes at {address:#010x}")
                words = memoryview(data).cast("B").cast("I").tolist()
            except BaseException as error:
                bus.note("read", address, (), count, when, start, _text(error))
                raise
            bus.note("read", address, tuple(words), count, when, start)
            return words

    def write_block(self, first: int, data: bytes) -> None:
        bus, address = self.bus, self.base + 4 * first
        words = tuple(memoryview(data).cast("I").tolist())
        with bus.lock:
            when, start = bus.stamp(), perf_counter()
            try:
                self.device.write_registers(address, data)
            except BaseException as error:
                bus.note("write", address, words, len(words), when, start, _text(error))
                raise
            bus.note("write", address, words, len(words), when, start)

    def _read_registers(self, address: int) -> int:
        return int.from_bytes(self.device.read_registers(address, 4), "little")

    def _write_registers(self, address: int, value: int) -> None:
        self.device.write_registers(address, value.to_bytes(4, "little"))


class CountedWords:
    """Words at address `base` of `bus` that go through its account, one transaction an item."""

    __slots__ = ("base", "bus", "words")

    def __init__(self, words: Words, base: int, bus: Bus) -> None:
        self.words = words
        self.base = base
        self.bus = bus

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> int:
        words, bus, address = self.words, self.bus, self.base + 4 * index
        if not 0 <= index < len(words):
            raise _outside(index, len(words))
        with bus.lock:
            when, start = bus.stamp(), perf_counter()
            try:
                value = words[index]
            except BaseException as error:
                bus.note("read", address, (), 1, when, start, _text(error))
                raise
            bus.note("read", address, (value,), 1, when, start)
            return value

    def __setitem__(self, index: int, value: int) -> None:
        words, bus, address = self.words, self.bus, self.base + 4 * index
        if not 0 <= index < len(words):
            raise _outside(index, len(words))
        _check_word(value)
        with bus.lock:
            when, start = bus.stamp(), perf_counter()
            try:
                words[index] = value
            except BaseException as error:
                bus.note("write", address, (value,), 1, when, start, _text(error))
                raise
            bus.note("write", address, (value,), 1, when, start)


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
        self.port.check()
        return self.words[index]

    def __setitem__(self, index: int, value: int) -> None:
        self.port.check()
        self.words[index] = value


def _check_word(value: object) -> None:
    """Refuse, before the bus, what is no plain word: as a ``memoryview`` does, for whoever then makes it one or says what is wrong."""
    if type(value) is not int:
        raise TypeError(f"a word must be an int, not the {type(value).__name__} {value!r}")
    if not 0 <= value <= WORD:
        raise ValueError(f"{value} does not fit a word of 32 bits (unsigned)")


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__


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


def bus_lock(device: object) -> Any:
    """The one lock of the device's bus; devices that bring none get one here."""
    lock = getattr(device, "lock", None)
    return bus_of(device).lock if lock is None else lock


# Around the sets of parts; not the lock of the bus, which whoever ends an overlay may not have to wait for.
_parting = threading.RLock()


class Port:
    """A range of words at `base`, on a device or in plain memory.

    `generation`, if given, is the device's generation that the handle was made for: once the device has moved on, each access raises
    :class:`StaleOverlayError`. An overlay ends its ports by :meth:`invalidate`.

    Attributes
    ----------
    words
        What answers at an index now. Take it anew for each access, or, for several that belong together, once under `lock`.
    lock
        The one lock of the bus, or one of its own in plain memory.
    """

    __slots__ = (
        "__weakref__",
        "_behind",
        "_compares",
        "_parts",
        "_raw",
        "_whole",
        "base",
        "bus",
        "device",
        "generation",
        "gone",
        "lock",
        "words",
    )

    def __init__(self, words: Words, base: int = 0, device: Device | None = None, generation: int | None = None) -> None:
        self._raw = words
        self.words = words
        self.base = base
        self.device = device
        self.gone = ""
        self.generation = generation
        self._parts: weakref.WeakSet[Port] | None = None
        self._whole: Port | None = None
        self._compares = self._behind = False
        if device is None:
            self.bus: Bus | None = None
            self.lock: Any = threading.RLock()
            return
        self.bus = bus_of(device)
        self.lock = self.bus.lock
        self._compares = generation is not None and not self.bus.watch_generation(self)
        self._behind = isinstance(words, RemoteWords)
        self.bus.join(self)
        if generation is not None:
            self.review()

    # What the bus and the overlay tell.

    def recount(self) -> None:
        """Let the words go through the account of the bus, or past it, as it wants now."""
        raw, bus = self._raw, self.bus
        if self.is_gone() or bus is None:
            return
        words = raw
        if self._behind or (bus.noting and not isinstance(raw, BusWords)):
            words = CountedWords(raw, self.base, bus)
        self.words = ComparingWords(self, words) if self._compares else words
        if self.is_gone():
            # The overlay ended meanwhile, on another thread: that stays.
            self._end()
        for part in self._known_parts():
            part.recount()

    def review(self) -> None:
        """End this port if the device is at another generation than it was made for."""
        if not self.gone and self.generation is not None and self._moved_on():
            self.invalidate("another overlay has been loaded since")

    def _moved_on(self) -> bool:
        return bool(getattr(self.device, "generation", 0) != self.generation)

    def invalidate(self, reason: str) -> None:
        """Let each further access raise :class:`StaleOverlayError` with `reason`."""
        self.gone = self.gone or reason
        self._end()

    def is_gone(self) -> bool:
        """Whether the port was ended."""
        return bool(self.gone)

    def _end(self) -> None:
        self.words = GoneWords(self, len(self._raw))
        for part in self._known_parts():
            part.invalidate(self.gone)

    def _known_parts(self) -> list[Port]:
        if self._parts is None:
            return []
        with _parting:
            return list(self._parts)

    @property
    def is_stale(self) -> bool:
        """Whether the overlay of this handle has been replaced or freed."""
        self.review()
        return bool(self.gone)

    def check(self) -> None:
        """Raise :class:`StaleOverlayError` if the overlay of this handle has gone."""
        if self.is_stale:
            raise self.stale()

    def stale(self) -> StaleOverlayError:
        """What to raise where the overlay of this handle has gone."""
        where = "" if self.device is None else f" on device {getattr(self.device, 'tag', self.device)!r}"
        return StaleOverlayError(
            f"This handle to {self.base:#010x}{where} has gone: {self.gone}. "
            "Load the overlay again and take the handle from the new Overlay object."
        )

    # Accesses.

    def read(self, index: int) -> int:
        """The word at `index`: one 32-bit access."""
        return self.words[index]

    def write(self, index: int, value: int) -> None:
        """Put `value` (0 to 0xFFFFFFFF) at `index`: one 32-bit access."""
        self.words[index] = value

    def read_block(self, first: int, count: int) -> list[int]:
        """`count` words from `first`: one block read of a bus, one 32-bit access a word of mapped memory."""
        words = self._block(first, count)
        if isinstance(words, BusWords):
            return words.read_block(first, count)
        view = words.words if isinstance(words, CountedWords) else words
        if self.bus is None:
            return _read_each(view, first, count)
        bus, address = self.bus, self.base + 4 * first
        with bus.lock:
            when, start = bus.stamp(), perf_counter()
            try:
                values = _read_each(view, first, count)
            except BaseException as error:
                bus.note("read", address, (), count, when, start, _text(error))
                raise
            bus.note("read", address, tuple(values), count, when, start)
            return values

    def write_block(self, first: int, data: bytes) -> None:
        """`data`, a whole number of words, from word `first` on: one burst of a bus, one ordered 32-bit access a word of mapped memory."""
        count = len(data) >> 2
        words = self._block(first, count)
        if isinstance(words, BusWords):
            words.write_block(first, data)
            return
        view = words.words if isinstance(words, CountedWords) else words
        values = memoryview(data).cast("I").tolist()
        with self.lock:
            if self.bus is None:
                _write_each(view, first, values)
                return
            bus, address = self.bus, self.base + 4 * first
            when, start = bus.stamp(), perf_counter()
            try:
                _write_each(view, first, values)
            except BaseException as error:
                bus.note("write", address, tuple(values), count, when, start, _text(error))
                raise
            bus.note("write", address, tuple(values), count, when, start)

    def _block(self, first: int, count: int) -> Words:
        """What answers to the words `first` to `first` + `count` - 1."""
        words = self.words
        if isinstance(words, ComparingWords):
            self.check()
            words = words.words
        if isinstance(words, GoneWords):
            raise self.stale()
        if first < 0 or first + count > len(words):
            raise IndexError(f"words {first} to {first + count - 1} are not all within the {len(words)} words at {self.base:#010x}")
        return words

    def read64(self, index: int) -> int:
        """The 64 bits at words `index` (low) and `index + 1`: one 8-byte read of a bus, two ordered accesses of mapped memory."""
        low, high = self.read_block(index, 2)
        return high << 32 | low

    def write64(self, index: int, value: int) -> None:
        """Put 64 bits at words `index` (low, first) and `index + 1`."""
        self.write_block(index, value.to_bytes(8, "little"))

    def part(self, first: int, count: int | None = None) -> Port:
        """The same bus seen from word `first` on (`count` words, or all that follow), with the same lock and the same life."""
        raw = self._raw
        stop = len(raw) if count is None else min(first + count, len(raw))
        first = min(first, stop)
        part: Words
        if isinstance(raw, memoryview):
            part = raw[first:stop]
        elif isinstance(raw, BusWords):
            part = BusWords(raw.device, raw.base + 4 * first, stop - first)
        else:
            part = _Shifted(raw, first, stop - first)
        port = Port(part, self.base + 4 * first)
        port.device, port.bus, port.lock, port.gone = self.device, self.bus, self.lock, self.gone
        # The bus and the overlay know the whole port, weakly; it hands on what they tell.
        port._whole = self
        port.generation, port._compares, port._behind = self.generation, self._compares, self._behind
        with _parting:
            if self._parts is None:
                self._parts = weakref.WeakSet()
            self._parts.add(port)
        if self.gone:
            port._end()
        else:
            port.recount()
        return port


def _read_each(words: Words, first: int, count: int) -> list[int]:
    if isinstance(words, memoryview):
        # A slice of a memoryview is a view; tolist() reads each word once, in order.
        return words[first : first + count].tolist()
    return [words[index] for index in range(first, first + count)]


def _write_each(words: Words, first: int, values: list[int]) -> None:
    # Item by item: a copy into a slice would be the libc's, in an order and width of its own.
    for index, value in enumerate(values, first):
        words[index] = value


class _Shifted:
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


def words_of(buffer: Any) -> memoryview:
    """`buffer` (numpy array, mmap, bytearray) as 32-bit words; bytes beyond the last whole word are left out.

    Raises ``TypeError`` where the object exports no contiguous buffer.
    """
    view = memoryview(buffer).cast("B")
    return view[: len(view) & ~3].cast("I")


def port_of(buffer: Any) -> Port:
    """The port behind `buffer`: an MMIO, its ``array``, a numpy array, any buffer, or an array-like object of words."""
    port = getattr(buffer, "_port", None)
    if isinstance(port, Port):
        return port
    try:
        return Port(words_of(buffer))
    except TypeError:
        if hasattr(buffer, "view"):
            return Port(ViewWords(buffer.view(dtype="u4")))
        raise
