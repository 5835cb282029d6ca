"""The last samples of a strip chart, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pynq_widgets.analysis.curve import COLUMNS, Floats


class Ring:
    """Rows of a time and `columns` values; of more than `rows` of them the oldest go.

    The rows stand one after the other in arrays twice as long, so that a window of them is one slice; when those are full, the newer
    half moves to the front.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._rows = rows
        self._times = np.empty(2 * rows)
        self._values = np.empty((columns, 2 * rows))
        self._end = 0

    def __len__(self) -> int:
        return min(self._end, self._rows)

    @property
    def last(self) -> float | None:
        """The time of the newest row."""
        return float(self._times[self._end - 1]) if self._end else None

    def append(self, time: float, values: Sequence[float]) -> float:
        """Add a row, NaN for what has no value; its time, which is no earlier than the one before."""
        if self._end == self._times.size:
            keep = self._rows - 1
            self._times[:keep] = self._times[self._end - keep :]
            self._values[:, :keep] = self._values[:, self._end - keep :]
            self._end = keep
        if self._end and time < self._times[self._end - 1]:
            time = float(self._times[self._end - 1])
        self._times[self._end] = time
        self._values[:, self._end] = values
        self._end += 1
        return time

    def window(self, start: float = -np.inf, stop: float = np.inf) -> tuple[Floats, Floats]:
        """Copies of the times from `start` to `stop` and of their values (columns x rows), with one more row on either side."""
        first = self._end - len(self)
        times = self._times[first : self._end]
        left = max(int(np.searchsorted(times, start, "left")) - 1, 0)
        right = min(int(np.searchsorted(times, stop, "right")) + 1, times.size)
        return times[left:right].copy(), self._values[:, first + left : first + right].copy()

    def clear(self) -> None:
        """Forget all rows."""
        self._end = 0

    def resized(self, rows: int) -> Ring:
        """A ring for another number of rows, with the newest of these."""
        other = Ring(rows, self._values.shape[0])
        count = min(len(self), rows)
        other._times[:count] = self._times[self._end - count : self._end]
        other._values[:, :count] = self._values[:, self._end - count : self._end]
        other._end = count
        return other


def reduce_times(times: Floats, values: Floats, span: float, columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """Points to draw of `values` (lines x samples) at `times` (ascending seconds), of which `span` seconds fill `columns` columns.

    Where two points a column hold every sample, the samples are the answer. Else each column of equal time has the least and the
    greatest of its values, at the times of its first and last sample. NaN breaks a line, however short the gap: the column's extremes
    are those of its other values, and a NaN follows them. Columns begin at whole multiples of their width, so that a line does not
    shimmer while it moves.
    """
    if times.size <= 2 * columns or not span > 0:
        return times, values
    column = np.floor(times / (span / columns))
    starts = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    ends = np.append(starts[1:], times.size) - 1
    missing = np.isnan(values)
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduceat(values, starts, axis=1), np.fmax.reduceat(values, starts, axis=1)
        # Where a column ends below its beginning the greatest comes first: a smooth line gets no steps.
        falling = values[:, ends] < values[:, starts]
    first, second = np.where(falling, high, low), np.where(falling, low, high)
    broken = np.logical_or.reduceat(missing, starts, axis=1)
    x = np.stack([times[starts], times[ends], times[ends]], axis=1)
    y = np.stack([first, second, np.where(broken, np.nan, second)], axis=2)
    wanted = np.ones(x.shape, bool)
    wanted[:, 2] = broken.any(axis=0)
    return x[wanted], y[:, wanted]
