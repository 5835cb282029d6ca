"""Window functions for spectra: sums of cosines, periodic, as a discrete Fourier transform wants them.

Coefficients: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66 (1978);
the flat top: G. D'Antona, A. Ferrero, "Digital Signal Processing for Measurement Systems" (2006), the one that other tools use too.
"""

from __future__ import annotations

import difflib
from functools import lru_cache

import numpy as np

from .curve import Floats

WINDOWS: dict[str, tuple[float, ...]] = {
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "blackman-harris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flat top": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}


def check_window(name: str) -> str:
    """`name`, or a ``ValueError`` that names near ones."""
    if name not in WINDOWS:
        near = difflib.get_close_matches(str(name), WINDOWS, 1, 0.4)
        hint = f"did you mean {near[0]!r}?" if near else "there are " + ", ".join(map(repr, WINDOWS))
        raise ValueError(f"no window {name!r}; {hint}")
    return name


@lru_cache(maxsize=16)
def window(name: str, size: int) -> Floats:
    """The window `name` of `size` samples, read-only; a single sample is taken whole. Raises ``ValueError`` for an unknown name."""
    phase = 2 * np.pi * np.arange(size) / max(size, 1)
    shape = np.zeros(size)
    for order, weight in enumerate(WINDOWS[check_window(name)]):
        shape += (-1) ** order * weight * np.cos(order * phase)
    if size == 1:
        shape[:] = 1.0
    shape.flags.writeable = False
    return shape


def coherent_gain(name: str, size: int) -> float:
    """What the window does to the amplitude of a sine: its mean."""
    return float(window(name, size).mean()) if size else 1.0


def noise_bandwidth(name: str, size: int) -> float:
    """The window's equivalent noise bandwidth in bins."""
    shape = window(name, size)
    return float(size * np.dot(shape, shape) / shape.sum() ** 2) if size else 1.0
