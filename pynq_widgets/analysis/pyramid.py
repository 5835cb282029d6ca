"""The extremes of blocks of a long signal, kept, so that any part of it can be drawn at once and only what changed is read again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .blocks import line, native
from .curve import COLUMNS, Array, Curve, curve_of, reduce_line

BLOCK = 512  # samples: two extremes of each are 0.4 % of the data
BUDGET = 0.005  # seconds of reading again, unasked
_AT_ONCE = 1 << 19  # bytes: both passes over them find them in a second-level cache
_DIRECT = 8  # blocks a column, below which the samples themselves are read


class Pyramid:
    """The least and the greatest value of every `BLOCK` samples of `data`: 1-D, booleans, integers or floats, any stride and byte order.

    Nothing is read until `refresh` is called, and `data` is never copied as a whole. One level of blocks is enough: those of 10⁸ samples
    are folded to the columns of a screen in a fraction of a millisecond. `changed` may be called on any thread, while others refresh or
    draw. Raises ``ValueError`` for another shape or type.
    """

    def __init__(self, data: Array, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self.data = line(data, "Pyramid")
        self._clock = clock
        self._lock = threading.Lock()
        number = -(-self.data.size // BLOCK)
        kind = native(self.data[:0]).dtype
        # What has not been read, or has no finite value, has extremes that no other value is beyond.
        self._top: Any = np.inf if kind.kind == "f" else np.iinfo(kind).max
        self._bottom: Any = -np.inf if kind.kind == "f" else np.iinfo(kind).min
        self._low, self._high = np.full(number, self._top, kind), np.full(number, self._bottom, kind)
        self._gaps = np.zeros(number, bool)
        self._dirty = np.ones(number, bool)
        self._unread = number
        self._read = np.zeros(number, bool)
        self._turn = self._turn_within = 0
        self._direct = kind == self.data.dtype and self.data.flags.c_contiguous and self.data.flags.aligned
        self._per_piece = max(1, _AT_ONCE // (BLOCK * kind.itemsize))

    @property
    def complete(self) -> bool:
        """Whether each part has been read at least once."""
        return not self._unread

    @property
    def nbytes(self) -> int:
        """Memory that the extremes take."""
        return sum(part.nbytes for part in (self._low, self._high, self._gaps, self._dirty, self._read))

    def changed(self, start: int = 0, stop: int | None = None) -> None:
        """Somebody wrote the samples from `start` to below `stop`: they are read again at the next `refresh`."""
        stop = self.data.size if stop is None else min(stop, self.data.size)
        if stop > max(start, 0):
            self._dirty[max(start, 0) // BLOCK : -(-stop // BLOCK)] = True

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
                self._reduce(first, last, found)
                if budget is not None and self._clock() >= end:
                    return _extent(found, self.data.size)
            if new:  # nothing has had time to change
                return _extent(found, self.data.size)
            if budget is None:
                end = self._clock() + BUDGET
            for first, last in self._in_turn(within):
                self._reduce(first, last, found)
                if self._clock() >= end:
                    break
            return _extent(found, self.data.size)

    def curve(self, start: int = 0, stop: int | None = None, columns: int = COLUMNS) -> Curve:
        """The least and the greatest value in each of at most about `columns` columns, as `reduce_line` gives them.

        Where columns are narrower than a few blocks the samples are read; where they are wider, they are whole numbers of blocks, and
        what has not been refreshed yet is drawn as nothing.
        """
        if columns < 1:
            raise ValueError(f"Pyramid expected at least 1 column, not {columns}")
        size = self.data.size
        start = min(max(start, 0), size)
        stop = size if stop is None else min(max(stop, start), size)
        step = -(-(stop - start) // columns)
        if step < _DIRECT * BLOCK:
            return reduce_line(self.data, start, stop, columns)
        step = -(-step // BLOCK) * BLOCK
        start -= start % step
        stop = min(-(-stop // step) * step, size)
        first, last = start // BLOCK, -(-stop // BLOCK)
        at = np.arange(0, last - first, step // BLOCK)
        low = np.minimum.reduceat(self._low[first:last], at)
        high = np.maximum.reduceat(self._high[first:last], at)
        nothing = low > high
        lowest, highest = low.astype(np.float64), high.astype(np.float64)
        lowest[nothing] = highest[nothing] = np.nan
        return curve_of(self.data, start, stop, step, lowest, highest, bool(self._gaps[first:last].any()))

    def extremes(self, start: int = 0, stop: int | None = None) -> tuple[int | float, int | float] | None:
        """The least and the greatest finite value, exact, of the samples from `start` to below `stop`; None where there is none.

        Whole blocks are taken as they were refreshed last, the ends of the range are read.
        """
        size = self.data.size
        start = min(max(start, 0), size)
        stop = size if stop is None else min(max(stop, start), size)
        first, last = -(-start // BLOCK), size // BLOCK if stop < size else -(-size // BLOCK)
        last = min(last, stop // BLOCK) if stop < size else last
        lows: list[Any] = []
        highs: list[Any] = []
        if first < last:
            lows.append(self._low[first:last].min())
            highs.append(self._high[first:last].max())
        ends = [(start, min(first * BLOCK, stop)), (max(last * BLOCK, start), stop)] if first <= last else [(start, stop)]
        for begin, end in ends:
            if begin < end:
                low, high, _ = self._fold(native(self.data[begin:end]), np.zeros(1, np.intp))
                lows.append(low[0])
                highs.append(high[0])
        if not lows or min(lows) > max(highs):
            return None
        return min(lows).item(), max(highs).item()

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
        number = self._low.size
        low, high = 0, 0
        if within is not None:
            low, high = max(within[0], 0) // BLOCK, min(-(-within[1] // BLOCK), number)
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

    def _reduce(self, first: int, last: int, found: list[tuple[int, int]]) -> None:
        """Read the blocks from `first` to below `last`, and note which of them are different."""
        self._dirty[first:last] = False
        piece = self.data[first * BLOCK : last * BLOCK]
        low, high, gaps = self._fold(piece if self._direct else native(piece), np.arange(0, piece.size, BLOCK))
        here = slice(first, last)
        different = (low != self._low[here]) | (high != self._high[here]) | (gaps != self._gaps[here])
        if self._unread:
            different |= ~self._read[here]
            self._read[here] = True
            self._unread = int(self._read.size - np.count_nonzero(self._read))
        if different.any():
            at = np.flatnonzero(different)
            found.append(((first + int(at[0])) * BLOCK, (first + int(at[-1]) + 1) * BLOCK))
            self._low[here], self._high[here], self._gaps[here] = low, high, gaps

    def _fold(self, piece: Array, at: Any) -> tuple[Any, Any, Any]:
        """Least and greatest finite value from each position `at` to the next, and whether there are others."""
        with np.errstate(invalid="ignore"):
            low, high = np.minimum.reduceat(piece, at), np.maximum.reduceat(piece, at)
            # Where all values changed between the two looks, the least of before may be above the greatest of after.
            low, high = np.minimum(low, high), np.maximum(low, high)
        if piece.dtype.kind != "f":
            return low, high, np.zeros(low.size, bool)
        gaps = ~(np.isfinite(low) & np.isfinite(high))
        if gaps.any():
            own = np.array(piece)  # memory may change between the looks at it
            bad = ~np.isfinite(own)
            gaps = np.logical_or.reduceat(bad, at)
            own[bad] = self._top
            low = np.minimum.reduceat(own, at)
            own[bad] = self._bottom
            high = np.maximum.reduceat(own, at)
        return low, high, gaps


def _extent(found: list[tuple[int, int]], size: int) -> tuple[int, int] | None:
    if not found:
        return None
    return min(first for first, _ in found), min(max(last for _, last in found), size)
