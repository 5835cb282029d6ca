"""A bounded ring of what a bus noted, at the least cost: nothing is made of it before somebody reads it."""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

from pynq_widgets.device.bus import Noted, Transaction, bus_of, transaction_of
from pynq_widgets.device.clock import Pace
from pynq_widgets.device.conversation import Entry, Gap
from pynq_widgets.device.script import INTERRUPT

STEP = 64  # transactions from one look at the time to the next: as many as `Bus.record` says
WINDOW = 1.0  # seconds of the device's clock within which `limit` transactions are recorded
REST = 0.1  # seconds of the device's clock over which the rate must be below the limit before recording goes on
WORDS = 16  # words that the ring holds for each of its entries, on average


class Event(NamedTuple):
    """An interrupt, a download or a gap, at the moment `start` of ``perf_counter``."""

    start: float
    entry: Entry


class Recorder:
    """What the bus of `device` notes from `start` to `stop`: the last `size` entries of it, or up to 128 fewer.

    With a `limit`, no more than so many transactions a second of the device's clock are taken; what comes faster is counted, and leaves
    a gap, until the rate has fallen. The ring is cut into pieces, so that the time, and what falls out, is looked at once a piece.
    """

    def __init__(self, device: Any, size: int, limit: float | None = None) -> None:
        self._device = weakref.ref(device)
        self.bus = bus_of(device)
        self.size = size
        self.limit = limit
        self.forgotten = 0  # transactions that fell out of the ring
        self._held = 0  # entries of the pieces that were put away
        self._pieces: deque[list[Any]] = deque()
        self._piece: list[Any] = []
        self._more = 0  # words of blocks, beyond one each, that the ring holds
        self._undo: Callable[[], None] | None = None
        self._gap_since: float | None = None
        self._left_out = 0
        # Of the present window, or in a gap since the last look: when it began, and how many there were.
        self._since = 0.0
        self._count = 0
        self._last: tuple[float, Any] = (0.0, None)

    # From outside.

    @property
    def running(self) -> bool:
        """Whether it records."""
        return self._undo is not None

    @property
    def in_gap(self) -> bool:
        """Whether transactions are left out now, since they come faster than the limit."""
        return self._gap_since is not None

    def start(self) -> None:
        """Begin, or go on."""
        with self.bus.lock:
            if self._undo is None:
                self._since, self._count = self._now(), 0
                self._undo = self.bus.record(self._note, self._turn)

    def stop(self) -> None:
        """End. What was recorded stays."""
        with self.bus.lock:
            if self._undo is not None:
                self._undo()
                self._undo = None
                self._end_gap(self._now())

    def clear(self) -> None:
        """Forget everything that was recorded."""
        with self.bus.lock:
            running = self.running
            self.stop()
            self._pieces.clear()
            self._piece = []
            self._more = self._held = self.forgotten = 0
            if running:
                self.start()

    def add(self, entry: Entry) -> None:
        """Put an interrupt or a download into the ring."""
        with self.bus.lock:
            if self.running and not self.in_gap:
                self._piece.append(Event(perf_counter(), entry))

    def entries(self) -> list[Entry]:
        """What is in the ring, the oldest first."""
        with self.bus.lock:
            raw = [entry for piece in (*self._pieces, self._piece) for entry in piece]
            if self._gap_since is not None and self._left_out:
                raw.append(Event(perf_counter(), Gap(self._gap_since, self._left_out, self._now() - self._gap_since)))
        return _in_order(raw)

    def _now(self) -> float:
        clock = getattr(self._device(), "clock", None)
        return float(clock.now()) if clock is not None else 0.0

    # Under the lock of the bus, at each transaction.

    def _note(self, noted: Noted) -> None:
        """All but a user's single words, which go straight to what `_turn` gave."""
        if self._gap_since is not None:
            self._skip(noted)
            return
        self._piece.append(noted)
        # Blocks must not fill the memory.
        self._more += noted[6] - 1
        if self._more > WORDS * self.size:
            self._shrink()
        if len(self._piece) >= STEP:
            self.bus.turn()

    def _turn(self) -> Callable[[Any], object]:
        """What takes the next words; the piece is put away, unless it has only been begun."""
        if self._gap_since is None and len(self._piece) >= STEP // 2:
            self._count += len(self._piece)
            self._pieces.append(self._piece)
            self._held += len(self._piece)
            self._piece = []
            while self._held > self.size - 2 * STEP:
                self._forget(self._pieces.popleft())
            if self.limit is not None:
                self._look()
        # The append of a list: to give a word to a function of ours would cost as much again as to keep it.
        return self._piece.append if self._gap_since is None else self._skip

    def _look(self) -> None:
        now = self._now()
        if now - self._since >= WINDOW:
            self._since, self._count = now, 0
        elif self.limit is not None and self._count > self.limit - STEP:
            self._gap_since, self._left_out = now, 0
            self._since, self._count = now, 0
            self._last = (perf_counter(), None)

    def _skip(self, noted: Noted) -> None:
        """Leave a transaction out, unless the rate has fallen."""
        if self._gap_since is None:
            self._piece.append(noted)
            return
        self._count += 1
        before, pace = self._last
        self._last = (noted[0], noted[1])
        limit = self.limit or 0.0
        # A look at the time costs as much as a transaction is to cost: only now and then, or where there was a pause.
        if self._count & (STEP - 1) and (noted[0] - before) * limit < 1 and noted[1] is pace:
            self._left_out += 1
            return
        now = noted[1].at(noted[0]) if isinstance(noted[1], Pace) else float(noted[1])
        passed = now - self._since
        if passed < REST:
            self._left_out += 1
        elif self._count <= limit * passed:
            self._end_gap(now)
            self._piece.append(noted)
            self._since, self._count = now, 0
        else:
            self._left_out += 1
            self._since, self._count = now, 0

    def _end_gap(self, now: float) -> None:
        if self._gap_since is not None:
            if self._left_out:
                self._piece.append(Event(perf_counter(), Gap(self._gap_since, self._left_out, max(0.0, now - self._gap_since))))
            self._gap_since = None

    def _forget(self, piece: list[Any]) -> None:
        self._held -= len(piece)
        for entry in piece:
            if type(entry) is tuple:
                self.forgotten += 1
                if len(entry) > 6:
                    self._more -= entry[6] - 1
            elif isinstance(entry.entry, Gap):
                self.forgotten += entry.entry.left_out

    def _shrink(self) -> None:
        """Blocks fill the ring: let go of the oldest half of their words."""
        while self._pieces and self._more > WORDS * self.size // 2:
            self._forget(self._pieces.popleft())


def _in_order(raw: list[Any]) -> list[Entry]:
    """The entries; an interrupt that came within a transaction, which led to it, stands after that.

    Transactions are noted as they end: what is done for an interrupt within one is noted before it.
    """
    made: list[Entry] = []
    within: list[Entry] = []
    later = math.inf  # when the next transaction that is no interrupt's began
    backwards: list[Entry | _Within] = []
    for entry in reversed(raw):
        if type(entry) is not tuple:
            backwards.append(entry.entry if entry.start <= later else _Within(entry.entry))
            continue
        transaction = transaction_of(entry)
        if transaction.who != INTERRUPT:
            later = entry[0]
        backwards.append(transaction)
    for each in reversed(backwards):
        if isinstance(each, _Within):
            within.append(each.entry)
            continue
        made.append(each)
        if within and isinstance(each, Transaction) and each.who != INTERRUPT:
            made += within
            within.clear()
    return made


class _Within(NamedTuple):
    """What happened while the next transaction was under way."""

    entry: Entry
