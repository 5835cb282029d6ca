"""One register of a mirror: its last known value, and the ways to the hardware."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .describe import FieldLike, RegisterLike, after_write, any_write, reachable, sensitive_bits
from .errors import near_names
from .words import text_of

if TYPE_CHECKING:
    from .mirror import Mirror
    from .planner import Span

_INTERRUPTS = (KeyboardInterrupt, SystemExit)

State = Literal["never", "read", "written", "stale", "mismatch"]


class Step(NamedTuple):
    """What a write puts on the bus: `operation` (``'read'`` or ``'write'``) at byte `offset` of the block.

    `value` is what is written, None for a read; `certain` is the mask of its bits that do not hang on what the read gives. The others
    are shown as they were last known.
    """

    operation: str
    offset: int
    value: int | None
    certain: int


class VerifyError(OSError):
    """A register, read back after a write, does not hold what was written."""


class Reading:
    """A block read of a plan, and what it gave: where it gives the same again, nothing is to be done for its registers, but the time.

    `wanted` are the handles for whose sake it is made, `handles` all that it covers. While it is `clean`, their values and states are
    those of `words`, the last that were read, at `when`.
    """

    __slots__ = ("_plain", "clean", "handles", "kept", "span", "wanted", "when", "words")

    def __init__(self, span: Span, wanted: list[RegisterHandle], handles: list[RegisterHandle], kept: bool) -> None:
        self.span = span
        self.wanted = wanted
        self.handles = handles
        self.kept = kept
        self.clean = False
        self.when: float | None = None
        self.words: list[int] = []
        first = span.offset >> 2
        self._plain = [handle._index - first for handle in handles] == list(range(span.words)) and not any(h._wide for h in handles)

    def due(self, moment: float) -> list[RegisterHandle]:
        """Those of the wanted that were not read at or after `moment`."""
        if self.clean and self.when is not None and self.when >= moment:
            return []
        return [handle for handle in self.wanted if handle.state != "read" or (when := handle.when) is None or when < moment]

    def take(self, words: list[int], when: float, changed: set[str]) -> None:
        """Commit what was read; under the lock of the bus."""
        before, self.words, self.when = self.words, words, when
        if self.clean and words == before:
            return
        plain, self.clean = self.clean and self._plain, False  # which it stays if an interrupt ends this
        if not plain:
            self._take_all(words, when, changed)
            return
        # One handle a word: only those whose word differs are looked at, and they are in the state of a read.
        for handle, was, value in zip(self.handles, before, words, strict=True):
            if value != was:
                handle.value = value
                changed.add(handle.name)
                if len(handle._readings) > 1:
                    handle._differs()
        self.clean = True

    def _take_all(self, words: list[int], when: float, changed: set[str]) -> None:
        first = self.span.offset >> 2
        for handle in self.handles:
            index = handle._index - first
            value = words[index]
            if handle._wide:
                value |= words[index + 1] << 32
            if value != handle.value or handle.state != "read":
                handle._commit(value, "read", when, changed)
            elif not self.kept:
                handle._when = when
        self.clean = self.kept


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
        """Read the register, and give the value of this field; in a transaction that writes it, what it will be, without a read."""
        return self.register.read_bits(self._mask << self.info.bit_offset) >> self.info.bit_offset & self._mask

    def write(self, value: int, *, verify: bool = False) -> None:
        """Write this field alone; see :meth:`RegisterHandle.write_field`."""
        self.register.write_field(self.info.name, value, verify=verify)

    def preview(self, value: int) -> tuple[Step, ...]:
        """What `write` would put on the bus; see :meth:`RegisterHandle.preview`."""
        return self.register.preview(value, self.info.name)

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
    state : 'never', 'read', 'written', 'stale' or 'mismatch'
        Where `value` comes from: nowhere, a read, a write that was not read back, something that may have passed, or a read after a
        write that the register did not take.
    reason : str
        Why the value is stale, or what was written and not taken.
    """

    __slots__ = (
        "_acts",
        "_fields",
        "_index",
        "_mask",
        "_merges",
        "_mirror",
        "_neighbours",
        "_places",
        "_reached",
        "_readings",
        "_simple",
        "_when",
        "_wide",
        "_written",
        "access",
        "guard",
        "info",
        "name",
        "offset",
        "reason",
        "state",
        "value",
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
        self._when: float | None = None
        self._readings: tuple[Reading, ...] = ()
        self._reached = reachable(info)
        self._simple: bool | None = None  # whether a whole write is one store and nothing else; found out by the first
        self._merges: bool | None = None  # whether a field is written by one read and one store of one word; found out by the first
        # Of the fields written so far: their mask, lowest bit, highest value, and whether they hold what is written.
        self._places: dict[str, tuple[int, int, int, bool]] = {}
        self.reason = ""
        self._index = info.offset >> 2
        self._wide = info.width > 32
        self._mask = (1 << min(max(info.width, 32), 64)) - 1
        self._fields: Mapping[str, FieldHandle] | None = None
        self._acts: tuple[int, int, bool, bool] | None = None
        self._neighbours: tuple[RegisterHandle, ...] = ()
        self._written = 0

    @property
    def fields(self) -> Mapping[str, FieldHandle]:
        """The fields by name, in the order of the design."""
        if self._fields is None:
            self._fields = MappingProxyType({info.name: FieldHandle(self, info) for info in self.info.fields})
        return self._fields

    @property
    def when(self) -> float | None:
        """Time of the device's clock (seconds) at which `value` was read or written; ``None`` if it never was."""
        when = self._when
        for reading in self._readings:
            if when is None or (reading.when is not None and reading.when > when):
                when = reading.when
        return when

    @property
    def age(self) -> float | None:
        """Seconds since `value` was read or written; ``None`` if it never was."""
        when = self.when
        return None if when is None else self._mirror.now() - when

    def _load(self) -> int:
        if not self._reached:
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
        if not self._reached:
            raise ValueError(f"register {self.name} of {self.width} bits at offset {self.offset:#x} cannot be accessed as whole words")

    def read(self) -> int:
        """Read the register (one access of the bus), whether or not that has an effect, and give its value.

        Where the bus fails its error is raised, and the mirror keeps what it had, marked stale. Within a transaction of this thread,
        what is pending for the register stands in the answer, and where that is all of it nothing is read.
        """
        return self.read_bits(self._mask)

    def read_bits(self, place: int) -> int:
        """As `read`, for who wants the bits where `place` has ones: where a transaction of this thread has them all, nothing is read."""
        mirror = self._mirror
        if mirror._open:
            mask, bits = mirror._pending(self)
            if mask:
                return bits if mask & place == place else self._read_now() & ~mask | bits
        return self._read_now()

    def _read_now(self) -> int:
        mirror, changed = self._mirror, None
        try:
            with mirror.port.lock:
                try:
                    value = self._load()
                    when = mirror.now()
                    if value != self.value or self.state != "read" or self._neighbours:
                        changed = set[str]()
                        mirror._saw(self, value, changed)
                    else:
                        self._when = when
                except BaseException as error:
                    # An interrupt, too: the read may have changed the hardware.
                    changed = set[str]()
                    self._mark(f"the last read failed: {text_of(error)}", changed)
                    raise
        finally:
            if changed:
                mirror._tell(changed)
        return value

    def write(self, value: int, *, verify: bool = False) -> None:
        """Write all bits of the register: one access of the bus.

        With `verify` the register is read back, and :class:`VerifyError` says where plain bits differ; a register that is not to be
        read unasked cannot be verified. Raises ``AttributeError`` for a read-only register, ``ValueError`` for a value that does not
        fit, ``TypeError`` for another type; then, and where the bus fails, the mirror is left as it was. Within a transaction of this
        thread the write waits for its end.
        """
        mirror = self._mirror
        if not self._simple or verify or mirror._open or type(value) is not int or not 0 <= value <= self._mask:
            self._change(self._mask, self._writable(value), verify)
            if self._simple is None:
                self._simple = not self._wide and not self._neighbours and self._effects()[2]
            return
        changed = None
        try:
            with mirror.port.lock:
                try:
                    mirror.port.words[self._index] = value
                    if value != self.value or self.state != "written":
                        changed = set[str]()
                        self._commit(value, "written", mirror.now(), changed)
                    else:
                        self._when = mirror.now()
                except _INTERRUPTS:
                    changed = self._interrupted(changed)
                    raise
        finally:
            if changed:
                mirror._tell(changed)

    def write_field(self, field: str, value: int, *, verify: bool = False) -> None:
        """Write one field: one read and one write of the register under the lock of the bus.

        Fields where writing a one (zero) has an effect are written as zeros (ones). A write-only register, and one that takes each
        write as another (a FIFO), is not read: what was last written, else its reset value, stands for its other fields. A field that
        fills its register is written without a read. ``ValueError`` where a field beside it would be changed by any write.
        """
        mirror, known = self._mirror, self._places.get(field)
        if known is None or not self._merges or verify or mirror._open or type(value) is not int or not 0 <= value <= known[2]:
            self._change(*self._writable_field(field, value), verify)
            if self._merges is None:
                ones, zeros, _, _ = self._effects()
                # Where fields lie over one another and say otherwise, what is beside the field does not stay as it was.
                self._merges = not self._wide and not self._neighbours and not self._unread_for_write() and not ones & zeros
            return
        place, low, _, plain = known
        if place == self._mask:
            self.write(value)
            return
        # What `_put` does, for the one word that most registers are.
        ones, zeros, _, _ = self._effects()
        changed = None
        try:
            with mirror.port.lock:
                words, index = mirror.port.words, self._index
                base = words[index]
                try:
                    bits = ((base & ~ones) | zeros) & ~place | value << low
                    words[index] = bits
                    # What is beside the field is as it was.
                    held = base & ~place | value << low if plain else after_write(self.info, base, bits) & self._mask
                    if held != self.value or self.state != "written":
                        changed = set[str]()
                        self._commit(held, "written", mirror.now(), changed)
                    else:
                        self._when = mirror.now()
                except BaseException as error:
                    changed = set[str]()
                    self._commit(base, "read", mirror.now(), changed)
                    if isinstance(error, _INTERRUPTS):
                        self._interrupted(changed)
                    raise
        finally:
            if changed:
                mirror._tell(changed)

    def preview(self, value: int, field: str | None = None) -> tuple[Step, ...]:
        """What writing `value` to the register, or to its `field`, would put on the bus; nothing is touched.

        Raises what the write would for a value that does not fit, or a register or field that cannot be written.
        """
        place, bits = (self._mask, self._writable(value)) if field is None else self._writable_field(field, value)
        if place == self._mask:
            return (Step("write", self.offset, bits, place),)
        ones, zeros, _, _ = self._effects()
        word = self._merged(self.value if self.value is not None else self.info.reset_value or 0, place, bits)
        if self._unread_for_write():
            return (Step("write", self.offset, word, self._mask),)
        return (Step("read", self.offset, None, 0), Step("write", self.offset, word, (place | ones | zeros) & self._mask))

    def _writable(self, value: Any) -> int:
        """`value` as it may be written to the whole register; raises where it may not."""
        value = self._checked(value, self._mask)
        if self.access == "read-only":
            raise AttributeError(f"register {self.name} is read-only: {value:#x} was not written")
        self._reachable()
        return int(value)

    def _writable_field(self, field: str, value: Any) -> tuple[int, int]:
        """The mask of `field` and `value` at its place; raises where it may not be written."""
        known = self._places.get(field)
        if known is None:
            info = self._field(field).info
            value = self._checked(value, (1 << info.bit_width) - 1, field)
            known = self._place_of(info, value)
            self._places[field] = known
        else:
            value = self._checked(value, known[2], field)
        return known[0], value << known[1]

    def _place_of(self, info: FieldLike, value: int) -> tuple[int, int, int, bool]:
        mask = (1 << info.bit_width) - 1
        if info.access == "read-only":
            raise AttributeError(f"field {self.name}.{info.name} is read-only: {value:#x} was not written")
        if info.bit_offset + info.bit_width > self._mask.bit_length():
            raise ValueError(f"field {self.name}.{info.name} lies outside its register of {self._mask.bit_length()} bits")
        self._reachable()
        for other in self.info.fields:
            if other.name != info.name and (what := any_write(other)):
                raise ValueError(
                    f"field {self.name}.{info.name} cannot be written alone: any write of {other.name}, in the same register, {what}; "
                    "write the whole register"
                )
        place = mask << info.bit_offset
        acting = [other for other in self.info.fields if other.write_action or other.access == "read-only"]
        plain = not any(((1 << other.bit_width) - 1) << other.bit_offset & place for other in acting)
        return place, info.bit_offset, mask, plain

    def _change(self, place: int, bits: int, verify: bool) -> None:
        if verify and self.guard:
            raise ValueError(f"register {self.name} cannot be verified ({self.guard}): nothing was written")
        mirror = self._mirror
        if mirror._open and mirror._gather(self, place, bits, verify):
            return
        changed = set[str]()
        try:
            with mirror.port.lock:
                self._put(place, bits, changed)
                if verify:
                    self._verify(changed)
        finally:
            if changed:
                mirror._tell(changed)

    def _put(self, place: int, bits: int, changed: set[str]) -> None:
        """Under the lock of the bus: write `bits` where `place` has ones, with at most one read and with one write."""
        mirror = self._mirror
        if place != self._mask:
            if self._unread_for_write():
                base = self.value if self.value is not None else self.info.reset_value or 0
            else:
                base = self._load()
                # What the read gave is kept even if the write fails: it may have been the only chance to see it.
                if base != self.value or self.state != "read" or self._neighbours:
                    mirror._saw(self, base, changed)
            bits = self._merged(base, place, bits)
        try:
            self._store(bits)
            mirror._wrote(self, bits, changed)
        except _INTERRUPTS:
            self._interrupted(changed)
            raise
        self._written = bits

    def _interrupted(self, changed: set[str] | None) -> set[str]:
        """A write was broken off by a signal, before the bus or after it: what is known is no longer sure."""
        changed = set() if changed is None else changed
        self._mark("a write was interrupted, and may have been done", changed)
        return changed

    def _merged(self, base: int, place: int, bits: int) -> int:
        ones, zeros, _, _ = self._effects()
        return ((base & ~ones) | zeros) & self._mask & ~place | bits

    def _unread_for_write(self) -> bool:
        return self.access == "write-only" or self._effects()[3]

    def _effects(self) -> tuple[int, int, bool, bool]:
        """Bits where a written one acts, where a zero does; whether the register simply holds what is written; whether it is a queue."""
        if self._acts is None:
            fields = tuple(self.info.fields)
            plain = not any(field.write_action or field.access == "read-only" for field in fields)
            ones, zeros = self._beside(fields)
            self._acts = (ones, zeros, plain, any(field.write_action == "push" for field in fields))
        return self._acts

    def _beside(self, fields: tuple[FieldLike, ...]) -> tuple[int, int]:
        """The bits where a written one (zero) acts: of its `fields`, and of other registers in its words where it has no field itself."""
        ones, zeros = sensitive_bits(fields)
        own = 0
        for field in fields:
            own |= ((1 << field.bit_width) - 1) << field.bit_offset
        for other in self._neighbours:
            up = 8 * (other.offset - self.offset)
            there = [bits << up if up >= 0 else bits >> -up for bits in sensitive_bits(other.info.fields)]
            ones, zeros = ones | there[0] & ~own & self._mask, zeros | there[1] & ~own & self._mask
        return ones, zeros

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

    def _verify(self, changed: set[str]) -> None:
        """Under the lock of the bus: read back what `_put` has just written."""
        written, held = self._written, self._load()
        self._mirror._saw(self, held, changed)
        plain = self._mask
        for field in self.info.fields:
            if field.write_action or field.access != "read-write":
                plain &= ~(((1 << field.bit_width) - 1) << field.bit_offset)
        if (held ^ written) & plain:
            self.reason = f"register {self.name} holds {held:#x} after {written:#x} was written"
            self.state = "mismatch"
            changed.add(self.name)
            self._differs()
            raise VerifyError(self.reason)

    def _commit(self, value: int, state: State, when: float, changed: set[str]) -> None:
        if value != self.value or state != self.state:
            self.value = value
            self.state = state
            changed.add(self.name)
            self._differs()
        self._when = when
        self.reason = ""

    def _differs(self) -> None:
        """Value or state are no longer what the block reads gave."""
        for reading in self._readings:
            reading.clean = False

    def _mark(self, reason: str, changed: set[str]) -> None:
        if self.state == "never":
            self.reason = reason
        elif self.state != "stale" or self.reason != reason:
            self.state = "stale"
            self.reason = reason
            changed.add(self.name)
            self._differs()

    def __repr__(self) -> str:
        known = "never read" if self.value is None else f"{self.value:#x}, {self.state}"
        return f"RegisterHandle({self.name} = {known}{f', not read unasked: {self.guard}' if self.guard else ''})"
