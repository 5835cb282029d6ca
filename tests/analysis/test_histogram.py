"""Histograms against counting one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.analysis.blocks import BLOCK
from pynq_widgets.analysis.histogram import histogram

from .drawn import FLOATS, INTEGERS, lines


@settings(max_examples=150)
@given(lines(INTEGERS, 300), st.integers(1, 200))
def test_integers(data, bins):
    found = histogram(data, bins)
    assert found.count == found.of == data.size
    assert found.left_out == 0
    values = data.tolist()
    if not values:
        assert found.edges.size == found.counts.size == 0
        return
    width = -(-(max(values) - min(values) + 1) // bins)
    counts = [0] * (-(-(max(values) - min(values) + 1) // width))
    for value in values:
        counts[(value - min(values)) // width] += 1
    assert found.counts.tolist() == counts
    assert found.edges.size == len(counts) + 1 <= bins + 1
    if max(map(abs, values)) < 2**50:
        assert found.edges.tolist() == [min(values) + i * width - 0.5 for i in range(len(counts) + 1)]


@settings(max_examples=150)
@given(lines(FLOATS, 300), st.integers(1, 200))
def test_floats(data, bins):
    found = histogram(data, bins)
    values = [v for v in data.tolist() if math.isfinite(v)]
    assert found.left_out == data.size - len(values)
    if not values:
        assert found.edges.size == 0
        return
    assert found.counts.sum() == len(values)
    assert found.counts.size == bins == found.edges.size - 1
    assert (np.diff(found.edges) >= 0).all()
    assert found.edges[0] <= min(values)
    assert found.edges[-1] >= max(values)
    assert np.isfinite(found.edges).all()
    if (np.diff(found.edges) > 0).all():  # bins of subnormal numbers may be narrower than the numbers are apart
        counts = [0] * bins
        for value in values:
            counts[min(int(np.searchsorted(found.edges, value, "right")) - 1, bins - 1)] += 1
        assert found.counts.tolist() == counts


def test_few_values_have_a_bin_each():
    found = histogram(np.array([3, 5, 5], ">i2"))
    assert found.edges.tolist() == [2.5, 3.5, 4.5, 5.5]
    assert found.counts.tolist() == [1, 0, 2]
    flags = histogram(np.array([True, False, True]))
    assert flags.edges.tolist() == [-0.5, 0.5, 1.5]
    assert flags.counts.tolist() == [1, 2]


def test_whole_range_of_64_bits():
    found = histogram(np.array([-(2**63), -1, 0, 2**63 - 1]), 2)
    assert found.counts.tolist() == [2, 2]
    assert histogram(np.array([0, 2**64 - 1], "u8"), 1).counts.tolist() == [2]
    close = histogram(np.array([2**63 - 1, 2**63 - 3]), 10)
    assert close.counts.tolist() == [1, 0, 1]


def test_one_value():
    assert histogram(np.full(7, 2.5)).counts.sum() == 7
    assert histogram(np.full(7, 1e300)).counts.sum() == 7
    assert histogram(np.full(7, np.finfo("f8").max)).counts.sum() == 7
    assert histogram(np.array(4)).edges.tolist() == [3.5, 4.5]


def test_of_long_data_a_part_is_counted():
    for dtype in ("u1", "i4", "f4"):
        found = histogram(np.zeros((100, BLOCK), dtype), most=10 * BLOCK)
        assert (found.count, found.of, found.counts.sum()) == (10 * BLOCK, 100 * BLOCK, 10 * BLOCK)


def test_values_that_grow_between_the_looks_stay_in_the_end_bins(monkeypatch):
    from pynq_widgets.analysis import histogram as module

    for dtype in ("i4", "f4"):
        data = np.arange(100, dtype=dtype)
        looks = []

        def blocks(array, most, real=module.blocks, looks=looks):
            looks.append(1)
            yield from real(array if len(looks) == 1 else array * 50 - 200, most)

        monkeypatch.setattr(module, "blocks", blocks)
        found = histogram(data, 10)
        monkeypatch.undo()
        assert found.counts.sum() == 100
        assert found.counts[0] + found.counts[-1] >= 98


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="histogram expected at least 1 bin, not 0"):
        histogram(np.zeros(2), 0)
    with pytest.raises(ValueError, match="histogram expected booleans, integers or floats, not complex64"):
        histogram(np.zeros(2, "c8"))
