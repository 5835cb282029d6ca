"""The plot on a page: what Python draws is seen, and what hands and keys do reaches Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

RATE = 1e6
DARK = (
    "--jp-layout-color1:#111;--jp-layout-color2:#222;--jp-content-font-color1:#fff;--jp-content-font-color2:rgba(255,255,255,.7);"
    "--jp-border-color2:#555;--jp-brand-color1:#64b5f6;--jp-error-color1:#e57373"
)


class Bench:
    """A plot of 200,000 samples on a plain page, reduced anew for each view."""

    def __init__(self, page: Any, width: str = "100%", draws: bool = True) -> None:
        from pynq_widgets.widgets.plot import Plot

        self.host = page
        self.page = page.page
        self.data = np.sin(np.arange(200_000) / 5000)
        self.moves: list[tuple[float, ...]] = []
        self.draws = draws
        self.plot = Plot(moved=self.moved, label="Samples of a test")
        self.draw()
        self.view = page.show(self.plot, width)
        self.root = self.page.locator(f"[data-view='{self.view}'] .pw-plot")
        self.canvas = self.root.locator("[data-layer=over]")
        self.until("document.querySelector(`[data-view='${view}'] canvas[data-frame]`)")

    def moved(self) -> None:
        self.moves.append(self.plot.view)
        if self.draws:
            self.draw()

    def draw(self, **more: Any) -> None:
        from pynq_widgets.analysis.curve import Curve, reduce_line
        from pynq_widgets.widgets.plot_layers import Axis, Line

        low, high = self.plot.view[:2] if self.plot.layers else (0, 1)
        low, high = max(low, 0), min(high, 1)
        curve = reduce_line(self.data, int(low * RATE), int(high * RATE) + 2, self.plot.columns)
        lines = [Line(name, Curve(curve.x / RATE, sign * curve.y, curve.step, curve.gaps)) for name, sign in (("up", 1), ("down", -0.5))]
        self.plot.draw(lines, x=Axis("Time", "s", 0, 0.2), y=Axis("Voltage", "V", -1.2, 1.2), **more)

    def until(self, condition: str) -> None:
        self.page.wait_for_function(f"view => {condition}", arg=self.view)

    def wait(self, condition: Any) -> None:
        """Until the kernel's side is so; the page's messages arrive while it is waited for."""
        for _ in range(300):
            if condition():
                return
            self.page.wait_for_timeout(10)
        raise AssertionError(f"never came true; the view is {self.plot.view}")

    def at(self, across: float, down: float) -> tuple[float, float]:
        box = self.canvas.bounding_box()
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [content for view, content in self.host.sent if view == self.view and content["kind"] == kind]

    def ink(self) -> int:
        """Pixels that the layers have."""
        script = """view => { const c = document.querySelector(`[data-view='${view}'] [data-layer=layers]`);
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"""
        return int(self.page.evaluate(script, self.view))


@pytest.fixture
def bench(page: Any) -> Any:
    made = Bench(page)
    yield made
    made.plot.close()


def test_drawn_with_names_and_said_in_words(bench: Bench) -> None:
    bench.until("document.querySelector(`[data-view='${view}'] canvas[aria-label*=Time]`)")
    label = bench.canvas.get_attribute("aria-label")
    assert label == (
        "Samples of a test: up, down. Time from 0\u202fs to 200\u202fms; Voltage from −1.2\u202fV to 1.2\u202fV. Press ? for keys."
    )
    assert bench.root.locator(".pw-plot-legend button").all_inner_texts() == ["up", "down"]
    assert bench.ink() > 3000
    bench.host.screenshot("plot")


def test_wheel_zooms_at_the_pointer_and_gets_the_finer_curve(bench: Bench) -> None:
    before = bench.plot.layers[0].curve.step
    assert before > 50
    bench.page.mouse.move(*bench.at(0.5, 0.5))
    for _ in range(8):
        bench.page.mouse.wheel(0, -240)
    bench.wait(lambda: bench.plot.layers[0].curve.step < before / 4)
    x0, x1, y0, y1 = bench.plot.view
    assert x1 - x0 < 0.05
    assert x0 < 0.2 * (0.5 - 48 / 984) / (1 - 60 / 984) < x1, "what was under the pointer still is"
    assert (y0, y1) == (-1.2, 1.2)
    bench.page.keyboard.down("Shift")
    bench.page.mouse.wheel(0, -240)
    bench.page.keyboard.up("Shift")
    bench.wait(lambda: bench.plot.view[3] < 1.2)
    bench.page.mouse.dblclick(*bench.at(0.5, 0.5))
    bench.wait(lambda: bench.plot.view == (0, 0.2, -1.2, 1.2))
    assert bench.plot.follows == (True, True)


def test_control_and_wheel_is_the_page_s_own(bench: Bench) -> None:
    bench.page.mouse.move(*bench.at(0.5, 0.5))
    bench.page.keyboard.down("Control")
    bench.page.mouse.wheel(0, -240)
    bench.page.keyboard.up("Control")
    bench.page.wait_for_timeout(100)
    assert bench.sent("view") == []


def test_kernel_gets_no_flood(page: Any) -> None:
    bench = Bench(page)
    bench.page.evaluate(
        """view => { const c = document.querySelector(`[data-view='${view}'] [data-layer=over]`); const r = c.getBoundingClientRect();
        const at = {clientX: r.left + 300, clientY: r.top + 99, bubbles: true, cancelable: true};
        const turn = deltaY => new WheelEvent('wheel', {deltaY, ...at});
        for (let i = 0; i < 500; i++) c.dispatchEvent(turn(i % 3 ? -20 : 10)); }""",
        bench.view,
    )
    bench.page.wait_for_timeout(400)
    views = bench.sent("view")
    assert 1 <= len(views) <= 4
    assert bench.plot.view[:2] == tuple(views[-1]["x"])
    bench.plot.close()


def test_drag_moves_and_box_zooms(bench: Bench) -> None:
    bench.plot.view = (0.05, 0.1, None, None)
    bench.page.mouse.move(*bench.at(0.5, 0.5))
    bench.page.mouse.down()
    bench.page.mouse.move(*bench.at(0.3, 0.5), steps=6)
    bench.page.mouse.up()
    bench.wait(lambda: bench.plot.view[0] > 0.055)
    assert bench.plot.view[1] - bench.plot.view[0] == pytest.approx(0.05)
    bench.plot.view = None
    bench.canvas.focus()
    bench.press("b")
    assert bench.root.locator("button[aria-label^=Box]").get_attribute("aria-pressed") == "true"
    bench.page.mouse.move(*bench.at(0.4, 0.3))
    bench.page.mouse.down()
    bench.page.mouse.move(*bench.at(0.6, 0.6), steps=4)
    bench.page.mouse.up()
    # The last word of the drag may come after the whole was asked for: the box is what limits y, too.
    bench.wait(lambda: bench.plot.view[1] - bench.plot.view[0] < 0.06 and bench.plot.view[2] > -1.2)
    assert -1.2 < bench.plot.view[2] < bench.plot.view[3] < 1.2
    assert bench.root.locator("button[aria-label^=Box]").get_attribute("aria-pressed") == "false"


def test_keys_do_all_and_stay_in_the_plot(bench: Bench) -> None:
    bench.page.evaluate("() => { window.heard = []; document.body.addEventListener('keydown', e => window.heard.push(e.key)); }")
    bench.canvas.focus()
    bench.press("+", "+", "+")
    bench.wait(lambda: bench.plot.view[1] - bench.plot.view[0] == pytest.approx(0.2 * 0.8**3))
    left = bench.plot.view[0]
    bench.press("ArrowRight", "PageUp", "ArrowUp")
    bench.wait(lambda: bench.plot.view[0] < left and bench.plot.view[2] > -1.2)
    bench.press("Shift+ArrowUp")
    bench.wait(lambda: bench.plot.view[3] - bench.plot.view[2] < 2)
    bench.press("Home")
    bench.wait(lambda: bench.plot.view == (0, 0.2, -1.2, 1.2))
    bench.press("?")
    assert "show the whole" in bench.page.get_by_role("dialog").inner_text()
    bench.press("Escape")
    assert bench.page.get_by_role("dialog").count() == 0
    assert bench.page.evaluate("() => document.activeElement.dataset.layer") == "over"
    assert bench.page.evaluate("() => window.heard") == []


def test_cursors_by_key_by_mouse_and_by_python(bench: Bench) -> None:
    bench.canvas.focus()
    bench.press("x")
    bench.wait(lambda: len(bench.plot.cursors.x) == 2)
    first = bench.plot.cursors.x[0]
    assert first == pytest.approx(0.2 / 3)
    bench.press("ArrowRight", "Shift+ArrowRight")
    bench.wait(lambda: bench.plot.cursors.x[0] > first + 9 * 0.2 / 1000)
    handle = bench.root.locator(".pw-plot-rule[role=slider]").nth(1)
    box = handle.bounding_box()
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 90)
    bench.page.mouse.down()
    bench.page.mouse.move(*bench.at(0.9, 0.5), steps=5)
    bench.page.mouse.up()
    bench.wait(lambda: bench.plot.cursors.x[1] > 0.17)
    bench.plot.cursors = {"x": (0.05, 0.15), "y": (-0.5, 0.5)}
    text = bench.root.locator(".pw-plot-readout").inner_text
    bench.until("document.querySelector(`[data-view='${view}'] .pw-plot-readout`).textContent.includes('Δy')")
    places, *rows = text().split("\n")
    assert places.split("   ") == [
        "x₁ 50.0\u202fms",
        "x₂ 150.0\u202fms",
        "Δx 100.0\u202fms",
        "1/Δx 10.00\u202fHz",
        "y₁ −500\u202fmV",
        "y₂ 500\u202fmV",
        "Δy 1.000\u202fV",
    ]
    # Zoomed out, a column is two values; seen alone, each sample is one.
    assert [row.split("   ")[0] for row in rows] == ["up", "down"]
    assert all(" … " in part for part in rows[0].split("   ")[1:])
    bench.root.get_by_role("button", name="down").click()
    bench.plot.cursors = {"x": (0.0501, 0.0502)}
    bench.plot.view = (0.05, 0.0505, None, None)
    bench.until("document.querySelector(`[data-view='${view}'] .pw-plot-readout`).textContent.includes('1/Δx 10.0')")
    bench.until("!document.querySelector(`[data-view='${view}'] .pw-plot-readout`).textContent.includes('…')")
    a, b = np.sin(np.array([50_100, 50_200]) / 5000)
    (row,) = text().split("\n")[1:]
    name, at_a, at_b, delta = row.split("   ")
    numbers = [float(part.split(" ", 1)[1].split("\u202f")[0].replace("−", "-")) for part in (at_a, at_b, delta)]
    assert (name, at_a[0], at_b[0], delta[0]) == ("up", "A", "B", "Δ")
    assert numbers == pytest.approx([1000 * a, 1000 * b, 1000 * (b - a)], abs=6)
    bench.root.get_by_role("button", name="down").click()
    bench.plot.view = None
    bench.plot.cursors = {"x": (0.05, 0.15)}
    bench.until("document.querySelector(`[data-view='${view}'] .pw-plot-readout`).textContent.includes('x₂ 150')")
    value = bench.root.locator(".pw-plot-rule[role=slider]").first.get_attribute("aria-valuetext")
    assert value.startswith("50.0\u202fms; up −5")
    bench.plot.cursors = None
    bench.until("!document.querySelector(`[data-view='${view}'] .pw-plot-rule`)")


def test_trigger_is_dragged_and_the_dma_is_not(bench: Bench) -> None:
    from pynq_widgets.widgets.plot_layers import Mark

    heard: list[Mark] = []
    bench.plot.on_mark(heard.append)
    bench.draw(marks=[Mark(0.4, "y", "level", "trigger", draggable=True), Mark(0.12, "x", "DMA", "dma")])
    level = bench.root.get_by_role("slider", name="level")
    level.wait_for()
    assert bench.root.get_by_role("slider").count() == 1
    assert level.get_attribute("aria-valuetext") == "400\u202fmV"
    level.focus()
    bench.press("ArrowDown", "PageDown")
    bench.wait(lambda: bool(heard) and heard[-1].at < 0.2)
    assert bench.plot.marks[0] == heard[-1]
    assert heard[-1].kind == "trigger"
    assert bench.root.locator("[data-kind=dma] .pw-plot-tag").inner_text() == "DMA"


def test_legend_hides_a_line(bench: Bench) -> None:
    before = bench.ink()
    bench.root.get_by_role("button", name="down").click()
    bench.wait(lambda: bench.plot.hidden == {"down"})
    bench.page.wait_for_timeout(100)
    assert bench.ink() < 0.7 * before
    bench.plot.hidden = []
    bench.until("document.querySelectorAll(`[data-view='${view}'] .pw-plot-legend [aria-pressed=true]`).length === 2")


def test_values_under_the_mouse(bench: Bench) -> None:
    bench.page.mouse.move(*bench.at(0.5, 0.5))
    tip = bench.root.locator(".pw-plot-tip")
    tip.wait_for()
    text = tip.inner_text()
    assert "ms" in text
    assert "up" in text
    assert "down" in text
    bench.page.mouse.move(5, 600)
    tip.wait_for(state="hidden")


def test_the_tip_tells_the_sample_and_whole_numbers_as_such(bench: Bench) -> None:
    from pynq_widgets.analysis.curve import Curve
    from pynq_widgets.widgets.plot_layers import Axis, Line

    curve = Curve(np.arange(1200.0, 1206.0), np.array([7.0, -3, 32_000, 5, 8, 9]), 1, False)
    axes = {"x": Axis("index", low=1200, high=1205), "y": Axis("value", low=-40_000, high=40_000)}
    bench.plot.draw([Line("raw", curve)], **axes)
    bench.until("document.querySelectorAll(`[data-view='${view}'] .pw-plot-legend button`).length === 1")
    tip = bench.root.locator(".pw-plot-tip")
    shown = "document.querySelector(`[data-view='${view}'] .pw-plot-tip`).innerText"
    bench.page.mouse.move(*bench.at(0.48, 0.5))
    tip.wait_for()
    bench.until(f"{shown}.includes('32')")
    assert tip.inner_text().split() == ["1202", "raw", "32", "000"]
    # A step holds its value until the next.
    bench.plot.draw([Line("held", curve, "steps")], **axes)
    bench.until(f"{shown}.includes('held')")
    bench.page.mouse.move(*bench.at(0.6, 0.5))
    bench.until(f"{shown}.includes('1202')")
    assert tip.inner_text().split() == ["1202", "held", "32", "000"]


def test_equal_axes_keep_a_circle_round(bench: Bench) -> None:
    from pynq_widgets.widgets.plot_layers import Axis, Scatter

    angle = np.linspace(0, 2 * np.pi, 4000)
    bench.draws = False
    circle = Scatter("circle", np.cos(angle), np.sin(angle), joined=True)
    bench.plot.draw([circle], x=Axis("I", low=-1.2, high=1.2), y=Axis("Q", low=-1.2, high=1.2), equal=True)
    bench.until("document.querySelectorAll(`[data-view='${view}'] .pw-plot-legend button`).length === 1")
    bench.page.wait_for_timeout(100)
    script = """view => { const c = document.querySelector(`[data-view='${view}'] [data-layer=layers]`);
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; const xs = [], ys = [];
        for (let i = 3; i < d.length; i += 4) if (d[i] > 99) { xs.push((i >> 2) % c.width); ys.push(Math.floor((i >> 2) / c.width)); }
        return [xs, ys].map((all) => all.reduce((a, b) => Math.max(a, b)) - all.reduce((a, b) => Math.min(a, b))); }"""
    across, up = bench.page.evaluate(script, bench.view)
    assert across == pytest.approx(up, abs=2)
    assert up > 100
    bench.canvas.focus()
    bench.press("-")
    assert bench.sent("view") == [], "all is seen already"
    bench.press("+", "+", "-", "-", "-", "ArrowRight")
    bench.wait(lambda: bool(bench.sent("view")))
    bench.page.wait_for_timeout(200)
    assert bench.page.evaluate(script, bench.view) == pytest.approx([across, up], abs=2)
    bench.plot.view = (-0.5, 0.5, -1.2, 1.2)
    bench.page.wait_for_timeout(200)
    assert bench.page.evaluate(script, bench.view) == pytest.approx([across, up], abs=2), "more of x than was asked for"


def test_keys_of_the_plot_while_a_cursor_has_the_focus(bench: Bench) -> None:
    bench.plot.view = (0.05, 0.1, None, None)
    bench.canvas.focus()
    bench.press("x")
    bench.wait(lambda: len(bench.plot.cursors.x) == 2)
    assert bench.page.evaluate("() => document.activeElement.getAttribute('role')") == "slider"
    bench.press("0")
    bench.wait(lambda: bench.plot.view[:2] == (0, 0.2))
    bench.press("x")
    bench.wait(lambda: bench.plot.cursors.x == ())


def test_view_of_python_is_shown_and_said(bench: Bench) -> None:
    assert 800 < bench.plot.columns < 1000
    bench.plot.view = (0.1, 0.11, None, None)
    bench.until("document.querySelector(`[data-view='${view}'] canvas[aria-label*='110']`)")
    assert "from 100\u202fms to 110\u202fms" in bench.canvas.get_attribute("aria-label")


def test_wheel_is_the_notebook_s_where_it_came_rolling(bench: Bench) -> None:
    bench.page.evaluate("() => { document.body.style.height = '3000px'; }")
    bench.page.mouse.move(500, 600)
    for _ in range(3):
        bench.page.mouse.wheel(0, 20)
    bench.page.mouse.move(*bench.at(0.5, 0.8))
    bench.page.mouse.wheel(0, -10)
    bench.page.wait_for_timeout(60)
    assert bench.sent("view") == []
    bench.page.wait_for_timeout(400)
    bench.page.mouse.wheel(0, -100)
    bench.wait(lambda: bool(bench.sent("view")))


def test_odd_data_and_bad_messages_break_nothing(bench: Bench) -> None:
    from pynq_widgets.analysis.curve import Curve
    from pynq_widgets.widgets.plot_layers import Axis, Lanes, LaneTrace, Line, Picture, Scatter

    none = np.zeros(0)
    for y in ([], [1], [2, 2, 2], [np.nan] * 3, [1e300, -1e300], [1.7e308, -1.7e308, 0], [5e-324, 0, 1]):
        values = np.asarray(y, float)
        for style in ("line", "steps", "points", "bars"):
            line = Line("l", Curve(np.arange(values.size) * 1.0, values, 1, False), style)
            for log in (False, True):
                bench.plot.draw([line, Scatter("s", values, values)], x=Axis("x"), y=Axis("y", "V", logarithmic=log))
                bench.page.wait_for_timeout(1)
    lanes = Lanes([LaneTrace("empty", none, np.zeros(0, int)), LaneTrace("wide", [0, 1], [2**64 - 1], width=64)])
    bench.plot.draw([lanes], x=Axis("Time", "s", 0, 1), y=Axis("", "", 0, 2))
    bench.page.wait_for_timeout(50)
    bench.plot.draw([Picture(b"no picture", "image/png", (0, 1, 0, 1))], x=Axis(low=0, high=1), y=Axis(low=0, high=1))
    bench.page.wait_for_timeout(50)
    bench.plot.draw([], x=Axis(), y=Axis())
    bench.plot.view = (1e-300, 2e-300, -1e305, 1e305)
    bench.page.wait_for_timeout(50)
    bench.canvas.focus()
    bench.press("+", "-", "ArrowLeft", "x", "0")
    bench.page.wait_for_timeout(50)
    bench.plot._handle_custom_msg({"kind": "view", "view": "x", "serial": 1, "x": ["a"]}, [])
    bench.plot.view = None
    bench.draws = True
    bench.draw()
    bench.page.wait_for_timeout(50)
    assert bench.ink() > 3000


def test_out_of_sight_nothing_is_drawn(bench: Bench) -> None:
    bench.wait(lambda: bench.plot.watched)
    bench.page.evaluate("() => { document.body.style.paddingTop = '4000px'; }")
    bench.wait(lambda: not bench.plot.watched)
    frame = bench.canvas.get_attribute("data-frame")
    bench.data = -bench.data
    bench.draw()
    bench.page.wait_for_timeout(100)
    assert bench.canvas.get_attribute("data-frame") == frame
    bench.page.evaluate("() => { document.body.style.paddingTop = ''; }")
    bench.until(f"document.querySelector(`[data-view='${{view}}'] canvas[data-frame]`).dataset.frame !== '{frame}'")


def test_closed_and_taken_off(page: Any) -> None:
    bench = Bench(page)
    bench.host.unmount(bench.view)
    assert bench.sent("bye")
    before = len(bench.sent("beat"))
    bench.page.wait_for_timeout(1200)
    assert len(bench.sent("beat")) == before
    bench.plot.close()


@pytest.mark.parametrize("width", ["350px", "175px"])
def test_narrow(page: Any, width: str) -> None:
    bench = Bench(page, width)
    bench.canvas.focus()
    bench.press("x")
    bench.wait(lambda: bench.plot.cursors.x != ())
    wide = bench.page.evaluate(
        "view => { const r = document.querySelector(`[data-view='${view}'] .pw-plot`); return [r.scrollWidth, r.clientWidth]; }", bench.view
    )
    assert wide[0] <= wide[1]
    for button in bench.root.locator(".pw-plot-tools button").all():
        box, outer = button.bounding_box(), bench.root.bounding_box()
        assert box["x"] + box["width"] <= outer["x"] + outer["width"]
        assert min(box["width"], box["height"]) >= 24
    bench.host.screenshot(f"plot-{width}")
    bench.plot.close()


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(page: Any, axe: str, dark: bool) -> None:
    from pynq_widgets.widgets.plot_layers import Mark

    if dark:
        page.page.add_style_tag(content=f":root{{{DARK}}} body{{background:#111}}")
    bench = Bench(page)
    bench.draw(marks=[Mark(0.4, "y", "level", "trigger", draggable=True), Mark(0.12, "x", "DMA", "dma"), Mark(0.02, "x", "here")])
    bench.plot.cursors = {"x": (0.05, 0.15), "y": (-0.5, 0.5)}
    bench.plot.hidden = ["down"]
    bench.root.get_by_role("slider").first.wait_for()
    bench.page.evaluate(axe)
    ask = """async () => (await axe.run('.pw', {resultTypes: ['violations']})).violations
        .map(one => `${one.id}: ${one.nodes.slice(0, 4).map(node => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' | ')}`)"""
    assert bench.page.evaluate(ask) == []
    bench.canvas.focus()
    bench.press("?")
    assert bench.page.evaluate(ask) == []
    bench.plot.close()


def test_in_jupyterlab_python_and_mouse_agree(lab: Any) -> None:
    code = """
import numpy as np
from pynq_widgets.analysis.curve import Curve, reduce_line
from pynq_widgets.widgets.plot import Plot
from pynq_widgets.widgets.plot_layers import Axis, Line
data = np.sin(np.arange(1_000_000) / 30_000).astype("f4")
def moved():
    low, high = plot.view[:2]
    curve = reduce_line(data, int(low), int(high) + 2, plot.columns)
    plot.draw([Line("samples", curve)], x=Axis("Sample", "", 0, data.size - 1), y=Axis("Value", "V", -1.2, 1.2))
plot = Plot(moved=moved)
moved()
plot"""
    notebook = lab.run([code])
    page = lab.page
    canvas = page.locator(".pw-plot [data-layer=over]")
    page.wait_for_function("() => document.querySelector('.pw-plot canvas[data-frame]')")
    notebook.wait_until("plot.watched and plot.columns != 1000", "True")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(6):
        page.mouse.wheel(0, -240)
    notebook.wait_until("plot.view[1] - plot.view[0] < 200_000 and plot.layers[0].curve.step < 400", "True")
    canvas.focus()
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("x")
    notebook.wait_until("len(plot.cursors.x)", "2")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    notebook.execute("plot.view = (0, 1000, None, None)")
    page.wait_for_function("() => document.querySelector('.pw-plot canvas[aria-label*=\"to 1000\"]')")
    notebook.screenshot("plot-lab")
    notebook.execute("plot.close()")
    page.wait_for_function("() => !document.querySelector('.pw-plot')")
