"""The registers of AXI UART Lite, for its driver and its model.

Source: AMD PG142, AXI UART Lite v2.0: "Register Space".
"""

from __future__ import annotations

RX_FIFO, TX_FIFO, STAT, CTRL = 0x0, 0x4, 0x8, 0xC

# STAT_REG.
RX_VALID, RX_FULL, TX_EMPTY, TX_FULL, INTERRUPTS, OVERRUN, FRAME, PARITY = (1 << bit for bit in range(8))
ERRORS = {OVERRUN: "overrun", FRAME: "frame", PARITY: "parity"}

# CTRL_REG.
RESET_TX, RESET_RX, ENABLE = 1 << 0, 1 << 1, 1 << 4

DEPTH = 16  # of both FIFOs
