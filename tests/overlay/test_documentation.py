"""The examples of docs/writing-a-driver.md run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice, model
from pynq_widgets.device.simulated.registry import unregister
from pynq_widgets.overlay import packages

INSTALLED = packages.installed  # a fixture puts another in its place for each test
PAGE = Path(__file__).resolve().parents[2] / "docs" / "writing-a-driver.md"


@pytest.fixture
def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def beside_demo(demo_design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, active_device: Any) -> Path:
    """A folder with the demonstration design in it, where the test runs."""
    monkeypatch.setattr(packages, "installed", INSTALLED)
    path = tmp_path / "demo.hwh"
    path.write_bytes(demo_design.read_bytes())
    (tmp_path / "hls.hwh").write_bytes((demo_design.parent / "hls.hwh").read_bytes())
    monkeypatch.chdir(tmp_path)
    active_device(SimulatedDevice("page"))
    return path


def call_a_core(calling: str, deriving: str, space: dict[str, Any]) -> None:
    @model("pynq-widgets:hls:weigh:1.0")
    def weigh(core: Any) -> int:
        core.buffer(core.y, core.n, "f4")[:] = (
            core.scalar("gain", "f4") * core.buffer(core.x, core.n, "f4") * core.array("weights", "f4")[0]
        )
        return int(core.n)

    try:
        exec(calling, space)
        assert (space["above"], space["run"].state) == (100, "done")
        exec(deriving, space)
        core = Overlay("hls.hwh").weigh
        core.smooth(space["x"], space["y"])
        assert type(core).__name__ == "Weigh"
    finally:
        unregister("pynq-widgets:hls:weigh:1.0")
        space["Weigh"].unregister()


def test_the_examples_run(examples: list[str], beside_demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ip, stating, using, calling, deriving, panel, hierarchy, overlay = examples
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(ip, space)
    ol = space["ol"]
    assert type(ol.leds).__name__ == "Leds"
    assert (ol.leds.read(0), ol.leds.read(4)) == (0b0101, 0)
    exec(stating, space)
    timer = space["timer"]
    assert type(timer).__name__ == "Timer"
    assert (timer.load, timer.TLR0, timer.TCSR0_LOAD0) == (500, 500, True)
    pytest.importorskip("ipywidgets")
    exec(using, space)
    assert (timer.load, timer.enabled, timer.TCSR0_LOAD0, space["slider"].value) == (800, True, False, 800)
    assert "TLR0" in capsys.readouterr().out
    space["Timer"].unregister()
    call_a_core(calling, deriving, space)
    script = re.search(r"```js\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert script is not None
    exec(panel.replace('"panel.js"', repr(script[1])), space)
    assert callable(space["Timer"].panel)
    exec(hierarchy, space)
    assert type(Overlay("demo.hwh").filter) is space["Filter"]
    beside_demo.with_suffix(".py").write_text(overlay, encoding="utf-8")
    demo = Overlay("demo.hwh")
    assert type(demo).__name__ == "Demo"
    assert demo.leds.read(0) == 0
