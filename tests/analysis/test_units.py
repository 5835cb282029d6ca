"""Numbers as people write them."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.analysis.units import engineering, nice_ticks

PREFIXES = dict(zip("qryzafpnµm kMGTPEZYRQ", range(-30, 33, 3), strict=True))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.25e-5, "s", "12.5 µs"),
        (999.99e3, "Hz", "1 MHz"),
        (44_100, "Hz", "44.1 kHz"),
        (-0.00333333, "V", "-3.333 mV"),
        (0, "V", "0 V"),
        (1, "V", "1 V"),
        (-3.5, "dB", "-3.5 dB"),
        (-70.123, "dBFS", "-70.12 dBFS"),
        (12_500, "", "12500"),
        (123_456_789, "", "123.5e6"),
        (0.0001, "", "100e-6"),
        (10**400, "B", "∞ B"),
        (-math.inf, "", "-∞"),
        (math.nan, "V", "– V"),
        (1e300, "s", "1.000e+300 s"),
        (2**53, "samples", "9.007e15 samples"),
    ],
)
def test_engineering(value, unit, text):
    assert engineering(value, unit) == text


@given(st.floats(-1e307, 1e307), st.integers(1, 12))
def test_engineering_is_the_number(value, digits):
    text = engineering(value, "V", digits)
    number, unit = text.split(" ")
    scale = PREFIXES.get(unit[:-1] or " ")
    assert float(number) * 10.0**scale == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits), abs=1e-320)
    assert float(engineering(value, "", digits)) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits), abs=1e-320)
    if 1e-30 <= abs(value) < 0.5e33 and digits >= 3:
        assert 1 <= abs(float(number)) < 1000


@pytest.mark.parametrize("digits", [1, 0, -3])
def test_at_least_one_digit_is_written(digits):
    assert [engineering(0.0123, unit, digits) for unit in ("V", "dB", "")] == ["10 mV", "0.01 dB", "0.01"]


def test_ticks():
    assert nice_ticks(0, 1) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert nice_ticks(17, -3.2) == [0, 5, 10, 15]
    assert nice_ticks(1e9, 1e9 + 1, 3) == [1e9, 1e9 + 0.5, 1e9 + 1]
    assert nice_ticks(3, 3) == [3]
    assert nice_ticks(math.nan, 3) == []
    assert nice_ticks(0, 3, 0) == []


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 20))
def test_ticks_are_few_ascending_and_within(a, b, most):
    low, high = min(a, b), max(a, b)
    ticks = nice_ticks(a, b, most)
    assert len(ticks) <= most
    assert all(x < y for x, y in itertools.pairwise(ticks))
    air = 1e-8 * (high / 2 - low / 2) + 1e-323 + 1e-15 * max(abs(low), abs(high))
    assert all(low - air <= tick <= high + air for tick in ticks)
    if most >= 5 and high - low > 1e-9 * max(abs(low), abs(high)) and math.isfinite(high - low) and high - low > 1e-300:
        assert len(ticks) >= most // 4
