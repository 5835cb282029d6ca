"""A plot on paper: what a page draws on its canvas, as SVG (with nothing) or as PNG (with Pillow), for files and stored notebooks."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any, Protocol

import numpy as np

from .modes.scene import PlotDrawing
from .picture_codec import pillow
from .plot_layers import COLOURS, Axis, Lanes, Line, Picture, Scatter, View

_INK, _QUIET, _FAINT = "#1f2328", "#57606a", "#d8dee4"
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 12, 36
_MOST_DOTS = 4000
Points = Sequence[tuple[float, float]]


class Paper(Protocol):
    """What can be drawn on; pixels from the upper left."""

    def path(self, points: Points, colour: str, width: float = 1.2) -> None: ...
    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None: ...
    def dots(self, points: Points, colour: str) -> None: ...
    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None: ...
    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None: ...


class SvgPaper:
    """An SVG file. With `inline`, colours of text follow the page around it."""

    def __init__(self, width: int, height: int, inline: bool = False) -> None:
        self.width, self.height, self.inline = width, height, inline
        self._parts: list[str] = []

    def path(self, points: Points, colour: str, width: float = 1.2) -> None:
        if len(points) == 1:
            self.dots(points, colour)
        elif points:
            at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            self._parts.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"/>')

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None:
        how = f'fill="{colour}"' if filled else f'fill="none" stroke="{colour}"'
        x, y, w, h = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" {how}/>')

    def dots(self, points: Points, colour: str) -> None:
        path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)
        self._parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="2.4" stroke-linecap="round" fill="none"/>')

    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None:
        colour = "currentColor" if self.inline else colour
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>')

    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None:
        source = f"data:{mime};base64,{b64encode(data).decode()}"
        place = f'x="{min(x0, x1):.1f}" y="{min(y0, y1):.1f}" width="{abs(x1 - x0):.1f}" height="{abs(y1 - y0):.1f}"'
        self._parts.append(f'<image {place} preserveAspectRatio="none" style="image-rendering:pixelated" href="{source}"/>')

    def text(self) -> str:
        """The file."""
        ground = "" if self.inline else f'<rect width="{self.width}" height="{self.height}" fill="#fff"/>'
        style = "max-width:100%;display:block;" if self.inline else ""
        label = ' role="img" aria-label="The buffer as a plot"' if self.inline else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}"{label} style="{style}font:11px sans-serif">{ground}{"".join(self._parts)}</svg>'
        )


class PillowPaper:
    """A PNG, drawn at twice the resolution. Raises ``ValueError`` without Pillow."""

    _FINE = 2

    def __init__(self, width: int, height: int) -> None:
        image = pillow()
        if image is None:
            raise ValueError("a PNG of a plot needs Pillow: pip install 'pynq-widgets[pictures]', or export('….svg')")
        from PIL import ImageDraw, ImageFont

        self._image = image.new("RGB", (width * self._FINE, height * self._FINE), "#ffffff")
        self._open = image.open
        self._pen = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(11 * self._FINE)

    def _at(self, points: Points) -> list[tuple[float, float]]:
        return [(x * self._FINE, y * self._FINE) for x, y in points]

    def path(self, points: Points, colour: str, width: float = 1.2) -> None:
        if len(points) == 1:
            self.dots(points, colour)
        elif points:
            self._pen.line(self._at(points), colour, max(round(width * self._FINE), 1), "curve")

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None:
        (x0, y0), (x1, y1) = self._at([(min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))])
        self._pen.rectangle((x0, y0, x1, y1), fill=colour if filled else None, outline=colour)

    def dots(self, points: Points, colour: str) -> None:
        for x, y in self._at(points):
            self._pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)

    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None:
        place = {"start": "ls", "middle": "ms", "end": "rs"}[anchor]
        (at,) = self._at([(x, y)])
        self._pen.text(at, text, fill=colour, font=self._font, anchor=place)

    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None:
        (left, top), (right, bottom) = self._at([(min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))])
        size = max(round(right - left), 1), max(round(bottom - top), 1)
        picture = self._open(BytesIO(data)).convert("RGBA").resize(size, 0)
        self._image.paste(picture, (round(left), round(top)), picture)

    def data(self) -> bytes:
        """The file."""
        out = BytesIO()
        self._image.save(out, "PNG")
        return out.getvalue()


def draw(paper: Paper, drawing: PlotDrawing, width: int, height: int, view: View | None = None) -> None:
    """Draw `drawing`, the part `view` ``(x0, x1, y0, y1)`` of it, on `paper` of this size."""
    extents = [extent for layer in drawing.layers if (extent := layer.extent()) is not None]
    whole = (*drawing.x.limits([extent[0] for extent in extents]), *drawing.y.limits([extent[1] for extent in extents]))
    x0, x1, y0, y1 = view or whole
    logs = drawing.x.logarithmic, drawing.y.logarithmic
    inner = _LEFT, _TOP, width - _RIGHT, height - _BOTTOM
    lanes = next((layer for layer in drawing.layers if isinstance(layer, Lanes)), None)

    def place(x: Any, y: Any) -> tuple[Any, Any]:
        across = _fraction(x, x0, x1, logs[0])
        up = _fraction(y, y0, y1, logs[1])
        return inner[0] + across * (inner[2] - inner[0]), inner[3] - up * (inner[3] - inner[1])

    _axes(paper, drawing, (x0, x1, y0, y1), inner, place, lanes)
    for number, layer in enumerate(drawing.layers):
        tint = getattr(layer, "colour", None) or COLOURS[number % len(COLOURS)]
        if isinstance(layer, Line):
            _line(paper, layer, place, inner, tint, (x0, x1))
        elif isinstance(layer, Scatter):
            x, y = place(np.asarray(layer.x), np.asarray(layer.y))
            there = np.isfinite(x) & np.isfinite(y) & (x >= inner[0]) & (x <= inner[2]) & (y >= inner[1]) & (y <= inner[3])
            paper.dots(list(zip(x[there].tolist(), y[there].tolist(), strict=True))[:_MOST_DOTS], tint)
        elif isinstance(layer, Picture):
            a, b, c, d = layer.extent_
            (left, bottom), (right, top) = place(a, c), place(b, d)
            paper.image(layer.image, layer.mime, float(left), float(top), float(right), float(bottom))
        elif isinstance(layer, Lanes):
            _lanes(paper, layer, place, inner)
    paper.box(*inner, _FAINT, False)


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
    run: list[tuple[float, float]] = []
    for point, seen in zip(points, there.tolist(), strict=True):
        if seen:
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
                paper.box(left, high, right, low, _QUIET, True)
            elif trace.width == 1:
                level = float(high if value else low)
                after = values[k + 1] if k + 1 < values.size else value
                ahead = float(high if after else low)
                paper.path([(left, level), (right, level), (right, ahead)], tint)
            else:
                paper.box(left, high, right, low, tint, False)
                if right - left > 30:
                    text = f"{value:x}" if trace.radix == "hex" and value >= 0 else str(value)
                    paper.words(left + 3, float(low + high) / 2 + 4, text[: int((right - left) / 7)], _INK)


def _axes(paper: Paper, drawing: PlotDrawing, view: View, inner: tuple[int, int, int, int], place: Any, lanes: Lanes | None) -> None:
    for at in ticks(view[0], view[1], drawing.x.logarithmic):
        x = float(place(at, view[2])[0])
        paper.path([(x, inner[1]), (x, inner[3])], _FAINT, 0.7)
        paper.words(x, inner[3] + 14, _number(at, view[0], view[1]), _QUIET, "middle")
    if lanes is not None:
        for number, trace in enumerate(lanes.traces):
            paper.words(inner[0] - 5, float(place(view[0], len(lanes.traces) - number - 0.5)[1]) + 4, trace.name[:10], _INK, "end")
    else:
        for at in ticks(view[2], view[3], drawing.y.logarithmic):
            y = float(place(view[0], at)[1])
            paper.path([(inner[0], y), (inner[2], y)], _FAINT, 0.7)
            paper.words(inner[0] - 5, y + 4, _number(at, view[2], view[3]), _QUIET, "end")
    paper.words((inner[0] + inner[2]) / 2, inner[3] + 29, _label(drawing.x), _INK, "middle")
    if lanes is None and _label(drawing.y):
        paper.words(4, inner[1] + 2, _label(drawing.y), _INK)


def _label(axis: Axis) -> str:
    return f"{axis.label} in {axis.unit}" if axis.unit and axis.label else axis.unit or axis.label


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
