"""Stretches of one length laid over each other: the eye of a serial signal, or the frames of a repeated one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pynq_widgets.analysis.curve import Curve, Floats, limits
from pynq_widgets.widgets.buffer_source import Source
from pynq_widgets.widgets.plot_layers import COLOURS

from .base import Mode, part_choice, part_index
from .scene import PlotDrawing, Scene
from .settings import Choice, Number, Setting
from .xy import density_drawing

_MOST = 60  # a plot has no more layers than 64
_MOST_DENSE = 400
_ACROSS, _UP = 300, 200  # pixels of a density


class EyeMode(Mode):
    """The visible part in pieces of a period, one over the other."""

    name = "eye"
    label = "Eye, overlaid frames"

    @classmethod
    def refusal(cls, source: Source) -> str:
        return super().refusal(source) or ("" if source.samples >= 4 else "Frames need 4 samples or more.")

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        line = part_choice(source, "line", 0, "of", "Which line of numbers")
        most = max(source.samples // 2, 2)
        period = max(min(64, most), 2)
        return (
            *((line,) if line else ()),
            Number("period", 2, most, period, "period", "Samples of a frame; for an eye two symbols. May be a fraction"),
            Number("offset", 0, max(source.samples - 1, 0), 0, "offset", "Samples before the first frame", folded=True),
            Choice("style", ("lines", "density"), "lines", "as", "Lines, or how often each place is met"),
            Number("most", 2, _MOST, 40, "frames", "How many frames are laid over each other at most", whole=True, folded=True),
        )

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.analysis.eye import overlaid
        from pynq_widgets.analysis.xy import density
        from pynq_widgets.widgets.plot_layers import Axis, Line

        settings = self.settings
        data = scene.seen(part_index(scene, settings))
        # Frames are counted from the start of the buffer, so that zooming does not shift them.
        most = _MOST_DENSE if settings.style == "density" else settings.most
        found = overlaid(data, settings.period, settings.offset - scene.window[0], most)
        if not found.y.size:
            raise ValueError(f"no frame of {settings.period:g} samples begins in the visible part of {data.size:,}")
        seconds = 1 / scene.rate if scene.rate else 1.0
        low, high = limits(found.y * scene.scale, scene.limits)
        some = f" of {found.of:,}" if found.of > len(found.y) else ""
        notes = [f"{len(found.y)}{some} frames of {settings.period:g} samples"]
        label, unit = ("time", "s") if scene.rate else ("sample of the frame", "")
        if settings.style == "density":
            bottom, top = sorted((low / scene.scale, high / scene.scale))
            extent = (0.0, float(settings.period), bottom, top)
            x, y = _filled(found.x, found.y, np.linspace(0.0, float(settings.period), _ACROSS))
            counts, _ = density(x, y, _UP, _ACROSS, extent)
            drawing = density_drawing(counts, extent, scene, seconds, (label, ""), unit)
            return PlotDrawing(drawing.layers, drawing.x, drawing.y, notes, (), (), False, drawing.numbers)
        curves = []
        for x, y in zip(found.x, found.y, strict=True):
            there = np.isfinite(x)
            curves.append(Curve(x[there] * seconds, y[there] * scene.scale, 1, False))
        layers = [Line("", curve, "line", COLOURS[0]) for curve in curves]
        y_axis = Axis("", scene.unit, low, high)
        return PlotDrawing(layers, Axis(label, unit, 0.0, found.period * seconds), y_axis, notes, (), curves, False, [found.x, found.y])


def _filled(x: Floats, y: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Each frame (a row of `x` and `y`) between its samples too, so that it is a line on a picture and not some dots."""
    frames = []
    for across, up in zip(x, y, strict=True):
        there = np.isfinite(across) & np.isfinite(up)
        if there.any():
            frames.append(np.interp(at, across[there], up[there]))
    return np.tile(at, len(frames)), np.concatenate(frames) if frames else np.empty(0)
