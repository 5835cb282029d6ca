"""The Clocking Wizard, both sides; the registers of PG065 one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_drivers.clk_wiz import registers
from pynq_drivers.clk_wiz.dividers import best
from pynq_drivers.clk_wiz.model import LOCK_TIME
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

# Offset, reset value, and the bits that software sets, of a core with two outputs that can be changed and is watched.
ROWS: dict[str, tuple[int, int | None, int | str]] = {
    "RESET": (0x0, None, "write-only"),
    "STATUS": (0x4, 1, 0),
    "MONITOR": (0x8, 0, 0),
    "INTERRUPT_STATUS": (0xC, 0, 0),  # cleared by ones
    "INTERRUPT_ENABLE": (0x10, 0, 0xFFFF),
    "FEEDBACK": (0x200, 0x0000_0A01, 0x3FF_FFFF),
    "FEEDBACK_PHASE": (0x204, 0, 0xFFFF_FFFF),
    "OUTPUT_1": (0x208, 125 << 8 | 8, 0x3_FFFF),
    "OUTPUT_1_PHASE": (0x20C, 0, 0xFFFF_FFFF),
    "OUTPUT_1_DUTY": (0x210, 50_000, 0xFFFF_FFFF),
    "OUTPUT_2": (0x214, 20, 0xFF),
    "OUTPUT_2_PHASE": (0x218, 90_000, 0xFFFF_FFFF),
    "OUTPUT_2_DUTY": (0x21C, 50_000, 0xFFFF_FFFF),
}


@pytest.fixture
def wizard(build: Any, block: Any) -> Any:
    """``wizard(**parameters)``: 100 MHz come in; 123.08 and 50 MHz come out."""

    def make(autojump: bool = True, base: int | None = 0x43C1_0000, **more: Any) -> Any:
        given = {
            "C_USE_DYN_RECONFIG": 1,
            "C_ENABLE_CLOCK_MONITOR": 1,
            "C_PRIM_IN_FREQ": "100.000",
            "C_NUM_OUT_CLKS": 2,
            "C_MMCM_CLKFBOUT_MULT_F": "10.000",
            "C_MMCM_CLKOUT0_DIVIDE_F": "8.125",
            "C_MMCM_CLKOUT1_DIVIDE": 20,
            "C_CLKOUT1_REQUESTED_OUT_FREQ": "123.000",
            "C_CLKOUT1_OUT_FREQ": "123.07692",
            "C_CLKOUT2_REQUESTED_OUT_FREQ": "50",
            "C_CLKOUT2_OUT_FREQ": "50.000",
            "C_CLKOUT2_PHASE": "90.000",
            "C_VCO_MIN": "600.000",
            "C_VCO_MAX": "1200.000",
            **more,
        }
        one = block("clk", "xilinx.com:ip:clk_wiz:6.0", base, given, ("interrupt",), interface="s_axi_lite", pins=(("locked", "O"),))
        return build(one, autojump=autojump)

    return make


def test_each_register(wizard: Any, walk: Any) -> None:
    ip = wizard().overlay.clk
    rows = {**ROWS, "LOAD": (0x25C, 0, "read-write")}
    walk(ip, rows)


def test_loading(wizard: Any) -> None:
    bench = wizard(autojump=False)
    ip, model = bench.overlay.clk, bench.model("clk")
    ip.write(0x214, 10)
    assert model.frequencies == pytest.approx([123.0769e6, 50e6], rel=1e-6), "not yet at work"
    ip.write(0x25C, 3)
    assert model.frequencies == pytest.approx([123.0769e6, 100e6], rel=1e-6)
    assert (ip.read(0x4), ip.read(0x25C), bench.device.probe("clk/locked")) == (0, 3, 0)
    bench.clock.advance(LOCK_TIME)
    assert (ip.read(0x4), ip.read(0x25C), bench.device.probe("clk/locked")) == (1, 2, 1)
    ip.write(0x25C, 1)
    assert model.frequencies == pytest.approx([123.0769e6, 50e6], rel=1e-6), "those of the design"
    ip.write(0x0, 0x5)
    assert ip.read(0x214) == 10
    ip.write(0x0, 0xA)
    assert ip.read(0x214) == 20


def test_what_the_design_says(wizard: Any) -> None:
    ip = wizard().overlay.clk
    assert [(output.name, output.asked, output.got) for output in ip.outputs] == [
        ("clk_out1", 123e6, pytest.approx(123.07692e6)),
        ("clk_out2", 50e6, 50e6),
    ]
    assert repr(ip.outputs[0]) == "<clk.clk_out1: 123.077 MHz (123 MHz asked for) in the design>"
    assert (ip.outputs[1].phase, ip.outputs[1].duty, ip.outputs[1].frequency) == (90.0, 50.0, 50e6)
    assert ip.locked


def test_one_of_several(wizard: Any) -> None:
    bench = wizard()
    ip, model = bench.overlay.clk, bench.model("clk")
    assert ip.set_frequency(160e6) == pytest.approx(160e6)
    assert model.frequencies == pytest.approx([160e6, 50e6])
    assert ip.set_frequency(25e6, output=2) == 25e6
    with pytest.raises(ValueError, match=r"^clk cannot make 300 MHz of 100 MHz: nearest is 333\.333 MHz$"):
        ip.set_frequency(300e6, output=2)
    ip.restore_design()
    assert ip.outputs[1].frequency == 50e6


def test_the_only_one(wizard: Any) -> None:
    bench = wizard(C_NUM_OUT_CLKS=1)
    ip = bench.overlay.clk
    assert ip.set_frequency(74.25e6, tolerance=1e-4) == pytest.approx(74.25e6, rel=1e-4)
    assert bench.model("clk").frequencies == pytest.approx([74.25e6], rel=1e-4)
    assert bench.accesses("clk", lambda: ip.set_frequency(100e6))[:3] == [
        ("write", 0x200, registers.feedback(12.0, 1)),
        ("write", 0x208, 12),
        ("write", 0x25C, 3),
    ]


def test_what_is_refused(wizard: Any) -> None:
    bench = wizard()
    ip = bench.overlay.clk
    with pytest.raises(ValueError, match=r"^clk has the outputs 1 to 2, not 3$"):
        ip.set_frequency(1e8, output=3)
    with pytest.raises(ValueError, match=r"^a clock of clk has more than 0 Hz, not -5$"):
        ip.set_frequency(-5)
    bench.model("clk").source(False)
    assert not ip.locked
    with pytest.raises(TimeoutError, match=r"^clk did not lock within 0\.1 s: does its clock of 100 MHz come in\?$"):
        ip.set_frequency(160e6)
    bench.model("clk").source(True)
    ip.wait()


def test_fixed_clocks(wizard: Any) -> None:
    fixed = wizard(C_USE_DYN_RECONFIG=0).overlay.clk
    assert "FEEDBACK" not in fixed.registers.registers
    assert fixed.outputs[1].frequency == 50e6
    with pytest.raises(RuntimeError, match=r"^the clocks of clk are fixed in this design: it was made without Dynamic Reconfiguration$"):
        fixed.set_frequency(1e8)
    unseen = wizard(base=None).overlay.clk
    assert unseen.outputs[1].frequency == 50e6
    with pytest.raises(RuntimeError, match=r"^the clocks of clk are fixed in this design: software sees no address of it$"):
        unseen.set_frequency(1e8)


def test_watched_clocks(wizard: Any) -> None:
    bench = wizard()
    ip, model = bench.overlay.clk, bench.model("clk")
    ip.write(0x10, 1 << 13)
    model.trouble(1, "STOP")
    assert (ip.read(0x8), ip.read(0xC), bench.device.probe("clk/interrupt")) == (1 << 13, 1 << 13, 1)
    model.trouble(1, "STOP", on=False)
    ip.write(0xC, 1 << 13)
    assert (ip.read(0x8), ip.read(0xC), bench.device.probe("clk/interrupt")) == (0, 0, 0)
    with pytest.raises(ValueError, match=r"^clk watches the clocks 0 to 3 for OVER, UNDER, GLITCH, STOP, not 4 for 'STOP'$"):
        model.trouble(4, "STOP")
    with pytest.raises(ValueError, match=r"^clk watches no clocks in this design$"):
        wizard(C_ENABLE_CLOCK_MONITOR=0).model("clk").trouble(0, "STOP")


@settings(deadline=None, max_examples=30)
@given(st.floats(10e6, 400e6), st.sampled_from([33.333e6, 50e6, 100e6, 125e6]), st.booleans())
def test_dividers_are_within_their_limits(wanted: float, source: float, fine: bool) -> None:
    found = best(source, wanted, (600e6, 1200e6), fine)
    assert found is not None
    assert 600e6 <= source * found.multiply / found.divide <= 1200e6
    assert found.out == 1 or 2 <= found.out <= 128
    if fine:
        assert found.frequency(source) == pytest.approx(wanted, rel=0.07)


def test_the_published_designs(hwh_folder: Path) -> None:
    addressed = seen = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        if "clk_wiz" not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        overlay = Overlay(path, device=SimulatedDevice(clock=VirtualClock(autojump=True)))
        for name, module in overlay.design.modules.items():
            if module.vlnv and ":clk_wiz:" in module.vlnv:
                ip = overlay[name]
                seen += 1
                for output in ip.outputs:
                    port = module.ports.get(output.name)
                    if port is not None and port.frequency:
                        # What the design's file says of the pin is what the dividers make, or the same to a hertz or so of rounding.
                        assert output.got == pytest.approx(port.frequency, rel=0.02), f"{path.name} {name}"
                if ip.description.get("phys_addr") is not None:
                    assert ip.locked
                    ip.registers.refresh()
                    addressed += 1
                    if ip.reconfigurable:
                        assert ip.outputs[0].frequency == pytest.approx(ip.outputs[0].got)
                        assert ip.set_frequency(40e6) == pytest.approx(40e6, rel=1e-3)
    assert (addressed, seen) == (3, 28)
