"""The buffer view in JupyterLab: what Python writes is seen, and what the mouse does reaches the kernel."""

from __future__ import annotations

from typing import Any

import pytest

SETUP = """
import numpy as np
import pynq_widgets
from pynq_widgets import BufferView, allocate
"""
MODES = ("line", "steps", "points", "bars", "spectrum", "waterfall", "histogram", "xy", "eye", "lanes", "image", "hex", "text")


def _wait_for(page, script, arg=None):
    page.wait_for_function(script, arg=arg)


def _live(page, text="live"):
    _wait_for(page, "text => document.querySelector('.pw-buf-live')?.textContent === text", text)


def _drawn(page):
    """Until the plot has ink on it."""
    _wait_for(
        page,
        """() => { const c = document.querySelector('.pw-buffer .pw-plot canvas[data-layer=layers]');
        return c?.width && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0); }""",
    )


def _shown(page):
    """What the layers of the plot look like, as one text."""
    return page.evaluate("() => document.querySelector('.pw-buffer .pw-plot canvas[data-layer=layers]').toDataURL()")


def _wait_for_other(page, before):
    _wait_for(page, "before => document.querySelector('.pw-buffer .pw-plot canvas[data-layer=layers]').toDataURL() !== before", before)


def _choose(page, mode, view=0):
    page.locator(".pw-buf-mode select").nth(view).select_option(mode)


def _details(page):
    if page.locator(".pw-buf-details").first.is_hidden():
        page.get_by_role("button", name="Details").first.click()


def _centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_line_follows_the_buffer(lab):
    notebook = lab.run([SETUP + "buffer = allocate(5000, 'i4')\nbuffer[:] = 1000 * np.sin(np.arange(5000) / 200)\nbuffer"])
    page = lab.page
    _live(page)
    _drawn(page)
    _details(page)
    facts = page.locator(".pw-buf-facts").inner_text()
    assert notebook.execute("f'{buffer.physical_address:#010x}'").strip("'") in facts
    for fact in ("Shape 5,000", "Type int32", "5,000 words of 32 bits", "Cache coherent", "Device Simulated"):
        assert fact in facts
    assert page.locator(".pw-buffer .pw-title").inner_text() == "int32[5000], In[1]:4"
    before = _shown(page)
    notebook.execute("buffer[2000:2500] = 2500")
    _wait_for_other(page, before)
    _wait_for(page, "() => document.querySelector('.pw-buf-numbers')?.innerText.includes('2,500')")
    page.get_by_label("Statistics of").select_option("whole")
    notebook.screenshot("buffer-line")


def test_wheel_shows_the_visible_part_finer(lab):
    notebook = lab.run(
        [SETUP + "buffer = allocate(100_000, 'f4')\nbuffer[:] = np.sin(np.arange(100_000) / 3000)\nview = BufferView(buffer)\nview"]
    )
    page = lab.page
    _live(page)
    _drawn(page)
    area = page.locator(".pw-buffer .pw-plot canvas").last
    page.mouse.move(*_centre(area))
    for _ in range(12):
        page.mouse.wheel(0, -120)
    notebook.wait_until("view.curves[0].step < 90 and view.window[1] - view.window[0] < 60_000", "True")
    page.locator(".pw-buffer .pw-plot").get_by_role("button", name="Whole").click()
    notebook.wait_until("view.window", "(0, 100000)")
    # The part that was zoomed is what the spectrum is of, until all is asked for.
    notebook.execute("view.show(1000, 3000)")
    _choose(page, "spectrum")
    notebook.wait_until("view.mode, view.window", "('spectrum', (1000, 3000))")
    page.get_by_role("button", name="All samples").click()
    notebook.wait_until("view.window", "(0, 100000)")


def test_another_mode_does_not_keep_the_axis_of_the_last(lab):
    lab.run([SETUP + "buffer = np.sin(np.arange(100_000) / 300)\nview = BufferView(buffer, sample_rate=1e6)\nview"])
    page = lab.page
    _live(page)
    _drawn(page)
    page.mouse.move(*_centre(page.locator(".pw-buffer .pw-plot canvas").last))
    for _ in range(8):
        page.mouse.wheel(0, -120)
    summary = "text => RegExp(text).test(document.querySelector('.pw-plot [data-layer=over]').getAttribute('aria-label') ?? '')"
    _wait_for(page, f"() => !({summary})('from 0 s to 100 ms')")
    _choose(page, "spectrum")
    _wait_for(page, summary, "frequency from 0.* to 500.*kHz")
    _choose(page, "histogram")
    _wait_for(page, summary, "x|value from −1")


