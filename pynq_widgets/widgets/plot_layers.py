"""What a plot is made of: axes, layers, marks and cursors. Plain data, checked when it is made; nothing here knows a widget."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from pynq_widgets.analysis.curve import Curve

Style = Literal["line", "steps", "points", "bars"]
Radix = Literal["hex", "unsigned", "signed"]
Floats = npt.NDArray[np.float64]
View = tuple[float, float, float, float]

# A colour by its place, in light and in dark: each has a contrast of 4.5 : 1 or more with the page behind it.
COLOURS = ("#1668b8", "#b3500a", "#1d7a4c", "#8446b5", "#8a6a00", "#b82f5c", "#0b737c", "#5f6368")
DARK_COLOURS = ("#5aa9f5", "#f19a4b", "#4cc38a", "#c79bef", "#dab73c", "#f47f9b", "#47c4cc", "#aab0b6")

_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?|[a-zA-Z]{3,24}")
_MIMES = ("image/png", "image/jpeg", "image/webp")
LARGEST = float(np.finfo(np.float64).max) / 8  # the edges of an axis lie within, so that differences of them are numbers


@dataclass(frozen=True)
class Axis:
    """An axis: what stands on it, and all there is to see of it.

    Parameters
    ----------
    label, unit
        ``Axis("Time", "s")``; SI units get prefixes (12.5 µs), decibels, percents and words do not.
    low, high
        The whole: what is shown at first and by "Whole", in `unit`. None: what the layers reach, with some air.
    logarithmic
        Ticks at powers of ten; then both limits are above 0, and values that are not have no place.
    finest
        The least span that zooming gets to, in `unit`; 0: no more than the numbers can tell apart.

    Raises ``ValueError`` where the limits are not finite, stand in the wrong order, or are not above 0 on a logarithmic axis.
    """

    label: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False
    finest: float = 0.0

    def __post_init__(self) -> None:
        for name in ("low", "high", "finest"):
            value = getattr(self, name)
            if value is not None:
                value = float(value)
                if not math.isfinite(value):
                    raise ValueError(f"the {name} of an axis is a finite number, not {value!r}")
                object.__setattr__(self, name, min(max(value, -LARGEST), LARGEST))
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"an axis goes from low to high: {self.low!r} is not below {self.high!r}")
        if self.logarithmic and any(limit is not None and limit <= 0 for limit in (self.low, self.high)):
            raise ValueError(f"a logarithmic axis begins above 0, not at {self.low!r}")

    def limits(self, data: Sequence[tuple[float, float]] = ()) -> tuple[float, float]:
        """The whole as two numbers that differ; `data` are the extents of what is drawn, for limits that are not given."""
        low, high = self.low, self.high
        if low is None or high is None:
            found = [edge for pair in data for edge in pair if math.isfinite(edge) and not (self.logarithmic and edge <= 0)]
            least, most = (min(found), max(found)) if found else ((1.0, 10.0) if self.logarithmic else (0.0, 1.0))
            if found and self.logarithmic:
                least, most = least / 1.2, most * 1.2
            elif found and most > least:
                # Parts of the span first: the span of numbers near the largest is itself no number.
                air = 0.06 * most - 0.06 * least
                least, most = least - air, most + air
            low = least if low is None else low
            high = most if high is None else high
        return spread(min(low, high), max(low, high), self.logarithmic)


def spread(low: float, high: float, logarithmic: bool = False) -> tuple[float, float]:
    """Two limits that differ by enough to draw on: a constant stands in the middle."""
    low, high = (min(max(edge, -LARGEST), LARGEST) for edge in (low, high))
    if logarithmic:
        low = max(low, 1e-300)
        return (low, high) if high > low * (1 + 1e-9) else (low / 10, min(low * 10, LARGEST))
    if high - low > max(abs(low), abs(high)) * 1e-13:
        return low, high
    half = abs(low) / 2 or 0.5
    return max(low - half, -LARGEST), min(high + half, LARGEST)


@dataclass(frozen=True)
class Line:
    """A curve over x: ``curve.x`` ascending, in the unit of the axis, ``curve.y`` its values; NaN interrupts it.

    Where ``curve.step`` is more than 1, the points are two a column, the least and the greatest of it. `colour` is ``'#rrggbb'`` or a
    name of CSS; None takes the next of the palette, which follows the theme.
    """

    name: str
    curve: Curve
    style: Style = "line"
    colour: str | None = None

    def __post_init__(self) -> None:
        _one_of("style", self.style, get_args(Style))
        _check_colour(self.colour)
        _check_pairs(self.name, self.curve.x, self.curve.y)

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """What it reaches on x and on y; None where it has no point."""
        low = 0.0 if self.style == "bars" else None
        return _extent(self.curve.x, self.curve.y, also_y=low)


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points, in any order: `x` and `y` of the same length. Where one of the two is NaN nothing is drawn. `joined`: a line goes from each
    to the next."""

    name: str
    x: npt.ArrayLike
    y: npt.ArrayLike
    colour: str | None = None
    joined: bool = False

    def __post_init__(self) -> None:
        _check_colour(self.colour)
        for name in ("x", "y"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64))
        _check_pairs(self.name, self.x, self.y)

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """What it reaches on x and on y; None where it has no point."""
        return _extent(np.asarray(self.x), np.asarray(self.y))


