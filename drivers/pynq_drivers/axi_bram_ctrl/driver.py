"""What software does with the memory behind AXI BRAM Controller.

Source: AMD PG078, AXI BRAM Controller v4.1: "Memory Address Map"; the memory answers to whole words (narrow writes need
C_S_AXI_SUPPORTS_NARROW_BURST), so single bytes are put in by reading their word.
"""

from __future__ import annotations

from pynq_drivers.memory.driver import DesignMemory


class AxiBram(DesignMemory):
    """Block RAM as a sequence of 32-bit words and as bytes: ``bram[3] = 7``, ``bram[0:4]``, ``bram.load(b'...')``, ``bram.dump(16)``.

    ``allocate(..., target=bram)`` puts a buffer in it. Each word is one bus access. ``bram.array`` is the same memory as a view that
    ``numpy.asarray`` reads.
    """

    bindto = [f"xilinx.com:ip:axi_bram_ctrl:{version}" for version in ("4.0", "4.1")]

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return int(self.mmio.length)
