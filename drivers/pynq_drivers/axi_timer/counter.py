"""A counter whose value is computed from time, so that a 100 MHz timer costs nothing while nobody looks.

Source: AMD PG079, AXI Timer v2.0, "Generate Mode", "Cascade Mode": with auto reload a counter that counts down repeats
every TLR + 2 clocks, one that counts up every MAX - TLR + 2; two counters in cascade need 2 clocks more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Counter:
    """One counter; ``since`` is the clock tick at which it stood at ``value``, None while it stands still."""

    top: int  # largest value, 2**width - 1
    load: int = 0  # value of its load register
    value: int = 0
    since: int | None = None
    down: bool = False
    reload: bool = False  # start again from ``load`` after a rollover
    wraps: bool = False  # capture mode: a rollover neither holds nor reloads
    held: bool = False  # stopped by a rollover without reload, until it is loaded or enabled anew
    pause: int = 1  # ticks that the counter shows the termination value before it goes on from ``load``

    @property
    def termination(self) -> int:
        """The value right after a rollover."""
        return self.top if self.down else 0

    @property
    def period(self) -> int:
        """Ticks from one rollover to the next under auto reload."""
        return self._to_rollover(self.load) + self.pause

    def at(self, tick: int) -> tuple[int, int]:
        """The value at ``tick`` and how many rollovers there were since ``since``."""
        if self.since is None:
            return self.value, 0
        passed = tick - self.since
        if passed < 0:  # between a rollover and the reload
            return self.termination, 0
        first = self._to_rollover(self.value)
        if passed < first:
            return self._moved(self.value, passed), 0
        after = passed - first
        if self.wraps:
            return self._moved(self.termination, after % (self.top + 1)), 1 + after // (self.top + 1)
        if not self.reload:
            return self.termination, 1
        rollovers, phase = divmod(after, self.period)
        if phase < self.pause:
            return self.termination, 1 + rollovers
        return self._moved(self.load, phase - self.pause), 1 + rollovers

    def next_rollover(self, tick: int) -> int | None:
        """The first tick after ``tick`` at which the counter rolls over, None where it never will."""
        if self.since is None:
            return None
        first = self.since + self._to_rollover(self.value)
        if tick < first:
            return first
        if self.wraps:
            every = self.top + 1
        elif self.reload:
            every = self.period
        else:
            return None
        return first + ((tick - first) // every + 1) * every

    def settle(self, tick: int) -> int:
        """Makes ``tick`` the moment from which the counter is computed, before its mode changes; returns the rollovers until then."""
        if self.since is None or tick < self.since:
            return 0
        first = self.since + self._to_rollover(self.value)
        value, rollovers = self.at(tick)
        if rollovers and not self.wraps and not self.reload:
            self.value, self.since, self.held = value, None, True
        elif rollovers and not self.wraps and (tick - first) % self.period < self.pause:
            self.value = self.load
            self.since = tick - (tick - first) % self.period + self.pause
        else:
            self.value, self.since = value, tick
        return rollovers

    def _to_rollover(self, value: int) -> int:
        return value + 1 if self.down else self.top - value + 1

    def _moved(self, value: int, ticks: int) -> int:
        return value - ticks if self.down else value + ticks
