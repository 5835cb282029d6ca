"""The registers of the AXI HWICAP.

Source: AMD PG134, AXI HWICAP v3.0, "Register Space", from memory; the names are the guide's.
"""

from __future__ import annotations

from pynq_drivers.layout import field, register

GIER, ISR, IER = 0x01C, 0x020, 0x028
WF, RF, SZ, CR, SR, WFV, RFO, ASR = 0x100, 0x104, 0x108, 0x10C, 0x110, 0x114, 0x118, 0x11C

WRITE, READ, FIFO_CLEAR, SW_RESET, ABORT = (1 << bit for bit in range(5))
DONE, EOS = 1 << 0, 1 << 2
WRP, RDP, WEMTY, RFULL = (1 << bit for bit in range(4))
INTERRUPTS = WRP | RDP | WEMTY | RFULL
SIZE_BITS = 12

_LINES = ("WRP", "RDP", "WEMTY", "RFULL")
_TOLD = ("write FIFO less than half full", "read FIFO more than half full", "write FIFO empty", "read FIFO full")

LAYOUT = (
    register("GIER", GIER, "RW", 0, "Global interrupt enable", field("GIE", 31)),
    register(
        "ISR",
        ISR,
        "RW",
        None,
        "Interrupt status",
        *(field(name, bit, 1, told, write="oneToToggle") for bit, (name, told) in enumerate(zip(_LINES, _TOLD, strict=True))),
    ),
    register("IER", IER, "RW", 0, "Interrupt enable", *(field(name, bit) for bit, name in enumerate(_LINES))),
    register("WF", WF, "W", None, "Write FIFO: words for the configuration port"),
    register("RF", RF, "R", 0, "Read FIFO: a read takes a word out of it", field("RF", 0, 32, read="modify"), guard=True),
    register("SZ", SZ, "W", None, "How many words the next read from the configuration port brings", field("Size", 0, SIZE_BITS)),
    register(
        "CR",
        CR,
        "RW",
        0,
        "Control; a bit that starts something reads 1 until that is done",
        field("Write", 0, 1, "the words of the write FIFO go to the port"),
        field("Read", 1, 1, "words of the port go to the read FIFO"),
        field("FIFO_Clear", 2),
        field("SW_Reset", 3),
        field("Abort", 4),
    ),
    register(
        "SR", SR, "R", DONE | EOS, "Status", field("Done", 0, 1, "nothing goes on"), field("EOS", 2, 1, "the end of startup was reached")
    ),
    register("WFV", WFV, "R", None, "How many words the write FIFO takes", field("Vacancy", 0, 11)),
    register("RFO", RFO, "R", 0, "How many words the read FIFO holds", field("Occupancy", 0, 11)),
    register(
        "ASR",
        ASR,
        "R",
        0,
        "What the port said at the last abort",
        field("CFGERR_B", 7),
        field("DALIGN", 6),
        field("RIP", 5),
        field("IN_ABORT_B", 4),
    ),
)
