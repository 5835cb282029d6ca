"""Statistics of what a buffer view shows, in its units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.statistics import Statistics, statistics

from .buffer_source import Source

_MOST, _STRETCH = 1 << 22, 1 << 14  # samples


def comparable(source: Source, other: Source, difference: bool) -> str:
    """Why `other` cannot be laid over `source`, or taken from it; empty where it can."""
    if not other.parts:
        return f"compare expected numbers, not elements of type {other.array.dtype}"
    if difference and len(source.parts) != len(other.parts):
        this, that = (", ".join(part.name or "one line" for part in each.parts) for each in (source, other))
        return f"a difference takes the same lines of both: there are {this} of {source.array.dtype}, and {that} of {other.array.dtype}"
    return ""


def numbers(source: Source, window: tuple[int, int] | None, scale: float, less: Source | None = None) -> list[tuple[str, Statistics]]:
    """Statistics of each line, of the samples of `window` (None: all); `less` another source: of the differences from its lines."""
    part = slice(None) if window is None else slice(*window)
    if less is None:
        return [(each.name, in_units(_of_line(source, index, part), scale)) for index, each in enumerate(source.parts)]
    return [
        (f"difference {each.name}".rstrip(), in_units(_of_difference(each.data[part], other.data[part]), scale))
        for each, other in zip(source.parts, less.parts, strict=False)
    ]


def _of_line(source: Source, index: int, part: slice) -> Statistics:
    """Of line `index`: the extremes of all samples, whatever the rest is estimated from."""
    data = source.parts[index].data
    found = statistics(data[part])
    if found.complete:
        return found
    extremes = source.extremes(index, *part.indices(data.size)[:2])
    return found if extremes is None else replace(found, least=extremes[0], greatest=extremes[1])


def _of_difference(a: Array, b: Array) -> Statistics:
    """Of ``a - b``; of more samples than `_MOST`, of stretches that are spread over all."""
    of = min(a.size, b.size)
    if of <= _MOST:
        return statistics(np.subtract(a[:of], b[:of], dtype=np.float64, casting="unsafe"))
    starts = np.linspace(0, of - _STRETCH, _MOST // _STRETCH).astype(int)
    parts = [np.subtract(a[at : at + _STRETCH], b[at : at + _STRETCH], dtype=np.float64, casting="unsafe") for at in starts]
    return replace(statistics(np.concatenate(parts)), of=of)


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
