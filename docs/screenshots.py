"""Makes the picture in the README from the running thing: ``python docs/screenshots.py`` (needs the test extra and Chromium).

Opens the beginning of the tour in JupyterLab, runs it, chooses the LEDs in the tree, and writes ``docs/images/tour.png``.
The machinery is that of the browser tests.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
PICTURE = CHECKOUT / "docs" / "images" / "tour.png"
SIZE = {"width": 1240, "height": 1300}
LARGEST = 200_000  # bytes; a clone carries every version of the picture


def harness() -> Any:
    """The browser tests' own module, which no package holds."""
    spec = importlib.util.spec_from_file_location("harness", CHECKOUT / "tests" / "browser" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["harness"] = module
    spec.loader.exec_module(module)
    return module


def photograph(lab: Any) -> None:
    """Take the picture of the beginning of the tour."""
    shutil.copytree(CHECKOUT / "notebooks" / "designs", lab.root / "designs")
    tour = json.loads((CHECKOUT / "notebooks" / "tour.ipynb").read_text(encoding="utf-8"))
    index = next(i for i, cell in enumerate(tour["cells"]) if "ol = Overlay" in "".join(cell["source"]))
    (lab.root / "tour.ipynb").write_text(json.dumps(tour | {"cells": tour["cells"][: index + 1]}), encoding="utf-8")
    lab.page.set_viewport_size(SIZE)
    lab.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    notebook = lab.open("tour.ipynb")
    notebook.run_all()
    notebook.execute("ol.leds.channel1.write(0b1010)")
    output = notebook.output(index)
    output.get_by_role("row").filter(has_text="leds").first.click()
    output.get_by_text("GPIO_DATA", exact=True).first.wait_for()
    lab.page.wait_for_timeout(1500)  # for the picture only: let the table show the values of now
    PICTURE.parent.mkdir(exist_ok=True)
    notebook.cell(index).screenshot(path=PICTURE)


def main() -> None:
    from playwright.sync_api import sync_playwright

    h = harness()
    program = next(filter(None, map(shutil.which, h.BROWSERS)), None)
    if program is None:
        raise SystemExit(f"no browser found (looked for {', '.join(h.BROWSERS)}): apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = h.LabServer(Path(folder))
        try:
            server.wait_until_up()
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
            photograph(h.Lab(server, browser, Path(folder)))
            browser.close()
        finally:
            server.close()
    size = PICTURE.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{PICTURE.name} has {size} bytes, more than {LARGEST}: make the window smaller")
    print(f"{PICTURE}: {size} bytes")


if __name__ == "__main__":
    main()
