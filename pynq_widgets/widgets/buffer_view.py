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
from pynq_widgets.analysis.statistics import Statistics

from . import outbox
from .buffer_facts import buffer_name, facts, gone_text
from .buffer_follower import BUDGET, Follower, Sampling
from .buffer_marks import dma_marks, sides, trigger_marks
from .buffer_messages import BufferMessages
from .buffer_numbers import comparable, numbers
from .buffer_options import checked_rate, checked_scale, checked_unit, clipped_region, positive
from .buffer_panel import BufferPanel
from .buffer_source import SIDES, Source
from .buffer_trigger import Triggered
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


class BufferView(Triggered, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
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
        How the memory is read, if not by the buffer's own type and shape.
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
    ) -> None:
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
    def interpretation(self) -> Interpretation:
        """How the memory is read: type, shape, byte order, channels, offset. Settable; ``InterpretationError`` for what does not fit."""
        return self._source.interpretation

    @interpretation.setter
    def interpretation(self, interpretation: Interpretation | None) -> None:
        interpretation = interpretation or Interpretation()
        if interpretation != self._source.interpretation:
            self._take_source(Source(self.buffer, interpretation, self._source.side))

    def interpret(self, **how: Any) -> None:
        """Read the memory another way: ``view.interpret(dtype='>i2', channels=2)``; nothing given: as the buffer says."""
        self.interpretation = Interpretation(**how)

    @property
    def side(self) -> str:
        """``'host'``: what the processor sees; ``'device'``: what the hardware sees. Settable, where the device can tell."""
        return self._source.side

    @side.setter
    def side(self, side: str) -> None:
        if side not in SIDES:
            raise ValueError(f"the side of a buffer is 'host' or 'device', not {side!r}")
        if side != self._source.side:
            self._take_source(Source(self.buffer, self._source.interpretation, side))

    @property
    def sample_rate(self) -> float | None:
        """Samples a second (of each channel): the axis is in seconds then, and in hertz. None: it counts samples. Settable."""
        return self._sample_rate

    @sample_rate.setter
    def sample_rate(self, rate: float | None) -> None:
        rate = None if rate is None else positive("sample_rate", rate)
        window = self._window
        self._sample_rate = rate
        self._restart(window)

    @property
    def unit(self) -> str:
        """What values are measured in: ``'V'``. Settable."""
        return self._unit

    @unit.setter
    def unit(self, unit: str) -> None:
        self._unit = checked_unit(unit)
        self._restart(self._window)

    @property
    def scale(self) -> float:
        """How much, in units, a value of 1 stands for: ``1 / 32768`` of a 16-bit sample of 1 V. Settable; not 0."""
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        self._scale = checked_scale(scale)
        self._restart(self._window)

    def compare(self, other: Array | None, difference: bool = False) -> None:
        """Lay another buffer over this one, or show the difference (this less the other); None: neither.

        It is read as this one is. Raises ``TypeError`` for what is no array, ``ValueError`` where it has no lines of numbers, or for a
        difference not as many as this one has.
        """
        if other is not None and not isinstance(other, np.ndarray):
            raise TypeError(f"compare expected a buffer or a numpy array, not {type(other).__name__}: try numpy.asarray(...)")
        found = None if other is None else Source(other, self._source.interpretation)
        if found is not None:
            refusal = comparable(self._source, found, bool(difference))
            if refusal:
                raise ValueError(refusal)
        with self._drawing:
            before, self._other = self._other, found
            self._difference = bool(difference) and found is not None
            self._last = None
        if before is not None:
            before.close()
        self._look(BUDGET)

    @property
    def statistics(self) -> Statistics | list[Statistics]:
        """Least, greatest, mean, … of the visible part (or the whole: `statistics_of`), in units; of several lines a list."""
        found = self._numbers()
        return found[0][1] if len(found) == 1 else [each for _, each in found]

    @property
    def statistics_of(self) -> str:
        """What `statistics` are of: ``'visible'`` or ``'whole'``. Settable."""
        return self._statistics_of

    @statistics_of.setter
    def statistics_of(self, part: str) -> None:
        if part not in ("visible", "whole"):
            raise ValueError(f"statistics are of the 'visible' part or the 'whole', not {part!r}")
        self._statistics_of = part
        self._state()

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
    def window(self) -> tuple[int, ...]:
        """What is seen: first sample and the one after the last; of an image first row, row after the last, and the same of columns."""
        if isinstance(self._mode, ImageMode):
            return self._image_region()
        return self._samples() if self._source.parts else ()

    @property
    def plane(self) -> tuple[int, ...]:
        """The index of the plane that is shown, for arrays of more dimensions than a picture has. Settable."""
        return self._plane

    @plane.setter
    def plane(self, index: tuple[int, ...]) -> None:
        lengths = self._mode.planes(self._source) if isinstance(self._mode, ImageMode) else ()
        if len(index) != len(lengths) or not all(0 <= i < n for i, n in zip(index, lengths, strict=True)):
            raise IndexError(f"the planes of this buffer are indexed 0 to below {lengths}, not {tuple(index)!r}")
        self._plane = tuple(int(i) for i in index)
        self._last = None
        self._look(BUDGET)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The lines that are drawn: what the page has."""
        return tuple(self._last.curves) if isinstance(self._last, PlotDrawing) else ()

    @property
    def drawing(self) -> Drawing | None:
        """What was drawn last."""
        return self._last

    def show(self, *window: int) -> None:
        """Show a part: ``show(start, stop)`` of samples, ``show(row, row_end, column, column_end)`` of an image; nothing given: all."""
        with self._drawing:
            if isinstance(self._mode, ImageMode):
                self._region = clipped_region(window, self._image_size()) if window else None
                self._state({"show": list(self._image_region())})
            else:
                if len(window) not in (0, 2):
                    raise ValueError(f"a part of a line is (start, stop), not {window!r}")
                if window and not window[1] > window[0]:
                    raise ValueError(f"a window of samples begins before it ends: not {window[0]!r} to {window[1]!r}")
                self._window = None if not window else (int(window[0]), int(window[1]))
                self._view_to_set = (*self._along(*self._window), None, None) if self._window else (None, None, None, None)
                self._last = None
        self._look(BUDGET)

    def export(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write what is seen: ``.png`` or ``.svg`` as it is drawn, ``.csv`` or ``.npy`` the visible part in full resolution.

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
            self.plot.draw(drawing.layers, x=drawing.x, y=drawing.y, view=view, marks=marks)
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

    def _across(self) -> tuple[float, float] | None:
        """The part of the horizontal axis that somebody chose to see, of what this mode drew."""
        if self.plot is None or self.plot.follows[0] or self._drawn_by is not self._mode or self._view_to_set is not None:
            return None
        return self.plot.view[:2]

    def _samples(self) -> tuple[int, int]:
        """The samples that are seen, within the buffer."""
        count = self._source.samples if self._source.parts else self._source.array.size
        if self._window is None:
            return 0, count
        start, stop = (edge + self._origin for edge in self._window)
        start = int(min(max(start, 0), max(count - 1, 0)))
        return start, int(min(max(stop, start + 1), count))

    def _along(self, start: float, stop: float) -> tuple[float, float]:
        """Samples as places on the axis (which is 0 at the trigger)."""
        return start / (self._sample_rate or 1.0), max(stop - 1, start + 1) / (self._sample_rate or 1.0)

    def _moved(self) -> None:
        """The page, or Python, has zoomed the plot."""
        with self._drawing:
            if self.plot is None or self._closed or self._view_to_set is not None:
                return
            if self._mode.along:
                if self.plot.follows[0]:
                    self._window = None if self._trigger is None else self._window
                else:
                    x0, x1 = (edge * (self._sample_rate or 1.0) for edge in self.plot.view[:2])
                    self._window = math.floor(max(x0, -1e15)), math.ceil(min(x1, 1e15)) + 1
            if not gone_text(self.buffer):
                self._draw()

    def _image_size(self) -> tuple[int, int]:
        assert isinstance(self._mode, ImageMode)
        return self._mode.size(self._source, self._plane)

    def _image_region(self) -> tuple[int, int, int, int]:
        rows, columns = self._image_size()
        return clipped_region(self._region, (rows, columns)) if self._region else (0, rows, 0, columns)

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

    def _fit_plane(self) -> None:
        """The first plane, where the one that was shown is none of what is shown now."""
        lengths = self._mode.planes(self._source) if isinstance(self._mode, ImageMode) else ()
        if len(self._plane) != len(lengths) or not all(i < n for i, n in zip(self._plane, lengths, strict=True)):
            self._plane = (0,) * len(lengths)

    def _setting_changed(self) -> None:
        with self._drawing:
            self._last = None
            self._fit_plane()
        self._state(self._sheet())
        self._look(BUDGET)

    def _take_source(self, source: Source) -> None:
        """Look at the memory another way; the mode stays where it was chosen and fits."""
        with self._drawing:
            other = None
            if self._other is not None:
                other = Source(self._other.buffer, source.interpretation)
            before, self._source = (self._source, self._other), source
            self._other, self._held, self._hold = other, None, False
            self._difference = self._difference and other is not None and not comparable(source, other, True)
            old, self._modes = self._modes, {}
            self._window, self._region, self._origin = None, None, 0
            self._view_to_set = (None, None, None, None)
            # What was chosen comes back as soon as it fits again.
            chosen = mode_class(self._chosen) if self._chosen else None
            mode = natural(source) if chosen is None or chosen.refusal(source) else chosen
            for name, was in old.items():
                kind = mode_class(name)
                if not kind.refusal(source):
                    self._modes[name] = kind(source, self._setting_changed)
                    self._modes[name].settings.take(was.settings)
            self._take_mode(mode)
            for each in before:
                if each is not None:
                    each.close()
            if self.live:
                source.listen()
        outbox.default().post(self._tell_facts)
        self._look(BUDGET)

    def _restart(self, window: tuple[int, int] | None) -> None:
        """Draw anew with other axes, the same samples in sight."""
        with self._drawing:
            self._last = None
            self._view_to_set = (*self._along(*window), None, None) if window else (None, None, None, None)
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

    def _numbers(self) -> list[tuple[str, Statistics]]:
        """Statistics of each line."""
        source, window = self._held or self._source, None if self._statistics_of == "whole" else self._samples()
        return numbers(source, window, self._scale, self._other if self._difference else None)

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
        for part in (self._source, self._other, self.plot, self.panel):
            if part is not None:
                part.close()
        close_layout(self)
        super().close()

    @property
    def watched(self) -> bool:
        """Whether somebody can see the view."""
        return self._follower.watched
