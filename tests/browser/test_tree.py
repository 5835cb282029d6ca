"""The overlay's tree by mouse and keyboard: the list on a plain page, and the whole in JupyterLab."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import pynq_widgets as pw
from pynq_widgets.widgets.nodes import rows, tree_nodes
from pynq_widgets.widgets.tree import TreeList

ABOUT = {"name": "demo", "device": "Simulated device", "device_kind": "simulated", "device_hint": "", "detail": "part"}


class Bench:
    """The tree of a design on a plain page."""

    def __init__(self, page: Any, path: Path, width: str = "520px") -> None:
        self.page = page.page
        self.list = TreeList(nodes=rows(tree_nodes(pw.read_design(path))), about=ABOUT)
        self.view = page.show(self.list, width)
        self.page.wait_for_selector(".pw-tree-body .pw-tree-row")

    def names(self) -> list[str]:
        listed: list[str] = self.page.eval_on_selector_all(".pw-tree-body .pw-tree-row", "rows => rows.map(row => row.dataset.path)")
        return listed

    def active(self) -> str:
        path: str = self.page.evaluate(
            "() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.dataset.path"
        )
        return path

    def press(self, *keys: str) -> str:
        for key in keys:
            self.page.keyboard.press(key)
        return self.active()

    def filter(self, text: str) -> list[str]:
        self.page.get_by_label("Filter the modules").fill(text)
        return self.names()

    def selected(self, path: str) -> None:
        for _ in range(200):
            if self.list.selected == path:
                return
            self.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert self.list.selected == path


@pytest.fixture
def bench(page: Any, demo_design: Path) -> Any:
    bench = Bench(page, demo_design)
    yield bench
    bench.list.close()


LOUD = ["processing_system7_0", "bram", "buttons", "filter", "filter/dma", "filter/fir", "interrupts", "leds", "switches", "timer"]


def test_what_matters_is_shown_and_the_rest_when_asked_for(bench: Bench) -> None:
    assert bench.names() == LOUD
    more = bench.page.get_by_role("button", name=re.compile(r"\d+ quiet blocks?"))
    more.click()
    assert {"concat", "ps_reset", *LOUD} < set(bench.names())
    more.click()
    assert bench.names() == LOUD


def test_a_quiet_module_that_is_chosen_stays_in_sight_without_all_the_others(bench: Bench) -> None:
    bench.filter("concat")
    bench.page.locator("[data-path='concat']").click()
    bench.selected("concat")
    assert sorted(bench.filter("")) == sorted(["concat", *LOUD])
    assert bench.page.get_by_role("button", name=re.compile("quiet block")).get_attribute("aria-pressed") == "false"
    bench.page.locator("[data-path='leds']").click()
    assert "concat" in bench.names()


def _node(name: str, **more: Any) -> dict[str, Any]:
    words = {"path": name, "name": name, "type": name, "vlnv": "", "driver": "", "why": "", "address": ""}
    return {**words, "level": 1, "kind": "ip", "ranges": [], "quiet": False, **more}


def test_a_design_of_quiet_modules_only_is_not_an_empty_tree(page: Any) -> None:
    tree = TreeList(nodes=[_node("core", quiet=True)], about=ABOUT)
    page.show(tree)
    page.page.wait_for_selector("[data-path='core']")
    assert not page.page.get_by_role("button", name=re.compile("quiet block")).is_visible()
    assert not page.page.locator(".pw-tree-none").is_visible()
    tree.close()


@pytest.mark.parametrize("width", ["330px", "450px", "560px", "1060px"])
def test_nothing_of_address_and_title_is_cut_off(page: Any, width: str) -> None:
    long = "a_design_whose_name_" + "goes_on_" * 12
    tree = TreeList(nodes=[_node("core", address="0x20100000000 256 M +2")], about={**ABOUT, "name": long})
    page.show(tree, width)
    page.page.wait_for_selector("[data-path='core']")
    for part in (".pw-tree-root", "[data-path='core'] .pw-tree-address"):
        fits = page.page.eval_on_selector(part, "e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight + 1")
        assert fits, part
    bar = page.page.locator(".pw-tree .pw-bar").first.bounding_box()
    title = page.page.locator(".pw-tree-root").bounding_box()
    assert title["x"] + title["width"] <= bar["x"] + bar["width"]
    assert title["y"] + title["height"] <= bar["y"] + bar["height"]
    tree.close()


def test_the_device_is_named_and_simulated_is_a_word_on_the_page(bench: Bench) -> None:
    assert bench.page.locator(".pw-badge").inner_text() == "Simulated device"
    row = bench.page.locator("[data-path='leds']")
    assert row.locator(".pw-tree-address").inner_text() == "0x41200000 64 K"
    assert row.locator(".pw-tree-type").inner_text() == "axi_gpio 2.0"


def test_a_click_chooses(bench: Bench) -> None:
    bench.page.locator("[data-path='leds']").click()
    bench.selected("leds")
    assert bench.page.locator("[aria-selected='true']").get_attribute("data-path") == "leds"
    bench.page.get_by_role("button", name="demo").click()
    bench.selected("")


def test_the_first_click_in_a_scrolled_tree_chooses_what_is_under_the_mouse(page: Any, hwh_folder: Path) -> None:
    bench = Bench(page, hwh_folder / "Xilinx__PYNQ__base-PynqZ2-2017.4.hwh")
    row = bench.page.locator("[data-path='video']")
    row.scroll_into_view_if_needed()
    row.click()
    bench.selected("video")
    bench.list.close()


def test_what_python_chooses_is_brought_into_sight(bench: Bench) -> None:
    bench.page.locator("[data-path='filter'] .pw-tree-twist").click()
    assert "filter/fir" not in bench.names()
    bench.list.selected = "filter/fir"
    assert "filter/fir" in bench.names()
    bench.list.selected = "concat"
    assert bench.page.locator("[aria-selected='true']").get_attribute("data-path") == "concat"


def test_the_keys_of_a_treegrid(bench: Bench) -> None:
    bench.page.locator(".pw-tree-grid").focus()
    assert bench.active() == "processing_system7_0"
    assert bench.press("End") == "timer"
    assert bench.press("ArrowDown") == "timer"
    assert bench.press("Home") == "processing_system7_0"
    assert bench.press("ArrowUp") == "processing_system7_0"
    assert bench.press("ArrowDown", "ArrowDown", "ArrowDown") == "filter"
    assert bench.press("ArrowRight") == "filter/dma"
    assert bench.press("ArrowLeft") == "filter"
    assert bench.press("ArrowLeft") == "filter"
    assert "filter/dma" not in bench.names()
    assert bench.page.locator("[data-path='filter']").get_attribute("aria-expanded") == "false"
    assert bench.press("ArrowDown") == "interrupts"
    bench.press("*")
    assert "filter/dma" in bench.names()
    assert bench.press("t") == "timer"
    bench.press("Enter")
    bench.selected("timer")
    bench.page.evaluate("() => new Promise(done => setTimeout(done, 750))")  # a pause begins a new word
    assert bench.press("b") == "bram"
    assert bench.press("u") == "buttons"
    bench.press(" ")
    bench.selected(bench.active())


def test_levels_and_places_are_told_to_a_screen_reader(bench: Bench) -> None:
    row = bench.page.locator("[data-path='filter/fir']")
    assert [row.get_attribute(f"aria-{name}") for name in ("level", "posinset", "setsize")] == ["2", "2", "2"]
    assert bench.page.locator("[role=treegrid]").get_attribute("aria-rowcount") == "11"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tim", ["timer"]),
        ("axi_gpio", ["buttons", "leds", "switches"]),
        ("0x4120", ["leds"]),
        ("0x41200008", ["leds"]),
        ("fir", ["filter", "filter/fir"]),
        ("xlconcat", ["concat"]),
        ("gpio 0x4121", ["buttons"]),
        ("nothing at all", []),
    ],
)
def test_the_filter_finds_by_name_type_and_address(bench: Bench, text: str, found: list[str]) -> None:
    names = bench.filter(text)
    assert set(found) <= set(names)
    assert len(names) <= len(found) + 2
    bench.page.keyboard.press("Escape")
    assert bench.names() == LOUD


def test_a_filter_that_finds_nothing_says_so(bench: Bench) -> None:
    bench.filter("zebra")
    assert bench.page.locator(".pw-tree-none").inner_text() == "No module matches “zebra”."


def test_enter_goes_from_the_filter_to_the_first_find(bench: Bench) -> None:
    bench.filter("switch")
    assert bench.press("Enter", "Enter") == "switches"
    bench.selected("switches")


def test_a_stale_overlay_is_shown_as_such(bench: Bench) -> None:
    bench.list.status = "Stale: gone"
    assert bench.page.locator(".pw-alert:visible").inner_text() == "Stale: gone"


def test_names_are_text(page: Any) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    words = {"path": nasty, "name": nasty, "type": nasty, "vlnv": nasty, "driver": nasty, "why": "", "address": ""}
    node = {**words, "level": 1, "kind": "ip", "ranges": [], "quiet": False}
    tree = TreeList(nodes=[node], about={**ABOUT, "name": nasty})
    page.show(tree)
    page.page.wait_for_selector(".pw-tree-body .pw-tree-row")
    assert page.page.locator(".pw img").count() == 0
    assert page.page.locator(".pw-tree-label").inner_text() == nasty
    tree.close()


def test_the_largest_design_is_shown_in_time(page: Any, hwh_folder: Path) -> None:
    sizes = {path: len(pw.read_design(path).modules) for path in hwh_folder.glob("*.hwh")}
    bench = Bench(page, max(sizes, key=lambda path: sizes[path]))
    bench.page.get_by_role("button", name=re.compile("quiet block")).click()
    took = bench.page.evaluate(
        """() => { const input = document.querySelector('.pw-tree input'); const start = performance.now();
        input.value = 'axi'; input.dispatchEvent(new Event('input')); document.body.offsetHeight; return performance.now() - start; }"""
    )
    assert took < 300
    bench.list.close()


def test_in_jupyterlab_the_chosen_stands_beside_the_tree(lab: Any, demo_design: Path) -> None:
    lab.page.set_viewport_size({"width": 1400, "height": 900})
    notebook = lab.run(
        [
            f"""import pynq_widgets as pw, ipywidgets
