"""The harness itself: both directions work, and what goes wrong is told."""

from __future__ import annotations

import os
import re

import pytest

SQUARE = """
import anywidget, traitlets

class Square(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
      const button = document.createElement("button");
      button.className = "square";
      const show = () => { button.textContent = model.get("side"); };
      button.onclick = () => { model.set("side", model.get("side") + 1); model.save_changes(); };
      model.on("change:side", show); show(); el.append(button);
    } };
    '''
    side = traitlets.Int(3).tag(sync=True)

square = Square()
square
"""


def test_python_to_screen_and_mouse_to_python(lab):
    notebook = lab.run([SQUARE])
    button = notebook.output(0).locator("button.square")
    assert button.text_content() == "3"
    assert notebook.execute("square.side = 42; square.side") == "42"
    lab.page.wait_for_function("() => document.querySelector('button.square').textContent === '42'")
    button.click()
    notebook.wait_until("square.side", "43")


def test_cells_can_be_appended_and_run_again(lab):
    notebook = lab.run(["count = 0"])
    index = notebook.run_cell("count += 1; print('count is', count)")
    assert notebook.output(index).inner_text().strip() == "count is 1"
    notebook.rerun(index)
    assert notebook.execute("count") == "2"


def test_exception_in_a_cell_fails_the_test(lab):
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.run(["1 / 0"])
    notebook = lab.run(["1 / 0"], allow_errors=True)
    assert len(notebook.cell_errors()) == 1
    with pytest.raises(AssertionError, match="name 'nowhere' is not defined"):
        notebook.execute("nowhere")


def test_kernel_has_a_home_of_its_own(lab):
    notebook = lab.run(["from pathlib import Path"])
    assert notebook.execute("str(Path.home())") != repr(os.path.expanduser("~"))


def test_theme(lab):
    lab.run(["1"])
    colour = "() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color1')"
    light = lab.page.evaluate(colour)
    lab.theme("JupyterLab Dark")
    assert lab.page.evaluate(colour) != light


def test_errors_of_the_page_and_foreign_hosts_are_found(lab):
    with lab.page.expect_event("pageerror"):
        lab.page.evaluate("() => { setTimeout(() => { throw new Error('broken on purpose'); }, 0); }")
    with pytest.raises(AssertionError, match="broken on purpose"):
        lab.end_test()
    with lab.page.expect_request("**/elsewhere"):
        lab.page.evaluate("() => fetch('http://127.0.0.1:9/elsewhere').catch(() => 'refused')")
    with pytest.raises(AssertionError, match=re.escape("asked of another host: ['http://127.0.0.1:9/elsewhere']")):
        lab.end_test()
