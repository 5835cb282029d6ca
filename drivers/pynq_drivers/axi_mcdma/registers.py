"""Words, bits and descriptors of AXI MCDMA that driver and model share.

Source: AMD PG288, AXI Multichannel DMA v1.1: "Register Space", "Scatter Gather Descriptor", "Interrupts", as remembered; offsets and bits
agree with those that AMD's public bare-metal driver uses. What is less sure is said in `model.py`.
"""

from __future__ import annotations

# Common words of a side, from its base.
MM2S, S2MM = 0x000, 0x500
CCR, CSR, CHEN, CHSER, ERR = 0x00, 0x04, 0x08, 0x0C, 0x10
TX_SCHEDULE, TX_WEIGHTS, TX_WEIGHTS_HIGH, TX_SERVICED, TX_CACHE, TX_INTERRUPTS = 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28
RX_DROPPED, RX_SERVICED, RX_CACHE, RX_INTERRUPTS = 0x14, 0x18, 0x1C, 0x20

# Words of a channel, from FIRST + its number x STRIDE.
FIRST, STRIDE = 0x40, 0x40
CR, SR, CURDESC, CURDESC_MSB, TAILDESC, TAILDESC_MSB = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
TX_PACKETS, RX_CHANNEL_DROPPED, RX_PACKETS = 0x18, 0x18, 0x1C
CHANNELS = 16

# CCR and CSR
RS, RESET = 0x1, 0x4
HALTED, IDLE = 0x1, 0x2

# ERR
DMA_INT_ERR, DMA_SLV_ERR, DMA_DEC_ERR = 0x01, 0x02, 0x04
SG_INT_ERR, SG_SLV_ERR, SG_DEC_ERR = 0x10, 0x20, 0x40
ERRORS = DMA_INT_ERR | DMA_SLV_ERR | DMA_DEC_ERR | SG_INT_ERR | SG_SLV_ERR | SG_DEC_ERR

# A channel's CR and SR; RS is CR's too.
CHANNEL_IDLE, ERROR_ELSEWHERE = 0x01, 0x08
DROP_IRQ, IOC_IRQ, DLY_IRQ, ERR_IRQ = 0x10, 0x20, 0x40, 0x80
INTERRUPTS = DROP_IRQ | IOC_IRQ | DLY_IRQ | ERR_IRQ

# A descriptor: offsets of its words; CONTROL of both sides, STATUS and SIDEBAND of each.
DESCRIPTOR_SIZE = 64
NEXT, BUFFER, CONTROL = 0x00, 0x08, 0x14
TX_SIDEBAND, TX_STATUS = 0x18, 0x1C
RX_STATUS, RX_SIDEBAND = 0x18, 0x1C
SOF, EOF = 0x80000000, 0x40000000  # CONTROL, to send
COMPLETE, DEC_ERR, SLV_ERR, INT_ERR = 0x80000000, 0x40000000, 0x20000000, 0x10000000
RX_SOF, RX_EOF = 0x08000000, 0x04000000
DESTINATION_SHIFT = 16  # TDEST in RX_SIDEBAND


def channel(number: int) -> int:
    """Offset of a channel's words from the base of its side."""
    return FIRST + STRIDE * number
