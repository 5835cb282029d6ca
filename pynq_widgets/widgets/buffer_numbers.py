"""Statistics of what a buffer view shows, in its units."""

from __future__ import annotations

from dataclasses import replace

from pynq_widgets.analysis.statistics import Statistics, statistics

from .buffer_source import Source


def numbers(source: Source, window: tuple[int, int] | None, scale: float) -> list[tuple[str, Statistics]]:
    """Statistics of each line, of the samples of `window` (None: all)."""
    part = slice(None) if window is None else slice(*window)
    return [(each.name, in_units(statistics(each.data[part]), scale)) for each in source.parts]


def in_units(numbers: Statistics, scale: float) -> Statistics:
    """The same with every number times `scale`."""
    if scale == 1.0 or numbers.least is None or numbers.greatest is None:
        return numbers
    low, high = sorted((numbers.least * scale, numbers.greatest * scale))
    mean, rms, deviation = (None if value is None else float(value) for value in (numbers.mean, numbers.rms, numbers.deviation))
    return replace(
        numbers,
        least=low,
        greatest=high,
        mean=None if mean is None else mean * scale,
        rms=None if rms is None else rms * abs(scale),
        deviation=None if deviation is None else deviation * abs(scale),
    )
