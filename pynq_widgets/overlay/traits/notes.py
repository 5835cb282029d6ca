"""What the traits of an IP add to its registers for whoever shows them: unit, scale, form, names of values, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pynq_widgets.access.bits import safe_name

from .asked import stated_by
from .base import HardwareTrait

if TYPE_CHECKING:
    from pynq_widgets.overlay.ip import DefaultIP

FORMATS = ("hex", "dec", "signed", "float", "fixed", "enum", "bool")
"""The forms in which a value is best shown; ``''`` leaves it to the viewer."""


class Note(NamedTuple):
    """What one trait says of its register or field.

    `trait` is the attribute's name; `scale` what one step of the bits is in `unit`; `format` one of :data:`FORMATS` or ``''``; `labels` the
    names of values, by the bits; `limits` the least and greatest value that may be written, in `unit`; `signed` whether the bits are
    a two's complement.
    """

    trait: str
    unit: str = ""
    scale: float | None = None
    format: str = ""
    labels: Mapping[int, str] = {}
    limits: tuple[Any, Any] | None = None
    signed: bool = False


def register_notes(ip: DefaultIP) -> dict[str, dict[str, Note]]:
    """Register (its name in the mirror) to field (``''`` for all its bits) to note; of several traits of the same bits, the class' own.

    A trait of the design has a note only where it tells more than the register does: another name, or two registers as one.
    Nothing is read, and no traits are made for it.
    """
    notes: dict[str, dict[str, Note]] = {}
    for name, trait in stated_by(type(ip)).items():
        try:
            place: Any = trait.place(ip)
        except AttributeError:
            continue  # the driver serves designs that have not all of its registers
        note = note_of(name, trait)
        field = getattr(place, "field", None) or ""
        for register in place.registers:
            notes.setdefault(register, {}).setdefault(field, note)
    found = ip._from_design
    for name, wanted in found.names.items() if found is not None else ():
        if wanted.kind == "wide":
            for register in (wanted.register, str(wanted.part)):
                notes.setdefault(register, {}).setdefault("", Note(name))
            continue
        field = wanted.part or ""
        if name != safe_name(f"{wanted.register}_{field}" if field else wanted.register):
            notes.setdefault(wanted.register, {}).setdefault(field, Note(name))
    return notes


def note_of(name: str, trait: HardwareTrait) -> Note:
    """The note of the trait `name`."""
    labels = getattr(trait, "labels", None) or {}
    step = getattr(trait, "step", trait.scale)  # a fixed point's lowest bit is worth less than 1 without any scale
    scale = None if step is None else float(step)
    limits = None if trait.limits is None else (trait.limits[0], trait.limits[1])
    names = {raw: str(getattr(label, "name", label)) for label, raw in labels.items()}
    return Note(name, trait.unit, scale, form(trait), names, limits, bool(getattr(trait, "signed", False)))


def form(trait: HardwareTrait) -> str:
    """How the values of `trait` are best shown: one of :data:`FORMATS`."""
    if trait.kind in _BY_KIND:
        return _BY_KIND[trait.kind]
    if getattr(trait, "signed", False):
        return "signed"
    return "dec" if trait.unit or trait.scale is not None or trait.limits is not None else "hex"


_BY_KIND = {"enum": "enum", "fixed": "fixed", "float32": "float", "bit": "bool", "counter": "dec"}
