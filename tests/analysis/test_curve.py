"""Reduction to what a screen can show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pynq_widgets.analysis.curve import components, limits, reduce_line

ODD_TYPES = ["?", "i1", "u8", ">i4", "<f2", ">f4", "f8", "u2"]


@pytest.mark.parametrize("dtype", ODD_TYPES)
@pytest.mark.parametrize("stride", [1, 3, -1])
def test_every_column_has_its_extremes(dtype, stride):
    data = (np.random.default_rng(1).integers(0, 2 if dtype == "?" else 100, 30_000)).astype(dtype)[::stride]
    curve = reduce_line(data, columns=100)
    step = -(-data.size // 100)
    assert curve.step == step
    assert not curve.gaps
    for column in range(curve.x.size // 2):
        part = data[column * step : (column + 1) * step].astype("f8")
        assert sorted(curve.y[2 * column : 2 * column + 2]) == [part.min(), part.max()]
        assert all(column * step <= x < column * step + part.size for x in curve.x[2 * column : 2 * column + 2])


def test_few_samples_are_themselves():
    data = np.arange(200, dtype="u2") * 300
    curve = reduce_line(data, 20, 60, columns=100)
    assert curve.step == 1
    assert curve.x.tolist() == list(range(20, 60))
    assert curve.y.tolist() == data[20:60].tolist()


def test_columns_stay_where_they_are_while_the_window_moves():
    data = np.random.default_rng(2).normal(size=50_000)
    one, other = reduce_line(data, 1000, 21_000, columns=100), reduce_line(data, 1130, 21_130, columns=100)
    known = dict(zip(one.x.tolist(), one.y.tolist(), strict=True))
    shared = [x for x in other.x.tolist() if x in known]
    assert len(shared) > 190
    assert all(known[x] == y for x, y in zip(other.x.tolist(), other.y.tolist(), strict=True) if x in known)


def test_smooth_line_has_no_steps():
    data = np.sin(np.linspace(0, 6, 100_000))
    curve = reduce_line(data, columns=500)
    assert np.count_nonzero(np.diff(np.sign(np.diff(curve.y)))) == 2


def test_nan_and_infinities_leave_gaps_but_hide_nothing():
    data = np.zeros(10_000, "f4")
    data[150], data[155] = np.nan, 7  # of one column, a part
    data[300:400] = np.inf  # all of another
    data[999] = -np.inf
    curve = reduce_line(data, columns=100)
    assert curve.gaps
    assert sorted(curve.y[2:4]) == [0, 7]
    assert np.isnan(curve.y[6:8]).all()
    assert np.count_nonzero(np.isnan(curve.y)) == 2
    few = reduce_line(data[149:157], columns=100)
    assert few.gaps
    assert np.isnan(few.y[1])
    assert few.y[6] == 7


@pytest.mark.parametrize("size", [0, 1, 2])
def test_next_to_nothing(size):
    curve = reduce_line(np.ones(size, "i4"), columns=1)
    assert curve.y.tolist() == [1.0] * size


@given(
    hnp.arrays(st.sampled_from(["i2", "f4", "u1"]), st.integers(0, 3000), elements={"min_value": 0, "max_value": 250}),
    st.integers(-50, 3200),
    st.integers(-50, 3200),
    st.integers(1, 70),
)
def test_any_window_of_anything(data, start, stop, columns):
    curve = reduce_line(data, start, stop, columns)
    first, end = min(max(start, 0), data.size), min(max(stop, max(start, 0)), data.size)
    assert curve.x.size == curve.y.size <= 2 * columns + 4
    if first < end:
        part = data[first:end]
        assert curve.y.min() <= part.min()
        assert curve.y.max() >= part.max()
        assert (np.diff(curve.x) >= 0).all()
        assert curve.x[0] > first - curve.step
        assert curve.x[-1] < end + curve.step
        assert {float(v) for v in curve.y} <= {float(v) for v in data}
    else:
        assert curve.x.size == 0


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"expected a 1-D array, not one of shape \(2, 2\)"):
        reduce_line(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="expected at least 1 column, not 0"):
        reduce_line(np.zeros(2), columns=0)
    for dtype in ("c8", "S4", "M8[s]", [("a", "i2")]):
        for size in (1, 5000):
            with pytest.raises(ValueError, match="reduce_line expected booleans, integers or floats, not "):
                reduce_line(np.zeros(size, dtype), columns=10)


@pytest.mark.skipif(np.dtype("g").itemsize == 8, reason="this computer has no longer floats")
@pytest.mark.parametrize("size", [1, 5000])
def test_longer_floats_than_a_page_has_are_gaps(size):
    data = np.full(size, np.finfo("g").max)
    data[0] = 3
    curve = reduce_line(data, columns=10)
    assert curve.y[0] == 3
    assert np.isnan(curve.y[2:]).all()
    assert curve.gaps == (size > 1)


def test_components():
    assert [name for name, _ in components(np.zeros(2, "c8"))] == ["real", "imaginary"]
    mixed = np.zeros(2, [("a", "i2"), ("name", "U3"), ("b", ">f4"), ("v", "f4", (2,))])
    assert [name for name, _ in components(mixed)] == ["a", "b"]
    assert components(np.array(["x"])) == []
    assert components(np.zeros(2, "M8[s]")) == []
    array = np.zeros(4, "c16")
    assert all(np.shares_memory(part, array) for _, part in components(array))


def test_reducing_copies_no_array():
    """A read-only array that is only lent: a write would raise, and a copy would be seen by the allocator's count."""
    import tracemalloc

    data = np.zeros(4_000_000, "f4")
    data.flags.writeable = False
    reduce_line(data)
    tracemalloc.start()
    try:
        reduce_line(data)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < data.nbytes / 20


def test_limits_have_air_and_do_not_tremble():
    low, high = limits(np.array([0.0, 10.0]))
    assert -1 < low < 0
    assert 10 < high < 11
    assert limits(np.array([0.0, 9.5]), (low, high)) == (low, high)
    assert limits(np.array([0.0, 12.0]), (low, high))[1] > 12
    assert limits(np.array([0.0, 3.0]), (low, high))[1] < 4
    assert limits(np.array([np.nan])) == (0.0, 1.0)
    assert limits(np.array([np.nan]), (2.0, 3.0)) == (2.0, 3.0)
    assert limits(np.array([5.0, 5.0]))[0] < 5 < limits(np.array([5.0, 5.0]))[1]
    huge = limits(np.array([-1.7e308, 1.7e308]))
    assert np.isfinite(huge).all()
    assert huge[0] < huge[1]
