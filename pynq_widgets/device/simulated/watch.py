"""What the masters of the bus wrote into a buffer: for coherence, and for whoever listens."""

from __future__ import annotations

import threading
import weakref
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pynq_widgets.device.buffer import Listener, tell
from pynq_widgets.device.coherence import Coherence, coherence
from pynq_widgets.device.simulated.extents import Extents

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.allocation import Allocation

Bytes = npt.NDArray[np.uint8]

LINE = 64  # bytes of a cache line of the processors that these buffers are for (Cortex-A53, A72; the A9 has 32)
_MOST = 512  # so many stretches are told apart; where there are more, near ones are told as one
_BLOCK = 1 << 20


class Watch:
    """Made for an allocation when somebody minds who wrote there: it is cacheable, or has listeners.

    Writes that go through the bus are told by the memory (`wrote`). What is written through a live view, which a model was given, is
    found by comparing with what was there before: when the model lets go of the view, and whenever somebody asks.
    """

    __slots__ = ("_lent", "_lock", "listeners", "nbytes", "two_sided", "written")

    def __init__(self, nbytes: int, two_sided: bool) -> None:
        self.nbytes = nbytes
        self.two_sided = two_sided
        self.listeners: tuple[Listener, ...] = ()
        self.written = Extents()  # since it was last flushed or invalidated; for a buffer with two sides
        self._lent: dict[int, tuple[Any, int, Bytes]] = {}  # by id(): weak reference, offset, what was there
        self._lock = threading.RLock()

    def wrote(self, offset: int, nbytes: int) -> None:
        """A master wrote `nbytes` bytes at `offset`. Of a buffer with two sides nobody is told before it is invalidated."""
        if self.two_sided:
            with self._lock:
                self.written.add(offset, min(offset + nbytes, self.nbytes))
        elif self.listeners:
            tell(self.listeners, offset, nbytes)

    # Live views.

    def lend(self, allocation: Allocation, whole: Bytes, offset: int, nbytes: int) -> memoryview:
        """The bytes themselves, live, of which it will be known whether they were written through this view, or one of it."""
        # An array of its own is what all views of the view keep alive; when it goes, so has the last of them.
        piece = whole[offset : offset + nbytes]
        key = id(piece)
        with self._lock:
            self._lent[key] = (weakref.ref(piece, partial(_returned, allocation, key, whole)), offset, piece.copy())
        return piece.data

    def look(self, whole: Bytes) -> None:
        """Find what has been written through the views that are lent; `whole` is what the device sees."""
        with self._lock:
            for _, offset, before in tuple(self._lent.values()):
                self._compare(whole, offset, before)

    def take_back(self, key: int, whole: Bytes) -> None:
        """A lent view has gone."""
        with self._lock:
            lent = self._lent.pop(key, None)
            if lent is not None:
                self._compare(whole, *lent[1:])

    def _compare(self, whole: Bytes, offset: int, before: Bytes) -> None:
        now = whole[offset : offset + len(before)]
        found = differing(before, now)
        if found:
            before[:] = now
        for start, end in found:
            self.wrote(offset + start, end - start)

    # The two sides.

    def flushed(self, host: Bytes, dram: Bytes, offset: int, nbytes: int) -> None:
        """Carry these bytes from the host's side to the device's, with the rest of each cache line in which the host wrote."""
        with self._lock:
            self.look(dram)
            for low, up in self._margins(offset, offset + nbytes):
                if self._host_wrote(host, dram, low, up):
                    nbytes, offset = max(up, offset + nbytes) - min(low, offset), min(low, offset)
            dram[offset : offset + nbytes] = host[offset : offset + nbytes]
            for _, start, before in self._lent.values():
                # What the host brought is nothing that a model wrote.
                low, up = max(start, offset), min(start + len(before), offset + nbytes)
                if low < up:
                    before[low - start : up - start] = dram[low:up]
            self.written.remove(offset, offset + nbytes)

    def invalidated(self, host: Bytes, dram: Bytes, offset: int, nbytes: int) -> None:
        """Carry these bytes from the device's side to the host's, with the rest of each cache line in which the host did not write.

        Where it did, Linux writes the line back before it lets go of it, so that nothing of the host's is lost.
        """
        with self._lock:
            self.look(dram)
            for low, up in self._margins(offset, offset + nbytes):
                if not self._host_wrote(host, dram, low, up):
                    nbytes, offset = max(up, offset + nbytes) - min(low, offset), min(low, offset)
            host[offset : offset + nbytes] = dram[offset : offset + nbytes]
            self.written.remove(offset, offset + nbytes)

    def _margins(self, start: int, end: int) -> list[tuple[int, int]]:
        """What the first and the last cache line have beside the bytes from `start` to `end`: a cache knows nothing smaller than a line."""
        if start >= end:
            return []
        first, last = start & -LINE, min((end + LINE - 1) & -LINE, self.nbytes)
        return [(low, up) for low, up in ((first, start), (end, last)) if low < up]

    def _host_wrote(self, host: Bytes, dram: Bytes, low: int, up: int) -> bool:
        """Whether bytes from `low` to `up` differ that no device wrote."""
        for start, end in [*self.written.within(low, up), (up, up)]:
            if not np.array_equal(host[low:start], dram[low:start]):
                return True
            low = end
        return False

    def coherence(self, host: Bytes, dram: Bytes, offset: int, nbytes: int) -> Coherence:
        """Which side is newer, of `nbytes` at `offset`; the stretches are counted from `offset`."""
        ours, theirs = Extents(), Extents()
        with self._lock:
            self.look(dram)
            for first, end in differing(host[offset : offset + nbytes], dram[offset : offset + nbytes]):
                at, end = first + offset, end + offset
                for low, up in [*self.written.within(at, end), (end, end)]:
                    # Where a device wrote, a line that differs is its; but what stands between, in the same line, is the host's.
                    first_line = min(low, (at + LINE - 1) & -LINE)
                    if not np.array_equal(host[at:first_line], dram[at:first_line]):
                        ours.add(at, first_line)
                    for start, stop in differing(host[first_line:low], dram[first_line:low]):
                        ours.add(first_line + start, first_line + stop)
                    if not np.array_equal(host[low:up], dram[low:up]):
                        theirs.add(low, up)
                    at = up
        told = [tuple((a - offset, b - a) for a, b in _fewer(part.within(offset, offset + nbytes))) for part in (ours, theirs)]
        return coherence(told[0], told[1])


