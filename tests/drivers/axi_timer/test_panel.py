"""The panel of AXI Timer: what the page is told, and what it may ask."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_timer.quantity import seconds_of
from pynq_widgets import showing

TCSR0, TLR0, TCR0, TCSR1, TLR1, TCR1 = 0x00, 0x04, 0x08, 0x10, 0x14, 0x18


@pytest.fixture
def bench(build: Any, timer_block: Any) -> Any:
    return build(timer_block(), autojump=False)


def test_making_it_touches_no_hardware(bench: Any, page: Any) -> None:
    timer = bench.overlay.timer
    assert bench.accesses("timer", lambda: timer.panel().look()) == []
    assert timer.panel() is timer.panel()
    told = timer.panel().look()
    assert [(counter["name"], counter["read"]) for counter in told["counters"]] == [("timer0", False), ("timer1", False)]
    assert (told["frequency"], told["wave"], told["hand"]) == (100e6, None, [None, "the design has no such pin"])


def test_it_reads_each_word_once(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.timer.panel())
    reads = bench.accesses("timer", shown.reads)
    assert reads == [("read", offset) for offset in (TCSR0, TCR0, TLR0, TCSR1, TCR1, TLR1)]


def test_a_count_that_is_held_until_it_is_read_is_left_alone(bench: Any, page: Any) -> None:
    timer = bench.overlay.timer
    timer.write(TCSR0, 0x89)  # capture, without ARHT
    shown = page(timer.panel())
    assert TLR0 not in [offset for _, offset in bench.accesses("timer", shown.reads)]


def test_an_interval_on_the_dial(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.timer.panel())
    assert shown.asks("start", counter="timer0", mode="one_shot", time="2 s") is None
    bench.clock.advance(0.5)
    counter = shown.reads()["counters"][0]
    assert (counter["mode"], counter["running"], counter["ended"]) == ("one-shot", True, False)
    assert (counter["whole"], counter["left"]) == pytest.approx((2.0, 1.5))
    bench.clock.advance(2)
    counter = shown.reads()["counters"][0]
    assert (counter["ended"], counter["left"]) == (True, 0.0)
    assert shown.asks("clear", counter="timer0") is None
    assert not shown.panel.look()["counters"][0]["ended"]
    assert shown.asks("start", counter="timer1", mode="periodic", time="1 kHz") is None
    counter = shown.panel.look()["counters"][1]
    assert (counter["mode"], counter["whole"], counter["left"]) == ("periodic", pytest.approx(1e-3), None)  # too fast to follow
    assert shown.asks("stop", counter="timer1") is None
    assert not shown.panel.look()["counters"][1]["running"]


def test_both_counters_as_one(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.timer.panel())
    assert shown.asks("join", on=True) is None
    assert [counter["name"] for counter in shown.panel.look()["counters"]] == ["cascade"]
    assert shown.asks("start", counter="cascade", mode="one_shot", time="100") is None
    bench.clock.advance(25)
    (counter,) = shown.reads()["counters"]
    assert (counter["name"], counter["bits"]) == ("cascade", 64)
    assert (counter["whole"], counter["left"]) == pytest.approx((100.0, 75.0))
    assert shown.asks("join", on=False) is None
    assert [(counter["name"], counter["running"]) for counter in shown.panel.look()["counters"]] == [("timer0", False), ("timer1", False)]


def test_one_counter_cannot_be_joined(build: Any, timer_block: Any, page: Any) -> None:
    shown = page(build(timer_block(C_ONE_TIMER_ONLY=1)).overlay.timer.panel())
    assert shown.asks("join", on=True) == "timer: in this design there are no two counters of 32 bits to be joined"
    told = shown.reads()
    assert ([counter["name"] for counter in told["counters"]], told["can_pwm"], told["can_join"]) == (["timer0"], False, False)


def test_the_wave_is_changed(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.timer.panel())
    assert shown.asks("pwm", period="2 kHz", duty=25) is None
    assert shown.panel.look()["wave"] == pytest.approx({"period": 5e-4, "high": 1.25e-4, "duty": 0.25})
    assert bench.model("timer").pwm.duty == pytest.approx(0.25)
    assert shown.asks("pwm", period="500us", duty=75) is None
    assert bench.model("timer").pwm.duty == pytest.approx(0.75)
    assert shown.asks("silence") is None
    assert (shown.panel.look()["wave"], bench.model("timer").pwm) == (None, None)


def test_events_on_the_capture_pin(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.timer.panel())
    assert shown.asks("capture", counter="timer0") is None
    assert shown.reads()["counters"][0]["captured"] is None
    bench.clock.advance(0.25)
    assert shown.asks("event", number=0) is None
    counter = shown.panel.look()["counters"][0]
    assert (counter["captured"], counter["ended"], counter["mode"]) == (pytest.approx(0.25), True, "capture")


@pytest.mark.parametrize(
    ("action", "arguments", "error"),
    [
        ("start", {"counter": "timer2", "mode": "one_shot", "time": "1"}, "timer has timer0, timer1, cascade, not 'timer2'"),
        ("start", {"counter": "timer0", "mode": "load", "time": "1"}, "a counter can be started as 'one_shot' or 'periodic', not 'load'"),
        (
            "start",
            {"counter": "timer0", "mode": "one_shot", "time": "soon"},
            "'soon' is no time: expected seconds such as 0.5, 20 ms, 1.5us, or a frequency such as 2 kHz",
        ),
        (
            "start",
            {"counter": "timer0", "mode": "one_shot", "time": "60"},
            "timer.timer0 does intervals of 2e-08 to 42.9497 s, not 60.0 s; cascade joins both counters for longer ones",
        ),
        (
            "pwm",
            {"period": "1ms", "duty": 0},
            "The duty cycle is the high part of the period, between 0 and 1, not 0.0; stop() holds the output low",
        ),
        ("event", {"number": 1}, "timer: capturetrig1 cannot be moved here: the design has no such pin"),
        ("event", {"number": 7}, "timer: capturetrig7 cannot be moved here: no such pin"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(bench: Any, page: Any, action: str, arguments: dict[str, Any], error: str) -> None:
    shown = page(bench.overlay.timer.panel())
    assert bench.accesses("timer", lambda: shown.asks(action, **arguments)) == []
    assert shown.asks(action, **arguments) == error


def test_a_saved_notebook_says_it_too(bench: Any, page: Any) -> None:
    panel = bench.overlay.timer.panel()
    assert "timer0: not read" in panel.text()
    bench.overlay.timer.pwm(frequency=1000, duty=0.3)
    page(panel).reads()
    assert "wave on pwm0: 1 kHz, high for 30.0%" in panel.text()
    assert "30.0%" in showing.mimebundle(panel)["text/html"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("0.5", 0.5), (" 20 ms", 0.02), ("1.5us", 1.5e-6), ("2 kHz", 5e-4), ("3µs", 3e-6), ("1e-3 s", 1e-3)]
)
def test_times_as_they_are_typed(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-1 s", "0", "0 Hz", "1 m s", "1e999", "٣ s", "1,5 s"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time: expected|more than 0"):
        seconds_of(text)
