"""Numbers, rates and shapes as a person types them, and as the page writes them back."""

from __future__ import annotations

import math
import re
from typing import Any


def parse_shape(text: str) -> tuple[int, ...] | None:
    """``'480, 640'`` or ``'480 x 640'`` as a shape; None of an empty text. Raises ``ValueError`` that shows how a shape is written."""
    words = [word for word in re.split(r"[\s,;x×()\[\]*]+", text.strip()) if word]
    if not words:
        return None
    try:
        shape = tuple(int(word) for word in words)
    except ValueError:
        raise ValueError(f"a shape is whole numbers with commas, as 480,640, not {text!r}") from None
    if len(shape) > 32:
        raise ValueError(f"a shape has at most 32 lengths, not {len(shape)}")
    return shape


def parse_rate(text: str) -> float | None:
    """``'48e3'``, ``'48,000'``, ``'48 kHz'`` or ``'2.5M'`` as samples a second; None of an empty text or 0."""
    text = _ungrouped(text)
    found = re.fullmatch(r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*([kMG]?)\s*(?:hz|s/s|sps)?\s*", text, re.IGNORECASE)
    if not text.strip() or text.strip() == "0":
        return None
    if not found:
        raise ValueError(f"a sample rate is a number, as 48e3 or 48 kHz, not {text!r}")
    factor = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}[found[2].lower()]
    return number_of("sample rate", found[1]) * factor


def rate_text(rate: float | None) -> str:
    """A sample rate as `parse_rate` reads it, short enough for its box: ``'1 MHz'``, ``'48 kHz'``; every digit of an odd one."""
    if rate is None:
        return ""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        text = f"{rate / factor:.6g}"
        if rate >= factor and "e" not in text and float(text) * factor == rate:
            return f"{text} {prefix}Hz"
    return f"{rate:.15g}"


def parse_fraction(name: str, text: str) -> float:
    """``'0.5'``, ``'1/32768'`` or ``'1,000'`` as a number."""
    above, slash, below = _ungrouped(text).partition("/")
    number = number_of(name, above.strip())
    divisor = number_of(name, below.strip()) if slash else 1.0
    if not divisor:
        raise ValueError(f"{name} is a number, and nothing is divided by 0: {text!r}")
    return number / divisor


def fraction_text(number: float) -> str:
    """A number as `parse_fraction` reads it: ``'1/32768'`` where it is one part of a whole number, else with the digits that it has."""
    if 0 < abs(number) < 0.1 and float(round(1 / number)) == 1 / number and abs(1 / number) < 1e15:
        return f"{'-' if number < 0 else ''}1/{abs(round(1 / number))}"
    return f"{number:.15g}"


def _ungrouped(text: str) -> str:
    """Without the marks between groups of three digits."""
    return re.sub(r"(?<=\d)[,_' ](?=\d{3}(?!\d))", "", text)


def number_of(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a number, not {value!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is a finite number, not {value!r}")
    return number


def whole_of(name: str, value: Any) -> int:
    number = number_of(name, value)
    if number != int(number):
        raise ValueError(f"{name} is a whole number, not {value!r}")
    return int(number)
