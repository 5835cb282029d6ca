"""Between the bits of a register and the value a person means: exact both ways, or refused.

A codec knows nothing of buses and instances. ``encode`` gives the bits or raises :class:`Misfit`, whose text is what was expected.
The one for steps of another size than 1 stands in :mod:`.scaled`, with the fractions that it needs.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Mapping
from enum import Enum
from typing import Any, Protocol

from pynq_widgets.access.errors import near_names

Limits = tuple[Any, Any]


class Misfit(ValueError):
    """A value that these bits cannot hold; the text says what was expected."""


class Codec(Protocol):
    """Bits to value and back; `width` in bits."""

    width: int
    expected: str

    def decode(self, raw: int) -> Any: ...

    def encode(self, value: Any) -> int: ...


def in_unit(text: str, unit: str) -> str:
    """`text` with its unit, if it has one."""
    return f"{text} {unit}" if unit else text


class Integer:
    """An unsigned or two's complement integer of `width` bits, within `limits` (low, high; both included)."""

    def __init__(self, width: int, signed: bool = False, limits: Limits | None = None, unit: str = "") -> None:
        self.width = width
        self.signed = signed
        self.mask = (1 << width) - 1
        low, high = representable(width, signed)
        bits = f"{bits_of(width)}{', signed' if signed else ''}"
        if limits is None:
            self.expected = f"{low} to {in_unit(str(high), unit)} ({bits})"
        else:
            from .scaled import exactly

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
        if type(value) is not float:
            from .scaled import is_number

            if not is_number(value):
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


def bits_of(width: int) -> str:
    """A number of bits, as a person says it."""
    return "1 bit" if width == 1 else f"{width} bits"


def _name(label: Any) -> str:
    return label.name if isinstance(label, Enum) else str(label)


def _shown(label: Any) -> str:
    return str(label) if isinstance(label, Enum) else repr(label)


def representable(width: int, signed: bool) -> tuple[int, int]:
    """Least and greatest integer of `width` bits."""
    return (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)


_FLOAT = struct.Struct("<f")
_WORD = struct.Struct("<I")
