"""The panel of AXI INTC: what the page is told, and what it may ask."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_intc.panel import SECONDS, STEPS
from pynq_widgets import showing


@pytest.fixture
def bench(build: Any, gpio_block: Any, timer_block: Any) -> Any:
    return build(gpio_block(C_ALL_INPUTS=1), timer_block())


def test_making_it_touches_no_hardware(bench: Any, page: Any) -> None:
    intc = bench.overlay.intc
    assert bench.accesses("intc", lambda: intc.panel().look()) == []
    assert intc.panel() is intc.panel()
    told = intc.panel().look()
    assert [line["name"] for line in told["lines"]] == ["gpio/ip2intc_irpt", "timer/interrupt"]
    assert (told["active"], told["enabled"], told["listening"], told["timeline"]) == (None, None, None, None)


def test_it_reads_three_harmless_words_and_nothing_that_disturbs(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.intc.panel())
    reads = bench.accesses("intc", shown.reads)
    assert {entry[0] for entry in reads} == {"read"}
    assert {entry[1] for entry in reads} <= {0x00, 0x04, 0x08, 0x18, 0x1C}  # IAR, SIE and CIE are not read on the way


def test_interrupts_stand_on_the_timeline(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.intc.panel())
    timer = bench.overlay.timer.timer0
    timer.one_shot(1.0)
    timer.wait(timeout=2)
    told = shown.reads()
    assert told["counts"] == [0, 1]
    assert told["timeline"] == {"seconds": SECONDS, "steps": STEPS, "marks": {"1": [STEPS - 1]}, "active": {"1": [[STEPS - 1] * 2]}}
    assert shown.asks("acknowledge", line=1) is None  # the level was latched again before the timer was asked
    shown.reads()
    bench.clock.advance(SECONDS / 2)
    assert abs(shown.reads()["timeline"]["marks"]["1"][0] - STEPS // 2) <= 1
    bench.clock.advance(SECONDS)
    assert shown.reads()["timeline"] is None  # a quiet controller sends nothing
    assert shown.reads()["counts"] == [0, 1]


def test_a_line_that_stays_active_is_a_stretch(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.intc.panel())
    assert shown.asks("listen") is None
    shown.reads()
    bench.device.drive("timer/interrupt", 1)
    shown.reads()
    bench.clock.advance(SECONDS / 4)
    first = shown.reads()["timeline"]["active"]["1"]
    assert first == [[STEPS * 3 // 4, STEPS - 1]]
    bench.device.drive("timer/interrupt", 0)
    assert shown.asks("acknowledge", line=1) is None
    shown.reads()
    bench.clock.advance(SECONDS / 4)
    assert shown.reads()["timeline"]["active"]["1"] == [[STEPS // 2, STEPS * 3 // 4]]


def test_what_the_page_may_ask(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.intc.panel())
    assert bench.accesses("intc", lambda: shown.asks("enable", line=1, on=True)) == [("write", 0x10, 0b10), ("read", 0x08)]
    assert shown.panel.look()["enabled"] == 0b10
    assert shown.asks("enable", line=1, on=False) is None
    assert shown.panel.look()["enabled"] == 0
    assert shown.asks("trigger", line=0) is None
    assert shown.panel.look()["active"] == 1
    assert shown.asks("listen") is None
    assert shown.panel.look()["listening"]
    assert shown.asks("trigger", line=0) == (
        "intc: input 0 is a pin's, and only its pin raises it once inputs are taken (MER.HIE); "
        "those of software are none in this design (C_NUM_SW_INTR)"
    )
    assert shown.asks("enable", line=9, on=True) == "intc has the inputs 0 to 1, not 9"
    assert shown.asks("clear") is None


def test_a_saved_notebook_says_it_too(bench: Any, page: Any) -> None:
    panel = bench.overlay.intc.panel()
    assert "timer/interrupt" in showing.mimebundle(panel)["text/html"]
    assert "1 timer/interrupt: high level, not read, taken 0 times" in panel.text()
    page(panel).reads()
    assert "1 timer/interrupt: high level, idle, disabled, taken 0 times" in panel.text()
