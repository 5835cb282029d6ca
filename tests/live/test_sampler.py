"""The sampler's thread, on a clock that stands still until a test turns it.

What is waited for comes at once; timeouts only end a test that fails.
"""

from __future__ import annotations

import gc
import queue
import threading
import weakref

import pytest

from pynq_widgets.access import MMIO, Mirror
from pynq_widgets.access.describe import RegisterInfo
from pynq_widgets.device import SimulatedDevice, VirtualClock
from pynq_widgets.live import Sampler

PATIENCE = 10


@pytest.fixture
def clock():
    return VirtualClock()


def ended(sampler):
    """Wait for the thread of the sampler to end."""
    thread = sampler._thread
    if thread is not None:
        thread.join(PATIENCE)
    return not sampler.running


class Look:
    """A poll that a test can wait for."""

    def __init__(self, clock):
        self.clock = clock
        self.times = queue.Queue()
        self.threads = set()

    def __call__(self):
        self.threads.add(threading.current_thread())
        self.times.put(self.clock.now())

    def next(self):
        return self.times.get(timeout=PATIENCE)


def test_a_thread_only_while_somebody_looks(clock):
    sampler = Sampler(clock)
    assert not sampler.running
    look = Look(clock)
    first = sampler.subscribe(look, 1)
    assert look.next() == 0.0
    second = sampler.subscribe(look, 1)
    assert look.next() == 0.0
    assert len(look.threads) == 1
    assert sampler._thread.daemon
    first.close()
    assert sampler.running
    second.close()
    assert ended(sampler)
    assert clock.pending == 0
    third = sampler.subscribe(look, 1)
    look.next()
    third.close()
    assert ended(sampler)


def test_time_is_that_of_the_clock(clock):
    sampler = Sampler(clock)
    look = Look(clock)
    with sampler.subscribe(look, 2):
        assert look.next() == 0.0
        for expected in (0.5, 1.0, 1.5):
            assert look.times.empty()
            clock.advance(0.5)
            assert look.next() == expected
    assert ended(sampler)


def test_a_clock_that_jumps_is_not_driven_by_the_sampler():
    class Watched(VirtualClock):
        plans = queue.Queue()

        def call_at(self, when, callback):
            timer = super().call_at(when, callback)
            self.plans.put(when)
            return timer

    clock = Watched(autojump=True)
    sampler = Sampler(clock)
    look = Look(clock)
    with sampler.subscribe(look, 100):
        look.next()
        assert clock.plans.get(timeout=PATIENCE) == 0.01
        assert clock.now() == 0.0
    assert ended(sampler)


def test_one_sampler_a_device():
    first, second = SimulatedDevice("sampled 1"), SimulatedDevice("sampled 2")
    assert Sampler.of(first) is Sampler.of(first)
    assert Sampler.of(first) is not Sampler.of(second)


def test_it_ends_with_its_device(make_spy):
    device = make_spy("short-lived")
    sampler = Sampler.of(device)
    look = Look(device.clock)
    subscription = sampler.subscribe(look, 1)
    look.next()
    dropped = weakref.ref(device)
    del device
    gc.collect()
    assert dropped() is None
    assert subscription.closed
    assert ended(sampler)


def test_what_the_hardware_changes_by_itself_reaches_the_mirror(bus_spy, clock):
    mirror = Mirror(MMIO(bus_spy.base, 64, bus_spy), [RegisterInfo("COUNT", 0), RegisterInfo("OTHER", 4)], clock=clock)
    news = queue.Queue()
    mirror.observe(news.put)
    sampler = Sampler(clock)
    with sampler.subscribe(lambda: mirror.refresh(["COUNT"]), 10):
        assert news.get(timeout=PATIENCE) == {"COUNT"}
        bus_spy.put(0, 5)
        clock.advance(0.1)
        assert news.get(timeout=PATIENCE) == {"COUNT"}
    assert ended(sampler)
    assert mirror["COUNT"].value == 5
    assert set(bus_spy.taken()) == {("read", 0, 4)}


def test_subscribing_and_closing_from_many_threads(clock):
    sampler = Sampler(clock)

    def work():
        for _ in range(50):
            sampler.subscribe(lambda: None, 100).close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sampler.subscriptions == ()
    assert ended(sampler)
    look = Look(clock)
    with sampler.subscribe(look, 1):
        look.next()
    assert ended(sampler)


def test_a_clock_that_is_turned_while_a_poll_runs_and_stands_still_then(clock):
    times = queue.Queue()

    def poll():
        times.put(clock.now())
        if not clock.now():
            clock.advance(0.1)  # somebody turns it, just now

    sampler = Sampler(clock)
    with sampler.subscribe(poll, 10):
        assert [times.get(timeout=PATIENCE) for _ in range(2)] == [0.0, 0.1]
    assert ended(sampler)
