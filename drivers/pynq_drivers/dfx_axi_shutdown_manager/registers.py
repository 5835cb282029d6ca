"""The one register of the shutdown manager.

Source: AMD PG377, DFX AXI Shutdown Manager v1.0: "Register Space" (control and status at the same address; the bits as AMD's driver
``dfxasm`` tells them). PR AXI Shutdown Manager v1.0 (PG305) is the same core under its old name.
"""

from __future__ import annotations

from pynq_drivers.layout import field, register

CONTROL = 0x0
REQUESTED, BOTH, WRITES, READS = 1, 2, 4, 8
SHUT = REQUESTED | BOTH | WRITES | READS

LAYOUT = (
    register(
        "CONTROL_STATUS",
        CONTROL,
        "RW",
        0,
        "Asks for a shutdown, and says how far it is",
        field("REQUESTED", 0, 1, "1 asks for a shutdown, 0 lets traffic through"),
        field("IN_SHUTDOWN", 1, 1, "Reads and writes are shut down", access="R"),
        field("WRITES_IN_SHUTDOWN", 2, 1, "No write goes through", access="R"),
        field("READS_IN_SHUTDOWN", 3, 1, "No read goes through", access="R"),
    ),
)
