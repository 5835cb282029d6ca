"""Words, bits, descriptors and limits of AXI CDMA that driver and model share.

Source: AMD PG034, AXI Central DMA v4.1: "Register Space", "Scatter Gather Transfer Descriptor Definition", "Customizing and Generating
the Core" (parameters), as remembered. What is less sure: the width of BTT, 23 bits in older revisions of the core and up to 26 in newer
ones, has no parameter in the design files seen; it is taken from the design's own BTT field, and is 23 where that is not told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pynq_drivers import parameters

CDMACR, CDMASR = 0x00, 0x04
CURDESC, CURDESC_MSB, TAILDESC, TAILDESC_MSB = 0x08, 0x0C, 0x10, 0x14
SA, SA_MSB, DA, DA_MSB, BTT = 0x18, 0x1C, 0x20, 0x24, 0x28

# CDMACR
TAIL_POINTER_ENABLED, RESET, SG_MODE, KEYHOLE_READ, KEYHOLE_WRITE, CYCLIC = 0x02, 0x04, 0x08, 0x10, 0x20, 0x40
IOC_IRQ_EN, DLY_IRQ_EN, ERR_IRQ_EN = 0x1000, 0x2000, 0x4000

# CDMASR
IDLE, SG_INCLUDED = 0x02, 0x08
DMA_INT_ERR, DMA_SLV_ERR, DMA_DEC_ERR = 0x10, 0x20, 0x40
SG_INT_ERR, SG_SLV_ERR, SG_DEC_ERR = 0x100, 0x200, 0x400
IOC_IRQ, DLY_IRQ, ERR_IRQ = 0x1000, 0x2000, 0x4000
ERRORS = DMA_INT_ERR | DMA_SLV_ERR | DMA_DEC_ERR | SG_INT_ERR | SG_SLV_ERR | SG_DEC_ERR
INTERRUPTS = IOC_IRQ | DLY_IRQ | ERR_IRQ

# A descriptor: offsets of its words, and its status.
DESCRIPTOR_SIZE = 64
NEXT, SOURCE, DESTINATION, CONTROL, STATUS = 0x00, 0x08, 0x10, 0x18, 0x1C
COMPLETE, DEC_ERR, SLV_ERR, INT_ERR = 0x80000000, 0x40000000, 0x20000000, 0x10000000

KEYHOLE_BURST = 16  # beats at most in a burst to one address (AXI's limit of FIXED bursts)
PAGE = 4096  # no burst crosses it; without the full data mover nobody parts one there
_BTT_BITS = 23


@dataclass(frozen=True)
class Configuration:
    """What a CDMA of a given design can do; sizes in bytes."""

    width: int  # of its memory interface
    burst: int  # beats
    address_bits: int
    length_bits: int  # of BTT
    realigns: bool  # has a data realignment engine (DRE)
    scatter_gather: bool
    lite: bool  # one burst a transfer; scatter-gather is never lite
    keyhole: bool

    @property
    def longest(self) -> int:
        """The longest transfer, or the longest of one descriptor."""
        most = (1 << self.length_bits) - 1
        return min(most, self.width * self.burst) if self.lite else most

    @classmethod
    def of(cls, given: Any, length_bits: int | None) -> Configuration:
        """As the parameters `given` say; `length_bits` is the width of the BTT field where the design tells it."""
        scatter_gather = parameters.integer(given, "C_INCLUDE_SG", 1) != 0
        burst = parameters.integer(given, "C_M_AXI_MAX_BURST_LEN", 16)
        return cls(
            width=parameters.integer(given, "C_M_AXI_DATA_WIDTH", 32) // 8,
            burst=burst,
            address_bits=parameters.integer(given, "C_M_AXI_ADDR_WIDTH", parameters.integer(given, "C_ADDR_WIDTH", 32)),
            length_bits=length_bits or _BTT_BITS,
            realigns=parameters.integer(given, "C_INCLUDE_DRE", 0) != 0,
            scatter_gather=scatter_gather,
            lite=parameters.integer(given, "C_USE_DATAMOVER_LITE", 0) != 0 and not scatter_gather,
            # Cores that have no such parameter have the bits always.
            keyhole=parameters.integer(given, "C_ENABLE_KEYHOLE", 1) != 0 and burst <= KEYHOLE_BURST,
        )


def length_bits(module: Any) -> int | None:
    """Width of the field of BTT in the design's description of the IP, None where it has none."""
    for block in getattr(module, "blocks", ()):
        for register in block.registers:
            if register.offset == BTT and register.fields:
                widest = max(field.bit_offset + field.bit_width for field in register.fields)
                if 8 <= widest <= 26:
                    return int(widest)
    return None
