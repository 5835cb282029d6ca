"""What is known of a register, however it was told: by a design, or by PYNQ's dictionaries.

PYNQ's register dictionaries have ``address_offset``, ``size`` (bits), ``access``, ``description``, ``fields``; each field has
``bit_offset``, ``bit_width``, ``access``, ``description``. The keys ``read_action`` and ``write_action`` of a field and
``reset_value``, ``reads_destroy`` and ``guard`` (why a driver wants it not read unasked) of a register are ours and may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from pynq_widgets.design.hls import changed_by_reading


class FieldLike(Protocol):
    """What this room asks of a field (``pynq_widgets.design.Field`` has it)."""

    @property
    def name(self) -> str: ...
    @property
    def bit_offset(self) -> int: ...
    @property
    def bit_width(self) -> int: ...
    @property
    def access(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def read_action(self) -> str | None: ...
    @property
    def write_action(self) -> str | None: ...


class RegisterLike(Protocol):
    """What this room asks of a register (``pynq_widgets.design.Register`` has it); `offset` in bytes, `width` in bits."""

    @property
    def name(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def access(self) -> str: ...
    @property
    def reset_value(self) -> int | None: ...
    @property
    def description(self) -> str: ...
    @property
    def fields(self) -> Iterable[FieldLike]: ...
    @property
    def reads_destroy(self) -> bool: ...


def reachable(register: RegisterLike) -> bool:
    """Whether one access reaches the register: whole words at a word's offset. The arrays of an HLS core stand among registers too."""
    return 0 < register.width <= 64 and register.offset >= 0 and not register.offset & 3


class FieldInfo(NamedTuple):
    """A field as PYNQ's dictionaries tell it."""

    name: str
    bit_offset: int
    bit_width: int
    access: str = "read-write"
    description: str = ""
    read_action: str | None = None
    write_action: str | None = None


class RegisterInfo(NamedTuple):
    """A register as PYNQ's dictionaries tell it."""

    name: str
    offset: int
    width: int = 32
    access: str = "read-write"
    fields: tuple[FieldLike, ...] = ()
    reset_value: int | None = None
    description: str = ""
    reads_destroy: bool = False
    guard: str | None = None  # why it is not read unasked, where a driver says more than the design


def field_of(name: str, entry: Mapping[str, Any]) -> FieldInfo:
    """The field that a dictionary of PYNQ's form describes."""
    return FieldInfo(
        name,
        entry["bit_offset"],
        entry["bit_width"],
        entry.get("access") or "read-write",
        entry.get("description") or "",
        entry.get("read_action"),
        entry.get("write_action"),
    )


def fields_of(entries: Mapping[str, Any]) -> tuple[FieldLike, ...]:
    """The fields of one register, by name: dictionaries of PYNQ's form, or fields of a design as they are.

    PYNQ's dictionaries do not tell what a read changes. Of the registers of an HLS core the names do.
    """
    changed = changed_by_reading(entries)
    fields: list[FieldLike] = []
    for name, entry in entries.items():
        if not isinstance(entry, Mapping):
            fields.append(entry)
            continue
        info = field_of(name, entry)
        fields.append(info._replace(read_action="modify") if name in changed and "read_action" not in entry else info)
    return tuple(fields)


def register_of(name: str, entry: Mapping[str, Any]) -> RegisterInfo:
    """The register that a dictionary of PYNQ's form describes."""
    fields = fields_of(entry.get("fields") or {})
    return RegisterInfo(
        name,
        entry["address_offset"],
        entry["size"],
        entry.get("access") or "read-write",
        fields,
        entry.get("reset_value"),
        entry.get("description") or "",
        any(field.read_action for field in fields),
        entry.get("guard"),
    )


def with_guards(registers: Iterable[RegisterLike], guards: Mapping[str, str]) -> list[RegisterLike]:
    """`registers`, where those named in `guards` (name to reason) are not read unasked: what a driver knows and its design does not say.

    Names that the design does not have say nothing: one driver serves several versions of an IP.
    """
    if not guards:
        return list(registers)
    return [_guarded(register, guards[register.name]) if register.name in guards else register for register in registers]


def _guarded(register: RegisterLike, reason: str) -> RegisterLike:
    fields = tuple(
        FieldInfo(f.name, f.bit_offset, f.bit_width, f.access, f.description, f.read_action, f.write_action) for f in register.fields
    )
    return RegisterInfo(
        register.name, register.offset, register.width, register.access, fields, register.reset_value, register.description, True, reason
    )


def registers_of(source: Any) -> list[RegisterLike]:
    """The registers of an address block, of a PYNQ dictionary (name to entry), or of an iterable of registers."""
    source = getattr(source, "registers", source)
    if isinstance(source, Mapping):
        return [register_of(name, entry) if isinstance(entry, Mapping) else entry for name, entry in source.items()]
    return list(source)


def by_name(registers: Iterable[RegisterLike]) -> dict[str, RegisterLike]:
    """`registers` by name; where two have one name (they occur) both stay, the later one with its offset behind it."""
    named: dict[str, RegisterLike] = {}
    for register in registers:
        name = register.name if register.name not in named else f"{register.name}@{register.offset:#x}"
        while name in named:
            name += "'"
        named[name] = register
    return named


def sensitive_bits(fields: Iterable[FieldLike]) -> tuple[int, int]:
    """Masks of the bits where writing a 1 does something, and where writing a 0 does (IP-XACT ``modifiedWriteValue``)."""
    ones = zeros = 0
    for field in fields:
        action = field.write_action
        if action:
            mask = ((1 << field.bit_width) - 1) << field.bit_offset
            if action.startswith("oneTo"):
                ones |= mask
            elif action.startswith("zeroTo"):
                zeros |= mask
    return ones, zeros


WRITE_EFFECTS = {
    "oneToClear": "1 clears",
    "oneToSet": "1 sets",
    "oneToToggle": "1 toggles",
    "zeroToClear": "0 clears",
    "zeroToSet": "0 sets",
    "zeroToToggle": "0 toggles",
    "clear": "clears",
    "set": "sets",
    "push": "pushes",
}
"""What a write does, by the write action of a field, as register pages say it."""


def any_write(field: FieldLike) -> str | None:
    """What any write to `field` does to it, whatever is written, where nothing that leaves it alone can be written; else None.

    ``'modify'`` says that a write has some effect, not that every one has: HLS tools give it to plain enable bits.
    """
    return {"clear": "clears it", "set": "sets it", "push": "pushes"}.get(field.write_action or "")


def after_write(register: RegisterLike, before: int, written: int) -> int:
    """What `register` should hold after `written` was put into a word that held `before`."""
    held = written
    for field in register.fields:
        mask = ((1 << field.bit_width) - 1) << field.bit_offset
        action = field.write_action
        if action in _EFFECTS:
            bits = _EFFECTS[action](before, written)
        elif field.access == "read-only":
            bits = before
        else:
            continue
        held = held & ~mask | bits & mask
    return held


_EFFECTS: dict[str | None, Callable[[int, int], int]] = {
    "oneToClear": lambda before, written: before & ~written,
    "oneToSet": lambda before, written: before | written,
    "oneToToggle": lambda before, written: before ^ written,
    "zeroToClear": lambda before, written: before & written,
    "zeroToSet": lambda before, written: before | ~written,
    "zeroToToggle": lambda before, written: before ^ ~written,
    "clear": lambda before, written: 0,
    "set": lambda before, written: -1,
}
