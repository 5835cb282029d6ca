"""The registers of the Gamma LUT.

Source: AMD PG285, Gamma LUT v1.1: "Register Space" (offsets compared with the registers that Linux' driver of the core names); from memory.
The tables are memory: numbers of 16 bits, two in a word, the lower one first; one for each value that a component can have.
"""

from __future__ import annotations

from pynq_drivers.layout import field, register

CONTROL, WIDTH, HEIGHT, FORMAT = 0x0, 0x10, 0x18, 0x20
START, IDLE, AGAIN = 1, 4, 0x80
TABLES = {"red": 0x800, "green": 0x1000, "blue": 0x1800}

LAYOUT = (
    register(
        "CONTROL",
        CONTROL,
        "RW",
        IDLE,
        "What it does",
        field("START", 0, 1, "Handles a picture", write="oneToSet"),
        field("DONE", 1, 1, "A picture was handled", access="R", read="clear"),
        field("IDLE", 2, 1, "It handles none", access="R"),
        field("READY", 3, 1, "It takes another start", access="R"),
        field("AGAIN", 7, 1, "One picture after the other"),
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
    register("WIDTH", WIDTH, "RW", 0, "Pixels of a line", field("VALUE", 0, 16)),
    register("HEIGHT", HEIGHT, "RW", 0, "Lines", field("VALUE", 0, 16)),
    register("FORMAT", FORMAT, "RW", 0, "How a pixel is told: 0 is RGB", field("VALUE", 0, 8)),
)
