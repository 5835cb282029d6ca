"""One thread sends, in order, once for what was asked often; nothing that it runs can hurt it."""

from __future__ import annotations

import contextvars
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pynq_widgets.widgets import outbox
from pynq_widgets.widgets.outbox import Outbox

_LONG = 20.0  # seconds that nothing here takes


@pytest.fixture
def box() -> Iterator[Outbox]:
    box = Outbox()
    yield box
    assert box.close(_LONG)


class Gate:
    """Holds the outbox in a function until it is opened."""

    def __init__(self, box: Outbox) -> None:
        self.open = threading.Event()
        entered = threading.Event()

        def hold() -> None:
            entered.set()
            assert self.open.wait(_LONG)

        box.post(hold)
        assert entered.wait(_LONG)


def test_functions_run_in_order_on_one_thread_that_is_not_the_callers(box: Outbox) -> None:
    seen: list[tuple[int, int]] = []
    for number in range(200):
        box.post(lambda number=number: seen.append((number, threading.get_ident())))  # type: ignore[misc]
    assert box.drain(_LONG)
    assert [number for number, _ in seen] == list(range(200))
    assert len({thread for _, thread in seen}) == 1
    assert seen[0][1] != threading.get_ident()


def test_the_thread_is_a_daemon_and_there_is_none_before_the_first_function() -> None:
    box = Outbox()
    assert not box.running
    kinds: list[bool] = []
    box.post(lambda: kinds.append(threading.current_thread().daemon))
    assert box.drain(_LONG)
    assert kinds == [True]
    assert box.close(_LONG)
    assert not box.running


def test_what_is_asked_often_runs_once_with_the_last_function_and_in_its_first_place(box: Outbox) -> None:
    gate = Gate(box)
    seen: list[str] = []
    for number in range(1000):
        box.ask("frame", lambda number=number: seen.append(f"frame {number}"))  # type: ignore[misc]
        if number == 0:
            box.post(lambda: seen.append("posted"))
    assert box.statistics().waiting == 2
    gate.open.set()
    assert box.drain(_LONG)
    assert seen == ["frame 999", "posted"]
    assert box.statistics().joined == 999


def test_what_is_asked_while_it_runs_runs_again(box: Outbox) -> None:
    seen: list[int] = []

    def again() -> None:
        seen.append(len(seen))
        if len(seen) < 3:
            box.ask("key", again)

    box.ask("key", again)
    # Each round asks anew behind the drain that was there before it.
    for _ in range(3):
        assert box.drain(_LONG)
    assert seen == [0, 1, 2]


