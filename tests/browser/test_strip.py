"""The strip chart in JupyterLab: what the hardware does is seen, and what the mouse does stops and starts the bus."""

from __future__ import annotations

import csv

import pytest

pytest.importorskip("bqplot")

SETUP = """
import threading
import pynq_widgets as pw
from pynq_widgets.device import SimulatedDevice
device = SimulatedDevice()
ol = pw.Overlay({design!r}, device=device)
timer, leds = ol.timer, ol.leds
def sampled():
    return sum(count.reads for who, count in device.bus.statistics().by_who.items() if who == 'sampler')
chart = pw.strip((timer, 'TLR0'), (leds, 'GPIO_DATA'), rate=20, seconds=10)
chart
"""


@pytest.fixture
def strip(lab, demo_design):
    notebook = lab.run([SETUP.format(design=str(demo_design))])
    lab.page.wait_for_function("() => document.querySelector('.pw-strip-live')?.textContent === '20 Hz'")
    return notebook


def _says(page, line, text):
    page.wait_for_function(
        "([line, text]) => document.querySelector(`li[data-line='${line}'] .pw-strip-value`).textContent === text", arg=[line, text]
    )


def _until_drawn(page, figures=2):
    drawn = "[...document.querySelectorAll('.pw-strip path.line')].filter(line => line.getAttribute('d')?.length > 30).length"
    page.wait_for_function(f"n => {drawn} === n", arg=figures)


def test_a_change_of_the_hardware_appears_in_the_page(lab, strip):
    page = lab.page
    _until_drawn(page)
    strip.execute("timer.write(4, 4321)")
    _says(page, "timer.TLR0", "4321")
    strip.execute("leds.write(0, 5)")
    _says(page, "leds.GPIO_DATA", "5")
    before = page.locator(".pw-strip path.line").first.get_attribute("d")
    page.wait_for_function("before => document.querySelector('.pw-strip path.line').getAttribute('d') !== before", arg=before)
    # Two attributes of which no unit is known: each its own figure, with a name for who cannot see it.
    assert page.locator(".pw-strip .bqplot.figure").count() == 2
    page.wait_for_function("() => document.querySelectorAll('.pw-strip .bqplot.figure[role=img][aria-label]').length === 2")
    strip.screenshot("strip")


def test_pause_in_the_page_stops_the_bus_and_resume_starts_it(lab, strip):
    page = lab.page
    strip.wait_until("sampled() > 20", "True")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function("() => document.querySelector('.pw-strip-live').textContent === 'paused'")
    assert strip.execute("chart.paused, chart.live") == "(True, False)"
    before = strip.execute("sampled()")
    page.wait_for_timeout(500)
    assert strip.execute("sampled()") == before
    assert strip.execute("[t.name for t in threading.enumerate() if 'sampler' in t.name]") == "[]"
    page.get_by_role("button", name="Resume").click()
    strip.wait_until(f"sampled() > {before} + 5", "True")
    page.wait_for_function("() => document.querySelector('.pw-strip-gap').textContent.endsWith(': paused')")


def test_out_of_sight_nothing_is_read(lab, strip):
    page = lab.page
    strip.execute("sampled()")
    page.evaluate("() => { document.querySelector('.pw-strip').style.display = 'none'; }")
    strip.wait_until("chart.live", "False")
    before = strip.execute("sampled()")
    page.wait_for_timeout(300)
    assert strip.execute("sampled()") == before
    strip.execute("chart.keep = True")
    strip.wait_until(f"sampled() > {before}", "True")
    strip.execute("chart.keep = False")
    page.evaluate("() => { document.querySelector('.pw-strip').style.display = ''; }")
    strip.wait_until("chart.live", "True")


def test_span_clear_and_zoom(lab, strip):
    page = lab.page
    page.get_by_label("Span of time that is shown").select_option("60")
    strip.wait_until("chart.seconds, chart.plot.edges", "(60.0, (-60.0, 0.0))")
    area = page.locator(".pw-strip .plotarea_events").first.bounding_box()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    for _ in range(6):
        page.mouse.wheel(0, -120)
    strip.wait_until("chart.plot.edges[1] - chart.plot.edges[0] < 55", "True")
    strip.wait_until("len(chart.data()['time']) > 30", "True")
    page.get_by_role("button", name="Pause").click()
    strip.wait_until("chart.live", "False")
    page.get_by_role("button", name="Clear").click()
    strip.wait_until("len(chart.data()['time'])", "0")
    page.wait_for_function("() => document.querySelector('.pw-strip-count').textContent === '0 samples'")


def test_export_downloads_what_was_sampled(lab, strip, tmp_path):
    page = lab.page
    strip.execute("timer.write(4, 77)")
    _says(page, "timer.TLR0", "77")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
    waiting.value.save_as(tmp_path / "strip.csv")
    with (tmp_path / "strip.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["time (s)", "timer.TLR0", "leds.GPIO_DATA", "gap"]
    assert rows[-1][1] == "77"


def test_a_bus_that_fails_is_told_at_the_line(lab, strip):
    page = lab.page
    strip.execute("was = device.read_registers\ndef fails(*a): raise OSError('no answer')\ndevice.read_registers = fails")
    page.wait_for_function("() => document.querySelector(\"li[data-line='timer.TLR0'] .pw-strip-why\").textContent.includes('no answer')")
    strip.execute("device.read_registers = was")
    page.wait_for_function("() => document.querySelector(\"li[data-line='timer.TLR0'] .pw-strip-why\").textContent === ''")
    page.wait_for_function("() => document.querySelector('.pw-strip-gap').textContent.includes('no answer')")


def test_it_goes_on_while_a_cell_sleeps(lab, strip):
    page = lab.page
    strip.execute("timer.write(4, 1)")
    _says(page, "timer.TLR0", "1")
    # The cell is not over while the page shows what it wrote: the outbox has a thread of its own.
    done = strip.execute(
        "import time\nfrom pynq_widgets.widgets import outbox\nbefore = outbox.default().statistics().run\n"
        "timer.write(4, 2)\ntime.sleep(1.0)\noutbox.default().statistics().run - before >= 10"
    )
    assert done == "True"
    _says(page, "timer.TLR0", "2")


def test_a_cell_that_is_run_again_piles_nothing_up(lab, strip):
    strip.execute("for _ in range(5): assert pw.strip((timer, 'TLR0'), (leds, 'GPIO_DATA'), rate=20, seconds=10) is chart")
    assert strip.execute("sorted(t.name for t in threading.enumerate() if t.name.split()[-1] in ('outbox', 'sampler'))") == (
        "['pynq_widgets outbox', 'pynq_widgets sampler']"
    )
    strip.execute("chart.close()")
    strip.wait_until("[t.name for t in threading.enumerate() if 'sampler' in t.name]", "[]")


def test_400_pixels_are_enough(lab, strip):
    page = lab.page
    before = page.viewport_size
    page.set_viewport_size({"width": 500, "height": 900})
    try:
        _until_drawn(page)
        page.wait_for_function("() => document.querySelector('.pw-strip').clientWidth < 430")
        assert page.evaluate("() => { const box = document.querySelector('.pw-strip-panel'); return box.scrollWidth <= box.clientWidth; }")
        for name in ("Pause", "Clear", "Export"):
            assert page.get_by_role("button", name=name).is_visible()
        strip.screenshot("strip-narrow")
    finally:
        page.set_viewport_size(before)
