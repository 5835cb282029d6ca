"""Which bytes: stretches that neither touch nor overlap, in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Extents:
    """A set of byte numbers, kept as stretches; to add or remove one costs the logarithm of how many there are, but for what it joins."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __len__(self) -> int:
        """How many stretches there are."""
        return len(self._starts)

    def add(self, start: int, end: int) -> None:
        """The bytes from `start` to before `end` belong to it."""
        if start >= end:
            return
        i = bisect_left(self._ends, start)
        j = bisect_right(self._starts, end)
        if i < j:
            start = min(start, self._starts[i])
            end = max(end, self._ends[j - 1])
        self._starts[i:j] = [start]
        self._ends[i:j] = [end]

    def remove(self, start: int, end: int) -> None:
        """The bytes from `start` to before `end` do not."""
        if start >= end:
            return
        i = bisect_right(self._ends, start)
        j = bisect_left(self._starts, end)
        if i >= j:
            return
        left, right = self._starts[i], self._ends[j - 1]
        rest = [(left, start)] * (left < start) + [(end, right)] * (end < right)
        self._starts[i:j] = [a for a, _ in rest]
        self._ends[i:j] = [b for _, b in rest]

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The stretches of it from `start` to before `end`, as (start, end)."""
        i = bisect_right(self._ends, start)
        j = bisect_left(self._starts, end)
        return [(max(start, a), min(end, b)) for a, b in zip(self._starts[i:j], self._ends[i:j], strict=True)]
