"""A buffer as a picture: a line, its spectrum, an image, its bytes; it follows the buffer while somebody looks."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from pynq_widgets.analysis.curve import Array, Curve
from pynq_widgets.analysis.interpretation import Interpretation

from . import outbox
from .buffer_facts import buffer_name, facts, gone_text
from .buffer_follower import BUDGET, Follower, Sampling
from .buffer_marks import dma_marks, sides, trigger_marks
from .buffer_messages import BufferMessages
from .buffer_options import checked_rate, checked_scale, checked_unit, how_read, positive
from .buffer_panel import BufferPanel
from .buffer_reading import Reading
from .buffer_source import Source
from .buffer_trigger import Triggered
from .buffer_window import Windowed
from .closing import close_layout
from .modes import MODES, Mode, mode_class, natural
from .modes.image import ImageMode
from .modes.scene import Drawing, HexDrawing, PictureDrawing, PlotDrawing, Scene, TextDrawing
from .modes.settings import Settings
from .raster import Range, Raster
from .viewers import Later

if TYPE_CHECKING:
    from .plot import Plot
    from .plot_layers import Mark


class BufferView(Windowed, Reading, Triggered, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A buffer, in one of several modes: of one dimension as a line, of two or more as an image, and in any other way that fits.

    Zooming and panning show the visible part finer: the page never gets more than it can show. While somebody can see the view, the
    buffer is looked at `rate` times a second, and what changed of the visible part is sent. Nothing is flushed or invalidated.

    Parameters
    ----------
    source
        A `PynqBuffer`, or any numpy array.
    rate
        Looks a second, 0.1 to 100; 0 for none unasked (`refresh` looks once).
    limits
        Values that get the first and the last colour of an image. Default: the least and the greatest that are seen.
    mode
        ``'line'``, ``'spectrum'``, ``'image'``, ``'hex'``, …: see `modes`. Default: what suits the type and shape.
    sample_rate, unit, scale
        Samples a second, what a value is measured in, and how much of that 1 is: axes are in seconds and volts then.
    interpretation
        How the memory is read, if not by the buffer's own type and shape. Or, as `interpret` takes them, `dtype`, `shape`, `byteorder`,
        `channels`, `offset`.
    sampler
        Calls the looks; default the sampler of the buffer's device.

    Raises ``TypeError`` for another source, ``ValueError`` for an argument out of range.
    """

    def __init__(
        self,
        source: Array,
        *,
        rate: float = 10.0,
        limits: Range | None = None,
        mode: str | None = None,
        sample_rate: float | None = None,
        unit: str = "",
        scale: float = 1.0,
        interpretation: Interpretation | None = None,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
        **how: Any,
    ) -> None:
        interpretation = how_read(interpretation, how)
        if not isinstance(source, np.ndarray):
            raise TypeError(f"BufferView expected a buffer or a numpy array, not {type(source).__name__}: try numpy.asarray(...)")
        if limits is not None and not (len(limits) == 2 and all(map(math.isfinite, limits)) and limits[0] < limits[1]):
            raise ValueError(f"BufferView expected limits (low, high) with low < high, not {limits!r}")
        self.buffer = source
        self._sample_rate = None if sample_rate is None else positive("sample_rate", sample_rate)
        self._unit, self._scale = checked_unit(unit), checked_scale(scale)
        self._limits = limits
        self._now = now
        self._later = later
        self._drawing = threading.RLock()
        self._closed = False
        self._gone = gone_text(source)
        self._status: dict[str, Any] = {}
        self._stated_at = -math.inf
        self._source = Source(source, interpretation)
        self._other: Source | None = None
        self._beside: Source | None = None
        self._difference = False
        self._statistics_of = "visible"
        self._window: tuple[int, int] | None = None  # what a person chose to see; None: all
        self._view_to_set: Any = None
        self._plane: tuple[int, ...] = ()
        self._region: tuple[int, int, int, int] | None = None
        self._last: Drawing | None = None
        self._modes: dict[str, Mode] = {}
        self._chosen = ""  # the mode that somebody chose
        self._drawn_by: Mode | None = None  # whose drawing is on the plot
        self.plot: Plot | None = None
        self._follower = Follower(self, checked_rate(rate), sampler, now=now, later=later)
        self.viewers = self._follower.viewers
        self._messages = BufferMessages(self)
        self.panel = BufferPanel(self._messages.heard, title=buffer_name(source), facts=self._facts())
        super().__init__([self.panel], layout=ipywidgets.Layout(width="100%"), _dom_classes=("pw-buffer",))
        self._take_mode(natural(self._source) if mode is None else self._able(mode))
        if not self._gone:
            self.refresh()

    # What is seen, from Python.

    @property
    def mode(self) -> str:
        """What the buffer is shown as. Settable; ``ValueError`` for a name that there is not, or that does not fit the buffer."""
        return self._mode.name

    @mode.setter
    def mode(self, name: str) -> None:
        chosen = self._able(name)
        self._chosen = name
        if chosen.name != self._mode.name:
            with self._drawing:
                self._take_mode(chosen)
            self._look(BUDGET)

    @property
    def modes(self) -> dict[str, str]:
        """All modes, and why each cannot show this buffer; empty text where it can."""
        return {mode.name: mode.refusal(self._source) for mode in MODES}

    @property
    def settings(self) -> Settings:
        """The settings of the present mode, as attributes: ``view.settings.window = 'hann'``."""
        return self._mode.settings

    @property
    def rate(self) -> float:
        """Looks a second while somebody can see the view; 0: none unasked."""
        return self._follower.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._follower.rate = checked_rate(rate)
        self._state()

    @property
    def live(self) -> bool:
        """Whether the buffer is being looked at because somebody sees this view."""
        return self._follower.live

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The lines that are drawn: what the page has."""
        return tuple(self._last.curves) if isinstance(self._last, PlotDrawing) else ()

    @property
    def drawing(self) -> Drawing | None:
        """What was drawn last."""
        return self._last

    def export(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write what is seen: ``.png`` or ``.svg`` as it is drawn, ``.csv`` or ``.npy`` the visible part in full resolution; of a
        spectrum and a histogram the levels and counts that are drawn, a row each.

        Raises ``FileExistsError`` unless `overwrite`, ``ValueError`` for another ending or what the mode cannot be written as.
        """
        from .buffer_export import write

        write(self, path, overwrite)

    def refresh(self) -> bool:
        """Look at the buffer now, and send what changed of the visible part; whether anything had."""
        return self._look(math.inf)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from .buffer_bundle import view_bundle

        return view_bundle(self, super()._repr_mimebundle_(**kwargs))

    # Drawing. All of it under `_drawing`: the sampler's thread and the page's messages take turns.

    def _look(self, budget: float) -> bool:
        with self._drawing:
            if self._closed:
                return False
            gone = gone_text(self.buffer)
            if gone:
                if gone != self._gone:
                    self._gone = gone
                    outbox.default().post(self._tell_facts)
                    self._state()
                return False
            if not self._hold:
                within = self._samples() if self._window is not None else None
                self._source.look(budget, within)
                if self._other is not None:
                    self._other.look(budget, within)
            return self._draw()

    def _draw(self) -> bool:
        try:
            if not self._aim():
                return self._say(detail="waiting for the trigger", problem="")
            drawing = self._mode.draw(self.scene())
        except ValueError as error:
            return self._say(problem=str(error))
        if self._last is not None and drawing.same(self._last):
            drawing = self._last
            changed = False
        else:
            changed, self._last = True, drawing
        if isinstance(drawing, PlotDrawing):
            self._draw_plot(drawing, changed)
        status: dict[str, Any] = {"detail": " · ".join(drawing.notes), "gaps": drawing.gaps, "problem": "", "window": list(self.window)}
        if isinstance(drawing, PlotDrawing):
            status["labels"] = [list(label) for label in drawing.labels]
        elif isinstance(drawing, PictureDrawing):
            status |= {
                "region": list(drawing.region),
                "range": drawing.shown_text,
                "mime": drawing.mime,
                "shape": list(drawing.size),
            }
            status["rows"] = [[mark.at // max(drawing.size[1], 1), mark.label] for mark in dma_marks(self._source)]
        elif isinstance(drawing, HexDrawing):
            status |= {"hex": [drawing.rows, drawing.group, drawing.base]}
        elif isinstance(drawing, TextDrawing):
            status["value"] = drawing.text
        status |= {"side": self.side} | sides(self.buffer)
        told = self._say(picture=drawing.raster if changed and isinstance(drawing, PictureDrawing) else None, **status)
        if self._single and self._trigger is not None and not self._waiting:
            self.hold = True
        if isinstance(drawing, HexDrawing):
            return self._messages.tell_rows()
        if not told and self._now() - self._stated_at > 1 and changed:
            self._state()  # the count of frames, by which the page tells that it keeps up
        return changed

    def _draw_plot(self, drawing: PlotDrawing, changed: bool) -> None:
        assert self.plot is not None
        marks = self._marks()
        if changed or self._view_to_set is not None:
            view, self._view_to_set = self._view_to_set, None
            self._drawn_by = self._mode
            self.plot.draw(drawing.layers, x=drawing.x, y=drawing.y, view=view, marks=marks, equal=drawing.equal)
        else:
            self.plot.marks = marks

    def scene(self, columns: int | None = None) -> Scene:
        """What the mode draws from."""
        source = self._held or self._source
        last = self._last
        limits = self._limits
        if isinstance(last, PlotDrawing):
            limits = (last.y.low, last.y.high) if last.y.low is not None and last.y.high is not None else None
        return Scene(
            source,
            self._samples(),
            columns=columns or (self.plot.columns if self.plot is not None else 1000),
            rate=self._sample_rate,
            unit=self._unit,
            scale=self._scale,
            origin=self._origin,
            other=self._other,
            difference=self._difference,
            across=self._across(),
            region=self._image_region() if isinstance(self._mode, ImageMode) else None,
            plane=self._plane,
            pixels=self._messages.pixels,
            limits=limits,
            last=last.raster if isinstance(last, PictureDrawing) else None,
        )

    # Modes and sources.

    def _able(self, name: str) -> type[Mode]:
        mode = mode_class(name)
        refusal = mode.refusal(self._source)
        if refusal:
            raise ValueError(f"this buffer cannot be shown as {name!r}: {refusal}")
        return mode

    def _take_mode(self, mode: type[Mode]) -> None:
        self._mode = self._modes.get(mode.name) or self._modes.setdefault(mode.name, mode(self._source, self._setting_changed))
        self._last = None
        if mode.surface == "plot":
            if self.plot is None:
                from .plot import Plot

                self.plot = Plot(
                    moved=self._moved, watched=self._follower.plot_watched, label="Plot of the buffer", now=self._now, later=self._later
                )
                self.plot.on_mark(self._mark_moved)
            if mode.along and self._window is not None:
                self._view_to_set = (*self._along(*self._window), None, None)
        parts = [self.panel] if mode.surface != "plot" else [self.panel, self.plot]
        if getattr(self, "children", None) != tuple(parts):
            self.children = tuple(parts)
        self._status = {}
        self._fit_plane()
        self._state(self._sheet())

    def _setting_changed(self) -> None:
        with self._drawing:
            self._last = None
            self._fit_plane()
        self._state(self._sheet())
        self._look(BUDGET)

    # What is said.

    def _marks(self) -> list[Mark]:
        if not self._mode.along:
            return []
        source = self._source
        scene = self.scene()
        marks = trigger_marks(self._trigger, self._scale) if self._mode.name != "lanes" else []
        return marks + dma_marks(source, scene.position)

    def _facts(self) -> list[list[str]]:
        found = [list(fact) for fact in facts(self.buffer)]
        if self._source.interpretation != Interpretation():
            found.insert(2, ["Read as", str(self._source.interpretation)])
        return found

    def _tell_facts(self) -> None:
        if not self._closed:
            self.panel.facts = self._facts()

    def _sheet(self) -> dict[str, Any]:
        """What the page needs for its controls."""
        return self._messages.sheet()

    def _say(self, picture: Raster | None = None, **status: Any) -> bool:
        """Send a state if something in it is new."""
        if picture is None and all(self._status.get(name) == value for name, value in status.items()):
            return False
        self._status.update(status)
        self._state(picture=picture)
        return True

    def _state(self, extra: Mapping[str, Any] | None = None, picture: Raster | None = None) -> None:
        with self._drawing:
            self._stated_at = self._now()
            said = f"{self._gone} What is shown is the last that was seen." if self._gone and self._status else self._gone
            content = {**self._status, "rate": self.rate, "live": self.live and not self._gone, "said": said, "gone": bool(self._gone)}
            content |= {
                "part": self._window is not None,
                "mode": self._mode.name,
                "surface": self._mode.surface,
                "hold": self._hold,
                "uncopied": self._hold and self._held is None,
                "single": self._single,
            }
            self.panel.state({**content, **(extra or {})}, picture)

    def _answer(self) -> None:
        """A buffer that does not change is silent, and the page wants to know once a second that somebody is there."""
        if self.live and self._now() - self._stated_at >= 0.9:
            self._state()

    # Life.

    def close(self) -> None:
        """Take the view off every page, and everything it is made of; end its looking."""
        if not hasattr(self, "panel"):  # the constructor raised, and Python cleans up
            return
        with self._drawing:
            self._closed = True
        self._follower.end()
        for part in (self._source, self._beside, self.plot, self.panel):
            if part is not None:
                part.close()
        close_layout(self)
        super().close()

    @property
    def watched(self) -> bool:
        """Whether somebody can see the view."""
        return self._follower.watched
