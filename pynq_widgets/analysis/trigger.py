"""Where a signal crosses a level, as the trigger of an oscilloscope finds it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .blocks import line, native
from .curve import Array

Slope = Literal["rising", "falling", "both"]
_AT_ONCE = 1 << 17  # samples


@dataclass(frozen=True)
class Trigger:
    """A rising edge is the first sample at or above `level` after one below ``level - hysteresis``; a falling edge the first at or below
    `level` after one above ``level + hysteresis``. Samples within `holdoff` after an event are no events. NaN is neither above nor below.
    """

    level: float
    slope: Slope = "rising"
    hysteresis: float = 0.0
    holdoff: int = 0

    def __post_init__(self) -> None:
        if self.slope not in ("rising", "falling", "both"):
            raise ValueError(f"the slope is 'rising', 'falling' or 'both', not {self.slope!r}")
        if math.isnan(self.level) or not self.hysteresis >= 0 or self.holdoff < 0:
            raise ValueError(
                f"a trigger has a level, and a hysteresis and a holdoff from 0, not {self.level}, {self.hysteresis}, {self.holdoff}"
            )

    def find(self, data: Array, start: int = 0) -> int | None:
        """The first event at or after sample `start` of the 1-D `data`; None if there is none. What lies before is not looked at."""
        found = self.all(data, 1, start)
        return int(found[0]) if found.size else None

    def all(self, data: Array, most: int | None = None, start: int = 0) -> npt.NDArray[np.int64]:
        """The events from sample `start` on, ascending, at most `most` of them. Raises ``ValueError`` for another shape or type."""
        data = line(data, "Trigger")
        found: list[int] = []
        whole: list[Any] = []
        rising = _Edges(self.level, self._arm(-1), data.dtype, True) if self.slope != "falling" else None
        falling = _Edges(self.level, self._arm(1), data.dtype, False) if self.slope != "rising" else None
        count = 0
        for first in range(max(start, 0), data.size, _AT_ONCE):
            if most is not None and count >= most:
                break
            block = native(data[first : first + _AT_ONCE])
            events = [edges.find(block) for edges in (rising, falling) if edges is not None]
            at = events[0] if len(events) == 1 else np.sort(np.concatenate(events), kind="stable")  # two ascending runs
            if self.holdoff:
                earliest = found[-1] + self.holdoff + 1 - first if found else 0
                found += [first + event for event in self._held_off(at, block.size, max(earliest, 0))]
                count = len(found)
            else:
                whole.append(at + first)
                count += at.size
        answer = np.array(found, np.int64) if self.holdoff else np.concatenate([np.empty(0, np.int64), *whole])
        return answer[:most]

    def _arm(self, side: int) -> float:
        """The level beyond which the signal must have been; an integer stays one, since it may have more digits than a float."""
        return self.level + side * self.hysteresis if self.hysteresis else self.level

    def _held_off(self, at: npt.NDArray[np.int64], size: int, earliest: int) -> list[int]:
        """The events in a block of `size` samples that are far enough from the one before; none before `earliest`."""
        if not at.size:
            return []
        marks = np.zeros(size, np.uint8)
        marks[at] = 1
        flags = marks.tobytes()  # a search for a byte is the quickest there is for the next of many
        taken = []
        event = flags.find(1, earliest)
        while event >= 0:
            taken.append(event)
            event = flags.find(1, event + self.holdoff + 1)
        return taken


class _Edges:
    """The edges of one direction, found a block at a time."""

    def __init__(self, level: float, arm: float, dtype: np.dtype[Any], rising: bool) -> None:
        whole = dtype.kind in "iu"
        self.rising = rising
        # Integers are compared as integers: 64 bits do not fit a float. Beyond all values of the type nothing is.
        self.level = _whole(level, rising, dtype) if whole else _rounded(level, dtype)
        self.arm = _whole(arm, rising, dtype) if whole else _rounded(arm, dtype)
        self.armed = False

    def find(self, block: Any) -> npt.NDArray[np.int64]:
        if self.rising:
            beyond, before = _at_least(block, self.level), _below(block, self.arm)
        else:
            beyond, before = _at_most(block, self.level), _above(block, self.arm)
        either = beyond | before
        if either.all():
            # Each sample is one or the other: an edge is where one follows the other.
            events = np.flatnonzero(beyond[1:] > beyond[:-1]) + 1
            if self.armed and beyond[0]:
                events = np.concatenate([[0], events])
            self.armed = not bool(beyond[-1])
            return events.astype(np.int64)
        told = np.flatnonzero(either)
        if not told.size:
            return np.empty(0, np.int64)
        state = beyond[told]
        # By position: to pick by a mask that is as good as random takes five times as long.
        events = told.take(np.flatnonzero(state[1:] > state[:-1]) + 1)
        if self.armed and state[0]:
            events = np.concatenate([told[:1], events])
        self.armed = not bool(state[-1])
        return events.astype(np.int64)


def _whole(level: float, rising: bool, dtype: np.dtype[Any]) -> int:
    """The whole number that stands for `level` between integers: v >= level is v >= ceil(level), and v < level is v < ceil(level)."""
    info = np.iinfo(dtype)
    if math.isinf(level):
        return int(info.max) + 1 if level > 0 else int(info.min) - 1
    return max(min(math.ceil(level) if rising else math.floor(level), int(info.max) + 1), int(info.min) - 1)


def _rounded(level: float, dtype: np.dtype[Any]) -> float:
    """`level` as the samples can have it."""
    with np.errstate(over="ignore"):
        return float(native(np.array([level], np.float64)).astype(native(np.empty(0, dtype)).dtype)[0])


def _at_least(block: Any, level: float) -> Any:
    return ~_below(block, level) if block.dtype.kind != "f" else block >= block.dtype.type(level)


def _at_most(block: Any, level: float) -> Any:
    return ~_above(block, level) if block.dtype.kind != "f" else block <= block.dtype.type(level)


def _below(block: Any, level: float) -> Any:
    if block.dtype.kind == "f":
        return block < block.dtype.type(level)
    info = np.iinfo(block.dtype)
    if level > info.max:
        return np.ones(block.shape, bool)
    return block < block.dtype.type(level) if level >= info.min else np.zeros(block.shape, bool)


def _above(block: Any, level: float) -> Any:
    if block.dtype.kind == "f":
        return block > block.dtype.type(level)
    info = np.iinfo(block.dtype)
    if level < info.min:
        return np.ones(block.shape, bool)
    return block > block.dtype.type(level) if level <= info.max else np.zeros(block.shape, bool)
