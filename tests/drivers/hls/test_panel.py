"""The form of a core: what the page is told, and what it may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pynq_drivers.hls import panel as panels
from pynq_drivers.hls.panel import HlsPanel
from pynq_widgets import allocate, showing
from pynq_widgets.widgets import table_python

TAKES = 1e-3
ARGUMENTS = (
    ("gain", 0x10, "write-only"),
    ("src_1", 0x18, "write-only"),
    ("src_2", 0x1C, "write-only"),
    ("fast", 0x20, "write-only", (("fast", 0, 1),)),
    ("y", 0x28, "read-only"),
    ("Memory_table", 0x40, "read-write"),
)

pytestmark = pytest.mark.usefixtures("page")


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The variables of a notebook."""
    names: dict[str, Any] = {}
    monkeypatch.setattr(panels, "variables", lambda: names)
    monkeypatch.setattr(table_python, "variables", lambda: names)
    return names


def scales(core: Any) -> Iterator[float]:
    yield TAKES
    core.y = core.gain * float(core.buffer(core.src, 4, "f4").sum())


@pytest.fixture
def bench(build: Any, core_block: Any, behaves: Any, notebook: dict[str, Any]) -> Any:
    behaves(scales, "void core(float gain, const float *src, bool fast, float *y, short table[9])")
    made = build(core_block(*ARGUMENTS, master=True, interrupt=False))
    notebook["ol"] = made.overlay
    notebook["samples"] = allocate(4, "f4", target=made.device)
    notebook["samples"][:] = 1
    notebook["_hidden"] = notebook["samples"][:2]
    notebook["x"] = 3
    return made


def test_the_page_is_told_the_arguments_and_nothing_is_read(bench: Any) -> None:
    core = bench.overlay.core
    panel = core.panel()
    assert isinstance(panel, HlsPanel)
    assert core.panel() is panel
    told: list[Any] = []
    assert bench.accesses("core", lambda: (told.append(panel.look()), panel.text(), showing.mimebundle(panel))) == []
    assert told[0]["arguments"] == [
        {"name": "gain", "kind": "number", "type": "float32", "said": True, "python": "gain"},
        {"name": "src", "kind": "buffer", "type": "const float32*", "said": True, "python": "src"},
        {"name": "fast", "kind": "bool", "type": "bool", "said": True, "python": "fast"},
        {"name": "table", "kind": "array", "type": "int16[9]", "said": True, "python": "table"},
    ]
    assert told[0]["buffers"] == [{"name": "samples", "what": "4 float32, 16 bytes"}]
    assert told[0]["state"] == {"now": "idle", "text": "not started yet", "ended": 0, "repeats": False}
    assert told[0]["outputs"] == [{"name": "y", "type": "float32", "value": ""}]
    assert "core.call(gain: 'float32', src: 'const float32*', fast: 'bool', table: 'int16[9]') -> 'float32'" in panel.text()


def test_start_makes_the_call_that_the_line_says(page: Any, bench: Any) -> None:
    core = bench.overlay.core
    seen = page(core.panel())
    values = {"gain": "2.5", "src": "samples", "fast": True, "table": "1, -2 3"}
    assert seen.asks("start", values=values) is None
    assert seen.panel.look()["line"] == "ol.core.start(gain=2.5, src=samples, fast=True, table=[1, -2, 3])"
    assert seen.panel.look()["state"]["now"] == "running"
    assert seen.asks("start", values={}) == "core is still at run 1: wait(), or await done(), first"
    bench.clock.advance(TAKES)
    assert seen.panel.look()["state"]["now"] == "running"  # nobody has asked the core
    assert seen.asks("look") is None
    told = seen.panel.look()
    assert (told["state"]["now"], told["state"]["ended"]) == ("done", 1)
    assert told["outputs"] == [{"name": "y", "type": "float32", "value": "10"}]
    assert told["stand"] == {"gain": "2.5", "src": "samples", "fast": "True", "table": ""}
    assert core.table[:3].tolist() == [1, -2, 3]
    assert seen.asks("start", values={"gain": "-1", "src": "", "table": ""}) is None  # what is empty is as it was
    assert core.wait() == -4.0


