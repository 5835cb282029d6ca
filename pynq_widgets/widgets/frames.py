"""What a register table sends to its views: one binary buffer with only what changed.

An entry is ``row | state << 24 | known << 31``, then the value in 32-bit words, the low one first; all little-endian. The number of
words an entry has (``stride``, with the first) is the same for the whole table: 2 where no register is wider than 32 bits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Protocol

STATES = {"never": 0, "read": 1, "written": 2, "stale": 3}
MOST_ROWS = 1 << 24


class Word(Protocol):
    """What a frame tells of a register."""

    @property
    def value(self) -> int | None: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...


def stride(width: int) -> int:
    """32-bit words an entry of a table takes whose widest accessible register has `width` bits."""
    return 1 + max(1, -(-width // 32))


def encode(entries: Iterable[tuple[int, Word]], words: int) -> tuple[bytes, list[tuple[int, str]]]:
    """The buffer for `entries` (row, register) with `words` 32-bit words each, and the reasons of the stale ones by row."""
    numbers: list[int] = []
    reasons: list[tuple[int, str]] = []
    for row, register in entries:
        value = register.value
        numbers.append(row | STATES[register.state] << 24 | (0 if value is None else 1 << 31))
        rest = value or 0
        for _ in range(words - 1):
            numbers.append(rest & 0xFFFFFFFF)
            rest >>= 32
        if register.reason:
            reasons.append((row, register.reason))
    return struct.pack(f"<{len(numbers)}I", *numbers), reasons
