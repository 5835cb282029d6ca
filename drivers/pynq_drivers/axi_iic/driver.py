"""What a look at AXI IIC must not touch: its registers as attributes, with the effects that designs do not tell.

Source: AMD PG090, AXI IIC Bus Interface v2.1: "Register Space" (TX_FIFO 0x108, RX_FIFO 0x10C).
"""

from __future__ import annotations

from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Word


class AxiIIC(DefaultIP):
    """AXI IIC: its registers. Reading RX_FIFO takes a byte out of it, so that no display ever does."""

    bindto = [f"xilinx.com:ip:axi_iic:{version}" for version in ("2.0", "2.1")]

    RX_FIFO = Word("RX_FIFO", access="read-only", onread="pop", help="Each read takes a byte out of the receive FIFO")
    TX_FIFO = Word(
        "TX_FIFO", access="write-only", onwrite="push", help="Each write puts a byte, or a start or stop, into the transmit FIFO"
    )
