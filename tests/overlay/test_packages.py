"""Drivers of installed packages, with packages made for the test."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultIP, Overlay
from pynq_widgets.overlay import packages

GROUP = packages.GROUP
INSTALLED = packages.installed  # each test has another in its place
CORE = "me.org:test:core:1.0"

DRIVER = """
from pynq_widgets import DefaultIP

class {name}(DefaultIP):
    bindto = {bindto!r}
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``install('module', source, **{entry point name: value})``: a package with entry points, gone after the test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    points: list[EntryPoint] = []
    modules: list[str] = []
    monkeypatch.setattr(packages, "installed", lambda: tuple(points))

    def install(module: str, source: str, names: dict[str, str]) -> None:
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
        modules.append(module)
        points.extend(EntryPoint(name, value, GROUP) for name, value in names.items())

    yield install
    for module in modules:
        sys.modules.pop(module, None)


@pytest.mark.parametrize("name", ["me.org:test:core", CORE])
def test_named_by_vlnv_without_version_or_with_it(name: str, install: Any, small: Path, device: Any) -> None:
    install("p_one", DRIVER.format(name="Core", bindto=[CORE]), {name: "p_one:Core"})
    ol = Overlay(small, device=device)
    assert type(ol.core).__name__ == "Core"
    assert ol.drivers["core"].reason == f"bindto has {CORE} (from package p_one)"
    assert type(ol.hier.other) is DefaultIP


def test_only_what_the_design_has_is_imported_and_only_when_touched(install: Any, small: Path, device: Any) -> None:
    install("p_core", DRIVER.format(name="Core", bindto=[CORE]), {"me.org:test:core": "p_core:Core"})
    install("p_unused", DRIVER.format(name="Unused", bindto=["me.org:test:unused:1.0"]), {"me.org:test:unused": "p_unused:Unused"})
    ol = Overlay(small, device=device)
    assert "p_core" not in sys.modules
    _ = ol.core
    _ = ol["hier/other"]
    repr(ol.drivers)
    assert "p_core" in sys.modules
    assert "p_unused" not in sys.modules


def test_a_failing_import_warns_once_and_harms_nothing_else(install: Any, small: Path, device: Any) -> None:
    install("p_broken", "raise RuntimeError('no licence')\n", {"me.org:test:core": "p_broken:Core"})
    install("p_other", DRIVER.format(name="Other", bindto=["me.org:test:other:2.1"]), {"me.org:test:other": "p_other:Other"})
    ol = Overlay(small, device=device)
    with pytest.warns(UserWarning, match=r"could not be imported") as seen:
        assert type(ol.core) is DefaultIP
    assert [str(w.message) for w in seen] == [
        "The driver 'p_broken:Core' of the installed package p_broken, for me.org:test:core, could not be imported: "
        "RuntimeError: no licence. The IP gets another driver."
    ]
    assert type(ol.hier.core) is DefaultIP
    assert type(ol.hier.other).__name__ == "Other"


def test_own_class_wins_even_if_the_package_was_imported_later(install: Any, small: Path, device: Any) -> None:
    class Mine(DefaultIP):
        bindto = [CORE]

    install("p_two", DRIVER.format(name="Core", bindto=[CORE]), {"me.org:test:core": "p_two:Core"})
    __import__("p_two")
    ol = Overlay(small, device=device)
    assert type(ol.core) is Mine
    Mine.unregister()
    assert type(Overlay(small, device=device).core).__name__ == "Core"


def test_other_version_in_a_package_warns(install: Any, small: Path, device: Any) -> None:
    install("p_old", DRIVER.format(name="Core", bindto=["me.org:test:core:0.9"]), {"me.org:test:core": "p_old:Core"})
    ol = Overlay(small, device=device)
    with pytest.warns(UserWarning, match=r"IP core is of type me.org:test:core:1.0 and driver found for \[me.org:test:core:0.9\]"):
        assert type(ol.core) is DefaultIP
    assert type(Overlay(small, device=device, ignore_version=True).core).__name__ == "Core"


def test_a_class_without_bindto_is_bound_by_the_name_of_its_entry_point(install: Any, small: Path, device: Any) -> None:
    install("p_bare", "from pynq_widgets import DefaultIP\nclass Core(DefaultIP):\n    pass\n", {CORE: "p_bare:Core"})
    assert type(Overlay(small, device=device).core).__name__ == "Core"


