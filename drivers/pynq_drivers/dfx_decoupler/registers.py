"""The register of a decoupler with an AXI4-Lite interface, and its pins.

Source: AMD PG375 (Dynamic Function eXchange Decoupler 1.0, before that PG227, Partial Reconfiguration Decoupler), from memory:
"Register Space", one word: bit 0, written 1: decouple, 0: couple; read: whether the core is decoupled. A core can be worked by that, by
its ``decouple`` pin, or by a stream; several that are there are ORed.
"""

from __future__ import annotations

from pynq_drivers import layout

CONTROL = 0x00
DECOUPLE = 1 << 0

LAYOUT = (
    layout.register(
        "DECOUPLE",
        CONTROL,
        "RW",
        0,
        "Written: whether to decouple the region; read: whether it is decoupled",
        layout.field("Decouple", 0, 1, "1: the region's signals are held at their decoupled values"),
    ),
)

DECOUPLE_PIN, STATUS_PIN = "decouple", "decouple_status"
