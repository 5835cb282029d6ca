"""What stands at the wires of a GPIO channel, as far as the design tells: LEDs, LEDs of three colours, buttons, switches.

No register says it. A design does by names: the board's interface that Vivado connected (parameter ``GPIO_BOARD_INTERFACE``), the
port through which the wires leave the design, else the name of the core itself. Names are those of AMD's board files and of PYNQ's
boards (``leds_4bits``, ``PL_USER_PB``, ``dip_switches_8bits``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pynq_drivers import parameters

_LAMPS = (("rgbled", re.compile(r"rgb")), ("led", re.compile(r"led")))
_CONTACTS = (
    ("button", re.compile(r"btn|button|(?:^|_)pb(?:\d|_|$)|(?:^|_)keys?(?:\d|_|$)")),
    ("switch", re.compile(r"switch|(?:^|_)sws?(?:\d|_|$)|sws|(?:^|_)dip(?:\d|_|$)")),
)
_COLOURS = 3  # wires of an LED of three colours


class Purpose(NamedTuple):
    """What a channel is for: ``'led'``, ``'rgbled'``, ``'button'``, ``'switch'``, or ``'wire'`` where nothing tells; by which name."""

    kind: str
    told_by: str


def purpose(description: Mapping[str, Any], channel: int, inputs: bool, outputs: bool, width: int) -> Purpose:
    """The purpose of `channel` (0 or 1) of the core of `description`, whose wires are all `inputs`, all `outputs` or neither."""
    given = description.get("parameters") or {}
    for name in _names(description, given, channel):
        words = name.lower()
        for kind, pattern in (*(() if inputs else _LAMPS), *(() if outputs else _CONTACTS)):
            if pattern.search(words) and (kind != "rgbled" or width % _COLOURS == 0):
                return Purpose(kind, name)
    return Purpose("wire", "")


def _names(description: Mapping[str, Any], given: Mapping[str, Any], channel: int) -> Iterator[str]:
    board = parameters.text(given, "GPIO2_BOARD_INTERFACE" if channel else "GPIO_BOARD_INTERFACE")
    if board and board.lower() != "custom":
        yield board
    module, design = description.get("module"), description.get("design")
    inside = False
    if module is not None and design is not None:
        for name, leaves in _ends(module, design, channel):
            if leaves:
                yield name
            inside = inside or not leaves
    if not inside:  # wires that end at another IP are that one's, whatever the core is called
        yield str(description.get("fullpath") or "").rpartition("/")[2]


def _ends(module: Any, design: Any, channel: int) -> Iterator[tuple[str, bool]]:
    """What the wires of a channel are connected to: its name, and whether that is a port of the design."""
    prefix = "gpio2_io_" if channel else "gpio_io_"
    for pin in (f"{prefix}i", f"{prefix}o"):
        port = module.ports.get(pin)
        net = design.nets.get(port.net) if port is not None and port.net is not None else None
        for end in net.pins if net is not None else ():
            if end.module != module.path:
                yield (end.port if end.module is None else end.path), end.module is None
    for bus in module.buses.values():
        if bus.name.upper() == ("GPIO2" if channel else "GPIO") and bus.bus is not None:
            for outer in design.buses.values():
                if outer.bus == bus.bus:
                    yield outer.name, True
