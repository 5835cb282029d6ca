"""How often each value occurs. Bins of integers hold a whole number of values: no comb of empty bins, none that is wider than others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .blocks import blocks, finite, real
from .curve import Array, Floats

MOST_COUNTED = 1 << 22  # samples that are counted by default


@dataclass(frozen=True)
class Histogram:
    """`counts[i]` values from `edges[i]` to below `edges[i + 1]` (the last bin holds its upper edge too).

    `left_out`: values that are NaN or infinite. `count` samples were looked at, out of `of`.
    """

    edges: Floats
    counts: npt.NDArray[np.int64]
    left_out: int
    count: int
    of: int


def histogram(data: Array, bins: int = 128, most: int | None = MOST_COUNTED) -> Histogram:
    """The histogram of `data` (any shape; booleans, integers or floats) in at most `bins` bins from its least to its greatest value.

    Integers get bins of a whole number of values, with edges half-way between them. At most about `most` samples are looked at, in blocks
    spread over the whole; None looks at all. Raises ``ValueError`` for other types and for no bins.
    """
    data = real(data, "histogram")
    if bins < 1:
        raise ValueError(f"histogram expected at least 1 bin, not {bins}")
    if data.dtype.kind == "f":
        return _of_floats(data, bins, most)
    return _of_small(data, bins, most) if data.dtype.itemsize <= 2 else _of_integers(data, bins, most)


def _of_small(data: Array, bins: int, most: int | None) -> Histogram:
    """Types with few values: each is counted, then they are put together."""
    least = int(np.iinfo(data.dtype).min)
    unsigned = np.dtype(f"u{data.dtype.itemsize}")
    table = np.zeros(256**data.dtype.itemsize, np.int64)
    for block in blocks(data, most):
        table += np.bincount(block.view(unsigned), minlength=table.size)
    if least:
        table = np.roll(table, table.size // 2)
    count = int(table.sum())
    if not count:
        return _empty(data.size)
    there = np.flatnonzero(table)
    first, last = int(there[0]), int(there[-1])
    width, number = _whole_bins(last - first + 1, bins)
    counts = np.add.reduceat(table, np.arange(first, first + number * width, width)[: -(-(last - first + 1) // width)])
    return Histogram(_edges(first + least, width, counts.size), counts, 0, count, data.size)


def _of_integers(data: Array, bins: int, most: int | None) -> Histogram:
    extremes = [(int(block.min()), int(block.max())) for block in blocks(data, most)]
    if not extremes:
        return _empty(data.size)
    least, greatest = min(low for low, _ in extremes), max(high for _, high in extremes)
    width, number = _whole_bins(greatest - least + 1, bins)
    counts = np.zeros(number, np.int64)
    total = 0
    wide: Any = np.dtype(f"u{data.dtype.itemsize}").type
    for block in blocks(data, most):
        # Memory may have changed since its extremes were found; the end bins take what lies beyond. Differences of integers are exact
        # modulo 2**n, and those from the least one fit.
        np.clip(block, least, greatest, out=block)
        distance = block.view(wide) - wide(least % (1 << 8 * data.dtype.itemsize))
        if number == 1:
            distance[:] = 0  # the width of the only bin may be one more than the type holds
        elif width > 1:
            distance //= wide(width)
        counts += np.bincount(distance.astype(np.intp), minlength=number)
        total += block.size
    return Histogram(_edges(least, width, number), counts, 0, total, data.size)


def _of_floats(data: Array, bins: int, most: int | None) -> Histogram:
    low, high = np.inf, -np.inf
    for block in blocks(data, most):
        values = finite(block)
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:
        bad = sum(block.size for block in blocks(data, most))
        return Histogram(np.empty(0), np.empty(0, np.int64), bad, bad, data.size)
    if low == high:
        room = max(0.5, abs(low) * 2.0**-52 * bins)
        largest = float(np.finfo(np.float64).max)
        low, high = max(low - room, -largest), min(high + room, largest)
    half = 0.5 if not np.isfinite(high - low) else 1.0
    span = high * half - low * half
    edges = (low * half + span * (np.arange(bins + 1) / bins)) / half
    edges[0], edges[-1] = low, high
    counts = np.zeros(bins, np.int64)
    total = bad = 0
    for block in blocks(data, most):
        values = finite(block)
        total += block.size
        bad += block.size - values.size
        numbers = np.clip(values.astype(np.float64), low, high)
        index = ((numbers * half - low * half) / span * bins).astype(np.intp)
        np.clip(index, 0, bins - 1, out=index)
        # The quotient is rounded; the edges decide.
        index -= (numbers < edges[index]) & (index > 0)
        index += (numbers >= edges[index + 1]) & (index < bins - 1)
        counts += np.bincount(index, minlength=bins)
    return Histogram(edges, counts, bad, total, data.size)


def _whole_bins(values: int, bins: int) -> tuple[int, int]:
    """Values a bin, and bins, for `values` neighbouring integers."""
    width = -(-values // bins)
    return width, -(-values // width)


def _edges(least: int, width: int, number: int) -> Floats:
    return np.array([least + i * width - 0.5 if abs(least) < 1 << 52 else float(least + i * width) for i in range(number + 1)])


def _empty(of: int) -> Histogram:
    return Histogram(np.empty(0), np.empty(0, np.int64), 0, 0, of)
