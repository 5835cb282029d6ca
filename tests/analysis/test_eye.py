"""Overlaid frames: each sample where it falls in its period."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.analysis.eye import overlaid

from .drawn import lines


@given(lines(most=400), st.floats(1, 500), st.floats(-100, 500), st.integers(1, 30))
def test_each_sample_lies_where_it_falls(data, period, offset, most):
    frames = overlaid(data, period, offset, most)
    assert frames.x.shape == frames.y.shape
    assert frames.number.size == frames.x.shape[0] == min(frames.of, most)
    assert (np.diff(frames.number) > 0).all()
    begin = offset
    while begin < -1e-9 * period:
        begin += period
    for row, number in enumerate(frames.number.tolist()):
        there = np.isfinite(frames.x[row])
        x, y = frames.x[row][there], frames.y[row][there]
        at = x + begin + number * period
        assert np.abs(at - np.rint(at)).max(initial=0) < 1e-6
        expected = data[np.rint(at).astype(int)].astype("f8")
        expected[~np.isfinite(expected)] = np.nan
        assert np.array_equal(y, expected, equal_nan=True)
        assert ((x >= 0) & (x <= period)).all()


@pytest.mark.parametrize("offset", [0.0, -5e-324, -1e-12])
def test_an_offset_that_is_nothing_but_rounding_loses_no_frame(offset):
    assert overlaid(np.arange(7), 2.0, offset).y.tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]


def test_a_period_of_parts_of_samples_makes_one_curve():
    period = 33.3
    data = np.sin(2 * np.pi * np.arange(10_000) / period)
    frames = overlaid(data, period, most=1000)
    assert frames.of == 300
    there = np.isfinite(frames.x)
    assert frames.y[there] == pytest.approx(np.sin(2 * np.pi * frames.x[there] / period), abs=1e-9)
    assert np.unique(np.round(frames.x[there], 3)).size > 300


def test_frames_are_spread_over_the_data():
    frames = overlaid(np.arange(1_000_000), 100, most=5)
    assert frames.number.tolist() == [0, 2499, 4999, 7498, 9998] or frames.number[-1] == frames.of - 1
    assert frames.y[0].tolist() == list(range(101))


def test_long_frames_are_reduced():
    data = np.zeros(1_000_000, "i2")
    data[123_456] = 9
    frames = overlaid(data, 250_000, most=10)
    assert frames.y.shape[1] <= 1010
    assert frames.y.max() == 9
    assert overlaid(data, 250_000).y.shape[0] == 3 + (frames.of == 4)


def test_less_than_a_frame():
    frames = overlaid(np.array([1.0, np.inf, 3.0]), 10)
    assert frames.of == 1
    assert frames.x.tolist() == [[0, 1, 2]]
    assert np.isnan(frames.y[0, 1])
    assert overlaid(np.empty(0), 10).y.shape == (0, 0)
    assert overlaid(np.zeros(5), 10, offset=7).of == 0


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"a period is at least 1 sample, not 0\.5"):
        overlaid(np.zeros(3), 0.5)
    with pytest.raises(ValueError, match="a period is at least 1 sample, not nan"):
        overlaid(np.zeros(3), float("nan"))
    with pytest.raises(ValueError, match="overlaid expected a finite offset and at least 1 frame, not inf and 100"):
        overlaid(np.zeros(3), 2, float("inf"))
