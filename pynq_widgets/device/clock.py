"""Time, as the hardware and those who wait for it know it.

A clock has a queue of events. They run in the order of their times (those of equal time in the order in which they were asked for),
one at a time, under `Clock.lock`, which a simulated device shares as the lock of its bus. While an event runs, `now()` is the time
for which it was asked, however late it runs, so that what follows from it is the same each time.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

_log = logging.getLogger(__name__)

# So many events at one moment are taken for a model that schedules itself with no delay for ever.
_STORM = 100_000
# A clock that follows wall time falls behind rather than hold the bus for longer than this (seconds) to catch up.
_PATIENCE = 0.05


class Pace(NamedTuple):
    """How a clock goes at present: `base` at the moment `since` (of ``perf_counter``), and on from there if it is `following`.

    A clock holds one, and exchanges it when it changes, so that whoever needs the time of thousands of moments keeps the moments and
    the pace, at the cost of one attribute, and works it out when it is wanted.
    """

    base: float
    since: float
    following: bool

    def at(self, moment: float) -> float:
        """The clock's time at the `moment` of ``perf_counter``."""
        return self.base + (moment - self.since) if self.following else self.base


class Timer:
    """One event to come; `cancel()` takes it back and tells whether it was still to come."""

    __slots__ = ("__weakref__", "_clock", "callback", "when")

    def __init__(self, clock: Clock, when: float, callback: Callable[[], object]) -> None:
        self._clock = weakref.ref(clock)
        self.when = when
        self.callback: Callable[[], object] | None = callback

    @property
    def pending(self) -> bool:
        return self.callback is not None

    def cancel(self) -> bool:
        was, self.callback = self.callback is not None, None
        clock = self._clock()
        if clock is not None and clock._queue and clock._queue[0][2] is self:
            clock._alarm.wake()  # the thread may have nothing to wait for any more
        return was


class _Alarm:
    """What the clock's thread sleeps on; it does not keep the clock alive."""

    def __init__(self) -> None:
        self.condition = threading.Condition()  # re-entrant: the clock may go, and close this, in the very thread
        self.running = False
        self.closed = False

    def pause(self, seconds: float) -> None:
        """Sleep (the condition is held) until `wake`, unless the clock has gone."""
        if not self.closed:
            self.condition.wait(seconds)

    def wake(self) -> None:
        with self.condition:
            self.condition.notify_all()

    def close(self) -> None:
        with self.condition:
            self.closed = True
            self.condition.notify_all()


