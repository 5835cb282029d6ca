"""How often each value occurs in the visible part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Curve, limits
from pynq_widgets.analysis.histogram import histogram
from pynq_widgets.widgets.buffer_source import Source

from .base import Mode, colour
from .scene import PlotDrawing, Scene
from .settings import Flag, Number, Setting


class HistogramMode(Mode):
    """Counts in bins of one width."""

    name = "histogram"
    label = "Histogram"

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        return (
            Number("bins", 2, 2000, 128, "bins", "Into how many ranges the values are sorted", whole=True),
            Flag("logarithmic", False, "log", "Logarithmic counts, so that rare values are seen"),
        )

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.widgets.plot_layers import Axis, Line

        layers: list[Any] = []
        curves: list[Curve] = []
        labels: list[tuple[str, str]] = []
        numbers: list[Any] = []
        left_out = 0
        this, that = scene.compared
        sources = [(f"{this} {part.name}".strip(), scene.source, i) for i, part in enumerate(scene.source.parts)]
        if scene.other is not None:
            sources += [(f"{that} {part.name}".rstrip(), scene.other, i) for i, part in enumerate(scene.other.parts)]
        low, high = np.inf, -np.inf
        counted, of = 0, 0
        for name, source, index in sources:
            data = source.parts[index].data[slice(*scene.window)]
            found = histogram(data, self.settings.bins)
            edges = np.asarray(found.edges, np.float64) * scene.scale
            counts = np.asarray(found.counts, np.float64)
            if not counts.size:
                continue
            if self.settings.logarithmic:
                counts = np.log10(1 + counts)
            left_out += int(found.left_out)
            counted, of = counted + int(found.count), of + int(found.of)
            if found.count < found.of:
                # What was not counted may lie outside of the bars.
                start, stop, _ = slice(*scene.window).indices(source.parts[index].data.size)
                ends = source.extremes(index, start, stop)
                if ends is not None:
                    reach = sorted((ends[0] * scene.scale, ends[1] * scene.scale))
                    low, high = min(low, reach[0]), max(high, reach[1])
            curve = Curve(edges[:-1] / 2 + edges[1:] / 2, counts, 1, False)
            low, high = min(low, float(edges.min())), max(high, float(edges.max()))
            tint = colour(len(layers))
            layers.append(Line(name, curve, "bars"))
            labels.append((name, tint))
            curves.append(curve)
            numbers += [curve.x, curve.y]
        if not curves:
            raise ValueError("there is no finite value in the visible part")
        top = limits(np.append(np.concatenate([curve.y for curve in curves]), 0.0), scene.limits)[1]
        notes = [f"{left_out:,} values that are no finite numbers are left out"] if left_out else []
        if counted < of:
            notes.append(f"{counted:,} of {of:,} samples are counted; the axis reaches over the values of all")
        label = "log10 (1 + count)" if self.settings.logarithmic else "count"
        y = Axis(label, "", 0.0, top)
        return PlotDrawing(
            layers, Axis("value", scene.unit, low, high), y, notes, labels if len(labels) > 1 else [], curves, bool(left_out), numbers
        )
