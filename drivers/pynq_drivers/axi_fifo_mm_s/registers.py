"""Words and bits of AXI4-Stream FIFO that driver and model share.

Source: AMD PG080, AXI4-Stream FIFO v4.3: "Register Space", "Interrupt Status Register", "Resets", "Customizing and Generating the Core"
(parameters), as remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pynq_drivers import parameters

ISR, IER, TDFR, TDFV, TDFD, TLR, RDFR, RDFO, RDFD, RLR, SRR, TDR, RDR = range(0x00, 0x34, 4)

# With the AXI4 data interface the two data ports stand behind it, at these offsets.
FULL_TDFD, FULL_RDFD = 0x0000, 0x1000

RESET_KEY = 0xA5
PARTIAL = 0x80000000  # RLR in cut-through mode: the packet goes on

RPURE, RPORE, RPUE, TPOE = 0x80000000, 0x40000000, 0x20000000, 0x10000000
TC, RC, TSE, TRC = 0x08000000, 0x04000000, 0x02000000, 0x01000000
RRC, TFPF, TFPE, RFPF, RFPE = 0x00800000, 0x00400000, 0x00200000, 0x00100000, 0x00080000
ALL = 0xFFF80000

ERRORS = {
    RPURE: "the receive length was read with no packet there",
    RPORE: "more words were read than the packet has",
    RPUE: "the receive FIFO was read while it was empty",
    TPOE: "the transmit FIFO was written while it was full",
    TSE: "the transmit length was not that of the words written",
}


@dataclass(frozen=True)
class Sideband:
    """What a FIFO of a given design carries beside the data."""

    destination_bits: int  # of TDEST, 0 where there is none
    keeps: bool  # TKEEP: a packet may end within a word

    @classmethod
    def of(cls, given: Any) -> Sideband:
        """As the parameters `given` say. A design that is silent about TKEEP is taken to have it, and about TDEST, not to."""
        bits = parameters.integer(given, "C_AXIS_TDEST_WIDTH", 4) if parameters.integer(given, "C_HAS_AXIS_TDEST", 0) else 0
        return cls(bits, parameters.integer(given, "C_HAS_AXIS_TKEEP", 1) != 0)
