"""An I2C bus with a chip of sixteen registers at 0x50."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pynq_drivers.axi_iic.model import RegisterTarget

BASE = 0x4160_0000


@pytest.fixture
def bus(build: Any, block: Any) -> Callable[..., Any]:
    """``bus(**parameters)``: a bench with an AXI IIC ``iic`` and its chip in ``bench.chip``; ``interrupt=True`` connects its interrupt."""

    def make(interrupt: bool = False, **parameters: Any) -> Any:
        pins = ("iic2intc_irpt",) if interrupt else ()
        bench = build(block("iic", "xilinx.com:ip:axi_iic:2.1", BASE, {"C_IIC_FREQ": 100_000, **parameters}, pins))
        bench.chip = RegisterTarget(16)
        bench.chip.registers[:] = range(100, 116)
        bench.model("iic").attach(0x50, bench.chip)
        return bench

    return make
