"""Spectra over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .curve import Array, Floats
from .spectrum import Signal, check, segment_starts

SIZE = 512


@dataclass(frozen=True)
class Waterfall:
    """`level`: rows x lines, a spectrum a row, as `Spectrum.level`; NaN in rows where a sample is no number. `time`: the middle of each
    row's samples (seconds where the rate is samples a second); `frequency`: of the lines, ascending. `unit`: of the levels."""

    time: Floats
    frequency: Floats
    level: npt.NDArray[np.float32]
    unit: str


def waterfall(
    data: Array,
    rate: float = 1.0,
    *,
    size: int | None = None,
    rows: int = 256,
    window: str = "hann",
    db: bool = True,
    quadrature: Array | None = None,
) -> Waterfall:
    """At most `rows` spectra of `size` samples each (default 512), earliest first, spread over all of the 1-D `data`.

    Short data is cut into segments that overlap by half. Of long data only `rows` segments are read, so that its length costs nothing.
    The other arguments are those of `spectrum`. Raises ``ValueError`` for what it cannot take.
    """
    signal = Signal(data, quadrature, "waterfall")
    check(rate, size, 1, window)
    if rows < 1:
        raise ValueError(f"waterfall expected at least 1 row, not {rows}")
    size = min(size or SIZE, signal.size)
    starts = segment_starts(signal.size, size, rows)
    level = np.full((len(starts), signal.lines(size)), np.nan, np.float32)
    for row, start in enumerate(starts):
        values, exponent = signal.segment(start, start + size)
        if values is not None:
            with np.errstate(over="ignore", under="ignore"):
                level[row] = signal.scaled(signal.amplitudes(values, window), exponent, db)
    time = (np.array(starts, np.float64) + (size - 1) / 2) / rate if starts else np.empty(0)
    return Waterfall(time, signal.frequencies(size, rate), level, signal.unit if db else "")
