"""The register page of an IP's attributes: each with its place, access, side effects, unit, limits and description, as text.

Nothing is read for it, and the IP keeps the class that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pynq_widgets.access.describe import WRITE_EFFECTS

from .asked import stated_by
from .base import HardwareTrait

if TYPE_CHECKING:
    from pynq_widgets.overlay.ip import DefaultIP


class Line(NamedTuple):
    """One attribute as the page tells it; all texts, empty where there is nothing to say."""

    name: str
    address: str
    bits: str
    access: str
    reset: str
    unit: str
    limits: str
    reading: str
    writing: str
    description: str


_HEADS = Line("name", "address", "bits", "access", "reset", "unit", "limits", "reading", "writing", "description")
_ACCESS = {"read-only": "R", "write-only": "W", "read-write": "RW"}


def trait_page(ip: DefaultIP) -> str:
    """The page, a line an attribute: those of the class first, then the design's in the order of their registers."""
    lines = list(page_lines(ip))
    if not lines:
        return f"{ip._where()} has no hardware attributes: {_why_none(ip)}"
    return "\n".join(_columns([_HEADS, *lines]))


def page_lines(ip: DefaultIP) -> Iterator[Line]:
    """The lines of the page."""
    for name, trait in stated_by(type(ip)).items():
        yield _line(ip, name, trait)
    found = ip._from_design
    if found is None:
        return
    for name, trait in found.traits.items():
        yield _line(ip, name, trait)


def _why_none(ip: DefaultIP) -> str:
    if ip._from_design is None and ip._registers:
        return f"{type(ip).__name__} states none; register_map and registers have what the design knows"
    return "the design lists no registers for it"


def _line(ip: DefaultIP, name: str, trait: HardwareTrait) -> Line:
    try:
        place: Any = trait.locate(ip.registers)
        trait._settle(place)
    except (LookupError, ValueError) as error:
        return Line(name, "-", "", "", "", trait.unit, "", "", "", f"not in this design: {error}")
    handle = place.handle
    return Line(
        name,
        f"{ip.registers.port.base + handle.offset:#010x}",
        _bits(place),
        _ACCESS.get(place.access, place.access),
        _reset(trait, place),
        trait.unit,
        "" if trait.limits is None else f"{trait.limits[0]} to {trait.limits[1]}",
        "" if place.guard is None else place.guard if place.guard != "write-only" else "not possible",
        _writing(place),
        " ".join((trait.help or handle.info.description or "").split()),
    )


def _bits(place: Any) -> str:
    low, width = getattr(place, "low", None), getattr(place, "width", None)
    if low is None or width is None:
        return f"{len(place.registers)} words" if len(place.registers) > 1 else ""
    width = min(width, getattr(place.codec, "width", width))  # what a narrow register takes
    return f"{low + width - 1}:{low}" if width > 1 else str(low)


def _reset(trait: HardwareTrait, place: Any) -> str:
    reset = place.handle.info.reset_value
    if reset is None or not hasattr(place, "mask"):
        return ""
    value = trait._of_reset(place, reset)
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:#x}" if isinstance(value, int) and value > 9 and not trait.unit else str(value)


def _writing(place: Any) -> str:
    if place.access == "read-only":
        return ""
    field = getattr(place, "field", None)
    fields = [place.handle.fields[field].info] if field else [handle.info for handle in place.handle.fields.values()]
    # 'modify' says next to nothing: HLS tools give it to plain enable bits.
    acts = dict.fromkeys(
        WRITE_EFFECTS.get(info.write_action, info.write_action) for info in fields if info.write_action not in (None, "modify")
    )
    return " / ".join(acts)


def _columns(lines: Sequence[Line]) -> Iterator[str]:
    """Aligned, without the columns that are empty on all lines, a rule below the heads."""
    used = [index for index, values in enumerate(zip(*lines[1:], strict=True)) if any(values)]
    widths = [max(len(line[index]) for line in lines) for index in used]
    for number, line in enumerate(lines):
        yield "  ".join(f"{line[index]:<{width}}" for index, width in zip(used, widths, strict=True)).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in [*widths[:-1], min(widths[-1], 11)])
