"""Words and bits of AXI4-Stream FIFO that driver and model share.

Source: AMD PG080, AXI4-Stream FIFO v4.3: "Register Space", "Interrupt Status Register", "Resets".
"""

from __future__ import annotations

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
