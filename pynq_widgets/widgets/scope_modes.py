"""Two ways of looking that have a memory: the rolling waterfall, and frames that fade."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Floats, limits
from pynq_widgets.analysis.windows import WINDOWS

from .buffer_source import Source
from .modes.base import Mode, part_choice, part_index
from .modes.eye import EyeMode
from .modes.histogram import HistogramMode
from .modes.lanes import LanesMode
from .modes.line import LineMode
from .modes.points import PointsMode
from .modes.scene import PlotDrawing, Scene
from .modes.settings import Choice, Number, Setting
from .modes.spectrum import SpectrumMode
from .modes.steps import StepsMode
from .modes.xy import XYMode
from .picture_codec import encode
from .raster import palette

_BINS = 512  # columns of a waterfall at most
_ACROSS, _UP = 400, 220  # pixels of fading frames
_FAINT = 1 / 64  # of the strongest: below it a trace has faded


@dataclass(frozen=True)
class ScopeScene(Scene):
    """`span`: what the screen shows, in samples from the trigger on, whatever the frame has of it."""

    span: tuple[float, float] = (0.0, 1.0)


class Remembering(Mode):
    """A mode that is told of each frame once, by `add`, however often it is drawn."""

    def add(self, scene: ScopeScene, seconds: float) -> None:
        """A new frame, `seconds` after the one before."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget the frames."""
        raise NotImplementedError


