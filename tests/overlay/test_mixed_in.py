"""Classes of one's own beside ours: QICK's overlay is a dictionary of its configuration too, which PYNQ's overlay does not mind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultHierarchy, DefaultIP, Overlay, SimulatedDevice


class Configuration:
    """Items of its own."""

    def __getitem__(self, key: str) -> Any:
        return vars(self)["_cfg"][key]

    def __setitem__(self, key: str, value: Any) -> None:
        vars(self).setdefault("_cfg", {})[key] = value

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self)["_cfg"])

    def __contains__(self, key: object) -> bool:
        return key in vars(self)["_cfg"]


class Soc(Overlay, Configuration):
    def __init__(self, bitfile: Path) -> None:
        self._cfg: dict[str, Any] = {}
        self["board"] = "none"
        super().__init__(bitfile, download=False)
        self["core"] = self.core
        self.download()


def test_an_overlay_keeps_the_items_that_are_mixed_in(small: Path, active_device: Callable[[Any], Any]) -> None:
    active_device(SimulatedDevice("mixed in"))  # one that holds nothing yet: download=False is refused where another overlay is
    soc = Soc(small)
    assert soc["board"] == "none"
    assert list(soc) == ["board", "core"]
    assert "board" in soc
    assert "hier" not in soc
    with pytest.raises(KeyError, match="hier"):
        soc["hier"]
    assert soc.is_loaded()
    assert soc.core is not soc["core"]  # made anew after the download
    with pytest.raises(AttributeError, match="'core' is a block of"):
        soc.core = 5
    program = small.with_name("program.bin")
    program.write_bytes(bytes(4))
    soc.load_ip_data("core", program)
    assert soc.ip_dict["core"]["state"] == str(program)


def test_hierarchies_and_ip_do_too(small: Path) -> None:
    class Hierarchy(DefaultHierarchy, Configuration):
        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description)
            self["mode"] = 3

        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return True

    ip_dict = Overlay(small).ip_dict

    class Core(DefaultIP, Configuration):
        bindto = [ip_dict["core"]["type"]]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description)
            self["mode"] = 4

    try:
        ol = Overlay(small)
        assert (ol.core["mode"], list(ol.core)) == (4, ["mode"])
        hierarchy = getattr(ol, next(path for path in ol.hierarchy_dict if "/" not in path))
        assert (hierarchy["mode"], list(hierarchy)) == (3, ["mode"])
    finally:
        Core.unregister()
        Hierarchy.unregister()


def test_the_dictionaries_name_the_driver_and_the_device(small: Path) -> None:
    class Core(DefaultIP):
        bindto = [Overlay(small).ip_dict["core"]["type"]]

    try:
        ol = Overlay(small)
        assert ol.ip_dict["core"]["driver"] is Core
        assert all(issubclass(entry["driver"], DefaultIP) and entry["device"] is ol.device for entry in ol.ip_dict.values())
        for path, entry in ol.hierarchy_dict.items():
            assert issubclass(entry["driver"], DefaultHierarchy)
            assert all(inner["driver"] is ol.ip_dict[f"{path}/{name}"]["driver"] for name, inner in entry["ip"].items())
    finally:
        Core.unregister()
    assert ol.design is not None
    assert ol.design.ip_dict["core"]["driver"] is None  # the design knows no drivers