@dataclass(frozen=True, eq=False)
class LaneTrace:
    """One lane: `value[k]` holds from ``x[k]`` to ``x[k + 1]``; `busy[k]`: there are more edges in it than can be shown.

    `x` is ascending and has one entry more than `value` (the end of the last run), or as many (it goes on to the edge). `width` is in
    bits: 1 is drawn as a level, more as a bus with its values written as `radix`.
    """

    name: str
    x: npt.ArrayLike
    value: npt.ArrayLike
    busy: npt.ArrayLike | None = None
    width: int = 1
    radix: Radix = "hex"

    def __post_init__(self) -> None:
        _one_of("radix", self.radix, get_args(Radix))
        if not 1 <= self.width <= 64:
            raise ValueError(f"lane {self.name!r} expected a width of 1 to 64 bits, not {self.width!r}")
        x, value = np.asarray(self.x, np.float64), np.asarray(self.value)
        if value.dtype.kind not in "biu":
            raise ValueError(f"lane {self.name!r} expected whole numbers as values, not {value.dtype}")
        busy = np.zeros(value.shape, bool) if self.busy is None else np.asarray(self.busy, bool)
        if x.ndim != 1 or value.ndim != 1 or busy.shape != value.shape or x.size not in (value.size, value.size + 1):
            raise ValueError(
                f"lane {self.name!r} expected as many x as values or one more, and as many busy, not {x.shape}, {value.shape}, {busy.shape}"
            )
        for name, array in (("x", x), ("value", value), ("busy", busy)):
            object.__setattr__(self, name, array)


@dataclass(frozen=True)
class Lanes:
    """Lanes of a logic analyser, the first at the top; each is 1 high on y, which goes from 0 to their number and has names for ticks."""

    traces: Sequence[LaneTrace]
    name: str = "lanes"

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """What they reach on x and on y; None where there is no lane."""
        edges = [float(edge) for trace in self.traces for edge in (*np.asarray(trace.x)[:1], *np.asarray(trace.x)[-1:])]
        if not self.traces:
            return None
        return (min(edges, default=0.0), max(edges, default=1.0)), (0.0, float(len(self.traces)))


