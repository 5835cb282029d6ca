"""Where words are put on the bus: one 32-bit word at an index, or a block of them.

Everything else in this room (MMIO, registers, mirrors) reads and writes through a :class:`Port`, so that the lock, the check for a
replaced overlay and the choice of access live in one place.

On mapped device memory only ``memoryview.cast('I')[i]`` and ``.tolist()`` of it are used. They make exactly one ordered 32-bit access
a word; numpy slices, ctypes stores and ``struct.pack_into`` double, split or reorder accesses there.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

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
    """The words of a device that is not mapped: each access is one call of the device (capability ``REGISTER_RW``)."""

    __slots__ = ("base", "device", "length", "read_word", "write_word")

    def __init__(self, device: Device, base: int, length: int) -> None:
        self.device = device
        self.base = base
        self.length = length
        self.read_word = device.read_word if _speaks_words(device, "read_word", "read_registers") else self._read_registers
        self.write_word = device.write_word if _speaks_words(device, "write_word", "write_registers") else self._write_registers

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

    def _read_registers(self, address: int) -> int:
        return int.from_bytes(self.device.read_registers(address, 4), "little")

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


class _Lasting:
    """Stands for the device of a handle that belongs to no overlay: it is never replaced."""

    generation = 0


_LASTING = _Lasting()
_locks: weakref.WeakKeyDictionary[object, threading.RLock] = weakref.WeakKeyDictionary()


def bus_lock(device: object) -> Any:
    """The one lock of the device's bus; devices that bring none get one here."""
    lock = getattr(device, "lock", None)
    if lock is None:
        lock = _locks.setdefault(device, threading.RLock())
    return lock


class Port:
    """A range of words at `base`, on a device or in plain memory.

    `generation`, if given, is the device's generation that the handle was made for: once the device has moved on, each access raises
    :class:`StaleOverlayError`. The check is one comparison, so it is made every time.
    """

    __slots__ = ("__weakref__", "base", "device", "generation", "gone", "lock", "owner", "words")

    def __init__(self, words: Words, base: int = 0, device: Device | None = None, generation: int | None = None) -> None:
        self.words = words
        self.base = base
        self.device = device
        self.lock = threading.RLock() if device is None else bus_lock(device)
        self.gone = ""
        if generation is None or device is None:
            self.owner: Any = _LASTING
            self.generation = 0
        else:
            self.owner = device
            self.generation = generation

    @property
    def is_stale(self) -> bool:
        """Whether the overlay of this handle has been replaced or freed."""
        return bool(self.owner.generation != self.generation)

    def invalidate(self, reason: str) -> None:
        """Let each further access raise :class:`StaleOverlayError` with `reason`."""
        self.gone = reason
        self.owner = _LASTING
        self.generation = -1

    def check(self) -> None:
        """Raise :class:`StaleOverlayError` if the overlay of this handle has gone."""
        if self.owner.generation != self.generation:
            where = "" if self.device is None else f" on device {getattr(self.device, 'tag', self.device)!r}"
            why = self.gone or getattr(self.owner, "gone", "") or "another overlay has been loaded since"
            raise StaleOverlayError(
                f"This handle to {self.base:#010x}{where} has gone: {why}. "
                "Load the overlay again and take the handle from the new Overlay object."
            )

    def read(self, index: int) -> int:
        """The word at `index`: one 32-bit access."""
        if self.owner.generation != self.generation:
            self.check()
        return self.words[index]

    def write(self, index: int, value: int) -> None:
        """Put `value` (0 to 0xFFFFFFFF) at `index`: one 32-bit access."""
        if self.owner.generation != self.generation:
            self.check()
        self.words[index] = value

    def read_block(self, first: int, count: int) -> list[int]:
        """`count` words from `first`: one block read of a bus, one 32-bit access a word of mapped memory."""
        if self.owner.generation != self.generation:
            self.check()
        words = self.words
        if first < 0 or first + count > len(words):
            raise IndexError(f"words {first} to {first + count - 1} are not all within the {len(words)} words at {self.base:#010x}")
        if isinstance(words, memoryview):
            return words[first : first + count].tolist()
        if isinstance(words, BusWords):
            data = words.device.read_registers(words.base + 4 * first, 4 * count)
            if len(data) != 4 * count:
                raise OSError(f"device answered {len(data)} bytes to a read of {4 * count} bytes at {words.base + 4 * first:#010x}")
            return memoryview(data).cast("B").cast("I").tolist()
        return [words[index] for index in range(first, first + count)]

    def read64(self, index: int) -> int:
        """The 64 bits at words `index` (low) and `index + 1`: one 8-byte read of a bus, two ordered accesses of mapped memory."""
        low, high = self.read_block(index, 2)
        return high << 32 | low

    def write64(self, index: int, value: int) -> None:
        """Put 64 bits at words `index` (low, first) and `index + 1`."""
        if self.owner.generation != self.generation:
            self.check()
        words = self.words
        if index < 0 or index + 2 > len(words):
            raise IndexError(f"words {index} and {index + 1} are not within the {len(words)} words at {self.base:#010x}")
        if isinstance(words, BusWords):
            words.device.write_registers(words.base + 4 * index, value.to_bytes(8, "little"))
        else:
            with self.lock:
                words[index] = value & WORD
                words[index + 1] = value >> 32

    def part(self, first: int, count: int | None = None) -> Port:
        """The same bus seen from word `first` on (`count` words, or all that follow), with the same lock and the same life."""
        words = self.words
        stop = len(words) if count is None else min(first + count, len(words))
        first = min(first, stop)
        part: Words
        if isinstance(words, memoryview):
            part = words[first:stop]
        elif isinstance(words, BusWords):
            part = BusWords(words.device, words.base + 4 * first, stop - first)
        else:
            part = _Shifted(words, first, stop - first)
        port = Port(part, self.base + 4 * first, self.device)
        port.lock, port.owner, port.generation, port.gone = self.lock, self.owner, self.generation, self.gone
        return port


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
