"""Which blocks there is nothing to look at in."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pynq_widgets.design import Design, quiet_modules, read_design
from pynq_widgets.design.quiet import NOTHING, quiet

WIDTH = "it fits a bus or stream to another width, clock or protocol"


def module(vlnv: str | None, modtype: str = "") -> Any:
    return SimpleNamespace(vlnv=vlnv, modtype=modtype)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("axi_interconnect", "it passes on what other blocks read and write"),
        ("smartconnect", "it passes on what other blocks read and write"),
        ("axis_interconnect", "it passes on what other blocks read and write"),
        ("axi_register_slice", "it is a stage of registers in a bus or stream"),
        ("axis_register_slice", "it is a stage of registers in a bus or stream"),
        ("axi_protocol_converter", WIDTH),
        ("axi_dwidth_converter", WIDTH),
        ("axis_dwidth_converter", WIDTH),
        ("axis_clock_converter", WIDTH),
        ("axis_subset_converter", WIDTH),
        ("axis_data_fifo", "it queues what passes through it"),
        ("axis_broadcaster", "it splits or joins streams as they pass"),
        ("axis_switch", "it splits or joins streams as they pass"),
        ("xlconstant", "it is a constant"),
        ("ilconstant", "it is a constant"),
        ("xlconcat", "it only joins or splits wires"),
        ("ilslice", "it only joins or splits wires"),
        ("util_vector_logic", "it is a gate"),
        ("proc_sys_reset", "it makes resets"),
        ("clk_wiz", "it makes or passes on a clock or pin signals"),
        ("util_ds_buf", "it makes or passes on a clock or pin signals"),
        ("ila", "it is for the debugger, over its own cable"),
        ("system_ila", "it is for the debugger, over its own cable"),
        ("vio", "it is for the debugger, over its own cable"),
        ("debug_bridge", "it is for the debugger, over its own cable"),
        ("blk_mem_gen", "it is memory behind a controller"),
    ],
)
def test_quiet_by_type_where_software_reaches_nothing_of_it(name: str, why: str) -> None:
    assert quiet(module(f"xilinx.com:ip:{name}:1.0")) == why
    assert quiet(module(None, name)) == why
    assert quiet(module(f"xilinx.com:ip:{name}:1.0"), reached=True) == ""


@pytest.mark.parametrize(
    "name", ["axi_gpio", "axi_dma", "fir_compiler", "dfx_decoupler", "my_register_slicer", "xlconcatenate", "resampler"]
)
def test_others_are_not(name: str) -> None:
    assert quiet(module(f"xilinx.com:ip:{name}:1.0")) == ""


def test_a_block_of_no_type_is_not() -> None:
    assert quiet(module(None)) == ""


def test_of_the_demonstration(demo_design: Any) -> None:
    found = quiet_modules(read_design(demo_design))
    assert found["axi_interconnect_0"] == "it passes on what other blocks read and write"
    assert found["concat"] == "it only joins or splits wires"
    assert found["ps_reset"] == "it makes resets"
    assert not {"leds", "filter/dma", "filter/fir", "processing_system7_0", "bram"} & set(found)


def test_a_block_with_neither_address_nor_stream_is_and_one_of_either_is_not(small: Callable[..., Design]) -> None:
    design = small(("xilinx.com:ip:xlconstant:1.1", "me.org:user:light:1.0"))
    found = quiet_modules(design)
    assert found["zero"] == NOTHING
    reached = {span.slave for span in design.address_map}
    streaming = {end for link in design.connections if link.protocol == "axis" for end in (link.master, link.slave)}
    assert not reached & set(found)
    assert {path for path, why in found.items() if why == NOTHING}.isdisjoint(streaming)
    assert design.host is not None
    assert design.host.path not in found
