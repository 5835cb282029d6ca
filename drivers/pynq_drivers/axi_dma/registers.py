"""Words and bits of AXI DMA that driver and model share.

Source: AMD PG021, AXI DMA v7.1, "Register Space", "AXI DMA Register Address Map" (Direct Register Mode and Scatter/Gather Mode):
MM2S_DMACR and its kin at 0x00, S2MM's at 0x30; "Scatter Gather Descriptor" for the words of a descriptor.
"""

from __future__ import annotations

DMACR, DMASR = 0x00, 0x04
CURDESC, CURDESC_MSB, TAILDESC, TAILDESC_MSB = 0x08, 0x0C, 0x10, 0x14
ADDRESS, ADDRESS_MSB = 0x18, 0x1C  # SA or DA
LENGTH = 0x28
MM2S, S2MM = 0x00, 0x30  # where each channel's words begin

# DMACR
RS, RESERVED_ONE, RESET, KEYHOLE, CYCLIC = 0x1, 0x2, 0x4, 0x8, 0x10
IOC_IRQ_EN, DLY_IRQ_EN, ERR_IRQ_EN = 0x1000, 0x2000, 0x4000
THRESHOLD, DELAY = 16, 24  # where these two counts of 8 bits begin, in DMASR, too

# DMASR
HALTED, IDLE, SG_INCLUDED = 0x1, 0x2, 0x8
DMA_INT_ERR, DMA_SLV_ERR, DMA_DEC_ERR = 0x10, 0x20, 0x40
SG_INT_ERR, SG_SLV_ERR, SG_DEC_ERR = 0x100, 0x200, 0x400
IOC_IRQ, DLY_IRQ, ERR_IRQ = 0x1000, 0x2000, 0x4000
DMA_ERRORS = DMA_INT_ERR | DMA_SLV_ERR | DMA_DEC_ERR
ERRORS = DMA_ERRORS | SG_INT_ERR | SG_SLV_ERR | SG_DEC_ERR
INTERRUPTS = IOC_IRQ | DLY_IRQ | ERR_IRQ

# A descriptor: numbers of its words. Status bits 28 to 30 are DMASR's 4 to 6.
NXTDESC, NXTDESC_MSB, BUFFER, BUFFER_MSB, CONTROL, STATUS = 0, 1, 2, 3, 6, 7
EOF, SOF = 1 << 26, 1 << 27  # in CONTROL what the sender asks for, in STATUS what has been received
COMPLETE = 1 << 31
STATUS_ERRORS = 24  # how far DMASR's error bits stand to the left in STATUS
COUNT = (1 << 26) - 1
MOST_LENGTH_BITS = 26
