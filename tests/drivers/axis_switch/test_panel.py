"""The panel of the stream switch: what the page is told, and what it may ask."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_widgets import showing

BASE = 0x4400_0000


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    given = {"NUM_SI": 2, "NUM_MI": 3, "ROUTING_MODE": 1}
    middle = block("switch", "xilinx.com:ip:axis_switch:1.1", BASE, given, clocks=("aclk",), interface="S_AXI_CTRL")
    ends = [block("camera", "v:l:source:1.0", 0x4500_0000), block("screen", "v:l:sink:1.0", 0x4600_0000)]
    streams = [("camera", "M_AXIS", "switch", "S01_AXIS"), ("switch", "M02_AXIS", "screen", "S_AXIS")]
    return build(middle, *ends, streams=streams)


def test_making_it_touches_no_hardware(bench: Any, page: Any) -> None:
    switch = bench.overlay.switch
    assert bench.accesses("switch", lambda: switch.panel().look()) == []
    assert switch.panel() is switch.panel()
    told = {"sources": ["", "camera/M_AXIS"], "sinks": ["", "", "screen/S_AXIS"], "routes": None}
    assert switch.panel().look() == told


def test_it_reads_the_routes_alone(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.switch.panel())
    bench.overlay.switch.mi = [-1, 0, 1]
    reads = bench.accesses("switch", shown.reads)
    assert {entry[1] for entry in reads} <= {0x40, 0x44, 0x48}
    assert shown.panel.look()["routes"] == [None, 0, 1]


def test_a_click_goes_the_driver_s_way(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.switch.panel())
    assert shown.asks("disable") is None
    assert shown.panel.look()["routes"] == [None, None, None]
    assert shown.asks("connect", slave=1, master=2) is None
    bench.clock.advance(1e-6)
    assert bench.model("switch").routes == {2: 1}  # committed
    assert shown.panel.look()["routes"] == [None, None, 1]
    assert shown.asks("connect", slave=1, master=0) is None
    assert shown.panel.look()["routes"] == [1, None, None]
    assert shown.asks("disconnect", master=0) is None
    assert shown.panel.look()["routes"] == [None, None, None]
    assert shown.asks("default") is None
    assert shown.panel.look()["routes"] == [0, 1, None]
    assert bench.accesses("switch", lambda: shown.asks("connect", slave=7, master=0)) == []
    assert shown.asks("connect", slave=7, master=0) == "switch has the slave interfaces 0 to 1, not 7"


def test_a_saved_notebook_says_it_too(bench: Any, page: Any) -> None:
    panel = bench.overlay.switch.panel()
    assert "M02 screen/S_AXIS: not read" in panel.text()
    bench.overlay.switch.mi = [-1, 0, 1]
    page(panel).reads()
    assert "M02 screen/S_AXIS: S01 camera/M_AXIS" in panel.text()
    assert "M00: disabled" in panel.text()
    assert "S01 camera/M_AXIS" in showing.mimebundle(panel)["text/html"]
