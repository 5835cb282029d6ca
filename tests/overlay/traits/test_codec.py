from __future__ import annotations

import math
import struct
import subprocess
import sys
from decimal import Decimal
from enum import Enum
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.overlay.traits.codec import Ieee, Integer, Labels, Misfit, Truth
from pynq_widgets.overlay.traits.scaled import Scaled

WIDTHS = st.integers(1, 64)


@st.composite
def bits(draw):
    width = draw(WIDTHS)
    return width, draw(st.integers(0, (1 << width) - 1))


@given(bits(), st.booleans())
def test_integers_come_back(word, signed):
    width, raw = word
    codec = Integer(width, signed)
    value = codec.decode(raw)
    assert codec.encode(value) == raw
    assert value == (raw - (1 << width) if signed and raw >> (width - 1) else raw)


@given(WIDTHS, st.booleans(), st.integers(-(1 << 70), 1 << 70))
def test_an_integer_fits_or_is_refused(width, signed, value):
    codec = Integer(width, signed)
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    if low <= value <= high:
        assert codec.decode(codec.encode(value)) == value
    else:
        with pytest.raises(Misfit):
            codec.encode(value)


@given(bits(), st.booleans(), st.integers(0, 40))
def test_fixed_point_comes_back(word, signed, fraction):
    width, raw = word
    codec = Scaled(width, signed, Fraction(2) ** -fraction, rounding="nearest")
    value = codec.decode(raw)
    if width <= 53:
        assert value == (raw - (1 << width) if signed and raw >> (width - 1) else raw) / (1 << fraction)
        assert codec.encode(value) == raw


@given(st.integers(2, 32), st.integers(0, 31), st.floats(-1e6, 1e6))
def test_fixed_point_takes_the_nearest_step_or_refuses(width, fraction, value):
    codec = Scaled(width, True, Fraction(2) ** -fraction, rounding="nearest")
    step = 2.0**-fraction
    low, high = -(1 << width - 1) * step, ((1 << width - 1) - 1) * step
    if low <= value <= high:
        assert abs(Fraction(codec.decode(codec.encode(value))) - Fraction(value)) <= Fraction(step) / 2
    else:
        with pytest.raises(Misfit):
            codec.encode(value)


@given(bits(), st.decimals(min_value=Decimal("0.0001"), max_value=1000, places=4), st.decimals(min_value=-300, max_value=300, places=2))
def test_scaled_values_come_back_exactly(word, scale, zero):
    width, raw = word
    codec = Scaled(width, scale=scale, zero=zero)
    value = codec.decode(raw)
    if width <= 32:
        assert codec.encode(value) == raw
    assert value == float(Fraction(zero) + raw * Fraction(scale))


def test_a_value_between_two_steps_is_refused_with_its_neighbours():
    codec = Scaled(8, scale=0.1, unit="V")
    assert codec.encode(0.3) == 3
    assert codec.encode(0.1 + 0.2) == 3
    assert codec.encode(Decimal("0.3")) == codec.encode(Fraction(3, 10)) == codec.encode(np.float32(0.3)) == 3
    with pytest.raises(Misfit) as refused:
        codec.encode(0.35)
    assert str(refused.value) == "0 to 25.5 V (8 bits, in steps of 0.1 V); 0.3 V and 0.4 are near"
    assert Scaled(8, scale=0.1, rounding="nearest").encode(0.36) == 4


def test_whole_steps_stay_ints():
    codec = Scaled(8, scale=4, zero=-8)
    assert (codec.decode(3), type(codec.decode(3))) == (4, int)
    assert codec.encode(4.0) == 3


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, Decimal("NaN"), np.float32("inf")])
def test_what_is_no_finite_number_is_refused(value):
    for codec in (Scaled(8, scale=0.5), Ieee()):
        with pytest.raises(Misfit, match="finite"):
            codec.encode(value)


@pytest.mark.parametrize("value", ["1", None, True, 1j, [1]])
def test_what_is_no_number_is_refused(value):
    for codec in (Scaled(8, scale=0.5), Ieee()):
        with pytest.raises(Misfit, match=r"^a number$"):
            codec.encode(value)


def test_limits_count_before_and_after_rounding():
    codec = Scaled(8, scale=1, limits=(0, 9.6), rounding="nearest")
    assert codec.encode(9.4) == 9
    for value in (9.6, 9.7):
        with pytest.raises(Misfit):
            codec.encode(value)


@given(st.integers(0, 0xFFFF_FFFF))
def test_floats_come_back(raw):
    value = Ieee().decode(raw)
    if math.isfinite(value):
        assert Ieee().encode(value) == raw
    elif math.isinf(value):
        assert Ieee(finite=False).encode(value) == raw
    else:
        assert math.isnan(Ieee().decode(Ieee(finite=False).encode(value)))


@given(st.floats(width=64, allow_nan=False, allow_infinity=False))
def test_a_float_becomes_the_nearest_one_of_32_bits_or_is_refused(value):
    try:
        expected = struct.unpack("<I", struct.pack("<f", value))[0]
    except OverflowError:
        with pytest.raises(Misfit):
            Ieee().encode(value)
    else:
        assert Ieee().encode(value) == expected


def test_float_limits():
    codec = Ieee((0.1, 2.0), "V")
    assert codec.decode(codec.encode(0.1)) == np.float32(0.1)
    for value in (0.09, 2.1, math.nan):
        with pytest.raises(Misfit) as refused:
            codec.encode(value)
        assert str(refused.value) == "0.1 to 2 V (its limits)"


def test_bits():
    for codec, one in ((Truth(), True), (Truth(inverted=True), False)):
        assert codec.decode(1) is one
        assert codec.encode(one) == codec.encode(int(one)) == codec.encode(np.bool_(one)) == 1
        for value in (2, "on", None, 1.0):
            with pytest.raises(Misfit, match=r"^a bool \(or 0, 1\)$"):
                codec.encode(value)


def test_labels():
    codec = Labels(2, {"off": 0, "slow": 1, "fast": 3})
    assert [codec.decode(raw) for raw in range(4)] == ["off", "slow", 2, "fast"]
    assert codec.encode("fast") == codec.encode(3) == 3
    for value, text in (
        ("fasst", "one of 'off', 'slow', 'fast' (did you mean 'fast'?)"),
        (2, "one of 'off', 'slow', 'fast'"),
        ([], "one of 'off', 'slow', 'fast'"),
        (True, "one of 'off', 'slow', 'fast'"),
    ):
        with pytest.raises(Misfit) as refused:
            codec.encode(value)
        assert str(refused.value) == text


def test_labels_that_are_members():
    class Mode(Enum):
        OFF = 0
        ON = 1

    codec = Labels(1, {member: member.value for member in Mode})
    assert codec.decode(1) is Mode.ON
    assert codec.encode(Mode.ON) == codec.encode(1) == 1
    with pytest.raises(Misfit, match=r"one of Mode.OFF, Mode.ON \(did you mean 'ON'\?\)"):
        codec.encode("ONN")


def test_fractions_are_imported_for_whoever_needs_them():
    """Most IP has no unit; decimal and fractions take longer to import than all of the traits."""
    code = (
        "import sys; from pynq_widgets.overlay.traits import Word, Field, Bit, EnumField, Float32, WideWord\n"
        "Word('A'), Field('A', bits=(3, 0), signed=True).codec(4).encode(-3), Float32('A').codec(32).encode(1.5)\n"
        "assert 'fractions' not in sys.modules and 'decimal' not in sys.modules\n"
        "Word('A', scale=0.5)\n"
        "assert 'fractions' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
