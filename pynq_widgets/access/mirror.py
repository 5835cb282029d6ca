"""The mirror: what is known of the registers of one address block, since when and from where.

A value changes here only after the bus has answered: a failed read or write leaves it as it was. Whoever observes is told once, with
the names that changed, after that and outside the lock of the bus; no hardware is written from here but by `write` itself.
"""

from __future__ import annotations

import logging
import operator
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from pynq_widgets.showing import Shown

from .describe import FieldLike, RegisterLike, after_write, reachable, registers_of, sensitive_bits, with_guards
from .errors import near_names
from .planner import Known, Span, plan, word_range
from .port import Port, port_of

State = Literal["never", "read", "written", "stale"]
Observer = Callable[[set[str]], object]

_log = logging.getLogger(__name__)


class VerifyError(OSError):
    """A register, read back after a write, does not hold what was written."""


class FieldHandle:
    """One field of a register of a mirror."""

    __slots__ = ("_mask", "info", "register")

    def __init__(self, register: RegisterHandle, info: FieldLike) -> None:
        self.register = register
        self.info = info
        self._mask = (1 << info.bit_width) - 1

    @property
    def name(self) -> str:
        """Name of the field in the design."""
        return self.info.name

    @property
    def value(self) -> int | None:
        """Last known value; ``None`` before the first read or write of the register."""
        value = self.register.value
        return None if value is None else value >> self.info.bit_offset & self._mask

    def read(self) -> int:
        """Read the register, and give the value of this field."""
        return self.register.read() >> self.info.bit_offset & self._mask

    def write(self, value: int, *, verify: bool = False) -> None:
        """Write this field alone; see :meth:`RegisterHandle.write_field`."""
        self.register.write_field(self.info.name, value, verify=verify)

    def __repr__(self) -> str:
        return f"FieldHandle({self.register.name}.{self.name} = {self.value}, {self.register.state})"


