"""Checks of what a buffer view is told, by Python or by the page."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from pynq_widgets.analysis.interpretation import Interpretation

SLOWEST, FASTEST = 0.1, 100.0
_FINEST = 4  # elements that a zoomed picture shows at least, each way
_LONGEST_UNIT = 16


def how_read(interpretation: Interpretation | None, how: dict[str, Any]) -> Interpretation | None:
    """An interpretation, or what it is made of; ``TypeError`` for both, and for what tells nothing of how memory is read."""
    if not how:
        return interpretation
    if interpretation is not None:
        raise TypeError(f"BufferView expected an interpretation, or {', '.join(how)}: not both")
    known = [field.name for field in fields(Interpretation)]
    for name in how:
        if name not in known:
            raise TypeError(f"BufferView expected no {name!r}: how memory is read is told by {', '.join(known)}")
    return Interpretation(**how)


def checked_rate(rate: Any) -> float:
    """Looks a second."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not (rate == 0 or SLOWEST <= rate <= FASTEST):
        raise ValueError(f"BufferView expected a rate of {SLOWEST:g} to {FASTEST:g} looks a second (or 0 for none unasked), not {rate!r}")
    return float(rate)


def positive(name: str, value: Any) -> float:
    """A finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or not value > 0:
        raise ValueError(f"{name} expected a number above 0, not {value!r}")
    return float(value)


def checked_scale(value: Any) -> float:
    """A finite number that is not 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value == 0:
        raise ValueError(f"scale expected a number other than 0, not {value!r}")
    return float(value)


def checked_unit(unit: Any) -> str:
    """A short text."""
    if not isinstance(unit, str) or len(unit) > _LONGEST_UNIT or not unit.isprintable():
        raise ValueError(f"unit expected a text of at most {_LONGEST_UNIT} characters, such as 'V', not {unit!r}")
    return unit.strip()


def clipped_region(region: tuple[int, ...], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """`region` moved into a picture of `size` rows and columns, and at least some elements large."""
    if len(region) != 4:
        raise ValueError(f"a part of a picture is (row, row_end, column, column_end), not {region!r}")
    rows, columns = _span(region[0], region[1], size[0]), _span(region[2], region[3], size[1])
    return (*rows, *columns)


def _span(first: int, end: int, length: int) -> tuple[int, int]:
    first, end = sorted((min(max(int(first), 0), length), min(max(int(end), 0), length)))
    least = min(_FINEST, length)
    if end - first < least:
        first = min(first, length - least)
        end = first + least
    return first, end