def test_every_mode_both_ways(lab):
    notebook = lab.run(
        [
            SETUP
            + "n = 4096\nbuffer = allocate(n, 'c8')\nbuffer[:] = np.exp(2j * np.pi * np.arange(n) / 32)\n"
            + "view = BufferView(buffer, sample_rate=1e6, unit='V')\nview",
        ]
    )
    page = lab.page
    _live(page)
    for mode in ("steps", "points", "bars", "spectrum", "waterfall", "histogram", "xy", "eye"):
        _choose(page, mode)
        notebook.wait_until("view.mode, view.drawing is not None and len(view.plot.layers) > 0", f"('{mode}', True)")
        _drawn(page)
    assert page.locator(".pw-buf-mode option[value=lanes]").is_disabled()
    assert "no bits to show" in page.locator(".pw-buf-mode option[value=lanes]").get_attribute("title")
    # Another reading of the same memory: in the page, and in Python.
    _details(page)
    page.get_by_label("type", exact=True).select_option("uint16")
    notebook.wait_until("view.interpretation.dtype.name", "'uint16'")
    _choose(page, "lanes")
    notebook.wait_until("view.mode, len(view.plot.layers[0].traces)", "('lanes', 16)")
    page.get_by_label("shape", exact=True).fill("64, 256")
    page.get_by_label("shape", exact=True).press("Enter")
    notebook.wait_until("view.interpretation.shape", "(64, 256)")
    _choose(page, "image")
    _wait_for(page, "() => document.querySelector('.pw-buf-canvas')?.dataset.serial")
    page.get_by_label("colours", exact=True).select_option("RGB565")
    notebook.wait_until("view.settings.format", "'RGB565'")
    notebook.execute("view.settings.format = 'numbers'")
    _wait_for(page, "() => document.querySelector('.pw-buf-quick select').value === 'numbers'")
    page.get_by_role("button", name="As allocated").click()
    notebook.wait_until("view.interpretation.dtype is None and view.drawing is not None", "True")
    notebook.execute("view.mode = 'text'")
    _wait_for(page, "() => document.querySelector('.pw-buf-values')?.textContent.startsWith('[0] (1+0j)')")
    assert page.locator(".pw-buf-mode select").input_value() == "text"


def test_settings_that_are_wrong_teach(lab):
    notebook = lab.run([SETUP + "view = BufferView(np.sin(np.arange(5000.) / 9), mode='spectrum')\nview"])
    page = lab.page
    _live(page)
    averages = page.get_by_label("averages")
    averages.fill("4000")
    averages.press("Enter")
    _wait_for(
        page, "() => document.querySelector('.pw-buf-said').textContent.startsWith(\"averages of mode 'spectrum': expected a whole\")"
    )
    assert averages.input_value() == "8"
    averages.fill("16")
    averages.press("Enter")
    notebook.wait_until("view.settings.averages", "16")
    _details(page)
    rate = page.get_by_label("sample rate")
    rate.fill("48 kHz")
    rate.press("Enter")
    notebook.wait_until("view.sample_rate", "48000.0")
    shape = page.get_by_label("shape", exact=True)
    shape.fill("7,7,7777")
    shape.press("Enter")
    _wait_for(page, "() => document.querySelector('.pw-buf-said').textContent.includes('777')")
    assert shape.input_value() == "5000"
    # Keys are the view's: they delete no cell.
    shape.press("Escape")
    page.get_by_role("button", name="Details").focus()
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").count() == 1


def test_hex_rows_of_a_hundred_million_bytes(lab):
    notebook = lab.run([SETUP + "data = np.zeros(100_000_000, 'u1')\nview = BufferView(data, mode='hex')\nview"])
    page = lab.page
    _live(page)
    _wait_for(page, "() => document.querySelector('.pw-hex-at')?.textContent === '00000000'")
    notebook.execute("data[3] = 0xab")
    _wait_for(page, "() => document.querySelector('.pw-hex-new')?.textContent === 'ab'")
    page.locator(".pw-hex").focus()
    page.keyboard.press("End")
    _wait_for(page, "() => [...document.querySelectorAll('.pw-hex-at')].at(-1)?.textContent === '05f5e0f0'")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    _wait_for(page, "() => document.querySelector('.pw-hex-at')?.textContent === '00000010'")
    _details(page)
    where = page.get_by_label("Index of an element")
    where.fill("0x1000")
    where.press("Enter")
    _wait_for(page, "() => document.querySelector('.pw-hex-at')?.textContent === '00001000'")
    assert page.locator(".pw-hex-row").count() < 60


