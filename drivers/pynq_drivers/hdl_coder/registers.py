"""The registers that every core of HDL Coder has.

Source: MathWorks, HDL Coder, "Custom IP Core Generation" and the table "Register Address Mapping" of a core's report, from memory: the
first words are the core's own, those of the model's ports follow from 0x100. A core with an AXI4-Stream master may have the length of its
packets at 0x8, and its time stamp behind that; the design does not say which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

RESET, ENABLE, STAMP, PORTS = 0x0, 0x4, 0x8, 0x100


def streams_out(module: Any) -> bool:
    """Whether the core sends a stream."""
    return module is not None and any(bus.protocol == "axis" and bus.mode == "master" for bus in module.buses.values())


def layout(module: Any) -> tuple[Register, ...]:
    """The registers that are certain."""
    found = [
        register("IPCore_Reset", RESET, "W", None, "A written 1 resets the core", field("RESET", 0)),
        register("IPCore_Enable", ENABLE, "W", 1, "1: the core runs, which it does after a reset", field("ENABLE", 0)),
    ]
    if not streams_out(module):
        found.append(register("IPCore_Timestamp", STAMP, "R", None, "When the core was made: the digits of year, month, day, hour, minute"))
    return tuple(found)


def layout_of(description: Mapping[str, Any]) -> tuple[Register, ...]:
    """The same, for a driver."""
    return layout(description.get("module"))
