"""The registers of AXI Quad SPI, for its driver and its model.

Source: AMD PG153, AXI Quad SPI v3.2: "Register Space".
"""

from __future__ import annotations

DGIER, IPISR, IPIER, SRR = 0x1C, 0x20, 0x28, 0x40
SPICR, SPISR, DTR, DRR, SSR, TX_OCCUPANCY, RX_OCCUPANCY = range(0x60, 0x7C, 4)

RESET_KEY = 0xA
GLOBAL_ENABLE = 1 << 31

# SPICR.
LOOP, ENABLE, MASTER, CPOL, CPHA, RESET_TX, RESET_RX, MANUAL_SELECT, INHIBIT, LSB_FIRST = (1 << bit for bit in range(10))
AFTER_RESET = INHIBIT | MANUAL_SELECT

# SPISR.
RX_EMPTY, RX_FULL, TX_EMPTY, TX_FULL, MODE_FAULT, NOT_SELECTED, _, NO_MASTER = (1 << bit for bit in range(8))

# IPISR and IPIER. Writing a 1 to IPISR inverts the bit.
FAULTED, _, SENT, _, RECEIVED_FULL, OVERRUN, HALF_EMPTY = (1 << bit for bit in range(7))
ALL_INTERRUPTS = 0x3FFF
