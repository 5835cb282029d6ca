"""The registers of a DFX Controller, which depend on its virtual sockets.

Source: AMD PG374, Dynamic Function eXchange Controller v1.0 (before that PG193, Partial Reconfiguration Controller): "Register Space",
"Status Register", "Control Register", from memory. An address is made of the number of the virtual socket manager, one of four banks and a
register of that; how many bits a register's number takes is what the largest bank of any of them needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pynq_drivers.dfx_controller.tcl import parse
from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

GENERAL, TRIGGERS, MODULES, BITSTREAMS = range(4)
STATUS, SW_TRIGGER = 0, 1

# The status register.
EMPTY, HW_SHUTDOWN, SW_SHUTDOWN, UNLOADING, LOADING, SW_STARTUP, IN_RESET, FULL = range(8)
STATES = ("empty", "hardware shutdown", "software shutdown", "unloading", "loading", "software startup", "in reset", "full")
ERRORS = {0: "", 1: "bad configuration", 2: "bitstream error", 4: "fetch error"}
BAD_CONFIG, BITSTREAM_ERROR, FETCH_ERROR = 1, 2, 4
SHUTDOWN = 1 << 7

# The control register, at the same place.
CMD_SHUTDOWN, CMD_RESTART, CMD_RESTART_WITH_STATUS, CMD_PROCEED = range(4)
PENDING = 1 << 31

_PER_BITSTREAM = 4  # id, address, size, and one that is not used


class RM(NamedTuple):
    """A reconfigurable module that a socket can hold."""

    number: int
    name: str


class Socket(NamedTuple):
    """A virtual socket, as the design configures its manager."""

    number: int
    name: str
    triggers: int
    modules: tuple[RM, ...]


class Made(NamedTuple):
    """What the core was made with."""

    sockets: tuple[Socket, ...]
    bits: int  # of a register's number

    def at(self, socket: int, bank: int, number: int) -> int:
        """The offset of a register in bytes."""
        return ((socket << 2 | bank) << self.bits | number) << 2

    def where(self, offset: int) -> tuple[int, int, int]:
        """Socket, bank and register at an offset."""
        word = offset >> 2
        return word >> self.bits + 2, word >> self.bits & 3, word & (1 << self.bits) - 1


def made_of(parameters: Mapping[str, str]) -> Made:
    """What the design says in ``ALL_PARAMS``; ``ValueError`` where it says nothing, or nothing that can be used."""
    text = next((value for name, value in parameters.items() if name.upper() == "ALL_PARAMS"), "")
    sockets = []
    for position, (name, about) in enumerate(_entries(parse(text).get("VS"))):
        modules = tuple(
            RM(_number(each.get("ID"), at), str(each.get("NAME", label))) for at, (label, each) in enumerate(_entries(about.get("RM")))
        )
        triggers = _number(about.get("NUM_TRIGGERS_ALLOCATED"), max(4, len(modules)))
        sockets.append(Socket(_number(about.get("ID"), position), str(about.get("NAME", name)), triggers, modules))
    if not sockets or not all(socket.modules for socket in sockets):
        raise ValueError("the design does not say what virtual sockets it has, and which modules go into them (ALL_PARAMS)")
    sockets.sort()
    largest = max(max(2, s.triggers, 2 * len(s.modules), _PER_BITSTREAM * len(s.modules)) for s in sockets)
    return Made(tuple(sockets), (largest - 1).bit_length())


def _entries(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, about) for name, about in value.items() if isinstance(about, dict)] if isinstance(value, dict) else []


def _number(value: Any, default: int) -> int:
    try:
        return int(str(value), 0)
    except ValueError:
        return default


def layout(made: Made) -> tuple[Register, ...]:
    """All registers, each with the name of its socket before it."""
    return tuple(_layout(made))


def _layout(made: Made) -> Iterator[Register]:
    for s in made.sockets:

        def at(bank: int, number: int, socket: Socket = s) -> int:
            return made.at(socket.number, bank, number)

        yield register(
            f"{s.name}_STATUS",
            at(GENERAL, STATUS),
            "RW",
            0,
            "Read: how the socket stands. Written: a command in bits 0 to 7, its arguments above",
            field("STATE", 0, 3, ", ".join(f"{number}: {state}" for number, state in enumerate(STATES))),
            field("ERROR", 3, 4, "what went wrong when the last module was loaded"),
            field("SHUTDOWN", 7, 1, "the manager is shut down: triggers do nothing, tables can be written"),
            field("RM_ID", 8, 16, "the module that is there, or on its way"),
        )
        yield register(
            f"{s.name}_SW_TRIGGER",
            at(GENERAL, SW_TRIGGER),
            "RW",
            0,
            "Written: a trigger by software",
            field("TRIGGER_ID", 0, 16),
            field("PENDING", 31, 1, "it has not been taken yet"),
        )
        for number in range(s.triggers):
            yield register(
                f"{s.name}_TRIGGER{number}", at(TRIGGERS, number), "RW", None, "The module that this trigger loads", field("RM_ID", 0, 16)
            )
        for number in range(len(s.modules)):
            yield register(
                f"{s.name}_RM_BS_INDEX{number}",
                at(MODULES, 2 * number),
                "RW",
                None,
                "The module's row in the table of bitstreams",
                field("INDEX", 0, 16),
            )
            yield register(
                f"{s.name}_RM_CONTROL{number}",
                at(MODULES, 2 * number + 1),
                "RW",
                None,
                "What comes before and after the module",
                field("SHUTDOWN_REQUIRED", 0, 2),
                field("STARTUP_REQUIRED", 2),
                field("RESET_REQUIRED", 3, 2),
                field("RESET_DURATION", 5, 8),
            )
        for number in range(len(s.modules)):
            row = _PER_BITSTREAM * number
            yield register(
                f"{s.name}_BS_ID{number}", at(BITSTREAMS, row), "RW", None, "Which bitstream of several this is", field("ID", 0, 16)
            )
            yield register(f"{s.name}_BS_ADDRESS{number}", at(BITSTREAMS, row + 1), "RW", None, "Where it stands in memory")
            yield register(f"{s.name}_BS_SIZE{number}", at(BITSTREAMS, row + 2), "RW", None, "Its size in bytes")
