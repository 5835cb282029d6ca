"""``pynq.overlay`` under the alias: what people reach into."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import SimulatedDevice, as_pynq, read_design

CORE = "me.org:test:extras_core:1.0"


def test_a_whole_design_gets_its_drivers(pynq: Any, demo_design: Path) -> None:
    import pynq.overlay as overlay

    design, device = read_design(demo_design), SimulatedDevice("t")
    ips = design.ip_dict
    description = overlay._complete_description(ips, design.hierarchy_dict, False, design.mem_dict, device, None)
    assert description["ip"].keys() == ips.keys()
    ol = pynq.Overlay(str(demo_design), device=device)
    for path, entry in description["ip"].items():
        assert entry["device"] is device
        assert entry["driver"] is ol.drivers[path].driver, path
        assert entry.items() >= ips[path].items()
    for entry in description["hierarchies"].values():
        assert entry["driver"] is overlay.DocumentHierarchy
        assert entry["overlay"] is None
    made = overlay._IPMap(description)
    assert type(made.leds) is type(ol.leds)
    assert set(made._keys()) >= set(ips)
    assert made._description is description
    assert "leds" in overlay._build_docstring(description, "demo", "overlay")


def test_the_registries_can_be_looked_at(pynq: Any) -> None:
    import pynq.overlay as overlay

    class Core(pynq.DefaultIP):  # type: ignore[misc,name-defined]
        bindto = [CORE]

    class Hierarchy(pynq.DefaultHierarchy):  # type: ignore[misc,name-defined]
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return False

    try:
        assert overlay._ip_drivers[CORE] is overlay._ip_drivers["me.org:test:extras_core"] is Core
        assert CORE in overlay._ip_drivers
        assert {CORE, "me.org:test:extras_core"} <= set(overlay._ip_drivers)
        assert len(overlay._ip_drivers) == len(list(overlay._ip_drivers)) >= 2
        assert Hierarchy in overlay._hierarchy_drivers
        assert next(iter(overlay._hierarchy_drivers)) is Hierarchy
    finally:
        Core.unregister()
        Hierarchy.unregister()
    assert CORE not in overlay._ip_drivers
    assert Hierarchy not in overlay._hierarchy_drivers
    assert overlay._classname(pynq.DefaultIP) == "pynq_widgets.DefaultIP"


def test_what_is_private_goes_with_the_alias(alias: None) -> None:
    import pynq.overlay as overlay  # type: ignore[import-not-found]

    assert hasattr(overlay, "_IPMap")
    as_pynq.uninstall()
    assert not hasattr(overlay, "_IPMap")
    as_pynq.install()


@pytest.mark.parametrize("name", ["Interrupt", "GPIO", "MMIO"])
def test_accessors_are_made_of_what_stands_in_the_package(pynq: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import pynq.overlay as overlay

    class Other:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.given = args

        @staticmethod
        def get_gpio_pin(index: int, **kwargs: Any) -> int:
            return index + 54

    monkeypatch.setattr(overlay, name, Other)
    ip = pynq.DefaultIP(
        {
            "phys_addr": 0x8000_0000,
            "addr_range": 0x1000,
            "type": CORE,
            "fullpath": "core",
            "device": SimulatedDevice("t"),
            "interrupts": {"irq": {"fullpath": "core/irq"}} if name == "Interrupt" else {},
            "gpio": {"reset": {"index": 2}} if name == "GPIO" else {},
        }
    )
    made = {"Interrupt": "irq", "GPIO": "reset", "MMIO": "mmio"}[name]
    given = {"Interrupt": ("core/irq",), "GPIO": (56, "out", 1), "MMIO": (0x8000_0000, 0x1000)}[name]
    assert type(getattr(ip, made)) is Other
    assert getattr(ip, made).given == given


def test_an_interrupt_that_is_not_there_is_warned_of_at_once(pynq: Any) -> None:
    bare = {
        "phys_addr": 0x8000_0000,
        "addr_range": 4,
        "type": CORE,
        "device": SimulatedDevice("t"),
        "interrupts": {"irq": {"fullpath": "a/b"}},
    }
    with pytest.warns(UserWarning, match=r"^Interrupt irq not created: No Pin of name a/b found"):
        ip = pynq.DefaultIP(bare)
    assert ip.irq is None


def test_an_overlay_and_its_copies(pynq: Any, demo_design: Path) -> None:
    device = SimulatedDevice("t")
    ol = pynq.Overlay(str(demo_design), device=device)
    assert isinstance(ol, pynq.Bitstream)
    for twin in (copy.copy(ol), copy.deepcopy(ol)):
        assert twin.leds is ol.leds
        assert twin.is_loaded()
        assert twin.device is device
    pynq.Overlay(str(demo_design), device=device)
    for stale in (ol, copy.copy(ol), copy.deepcopy(ol)):
        assert not stale.is_loaded()
        assert not hasattr(stale, "leds")
        assert hasattr(stale, "ip_dict")


def test_documented_things_are_made_by_functions(pynq: Any, demo_design: Path) -> None:
    import pynq.overlay as overlay

    ol = overlay.DocumentOverlay(str(demo_design), download=True)
    assert isinstance(ol, pynq.Overlay)
    assert "IP Blocks" in str(ol.__doc__)
    lone = overlay.DocumentHierarchy({"fullpath": "hier", "ip": {}, "hierarchies": {}})
    assert type(lone) is pynq.DefaultHierarchy
    assert str(lone.__doc__).startswith("Default documentation for hierarchy hier.")
