"""A character on a serial line: start bit, data bits (the lowest first), perhaps a parity bit, stop bits.

Source: AMD PG143, AXI UART 16550 v2.0, "Line Control Register"; PG142, AXI UART Lite v2.0, "Design Parameters". A receiver looks at the
middle of each of its own bit times, counted from the edge of the start bit, and at one stop bit only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PARITIES = ("none", "odd", "even", "mark", "space")


@dataclass(frozen=True)
class Format:
    """How characters are framed: `bits` of data (5 to 8), `parity` (one of `PARITIES`), `stop` bits (1, 1.5 or 2)."""

    bits: int = 8
    parity: str = "none"
    stop: float = 1

    def __post_init__(self) -> None:
        if self.bits not in (5, 6, 7, 8):
            raise ValueError(f"a character has 5 to 8 data bits, not {self.bits!r}")
        if self.parity not in PARITIES:
            raise ValueError(f"the parity is one of {', '.join(PARITIES)}, not {self.parity!r}")
        if self.stop not in (1, 1.5, 2):
            raise ValueError(f"a character has 1, 1.5 or 2 stop bits, not {self.stop!r}")

    def __str__(self) -> str:
        return f"{self.bits}{self.parity[0].upper()}{self.stop:g}"

    @property
    def length(self) -> float:
        """Bit times that a character takes."""
        return 1 + self.bits + (self.parity != "none") + self.stop

    def parity_of(self, value: int) -> int:
        """The parity bit of a character."""
        if self.parity in ("mark", "space"):
            return int(self.parity == "mark")
        return (value.bit_count() & 1) ^ (self.parity == "odd")

    def levels(self, value: int, *, wrong_parity: bool = False, no_stop: bool = False) -> tuple[int, ...]:
        """What stands on the line, a level a bit time, up to the first stop bit."""
        value &= (1 << self.bits) - 1
        parity = () if self.parity == "none" else (self.parity_of(value) ^ wrong_parity,)
        return (0, *(value >> i & 1 for i in range(self.bits)), *parity, int(not no_stop))


class Received(NamedTuple):
    """What a receiver makes of a frame: the character, and what was wrong with it."""

    value: int
    parity_error: bool = False
    frame_error: bool = False
    is_break: bool = False  # low for a whole character


def receive(levels: tuple[int, ...], ratio: float, own: Format) -> Received:
    """What a receiver of format `own` reads of `levels`; `ratio` is the sender's baud rate by the receiver's."""

    def at(bit: int) -> int:
        index = int((bit + 0.5) * ratio)
        return levels[index] if index < len(levels) else 1  # idle

    value = sum(at(1 + i) << i for i in range(own.bits))
    has_parity = own.parity != "none"
    parity_error = has_parity and at(1 + own.bits) != own.parity_of(value)
    frame_error = not at(1 + own.bits + has_parity)
    is_break = frame_error and not value and not (has_parity and at(1 + own.bits))
    return Received(value, parity_error, frame_error, is_break)
