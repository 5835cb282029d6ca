from __future__ import annotations

import threading

import pytest

from pynq_widgets.live import Sampler
from pynq_widgets.live.schedule import SHARE


class HandClock:
    """A clock that a test turns; nobody is woken by it, since these tests call ``run_due`` in the thread's place."""

    def __init__(self):
        self.time = 0.0

    def now(self):
        return self.time

    def call_at(self, when, callback):
        raise AssertionError("there is no thread in these tests")


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def sampler(clock):
    sampler = Sampler(clock)
    # A thread that is there already keeps the sampler from starting one.
    sampler._thread = threading.current_thread()
    return sampler


def turn(sampler, clock, until):
    """Let time pass to `until`, with the polls that fall due on the way, and give the times of the looks."""
    times = []
    while (due := sampler.run_due()) is not None and due <= until:
        clock.time = max(clock.time, due)
        times.append(clock.time)
    clock.time = max(clock.time, until)
    return times


def test_a_poll_is_called_at_its_rate(sampler, clock):
    times = []
    subscription = sampler.subscribe(lambda: times.append(clock.time), 10)
    turn(sampler, clock, 1.0)
    assert times == pytest.approx([n / 10 for n in range(len(times))])
    assert len(times) in (10, 11)
    assert (subscription.rate, subscription.asked, subscription.slowed) == (10, 10, False)


def test_rates_do_not_disturb_each_other(sampler, clock):
    slow, fast = sampler.subscribe(lambda: None, 0.5), sampler.subscribe(lambda: None, 50)
    turn(sampler, clock, 10.0)
    assert slow.polls == 6
    assert fast.polls == pytest.approx(501, abs=1)


@pytest.mark.parametrize("rate", [0, 0.09, 201, -1, float("nan"), float("inf"), 10**400])
def test_rates_that_cannot_be(sampler, rate):
    with pytest.raises(ValueError, match=r"^a sampler polls at 0\.1 to 200 Hz, not at .* Hz$"):
        sampler.subscribe(lambda: None, rate)
    assert sampler.subscriptions == ()


def test_what_is_called_must_be_callable(sampler):
    with pytest.raises(TypeError, match="a sampler needs a function to call, not the int 5"):
        sampler.subscribe(5, 1)


def test_slow_polls_lower_the_rate_and_say_so(sampler, clock):
    costs = [0.1]
    rates = []

    def poll():
        clock.time += costs[0]

    subscription = sampler.subscribe(poll, 50, on_rate=rates.append)
    turn(sampler, clock, 20.0)
    assert subscription.slowed
    assert subscription.rate == pytest.approx(SHARE / 0.1)
    assert subscription.cost == pytest.approx(0.1)
    assert rates[-1] == subscription.rate
    assert subscription.polls == pytest.approx(20 * subscription.rate, rel=0.1)
    assert repr(subscription).startswith("Subscription(5 Hz of 50 Hz asked, ")
    # The bus is fast again: so is the sampler.
    costs[0] = 0.0
    turn(sampler, clock, 40.0)
    assert subscription.rate == 50
    assert rates[-1] == 50
    assert len(rates) < 20


def test_all_are_lowered_alike_and_the_next_one_has_its_rate_when_the_slow_one_goes(sampler, clock):
    def poll():
        clock.time += 0.05

    slow, light = sampler.subscribe(poll, 40), sampler.subscribe(lambda: None, 10)
    turn(sampler, clock, 10.0)
    assert slow.rate / slow.asked == pytest.approx(light.rate / light.asked)
    assert light.rate < 10
    slow.close()
    assert light.rate == 10


def test_what_was_missed_is_not_made_up_for(sampler, clock):
    subscription = sampler.subscribe(lambda: None, 10)
    turn(sampler, clock, 1.0)
    before = subscription.polls
    clock.time = 100.03
    sampler.run_due()
    assert subscription.polls == before + 1
    assert subscription.due == pytest.approx(100.1)


def test_a_poll_that_raises_is_told_and_goes_on(sampler, clock):
    errors = []

    def fail():
        raise OSError("bus error")

    subscription = sampler.subscribe(fail, 10, errors.append)
    other = sampler.subscribe(lambda: None, 10)
    turn(sampler, clock, 1.0)
    assert len(errors) == subscription.errors == subscription.polls >= 10
    assert str(subscription.last_error) == "bus error"
    assert other.polls == subscription.polls


def test_without_on_error_it_is_logged_once_each_time_it_begins(sampler, clock, caplog):
    ill = [True]

    def poll():
        if ill[0]:
            raise OSError("bus error")

    subscription = sampler.subscribe(poll, 10)
    turn(sampler, clock, 1.0)
    assert caplog.text.count("a poll failed; it goes on: OSError: bus error") == 1
    ill[0] = False
    turn(sampler, clock, 2.0)
    assert subscription.last_error is None
    ill[0] = True
    turn(sampler, clock, 3.0)
    assert caplog.text.count("a poll failed") == 2


@pytest.mark.parametrize("error", [RuntimeError("in a view"), SystemExit(1)])
def test_an_on_error_that_raises_harms_nobody(sampler, clock, caplog, error):
    def fail(*_):
        raise error

    subscription = sampler.subscribe(fail, 10, fail)
    turn(sampler, clock, 1.0)
    assert subscription.polls >= 10
    assert "a subscriber's callback failed" in caplog.text


def test_an_interrupt_of_the_kernel_does_not_end_the_sampler(sampler, clock):
    def interrupted():
        raise KeyboardInterrupt

    errors = []
    subscription = sampler.subscribe(interrupted, 10, errors.append)
    turn(sampler, clock, 0.5)
    assert subscription.polls >= 5
    assert isinstance(errors[0], KeyboardInterrupt)


def test_closing(sampler, clock):
    closed_by_itself = []
    subscription = sampler.subscribe(lambda: closed_by_itself.append(subscription.close()), 10)
    with sampler.subscribe(lambda: None, 10) as other:
        turn(sampler, clock, 1.0)
        assert sampler.subscriptions == (other,)
    assert len(closed_by_itself) == 1
    polls = other.polls
    other.close()
    assert sampler.run_due() is None
    assert other.polls == polls
    assert repr(other) == f"Subscription(closed, {polls} polls, 0 errors)"


def test_one_that_is_closed_by_another_in_the_same_tick_is_not_called(sampler, clock):
    second = None
    sampler.subscribe(lambda: second.close(), 10)
    second = sampler.subscribe(lambda: pytest.fail("it was closed"), 10)
    sampler.run_due()
    assert second.polls == 0
