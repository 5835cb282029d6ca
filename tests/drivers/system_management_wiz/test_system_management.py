"""The System Management Wizard: the places and the scales that differ from the XADC Wizard's, whose tests are those of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pynq_drivers.system_management_wiz.driver import SystemManagement, UltraScaleSystemManagement
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock


@pytest.fixture
def sysmon(build: Any, block: Any) -> Any:
    def make(**more: Any) -> Any:
        given = {
            "C_IS_DIABLO": 1,
            "C_FAMILY": "zynquplus",
            "C_SEQUENCE_R0": 0x100,
            "C_CONFIGURATION_R1": 0x2000,
            "C_ALARM_LIMIT_R0": 46996,
            **more,
        }
        return build(
            block("sysmon", "xilinx.com:ip:system_management_wiz:1.3", 0x8007_0000, given, ("ip2intc_irpt",), interface="S_AXI_LITE")
        )

    return make


def test_the_hard_block_stands_behind_the_rest(sysmon: Any) -> None:
    bench = sysmon()
    ip = bench.overlay.sysmon
    places = {name: handle.offset for name, handle in ip.registers.registers.items()}
    assert (places["ALARM"], places["GLOBAL_ENABLE"], places["INTERRUPT_ENABLE"]) == (0x8, 0x5C, 0x68)
    assert (places["TEMPERATURE"], places["VCC_PSINTLP"], places["CONFIGURATION_3"], places["TEMPERATURE_UPPER"]) == (
        0x400,
        0x42C,
        0x50C,
        0x540,
    )
    assert bench.accesses("sysmon", lambda: ip.temperature) == [("read", 0x400)]


def test_ultrascale_plus(sysmon: Any) -> None:
    bench = sysmon()
    ip = bench.overlay.sysmon
    assert isinstance(ip, SystemManagement)
    assert not isinstance(ip, UltraScaleSystemManagement)
    assert ip.temperature_upper == pytest.approx(85.0, abs=0.01)
    bench.model("sysmon").set_temperature(85.2)
    assert ip.temperature == pytest.approx(85.2, abs=0.1)
    assert ip.alarms() == ["temperature"]
    bench.model("sysmon").set("vcc_psaux", 1.75)
    assert ip.vcc_psaux == pytest.approx(1.75, abs=1e-3)


def test_ultrascale(sysmon: Any) -> None:
    bench = sysmon(C_IS_DIABLO=0, C_FAMILY="kintexu")
    ip = bench.overlay.sysmon
    assert isinstance(ip, UltraScaleSystemManagement)
    assert "VCC_PSINTLP" not in ip.registers.registers
    bench.model("sysmon").set_temperature(50.0)
    assert ip.temperature == pytest.approx(50.0, abs=0.1)
    assert ip.read(0x400) == round((50 + 273.8195) / 502.9098 * 4096) * 16


def test_the_published_design(hwh_folder: Path) -> None:
    overlay = Overlay(
        hwh_folder / "vision-agh__AUP-ZU3__peripherals_sobel-2024.2.hwh", device=SimulatedDevice(clock=VirtualClock(autojump=True))
    )
    ip = overlay.system_management_wiz_0
    assert ip.used == ["temperature", "vccint", "vccaux", "vccbram", "vp_vn", "vaux8", "vaux9"]
    assert (ip.temperature_upper, ip.vccint_upper, ip.vccint_lower) == (
        pytest.approx(85, abs=0.01),
        pytest.approx(0.92, abs=1e-4),
        pytest.approx(0.86, abs=1e-4),
    )
    assert ip.alarms() == []
    overlay.device.model_of("system_management_wiz_0").set_temperature(101)
    assert ip.alarms() == ["temperature"]
    ip.registers.refresh()
