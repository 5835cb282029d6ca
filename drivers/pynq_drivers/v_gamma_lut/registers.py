"""The registers of the Gamma LUT.

Source: AMD PG285, Gamma LUT v1.1: "Register Space" (offsets compared with the registers that Linux' driver of the core names); from memory.
The tables are memory: numbers of 16 bits, two in a word, the lower one first; one for each value that a component can have.
"""

from __future__ import annotations

from pynq_drivers.layout import field, hls_control, register

CONTROL, WIDTH, HEIGHT, FORMAT = 0x0, 0x10, 0x18, 0x20
START, IDLE, AGAIN = 1, 4, 0x80
TABLES = {"red": 0x800, "green": 0x1000, "blue": 0x1800}

LAYOUT = (
    *hls_control("handles a picture"),
    register("WIDTH", WIDTH, "RW", 0, "Pixels of a line", field("VALUE", 0, 16)),
    register("HEIGHT", HEIGHT, "RW", 0, "Lines", field("VALUE", 0, 16)),
    register("FORMAT", FORMAT, "RW", 0, "How a pixel is told: 0 is RGB", field("VALUE", 0, 8)),
)
