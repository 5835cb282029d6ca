"""Which dividers make a clock of a frequency.

Source: UG472 and UG572: f = source * multiplier / divider / output's divider, the oscillator between within its limits; multiplier and
first output's divider of an MMCM in eighths.
"""

from __future__ import annotations

from typing import NamedTuple

MULTIPLIERS = (2.0, 64.0)
MOST_DIVIDE = 106
OUTPUT_DIVIDERS = (1.0, 128.0)
SLOWEST_DETECTOR = 10e6  # Hz that the phase detector needs at least


class Dividers(NamedTuple):
    """``source * multiply / divide / out`` is the frequency."""

    multiply: float
    divide: int
    out: float

    def frequency(self, source: float) -> float:
        """What they make of a clock of `source` Hz."""
        return source * self.multiply / self.divide / self.out


def _stepped(value: float, fine: bool) -> float:
    step = 0.125 if fine else 1.0
    return min(OUTPUT_DIVIDERS[1], max(OUTPUT_DIVIDERS[0], round(value / step) * step))


def for_output(source: float, wanted: float, multiply: float, divide: int, fine: bool) -> Dividers:
    """The output's divider that comes nearest, the rest left as it is. `fine`: in eighths."""
    out = _stepped(source * multiply / divide / wanted, fine)
    if 1.0 < out < 2.0:
        out = min((1.0, 2.0), key=lambda each: abs(source * multiply / divide / each - wanted))  # between 1 and 2 there is none
    return Dividers(multiply, divide, out)


def best(source: float, wanted: float, vco: tuple[float, float], fine: bool) -> Dividers | None:
    """All dividers that come nearest, the oscillator between `vco` Hz; the fastest of those that do so alike. None where there are none."""
    found: tuple[float, float, Dividers] | None = None
    steps = 8 if fine else 1
    for divide in range(1, MOST_DIVIDE + 1):
        if source / divide < SLOWEST_DETECTOR:
            break
        low = max(MULTIPLIERS[0], vco[0] * divide / source)
        high = min(MULTIPLIERS[1], vco[1] * divide / source)
        for count in range(-int(-low * steps // 1), int(high * steps) + 1):
            dividers = for_output(source, wanted, count / steps, divide, fine)
            error = abs(dividers.frequency(source) - wanted)
            key = (round(error, 3), -source * dividers.multiply / divide)
            if found is None or key < found[:2]:
                found = (*key, dividers)
        if found is not None and found[0] == 0:
            break
    return None if found is None else found[2]
