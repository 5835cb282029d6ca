"""Registers as a product guide lists them, for IP whose design files do not.

A driver gives them as its `register_layout`, which the table, the register map and the attributes are made from; the model keeps the same
ones in a `RegisterFile`. So both sides of an IP, and the test that walks them, have one table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pynq_widgets.design import Field, Register
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.simulated.registerfile import RegisterFile

ACCESS = {"R": "read-only", "RW": "read-write", "W": "write-only"}


def field(
    name: str, low: int, width: int = 1, description: str = "", *, access: str = "", read: str | None = None, write: str | None = None
) -> Any:
    """Bits `low` … `low + width - 1` of a register; `access` ``'R'``, ``'RW'``, ``'W'`` (the register's where left out).

    `read` is what a read does (``'clear'``, ``'modify'``), `write` what a written bit does (``'oneToClear'``, ``'oneToSet'``, …).
    """

    return Field(name, low, width, ACCESS[access] if access else "", description, read, write)  # type: ignore[arg-type]


def register(name: str, offset: int, access: str, reset: int | None, description: str, *fields: Any, guard: bool = False) -> Register:
    """A register of 32 bits at `offset` bytes; `access` as in `field`; `guard`: a read of the word has an effect."""
    whole = tuple(each if each.access else each._replace(access=ACCESS[access]) for each in fields)
    destroys = guard or any(each.read_action for each in whole)
    return Register(name, offset, 32, ACCESS[access], reset, description, whole, destroys)  # type: ignore[arg-type]


HLS_IDLE = 4


def hls_control(what: str) -> tuple[Register, ...]:
    """The first four words of a core that Vitis HLS made, which all its cores share (UG1399, "S_AXILITE Control Register Map").

    `what` is what one run of the core does, as in ``'handles a picture'``.
    """
    return (
        register(
            "CONTROL",
            0x0,
            "RW",
            HLS_IDLE,
            "What it does",
            field("START", 0, 1, f"It {what}", write="oneToSet"),
            field("DONE", 1, 1, "It has done so", access="R", read="clear"),
            field("IDLE", 2, 1, "It stands still", access="R"),
            field("READY", 3, 1, "It takes another start", access="R"),
            field("AGAIN", 7, 1, "One run after the other"),
        ),
        register("GLOBAL_ENABLE", 0x4, "RW", 0, "Lets interrupts reach the pin", field("ENABLE", 0)),
        register("INTERRUPT_ENABLE", 0x8, "RW", 0, "What is an interrupt", field("DONE", 0), field("READY", 1)),
        register(
            "INTERRUPT_STATUS",
            0xC,
            "RW",
            0,
            "What has happened; a written 1 toggles its bit",
            field("DONE", 0, write="oneToToggle"),
            field("READY", 1, write="oneToToggle"),
        ),
    )


class RegisterModel(IPModel):
    """A model whose registers are those of a layout; what they do beside holding bits is in `reading` and `written`.

    The bus obeys the access rights and side effects of the layout; the model sees and sets the bits in `file`.
    """

    #: The interface behind which the registers stand is whichever is asked for: such IP have one.
    layout: Iterable[Register] = ()

    def __init__(self, context: ModelContext, layout: Iterable[Register] | None = None, size: int = 0x1_0000) -> None:
        super().__init__(context)
        registers = tuple(self.layout if layout is None else layout)
        self.file = RegisterFile(registers, size, context.path)
        # Bits between the fields of a register do not hold what is written to them.
        self._bits = {each.offset: sum(((1 << f.bit_width) - 1) << f.bit_offset for f in each.fields) for each in registers if each.fields}

    def read(self, interface: str, offset: int) -> int:
        self.reading(offset)
        return self.file.read(offset)

    def write(self, interface: str, offset: int, value: int) -> None:
        before = self.file.peek(offset)
        self.file.write(offset, value & self._bits.get(offset, value))
        self.written(offset, value, before)

    def reading(self, offset: int) -> None:
        """The bus is about to read the word at `offset`: the last moment to put into it what it holds now."""

    def written(self, offset: int, value: int, before: int) -> None:
        """The bus has written `value` over `before` at `offset`; `file` holds what the access rights made of it."""
