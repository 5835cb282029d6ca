"""What a scope draws of a frame: which moment of it stands where, on axes that stand still."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.trigger import Trigger

from . import outbox
from .buffer_source import Source
from .modes import Mode
from .modes.scene import PlotDrawing
from .plot import Plot
from .plot_layers import Axis, Mark
from .scope_measure import Measured, measure
from .scope_modes import SCOPE_MODES, Remembering, ScopeScene
from .scope_source import ScopeSource, Session
from .scope_trigger import PATIENCE, Aim, Gate, TriggerSettings, automatic_hysteresis, extremes

if TYPE_CHECKING:
    from pynq_widgets.live.acquisition import Frame


class Screen:
    """The part of a scope that draws."""

    source: ScopeSource
    plot: Plot
    shown: int
    _trigger: TriggerSettings
    _mode: Mode
    _modes: dict[str, Mode]
    _blank: Source  # a frame of zeros
    _seen: Source  # the present frame, as it is read
    _frame: Frame | None
    _frame_time: float
    _drawing: threading.RLock  # the frame, and what is drawn of it
    _drawing_last: PlotDrawing | None
    _heights: dict[str, tuple[float, float]]  # of the vertical axis in each mode, as it was drawn last
    _gate: Gate
    _level: float  # of the trigger where none was chosen, in the frame's own numbers
    _waiting_trigger: bool
    _session: Session | None
    _wanted: str
    _sample_rate: float | None
    _unit: str
    _scale: float
    _span: float | None
    _range: tuple[float, float] | None
    _drawn: int
    _closed: bool
    _now: Callable[[], float]

    if TYPE_CHECKING:

        @property
        def running(self) -> bool: ...
        @property
        def true_rate(self) -> float: ...
        def _cannot_draw(self, text: str) -> None: ...
        def _sheet(self) -> None: ...

    def _screen(self) -> tuple[int, int]:
        """How many samples the screen shows before 0 and from there on."""
        samples = self._blank.samples
        if self._span is not None:
            width = min(max(round(self._span * (self._sample_rate or 1.0)), 2), samples)
        else:
            width = max(samples // 2, 2) if self._trigger.on else samples
        before = round(width * self._trigger.position / 100) if self._trigger.on else 0
        return before, width - before

    def _aim(self) -> None:
        """Tell the acquisition anew what frames are wanted."""
        trigger = self._trigger
        aim = self._current_aim() if trigger.on else None
        single, normal = self._wanted == "single", trigger.mode == "normal"
        if not (self._mode.along or isinstance(self._mode, Remembering)) and not (single or normal):
            aim = None  # a spectrum of what comes is as good as another
        gate = Gate(aim, self._line, None if single or normal else PATIENCE, self._now)
        gate.take_over(self._gate)
        self._gate = gate
        session = self._session
        if session is not None:
            session.acquisition.accept = gate

    def _current_aim(self) -> Aim:
        trigger = self._trigger
        before, after = self._screen()
        level = self._level if trigger.level is None else trigger.level / self._scale
        hysteresis = trigger.hysteresis
        if hysteresis is None:
            hysteresis = automatic_hysteresis(*(self.vertical or (0.0, 0.0))) if self._vertical_is_signal() else 0.0
        holdoff = min(round(trigger.holdoff * (self._sample_rate or 1.0)), self._blank.samples)
        found = Trigger(level, trigger.slope, hysteresis / abs(self._scale), holdoff)
        return Aim(found, before, after, floating=trigger.level is None)

    def _line(self, data: Array) -> Array | None:
        """The line of a frame that the trigger looks at."""
        parts = Source(data, self.source.interpretation).parts
        index = self._line_index()
        return parts[index].data if index < len(parts) else None

    def _line_index(self) -> int:
        names = [part.name for part in self._blank.parts]
        return names.index(self._trigger.source) if "source" in set(self._trigger) else 0

    def _trigger_changed(self) -> None:
        self._aim()
        if hasattr(self, "panel"):
            self._changed()

    def _settle_level(self) -> None:
        """The middle of the line, where no level was chosen: it moves where the signal has moved by much."""
        index = self._line_index()
        if self._trigger.level is not None or index >= len(self._seen.parts):
            return
        data = self._seen.parts[index].data
        low, high = extremes(data)
        middle = low / 2 + high / 2
        if math.isfinite(middle) and abs(middle - self._level) > 0.1 * (high - low):
            self._level = middle
            self._aim()

    def _mark_moved(self, mark: Mark) -> None:
        """A person dragged the level, or the place, of the trigger."""
        if mark.kind == "trigger" and mark.axis == "y":
            self._trigger.level = mark.at

    def _marks(self) -> list[Mark]:
        trigger = self._trigger
        if not (trigger.on and self._mode.along) or self._mode.name == "lanes":
            return []
        level = self._level * self._scale if trigger.level is None else trigger.level
        return [Mark(level, "y", "trigger", "trigger", True), Mark(0.0, "x", "", "trigger")]

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
                self._cannot_draw(str(error))
                return
            assert isinstance(drawing, PlotDrawing)
            self._cannot_draw("")
            drawing = self._on_screen(drawing)
            if drawing.y.low is not None and drawing.y.high is not None:
                self._heights[self._mode.name] = drawing.y.low, drawing.y.high
            first = self._drawing_last is None
            self._drawing_last = drawing
            self.plot.draw(drawing.layers, x=drawing.x, y=drawing.y, marks=self._marks(), equal=drawing.equal)
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
        self._waiting_trigger = False
        if self._gate.aimed:
            index = self._line_index()
            place = self._current_aim().find(self._seen.parts[index].data)
            self._waiting_trigger = place is None
            origin = float(before) if place is None else place
        samples = self._seen.samples
        start, stop = math.floor(origin - before), math.ceil(origin + after) + 1  # to the edges of the screen, and no less
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

    @property
    def vertical(self) -> tuple[float, float] | None:
        """The ends of the vertical axis as it is drawn; None before the first frame."""
        drawing = self._drawing_last
        if drawing is None or drawing.y.low is None or drawing.y.high is None:
            return None
        return drawing.y.low, drawing.y.high

    @property
    def drawing(self) -> PlotDrawing | None:
        """What was drawn last."""
        return self._drawing_last

    @property
    def measurements(self) -> list[Measured]:
        """What is measured of each line of the last frame, in units."""
        with self._drawing:
            if self._frame is None:
                return []
            found = [measure(part.name, part.data, self._scale, self._sample_rate) for part in self._seen.parts]
        return [each for each in found if each is not None]

    @property
    def frame(self) -> Array | None:
        """The frame that was taken last, as a plain array of its own: (samples,), or (samples, channels). None before the first."""
        with self._drawing:
            return None if self._frame is None else np.array(self._seen.array, copy=True, subok=False)

    def spans(self) -> list[float]:
        """Round widths of the screen, in the unit of `span`, up to the length of a frame."""
        whole = self._blank.samples / (self._sample_rate or 1.0)
        found: list[float] = []
        power = 10.0 ** math.floor(math.log10(max(8 / (self._sample_rate or 1.0), 1e-300)))
        while power < whole and len(found) < 60:
            found += [float(f"{power * factor:.3g}") for factor in (1, 2, 5) if power * factor * (self._sample_rate or 1.0) >= 8]
            power *= 10
        return [span for span in found if span <= whole]
