"""The scope in JupyterLab: what the hardware does stands on the screen, what a hand does is in Python, and it ends with its cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright")

DESIGN = Path(__file__).parents[2] / "notebooks" / "designs" / "demo.hwh"
SETUP = f"""
import threading
import numpy as np
from pynq_widgets import Overlay, allocate, scope

ol = Overlay({str(DESIGN)!r})
dma, fir = ol.filter.dma, ol.filter.fir
fir.coefficients = [1.0]
fir.start()
sent, n, height = allocate(2048, "i2"), np.arange(2048), 8000
rng = np.random.default_rng(1)

def feed():
    sent[:] = height * np.sin(2 * np.pi * (n / 256 + rng.random()))
    dma.sendchannel.transfer(sent)
    dma.sendchannel.wait(timeout=5)

def threads():
    return sum("acquisition" in thread.name for thread in threading.enumerate())

free = ol.device.pool.free_ranges
"""
SHOW = "view = scope(dma.recvchannel, samples=2048, feed=feed, sample_rate=1e6, unit='V', scale=1 / 8000)\nview"


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect

    return expect(locator)


@pytest.fixture
def running(lab: Any) -> Any:
    notebook = lab.run([SETUP, SHOW])
    expect(notebook.page.locator(".pw-scope-live")).to_have_attribute("data-kind", "live")
    notebook.wait_until("view.shown > 5 and view.running", "True")
    return notebook


def count(page: Any, name: str) -> int:
    return int(page.locator(f"[data-count={name}] b").inner_text().replace(",", ""))


def test_it_lives_and_both_sides_agree(running: Any) -> None:
    page = running.page
    expect(page.locator(".pw-scope-live")).to_contain_text("Hz")
    expect(page.locator("[data-what=frequency] b")).to_contain_text("3.9")
    assert count(page, "frames") > 0
    # By hand.
    page.locator(".pw-scope-run").click()
    expect(page.locator(".pw-scope-live")).to_have_text("stopped")
    running.wait_until("view.state, threads(), dma.recvchannel.running", "('stopped', 0, True)")
    page.get_by_role("button", name="Single").click()
    running.wait_until("view.state, threads()", "('stopped', 0)")
    page.locator(".pw-scope-run").click()
    running.wait_until("view.state", "'running'")
    page.locator(".pw-buf-mode select").select_option("spectrum")
    running.wait_until("view.mode", "'spectrum'")
    # By Python.
    running.execute("view.mode = 'line'\nview.trigger.position = 10")
    expect(page.locator(".pw-buf-mode select")).to_have_value("line")
    expect(page.get_by_label("Place of the trigger on the screen")).to_have_value("10")
    running.execute("view.stop()")
    expect(page.locator(".pw-scope-live")).to_have_text("stopped")
    expect(page.locator(".pw-scope-run")).to_have_text("Run")


def test_the_level_is_dragged_and_beyond_the_signal_nothing_is_met(running: Any) -> None:
    page = running.page
    page.locator(".pw-scope-trigger select[name=mode]").select_option("normal")
    running.wait_until("view.trigger.mode", "'normal'")
    page.get_by_label("level", exact=True).fill("0.25")
    page.get_by_label("level", exact=True).press("Enter")
    running.wait_until("view.trigger.level", "0.25")
    rule = page.locator(".pw-plot-rule[data-axis=y]")
    expect(rule).to_have_attribute("aria-valuenow", "0.25")
    box = rule.locator(".pw-plot-tag").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + 40, steps=5)
    page.mouse.up()
    running.wait_until("view.trigger.level < 0.2", "True")
    page.get_by_label("level", exact=True).fill("5")
    page.get_by_label("level", exact=True).press("Enter")
    expect(page.locator(".pw-scope-live")).to_have_text("no trigger")
    running.wait_until("view.rejected > 3", "True")
    page.get_by_label("level", exact=True).fill("")
    page.get_by_label("level", exact=True).press("Enter")
    running.wait_until("view.trigger.level", "")
    expect(page.locator(".pw-scope-live")).to_contain_text("Hz")


def test_what_is_wrong_is_told_and_put_back(running: Any) -> None:
    page = running.page
    page.locator(".pw-buf-more").click()
    page.get_by_label("sample rate", exact=True).fill("fast")
    page.get_by_label("sample rate", exact=True).press("Enter")
    expect(page.locator(".pw-buf-said")).to_have_text("a sample rate is a number, as 48e3 or 48 kHz, not 'fast'")
    expect(page.get_by_label("sample rate", exact=True)).to_have_value("1000000")
    running.execute("height = None")
    expect(page.locator(".pw-buf-said")).to_contain_text("Run tries again.")
    running.wait_until("view.state, threads()", "('stopped', 0)")


def test_it_pauses_out_of_sight_and_ends_with_its_cell(running: Any) -> None:
    page = running.page
    running.run_cell("from IPython.display import HTML\nHTML('<div style=\"height:3000px\">far below</div>')")
    page.get_by_text("far below").last.evaluate("element => element.parentElement.scrollIntoView({block: 'end'})")
    running.wait_until("view.state, threads()", "('unseen', 0)")
    page.locator(".pw-scope").evaluate("element => element.scrollIntoView()")
    running.wait_until("view.state, threads()", "('running', 1)")
    running.execute("first = view")
    running.rerun(1)
    running.wait_until("view is first, first.state, view.state, threads()", "(False, 'closed', 'running', 1)")
    assert page.locator(".pw-scope").count() == 1
    running._script("w => { w.content.activeCellIndex = 1; return app.commands.execute('notebook:clear-cell-output'); }")
    running.wait_until("view.closed, threads()", "(True, 0)")
    running.wait_until("ol.device.pool.free_ranges == free", "True")


def test_another_overlay_is_told(running: Any) -> None:
    running.execute(f"again = Overlay({str(DESIGN)!r})")
    expect(running.page.locator(".pw-buf-said")).to_contain_text("Then make a scope of its channel.")
    running.wait_until("view.state, threads()", "('stopped', 0)")


def test_it_looks_right_in_light_and_in_dark(running: Any) -> None:
    page = running.page
    for mode in ("line", "spectrum", "waterfall", "persistence"):
        running.execute(f"view.mode = {mode!r}\nshown = view.shown")
        running.wait_until("view.shown > shown + 5", "True")
        running.screenshot(f"scope-{mode}", page.locator(".pw-scope"))
    page.locator(".pw-buf-more").click()
    running.theme("JupyterLab Dark")
    running.execute("view.mode = 'line'\nshown = view.shown")
    running.wait_until("view.shown > shown + 5", "True")
    running.screenshot("scope-dark", page.locator(".pw-scope"))
    page.locator(".pw-scope").evaluate("element => { element.style.width = '420px'; }")
    page.wait_for_function("() => document.querySelector('.pw-scope .pw-plot').clientWidth < 430")
    panel = page.locator(".pw-scope-panel").evaluate("element => [element.scrollWidth, element.clientWidth]")
    assert panel[0] <= panel[1], "nothing is cut off in a narrow cell"
    running.screenshot("scope-narrow", page.locator(".pw-scope"))
