"""Exact numbers: what limits and scales mean, and bits that count steps of another size than 1.

Apart from the other codecs because of what is imported here: most IP has no unit, and a script need not wait for it.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

from .codec import Limits, Misfit, bits_of, in_unit, representable

_NOISE = Fraction(1, 10**9)  # of a step: what sums of binary floats leave (0.1 + 0.2), far below what anybody means


def exactly(number: Any) -> Fraction:
    """`number` as the fraction that its shortest decimal text means: 0.1 is a tenth. Raises ``ValueError`` for NaN and infinities."""
    return Fraction(number) if isinstance(number, (int, Rational, Decimal)) else Fraction(str(number))


def is_number(value: Any) -> bool:
    """Whether `value` is a real number of any kind; a bool is none."""
    return isinstance(value, (Real, Decimal)) and not isinstance(value, bool)


def finite_number(value: Any) -> Fraction:
    """`value` as an exact number; :class:`Misfit` for what is none, and for NaN and infinities."""
    if not is_number(value):
        raise Misfit("a number")
    try:
        return exactly(value)
    except (ValueError, OverflowError):
        raise Misfit("a finite number") from None


def plain(number: Fraction) -> str:
    """A fraction as a person writes it."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.10g}"


class Scaled:
    """An integer of `width` bits that counts steps of `scale` from `zero`: value = zero + raw * scale, exactly.

    With ``rounding='exact'`` a value between two steps is refused; with ``'nearest'`` it becomes the nearest step (ties to even).
    Values are ints where scale and zero are whole numbers, else the floats nearest to the exact result.
    """

    def __init__(
        self,
        width: int,
        signed: bool = False,
        scale: Any = 1,
        zero: Any = 0,
        limits: Limits | None = None,
        unit: str = "",
        rounding: str = "exact",
    ) -> None:
        self.width = width
        self.signed = signed
        self.unit = unit
        self.mask = (1 << width) - 1
        self.step, self.zero = exactly(scale), exactly(zero)
        self._raw = representable(width, signed)
        ends = sorted(self.zero + raw * self.step for raw in self._raw)
        self._nearest = rounding == "nearest"
        self._limits = (exactly(limits[0]), exactly(limits[1])) if limits is not None else (ends[0], ends[1])
        self._sign = 1 << width - 1 if signed else 0
        self._den = math.lcm(self.step.denominator, self.zero.denominator)
        self._step_num = int(self.step * self._den)
        self._zero_num = int(self.zero * self._den)
        self._whole = self._den == 1
        # The steps that the limits leave, for values that are steps; a float of either is what a first guess is made from.
        reach = sorted((limit - self.zero) / self.step for limit in self._limits)
        self._least, self._most = max(math.ceil(reach[0]), self._raw[0]), min(math.floor(reach[1]), self._raw[1])
        self._guess = float(self.step), float(self.zero)
        span = f"{plain(self._limits[0])} to {in_unit(plain(self._limits[1]), unit)}"
        steps = "" if self._nearest else f", in steps of {in_unit(plain(abs(self.step)), unit)}"
        self.expected = f"{span} ({'its limits' if limits is not None else bits_of(width)}{steps})"

    def decode(self, raw: int) -> int | float:
        number = ((raw ^ self._sign) - self._sign) * self._step_num + self._zero_num
        # The true division of Python's ints is rounded correctly, whatever their size.
        return number if self._whole else number / self._den

    def encode(self, value: Any) -> int:
        if type(value) is float or type(value) is int:
            step, zero = self._guess
            try:
                guess = round((value - zero) / step)
            except (ValueError, OverflowError, ZeroDivisionError):
                guess = self._most + 1
            if self._least <= guess <= self._most and self.decode(guess & self.mask) == value:
                return guess & self.mask
        return self._encode(value)

    def _encode(self, value: Any) -> int:
        number = finite_number(value)
        steps = (number - self.zero) / self.step
        count = round(steps)
        if steps != count and self._raw[0] <= count <= self._raw[1] and self.decode(count & self.mask) == value:
            # The float that a read gives for this step: its text is not the step itself, but nothing else is meant.
            number = self.zero + count * self.step
        elif steps != count and not self._nearest:
            if abs(steps - count) > max(_NOISE, abs(count) * Fraction(1, 10**14)):
                below = self.zero + math.floor(steps) * self.step
                raise Misfit(f"{self.expected}; {in_unit(plain(below), self.unit)} and {plain(below + self.step)} are near")
            number = self.zero + count * self.step
        low, high = self._limits
        if not (low <= number <= high and low <= self.zero + count * self.step <= high and self._raw[0] <= count <= self._raw[1]):
            raise Misfit(self.expected)
        return count & self.mask
