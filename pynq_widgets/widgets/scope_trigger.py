"""The trigger of a scope: which frames are shown, and which moment of them stands at 0."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.trigger import Slope, Trigger

from .modes.settings import Choice, Number, Setting, Settings

MODES = ("off", "auto", "normal")
PATIENCE = 0.25  # seconds after which auto shows what meets no trigger
_HYSTERESIS = 0.03  # of the height of the picture
_LARGEST = 1e300


class TriggerSettings(Settings):
    """``scope.trigger.level = 0.5``: the settings of the trigger, as attributes.

    Attributes
    ----------
    mode : str
        ``'off'``: each frame is shown from its start. ``'auto'``: at the trigger, and where there is none for a quarter of a second, as it
        comes. ``'normal'``: frames without a trigger are not shown (they count as rejected).
    source : str
        The line that is looked at; only where there are several.
    slope : str
        ``'rising'``, ``'falling'`` or ``'both'``.
    level : float | None
        Where the line is to cross, in units; None: the middle between its least and greatest.
    position : float
        Where on the screen the trigger stands, in percent of its width from the left, 0 to 100.
    holdoff : float
        Time (seconds, or samples with no sample rate) after a trigger within which another one does not count.
    hysteresis : float | None
        By how much, in units, the line must have been beyond the level before; None: 3 % of the height of the picture.
    """

    mode: str
    source: str
    slope: Slope
    level: float | None
    position: float
    holdoff: float
    hysteresis: float | None

    @classmethod
    def of(cls, names: Sequence[str], changed: Callable[[], object]) -> TriggerSettings:
        """The settings for lines of these names."""
        source: tuple[Setting, ...] = ()
        if len(names) > 1:
            source = (Choice("source", names, names[0], "of", "The line that is looked at"),)
        return cls(
            "trigger",
            (
                Choice("mode", MODES, "auto", "trigger", "auto: shows frames without a trigger after a while; normal: does not; off"),
                *source,
                Choice("slope", ("rising", "falling", "both"), "rising", "slope", "Which way the line is to cross the level"),
                Number("level", -_LARGEST, _LARGEST, None, "level", "Where the line is to cross; the mark can be dragged", none="middle"),
                Number("position", 0, 100, 50.0, "at", "Where on the screen the trigger stands, in percent from the left"),
                Number("holdoff", 0, _LARGEST, 0.0, "holdoff", "Time after a trigger within which another does not count", folded=True),
                Number(
                    "hysteresis", 0, _LARGEST, None, "hysteresis", "How far beyond the level it must have been", none="auto", folded=True
                ),
            ),
            changed,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValueError as error:
            raise ValueError(str(error).replace(" of mode 'trigger'", " of the trigger", 1)) from None

    def _unknown(self, name: str) -> str:
        return super()._unknown(name).replace("mode 'trigger'", "the trigger", 1)

    def __repr__(self) -> str:
        return super().__repr__().replace("Settings of 'trigger'", "Trigger", 1)

    @property
    def on(self) -> bool:
        """Whether frames are aimed at all."""
        return str(self.mode) != "off"

    def put(self, what: Any) -> None:
        """Take a level, a `Trigger` (its level in units), a mapping of settings, or None (off)."""
        if what is None:
            self.mode = "off"
        elif isinstance(what, Trigger):
            self.slope, self.level, self.holdoff = what.slope, float(what.level), float(what.holdoff)
            self.hysteresis = what.hysteresis or None
            self._begin()
        elif isinstance(what, dict):
            for name, value in what.items():
                setattr(self, name, value)
        elif isinstance(what, str) and what in MODES:
            self.mode = what
        elif isinstance(what, (int, float)) and not isinstance(what, bool):
            self.level = what
            self._begin()
        else:
            raise TypeError(
                f"trigger expected a level, one of {', '.join(map(repr, MODES))}, a dict of settings, a Trigger or None, "
                f"not {type(what).__name__}"
            )

    def _begin(self) -> None:
        if not self.on:
            self.mode = "auto"


@dataclass(frozen=True)
class Aim:
    """What is looked for in a frame, in samples and the frame's own numbers; `before` and `after` samples must be there around it.

    `floating`: where the frame does not reach the level, its middle is taken.
    """

    trigger: Trigger
    before: int
    after: int
    floating: bool = False

    def find(self, data: Array) -> float | None:
        """The place where the line crosses the level, between two samples; None where there is none with enough around it."""
        last = data.size - self.after
        if last < 0:
            return None
        trigger = self.trigger
        if self.floating:
            low, high = extremes(data)
            if not low <= trigger.level <= high and math.isfinite(low / 2 + high / 2):
                trigger = replace(trigger, level=low / 2 + high / 2)
        if trigger.holdoff:
            events = trigger.all(data)
            events = events[(events >= self.before) & (events <= last)]
            if not events.size:
                return None
            at = int(events[0])
        else:
            found = trigger.find(data, max(self.before - 1, 0))
            if found is None or found > last:
                return None
            at = found
        return crossing(data, at, trigger.level)


class Gate:
    """Which frames an acquisition keeps. Called on its thread; it holds no lock, and is told anew by being replaced.

    Parameters
    ----------
    aim
        What is looked for; None: every frame is kept.
    line
        Makes of a frame's memory the line that is looked at.
    patience
        Seconds without a trigger after which all frames are kept; None: never.
    """

    def __init__(
        self, aim: Aim | None, line: Callable[[Array], Array | None], patience: float | None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._aim, self._line, self._patience, self._now = aim, line, patience, now
        self._met = now()

    @property
    def aimed(self) -> bool:
        """Whether anything is looked for."""
        return self._aim is not None

    def take_over(self, before: Gate) -> None:
        """Go on where `before` was: a person who turns a knob does not make it wait anew."""
        self._met = before._met

    def meets(self, data: Array) -> bool:
        """Whether what is looked for is in a frame. One that cannot be looked at passes: why, is told where it is drawn."""
        line = None if self._aim is None else self._line(data)
        return self._aim is None or line is None or self._aim.find(line) is not None

    def __call__(self, data: Array) -> bool:
        if self._aim is None:
            return True
        now = self._now()
        if self.meets(data):
            self._met = now
            return True
        return self._patience is not None and now - self._met > self._patience


def automatic_hysteresis(low: float, high: float) -> float:
    """For a picture from `low` to `high`."""
    return _HYSTERESIS * abs(high - low)


def extremes(data: Array) -> tuple[float, float]:
    """Least and greatest of the numbers in `data`; NaN where there are none."""
    if not data.size:
        return math.nan, math.nan
    low, high = float(np.fmin.reduce(data)), float(np.fmax.reduce(data))
    return low, high


def crossing(data: Array, at: int, level: float) -> float:
    """Where, up to sample `at`, the straight line from the one before crosses the level."""
    if at == 0:
        return 0.0
    before, after = float(data[at - 1]), float(data[at])
    rise = after - before
    if not (math.isfinite(rise) and rise):
        return float(at)
    return at - min(max((after - level) / rise, 0.0), 1.0)
