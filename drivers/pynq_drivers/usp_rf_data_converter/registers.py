"""The registers of the RF Data Converter that its guide lets software touch.

Source: AMD PG269, RF Data Converter v2.6: "Register Space" (banks of 16 KiB), "IP Common Control and Status", "Interrupt Status Register
(0x0200)" and "Converter 0 Interrupt Register (0x0208)" with their bits, side effects and defaults. The bits of the version, restart, state
and common status registers are from memory of the same guide. The rest of each bank belongs to AMD's API and is not listed: "direct
register access is not supported unless clearly indicated".
"""

from __future__ import annotations

from collections.abc import Iterator

from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

from .configuration import TileDesign

BANK = 0x4000
VERSION, MASTER_RESET, COMMON_STATUS, COMMON_ENABLE = 0x0, 0x4, 0x100, 0x104
RESTART, RESTART_STATE, CURRENT_STATE = 0x4, 0x8, 0xC
INTERRUPT_STATUS, INTERRUPT_ENABLE, CONVERTER, TILE_STATUS = 0x200, 0x204, 0x208, 0x228
AXI_TIMEOUT = 1 << 31
START_UP_ERROR = 1 << 4
CLOCK_PRESENT, SUPPLIES_UP, POWERED_UP, PLL_LOCKED = 1, 2, 4, 8
DONE = 15

# Where the power-on state machine stands ("Power-up Sequence").
STATES = (
    *["configuring"] * 3,
    *["adjusting the supplies"] * 3,
    *["configuring the clock"] * 5,
    *["calibrating"] * 3,
    "waiting for the stream's reset to end",
    "done",
)
CLOCK_STATE = 6  # here it waits for the clock

# Flags of a converter, with the kinds of tile that have them; the over voltage flag is cleared by reading.
FLAGS = {
    "over_voltage": (2, "a"),
    "over_range": (3, "a"),
    "observation_overflow": (13, "a"),
    "datapath_overflow": (14, "ad"),
    "fifo_overflow": (15, "ad"),
    "common_mode_over_voltage": (18, "a"),
    "common_mode_under_voltage": (19, "a"),
}


def base(kind: str, number: int) -> int:
    """Offset of the bank of a tile."""
    return BANK * ((1 if kind == "dac" else 5) + number)


def bit(kind: str, number: int) -> int:
    """The bit of a tile in the common interrupt registers."""
    return 1 << (number + (0 if kind == "dac" else 4))


def flags(kind: str) -> dict[str, int]:
    """The flags of converters of `kind`, by name: the number of the bit."""
    return {name: low for name, (low, kinds) in FLAGS.items() if kind[0] in kinds}


def common() -> Iterator[Register]:
    """The bank of the whole core."""
    yield register(
        "IP_VERSION",
        VERSION,
        "R",
        None,
        "Version of the core",
        field("MAJOR", 24, 8, "Major version"),
        field("MINOR", 16, 8, "Minor version"),
        field("REVISION", 8, 8, "Revision"),
    )
    yield register(
        "MASTER_RESET",
        MASTER_RESET,
        "W",
        0,
        "Resets all tiles",
        field("RESET", 0, 1, "A 1 starts the power-on state machine of each tile; clears itself", write="oneToSet"),
    )
    tiles = [(kind, number) for kind in ("dac", "adc") for number in range(4)]
    for name, offset, access, what in (
        ("COMMON_INTERRUPT_STATUS", COMMON_STATUS, "R", "an interrupt is pending"),
        ("COMMON_INTERRUPT_ENABLE", COMMON_ENABLE, "RW", "its interrupts reach the pin irq"),
    ):
        parts = [
            field(f"{kind.upper()}{number}", index, 1, f"RF-{kind.upper()} tile {number}: {what}")
            for index, (kind, number) in enumerate(tiles)
        ]
        parts.append(field("AXI_TIMEOUT", 31, 1, f"An access to a tile had no answer: {what}"))
        yield register(name, offset, access, 0, f"For each tile: {what}", *parts)


def tile(design: TileDesign) -> Iterator[Register]:
    """The bank of one tile."""
    start, kind, at = f"{design.kind.upper()}{design.number}", design.kind, base(design.kind, design.number)
    yield register(
        f"{start}_RESTART",
        at + RESTART,
        "W",
        0,
        "Restarts the power-on state machine",
        field("START", 0, 1, "A 1 runs it from START_STATE to END_STATE; clears itself", write="oneToSet"),
    )
    yield register(
        f"{start}_RESTART_STATE",
        at + RESTART_STATE,
        "RW",
        DONE,
        "From where to where it runs",
        field("START_STATE", 8, 8, "The first state"),
        field("END_STATE", 0, 8, "The last state"),
    )
    yield register(
        f"{start}_CURRENT_STATE",
        at + CURRENT_STATE,
        "R",
        None,
        "Where the power-on state machine stands",
        field("STATE", 0, 8, "15: done; 6: it waits for the clock"),
    )
    yield register(
        f"{start}_INTERRUPT_STATUS",
        at + INTERRUPT_STATUS,
        "R",
        0,
        "Which converter has an interrupt",
        *(field(f"CONVERTER_{index}", index, 1, f"Converter {index}") for index in range(4)),
        field("START_UP_ERROR", 4, 1, "The power-on state machine met an error", read="clear"),
    )
    yield register(
        f"{start}_INTERRUPT_ENABLE",
        at + INTERRUPT_ENABLE,
        "RW",
        0x1F,
        "Which of them count",
        *(field(f"CONVERTER_{index}_ENABLE", index, 1, f"Converter {index}") for index in range(4)),
        field("START_UP_ERROR_ENABLE", 4, 1, "Errors of the power-on state machine"),
    )
    known = flags(kind)
    every = sum(1 << low for low in known.values())
    for index in range(4):
        words = {name: name.replace("_", " ") for name in known}
        yield register(
            f"{start}_CONVERTER_{index}_INTERRUPT",
            at + CONVERTER + 8 * index,
            "R",
            0,
            f"What converter {index} flags",
            *(field(name.upper(), low, 1, words[name], read="clear" if name == "over_voltage" else None) for name, low in known.items()),
        )
        yield register(
            f"{start}_CONVERTER_{index}_INTERRUPT_ENABLE",
            at + CONVERTER + 8 * index + 4,
            "RW",
            every,
            f"Which flags of converter {index} count",
            *(field(f"{name.upper()}_ENABLE", low, 1, words[name]) for name, low in known.items()),
        )
    yield register(
        f"{start}_STATUS",
        at + TILE_STATUS,
        "R",
        None,
        "Clock, supplies, power and PLL of the tile",
        field("CLOCK_PRESENT", 0, 1, "Its clock is there"),
        field("SUPPLIES_UP", 1, 1, "Its supplies are up"),
        field("POWERED_UP", 2, 1, "It has started up, and runs"),
        field("PLL_LOCKED", 3, 1, "Its PLL has locked; 0 where the design does not use the PLL"),
    )


def layout(tiles: tuple[TileDesign, ...]) -> tuple[Register, ...]:
    """The registers of the core and of the tiles that the design uses."""
    return (*common(), *(each for design in tiles for each in tile(design)))
