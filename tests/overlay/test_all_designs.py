"""Every real design: each IP, hierarchy and memory is reached, documented and listed, and nothing is put on the bus for it."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultHierarchy, DefaultIP, Overlay, SimulatedDevice
from pynq_widgets.overlay import packages

INSTALLED = packages.installed  # a fixture puts another in its place for each test
FOLDER = Path(__file__).resolve().parents[3] / "shared" / "hwh"
DESIGNS = sorted(FOLDER.glob("*.hwh")) if FOLDER.is_dir() else []


@pytest.fixture(params=DESIGNS or [None], ids=lambda path: path.stem if path else "none")
def real(request: pytest.FixtureRequest) -> Path:
    if request.param is None:
        pytest.skip("the real designs are not there (../shared/hwh)")
    return Path(request.param)


def test_everything_is_reached_and_nothing_is_read(real: Path, device: Any) -> None:
    ol = Overlay(real, device=device)
    design = ol.design
    assert design is not None
    reached = set()
    for path in [*design.modules, *(p for p in design.hierarchies if p), *ol.ip_dict, *ol.hierarchy_dict, *ol.mem_dict]:
        thing = ol[path]
        reached.add(path)
        assert isinstance(thing, (DefaultIP, DefaultHierarchy)), path
        assert isinstance(thing, ol.drivers[path].driver), path
        assert path.rpartition("/")[2] in repr(thing) or path in repr(thing)
        assert thing.__doc__
        dir(thing)
        # By attribute, step by step, it is the same object.
        *above, name = path.split("/")
        parent: Any = ol
        for step in above:
            parent = parent[step]
        if isinstance(parent, (Overlay, DefaultHierarchy)):
            if name in dir(parent) and name not in parent._by_item_only():
                assert getattr(parent, name) is thing
            assert parent[name] is thing
        elif path in ol.mem_dict:
            assert path not in design.modules, "a memory within its own core is reached by its whole path"
    assert reached >= set(ol.drivers)
    for path, entry in ol.ip_dict.items():
        if isinstance(ol[path], DefaultIP):
            assert [r["base"] for r in ol[path].ranges] == [r["base"] for r in entry["ranges"]]
            assert ol[path].description["type"] == entry["type"]
            for name in (*entry["interrupts"], *entry["gpio"]):
                assert name in ol[path]._ipython_key_completions_()
    assert "Default documentation for overlay" in (ol.__doc__ or "")
    repr(ol), repr(ol.drivers)
    assert device.log == [("download", real.name)]


def test_with_the_installed_drivers_loading_and_looking_touch_nothing(real: Path, device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "installed", INSTALLED)
    with warnings.catch_warnings():
        # Other versions and configurations than a driver's are warned about, which is tested elsewhere.
        warnings.filterwarnings("ignore", message=".*Use ignore_version=True to use this driver", category=UserWarning)
        warnings.filterwarnings("ignore", message="Configuration of .* is not supported by", category=UserWarning)
        ol = Overlay(real, device=device)
        repr(ol), dir(ol), ol.__doc__, repr(ol.drivers)
        assert device.log == [("download", real.name)]
        # A driver may work on its own hardware when it is made; whichever it does, it is made for every IP of its type.
        for path in ol.drivers:
            thing = ol[path]
            assert isinstance(thing, ol.drivers[path].driver)


class Shows(logging.Handler):
    """What is logged as a warning while a design is shown: a panel or a table that could not be made."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_it_comes_to_life_on_the_simulated_device(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every safe register is read and every node shows its widget, panels too; nothing warns, fails or is out of reach."""
    ipywidgets = pytest.importorskip("ipywidgets")
    pytest.importorskip("bqplot")  # here, where what it warns of is let through
    from pynq_widgets.widgets import OverlayTree

    monkeypatch.setattr(packages, "installed", INSTALLED)
    logs = Shows()
    logging.getLogger("pynq_widgets").addHandler(logs)
    device = SimulatedDevice(real.stem)
    widget = "application/vnd.jupyter.widget-view+json"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ol = Overlay(real, device=device)
            snapshot = ol.snapshot()
            assert not snapshot.failed
            read = device.bus.statistics().by_who.get("snapshot")
            assert (read is not None and read.words > 0) == any(snapshot.values())
            assert widget in ol._repr_mimebundle_()
            for path in ol.drivers:
                thing = ol[path]
                shown = thing._repr_mimebundle_()
                assert {widget, "text/html", "text/plain"} <= shown.keys(), path
                panel = thing.panel() if hasattr(thing, "panel") else None
                assert panel is None or isinstance(panel, ipywidgets.Widget), path
            tree = OverlayTree(ol, everything=True)
            for row in tree.list.nodes:
                tree.selected = row["path"]
                assert "problems" not in tree.place.children[0].summary.content, row["path"]
        problems = [
            line
            for line in logs.lines
            if "has no model" not in line and "does not say" not in line and "is taken for a display" not in line
        ]
        assert problems == []
        assert list(device.model_errors) == []
        asked = device.bus.statistics().by_who
        assert {who for who, count in asked.items() if count.reads} <= {"snapshot", "user", "interrupt", "display"}
    finally:
        logging.getLogger("pynq_widgets").removeHandler(logs)
        ipywidgets.Widget.close_all()
