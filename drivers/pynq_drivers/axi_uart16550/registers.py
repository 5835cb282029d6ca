"""The registers of AXI UART 16550, for its driver and its model.

Source: AMD PG143, AXI UART 16550 v2.0: "Register Space". RBR, THR and DLL share a word, as do IER and DLM, IIR and FCR; bit DLAB of LCR
says which of them it is.
"""

from __future__ import annotations

BASE = 0x1000
RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR = (BASE + 4 * i for i in range(8))
THR = DLL = RBR
DLM = IER
FCR = IIR

# IER.
ON_RECEIVED, ON_EMPTY, ON_LINE, ON_MODEM = (1 << bit for bit in range(4))

# IIR: what interrupts, by priority.
NOTHING, LINE_STATUS, RECEIVED, TIMEOUT, EMPTY, MODEM = 0x1, 0x6, 0x4, 0xC, 0x2, 0x0
FIFOS = 0xC0

# FCR.
ENABLE, RESET_RX, RESET_TX = 1 << 0, 1 << 1, 1 << 2
TRIGGERS = (1, 4, 8, 14)  # by bits 7:6

# LCR.
TWO_STOPS, PARITY, EVEN, STICK, BREAK, DLAB = (1 << bit for bit in range(2, 8))

# MCR, and in MSR (lower half: changes) what it leads to in loop-back.
DTR, RTS, OUT1, OUT2, LOOP = (1 << bit for bit in range(5))
CTS, DSR, RI, DCD = (1 << bit for bit in range(4, 8))

# LSR.
READY, OVERRUN, PARITY_ERROR, FRAME_ERROR, BROKEN, HOLDING_EMPTY, ALL_EMPTY, FAULTS = (1 << bit for bit in range(8))
ERRORS = {OVERRUN: "overrun", PARITY_ERROR: "parity", FRAME_ERROR: "frame", BROKEN: "break"}

DEPTH = 16  # of both FIFOs
