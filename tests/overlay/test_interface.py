"""Interfaces of an IP by their names, as code of PYNQ 2 has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.overlay import Overlay

SPANS = [
    ("S_AXI", "Reg", 0x4000_0000, 0x1000, "REGISTER"),
    ("S_AXI_TABLE", "Mem0", 0x5000_0000, 0x1000, "MEMORY"),
    ("S_AXI_TWO", "RegA", 0x6000_0000, 0x1000, "REGISTER"),
    ("S_AXI_TWO", "RegB", 0x6000_1000, 0x1000, "REGISTER"),
]


@pytest.fixture
def core(write_design: Callable[..., Path], device: Any) -> Any:
    return Overlay(write_design({"hier/core": ("xilinx.com:module_ref:core:1.0", SPANS)}), device=device).hier.core


def test_words_go_to_the_range_of_the_interface(core: Any, device: Any) -> None:
    core.S_AXI_TABLE.write(8, 7)
    assert core.S_AXI_TABLE.read(8) == 7
    assert core.S_AXI.read() == core.read()
    assert device.bus == [
        ("write", 0x5000_0008, b"\x07\0\0\0"),
        ("read", 0x5000_0008),
        ("read", 0x4000_0000),
        ("read", 0x4000_0000),
    ]


def test_its_range_and_its_registers(core: Any, device: Any) -> None:
    assert core.S_AXI_TABLE.mmio is core.mmios["S_AXI_TABLE"]
    assert core.S_AXI.register_map is core.register_map
    assert repr(core.S_AXI) == "<S_AXI of <DefaultIP hier/core at 0x40000000, 4 KB>>"
    with pytest.raises(KeyError, match=r"^\"the design lists no registers for 'S_AXI_TABLE/Mem0' of hier/core;"):
        core.S_AXI_TABLE.register_map
    assert device.bus == []


def test_what_is_no_attribute_of_it(core: Any) -> None:
    with pytest.raises(AttributeError) as error:
        core.S_AXI.CTRL
    assert str(error.value) == (
        "S_AXI of hier/core is one of its interfaces, with read, write, mmio and register_map; "
        "'CTRL' may be an attribute of hier/core itself"
    )
    with pytest.raises(AttributeError, match=r"^'S_AXI_TWO' of hier/core is ambiguous: S_AXI_TWO/RegA, S_AXI_TWO/RegB$"):
        core.S_AXI_TWO
    assert not hasattr(core, "S_AXI_THREE")
