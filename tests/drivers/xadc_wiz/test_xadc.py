"""The XADC Wizard, both sides; the registers of PG091 one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

LIMITS = (46573, 22500, 41287, 51763, 43322, 21190, 38229, 44622, 22937, 20753)
EVENTS = 0x7FF

# Offset, reset value (None: what is measured), and the bits that software sets; status toggles, and has a test of its own.
ROWS: dict[str, tuple[int, int | None, int | str]] = {
    "RESET": (0x0, None, "write-only"),
    "ALARM": (0x8, 0, 0),
    "START": (0xC, None, "write-only"),
    "HARD_RESET": (0x10, None, "write-only"),
    "GLOBAL_ENABLE": (0x5C, 0, 0x8000_0000),
    "INTERRUPT_ENABLE": (0x68, 0, EVENTS),
    "TEMPERATURE": (0x200, None, 0),
    "VCCINT": (0x204, None, 0),
    "VCCAUX": (0x208, None, 0),
    "VP_VN": (0x20C, None, 0),
    "VREFP": (0x210, None, 0),
    "VREFN": (0x214, None, 0),
    "VCCBRAM": (0x218, None, 0),
    "SUPPLY_OFFSET": (0x220, None, 0),
    "ADC_OFFSET": (0x224, None, 0),
    "GAIN_ERROR": (0x228, None, 0),
    "VAUX1": (0x244, None, 0),
    **{f"{name}_MAX": (0x280 + 4 * i, None, 0) for i, name in enumerate(("TEMPERATURE", "VCCINT", "VCCAUX", "VCCBRAM"))},
    **{f"{name}_MIN": (0x290 + 4 * i, None, 0) for i, name in enumerate(("TEMPERATURE", "VCCINT", "VCCAUX", "VCCBRAM"))},
    "FLAGS": (0x2FC, None, 0),
    "CONFIGURATION_0": (0x300, 0, 0xFFFF),
    "CONFIGURATION_1": (0x304, 0x2000, 0xFFFF),
    "CONFIGURATION_2": (0x308, 0, 0xFFFF),
    "SEQUENCE_0": (0x320, 0x4700, 0xFFFF),
    "SEQUENCE_1": (0x324, 0x2, 0xFFFF),
    **{f"SEQUENCE_{i}": (0x320 + 4 * i, 0, 0xFFFF) for i in range(2, 8)},
    **{
        f"{name}_UPPER": (0x340 + 4 * i, LIMITS[i], 0xFFFF)
        for i, name in enumerate(("TEMPERATURE", "VCCINT", "VCCAUX", "OVER_TEMPERATURE"))
    },
    **{
        f"{name}_LOWER": (0x350 + 4 * i, LIMITS[4 + i], 0xFFFF)
        for i, name in enumerate(("TEMPERATURE", "VCCINT", "VCCAUX", "OVER_TEMPERATURE"))
    },
    "VCCBRAM_UPPER": (0x360, LIMITS[8], 0xFFFF),
    "VCCBRAM_LOWER": (0x370, LIMITS[9], 0xFFFF),
}


def test_each_register(xadc: Any) -> None:
    ip = xadc().overlay.xadc
    known = {name: handle.offset for name, handle in ip.registers.registers.items()}
    assert known == {**{name: row[0] for name, row in ROWS.items()}, "STATUS": 0x4, "INTERRUPT_STATUS": 0x60}
    for name, (offset, reset, writable) in ROWS.items():
        if isinstance(writable, str):
            assert ip.registers[name].access == writable
            continue
        before = ip.read(offset)
        assert reset in (None, before), name
        ip.write(offset, 0xFFFF_FFFF)
        assert ip.read(offset) == before | writable, name
        ip.write(offset, before)


def test_interrupt_status_toggles(xadc: Any) -> None:
    ip = xadc().overlay.xadc
    ip.write(0x60, 0x5)
    assert ip.read(0x60) == 0x5
    ip.write(0x60, 0x4)
    assert ip.read(0x60) == 0x1


def test_reading_the_status_clears_its_ends(xadc: Any) -> None:
    bench = xadc(autojump=False)
    ip = bench.overlay.xadc
    ip.read(0x4)
    assert ip.read(0x4) == 0
    bench.clock.advance(15e-6)
    assert ip.read(0x4) == 0x20
    bench.clock.advance(60e-6)
    assert (ip.read(0x4), ip.read(0x4)) == (0x60, 0)
    assert ip.registers["STATUS"].guard is not None


def test_both_resets(xadc: Any) -> None:
    bench = xadc()
    ip, model = bench.overlay.xadc, bench.model("xadc")
    model.set_temperature(80)
    model.set_temperature(30)
    ip.temperature_upper = 20
    ip.reset_extremes()
    assert ip.temperature_max == ip.temperature_min == ip.temperature
    assert ip.temperature_upper == pytest.approx(20, abs=0.01)
    ip.write(0x0, 0x5)
    assert ip.temperature_upper == pytest.approx(20, abs=0.01)
    ip.write(0x0, 0xA)
    assert ip.read(0x340) == LIMITS[0]


def test_units(xadc: Any) -> None:
    bench = xadc()
    ip, model = bench.overlay.xadc, bench.model("xadc")
    model.set_temperature(45.0)
    model.set("vccint", 0.985)
    model.set("vaux1", 0.25)
    assert ip.used == ["temperature", "vccint", "vccaux", "vccbram", "vaux1"]
    readings = ip.readings()
    assert readings == {
        "temperature": pytest.approx(45.0, abs=0.07),
        "vccint": pytest.approx(0.985, abs=0.0008),
        "vccaux": pytest.approx(1.82, abs=0.01),
        "vccbram": pytest.approx(1.0, abs=0.01),
        "vaux1": pytest.approx(0.25, abs=0.0003),
    }
    assert ip.read(0x200) & 0xF == 0, "12 bits at the top"
    assert (ip.temperature_upper, ip.temperature_lower) == (pytest.approx(85, abs=0.01), pytest.approx(60, abs=0.01))
    assert (ip.vccint_upper, ip.vccint_lower) == (pytest.approx(1.03, abs=1e-4), pytest.approx(0.97, abs=1e-4))
    units = {name: trait.unit for name, trait in ip.traits().items() if name in readings}
    assert units == {"temperature": "°C", "vccint": "V", "vccaux": "V", "vccbram": "V", "vaux1": "V"}
    ip.vccint_upper = 1.2
    assert ip.read(0x344) == round(1.2 / 3 * 65536)
    assert bench.accesses("xadc", lambda: ip.vccint) == [("read", 0x204)]


def test_a_temperature_alarm_has_a_hysteresis(xadc: Any) -> None:
    bench = xadc()
    ip, model = bench.overlay.xadc, bench.model("xadc")
    model.set_temperature(84.9)
    assert ip.alarms() == []
    model.set_temperature(86)
    assert ip.alarms() == ["temperature"]
    assert (ip.temperature_alarm, ip.over_temperature) == (True, False)
    assert ip.read(0x60) == 0x2
    model.set_temperature(130)
    assert ip.alarms() == ["over_temperature", "temperature"]
    model.set_temperature(65)
    assert ip.alarms() == ["temperature"], "below 70 the die is cool enough, but the alarm lasts down to 60"
    model.set_temperature(59)
    assert ip.alarms() == []
    assert ip.read(0x60) == 0x303
    assert (ip.temperature_max, ip.temperature_min) == (pytest.approx(130, abs=0.1), pytest.approx(41.5, abs=0.1))


def test_a_supply_alarm_is_a_window(xadc: Any) -> None:
    bench = xadc()
    ip, model = bench.overlay.xadc, bench.model("xadc")
    for volts, alarms in ((0.96, ["vccint"]), (1.0, []), (1.04, ["vccint"])):
        model.set("vccint", volts)
        assert ip.alarms() == alarms
    ip.vccint_upper = 1.1
    assert ip.alarms() == [], "the new limit counts at once"
    ip.CONFIGURATION_1 = 0x2004
    model.set("vccint", 0.5)
    assert ip.alarms() == [], "bit 2 takes the alarm away"


def test_alarms_raise_interrupts(xadc: Any) -> None:
    bench = xadc()
    ip, model = bench.overlay.xadc, bench.model("xadc")
    bench.clock.call_later(0.5, lambda: model.set_temperature(90))
    assert ip.wait_for_alarm("temperature", timeout=2) == ["temperature"]
    assert bench.clock.now() == pytest.approx(0.5, abs=0.01)
    assert bench.device.probe("xadc/ip2intc_irpt") == 0
    model.set_temperature(30)
    with pytest.raises(TimeoutError, match=r"^no alarm of xadc within 0\.2 s$"):
        ip.wait_for_alarm(timeout=0.2)
    with pytest.raises(ValueError, match=r"^xadc has alarms of over_temperature, temperature, vccint, vccaux, vccbram, not of 'vccin'$"):
        ip.wait_for_alarm("vccin")


def test_without_an_interrupt_it_looks(xadc: Any) -> None:
    bench = xadc(interrupt=False, C_INCLUDE_INTR=0)
    bench.clock.call_later(0.5, lambda: bench.model("xadc").set("vccint", 0.5))
    assert bench.overlay.xadc.wait_for_alarm(timeout=2) == ["vccint"]
    assert "INTERRUPT_STATUS" not in bench.overlay.xadc.registers.registers


def test_the_end_of_a_sequence_is_an_interrupt(xadc: Any) -> None:
    bench = xadc()
    ip = bench.overlay.xadc
    ip.write(0x5C, 0x8000_0000)
    ip.write(0x68, 1 << 4)
    ip.interrupt_pin.wait_blocking(timeout=1)
    assert ip.read(0x60) == 0x30
    assert bench.clock.now() == pytest.approx(5e-5, rel=0.1)


def test_what_there_is_not(xadc: Any) -> None:
    bench = xadc()
    with pytest.raises(ValueError, match=r"^xadc has the channels temperature, .*vaux1, not 'vaux2'$"):
        bench.model("xadc").set("vaux2", 0.5)
    with pytest.raises(ValueError, match=r"^a channel of xadc has a number, not nan$"):
        bench.model("xadc").set_temperature(float("nan"))
    with pytest.raises(AttributeError):
        bench.overlay.xadc.vaux2


def test_the_panel_is_a_strip_chart(xadc: Any) -> None:
    pytest.importorskip("ipywidgets")
    bench = xadc()
    ip = bench.overlay.xadc
    panels: list[Any] = []
    assert bench.accesses("xadc", lambda: panels.append(ip.panel())) == [], "nothing is read for a chart that nobody sees"
    assert sorted(panels[0].data())[:1]
    assert ip.panel() is panels[0]
    panels[0].close()


def test_the_published_designs(hwh_folder: Path) -> None:
    found = {}
    for path in sorted(hwh_folder.glob("*.hwh")):
        if "xadc_wiz" not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        overlay = Overlay(path, device=SimulatedDevice(clock=VirtualClock(autojump=True)))
        for name, entry in overlay.ip_dict.items():
            if ":xadc_wiz:" in str(entry["type"]) and "phys_addr" in entry:
                ip = overlay[name]
                overlay.device.model_of(name).set_temperature(55.5)
                assert ip.temperature == pytest.approx(55.5, abs=0.1)
                assert ip.temperature_upper == pytest.approx(85, abs=0.1)
                assert ip.vccint_lower < ip.vccint < ip.vccint_upper
                ip.registers.refresh()
                found[path.name.partition("__")[0]] = ip.used
    assert found == {
        "Xilinx": ["vp_vn", "vaux6", "vaux7", "vaux14", "vaux15"],
        "ihsanalhafiz": ["vaux1"],
        "pyrpl-fpga": ["vp_vn", "vaux0", "vaux1", "vaux8", "vaux9"],
    }
