"""Clocks: what drives them, how fast the design makes them, and what it programs into the processing system."""

from __future__ import annotations

import re

from .model import Clock
from .module import Module
from .nets import Wiring
from .values import to_int

_FABRIC_CLOCK = re.compile(r"(?:fclk_clk|pl_clk|pl(?=[0-9]_ref_clk))([0-3])(?:_ref_clk)?$", re.IGNORECASE)
FABRIC_CLOCKS = 4


def read_clocks(host: Module | None, wiring: Wiring) -> tuple[Clock, ...]:
    clocks = []
    for name, ends in wiring.nets.items():
        for end in ends:
            if not end.drives or end.element.get("SIGIS") != "clk":
                continue
            index = None
            enabled, divisor0, divisor1 = True, None, None
            if host is not None and end.module is host:
                match = _FABRIC_CLOCK.match(end.port)
                if match:
                    index = int(match.group(1))
                    enabled, divisor0, divisor1 = fabric_clock(host, index)
            clocks.append(
                Clock(
                    name=name,
                    module=None if end.module is None else end.module.path,
                    pin=end.port,
                    frequency=to_int(end.element.get("CLKFREQUENCY")),
                    index=index,
                    enabled=enabled,
                    divisor0=divisor0,
                    divisor1=divisor1,
                )
            )
            break
    return tuple(clocks)


def fabric_clock(host: Module, index: int) -> tuple[bool, int | None, int | None]:
    """Whether the processing system's fabric clock is on, and its two divisors (UG585 register FCLKn_CLK_CTRL, UG1085 PLn_REF_CTRL)."""
    parameters = host.parameters
    if host.modtype == "processing_system7":
        enable = parameters.get(f"PCW_FPGA_FCLK{index}_ENABLE")
        first = parameters.get(f"PCW_FCLK{index}_PERIPHERAL_DIVISOR0")
        second = parameters.get(f"PCW_FCLK{index}_PERIPHERAL_DIVISOR1")
    elif host.modtype == "zynq_ultra_ps_e":
        enable = parameters.get(f"PSU__FPGA_PL{index}_ENABLE")
        first = parameters.get(f"PSU__CRL_APB__PL{index}_REF_CTRL__DIVISOR0")
        second = parameters.get(f"PSU__CRL_APB__PL{index}_REF_CTRL__DIVISOR1")
    else:
        enable = versal_setting(host, f"PS_USE_PMCPL_CLK{index}")
        first = versal_setting(host, f"PMC_CRP_PL{index}_REF_CTRL_DIVISOR0")
        second = None
    return to_int(enable) == 1, to_int(first), to_int(second)


def fabric_frequency(host: Module, index: int) -> float | None:
    """In MHz, as the design achieves it."""
    parameters = host.parameters
    if host.modtype == "processing_system7":
        text = parameters.get(f"PCW_ACT_FPGA{index}_PERIPHERAL_FREQMHZ") or parameters.get(f"PCW_FPGA{index}_PERIPHERAL_FREQMHZ")
    elif host.modtype == "zynq_ultra_ps_e":
        text = parameters.get(f"PSU__CRL_APB__PL{index}_REF_CTRL__ACT_FREQMHZ")
    else:
        text = versal_setting(host, f"PMC_CRP_PL{index}_REF_CTRL_ACT_FREQMHZ") or versal_setting(
            host, f"PMC_CRP_PL{index}_REF_CTRL_FREQMHZ"
        )
    try:
        return None if text is None or len(text) > 40 else float(text)
    except ValueError:
        return None


def versal_setting(host: Module, key: str) -> str | None:
    """A value of CIPS' settings, which are parameters of their own or stand as ``KEY VALUE`` pairs in one."""
    if key in host.parameters:
        return host.parameters[key]
    for name in ("PS_PMC_CONFIG_INTERNAL", "PS_PMC_CONFIG"):
        words = host.parameters.get(name, "").split()
        if key in words[:-1]:
            return words[words.index(key) + 1].strip("{}")
    return None


def fabric_source(host: Module, index: int) -> str | None:
    """The PLL that the clock is divided from."""
    if host.modtype == "processing_system7":
        return host.parameters.get(f"PCW_FCLK{index}_PERIPHERAL_CLKSRC")
    if host.modtype == "zynq_ultra_ps_e":
        return host.parameters.get(f"PSU__CRL_APB__PL{index}_REF_CTRL__SRCSEL")
    return versal_setting(host, f"PMC_CRP_PL{index}_REF_CTRL_SRCSEL")
