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
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from pynq_widgets.device.bus import Bus, bus_of

from .errors import StaleOverlayError
from .words import (
    BusWords,
    ComparingWords,
    CountedWords,
    GoneWords,
    HeardWords,
    OverheardWords,
    RecordedWords,
    RemoteWords,
    ShiftedWords,
    ViewWords,
    Words,
    text_of,
)

if TYPE_CHECKING:
    from pynq_widgets.device import Device


def bus_lock(device: object) -> Any:
    """The one lock of the device's bus; devices that bring none get one here."""
    lock = getattr(device, "lock", None)
    return bus_of(device).lock if lock is None else lock


class Ear(Protocol):
    """Who hears of the accesses of others."""

    def heard(self, operation: str, first: int, values: Sequence[int]) -> bool:
        """Under the lock of the bus: `values` were read from, or written to, the words from `first` on. Whether there is news to tell."""

    def tell_heard(self) -> None:
        """Outside the lock: tell what was heard."""


# Around the sets of parts; not the lock of the bus, which whoever ends an overlay may not have to wait for.
_parting = threading.RLock()


_LOAD_AGAIN = "Load the overlay again and take the handle from the new Overlay object."


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
        "_ears",
        "_own",
        "_parts",
        "_raw",
        "_whole",
        "base",
        "bus",
        "device",
        "generation",
        "gone",
        "late",
        "lock",
        "remedy",
        "words",
    )

    def __deepcopy__(self, memo: dict[int, Any]) -> Port:
        return self  # the same words, which are hardware

    def __init__(self, words: Words, base: int = 0, device: Device | None = None, generation: int | None = None) -> None:
        self._raw = words
        self.words = self._own = words
        self.base = base
        self.device = device
        self.gone = ""
        self.remedy = _LOAD_AGAIN
        self.generation = generation
        self._parts: weakref.WeakSet[Port] | None = None
        self._whole: Port | None = None
        self._compares = self._behind = False
        self._ears: tuple[Ear, ...] = ()
        self.late = False  # whether an ear has something to tell, once the lock is free
        if device is None:
            self.bus: Bus | None = None
            self.lock: Any = threading.RLock()
            return
        self.bus = bus_of(device)
        self.lock = self.bus.lock
        self._compares = generation is not None and not self.bus.watch_generation(self)
        self._behind = isinstance(words, (BusWords, RemoteWords))
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
        if bus.heard:
            clock = bus.paced
            if clock is not None and not bus.told and isinstance(raw, BusWords):
                words = RecordedWords(raw, self.base, bus, clock)
            else:
                words = HeardWords(raw, self.base, bus)
        elif self._behind or bus.counting:
            words = CountedWords(raw, self.base, bus)
        self._own = ComparingWords(self, words) if self._compares else words
        self._expose()
        for part in self._known_parts():
            part.recount()

    def _expose(self) -> None:
        if self.is_gone():
            return
        self.words = OverheardWords(self, self._own) if self._ears else self._own
        if self.is_gone():
            # The overlay ended meanwhile, on another thread: that stays.
            self._end()

    # What a mirror hears of others.

    def overhear(self, ear: Ear) -> Callable[[], None]:
        """Let `ear` hear of each access through this port, until the result is called. Accesses of its parts are not heard of."""
        with self.lock:
            self._ears = (*self._ears, ear)
            self._expose()

        def undo() -> None:
            with self.lock:
                self._ears = tuple(other for other in self._ears if other is not ear)
                self._expose()

        return undo

    def heard(self, operation: str, first: int, values: Sequence[int]) -> None:
        """An access has been made; under the lock."""
        for ear in self._ears:
            if ear.heard(operation, first, values):
                self.late = True

    def tell(self) -> None:
        """Let the ears tell what they heard; later, where this thread holds the lock for something longer: nobody is told under it."""
        if self.late and not _is_held(self.lock):
            self.late = False
            for ear in self._ears:
                ear.tell_heard()

    def review(self) -> None:
        """End this port if the device is at another generation than it was made for."""
        if not self.gone and self.generation is not None and self._moved_on():
            self.invalidate("another overlay has been loaded since")

    def _moved_on(self) -> bool:
        return bool(getattr(self.device, "generation", 0) != self.generation)

    def invalidate(self, reason: str, remedy: str = "") -> None:
        """Let each further access raise :class:`StaleOverlayError` with `reason`, and what to do (`remedy`, a sentence)."""
        if remedy and not self.gone:
            self.remedy = remedy
        self.gone = self.gone or reason
        self._end()

    def is_gone(self) -> bool:
        """Whether the port was ended."""
        return bool(self.gone)

    def _end(self) -> None:
        own = self._own
        self.words = GoneWords(self, len(self._raw))
        # An access that took the words before this, and waits for the bus, must not reach what is loaded meanwhile.
        if isinstance(own, CountedWords):
            own.end(self._refuse)
        for part in self._known_parts():
            part.invalidate(self.gone, self.remedy)

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

    @property
    def gone_alone(self) -> bool:
        """Whether what is here went with its region of the design, and the rest of the overlay stands."""
        return bool(self.gone) and self.remedy is not _LOAD_AGAIN

    def check(self) -> None:
        """Raise :class:`StaleOverlayError` if the overlay of this handle has gone."""
        if self.is_stale:
            raise self.stale()

    def _refuse(self, *_: int) -> NoReturn:
        raise self.stale()

    def stale(self) -> StaleOverlayError:
        """What to raise where the overlay of this handle has gone."""
        where = "" if self.device is None else f" on device {getattr(self.device, 'tag', self.device)!r}"
        return StaleOverlayError(f"This handle to {self.base:#010x}{where} has gone: {self.gone}. {self.remedy}")

    # Accesses.

    def read(self, index: int) -> int:
        """The word at `index`: one 32-bit access."""
        return self.words[index]

    def write(self, index: int, value: int) -> None:
        """Put `value` (0 to 0xFFFFFFFF) at `index`: one 32-bit access."""
        self.words[index] = value

    def read_block(self, first: int, count: int) -> list[int]:
        """`count` words from `first`: one block read of a bus, one 32-bit access a word of mapped memory."""
        values = self._read_block(first, count)
        if self._ears:
            self.tell()
        return values

    def _read_block(self, first: int, count: int) -> list[int]:
        with self.lock:
            words, bus = self._block(first, count), self.bus
            if bus is None:
                values = _read_each(words, first, count)
                self.heard("read", first, values)
                return values
            when, start = bus.stamp(), perf_counter()
            try:
                values = _read_each(words, first, count)
            except BaseException as error:
                bus.note("read", self.base + 4 * first, (), count, when, start, text_of(error))
                raise
            # The words as a tuple are for those who listen.
            bus.note("read", self.base + 4 * first, tuple(values) if bus.heard else (), count, when, start)
            self.heard("read", first, values)
            return values

    def write_block(self, first: int, data: bytes) -> None:
        """`data`, a whole number of words, from word `first` on: one burst of a bus, one ordered 32-bit access a word of mapped memory."""
        self._write_block(first, data)
        if self._ears:
            self.tell()

    def _write_block(self, first: int, data: bytes) -> None:
        count = len(data) >> 2
        values = tuple(memoryview(data).cast("B").cast("I").tolist())
        with self.lock:
            words, bus = self._block(first, count), self.bus
            if bus is None:
                _write_each(words, first, values)
                self.heard("write", first, values)
                return
            when, start = bus.stamp(), perf_counter()
            try:
                if isinstance(words, BusWords):
                    words.write_block(first, data)
                else:
                    _write_each(words, first, values)
            except BaseException as error:
                bus.note("write", self.base + 4 * first, values, count, when, start, text_of(error))
                raise
            bus.note("write", self.base + 4 * first, values, count, when, start)
            self.heard("write", first, values)

    def _block(self, first: int, count: int) -> Words:
        """What answers to the words `first` to `first` + `count` - 1, past the account; under `lock`, so that it does so yet."""
        self.check()
        # Whatever somebody has put before the words is asked, word by word.
        words = self._raw if self.words is self._own or isinstance(self.words, OverheardWords) else self.words
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
            part = ShiftedWords(raw, first, stop - first)
        port = Port(part, self.base + 4 * first)
        port.device, port.bus, port.lock, port.gone, port.remedy = self.device, self.bus, self.lock, self.gone, self.remedy
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


def _is_held(lock: Any) -> bool:
    """Whether this thread holds `lock`; a lock that does not tell (`threading.Condition` asks the same way) is taken for free."""
    owned = getattr(lock, "_is_owned", None)
    return owned is not None and bool(owned())


def _read_each(words: Words, first: int, count: int) -> list[int]:
    if isinstance(words, memoryview):
        # A slice of a memoryview is a view; tolist() reads each word once, in order.
        return words[first : first + count].tolist()
    if isinstance(words, BusWords):
        return words.read_block(first, count)
    return [words[index] for index in range(first, first + count)]


def _write_each(words: Words, first: int, values: tuple[int, ...]) -> None:
    # Item by item: a copy into a slice would be the C library's, in an order and width of its own.
    for index, value in enumerate(values, first):
        words[index] = value


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
