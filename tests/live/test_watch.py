from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from pynq_widgets import VirtualClock
from pynq_widgets.access import MMIO, Mirror
from pynq_widgets.access.describe import RegisterInfo
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.live import Sampler, Watch

PATIENCE = 20


def reads(spy):
    return [entry for entry in spy.taken() if entry[0] == "read"]


def test_one_tick_reads_all_its_registers_in_blocks(hand_sampler, turn, make_mirror, bus_spy):
    first, second = make_mirror(bus_spy), make_mirror(bus_spy, at=0x100)
    watch = hand_sampler.watch([(first, ["LOAD", "COUNT"]), (second, ["CTRL"]), (first, ["LOAD", "FLAGS"])], 10)
    assert isinstance(watch, Watch)
    assert dict(watch.groups) == {first: ("COUNT", "LOAD", "FLAGS"), second: ("CTRL",)}
    turn(0.05)
    assert reads(bus_spy) == [("read", 0x4, 8), ("read", 0x14, 4), ("read", 0x100, 4)]
    assert (first["COUNT"].state, first["CTRL"].state, second["CTRL"].state) == ("read", "never", "read")


def test_no_names_mean_all_that_may_be_read(hand_sampler, turn, make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    watch = hand_sampler.watch([(mirror, None)], 10)
    assert watch.groups[mirror] == ("CTRL", "COUNT", "LOAD", "FLAGS", "LIMIT")
    turn(0.05)
    assert reads(bus_spy) == [("read", 0x0, 12), ("read", 0x14, 8)]


def test_it_goes_on_at_its_rate_and_ends_when_it_is_closed(hand_sampler, hand_clock, turn, make_mirror, bus_spy):
    ticks = []
    watch = hand_sampler.watch([(make_mirror(bus_spy), ["COUNT"])], 4, on_tick=lambda watch: ticks.append((watch, hand_clock.time)))
    turn(1.0)
    assert ticks == [(watch, 0.0), (watch, 0.25), (watch, 0.5), (watch, 0.75), (watch, 1.0)]
    assert len(reads(bus_spy)) == 5
    watch.close()
    turn(2.0)
    assert len(ticks) == 5
    assert watch.closed
    assert hand_sampler.subscriptions == ()


@pytest.mark.parametrize(("rates", "expected"), [((10, 10), 10), ((10, 5), 10), ((20, 20, 20), 20)])
def test_a_word_that_another_has_read_within_half_a_period_is_not_read_again(hand_sampler, turn, make_mirror, bus_spy, rates, expected):
    mirror = make_mirror(bus_spy)
    watches = [hand_sampler.watch([(mirror, ["COUNT"])], rate) for rate in rates]
    turn(0.975)
    assert all(watch.polls > 4 for watch in watches)
    assert len(reads(bus_spy)) == expected


def test_a_table_and_a_watch_on_one_register_cause_one_read(hand_sampler, hand_clock, turn, make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    # As a table does: a poll of its own.
    hand_sampler.subscribe(lambda: mirror.refresh(["COUNT"], newer_than=hand_clock.now() - 0.05), 10)
    hand_sampler.watch([(mirror, ["COUNT"])], 10)
    turn(0.95)
    assert len(reads(bus_spy)) == 10


def test_the_account_says_that_the_sampler_asked(hand_sampler, turn, make_mirror, bus_spy):
    hand_sampler.watch([(make_mirror(bus_spy), ["COUNT"])], 10)
    turn(1.0)
    assert bus_spy.bus.statistics().by_who["sampler"].reads == 11


@pytest.mark.parametrize(
    ("names", "error", "told"),
    [
        (["FIFO"], ValueError, "register FIFO cannot be watched: it is not read unasked (reading changes DATA)"),
        (["KEY"], ValueError, "register KEY cannot be watched: it is not read unasked (write-only)"),
        (["CUONT"], KeyError, "(did you mean 'COUNT'?)"),
        (["COUNT", 4], TypeError, "a watch takes the names of registers, not the int 4"),
        ([], ValueError, "nothing to watch: name at least one register"),
        (["FAR"], ValueError, "register FAR cannot be watched: it lies beyond the 0x40 bytes that are reached"),
    ],
)
def test_what_cannot_be_watched_is_refused_at_once(hand_sampler, make_mirror, bus_spy, names, error, told):
    far = [*make_mirror(bus_spy).registers.values()]
    mirror = make_mirror(bus_spy, registers=[*(handle.info for handle in far), RegisterInfo("FAR", 0x1000)])
    with pytest.raises(error) as caught:
        hand_sampler.watch([(mirror, names)], 10)
    assert told in caught.value.args[0]
    assert hand_sampler.subscriptions == ()
    assert bus_spy.taken() == []


def test_groups_of_another_shape_are_refused(hand_sampler, make_mirror, bus_spy):
    with pytest.raises(TypeError, match=r"a watch takes pairs of a mirror and its registers' names, not the int 3"):
        hand_sampler.watch([3], 10)
    with pytest.raises(TypeError, match=r"a watch reads registers of a Mirror \(ip.registers\), not of the str 'timer'"):
        hand_sampler.watch([("timer", ["COUNT"])], 10)
    with pytest.raises(TypeError, match=r"on_tick must be a function, not the int 3"):
        hand_sampler.watch([(make_mirror(bus_spy), None)], 10, on_tick=3)


@pytest.mark.parametrize("rate", [0.1, 200, np.float32(10), np.int64(3)])
def test_rates_that_are_served(hand_sampler, make_mirror, bus_spy, rate):
    assert hand_sampler.watch([(make_mirror(bus_spy), None)], rate).asked == pytest.approx(float(rate))


@pytest.mark.parametrize(
    ("rate", "error", "told"),
    [
        (0, ValueError, "a sampler polls at 0.1 to 200 Hz, not at 0 Hz"),
        (0.0999, ValueError, "a sampler polls at 0.1 to 200 Hz, not at 0.0999 Hz"),
        (201, ValueError, "a sampler polls at 0.1 to 200 Hz, not at 201 Hz"),
        (-1, ValueError, "a sampler polls at 0.1 to 200 Hz, not at -1 Hz"),
        (float("nan"), ValueError, "a sampler polls at 0.1 to 200 Hz, not at nan Hz"),
        (float("inf"), ValueError, "a sampler polls at 0.1 to 200 Hz, not at inf Hz"),
        (True, TypeError, "a rate must be a number in Hz, not the bool True"),
        ("10", TypeError, "a rate must be a number in Hz, not the str '10'"),
        (None, TypeError, "a rate must be a number in Hz, not the NoneType None"),
        (10j, TypeError, "a rate must be a number in Hz, not the complex 10j"),
    ],
)
def test_rates_that_are_refused(hand_sampler, make_mirror, bus_spy, rate, error, told):
    mirror = make_mirror(bus_spy)
    for begin in (lambda: hand_sampler.watch([(mirror, None)], rate), lambda: hand_sampler.subscribe(print, rate)):
        with pytest.raises(error) as caught:
            begin()
        assert str(caught.value) == told


def test_a_slow_bus_lowers_all_rates_alike_and_says_so(hand_sampler, hand_clock, turn, make_mirror, bus_spy):
    told = []
    bus_spy.on_read = lambda address: setattr(hand_clock, "time", hand_clock.time + 0.02)
    slow = hand_sampler.watch([(make_mirror(bus_spy), ["COUNT"])], 50, on_rate=told.append)
    other = hand_sampler.watch([(make_mirror(bus_spy, at=0x100), ["COUNT"])], 5)
    turn(5.0)
    assert slow.slowed
    assert other.slowed
    assert slow.rate / slow.asked == pytest.approx(other.rate / other.asked)
    assert told[-1] == slow.rate < 50
    assert repr(slow).startswith("Watch(1 register, ")
    assert "of 50 Hz asked" in repr(slow)
    bus_spy.on_read = None
    turn(60.0)
    assert (slow.rate, slow.slowed, other.rate) == (50, False, 5)
    assert told[-1] == 50


def test_an_error_marks_its_words_with_the_reason_and_the_watch_goes_on(hand_sampler, turn, make_mirror, bus_spy):
    errors, ticks = [], []
    first, second = make_mirror(bus_spy), make_mirror(bus_spy, at=0x100)
    bus_spy.failing.add(bus_spy.base + 0x4)
    watch = hand_sampler.watch([(first, ["COUNT", "FLAGS"]), (second, ["COUNT"])], 10, on_error=errors.append, on_tick=ticks.append)
    turn(0.05)
    assert [str(error) for error in errors] == ["bus error at 0x40000004"]
    assert first["COUNT"].reason == "bus error at 0x40000004"
    assert (first["FLAGS"].state, second["COUNT"].state) == ("read", "read")
    assert len(ticks) == 1
    turn(0.15)
    assert (watch.errors, watch.polls, watch.closed) == (2, 2, False)
    bus_spy.failing.clear()
    bus_spy.put(0x4, 7)
    turn(0.25)
    assert (first["COUNT"].value, first["COUNT"].state, watch.last_error) == (7, "read", None)
    bus_spy.failing.add(bus_spy.base + 0x4)
    turn(0.35)
    assert (first["COUNT"].value, first["COUNT"].state, first["COUNT"].reason) == (7, "stale", "bus error at 0x40000004")


def test_a_callback_that_fails_is_logged_and_harms_nobody(hand_sampler, turn, make_mirror, bus_spy, caplog):
    watch = hand_sampler.watch([(make_mirror(bus_spy), ["COUNT"])], 10, on_tick=lambda _: 1 / 0)
    with caplog.at_level(logging.ERROR):
        turn(0.15)
    assert (watch.polls, watch.errors) == (2, 0)
    assert "a subscriber's callback failed" in caplog.text


def test_an_overlay_that_has_gone_closes_it(hand_sampler, turn, make_mirror, bus_spy, caplog):
    errors = []
    mirror, other = make_mirror(bus_spy), make_mirror(bus_spy, at=0x100)
    watch = hand_sampler.watch([(mirror, ["COUNT"]), (other, ["COUNT"])], 10, on_error=errors.append)
    quiet = hand_sampler.watch([(mirror, ["COUNT"])], 10)
    turn(0.05)
    mirror.mmio.invalidate("demo.bit was replaced by other.bit")
    bus_spy.taken()
    turn(0.35)
    assert watch.closed
    assert quiet.closed
    assert hand_sampler.subscriptions == ()
    assert [type(error) for error in errors] == [StaleOverlayError]
    assert bus_spy.taken() == []
    assert "a poll failed" not in caplog.text


def test_the_thread_goes_with_the_last_watch(bus_spy):
    clock = VirtualClock()
    mirror = Mirror(MMIO(bus_spy.base, 0x40, bus_spy), [RegisterInfo("COUNT", 4)], clock=clock)
    sampler = Sampler(clock)
    ticked = threading.Event()
    first, second = (sampler.watch([(mirror, None)], 10, on_tick=lambda _: ticked.set()) for _ in range(2))
    assert ticked.wait(PATIENCE)
    thread = sampler._thread
    first.close()
    assert sampler.running
    second.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not sampler.running


def test_a_thread_that_never_started_is_started_by_the_next(bus_spy, monkeypatch):
    clock = VirtualClock()
    mirror = Mirror(MMIO(bus_spy.base, 0x40, bus_spy), [RegisterInfo("COUNT", 4)], clock=clock)
    sampler = Sampler(clock)
    start = threading.Thread.start

    def interrupted(thread):
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sampler.watch([(mirror, None)], 10)

    def none(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        sampler.watch([(mirror, None)], 10)
    monkeypatch.setattr(threading.Thread, "start", start)
    ticked = threading.Event()
    with sampler.watch([(mirror, None)], 10, on_tick=lambda _: ticked.set()):
        assert ticked.wait(PATIENCE)
    sampler.close()


SCRIPT = """
    import os, signal, sys, threading, time
    from pynq_widgets.access import MMIO, Mirror
    from pynq_widgets.access.describe import RegisterInfo
    from pynq_widgets.device import Device
    from pynq_widgets.live import Sampler

    class Counter(Device):
        capabilities = {"REGISTER_RW": True}
        count = 0

        def read_registers(self, address, length):
            self.count += 1
            return self.count.to_bytes(4, "little")

    device = Counter("counting")
    mirror = Mirror(MMIO(0, 4, device), [RegisterInfo("COUNT", 0)])
    reached = threading.Semaphore(0)
    watch = Sampler.of(device).watch([(mirror, ["COUNT"])], 200, on_tick=lambda _: reached.release())

    def ticks(number):
        for _ in range(number):
            if not reached.acquire(timeout=20):
                sys.exit("the watch stands still")
"""


def run(body, **more):
    code = textwrap.dedent(SCRIPT) + textwrap.dedent(body)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, **more)


def test_it_runs_in_a_plain_script_and_does_not_keep_it_from_ending():
    done = run("""
        # Not as many reads as ticks: one that comes late, just before the next, saves that its read.
        while (mirror["COUNT"].value or 0) < 5:
            ticks(1)
        print("watched")
    """)
    assert (done.stdout, done.stderr, done.returncode) == ("watched\n", "", 0)


@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent as signals")
def test_it_survives_interrupts_of_the_process():
    done = run("""
        for _ in range(20):
            try:
                os.kill(os.getpid(), signal.SIGINT)
                while True:          # the cell that is interrupted
                    mirror.refresh(["COUNT"])
            except KeyboardInterrupt:
                pass
            ticks(2)
        print(watch.errors, watch.closed, len([t for t in threading.enumerate() if t.name == "pynq_widgets sampler"]))
        watch.close()
    """)
    assert (done.stdout, done.stderr, done.returncode) == ("0 False 1\n", "", 0)


def test_a_kernel_that_is_interrupted_goes_on_watching():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(kernel_name="python3", startup_timeout=60)
    try:

        def execute(code):
            answer = client.execute_interactive(textwrap.dedent(code), timeout=60, output_hook=lambda message: said.append(message))
            return answer["content"]["status"]

        said = []
        assert execute(SCRIPT) == "ok", said
        started = threading.Event()
        before = "seen = watch.polls\nprint('running', flush=True)\nwhile True: pass"

        def interrupt(message):
            if message["msg_type"] == "stream" and not started.is_set():
                started.set()
                kernel.interrupt_kernel()

        answer = client.execute_interactive(before, timeout=60, output_hook=interrupt)
        assert answer["content"]["ename"] == "KeyboardInterrupt"
        # While a cell runs, and while none does: it went on during the loop, and between the cells.
        assert execute("ticks(10); between = watch.polls; assert between > seen and not watch.closed and not watch.errors") == "ok", said
        assert execute("ticks(10); assert watch.polls > between; watch.close()") == "ok", said
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
