"""What a look at AXI UART Lite must not touch: its registers as attributes, with the effects that designs do not tell.

Source: AMD PG142, AXI UART Lite v2.0: "Register Space" (Rx FIFO 0x0, Tx FIFO 0x4; STAT_REG 0x8: the error bits are cleared by a read).
"""

from __future__ import annotations

from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit, Word


class AxiUartLite(DefaultIP):
    """AXI UART Lite: its registers. Reading RX_FIFO takes a character, reading STAT_REG clears its errors, so that no display ever does."""

    bindto = ["xilinx.com:ip:axi_uartlite:2.0"]

    RX_FIFO = Word("RX_FIFO", access="read-only", onread="pop", help="Each read takes a character out of the receive FIFO")
    TX_FIFO = Word("TX_FIFO", access="write-only", onwrite="push", help="Each write puts a character into the transmit FIFO")
    overrun = Bit("STAT_REG", 5, onread="clear", help="A character was lost: the receive FIFO was full")
    frame_error = Bit("STAT_REG", 6, onread="clear", help="A character came without its stop bit")
    parity_error = Bit("STAT_REG", 7, onread="clear", help="A character came with a wrong parity")
