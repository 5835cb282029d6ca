"""What a person does in a register table: a message of the page, made into an access that a mirror takes.

A message is a stranger's: whatever it holds, it becomes an action or a clear error, and nothing is written before it is known to be
whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from pynq_widgets.access import RegisterHandle

from .typed import RADICES, parse_value

Labels = Mapping[tuple[str, str], Mapping[int, str]]


class ReadOnlyTableError(PermissionError):
    """A table that only shows was asked to change something."""


@dataclass(frozen=True)
class Action:
    """A read of `handle`, or a write of `value` to it or to its `field`."""

    kind: str  # 'read' or 'write'
    handle: RegisterHandle
    field: str | None = None
    value: int = 0
    verify: bool = False
    radix: str = "hex"

    @property
    def literal(self) -> str:
        """The value as one writes it in Python."""
        if self.radix in ("dec", "signed") or self.value < 10:
            return str(self.value)
        return f"{self.value:#_b}" if self.radix == "bin" else f"{self.value:#x}"

    @property
    def target(self) -> str:
        """Register, or register and field."""
        return self.handle.name if self.field is None else f"{self.handle.name}.{self.field}"

    def do(self) -> str:
        """Do it, and say what was done. Raises what the mirror and the bus raise."""
        if self.kind == "read":
            return f"{self.handle.name} is {self.handle.read():#x}"
        if self.field is None:
            self.handle.write(self.value, verify=self.verify)
        else:
            self.handle.write_field(self.field, self.value, verify=self.verify)
        return f"{self.target} was written: {self.value:#x}"

    def steps(self) -> list[list[Any]]:
        """What it would put on the bus, without doing it: ``[operation, offset, value or None, bits that are not certain]`` each.

        Where a bit hangs on what the read will give, its last known value stands in `value`.
        """
        handle = self.handle
        if self.kind == "read":
            return [["read", hex(handle.offset), None, "0x0"]]
        full = (1 << min(max(handle.width, 32), 64)) - 1
        told: list[list[Any]] = []
        for step in handle.preview(self.value, self.field):
            if step.value is None:
                told.append([step.operation, hex(step.offset), None, "0x0"])
            else:
                told.append([step.operation, hex(step.offset), hex(step.value), hex(full & ~step.certain)])
        if self.verify:
            told.append(["read", hex(handle.offset), None, "0x0"])
        return told


def action_of(content: Mapping[str, Any], handles: Sequence[RegisterHandle], labels: Labels, *, verify: bool = False) -> Action:
    """The action that a message asks for.

    ``act`` is ``'read'``, ``'write'`` (with ``text``, ``field``, ``radix``) or ``'toggle'`` (with ``bit``, ``to``); ``row`` says of what.
    Raises ``ValueError``, ``KeyError`` or ``AttributeError`` in words that a person at the cell understands.
    """
    row = content.get("row")
    if not is_whole(row) or not 0 <= row < len(handles):
        raise ValueError(f"this table has no row {_short(row)}")
    handle = handles[row]
    act = content.get("act")
    if act == "read":
        return Action("read", handle)
    if act == "toggle":
        return _toggle(handle, content.get("bit"), content.get("to"), verify)
    if act != "write":
        raise ValueError(f"a register table reads, writes and toggles; it does not know {_short(act)}")
    field, text, radix = content.get("field"), content.get("text"), content.get("radix")
    if not isinstance(text, str) or not (field is None or isinstance(field, str)):
        raise ValueError(f"a write to {handle.name} needs what was typed and at most one field, not {_short(text)} and {_short(field)}")
    radix = radix if radix in RADICES else "hex"
    width = handle._field(field).info.bit_width if field is not None else handle.width
    value = parse_value(text, radix, min(max(width, 1), 64), labels.get((handle.name, field or "")))
    return Action("write", handle, field, value, verify, radix)


def _toggle(handle: RegisterHandle, bit: Any, to: Any, verify: bool) -> Action:
    """Bring one bit to `to`; where writing a one (zero) has an effect, write that one (zero) to this bit alone."""
    width = min(max(handle.width, 1), 64)
    if not is_whole(bit) or not 0 <= bit < width or to not in (0, 1):
        raise ValueError(f"{handle.name} has the bits 0 to {width - 1}, each 0 or 1; there is no bit {_short(bit)} to make {_short(to)}")
    over = [field.info for field in handle.fields.values() if 0 <= bit - field.info.bit_offset < field.info.bit_width]
    if handle.fields and not over:
        raise ValueError(f"bit {bit} of {handle.name} belongs to no field: nothing was written")
    if handle.access == "read-only":
        raise AttributeError(f"register {handle.name} is read-only: bit {bit} was not written")
    known = handle.value
    if known is None and handle.access == "write-only":
        known = handle.info.reset_value or 0
    if not over:
        return Action("write", handle, None, _with_bit(handle.name, known, bit, int(to)), verify)
    field = next((info for info in over if info.access != "read-only"), over[0])
    if field.access == "read-only":
        raise AttributeError(f"field {handle.name}.{field.name} is read-only: bit {bit} was not written")
    place, mask = bit - field.bit_offset, (1 << field.bit_width) - 1
    action = field.write_action or ""
    if action.startswith("oneTo"):
        value = 1 << place
    elif action.startswith("zeroTo"):
        value = mask & ~(1 << place)
    elif field.bit_width == 1:
        value = int(to)
    else:
        value = _with_bit(f"{handle.name}.{field.name}", None if known is None else known >> field.bit_offset & mask, place, int(to))
    return Action("write", handle, field.name, value, verify)


def _with_bit(name: str, known: int | None, bit: int, to: int) -> int:
    if known is None:
        raise ValueError(f"{name} is not known yet, and its other bits would be written too: read it first, or type the whole value")
    return known & ~(1 << bit) | to << bit


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether `value` is a whole number; JSON's true and 1.0 are none."""
    return type(value) is int


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


__all__ = ["Action", "ReadOnlyTableError", "action_of", "is_whole"]
