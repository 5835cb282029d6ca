"""The form of an HLS core in JupyterLab: filled in, started, waited for, and told apart when it is wrong."""

from __future__ import annotations

import pytest

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

SETUP = """
import numpy as np
import pynq_widgets as pw

C = "int weigh(const float *x, float *y, int n, float gain, float weights[8], float *largest)"

@pw.model("pynq-widgets:hls:weigh:1.0", prototype=C)
def weigh(core):
    yield 0.2
    core.buffer(core.y, core.n, "f4")[:] = core.gain * core.buffer(core.x, core.n, "f4")
    core.largest = core.gain
    return core.n

device = pw.SimulatedDevice()
ol = pw.Overlay({design!r}, device=device)
samples, result = pw.allocate(8, "f4", target=device), pw.allocate(8, "f4", target=device)
samples[:] = 2
core = ol.weigh
core.panel()
"""

AXE = """async selector => (await axe.run(selector, {resultTypes: ['violations']})).violations
    .map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join(' | '))"""


@pytest.fixture
def form(lab, demo_design):
    notebook = lab.run([SETUP.format(design=str(demo_design.parent / "hls.hwh"))])
    lab.page.wait_for_selector(".hls-row")
    return notebook


def _text(page, selector, text):
    page.wait_for_function("([selector, text]) => document.querySelector(selector)?.textContent.includes(text)", arg=[selector, text])


def test_a_core_is_called_by_mouse_and_keys(lab, form):
    page = lab.page
    page.get_by_label("Value of x").select_option("samples")
    page.get_by_label("Value of y").select_option("result")
    page.get_by_label("Value of n").fill("8")
    page.get_by_label("Value of gain").fill("loud")
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator(".pw-panel-said", has_text="weigh.gain: 'loud' is no number; expected one as in 26, -3, 0x1A or 2.5 (float32)").wait_for()
    page.get_by_label("Value of gain").fill("1.5")
    page.get_by_label("Value of gain").press("Enter")
    _text(page, ".hls-state", "running")
    _text(page, ".hls-state", "done")
    form.wait_until("result.tolist(), core.last_run.result", "([3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0], 8)")
    _text(page, ".hls-outputs", "return")
    _text(page, ".hls-outputs", "1.5")
    _text(page, ".hls-line", "ol.weigh.start(x=samples, y=result, n=8, gain=1.5)")
    # Python to the screen: what it was called with there stands in the form.
    form.execute("core.call(gain=0.25)")
    _text(page, ".hls-count", "2 runs done")
    page.wait_for_function("() => document.querySelector('[aria-label=\"Value of gain\"]').placeholder === '0.25'")
    # A buffer that comes later can be chosen; what was typed stays.
    form.execute("later = pw.allocate(16, 'f4', target=device)")
    page.wait_for_function("() => [...document.querySelector('[aria-label=\"Value of y\"]').options].some(o => o.value === 'later')")
    assert page.get_by_label("Value of gain").input_value() == "1.5"
    assert page.get_by_label("Value of y").input_value() == "result"


def test_again_and_again_until_it_is_stopped(lab, form):
    page = lab.page
    page.get_by_label("Value of x").select_option("samples")
    page.get_by_label("Value of y").select_option("result")
    page.get_by_label("Value of n").fill("8")
    page.get_by_label("Value of gain").fill("1")
    page.get_by_label("again and again").check()
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_function("() => parseInt(document.querySelector('.hls-count').textContent) >= 2")
    page.get_by_role("button", name="Stop", exact=True).click()
    _text(page, ".hls-state", "done")
    form.wait_until("core.last_run.over", "True")


def test_a_type_is_said_and_a_wrong_one_taken_back(lab, form):
    page = lab.page
    kind = page.get_by_label("C type of gain")
    kind.fill("double")
    kind.press("Enter")
    page.locator(".pw-panel-said", has_text="weigh.gain has 32 bits in the design, but float64 has 64").wait_for()
    page.wait_for_function("() => document.querySelector('[aria-label=\"C type of gain\"]').value === 'float32'")
    assert "but float64 has 64" in page.locator(".pw-panel-said").inner_text(), "Enter asked nothing else"
    kind.fill("uint32")
    kind.press("Tab")
    form.wait_until("core.arguments['gain'].describe()", "'uint32'")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_machine_finds_nothing_to_complain_of_and_it_fits_a_narrow_page(lab, form, axe, theme):
    page = lab.page
    form.theme(theme)
    form.execute("core.call(samples, result, 8, gain=0.5)")
    _text(page, ".hls-outputs", "0.5")
    page.evaluate(axe)
    assert page.evaluate(AXE, ".pw-panel") == []
    page.evaluate("() => document.querySelectorAll('.pw-panel').forEach(node => { node.parentElement.style.width = '420px'; })")
    wide = "[...document.querySelectorAll('.pw-panel')].filter(node => node.scrollWidth > node.clientWidth)"
    assert page.evaluate(f"() => {wide}.map(node => node.textContent)") == []