def test_a_module_stands_for_the_drivers_in_it(install: Any, small: Path, device: Any) -> None:
    install("p_module", DRIVER.format(name="Core", bindto=[CORE]), {"me.org:test:core": "p_module"})
    assert type(Overlay(small, device=device).core).__name__ == "Core"


def test_what_is_no_driver_is_ignored_with_a_warning(install: Any, small: Path, device: Any) -> None:
    install("p_wrong", "Core = 3\n", {"me.org:test:core": "p_wrong:Core"})
    ol = Overlay(small, device=device)
    with pytest.warns(UserWarning, match=r"p_wrong:Core of the installed package p_wrong names no subclass of DefaultIP; it is ignored."):
        assert type(ol.core) is DefaultIP


def test_the_entry_points_are_those_of_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("a:b:c", "x:Y", GROUP)
    monkeypatch.setattr(packages, "entry_points", lambda *, group: (point,) if group == "pynq_widgets.drivers" else ())
    assert INSTALLED() == (point,)


def test_modules_that_packages_name_for_pynq(install: Any, small: Path, device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import pynq_widgets

    install("p_for_pynq", DRIVER.format(name="ForPynq", bindto=[CORE]), {})
    points = [EntryPoint("one", "p_for_pynq", "pynq.lib"), EntryPoint("two", "p_that_is_not_there", "pynq.lib")]
    monkeypatch.setattr(packages, "entry_points", lambda group: points if group == "pynq.lib" else ())
    monkeypatch.setattr(packages, "_tried", set())
    assert type(Overlay(small, device=device).core) is DefaultIP  # nobody has asked for PYNQ
    monkeypatch.setitem(sys.modules, "pynq", pynq_widgets)
    with pytest.warns(UserWarning, match="which it names for pynq.lib") as warned:
        ol = Overlay(small, device=device)
    assert [str(w.message) for w in warned] == [
        "The module 'p_that_is_not_there' of the installed package p_that_is_not_there, which it names for pynq.lib, could not be "
        "imported: ModuleNotFoundError: No module named 'p_that_is_not_there'. Drivers in it do not bind."
    ]
    assert type(ol.core).__name__ == "ForPynq"
    Overlay(small, device=device)  # tried once


def test_a_pynq_that_is_not_ours_is_left_alone(small: Path, device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynq", sys.modules[__name__])
    monkeypatch.setattr(packages, "entry_points", lambda group: [EntryPoint("x", "p_x", "pynq.lib")] if group == "pynq.lib" else ())
    Overlay(small, device=device)


GENERAL = "from pynq_widgets import DefaultIP\n\nclass General(DefaultIP):\n    pass\n"


def test_a_name_without_colons_is_a_kind_whose_driver_is_for_what_has_no_other(install: Any, demo_design: Path, device: Any) -> None:
    install("p_general", GENERAL, {"hls": "p_general:General"})
    install("p_add", DRIVER.format(name="Add", bindto=["pynq-widgets:hls:add:1.0"]), {"pynq-widgets:hls:add": "p_add:Add"})
    ol = Overlay(demo_design.parent / "hls.hwh", device=device)
    assert "p_general" not in sys.modules
    assert type(ol.intc) is DefaultIP  # HLS did not make it
    assert "p_general" not in sys.modules
    assert type(ol.add).__name__ == "Add"
    assert "p_general" not in sys.modules
    assert type(ol.weigh).__name__ == "General"
    assert ol.drivers["weigh"].reason == (
        "no driver is known for pynq-widgets:hls:weigh:1.0; this one is for all IP of the kind hls (from package p_general)"
    )

    class Mine(DefaultIP):
        bindto = ["pynq-widgets:hls:weigh:1.0"]

    try:
        assert type(Overlay(demo_design.parent / "hls.hwh", device=device).weigh) is Mine
    finally:
        Mine.unregister()


def test_a_driver_of_a_kind_that_cannot_be_imported_leaves_the_default(install: Any, demo_design: Path, device: Any) -> None:
    install("p_general", "raise RuntimeError('no licence')\n", {"hls": "p_general:General"})
    ol = Overlay(demo_design.parent / "hls.hwh", device=device)
    with pytest.warns(
        UserWarning, match=r"^The driver 'p_general:General' of the installed package p_general, for hls, could not be imported"
    ):
        assert type(ol.weigh) is DefaultIP
    assert type(ol.add) is DefaultIP
