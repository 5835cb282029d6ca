"""The registers of Debug Bridge, for its driver and its model.

Source: AMD PG245, Debug Bridge v3.0: "Register Space" (AXI to BSCAN, AXI to JTAG).
"""

LENGTH, TMS, TDI, TDO, CTRL = 0x00, 0x04, 0x08, 0x0C, 0x10
ENABLE, LOOPBACK = 1 << 0, 1 << 1
WORD = 32  # bits that are shifted at once, at most
