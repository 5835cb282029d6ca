"""What a plot shows, on any paper: what a page draws on its canvas, for files and for notebooks that are stored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.analysis.units import engineering

from .plot_layers import COLOURS, Axis, Cursors, Lanes, Layer, Line, Mark, Picture, Scatter, View
from .plot_sheet import FAINT, INK, QUIET, Paper

if TYPE_CHECKING:
    from .plot import Plot

_RULES = {"trigger": "#b35a00", "dma": "#1c7a45", "note": QUIET, "cursor": INK}
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 42, 36  # around the drawing; above it stand the names of lines, and of the vertical axis
_MOST_DOTS = 4000


@dataclass(frozen=True)
class Figure:
    """What is drawn, as `Plot.draw` takes it, and what of it is seen. `view` None: the whole."""

    layers: Sequence[Layer]
    x: Axis
    y: Axis
    view: View | None = None
    marks: Sequence[Mark] = ()
    cursors: Cursors = field(default_factory=Cursors)
    hidden: frozenset[str] = frozenset()
    title: str = ""
    equal: bool = False

    @classmethod
    def of(cls, plot: Plot, title: str = "") -> Figure:
        """What a plot shows now."""
        return cls(plot.layers, *plot.axes, plot.view, plot.marks, plot.cursors, plot.hidden, title, plot.equal)

    @property
    def seen(self) -> View:
        """The part that is seen."""
        if self.view is not None:
            return self.view
        extents = [extent for layer in self.layers if (extent := layer.extent()) is not None]
        return (*self.x.limits([extent[0] for extent in extents]), *self.y.limits([extent[1] for extent in extents]))


def draw(paper: Paper, figure: Figure, width: int, height: int) -> None:
    """Draw `figure` on `paper` of this size."""
    inner = _LEFT, _TOP, width - _RIGHT, height - _BOTTOM
    if figure.equal:
        figure = replace(figure, view=_levelled(figure.seen, inner[2] - inner[0], inner[3] - inner[1]))
    x0, x1, y0, y1 = figure.seen
    logs = figure.x.logarithmic, figure.y.logarithmic
    lanes = next((layer for layer in figure.layers if isinstance(layer, Lanes)), None)

    def place(x: Any, y: Any) -> tuple[Any, Any]:
        across = _fraction(x, x0, x1, logs[0])
        up = _fraction(y, y0, y1, logs[1])
        return inner[0] + across * (inner[2] - inner[0]), inner[3] - up * (inner[3] - inner[1])

    _axes(paper, figure, inner, place, lanes)
    # A colour by its place among all, as on the page: it stays when another is hidden.
    places = {id(layer): number for number, layer in enumerate(one for one in figure.layers if isinstance(one, (Line, Scatter)))}
    at = 8.0
    for layer in figure.layers:
        if layer.name in figure.hidden:
            continue
        tint = getattr(layer, "colour", None) or COLOURS[places.get(id(layer), 0) % len(COLOURS)]
        if isinstance(layer, (Line, Scatter)) and layer.name:
            paper.box(at, 9, at + 14, 12, tint, True)
            paper.words(at + 19, 14, layer.name, INK)
            at += 32 + 7 * len(layer.name)
        if isinstance(layer, Line):
            _line(paper, layer, place, inner, tint, (x0, x1))
        elif isinstance(layer, Scatter):
            x, y = place(np.asarray(layer.x), np.asarray(layer.y))
            if layer.joined:
                _path(paper, np.clip(x, inner[0], inner[2]), np.clip(y, inner[1], inner[3]), tint)
                continue
            there = np.isfinite(x) & np.isfinite(y) & (x >= inner[0]) & (x <= inner[2]) & (y >= inner[1]) & (y <= inner[3])
            paper.dots(list(zip(x[there].tolist(), y[there].tolist(), strict=True))[:_MOST_DOTS], tint)
        elif isinstance(layer, Picture):
            a, b, c, d = layer.extent_
            (left, bottom), (right, top) = place(a, c), place(b, d)
            paper.image(layer.image, layer.mime, float(left), float(top), float(right), float(bottom))
        elif isinstance(layer, Lanes):
            _lanes(paper, layer, place, inner)
    if figure.title and at + 7 * len(figure.title) < width - _RIGHT:
        paper.words(width - _RIGHT, 14, figure.title, QUIET, "end")
    paper.box(*inner, FAINT, False)
    _rules(paper, figure, inner)


def _levelled(view: View, width: float, height: float) -> View:
    """`view` with more of the axis that has room, so that a unit is as long on either."""
    x0, x1, y0, y1 = view
    unit = max((x1 - x0) / width, (y1 - y0) / height) / 2
    x, y = x0 / 2 + x1 / 2, y0 / 2 + y1 / 2
    wide = x - unit * width, x + unit * width, y - unit * height, y + unit * height
    return wide if all(map(math.isfinite, wide)) else view


def _rules(paper: Paper, figure: Figure, inner: tuple[int, int, int, int]) -> None:
    """Marks and cursors."""
    rules: list[tuple[str, float, str, str]] = [(mark.axis, mark.at, mark.label or mark.kind, _RULES[mark.kind]) for mark in figure.marks]
    for name, places, axis in (("x", figure.cursors.x, figure.x), ("y", figure.cursors.y, figure.y)):
        rules += [(name, at, f"{'AB'[i]} {engineering(at, axis.unit)}", _RULES["cursor"]) for i, at in enumerate(places)]
    x0, x1, y0, y1 = figure.seen
    left, top, right, bottom = inner
    for name, at, text, ink in rules:
        across = name == "x"
        part = float(_fraction(at, x0, x1, figure.x.logarithmic) if across else _fraction(at, y0, y1, figure.y.logarithmic))
        if not 0 <= part <= 1:
            continue
        if across:
            x = left + part * (right - left)
            paper.path([(x, top), (x, bottom)], ink, 1)
            paper.words(x + 4 if part < 0.8 else x - 4, top + 11, text, ink, "start" if part < 0.8 else "end")
        else:
            y = bottom - part * (bottom - top)
            paper.path([(left, y), (right, y)], ink, 1)
            paper.words(left + 4, y - 3, text, ink)


def _fraction(value: Any, low: float, high: float, logarithmic: bool) -> Any:
    if logarithmic:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))
    # Halves, since the span between two floats may be larger than the largest.
    return (value / 2 - low / 2) / (high / 2 - low / 2)


def _line(paper: Paper, layer: Line, place: Any, inner: tuple[int, int, int, int], tint: str, span: tuple[float, float]) -> None:
    x, y = np.asarray(layer.curve.x), np.asarray(layer.curve.y)
    # One more on either side, so that the line reaches the edge.
    first, last = np.searchsorted(x, span)
    part = slice(max(int(first) - 1, 0), int(last) + 1)
    x, y = x[part], y[part]
    if layer.style == "steps" and x.size > 1:
        x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    across, down = place(x, y)
    across, down = np.clip(across, inner[0], inner[2]), np.clip(down, inner[1], inner[3])
    there = np.isfinite(across) & np.isfinite(down)
    points = list(zip(across.tolist(), down.tolist(), strict=True))
    if layer.style == "points":
        paper.dots([point for point, seen in zip(points, there.tolist(), strict=True) if seen][:_MOST_DOTS], tint)
        return
    if layer.style == "bars":
        ground = float(np.clip(place(span[0], 0.0)[1], inner[1], inner[3])) if math.isfinite(float(place(span[0], 0.0)[1])) else inner[3]
        half = max((inner[2] - inner[0]) / max(len(points), 1) * 0.4, 0.5)
        for (at, height), seen in zip(points, there.tolist(), strict=True):
            if seen:
                paper.box(max(at - half, inner[0]), height, min(at + half, inner[2]), ground, tint, True)
        return
    _path(paper, across, down, tint)


def _path(paper: Paper, x: Any, y: Any, tint: str) -> None:
    """A line through all points; it is broken where there is none."""
    run: list[tuple[float, float]] = []
    for point in zip(x.tolist(), y.tolist(), strict=True):
        if math.isfinite(point[0]) and math.isfinite(point[1]):
            run.append(point)
        else:
            paper.path(run, tint)
            run = []
    paper.path(run, tint)


def _lanes(paper: Paper, layer: Lanes, place: Any, inner: tuple[int, int, int, int]) -> None:
    count = len(layer.traces)
    for number, trace in enumerate(layer.traces):
        tint = COLOURS[number % len(COLOURS)]
        floor = count - number - 1
        edges = np.asarray(trace.x, np.float64)
        values = np.asarray(trace.value)
        if edges.size == values.size and edges.size:
            edges = np.append(edges, edges[-1] + 1)
        for k, value in enumerate(values.tolist()):
            left, low = place(edges[k], floor + 0.15)
            right, high = place(edges[k + 1], floor + 0.85)
            left, right = max(float(left), inner[0]), min(float(right), inner[2])
            if right < left:
                continue
            if bool(np.asarray(trace.busy)[k]):
                paper.box(left, high, right, low, QUIET, True)
            elif trace.width == 1:
                level = float(high if value else low)
                after = values[k + 1] if k + 1 < values.size else value
                ahead = float(high if after else low)
                paper.path([(left, level), (right, level), (right, ahead)], tint)
            else:
                paper.box(left, high, right, low, tint, False)
                if right - left > 30:
                    text = f"{value:x}" if trace.radix == "hex" and value >= 0 else str(value)
                    paper.words(left + 3, float(low + high) / 2 + 4, text[: int((right - left) / 7)], INK)


def _axes(paper: Paper, figure: Figure, inner: tuple[int, int, int, int], place: Any, lanes: Lanes | None) -> None:
    x0, x1, y0, y1 = figure.seen
    factor, unit = _scaled(figure.x, x0, x1)
    for at in ticks(x0, x1, figure.x.logarithmic):
        x = float(place(at, y0)[0])
        paper.path([(x, inner[1]), (x, inner[3])], FAINT, 0.7)
        text = _number(at / factor, x0 / factor, x1 / factor)
        wide = 3.2 * len(text)
        paper.words(min(x, inner[2] + _RIGHT - 2 - wide), inner[3] + 14, text, QUIET, "middle")
    paper.words((inner[0] + inner[2]) / 2, inner[3] + 29, _label(figure.x, unit), INK, "middle")
    if lanes is not None:
        for number, trace in enumerate(lanes.traces):
            paper.words(inner[0] - 5, float(place(x0, len(lanes.traces) - number - 0.5)[1]) + 4, trace.name[:10], INK, "end")
        return
    factor, unit = _scaled(figure.y, y0, y1)
    for at in ticks(y0, y1, figure.y.logarithmic):
        y = float(place(x0, at)[1])
        paper.path([(inner[0], y), (inner[2], y)], FAINT, 0.7)
        paper.words(inner[0] - 5, y + 4, _number(at / factor, y0 / factor, y1 / factor), QUIET, "end")
    if _label(figure.y, unit):
        paper.words(8, inner[1] - 9, _label(figure.y, unit), INK)


def _scaled(axis: Axis, low: float, high: float) -> tuple[float, str]:
    """What the numbers on an axis are divided by, and the unit with the prefix that this is: 1000 and ``'kHz'``."""
    largest = max(abs(low), abs(high))
    if not axis.unit or axis.logarithmic or not (largest > 0 and math.isfinite(largest)):
        return 1.0, axis.unit
    factor = 10.0 ** (3 * math.floor(math.log10(largest) / 3 + 1e-12))
    number, _, unit = engineering(factor, axis.unit).partition(" ")
    return (factor, unit) if number == "1" else (1.0, axis.unit)


def _label(axis: Axis, unit: str) -> str:
    return f"{axis.label} in {unit}" if unit and axis.label else unit or axis.label


def ticks(low: float, high: float, logarithmic: bool = False, most: int = 7) -> list[float]:
    """Round numbers from `low` to `high`, at most about `most`."""
    if logarithmic:
        return [10.0**n for n in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)][: 2 * most]
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return []
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step)
    return [n * step for n in range(first, first + most + 2) if n * step <= high + step * 1e-9]


def _number(value: float, low: float, high: float) -> str:
    digits = max(0, min(12, 2 - math.floor(math.log10(high - low)))) if high > low else 2
    text = f"{value:.{digits}f}" if 1e-3 <= max(abs(low), abs(high)) < 1e7 else f"{value:.4g}"
    return (text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text) or "0"
