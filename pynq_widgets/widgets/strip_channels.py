"""What a strip chart follows: an attribute of an IP, the registers it is read from, and how their words become a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pynq_widgets.access import Mirror, RegisterHandle
from pynq_widgets.access.errors import near_names
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits.base import HardwareTrait

from .table import mirror_of

MOST = 8  # lines, as many as there are colours: more are a table
_LISTED = 8  # names that an error lists
_ARRAY = "array"
_TEXT = 300  # characters of a reason


class Reading(NamedTuple):
    """What is known of a channel now: a number and its text, or NaN and the reason."""

    value: float
    text: str
    reason: str


@dataclass(frozen=True)
class Channel:
    """One line: `registers` of `mirror` are read for it, and `known()` gives what they hold, without a read.

    `load()`, if there is one, reads the hardware in their place: for halves that may be torn apart by a common read.
    """

    label: str
    unit: str
    mirror: Mirror
    registers: tuple[str, ...]
    known: Callable[[], Reading]
    load: Callable[[], object] | None = None


def channels(what: tuple[Any, ...]) -> tuple[Channel, ...]:
    """The channels of ``strip(ip, 'a', 'b')`` or ``strip((ip, 'a'), (other, 'b', 'c'))``, in this order, their labels all different.

    Raises ``TypeError`` for another shape, ``ValueError`` for no name, too many, one twice, or one that is not to be read unasked,
    ``AttributeError`` for a name that the IP does not have, with the near ones.
    """
    pairs = list(_pairs(what))
    if not 1 <= len(pairs) <= MOST:
        raise ValueError(f"a strip chart has 1 to {MOST} lines, not {len(pairs)}")
    sources = {id(source) for source, _ in pairs}
    made: dict[str, Channel] = {}
    for source, name in pairs:
        label = name if len(sources) == 1 and name != "time" else f"{_name_of(source)}.{name}"
        if label in made and len(sources) > 1 and made[label].mirror is not mirror_of(source):
            label = f"{label} ({mirror_of(source).port.base:#x})"
        if label in made:
            raise ValueError(f"strip was given {label} twice")
        made[label] = _channel(source, name, label)
    return tuple(made.values())


def _pairs(what: tuple[Any, ...]) -> Iterable[tuple[Any, str]]:
    if what and isinstance(what[0], (tuple, list)):
        groups = list(what)
    elif what and not isinstance(what[0], str):
        groups = [what]
    else:
        groups = []
    if not groups:
        raise TypeError("strip expected an IP and the names of its attributes: strip(ip, 'counter'), or strip((ip, 'a'), (other, 'b'))")
    for group in groups:
        if not isinstance(group, (tuple, list)) or not group:
            raise TypeError(f"strip expected pairs of an IP and a name, as in strip((ip, 'a'), (other, 'b')), not {group!r}")
        source, *names = group
        mirror = mirror_for(source)
        if not names:
            raise ValueError(f"strip needs the name of an attribute of {_name_of(source)}; it has {_listing(source, mirror)}")
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"strip expected the name of an attribute of {_name_of(source)}, not the {type(name).__name__} {name!r}")
            yield source, name


def mirror_for(source: Any) -> Mirror:
    """The mirror behind what was given to `strip`."""
    try:
        return mirror_of(source)
    except TypeError:
        if hasattr(type(source), "registers"):
            try:
                _ = source.registers
            except AttributeError as error:
                raise ValueError(f"strip has nothing to draw: {str(error).rpartition('.registers: ')[2]}") from None
        raise TypeError(f"strip expected an IP, its registers or a RegisterMap, not the {type(source).__name__} {source!r}") from None


def _channel(source: Any, name: str, label: str) -> Channel:
    trait = _hardware_trait(source, name)
    if trait is not None:
        return _of_trait(source, name, label, trait)
    mirror = mirror_for(source)
    register, field = _register(mirror, name)
    if register is None:
        raise AttributeError(
            f"no register, field or hardware trait {name!r} in {_name_of(source)}{near_names(name, _names(source, mirror))}; "
            f"it has {_listing(source, mirror)}"
        )
    handle = mirror.registers[register]
    _check_guard(handle, label)
    if field is None:
        return Channel(label, "", mirror, (register,), lambda: _of_word(handle, handle.value))
    part = handle.fields[field]
    return Channel(label, "", mirror, (register,), lambda: _of_word(handle, part.value))


def _register(mirror: Mirror, name: str) -> tuple[str | None, str | None]:
    if name in mirror.registers:
        return name, None
    register, _, field = name.rpartition(".")
    handle = mirror.registers.get(register)
    return (register, field) if handle is not None and field in handle.fields else (None, None)


def _check_guard(handle: RegisterHandle, label: str) -> None:
    if handle.guard:
        raise ValueError(
            f"strip cannot follow {label}: register {handle.name} is not read unasked, since {handle.guard}. "
            f"ip.registers[{handle.name!r}].read() reads it once."
        )


def _of_word(handle: RegisterHandle, value: int | None) -> Reading:
    if handle.state == "stale" or value is None:
        return gap(handle.reason or "never read")
    return Reading(float(value), str(value), "")


def gap(reason: str) -> Reading:
    """No value, and why."""
    return Reading(math.nan, "–", reason if len(reason) <= _TEXT else reason[: _TEXT - 1] + "…")


def _of_trait(ip: DefaultIP, name: str, label: str, trait: HardwareTrait) -> Channel:
    place = trait.place(ip)
    if place.guard is not None:
        register = place.registers[0]
        raise ValueError(
            f"strip cannot follow {label}: it is not read unasked, since of register {register} it holds that {place.guard}. "
            f"ip.registers[{register!r}].read() reads it once."
        )
    mirror, registers = place.mirror, tuple(place.registers)
    for register in registers:
        _check_guard(mirror.registers[register], label)
    if trait.kind == _ARRAY:
        raise ValueError(
            f"strip cannot follow {label}: it is an array of registers; name those that are meant: {', '.join(registers[:_LISTED])}"
        )

    def known() -> Reading:
        held, raw = trait.known(ip), place.peek()
        if held.state == "stale" or held.value is None or raw is None:
            return gap(held.reason or "never read")
        return _number(held.value, raw)

    return Channel(label, trait.unit, mirror, registers, known, place.load if len(registers) > 1 else None)


def _number(value: Any, raw: Any) -> Reading:
    """A trait's value as a point of a line: of a label of an enumeration, the number behind it."""
    if isinstance(value, (int, float)):
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        return Reading(float(value), text, "") if math.isfinite(value) else gap(f"the value is {text}")
    return Reading(float(raw), str(value), "")


def _hardware_trait(source: Any, name: str) -> HardwareTrait | None:
    if not isinstance(source, DefaultIP) or not source.has_trait(name):
        return None
    trait = source.traits().get(name)
    if isinstance(trait, HardwareTrait):
        return trait
    raise ValueError(
        f"strip cannot follow {name}: it is a trait that {type(source).__name__} keeps in Python, not hardware; observe() tells of it"
    )


def _names(source: Any, mirror: Mirror) -> list[str]:
    """The names that a line may have."""
    traits = [name for name, trait in source.traits().items() if isinstance(trait, HardwareTrait)] if isinstance(source, DefaultIP) else []
    fields = [f"{name}.{field}" for name, handle in mirror.registers.items() for field in handle.fields]
    return [*traits, *mirror.registers, *fields]


def _listing(source: Any, mirror: Mirror) -> str:
    names = [name for name in _names(source, mirror) if "." not in name]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return (", ".join(names[:_LISTED]) or "none") + more


def _name_of(source: Any) -> str:
    path = getattr(source, "_fullpath", "") if isinstance(source, DefaultIP) else ""
    if path:
        return str(path)
    block = getattr(mirror_for(source).block, "name", "")
    return str(block) or "block"