def test_waiting_does_not_hold_up_the_notebook(page: Any, bench: Any) -> None:
    seen = page(bench.overlay.core.panel())

    async def scene() -> None:
        assert seen.asks("start", values={"gain": "1", "src": "samples", "fast": False}) is None
        seen.sent.clear()
        seen.panel._handle_custom_msg({"kind": "do", "action": "wait", "arguments": {}, "tag": "t", "view": "v"}, [])
        for _ in range(100):
            bench.clock.advance(TAKES / 10)
            await asyncio.sleep(0)
            if any(content["kind"] == "done" for content in seen.sent):
                break
        assert seen.sent[-1]["error"] is None

    asyncio.run(scene())
    assert seen.panel.look()["outputs"][0]["value"] == "4"


def test_what_is_wrong_is_said_and_nothing_is_written(page: Any, bench: Any, notebook: dict[str, Any]) -> None:
    seen = page(bench.overlay.core.panel())
    wrong = {
        "core.gain: 'fast' is no number; expected one as in 26, -3, 0x1A or 2.5 (float32)": {"gain": "fast"},
        "core.src: the notebook has no buffer 'sample' on this device (did you mean 'samples'?)": {"src": "sample"},
        "core.table: 'a' is no number; expected numbers as in 1, 2, 3, or the name of an array": {"table": "1, a"},
        "core.table: the notebook has no array 'x'; expected its name, or numbers as in 1, 2, 3": {"table": "x"},
        "core.gain: 30000 characters are too many to type: give the name of an array": {"gain": "1" * 30_000},
        "core.gain: expected a text, not 3": {"gain": 3},
        "KeyError: core has no argument 'gian' (did you mean 'gain'?)": {"gian": "3"},
        "expected the values by name, not [1]": [1],
    }
    bench.device.log.clear()
    for message, values in wrong.items():
        assert seen.asks("start", values=values) == message
    assert bench.device.log == []
    assert seen.panel.look()["line"] == ""
    notebook["taps"] = np.arange(9, dtype="i2")
    assert seen.asks("start", values={"gain": "1", "src": "samples", "fast": True, "table": "taps"}) is None
    assert bench.overlay.core.table[8] == 8


def test_a_type_is_said_on_the_page(page: Any, bench: Any) -> None:
    core = bench.overlay.core
    seen = page(core.panel())
    assert seen.asks("say", name="gain", type="uint32") is None
    assert core.arguments["gain"].describe() == "uint32"
    assert seen.panel.look()["line"] == "ol.core.types(gain='uint32')"
    assert "core.gain has 32 bits in the design, but float64 has 64" in str(seen.asks("say", name="gain", type="double"))


def test_a_core_that_restarts_and_one_that_works_all_the_time(
    page: Any, build: Any, core_block: Any, behaves: Any, notebook: dict[str, Any]
) -> None:
    def counts(core: Any) -> Iterator[float]:
        yield TAKES
        core.n = core.n + 1

    behaves(counts)
    bench = build(core_block(("n", 0x10, "read-only"), interrupt=False))
    seen = page(bench.overlay.core.panel())
    assert seen.asks("start", values={}, repeats=True) is None
    assert seen.panel.look()["line"] == "ol.core.start(auto_restart=True)"
    assert seen.panel.look()["state"]["repeats"] is True
    assert seen.asks("stop") is None
    bench.clock.advance(2 * TAKES)
    assert seen.asks("look") is None
    assert seen.panel.look()["state"]["now"] == "done"

    def adds(core: Any) -> None:
        core.c = core.a + 1

    behaves(adds)
    bench = build(core_block(("a", 0x10, "write-only"), ("c", 0x18, "read-only"), control=False, interrupt=False))
    seen = page(bench.overlay.core.panel())
    assert seen.asks("start", values={"a": "0xF_F"}) is None
    told = seen.panel.look()
    assert (told["starts"], told["line"], told["outputs"][0]["value"]) == (False, "ol.core.call(a=0xF_F)", "256 (0x100)")


def test_a_core_without_a_behaviour_says_how_to_give_it_one(build: Any, core_block: Any, notebook: dict[str, Any]) -> None:
    core = build(core_block(("a", 0x10, "write-only"), interrupt=False)).overlay.core
    assert "@model('acme.com:hls:core:1.0')" in core.panel().look()["still"]
