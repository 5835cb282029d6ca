"""Memory as rows of hexadecimal words and text; only the rows that are asked for are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .blocks import flat
from .curve import plain

WIDTH = 16
GROUPS = (1, 2, 4, 8)
_TEXT = "".join(chr(i) if 32 <= i < 127 else "." for i in range(256))


@dataclass(frozen=True)
class HexRow:
    """`offset` of the first byte; `words` as hexadecimal digits, padded with spaces where the memory ends within one; `text` in ASCII, a
    dot for what is none."""

    offset: int
    words: tuple[str, ...]
    text: str


def row_count(memory: Any, width: int = WIDTH) -> int:
    """How many rows of `width` bytes `memory` has."""
    return -(-_size(memory) // width)


def rows(
    memory: Any, first: int = 0, count: int = 64, group: int = 1, *, width: int = WIDTH, byteorder: Literal["little", "big"] = "little"
) -> list[HexRow]:
    """`count` rows from row `first` of `memory`: an array of any type and shape (its elements in C order), or anything with a buffer.

    `group`: bytes a word, 1, 2, 4 or 8, read in `byteorder`; `width`: bytes a row, a multiple of it. Rows beyond the end are left out.
    Raises ``ValueError`` for other groups or widths, and for memory that holds Python objects.
    """
    if group not in GROUPS:
        raise ValueError(f"a word has 1, 2, 4 or 8 bytes, not {group}")
    if width < group or width % group:
        raise ValueError(f"a row has a whole number of words of {group} bytes, not {width} bytes")
    if byteorder not in ("little", "big"):
        raise ValueError(f"the byte order is 'little' or 'big', not {byteorder!r}")
    first = max(first, 0)
    data = read_bytes(memory, first * width, (first + max(count, 0)) * width)
    answer = []
    for at in range(0, len(data), width):
        row = data[at : at + width]
        words = tuple(_word(row[i : i + group], group, byteorder) for i in range(0, len(row), group))
        answer.append(HexRow(first * width + at, words, row.decode("latin-1").translate(_TEXT)))
    return answer


def read_bytes(memory: Any, start: int, stop: int) -> bytes:
    """The bytes from `start` to below `stop`, as far as there are any; nothing else is read or copied."""
    array = _array(memory)
    start, stop = min(max(start, 0), array.nbytes), min(max(stop, 0), array.nbytes)
    if stop <= start:
        return b""
    if array.flags.c_contiguous:
        return bytes(array.reshape(-1).view(np.uint8)[start:stop])
    size = array.itemsize
    first = start // size
    elements: Any = flat(array)
    return np.asarray(elements[first : -(-stop // size)]).tobytes()[start - first * size : stop - first * size]


def _word(data: bytes, group: int, byteorder: str) -> str:
    if byteorder == "little":
        return data[::-1].hex().rjust(2 * group)
    return data.hex().ljust(2 * group)


def _array(memory: Any) -> Any:
    array = plain(memory) if isinstance(memory, np.ndarray) else np.frombuffer(memory, np.uint8) if len(memory) else np.empty(0, np.uint8)
    if array.dtype.hasobject:
        raise ValueError(f"an array of Python objects ({array.dtype}) has no bytes of its own to show")
    return array


def _size(memory: Any) -> int:
    return int(memory.nbytes) if isinstance(memory, (np.ndarray, memoryview)) else len(memory)
