"""The registers of AXI IIC, for designs that list none.

Source: AMD PG090, AXI IIC Bus Interface v2.1: "Register Space".
"""

from __future__ import annotations

from pynq_drivers.axi_iic import registers as r
from pynq_drivers.layout import field, register

_TIMES = {
    "TSUSTA": "Setup time of a repeated start",
    "TSUSTO": "Setup time of a stop",
    "THDSTA": "Hold time of a start",
    "TSUDAT": "Setup time of data",
    "TBUF": "Free time between a stop and a start",
    "THIGH": "High time of SCL",
    "TLOW": "Low time of SCL",
    "THDDAT": "Hold time of data",
}
_CONTROL = ("EN", "TX_FIFO_Reset", "MSMS", "TX", "TXAK", "RSTA", "GC_EN")
_STATUS = ("ABGC", "AAS", "BB", "SRW", "TX_FIFO_Full", "RX_FIFO_Full", "RX_FIFO_Empty", "TX_FIFO_Empty")

LAYOUT = (
    register("GIE", r.GIE, "RW", 0, "Lets enabled interrupts out", field("GIE", 31)),
    register(
        "ISR",
        r.ISR,
        "RW",
        0xD0,
        "What has happened; a written 1 inverts a bit",
        *(field(f"int{i}", i, write="oneToToggle") for i in range(8)),
    ),
    register("IER", r.IER, "RW", 0, "Which of it interrupts", *(field(f"int{i}", i) for i in range(8))),
    register("SOFTR", r.SOFTR, "W", 0, "Writing 0xA resets the core", field("RKEY", 0, 4)),
    register("CR", r.CR, "RW", 0, "Control", *(field(name, i) for i, name in enumerate(_CONTROL))),
    register(
        "SR", r.SR, "R", r.TX_EMPTY | r.RX_EMPTY, "State of the bus and the FIFOs", *(field(name, i) for i, name in enumerate(_STATUS))
    ),
    register("TX_FIFO", r.TX_FIFO, "W", 0, "Bytes to be sent", field("D7_D0", 0, 8), field("Start", 8), field("Stop", 9)),
    register("RX_FIFO", r.RX_FIFO, "R", 0, "Bytes that were received", field("D7_D0", 0, 8, read="modify"), guard=True),
    register("ADR", r.ADR, "RW", 0, "The core's own address as a target", field("Slave_Address", 1, 7)),
    register("TX_FIFO_OCY", r.TX_FIFO_OCY, "R", 0, "Words in the transmit FIFO, less one"),
    register("RX_FIFO_OCY", r.RX_FIFO_OCY, "R", 0, "Bytes in the receive FIFO, less one"),
    register("TEN_ADR", r.TEN_ADR, "RW", 0, "The upper three bits of an address of ten bits", field("MSB_of_Slave_Address", 0, 3)),
    register("RX_FIFO_PIRQ", r.RX_FIFO_PIRQ, "RW", 0, "How many received bytes interrupt, less one", field("Compare_Value", 0, 4)),
    register("GPO", r.GPO, "RW", 0, "Output pins"),
    *(register(name, getattr(r, name), "RW", None, f"{text}, in clocks") for name, text in _TIMES.items()),
)
