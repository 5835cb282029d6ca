"""What a look at AXI Quad SPI must not touch: its registers as attributes, with the effects that designs do not tell.

Source: AMD PG153, AXI Quad SPI v3.2: "Register Space" (SPI DTR 0x68, SPI DRR 0x6C).
"""

from __future__ import annotations

from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Word


class AxiQuadSPI(DefaultIP):
    """AXI Quad SPI: its registers. Reading SPI_DRR takes what was received out of it, so that no display ever does."""

    bindto = ["xilinx.com:ip:axi_quad_spi:3.2"]

    SPI_DRR = Word("SPI_DRR", access="read-only", onread="pop", help="Each read takes one transfer out of the receive FIFO")
    SPI_DTR = Word("SPI_DTR", access="write-only", onwrite="push", help="Each write puts one transfer into the transmit FIFO")
