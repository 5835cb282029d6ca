"""The figures of a strip chart: one above the other, with one axis of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from pynq_widgets.analysis.curve import Floats, limits

COLOURS = ("#2a7fd4", "#e0792a", "#35a05a", "#b35bc9", "#c9a227", "#d4506a", "#2aa7b0", "#8a8a8a")
SETTLE = 0.05  # seconds without a change of the zoom before the data are reduced anew
_GRID = "rgba(128,128,128,.25)"
_ALONE, _STACKED, _CROWDED = 230, 140, 100  # pixels of a figure, without its axis of time
_AXIS = 42  # pixels of that


class StripPlot:
    """Figures, scales and lines. All but `close` is called from one thread.

    Parameters
    ----------
    groups
        For each line what its figure's axis is called; lines for which that is the same share a figure.
    tracks
        For each line the number of its track: lines of one track have their times in common.
    span
        Seconds that are shown.
    zoomed
        Called, on the thread that heard of it, when somebody has zoomed or panned.

    The horizontal axis is seconds before now; its limits are always explicit, since a scale that chooses its own feeds back what the
    page chose.
    """

    def __init__(self, groups: Sequence[str], tracks: Sequence[int], span: float, zoomed: Callable[[], object]) -> None:
        self.x_scale = bqplot.LinearScale(min=-span, max=0.0)
        self._span = span
        self._zoomed = zoomed
        self._ticked = (0.0, 0.0)
        self.pan_zoom = bqplot.PanZoom(scales={"x": [self.x_scale]})
        self.panels: list[_Panel] = []
        self.colours = [COLOURS[line % len(COLOURS)] for line in range(len(groups))]
        shown = list(dict.fromkeys(groups))
        height = _ALONE if len(shown) == 1 else _STACKED if len(shown) < 4 else _CROWDED
        for at, label in enumerate(shown):
            members = [line for line, its in enumerate(groups) if its == label]
            self.panels.append(_Panel(axis_name(label, height), members, tracks, self.x_scale, self.pan_zoom, height, at == len(shown) - 1))
        self.figures = [panel.figure for panel in self.panels]
        self.x_scale.observe(self._moved, ["min", "max"])

    @property
    def edges(self) -> tuple[float, float]:
        """What is seen: seconds before (negative) or after now; whatever a page may have made of them, numbers in order."""
        low, high = self.x_scale.min, self.x_scale.max
        if low is None or high is None or not np.isfinite([low, high]).all() or low == high:
            return -self._span, 0.0
        return min(float(low), float(high)), max(float(low), float(high))

    def show(self, span: float) -> None:
        """Show the last `span` seconds."""
        self._span = span
        with self.x_scale.hold_sync():
            self.x_scale.min, self.x_scale.max = -span, 0.0

    def draw(self, curves: Sequence[tuple[Floats, Floats, Sequence[int]]]) -> None:
        """Draw, for each track, its times (seconds before now), the values (lines x times), and which lines these are."""
        edges = self.edges
        for panel in self.panels:
            if edges != self._ticked:
                # Six or so: what bqplot chooses for a wide figure runs together in a narrow one.
                panel.across.tick_values = round_steps(*edges, 6)
            panel.draw(curves)
        self._ticked = edges

    def close(self) -> None:
        """Close the figures and all that they are made of."""
        self.x_scale.unobserve_all()
        for panel in self.panels:
            panel.close()
        self.pan_zoom.close()
        self.x_scale.close()

    def _moved(self, _: Any) -> None:
        self._zoomed()


class _Panel:
    """One figure: a mark for each track."""

    def __init__(
        self, label: str, members: Sequence[int], tracks: Sequence[int], x_scale: Any, pan_zoom: Any, height: int, lowest: bool
    ) -> None:
        self._limits: tuple[float, float] | None = None
        self.y_scale = bqplot.LinearScale(min=0.0, max=1.0)
        scales = {"x": x_scale, "y": self.y_scale}
        self.marks: dict[int, tuple[list[int], Any]] = {}
        for track in sorted({tracks[line] for line in members}):
            lines = [line for line in members if tracks[line] == track]
            colours = [COLOURS[line % len(COLOURS)] for line in lines]
            mark = bqplot.Lines(x=np.zeros(0), y=np.zeros((len(lines), 0)), scales=scales, colors=colours, stroke_width=1.5)
            self.marks[track] = (lines, mark)
        self.across = across = bqplot.Axis(scale=x_scale, grid_color=_GRID)
        if lowest:
            across.label = "seconds before now"
            across.label_offset = "30px"
        else:
            across.tick_style = {"display": "none"}
        self._wanted_ticks = height // 25
        self._up = up = bqplot.Axis(scale=self.y_scale, grid_color=_GRID, label=label, label_offset="52px")
        # A trait in bqplot 0.12, a property since: as an argument the later warns of it.
        up.orientation = "vertical"
        self.figure = bqplot.Figure(
            marks=[mark for _, mark in self.marks.values()],
            axes=[across, up],
            interaction=pan_zoom,
            fig_margin={"top": 8, "bottom": _AXIS if lowest else 8, "left": 72, "right": 18},
            background_style={"fill": "none"},
            layout=ipywidgets.Layout(width="100%", height=f"{height + (_AXIS if lowest else 8)}px", min_width="0", min_height="0"),
        )
        if self.figure.has_trait("display_toolbar"):  # since bqplot 0.13; its buttons would lie on the line
            self.figure.display_toolbar = False

    def draw(self, curves: Sequence[tuple[Floats, Floats, Sequence[int]]]) -> None:
        drawn = []
        for track, (lines, mark) in self.marks.items():
            x, values, which = curves[track]
            # bqplot places a hidden label at the end of a line, and a gap there is an error in the browser's console.
            known = np.flatnonzero(np.isfinite(values).any(axis=0))
            end = known[-1] + 1 if known.size else 0
            x, values = x[:end], values[:, :end]
            if x.size == 1:  # bqplot squeezes arrays, and would take the lines for points
                x, values = np.repeat(x, 2), np.repeat(values, 2, axis=1)
            rows = [list(which).index(line) for line in lines]
            drawn.append((mark, x, values[rows]))
        everything = np.concatenate([y.ravel() for _, _, y in drawn])
        wanted = _around_a_whole(everything) or limits(everything, self._limits)
        if wanted != self._limits:
            self._limits = wanted
            with self.y_scale.hold_sync():
                self.y_scale.min, self.y_scale.max = wanted
            with self._up.hold_sync():
                self._up.tick_values = round_steps(*wanted, self._wanted_ticks)
                self._up.tick_format = _format(max(map(abs, wanted)))
        for mark, x, y in drawn:
            with mark.hold_sync():
                mark.x, mark.y = x, y

    def close(self) -> None:
        parts: list[Any] = [self.figure, *(mark for _, mark in self.marks.values()), *self.figure.axes, self.y_scale]
        parts += [self.figure.scale_x, self.figure.scale_y, self.figure.layout]
        for part in parts:
            if part is not None:
                part.close()


def _around_a_whole(values: Floats) -> tuple[float, float] | None:
    """One below and above, where all `values` are one whole number: a register at rest has no hundredths."""
    known = values[np.isfinite(values)]
    first = float(known[0]) if known.size else 0.5
    return (first - 1, first + 1) if first.is_integer() and abs(first) < 1e6 and bool((known == first).all()) else None


def axis_name(label: str, height: int) -> str:
    """`label` as far as it fits beside an axis of `height` pixels: without its IP, then cut. The whole of it stands in the legend."""
    room = height // 8
    if len(label) > room:
        label = label.rpartition(".")[2]
    return label if len(label) <= room else label[: room - 1] + "…"


def round_steps(low: float, high: float, about: int) -> Floats:
    """About `about` round numbers from `low` to `high`, evenly spaced."""
    raw = (high - low) / about
    if not np.isfinite(raw) or raw <= 0:
        return np.array([low, high])
    size = 10.0 ** np.floor(np.log10(raw))
    step = size * next(factor for factor in (1, 2, 5, 10) if factor * size >= raw * 0.999)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def _format(largest: float) -> str:
    """How d3 is to write the numbers of an axis: short, and plain as long as that is readable."""
    return ",.6~g" if 1e-3 <= largest < 1e6 else ".4~s" if 1e6 <= largest < 1e24 else ".3~e"
