"""How things show themselves: three ways each, reading nothing that a read would change, and writing nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances

import pynq_widgets as pw
from pynq_widgets import showing
from pynq_widgets.access import Mirror, RegisterMap
from pynq_widgets.widgets import html, reuse
from pynq_widgets.widgets.detail import overlay_content
from pynq_widgets.widgets.nodes import tree_nodes, walk
from pynq_widgets.widgets.summaries import node_summary

VIEW = "application/vnd.jupyter.widget-view+json"


class Checker(HTMLParser):
    """Balanced, with no script, no class, no event and no foreign address."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"div", "span", "b", "table", "tr", "th", "td", "details", "summary"}, tag
        assert {name for name, _ in attrs} <= {"style", "open"}, attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def text_of(markup: str) -> str:
    checker = Checker()
    checker.feed(markup)
    assert checker.open == []
    return checker.text


def subjects(overlay: Any) -> dict[str, Any]:
    return {
        "overlay": overlay,
        "hierarchy": overlay.filter,
        "ip": overlay.timer,
        "mirror": overlay.timer.registers,
        "map": overlay.timer.register_map,
        "design": overlay.design,
    }


@pytest.mark.parametrize("kind", ["overlay", "hierarchy", "ip", "mirror", "map", "design"])
def test_each_shows_itself_in_every_way(overlay: Any, kind: str) -> None:
    subject = subjects(overlay)[kind]
    bundle = subject._repr_mimebundle_()
    assert (VIEW in bundle) is (kind != "design")
    assert len(text_of(bundle["text/html"])) > 40
    assert bundle["text/plain"].strip()
    stored = showing.mimebundle(subject, widget=False)
    assert (set(stored), stored["text/html"]) == ({"text/plain", "text/html"}, bundle["text/html"])


def test_showing_writes_nothing_and_reads_no_guarded_word(overlay: Any, device: Any) -> None:
    guarded = []
    ips = [overlay[path] for path in overlay.ip_dict]
    device.log.clear()  # a driver may start its core when it is made
    for ip in ips:
        mirror = getattr(ip, "registers", None)
        if isinstance(mirror, Mirror):
            guarded += [mirror.port.base + handle.offset for handle in mirror.registers.values() if handle.guard]
            showing.mimebundle(mirror)
            showing.mimebundle(ip)
    showing.mimebundle(overlay)
    assert device.log == [], "only a register map reads, as PYNQ's repr does"
    for ip in ips:
        if ip._registers:
            showing.mimebundle(ip.register_map)
    assert {kind for kind, _, _ in device.log} == {"read"}
    assert guarded
    taken = {address + 4 * word for _, address, words in device.log for word in range(words)}
    assert not taken & set(guarded)


def test_the_html_holds_what_is_known(overlay: Any, device: Any) -> None:
    base = overlay.timer.registers.port.base
    device.words[base + 4] = 0x1234
    overlay.timer.registers.refresh()
    told = text_of(showing.mimebundle(overlay.timer)["text/html"])
    assert "0x00001234" in told
    assert "TLR0" in told
    assert "Simulated device" in told
    assert f"{base + 4:#010x}" in told


def test_the_html_of_an_overlay_is_its_tree(overlay: Any) -> None:
    told = text_of(showing.mimebundle(overlay)["text/html"])
    for word in ("leds", "0x41200000 64 K", "axi_gpio 2.0", "filter", "on Simulated device", "interconnects, constants"):
        assert word in told


def test_showing_twice_is_one_widget(overlay: Any) -> None:
    first, second = showing.mimebundle(overlay), showing.mimebundle(overlay)
    assert first[VIEW] == second[VIEW]
    assert showing.mimebundle(overlay.timer)[VIEW] == showing.mimebundle(overlay["timer"])[VIEW]


def test_the_table_of_a_mirror_is_one_wherever_it_is_shown(overlay: Any) -> None:
    showing.mimebundle(overlay.timer)
    detail = _instances[showing.mimebundle(overlay.timer)[VIEW]["model_id"]]
    assert detail.children[-1].model_id == showing.mimebundle(overlay.timer.registers)[VIEW]["model_id"]


def test_what_was_closed_is_made_anew(overlay: Any) -> None:
    first = showing.mimebundle(overlay)[VIEW]["model_id"]
    _instances[first].close()
    assert showing.mimebundle(overlay)[VIEW]["model_id"] != first


def test_a_cell_run_again_leaves_no_widgets_behind(device: Any, make_overlay: Callable[..., Any]) -> None:
    counts = []
    for _ in range(5):
        overlay = make_overlay(device)
        tree = _instances[showing.mimebundle(overlay)[VIEW]["model_id"]]
        tree.selected = "timer"
        parts = [tree.list, *tree.place.children[0].children[1:]]  # the driver's panel and the table
        for part in parts:
            part._handle_custom_msg({"kind": "beat", "view": "v", "visible": True, "rows": [0]}, [])
        for part in parts:  # the cell is run again: its old output goes
            part._handle_custom_msg({"kind": "bye", "view": "v"}, [])
        counts.append(len(_instances))
    assert counts[-1] == counts[1]
    assert reuse.statistics() == {"tree": 1, "panel pynq_drivers.axi_timer.panel.TimerPanel": 1, "table": 1}