def _returned(allocation: Allocation, key: int, whole: Bytes, _: object) -> None:
    if allocation.watch is not None:
        allocation.watch.take_back(key, whole)


def differing(a: Bytes, b: Bytes) -> list[tuple[int, int]]:
    """The stretches in which two equally long arrays differ, in whole lines of `LINE` bytes, as (start, end)."""
    extents = Extents()
    for start in range(0, len(a), _BLOCK):
        one, other = a[start : start + _BLOCK], b[start : start + _BLOCK]
        if np.array_equal(one, other):
            continue
        firsts = np.arange(0, len(one), LINE)
        lines = np.logical_or.reduceat(one != other, firsts)
        edges = np.flatnonzero(np.diff(lines, prepend=False, append=False))
        for low, up in edges.reshape(-1, 2).tolist():
            extents.add(start + low * LINE, min(start + up * LINE, len(a)))
    return extents.within(0, len(a))


def _fewer(extents: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """At most `_MOST` stretches that cover these: where the gaps are smallest, they are joined."""
    if len(extents) <= _MOST:
        return extents
    gaps = sorted(range(1, len(extents)), key=lambda i: extents[i][0] - extents[i - 1][1], reverse=True)
    cuts = [0, *sorted(gaps[: _MOST - 1]), len(extents)]
    return [(extents[i][0], extents[j - 1][1]) for i, j in pairwise(cuts)]
