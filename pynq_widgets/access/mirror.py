"""The mirror: what is known of the registers of one address block, since when and from where.

A value changes here only after the bus has answered: a failed read or write leaves it as it was. Whoever observes is told once, with
the names that changed, after that and outside the lock of the bus; no hardware is written from here but by `write` itself.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from keyword import iskeyword
from threading import get_ident
from types import MappingProxyType
from typing import Any

from pynq_widgets.showing import Shown

from .bits import safe_name
from .describe import after_write, by_name, registers_of, with_guards
from .errors import near_names
from .handle import FieldHandle as FieldHandle
from .handle import Reading
from .handle import RegisterHandle as RegisterHandle
from .handle import State as State
from .handle import Step as Step
from .handle import VerifyError as VerifyError
from .planner import Known, Span, plan, word_range
from .port import Port, port_of
from .transaction import Pending, Transaction
from .transaction import TransactionError as TransactionError
from .words import text_of

Observer = Callable[[set[str]], object]

_log = logging.getLogger(__name__)


class Mirror(Shown):
    """What is known of the registers of an address block.

    Parameters
    ----------
    mmio
        The block on the device: an :class:`~pynq_widgets.access.mmio.MMIO` whose offset 0 is the start of the block, or any buffer.
    block
        The registers: an ``AddressBlock`` of a design, a list of registers, or PYNQ's dictionary.
    clock
        Gives the time by ``now()``; default the clock of the device.
    guards
        Registers that are not read unasked though the design calls them harmless, by name, with the reason.
    """

    def __init__(self, mmio: Any, block: Any, *, clock: Any = None, guards: Mapping[str, str] | None = None) -> None:
        # Before the registers: from then on an assignment to a register's name is refused.
        self._open: dict[int, Pending] = {}
        self.mmio = mmio
        self.port: Port = port_of(mmio)
        self.block = block
        infos = with_guards(registers_of(block), guards or {})
        self._known = Known(infos, size=4 * len(self.port.words))
        handles = {name: RegisterHandle(self, name, info, self._known.guards.why(info)) for name, info in by_name(infos).items()}
        self.registers: Mapping[str, RegisterHandle] = MappingProxyType(handles)
        self._ordered = sorted(handles.values(), key=lambda handle: (handle.offset, handle.width))
        self._offsets = [handle.offset for handle in self._ordered]
        self._introduce()
        if clock is None:
            clock = getattr(self.port.device, "clock", None)
        self.now: Callable[[], float] = time.monotonic if clock is None else clock.now
        self._observers: list[Observer] = []
        self._hearing = 0
        self._hear_no_more: Callable[[], None] | None = None
        self._overheard: set[str] = set()
        self._plans: dict[frozenset[str] | tuple[str, ...] | None, list[Reading]] = {}

    def _introduce(self) -> None:
        """Let registers that share a word know of each other."""
        by_word: dict[int, list[RegisterHandle]] = {}
        for handle in self._ordered:
            if 0 < handle.width <= 64:
                for word in range(*word_range(handle.info)):
                    by_word.setdefault(word, []).append(handle)
        for sharing in by_word.values():
            if len(sharing) > 1:
                for handle in sharing:
                    others = {id(other): other for other in (*handle._neighbours, *sharing) if other is not handle}
                    handle._neighbours = tuple(others.values())

    def __getitem__(self, name: str) -> RegisterHandle:
        """The register of that name; ``KeyError`` with the near names otherwise."""
        try:
            return self.registers[name]
        except KeyError:
            raise KeyError(f"no register {name!r}{near_names(name, self.registers)}") from None

    def __getattr__(self, name: str) -> RegisterHandle:
        # Only asked where there is no attribute of that name.
        registers = self.__dict__.get("registers") or {}
        found: RegisterHandle | None = registers.get(name)
        if found is None and registers:
            shown = self._shown.get(name)
            found = None if shown is None else registers[shown]
        if found is None:
            raise AttributeError(f"no register {name!r}{near_names(name, registers)}", name=name, obj=self)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        registers = self.__dict__.get("registers") or {}
        if name not in self.__dict__ and registers and (name in registers or name in self._shown):
            raise AttributeError(f"register {name} is a handle, which is not replaced: write it by .{name}.write({value!r})")
        object.__setattr__(self, name, value)

    def __dir__(self) -> list[str]:
        return sorted({*(name for name in self._shown if not iskeyword(name)), *object.__dir__(self)})

    @cached_property
    def _shown(self) -> dict[str, str]:
        """Attribute to register; where two names are shown alike, the one that is a Python name as it stands keeps it."""
        shown: dict[str, str] = {}
        for name in self.registers:
            attribute = safe_name(name)
            if attribute not in shown or name == attribute:
                shown[attribute] = name
        return shown

    def transaction(self) -> Transaction:
        """Within a ``with``, gather the writes of this thread, of words and of fields, and put them on the bus at its end.

        Each word is read at most once and written once, in the order in which the registers were first touched, under one lock of the
        bus; observers are told once. An exception within writes nothing. Where the bus fails, the words that were not written are as
        before in the mirror, and :class:`TransactionError` says which were.
        """
        return Transaction(self)

    def _pending(self, handle: RegisterHandle) -> tuple[int, int]:
        pending = self._open.get(get_ident())
        return (0, 0) if pending is None else pending.of(handle)

    def _gather(self, handle: RegisterHandle, mask: int, bits: int, verify: bool) -> bool:
        """Whether a transaction of this thread took the write."""
        pending = self._open.get(get_ident())
        if pending is None:
            return False
        pending.put(handle, mask, bits, verify)
        return True

    def plan(self, names: Iterable[str] | None = None) -> tuple[Span, ...]:
        """The block reads that `refresh` makes for `names` (all, if left out)."""
        return tuple(reading.span for reading in self._planned(names))

    def _planned(self, names: Iterable[str] | None) -> list[Reading]:
        key = names if names is None or type(names) is tuple else frozenset((names,) if isinstance(names, str) else names)
        planned = self._plans.get(key)
        if planned is None:
            planned = self._readings(self._ordered if key is None else [self[name] for name in key], True)
            with self.port.lock:
                if len(self._plans) >= 64:
                    self._forget_plans()
                self._plans[key] = planned
                for reading in planned:
                    for handle in reading.handles:
                        handle._readings = (*handle._readings, reading)
        return planned

    def _forget_plans(self) -> None:
        for handle in self._ordered:
            handle._when = handle.when
            handle._readings = ()
        for planned in self._plans.values():
            for reading in planned:
                # Whoever is about to use it may do so once more.
                reading.kept = reading.clean = False
        self._plans.clear()

    def _readings(self, wanted: Iterable[RegisterHandle], kept: bool) -> list[Reading]:
        handles = sorted(wanted, key=lambda handle: handle.offset)
        offsets = [handle.offset for handle in handles]
        readings = []
        for span in plan([handle.info for handle in handles], self._known):
            # Whatever lies in the span is read, and so known, whether it was asked for or not.
            asked = handles[bisect_left(offsets, span.offset) : bisect_left(offsets, span.stop)]
            inside = self._ordered[bisect_left(self._offsets, span.offset) : bisect_left(self._offsets, span.stop)]
            readings.append(Reading(span, _within(span, asked), _within(span, inside), kept))
        return readings

    def _due(self, readings: list[Reading], moment: float) -> list[Reading]:
        """What is to be read of `readings`, where registers that were read at or after `moment` need not be."""
        due: list[Reading] = []
        for reading in readings:
            older = reading.due(moment)
            if len(older) == len(reading.wanted):
                due.append(reading)
            elif older:
                due += self._readings(older, False)
        return due

    def refresh(self, names: Iterable[str] | None = None, newer_than: float | None = None) -> set[str]:
        """Read the registers `names` (all, if left out) that may be read unasked, in blocks, and give the names of those that changed.

        Those that were read at or after `newer_than` (time of the clock) are not read again: two who look at one word share its read.
        Guarded registers among them are left out. Where a block fails its registers are marked stale with the reason, the other
        blocks are read, observers are told, and then the first error is raised.
        """
        changed: set[str] = set()
        failure: Exception | None = None
        readings = self._planned(names)
        if newer_than is not None:
            readings = self._due(readings, newer_than)
        port = self.port
        try:
            for reading in readings:
                span = reading.span
                # Under the lock until the values are committed: a write in between would be overwritten here by what was read before.
                with port.lock:
                    try:
                        words = port.read_block(span.offset >> 2, span.words)
                    except Exception as error:
                        failure = failure or error
                        for handle in reading.handles:
                            handle._mark(text_of(error), changed)
                    else:
                        reading.take(words, self.now(), changed)
        finally:
            # An interrupt ends it between two blocks: who observes is to know of the first all the same.
            self._tell(changed)
        if failure is not None:
            raise failure
        return changed

    def mark_stale(self, reason: str, names: Iterable[str] | None = None) -> None:
        """Mark what is known of `names` (all, if left out) as stale for `reason`, and tell who observes."""
        changed: set[str] = set()
        with self.port.lock:
            for handle in self._ordered if names is None else [self[name] for name in names]:
                handle._mark(reason, changed)
        self._tell(changed)

    def observe(self, callback: Observer) -> Callable[[], None]:
        """Call ``callback(names)`` with the set of registers whose value or state changed; the result ends that.

        It is called on the thread that changed them, after the change, outside the lock. What it raises is logged and harms nobody.
        """
        # A wrapper of its own: the same function may observe twice, and each undo ends its own.
        entry: Observer = lambda names: callback(names)  # noqa: E731
        with self.port.lock:
            self._observers = [*self._observers, entry]

        def undo() -> None:
            with self.port.lock:
                self._observers = [other for other in self._observers if other is not entry]

        return undo

    def overhear(self) -> Callable[[], None]:
        """Hear of what others do through the same MMIO (its ``read`` and ``write``, a register map), until the result is called.

        Who observes is told of it as of what the mirror does itself. An access by others costs a microsecond more meanwhile.
        """
        with self.port.lock:
            self._hearing += 1
            if self._hear_no_more is None:
                public = self.port
                # Its own accesses it knows of: they go by a port of their own, with the same words and the same life.
                stop, self.port = public.overhear(self), public.part(0)

                def hear_no_more() -> None:
                    stop()
                    self.port = public

                self._hear_no_more = hear_no_more
        ended = False

        def undo() -> None:
            nonlocal ended
            with self.port.lock:
                if ended:
                    return
                ended = True
                self._hearing -= 1
                if not self._hearing and self._hear_no_more is not None:
                    self._hear_no_more()
                    self._hear_no_more = None

        return undo

    def heard(self, operation: str, first: int, values: Sequence[int]) -> bool:
        """Somebody else has read or written the words from `first` on; under the lock of the bus. Whether that is news."""
        changed = self._overheard
        stop = first + len(values)
        position = bisect_left(self._offsets, 4 * max(first - 1, 0))
        done = -1
        # The widest first, of those that begin at one word: the others are known or stale by it.
        for handle in sorted(self._ordered[position : bisect_left(self._offsets, 4 * stop)], key=lambda h: (h.offset, -h.width)):
            index, wide = handle._index, handle._wide
            if not handle._reached or index == done or index + wide < first:
                continue
            if index < first or index + 1 + wide > stop:
                if operation == "write":
                    handle._mark("a part of it was written", changed)
                continue
            done = index
            value = values[index - first] | (values[index + 1 - first] << 32 if wide else 0)
            if operation == "read":
                self._saw(handle, value & handle._mask, changed)
            else:
                self._wrote(handle, value & handle._mask, changed)
        return bool(changed)

    def tell_heard(self) -> None:
        """Tell what was heard of others; outside the lock."""
        with self.port.lock:
            changed, self._overheard = self._overheard, set()
        self._tell(changed)

    def _saw(self, handle: RegisterHandle, value: int, changed: set[str]) -> None:
        when = self.now()
        handle._commit(value, "read", when, changed)
        for other in handle._neighbours:
            if other.offset == handle.offset and other.width <= handle.width and other.access != "write-only":
                other._commit(value & other._mask, "read", when, changed)

    def _wrote(self, handle: RegisterHandle, written: int, changed: set[str]) -> None:
        held = written
        if not handle._effects()[2]:
            before = handle.value if handle.value is not None else handle.info.reset_value or 0
            held = after_write(handle.info, before, written) & handle._mask
        handle._commit(held, "written", self.now(), changed)
        for other in handle._neighbours:
            other._mark(f"{handle.name}, which shares its word, was written", changed)

    def _tell(self, changed: set[str]) -> None:
        if not changed:
            return
        for observer in self._observers:
            try:
                observer(set(changed))
            except Exception:
                _log.exception("an observer of a mirror failed")

    def __repr__(self) -> str:
        known = sum(handle.state != "never" for handle in self._ordered)
        return f"Mirror({len(self._ordered)} registers at {self.port.base:#010x}, {known} known)"


def _within(span: Span, handles: list[RegisterHandle]) -> list[RegisterHandle]:
    stop = span.stop // 4
    return [handle for handle in handles if handle.guard is None and word_range(handle.info)[1] <= stop]
