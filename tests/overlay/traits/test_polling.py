"""What says ``poll=`` is sampled while somebody observes it, and no longer."""

from __future__ import annotations

import gc
import threading

import pytest

from pynq_widgets.access import Mirror
from pynq_widgets.live import Sampler
from pynq_widgets.overlay.traits import Counter, Hardware, WideWord, Word


class Ip(Hardware):
    count = Counter("COUNT", poll=10)
    length = Word("LENGTH", poll=100)
    time = WideWord("LO", poll=10)
    fifo = Word("FIFO", poll=10)
    quiet = Word(0x60)

    def __init__(self, mirror):
        self.registers = mirror


@pytest.fixture
def sampler(bus_spy, clock):
    sampler = Sampler.of(bus_spy)
    yield sampler
    sampler.close()


@pytest.fixture
def ip(sampler, make):
    return make(Ip)


def seen_value(ip, name, wanted, clock):
    """Let time pass until an observer of `name` was told `wanted`."""
    told = threading.Event()
    values = []

    def observer(change):
        values.append(change.new)
        if change.new == wanted:
            told.set()

    ip.observe(observer, names=name)
    # The sampler's thread may not have set its timer yet when the time is turned on: turn it again until it has.
    for _ in range(1000):
        if told.wait(0.02):
            break
        clock.advance(0.1)
    assert told.is_set(), values
    return observer


def test_it_is_sampled_while_somebody_observes(ip, sampler, bus_spy):
    bus_spy.put(0x20, 5)
    assert sampler.subscriptions == ()
    observer = seen_value(ip, "count", 5, bus_spy.clock)
    assert [subscription.rate for subscription in sampler.subscriptions] == [10.0]
    bus_spy.put(0x20, 6)
    again = seen_value(ip, "count", 6, bus_spy.clock)
    assert len(sampler.subscriptions) == 1
    ip.unobserve(observer, names="count")
    assert len(sampler.subscriptions) == 1
    ip.unobserve(again, names="count")
    assert sampler.subscriptions == ()


def test_what_nobody_observes_is_not_sampled(ip, sampler, bus_spy):
    ip.observe(print, names="quiet")
    assert sampler.subscriptions == ()
    assert bus_spy.taken() == []


def test_halves_are_sampled_as_one(ip, sampler, bus_spy):
    bus_spy.put(16, 7)
    bus_spy.put(20, 1)
    seen_value(ip, "time", 0x1_0000_0007, bus_spy.clock)
    assert bus_spy.taken()[:3] == [("read", 20, 4), ("read", 16, 4), ("read", 20, 4)]


def test_a_guarded_word_is_never_sampled(ip, sampler, bus_spy):
    with pytest.raises(ValueError, match=r"^'fifo' cannot be polled at 10 Hz: it is not read unasked \(reading changes DATA\)$"):
        ip.observe(print, names="fifo")
    assert bus_spy.taken() == []


def test_plain_memory_has_nobody_to_poll_it(block):
    ip = Ip(Mirror(bytearray(0x100), block))
    with pytest.raises(ValueError, match=r"^registers in plain memory belong to no device, whose sampler could poll them$"):
        ip.observe(print, names="length")


def test_an_instance_that_nobody_holds_ends_its_sampling(ip, sampler, make, bus_spy):
    bus_spy.put(0x20, 5)
    mirror = ip.registers
    holder = [make(Ip)]
    holder[0].registers = mirror
    holder[0].observe(lambda change: None, names="count")
    assert len(sampler.subscriptions) == 1
    holder.clear()
    gc.collect()
    # The tick that finds nobody closes; one more subscription makes the thread pass by again.
    for _ in range(100):
        bus_spy.clock.advance(0.1)
        if not sampler.subscriptions:
            break
        sampler.run_due()
    assert sampler.subscriptions == ()