def test_hold_and_trigger(lab):
    notebook = lab.run([SETUP + "data = np.zeros(2000, 'f4')\nview = BufferView(data)\nview"])
    page = lab.page
    _live(page)
    _details(page)
    page.get_by_label("Trigger on").select_option("rising")
    notebook.wait_until("view.trigger is not None", "True")
    page.get_by_label("level", exact=True).fill("0.5")
    page.get_by_label("level", exact=True).press("Enter")
    notebook.wait_until("view.trigger.level", "0.5")
    page.get_by_role("button", name="Single").click()
    notebook.execute("data[700:] = 1")
    _live(page, "held")
    notebook.wait_until("view.hold, view._origin", "(True, 700)")
    page.get_by_role("button", name="Hold").click()
    _live(page)
    notebook.wait_until("view.hold", "False")


def test_both_sides_of_a_cache(lab):
    notebook = lab.run([SETUP + "buffer = allocate(1000, 'i2', cacheable=True)\nbuffer.flush()\nview = BufferView(buffer)\nview"])
    page = lab.page
    _live(page)
    _drawn(page)
    notebook.execute("buffer[500:] = 99")
    _wait_for(page, "() => document.querySelector('.pw-buf-newer')?.textContent === 'host newer'")
    _details(page)
    page.get_by_label("side", exact=True).select_option("device")
    notebook.wait_until("view.side, float(view.curves[0].y.max())", "('device', 0.0)")
    notebook.execute("buffer.flush()")
    notebook.wait_until("float(view.curves[0].y.max())", "99.0")
    _wait_for(page, "() => document.querySelector('.pw-buf-newer').hidden")


def _wait_for_pixel(page, across, down, colour):
    """Until the picture has a colour (within JPEG's means) at a fraction of its canvas: a look may come while Python still writes."""
    page.wait_for_function(
        """([across, down, colour]) => { const c = document.querySelector('.pw-buf-canvas');
        const seen = c.getContext('2d').getImageData(Math.floor(c.width * across), Math.floor(c.height * down), 1, 1).data;
        return colour.every((value, i) => Math.abs(value - seen[i]) < 6); }""",
        arg=[across, down, colour],
    )


def _wait_for_picture(page):
    _wait_for(page, "() => document.querySelector('.pw-buf-canvas')?.dataset.serial")


def test_picture_follows_zooms_and_tells_values(lab):
    notebook = lab.run([SETUP + "image = allocate((900, 1600, 3), 'u1')\nimage[:, :, 0] = 200\nview = BufferView(image)\nview"])
    page = lab.page
    _wait_for_picture(page)
    _wait_for_pixel(page, 0.5, 0.5, [200, 0, 0])
    notebook.execute("image[:] = (0, 90, 250)")
    _wait_for_pixel(page, 0.5, 0.5, [0, 90, 250])
    canvas = page.locator(".pw-buf-canvas")
    page.mouse.move(*_centre(canvas))
    _wait_for(page, "() => /^\\[4\\d\\d, [78]\\d\\d\\] \\(0, 90, 250\\)$/.test(document.querySelector('.pw-buf-value').textContent)")
    for _ in range(10):
        page.mouse.wheel(0, -120)
    notebook.wait_until("view.window[1] - view.window[0] < 300", "True")
    page.get_by_role("button", name="Whole").click()
    notebook.wait_until("view.window", "(0, 900, 0, 1600)")


def test_planes_of_a_stack_are_stepped_through(lab):
    notebook = lab.run([SETUP + "view = BufferView(np.arange(3 * 8 * 8, dtype='u1').reshape(3, 8, 8)); view"])
    page = lab.page
    steppers = page.locator(".pw-buf-stepper")
    steppers.first.wait_for()
    back, on = steppers.first.get_by_role("button").all()
    assert back.is_disabled()
    assert steppers.first.inner_text().split() == ["‹", "of", "3", "›"]
    on.click()
    on.click()
    _wait_for(page, "() => document.querySelector('.pw-buf-note').textContent.includes('plane [2]')")
    assert notebook.execute("view.plane") == "(2,)"
    assert on.is_disabled()
    back.click()
    _wait_for(page, "() => document.querySelector('.pw-buf-note').textContent.includes('plane [1]')")
    notebook.execute("view.plane = (0,)")
    _wait_for(page, "() => document.querySelector('.pw-buf-stepper input').value === '0'")
    assert back.is_disabled()


def test_jpeg_frames_reach_the_page(lab):
    notebook = lab.run(
        [
            SETUP
            + "y, x = np.mgrid[:1080, :1920]\nframe = np.stack([x // 8, y // 5, (x + y) // 12], -1).astype('u1')\n"
            + "view = BufferView(frame, rate=100)\nview"
        ]
    )
    page = lab.page
    _wait_for_picture(page)
    assert notebook.execute("view.drawing.mime, view.drawing.raster.part.shape") == "('image/jpeg', (1080, 1920, 3))"
    before = int(page.locator(".pw-buf-canvas").get_attribute("data-serial"))
    notebook.execute(
        "import threading, time\ndef play():\n    for i in range(60):\n        frame[:, 100:200] = i * 4\n        time.sleep(0.02)\n"
        "threading.Thread(target=play).start()"
    )
    _wait_for(page, "before => Number(document.querySelector('.pw-buf-canvas').dataset.serial) > before + 15", before)


