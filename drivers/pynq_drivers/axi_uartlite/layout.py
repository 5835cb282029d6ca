"""The registers of AXI UART Lite, for designs that list none.

Source: AMD PG142, AXI UART Lite v2.0: "Register Space".
"""

from __future__ import annotations

from pynq_drivers.axi_uartlite import registers as r
from pynq_drivers.layout import field, register

LAYOUT = (
    register("RX_FIFO", r.RX_FIFO, "R", 0, "Characters that were received", field("RX_DATA", 0, 8, read="modify"), guard=True),
    register("TX_FIFO", r.TX_FIFO, "W", 0, "Characters to be sent", field("TX_DATA", 0, 8)),
    register(
        "STAT_REG",
        r.STAT,
        "R",
        r.TX_EMPTY,
        "State of the FIFOs, and errors",
        field("RX_FIFO_Valid_Data", 0, description="A character waits"),
        field("RX_FIFO_Full", 1),
        field("TX_FIFO_Empty", 2),
        field("TX_FIFO_Full", 3),
        field("Intr_Enabled", 4),
        field("Overrun_Error", 5, description="A character was lost; a read forgets it", read="clear"),
        field("Frame_Error", 6, description="A character came without its stop bit; a read forgets it", read="clear"),
        field("Parity_Error", 7, description="A character came with a wrong parity; a read forgets it", read="clear"),
    ),
    register(
        "CTRL_REG",
        r.CTRL,
        "W",
        0,
        "Empties the FIFOs, enables the interrupt",
        field("RST_TXFIFO", 0),
        field("RST_RXFIFO", 1),
        field("Enable_Intr", 4),
    ),
)
