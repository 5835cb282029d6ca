"""The registers of AXI IIC, for its driver and its model.

Source: AMD PG090, AXI IIC Bus Interface v2.1: "Register Space".
"""

from __future__ import annotations

GIE, ISR, IER, SOFTR = 0x01C, 0x020, 0x028, 0x040
CR, SR, TX_FIFO, RX_FIFO = 0x100, 0x104, 0x108, 0x10C
ADR, TX_FIFO_OCY, RX_FIFO_OCY, TEN_ADR, RX_FIFO_PIRQ, GPO = range(0x110, 0x128, 4)
TSUSTA, TSUSTO, THDSTA, TSUDAT, TBUF, THIGH, TLOW, THDDAT = range(0x128, 0x148, 4)  # times of the bus in clocks

# ISR and IER. Writing a 1 to ISR inverts the bit.
ARBITRATION_LOST, TX_ERROR, TX_EMPTIED, RX_FILLED, BUS_FREED = (1 << bit for bit in range(5))
NOT_ADDRESSED, TX_HALF = 1 << 6, 1 << 7

# CR.
ENABLE, TX_RESET, MASTER, TRANSMIT, NO_ACKNOWLEDGE, REPEAT = (1 << bit for bit in range(6))

# SR.
BUSY, TX_FULL, RX_FULL, RX_EMPTY, TX_EMPTY = (1 << bit for bit in (2, 4, 5, 6, 7))

# What a word in TX_FIFO says beside its byte (dynamic controller logic).
START, STOP = 1 << 8, 1 << 9

DEPTH = 16  # of both FIFOs
RESET_KEY = 0xA
GLOBAL_ENABLE = 1 << 31