class Bad(pw.DefaultIP):
    bindto = ['xilinx.com:ip:axi_bram_ctrl:4.1']
    def panel(self):
        raise RuntimeError('out of order')
class Good(pw.DefaultIP):
    bindto = ['xilinx.com:ip:axi_intc:4.1']
    def panel(self):
        return ipywidgets.HTML('<b class="own-panel">my panel</b>')
ol = pw.Overlay({str(demo_design)!r})
ol"""
        ]
    )
    tree = notebook.output(0)
    tree.locator(".pw-tree-row[data-path='timer']").wait_for()
    assert tree.locator(".pw-tree .pw-badge").inner_text() == "Simulated device"
    assert tree.locator(".pw-summary .pw-title").inner_text() == "demo"
    tree.locator(".pw-tree-row[data-path='timer']").click()
    word = tree.locator(".pw-reg-row[data-row='TLR0'] .pw-reg-text")
    word.filter(has_text="0x00000000").wait_for()
    assert tree.locator(".pw-summary .pw-title").inner_text() == "timer"
    notebook.execute("ol.timer.write(4, 0x77)")
    word.filter(has_text="0x00000077").wait_for()
    lab.screenshot("tree-light")
    lab.theme("JupyterLab Dark")
    lab.screenshot("tree-dark")
    tree.locator(".pw-tree-row[data-path='bram']").click()
    tree.locator(".pw-alert", has_text="The panel of Bad could not be made: RuntimeError: out of order").wait_for()
    tree.locator(".pw-tree-row[data-path='interrupts']").click()
    tree.locator(".own-panel").wait_for()
    notebook.execute(f"again = pw.Overlay({str(demo_design)!r})")
    tree.locator(".pw-tree .pw-alert", has_text="Stale: this overlay is not on the device any more").wait_for()
    lab.screenshot("tree-stale")
    assert not notebook.cell_errors()


def test_python_and_the_button_say_alike_whether_quiet_blocks_are_shown(bench: Bench) -> None:
    more = bench.page.get_by_role("button", name=re.compile(r"^Show \d+ quiet blocks$"))
    hidden = int((more.text_content() or "").split()[1])
    assert more.get_attribute("aria-pressed") == "false"
    more.focus()
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_selector("[data-path='concat']")
    assert len(bench.names()) == len(LOUD) + hidden
    assert more.get_attribute("aria-pressed") == "true"
    bench.list.everything = False
    bench.page.wait_for_selector("[data-path='concat']", state="detached")
    assert more.get_attribute("aria-pressed") == "false"
