"""The registers of an AXI4-Stream Switch that is routed by them.

Source: AMD PG085, AXI4-Stream Infrastructure IP Suite: "AXI4-Stream Switch", "Register Space", "Control Register", "MI_MUX Register". The
guide gives no reset value of the MI_MUX registers.
"""

from __future__ import annotations

from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

CONTROL, MUX, MUX_END = 0x00, 0x40, 0x80
REG_UPDATE = 1 << 1
DISABLE = 1 << 31


def layout(masters: int) -> list[Register]:
    """The registers of a switch with so many master interfaces."""
    found = [register("CONTROL", CONTROL, "RW", 0, "Control", field("REG_UPDATE", 1, 1, "commits the routes; reads 1 until that is done"))]
    for at in range(masters):
        bits = (field("MI_MUX", 0, 4, "slave interface that it gets its data from"), field("MI_DISABLE", 31, 1, "gets nothing"))
        found.append(register(f"MI{at}_MUX", MUX + 4 * at, "RW", None, f"What master interface {at} gets", *bits))
    return found
