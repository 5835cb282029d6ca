"""Expectations: when they are decided, what they saw, and in whose time they wait."""

from __future__ import annotations

import asyncio
import linecache
import threading
from typing import Any

import pytest

import pynq_widgets as pw
from pynq_widgets.access import StaleOverlayError
from pynq_widgets.device.clock import VirtualClock
from pynq_widgets.live.expectation import Expectation, expect
from pynq_widgets.live.seen import Condition


class Lamp:
    """Counts how often its level is asked for."""

    def __init__(self, level: int = 0) -> None:
        self.level = level
        self.looks = 0

    @property
    def value(self) -> int:
        self.looks += 1
        return self.level


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(autojump=True)


@pytest.fixture
def device(clock: VirtualClock) -> Any:
    return pw.SimulatedDevice("expecting", clock=clock)


def test_what_is_so_already_is_green_at_once_and_asked_once(device: Any) -> None:
    lamp = Lamp(5)
    expectation = expect(lambda: lamp.value == 5, within=2, device=device)
    assert expectation.passed is True
    assert (lamp.looks, expectation.elapsed) == (1, 0)
    assert bool(expectation)
    assert lamp.looks == 1
    assert repr(expectation) == "✓ lamp.value == 5"


def test_it_waits_in_the_time_of_the_device(device: Any, clock: VirtualClock) -> None:
    lamp = Lamp()
    clock.call_later(0.98, lambda: setattr(lamp, "level", 5))
    expectation = expect(lambda: lamp.value == 5, within=2, device=device)
    assert expectation.passed is None
    assert expectation.wait()
    assert clock.now() == pytest.approx(1.0)
    assert repr(expectation) == "✓ lamp.value == 5, after 1.00 s"


def test_it_says_what_it_saw_instead(device: Any, clock: VirtualClock) -> None:
    lamp, want = Lamp(3), 5
    expectation = expect(lambda: lamp.value == want, within=0.5, device=device)
    assert repr(expectation) == "… lamp.value == want: 0.5 s left; lamp.value was 3, want was 5"
    assert not expectation
    assert clock.now() == pytest.approx(0.5)
    assert repr(expectation) == "✗ lamp.value == want: not within 0.5 s; lamp.value was 3, want was 5"
    assert expectation.seen == {"lamp.value": "3", "want": "5"}


def test_what_comes_true_at_the_very_end_is_in_time(device: Any, clock: VirtualClock) -> None:
    lamp = Lamp()
    clock.call_later(0.5, lambda: setattr(lamp, "level", 1))
    assert expect(lambda: lamp.value, within=0.5, device=device).wait()


def test_within_nothing_it_is_asked_once(device: Any) -> None:
    lamp = Lamp()
    expectation = expect(lambda: lamp.value, within=0, device=device)
    assert (expectation.passed, lamp.looks) == (False, 1)
    assert repr(expectation) == "✗ lamp.value: not within 0 s; lamp.value was 0"


def test_await_waits_and_gives_it_and_leaves_the_loop_alone() -> None:
    clock = VirtualClock()
    device = pw.SimulatedDevice("by hand", clock=clock)
    lamp = Lamp()

    async def scene() -> tuple[Expectation, int]:
        task = asyncio.ensure_future(_awaited(expect(lambda: lamp.value == 1, within=2, device=device)))
        turns = 0
        while not task.done():
            turns += 1
            clock.advance(0.05)
            if clock.now() > 0.9:
                lamp.level = 1
            for _ in range(10):
                await asyncio.sleep(0)
        return task.result(), turns

    expectation, turns = asyncio.run(scene())
    assert expectation.passed
    assert turns > 10
    assert 0.9 < expectation.elapsed < 1.1


async def _awaited(expectation: Expectation) -> Expectation:
    return await expectation


def test_a_cancelled_wait_leaves_no_timer() -> None:
    clock = VirtualClock()
    device = pw.SimulatedDevice("by hand too", clock=clock)

    async def scene() -> None:
        task = asyncio.ensure_future(_awaited(expect(lambda: False, within=5, device=device)))
        for _ in range(5):
            await asyncio.sleep(0)
        assert clock.next_event() is not None
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert clock.next_event() is None

    asyncio.run(scene())


def test_what_the_condition_raises_is_not_yet_true(device: Any, clock: VirtualClock) -> None:
    parts: list[int] = []
    clock.call_later(0.2, lambda: parts.append(7))
    expectation = expect(lambda: parts[0] == 7, within=1, device=device)
    assert expectation.error == "IndexError: list index out of range"
    assert expectation.wait()
    assert expectation.error == ""
    late = expect(lambda: 1 / 0, within=0.1, device=device)
    assert not late
    assert repr(late) == "✗ 1 / 0: not within 0.1 s; it raised ZeroDivisionError: division by zero"


def test_hardware_that_has_gone_does_not_come_back(device: Any, clock: VirtualClock) -> None:
    def gone() -> bool:
        raise StaleOverlayError("demo.bit was replaced")

    expectation = expect(gone, within=60, device=device)
    assert expectation.passed is False
    assert clock.now() == 0
    assert repr(expectation) == "✗ gone(): not within 60 s; it raised StaleOverlayError: demo.bit was replaced"


def test_by_itself_it_looks_until_it_is_decided_and_then_no_more(device: Any) -> None:
    lamp = Lamp()
    told = threading.Event()
    expectation = expect(lambda: lamp.value == 2, within=60, device=device)
    expectation.watch(lambda: told.set() if expectation.passed else None)
    sampler = pw.Sampler.of(device)
    lamp.level = 2
    while not told.is_set():
        sampler.run_due()
        device.clock.advance(0.05)
    assert sampler.subscriptions == ()
    assert expectation.passed
    looks = lamp.looks
    expectation.look()
    assert lamp.looks == looks


