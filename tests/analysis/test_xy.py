"""Points and densities against taking one point after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.analysis.blocks import BLOCK
from pynq_widgets.analysis.xy import density, xy

from .drawn import lines


@given(lines(most=300), lines(most=300), st.integers(1, 100))
def test_points_are_points_of_the_data(x, y, most):
    a, b = xy(x, y, most)
    count = min(x.size, y.size)
    pairs = [(float(p), float(q)) for p, q in zip(x[:count], y[:count], strict=True)]
    good = [pair for pair in pairs if np.isfinite(pair).all()]
    found = list(zip(a.tolist(), b.tolist(), strict=True))
    assert len(found) <= most
    if count <= most:
        assert found == good
    else:
        assert set(found) <= set(good)
    again = xy(x, y, most)
    assert a.tolist() == again[0].tolist()


def test_a_periodic_signal_is_not_shown_as_one_point():
    phase = np.arange(1_000_000) % 250
    a, _ = xy(phase, phase, 4000)
    assert np.unique(a).size == 250


@given(lines(["i2", "f4", ">f8"], 200), lines(["u1", "<f2", "f8"], 200), st.integers(1, 9), st.integers(1, 9))
def test_every_point_falls_on_a_pixel(x, y, height, width):
    counts, extent = density(x, y, height, width)
    count = min(x.size, y.size)
    good = np.isfinite(x[:count].astype("f8")) & np.isfinite(y[:count].astype("f8"))
    assert counts.shape == (height, width)
    assert counts.sum() == np.count_nonzero(good)
    assert extent[0] < extent[1]
    assert extent[2] < extent[3]
    assert np.isfinite(extent).all()


def test_places_on_the_picture():
    counts, extent = density(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 1]), 2, 3)
    assert extent == (0, 2, 0, 1)
    assert counts.tolist() == [[0, 0, 2], [1, 1, 0]]
    counts, _ = density(np.array([0, 1, 2, 9]), np.array([0, 0, 1, 1]), 1, 1, (0.5, 3, -5, 5))
    assert counts.tolist() == [[2]]
    reference = np.random.default_rng(1).normal(size=(2, 5000))
    counts, _ = density(*reference, 20, 30, (-2, 2, -1, 1))
    expected = np.histogram2d(reference[1], reference[0], (20, 30), ((-1, 1), (-2, 2)))[0][::-1]
    assert np.abs(counts - expected).sum() <= 4  # on the very edges


def test_of_many_points_a_part_is_counted():
    data = np.zeros(100 * BLOCK, "u1")
    assert density(data, data, 4, 4, most=5 * BLOCK)[0].sum() == 5 * BLOCK


def test_nothing_and_one():
    assert [part.size for part in xy(np.empty(0), np.empty(0))] == [0, 0]
    assert density(np.empty(0), np.empty(0), 2, 2)[1] == (0, 1, 0, 1)
    counts, extent = density(np.array([1e300]), np.array([3]), 3, 3)
    assert counts.sum() == 1
    assert extent[2:] == (2.5, 3.5)


def test_wrong_arguments_are_named():
    data = np.zeros(3)
    with pytest.raises(ValueError, match="xy expected at least 1 point, not 0"):
        xy(data, data, 0)
    with pytest.raises(ValueError, match="density expected at least 1 x 1 pixels, not 0 x 2"):
        density(data, data, 0, 2)
    with pytest.raises(ValueError, match="xy expected booleans, integers or floats, not complex128"):
        xy(data.astype(complex), data)
