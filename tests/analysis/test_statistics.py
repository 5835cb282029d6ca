"""Statistics against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from pynq_widgets.analysis.blocks import BLOCK
from pynq_widgets.analysis.statistics import statistics

from .drawn import REAL, lines


@settings(max_examples=150)
@given(lines(most=400))
def test_any_numbers(data):
    found = statistics(data)
    values = data.view("u1") if data.dtype.kind == "b" else data
    numbers = [v for v in values.tolist() if math.isfinite(v)]
    assert (found.count, found.of, found.not_finite) == (data.size, data.size, data.size - len(numbers))
    if not numbers:
        assert (found.least, found.greatest, found.mean, found.rms, found.deviation) == (None,) * 5
        return
    assert (found.least, found.greatest) == (min(numbers), max(numbers))
    exact = [Fraction(v) for v in numbers]
    mean = sum(exact) / len(exact)
    largest = max(abs(v) for v in exact) or Fraction(1)
    squares = sum((v / largest) ** 2 for v in exact) / len(exact)
    variance = sum(((v - mean) / largest) ** 2 for v in exact) / len(exact)
    # As shares of the largest value, in which nothing overflows.
    assert abs(float((Fraction(found.mean) - mean) / largest)) < 1e-12
    assert float(Fraction(found.rms) / largest) == pytest.approx(math.sqrt(squares), rel=1e-9, abs=1e-12)
    assert float(Fraction(found.deviation) / largest) == pytest.approx(math.sqrt(variance), rel=1e-7, abs=3e-9)


def test_a_small_ripple_on_a_large_offset():
    data = np.full(5 * BLOCK + 17, 1e9)
    data[::2] += 0.001
    found = statistics(data)
    assert found.deviation == pytest.approx(0.0005, rel=1e-3)
    assert found.mean == pytest.approx(1e9 + 0.0005, rel=1e-15)


@pytest.mark.parametrize("dtype", REAL)
def test_blocks_add_up(dtype):
    data = np.random.default_rng(1).integers(0, 2, 3 * BLOCK + 11).astype(dtype)
    found = statistics(data)
    ones = int(np.count_nonzero(data))
    assert found.mean == pytest.approx(ones / data.size)
    assert found.rms == pytest.approx(math.sqrt(ones / data.size))
    assert found.deviation == pytest.approx(math.sqrt(ones / data.size * (1 - ones / data.size)))
    assert found.complete


@pytest.mark.parametrize("value", [1.5e308, -1.7976931348623157e308, 5e-324, 3e-310])
def test_the_ends_of_the_floats(value):
    found = statistics(np.full(10, value))
    assert (found.least, found.greatest, found.mean) == (value, value, value)
    assert found.rms == pytest.approx(abs(value))
    assert found.deviation == 0


def test_both_ends_at_once():
    largest = float(np.finfo("f8").max)
    data = np.zeros(4 * BLOCK)
    data[0], data[-1], data[BLOCK] = largest, -largest, 5e-324
    found = statistics(data)
    assert found.mean == pytest.approx(0)
    assert found.rms == pytest.approx(largest * math.sqrt(2 / data.size))


def test_of_long_data_a_part_is_looked_at():
    data = np.zeros(100 * BLOCK, "i2")
    data[: 50 * BLOCK] = 2
    found = statistics(data, most=10 * BLOCK)
    assert (found.count, found.of, found.complete) == (10 * BLOCK, data.size, False)
    assert found.mean == 1


def test_any_shape():
    data = np.arange(24, dtype="i4").reshape(2, 3, 4)
    for view in (data, data.T, data[:, ::2], np.asfortranarray(data), np.array(5, "i4"), data[:0]):
        found = statistics(view)
        assert found.count == view.size
        assert found.mean == (None if not view.size else pytest.approx(view.mean()))


def test_wrong_types_are_named():
    with pytest.raises(
        ValueError, match="statistics expected booleans, integers or floats, not complex128; take its `components` one by one"
    ):
        statistics(np.zeros(2, complex))
    with pytest.raises(ValueError, match=r"statistics expected booleans, integers or floats, not <U1$"):
        statistics(np.array(["a"]))
