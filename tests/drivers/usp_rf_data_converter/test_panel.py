"""The panel of the RF Data Converter: what the page is told, and what it may ask."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_widgets import showing

pytest.importorskip("ipywidgets")


@pytest.fixture
def bench(build: Any, rf_block: Any) -> Any:
    return build(rf_block())


def test_making_it_touches_no_hardware(bench: Any, page: Any) -> None:
    rf = bench.overlay.rf
    told: list[Any] = []
    assert bench.accesses("rf", lambda: told.append(rf.panel().look())) == []
    assert rf.panel() is rf.panel()
    assert [tile["name"] for tile in told[0]["tiles"]] == ["RF-DAC tile 0", "RF-ADC tile 1"]
    assert told[0]["stand"][0] == {"known": False, "runs": False, "state": 0, "said": "not read", "clock": None, "lock": "not read"}
    assert told[0]["cables"] is True
    assert told[0]["off"].startswith("RF-DAC tile 1, ")


def test_it_reads_states_and_status_alone(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.rf.panel())
    reads = bench.accesses("rf", shown.reads)
    assert {entry[0] for entry in reads} == {"read"}
    words = {offset for _, offset, *_ in reads}
    assert {0x400C, 0x4228, 0x1800C, 0x18228} <= words
    assert not words & {0x4200, 0x18200, 0x18208}, "what reading clears is not read on the way"


def test_tiles_and_their_lock(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.rf.panel())
    told = shown.reads()
    assert told["stand"][1] == {"known": True, "runs": True, "state": 15, "said": "runs", "clock": True, "lock": "PLL locked"}
    assert shown.asks("clock", kind="adc", number=1, present=False) is None
    told = shown.reads()
    assert (told["stand"][1]["state"], told["stand"][1]["lock"]) == (6, "no clock")
    assert told["stand"][1]["said"].endswith("there is no clock of 409.6 MHz at its input")
    assert shown.asks("clock", kind="adc", number=1, present=True) is None
    bench.clock.advance(1.0)
    assert shown.reads()["stand"][1]["runs"]


def test_keys(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.rf.panel())
    assert shown.asks("stop", kind="dac", number=0) is None
    bench.clock.advance(1.0)
    assert shown.reads()["stand"][0]["state"] == 3
    for action in ("start", "reset"):
        assert shown.asks(action, kind="dac", number=0) is None
        bench.clock.advance(1.0)
        assert shown.reads()["stand"][0]["runs"]
    assert "rf has no RF-DAC tile 3 in this design" in str(shown.asks("start", kind="dac", number=3))


def test_what_a_saved_notebook_shows(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.rf.panel())
    shown.reads()
    bundle = showing.mimebundle(bench.overlay.rf.panel(), widget=False)
    assert "RF-ADC tile 1: runs; 4.096 GS/s, PLL x10 from 409.6 MHz, streams at 256 MHz; PLL locked" in bundle["text/plain"]
    assert "fine mixer real to I/Q at -1000 MHz" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
