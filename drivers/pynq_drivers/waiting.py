"""Waiting in the time of a device's clock, which need not be the wall's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from numbers import Real
from typing import Any

LOOK = 10e-6  # seconds between two looks at what is done soon
RESET_PATIENCE = 0.5  # seconds that a core may take to come out of reset


def check(timeout: Any) -> None:
    """ValueError for what is no number of seconds, 0 or more, nor None. NaN is none: nothing is ever later than it."""
    if timeout is not None and not (isinstance(timeout, Real) and float(timeout) >= 0):
        raise ValueError(f"a timeout is 0 or more seconds, or None to wait for ever, not {timeout!r}")


class Deadline:
    """A moment on `clock`, `timeout` seconds from when it is made; None is never."""

    def __init__(self, clock: Any, timeout: float | None) -> None:
        check(timeout)
        self._clock = clock
        self._at = None if timeout is None else clock.now() + timeout

    def left(self) -> float | None:
        """Seconds that are left, 0 where none are, None where it never comes."""
        return None if self._at is None else max(0.0, self._at - self._clock.now())

    def passed(self) -> bool:
        """Whether it is over."""
        return self._at is not None and self._clock.now() >= self._at

    def slice(self, seconds: float) -> float:
        """`seconds`, or what is left where that is less."""
        left = self.left()
        return seconds if left is None else min(seconds, left)


def until(clock: Any, done: Callable[[], object], seconds: float, trouble: str) -> None:
    """Look again and again until `done()`, which a core is after some tens of clocks; TimeoutError(trouble) after `seconds`."""
    deadline = Deadline(clock, seconds)
    while not done():
        if deadline.passed():
            raise TimeoutError(trouble)
        clock.sleep(LOOK)


def reset(clock: Any, done: Callable[[], object], title: str, hint: str = "is its clock running?") -> None:
    """`until` a core, which `title` names, has come out of reset."""
    until(clock, done, RESET_PATIENCE, f"{title} did not come out of reset within {RESET_PATIENCE} s: {hint}")


def loop_with_tasks() -> asyncio.AbstractEventLoop | None:
    """The event loop of this thread where tasks wait in it and nobody runs it: whoever blocks is to run it meanwhile, as PYNQ's do.

    None where a loop runs already, as in a notebook's cell: what blocks there holds up its tasks; ``await ..._async`` does not.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        return None
    # get_event_loop() would make a loop where there is none, with a warning or without one as the version of Python has it.
    local = getattr(asyncio.get_event_loop_policy(), "_local", None)
    loop: asyncio.AbstractEventLoop | None = getattr(local, "_loop", None)
    return loop if loop is not None and not loop.is_closed() and asyncio.all_tasks(loop) else None


async def pause(clock: Any, seconds: float) -> None:
    """Lets `seconds` of `clock` pass without holding up the event loop."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    timer = clock.call_later(seconds, lambda: _tell(loop, over))
    try:
        await over.wait()
    finally:
        timer.cancel()


def _tell(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    try:
        loop.call_soon_threadsafe(over.set)
    except RuntimeError:  # the loop was closed while the clock went on: nobody waits any more
        return