class RollingMode(Remembering):
    """The spectrum of each frame as a row of colours, the newest at the top."""

    name = "waterfall"
    label = "Waterfall"

    def __init__(self, source: Source, changed: Any = lambda: None) -> None:
        super().__init__(source, changed)
        self.clear()

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        line = part_choice(source, "line", 0, "of", "Which line of numbers") if source.array.dtype.kind != "c" else None
        return (
            *((line,) if line else ()),
            Choice("window", tuple(WINDOWS), "hann", "window", "What each stretch is multiplied with before its transform"),
            Number("range", 10, 200, 80.0, "range in dB", "How far below the strongest level the darkest colour stands", folded=True),
            Choice("rows", (100, 200, 400), 200, "frames", "How many frames are shown", folded=True),
            Choice("size", (128, 256, 512, 1024, 2048, 4096), 1024, "points", "Samples of each transform", folded=True),
        )

    def clear(self) -> None:
        self._levels: Floats = np.empty((0, 0))
        self._frequency: Floats = np.empty(0)
        self._next = self._count = 0
        self._key: Any = None
        self._high = -math.inf

    def add(self, scene: ScopeScene, seconds: float) -> None:
        from pynq_widgets.analysis.spectrum import spectrum

        settings = self.settings
        line = part_index(scene, settings)
        data = scene.complex_seen()
        if data is None:
            data = scene.seen(line)
        size = min(settings.size, data.size)
        found = spectrum(data, scene.rate or 1.0, size=size, window=settings.window, averages=4)
        step = -(-found.level.size // _BINS)
        key = (line, size, settings.window, settings.rows, scene.rate, found.level.size)
        if key != self._key:
            self.clear()
            self._key = key
            first = np.arange(0, found.level.size, step)
            self._frequency = np.asarray(found.frequency[first], np.float64)
            self._levels = np.full((settings.rows, first.size), np.nan)
        # The strongest of the lines that fall on one column: none is lost.
        self._levels[self._next] = np.fmax.reduceat(found.level, np.arange(0, found.level.size, step))
        self._next = (self._next + 1) % len(self._levels)
        self._count = min(self._count + 1, len(self._levels))

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.widgets.plot_layers import Axis, Picture

        assert isinstance(scene, ScopeScene)
        if not self._count:
            self.add(scene, 0.0)
        rows = len(self._levels)
        newest = self._levels[np.arange(self._next - 1, self._next - 1 - rows, -1) % rows]
        finite = newest[np.isfinite(newest)]
        high = float(finite.max()) if finite.size else 0.0
        # Colours stay where they are while they fit: each row is to keep its own.
        if not self._high - 12 < high <= self._high:
            self._high = 3 * math.ceil(high / 3)
        span = self.settings.range
        scaled = np.nan_to_num(1 + 254 * np.clip((newest - self._high + span) / span, 0, 1), nan=1.0)
        image, mime = encode(scaled.astype(np.uint8), palette())
        low, top = float(self._frequency[0]), float(self._frequency[-1])
        spacing = float(self._frequency[1] - low) if self._frequency.size > 1 else 1.0
        x = Axis("frequency", "Hz" if scene.rate else "1/sample", low, top + spacing)
        y = Axis("frames ago", "", -float(rows), 0.0)
        notes = [f"{self._count} of {rows} frames, {self._high - span:.0f} to {self._high:.0f} dB"]
        return PlotDrawing([Picture(image, mime, (low, top + spacing, -float(rows), 0.0))], x, y, notes, (), (), False, [image])


class FadingMode(Remembering):
    """Frames laid over each other at the trigger, the older the fainter, as on a tube: rare events stay in sight."""

    name = "persistence"
    label = "Persistence"

    def __init__(self, source: Source, changed: Any = lambda: None) -> None:
        super().__init__(source, changed)
        self.clear()

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        line = part_choice(source, "line", 0, "of", "Which line of numbers")
        return (
            *((line,) if line else ()),
            Number("seconds", 0.05, 3600, 2.0, "fades in", "Seconds in which a frame fades; nothing: it never does", none="never"),
        )

    def clear(self) -> None:
        self._counts: Floats = np.zeros((_UP, _ACROSS))
        self._limits: tuple[float, float] | None = None
        self._key: Any = None
        self._frames = 0

    def add(self, scene: ScopeScene, seconds: float) -> None:
        line = part_index(scene, self.settings)
        start = scene.window[0]
        data = scene.seen(line)
        values = np.asarray(data, np.float64)
        at = np.arange(start, start + values.size, dtype=np.float64) - scene.origin
        near = scene.limits or limits(values * scene.scale, self._limits)
        low, high = near[0] / scene.scale, near[1] / scene.scale
        low, high = min(low, high), max(low, high)
        key = (line, near, scene.span, scene.scale, scene.rate)
        if key != self._key:
            self._counts[:] = 0
            self._frames = 0
        self._key, self._limits, self._span = key, near, scene.span
        fade = self.settings.seconds
        if fade and self._frames:
            # To a hundredth in that time.
            self._counts *= 0.01 ** (seconds / fade)
        self._counts += _trace(at, values, scene.span, (low, high))
        self._frames += 1

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.widgets.plot_layers import Axis, Picture

        assert isinstance(scene, ScopeScene)
        if not self._frames:
            self.add(scene, 0.0)
        most = float(self._counts.max())
        lit = self._counts > max(_FAINT * min(most, 1.0), 1e-9)
        lifted = np.sqrt(self._counts / most) if most else self._counts
        pixels = np.where(lit, 1 + 254 * lifted, 0).astype(np.uint8)
        image, mime = encode(pixels, palette(), quality=None)
        assert self._limits is not None
        rate = scene.rate or 1.0
        x0, x1 = self._span[0] / rate, self._span[1] / rate
        x = Axis("time" if scene.rate else "sample", "s" if scene.rate else "", x0, x1)
        y = Axis("", scene.unit, *self._limits)
        layer = Picture(image, mime, (x0, x1, *self._limits))
        return PlotDrawing([layer], x, y, [f"{self._frames:,} frames"], (), (), False, [image])


def _trace(x: Floats, y: Floats, across: tuple[float, float], up: tuple[float, float]) -> Floats:
    """The picture of one line, 1 where it passes; the first row at the top."""
    hits = np.zeros((_UP + 1, _ACROSS))
    good = np.isfinite(y)
    if not good.any():
        return hits[:_UP]
    x, y = x[good], y[good]
    edges = np.linspace(across[0], across[1], _ACROSS + 1)
    # Where it enters and leaves each column, and what it reaches between.
    at_edges = np.interp(edges, x, y, left=np.nan, right=np.nan)
    low, high = np.fmin(at_edges[:-1], at_edges[1:]), np.fmax(at_edges[:-1], at_edges[1:])
    column = np.floor((x - across[0]) / (across[1] - across[0]) * _ACROSS).astype(np.int64)
    inside = (column >= 0) & (column < _ACROSS)
    np.fmin.at(low, column[inside], y[inside])
    np.fmax.at(high, column[inside], y[inside])
    there = np.flatnonzero(np.isfinite(low) & np.isfinite(high) & (high >= up[0]) & (low <= up[1]))
    scale = _UP / (up[1] - up[0])
    top = np.clip((up[1] - high[there]) * scale, 0, _UP - 1).astype(np.int64)
    bottom = np.clip((up[1] - low[there]) * scale, 0, _UP - 1).astype(np.int64)
    np.add.at(hits, (top, there), 1.0)
    np.add.at(hits, (bottom + 1, there), -1.0)
    answer: Floats = np.cumsum(hits, axis=0)[:_UP]
    return answer


SCOPE_MODES: tuple[type[Mode], ...] = (
    *(LineMode, StepsMode, PointsMode, SpectrumMode, RollingMode, HistogramMode, XYMode, EyeMode, FadingMode, LanesMode),
)
