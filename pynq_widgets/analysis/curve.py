"""Arrays reduced on the server to what a screen can show: two points a pixel column.

Nothing here copies the array: 10⁸ samples need no more than one column of room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = np.ndarray[Any, np.dtype[Any]]
Floats = npt.NDArray[np.float64]

COLUMNS = 1000
MOST_FIELDS = 8
_BLOCK = 1 << 18  # bytes that stay in a second-level cache between the search for the least and for the greatest
_NUMERIC = "biufc"


@dataclass(frozen=True)
class Curve:
    """Points to draw: `x` in samples, `y` their values, NaN where there is nothing to draw. `gaps` tells that values are left out,
    because they are NaN or infinite; `step` is how many samples each column holds (1: the samples themselves)."""

    x: Floats
    y: Floats
    step: int
    gaps: bool


def components(array: Array) -> list[tuple[str, Array]]:
    """The real numbers that `array` is made of, as views with names: real and imaginary part, or the numeric fields of a structure.

    Empty where there are none (text, objects, dates).
    """
    array = plain(array)
    dtype = array.dtype
    if dtype.names is not None:
        found = [(name, array[name]) for name in dtype.names if dtype[name].kind in "biuf" and not dtype[name].shape]
        return found[:MOST_FIELDS]
    if dtype.kind == "c":
        return [("real", array.real), ("imaginary", array.imag)]
    return [("", array)] if dtype.kind in _NUMERIC else []


def plain(array: Array) -> Array:
    """The same memory as a plain numpy array: a subclass's hooks and attributes are of no use in a reduction."""
    return array.view(np.ndarray)


def reduce_line(data: Array, start: int = 0, stop: int | None = None, columns: int = COLUMNS) -> Curve:
    """The least and the greatest value in each of at most about `columns` columns of ``data[start:stop]``.

    `data` is 1-D, of booleans, integers or floats, with any stride and byte order. Where two points a column would hold every sample,
    the samples themselves are the answer. Columns begin at whole multiples of their width, so that a curve does not shimmer while it
    is moved; the first and the last may therefore reach out of the range by less than a column. Raises ``ValueError`` for another shape
    or type.
    """
    if data.ndim != 1:
        raise ValueError(f"reduce_line expected a 1-D array, not one of shape {data.shape}")
    if columns < 1:
        raise ValueError(f"reduce_line expected at least 1 column, not {columns}")
    data = plain(data)
    if data.dtype.kind not in "biuf":
        raise ValueError(f"reduce_line expected booleans, integers or floats, not {data.dtype}")
    if data.dtype.kind == "b":
        data = data.view(np.uint8)
    start = min(max(start, 0), data.size)
    stop = data.size if stop is None else min(max(stop, start), data.size)
    count = stop - start
    if count <= 2 * columns:
        return _samples(data, start, stop)
    step = -(-count // columns)
    start -= start % step
    stop = min(-(-stop // step) * step, data.size)
    whole = (stop - start) // step
    low, high = _extremes(data[start : start + whole * step].reshape(whole, step))
    if start + whole * step < stop:
        last = _extremes(data[start + whole * step : stop].reshape(1, -1))
        low, high = np.concatenate([low, last[0]]), np.concatenate([high, last[1]])
    gaps = _fill_gaps(data, start, stop, step, low, high)
    return curve_of(data, start, stop, step, low, high, gaps)


def curve_of(data: Array, start: int, stop: int, step: int, low: Floats, high: Floats, gaps: bool) -> Curve:
    """The curve through the extremes of columns of `step` samples each, the first of which begins at `start`, a multiple of it."""
    x = np.empty(2 * low.size)
    x[0::2] = start + step * np.arange(low.size)
    x[1::2] = np.minimum(x[0::2] + step // 2, stop - 1)
    # Where a column ends below its beginning the greatest comes first: a smooth line gets no steps.
    first = data[start:stop:step]
    last_at = np.minimum(np.arange(start + step - 1, start + step * low.size, step), stop - 1)
    falling = data[last_at] < first
    y = np.where(falling[:, None], np.stack([high, low], 1), np.stack([low, high], 1))
    return Curve(x, y.reshape(-1), step, gaps)


def _samples(data: Array, start: int, stop: int) -> Curve:
    with np.errstate(over="ignore"):  # what a longer float has and this one has not is drawn as what it is here: infinite
        y = data[start:stop].astype(np.float64)
    finite = np.isfinite(y)
    gaps = not bool(finite.all())
    if gaps:
        y[~finite] = np.nan
    return Curve(np.arange(start, stop, dtype=np.float64), y, 1, gaps)


def _extremes(rows: Array) -> tuple[Floats, Floats]:
    """Least and greatest of each row, a block of rows at a time; NaN where a row holds one."""
    count, width = rows.shape
    low, high = np.empty(count), np.empty(count)
    at_once = max(1, _BLOCK // (width * rows.itemsize))
    # numpy searches halves, foreign byte orders and strided values many times slower than a copy of a block costs.
    direct = rows.dtype.isnative and rows.dtype.itemsize != 2 * (rows.dtype.kind == "f") and rows.strides[1] == rows.itemsize
    kind = np.dtype(np.float32) if rows.dtype.kind == "f" and rows.itemsize == 2 else rows.dtype.newbyteorder("=")
    with np.errstate(invalid="ignore", over="ignore"):
        for row in range(0, count, at_once):
            block = rows[row : row + at_once]
            if not direct:
                block = np.ascontiguousarray(block, dtype=kind)
            low[row : row + at_once] = block.min(axis=1)
            high[row : row + at_once] = block.max(axis=1)
    return low, high


def _fill_gaps(data: Array, start: int, stop: int, step: int, low: Floats, high: Floats) -> bool:
    """Columns with a NaN or an infinity get the extremes of their other values; whether there were any."""
    bad = np.flatnonzero(~(np.isfinite(low) & np.isfinite(high)))
    for column in bad:
        with np.errstate(over="ignore"):
            values = data[start + column * step : min(start + (column + 1) * step, stop)].astype(np.float64)
        values = values[np.isfinite(values)]
        low[column], high[column] = (values.min(), values.max()) if values.size else (np.nan, np.nan)
    return bool(bad.size)


def limits(y: Floats, old: tuple[float, float] | None = None) -> tuple[float, float]:
    """Limits of an axis on which `y` stands with some air. `old` limits stay while they fit and are not twice too wide: a live axis
    must not tremble."""
    finite = y[np.isfinite(y)]
    if not finite.size:
        return old or (0.0, 1.0)
    low, high = float(np.min(finite)), float(np.max(finite))
    # Half of each first: the span of values near the largest float is itself no float.
    span = 2 * (high / 2 - low / 2)
    if span == 0 or not np.isfinite(span):
        span = max(abs(high), 1.0) if span == 0 else float(np.finfo(np.float64).max)
    largest = float(np.finfo(np.float64).max) / 4
    wanted = max(low - 0.06 * min(span, largest), -largest), min(high + 0.06 * min(span, largest), largest)
    if old is not None and old[0] <= low and high <= old[1] and (old[1] - old[0]) <= 2 * (wanted[1] - wanted[0]):
        return old
    return wanted
