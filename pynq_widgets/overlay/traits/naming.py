"""What a name means that a person gives to ``watch``: an attribute, a register, or ``REGISTER.FIELD``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pynq_widgets.access.bits import safe_name
from pynq_widgets.access.errors import near_or_all

from .base import HardwareTrait

if TYPE_CHECKING:
    from pynq_widgets.overlay.ip import DefaultIP


def registers_named(ip: DefaultIP, names: Iterable[str]) -> list[str] | None:
    """The registers (their names in the mirror) behind `names`; None where there are no names.

    Raises ``TypeError`` for what is no name, ``AttributeError`` for a name that there is not, with the near ones, ``ValueError`` for an
    attribute that is not hardware or is not to be read unasked, with the reason.
    """
    found: dict[str, None] = {}
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{ip._where()} watches attributes and registers by name, not the {type(name).__name__} {name!r}")
        found.update(dict.fromkeys(_registers_of(ip, name)))
    return list(found) or None


def _registers_of(ip: DefaultIP, name: str) -> tuple[str, ...]:
    registers = ip.registers.registers
    if ip.has_trait(name):
        trait: Any = ip.traits()[name]
        if not isinstance(trait, HardwareTrait):
            raise ValueError(f"{name} of {ip._where()} is not hardware: observe it, there is nothing to read")
        place: Any = trait.place(ip)
        if place.guard is not None:
            raise ValueError(
                f"{name} of {ip._where()} cannot be watched: it is not read unasked ({place.guard}); "
                f"registers[{place.registers[0]!r}].read() reads it once"
            )
        behind: tuple[str, ...] = place.registers
        return behind
    if name in registers:
        return (name,)
    register, _, field = name.rpartition(".")
    shown = {safe_name(known): known for known in registers}
    register = register if register in registers else shown.get(register or name, "")
    if not register:
        raise AttributeError(f"{ip._where()} has no attribute or register {name!r}{near_or_all(name, [*ip.traits(), *registers])}")
    if field and "." in name:
        fields = registers[register].fields
        if field not in fields and field not in map(safe_name, fields):
            raise AttributeError(f"register {register} of {ip._where()} has no field {field!r}{near_or_all(field, fields)}")
    return (register,)
