"""An AXI UART 16550 with a terminal at its other end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

BASE = 0x43C0_0000
NAMES = ("RBR_THR_DLL", "IER_DLM", "IIR_FCR", "LCR", "MCR", "LSR", "MSR", "SCR")


@pytest.fixture
def port(build: Any, block: Any) -> Callable[..., Any]:
    """``port(**parameters)``: a bench with an AXI UART 16550 ``uart`` and its other end in ``bench.line``; ``interrupt=False`` has none."""

    def make(interrupt: bool = True, autojump: bool = True, **parameters: Any) -> Any:
        pins = ("ip2intc_irpt",) if interrupt else ()
        registers = tuple((name, 0x1000 + 4 * i, "read-write") for i, name in enumerate(NAMES))
        given = {"C_IS_A_16550": 1, "C_HAS_EXTERNAL_XIN": 0, **parameters}
        wires = (("ctsn", "I"), ("rin", "I"), ("rtsn", "O"))
        one = block("uart", "xilinx.com:ip:axi_uart16550:2.0", BASE, given, pins, registers=registers, pins=wires)
        bench = build(one, autojump=autojump)
        bench.line = bench.model("uart").line
        return bench

    return make
