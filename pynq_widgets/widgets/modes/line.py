"""Samples over their index or over time, joined by a line."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pynq_widgets.analysis.curve import Curve, limits
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
        if self.style == "steps":  # the last value has a width, too
            curves = [(name, _ended(curve, scene)) for name, curve in curves]
            layers = [Line(name, curve, self.style) for name, curve in curves]
        step = max(curve.step for _, curve in curves)
        labels = [(name, colour(i)) for i, (name, _) in enumerate(curves)] if len(curves) > 1 else []
        return PlotDrawing(
            layers,
            sample_axis(scene, *{"steps": (0.0, 1.0), "bars": (-0.5, 0.5)}.get(self.style, (0.0, 0.0))),
            value_axis(scene, low, high),
            [f"least and greatest of each {step:,} samples"] if step > 1 else [],
            labels,
            [curve for _, curve in curves],
            any(curve.gaps for _, curve in curves),
            [array for _, curve in curves for array in (curve.x, curve.y)],
        )


def _ended(curve: Curve, scene: Scene) -> Curve:
    """`curve` with the end of its last sample, where each sample is a point of it."""
    if curve.step > 1 or not curve.x.size:
        return curve
    end = float(curve.x[-1]) + 1.0 / (scene.rate or 1.0)
    return Curve(np.append(curve.x, end), np.append(curve.y, curve.y[-1]), 1, curve.gaps)


def sample_axis(scene: Scene, before: float = 0.0, after: float = 0.0) -> Any:
    """The axis of all samples, or of their time, from `before` the first to `after` the last (samples)."""
    from pynq_widgets.widgets.plot_layers import Axis

    low, high = scene.position(before), scene.position(max(scene.source.samples - 1 + after, 1))
    return Axis("time" if scene.rate else "sample", "s" if scene.rate else "", low, high)


def value_axis(scene: Scene, low: float, high: float, label: str = "") -> Any:
    """The axis of values in their unit."""
    from pynq_widgets.widgets.plot_layers import Axis

    return Axis(label, scene.unit, low, high)
