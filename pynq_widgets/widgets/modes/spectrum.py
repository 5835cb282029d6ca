"""How strong each frequency is in the visible part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Array, Curve, limits, reduce_line
from pynq_widgets.analysis.spectrum import spectrum
from pynq_widgets.analysis.windows import WINDOWS
from pynq_widgets.widgets.buffer_source import Source

from .base import Mode, colour
from .scene import PlotDrawing, Scene
from .settings import Choice, Flag, Number, Setting

SIZES = ("auto", 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
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
        unit, resolution = "", 0.0
        for name, data in self._lines(scene):
            found = spectrum(data, scene.rate or 1.0, size=size, window=settings.window, averages=settings.averages, db=settings.db)
            level = found.level
            if scene.scale != 1.0:
                # Of an integer's full scale it does not matter what that stands for.
                shift = 20 * np.log10(abs(scene.scale)) if found.unit == "dB" else 0.0
                level = level + shift if settings.db else level * abs(scene.scale)
            unit, resolution = found.unit, found.resolution
            shown = _reduced(found.frequency, level, scene.columns)
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
        x = Axis("frequency", "Hz" if scene.rate else "1/sample", float(curves[0].x[0]), float(curves[0].x[-1]))
        each = f"{resolution:.4g} {'Hz' if scene.rate else 'of the sample rate'} between points"
        return PlotDrawing(
            layers,
            x,
            Axis("level", unit if settings.db or not scene.unit else scene.unit, low, high),
            [each],
            labels if len(labels) > 1 else [],
            curves,
            False,
            numbers,
        )

    def _lines(self, scene: Scene) -> list[tuple[str, Array]]:
        both = scene.complex_seen()
        if both is not None:
            found = [("", both)]
            other = scene.other
            if other is not None and other.array.dtype.kind == "c" and other.array.ndim == 1:
                found = [(scene.compared[0], both), (scene.compared[1], other.array[slice(*scene.window)])]
            return found
        this, that = scene.compared
        found = [(f"{this} {part.name}".strip(), scene.seen(i)) for i, part in enumerate(scene.source.parts)]
        if scene.other is not None:
            found += [(f"{that} {part.name}".rstrip(), part.data[slice(*scene.window)]) for part in scene.other.parts]
        return [(name, data) for name, data in found if data.size > 1]


def _reduced(x: Array, y: Array, columns: int) -> Curve:
    """At most two points a column: the least and the greatest, so that no line of a spectrum is lost."""
    curve = reduce_line(y, 0, None, columns)
    return Curve(np.interp(curve.x, np.arange(x.size), x), curve.y, curve.step, curve.gaps)
