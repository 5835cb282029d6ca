"""The buffer view in JupyterLab: what Python writes is seen, and what the mouse does reaches the kernel."""

from __future__ import annotations

import pytest

SETUP = """
import numpy as np
import pynq_widgets
from pynq_widgets import BufferView, allocate
"""

LINE = "path.line"


def _path(page):
    return page.locator(f".pw-buffer {LINE}").first.get_attribute("d")


def _wait_for_line(page):
    page.wait_for_function(f"() => document.querySelector('.pw-buffer {LINE}')?.getAttribute('d')?.length > 100")
    page.wait_for_function("() => document.querySelector('.pw-buf-live')?.textContent === 'live'")


def _centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_line_follows_the_buffer(lab):
    notebook = lab.run([SETUP + "buffer = allocate(5000, 'i4')\nbuffer[:] = 1000 * np.sin(np.arange(5000) / 200)\nbuffer"])
    page = lab.page
    _wait_for_line(page)
    facts = page.locator(".pw-buf-facts").inner_text()
    assert notebook.execute("f'{buffer.physical_address:#010x}'").strip("'") in facts
    for fact in ("Shape 5,000", "Type int32", "5,000 words of 32 bits", "Cache coherent", "Device Simulated"):
        assert fact in facts
    assert page.locator(".pw-buffer .pw-title").inner_text() == "PynqBuffer"
    before = _path(page)
    notebook.execute("buffer[2000:2500] = 2500")
    page.wait_for_function(f"before => document.querySelector('.pw-buffer {LINE}').getAttribute('d') !== before", arg=before)
    notebook.screenshot("buffer-line")


def test_wheel_and_drag_show_the_visible_part_finer(lab):
    notebook = lab.run(
        [SETUP + "buffer = allocate(100_000, 'f4')\nbuffer[:] = np.sin(np.arange(100_000) / 3000)\nview = BufferView(buffer)\nview"]
    )
    page = lab.page
    _wait_for_line(page)
    assert notebook.execute("view.curves[0].step") == "100"
    area = page.locator(".pw-buffer .plotarea_events")
    page.mouse.move(*_centre(area))
    for _ in range(12):
        page.mouse.wheel(0, -120)
    notebook.wait_until("view.curves[0].step < 60 and view.window[1] - view.window[0] < 60_000", "True")
    window = notebook.execute("view.window")
    x, y = _centre(area)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 200, y, steps=4)
    page.mouse.up()
    notebook.wait_until(f"view.window[0] > {window}[0] and bool(view.curves[0].x[0] > {window}[0] - 100)", "True")
    page.get_by_role("button", name="Whole").click()
    notebook.wait_until("view.window, view.curves[0].step", "((0, 100000), 100)")


def test_value_under_the_mouse_and_by_index(lab):
    notebook = lab.run([SETUP + "buffer = allocate(1001, 'i2')\nbuffer[:] = -np.arange(1001)\nbuffer"])
    page = lab.page
    _wait_for_line(page)
    value = page.locator(".pw-buf-value")
    page.mouse.move(*_centre(page.locator(".pw-buffer .plotarea_events")))
    page.wait_for_function("() => /^\\[(499|500|501)\\] -(499|500|501) /.test(document.querySelector('.pw-buf-value').textContent)")
    page.mouse.move(5, 5)
    where = page.get_by_label("Index of an element")
    where.fill("257")
    where.press("Enter")
    page.wait_for_function("() => document.querySelector('.pw-buf-value').textContent === '[257] -257 (0xfeff)'")
    where.fill("5000")
    where.press("Enter")
    page.wait_for_function("() => document.querySelector('.pw-buf-value').textContent === 'there is no [5000] in 1,001'")
    assert value.is_visible()
    # Keys are the view's: they delete no cell.
    where.press("Escape")
    where.press("d")
    where.press("d")
    assert notebook.execute("len(buffer)") == "1001"
    assert page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").count() == 1


def _wait_for_pixel(page, across, down, colour):
    """Until the picture has a colour at a fraction of its canvas: a look may come while Python still writes."""
    page.wait_for_function(
        """([across, down, colour]) => { const c = document.querySelector('.pw-buf-canvas');
        const seen = c.getContext('2d').getImageData(Math.floor(c.width * across), Math.floor(c.height * down), 1, 1).data;
        return colour.every((value, i) => value === seen[i]); }""",
        arg=[across, down, colour],
    )


def _wait_for_picture(page):
    page.wait_for_function("() => document.querySelector('.pw-buf-canvas')?.dataset.serial")


