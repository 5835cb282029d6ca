"""What sines a signal is made of: averaged amplitude spectra (Welch's method) of as little of the data as tells enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .blocks import native
from .curve import Array, Floats, plain
from .windows import WINDOWS as WINDOWS
from .windows import check_window, coherent_gain, noise_bandwidth, window

LARGEST = 1 << 24  # samples of one transform
_FLOOR = 1e-16  # of the largest line: below it double precision tells nothing


@dataclass(frozen=True)
class Spectrum:
    """`level` at each `frequency` (ascending; hertz where the rate is samples a second, else cycles a sample).

    A sine of amplitude A (its peak) on a line shows A, real or complex. In decibels `unit` is `'dBFS'` for integers (0 dB: a sine that
    fills the type) and `'dB'` (of 1) for floats; else it is `''`, the data's own. `resolution` is the distance of the lines, `bandwidth`
    the noise bandwidth of each. `averages` segments were looked at; those with a NaN or an infinity, `left_out` of them, do not count.
    """

    frequency: Floats
    level: Floats
    unit: str
    resolution: float
    bandwidth: float
    averages: int
    left_out: int


def spectrum(
    data: Array,
    rate: float = 1.0,
    *,
    size: int | None = None,
    window: str = "hann",
    averages: int = 8,
    db: bool = True,
    quadrature: Array | None = None,
) -> Spectrum:
    """The spectrum of the 1-D `data`, of any real or complex type; `quadrature` is the imaginary part where both are arrays of their own.

    Segments of `size` samples (default: the whole of short data, else a power of two), overlapping by half, are weighted with `window` (a
    key of `WINDOWS`) and their powers averaged. No more than `averages` are taken, spread over the data, however long it is. Real data has
    a one-sided spectrum, complex data a two-sided one from -rate/2. Raises ``ValueError`` for what it cannot take.
    """
    signal = Signal(data, quadrature, "spectrum")
    check(rate, size, averages, window)
    size = segment_size(signal.size, size, averages)
    starts = segment_starts(signal.size, size, averages)
    power = np.zeros(signal.lines(size))
    used = 0
    exponent = None
    for start in starts:
        values, scale = signal.segment(start, start + size)
        if values is None:
            continue
        exponent = scale if exponent is None else exponent
        part = signal.amplitudes(values, window)
        if scale != exponent:
            common = max(scale, exponent)
            power = np.ldexp(power, 2 * (exponent - common))
            part = np.ldexp(part, scale - common)
            exponent = common
        power += part * part
        used += 1
    level = np.sqrt(power / used) if used else np.full(power.size, np.nan)
    return Spectrum(
        signal.frequencies(size, rate),
        signal.scaled(level, exponent or 0, db),
        signal.unit if db else "",
        rate / size if size else 0.0,
        noise_bandwidth(window, size) * rate / size if size else 0.0,
        used,
        len(starts) - used,
    )


class Signal:
    """A real or complex 1-D signal, of which segments are taken, transformed and scaled."""

    def __init__(self, data: Array, quadrature: Array | None, who: str) -> None:
        self.parts = [plain(np.asarray(data))] if quadrature is None else [plain(np.asarray(data)), plain(np.asarray(quadrature))]
        for part in self.parts:
            if part.dtype.kind not in ("biufc" if quadrature is None else "biuf"):
                raise ValueError(f"{who} expected numbers, not {part.dtype}")
            if part.ndim != 1:
                raise ValueError(f"{who} expected a 1-D array, not one of shape {part.shape}")
        self.size = min(part.size for part in self.parts)
        first = self.parts[0].dtype
        self.complex = first.kind == "c" or quadrature is not None
        whole = first.kind in "iu"
        self.full_scale = 2.0 ** (8 * first.itemsize - 1) if whole else 1.0
        self.unit = "dBFS" if whole else "dB"

    def lines(self, size: int) -> int:
        return size if self.complex else size // 2 + 1 if size else 0

    def frequencies(self, size: int, rate: float) -> Floats:
        if self.complex:
            return np.arange(-(size // 2), size - size // 2, dtype=np.float64) * (rate / max(size, 1))
        return np.arange(self.lines(size), dtype=np.float64) * (rate / max(size, 1))

    def segment(self, start: int, stop: int) -> tuple[Any, int]:
        """A copy of some samples, divided by 2 to an exponent that brings the largest below 1, and that exponent; None where a sample is
        no number."""
        parts = [native(part[start:stop]) for part in self.parts]
        if self.complex and len(parts) == 1:
            parts = [parts[0].real, parts[0].imag]
        numbers = [part.astype(np.float64) for part in parts]
        largest = max((float(np.abs(part).max()) for part in numbers), default=0.0)
        if not math.isfinite(largest):
            return None, 0
        exponent = math.frexp(largest)[1]
        numbers = [np.ldexp(part, -exponent) for part in numbers]
        if not self.complex:
            return numbers[0], exponent
        values = np.empty(numbers[0].size, np.complex128)
        values.real, values.imag = numbers
        return values, exponent

    def amplitudes(self, values: Any, window_name: str) -> Floats:
        """Amplitudes of the sines in a segment (or in each row of several)."""
        size = values.shape[-1]
        weighted = values * window(window_name, size)
        gain = size * coherent_gain(window_name, size)
        lines: Floats = np.abs(np.fft.fftshift(np.fft.fft(weighted), axes=-1) if self.complex else np.fft.rfft(weighted)) / gain
        if self.complex:
            return lines
        lines[..., 1 : (size + 1) // 2] *= 2  # the other half of each is at the negative frequency; zero and half the rate have none
        return lines

    def scaled(self, level: Floats, exponent: int, db: bool) -> Floats:
        """Levels in units of 2 to the `exponent`, as they are shown."""
        with np.errstate(over="ignore"):
            if not db:
                return np.ldexp(level, exponent)
        known = level[np.isfinite(level)]
        largest = float(known.max()) if known.size else 0.0
        shift = 20 * math.log10(2) * exponent - 20 * math.log10(self.full_scale)
        if largest == 0:
            return np.where(np.isfinite(level), 20 * math.log10(_FLOOR), np.nan)
        return 20 * np.log10(np.maximum(level, largest * _FLOOR)) + shift


def check(rate: float, size: int | None, averages: int, window_name: str) -> None:
    """Raise ``ValueError`` for arguments that mean nothing."""
    check_window(window_name)
    if not (rate > 0 and math.isfinite(rate)):
        raise ValueError(f"a sample rate is a number above 0, not {rate}")
    if size is not None and not 1 <= size <= LARGEST:
        raise ValueError(f"a segment has 1 to {LARGEST} samples, not {size}")
    if averages < 1:
        raise ValueError(f"at least 1 segment is needed, not {averages}")


def segment_size(count: int, size: int | None, averages: int) -> int:
    """Samples a segment: what was asked for, as far as there is so much data, or a good choice."""
    if size is not None:
        return min(size, count)
    if count <= 1024:
        return count
    fitting = max(2 * count // (averages + 1), 1)
    return min(max(1 << fitting.bit_length() - 1, 1024), 16384)


def segment_starts(count: int, size: int, most: int) -> list[int]:
    """Where segments begin: every half segment, or `most` of them spread from the first sample to the last."""
    if size == 0:
        return []
    hop = max(size // 2, 1)
    number = (count - size) // hop + 1
    if number <= most:
        return [i * hop for i in range(number)]
    return [i * (count - size) // (most - 1) for i in range(most)] if most > 1 else [(count - size) // 2]
