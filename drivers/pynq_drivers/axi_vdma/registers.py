"""Words and bits of AXI VDMA that driver and model share.

Source: AMD PG020, AXI VDMA v6.3, "Register Space": the address map (table 2-5) and the details of each register; bits 5 and 6 of VDMACR,
which the guide calls reserved, choose the frame sync of older versions and read 2 after reset (Vivado's own register descriptions).
"""

from __future__ import annotations

# Where each channel's words begin: control and status, and the sizes and addresses of its frames.
MM2S, S2MM = 0x00, 0x30
MM2S_FRAME, S2MM_FRAME = 0x50, 0xA0

# From the start of a channel's control.
VDMACR, VDMASR, IRQ_MASK, REG_INDEX = 0x00, 0x04, 0x0C, 0x14
# From the start of its frame registers.
VSIZE, HSIZE, STRIDE, ADDRESSES = 0x00, 0x04, 0x08, 0x0C
# A bank of start addresses has so many words.
BANK = 16

# Of both channels.
FRMPTR_STS, PARK_PTR, VERSION = 0x24, 0x28, 0x2C
VERTICAL_FLIP, HSIZE_STATUS, VSIZE_STATUS = 0xEC, 0xF0, 0xF4

# VDMACR
RS, CIRCULAR, RESET, GENLOCK_EN, FRAME_CNT_EN = 0x1, 0x2, 0x4, 0x8, 0x10
FSYNC_TUSER, GENLOCK_INTERNAL = 0x40, 0x80
FRMCNT_IRQ_EN, DLYCNT_IRQ_EN, ERR_IRQ_EN, REPEAT_EN = 0x1000, 0x2000, 0x4000, 0x8000
FRAME_COUNT_SHIFT, DELAY_COUNT_SHIFT = 16, 24
CONTROL_RESET = 0x0001_0000 | FSYNC_TUSER | CIRCULAR

# VDMASR
HALTED = 0x1
INT_ERR, SLV_ERR, DEC_ERR, SOF_EARLY, EOL_EARLY, SOF_LATE = 0x10, 0x20, 0x40, 0x80, 0x100, 0x800
FRMCNT_IRQ, DLYCNT_IRQ, ERR_IRQ, EOL_LATE = 0x1000, 0x2000, 0x4000, 0x8000
INTERRUPTS = FRMCNT_IRQ | DLYCNT_IRQ | ERR_IRQ
# Frames or lines that were not as long as the channel was told: it goes on.
MISMATCHES = SOF_EARLY | EOL_EARLY | SOF_LATE | EOL_LATE
# Errors that halt a channel; of these only a reset helps.
FATAL = INT_ERR | SLV_ERR | DEC_ERR
# The bit of S2MM_VDMA_IRQ_MASK that keeps each from raising Err_Irq.
MASKS = {SOF_EARLY: 0x1, EOL_EARLY: 0x2, SOF_LATE: 0x4, EOL_LATE: 0x8}

# What the fields hold at most.
MAX_VSIZE, MAX_HSIZE, MAX_STRIDE = 0x1FFF, 0xFFFF, 0xFFFF
POINTER = 0x1F
READ_STORE_SHIFT, WRITE_STORE_SHIFT, WRITE_REF_SHIFT = 16, 24, 8

VERSION_6_3 = 0x6200_0000
