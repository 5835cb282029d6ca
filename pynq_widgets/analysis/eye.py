"""Equal stretches of a signal laid over each other: an eye diagram, or the same frame again and again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .blocks import line, native
from .curve import Array, Floats, reduce_line

MOST_POINTS = 1000  # a frame


@dataclass(frozen=True)
class Frames:
    """`y`: a frame a row; `x`: where in the period each of its samples lies, from 0 to `period`, in samples. Rows are filled up with NaN,
    which also stands where a sample is no number. `number`: which frame each row is, counted from the first whole one; `of`: how many
    there are."""

    x: Floats
    y: Floats
    number: npt.NDArray[np.int64]
    of: int
    period: float


def overlaid(data: Array, period: float, offset: float = 0.0, most: int = 100) -> Frames:
    """At most `most` of the frames of `period` samples of the 1-D `data`, spread over it; the first begins at sample `offset`.

    Neither need be a whole number: each sample stands where it falls in its period, so that 3.3 samples a bit make an open eye. A frame
    reaches to its end if there is a sample for it. Long frames are reduced to the least and the greatest value of columns. Raises
    ``ValueError`` for another shape or type, and a period of less than one sample.
    """
    data = line(data, "overlaid")
    if not (math.isfinite(period) and period >= 1):
        raise ValueError(f"a period is at least 1 sample, not {period}")
    if not math.isfinite(offset) or most < 1:
        raise ValueError(f"overlaid expected a finite offset and at least 1 frame, not {offset} and {most}")
    # Frames that lie before the first sample, where the offset is negative, are none; one begins at or after it, but for rounding.
    begin = offset if offset >= 0 else offset + math.ceil(-offset / period - 1e-9) * period
    of = max(math.floor((data.size - 1 - begin) / period + 1e-9), 0) if data.size else 0
    if not of and data.size > begin:
        of = 1
    taken = min(of, most)
    number = np.arange(taken) * (of - 1) // max(taken - 1, 1) if taken else np.empty(0, np.int64)
    rows = [_frame(data, begin + int(k) * period, period) for k in number]
    width = max((x.size for x, _ in rows), default=0)
    x, y = np.full((taken, width), np.nan), np.full((taken, width), np.nan)
    for row, (places, values) in enumerate(rows):
        x[row, : places.size], y[row, : values.size] = places, values
    return Frames(x, y, number.astype(np.int64), of, float(period))


def _frame(data: Array, begin: float, period: float) -> tuple[Floats, Floats]:
    first, last = math.ceil(begin - 1e-9), min(math.floor(begin + period + 1e-9), data.size - 1)
    if last + 1 - first > 2 * MOST_POINTS:
        part = reduce_line(data[first : last + 1], columns=MOST_POINTS // 2)
        return part.x + (first - begin), part.y
    values = native(data[first : last + 1]).astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return np.clip(np.arange(first, last + 1) - begin, 0.0, period), values
