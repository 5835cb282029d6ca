"""A memory of the design: a place for words, and for buffers."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

from .ip import DefaultIP

if TYPE_CHECKING:
    from pynq_widgets.device import PynqBuffer


_BLOCK = 4096  # words of one read


class Memory(DefaultIP):
    """A memory that software sees; ``allocate(..., target=ol.ddr4_0)`` puts a buffer in it.

    ``read`` and ``write`` take offsets from its base in bytes. Beside that it is a sequence of 32-bit words, and bytes: ``memory[3] = 7``,
    ``memory[0:4]``, ``memory.load(b'...')``, ``memory.dump(16)``: each word is one access of 32 bits, in order, also where it is mapped.
    """

    def _where(self) -> str:
        return str(self._described.get("memory") or super()._where())

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self._described.get("addr_range") or self._described.get("size") or 0)

    @property
    def base_address(self) -> int:
        """Physical address of its first byte."""
        return int(self._described.get("phys_addr") or self._described.get("base_address") or 0)

    @property
    def array(self) -> Any:
        """The memory as 32-bit words, live: numpy's array where the device maps it, else one that asks the bus, and that ``numpy.asarray``
        reads.

        On a board an element at a time is one access; slices of a mapped array are numpy's to split and to reorder. `load` and `dump`
        never do.
        """
        return self.mmio.array

    def allocate(self, shape: Any, dtype: Any = "u4", **kwargs: Any) -> PynqBuffer:
        """A buffer of `shape` and `dtype` within this memory.

        A device that knows its banks (``get_memory(description)``, as PYNQ's) is asked for this one; another is asked for its
        contiguous memory, and refused with ``MemoryError`` where what it gave lies elsewhere.
        """
        self._check_alive("allocate")
        get_memory = getattr(self.device, "get_memory", None)
        if get_memory is not None:
            buffer: PynqBuffer = get_memory(self._described).allocate(shape, dtype, **kwargs)
            return buffer
        buffer = self.device.allocate(shape, dtype, **kwargs)
        address = buffer.device_address
        if not self.base_address <= address < self.base_address + self.size:
            buffer.freebuffer()
            raise MemoryError(
                f"{self._where()} ({self.size:#x} bytes at {self.base_address:#x}): device {getattr(self.device, 'tag', self.device)!r} "
                f"allocates at {address:#x}, outside this memory; leave target out to allocate there"
            )
        return buffer

    # As words, and as bytes.

    def __len__(self) -> int:
        """How many 32-bit words the memory has."""
        return self.size // 4

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return (word for first in range(0, len(self), _BLOCK) for word in self._words(first, min(_BLOCK, len(self) - first)))

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    @overload
    def __getitem__(self, index: str) -> Any: ...

    def __getitem__(self, index: int | slice | str) -> Any:
        """A word, or a list of words; with a name, the accessor of that name."""
        if isinstance(index, str):
            return super().__getitem__(index)
        if isinstance(index, slice):
            return [self.read(4 * position) for position in range(*index.indices(len(self)))]
        return self.read(4 * self._position(index))

    def __setitem__(self, index: int | slice, value: Any) -> None:
        """Sets a word, or as many words as the slice has; everything is checked before the first is written."""
        if not isinstance(index, slice):
            self.write(4 * self._position(index), self._word(value))
            return
        positions = range(*index.indices(len(self)))
        words = [self._word(each) for each in value]
        if len(words) != len(positions):
            raise ValueError(f"{len(words)} values were given for {len(positions)} words of {self._where()}")
        with self.device.lock:
            for position, word in zip(positions, words, strict=True):
                self.write(4 * position, word)

    def _position(self, index: int) -> int:
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"{self._where()} has {len(self)} words, so there is no word {position}")
        return position % len(self)

    def _word(self, value: Any) -> int:
        try:
            word = operator.index(value)
        except TypeError:
            raise TypeError(f"A word of {self._where()} is an int, not the {type(value).__name__} {value!r}") from None
        if not 0 <= word <= 0xFFFFFFFF:
            raise ValueError(f"{word} does not fit a 32-bit word of {self._where()} (0 to 0xffffffff)")
        return word

    def load(self, data: Any, offset: int = 0) -> None:
        """Puts the bytes of `data` (bytes, or anything with a contiguous buffer) at `offset` bytes; ValueError where they do not fit."""
        try:
            source = bytes(memoryview(data).cast("B"))
        except (TypeError, ValueError):
            raise TypeError(f"{self._where()}.load takes bytes or a contiguous array, not {type(data).__name__}") from None
        self._check(offset, len(source))
        if not source:
            return
        first, last = offset & ~3, (offset + len(source) - 1) & ~3
        with self.device.lock:
            before = self.read(first).to_bytes(4, "little")[: offset - first]
            end = (offset + len(source)) % 4
            after = self.read(last).to_bytes(4, "little")[end:] if end else b""
            self.mmio.write(first, before + source + after)

    def dump(self, nbytes: int | None = None, offset: int = 0) -> bytes:
        """`nbytes` bytes (all, if left out) from `offset`, each word read once."""
        nbytes = self.size - offset if nbytes is None else operator.index(nbytes)
        self._check(offset, nbytes)
        first = offset & ~3
        with self.device.lock:
            words = self._words(first // 4, -(-(offset + nbytes - first) // 4))
        data = b"".join([word.to_bytes(4, "little") for word in words])
        return data[offset - first : offset - first + nbytes]

    def _words(self, first: int, count: int) -> list[int]:
        """`count` words from the word `first`: block reads of a bus, one access a word where it is mapped."""
        found: list[int] = []
        for at in range(first, first + count, _BLOCK):
            found += self.mmio._port.read_block(at, min(_BLOCK, first + count - at))
        return found

    def _check(self, offset: int, nbytes: int) -> None:
        if offset < 0 or nbytes < 0 or offset + nbytes > self.size:
            raise ValueError(f"{nbytes} bytes at offset {offset:#x} do not lie in the {self.size} bytes of {self._where()}")
