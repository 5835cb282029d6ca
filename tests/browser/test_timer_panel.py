"""The panels of the timer, the interrupt controller, a stream switch and a memory in JupyterLab, in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

SETUP = """
import asyncio
import pynq_widgets as pw
device = pw.SimulatedDevice()
ol = pw.Overlay({design!r}, device=device)
timer = ol.timer
timer.panel()
"""
THREE = """
async def three():
    timer.timer0.periodic(0.05)
    for _ in range(3):
        await timer.timer0.wait_async(5)
    timer.stop()
"""
ROUTES = """
import logging
import pynq_widgets as pw
logging.disable()
ol = pw.Overlay({design!r}, device=pw.SimulatedDevice())
s = ol.pipeline0.axis_switch
s.panel()
"""
CELLS = ["ol.interrupts.panel()", "ol.bram.panel()"]

AXE = """async selector => (await axe.run(selector, {resultTypes: ['violations']})).violations
    .map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join(' | '))"""


@pytest.fixture
def board(lab, demo_design):
    notebook = lab.run([SETUP.format(design=str(demo_design)), *CELLS])
    lab.page.wait_for_function("() => document.querySelectorAll('.pw-panel-fresh[data-kind=live]').length >= 1")
    return notebook


def _text(page, selector, text):
    page.wait_for_function("([selector, text]) => document.querySelector(selector)?.textContent.includes(text)", arg=[selector, text])


def test_an_interval_a_wave_and_what_cannot_be(lab, board):
    page = lab.page
    typed = page.get_by_label("Interval of timer0")
    typed.fill("30 s")
    page.get_by_role("button", name="timer0: periodic").click()
    board.wait_until("timer.timer0.mode, timer.timer0.running, round(timer.timer0.interval)", "('periodic', True, 30)")
    _text(page, ".timer-time", "of 30 s")
    page.wait_for_function("() => document.querySelector('.timer-arc').getAttribute('d') !== ''")
    page.get_by_role("button", name="timer0: stop").click()
    board.wait_until("timer.timer0.running", "False")
    typed.fill("soon")
    typed.press("Enter")
    page.locator(".pw-panel-said", has_text="'soon' is no time: expected seconds such as 0.5").wait_for()
    page.get_by_role("button", name="Dismiss").first.click()
    # The wave: typed, drawn, and drawn along by the slider.
    period = page.get_by_label("Period or frequency of the PWM")
    period.fill("2 kHz")
    period.press("Enter")
    board.wait_until("timer.wave and round(timer.wave.frequency)", "2000")
    page.get_by_label("Duty cycle of the PWM in percent").fill("25")
    board.wait_until("round(timer.wave.duty, 3)", "0.25")
    _text(page, ".timer-pwm", "2 kHz, 500 µs; high for 125 µs, 25 %")
    # Python to the screen.
    board.execute("timer.pwm(frequency=100, duty=0.8)")
    _text(page, ".timer-pwm", "100 Hz, 10 ms; high for 8 ms, 80 %")
    page.locator(".timer-pwm").get_by_role("button", name="stop").click()
    board.wait_until("timer.wave is None", "True")
    _text(page, ".timer-pwm", "no wave on pwm0")


def test_lines_are_enabled_counted_and_drawn(lab, board):
    page = lab.page
    board.execute(THREE)
    board.execute("await three()")
    page.wait_for_function("() => Number(document.querySelector('.intc-count').textContent) >= 3")
    page.wait_for_function("() => document.querySelectorAll('.intc-mark').length >= 1")
    _text(page, ".intc-head", "Listening")
    page.get_by_label("Enable input 1, buttons/ip2intc_irpt").check()
    board.wait_until("ol.interrupts.enabled & 2", "2")
    board.execute("device.drive('buttons/ip2intc_irpt', 1)")
    page.wait_for_function("() => document.querySelectorAll('.intc-lamp')[1].dataset.state === 'pending'")
    page.wait_for_function("() => document.querySelectorAll('.intc-active').length >= 1")
    board.execute("device.drive('buttons/ip2intc_irpt', 0)")
    page.get_by_role("button", name="Acknowledge input 1").click()
    page.wait_for_function("() => document.querySelectorAll('.intc-lamp')[1].dataset.state === 'idle'")
    page.get_by_role("button", name="clear counts").click()
    board.wait_until("sum(ol.interrupts.heard.counts)", "0")


def test_a_memory_follows(lab, board):
    page = lab.page
    page.locator(".pw-buffer").scroll_into_view_if_needed()
    board.execute("ol.bram[0] = 0xCAFEF00D")
    page.wait_for_function("() => document.querySelector('.pw-buffer').textContent.includes('cafef00d')")


def test_routes_are_clicked(lab, hwh_folder):
    page = lab.page
    design = hwh_folder / "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_2pipes.hwh"
    notebook = lab.run([ROUTES.format(design=str(design))])
    page.get_by_role("button", name="none").click()
    _text(page, ".switch-head", "Nothing passes")
    page.get_by_role("button", name="S00 pipeline0/pixel_unpack/stream_out_24 to M02 pipeline0/filter2d_accel/stream_in").click()
    notebook.wait_until("s.routes[2], sum(each is not None for each in s.routes.values())", "(0, 1)")
    page.wait_for_function("() => document.querySelectorAll('.switch-key[aria-pressed=true]').length === 1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    notebook.wait_until("s.routes[3]", "1")
    page.locator(".switch-key[aria-pressed=true]").first.click()
    notebook.wait_until("s.routes[2] is None", "True")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_machine_finds_nothing_to_complain_of_and_a_person_sees_it(lab, board, axe, theme):
    page = lab.page
    board.theme(theme)
    board.execute("timer.pwm(frequency=1000, duty=0.3)")
    _text(page, ".timer-pwm", "30 %")
    page.evaluate(axe)
    assert page.evaluate(AXE, ".pw-panel") == []
    assert isinstance(board.screenshot(f"timer-{'dark' if theme == DARK else 'light'}"), Path)
    page.evaluate("() => document.querySelectorAll('.pw-panel').forEach(node => { node.parentElement.style.width = '420px'; })")
    wide = "[...document.querySelectorAll('.pw-panel')].filter(node => node.scrollWidth > node.clientWidth)"
    assert page.evaluate(f"() => {wide}.map(node => node.textContent)") == []
    board.screenshot(f"timer-narrow-{'dark' if theme == DARK else 'light'}")
