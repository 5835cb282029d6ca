"""Numbers as people write them: engineering notation, and ticks at round values."""

from __future__ import annotations

import math

_PREFIXES = {-30: "q", -27: "r", -24: "y", -21: "z", -18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m"} | {
    0: "",
    3: "k",
    6: "M",
    9: "G",
    12: "T",
    15: "P",
    18: "E",
    21: "Z",
    24: "Y",
    27: "R",
    30: "Q",
}
_NO_PREFIX = {"", "%", "°", "dB", "dBFS", "samples", "LSB"}


def engineering(value: float, unit: str = "", digits: int = 4) -> str:
    """`value` with `digits` significant ones and the prefix that leaves 1 to 999 before it: ``'12.5 µs'``.

    What takes no prefix (decibels, per cent, counts) is written out, or with a power of ten that is a multiple of three. Integers of any
    size are fine; NaN and infinities have signs of their own.
    """
    space = " " + unit if unit else ""
    digits = max(digits, 1)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if math.isnan(number):
        return "–" + space
    if math.isinf(number):
        return ("∞" if number > 0 else "-∞") + space
    if number == 0:
        return "0" + space
    plain = unit in _NO_PREFIX
    exponent = math.floor(math.log10(abs(number)) / 3) * 3
    if plain and -3 <= exponent <= 3 and float(f"{abs(number):.{digits}g}") >= 10.0**-3:
        return _digits(number, digits) + space
    # A subnormal number may have no power of ten as its reciprocal: the text of the number has its digits.
    mantissa, power = f"{number:.{digits - 1}e}".split("e")
    exponent = int(power) // 3 * 3
    if not plain and exponent not in _PREFIXES:
        return f"{number:.{digits - 1}e}{space}"
    scaled = _shifted(mantissa, int(power) - exponent)
    if plain:
        return f"{scaled}e{exponent}{space}" if exponent else scaled + space
    return f"{scaled} {_PREFIXES[exponent]}{unit}"


def _shifted(mantissa: str, places: int) -> str:
    """The text of a number with one digit before its point, times ten to the `places`."""
    sign, text = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    digits = text.replace(".", "")
    if places < 0:
        digits, before = "0" * -places + digits, 1
    else:
        digits, before = digits.ljust(places + 1, "0"), places + 1
    tail = digits[before:].rstrip("0")
    return sign + digits[:before] + ("." + tail if tail else "")


def _digits(number: float, digits: int) -> str:
    mantissa, power = f"{number:.{digits - 1}e}".split("e")
    return _shifted(mantissa, int(power))


def nice_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """At most `most` values from `low` to `high`, at distances of 1, 2 or 5 times a power of ten; multiples of their distance.

    Empty where there is no such range. `low` may be above `high`; the ticks ascend.
    """
    if not (math.isfinite(low) and math.isfinite(high)) or most < 1:
        return []
    low, high = min(low, high), max(low, high)
    if low == high:
        return [float(low)]
    # Halves, since the span of two floats may be larger than the largest.
    rough = (high / 2 - low / 2) / most * 2
    if rough <= 0 or not math.isfinite(rough):
        return [float(low), float(high)][:most]
    power = math.floor(math.log10(rough))
    for place in (power - 1, power, power + 1, power + 2):
        for factor in (1, 2, 5):
            ticks = _ticks(low, high, factor, place, most)
            if ticks is not None:
                return ticks
    return [float(low)]


def _ticks(low: float, high: float, factor: int, place: int, most: int) -> list[float] | None:
    """The multiples of ``factor * 10**place`` in the range; None if there are more than `most`, or too many digits to tell them apart."""
    step = float(f"{factor}e{place}")
    if step <= 0 or not math.isfinite(step):
        return None
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first + 1 > most or max(abs(first), abs(last)) > 1 << 52:
        return None
    return [float(f"{i * factor}e{place}") for i in range(first, last + 1)]