def test_a_stale_thing_still_shows_itself_and_says_so(device: Any, make_overlay: Callable[..., Any]) -> None:
    old = make_overlay(device)
    timer, registers = old.timer, old.timer.register_map
    make_overlay(device)
    assert "stale" in showing.mimebundle(old)["text/plain"]
    assert "stale: not on the device any more" in text_of(showing.mimebundle(old)["text/html"])
    assert "stale" in showing.mimebundle(timer)["text/plain"]
    assert "never" in showing.mimebundle(registers)["text/plain"]


NASTY = "</td><script>alert(1)</script>&\"'"


def test_names_of_strangers_are_only_text() -> None:
    block = {NASTY: {"address_offset": 0, "access": "read-write", "size": 32, "description": NASTY, "fields": {}}}
    shown: Any = RegisterMap.create_subclass("x", block)
    import numpy as np

    markup = showing.mimebundle(shown(np.zeros(4, "u4")), widget=False)["text/html"]
    assert "<script" not in markup
    assert NASTY in text_of(markup).replace("\n", "")
    assert html.element("td", NASTY, style=NASTY) == (
        '<td style="&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;">'
        "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;</td>"
    )


def test_a_long_table_is_cut_and_says_by_how_much() -> None:
    assert "… and 100 more" in text_of(html.table(("a",), [(i,) for i in range(500)]))


def test_every_real_design_shows_itself(hwh_folder: Path) -> None:
    for path in sorted(hwh_folder.glob("*.hwh")):
        bundle = showing.mimebundle(pw.read_design(path))
        assert len(text_of(bundle["text/html"])) > 40, path.name
        assert len(bundle["text/html"]) < 400_000, path.name


def test_the_views_fetch_nothing_and_put_no_data_into_markup() -> None:
    from pynq_widgets.widgets import assets

    for path in assets._FRONTEND.iterdir():
        source = path.read_text(encoding="utf-8")
        assert len(source.splitlines()) <= 520, path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?://|@import|url\(", source), path.name


@pytest.mark.parametrize(
    ("timestamp", "said"),
    [
        ("2026/11/22 17:10:09 +789120", "2026-11-22 17:10:09"),
        ("2026/11/22 17:10:09 +7", "2026-11-22 17:10:09"),
        ("yesterday", "yesterday"),
        ("", "not by this object"),
    ],
)
def test_the_time_of_loading_is_written_for_a_person(overlay: Any, timestamp: str, said: str) -> None:
    overlay.timestamp = timestamp
    facts = dict(overlay_content(overlay)["facts"])
    assert facts["Loaded"] == said
    assert facts["Design file"] == str(overlay.bitfile_name)
    assert "Bitstream" not in facts


def test_no_two_tables_of_a_summary_have_the_same_title(overlay: Any) -> None:
    for _, node in walk(tree_nodes(overlay.design, overlay.drivers)):
        titles = [table["title"] for table in node_summary(overlay.design, node)["sections"]]
        assert len(titles) == len(set(titles)), node.path


def test_an_ip_without_a_list_of_registers_tells_how_to_reach_it(tmp_path: Path, demo_design: Path) -> None:
    text = demo_design.read_text(encoding="utf-8-sig")
    start = text.index("<REGISTERS>", text.index('FULLNAME="/leds"'))
    bare = tmp_path / "bare.hwh"
    bare.write_text(text[:start] + text[text.index("</REGISTERS>", start) + len("</REGISTERS>") :], encoding="utf-8")
    design = pw.read_design(bare)
    told = {node.path: dict(node_summary(design, node)["facts"]).get("Registers") for _, node in walk(tree_nodes(design))}
    assert told["leds"] == "the design lists none; read(offset) and write(offset, value) reach the words"
    assert told["buttons"] is None
    assert told["bram"] is None


def test_registers_that_the_driver_knows_are_told(hwh_folder: Path) -> None:
    overlay = pw.Overlay(hwh_folder / "Xilinx__PYNQ__base-PynqZ1-2018.3.hwh", device=pw.SimulatedDevice())
    nodes = {node.path: node for _, node in walk(tree_nodes(overlay.design, overlay.drivers))}
    told = dict(node_summary(overlay.design, nodes["video/hdmi_in/frontend/vtc_in"])["facts"])["Registers"]
    assert told == "the design lists none; its driver VideoTimingController has them from its product guide"


def test_the_drivers_of_an_overlay_are_a_table(overlay: Any) -> None:
    shown = overlay.drivers._repr_mimebundle_()
    assert shown["text/plain"] == repr(overlay.drivers)
    assert set(shown) == {"text/plain", "text/html"}
    for path, driver, reason in overlay.drivers.rows():
        assert f"{path}</td>" in shown["text/html"]
        assert f"{driver}</td>" in shown["text/html"]
        assert reason in text_of(shown["text/html"])


def test_a_stored_table_says_how_true_each_value_is() -> None:
    from types import SimpleNamespace

    def handle(state: str, reason: str = "", guard: str | None = None) -> Any:
        info = SimpleNamespace(reset_value=None)
        return SimpleNamespace(
            name="R", offset=0, width=32, value=5, state=state, reason=reason, guard=guard, access="read-write", info=info
        )

    states = [
        handle("read"),
        handle("written"),
        handle("mismatch"),
        handle("stale", "bus error"),
        handle("never", guard="write-only"),
        handle("never"),
    ]
    markup = html.registers(states, 0)
    told = ["read", "written, not verified", "differs from what was written", "stale: bus error", "write-only", "never read"]
    assert [cell for cell in told if f">{cell}</td>" not in markup] == []
