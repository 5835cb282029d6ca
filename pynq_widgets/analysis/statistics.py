"""Least, greatest, mean and spread of any amount of numbers, without loss where numbers are large."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .blocks import MOST, blocks, finite, real
from .curve import Array


@dataclass(frozen=True)
class Statistics:
    """Of the `count` samples that were looked at, out of `of`: the extremes (exact; ints for integers), the mean, the root mean square
    and the standard deviation (of the whole, not a sample), all without the `not_finite` ones (NaN, infinities). None: nothing to say."""

    count: int
    least: int | float | None
    greatest: int | float | None
    mean: float | None
    rms: float | None
    deviation: float | None
    not_finite: int
    of: int

    @property
    def complete(self) -> bool:
        """Whether every sample was looked at."""
        return self.count == self.of


@dataclass
class _Moments:
    """Mean and sum of squared distances from it, both in units of 2 to the `exponent`, so that neither overflows nor vanishes."""

    count: int = 0
    exponent: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, values: Array, largest: float) -> None:
        exponent = math.frexp(largest)[1] if largest and not 1e-120 < largest < 1e120 else 0
        numbers = values.astype(np.float64)
        if exponent:
            np.ldexp(numbers, -exponent, out=numbers)
        mean = float(numbers.sum()) / numbers.size
        numbers -= mean
        np.square(numbers, out=numbers)  # not np.dot: its threads wait for each other where cores are shared
        other = _Moments(values.size, exponent, mean, float(numbers.sum()))
        common = max(self.exponent, exponent) if self.count else exponent
        self._scale(common)
        other._scale(common)
        count = self.count + other.count
        distance = other.mean - self.mean
        self.mean += distance * (other.count / count)
        self.squares += other.squares + distance * distance * (self.count * other.count / count)
        self.count = count

    def _scale(self, exponent: int) -> None:
        self.mean = math.ldexp(self.mean, self.exponent - exponent)
        self.squares = math.ldexp(self.squares, 2 * (self.exponent - exponent))
        self.exponent = exponent


def statistics(data: Array, most: int | None = MOST) -> Statistics:
    """Statistics of `data`: any shape, booleans, integers or floats.

    At most about `most` samples are looked at, in blocks spread over the whole; None looks at all. The extremes of 64-bit integers are
    exact. Raises ``ValueError`` for types that are no real numbers.
    """
    data = real(data, "statistics")
    count = bad = 0
    least: int | float | None = None
    greatest: int | float | None = None
    moments = _Moments()
    for block in blocks(data, most):
        count += block.size
        values = finite(block)
        bad += block.size - values.size
        if not values.size:
            continue
        low, high = values.min().item(), values.max().item()
        least = low if least is None else min(least, low)
        greatest = high if greatest is None else max(greatest, high)
        moments.add(values, float(max(abs(low), abs(high))))
    if not moments.count or least is None or greatest is None:
        return Statistics(count, None, None, None, None, None, bad, data.size)
    variance = moments.squares / moments.count if least != greatest else 0.0  # of equal values it is none but rounding
    # Rounding must not carry the mean out of the range of the values.
    mean = min(max(math.ldexp(moments.mean, moments.exponent), float(least)), float(greatest))
    rms = _unscale(math.sqrt(moments.mean**2 + variance), moments.exponent)
    return Statistics(count, least, greatest, mean, rms, _unscale(math.sqrt(variance), moments.exponent), bad, data.size)


def _unscale(value: float, exponent: int) -> float:
    try:
        return math.ldexp(value, exponent)
    except OverflowError:  # by the rounding of the last bit
        return float(np.finfo(np.float64).max)