def test_files_through_the_page(lab, tmp_path):
    lab.run([SETUP + "view = BufferView(np.arange(9))\nview"])
    page = lab.page
    _live(page)
    _details(page)
    for format in ("CSV", "SVG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=format, exact=True).click()
        download.value.save_as(tmp_path / format)
        assert download.value.suggested_filename == f"buffer-line.{format.lower()}"
    assert (tmp_path / "CSV").read_text().startswith("sample,value\n0,0\n")
    assert (tmp_path / "SVG").read_text().startswith("<svg")


def test_view_looks_only_while_it_is_seen(lab):
    notebook = lab.run([SETUP + "import threading\nbuffer = allocate(100)\nview = BufferView(buffer)\nview"])
    page = lab.page
    _live(page)
    assert notebook.execute("view.live") == "True"
    _details(page)
    page.get_by_label("How often the buffer is looked at").select_option("2")
    notebook.wait_until("view.rate", "2.0")
    page.get_by_label("How often the buffer is looked at").select_option("0")
    notebook.wait_until("view.live", "False")
    _live(page, "not followed")
    notebook.execute("view.rate = 20")
    notebook.wait_until("view.live", "True")
    notebook.execute("view.close()")
    _wait_for(page, "() => !document.querySelector('.pw-buffer')")
    notebook.wait_until("any(t.name == 'pynq_widgets sampler' for t in threading.enumerate())", "False")


def test_a_cell_run_again_leaves_nothing_behind(lab):
    notebook = lab.run([SETUP + "import threading, ipywidgets\nbuffer = allocate(100)", "buffer"])
    _live(lab.page)
    counts = "sorted(type(w).__name__ for w in ipywidgets.widgets.widget._instances.values())"
    before = notebook.execute(f"{counts}, sum(t.name == 'pynq_widgets sampler' for t in threading.enumerate())")
    for _ in range(3):
        notebook.rerun(1)
        _live(lab.page)
    assert notebook.execute(f"{counts}, sum(t.name == 'pynq_widgets sampler' for t in threading.enumerate())") == before
    # Another buffer in the same cell: the old one's view is closed once the next is shown.
    notebook.execute("buffer = allocate(200)")
    notebook.rerun(1)
    _wait_for(lab.page, "() => document.querySelector('[data-fact=Shape]')?.textContent === 'Shape 200'")
    notebook.wait_until("from pynq_widgets.widgets import reuse; reuse.sweep(); reuse.statistics()", "{'buffer': 1}")


def test_freed_buffer_says_so(lab):
    notebook = lab.run([SETUP + "buffer = allocate(1000)\nbuffer[::2] = 5\nview = BufferView(buffer)\nview"])
    page = lab.page
    _live(page)
    _drawn(page)
    before = _shown(page)
    notebook.execute("buffer.freebuffer()")
    _live(page, "freed")
    assert page.locator(".pw-buf-said").inner_text().startswith("This buffer was freed")
    assert _shown(page) == before
    notebook.wait_until("view.live", "False")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_pictures_for_a_person_to_look_at_and_a_machine_to_judge(lab, axe, theme):
    notebook = lab.run(
        [
            SETUP + "t = np.arange(20_000)\nwave = allocate(t.shape, 'c8')\nwave[:] = np.exp(1j * t / 900) * (1 + t / 9000)\nwave",
            "heat = allocate((300, 500), 'f4')\ny, x = np.mgrid[:300, :500]\nheat[:] = np.sin(x / 40) * np.cos(y / 30) + x / 400\nheat",
            "BufferView(np.arange(400, dtype='u2'), mode='hex')",
            "from ipywidgets import Box, Layout\nBox([BufferView(np.sin(t / 50), mode='spectrum')], layout=Layout(width='350px'))",
        ]
    )
    page = lab.page
    _live(page)
    _drawn(page)
    lab.theme(theme)
    for n in range(4):
        page.get_by_role("button", name="Details").nth(n).click()
    notebook.screenshot(f"buffer-{theme.split()[-1].lower()}")
    page.locator(".pw-buffer").last.scroll_into_view_if_needed()
    notebook.screenshot(f"buffer-{theme.split()[-1].lower()}-narrow")
    assert page.locator(".pw-buffer").last.evaluate("el => el.scrollWidth <= el.clientWidth")
    page.evaluate(axe)
    found: Any = page.evaluate(
        """async () => (await axe.run('.pw-buffer', {resultTypes: ['violations']})).violations
        .flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary}`))"""
    )
    assert found == []
