"""DefaultHierarchy and drivers of hierarchies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultHierarchy, DefaultIP, Overlay, UnsupportedConfiguration

CORE = "me.org:test:core:1.0"


@pytest.fixture
def nested(write_design: Callable[..., Path]) -> Path:
    return write_design({"a/b/core": CORE, "a/core": CORE, "a/logic": ("xilinx.com:ip:xlconcat:2.1", []), "plain/logic": ("x:y:z:1.0", [])})


def test_sub_hierarchies_and_ip_are_attributes(nested: Path, device: Any) -> None:
    ol = Overlay(nested, device=device)
    assert type(ol.a) is type(ol.a.b) is DefaultHierarchy
    assert ol.a.b.core is ol["a/b/core"] is ol.a["b/core"] is ol["a"]["b"]["core"]
    assert ol.a.core is not ol.a.b.core
    assert repr(ol.a.b) == "<DefaultHierarchy a/b, 1 block>"
    assert {"b", "core"} <= set(dir(ol.a))
    assert "logic" not in dir(ol.a)  # wires that are joined: quiet
    assert ol.a.logic is ol["a/logic"]
    assert list(ol.a) == ["b", "core", "logic"]
    assert "b/core" in ol.a
    assert "x" not in ol.a
    assert ol.a._ipython_key_completions_() == ["b", "b/core", "core", "logic"]
    assert ol.a.panel() is None


def test_a_number_does_not_take_the_place_of_a_block(nested: Path, device: Any) -> None:
    class Stand:
        pass

    ol = Overlay(nested, device=device)
    for block, owner in ((ol, "overlay"), (ol.a, "hierarchy")):
        with pytest.raises(AttributeError) as caught:
            setattr(block, "a" if owner == "overlay" else "core", 0b1010)
        assert str(caught.value).startswith(f"'{'a' if owner == 'overlay' else 'core'}' is a block of {owner} ")
        assert ": 10 was not written. Write a register of it, as in ." in str(caught.value)
    assert isinstance(ol.a.core, DefaultIP)
    ol.note = 5  # not a name of the design
    ol.a.core = stand = Stand()  # a class may put a driver of its own there
    assert (ol.note, ol.a.core) == (5, stand)


def test_a_hierarchy_with_no_address_in_it_is_there_too(nested: Path, device: Any) -> None:
    ol = Overlay(nested, device=device)
    assert "plain" not in ol.hierarchy_dict
    assert type(ol.plain) is DefaultHierarchy
    assert type(ol.plain.logic) is DefaultIP


def test_generated_docstring(nested: Path, device: Any) -> None:
    text = Overlay(nested, device=device).a.__doc__ or ""
    assert text.startswith("Default documentation for hierarchy a. The following\nattributes are available on this hierarchy:\n")
    assert "IP Blocks\n---------\ncore                 : pynq_widgets.DefaultIP\n" in text
    assert "Hierarchies\n-----------\nb                    : pynq_widgets.DefaultHierarchy\n" in text
    assert "Blocks without an address" not in text
    assert text.endswith("Quiet: 1 block that software has no use for, by item: logic\n")
    text = Overlay(nested, device=device).plain.__doc__ or ""
    assert "Blocks without an address\n-------------------------\nlogic                : pynq_widgets.DefaultIP\n" in text


def test_wrong_name_suggests_the_near_ones(nested: Path, device: Any) -> None:
    ol = Overlay(nested, device=device)
    with pytest.raises(AttributeError) as error:
        _ = ol.a.coer
    assert str(error.value).startswith("hierarchy a has no attribute 'coer' (did you mean 'core'")
    with pytest.raises(AttributeError) as error:
        _ = ol.core
    assert str(error.value) == "overlay small has no attribute 'core' (did you mean 'a.core', 'a.b.core'?)"
    with pytest.raises(KeyError) as missing:
        ol.a["b/coer"]
    assert missing.value.args == ("hierarchy a/b has no IP, hierarchy or memory 'coer' (did you mean 'core'?)",)
    with pytest.raises(KeyError) as missing:
        ol.a["q/coer"]
    assert missing.value.args == ("hierarchy a has no IP, hierarchy or memory 'q/coer' (did you mean 'b/core', 'core'?)",)


def test_description_is_pynqs(nested: Path, device: Any) -> None:
    seen: list[dict[str, Any]] = []

    class Spy(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            seen.append(description)
            return False

    class CoreDriver(DefaultIP):
        bindto = [CORE]

    ol = Overlay(nested, device=device)
    assert [d["fullpath"] for d in seen] == ["a/b", "a", "plain"]
    for description in seen:
        assert {"ip", "hierarchies", "memories", "interrupts", "gpio", "fullpath", "device", "overlay"} <= set(description)
        assert type(description) is dict
        assert description["device"] is device
        assert description["overlay"] is ol
    below, above = seen[:2]
    assert above["hierarchies"]["b"] is below
    assert above["hierarchies"]["b"]["driver"] is DefaultHierarchy
    assert above["ip"]["core"]["driver"] is CoreDriver
    assert above["ip"]["core"]["type"] == CORE
    assert above["ip"]["core"]["fullpath"] == "a/core"
    assert ol.a.description is above
    assert ol.a.device is device


def test_a_driver_reaches_its_ip_in_its_init(nested: Path, device: Any) -> None:
    class Driver(DefaultHierarchy):
        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self.kept = self.core

        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "core" in description["ip"] and "b" in description["hierarchies"]

    ol = Overlay(nested, device=device)
    assert type(ol.a) is Driver
    assert ol.a.kept is ol.a.core is ol["a/core"]
    assert ol.drivers["a"] == (Driver, "checkhierarchy returned True")
    assert type(ol.a.b) is DefaultHierarchy


def test_newest_first_and_unregister(nested: Path, device: Any) -> None:
    class One(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "core" in description["ip"]

    class Two(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "core" in description["ip"]

    assert type(Overlay(nested, device=device).a) is Two
    Two.unregister()
    assert type(Overlay(nested, device=device).a) is One
    One.unregister()
    assert type(Overlay(nested, device=device).a) is DefaultHierarchy


def test_a_check_that_raises_is_warned_about_at_loading_and_skipped(nested: Path, device: Any) -> None:
    class Fine(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "core" in description["ip"]

    class Broken(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return bool(description["ip"]["no such ip"])

    with pytest.warns(UserWarning, match=r"checkhierarchy raised") as warned:
        ol = Overlay(nested, device=device)
    assert len(warned) == 1, "it raises for each hierarchy; once is enough"
    assert "Broken.checkhierarchy raised KeyError: 'no such ip' for hierarchy a/b; it is skipped where it raises." in str(warned[0].message)
    assert type(ol.a) is Fine
    assert "Broken raised KeyError: 'no such ip')" in ol.drivers["plain"].reason


def test_unsupported_configuration_falls_back(nested: Path, device: Any) -> None:
    class Refuses(DefaultHierarchy):
        def __init__(self, description: Any) -> None:
            raise UnsupportedConfiguration("no DMA here")

        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return description["fullpath"] == "a"  # type: ignore[no-any-return]

    ol = Overlay(nested, device=device)
    with pytest.warns(UserWarning, match=r"Configuration of a is not supported by .*Refuses: no DMA here. DefaultHierarchy is used."):
        assert type(ol.a) is DefaultHierarchy
    assert ol.drivers["a"].reason.endswith("Refuses refused the configuration: no DMA here")


def test_made_by_hand_it_needs_a_description() -> None:
    with pytest.raises(TypeError, match=r"^DefaultHierarchy needs the description of its hierarchy, not the NoneType None"):
        DefaultHierarchy(None)  # type: ignore[arg-type]


def test_made_of_a_description_alone_it_has_what_that_lists(device: Any) -> None:
    class Core(DefaultIP):
        bindto = ["me.org:test:lone_core:1.0"]

    core = {"phys_addr": 0x43C0_0000, "addr_range": 0x1000, "type": "me.org:test:lone_core:1.0"}
    bare = {"phys_addr": 0x43C1_0000, "addr_range": 0x1000, "type": None}
    below = {"ip": {"deep": dict(core)}, "hierarchies": {}}
    lone = DefaultHierarchy({"ip": {"core": core, "bare": bare}, "hierarchies": {"sub": below}, "device": device})
    assert type(lone.core) is Core
    assert lone.core is lone["core"]
    assert lone.core.device is device
    assert type(lone.bare) is DefaultIP
    assert type(lone.sub.deep) is Core
    assert lone["sub/deep"] is lone.sub.deep
    lone.sub.deep.write(4, 7)
    assert device.log == [("write", 0x43C0_0004, b"\x07\0\0\0")]
    assert list(lone) == ["core", "bare", "sub"]
    assert list(lone.ip_dict) == ["core", "bare"]
    assert repr(lone) == "<DefaultHierarchy with no path, 3 blocks>"
    with pytest.raises(AttributeError, match=r"^hierarchy with no path has no attribute 'cor' \(did you mean 'core'\?\)$"):
        lone.cor
    with pytest.raises(RuntimeError, match=r"^hierarchy with no path was made without an overlay, which is what takes snapshots"):
        lone.snapshot()


def test_a_description_alone_may_name_the_driver_and_leave_out_the_rest(device: Any) -> None:
    class Named(DefaultHierarchy):
        pass

    lone = DefaultHierarchy({"fullpath": "x", "hierarchies": {"sub": {"driver": Named, "fullpath": "x/sub"}}, "device": device})
    assert type(lone.sub) is Named
    assert lone.sub.device is device
    assert repr(lone.sub) == "<Named x/sub, 0 blocks>"


def test_a_hierarchy_without_a_driver_says_so_where_a_method_is_missing(nested: Path, device: Any) -> None:
    with pytest.raises(AttributeError, match=r"^hierarchy a has no attribute 'show' \(none of the drivers that are imported"):
        Overlay(nested, device=device).a.show()


def test_a_property_of_a_driver_that_fails_tells_the_real_reason(nested: Path, device: Any) -> None:
    class Driver(DefaultHierarchy):
        @property
        def level(self) -> int:
            return int(self.coer.read())

        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return description["fullpath"] == "a"  # type: ignore[no-any-return]

    with pytest.raises(AttributeError, match=r"^Driver\.level: hierarchy a has no attribute 'coer' \(did you mean 'core'"):
        _ = Overlay(nested, device=device).a.level
