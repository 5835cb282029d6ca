"""What a mode is given to draw from, and what it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Array, Curve, Floats, reduce_line
from pynq_widgets.widgets.buffer_facts import given_name
from pynq_widgets.widgets.buffer_source import Source
from pynq_widgets.widgets.raster import Range, Raster, Region

_BLOCK = 1 << 18  # samples of a difference that are made at once


@dataclass(frozen=True)
class Scene:
    """What is to be drawn.

    `window` is the first sample that is seen and the one after the last; `origin` the sample that stands at 0 of the axis (a
    trigger's). `rate` is in samples a second (None: the axis counts samples), `scale` and `unit` make of a number what it measures.
    """

    source: Source
    window: tuple[int, int]
    columns: int = 1000
    rate: float | None = None
    unit: str = ""
    scale: float = 1.0
    origin: float = 0
    other: Source | None = None
    difference: bool = False
    across: tuple[float, float] | None = None  # what is seen of the horizontal axis; None: the whole
    pixels: tuple[int, int] | None = None  # rows and columns that the page has for a picture
    region: tuple[int, int, int, int] | None = None
    plane: tuple[int, ...] = ()
    limits: tuple[float, float] | None = None  # of the colours of a picture, or of the last vertical axis
    last: Any = None  # the last picture

    @property
    def names(self) -> list[str]:
        return [part.name for part in self.source.parts]

    def seen(self, index: int) -> Array:
        """The visible samples of line `index`: a view."""
        return self.source.parts[index].data[self.window[0] : self.window[1]]

    def complex_seen(self) -> Array | None:
        """The visible samples where they are complex (and of one channel)."""
        array = self.source.array
        if array.dtype.kind != "c" or self.source.interpretation.channels > 1 or not (array.ndim == 1 or array.flags.c_contiguous):
            return None
        return array.reshape(-1)[self.window[0] : self.window[1]]

    def curves(self) -> list[tuple[str, Curve]]:
        """The lines of the visible part, in units: those of the buffer, those of the one it is compared with, or their differences."""
        start, stop = self.window
        this, that = self.compared
        found: list[tuple[str, Curve]] = []
        for index, part in enumerate(self.source.parts):
            other = self.other.parts[index] if self.other is not None and index < len(self.other.parts) else None
            if self.difference and other is not None:
                curve = _difference(part.data, other.data, start, min(stop, other.data.size), self.columns)
                found.append((f"difference {part.name}".rstrip(), self.scaled(curve)))
                continue
            found.append((f"{this} {part.name}".strip(), self.scaled(self.source.curve(index, start, stop, self.columns))))
            if other is not None and self.other is not None:
                curve = self.other.curve(index, start, min(stop, other.data.size), self.columns)
                found.append((f"{that} {part.name}".rstrip(), self.scaled(curve)))
        return found

    @property
    def compared(self) -> tuple[str, str]:
        """What the lines of two buffers are called: the names of both, if they have different ones. '' where there is but one buffer."""
        if self.other is None:
            return "", ""
        this, that = (given_name(source.buffer) for source in (self.source, self.other))
        return (this, that) if this and that and this != that else ("this", "other")

    def scaled(self, curve: Curve) -> Curve:
        """`curve` with both axes in units."""
        x = curve.x - self.origin if self.origin else curve.x
        if self.rate:
            x = x / self.rate
        y = curve.y if self.scale == 1.0 else curve.y * self.scale
        return Curve(x, y, curve.step, curve.gaps)

    def position(self, sample: float) -> float:
        """Where a sample stands on the axis of samples or seconds."""
        return (sample - self.origin) / (self.rate or 1.0)


def _difference(a: Array, b: Array, start: int, stop: int, columns: int) -> Curve:
    """``a - b``, reduced a block of columns at a time: the difference as a whole is never made."""
    stop = min(max(stop, start), a.size, b.size)
    if stop - start <= 2 * columns:
        curve = reduce_line(_minus(a[start:stop], b[start:stop]), 0, None, columns)
        return Curve(curve.x + start, curve.y, curve.step, curve.gaps)
    step = -(-(stop - start) // columns)
    at_once = max(1, _BLOCK // step)
    x: list[Floats] = []
    y: list[Floats] = []
    gaps = False
    for first in range(start, stop, at_once * step):
        end = min(first + at_once * step, stop)
        rows = -(-(end - first) // step)
        curve = reduce_line(_minus(a[first:end], b[first:end]), 0, None, rows)
        x.append(curve.x + first)
        y.append(curve.y)
        gaps = gaps or curve.gaps
    return Curve(np.concatenate(x), np.concatenate(y), step, gaps)


def _minus(a: Array, b: Array) -> Floats:
    answer: Floats = np.subtract(a, b, dtype=np.float64, casting="unsafe")
    return answer


@dataclass(frozen=True)
class PlotDrawing:
    """Layers for a `Plot`, its axes, and what is said of them. `curves` are the lines among them, as they are drawn."""

    layers: Sequence[Any]
    x: Any
    y: Any
    notes: Sequence[str] = ()
    labels: Sequence[tuple[str, str]] = ()  # name and colour
    curves: Sequence[Curve] = ()
    gaps: bool = False
    numbers: Sequence[Any] = field(default=(), repr=False)  # what the layers are made of, to see whether anything changed
    equal: bool = False  # a unit is to be as long on x as on y

    def same(self, other: Any) -> bool:
        """Whether `other` would look the same."""
        if not isinstance(other, PlotDrawing) or (self.x, self.y, tuple(self.labels)) != (other.x, other.y, tuple(other.labels)):
            return False
        if len(self.numbers) != len(other.numbers):
            return False
        return all(_equal(a, b) for a, b in zip(self.numbers, other.numbers, strict=True))


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        # As bytes: a NaN is the NaN that it was.
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return bool(a == b)


@dataclass(frozen=True)
class PictureDrawing:
    """A picture of a part of an image of `size` rows and columns."""

    raster: Raster = field(repr=False)
    size: tuple[int, int]
    notes: Sequence[str] = ()

    @property
    def region(self) -> Region:
        """First row, row after the last, first column, column after the last."""
        return self.raster.region

    @property
    def mime(self) -> str:
        return self.raster.mime

    @property
    def gaps(self) -> bool:
        return self.raster.gaps

    @property
    def shown(self) -> Range | None:
        """The values of the darkest and the brightest colour; None where the values are colours."""
        return self.raster.shown

    @property
    def shown_text(self) -> list[str]:
        """`shown` as words; empty where the values are colours."""
        return [] if self.shown is None else [f"{self.shown[0]:.6g}", f"{self.shown[1]:.6g}"]

    def same(self, other: Any) -> bool:
        return isinstance(other, PictureDrawing) and self.raster is other.raster and self.size == other.size


@dataclass(frozen=True)
class HexDrawing:
    """How many rows there are, and a number that changes with the memory of the rows that a page looks at."""

    rows: int
    group: int
    base: int
    notes: Sequence[str] = ()
    gaps: bool = False
    numbers: bytes = b""

    def same(self, other: Any) -> bool:
        return isinstance(other, HexDrawing) and (self.rows, self.group, self.base, self.numbers) == (
            other.rows,
            other.group,
            other.base,
            other.numbers,
        )


@dataclass(frozen=True)
class TextDrawing:
    """Some lines of text."""

    text: str
    notes: Sequence[str] = ()
    gaps: bool = False

    def same(self, other: Any) -> bool:
        return isinstance(other, TextDrawing) and self.text == other.text


Drawing = PlotDrawing | PictureDrawing | HexDrawing | TextDrawing
