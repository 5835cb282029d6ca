"""Whether ranges of addresses lie in others, as they are or from where those begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from .values import to_int


class Window(NamedTuple):
    """First and last address of a range, and what is there."""

    base: int
    high: int
    name: str = ""

    @classmethod
    def of(cls, entry: Element) -> Window:
        """Of a ``MEMRANGE``; one whose end the file leaves open has its first address only."""
        base = to_int(entry.get("BASEVALUE")) or 0
        high = to_int(entry.get("HIGHVALUE"))
        return cls(base, base if high is None or high < base else high, entry.get("INSTANCE") or "")

    def __str__(self) -> str:
        return f"{self.name} at {self.base:#x}..{self.high:#x}"


def fitted(wanted: Sequence[Window], windows: Sequence[Window]) -> tuple[int, Window | None]:
    """By how much `wanted` is to be shifted to lie in `windows`, and the first range for which there is no such shift.

    Addresses that lie there as they are stay. Others are offsets from the lowest window: a module whose boundary was made without the
    addresses of the whole design counts from 0.
    """
    joined = _joined(windows)
    outside = _outside(wanted, joined, 0)
    if outside is None or not joined:
        return 0, outside
    shift = joined[0].base
    return (shift, None) if _outside(wanted, joined, shift) is None else (0, outside)


def _outside(wanted: Sequence[Window], joined: Sequence[Window], shift: int) -> Window | None:
    for window in wanted:
        if not any(there.base <= window.base + shift and window.high + shift <= there.high for there in joined):
            return window
    return None


def _joined(windows: Sequence[Window]) -> list[Window]:
    """The windows in order, those that touch one another as one."""
    joined: list[Window] = []
    for window in sorted(windows):
        if joined and window.base <= joined[-1].high + 1:
            joined[-1] = Window(joined[-1].base, max(joined[-1].high, window.high))
        else:
            joined.append(Window(window.base, window.high))
    return joined


def spans(windows: Sequence[Window]) -> str:
    """The windows in words."""
    return ", ".join(f"{window.base:#x}..{window.high:#x}" for window in _joined(windows))
