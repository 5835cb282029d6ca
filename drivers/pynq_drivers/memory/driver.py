"""What software does with a memory of the design: words, bytes, buffers, and a view.

Source: AMD PG150 (DDR4 SDRAM, MIG for UltraScale), UG586 (7 series MIG), PG313 (Versal NoC), PG112 (LMB BRAM Interface Controller): of each
no more than that it is memory in its address range. Registers of error correction stand behind interfaces of their own.
"""

from __future__ import annotations

from typing import Any

from pynq_widgets.overlay.memory import Memory


class DesignMemory(Memory):
    """A memory of the design: ``memory[0:4]``, ``memory.load(...)``, ``memory.dump(16)``, ``memory.array``, ``memory.allocate(...)``."""

    bindto = [
        "xilinx.com:ip:axi_noc:1.0",
        "xilinx.com:ip:axi_noc:1.1",
        "xilinx.com:ip:ddr4:2.2",
        "xilinx.com:ip:lmb_bram_if_cntlr:4.0",
        "xilinx.com:ip:mig_7series:4.1",
        "xilinx.com:ip:mig_7series:4.2",
    ]

    def panel(self) -> Any:
        """The buffer view, over a window of it."""
        from pynq_drivers.memory.panel import MemoryPanel

        return MemoryPanel.of(self)
