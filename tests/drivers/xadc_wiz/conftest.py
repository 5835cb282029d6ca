"""A monitor as a design has it: temperature, two supplies and one input in a sequence."""

from __future__ import annotations

from typing import Any

import pytest

LIMITS = (46573, 22500, 41287, 51763, 43322, 21190, 38229, 44622, 22937, 20753)


@pytest.fixture
def xadc(build: Any, block: Any) -> Any:
    """``xadc(**parameters)``: a bench with the core at ``ol.xadc``; `interrupt` False leaves that unconnected."""

    def make(interrupt: bool = True, autojump: bool = True, **more: Any) -> Any:
        given = {
            "C_CONFIGURATION_R1": 0x2000,
            "C_SEQUENCE_R0": 0x4700,
            "C_SEQUENCE_R1": 0x2,
            "C_SAMPLING_RATE": "100000.0",
            "C_INCLUDE_INTR": 1,
            "C_VAUX1": 1,
            **{f"C_ALARM_LIMIT_R{number}": word for number, word in enumerate(LIMITS)},
            **more,
        }
        one = block(
            "xadc", "xilinx.com:ip:xadc_wiz:3.3", 0x43C1_0000, given, ("ip2intc_irpt",) if interrupt else (), interface="s_axi_lite"
        )
        return build(one, autojump=autojump)

    return make
