"""Samples over their index or over time, joined by a line."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pynq_widgets.analysis.curve import limits
from pynq_widgets.widgets.plot_layers import Style

from .base import Mode, colour
from .scene import PlotDrawing, Scene


class LineMode(Mode):
    """Two points a column of pixels, the least and the greatest: no peak is lost however many samples there are."""

    name = "line"
    label = "Line"
    along = True
    style: ClassVar[Style] = "line"

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.widgets.plot_layers import Line

        curves = scene.curves()
        layers = [Line(name, curve, self.style) for name, curve in curves]
        values = np.concatenate([curve.y for _, curve in curves])
        if self.style == "bars":
            values = np.append(values, 0.0)  # bars stand on the ground
        low, high = limits(values, scene.limits)
        step = max(curve.step for _, curve in curves)
        labels = [(name, colour(i)) for i, (name, _) in enumerate(curves)] if len(curves) > 1 else []
        return PlotDrawing(
            layers,
            sample_axis(scene),
            value_axis(scene, low, high),
            [f"least and greatest of each {step:,} samples"] if step > 1 else [],
            labels,
            [curve for _, curve in curves],
            any(curve.gaps for _, curve in curves),
            [array for _, curve in curves for array in (curve.x, curve.y)],
        )


def sample_axis(scene: Scene) -> Any:
    """The axis of all samples, or of their time."""
    from pynq_widgets.widgets.plot_layers import Axis

    low, high = scene.position(0), scene.position(max(scene.source.samples - 1, 1))
    return Axis("time" if scene.rate else "sample", "s" if scene.rate else "", low, high)


def value_axis(scene: Scene, low: float, high: float, label: str = "") -> Any:
    """The axis of values in their unit."""
    from pynq_widgets.widgets.plot_layers import Axis

    return Axis(label, scene.unit, low, high)
