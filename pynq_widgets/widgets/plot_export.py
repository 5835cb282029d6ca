"""A `Plot` as a file: SVG or PNG, made in the kernel of what was drawn last, with its axes, names, marks and cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynq_widgets.analysis.units import engineering

from .plot_layers import COLOURS, Line, Scatter

if TYPE_CHECKING:
    from .buffer_paper import Paper
    from .plot import Plot

_INK = {"trigger": "#b35a00", "dma": "#1c7a45", "note": "#57606a", "cursor": "#1f2328"}
_LEGEND = 20  # pixels above the drawing


def svg(plot: Plot, width: int = 900, height: int = 400, *, inline: bool = False) -> str:
    """The visible part of `plot` as the text of an SVG file. `inline`: for a page, whose colour its letters take."""
    from .buffer_paper import SvgPaper

    paper = SvgPaper(*_size(width, height), inline)
    _draw(plot, paper, width, height)
    return paper.text()


def png(plot: Plot, width: int = 900, height: int = 400) -> bytes:
    """The visible part of `plot` as the bytes of a PNG file; with Pillow twice as fine, and with a true font."""
    from .buffer_paper import PillowPaper
    from .picture_codec import pillow
    from .plot_paper import PlainPaper

    paper = PillowPaper(*_size(width, height)) if pillow() is not None else PlainPaper(width, height)
    # Pillow's own font has no letter for a millionth.
    _draw(plot, paper, width, height, "µ" if isinstance(paper, PlainPaper) else "u")
    return paper.data()


def _size(width: int, height: int) -> tuple[int, int]:
    for name, value in (("width", width), ("height", height)):
        if isinstance(value, bool) or not isinstance(value, int) or not 120 <= value <= 8192:
            raise ValueError(f"a picture of a plot has a {name} of 120 to 8192 pixels, not {value!r}")
    return width, height


def _draw(plot: Plot, paper: Paper, width: int, height: int, micro: str = "µ") -> None:
    from .buffer_paper import draw
    from .modes.scene import PlotDrawing

    x, y = plot.axes
    # A colour by its place among all, as on the page: it stays when another is hidden.
    places = {id(layer): place for place, layer in enumerate(one for one in plot.layers if isinstance(one, (Line, Scatter)))}
    shown = [layer for layer in plot.layers if layer.name not in plot.hidden]
    coloured = [_tinted(layer, places.get(id(layer), 0)) for layer in shown]
    draw(_Lower(paper, _LEGEND), PlotDrawing(tuple(coloured), x, y), width, height - _LEGEND, plot.view)
    at = 8.0
    for layer in coloured:
        if isinstance(layer, (Line, Scatter)) and layer.name:
            paper.box(at, 9, at + 14, 12, layer.colour or COLOURS[0], True)
            paper.words(at + 19, 14, layer.name, "#1f2328")
            at += 32 + 7 * len(layer.name)
    rules = [(mark.axis, mark.at, mark.label or mark.kind, _INK[mark.kind]) for mark in plot.marks]
    rules += [("x", place, f"{'AB'[i]} {engineering(place, x.unit)}", _INK["cursor"]) for i, place in enumerate(plot.cursors.x)]
    rules += [("y", place, f"{'AB'[i]} {engineering(place, y.unit)}", _INK["cursor"]) for i, place in enumerate(plot.cursors.y)]
    for axis, place, text, ink in rules:
        _rule(plot, paper, width, height, axis, place, text.replace("µ", micro), ink)


def _tinted(layer: Any, place: int) -> Any:
    from dataclasses import replace

    return replace(layer, colour=layer.colour or COLOURS[place % len(COLOURS)]) if isinstance(layer, (Line, Scatter)) else layer


def _rule(plot: Plot, paper: Paper, width: int, height: int, axis: str, place: float, text: str, ink: str) -> None:
    from .buffer_paper import _BOTTOM, _LEFT, _RIGHT, _TOP, _fraction

    x0, x1, y0, y1 = plot.view
    x, y = plot.axes
    part = float(_fraction(place, x0, x1, x.logarithmic) if axis == "x" else _fraction(place, y0, y1, y.logarithmic))
    if not 0 <= part <= 1:
        return
    top, bottom = _LEGEND + _TOP, height - _BOTTOM
    if axis == "x":
        at = _LEFT + part * (width - _LEFT - _RIGHT)
        paper.path([(at, top), (at, bottom)], ink, 1)
        paper.words(at + 4 if part < 0.8 else at - 4, top + 11, text, ink, "start" if part < 0.8 else "end")
    else:
        at = bottom - part * (bottom - top)
        paper.path([(_LEFT, at), (width - _RIGHT, at)], ink, 1)
        paper.words(_LEFT + 4, at - 3, text, ink)


class _Lower:
    """A paper that begins further down."""

    def __init__(self, paper: Paper, by: float) -> None:
        self._paper, self._by = paper, by

    def path(self, points: Any, colour: str, width: float = 1.2) -> None:
        self._paper.path([(x, y + self._by) for x, y in points], colour, width)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None:
        self._paper.box(x0, y0 + self._by, x1, y1 + self._by, colour, filled)

    def dots(self, points: Any, colour: str) -> None:
        self._paper.dots([(x, y + self._by) for x, y in points], colour)

    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None:
        self._paper.words(x, y + self._by, text, colour, anchor)

    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None:
        self._paper.image(data, mime, x0, y0 + self._by, x1, y1 + self._by)