def test_an_error_is_told_once_and_harms_nobody(box: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def fails() -> None:
        raise ValueError("no page")

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            box.post(fails)
        box.post(lambda: sys.exit(1))
        box.post(lambda: seen.append("after"))
        assert box.drain(_LONG)
    assert seen == ["after"]
    told = [record.getMessage() for record in caplog.records if "fails" in record.getMessage()]
    assert told == [
        "sending to a page failed in test_an_error_is_told_once_and_harms_nobody.<locals>.fails; it goes on, and is not told again"
    ]
    assert box.statistics().errors == 4


def test_a_log_that_fails_stops_nothing(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*told: Any, **options: Any) -> None:
        raise ValueError("no log")

    monkeypatch.setattr(outbox._log, "warning", fails)
    seen: list[int] = []
    box.post(fails)
    box.post(lambda: seen.append(1))
    assert box.drain(_LONG)
    assert seen == [1]


def test_what_is_too_much_is_refused_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    box = Outbox(limit=3)
    gate = Gate(box)
    seen: list[int] = []
    with caplog.at_level(logging.WARNING):
        taken = [box.post(lambda number=number: seen.append(number)) for number in range(10)]  # type: ignore[misc]
        assert box.ask("key", lambda: seen.append(-1)) is False
    assert taken == [True] * 3 + [False] * 7
    assert [record.getMessage() for record in caplog.records] == ["3 messages to pages wait and none leaves: new ones are dropped"]
    gate.open.set()
    assert box.drain(_LONG)  # gets in all the same
    assert seen == [0, 1, 2]
    assert box.statistics().refused == 8
    assert box.ask("key", lambda: seen.append(9))  # what was refused is not taken for waiting
    assert box.drain(_LONG)
    assert seen[-1] == 9
    assert box.close(_LONG)


def test_it_ends_when_idle_and_starts_again_by_itself() -> None:
    box = Outbox(idle=0.0)
    seen: list[threading.Thread] = []
    for _ in range(2):
        box.post(lambda: seen.append(threading.current_thread()))
        assert box.drain(_LONG)
        seen[-1].join(_LONG)
        assert not seen[-1].is_alive()
        assert not box.running
    assert seen[0] is not seen[1]


def test_closing_sends_what_waits_first_and_a_later_function_starts_it_again() -> None:
    box = Outbox()
    gate = Gate(box)
    seen: list[int] = []
    box.post(lambda: seen.append(1))
    assert not box.close(timeout=0)
    gate.open.set()
    assert box.close(_LONG)
    assert seen == [1]
    box.post(lambda: seen.append(2))
    assert box.drain(_LONG)
    assert seen == [1, 2]
    assert box.close(_LONG)


def test_drain_says_when_time_runs_out(box: Outbox) -> None:
    gate = Gate(box)
    assert box.drain(0.0) is False
    gate.open.set()
    assert box.drain(_LONG) is True


def test_it_does_not_wait_for_itself(box: Outbox) -> None:
    said: list[str] = []

    def waits() -> None:
        try:
            box.drain()
        except RuntimeError as error:
            said.append(str(error))

    box.post(waits)
    assert box.drain(_LONG)
    assert said == ["an outbox cannot be drained by a function that it runs: it would wait for itself"]
    here = Outbox(threaded=False)
    here.post(lambda: said.append("") or _drains(here, said))  # type: ignore[func-returns-value]
    assert said[-1] == said[0]


def _drains(box: Outbox, said: list[str]) -> None:
    try:
        box.drain()
    except RuntimeError as error:
        said.append(str(error))


def test_without_threads_it_sends_at_once_and_in_order() -> None:
    box = Outbox(threaded=False)
    seen: list[str] = []

    def outer() -> None:
        box.post(lambda: seen.append("inner"))
        box.ask("key", lambda: seen.append("asked"))
        seen.append("outer")

    assert box.post(outer)
    assert seen == ["outer", "inner", "asked"]
    assert box.drain(0)
    assert not box.running


def test_where_no_thread_can_start_it_sends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Outbox()

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    seen: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        box.post(lambda: seen.append(threading.get_ident()))
    assert seen == [threading.get_ident()]
    box.post(lambda: seen.append(threading.get_ident()))  # and with threads again, on one
    assert box.drain(_LONG)
    assert seen[1] != seen[0]
    assert box.close(_LONG)


def test_an_interrupt_without_threads_reaches_the_cell() -> None:
    box = Outbox(threaded=False)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        box.post(interrupted)
    seen: list[int] = []
    box.post(lambda: seen.append(1))
    assert seen == [1]


def test_the_thread_knows_nothing_of_the_cell_that_started_it(box: Outbox) -> None:
    cell: contextvars.ContextVar[str] = contextvars.ContextVar("cell", default="none")
    seen: list[str] = []

    def in_cell() -> None:
        cell.set("first")
        box.post(lambda: seen.append(cell.get()))

    contextvars.copy_context().run(in_cell)
    assert box.drain(_LONG)
    assert seen == ["none"]


def test_many_threads_may_post_and_ask() -> None:
    box = Outbox(idle=0.0)  # the thread ends and starts all the while
    seen: list[tuple[int, int]] = []

    def busy(who: int) -> None:
        for number in range(300):
            box.post(lambda: seen.append((who, number)))  # noqa: B023
            assert box.drain(_LONG)
            box.ask(who, lambda: None)

    threads = [threading.Thread(target=busy, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_LONG)
    assert box.drain(_LONG)
    for who in range(4):
        assert [number for whose, number in seen if whose == who] == list(range(300))
    assert box.close(_LONG)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_has_an_outbox_of_its_own(box: Outbox) -> None:
    gate = Gate(box)
    box.post(lambda: None)  # the parent's, which the child is not to send
    code = """
import os, sys, threading, warnings
warnings.simplefilter("ignore")  # a fork with threads, which is what is tried
from pynq_widgets.widgets.outbox import Outbox
box = Outbox()
held, entered = threading.Event(), threading.Event()
box.post(lambda: (entered.set(), held.wait(20)))
entered.wait(20)
box.post(lambda: print("the parent's", flush=True))
child = os.fork()
if child == 0:
    done = []
    box.post(lambda: done.append(1))
    ok = box.drain(20) and done == [1] and box.statistics().waiting == 0
    os._exit(0 if ok else 1)
_, status = os.waitpid(child, 0)
held.set()
box.drain(20)
sys.exit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "the parent's\n"), done.stderr
    gate.open.set()


def test_what_waits_is_sent_before_the_interpreter_ends() -> None:
    code = "from pynq_widgets.widgets import outbox\nfor n in range(3): outbox.default().post(lambda n=n: print(n, flush=True))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n1\n2\n", "")


def test_the_default_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_default", None)
    made: list[Any] = [outbox.default(), outbox.default()]
    assert made[0] is made[1]
