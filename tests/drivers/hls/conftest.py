"""Small HLS cores and behaviours for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pynq_widgets.device import model
from pynq_widgets.device.simulated.registry import unregister

VLNV = "acme.com:hls:core:1.0"
CTRL = (("AP_START", 0, 1), ("AP_DONE", 1, 1), ("AP_IDLE", 2, 1), ("AP_READY", 3, 1), ("AUTO_RESTART", 7, 1))
CHAIN = (*CTRL[:4], ("AP_CONTINUE", 4, 1), CTRL[4])


@pytest.fixture
def behaves() -> Iterator[Callable[..., Any]]:
    """``behaves(function, prototype='')`` gives the core of the small design that behaviour, from the next load on."""

    def define(function: Any, prototype: str = "", vlnv: str = VLNV) -> None:
        model(vlnv, prototype=prototype)(function)
        defined.append(vlnv)

    defined: list[str] = []
    yield define
    for vlnv in defined:
        unregister(vlnv)


@pytest.fixture
def core_block(block: Any) -> Callable[..., Any]:
    """``core_block(register, ..., chain=False, control=True, interrupt=True, master=False)``: a core with these argument registers."""

    def make(*registers: Any, chain: bool = False, control: bool = True, interrupt: bool = True, master: bool = False, **more: Any) -> Any:
        own = (
            ("CTRL", 0, "read-write", CHAIN if chain else CTRL),
            *((n, 4 * i, "read-write") for i, n in enumerate(("GIER", "IP_IER", "IP_ISR"), 1)),
        )
        return block(
            more.pop("name", "core"),
            more.pop("vlnv", VLNV),
            0x43C0_0000,
            interrupts=("interrupt",) if interrupt else (),
            masters=("m_axi_gmem",) if master else (),
            registers=(*(own if control else ()), *registers),
            clocks=("ap_clk",),
            interface="s_axi_control",
            **more,
        )

    return make
