"""A plot: a canvas on the page that draws what the kernel has reduced, and moves it at once while the kernel makes the finer curve."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

import anywidget
import traitlets

from . import outbox as outboxes
from .assets import script, style
from .closing import close_layout
from .plot_frames import encode
from .plot_layers import LARGEST, Axis, Callbacks, Cursors, Lanes, Layer, Line, Mark, Picture, Scatter, View, spread
from .viewers import Lag, Later, Viewers

_log = logging.getLogger(__name__)

COLUMNS = 1000  # until a page has told its width
_FEWEST, _MOST = 64, 4096  # columns that a page may tell
_FRAMES_AHEAD = 120  # frames that a slow page may be behind; it tells once a second, and of every 48th
_MOST_MARKS = 64
_MOST_LAYERS = 64
_SCRIPTS = ("numbers", "scale", "axes", "layers", "overlay", "cursors", "gestures", "help")

Span = tuple[float, float]


class Plot(anywidget.AnyWidget):
    """Lines, points, lanes and pictures over two axes, with cursors and marks; panned and zoomed by mouse, touch and keyboard.

    The page transforms what it has at once and tells of the new view; `moved` is called then, and whoever draws sends the finer curve
    by `draw`. Of what is drawn faster than a page takes it, the newest is sent; a page that is hidden gets nothing.

    Parameters
    ----------
    height
        Of the drawing, in CSS pixels, 80 to 4000.
    moved
        Called with no argument when the view or `columns` has changed, by the page (some 30 times a second at most, and not again before
        the last call was answered) or by Python: the time to draw what is seen now. It may be called on any thread.
    watched
        Called with whether anybody can see the plot, when that changes.
    label
        What the plot is called for those who hear it.

    Raises ``ValueError`` for a height out of range.
    """

    _esm = script(*(f"plot_{name}.js" for name in _SCRIPTS), "plot.js")
    _css = style("plot.css")

    height = traitlets.Int(260, help="Of the drawing, in CSS pixels.").tag(sync=True)
    label = traitlets.Unicode("Plot", help="What the plot is called for those who hear it.").tag(sync=True)

    def __init__(
        self,
        *,
        height: int = 260,
        moved: Callable[[], object] | None = None,
        watched: Callable[[bool], object] | None = None,
        label: str = "Plot",
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
        outbox: outboxes.Outbox | None = None,
    ) -> None:
        if isinstance(height, bool) or not isinstance(height, int) or not 80 <= height <= 4000:
            raise ValueError(f"Plot expected a height of 80 to 4000 pixels, not {height!r}")
        self._moved_callback = moved
        self._watched_callback = watched
        self._now = now
        self._outbox = outbox or outboxes.default()
        self._lock = threading.RLock()
        self._layers: tuple[Layer, ...] = ()
        self._axes: dict[str, Axis] = {"x": Axis(low=0, high=1), "y": Axis(low=0, high=1)}
        self._whole: dict[str, Span] = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
        self._held: dict[str, Span | None] = {"x": None, "y": None}  # what a person or Python chose to see; None: the whole
        self._zoom = "x"
        self._equal = False
        self._marks: tuple[Mark, ...] = ()
        self._cursors = Cursors()
        self._hidden: frozenset[str] = frozenset()
        self._by: dict[str, str] = {"view": "", "cursors": "", "marks": ""}  # the page that changed it last, which knows it already
        self._answers: dict[str, int] = {}
        self._widths: dict[str, int] = {}
        self._news: set[str] = set()
        self._sent: Any = None
        self._frame = 0
        self._closed = False
        self._cursor_callbacks = Callbacks(_failed)
        self._mark_callbacks = Callbacks(_failed)
        self.viewers = Viewers(self._watched, now=now, later=later)
        self._behind = Lag(self.viewers, self._lags)
        super().__init__(height=height, label=label)
        self.on_msg(self._message)

    # What is drawn.

    def draw(
        self,
        layers: Sequence[Layer],
        *,
        x: Axis,
        y: Axis,
        view: View | None = None,
        marks: Sequence[Mark] = (),
        zoom: str | None = None,
        equal: bool = False,
    ) -> None:
        """Draw these layers, the first below; each replaces all that was drawn before.

        A part that somebody looks at stays in sight while `x` and `y` go by the same name and unit; else, and with no part chosen, the
        whole is seen. `view` ``(x0, x1, y0, y1)`` shows that part. `zoom` is what the wheel acts on: ``'x'`` (default where there are
        lines or lanes), ``'y'`` or ``'xy'``. With `equal`, a unit is as long on x as on y: a page shows more of the axis that has room,
        and zooming acts on both. May be called on any thread, and as often as wished.
        """
        layers, marks = tuple(layers), tuple(marks)
        for layer in layers:
            if not isinstance(layer, (Line, Scatter, Lanes, Picture)):
                raise TypeError(f"a plot draws Line, Scatter, Lanes and Picture, not {type(layer).__name__}")
        if len(layers) > _MOST_LAYERS:
            raise ValueError(f"a plot draws at most {_MOST_LAYERS} layers, not {len(layers)}")
        if zoom not in (None, "x", "y", "xy"):
            raise ValueError(f"zoom expected 'x', 'y' or 'xy', not {zoom!r}")
        checked = None if view is None else self._checked_view(view, x, y)
        extents = [extent for layer in layers if (extent := layer.extent()) is not None]
        whole = {"x": x.limits([extent[0] for extent in extents]), "y": y.limits([extent[1] for extent in extents])}
        with self._lock:
            if self._closed:
                return
            self._layers = layers
            for name, axis in (("x", x), ("y", y)):
                if _kind(axis) != _kind(self._axes[name]):
                    if self._held[name] is not None:
                        self._held[name] = None
                        self._tell("view")
                    if getattr(self._cursors, name):
                        self._cursors = replace(self._cursors, **{name: ()})
                        self._tell("cursors")
                self._axes[name] = axis
            self._whole = whole
            self._equal = equal and not (x.logarithmic or y.logarithmic)
            self._zoom = zoom or ("x" if any(isinstance(layer, (Line, Lanes)) for layer in layers) or not layers else "xy")
            if marks != self._marks:
                self._marks = self._checked_marks(marks)
                self._tell("marks")
            if checked is not None and checked != self._held:
                self._held = checked
                self._tell("view")
            self._news.add("layers")
        self.viewers.check()
        self._ask()

    def picture(self, image: bytes, mime: str, extent: Sequence[float], *, x: Axis | None = None, y: Axis | None = None) -> None:
        """Draw one picture (the bytes of a PNG, JPEG or WebP) at ``(x0, x1, y0, y1)`` of the axes; default axes are as large as it is."""
        layer = Picture(image, mime, extent)
        across, up = layer.extent()
        self.draw([layer], x=x or Axis(low=across[0], high=across[1]), y=y or Axis(low=up[0], high=up[1]))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What was drawn last."""
        return self._layers

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The axes that were given to `draw`."""
        return self._axes["x"], self._axes["y"]

    @property
    def whole(self) -> View:
        """All that there is to see: ``(x0, x1, y0, y1)``."""
        return (*self._whole["x"], *self._whole["y"])

    @property
    def equal(self) -> bool:
        """Whether a unit is drawn as long on x as on y."""
        return self._equal

    # What is seen.

    @property
    def view(self) -> View:
        """What is seen: ``(x0, x1, y0, y1)``. Settable, for every page; None shows the whole, ``(x0, x1, None, None)`` all of y."""
        with self._lock:
            return (*(self._held["x"] or self._whole["x"]), *(self._held["y"] or self._whole["y"]))

    @view.setter
    def view(self, view: View | tuple[float, float, None, None] | tuple[None, None, float, float] | None) -> None:
        held: dict[str, Span | None] = {"x": None, "y": None}
        if view is not None:
            held = self._checked_view(view, *self.axes)
        with self._lock:
            if held == self._held:
                return
            self._held = held
            self._tell("view")
        self._ask()
        self._moved()

    @property
    def follows(self) -> tuple[bool, bool]:
        """Whether all is seen of x, and of y, however it changes; not where a part was chosen."""
        return self._held["x"] is None, self._held["y"] is None

    @property
    def columns(self) -> int:
        """The width of the drawing in pixels, on the widest page; 1000 while there is none."""
        with self._lock:
            return max(self._widths.values(), default=COLUMNS)

    @property
    def watched(self) -> bool:
        """Whether somebody can see the plot."""
        return self.viewers.watched

    @property
    def hidden(self) -> frozenset[str]:
        """The names of layers that are not shown, as a click in the legend does. Settable."""
        return self._hidden

    @hidden.setter
    def hidden(self, names: Sequence[str] | frozenset[str]) -> None:
        if isinstance(names, str):
            raise TypeError(f"hidden expected names, not the str {names!r}: try {{{names!r}}}")
        with self._lock:
            self._hidden = frozenset(map(str, names))
            self._news.add("hidden")
        self._ask()

    # Cursors and marks.

    @property
    def cursors(self) -> Cursors:
        """Up to two cursors on x and on y. Settable: `Cursors`, a mapping such as ``{'x': (0.001, 0.002)}``, or None for none."""
        return self._cursors

    @cursors.setter
    def cursors(self, cursors: Cursors | Mapping[str, Sequence[float]] | None) -> None:
        if isinstance(cursors, Mapping):
            if unknown := set(cursors) - {"x", "y"}:
                raise ValueError(f"cursors stand on 'x' and 'y', not on {sorted(map(str, unknown))}")
            cursors = Cursors(tuple(cursors.get("x", ())), tuple(cursors.get("y", ())))
        elif cursors is None:
            cursors = Cursors()
        elif not isinstance(cursors, Cursors):
            raise TypeError(f"cursors expected Cursors, a mapping with x and y, or None, not {type(cursors).__name__}")
        self._set_cursors(cursors, "")

    def on_cursors(self, callback: Callable[[Cursors], object]) -> Callable[[], None]:
        """Call ``callback(cursors)`` whenever they have changed, by the page or by Python; the answer undoes it."""
        return self._cursor_callbacks.add(callback)

    def _set_cursors(self, cursors: Cursors, by: str) -> None:
        with self._lock:
            if cursors == self._cursors or self._closed:
                return
            self._cursors = cursors
            self._tell("cursors", by)
        self._ask()
        self._cursor_callbacks(cursors)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks. Settable without drawing anew, as for the place where the DMA writes."""
        return self._marks

    @marks.setter
    def marks(self, marks: Sequence[Mark]) -> None:
        checked = self._checked_marks(tuple(marks))
        with self._lock:
            if checked == self._marks:
                return
            self._marks = checked
            self._tell("marks")
        self._ask()

    def on_mark(self, callback: Callable[[Mark], object]) -> Callable[[], None]:
        """Call ``callback(mark)`` with a mark that was dragged, at its new place; the answer undoes it."""
        return self._mark_callbacks.add(callback)

    def _checked_marks(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        for mark in marks:
            if not isinstance(mark, Mark):
                raise TypeError(f"marks expected Mark, not {type(mark).__name__}")
        if len(marks) > _MOST_MARKS:
            raise ValueError(f"a plot has at most {_MOST_MARKS} marks, not {len(marks)}")
        return marks

    # Files, and the drawing that a stored notebook keeps.

    def svg(self, width: int = 900, height: int = 400) -> str:
        """What is seen, as the text of an SVG file: the points that the page has, with axes, names, marks and cursors.

        Raises ``ValueError`` for a size that is not 120 to 8192 pixels each way.
        """
        from .plot_drawing import Figure
        from .plot_export import svg

        return svg(Figure.of(self), width, height)

    def png(self, width: int = 900, height: int = 400) -> bytes:
        """What is seen, as the bytes of a PNG file, as `svg`."""
        from .plot_drawing import Figure
        from .plot_export import png

        return png(Figure.of(self), width, height)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        from .plot_drawing import Figure
        from .plot_export import stored

        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/html"] = stored(Figure.of(self)) or "This drawing is too large to be stored."
            data["text/plain"] = repr(self)
        return bundle

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self._layers if layer.name) or "nothing drawn"
        x, y = (" ".join(filter(None, (axis.label, axis.unit and f"[{axis.unit}]"))) for axis in self.axes)
        return f"Plot({names}; {x or 'x'}, {y or 'y'}{', closed' if self._closed else ''})"

    # From the page: whatever a message holds, it harms nothing.

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        if self._closed or not isinstance(content, Mapping):
            return
        heard = {"hello": self._on_beat, "beat": self._on_beat, "bye": self._on_bye, "view": self._on_view}
        heard |= {"cursors": self._on_cursors, "mark": self._on_mark, "hide": self._on_hide}
        answer = heard.get(str(content.get("kind")))
        if answer is None:
            return
        try:
            answer(str(content.get("view"))[:64], content)
        except (TypeError, ValueError, LookupError, OverflowError):
            _log.debug("a message of the page was not understood: %r", content, exc_info=True)

    def _on_beat(self, view: str, content: Mapping[str, Any]) -> None:
        first = content.get("kind") == "hello"
        columns, seen = content.get("columns"), content.get("seen")
        before = self.columns
        with self._lock:
            if _is_number(columns) and columns:
                if view not in self._widths and len(self._widths) >= 64:
                    self._widths.clear()
                self._widths[view] = int(min(max(columns, _FEWEST), _MOST))
            if first:
                self._sent = None
                self._news |= {"layers", "view", "cursors", "marks", "hidden", "hello"}
        # A new view has seen what was sent before it came.
        self.viewers.beat(view, content.get("visible") is True, (), self._frame if first or not _is_number(seen) else int(seen))
        if self.columns > 1.1 * before or (self.columns != before and len(self._widths) == 1 and not first):
            self._moved()
        if self._news or content.get("kind") == "hello":
            self._ask()

    def _on_bye(self, view: str, content: Mapping[str, Any]) -> None:
        with self._lock:
            self._widths.pop(view, None)
            self._answers.pop(view, None)
        self.viewers.bye(view)

    def _on_view(self, view: str, content: Mapping[str, Any]) -> None:
        serial = content.get("serial")
        if not _is_number(serial):
            return
        try:
            held = {name: self._span(name, content.get(name)) for name in ("x", "y")}
        except ValueError:
            held = dict(self._held)  # what it asks for cannot be shown; it is answered, so that it may go on
        with self._lock:
            if "of" in content:
                # It may have been sent before the page learned of other axes.
                for name, of in zip(("x", "y"), content["of"], strict=True):
                    if list(of) != [self._axes[name].label, self._axes[name].unit]:
                        held[name] = self._held[name]
            if len(self._answers) > 64:
                self._answers.clear()
            self._answers[view] = int(serial)
            self._news.add("answers")
            changed = held != self._held
            if changed:
                self._held = held
                self._tell("view", view)
        if changed:
            self._moved()
        self._ask()

    def _on_cursors(self, view: str, content: Mapping[str, Any]) -> None:
        places = {name: tuple(_number(place) for place in content.get(name, ())) for name in ("x", "y")}
        self._set_cursors(Cursors(**places), view)

    def _on_mark(self, view: str, content: Mapping[str, Any]) -> None:
        index, at = content.get("n"), _number(content.get("at"))
        with self._lock:
            if not _is_number(index) or not 0 <= int(index) < len(self._marks):
                return
            old = self._marks[int(index)]
            if not old.draggable or old.label != content.get("label") or old.at == at:
                return
            mark = replace(old, at=at)
            self._marks = (*self._marks[: int(index)], mark, *self._marks[int(index) + 1 :])
            self._tell("marks", view)
        self._ask()
        self._mark_callbacks(mark)

    def _on_hide(self, view: str, content: Mapping[str, Any]) -> None:
        known = {layer.name for layer in self._layers}
        self.hidden = frozenset(name for name in content["names"][:_MOST_LAYERS] if isinstance(name, str) and name in known)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """A page sets no trait: what a person does comes as messages."""
        _log.debug("a page tried to set %s of a plot", sorted(map(str, sync_data)))

    # Checks.

    def _checked_view(self, view: Any, x: Axis, y: Axis) -> dict[str, Span | None]:
        edges = tuple(view)
        if len(edges) != 4:
            raise ValueError(f"a view is (x0, x1, y0, y1), not {view!r}")
        return {name: _checked_span(name, edges[at : at + 2], axis) for name, at, axis in (("x", 0, x), ("y", 2, y))}

    def _span(self, name: str, value: Any) -> Span | None:
        if value is None:
            return None
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise ValueError(f"{name} is a span of two numbers, not {value!r}")
        return _checked_span(name, (_number(value[0]), _number(value[1])), self._axes[name])

    # To the page. What is sent is made when the outbox comes to it, so that nothing waits in a queue.

    def _tell(self, what: str, by: str = "") -> None:
        self._by[what] = by
        self._news.add(what)

    def _ask(self) -> None:
        if not self._closed:
            self._outbox.ask((id(self), "plot"), self._send_news)

    def _send_news(self) -> None:
        with self._lock:
            news = set(self._news)
            if self._closed or not news:
                return
            if "hello" not in news and "answers" not in news and (not self.viewers.watched or self._behind()):
                return  # it stays news, and is sent when somebody looks
            self._news.clear()
            content: dict[str, Any] = {"kind": "draw"}
            buffers: list[bytes] = []
            if "layers" in news:
                x, y = self.axes
                told, buffers = encode(self._layers, x.logarithmic, y.logarithmic)
                layers = {
                    "layers": told,
                    "x": _axis(x, self._whole["x"]),
                    "y": _axis(y, self._whole["y"]),
                    "zoom": self._zoom,
                    "equal": self._equal,
                }
                if self._sent == (layers, buffers):
                    news.discard("layers")
                    buffers = []
                else:
                    self._sent = layers, buffers
                    content |= layers
            if "view" in news:
                content["view"] = {"by": self._by["view"], "x": self._held["x"], "y": self._held["y"]}
            if "cursors" in news:
                content["cursors"] = {"by": self._by["cursors"], "x": self._cursors.x, "y": self._cursors.y}
            if "marks" in news:
                marks = [[mark.at, mark.axis, mark.label, mark.kind, mark.draggable] for mark in self._marks]
                content["marks"] = {"by": self._by["marks"], "all": marks}
            if "hidden" in news:
                content["hidden"] = sorted(self._hidden)
            if "answers" in news:
                content["answers"] = dict(self._answers)
            if len(content) == 1:
                return
            self._frame += 1
            content["n"] = self._frame
        self.send(content, buffers or None)

    def _lags(self) -> bool:
        """Whether the pages have more frames before them than they should."""
        seen = self.viewers.seen
        return seen is not None and self._frame - seen > _FRAMES_AHEAD

    # Life.

    def _moved(self) -> None:
        if self._moved_callback is None or self._closed:
            return
        try:
            self._moved_callback()
        except Exception as error:
            # What draws may fail with whatever its data do; the page still gets its answer.
            _failed(error)

    def _watched(self, watched: bool) -> None:
        if self._watched_callback is not None and not self._closed:
            try:
                self._watched_callback(watched)
            except Exception as error:
                _failed(error)
        if watched:
            self._ask()

    def close(self) -> None:
        """Take the plot off every page; nothing is called or sent any more. What was drawn can still be exported."""
        if hasattr(self, "viewers"):  # else the constructor raised, and Python cleans up
            with self._lock:
                self._closed = True
                self._news.clear()
                self._sent = None
            self._cursor_callbacks.clear()
            self._mark_callbacks.clear()
        close_layout(self)
        super().close()


def _kind(axis: Axis) -> tuple[str, str, bool]:
    return axis.label, axis.unit, axis.logarithmic


def _axis(axis: Axis, whole: Span) -> dict[str, Any]:
    return {"label": axis.label, "unit": axis.unit, "low": whole[0], "high": whole[1], "log": axis.logarithmic, "finest": axis.finest}


def _checked_span(name: str, edges: tuple[Any, ...], axis: Axis) -> Span | None:
    if edges == (None, None):
        return None
    low, high = (float(edge) for edge in edges)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"a view of {name} goes from a number to a greater one, not from {low!r} to {high!r}")
    if axis.logarithmic and low <= 0:
        raise ValueError(f"a view of a logarithmic {name} begins above 0, not at {low!r}")
    low, high = max(low, -LARGEST), min(high, LARGEST)
    return spread(low, high, axis.logarithmic) if low < high else None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: Any) -> float:
    if not _is_number(value):
        raise ValueError(f"expected a finite number, not {value!r}")
    return float(value)


def _failed(error: BaseException) -> None:
    _log.warning("what was called with news of a plot failed: %s", error, exc_info=error)


__all__ = ["COLUMNS", "Plot"]
