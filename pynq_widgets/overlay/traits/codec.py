"""Between the bits of a register and the value a person means: exact both ways, or refused.

A codec knows nothing of buses and instances. ``encode`` gives the bits or raises :class:`Misfit`, whose text is what was expected.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from numbers import Rational, Real
from typing import Any, Protocol

from pynq_widgets.access.errors import near_names

Limits = tuple[Any, Any]

_NOISE = Fraction(1, 10**9)  # of a step: what sums of binary floats leave (0.1 + 0.2), far below what anybody means


class Misfit(ValueError):
    """A value that these bits cannot hold; the text says what was expected."""


class Codec(Protocol):
    """Bits to value and back; `width` in bits."""

    width: int
    expected: str

    def decode(self, raw: int) -> Any: ...

    def encode(self, value: Any) -> int: ...


def exactly(number: Any) -> Fraction:
    """`number` as the fraction that its shortest decimal text means: 0.1 is a tenth. Raises ``ValueError`` for NaN and infinities."""
    return Fraction(number) if isinstance(number, (int, Rational, Decimal)) else Fraction(str(number))


def in_unit(text: str, unit: str) -> str:
    """`text` with its unit, if it has one."""
    return f"{text} {unit}" if unit else text


def plain(number: Fraction) -> str:
    """A fraction as a person writes it."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.10g}"


class Integer:
    """An unsigned or two's complement integer of `width` bits, within `limits` (low, high; both included)."""

    def __init__(self, width: int, signed: bool = False, limits: Limits | None = None, unit: str = "") -> None:
        self.width = width
        self.signed = signed
        self.mask = (1 << width) - 1
        low, high = representable(width, signed)
        bits = f"{_bits(width)}{', signed' if signed else ''}"
        if limits is None:
            self.expected = f"{low} to {in_unit(str(high), unit)} ({bits})"
        else:
            low, high = max(low, math.ceil(exactly(limits[0]))), min(high, math.floor(exactly(limits[1])))
            self.expected = f"{low} to {in_unit(str(high), unit)} (its limits)"
        self.low, self.high = low, high
        self._sign = 1 << width - 1 if signed else 0

    def decode(self, raw: int) -> int:
        return (raw ^ self._sign) - self._sign

    def encode(self, value: Any) -> int:
        if type(value) is not int:
            try:
                value = operator.index(value)
            except TypeError:
                raise Misfit("an int") from None
        if not self.low <= value <= self.high:
            raise Misfit(self.expected)
        number: int = value
        return number & self.mask


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
        self.expected = f"{span} ({'its limits' if limits is not None else _bits(width)}{steps})"

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


class Ieee:
    """The bits are an IEEE 754 binary32. Written values are rounded to the nearest one; NaN and infinities only where not `finite`."""

    width = 32

    def __init__(self, limits: Limits | None = None, unit: str = "", finite: bool = True) -> None:
        self.finite = finite
        self._limits = None if limits is None else (float(limits[0]), float(limits[1]))
        if self._limits is None:
            self.expected = f"a{' finite' if finite else ''} number of 32 bits (up to ±3.4028e+38){f' in {unit}' if unit else ''}"
        else:
            self.expected = f"{self._limits[0]:g} to {in_unit(f'{self._limits[1]:g}', unit)} (its limits)"

    def decode(self, raw: int) -> float:
        value: float = _FLOAT.unpack(_WORD.pack(raw))[0]
        return value

    def encode(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
            raise Misfit("a number")
        try:
            number = float(value)
            bits = _FLOAT.pack(number)
        except OverflowError:
            raise Misfit(self.expected) from None
        if self._limits is not None:
            rounded = _FLOAT.unpack(bits)[0]
            # A limit that is no binary32 itself may be written all the same: its neighbour stands for it.
            if not (self._limits[0] <= number <= self._limits[1] and (number in self._limits or self._within(rounded))):
                raise Misfit(self.expected)
        if self.finite and not math.isfinite(number):
            raise Misfit(self.expected)
        word: int = _WORD.unpack(bits)[0]
        return word

    def _within(self, rounded: float) -> bool:
        assert self._limits is not None
        edges = [_FLOAT.unpack(_FLOAT.pack(edge))[0] for edge in self._limits]
        return bool(edges[0] <= rounded <= edges[1])


class Truth:
    """One bit as a bool; with `inverted`, a 0 is True. Takes bools, 0 and 1."""

    width = 1
    expected = "a bool (or 0, 1)"

    def __init__(self, inverted: bool = False) -> None:
        self._inverted = int(inverted)

    def decode(self, raw: int) -> bool:
        return bool(raw ^ self._inverted)

    def encode(self, value: Any) -> int:
        if value is not True and value is not False:
            if getattr(getattr(value, "dtype", None), "kind", "") == "b" and getattr(value, "ndim", 1) == 0:
                value = bool(value)
            try:
                number = operator.index(value)
            except TypeError:
                raise Misfit(self.expected) from None
            if number not in (0, 1):
                raise Misfit(self.expected)
            value = number
        bit: int = int(value)
        return bit ^ self._inverted


class Labels:
    """Bits whose values have names. Takes a name, or a number that has one; a number without a name is shown as the number."""

    def __init__(self, width: int, labels: Mapping[Any, int]) -> None:
        self.width = width
        self._raw: dict[Any, int] = dict(labels)
        self._labels = {raw: label for label, raw in reversed(tuple(self._raw.items()))}
        self.expected = f"one of {', '.join(map(_shown, self._raw))}"

    def decode(self, raw: int) -> Any:
        return self._labels.get(raw, raw)

    def encode(self, value: Any) -> int:
        try:
            if value in self._raw:
                return self._raw[value]
        except TypeError:  # not hashable
            raise Misfit(self.expected) from None
        if isinstance(value, str):
            raise Misfit(f"{self.expected}{near_names(value, map(_name, self._raw))}")
        if not isinstance(value, (bool, Enum)):
            try:
                number = operator.index(value)
            except TypeError:
                raise Misfit(self.expected) from None
            if number in self._labels:
                return number
        raise Misfit(self.expected)


def _bits(width: int) -> str:
    return "1 bit" if width == 1 else f"{width} bits"


def _name(label: Any) -> str:
    return label.name if isinstance(label, Enum) else str(label)


def _shown(label: Any) -> str:
    return str(label) if isinstance(label, Enum) else repr(label)


def representable(width: int, signed: bool) -> tuple[int, int]:
    """Least and greatest integer of `width` bits."""
    return (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)


def finite_number(value: Any) -> Fraction:
    """`value` as an exact number; :class:`Misfit` for what is none, and for NaN and infinities."""
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        raise Misfit("a number")
    try:
        return exactly(value)
    except (ValueError, OverflowError):
        raise Misfit("a finite number") from None


_FLOAT = struct.Struct("<f")
_WORD = struct.Struct("<I")
