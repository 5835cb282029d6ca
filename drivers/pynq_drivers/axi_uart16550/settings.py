"""Speed and framing of AXI UART 16550 in its registers.

Source: AMD PG143, AXI UART 16550 v2.0: "Line Control Register", "Divisor Latch": divisor = clock / (16 x baud rate), and that of 9600 baud
after a reset; the clock is that of the bus, or of the pin XIN.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynq_drivers import parameters
from pynq_drivers.axi_uart16550 import registers as r
from pynq_drivers.uart.frame import PARITIES, Format

_OFF = 0.05  # more than a receiver bears over the ten bits of a character


def format_of(lcr: int) -> Format:
    """What LCR says."""
    bits = 5 + (lcr & 3)
    stop = 1 if not lcr & r.TWO_STOPS else 1.5 if bits == 5 else 2
    parity = "none"
    if lcr & r.PARITY:
        even = bool(lcr & r.EVEN)
        parity = ("space" if even else "mark") if lcr & r.STICK else ("even" if even else "odd")
    return Format(bits, parity, stop)


def lcr_of(format: Format) -> int:
    """LCR for `format`; ValueError for stop bits that the core does not send."""
    if format.stop == (2 if format.bits == 5 else 1.5):
        raise ValueError(
            f"with {format.bits} data bits the core sends 1 or {1.5 if format.bits == 5 else 2} stop bits, not {format.stop:g}"
        )
    parity = {"none": 0, "odd": r.PARITY, "even": r.PARITY | r.EVEN}
    parity |= {"mark": r.PARITY | r.STICK, "space": r.PARITY | r.EVEN | r.STICK}
    assert parity.keys() == set(PARITIES)
    return (format.bits - 5) | (r.TWO_STOPS if format.stop != 1 else 0) | parity[format.parity]


def external_clock(given: Mapping[str, Any]) -> float | None:
    """Hz of the pin XIN, None where the bus' clock is used."""
    if not parameters.integer(given, "C_HAS_EXTERNAL_XIN", 0):
        return None
    return float(parameters.integer(given, "C_EXTERNAL_XIN_CLK_HZ", 25_000_000))


def divisor(clock: float, baud: float) -> int:
    """What divides `clock` (Hz) to `baud`; ValueError where no divisor comes near."""
    if not baud > 0:
        raise ValueError(f"a baud rate is more than 0, not {baud!r}")
    found = max(1, round(clock / (16 * baud)))
    if found > 0xFFFF or abs(clock / (16 * found) / baud - 1) > _OFF:
        near = clock / (16 * min(found, 0xFFFF))
        raise ValueError(f"{baud:g} baud cannot be made of a clock of {clock:g} Hz: the nearest is {near:.6g}, and 5 % is too far")
    return found
