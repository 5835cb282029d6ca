"""The arithmetic of the picture filter, against the sum written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_drivers.picture_filter import arithmetic


def plainly(picture: np.ndarray, kernel: np.ndarray, channels: int, shift: int, offset: int) -> np.ndarray:
    rows, line = picture.shape
    columns = line // channels
    result = np.zeros_like(picture)
    for y in range(rows):
        for x in range(columns):
            for c in range(channels):
                total = 0
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        at = min(max(y + dy, 0), rows - 1), min(max(x + dx, 0), columns - 1) * channels + c
                        total += int(kernel[dy + 1, dx + 1]) * int(picture[at])
                result[y, x * channels + c] = min(max((total >> shift) + offset, 0), 255)
    return result


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_each_byte_is_the_weighted_sum_around_it(data: st.DataObject) -> None:
    channels = data.draw(st.sampled_from([1, 3, 4]))
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (rows, columns * channels), dtype=np.uint8)
    kernel = random.integers(-128, 128, (3, 3)).astype(np.int8)
    if data.draw(st.booleans()):
        kernel //= 16
    shift, offset = data.draw(st.integers(0, 31)), data.draw(st.integers(-256, 255))
    expected = plainly(picture, kernel, channels, shift, offset)
    assert np.array_equal(arithmetic.filtered(picture, kernel, channels, shift, offset), expected)


@pytest.mark.parametrize("name", arithmetic.KERNELS)
def test_known_kernels_are_held_exactly(name: str) -> None:
    weights, offset = arithmetic.KERNELS[name]
    integers, shift = arithmetic.quantized(weights)
    assert np.array_equal(integers / (1 << shift), np.array(weights))
    assert -256 <= offset <= 255
    assert np.array_equal(arithmetic.unpacked(arithmetic.packed(integers)), integers)


@pytest.mark.parametrize(
    ("weights", "message"),
    [([1, 2], "a kernel has 3 rows of 3 weights, not shape"), (np.full((3, 3), 128.0), "weights are finite numbers from -128 to 127")],
)
def test_weights_that_cannot_be(weights: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arithmetic.quantized(weights)  # type: ignore[arg-type]
