"""An SPI bus with a flash memory at select line 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pynq_drivers.axi_quad_spi.target import Flash

BASE = 0x44A1_0000


@pytest.fixture
def bus(build: Any, block: Any) -> Callable[..., Any]:
    """``bus(**parameters)``: a bench with an AXI Quad SPI ``spi`` of two select lines, and the chip in ``bench.flash``."""

    def make(autojump: bool = True, **parameters: Any) -> Any:
        given = {"C_FIFO_DEPTH": 16, "C_NUM_SS_BITS": 2, "C_NUM_TRANSFER_BITS": 8, "C_SCK_RATIO": 16, "C_SPI_MODE": 0, **parameters}
        registers = tuple(
            (name, offset, access)
            for name, offset, access in (
                ("DGIER", 0x1C, "read-write"),
                ("SPICR", 0x60, "read-write"),
                ("SPISR", 0x64, "read-only"),
                ("SPI_DTR", 0x68, "write-only"),
                ("SPI_DRR", 0x6C, "read-only"),
                ("SPI_SSR", 0x70, "read-write"),
            )
        )
        clocks = ("s_axi_aclk", "ext_spi_clk")
        one = block("spi", "xilinx.com:ip:axi_quad_spi:3.2", BASE, given, ("ip2intc_irpt",), registers=registers, clocks=clocks)
        bench = build(one, autojump=autojump)
        bench.flash = Flash()
        bench.model("spi").attach(0, bench.flash)
        return bench

    return make
