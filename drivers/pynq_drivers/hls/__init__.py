"""Cores that HLS made, called as the C functions they were made from.

Source: AMD UG1399, Vitis High-Level Synthesis User Guide, "S_AXILITE Control Register Map", "Block-Level Control Protocols"
(``ap_ctrl_hs``, ``ap_ctrl_chain``, ``ap_ctrl_none``), "Interrupts of the S_AXILITE adapter", "AXI4 Master Interface".
"""
