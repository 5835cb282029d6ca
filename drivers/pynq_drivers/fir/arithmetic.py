"""The arithmetic of the FIR core, bit by bit, and how real numbers are brought to it. No hardware here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MAX_TAPS = 32
MAX_SHIFT = 31
LOWEST, HIGHEST = -(1 << 15), (1 << 15) - 1

Samples = npt.NDArray[np.int16]


def filtered(samples: npt.ArrayLike, coefficients: npt.ArrayLike, shift: int) -> tuple[Samples, int]:
    """What the core makes of one packet, and how many samples it clipped.

    ``samples`` and ``coefficients`` are 16-bit integers in one dimension (no coefficients make zeros); ``shift`` is 0 to 31.
    The sum is exact (36 bits at most), the shift rounds towards minus infinity.
    """
    x, c = np.asarray(samples, dtype=np.int64), np.asarray(coefficients, dtype=np.int64)
    if not len(x) or not len(c):
        return np.zeros(len(x), dtype=np.int16), 0
    exact = np.convolve(x, c)[: len(x)] >> shift
    clipped = int(np.count_nonzero((exact < LOWEST) | (exact > HIGHEST)))
    return np.clip(exact, LOWEST, HIGHEST).astype(np.int16), clipped


def quantized(coefficients: npt.ArrayLike) -> tuple[Samples, int]:
    """Real coefficients as the core takes them: integers of 16 bits and the shift that undoes their scale.

    The scale is the largest power of two, up to 2**15, with which all of them fit.
    Raises ValueError for other than 1 to 32 coefficients in one dimension, or ones that are not finite or not in [-32768, 32767].
    """
    real = np.asarray(coefficients, dtype=np.float64)
    if real.ndim != 1 or not 1 <= len(real) <= MAX_TAPS:
        raise ValueError(f"expected 1 to {MAX_TAPS} coefficients in one dimension, not shape {real.shape}")
    finite = np.isfinite(real)
    if not finite.all():
        raise ValueError(f"coefficients are finite numbers, but number {int(np.argmin(finite))} is {real[~finite][0]}")
    for shift in range(15, -1, -1):
        scaled = np.rint(real * (1 << shift))
        if np.min(scaled) >= LOWEST and np.max(scaled) <= HIGHEST:
            return scaled.astype(np.int16), shift
    raise ValueError(f"coefficients are in {LOWEST} to {HIGHEST}, but they go from {np.min(real):g} to {np.max(real):g}")


def low_pass(cutoff: float, taps: int = MAX_TAPS - 1) -> npt.NDArray[np.float64]:
    """The coefficients of a low pass: a sinc under a Hamming window, with a gain of 1 at frequency 0.

    ``cutoff`` is the frequency of half the amplitude as a fraction of the sample rate, between 0 and 0.5; ``taps`` is 1 to 32.
    """
    if not 0 < cutoff < 0.5:
        raise ValueError(f"cutoff is a fraction of the sample rate between 0 and 0.5, not {cutoff!r}")
    if not 1 <= taps <= MAX_TAPS:
        raise ValueError(f"the core has room for 1 to {MAX_TAPS} taps, not {taps!r}")
    position = np.arange(taps) - (taps - 1) / 2
    ideal = np.sinc(2 * cutoff * position) * np.hamming(taps)
    total: float = ideal.sum()
    return np.asarray(ideal / total, dtype=np.float64)


def packed(coefficients: Samples) -> list[int]:
    """The words of the coefficient memory: two coefficients each, the first in the lower half, zeros after the last."""
    padded = np.zeros(MAX_TAPS, dtype="<i2")
    padded[: len(coefficients)] = coefficients
    words: list[int] = padded.view("<u4").tolist()
    return words


def unpacked(words: list[int]) -> Samples:
    """The 32 coefficients that the words of the coefficient memory hold; the inverse of `packed`."""
    return np.asarray(words, dtype="<u4").view("<i2").astype(np.int16)