class RegisterHandle:
    """One register of a mirror: its last known value, and the ways to the hardware.

    Attributes
    ----------
    name, offset, width, access
        As in the design: `offset` in bytes from the start of the block, `width` in bits.
    guard : str or None
        Why the register is not read unasked. `read` reads it all the same, since that is being asked.
    value : int or None
        Last known value.
    state : 'never', 'read', 'written' or 'stale'
        Where `value` comes from: nowhere, a read, a write that was not read back, or something that may have passed.
    when : float or None
        Time of the device's clock (seconds) at which `value` was read or written.
    reason : str
        Why the value is stale.
    """

    __slots__ = (
        "_acts",
        "_fields",
        "_index",
        "_mask",
        "_mirror",
        "_neighbours",
        "_wide",
        "access",
        "guard",
        "info",
        "name",
        "offset",
        "reason",
        "state",
        "value",
        "when",
        "width",
    )

    def __init__(self, mirror: Mirror, name: str, info: RegisterLike, guard: str | None) -> None:
        self._mirror = mirror
        self.info = info
        self.name = name
        self.offset = info.offset
        self.width = info.width
        self.access = info.access
        self.guard = guard
        self.value: int | None = None
        self.state: State = "never"
        self.when: float | None = None
        self.reason = ""
        self._index = info.offset >> 2
        self._wide = info.width > 32
        self._mask = (1 << min(max(info.width, 32), 64)) - 1
        self._fields: Mapping[str, FieldHandle] | None = None
        self._acts: tuple[int, int, bool] | None = None
        self._neighbours: tuple[RegisterHandle, ...] = ()

    @property
    def fields(self) -> Mapping[str, FieldHandle]:
        """The fields by name, in the order of the design."""
        if self._fields is None:
            self._fields = MappingProxyType({info.name: FieldHandle(self, info) for info in self.info.fields})
        return self._fields

    @property
    def age(self) -> float | None:
        """Seconds since `value` was read or written; ``None`` if it never was."""
        return None if self.when is None else self._mirror.now() - self.when

    def _load(self) -> int:
        self._reachable()
        port = self._mirror.port
        return port.read64(self._index) if self._wide else port.read(self._index)

    def _store(self, value: int) -> None:
        port = self._mirror.port
        if self._wide:
            port.write64(self._index, value)
        else:
            port.write(self._index, value)

    def _reachable(self) -> None:
        if not reachable(self.info):
            raise ValueError(f"register {self.name} of {self.width} bits at offset {self.offset:#x} cannot be accessed as whole words")

    def read(self) -> int:
        """Read the register (one access of the bus), whether or not that has an effect, and give its value.

        Where the bus fails its error is raised, and the mirror keeps what it had, marked stale.
        """
        mirror, changed = self._mirror, set[str]()
        try:
            with mirror.port.lock:
                try:
                    value = self._load()
                except Exception as error:
                    self._mark(f"the last read failed: {error}", changed)
                    raise
                mirror._saw(self, value, changed)
        finally:
            mirror._tell(changed)
        return value

    def write(self, value: int, *, verify: bool = False) -> None:
        """Write all bits of the register: one access of the bus.

        With `verify` the register is read back, and :class:`VerifyError` says where plain bits differ; a register that is not to be
        read unasked cannot be verified. Raises ``AttributeError`` for a read-only register, ``ValueError`` for a value that does not
        fit, ``TypeError`` for another type; then, and where the bus fails, the mirror is left as it was.
        """
        value = self._checked(value, self._mask)
        if self.access == "read-only":
            raise AttributeError(f"register {self.name} is read-only: {value:#x} was not written")
        self._may_verify(verify)
        self._reachable()
        mirror, changed = self._mirror, set[str]()
        try:
            with mirror.port.lock:
                self._store(value)
                mirror._wrote(self, value, changed)
                if verify:
                    self._verify(value, changed)
        finally:
            mirror._tell(changed)

    def write_field(self, field: str, value: int, *, verify: bool = False) -> None:
        """Write one field: one read and one write of the register under the lock of the bus.

        Fields where writing a one (zero) has an effect are written as zeros (ones). A write-only register is not read: what was last
        written, else its reset value, stands for its other fields. A field that fills its register is written without a read.
        """
        info = self._field(field).info
        mask = (1 << info.bit_width) - 1
        value = self._checked(value, mask, field)
        if info.access == "read-only":
            raise AttributeError(f"field {self.name}.{field} is read-only: {value:#x} was not written")
        if info.bit_offset + info.bit_width > self._mask.bit_length():
            raise ValueError(f"field {self.name}.{field} lies outside its register of {self._mask.bit_length()} bits")
        self._may_verify(verify)
        self._reachable()
        mirror, changed = self._mirror, set[str]()
        place = mask << info.bit_offset
        try:
            with mirror.port.lock:
                if place == self._mask:
                    base = 0
                elif self.access == "write-only":
                    base = self.value if self.value is not None else self.info.reset_value or 0
                else:
                    base = self._load()
                    # What the read gave is kept even if the write fails: it may have been the only chance to see it.
                    mirror._saw(self, base, changed)
                ones, zeros, _ = self._effects()
                word = ((base & ~ones) | zeros) & self._mask & ~place | value << info.bit_offset
                self._store(word)
                mirror._wrote(self, word, changed)
                if verify:
                    self._verify(word, changed)
        finally:
            mirror._tell(changed)

    def _effects(self) -> tuple[int, int, bool]:
        """Bits where a written one acts, where a zero does, and whether the register simply holds what is written."""
        if self._acts is None:
            fields = tuple(self.info.fields)
            plain = not any(field.write_action or field.access == "read-only" for field in fields)
            self._acts = (*sensitive_bits(fields), plain)
        return self._acts

    def _field(self, name: str) -> FieldHandle:
        try:
            return self.fields[name]
        except KeyError:
            raise KeyError(f"register {self.name} has no field {name!r}{near_names(name, self.fields)}") from None

    def _checked(self, value: Any, mask: int, field: str = "") -> int:
        if type(value) is int and 0 <= value <= mask:
            return value
        what = f"{self.name}.{field}" if field else self.name
        try:
            number = operator.index(value)
        except TypeError:
            raise TypeError(f"{what} expected an int, not the {type(value).__name__} {value!r}") from None
        if not 0 <= number <= mask:
            raise ValueError(f"{what} expected 0 to {mask:#x} ({mask.bit_length()} bits), got {number}: nothing was written")
        return number

    def _may_verify(self, verify: bool) -> None:
        if verify and self.guard:
            raise ValueError(f"register {self.name} cannot be verified ({self.guard}): nothing was written")

    def _verify(self, written: int, changed: set[str]) -> None:
        held = self._load()
        self._mirror._saw(self, held, changed)
        plain = self._mask
        for field in self.info.fields:
            if field.write_action or field.access != "read-write":
                plain &= ~(((1 << field.bit_width) - 1) << field.bit_offset)
        if (held ^ written) & plain:
            raise VerifyError(f"register {self.name} holds {held:#x} after {written:#x} was written")

    def _commit(self, value: int, state: State, when: float, changed: set[str]) -> None:
        if value != self.value or state != self.state:
            self.value = value
            self.state = state
            changed.add(self.name)
        self.when = when
        self.reason = ""

    def _mark(self, reason: str, changed: set[str]) -> None:
        if self.state == "never":
            self.reason = reason
        elif self.state != "stale" or self.reason != reason:
            self.state = "stale"
            self.reason = reason
            changed.add(self.name)

    def __repr__(self) -> str:
        known = "never read" if self.value is None else f"{self.value:#x}, {self.state}"
        return f"RegisterHandle({self.name} = {known}{f', not read unasked: {self.guard}' if self.guard else ''})"


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
        self.mmio = mmio
        self.port: Port = port_of(mmio)
        self.block = block
        infos = with_guards(registers_of(block), guards or {})
        self._known = Known(infos, size=4 * len(self.port.words))
        handles: dict[str, RegisterHandle] = {}
        for info in infos:
            # Two registers of one name (they occur) both stay reachable.
            name = info.name if info.name not in handles else f"{info.name}@{info.offset:#x}"
            while name in handles:
                name += "'"
            handles[name] = RegisterHandle(self, name, info, self._known.guards.why(info))
        self.registers: Mapping[str, RegisterHandle] = MappingProxyType(handles)
        self._ordered = sorted(handles.values(), key=lambda handle: (handle.offset, handle.width))
        self._offsets = [handle.offset for handle in self._ordered]
        self._introduce()
        if clock is None:
            clock = getattr(self.port.device, "clock", None)
        self.now: Callable[[], float] = time.monotonic if clock is None else clock.now
        self._observers: list[Observer] = []
        self._plans: dict[frozenset[str] | None, list[tuple[Span, list[RegisterHandle]]]] = {}

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

    def plan(self, names: Iterable[str] | None = None) -> tuple[Span, ...]:
        """The block reads that `refresh` makes for `names` (all, if left out)."""
        return tuple(span for span, _ in self._planned(names))

    def _planned(self, names: Iterable[str] | None) -> list[tuple[Span, list[RegisterHandle]]]:
        key = None if names is None else frozenset((names,) if isinstance(names, str) else names)
        planned = self._plans.get(key)
        if planned is None:
            wanted = self._ordered if key is None else [self[name] for name in key]
            planned = []
            for span in plan([handle.info for handle in wanted], self._known):
                stop = span.stop // 4
                # Whatever lies in the span is read, and so known, whether it was asked for or not.
                first = bisect_left(self._offsets, span.offset)
                last = bisect_left(self._offsets, span.stop)
                inside = [handle for handle in self._ordered[first:last] if handle.guard is None and word_range(handle.info)[1] <= stop]
                planned.append((span, inside))
            if len(self._plans) > 64:
                self._plans.clear()
            self._plans[key] = planned
        return planned

    def refresh(self, names: Iterable[str] | None = None) -> set[str]:
        """Read the registers `names` (all, if left out) that may be read unasked, in blocks, and give the names of those that changed.

        Guarded registers among them are left out. Where a block fails its registers are marked stale with the reason, the other
        blocks are read, observers are told, and then the first error is raised.
        """
        changed: set[str] = set()
        failure: Exception | None = None
        for span, handles in self._planned(names):
            # Under the lock until the values are committed: a write in between would be overwritten here by what was read before.
            with self.port.lock:
                try:
                    words = self.port.read_block(span.offset >> 2, span.words)
                except Exception as error:
                    failure = failure or error
                    for handle in handles:
                        handle._mark(str(error), changed)
                    continue
                when = self.now()
                first = span.offset >> 2
                for handle in handles:
                    index = handle._index - first
                    value = words[index]
                    if handle._wide:
                        value |= words[index + 1] << 32
                    if value != handle.value or handle.state != "read":
                        handle._commit(value, "read", when, changed)
                    else:
                        handle.when = when
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
