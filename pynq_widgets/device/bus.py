"""The account of a device's bus: what went over it, who asked, how long it took, and what went wrong.

Whoever puts a transaction on the bus notes it here once, under the lock of the bus: the order of the notes is the order on the bus.
"""

from __future__ import annotations

import logging
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from threading import RLock, get_ident
from time import perf_counter
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from pynq_widgets.device.clock import Pace, VirtualClock, WallClock
from pynq_widgets.showing import Shown

USER = "user"
"""Who asks where nobody was named."""

_log = logging.getLogger(__name__)


class Transaction(NamedTuple):
    """One transaction of a bus, as a listener is told of it.

    `time` is that of the device's clock at the start (seconds), `operation` ``'read'`` or ``'write'``, `address` that of the first
    byte, `words` the 32-bit words (none where a read failed), `count` how many were asked for, `seconds` the wall time it took, and
    `error` empty or the text of the exception.
    """

    time: float
    who: str
    operation: str
    address: int
    words: tuple[int, ...]
    count: int  # type: ignore[assignment]  # the tuple's method of that name counts nothing that anybody asks for here
    seconds: float
    error: str


class Count(NamedTuple):
    """So many transactions: good and failed `reads` and `writes`, of `words` in all; `errors` of them failed; `seconds` of wall time."""

    reads: int = 0
    writes: int = 0
    words: int = 0
    errors: int = 0
    seconds: float = 0.0

    @property
    def transactions(self) -> int:
        """Reads and writes together."""
        return self.reads + self.writes


