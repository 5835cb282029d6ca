"""What an oscilloscope measures of a line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.statistics import statistics
from pynq_widgets.analysis.trigger import Trigger
from pynq_widgets.analysis.units import engineering

from .scope_trigger import crossing


@dataclass(frozen=True)
class Measured:
    """Of one line, in units: least and greatest, their distance, mean, root mean square; `frequency` (hertz, or cycles a sample) of what
    repeats in it, None where nothing does."""

    name: str
    least: float
    greatest: float
    mean: float
    rms: float
    frequency: float | None

    @property
    def peak_to_peak(self) -> float:
        """Greatest less least."""
        return self.greatest - self.least

    def text(self, unit: str, timed: bool) -> list[list[str]]:
        """Names and values, for the page."""
        told = [
            [name, engineering(value, unit) if unit else f"{value:.5g}"]
            for name, value in (
                ("least", self.least),
                ("greatest", self.greatest),
                ("p-p", self.peak_to_peak),
                ("mean", self.mean),
                ("rms", self.rms),
            )
        ]
        if self.frequency is not None:
            told.append(["frequency", engineering(self.frequency, "Hz") if timed else f"{self.frequency:.4g} /sample"])
        return told


def measure(name: str, data: Array, scale: float = 1.0, rate: float | None = None) -> Measured | None:
    """The numbers of a line; None where it has none that is finite."""
    found = statistics(data)
    if found.least is None or found.greatest is None or found.mean is None or found.rms is None:
        return None
    low, high = sorted((float(found.least) * scale, float(found.greatest) * scale))
    return Measured(
        name, low, high, float(found.mean) * scale, float(found.rms) * abs(scale), frequency(data, found.least, found.greatest, rate)
    )


def frequency(data: Array, least: float, greatest: float, rate: float | None = None) -> float | None:
    """How often the line goes up through its middle, from the first such place to the last; None where there are not two."""
    span = float(greatest) - float(least)
    if not (math.isfinite(span) and span > 0):
        return None
    level = float(least) + span / 2
    edges = Trigger(level, hysteresis=span / 8).all(data)
    if edges.size < 2:
        return None
    first, last = (crossing(data, int(at), level) for at in (edges[0], edges[-1]))
    return (edges.size - 1) / (last - first) * (rate or 1.0) if last > first else None
