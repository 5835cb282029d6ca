"""The table of what stands behind each IP of a folder of designs, and what it has to say of the real ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "coverage_of_designs.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_of_designs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_demonstration(tool: ModuleType, demo_design: Path) -> None:
    found = {each.vlnv: each for each in tool.behind(demo_design)}
    assert found["xilinx.com:ip:axi_dma:7.1"] == ("xilinx.com:ip:axi_dma:7.1", "AxiDMA", "AxiDmaModel", True)
    assert all(each.whole for each in found.values())
    assert "xilinx.com:ip:processing_system7:5.5" not in found


def test_the_table_counts_and_tells_what_lacks(tool: ModuleType, build: Any, block: Any) -> None:
    bench = build(
        block("leds", "xilinx.com:ip:axi_gpio:2.0", 0x4300_0000),
        block("thing", "xilinx.com:ip:thing:1.0", 0x4301_0000),
        block("mine", "me.org:user:mine:1.0", 0x4302_0000, registers=(("CTRL", 0, "read-write"),)),
    )
    text = tool.table(tool.behind(Path(bench.overlay.design.path)))
    assert text.splitlines() == [
        "count  type                        driver   model",
        "1      xilinx.com:ip:axi_gpio:2.0  AxiGPIO  AxiGpioModel",
        "1      xilinx.com:ip:thing:1.0     -        plain words",
        "xilinx.com:ip:*: 1 of 2 instances have driver and model (50.0 %)",
        "all types: 1 of 3 instances have driver and model (33.3 %)",
    ]
    every = tool.table(tool.behind(Path(bench.overlay.design.path)), every=True)
    assert "1      me.org:user:mine:1.0        -        registers of the design" in every.splitlines()


def test_nine_of_ten_of_the_real_ones_have_driver_and_model(tool: ModuleType, hwh_folder: Path) -> None:
    found = [each for path in sorted(hwh_folder.glob("*.hwh")) for each in tool.behind(path)]
    ours = [each for each in found if each.vlnv.startswith("xilinx.com:ip:")]
    assert len(ours) >= 271
    assert sum(each.whole for each in ours) >= 0.9 * len(ours)
