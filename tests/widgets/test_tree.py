"""The kernel's side of the tree: what is in it, and what stands beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import traitlets

import pynq_widgets as pw
from pynq_widgets.widgets import NodeDetail, OverlayTree, RegisterTable
from pynq_widgets.widgets.nodes import TreeNode, planted, rows, short_size, tree_nodes, walk


@pytest.fixture
def tree(overlay: Any) -> Any:
    tree = OverlayTree(overlay)
    yield tree
    tree.close()


def shown(tree: OverlayTree) -> list[str]:
    return [type(part).__name__ for part in tree.place.children[0].children]


def test_it_says_where_it_runs_in_words(tree: OverlayTree) -> None:
    assert tree.list.about["name"] == "demo"
    assert tree.list.about["device"] == "Simulated device"
    assert tree.list.status == ""


def test_opening_and_choosing_everything_touches_no_hardware(tree: OverlayTree, device: Any) -> None:
    for path in tree.overlay.ip_dict:
        tree.overlay[path]
    device.log.clear()  # a driver may start its core when it is made
    for path in tree._nodes:
        tree.selected = path
    assert device.log == []


def test_rows(tree: OverlayTree) -> None:
    by_path = {row["path"]: row for row in tree.list.nodes}
    leds = by_path["leds"]
    assert (leds["name"], leds["type"], leds["address"], leds["level"]) == ("leds", "axi_gpio 2.0", "0x41200000 64 K", 1)
    assert leds["vlnv"] == "xilinx.com:ip:axi_gpio:2.0"
    assert (by_path["filter"]["kind"], by_path["filter/dma"]["level"]) == ("hierarchy", 2)
    assert by_path["processing_system7_0"]["kind"] == "host"
    quiet = {path for path, row in by_path.items() if row["quiet"]}
    assert {"concat", "ps_reset", "axi_interconnect_0"} <= quiet
    assert not quiet & {"leds", "timer", "filter", "filter/dma", "filter/fir", "processing_system7_0"}


def test_choosing_shows_registers_or_a_summary(tree: OverlayTree) -> None:
    assert shown(tree) == ["NodeSummary"]
    assert tree.place.children[0].summary.content["title"] == "demo"
    tree.list.selected = "timer"
    assert tree.selected == "timer"
    assert shown(tree)[-1] == "RegisterTable"
    tree.selected = "concat"
    assert (tree.list.selected, shown(tree)) == ("concat", ["NodeSummary"])
    tree.selected = ""
    assert tree.place.children[0].summary.content["title"] == "demo"


def test_what_was_chosen_before_is_the_same_widget_again(tree: OverlayTree) -> None:
    tree.selected = "timer"
    first = tree.place.children[0]
    tree.selected = "leds"
    tree.selected = "timer"
    assert tree.place.children[0] is first


def test_a_wrong_row_is_refused(tree: OverlayTree) -> None:
    with pytest.raises(traitlets.TraitError, match=r"^OverlayTree has no row 'tmier' \(did you mean 'timer'\?\)$"):
        tree.selected = "tmier"
    tree.list.selected = "nowhere"  # as a page of strangers might
    assert (tree.selected, tree.list.selected) == ("", "")


def test_a_hierarchy_shows_its_part(overlay: Any) -> None:
    tree = OverlayTree(overlay.filter)
    assert tree.list.about["name"] == "demo/filter"
    assert {row["path"] for row in tree.list.nodes} >= {"filter/dma", "filter/fir"}
    assert min(row["level"] for row in tree.list.nodes) == 1
    assert tree.place.children[0].summary.content["title"] == "filter"
    tree.close()


def test_an_overlay_that_was_replaced_says_so_at_the_next_beat(tree: OverlayTree, device: Any, make_overlay: Callable[..., Any]) -> None:
    make_overlay(device)
    tree.list._handle_custom_msg({"kind": "beat", "view": "v", "visible": True}, [])
    assert tree.list.status.startswith(
        "Stale: this overlay is not on the device any more: demo.hwh was loaded again as another Overlay object"
    )


class Panels:
    """Drivers for the timer, each with another panel."""

    @staticmethod
    def bind(panel: Callable[[Any], Any]) -> Any:
        return type("PanelTimer", (pw.DefaultIP,), {"bindto": ["xilinx.com:ip:axi_timer:2.0"], "panel": panel})


@pytest.fixture
def with_panel(device: Any, make_overlay: Callable[..., Any]) -> Any:
    made: list[Any] = []

    def make(panel: Callable[[Any], Any]) -> OverlayTree:
        driver = Panels.bind(panel)
        tree = OverlayTree(make_overlay(device))
        made.extend((driver, tree))
        tree.selected = "timer"
        return tree

    yield make
    for thing in made:
        thing.close() if isinstance(thing, OverlayTree) else thing.unregister()


def test_a_panel_stands_above_the_registers(with_panel: Any) -> None:
    assert shown(with_panel(lambda self: ipywidgets.Button(description="go"))) == ["NodeSummary", "Button", "RegisterTable"]


def _breaks(self: Any) -> Any:
    raise RuntimeError("no <b>plot</b> today")


@pytest.mark.parametrize(
    ("panel", "told"),
    [
        (_breaks, "The panel of PanelTimer could not be made: RuntimeError: no <b>plot</b> today"),
        (lambda self: 3, "panel() of PanelTimer is expected to return a widget or None, not int"),
    ],
)
def test_a_panel_that_fails_is_told_of_in_its_place(with_panel: Any, caplog: Any, panel: Any, told: str) -> None:
    with caplog.at_level(logging.CRITICAL):
        tree = with_panel(panel)
    assert tree.place.children[0].summary.content["problems"] == [told]
    assert shown(tree) == ["NodeSummary", "RegisterTable"]
    tree.selected = "leds"
    assert shown(tree)[-1] == "RegisterTable"


def test_a_driver_that_fails_is_told_of_in_its_place(device: Any, make_overlay: Callable[..., Any]) -> None:
    class Broken(pw.DefaultIP):
        bindto = ["xilinx.com:ip:axi_timer:2.0"]

        def __init__(self, description: Any) -> None:
            raise OSError("no answer")

    try:
        tree = OverlayTree(make_overlay(device))
        tree.selected = "timer"
        (problem,) = tree.place.children[0].summary.content["problems"]
        assert problem.startswith("timer: its driver ")
        assert "OSError: no answer" in problem
        tree.close()
    finally:
        Broken.unregister()


def test_closing_closes_its_parts(overlay: Any) -> None:
    tree = OverlayTree(overlay)
    tree.selected = "timer"
    detail = tree.place.children[0]
    tree.close()
    assert tree.comm is tree.list.comm is detail.comm is None
    assert isinstance(detail, NodeDetail)
    assert isinstance(detail.children[-1], RegisterTable)


@pytest.mark.parametrize(("nbytes", "text"), [(0, "?"), (4096, "4 K"), (1 << 29, "512 M"), (1 << 31, "2 G"), (100, "100 B"), (6144, "6 K")])
def test_sizes(nbytes: int, text: str) -> None:
    assert short_size(nbytes) == text


def test_nodes_stand_in_the_order_that_people_count() -> None:
    top = planted({name: TreeNode(name, name.rpartition("/")[2], "ip") for name in ("gpio10", "gpio2", "a/b/c", "Gpio1")})
    assert [node.path for _, node in walk(top)] == ["a", "a/b", "a/b/c", "Gpio1", "gpio2", "gpio10"]


def test_every_real_design_has_a_tree(hwh_folder: Path) -> None:
    for path in sorted(hwh_folder.glob("*.hwh")):
        design = pw.read_design(path)
        listed = rows(tree_nodes(design))
        paths = [row["path"] for row in listed]
        assert len(paths) == len(set(paths)), path.name
        assert set(design.modules) <= set(paths), path.name
        assert {span.slave for span in design.address_map} <= set(paths), path.name
        loud = {row["path"] for row in listed if not row["quiet"]}
        assert {span.slave for span in design.address_map} <= loud, path.name
        level = 0
        for row in listed:
            assert row["path"], path.name
            assert row["level"] <= level + 1, path.name
            level = row["level"]


def test_everything_is_one_switch_for_python_and_the_page(overlay: Any) -> None:
    tree = OverlayTree(overlay, everything=True)
    assert (tree.everything, tree.list.everything) == (True, True)
    tree.list.everything = False  # the button on a page
    assert tree.everything is False
    tree.everything = True
    assert tree.list.everything is True
    tree.close()
    plain = OverlayTree(overlay)
    assert (plain.everything, plain.list.everything) == (False, False)
    plain.close()


def test_a_block_that_somebody_wrote_a_driver_for_is_not_quiet(device: Any, make_overlay: Callable[..., Any]) -> None:
    reset = type("Reset", (pw.DefaultIP,), {"bindto": ["xilinx.com:ip:proc_sys_reset:5.0"], "needs_address": False})
    try:
        overlay = make_overlay(device)
        assert isinstance(overlay.ps_reset, reset)
        tree = OverlayTree(overlay)
        assert not next(row for row in tree.list.nodes if row["path"] == "ps_reset")["quiet"]
        tree.close()
    finally:
        reset.unregister()
