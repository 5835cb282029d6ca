"""The control space of an HLS core: which register is which argument (AMD UG1399, "S_AXILITE Control Register Map").

Vitis HLS puts ``CTRL``, ``GIER``, ``IP_IER`` and ``IP_ISR`` at 0x0 to 0xC where the core is started by its registers. From 0x10 on
each argument has a register; one of more than 32 bits has adjacent registers ``name_1``, ``name_2``, …, lowest word first; an output
is followed by ``name_ctrl`` with its valid bit (``name_ap_vld``). A name that is a word of HLS' languages gets ``_r`` (``length`` is
``length_r``), the halves of an inout ``_i`` and ``_o``; an ``ap_int`` or ``ap_fixed`` of older versions ``_V``; what the function returns
is ``ap_return``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .model import AddressBlock, Field, Register

if TYPE_CHECKING:
    from .module import Module

FIRST_ARGUMENT = 0x10
"""Where the arguments begin in a core that has block-level control registers."""

RETURN = "ap_return"

_INTERRUPT_STATUS = re.compile(r"chan\d+_int_st\Z")


class Argument(NamedTuple):
    """An argument of the function that the core was made from.

    ``name`` is as the registers have it, ``registers`` lowest word first, ``valid`` the register of its handshake, if it has one.
    ``width`` is in bits; that of an array is the whole array's.
    """

    name: str
    registers: tuple[Register, ...]
    valid: Register | None

    @property
    def width(self) -> int:
        return sum(_bits(register) for register in self.registers)

    @property
    def is_array(self) -> bool:
        return _is_memory(self.registers[0])

    @property
    def source_name(self) -> str:
        """The name in C, where the register's tells it."""
        if self.name == RETURN:
            return "return"
        return self.name.removesuffix("_r").removeprefix("Memory_") if self.is_array else self.name.removesuffix("_r")


def control_register(registers: Iterable[Register]) -> Register | None:
    """The register with ``ap_start`` at offset 0, if the core has one."""
    for register in registers:
        if register.offset == 0 and any(field.name.lower() == "ap_start" for field in register.fields):
            return register
    return None


def control_block(module: Module) -> AddressBlock | None:
    """The block with the block-level control registers; None where nothing starts the core by registers."""
    return next((block for block in module.blocks if control_register(block.registers) is not None), None)


def with_start(registers: Sequence[Any]) -> Sequence[Any]:
    """`registers`, where ``ap_start`` is what the core makes of it: a written 1 starts the core, a written 0 does nothing.

    The files call it a plain bit, and whoever changes another bit of its word would write back the 1 that stands there while the core
    runs, and so start it again.
    """
    control = control_register(registers)
    if control is None:
        return registers
    fields = tuple(
        field._replace(write_action="oneToSet")
        if field.name.lower() == "ap_start" and field.bit_width == 1 and field.write_action in (None, "modify")
        else field
        for field in control.fields
    )
    return (
        registers
        if fields == control.fields
        else tuple(register._replace(fields=fields) if register is control else register for register in registers)
    )


def changed_by_reading(fields: Iterable[str]) -> frozenset[str]:
    """Which of the `fields` of one register (by name) a read of it changes, where their names alone tell what they are.

    ``ap_done`` and ``ap_ready`` beside an ``ap_start`` and the valid bit of an output are cleared on read (COR); the interrupt status
    is so in the mode ``cor`` (UG1399, ``config_interface -s_axilite_interrupt_mode``).
    """
    names = {name.lower(): name for name in fields}
    changed = {name for lower, name in names.items() if lower == "ap_vld" or lower.endswith("_ap_vld") or _INTERRUPT_STATUS.match(lower)}
    if "ap_start" in names:
        changed |= {names[known] for known in ("ap_done", "ap_ready") if known in names}
    return frozenset(changed)


def is_core(vlnv: str | None, registers: Iterable[Register]) -> bool:
    """Whether HLS made it: by the library of its VLNV, or by the control register."""
    return (vlnv or "").split(":")[1:2] == ["hls"] or control_register(registers) is not None


def as_built(vlnv: str | None, registers: Iterable[Register]) -> tuple[Register, ...]:
    """The registers of an HLS core as its hardware has them.

    The file calls a scalar argument write-only, but the AXI4-Lite adapter that HLS writes answers a read with what was written (the
    header of its driver says so: "Data signal of a ... (Read/Write)").
    """
    registers = tuple(registers)
    if not is_core(vlnv, registers):
        return registers
    return tuple(
        register._replace(
            access="read-write",
            fields=tuple(field._replace(access="read-write") if field.access == "write-only" else field for field in register.fields),
        )
        if register.access == "write-only"
        else register
        for register in registers
    )


def described(registers: Iterable[Register]) -> dict[str, Register]:
    """The registers by name; the first of those that share one."""
    found: dict[str, Register] = {}
    for register in registers:
        found.setdefault(register.name, register)
    return found


def arguments(registers: Mapping[str, Register], controlled: bool) -> list[Argument]:
    """The arguments in the order of their registers; `controlled` says that the core has the block-level registers."""
    found: dict[str, Argument] = {}
    for name, register in registers.items():
        if controlled and register.offset < FIRST_ARGUMENT:
            continue
        stem, _, part = name.rpartition("_")
        if part.isdecimal() and stem and len(words := _joined(registers, stem)) > 1 and register in words:
            found.setdefault(stem, Argument(stem, words, _valid(registers, stem)))
        elif not (name.endswith("_ctrl") and _is_valid_bit(register)):
            found.setdefault(name, Argument(name, (register,), _valid(registers, name)))
    return list(found.values())


def words_of(registers: Mapping[str, Register], name: str) -> tuple[Register, ...]:
    """The registers of the argument `name`, given as in C or as in the registers, lowest word first; empty where there is none."""
    for stem in (name, f"{name}_r", f"{name}_o", f"{name}_i"):
        if stem in registers:
            return (registers[stem],)
        words = _joined(registers, stem)
        if len(words) > 1:
            return words
    return ()


def _joined(registers: Mapping[str, Register], stem: str) -> tuple[Register, ...]:
    """``stem_1``, ``stem_2``, … as far as they are adjacent: those of an array that HLS took apart have a gap between them."""
    words: list[Register] = []
    while (word := registers.get(f"{stem}_{len(words) + 1}")) is not None:
        if _is_memory(word) or (words and word.offset != words[-1].offset + 4):
            break
        words.append(word)
    return tuple(words)


def _is_memory(register: Any) -> bool:
    """Whether it is an array: also one of a dictionary of PYNQ's, which has no such entry."""
    told: bool | None = getattr(register, "is_memory", None)
    return told if told is not None else register.name.startswith("Memory_") and not register.fields


def _valid(registers: Mapping[str, Register], name: str) -> Register | None:
    register = registers.get(f"{name}_ctrl")
    return register if register is not None and _is_valid_bit(register) else None


def _is_valid_bit(register: Register) -> bool:
    return not register.fields or any(field.name.endswith("_ap_vld") or field.name == "ap_vld" for field in register.fields)


def is_reserved(field: Field) -> bool:
    """Whether the file names bits that mean nothing (``RESERVED``, ``RESERVED_1``)."""
    return field.name.upper().startswith("RESERVED") and field.access == "read-only"


def _bits(register: Register) -> int:
    used = sum(field.bit_width for field in register.fields if not is_reserved(field))
    return used or register.width
