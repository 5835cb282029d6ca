"""The arithmetic of the picture filter, bit by bit, and how real weights are brought to it. No hardware here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOWEST, HIGHEST = -128, 127
MAX_SHIFT = 31

Bytes = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.int8]

# Weights and offset by name.
KERNELS: dict[str, tuple[list[list[float]], int]] = {
    "identity": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 0),
    "blur": ([[1 / 16, 2 / 16, 1 / 16], [2 / 16, 4 / 16, 2 / 16], [1 / 16, 2 / 16, 1 / 16]], 0),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 0),
    "edges": ([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], 0),
    "emboss": ([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], 128),
    "negative": ([[0, 0, 0], [0, -1, 0], [0, 0, 0]], 255),
}


def filtered(picture: Bytes, kernel: Weights, channels: int, shift: int, offset: int) -> Bytes:
    """What the core makes of a picture: ``picture`` is rows × bytes of a line, ``channels`` of these a pixel, ``kernel`` 3 × 3."""
    rows, line = picture.shape
    if not rows or not line:
        return np.zeros((rows, line), np.uint8)
    if not shift and not offset and kernel[1, 1] == 1 and np.count_nonzero(kernel) == 1:
        return np.array(picture)  # most pictures pass as they are
    step = max(1, channels)
    padded = np.empty((rows + 2, line + 2 * step), np.uint8)
    padded[1:-1, step:-step] = picture
    padded[0], padded[-1] = padded[1], padded[-2]
    first, last = picture[:, :step], picture[:, -step:]
    padded[1:-1, : first.shape[1]], padded[1:-1, line + step : line + step + last.shape[1]] = first, last
    padded[0, :step], padded[0, -step:] = padded[1, :step], padded[1, -step:]
    padded[-1, :step], padded[-1, -step:] = padded[-2, :step], padded[-2, -step:]
    # Sums are within ±9 × 128 × 255, too much for 16 bits only where the weights add up to more than 128.
    wide = int(np.abs(kernel.astype(np.int32)).sum()) > 128
    total = np.zeros((rows, line), np.int32 if wide else np.int16)
    for y in range(3):
        for x in range(3):
            weight = int(kernel[y, x])
            if weight:
                part = padded[y : y + rows, x * step : x * step + line]
                total += part if weight == 1 else part * total.dtype.type(weight)
    total >>= min(shift, 8 * total.itemsize - 1)
    if offset:
        total += total.dtype.type(offset)
    result: Bytes = np.clip(total, 0, 255).astype(np.uint8)
    return result


def quantized(weights: npt.ArrayLike) -> tuple[Weights, int]:
    """Real weights as the core takes them: integers of 8 bits and the shift that undoes their scale, the largest that fits.

    Raises ValueError for other than 3 × 3 finite numbers from -128 to 127.
    """
    real = np.asarray(weights, dtype=np.float64)
    if real.shape != (3, 3):
        raise ValueError(f"a kernel has 3 rows of 3 weights, not shape {real.shape}")
    if not np.isfinite(real).all() or real.min() < LOWEST or real.max() > HIGHEST:
        raise ValueError(f"weights are finite numbers from {LOWEST} to {HIGHEST}, not {real.tolist()}")
    best = 0
    for shift in range(1, 8):
        scaled = np.rint(real * (1 << shift))
        if scaled.min() < LOWEST or scaled.max() > HIGHEST:
            break
        if np.abs(scaled / (1 << shift) - real).max() < np.abs(np.rint(real * (1 << best)) / (1 << best) - real).max():
            best = shift
    return np.rint(real * (1 << best)).astype(np.int8), best


def packed(kernel: Weights) -> list[int]:
    """The words of the kernel's memory: four weights each, row by row, the first lowest, zeros after the last."""
    padded = np.zeros(12, np.int8)
    padded[:9] = kernel.reshape(9)
    words: list[int] = padded.view("<u4").tolist()
    return words


def unpacked(words: list[int]) -> Weights:
    """The 3 × 3 weights that the words hold; the inverse of `packed`."""
    return np.asarray(words, dtype="<u4").view(np.int8)[:9].reshape(3, 3)