class Clock:
    """Wall time (`time.monotonic`), with a queue of events.

    One daemon thread runs the events when they fall due. It starts with the first event and ends with the last, or when the clock is
    dropped.
    """

    def __init__(self, lock: Any = None) -> None:
        self.lock: Any = lock if lock is not None else threading.RLock()
        self.errors: list[BaseException] = []
        self._queue: list[tuple[float, int, Timer]] = []
        self._count = 0
        self._compact_at = 256  # cancelled events are swept out when the queue has grown to this
        self._alarm = _Alarm()
        self._running_at: float | None = None
        self._runner = 0
        weakref.finalize(self, self._alarm.close)

    # What time it is.

    def now(self) -> float:
        """Seconds since some fixed moment; it never goes back."""
        at = self._running_at
        if at is not None and self._runner == threading.get_ident():
            return at
        return self._time()

    def _time(self) -> float:
        return time.monotonic()

    @property
    def following(self) -> bool:
        """Whether time passes by itself."""
        return True

    # Events.

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Run `callback()` in `seconds` (0 or more) from now."""
        if not seconds >= 0:
            raise ValueError(f"an event cannot be {seconds!r} seconds from now: expected 0 or more")
        return self.call_at(self.now() + seconds, callback)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Run `callback()` at the time `when` of this clock; at once when it next can, if that has passed."""
        return self._plan(when, callback, self.following)

    def _plan(self, when: float, callback: Callable[[], object], thread: bool) -> Timer:
        timer = Timer(self, when, callback)
        with self.lock:
            self._count += 1
            heapq.heappush(self._queue, (when, self._count, timer))
            if len(self._queue) > self._compact_at:
                self._queue[:] = [entry for entry in self._queue if entry[2].callback is not None]
                heapq.heapify(self._queue)
                self._compact_at = 2 * len(self._queue) + 256
            if thread:
                # Also where an earlier event comes first: that of a wait with a timeout needs no thread, and may have none.
                self._ensure_thread(wake=self._queue[0][2] is timer)
        return timer

    @property
    def pending(self) -> int:
        """How many events are to come."""
        with self.lock:
            return sum(1 for entry in self._queue if entry[2].pending)

    def next_event(self) -> float | None:
        """The time of the next event, or None."""
        with self.lock:
            queue = self._queue
            while queue and queue[0][2].callback is None:
                heapq.heappop(queue)
            return queue[0][0] if queue else None

    def run_due(self) -> None:
        """Run every event whose time has come. Called before each bus access, so that no value read is behind its time."""
        queue = self._queue
        if not queue or queue[0][0] > self._time():
            return
        with self.lock:
            if self._running_at is None:
                self._run_until(self._time(), time.monotonic() + _PATIENCE)

    def _run_until(self, limit: float, deadline: float | None = None) -> None:
        """Run the events up to the time `limit` (the lock is held, no event is running)."""
        queue = self._queue
        at, here = -1.0, 0
        self._runner = threading.get_ident()
        try:
            while queue and queue[0][0] <= limit:
                when, _, timer = heapq.heappop(queue)
                callback, timer.callback = timer.callback, None
                if callback is None:
                    continue
                here = here + 1 if when <= at else 0
                at = max(when, at)
                if here > _STORM:
                    self._failed(
                        RuntimeError(f"more than {_STORM} events at the time {at:.9f} s: {callback!r} was the last and is dropped")
                    )
                    here = 0
                    continue
                self._running_at = max(at, self._floor())
                self._reached(self._running_at)
                try:
                    callback()
                except Exception as error:
                    self._failed(error)
                if deadline is not None and time.monotonic() > deadline:
                    self._fell_behind(at)
                    break
        finally:
            self._running_at = None

    def _floor(self) -> float:
        return float("-inf")

    def _reached(self, when: float) -> None:
        """An event of this time runs now."""

    def _fell_behind(self, at: float) -> None:
        """The events up to `at` took longer to run than time allows."""

    def _failed(self, error: BaseException) -> None:
        self.errors.append(error)
        del self.errors[:-100]
        _log.error("an event of the clock failed: %s", error, exc_info=error)

    # The thread.

    def _ensure_thread(self, wake: bool = True) -> None:
        alarm = self._alarm
        with alarm.condition:
            if alarm.running:
                if wake:
                    alarm.condition.notify_all()
                return
            alarm.running = True
        threading.Thread(target=_follow, args=(weakref.ref(self), alarm), name="pynq_widgets clock", daemon=True).start()

    # Those who wait.

    def event(self) -> ClockEvent:
        """A flag that threads can wait for in this clock's time."""
        return ClockEvent(self)

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` of this clock have passed."""
        if seconds > 0:
            self.event().wait(seconds)

    def wait(self, event: ClockEvent | threading.Event, timeout: float | None = None) -> bool:
        """Wait until `event` is set; False if `timeout` seconds of this clock have passed before."""
        return event.wait(timeout)


def _follow(reference: weakref.ref[Clock], alarm: _Alarm) -> None:
    """The thread that runs the events of a clock that follows wall time."""
    while True:
        clock = reference()
        if clock is None:
            return
        clock.run_due()
        clock.next_event()  # those that were cancelled are swept out
        with alarm.condition:
            # Looked at under the alarm's lock without the clock's: an event that comes in between finds `running` and wakes us.
            queue = clock._queue
            delay = queue[0][0] - clock._time() if queue else None
            del queue  # its events may be what keeps the clock's owner alive
            if delay is None or not clock.following:
                alarm.running = False
                return
            del clock
            # The pause lets others to the bus even where events fall due faster than they can run.
            alarm.pause(max(delay, 0.0005))


class WallClock(Clock):
    """The clock of real hardware."""

    def __init__(self, lock: Any = None) -> None:
        super().__init__(lock)
        self.pace = Pace(time.monotonic(), time.perf_counter(), True)


class ClockEvent:
    """A flag, as `threading.Event`, whose timeouts are in the time of its clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._condition = threading.Condition(threading.Lock())
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._condition:
            self._set = True
            self._condition.notify_all()

    def clear(self) -> None:
        with self._condition:
            self._set = False

    def _notify(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the flag is set; False if `timeout` seconds of the clock have passed before."""
        clock = self.clock
        if isinstance(clock, VirtualClock) and clock.autojump and not clock.following:
            return clock._jump(self, timeout)
        if timeout is None:
            with self._condition:
                self._condition.wait_for(self.is_set)
            return True
        deadline = clock.now() + timeout
        # Where time passes by itself this thread waits for it; the event is for when somebody moves the time.
        timer = clock._plan(deadline, self._notify, False)
        try:
            with self._condition:
                while not self._set:
                    left = deadline - clock.now()
                    if left <= 0:
                        break
                    self._condition.wait(left if clock.following else None)
        finally:
            timer.cancel()
        return self._set


class VirtualClock(Clock):
    """Time that a test steps by hand, or that follows wall time.

    - ``VirtualClock()`` stands still at 0 until `advance(seconds)` is called, which runs what falls due on the way, in order.
    - ``VirtualClock(following=True)`` starts at 0 and goes with wall time. It falls behind where the events of simulated hardware take
      longer to run than they may; `advance` makes it jump ahead. `following` can be set at any time: False stops the time.
    - ``VirtualClock(autojump=True)`` stands still, but whoever sleeps or waits makes the time pass to the next event and the next until
      the wait is over. That suits a test with one thread, where nobody else could call `advance`.
    """

    def __init__(self, following: bool = False, *, autojump: bool = False, start: float = 0.0) -> None:
        super().__init__()
        self._following = following
        self._go_from(start)
        self.autojump = autojump

    def _go_from(self, base: float) -> None:
        """It is `base` now."""
        self._base = base
        self._since = time.monotonic()
        self.pace = Pace(base, time.perf_counter(), self._following)

    @property
    def following(self) -> bool:
        return self._following

    @following.setter
    def following(self, value: bool) -> None:
        with self.lock:
            now = self._time()
            self._following = bool(value)
            self._go_from(now)
            if value and self._queue:
                self._ensure_thread()

    def _time(self) -> float:
        if self._following:
            return self._base + (time.monotonic() - self._since)
        return self._base

    def _floor(self) -> float:
        return self._base if not self._following else float("-inf")

    def _reached(self, when: float) -> None:
        if not self._following:
            self._go_from(max(self._base, when))

    def _fell_behind(self, at: float) -> None:
        if self._following:
            self._go_from(at)

    def advance(self, seconds: float) -> None:
        """Let `seconds` (0 or more) pass and run what falls due, each event at its own time."""
        if not seconds >= 0:
            raise ValueError(f"time cannot go by {seconds!r} seconds: expected 0 or more")
        with self.lock:
            if self._running_at is not None:
                raise RuntimeError("an event cannot advance the clock that runs it: use call_later")
            self.advance_to(self._time() + seconds)

    def advance_to(self, when: float) -> None:
        """Let the time pass until `when`; nothing happens if that has passed."""
        with self.lock:
            if self._running_at is not None:
                raise RuntimeError("an event cannot advance the clock that runs it: use call_later")
            self._run_until(when)
            if when > self._time():
                self._go_from(when)

    def wait(self, event: ClockEvent | threading.Event, timeout: float | None = None) -> bool:
        if isinstance(event, ClockEvent) or self._following:
            return event.wait(timeout)
        if self.autojump:
            return self._jump(event, timeout)
        # A plain threading.Event cannot be told of virtual time, so it is looked at again and again.
        deadline = None if timeout is None else self.now() + timeout
        while not event.wait(0.002):
            if deadline is not None and self.now() >= deadline:
                return False
        return True

    def _jump(self, event: ClockEvent | threading.Event, timeout: float | None) -> bool:
        deadline = None if timeout is None else self.now() + timeout
        while not event.is_set():
            when = self.next_event()
            if when is None and deadline is None:
                raise RuntimeError("the wait would never end: nothing is to happen on this clock, and there is no timeout")
            if when is None or (deadline is not None and when > deadline):
                assert deadline is not None
                self.advance_to(deadline)
                return event.is_set()
            self.advance_to(when)
        return True


class ClockScope(Clock):
    """The clock of a device as one loaded design sees it: when the design goes, what it had planned goes with it."""

    def __init__(self, clock: Clock, run: Callable[[Callable[[], object]], object] | None = None) -> None:
        self._clock = clock
        self._run = run  # how an event is to be run; as it is, if None
        self._timers: weakref.WeakSet[Timer] = weakref.WeakSet()
        self._open = True

    @property
    def lock(self) -> Any:
        return self._clock.lock

    @property
    def following(self) -> bool:
        return self._clock.following

    def now(self) -> float:
        return self._clock.now()

    @property
    def errors(self) -> list[BaseException]:  # type: ignore[override]
        return self._clock.errors

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        run = self._run
        with self.lock:
            timer = self._clock.call_at(when, callback if run is None else lambda: run(callback))
            if self._open:
                self._timers.add(timer)
            else:
                timer.cancel()
        return timer

    @property
    def pending(self) -> int:
        with self.lock:
            return sum(1 for timer in self._timers if timer.pending)

    def next_event(self) -> float | None:
        return self._clock.next_event()

    def run_due(self) -> None:
        self._clock.run_due()

    def event(self) -> ClockEvent:
        return self._clock.event()

    def wait(self, event: ClockEvent | threading.Event, timeout: float | None = None) -> bool:
        return self._clock.wait(event, timeout)

    def close(self) -> None:
        """Cancel what is planned, and accept nothing more."""
        with self.lock:
            self._open = False
            for timer in list(self._timers):
                timer.cancel()
            self._timers.clear()
