"""Bits, or the fields of a structure, as a logic analyser shows them."""

from __future__ import annotations

from collections.abc import Sequence

from pynq_widgets.analysis.lanes import lanes_of
from pynq_widgets.widgets.buffer_source import Source

from .base import Mode, nothing
from .line import sample_axis
from .scene import PlotDrawing, Scene
from .settings import Choice, Number, Setting


class LanesMode(Mode):
    """A lane a bit, a lane a field; where edges stand too close to be shown, the lane says that it is busy there."""

    name = "lanes"
    label = "Bit lanes"
    along = True

    @classmethod
    def refusal(cls, source: Source) -> str:
        sentence = nothing(source)
        if sentence:
            return sentence
        array = source.array
        if array.ndim != 1 and not array.flags.c_contiguous:
            return "The elements of this view do not follow one another in memory: show a row or a column of it, as in buffer[0]."
        if not lanes_of(array.dtype) or not source.parts:
            return f"Elements of type {array.dtype} have no bits to show: real numbers, booleans and structures of them have."
        if source.samples < 2:
            return "One sample changes in nothing: lanes show at least two."
        return ""

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        count = len(lanes_of(source.array.dtype))
        return (
            *((Number("first", 0, count - 1, 0, "from", "The first lane that is shown", whole=True),) if count > 1 else ()),
            *((Number("count", 1, min(count, 64), min(count, 16), "lanes", "How many lanes are shown", whole=True),) if count > 1 else ()),
            Choice("radix", ("hex", "unsigned", "signed"), "hex", "values", "How the values of fields are written"),
        )

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.widgets.plot_layers import Axis, Lanes, LaneTrace

        settings = self.settings
        lanes = list(lanes_of(scene.source.array.dtype))
        if "first" in set(settings):
            lanes = lanes[settings.first : settings.first + settings.count]
        traces = []
        for lane, runs in zip(lanes, scene.source.lanes(lanes, *scene.window, scene.columns), strict=True):
            x = (runs.x - scene.origin) / (scene.rate or 1.0)
            value = runs.value.view(f"u{runs.value.itemsize}") if runs.value.dtype.kind == "f" else runs.value
            traces.append(LaneTrace(lane.name, x, value, runs.busy, lane.width, settings.radix))
        numbers = [part for trace in traces for part in (trace.x, trace.value, trace.busy)]
        notes = ["grey: more edges than can be shown"] if any(trace.busy.any() for trace in traces) else []  # type: ignore[union-attr]
        return PlotDrawing(
            [Lanes(traces)], sample_axis(scene, 0.0, 1.0), Axis("", "", 0.0, float(len(traces))), notes, (), (), False, numbers
        )
