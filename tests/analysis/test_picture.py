"""Pictures reduced to the pixels of a screen."""

from __future__ import annotations

import numpy as np
import pytest

from pynq_widgets.analysis.picture import reduce_picture


@pytest.mark.parametrize("shape", [(640, 480), (641, 481), (7, 1000), (1000, 1, 3), (97, 61, 4)])
def test_picture_is_small_and_true_to_constants_and_ramps(shape):
    flat = np.full(shape, 77, "u1")
    part = reduce_picture(flat, (0, shape[0]), (0, shape[1]), 50, 40)
    assert part.shape[0] <= 50
    assert part.shape[1] <= 40
    assert part.shape[2:] == shape[2:]
    assert (part == 77).all()
    ramp = np.broadcast_to(np.arange(shape[0], dtype="f8").reshape(-1, *[1] * (len(shape) - 1)), shape)
    small = reduce_picture(ramp, (0, shape[0]), (0, shape[1]), 50, 40)
    assert (np.diff(small[:, 0].reshape(small.shape[0], -1)[:, 0]) > 0).all()


def test_picture_of_a_part_shows_its_elements():
    array = np.arange(10_000).reshape(100, 100)
    assert reduce_picture(array, (10, 14), (20, 23), 50, 50).tolist() == array[10:14, 20:23].tolist()
    assert reduce_picture(np.array([[3 + 4j]]), (0, 1), (0, 1), 5, 5).tolist() == [[5.0]]


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"expected a 2-D array .* not one of shape \(3,\)"):
        reduce_picture(np.zeros(3), (0, 1), (0, 1), 1, 1)
