"""PL: what the active device holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Device, Overlay, SimulatedDevice
from pynq_widgets.overlay.pl import PL


@pytest.fixture
def active() -> Iterator[SimulatedDevice]:
    device = SimulatedDevice("t")
    Device.active_device = device
    yield device
    Device.active_device = None


def test_before_anything_was_loaded(active: SimulatedDevice) -> None:
    assert (PL.bitfile_name, PL.timestamp) == (None, None)
    assert (PL.ip_dict, PL.mem_dict, PL.gpio_dict, PL.clock_dict, PL.devicetree_dict) == ({}, {}, {}, {}, {})


def test_what_was_loaded_last(active: SimulatedDevice, demo_design: Path, write_design: Callable[..., Path]) -> None:
    ol = Overlay(demo_design)
    assert PL.bitfile_name == str(demo_design)
    assert PL.timestamp == ol.timestamp != ""
    assert list(PL.ip_dict) == list(ol.ip_dict)
    assert PL.hierarchy_dict.keys() == ol.hierarchy_dict.keys()
    for name in ("interrupt_pins", "interrupt_controllers", "gpio_dict", "mem_dict", "clock_dict"):
        assert getattr(PL, name) == getattr(ol, name)
    Overlay(write_design({"core": "me.org:test:core:1.0"}))
    assert list(PL.ip_dict) == ["core", "ps7"]
    assert PL.interrupt_pins == {}


def test_a_file_that_was_changed_is_read_again(active: SimulatedDevice, write_design: Callable[..., Path]) -> None:
    Overlay(write_design({"old": "me.org:test:core:1.0"}))
    assert "old" in PL.ip_dict
    Overlay(write_design({"new": "me.org:test:core:1.0"}))
    assert list(PL.ip_dict) == ["new", "ps7"]


def test_states_are_forgotten(active: SimulatedDevice, small: Path, tmp_path: Path) -> None:
    ol = Overlay(small)
    data = tmp_path / "data.bin"
    data.write_bytes(b"\x07")
    PL.load_ip_data("core", data, zero=False)
    assert ol.core.read(0) == 7
    assert PL.ip_dict["core"]["state"] == str(data)
    PL.reset(ol.parser)
    assert PL.ip_dict["core"]["state"] is None
    ol.load_ip_data("core", data)
    assert PL.ip_dict["core"]["state"] == ol.ip_dict["core"]["state"] == str(data)
    ol.reset()
    assert PL.ip_dict["core"]["state"] is ol.ip_dict["core"]["state"] is None
    PL.clear_dict()
    assert PL.ip_dict == {}


def test_the_device_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Asked(Device):
        def __init__(self) -> None:
            super().__init__("asked")
            self.log: list[Any] = []

        def insert_device_tree(self, abs_dtbo: Any) -> None:
            self.log.append(("insert", abs_dtbo))

        def remove_device_tree(self, abs_dtbo: Any) -> None:
            self.log.append(("remove", abs_dtbo))

        def clear_devicetree(self) -> None:
            self.log.append("clear")

        def shutdown(self) -> None:
            self.log.append("shutdown")

        def update_partial_region(self, hier: str, parser: Any) -> None:
            self.log.append((hier, parser))

    device = Asked()
    Device.active_device = device
    try:
        PL.insert_device_tree(Path("/a.dtbo"))
        PL.remove_device_tree("/a.dtbo")
        PL.clear_devicetree()
        PL.shutdown()
        PL.update_partial_region("hier", None)
    finally:
        Device.active_device = None
    assert device.log == [("insert", "/a.dtbo"), ("remove", "/a.dtbo"), "clear", "shutdown", ("hier", None)]
