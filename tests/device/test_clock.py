"""Clocks: stepped by hand, following wall time, and the thread that must not stay."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.device import ClockEvent, VirtualClock, WallClock
from pynq_widgets.device.clock import ClockScope


@given(st.lists(st.floats(0, 10), max_size=30), st.lists(st.floats(0, 4), max_size=10))
def test_events_run_in_the_order_of_their_times(delays: list[float], steps: list[float]) -> None:
    clock = VirtualClock()
    seen: list[tuple[float, int]] = []
    for i, delay in enumerate(delays):
        clock.call_later(delay, lambda i=i: seen.append((clock.now(), i)))  # type: ignore[misc]
    for step in steps:
        clock.advance(step)
        assert len(seen) == sum(delay <= clock.now() for delay in delays)
    assert seen == sorted((delays[i], i) for _, i in seen)


def test_an_event_sees_its_own_time_and_what_it_plans_runs_in_the_same_step() -> None:
    clock = VirtualClock()
    seen: list[float] = []

    def tick() -> None:
        seen.append(clock.now())
        if len(seen) < 4:
            clock.call_later(0.25, tick)

    clock.call_later(1, tick)
    clock.advance(1.5)
    assert (seen, clock.now(), clock.pending) == ([1.0, 1.25, 1.5], 1.5, 1)


def test_a_cancelled_event_does_not_run() -> None:
    clock = VirtualClock()
    seen: list[int] = []
    timer = clock.call_later(1, lambda: seen.append(1))
    assert timer.cancel()
    assert not timer.cancel()
    clock.advance(2)
    assert (seen, clock.next_event()) == ([], None)


def test_cancelled_events_do_not_pile_up() -> None:
    clock = VirtualClock()
    for _ in range(5000):
        clock.call_later(1e9, lambda: None).cancel()
    assert len(clock._queue) < 600


def test_a_failing_event_is_kept_and_the_next_one_runs(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    seen: list[int] = []
    clock.call_later(1, lambda: 1 // 0)
    clock.call_later(1, lambda: seen.append(1))
    clock.advance(1)
    assert seen == [1]
    assert [type(error) for error in clock.errors] == [ZeroDivisionError]
    assert "an event of the clock failed: integer division or modulo by zero" in caplog.text


def test_a_storm_of_events_at_one_moment_ends(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()

    def again() -> None:
        clock.call_later(0, again)

    again()
    clock.advance(1)
    assert clock.now() == 1
    assert "more than 100000 events at the time 0.000000000 s" in str(clock.errors[0])


def test_nonsense_is_refused() -> None:
    clock = VirtualClock()
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match="expected 0 or more"):
            clock.call_later(wrong, lambda: None)
        with pytest.raises(ValueError, match="expected 0 or more"):
            clock.advance(wrong)
    clock.call_later(0, lambda: clock.advance(1))
    clock.advance(0)
    assert str(clock.errors[0]) == "an event cannot advance the clock that runs it: use call_later"


def test_one_thread_sleeps_until_another_advances(threads_end: Callable[[], None]) -> None:
    clock = VirtualClock()
    woke: list[float] = []

    def sleeper() -> None:
        clock.sleep(2)
        woke.append(clock.now())

    thread = threading.Thread(target=sleeper)
    thread.start()
    while clock.pending == 0:
        threading.Event().wait(0.001)
    clock.advance(1)
    assert woke == []
    clock.advance(1)
    thread.join()
    assert woke == [2.0]


def test_who_waits_on_a_jumping_clock_makes_time_pass() -> None:
    clock = VirtualClock(autojump=True)
    done: ClockEvent = clock.event()
    clock.call_later(3, done.set)
    assert not clock.wait(done, 1)
    assert clock.now() == 1
    assert clock.wait(done, 60)
    assert clock.now() == 3
    clock.sleep(2)
    assert clock.now() == 5
    flag = threading.Event()
    clock.call_later(1, flag.set)
    assert clock.wait(flag)
    with pytest.raises(RuntimeError, match="the wait would never end"):
        clock.event().wait()


def test_a_following_clock_runs_its_events_and_its_thread_ends(threads_end: Callable[[], None]) -> None:
    clock = VirtualClock(following=True)
    done = threading.Event()
    names: list[str] = []
    clock.call_later(0.002, lambda: names.append(threading.current_thread().name))
    clock.call_later(0.004, done.set)
    assert done.wait(10)
    assert names == ["pynq_widgets clock"]
    threads_end()


def test_cancelling_the_last_event_ends_the_thread(threads_end: Callable[[], None]) -> None:
    clock = WallClock()
    clock.call_later(1000, lambda: None).cancel()
    threads_end()


def test_the_thread_does_not_keep_a_clock_alive(threads_end: Callable[[], None]) -> None:
    clock = VirtualClock(following=True)
    clock.call_later(1000, lambda: None)
    gone = weakref.ref(clock)
    del clock
    gc.collect()
    threads_end()
    assert gone() is None


def test_time_can_be_stopped_and_let_go_on(threads_end: Callable[[], None]) -> None:
    clock = VirtualClock(following=True)
    clock.following = False
    stopped = clock.now()
    done = threading.Event()
    clock.call_later(0.001, done.set)
    assert clock.now() == stopped
    assert not done.is_set()
    clock.following = True
    assert done.wait(10)
    threads_end()


def test_a_timeout_on_wall_time() -> None:
    assert not WallClock().event().wait(0.001)
    assert not VirtualClock(following=True).event().wait(0.001)


def test_an_event_behind_the_timeout_of_a_wait_is_run_all_the_same(threads_end: Callable[[], None]) -> None:
    clock = WallClock()
    woken = threading.Event()
    clock._plan(clock.now(), lambda: None, False)  # as a wait does, which watches the time in its own thread
    clock.call_later(0, woken.set)
    assert woken.wait(20)
    threads_end()


def test_what_a_scope_planned_goes_with_it() -> None:
    clock = VirtualClock()
    scope = ClockScope(clock)
    seen: list[int] = []
    scope.call_later(1, lambda: seen.append(1))
    clock.call_later(1, lambda: seen.append(2))
    assert scope.pending == 1
    scope.close()
    scope.call_later(0, lambda: seen.append(3))
    clock.advance(2)
    assert seen == [2]
