"""What software does with the memory behind AXI BRAM Controller.

Source: AMD PG078, AXI BRAM Controller v4.1: "Memory Address Map"; the memory answers to whole words (narrow writes need
C_S_AXI_SUPPORTS_NARROW_BURST), so single bytes are put in by reading their word.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, overload

from pynq_widgets.overlay.memory import Memory


class AxiBram(Memory):
    """Block RAM as a sequence of 32-bit words and as bytes: ``bram[3] = 7``, ``bram[0:4]``, ``bram.load(b'...')``, ``bram.dump(16)``.

    ``allocate(..., target=bram)`` puts a buffer in it. Each word is one bus access. ``bram.array`` is the same memory as a view that
    ``numpy.asarray`` reads.
    """

    bindto = [f"xilinx.com:ip:axi_bram_ctrl:{version}" for version in ("4.0", "4.1")]

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return int(self.mmio.length)

    @property
    def array(self) -> Any:
        """The memory as 32-bit words, live: what is read or written through it goes to the bus."""
        return self.mmio.array

    def __len__(self) -> int:
        """How many 32-bit words the memory has."""
        return self.size // 4

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(self.array.tolist())

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
            raise ValueError(f"{len(words)} values were given for {len(positions)} words of {self._fullpath}")
        with self.device.lock:
            for position, word in zip(positions, words, strict=True):
                self.write(4 * position, word)

    def _position(self, index: int) -> int:
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"{self._fullpath} has {len(self)} words, so there is no word {position}")
        return position % len(self)

    def _word(self, value: Any) -> int:
        try:
            word = operator.index(value)
        except TypeError:
            raise TypeError(f"A word of {self._fullpath} is an int, not the {type(value).__name__} {value!r}") from None
        if not 0 <= word <= 0xFFFFFFFF:
            raise ValueError(f"{word} does not fit a 32-bit word of {self._fullpath} (0 to 0xffffffff)")
        return word

    def load(self, data: Any, offset: int = 0) -> None:
        """Puts the bytes of `data` (bytes, or anything with a contiguous buffer) at `offset` bytes; ValueError where they do not fit."""
        try:
            source = bytes(memoryview(data).cast("B"))
        except (TypeError, ValueError):
            raise TypeError(f"{self._fullpath}.load takes bytes or a contiguous array, not {type(data).__name__}") from None
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
            words = [self.read(place) for place in range(first, offset + nbytes, 4)]
        data = b"".join([word.to_bytes(4, "little") for word in words])
        return data[offset - first : offset - first + nbytes]

    def _check(self, offset: int, nbytes: int) -> None:
        if offset < 0 or nbytes < 0 or offset + nbytes > self.size:
            raise ValueError(f"{nbytes} bytes at offset {offset:#x} do not lie in the {self.size} bytes of {self._fullpath}")
