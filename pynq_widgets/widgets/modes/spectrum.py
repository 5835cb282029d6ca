"""How strong each frequency is in the visible part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Array, Curve, limits
from pynq_widgets.analysis.spectrum import spectrum
from pynq_widgets.analysis.units import engineering
from pynq_widgets.analysis.windows import WINDOWS
from pynq_widgets.widgets.buffer_source import Source

from .base import Mode, colour, quadrature_choice
from .scene import PlotDrawing, Scene
from .settings import Choice, Flag, Number, Setting

SIZES = ("auto", 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
_ALL = 4  # lines a column that are all sent
_FLOOR = 160.0  # dB below the strongest that the axis shows at most: what is under it is rounding


class SpectrumMode(Mode):
    """Several transforms, spread over the visible part, averaged. Complex data show both sides."""

    name = "spectrum"
    label = "Spectrum"

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        return (
            Choice("window", tuple(WINDOWS), "hann", "window", "What each stretch is multiplied with before its transform"),
            Number("averages", 1, 256, 8, "averages", "How many transforms are averaged: more, and noise is smoother", whole=True),
            Choice("size", SIZES, "auto", "points", "Samples of each transform: more, and frequencies stand closer", folded=True),
            *quadrature_choice(source),
            Flag("db", True, "dB", "Logarithmic levels"),
        )

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.widgets.plot_layers import Axis, Line

        settings = self.settings
        size = None if settings.size == "auto" else settings.size
        layers: list[Any] = []
        numbers: list[Any] = []
        curves: list[Curve] = []
        labels: list[tuple[str, str]] = []
        lowest, highest = np.inf, -np.inf
        looked = ""
        unit, resolution, ends = "", 0.0, (0.0, 1.0)
        for name, data, quadrature in self._lines(scene):
            found = spectrum(
                data,
                scene.rate or 1.0,
                size=size,
                window=settings.window,
                averages=settings.averages,
                db=settings.db,
                quadrature=quadrature,
            )
            level = found.level
            if scene.scale != 1.0:
                # Of an integer's full scale it does not matter what that stands for.
                shift = 20 * np.log10(abs(scene.scale)) if found.unit == "dB" else 0.0
                level = level + shift if settings.db else level * abs(scene.scale)
            unit, resolution = found.unit, found.resolution
            length = round((scene.rate or 1.0) / found.resolution) if found.resolution else 0
            if length * found.averages < data.size:
                looked = f"{found.averages} transforms of {length:,} samples, spread over {data.size:,}"
            shown = _reduced(found.frequency, level, scene.columns, scene.across)
            ends = float(found.frequency[0]), float(found.frequency[-1])
            curves.append(shown)
            tint = colour(len(layers))
            layers.append(Line(name, shown, "line"))
            labels.append((name, tint))
            numbers += [shown.x, shown.y]
            finite = level[np.isfinite(level)]
            if finite.size:
                lowest, highest = min(lowest, float(finite.min())), max(highest, float(finite.max()))
        if highest < lowest:
            lowest, highest = -1.0, 0.0
        if settings.db:
            lowest = max(lowest, highest - _FLOOR)
        old = scene.limits
        low, high = limits(np.array([lowest, highest]), old)
        x = Axis("frequency", "Hz" if scene.rate else "1/sample", *ends)
        each = f"{engineering(resolution, 'Hz') if scene.rate else f'{resolution:.4g} of the sample rate'} between points"
        return PlotDrawing(
            layers,
            x,
            Axis("level", unit if settings.db or not scene.unit else scene.unit, low, high),
            [each, looked] if looked else [each],
            labels if len(labels) > 1 else [],
            curves,
            False,
            numbers,
        )

    def _lines(self, scene: Scene) -> list[tuple[str, Array, Array | None]]:
        """Name, samples, and the imaginary part where that is an array of its own."""
        this, that = scene.compared
        other = scene.other
        part = slice(*scene.window)
        both = scene.complex_seen()
        if both is not None:
            found: list[tuple[str, Array, Array | None]] = [(this, both, None)]
            if other is not None and other.array.dtype.kind == "c" and other.array.ndim == 1:
                found.append((that, other.array[part], None))
            return found
        if "iq" in set(self.settings) and self.settings.iq:
            found = [(this, scene.seen(0), scene.seen(1))]
            if other is not None and len(other.parts) > 1:
                found.append((that, other.parts[0].data[part], other.parts[1].data[part]))
            return found
        found = [(f"{this} {each.name}".strip(), scene.seen(i), None) for i, each in enumerate(scene.source.parts)]
        if other is not None:
            found += [(f"{that} {each.name}".rstrip(), each.data[part], None) for each in other.parts]
        return [each for each in found if each[1].size > 1]


def _reduced(x: Array, y: Array, columns: int, across: tuple[float, float] | None) -> Curve:
    """The part `across` of a spectrum: each of its lines, or where there are many the least and the greatest of each column, each at its
    own frequency, so that a peak stands where it is."""
    if across is not None:
        first, last = np.searchsorted(x, across)
        part = slice(max(int(first) - 1, 0), int(last) + 1)
        if x[part].size > 1:
            x, y = x[part], y[part]
    step = x.size // columns
    if step <= _ALL:
        return Curve(x, y, 1, bool(np.isnan(y).any()))
    rows = x.size // step
    low, high = (find(y[: rows * step].reshape(rows, step), axis=1) for find in (np.argmin, np.argmax))
    at = (np.arange(rows) * step)[:, None] + np.sort(np.stack([low, high], axis=1), axis=1)
    chosen = np.concatenate([at.reshape(-1), np.arange(rows * step, x.size)])
    return Curve(x[chosen], y[chosen], step, bool(np.isnan(y).any()))