def test_picture_follows_zooms_and_tells_values(lab):
    notebook = lab.run([SETUP + "image = allocate((900, 1600, 3), 'u1')\nimage[:, :, 0] = 200\nview = BufferView(image)\nview"])
    page = lab.page
    _wait_for_picture(page)
    _wait_for_pixel(page, 0.5, 0.5, [200, 0, 0])
    notebook.execute("image[:] = (0, 90, 250)")
    _wait_for_pixel(page, 0.5, 0.5, [0, 90, 250])
    assert notebook.execute("view._picture.part.shape[:2] < image.shape[:2]") == "True"
    canvas = page.locator(".pw-buf-canvas")
    page.mouse.move(*_centre(canvas))
    page.wait_for_function("() => /^\\[4\\d\\d, [78]\\d\\d\\] \\(0, 90, 250\\)$/.test(document.querySelector('.pw-buf-value').textContent)")
    for _ in range(10):
        page.mouse.wheel(0, -120)
    notebook.wait_until("view.window[1] - view.window[0] < 300 and view._picture.part.shape[1] == view.window[3] - view.window[2]", "True")
    page.get_by_role("button", name="Whole").click()
    notebook.wait_until("view.window", "(0, 900, 0, 1600)")


def test_view_looks_only_while_it_is_seen(lab):
    notebook = lab.run(
        [SETUP + "import threading\nbuffer = allocate(100)\nview = BufferView(buffer)\nview", "'\\n'.join('x' * i for i in range(9))"]
    )
    page = lab.page
    _wait_for_line(page)
    assert notebook.execute("view.live") == "True"
    page.get_by_label("How often the buffer is looked at").select_option("2")
    notebook.wait_until("view.rate", "2.0")
    page.get_by_label("How often the buffer is looked at").select_option("0")
    notebook.wait_until("view.live", "False")
    page.wait_for_function("() => document.querySelector('.pw-buf-live').textContent === 'not followed'")
    notebook.execute("view.rate = 20")
    notebook.wait_until("view.live", "True")
    notebook.execute("view.close()")
    page.wait_for_function("() => !document.querySelector('.pw-buffer')")
    notebook.wait_until("any(t.name == 'pynq_widgets sampler' for t in threading.enumerate())", "False")


def test_a_cell_run_again_leaves_nothing_behind(lab):
    notebook = lab.run([SETUP + "import threading, ipywidgets\nbuffer = allocate(100)", "buffer"])
    _wait_for_line(lab.page)
    counts = "sorted(type(w).__name__ for w in ipywidgets.widgets.widget._instances.values())"
    before = notebook.execute(f"{counts}, sum(t.name == 'pynq_widgets sampler' for t in threading.enumerate())")
    for _ in range(3):
        notebook.rerun(1)
        _wait_for_line(lab.page)
    assert notebook.execute(f"{counts}, sum(t.name == 'pynq_widgets sampler' for t in threading.enumerate())") == before
    # Another buffer in the same cell: the old one's view is closed once the next is shown.
    notebook.execute("buffer = allocate(200)")
    notebook.rerun(1)
    lab.page.wait_for_function("() => document.querySelector('[data-fact=Shape]')?.textContent === 'Shape 200'")
    notebook.wait_until("from pynq_widgets.widgets import reuse; reuse.sweep(); reuse.statistics()", "{'buffer': 1}")


def test_freed_buffer_says_so(lab):
    notebook = lab.run([SETUP + "buffer = allocate(1000)\nbuffer[::2] = 5\nview = BufferView(buffer)\nview"])
    page = lab.page
    _wait_for_line(page)
    before = _path(page)
    notebook.execute("buffer.freebuffer()")
    page.wait_for_function("() => document.querySelector('.pw-buf-live').textContent === 'freed'")
    assert page.locator(".pw-buf-said").inner_text().startswith("This buffer was freed")
    assert _path(page) == before
    notebook.wait_until("view.live", "False")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_pictures_for_a_person_to_look_at(lab, theme):
    notebook = lab.run(
        [
            SETUP + "t = np.arange(20_000)\nwave = allocate(t.shape, 'c8')\nwave[:] = np.exp(1j * t / 900) * (1 + t / 9000)\nwave",
            "heat = allocate((300, 500), 'f4')\ny, x = np.mgrid[:300, :500]\nheat[:] = np.sin(x / 40) * np.cos(y / 30) + x / 400\nheat",
            "BufferView(np.array(['a', 'b']))",
        ]
    )
    page = lab.page
    _wait_for_line(page)
    lab.theme(theme)
    page.mouse.move(*_centre(page.locator(".pw-buffer .plotarea_events")))
    page.wait_for_function("() => document.querySelector('.pw-buf-value').textContent !== ''")
    assert page.locator(".pw-buf-label").all_inner_texts() == ["real", "imaginary"]
    notebook.screenshot(f"buffer-{theme.split()[-1].lower()}")
    page.locator(".pw-buf-canvas").scroll_into_view_if_needed()
    _wait_for_picture(page)
    notebook.screenshot(f"buffer-{theme.split()[-1].lower()}-picture")
