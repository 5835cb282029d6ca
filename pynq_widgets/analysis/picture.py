"""A picture of an array at no more pixels than a screen shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .curve import Array, Floats, plain


def reduce_picture(array: Array, rows: tuple[int, int], columns: tuple[int, int], height: int, width: int) -> Floats | Array:
    """A part of a 2-D (or rows x columns x channels) array at no more than `height` x `width` pixels.

    Each pixel is the mean of at most 3 x 3 samples spread over the elements it stands for, so the cost depends on the answer's size
    and not on the array's. Complex values become magnitudes. Where nothing is reduced the elements come as they are.
    """
    if array.ndim not in (2, 3):
        raise ValueError(f"reduce_picture expected a 2-D array (or rows x columns x channels), not one of shape {array.shape}")
    part = plain(array)[rows[0] : rows[1], columns[0] : columns[1]]
    down, across = max(1, -(-part.shape[0] // height)), max(1, -(-part.shape[1] // width))
    if down == across == 1:
        return np.abs(part) if part.dtype.kind == "c" else part
    tall, wide = -(-part.shape[0] // down), -(-part.shape[1] // across)
    small = part.dtype.itemsize <= 2 and part.dtype.kind in "biu"
    total: Any = np.zeros((tall, wide, *part.shape[2:]), np.float32 if small else np.float64)
    row_counts, column_counts = np.zeros(tall, total.dtype), np.zeros(wide, total.dtype)
    for first_row in _spread(down):
        row_counts[: len(range(first_row, part.shape[0], down))] += 1
        for first_column in _spread(across):
            sample = part[first_row::down, first_column::across]
            total[: sample.shape[0], : sample.shape[1]] += np.abs(sample) if sample.dtype.kind == "c" else sample
    for first_column in _spread(across):
        column_counts[: len(range(first_column, part.shape[1], across))] += 1
    counts = row_counts[:, None] * column_counts
    answer: Floats = total / counts.reshape(counts.shape + (1,) * (total.ndim - 2))
    return answer


def _spread(step: int) -> list[int]:
    """Up to three places spread over a step; the first is its beginning, which even the narrowest last step has."""
    count = min(step, 3)
    return [i * step // count for i in range(count)]
