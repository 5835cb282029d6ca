"""What has been worked out of each block of a long signal, kept; only what changed is worked out again, a little at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

BUDGET = 0.005  # seconds of reading again, unasked
_AT_ONCE = 1 << 19  # bytes: what is looked at more than once is found in a second-level cache


class Kept:
    """Blocks of `block` samples out of `size`, of `itemsize` bytes each: which have to be looked at again, and when.

    Whoever derives from it says in `_reduce` what is kept of a block. Nothing is read until `refresh` is called. `changed` may be called
    on any thread, while others refresh or draw.
    """

    def __init__(self, size: int, itemsize: int, block: int, clock: Callable[[], float]) -> None:
        self._size = size
        self._block = block
        self._clock = clock
        self._lock = threading.Lock()
        number = -(-size // block)
        self._dirty = np.ones(number, bool)
        self._unread = number
        self._read = np.zeros(number, bool)
        self._turn = self._turn_within = 0
        self._per_piece = max(1, _AT_ONCE // (block * itemsize))

    def _reduce(self, first: int, last: int) -> Any:
        """Read the blocks from `first` to below `last`, keep what is made of them, and tell of each whether it is another than before."""
        raise NotImplementedError

    @property
    def complete(self) -> bool:
        """Whether each part has been read at least once."""
        return not self._unread

    def changed(self, start: int = 0, stop: int | None = None) -> None:
        """Somebody wrote the samples from `start` to below `stop`: they are read again at the next `refresh`."""
        stop = self._size if stop is None else min(stop, self._size)
        if stop > max(start, 0):
            self._dirty[max(start, 0) // self._block : -(-stop // self._block)] = True

    def refresh(self, budget: float | None = None, within: tuple[int, int] | None = None) -> tuple[int, int] | None:
        """Read what was told to have changed (at first: everything), then, in turn, what nobody announced.

        `budget`: seconds for all that; by default what was told is read to its end, and the rest for `BUDGET` seconds. Something is read
        even if there is no time. `within`: the samples that somebody looks at; half of the unasked reading is done there. The answer is
        the extent, first sample and sample after the last, of what was found different, or None.
        """
        with self._lock:
            found: list[tuple[int, int]] = []
            end = self._clock() + (budget or 0)
            new = bool(self._unread)
            for first, last in self._told():
                self._look(first, last, found)
                if budget is not None and self._clock() >= end:
                    return _extent(found, self._size)
            if new:  # nothing has had time to change
                return _extent(found, self._size)
            if budget is None:
                end = self._clock() + BUDGET
            for first, last in self._in_turn(within):
                self._look(first, last, found)
                if self._clock() >= end:
                    break
            return _extent(found, self._size)

    def _told(self) -> Iterator[tuple[int, int]]:
        """Runs of blocks that wait to be read, in pieces; each is unmarked before it is read, so that what is told meanwhile stays told."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self._dirty, [False]]).astype(np.int8)))
        for first, last in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
            yield from self._pieces(first, last)

    def _pieces(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        for at in range(first, last, self._per_piece):
            yield at, min(at + self._per_piece, last)

    def _in_turn(self, within: tuple[int, int] | None) -> Iterator[tuple[int, int]]:
        """Pieces from where the last turn ended, all around once; every other one from the part that is looked at."""
        number = self._dirty.size
        low, high = 0, 0
        if within is not None:
            low, high = max(within[0], 0) // self._block, min(-(-within[1] // self._block), number)
        done = 0
        while done < number:
            if low < high:
                if not low <= self._turn_within < high:
                    self._turn_within = low
                at = self._turn_within
                self._turn_within = min(at + self._per_piece, high)
                yield at, self._turn_within
            if self._turn >= number:
                self._turn = 0
            at = self._turn
            self._turn = min(at + self._per_piece, number)
            done += self._turn - at
            yield at, self._turn

    def _look(self, first: int, last: int, found: list[tuple[int, int]]) -> None:
        """Read some blocks, and note which of them are different."""
        self._dirty[first:last] = False
        different = self._reduce(first, last)
        if self._unread:
            different = different | ~self._read[first:last]
            self._read[first:last] = True
            self._unread = int(self._read.size - np.count_nonzero(self._read))
        if different.any():
            at = np.flatnonzero(different)
            found.append(((first + int(at[0])) * self._block, (first + int(at[-1]) + 1) * self._block))


def _extent(found: list[tuple[int, int]], size: int) -> tuple[int, int] | None:
    if not found:
        return None
    return min(first for first, _ in found), min(max(last for _, last in found), size)
