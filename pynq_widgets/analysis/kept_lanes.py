"""The edges in blocks of long data, kept, so that any part of its lanes can be drawn at once and only what changed is read again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .curve import COLUMNS, Array
from .kept import Kept
from .lanes import Columns, Lane, LaneRuns, checked, checked_words, fold, fold_table, lanes_of, mask_of, reduce_lanes, runs_of

BLOCK = 4096  # samples
_DIRECT = 2  # blocks a column, below which the samples themselves are read


class KeptLanes(Kept):
    """What `reduce_lanes` finds in every `BLOCK` samples of the 1-D `data`, for all of the lanes of its type.

    Used as a `Pyramid` is. Raises ``ValueError`` for another number of dimensions and for a type without lanes.
    """

    def __init__(self, data: Array, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self.data = checked(data, 1)
        lanes = lanes_of(self.data.dtype)
        if not lanes:
            raise ValueError(f"elements of {self.data.dtype} have no lanes")
        self._words = checked_words(self.data, lanes)
        self._masks = {path: [mask_of(lane) for lane in lanes if lane.path == path] for path in self._words}
        self._kept = {path: Columns.empty(words, self._masks[path], -(-words.size // BLOCK)) for path, words in self._words.items()}
        # More at once than a pyramid: each piece is folded in many steps.
        super().__init__(self.data.size, max(1, self.data.itemsize // 4), BLOCK, clock)

    def runs(self, lanes: Sequence[Lane], start: int = 0, stop: int | None = None, columns: int = COLUMNS) -> list[LaneRuns]:
        """As `reduce_lanes`; columns that are wider than a few blocks are whole numbers of blocks, as they were refreshed last."""
        checked(self.data, columns)
        checked_words(self.data, lanes)
        size = self.data.size
        start = min(max(start, 0), size)
        stop = size if stop is None else min(max(stop, start), size)
        step = -(-(stop - start) // columns)
        if step < _DIRECT * BLOCK or any(mask_of(lane) not in self._masks.get(lane.path, ()) for lane in lanes):
            return reduce_lanes(self.data, lanes, start, stop, columns)
        step = -(-step // BLOCK) * BLOCK
        start -= start % step
        stop = min(-(-stop // step) * step, size)
        blocks = slice(start // BLOCK, -(-stop // BLOCK))
        joined = {path: _joined(self._kept[path], blocks, step // BLOCK) for path in {lane.path for lane in lanes}}
        return [runs_of(lane, joined[lane.path], start, stop, step) for lane in lanes]

    def _reduce(self, first: int, last: int) -> Any:
        # The first edge of the block behind is between the two.
        behind = min(last + 1, self._dirty.size)
        different = np.zeros(behind - first, bool)
        for path, words in self._words.items():
            found = fold(words, self._masks[path], first * BLOCK, min(behind * BLOCK, words.size), BLOCK)
            different |= self._kept[path].put(slice(first, behind), found)
        different[last - first - 1] |= different[-1]
        return different[: last - first]


def _joined(kept: Columns, blocks: slice, each: int) -> Columns:
    """Columns of `each` blocks, the last perhaps of fewer."""

    def rows(values: Any) -> Any:
        part = values[blocks]
        return np.concatenate([part, np.zeros(-part.size % each, part.dtype)]).reshape(-1, each)

    changed, twice = fold_table(rows(kept.changed))
    last = kept.last[blocks]
    ends = np.minimum(np.arange(each - 1, last.size + each - 1, each), last.size - 1)
    return Columns(
        last[ends],
        changed,
        twice | np.bitwise_or.reduce(rows(kept.twice), axis=1),
        {mask: rows(times).sum(axis=1) for mask, times in kept.times.items()},
    )
