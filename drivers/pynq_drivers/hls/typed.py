"""What a person types into the form of a core, as values of its arguments, and the line of Python that says the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pynq_drivers.hls.arguments import Argument, is_buffer
from pynq_widgets.access.errors import near_names

_WHOLE = re.compile(r"[+-]?(?:0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+|[0-9][0-9_]*)\Z", re.IGNORECASE)
_MOST = 20_000  # characters


class Typed(NamedTuple):
    """A value, and the text of Python for it."""

    value: Any
    python: str


def buffers_of(variables: Mapping[str, Any], device: Any) -> dict[str, Any]:
    """The buffers of `device` that the notebook has under a name; those that were freed are not among them."""
    return {
        name: value
        for name, value in variables.items()
        if not name.startswith("_") and is_buffer(value) and getattr(value, "device", None) is device and not getattr(value, "freed", False)
    }


def value_of(argument: Argument, text: Any, variables: Mapping[str, Any], buffers: Mapping[str, Any]) -> Typed | None:
    """What `text` says for `argument`; None where nothing was typed, so that it keeps what it has.

    ``ValueError`` names what was typed and what is expected.
    """
    if isinstance(text, bool):
        return Typed(text, str(text))
    if not isinstance(text, str):
        raise ValueError(f"{argument.title}: expected a text, not {text!r}")
    if len(text) > _MOST:
        raise ValueError(f"{argument.title}: {len(text)} characters are too many to type: give the name of an array")
    text = text.strip()
    if not text:
        return None
    if argument.is_array:
        return _array(argument, text, variables)
    if argument.is_pointer and not _WHOLE.match(text):
        if text not in buffers:
            hint = near_names(text, buffers) or (
                f"; there is {', '.join(sorted(buffers))}" if buffers else "; there is none, allocate() one"
            )
            raise ValueError(f"{argument.title}: the notebook has no buffer {text!r} on this device{hint}")
        return Typed(buffers[text], text)
    number = _number(text)
    if number is None:
        raise ValueError(f"{argument.title}: {text!r} is no number; expected one as in 26, -3, 0x1A or 2.5 ({argument.describe()})")
    return Typed(number, text)


def _number(text: str) -> int | float | None:
    if _WHOLE.match(text):
        digits = text.lower().lstrip("+-")
        try:
            number = int(digits.replace("_", ""), 10 if digits[:2].isdecimal() or len(digits) < 2 else 0)
        except ValueError:
            return None
        return -number if text.startswith("-") else number
    try:
        return float(text)
    except ValueError:
        return None


def _array(argument: Argument, text: str, variables: Mapping[str, Any]) -> Typed:
    if text.isidentifier():
        value = variables.get(text)
        if isinstance(value, (np.ndarray, list, tuple)):
            return Typed(value, text)
        raise ValueError(f"{argument.title}: the notebook has no array {text!r}; expected its name, or numbers as in 1, 2, 3")
    parts = text.strip("[]()").replace(",", " ").split()
    numbers = [_number(part) for part in parts]
    for part, number in zip(parts, numbers, strict=True):
        if number is None:
            raise ValueError(f"{argument.title}: {part!r} is no number; expected numbers as in 1, 2, 3, or the name of an array")
    return Typed(numbers, f"[{', '.join(parts)}]")


def shown(value: Any) -> str:
    """A value that a core gave, as the form shows it."""
    if value is None:
        return "not written"
    if isinstance(value, float):
        return f"{value:.9g}"
    return f"{value} (0x{value:X})" if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 9 else str(value)