@dataclass(frozen=True)
class Picture:
    """A picture laid on the axes: the bytes of a PNG, JPEG or WebP, and ``(x0, x1, y0, y1)`` where its left, right, bottom and top lie."""

    image: bytes = field(repr=False)
    mime: str
    extent_: tuple[float, float, float, float]
    name: str = "picture"

    def __init__(self, image: bytes, mime: str, extent: Sequence[float], name: str = "picture") -> None:
        _one_of("mime", mime, _MIMES)
        edges = tuple(float(edge) for edge in extent)
        if len(edges) != 4 or not all(map(math.isfinite, edges)) or edges[0] == edges[1] or edges[2] == edges[3]:
            raise ValueError(f"the extent of a picture is (x0, x1, y0, y1), finite and not empty, not {tuple(extent)!r}")
        for name_, value in (("image", bytes(image)), ("mime", mime), ("extent_", edges), ("name", name)):
            object.__setattr__(self, name_, value)

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What it reaches on x and on y."""
        x0, x1, y0, y1 = self.extent_
        return (min(x0, x1), max(x0, x1)), (min(y0, y1), max(y0, y1))


Layer = Line | Scatter | Lanes | Picture


@dataclass(frozen=True)
class Mark:
    """A line across the plot: the level of a trigger, the place where the DMA writes, a note. `at` is in the unit of its axis.

    A draggable one can be moved by mouse and keyboard; the plot tells of it by ``on_mark``.
    """

    at: float
    axis: Literal["x", "y"] = "x"
    label: str = ""
    kind: Literal["trigger", "dma", "note"] = "note"
    draggable: bool = False

    def __post_init__(self) -> None:
        _one_of("axis", self.axis, ("x", "y"))
        _one_of("kind", self.kind, ("trigger", "dma", "note"))
        object.__setattr__(self, "at", float(self.at))
        if not math.isfinite(self.at):
            raise ValueError(f"a mark stands at a finite number, not {self.at!r}")


@dataclass(frozen=True)
class Cursors:
    """Up to two cursors on each axis, in the units of the axes; ``()`` where there are none."""

    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for axis in ("x", "y"):
            places = tuple(float(place) for place in getattr(self, axis))
            if len(places) > 2 or not all(map(math.isfinite, places)):
                raise ValueError(f"there are at most two {axis} cursors, at finite numbers, not {places!r}")
            object.__setattr__(self, axis, places)

    @property
    def dx(self) -> float | None:
        """The second x cursor less the first; None where there are not two."""
        return self.x[1] - self.x[0] if len(self.x) == 2 else None

    @property
    def dy(self) -> float | None:
        """The second y cursor less the first; None where there are not two."""
        return self.y[1] - self.y[0] if len(self.y) == 2 else None

    @property
    def frequency(self) -> float | None:
        """One over the distance of the x cursors (in Hz where x is in seconds); None where there are not two, or both at one place."""
        return 1 / abs(self.dx) if self.dx else None


class Callbacks:
    """Functions to call with news; what one raises keeps the others from nothing."""

    def __init__(self, failed: Callable[[BaseException], object]) -> None:
        self._functions: list[Callable[[Any], object]] = []
        self._failed = failed

    def add(self, function: Callable[[Any], object]) -> Callable[[], None]:
        """Call `function` from now on; the answer undoes it."""
        self._functions.append(function)

        def undo() -> None:
            if function in self._functions:
                self._functions.remove(function)

        return undo

    def __iter__(self) -> Iterator[Callable[[Any], object]]:
        return iter(tuple(self._functions))

    def __call__(self, news: Any) -> None:
        for function in self:
            try:
                function(news)
            except Exception as error:
                # An observer's mistake is no reason for the plot to stand still.
                self._failed(error)

    def clear(self) -> None:
        self._functions.clear()


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} expected one of {', '.join(map(repr, allowed))}, not {value!r}")


def _check_colour(colour: str | None) -> None:
    if colour is not None and not _COLOUR.fullmatch(colour):
        raise ValueError(f"colour expected '#rrggbb' or a name of CSS, not {colour!r}")


def _check_pairs(name: str, x: Any, y: Any) -> None:
    if np.ndim(x) != 1 or np.shape(x) != np.shape(y):
        raise ValueError(f"{name!r} expected x and y of one dimension and the same length, not {np.shape(x)} and {np.shape(y)}")


def _extent(x: Floats, y: Floats, also_y: float | None = None) -> tuple[tuple[float, float], tuple[float, float]] | None:
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        return None
    x, y = x[there], y[there]
    low, high = float(y.min()), float(y.max())
    if also_y is not None:
        low, high = min(low, also_y), max(high, also_y)
    return (float(x.min()), float(x.max())), (low, high)


__all__ = ["Axis", "Cursors", "LaneTrace", "Lanes", "Layer", "Line", "Mark", "Picture", "Scatter", "View"]
