"""The extremes of blocks of a long signal, kept, so that any part of it can be drawn at once and only what changed is read again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .blocks import line, native
from .curve import COLUMNS, Array, Curve, curve_of, reduce_line
from .kept import Kept

BLOCK = 512  # samples: two extremes of each are 0.4 % of the data
_DIRECT = 8  # blocks a column, below which the samples themselves are read


class Pyramid(Kept):
    """The least and the greatest value of every `BLOCK` samples of `data`: 1-D, booleans, integers or floats, any stride and byte order.

    Nothing is read until `refresh` is called, and `data` is never copied as a whole. One level of blocks is enough: those of 10⁸ samples
    are folded to the columns of a screen in a fraction of a millisecond. `changed` may be called on any thread, while others refresh or
    draw. Raises ``ValueError`` for another shape or type.
    """

    def __init__(self, data: Array, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self.data = line(data, "Pyramid")
        number = -(-self.data.size // BLOCK)
        kind = native(self.data[:0]).dtype
        super().__init__(self.data.size, kind.itemsize, BLOCK, clock)
        # What has not been read, or has no finite value, has extremes that no other value is beyond.
        self._top: Any = np.inf if kind.kind == "f" else np.iinfo(kind).max
        self._bottom: Any = -np.inf if kind.kind == "f" else np.iinfo(kind).min
        self._low, self._high = np.full(number, self._top, kind), np.full(number, self._bottom, kind)
        self._gaps = np.zeros(number, bool)
        self._direct = kind == self.data.dtype and self.data.flags.c_contiguous and self.data.flags.aligned

    @property
    def nbytes(self) -> int:
        """Memory that the extremes take."""
        return sum(part.nbytes for part in (self._low, self._high, self._gaps, self._dirty, self._read))

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

    def _reduce(self, first: int, last: int) -> Any:
        piece = self.data[first * BLOCK : last * BLOCK]
        low, high, gaps = self._fold(piece if self._direct else native(piece), np.arange(0, piece.size, BLOCK))
        here = slice(first, last)
        different = (low != self._low[here]) | (high != self._high[here]) | (gaps != self._gaps[here])
        self._low[here], self._high[here], self._gaps[here] = low, high, gaps
        return different

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
