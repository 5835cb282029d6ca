"""Where a trait stands in the registers of one IP: the register and bits that its words mean there, and the one way to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from pynq_widgets.access.bits import safe_name
from pynq_widgets.access.describe import FieldLike
from pynq_widgets.access.errors import near_or_all
from pynq_widgets.access.mirror import Mirror, RegisterHandle

Raw = Any
"""The bits of a trait: an int, or a tuple of them for an array."""


class Misplaced(LookupError):
    """The design has no such register or bits; the text goes on from 'stands for'."""


class Place(Protocol):
    """What a trait needs of the registers. `guard` says why it is not read unasked; `registers` are the names in the mirror."""

    mirror: Mirror
    registers: tuple[str, ...]
    guard: str | None
    access: str

    def load(self) -> Raw:
        """Read the hardware."""

    def peek(self) -> Raw | None:
        """What is known, without an access; ``None`` if nothing is."""

    def store(self, raw: Raw, verify: bool) -> None:
        """Write the hardware."""

    def doubtful(self, raw: Raw) -> bool:
        """Whether what is known may be made of parts that the hardware never held at once."""

    @property
    def handle(self) -> RegisterHandle:
        """The register whose state and age are those of the trait."""


class Bits:
    """Bits of one register: all of them, or a field that the mirror knows by name."""

    __slots__ = ("_place", "access", "codec", "field", "guard", "handle", "low", "mask", "mirror", "registers", "width")

    def __init__(self, mirror: Mirror, handle: RegisterHandle, low: int, width: int, field: str | None, access: str, guard: str | None):
        self.mirror = mirror
        self.handle = handle
        self.low = low
        self.width = width
        self.mask = (1 << width) - 1
        self.field = field
        self.access = access
        self.guard = guard
        self.registers: tuple[str, ...] = (handle.name,)
        self._place = self.mask << low
        self.codec: Any = None  # of the trait, once it has settled here

    def load(self) -> int:
        return self.handle.read_bits(self._place) >> self.low & self.mask

    def peek(self) -> int | None:
        value = self.handle.value
        return None if value is None else value >> self.low & self.mask

    def doubtful(self, raw: Raw) -> bool:
        return False

    def store(self, raw: int, verify: bool) -> None:
        if self.field is None:
            self.handle.write(raw, verify=verify)
        else:
            self.handle.write_field(self.field, raw, verify=verify)


def find_register(mirror: Mirror, register: str | int) -> RegisterHandle:
    """The register of that name (as in the design, or as PYNQ shows it; capitals count only where two differ in nothing else) or offset."""
    handles = mirror.registers
    if isinstance(register, int):
        found = [handle for handle in handles.values() if handle.offset == register]
        if not found:
            at = sorted(handles.values(), key=lambda handle: abs(handle.offset - register))[:2]
            near = " and ".join(f"{handle.name} at {handle.offset:#x}" for handle in at)
            raise Misplaced(f"offset {register:#x}, where this IP has no register{f'; near it are {near}' if near else ''}")
        return min(found, key=lambda handle: handle.width)
    handle = handles.get(register)
    if handle is not None:
        return handle
    alike = by_name(register, handles)
    if len(alike) != 1:
        why = f"is ambiguous here: {', '.join(alike)}" if alike else f"this IP does not have{near_or_all(register, handles)}"
        raise Misplaced(f"register {register!r}, which {why}")
    return handles[alike[0]]


def by_name(name: str, known: Iterable[str]) -> list[str]:
    """Those of `known` that are `name` but for capitals and what an identifier cannot hold."""
    wanted = safe_name(name).lower()
    return [other for other in known if safe_name(other).lower() == wanted]


def fields_named(name: str, register: str, fields: Iterable[FieldLike]) -> list[FieldLike]:
    """The fields called `name`, or `name` with the register's before it: the one of exactly that name alone, where there is one."""
    listed = list(fields)
    exact = [field for field in listed if field.name == name]
    if exact:
        return exact[:1]
    wanted = safe_name(name).lower()
    alike = [field for field in listed if safe_name(field.name).lower() == wanted]
    return alike or [field for field in listed if safe_name(f"{register}_{field.name}").lower() == wanted]


def find_field(handle: RegisterHandle, name: str) -> FieldLike:
    """The field of that name, looked for as :func:`find_register` does."""
    alike = fields_named(name, handle.name, handle.info.fields)
    if len(alike) != 1:
        why = near_or_all(name, handle.fields)
        raise Misplaced(f"field {name!r} of register {handle.name}, which {'is ambiguous there' if alike else 'it does not have'}{why}")
    return alike[0]


def field_at(handle: RegisterHandle, low: int, width: int, preferred: str) -> FieldLike | None:
    """The field of exactly these bits, the one called `preferred` where there are several."""
    found = [field.info for field in handle.fields.values() if (field.info.bit_offset, field.info.bit_width) == (low, width)]
    return next((info for info in found if info.name == preferred), found[0] if found else None)
