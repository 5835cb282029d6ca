"""Expectations: a condition that is to come true within a time, and what was seen where it did not."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Generator
from numbers import Real
from typing import TYPE_CHECKING, Any

from pynq_widgets.showing import Shown

from .asking import asking
from .seen import Condition

if TYPE_CHECKING:
    from pynq_widgets.device import Device

RATE = 20.0  # looks a second
_LONGEST = 86_400.0  # seconds


class Expectation(Shown):
    """Whether a condition came true in time; made by :func:`expect`.

    ``await`` it, or take its truth (``assert expect(…)``, ``.wait()``), which waits too. As the last line of a cell it shows itself at
    once and goes green or red by itself.

    Attributes
    ----------
    passed : bool or None
        Whether it came true in time; None while neither is decided.
    text : str
        The condition, as it was written.
    seen : dict of str to str
        The parts of the condition and what they were when it was last asked.
    error : str
        What the condition raised when it was last asked; empty where it answered.
    within, elapsed : float
        Seconds of the device's clock: how long it may take, and how long it took (so far).
    """

    within: float
    passed: bool | None
    seen: dict[str, str]
    error: str
    _took: float

    def __init__(self, condition: Callable[[], Any], within: float, device: Device | None, text: str | None) -> None:
        if not callable(condition):
            raise TypeError(
                f"expect takes a condition that it can ask again and again, not the {type(condition).__name__} {condition!r}: "
                "expect(lambda: leds.value == 5)"
            )
        if inspect.iscoroutinefunction(condition):
            raise TypeError("expect takes a condition that answers at once, not a coroutine: expect(lambda: leds.value == 5)")
        self.within = _seconds(within)
        self._condition = Condition(condition)
        self._device = device
        self._clock = device.clock if device is not None else _wall()
        self._began = self._clock.now()
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], object]] = []
        self._subscription: Any = None
        self._said = text
        self.passed = None
        self.seen = {}
        self.error = ""
        self._took = 0.0
        self.look()

    @property
    def text(self) -> str:
        return self._condition.text if self._said is None else self._said

    @property
    def elapsed(self) -> float:
        return self._took if self.passed is not None else self._clock.now() - self._began

    @property
    def why(self) -> str:
        """What was seen, in words."""
        if self.error:
            return f"it raised {self.error}"
        told = ", ".join(f"{part} was {value}" for part, value in self.seen.items())
        return told if told or self.passed else "it was not true"

    def look(self) -> bool | None:
        """Ask the condition once, unless it is decided; gives `passed`."""
        ended = None
        with self._lock:
            if self.passed is not None:
                return self.passed
            now = self._clock.now()
            self._ask()
            # What came true at the very end is in time: the look was due then.
            if self.passed is None and now - self._began >= self.within:
                self.passed = False
            if self.passed is not None:
                self._took = min(now - self._began, self.within)
                ended, self._subscription = self._subscription, None
            listeners = list(self._listeners)
        if ended is not None:
            ended.close()
        for listener in listeners:
            listener()
        return self.passed

    def _ask(self) -> None:
        from pynq_widgets.access import StaleOverlayError

        self.error = ""
        try:
            with asking(self._device, "sampler"):
                answer = self._condition()
                if inspect.iscoroutine(answer):
                    answer.close()
                    raise TypeError("the condition gave a coroutine, which is not awaited here: give one that answers at once")
                if answer:
                    self.passed = True
        except StaleOverlayError as gone:
            self.passed, self.error = False, f"{type(gone).__name__}: {gone}"
        except Exception as error:
            # It may be true a moment later: a part that is not there yet, a bus that is busy.
            self.error = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self.seen = dict(self._condition.seen)

    def wait(self) -> bool:
        """Wait until it is decided, in the time of the device's clock; gives `passed`."""
        while self.look() is None:
            self._clock.sleep(self._pause())
        return bool(self.passed)

    def watch(self, listener: Callable[[], object]) -> None:
        """Go on looking by itself until it is decided; `listener()` is called after each look, on the thread that looked."""
        from .sampler import Sampler

        with self._lock:
            if self.passed is not None:
                return
            self._listeners.append(listener)
            if self._subscription is None:
                sampler = Sampler(self._clock) if self._device is None else Sampler.of(self._device)
                self._subscription = sampler.subscribe(self.look, RATE)

    def _pause(self) -> float:
        return max(min(1 / RATE, self._began + self.within - self._clock.now()), 0.0)

    def __await__(self) -> Generator[Any, None, Expectation]:
        return self._decided().__await__()

    async def _decided(self) -> Expectation:
        loop = asyncio.get_running_loop()
        while self.look() is None:
            due = asyncio.Event()
            timer = self._clock.call_later(self._pause(), lambda due=due: _tell(loop, due))  # type: ignore[misc]
            try:
                await due.wait()
            finally:
                timer.cancel()
        return self

    def __bool__(self) -> bool:
        return self.wait()

    def __repr__(self) -> str:
        """The outcome, or that there is none yet; it does not wait."""
        if self.passed is None:
            return f"… {self.text}: {self.within - self.elapsed:.1f} s left; {self.why}"
        if self.passed:
            return f"✓ {self.text}" + (f", after {self._took:.2f} s" if self._took >= 0.005 else "")
        return f"✗ {self.text}: not within {self.within:g} s; {self.why}"


def expect(condition: Callable[[], Any], within: float = 5.0, *, text: str | None = None, device: Device | None = None) -> Expectation:
    """Expect `condition()` to come true within so many seconds, and show green or red, and why.

    ``expect(lambda: leds.value == 5, within=2)`` as the last line of a cell shows itself at once and goes green as soon as it is so, by
    Python or by mouse. ``await expect(…)`` goes on when it is decided; ``assert expect(…)`` and ``expect(…).wait()`` wait without an event
    loop.

    Parameters
    ----------
    condition
        A function without arguments that answers at once; asked some twenty times a second until it is true. What it raises counts as
        not true, and is shown.
    within
        Seconds of the device's clock, 0 to 86,400; 0 asks once.
    text
        What is shown for the condition; default its source.
    device
        Whose clock it is; default the active device.

    Raises ``TypeError`` for what is no such function, ``ValueError`` for another `within`.
    """
    if device is None:
        from pynq_widgets.device import Device

        device = Device.active_device
    return Expectation(condition, within, device, text)


def _seconds(within: Any) -> float:
    if isinstance(within, bool) or not isinstance(within, Real) or not 0 <= float(within) <= _LONGEST:
        raise ValueError(f"within is a number of seconds, 0 to {_LONGEST:,.0f}, not {within!r}")
    return float(within)


def _wall() -> Any:
    from pynq_widgets.device.clock import WallClock

    return WallClock()


def _tell(loop: asyncio.AbstractEventLoop, due: asyncio.Event) -> None:
    try:
        loop.call_soon_threadsafe(due.set)
    except RuntimeError:  # the loop was closed while the clock went on: nobody waits any more
        return
