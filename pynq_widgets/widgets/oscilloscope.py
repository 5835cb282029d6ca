"""A scope: frames that a channel receives in a loop, or that others put into a buffer, drawn as they come."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.trigger import Trigger

from . import outbox
from .buffer_follower import Sampling, _sampler_of
from .buffer_options import checked_scale, checked_unit, positive
from .buffer_source import Source
from .closing import close_layout
from .detail import device_text
from .modes import Mode
from .modes.scene import PlotDrawing
from .modes.settings import Settings
from .plot import Plot
from .plot_layers import Axis, Mark
from .scope_measure import Measured, measure
from .scope_messages import ScopeMessages
from .scope_modes import SCOPE_MODES, Remembering, ScopeScene
from .scope_panel import ScopePanel
from .scope_source import BufferSource, ScopeSource, Session, leave_channel, source_of, take_channel
from .scope_trigger import PATIENCE, Aim, Gate, TriggerSettings, automatic_hysteresis
from .viewers import Later, Viewers

if TYPE_CHECKING:
    from pynq_widgets.live.acquisition import Frame

SLOWEST, FASTEST = 0.1, 60.0  # frames a second: a screen shows no more
_LOOKS = 10.0  # a second, at what stands still and who looks
_TELLS = 0.25  # seconds between two states of the counts
_AHEAD = 24  # frames that a page may have before it, told of four times a second
_ANSWERS = 0.8  # seconds after which a page that has not answered is perhaps not heard, and is judged
_GRACE = 3.0  # seconds after the last page has gone before the scope is closed: a cell that is moved comes again
_FIRST = 0.4  # seconds that a stored notebook waits for a frame to show


class Scope(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """An oscilloscope over frames that come; made by :func:`scope`.

    It runs while somebody looks, or (with `keep`, or where `run` or `single` was called and no page has shown it yet) unseen. Where it does
    not run, it has no thread, holds no memory of the device, and its channel is as it was found.

    Attributes
    ----------
    shown : int
        Frames that were drawn.
    problem : str
        Why it stopped, or why nothing is drawn, in words; empty where all is well.
    """

    def __init__(
        self,
        source: ScopeSource,
        *,
        rate: float = 30.0,
        mode: str = "line",
        sample_rate: float | None = None,
        unit: str = "",
        scale: float = 1.0,
        trigger: Any = "auto",
        span: float | None = None,
        range: tuple[float, float] | None = None,
        keep: bool = False,
        title: str | None = None,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self.source = source
        self._rate = _checked_rate(rate)
        self._sample_rate = None if sample_rate is None else positive("sample_rate", sample_rate)
        self._unit, self._scale = checked_unit(unit), checked_scale(scale)
        self._range = _checked_range(range)
        self._span = None if span is None else positive("span", span)
        self._keep = bool(keep)
        self._now = now
        self._sampler = sampler
        self._drawing = threading.RLock()  # the frame, and what is drawn of it
        self._arranging = threading.RLock()  # what runs; never held while waiting for a thread's end
        self._arrived = threading.Condition()
        self._wanted, self._asked = "run", False
        self._session: Session | None = None
        self._subscription: Any = None
        self._closed = False
        self._ended_counts = [0, 0, 0]
        self._blank = Source(source.blank(), source.interpretation)
        self._seen: Source = self._blank
        self._frame: Frame | None = None
        self._frames_taken = 0
        self._frame_time = -math.inf
        self._origin: float | None = None
        self._level = 0.0
        self._waiting_trigger = False
        self._gate = Gate(None, self._line, None, now)
        self._drawing_last: PlotDrawing | None = None
        self._heights: dict[str, tuple[float, float]] = {}
        self._modes: dict[str, Mode] = {}
        self.shown = 0
        self.problem = ""
        self._due = -math.inf
        self._drawn = self._acknowledged = 0
        self._heard_at = -math.inf
        self._stalled = self._judging = False
        self._told: dict[str, Any] = {}
        self._told_at = -math.inf
        self._bye_at: float | None = None
        self.trigger_settings = TriggerSettings.of([part.name for part in self._blank.parts], self._trigger_changed)
        if not self._blank.parts:
            raise ValueError(f"scope expected numbers, not elements of type {self._blank.array.dtype}")
        self.viewers = Viewers(self._watched_changed, now=now, later=later)
        self._messages = ScopeMessages(self)
        self._mode = self._made(mode)
        self.plot = Plot(moved=self._moved, watched=self._watched_changed, label=f"Scope of {source.title}", now=now, later=later)
        self.plot.on_mark(self._mark_moved)
        told, kind, _ = device_text(source.device) if source.device is not None else ("", "", "")
        self.panel = ScopePanel(self._messages.heard, title=title or source.title, device=[told, kind])
        super().__init__([self.panel, self.plot], layout=ipywidgets.Layout(width="100%"), _dom_classes=("pw-scope",))
        self.trigger_settings.put(trigger)
        self._trigger_changed()

    # Running.

    def run(self) -> None:
        """Take frames from now on, whether somebody looks or not as long as no page has shown the scope; else while somebody does."""
        self._asked = True
        self._go("run")

    def run_seen(self) -> None:
        """What the page's button does."""
        self._go("run")

    def stop(self) -> None:
        """Take no more frames; returns when the hardware writes no more and its memory is given back. What was seen stays."""
        self._asked = False
        self._go("stop", wait=True)

    def halt(self) -> None:
        """As `stop`, without waiting for the end."""
        self._go("stop")

    def single(self) -> None:
        """Take one frame, the first that meets the trigger (any, where that is off), and stop."""
        self._asked = True
        self._go("single")

    def _go(self, wanted: str, wait: bool = False) -> None:
        if self._closed:
            raise ValueError("this scope is closed: make another by scope(...)")
        with self._arranging:
            self._wanted = wanted
            if wanted != "stop":
                self.problem = ""
            self._aim()
        self._arrange(wait)

    @property
    def running(self) -> bool:
        """Whether frames are being taken now."""
        session = self._session
        return session is not None and session.acquisition.running

    @property
    def state(self) -> str:
        """``'running'``, ``'armed'`` (for one frame), ``'stopped'``, ``'unseen'`` (it would run, but nobody looks) or ``'closed'``."""
        if self._closed:
            return "closed"
        if self._wanted == "stop":
            return "stopped"
        if self._session is None:
            return "unseen"
        return "armed" if self._wanted == "single" else "running"

    def wait(self, timeout: float = 5.0) -> Array | None:
        """The next frame, as `frame`; None if none comes within `timeout` seconds, or it stops before."""
        with self._arrived:
            before = self._frames_taken
            self._arrived.wait_for(lambda: self._frames_taken != before or not self.running, timeout)
            if self._frames_taken == before:
                return None
        return self.frame

    @property
    def closed(self) -> bool:
        """Whether it was closed, by `close` or with its last page."""
        return self._closed

    @property
    def keep(self) -> bool:
        """Whether it goes on while nobody looks. Settable."""
        return self._keep

    @keep.setter
    def keep(self, keep: bool) -> None:
        self._keep = bool(keep)
        self._arrange()
        self._sheet()

    @property
    def rate(self) -> float:
        """Frames a second at most, 0.1 to 60. Settable."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = _checked_rate(rate)
        session = self._session
        if session is not None:
            self._restart()
        self._sheet()

    def _restart(self) -> None:
        wanted = self._wanted
        with self._arranging:
            self._wanted = "stop"
        self._arrange()
        with self._arranging:
            if self._wanted == "stop":
                self._wanted = wanted
        self._arrange()

    # Counts.

    def _counts(self) -> list[int]:
        session = self._session
        now = [0, 0, 0] if session is None else _counted(session)
        return [a + b for a, b in zip(self._ended_counts, now, strict=True)]

    @property
    def frames(self) -> int:
        """Frames that have come."""
        return self._counts()[0]

    @property
    def overruns(self) -> int:
        """Frames that were replaced by newer ones before anybody had seen them: the page, or Python, was slower."""
        return self._counts()[1]

    @property
    def rejected(self) -> int:
        """Frames that did not meet the trigger."""
        return self._counts()[2]

    @property
    def true_rate(self) -> float:
        """Frames a second that come now."""
        session = self._session
        return 0.0 if session is None else session.acquisition.rate

    @property
    def waiting(self) -> str:
        """What stands still while no frame comes, in words."""
        session = self._session
        return "" if session is None else session.acquisition.waiting

    def clear(self) -> None:
        """Begin to count, and to remember (waterfall, persistence), from now on."""
        with self._drawing:
            for mode in self._modes.values():
                if isinstance(mode, Remembering):
                    mode.clear()
            self._ended_counts = [-count for count in ([0, 0, 0] if self._session is None else _counted(self._session))]
            self.shown = 0
            self._heights.clear()
        self._redraw()
        self._tell(True)

    # What is seen.

    @property
    def frame(self) -> Array | None:
        """The frame that was taken last, as a plain array of its own: (samples,), or (samples, channels). None before the first."""
        with self._drawing:
            return None if self._frame is None else np.array(self._seen.array, copy=True, subok=False)

    @property
    def mode(self) -> str:
        """What is shown: ``'line'``, ``'steps'``, ``'points'``, ``'spectrum'``, ``'waterfall'``, ``'histogram'``, ``'xy'``, ``'eye'``,
        ``'persistence'`` or ``'lanes'``. Settable; ``ValueError`` for another, or one that the samples do not fit."""
        return self._mode.name

    @mode.setter
    def mode(self, name: str) -> None:
        with self._drawing:
            self._mode = self._made(name)
            self._drawing_last = None
        self._aim()
        self._sheet()
        self._redraw()

    @property
    def modes(self) -> dict[str, str]:
        """All modes, and why each cannot show these samples; empty text where it can."""
        return {mode.name: mode.refusal(self._blank) for mode in SCOPE_MODES}

    @property
    def settings(self) -> Settings:
        """The settings of the present mode, as attributes."""
        return self._mode.settings

    @property
    def sample_source(self) -> Source:
        """What frames are like: their type, their length, their lines."""
        return self._blank

    @property
    def sample_rate(self) -> float | None:
        """Samples a second (of each channel): the time base. None: samples are counted. Settable."""
        return self._sample_rate

    @sample_rate.setter
    def sample_rate(self, rate: float | None) -> None:
        before = self._sample_rate or 1.0
        self._sample_rate = None if rate is None else positive("sample_rate", rate)
        if self._span is not None:
            self._span *= before / (self._sample_rate or 1.0)  # the same samples
        self._changed()

    @property
    def unit(self) -> str:
        """What values are measured in: ``'V'``. Settable."""
        return self._unit

    @unit.setter
    def unit(self, unit: str) -> None:
        self._unit = checked_unit(unit)
        self._changed()

    @property
    def scale(self) -> float:
        """How much, in units, a value of 1 stands for. Settable; not 0."""
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        self._scale = checked_scale(scale)
        self._changed()

    @property
    def span(self) -> float | None:
        """What the screen is wide, in seconds (samples, with no sample rate). None: half a frame with a trigger, else all. Settable."""
        return self._span

    @span.setter
    def span(self, span: float | None) -> None:
        self._span = None if span is None else positive("span", span)
        self.plot.view = None
        self._changed()

    @property
    def range(self) -> tuple[float, float] | None:
        """The ends of the vertical axis of signals, in units; None: what they need. Settable."""
        return self._range

    @range.setter
    def range(self, limits: tuple[float, float] | None) -> None:
        self._range = _checked_range(limits)
        self._changed()

    @property
    def vertical(self) -> tuple[float, float] | None:
        """The ends of the vertical axis as it is drawn; None before the first frame."""
        drawing = self._drawing_last
        if drawing is None or drawing.y.low is None or drawing.y.high is None:
            return None
        return drawing.y.low, drawing.y.high

    @property
    def trigger(self) -> TriggerSettings:
        """The trigger: ``scope.trigger.level = 0.5``. To assign a level, a `Trigger`, a dict, ``'off'`` or None sets what it says."""
        return self.trigger_settings

    @trigger.setter
    def trigger(self, what: Any) -> None:
        self.trigger_settings.put(what)

    @property
    def measurements(self) -> list[Measured]:
        """What is measured of each line of the last frame, in units."""
        with self._drawing:
            if self._frame is None:
                return []
            found = [measure(part.name, part.data, self._scale, self._sample_rate) for part in self._seen.parts]
        return [each for each in found if each is not None]

    @property
    def drawing(self) -> PlotDrawing | None:
        """What was drawn last."""
        return self._drawing_last

    def spans(self) -> list[float]:
        """Round widths of the screen, in the unit of `span`, up to the length of a frame."""
        whole = self._blank.samples / (self._sample_rate or 1.0)
        found: list[float] = []
        power = 10.0 ** math.floor(math.log10(max(8 / (self._sample_rate or 1.0), 1e-300)))
        while power < whole and len(found) < 60:
            found += [float(f"{power * factor:.3g}") for factor in (1, 2, 5) if power * factor * (self._sample_rate or 1.0) >= 8]
            power *= 10
        return [span for span in found if span <= whole]

    # The trigger.

    def _screen(self) -> tuple[int, int]:
        """How many samples the screen shows before 0 and from there on."""
        samples = self._blank.samples
        if self._span is not None:
            width = min(max(round(self._span * (self._sample_rate or 1.0)), 2), samples)
        else:
            width = max(samples // 2, 2) if self.trigger_settings.on else samples
        before = round(width * self.trigger_settings.position / 100) if self.trigger_settings.on else 0
        return before, width - before

    def _aim(self) -> None:
        """Tell the acquisition anew what frames are wanted."""
        trigger = self.trigger_settings
        aim = self._current_aim() if trigger.on else None
        single, normal = self._wanted == "single", trigger.mode == "normal"
        if not (self._mode.along or isinstance(self._mode, Remembering)) and not (single or normal):
            aim = None  # a spectrum of what comes is as good as another
        gate = Gate(aim, self._line, None if single or normal else PATIENCE, self._now)
        gate._met = max(self._gate._met, gate._met - PATIENCE)
        self._gate = gate
        session = self._session
        if session is not None:
            session.acquisition.accept = gate

    def _current_aim(self) -> Aim:
        trigger = self.trigger_settings
        before, after = self._screen()
        level = self._level if trigger.level is None else trigger.level / self._scale
        hysteresis = trigger.hysteresis
        if hysteresis is None:
            hysteresis = automatic_hysteresis(*(self.vertical or (0.0, 0.0))) if self._mode.along else 0.0
        holdoff = min(round(trigger.holdoff * (self._sample_rate or 1.0)), self._blank.samples)
        return Aim(Trigger(level, trigger.slope, hysteresis / abs(self._scale), holdoff), before, after)

    def _line(self, data: Array) -> Array | None:
        """The line of a frame that the trigger looks at."""
        parts = Source(data, self.source.interpretation).parts
        index = self._line_index()
        return parts[index].data if index < len(parts) else None

    def _line_index(self) -> int:
        names = [part.name for part in self._blank.parts]
        return names.index(self.trigger_settings.source) if "source" in set(self.trigger_settings) else 0

    def _trigger_changed(self) -> None:
        self._aim()
        if hasattr(self, "panel"):
            self._changed()

    def _settle_level(self) -> None:
        """The middle of the line, where no level was chosen: it moves where the signal has moved by much."""
        index = self._line_index()
        if self.trigger_settings.level is not None or index >= len(self._seen.parts):
            return
        data = self._seen.parts[index].data
        if not data.size:
            return
        with np.errstate(invalid="ignore"):
            low, high = float(np.nanmin(data)), float(np.nanmax(data))
        if not (math.isfinite(low) and math.isfinite(high)):
            return
        middle = low / 2 + high / 2
        if abs(middle - self._level) > 0.1 * (high - low) or not low <= self._level <= high:
            self._level = middle
            self._aim()

    def _mark_moved(self, mark: Mark) -> None:
        """A person dragged the level, or the place, of the trigger."""
        if mark.kind == "trigger" and mark.axis == "y":
            self.trigger_settings.level = mark.at

    def _marks(self) -> list[Mark]:
        trigger = self.trigger_settings
        if not (trigger.on and self._mode.along) or self._mode.name == "lanes":
            return []
        level = self._level * self._scale if trigger.level is None else trigger.level
        return [Mark(level, "y", "trigger", "trigger", True), Mark(0.0, "x", "", "trigger")]

    # Taking frames.

    def _news(self) -> None:
        """A frame has come, or it has ended: on the thread where that happened."""
        session = self._session
        if session is None:
            return
        if not session.acquisition.running:
            self._finish(session)
        elif self._now() >= self._due and not self._behind():
            outbox.default().ask((id(self), "frame"), self._take)

    def _take(self) -> None:
        """Take the newest frame, and draw it where somebody looks."""
        with self._drawing:
            session = self._session
            frame = None if session is None or session.closed else session.acquisition.take()
            if session is None or frame is None:
                return
            self._due = self._now() + 0.6 / self._rate if isinstance(self.source, BufferSource) else -math.inf
            seconds = min(max(frame.time - self._frame_time, 0.0), 3600.0)
            self._frame, self._frame_time = frame, frame.time
            self._seen = Source(frame.data, self.source.interpretation)
            with self._arrived:
                self._frames_taken += 1
                self._arrived.notify_all()
            self._settle_level()
            if self._wanted == "single":
                self._wanted = "stop"
            if self.watched:
                self._draw(seconds)
        if self._wanted == "stop":
            self._arrange()

    def _draw(self, seconds: float | None = None) -> None:
        """Draw the present frame; `seconds` since the one before where it is new."""
        with self._drawing:
            if self._closed or self._frame is None:
                return
            try:
                if not self._seen.parts or self._seen.samples < 2:
                    raise ValueError(f"the frame that came has {self._count_of_frame()}: there is nothing to draw")
                refusal = type(self._mode).refusal(self._seen)
                if refusal:
                    raise ValueError(refusal)
                scene = self._scene()
                if seconds is not None and isinstance(self._mode, Remembering):
                    self._mode.add(scene, seconds)
                drawing = self._mode.draw(scene)
            except ValueError as error:
                self._say_problem(str(error))
                return
            assert isinstance(drawing, PlotDrawing)
            self._say_problem("")
            drawing = self._on_screen(drawing)
            if drawing.y.low is not None and drawing.y.high is not None:
                self._heights[self._mode.name] = drawing.y.low, drawing.y.high
            first = self._drawing_last is None
            self._drawing_last = drawing
            self.plot.draw(drawing.layers, x=drawing.x, y=drawing.y, marks=self._marks())
            if seconds is not None:
                self.shown += 1
                self._drawn += 1
        if first:
            self._aim()

    def _count_of_frame(self) -> str:
        count = self._seen.samples
        return "1 sample" if count == 1 else "no samples" if not count else f"{count} samples"

    def _scene(self) -> ScopeScene:
        before, after = self._screen()
        origin: float = 0.0
        if self.trigger_settings.on:
            index = self._line_index()
            place = self._current_aim().find(self._seen.parts[index].data)
            self._waiting_trigger = place is None
            origin = float(before) if place is None else place
        samples = self._seen.samples
        start, stop = math.ceil(origin - before), math.floor(origin + after) + 1
        if self._mode.along and not self.plot.follows[0]:
            x0, x1 = (edge * (self._sample_rate or 1.0) + origin for edge in self.plot.view[:2])
            start, stop = max(start, math.floor(x0)), min(stop, math.ceil(x1) + 1)
        if not (self._mode.along or isinstance(self._mode, Remembering)) or self._mode.name == "waterfall":
            start, stop = 0, samples
        start = min(max(start, 0), samples - 2)
        stop = min(max(stop, start + 2), samples)
        limits = self._range if self._range is not None and self._vertical_is_signal() else self._heights.get(self._mode.name)
        return ScopeScene(
            self._seen,
            (start, stop),
            columns=self.plot.columns,
            rate=self._sample_rate,
            unit=self._unit,
            scale=self._scale,
            origin=origin,
            limits=limits,
            span=(float(-before), float(after)),
        )

    def _vertical_is_signal(self) -> bool:
        return self._mode.along or self._mode.name in ("persistence", "eye")

    def _on_screen(self, drawing: PlotDrawing) -> PlotDrawing:
        """With the axes of the screen, which stand still."""
        x, y = drawing.x, drawing.y
        if self._mode.along:
            before, after = self._screen()
            rate = self._sample_rate or 1.0
            label = "time" if self._sample_rate else "sample"
            x = Axis(label, "s" if self._sample_rate else "", -before / rate, after / rate)
        if self._range is not None and self._vertical_is_signal() and self._mode.name != "lanes":
            y = replace(y, low=self._range[0], high=self._range[1])
        return replace(drawing, x=x, y=y)

    def _moved(self) -> None:
        """The page has zoomed, or is of another width: what runs is drawn anew by itself."""
        if not (self.running and self.true_rate > 15 and not self._waiting_long()):
            self._redraw()

    def _waiting_long(self) -> bool:
        return self._now() - self._frame_time > 0.1

    def _redraw(self) -> None:
        outbox.default().ask((id(self), "redraw"), self._draw)

    def _changed(self) -> None:
        """Something that stands on an axis has changed."""
        with self._drawing:
            self._drawing_last = None
            self._heights.clear()
        self._aim()
        self._sheet()
        self._redraw()

    def _made(self, name: object) -> Mode:
        known = {mode.name: mode for mode in SCOPE_MODES}
        if name not in known:
            import difflib

            near = difflib.get_close_matches(str(name), known, 1)
            raise ValueError(f"a scope has no mode {name!r}: " + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"))
        kind = known[str(name)]
        refusal = kind.refusal(self._blank)
        if refusal:
            raise ValueError(f"these samples cannot be shown as {name!r}: {refusal}")
        return self._modes.get(kind.name) or self._modes.setdefault(kind.name, kind(self._blank, self._setting_changed))

    def _setting_changed(self) -> None:
        with self._drawing:
            self._heights.pop(self._mode.name, None)
        self._sheet()
        self._redraw()

    # Beginning and ending.

    @property
    def watched(self) -> bool:
        """Whether somebody can see the scope."""
        return self.viewers.watched or (hasattr(self, "plot") and self.plot.watched)

    def _watched_changed(self, watched: bool) -> None:
        # Later: this may be told in the middle of a drawing.
        if hasattr(self, "panel"):
            outbox.default().ask((id(self), "arrange"), self._arrange)
            if watched:
                self._redraw()

    def _should_run(self) -> bool:
        if self._closed or self._wanted == "stop":
            return False
        return self.watched or self._keep or (self._asked and not self._was_shown)

    _was_shown = False  # whether a page has ever shown it

    def _arrange(self, wait: bool = False) -> None:
        """Run where that is wanted now, and not else."""
        with self._arranging:
            session, wanted = self._session, self._should_run()
            if wanted and session is None:
                self._begin()
            elif session is not None and not wanted:
                session.acquisition.stop(wait=False)
            self._arrange_looks()
        if session is not None and not wanted and wait:
            session.acquisition.stop()
        if session is not None and not session.acquisition.running:
            self._finish(session)
        self._tell(True)

    def _begin(self) -> None:
        if self.source.key is not None:
            other = take_channel(self.source.key, self)
            if other is not None:
                other._yield()
        session = None
        try:
            session = self.source.open(self._rate, self._gate)
            session.acquisition.news = self._news
            self._session = session
            session.acquisition.start()
        except Exception as error:
            if session is not None:
                session.close()
            self._failed(error)

    def _yield(self) -> None:
        """Another scope takes the channel."""
        with self._arranging:
            if self._session is None:
                return
            self._wanted = "stop"
            self._say_problem(f"Another scope has taken {self.source.title}. Run takes it back.")
        self._arrange(wait=True)

    def _finish(self, session: Session) -> None:
        """A run is over: what was seen last is kept, and its memory given back."""
        with self._arranging, self._drawing:
            if session.closed:
                return
            if self._frame is not None and self._session is session:
                kept = np.array(self._frame.data, copy=True, subok=False)
                self._frame = self._frame._replace(data=kept)
                self._seen = Source(kept, self.source.interpretation)
            error = session.acquisition.error
            self._ended_counts = [a + b for a, b in zip(self._ended_counts, _counted(session), strict=True)]
            session.close()
            if self._session is session:
                self._session = None
            if self.source.key is not None and not self._should_run():
                leave_channel(self.source.key, self)
            if error is not None:
                self._failed(error)
        with self._arrived:
            self._arrived.notify_all()
        if error is None:
            self._arrange()  # somebody may look again by now
        else:
            self._tell(True)

    def _failed(self, error: BaseException) -> None:
        from pynq_widgets.access.errors import StaleOverlayError

        self._wanted, self._session = "stop", None
        said = str(error) or type(error).__name__
        if isinstance(error, StaleOverlayError):
            self._say_problem(f"{said}")
        else:
            self._say_problem(f"{said.rstrip('.')}. Run tries again.")

    def _arrange_looks(self) -> None:
        """Look now and then at who is there and what stands still, while there is something to look at."""
        wanted = not self._closed and (self._session is not None or self.watched or self._bye_at is not None)
        if wanted and self._subscription is None:
            polls = isinstance(self.source, BufferSource) and not self.source.told
            sampler = self._sampler or _sampler_of(None)
            self._subscription = sampler.subscribe(self._tick, max(self._rate, _LOOKS) if polls else _LOOKS)
        elif not wanted and self._subscription is not None:
            ended, self._subscription = self._subscription, None
            ended.close()

    def _tick(self) -> None:
        self.viewers.check()
        self.plot.viewers.check()
        session = self._session
        if session is not None and session.acquisition.running:
            if isinstance(self.source, BufferSource) and not self.source.told:
                session.acquisition.poll()  # type: ignore[attr-defined]
            if session.acquisition.ready:
                self._news()
        self._tell()
        if self._bye_at is not None and self._now() - self._bye_at >= _GRACE:
            if self.viewers.deserted:
                self.close()
            else:
                self._bye_at = None
                self._arrange()

    # Pages.

    def arrived(self, view: str, visible: bool, seen: int, drawn: int | None) -> None:
        """A page tells that it is there, and what it has drawn."""
        self._was_shown = True
        self._bye_at = None
        if drawn is not None:
            self._heard_at = self._now()
            self._acknowledged = max(self._acknowledged, min(drawn, self._drawn))
        else:
            self._acknowledged = self._drawn
        self.viewers.beat(view, visible, (), seen)

    def left(self, view: str) -> None:
        """A page has gone."""
        self.viewers.bye(view)
        if self.viewers.deserted:
            self._bye_at = self._now()
        self._arrange()

    def _behind(self) -> bool:
        """Whether the page has more frames before it than it should. Where it has not answered for long, that counts only once the main
        loop has handed over what it said: during a long cell nobody hears it, and the scope goes on."""
        if not self.viewers.watched or self._drawn - self._acknowledged <= _AHEAD:
            self._stalled = False
            return False
        if self._now() - self._heard_at < _ANSWERS:
            return True
        if not self._judging and not self._stalled:
            self._judging = True
            self.viewers.after_beats(self._judge)
        return self._stalled

    def _judge(self) -> None:
        self._stalled = self._drawn - self._acknowledged > _AHEAD
        self._judging = False

    def _say_problem(self, text: str) -> None:
        if text != self.problem:
            self.problem = text
            self._tell(True)

    def told(self) -> dict[str, Any]:
        """What the page is to say."""
        frames, overruns, rejected = self._counts()
        state = self.state
        drawing = self._drawing_last
        waits = state in ("running", "armed") and self.waiting
        return {
            "state": state,
            "rate": round(self.true_rate, 1),
            "asked": self._rate,
            "counts": [frames, self.shown, overruns, rejected],
            "waiting": self.waiting if waits else "",
            "searching": bool(state in ("running", "armed") and self.trigger_settings.on and self._searching()),
            "problem": self.problem,
            "detail": " · ".join(drawing.notes) if drawing is not None else "",
            "measured": [[each.name, each.text(self._unit, self._sample_rate is not None)] for each in self.measurements[:4]],
        }

    def _searching(self) -> bool:
        """Whether frames come, and none meets the trigger."""
        return (self.frames > 0 and self._now() - max(self._frame_time, -1e18) > 2 * PATIENCE) or self._waiting_trigger

    def _tell(self, at_once: bool = False) -> None:
        if self._closed or not hasattr(self, "comm"):
            return
        now = self._now()
        if not at_once and now - self._told_at < _TELLS:
            return
        self._told_at = now
        told = self.told() if self.watched or at_once else {}
        changed = {name: value for name, value in told.items() if self._told.get(name) != value}
        self._told.update(told)
        if changed or (self.watched and not at_once):
            # Also where nothing has changed: by its answer the page tells that it keeps up.
            self.panel.state({**changed, "drawn": self._drawn})

    def _sheet(self) -> None:
        if not self._closed and hasattr(self, "comm"):
            self.panel.state(self._messages.sheet())

    # Life.

    def close(self) -> None:
        """Stop, give everything back, and take the scope off every page. `frame`, the counts and `measurements` stay."""
        if not hasattr(self, "panel"):  # the constructor raised, and Python cleans up
            return
        self._closed = True
        self._arrange(wait=True)
        with contextlib.suppress(KeyError):
            leave_channel(self.source.key, self)
        self.plot.close()
        self.panel.close()
        close_layout(self)
        super().close()

    def _grab(self) -> None:
        """Have a frame to show in a stored notebook, where none has come yet."""
        if self._frame is not None or self._closed or self._wanted != "run" or self._session is not None or self._was_shown:
            return
        self._asked, before = True, self._asked
        try:
            self._arrange()
            self.wait(_FIRST)
        finally:
            self._asked = before
        self._arrange(wait=True)
        with self._drawing:
            self._draw()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        from .scope_bundle import scope_bundle

        self._grab()
        return scope_bundle(self, super()._repr_mimebundle_(**options))

    def __repr__(self) -> str:
        frames, overruns, rejected = self._counts()
        said = f": {self.problem}" if self.problem else ""
        return f"Scope({self.source.title}; {frames} frames, {overruns} overruns, {rejected} rejected, {self.state}{said})"


def scope(
    buffer_or_channel: Any,
    *,
    samples: int = 4096,
    dtype: Any = "i2",
    channels: int = 1,
    feed: Callable[[], object] | tuple[Any, Any] | None = None,
    mode: str = "line",
    sample_rate: float | None = None,
    unit: str = "",
    scale: float = 1.0,
    trigger: Any = "auto",
    span: float | None = None,
    range: tuple[float, float] | None = None,
    rate: float = 30.0,
    keep: bool = False,
    buffers: Sequence[Any] | None = None,
    target: Any = None,
    title: str | None = None,
    **options: Any,
) -> Scope:
    """Show what a channel receives, frame after frame, as an oscilloscope does::

        scope(dma.recvchannel, samples=4096, dtype='i2', sample_rate=1e6)

    It begins when it is seen and pauses while it is not; it ends with the last page that shows it, with `close`, and when another overlay
    is loaded. Then its channel is as it was found, and its memory is free again.

    Parameters
    ----------
    buffer_or_channel
        A channel that receives, such as ``dma.recvchannel`` of an AXI DMA or ``dma.recvchannels[0]`` of an MCDMA; or a buffer that others
        fill: each transfer into it, and each ``tell_changed()``, is a frame. A plain numpy array is looked at `rate` times a second.
    samples, dtype, channels
        Of a frame from a channel: how many samples of each of `channels` that take turns (up to 16), and of what type. A packet that is
        shorter is a shorter frame.
    feed
        What makes the data come, where they do not by themselves: a function that is called after each time that the channel was armed,
        or ``(sendchannel, buffer)`` to send a buffer each time.
    mode
        What is shown; see `Scope.mode`.
    sample_rate, unit, scale
        Samples a second (the time base), what a value is measured in, and how much of that 1 is.
    trigger
        ``'auto'``, ``'normal'``, ``'off'``, a level in units, a ``Trigger``, or a dict of settings; see `TriggerSettings`.
    span, range
        Width of the screen in seconds (samples with no sample rate), and the ends of its vertical axis in units.
    rate
        Frames a second at most, 0.1 to 60.
    keep
        Go on while it is not on a screen.
    buffers, target
        Memory of your own (two or more arrays of ``allocate``), or where to allocate it; default the channel's device.
    title
        Stands above the scope; default the name of the channel.

    A channel fills one buffer at a time: the newest scope of a channel has it, and one before it stops and says so.

    Raises ``TypeError`` for what is no source, ``ValueError`` for numbers out of range.
    """
    source = source_of(buffer_or_channel, samples=samples, dtype=dtype, channels=channels, feed=feed, buffers=buffers, target=target)
    return Scope(
        source,
        rate=rate,
        mode=mode,
        sample_rate=sample_rate,
        unit=unit,
        scale=scale,
        trigger=trigger,
        span=span,
        range=range,
        keep=keep,
        title=title,
        **options,
    )


def _counted(session: Session) -> list[int]:
    acquisition = session.acquisition
    return [acquisition.frames, acquisition.overruns, acquisition.rejected]


def _checked_rate(rate: Any) -> float:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not SLOWEST <= rate <= FASTEST:
        raise ValueError(f"scope expected a rate of {SLOWEST:g} to {FASTEST:g} frames a second, not {rate!r}")
    return float(rate)


def _checked_range(limits: Any) -> tuple[float, float] | None:
    if limits is None:
        return None
    try:
        low, high = (float(edge) for edge in limits)
    except (TypeError, ValueError):
        raise ValueError(f"scope expected a range (low, high), not {limits!r}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"scope expected a range (low, high) with low < high, not {limits!r}")
    return low, high


__all__ = ["Scope", "scope"]
