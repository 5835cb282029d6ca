"""The tour in JupyterLab, as a newcomer runs it: every cell, and what then stands on the page."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_the_tour_runs_and_shows_what_it_says(lab: Any) -> None:
    shutil.copytree(NOTEBOOKS / "designs", lab.root / "designs", dirs_exist_ok=True)
    shutil.copy(NOTEBOOKS / "tour.ipynb", lab.root)
    notebook = lab.open("tour.ipynb")
    notebook.run_all()

    assert notebook.execute("bin(ol.leds.channel1.read())") == "'0b1'"  # what the button left there: the views above are still alive
    notebook.cell(0).page.evaluate("() => window.jupyterapp.shell.currentWidget.content.scrollToItem(2)")
    tree = notebook.page.get_by_role("treegrid").first
    tree.wait_for()
    tree.get_by_text("leds", exact=True).first.wait_for()
    notebook.output(0).page.locator(".jp-OutputArea").get_by_text("Simulated").first.wait_for()
