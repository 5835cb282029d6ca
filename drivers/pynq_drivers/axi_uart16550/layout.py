"""The registers of AXI UART 16550, for designs that list none.

Source: AMD PG143, AXI UART 16550 v2.0: "Register Space".
"""

from __future__ import annotations

from pynq_drivers.axi_uart16550 import registers as r
from pynq_drivers.layout import field, register


def _bits(*names: str, read: str | None = None) -> tuple[object, ...]:
    return tuple(field(name, i, read=read) for i, name in enumerate(names))


LAYOUT = (
    register(
        "RBR_THR_DLL",
        r.RBR,
        "RW",
        0,
        "Read: a character received; written: one to be sent. With DLAB: the divisor's lower byte",
        guard=True,
    ),
    register("IER_DLM", r.IER, "RW", 0, "What interrupts. With DLAB: the divisor's upper byte", *_bits("ERBFI", "ETBEI", "ELSI", "EDSSI")),
    register("IIR_FCR", r.IIR, "RW", 1, "Read: what interrupts; written: control of the FIFOs", guard=True),
    register(
        "LCR",
        r.LCR,
        "RW",
        0,
        "Framing of characters",
        field("WLS", 0, 2, "Data bits, less five"),
        *(field(name, 2 + i) for i, name in enumerate(("STB", "PEN", "EPS", "Stick_Parity", "Set_Break", "DLAB"))),
    ),
    register("MCR", r.MCR, "RW", 0, "Control lines", *_bits("DTR", "RTS", "Out1", "Out2", "Loop")),
    register(
        "LSR",
        r.LSR,
        "R",
        0x60,
        "State of the line; a read forgets errors",
        field("DR", 0, description="A character waits"),
        *(field(name, 1 + i, read="clear") for i, name in enumerate(("OE", "PE", "FE", "BI"))),
        *(field(name, 5 + i) for i, name in enumerate(("THRE", "TEMT", "Error_in_RCVR_FIFO"))),
    ),
    register(
        "MSR",
        r.MSR,
        "R",
        0,
        "Control lines from the other end, and (a read forgets it) which of them have changed",
        *_bits("DCTS", "DDSR", "TERI", "DDCD", read="clear"),
        *(field(name, 4 + i) for i, name in enumerate(("CTS", "DSR", "RI", "DCD"))),
    ),
    register("SCR", r.SCR, "RW", 0, "For software's own use", field("Scratch", 0, 8)),
)
