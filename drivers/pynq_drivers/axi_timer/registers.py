"""The registers of AXI Timer, for driver and model.

Source: AMD PG079, AXI Timer v2.0, "Register Space" (TCSR0, TLR0, TCR0, TCSR1, TLR1, TCR1). All are 0 after reset. The names of the bits
are those of design files.
"""

from __future__ import annotations

from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

TCSR, TLR, TCR, STRIDE = 0x0, 0x4, 0x8, 0x10
MDT, UDT, GENT, CAPT, ARHT, LOAD, ENIT, ENT = (1 << bit for bit in range(8))
TINT, PWMA, ENALL, CASC = (1 << bit for bit in range(8, 12))


def layout(counters: int, width: int) -> list[Register]:
    """The registers of a core with one or two counters of `width` bits."""
    found = []
    for n in range(counters):
        base = n * STRIDE
        bits = [
            field(f"MDT{n}", 0, 1, "capture (1) or generate"),
            field(f"UDT{n}", 1, 1, "counts down (1) or up"),
            field(f"GENT{n}", 2, 1, "drives generateout"),
            field(f"CAPT{n}", 3, 1, "takes capturetrig"),
            field(f"ARHT{n}", 4, 1, "loads again at the end; overwrites what was captured"),
            field(f"LOAD{n}", 5, 1, "stands at the load value"),
            field(f"ENIT{n}", 6, 1, "interrupts"),
            field(f"ENT{n}", 7, 1, "counts"),
            field(f"T{n}INT", 8, 1, "came to its end, or captured", write="oneToClear"),
            field(f"PWMA{n}", 9, 1, "part of the PWM"),
            field("ENALL", 10, 1, "both count; one bit, seen in both words"),
        ]
        if n == 0 and counters == 2:
            bits.append(field("CASC", 11, 1, "both are one counter"))
        found += [
            register(f"TCSR{n}", base + TCSR, "RW", 0, f"Control and status of counter {n}", *bits),
            register(f"TLR{n}", base + TLR, "RW", 0, f"What counter {n} starts from, or captured", field(f"TCLR{n}", 0, width)),
            register(f"TCR{n}", base + TCR, "R", 0, f"Where counter {n} stands", field(f"TCR{n}", 0, width)),
        ]
    return found


def mode_of(control: int) -> str:
    """What a counter whose TCSR holds `control` is set up for, in a word or two."""
    if control & PWMA and control & GENT and not control & MDT:
        return "PWM"
    if control & MDT:
        return "capture" if control & CAPT else "counting on"
    return "periodic" if control & ARHT else "one-shot"
