"""Cores of HDL Coder: told by their pins, driven by what all of them have."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pynq_drivers.hdl_coder.driver import HdlCoderCore
from pynq_drivers.hdl_coder.model import HdlCoderModel
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.design.kinds import kind_of

PINS = (("IPCORE_CLK", "I"), ("IPCORE_RESETN", "I"))

# Offset, reset value, access: the table of a core's report.
ROWS = {"IPCore_Reset": (0x0, None, "write-only"), "IPCore_Enable": (0x4, 1, "write-only"), "IPCore_Timestamp": (0x8, 0, 0)}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    return build(
        block("core", "xilinx.com:ip:Anything:1.0", 0x4300_0000, interface="AXI4_Lite", clocks=("AXI4_Lite_ACLK",), pins=PINS),
        block("other", "xilinx.com:ip:Nothing:1.0", 0x4301_0000, interface="AXI4_Lite", clocks=("AXI4_Lite_ACLK",), pins=PINS[:1]),
    )


def test_it_is_told_by_its_pins(bench: Any) -> None:
    assert type(bench.overlay.core) is HdlCoderCore
    assert isinstance(bench.model("core"), HdlCoderModel)
    assert type(bench.overlay.other).__name__ == "DefaultIP"
    assert "this one is for all IP of the kind hdl_coder" in bench.overlay.drivers["core"].reason
    assert kind_of(None, None, ()) is None


def test_its_registers(bench: Any, walk: Any) -> None:
    walk(bench.overlay.core, ROWS)
    with pytest.raises(AttributeError):
        bench.overlay.core.IPCore_Tmiestamp


def test_run_stop_and_reset(bench: Any) -> None:
    core, model = bench.overlay.core, bench.model("core")
    assert model.running
    assert bench.accesses("core", core.stop) == [("write", 4, 0)]
    assert not model.running
    assert bench.accesses("core", core.run) == [("write", 4, 1)]
    assert model.running
    core.write(0x100, 7)
    core.stop()
    assert core.read(0x100) == 7
    assert bench.accesses("core", core.reset) == [("write", 0, 1)]
    assert (model.running, core.read(0x100)) == (True, 0)


def test_when_it_was_made(bench: Any) -> None:
    core = bench.overlay.core
    assert core.built is None
    bench.model("core").stamp = 1805221532
    assert core.built == datetime(2018, 5, 22, 15, 32)
    assert bench.accesses("core", lambda: core.built) == [("read", 8)]


def test_the_published_designs(hwh_folder: Path) -> None:
    overlay = Overlay(hwh_folder / "strath-sdr__rfsoc_sam__rfsoc_sam-RFSoC4x2-2020.2.hwh", device=SimulatedDevice("hdl"))
    cores = [path for path in overlay.ip_dict if isinstance(overlay[path], HdlCoderCore)]
    assert len(cores) >= 6
    for path in cores:
        core = overlay[path]
        core.write(0x104, 3)
        assert core.read(0x104) == 3
        if "spectrum_analyser" in path:
            assert core.built is None
        else:
            with pytest.raises(RuntimeError, match=rf"^{path} sends a stream, and where such a core has its time stamp depends on how"):
                core.built