class Statistics(Shown):
    """What went over a bus since its account was begun.

    `by_who` has a :class:`Count` for each who asked, `total` their sum. `complete` is False where single words of mapped memory may
    have gone past the account (see :attr:`Bus.counting`).
    """

    def __init__(self, by_who: Mapping[str, Count], complete: bool) -> None:
        self.by_who: Mapping[str, Count] = MappingProxyType(dict(by_who))
        self.complete = complete
        self.total = Count(*map(sum, zip(*self.by_who.values(), strict=True))) if self.by_who else Count()

    def __repr__(self) -> str:
        rows: list[tuple[str, ...]] = [("who", "reads", "writes", "words", "errors", "time")]
        for who, count in [*self.by_who.items(), ("in all", self.total)]:
            rows.append((who, *map(str, count[:4]), f"{count.seconds * 1e3:.3f} ms"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
            for row in rows
        ]
        if not self.complete:
            lines.append("Single words of mapped memory may be missing: bus.counting = True counts them too.")
        return "\n".join(lines)


Listener = Callable[[Transaction], object]
Noted = tuple[Any, ...]
"""A transaction as a recorder is given it: its start (of ``perf_counter``), what tells the time of the device's clock then, and the
rest as in :class:`Transaction`; or, for a word of a user's that went well, start, clock, `READ` or `WRITE`, address, word, seconds."""
READ = (USER, "read")
WRITE = (USER, "write")
Recorder = Callable[[Noted], object]


class Attached(Protocol):
    """What a bus asks of the ports on it."""

    def recount(self) -> None:
        """Look at `Bus.noting` again: words go through the account, or past it."""
        ...

    def review(self) -> None:
        """Look at the device's generation again."""
        ...


class Bus:
    """One lock and one account for the bus of a device; ``device.bus``.

    Each transaction of a bus behind calls (capability ``REGISTER_RW`` or ``REMOTE``) is counted. Single words of mapped memory go past
    the account unless `counting` is on or somebody listens, since it would cost more than the access; blocks are counted always.
    """

    def __init__(self, device: Any) -> None:
        lock = getattr(device, "lock", None)
        self.lock: Any = RLock() if lock is None else lock
        # Weakly: the device holds its bus.
        self._device = weakref.ref(device)
        self._mapped = _has(device, "MEMORY_MAPPED")
        self._counting = False
        self._complete = not self._mapped
        self._asking: dict[int, str] = {}
        # Reads, writes, words beyond one a transaction, errors, seconds.
        self.users: list[Any] = [0, 0, 0, 0, 0.0]
        self._counts: dict[str, list[Any]] = {USER: self.users}
        self._entries: list[_Entry] = []
        self._listeners: tuple[Listener, ...] = ()
        self._telling = False
        self._recorders: tuple[tuple[Recorder, Callable[[], Recorder]], ...] = ()
        self._record: Recorder | None = None
        self.record_word: Recorder = _nobody
        # What tells the time of the device's clock, or that time, where somebody listens; else 0, by what costs least.
        self.stamp: Callable[[], float | Pace] = float
        # The clock, where its pace tells the time.
        self.paced: VirtualClock | WallClock | None = None
        # Not the lock of the bus: a download that makes handles stale need not wait for who holds the bus.
        self._joining = RLock()
        self._ports: weakref.WeakSet[Any] = weakref.WeakSet()
        self._ageing: weakref.WeakSet[Any] | None = None

    # Who asks.

    @property
    def who(self) -> str:
        """Who asks on this thread: what the innermost `asking` says, else ``'user'``."""
        return self._asking.get(get_ident(), USER)

    def asking(self, who: str) -> Asking:
        """Name who asks on this thread within a ``with``; it nests."""
        return Asking(self._asking, who)

    # The account.

    @property
    def counting(self) -> bool:
        """Whether single words of mapped memory are counted too; settable."""
        return self._counting

    @counting.setter
    def counting(self, on: bool) -> None:
        with self.lock:
            self._counting = bool(on)
            self._recount()

    @property
    def noting(self) -> bool:
        """Whether each single word of mapped memory is to be noted: somebody counts, or listens."""
        return self._counting or self.heard

    @property
    def heard(self) -> bool:
        """Whether somebody listens, or records."""
        return bool(self._listeners) or self._record is not None

    @property
    def told(self) -> bool:
        """Whether somebody listens."""
        return bool(self._listeners)

    def statistics(self) -> Statistics:
        """The account so far."""
        with self.lock:
            by_who = {}
            for who, (reads, writes, more, errors, seconds) in self._counts.items():
                if reads + writes:
                    by_who[who] = Count(reads, writes, reads + writes + more, errors, seconds)
            return Statistics(by_who, self._complete)

    def reset_statistics(self) -> None:
        """Begin the account anew."""
        with self.lock:
            self.users = [0, 0, 0, 0, 0.0]
            self._counts = {USER: self.users}
            self._complete = not self._mapped or self.noting

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(transaction)`` after each transaction, on the thread that asked; the result ends that.

        It is called under the lock of the bus, so that the order is that on the bus. It must be quick and may not touch the bus (it would
        be told of that without end, and so is told of none of it); what it raises is logged and harms nobody.
        """
        # The same function may listen twice, and each undo ends its own; a wrapper would cost each transaction a call.
        entry = _Entry(listener)
        with self.lock:
            self._entries = [*self._entries, entry]
            self._listeners = tuple(each.listener for each in self._entries)
            self._recount()

        def undo() -> None:
            with self.lock:
                self._entries = [each for each in self._entries if each is not entry]
                self._listeners = tuple(each.listener for each in self._entries)
                self._recount()

        return undo

    def record(self, recorder: Recorder, turn: Callable[[], Recorder] | None = None) -> Callable[[], None]:
        """As :meth:`listen`, at a third of its cost: `recorder` is given a plain tuple, which :func:`transaction_of` makes a
        :class:`Transaction` of.

        With `turn`, a user's single words that went well are given to what ``turn()`` gave, which is asked again after each 64 reads or
        writes of them, and by :meth:`turn`: so that they can be kept by no more than the ``append`` of a list.

        All are called bare: one that raises lets the access of whoever asked raise.
        """
        pair = (recorder, turn or (lambda: recorder))
        with self.lock:
            self._set_recorders((*self._recorders, pair))

        def undo() -> None:
            with self.lock:
                self._set_recorders(tuple(each for each in self._recorders if each is not pair))

        return undo

    def turn(self) -> None:
        """Ask the recorders anew what takes single words (under `lock`)."""
        words = [turn() for _, turn in self._recorders]

        def each_word(noted: Noted) -> None:
            for word in words:
                word(noted)

        # For whoever took its words before the last recorder went, there is somebody who does nothing.
        self.record_word = each_word if len(words) > 1 else words[0] if words else _nobody

    def _set_recorders(self, recorders: tuple[tuple[Recorder, Callable[[], Recorder]], ...]) -> None:
        def each(noted: Noted) -> None:
            for recorder, _ in recorders:
                recorder(noted)

        self._recorders = recorders
        self._record = each if len(recorders) > 1 else recorders[0][0] if recorders else None
        self.turn()
        self._recount()

    def _recount(self) -> None:
        device = self._device()
        clock = None if device is None else getattr(device, "clock", None)
        self.paced = clock if type(clock) in (VirtualClock, WallClock) else None
        if clock is None or not self.heard:
            self.stamp = float
        else:
            # A function of C: with one of ours in between an access would cost 7 % more.
            self.stamp = clock.now if self.paced is None else partial(getattr, clock, "pace")
        if self._mapped and not self.noting:
            self._complete = False
        with self._joining:
            ports = list(self._ports)
        for port in ports:
            port.recount()

    # For whoever puts transactions on the bus, under `lock`.

    def account(self) -> list[Any]:
        """The counts of who asks on this thread; where nobody was named those are `users`."""
        who = self._asking.get(get_ident(), USER)
        entry = self._counts.get(who)
        if entry is None:
            entry = self._counts[who] = [0, 0, 0, 0, 0.0]
        return entry

    def note(
        self, operation: str, address: int, words: tuple[int, ...], count: int, when: float | Pace, start: float, error: str = ""
    ) -> None:
        """Note a transaction that began at `when` (what `stamp` gave), at `start` of ``perf_counter``, and has just ended."""
        seconds = perf_counter() - start
        asking = self._asking
        if asking:
            who = asking.get(get_ident(), USER)
            entry = self.account()
        else:
            who, entry = USER, self.users
        entry[operation == "write"] += 1
        entry[2] += count - 1
        entry[4] += seconds
        if error:
            entry[3] += 1
        record = self._record
        if record is not None:
            # A plain tuple: the collector of garbage lets go of those of numbers and texts, and a ring holds thousands.
            record((start, when, who, operation, address, words, count, seconds, error))
        if self._listeners:
            self._tell(transaction_of((start, when, who, operation, address, words, count, seconds, error)))

    def _tell(self, transaction: Transaction) -> None:
        if self._telling:
            return
        self._telling = True
        try:
            for listener in self._listeners:
                try:
                    listener(transaction)
                except Exception:
                    _log.exception("a listener of a bus failed")
        finally:
            self._telling = False

    def join(self, port: Attached) -> None:
        """Tell `port` (weakly known) when the words of mapped memory are to be noted, or no longer."""
        with self._joining:
            self._ports.add(port)
        if self._mapped and not self.noting:
            self._complete = False
        port.recount()

    def watch_generation(self, port: Attached) -> bool:
        """Let `port` (weakly known) look again whenever the device's generation was set; False where the device does not tell."""
        device = self._device()
        watch = getattr(device, "watch_generation", None)
        if device is None or watch is None or not _tells(device):
            return False
        with self._joining:
            if self._ageing is None:
                ageing = self._ageing = weakref.WeakSet()
                lock = self._joining

                def told() -> None:
                    with lock:
                        ports = list(ageing)
                    for each in ports:
                        each.review()

                watch(told)
            self._ageing.add(port)
        return True


class _Entry:
    __slots__ = ("listener",)

    def __init__(self, listener: Listener) -> None:
        self.listener = listener


class Asking:
    """Names who asks on this thread, while a ``with`` lasts."""

    __slots__ = ("_asking", "_before", "_thread", "who")

    def __init__(self, asking: dict[int, str], who: str) -> None:
        self._asking = asking
        self.who = who

    def __enter__(self) -> Asking:
        self._thread = thread = get_ident()
        self._before = self._asking.get(thread)
        self._asking[thread] = self.who
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is None:
            self._asking.pop(self._thread, None)
        else:
            self._asking[self._thread] = self._before


_nobody: Recorder = deque[Noted](maxlen=0).append


def transaction_of(noted: Noted) -> Transaction:
    """The transaction that was noted so."""
    when = noted[1]
    time = when.at(noted[0]) if isinstance(when, Pace) else when
    if len(noted) == 6:
        _, _, (who, operation), address, word, seconds = noted
        return Transaction(time, who, operation, address, (word,), 1, seconds, "")
    return Transaction(time, *noted[2:])


def _has(device: Any, capability: str) -> bool:
    has = getattr(device, "has_capability", None)
    return bool(has is not None and has(capability))


def _tells(device: Any) -> bool:
    from .contract import Device

    # A class with a generation of its own never comes by ours, which tells.
    return getattr(type(device), "generation", None) is Device.generation and "generation" not in vars(device)


_buses: weakref.WeakKeyDictionary[Any, Bus] = weakref.WeakKeyDictionary()


def bus_of(device: Any) -> Bus:
    """The bus of `device`; one that is not derived from our :class:`Device` gets its own here."""
    bus = getattr(device, "bus", None)
    if isinstance(bus, Bus):
        return bus
    bus = _buses.get(device)
    return _buses.setdefault(device, Bus(device)) if bus is None else bus
