"""An AXI UART Lite with a terminal at its other end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

BASE = 0x42C0_0000
REGISTERS = (("RX_FIFO", 0, "read-only"), ("TX_FIFO", 4, "write-only"), ("STAT_REG", 8, "read-only"), ("CTRL_REG", 12, "write-only"))


@pytest.fixture
def port(build: Any, block: Any) -> Callable[..., Any]:
    """``port(**parameters)``: a bench with an AXI UART Lite ``uart`` and its other end in ``bench.line``; ``interrupt=False`` has none."""

    def make(interrupt: bool = True, autojump: bool = True, **parameters: Any) -> Any:
        given = {"C_BAUDRATE": 9600, "C_DATA_BITS": 8, "C_USE_PARITY": 0, "C_ODD_PARITY": 0, **parameters}
        pins = ("interrupt",) if interrupt else ()
        one = block("uart", "xilinx.com:ip:axi_uartlite:2.0", BASE, given, pins, registers=REGISTERS)
        bench = build(one, autojump=autojump)
        bench.line = bench.model("uart").line
        return bench

    return make
