"""What a register table sends to its views: one binary buffer with only what changed.

An entry is ``row | state << 24 | known << 31``, then the value in 32-bit words, the low one first; all little-endian. The number of
words an entry has (``stride``, with the first) is the same for the whole table: 2 where no register is wider than 32 bits.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Protocol

STATES = {"never": 0, "read": 1, "written": 2, "stale": 3, "mismatch": 4}
MOST_ROWS = 1 << 24


class Word(Protocol):
    """What a frame tells of a register."""

    @property
    def value(self) -> int | None: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...


class Aged(Protocol):
    """What is asked for the age of a value."""

    @property
    def age(self) -> float | None: ...


def stride(width: int) -> int:
    """32-bit words an entry of a table takes whose widest accessible register has `width` bits."""
    return 1 + max(1, -(-width // 32))


def encode(entries: Iterable[tuple[int, Word]], words: int) -> tuple[bytes, list[tuple[int, str]]]:
    """The buffer for `entries` (row, register) with `words` 32-bit words each, and the reasons of those that have one, by row."""
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


def encode_ages(registers: Iterable[Aged]) -> bytes:
    """The ages of `registers` in seconds, one 32-bit float each, NaN where a value was never known: for a view that has just come."""
    ages = [math.nan if (age := register.age) is None else max(age, 0.0) for register in registers]
    return struct.pack(f"<{len(ages)}f", *ages)


def runs(rows: Iterable[int]) -> list[list[int]]:
    """`rows` as ``[first, count]`` of each run, in order: what is on a screen is one run or two."""
    found: list[list[int]] = []
    for row in sorted(rows):
        if found and row == found[-1][0] + found[-1][1]:
            found[-1][1] += 1
        else:
            found.append([row, 1])
    return found
