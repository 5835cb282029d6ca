"""The outbox: the one thread that sends to pages.

A widget's messages and states are to leave from one thread at a time, and whoever learns of news (the sampler, a page's message, a
person's cell) is not to wait for the sending. What is news still while it waits is sent once: a function makes the frame when its turn
comes, so a queue never grows.
"""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import logging
import os
import queue
import sys
import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_log = logging.getLogger(__name__)

IDLE = 20.0  # seconds without work after which the thread ends
LIMIT = 10_000  # functions that wait at most; a sender that is this far behind is broken
_MOST_KNOWN = 256  # kinds of error that are remembered as told


class _Job:
    __slots__ = ("function", "key")

    def __init__(self, function: Callable[[], object], key: Hashable | None) -> None:
        self.function = function
        self.key = key


@dataclass(frozen=True)
class OutboxStatistics:
    """What an outbox has done: functions run, asked for again before they ran, that raised, and not taken since `LIMIT` waited."""

    run: int = 0
    joined: int = 0
    errors: int = 0
    refused: int = 0
    waiting: int = 0


class Outbox:
    """Runs functions that send, one after the other, on a daemon thread that starts by itself and ends when idle.

    Parameters
    ----------
    idle
        Seconds without work after which the thread ends; the next function starts it again.
    limit
        How many functions may wait. Beyond it new ones are refused: a sender so far behind does not come back.
    threaded
        False: run functions on the caller's thread before `post` or `ask` returns; the default where there are no threads (Pyodide).

    What a function raises is logged (each kind once) and harms nobody. A function may post and ask in turn. After a fork the child's
    outbox is empty: what waited is the parent's to send.
    """

    def __init__(self, *, idle: float = IDLE, limit: int = LIMIT, threaded: bool = sys.platform != "emscripten") -> None:
        self._idle = idle
        self._limit = limit
        self._threaded = threaded
        self._told: set[tuple[str, str]] = set()
        self._run = self._joined = self._errors = self._refused = 0
        self._fresh()
        _all.add(self)

    def _fresh(self) -> None:
        # Reentrant, and a queue in C: a finalizer or a signal handler may post in the middle of a post.
        self._lock = threading.RLock()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._asked: dict[Hashable, _Job] = {}
        self._thread: threading.Thread | None = None
        self._helper: int | None = None  # the thread that runs functions where there is none of ours
        self._ended = False

    def post(self, function: Callable[[], object]) -> bool:
        """Run `function()` after all that was posted or asked before it; False where it was refused, since too much waits."""
        return self._put(_Job(function, None))

    def ask(self, key: Hashable, function: Callable[[], object]) -> bool:
        """Run `function()` in its turn, once, however often `key` was asked for until then; the last one's function is run.

        To be asked for again from the moment it begins. False where it was refused, since too much waits.
        """
        with self._lock:
            waiting = self._asked.get(key)
            if waiting is not None:
                waiting.function = function
                self._joined += 1
                return True
            return self._put(_Job(function, key))

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until all that was posted or asked before has run; False where that took longer than `timeout` seconds.

        Raises ``RuntimeError`` within a function of the outbox itself, which would wait for its own end.
        """
        if self._thread is threading.current_thread() or self._helper == threading.get_ident():
            raise RuntimeError("an outbox cannot be drained by a function that it runs: it would wait for itself")
        done = threading.Event()
        self._put(_Job(done.set, None), forced=True)
        return done.wait(timeout)

    @property
    def running(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None

    def statistics(self) -> OutboxStatistics:
        """What it has done so far, for looking inside."""
        return OutboxStatistics(self._run, self._joined, self._errors, self._refused, self._jobs.qsize())

    def close(self, timeout: float = 1.0) -> bool:
        """Let the thread end once it has sent what waits; whether it did within `timeout` seconds. A later function starts it again."""
        with self._lock:
            thread, self._ended = self._thread, True
            if thread is not None:
                self._jobs.put(_Job(_nothing, None))
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return self._thread is None

    def _put(self, job: _Job, forced: bool = False) -> bool:
        with self._lock:
            if self._jobs.qsize() >= self._limit and not forced:
                self._refused += 1
                if self._refused == 1:
                    _log.warning("%d messages to pages wait and none leaves: new ones are dropped", self._limit)
                return False
            if job.key is not None:
                self._asked[job.key] = job
            self._jobs.put(job)
            self._ended = False
            if (self._thread is not None and self._thread.is_alive()) or self._start():
                return True
        self._send_here()
        return True

    def _start(self) -> bool:
        if not self._threaded:
            return False
        # A context of its own: ipykernel finds the cell that a message belongs to in the thread's context, and one inherited from
        # whichever cell happened to start this thread would be wrong for ever after.
        thread = threading.Thread(target=contextvars.Context().run, args=(self._work,), name="pynq_widgets outbox", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the interpreter is ending
            self._thread = None
            return False
        return True

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._idle)
            except queue.Empty:
                job = None
            if job is not None:
                self._do(job)
            if job is None or self._ended:
                with self._lock:
                    if self._jobs.empty():
                        self._thread = None
                        return
            del job  # what it holds (a widget that was closed) is not to live until the next one

    def _send_here(self) -> None:
        """Run what waits on this thread, unless somebody is at it: he then runs this too."""
        while True:
            with self._lock:
                if self._helper is not None or self._jobs.empty():
                    return
                self._helper = threading.get_ident()
            try:
                with contextlib.suppress(queue.Empty):
                    while True:
                        self._do(self._jobs.get_nowait())
            finally:
                self._helper = None

    def _do(self, job: _Job) -> None:
        with self._lock:
            if job.key is not None:
                self._asked.pop(job.key, None)
            function = job.function
        try:
            function()
        except BaseException as error:
            self._errors += 1
            with contextlib.suppress(Exception):  # a log that fails is no reason to send nothing any more
                self._failed(function, error)
            if self._thread is not threading.current_thread() and not isinstance(error, Exception):
                raise  # an interrupt is for the caller's cell
        finally:
            self._run += 1

    def _failed(self, function: Callable[[], object], error: BaseException) -> None:
        kind = (getattr(function, "__qualname__", type(function).__name__), type(error).__name__)
        if kind not in self._told and len(self._told) < _MOST_KNOWN:
            self._told.add(kind)
            _log.warning("sending to a page failed in %s; it goes on, and is not told again", kind[0], exc_info=error)


def _nothing() -> None:
    """Wakes the thread."""


_all: weakref.WeakSet[Outbox] = weakref.WeakSet()
_default: Outbox | None = None
_default_lock = threading.Lock()


def default() -> Outbox:
    """The outbox of this process: what all views send through."""
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = Outbox()
    return _default


def _forked() -> None:
    global _default_lock
    _default_lock = threading.Lock()
    for outbox in list(_all):
        outbox._fresh()


def _end() -> None:
    # A daemon thread that is stopped in the middle of a send by the ending interpreter may take the process down with it.
    for outbox in list(_all):
        outbox.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
atexit.register(_end)
