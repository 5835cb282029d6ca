"""The registers of AXI Quad SPI, for designs that list none.

Source: AMD PG153, AXI Quad SPI v3.2: "Register Space".
"""

from __future__ import annotations

from pynq_drivers.axi_quad_spi import registers as r
from pynq_drivers.layout import field, register

_EVENTS: tuple[str, ...] = (
    "MODF",
    "Slave_MODF",
    "DTR_Empty",
    "DTR_Underrun",
    "DRR_Full",
    "DRR_Overrun",
    "TXFIFO_Half_Empty",
    "Slave_Select_Mode",
)
_EVENTS += ("DRR_Not_Empty", "CPOL_CPHA_Error", "Slave_Mode_Error", "MSB_Error", "Loopback_Error", "Command_Error")
_CONTROL = ("LOOP", "SPE", "Master", "CPOL", "CPHA", "TX_FIFO_Reset", "RX_FIFO_Reset", "Manual_Slave_Select", "Master_Inhibit", "LSB_First")

LAYOUT = (
    register("DGIER", r.DGIER, "RW", 0, "Lets enabled interrupts out", field("GIE", 31)),
    register(
        "IPISR",
        r.IPISR,
        "RW",
        0,
        "What has happened; a written 1 inverts a bit",
        *(field(name, i, write="oneToToggle") for i, name in enumerate(_EVENTS)),
    ),
    register("IPIER", r.IPIER, "RW", 0, "Which of it interrupts", *(field(name, i) for i, name in enumerate(_EVENTS))),
    register("SRR", r.SRR, "W", 0, "Writing 0xA resets the core"),
    register("SPICR", r.SPICR, "RW", r.AFTER_RESET, "Control", *(field(name, i) for i, name in enumerate(_CONTROL))),
    register(
        "SPISR",
        r.SPISR,
        "R",
        0xA5,
        "State of the FIFOs; a read forgets a mode fault",
        *(field(name, i) for i, name in enumerate(("RX_Empty", "RX_Full", "TX_Empty", "TX_Full"))),
        field("MODF", 4, read="clear"),
        *(field(name, 5 + i) for i, name in enumerate(("Slave_Mode_Select", "CPOL_CPHA_Error", "Slave_Mode_Error", "MSB_Error"))),
        *(field(name, 9 + i) for i, name in enumerate(("Loopback_Error", "Command_Error"))),
    ),
    register("SPI_DTR", r.DTR, "W", 0, "An element to be sent"),
    register("SPI_DRR", r.DRR, "R", 0, "An element that was received", guard=True),
    register("SPI_SSR", r.SSR, "RW", 0xFFFF, "Select lines; low is selected"),
    register("SPI_TXFIFO_OR", r.TX_OCCUPANCY, "R", 0, "Elements in the transmit FIFO, less one"),
    register("SPI_RXFIFO_OR", r.RX_OCCUPANCY, "R", 0, "Elements in the receive FIFO, less one"),
)
