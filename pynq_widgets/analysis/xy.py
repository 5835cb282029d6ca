"""One signal over another: points for some, a density for many."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .blocks import BLOCK, MOST, flat, native, real, spans
from .curve import Array, Floats

Extent = tuple[float, float, float, float]  # least and greatest x, least and greatest y


def xy(x: Array, y: Array, most: int = 4000) -> tuple[Floats, Floats]:
    """At most `most` of the points of `x` and `y` (as many as the shorter has), in their order, without those that are not finite.

    Of more points one is taken from each of `most` equal stretches, each time at another place in it: equal distances would show a
    periodic signal as a few points. The choice is the same every time, so that a picture of the same data stands still.
    """
    x, y = _pair(x, y, "xy")
    if most < 1:
        raise ValueError(f"xy expected at least 1 point, not {most}")
    count = min(x.size, y.size)
    left: Any = flat(x)
    right: Any = flat(y)
    if count <= most:
        a, b = _numbers(left[:count]), _numbers(right[:count])
    else:
        edges = np.arange(most + 1) * count // most
        places = np.random.default_rng(0).random(most)
        at = edges[:-1] + (places * (edges[1:] - edges[:-1])).astype(np.int64)
        a, b = _numbers(left[at]), _numbers(right[at])
    good = np.isfinite(a) & np.isfinite(b)
    return a[good], b[good]


def density(
    x: Array, y: Array, height: int, width: int, extent: Extent | None = None, most: int | None = MOST
) -> tuple[npt.NDArray[np.int64], Extent]:
    """How many points fall on each of `height` x `width` pixels (row 0 at the top, where y is greatest), and the extent of the picture.

    Points outside of `extent`, by default that of the finite points, are left out. At most about `most` points are looked at, in blocks
    spread over all.
    """
    x, y = _pair(x, y, "density")
    if height < 1 or width < 1:
        raise ValueError(f"density expected at least 1 x 1 pixels, not {height} x {width}")
    count = min(x.size, y.size)
    left: Any = flat(x)
    right: Any = flat(y)
    shown = extent or _extent(left, right, count, most)
    table = np.zeros(height * width, np.int64)
    for start, stop in spans(count, most, BLOCK):
        across, a = _pixels(_numbers(left[start:stop]), shown[0], shown[1], width)
        up, b = _pixels(_numbers(right[start:stop]), shown[2], shown[3], height)
        inside = a & b
        table += np.bincount((height - 1 - up[inside]) * width + across[inside], minlength=table.size)
    return table.reshape(height, width), shown


def _pair(x: Array, y: Array, who: str) -> tuple[Array, Array]:
    return real(x, who), real(y, who)


def _numbers(values: Array) -> Floats:
    with np.errstate(all="ignore"):
        return native(np.asarray(values)).astype(np.float64)


def _extent(x: Any, y: Any, count: int, most: int | None) -> Extent:
    ends = [np.inf, -np.inf, np.inf, -np.inf]
    for start, stop in spans(count, most, BLOCK):
        a, b = _numbers(x[start:stop]), _numbers(y[start:stop])
        good = np.isfinite(a) & np.isfinite(b)
        if good.any():
            a, b = a[good], b[good]
            ends = [min(ends[0], a.min()), max(ends[1], a.max()), min(ends[2], b.min()), max(ends[3], b.max())]
    return (*_range(float(ends[0]), float(ends[1])), *_range(float(ends[2]), float(ends[3])))


def _range(low: float, high: float) -> tuple[float, float]:
    """A range of some width."""
    if low > high:
        return 0.0, 1.0
    if low == high:
        room = max(0.5, abs(low) * 1e-6)
        return low - room, high + room
    return low, high


def _pixels(values: Floats, low: float, high: float, number: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The pixel of each value between `low` and `high`, and which are there."""
    inside = (values >= low) & (values <= high)  # what is no number is not
    with np.errstate(all="ignore"):
        # Halves, since the span between two floats may be larger than the largest.
        place = (np.where(inside, values, low) / 2 - low / 2) / (high / 2 - low / 2) * number
    pixels = np.nan_to_num(place, nan=0.0).astype(np.int64)
    return np.clip(pixels, 0, number - 1), inside
