"""How the memory of a view is read: as what, of which side, in which units, beside which other buffer."""

from __future__ import annotations

from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.interpretation import Interpretation
from pynq_widgets.analysis.statistics import Statistics

from . import outbox
from .buffer_core import ViewParts
from .buffer_follower import BUDGET
from .buffer_numbers import comparable, numbers
from .buffer_options import checked_scale, checked_unit, positive
from .buffer_source import SIDES, Source
from .modes import mode_class, natural

COMPARISONS = ("off", "over", "difference")


class Reading(ViewParts):
    """The part of `BufferView` that makes numbers of memory."""

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
            before, self._beside = self._beside, found
            if before is not None:
                before.close()
        self.comparison = "off" if found is None else "difference" if difference else "over"

    @property
    def comparison(self) -> str:
        """How the buffer given to `compare` is shown: ``'over'`` this one, as their ``'difference'``, or ``'off'``. Settable."""
        return "off" if self._other is None else "difference" if self._difference else "over"

    @comparison.setter
    def comparison(self, how: str) -> None:
        if how not in COMPARISONS:
            raise ValueError(f"a comparison is {', '.join(map(repr, COMPARISONS))}, not {how!r}")
        beside = self._beside
        if how != "off" and beside is None:
            raise ValueError("there is nothing to compare with: give a buffer to view.compare(...)")
        if how == "difference" and beside is not None and (refusal := comparable(self._source, beside, True)):
            raise ValueError(refusal)
        with self._drawing:
            self._other = None if how == "off" else beside
            self._difference = how == "difference"
            self._last = None
        self._state(self._sheet())
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

    def _take_source(self, source: Source) -> None:
        """Look at the memory another way; the mode stays where it was chosen and fits."""
        with self._drawing:
            beside = None if self._beside is None else Source(self._beside.buffer, source.interpretation)
            before, self._source = (self._source, self._beside), source
            shown, difference = self._other is not None, self._difference
            self._beside = beside
            self._other = beside if shown and beside is not None and not comparable(source, beside, difference) else None
            self._difference = difference and self._other is not None
            self._held, self._hold = None, False
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

    def _numbers(self) -> list[tuple[str, Statistics]]:
        """Statistics of each line."""
        source, window = self._held or self._source, None if self._statistics_of == "whole" else self._samples()
        return numbers(source, window, self._scale, self._other if self._difference else None)
