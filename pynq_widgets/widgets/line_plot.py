"""A line in a bqplot figure whose data the kernel reduces to what is seen of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from pynq_widgets.analysis.curve import Curve, limits

from . import outbox

COLOURS = ("#2a7fd4", "#e0792a", "#35a05a", "#b35bc9", "#c9a227", "#d4506a", "#2aa7b0", "#8a8a8a")
SETTLE = 0.05  # seconds without a change of the zoom before the data are reduced anew
_HEIGHT = 250  # pixels


class LinePlot:
    """The figure, its scales and its lines.

    Parameters
    ----------
    length
        Number of samples, at least 1; the whole of them is shown at first.
    lines
        Number of lines.
    moved
        Called when the person has zoomed or panned and paused for 50 ms, or Python has set other limits.

    The limits of the horizontal axis are always explicit: a scale that chooses its own feeds back what the page chose.
    """

    def __init__(self, length: int, lines: int, moved: Callable[[], object]) -> None:
        self._length = length
        self._moved = moved
        self._settling = 0
        self._limits: tuple[float, float] | None = None
        self._sending = threading.Lock()
        self._drawn = np.zeros(0), np.zeros(0)
        self._closed = False
        self.x_scale = bqplot.LinearScale(min=0.0, max=float(max(length - 1, 1)))
        self.y_scale = bqplot.LinearScale(min=0.0, max=1.0)
        scales = {"x": self.x_scale, "y": self.y_scale}
        flat = np.zeros(0) if lines == 1 else np.zeros((lines, 0))
        self.lines = bqplot.Lines(x=np.zeros(0), y=flat, scales=scales, colors=list(COLOURS[:lines]), stroke_width=1.3)
        horizontal = bqplot.Axis(scale=self.x_scale, grid_color="rgba(128,128,128,.25)")
        vertical = bqplot.Axis(scale=self.y_scale, grid_color="rgba(128,128,128,.25)")
        # A trait in bqplot 0.12, a property since: as an argument the later warns of it.
        vertical.orientation = "vertical"
        self.pan_zoom = bqplot.PanZoom(scales={"x": [self.x_scale]})
        self.figure = bqplot.Figure(
            marks=[self.lines],
            axes=[horizontal, vertical],
            interaction=self.pan_zoom,
            fig_margin={"top": 10, "bottom": 28, "left": 70, "right": 26},
            background_style={"fill": "none"},
            layout=ipywidgets.Layout(width="100%", height=f"{_HEIGHT}px", min_width="0"),
        )
        if self.figure.has_trait("display_toolbar"):  # since bqplot 0.13; its buttons would lie on the line
            self.figure.display_toolbar = False
        self.x_scale.observe(self._zoomed, ["min", "max"])

    @property
    def window(self) -> tuple[int, int]:
        """The samples that are seen, with one more on either side so that the line reaches the edge."""
        low, high = sorted(self._edges())
        edge = float(self._length)
        return int(max(min(np.floor(low), edge), 0.0)), int(max(min(np.ceil(high) + 1, edge), 0.0))

    def show(self, start: float, stop: float) -> None:
        """Show the samples from `start` to `stop`."""
        if not stop > start:
            raise ValueError(f"a window of samples begins before it ends: not {start!r} to {stop!r}")
        with self.x_scale.hold_sync():
            self.x_scale.min, self.x_scale.max = float(start), float(stop)

    def position(self, fraction: float) -> int:
        """The sample at a fraction (0 left, 1 right) of the width."""
        low, high = self._edges()
        return int(min(max(round(low + fraction * (high - low)), 0), self._length - 1))

    def _edges(self) -> tuple[float, float]:
        """The limits of the horizontal axis; whatever a page may have made of them, numbers."""
        low, high = self.x_scale.min, self.x_scale.max
        whole = (0.0, float(max(self._length - 1, 1)))
        return (float(low), float(high)) if low is not None and high is not None and np.isfinite([low, high]).all() else whole

    def draw(self, curves: Sequence[Curve]) -> bool:
        """Draw one curve a line (all with the same `x`); False where this stands on the screen already."""
        x = curves[0].x
        y = curves[0].y if len(curves) == 1 else np.stack([curve.y for curve in curves])
        with self._sending:
            old_x, old_y = self._drawn
            if old_y.shape == y.shape and np.array_equal(old_x, x) and np.array_equal(old_y, y, equal_nan=True):
                return False
            self._drawn = x, y
        outbox.default().ask((id(self), "draw"), self._send)
        return True

    def _send(self) -> None:
        """Send what was drawn last."""
        with self._sending:
            if self._closed:
                return
            x, y = self._drawn
            wanted = limits(y, self._limits)
            if wanted != self._limits:
                self._limits = wanted
                with self.y_scale.hold_sync():
                    self.y_scale.min, self.y_scale.max = wanted
            if np.array_equal(self.lines.x, x):
                self.lines.y = y
            else:
                with self.lines.hold_sync():
                    self.lines.x, self.lines.y = x, y

    def close(self) -> None:
        """Close the figure and all that it is made of."""
        self._settling += 1
        with self._sending:
            self._closed = True
        parts: list[Any] = [self.figure, self.pan_zoom, self.lines, *self.figure.axes, self.x_scale, self.y_scale]
        parts += [self.figure.scale_x, self.figure.scale_y, self.figure.layout]
        for part in parts:
            if part is not None:
                part.close()

    def _zoomed(self, _: Any) -> None:
        # Each tick of the wheel arrives twice, and a drag many times.
        self._settling += 1
        ticket = self._settling

        def settled() -> None:
            if ticket == self._settling:
                self._moved()

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script: nobody is dragging
            settled()
        else:
            loop.call_later(SETTLE, settled)
