"""Hold, trigger and single shot of a buffer view, as an oscilloscope has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .buffer_core import ViewParts
from .buffer_follower import BUDGET
from .buffer_source import Source

if TYPE_CHECKING:
    from pynq_widgets.analysis.trigger import Trigger

    from .plot_layers import Mark

TRIGGER_MODES = ("normal", "auto")
_MOST_HELD = 1 << 26  # bytes that holding copies


class Triggered(ViewParts):
    """The part of `BufferView` that decides which moment is seen."""

    _held: Source | None = None
    _hold = _single = False
    _waiting = False  # for the trigger
    _trigger: Trigger | None = None
    _trigger_line = 0
    _free_run = False
    _origin = 0  # the sample that stands at 0 of the axis

    @property
    def hold(self) -> bool:
        """Whether the view stands still: what was seen then can be zoomed and measured while the buffer goes on. Settable."""
        return self._hold

    @hold.setter
    def hold(self, hold: bool) -> None:
        with self._drawing:
            if bool(hold) != self._hold:
                self._hold = bool(hold)
                self._single = self._single and not self._hold
                # More is not copied; what is zoomed then is read from the memory as it is.
                self._held = self._source.frozen() if self._hold and self._source.memory.nbytes <= _MOST_HELD else None
        self._state(self._sheet())
        if not self._hold:
            self._look(BUDGET)

    @property
    def trigger(self) -> Trigger | None:
        """Where the picture starts, as on an oscilloscope: at the first place where a line crosses a level. Settable; None: none.

        `trigger_line` says which line, `trigger_mode` what is shown where there is no such place. `single` waits for one and holds.
        """
        return self._trigger

    @trigger.setter
    def trigger(self, trigger: Trigger | None) -> None:
        if trigger is not None and not callable(getattr(trigger, "find", None)):
            raise TypeError(f"trigger expected a Trigger or None, not {type(trigger).__name__}: try Trigger(level=0.5)")
        with self._drawing:
            before, self._trigger = self._trigger, trigger
            self._waiting = False
            self._last = None
            if trigger is None:
                self._origin, self._window, self._single = 0, None, False
                self._view_to_set = (None, None, None, None)
            elif before is None:
                start, stop = self._samples()
                width = max(min(stop - start, self._source.samples // 2), 2)
                self._window = (-width // 4, width - width // 4)
                self._view_to_set = (*self._along(*self._window), None, None)
        self._state(self._sheet())
        self._look(BUDGET)

    @property
    def trigger_line(self) -> int:
        """The line that the trigger looks at, by its place among them. Settable; ``IndexError`` for one that there is not."""
        return self._trigger_line

    @trigger_line.setter
    def trigger_line(self, line: int) -> None:
        count = len(self._source.parts)
        if isinstance(line, bool) or not isinstance(line, int) or not 0 <= line < max(count, 1):
            raise IndexError(f"the trigger looks at one of {count} lines, 0 to {count - 1}, not at {line!r}")
        self._trigger_line = line
        self.trigger = self._trigger

    @property
    def trigger_mode(self) -> str:
        """What is shown where the trigger is not met: ``'normal'``: what was seen last stays; ``'auto'``: the buffer from where the last
        one was. Settable."""
        return "auto" if self._free_run else "normal"

    @trigger_mode.setter
    def trigger_mode(self, mode: str) -> None:
        if mode not in TRIGGER_MODES:
            raise ValueError(f"a trigger's mode is 'normal' or 'auto', not {mode!r}")
        self._free_run = mode == "auto"
        self.trigger = self._trigger

    def single(self) -> None:
        """Wait for the trigger once, then hold. Raises ``ValueError`` where there is no trigger."""
        if self._trigger is None:
            raise ValueError("a single shot waits for a trigger, and there is none: set view.trigger = Trigger(level=...)")
        self._single = True
        self.hold = False  # which looks, too

    def _aim(self) -> bool:
        """Find where the trigger is met; False where it is not and something is shown already."""
        if self._trigger is None or self._hold or not self._mode.along or not self._source.parts:
            return True
        before = max(-self._window[0], 0) if self._window else 0
        data = self._source.parts[min(self._trigger_line, len(self._source.parts) - 1)].data
        found = self._trigger.find(data, min(before, data.size - 1))
        self._waiting = found is None
        if found is None:
            return self._last is None or (self._free_run and not self._single)
        self._origin = int(found)
        return True

    def _mark_moved(self, mark: Mark) -> None:
        """A person dragged the level of the trigger."""
        if mark.kind == "trigger" and self._trigger is not None:
            self.trigger = replace(self._trigger, level=mark.at / self._scale)