def test_its_reads_are_marked_as_those_of_a_watcher(demo_design: Any) -> None:
    device = pw.SimulatedDevice("marked")
    overlay = pw.Overlay(demo_design, device=device)
    device.bus.reset_statistics()
    assert expect(lambda: overlay.leds.read(0) == 0, device=device)
    assert device.bus.statistics().by_who["sampler"].reads == 1


@pytest.mark.parametrize(
    ("condition", "within", "error", "text"),
    [
        (5, 1, TypeError, "expect takes a condition that it can ask again and again, not the int 5: expect(lambda: leds.value == 5)"),
        (lambda: True, -1, ValueError, "within is a number of seconds, 0 to 86,400, not -1"),
        (lambda: True, float("nan"), ValueError, "within is a number of seconds, 0 to 86,400, not nan"),
        (lambda: True, "soon", ValueError, "within is a number of seconds, 0 to 86,400, not 'soon'"),
        (_awaited, 1, TypeError, "expect takes a condition that answers at once, not a coroutine: expect(lambda: leds.value == 5)"),
    ],
)
def test_what_cannot_be_expected(device: Any, condition: Any, within: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        expect(condition, within, device=device)
    assert str(caught.value) == text


def test_a_lambda_that_gives_a_coroutine_is_told_so(device: Any) -> None:
    expectation = expect(lambda: asyncio.sleep(0), within=0, device=device)
    assert "the condition gave a coroutine, which is not awaited here" in repr(expectation)


def test_without_a_device_the_active_one_tells_the_time(device: Any) -> None:
    before = pw.Device.active_device
    pw.Device.active_device = device
    try:
        assert not expect(lambda: False, within=3)
        assert device.clock.now() == pytest.approx(3)
    finally:
        pw.Device.active_device = before


def test_a_text_of_ones_own(device: Any) -> None:
    assert repr(expect(lambda: True, text="the lamp is lit", device=device)) == "✓ the lamp is lit"


# What a condition saw.


def test_each_part_is_asked_once_and_what_is_left_out_is_left_out() -> None:
    a, b = Lamp(1), Lamp(0)
    condition = Condition(lambda: a.value == 2 and b.value == 0)
    assert not condition()
    assert condition.seen == {"a.value": "1"}
    assert (a.looks, b.looks) == (1, 0)
    a.level = 2
    assert condition()
    assert condition.seen == {"a.value": "2", "b.value": "0"}
    assert (a.looks, b.looks) == (2, 1)


def test_parts_of_all_kinds() -> None:
    x = [3, 4]
    condition = Condition(lambda: (not x and 1 < len(x) <= 5) or x[0] in (1, 2))
    assert not condition()
    assert condition.seen == {"x": "[3, 4]", "x[0]": "3"}
    condition = Condition(lambda: any(entry > limit for limit in (9,) for entry in x))
    assert not condition()
    assert condition.seen == {condition.text: "False"}


def test_it_is_told_as_it_was_written() -> None:
    x = {"a": 3}
    condition = Condition(
        lambda: (
            x["a"] == 0b0101  # on lines of its own
            and x["a"] < 0x10
        )
    )
    assert not condition()
    assert condition.seen == {"x['a']": "3"}  # the comment has cost it its spelling, not its sense
    condition = Condition(lambda: x["a"] == 0b0101)
    assert (condition.text, condition()) == ('x["a"] == 0b0101', False)
    assert condition.seen == {'x["a"]': "3"}


def test_what_a_closure_holds_may_change() -> None:
    level = 0
    condition = Condition(lambda: level == 1)
    assert not condition()
    level = 1
    assert condition()


def test_two_on_one_line_are_told_apart() -> None:
    a, b = 1, 2
    both = [Condition(lambda: a == 5), Condition(lambda: b == 6)]
    assert [condition.text for condition in both] == ["a == 5", "b == 6"]


def test_where_the_source_is_not_to_be_found_the_condition_is_just_asked() -> None:
    condition = Condition(eval("lambda: 1 == 2"))
    assert condition() is False
    assert (condition.text, condition.seen) == ("the condition", {})


def test_a_source_that_has_changed_since_is_not_believed() -> None:
    name = "<changed>"
    linecache.cache[name] = (1, None, ["f = lambda: a == 1\n"], name)
    space: dict[str, Any] = {"a": 1}
    exec(compile("f = lambda: a == 1\n", name, "exec"), space)
    assert Condition(space["f"]).text == "a == 1"
    linecache.cache[name] = (1, None, ["f = lambda: b == 2\n"], name)
    assert Condition(space["f"]).text == "the condition"
    assert Condition(space["f"])() is True
    del linecache.cache[name]


def test_a_cell_with_await_at_its_top_level() -> None:
    name = "<cell>"
    text = "f = lambda: a == 1\nawait something\n"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space: dict[str, Any] = {"a": 0}
    exec(compile("f = lambda: a == 1\n", name, "exec"), space)
    condition = Condition(space["f"])
    assert not condition()
    assert (condition.text, condition.seen) == ("a == 1", {"a": "0"})
    del linecache.cache[name]


def test_a_function_is_known_by_its_name_and_its_answer() -> None:
    def level() -> int:
        return 0

    condition = Condition(level)
    assert condition() == 0
    assert (condition.text, condition.seen) == ("level()", {"level()": "0"})


def test_long_values_are_shortened() -> None:
    numbers = list(range(1000))
    condition = Condition(lambda: numbers == [])
    assert not condition()
    assert condition.seen == {"numbers": "[0, 1, 2, 3, 4, 5, ...]"}
