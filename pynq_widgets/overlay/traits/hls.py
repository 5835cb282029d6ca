"""The attributes of an HLS core: its control bits, its arguments by name, those of 64 bits as one.

Source: AMD UG1399, "S_AXILITE Control Register Map"; which register is which argument, :mod:`pynq_widgets.design.hls` knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import get_ident
from typing import TYPE_CHECKING, Any

from pynq_widgets.design import hls

from .bit import Bit
from .place import Bits
from .wanted import Kind, Wanted

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import Mirror


class ControlBit(Bit):
    """A bit of the control register of an HLS core. Setting it reads nothing once the word is known: a read would clear ``ap_done``.

    ``auto_restart`` stays as it was last seen or written; all other bits are the core's, or do nothing where a 0 is written.
    """

    kind = "bit"

    def locate(self, mirror: Mirror) -> Any:
        place: Any = super().locate(mirror)
        return ControlPlace(mirror, place.handle, place.low, place.width, place.field, place.access, place.guard)


class ControlPlace(Bits):
    """A control bit in the registers of one core."""

    __slots__ = ()

    def store(self, raw: int, verify: bool) -> None:
        handle, mirror = self.handle, self.mirror
        if handle.value is None and get_ident() in mirror._open:
            # The transaction reads the word at its end, and not at all where its body fails.
            super().store(raw, verify)
            return
        with mirror.port.lock:
            known = handle.value if handle.value is not None else handle.read()
            # What a transaction of this thread has of the other bits goes with it.
            mask, bits = mirror._pending(handle)
            kept = bits & mask & ~(self.mask << self.low)
            for name, field in handle.fields.items():
                if name.lower() == "auto_restart" and name != self.field:
                    kept |= known & ~mask & 1 << field.info.bit_offset
            handle.write(raw << self.low | kept, verify=verify)


def wanted(registers: Sequence[Any]) -> Iterator[tuple[str, Wanted]]:
    """Name and description of each attribute, in the order of the registers; `registers` are those of one address block."""
    control = hls.control_register(registers)
    if control is not None:
        for field in control.fields:
            if not hls.is_reserved(field):
                text = _CONTROL.get(field.name.lower(), field.description)
                kind: Kind = "control" if field.bit_width == 1 else "field"
                yield field.name.lower(), Wanted(kind, control.name, field.name, text)
    known = hls.described(registers)
    for argument in hls.arguments(known, control is not None):
        yield from _argument(argument)
        if argument.valid is not None:
            for field in argument.valid.fields:
                if not hls.is_reserved(field):
                    text = f"whether the core has written {argument.source_name}"
                    yield field.name, Wanted(_kind(field), argument.valid.name, field.name, text)


def _argument(argument: hls.Argument) -> Iterator[tuple[str, Wanted]]:
    first = argument.registers[0]
    if argument.is_array or len(argument.registers) > 2:
        return
    kind = c_type(argument.width, argument.name)
    direction = "result" if argument.name == hls.RETURN else "output" if first.access == "read-only" else "argument"
    text = f"{direction} {argument.source_name}: {kind} by its width; the design tells no sign"
    if len(argument.registers) == 2:
        found = Wanted("wide", first.name, argument.registers[1].name, text, kind)
    else:
        fields = [field for field in first.fields if not hls.is_reserved(field)]
        field = fields[0] if len(fields) == 1 and fields[0].bit_width < min(first.width, 32) else None
        found = Wanted("word", first.name, None, text, kind) if field is None else Wanted(_kind(field), first.name, field.name, text, kind)
    yield argument.name, found
    if argument.source_name != argument.name:
        yield argument.source_name, found


def _kind(field: Any) -> Kind:
    return "bit" if field.bit_width == 1 else "field"


def c_type(width: int, name: str = "") -> str:
    """What C calls an argument of `width` bits, as far as a width tells; ``_V`` at the end of `name` tells an arbitrary precision."""
    if width == 1:
        return "bool or ap_uint<1>"
    if name.endswith("_V"):
        return f"ap_(u)int<{width}> or ap_(u)fixed<{width}, …>"
    if width == 32:
        return "uint32_t, int32_t or float"
    if width == 64:
        return "uint64_t, int64_t, double or a pointer"
    return f"(u)int{width}_t" if width in (8, 16) else f"ap_(u)int<{width}>"


_CONTROL = {
    "ap_start": "starts the core; stays 1 until it has taken its arguments",
    "ap_done": "the core has finished; reading the word clears it",
    "ap_idle": "the core stands still",
    "ap_ready": "the core can take new arguments; reading the word clears it",
    "ap_continue": "lets the core go on after ap_done",
    "auto_restart": "the core starts again by itself when it is done",
    "interrupt": "the core's interrupt is raised",
}
