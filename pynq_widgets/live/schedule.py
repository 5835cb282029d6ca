"""When each poll is due: no thread and no clock of its own, so that time can be turned by hand."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .sampler import Sampler

SLOWEST, FASTEST = 0.1, 200.0  # Hz
# Of the sampler's time, so much at most goes into polls: the rest is left to whoever else wants the bus.
SHARE = 0.5
_SMOOTH = 0.3

_log = logging.getLogger(__name__)


def checked_rate(rate: object) -> float:
    """`rate` in Hz as a float.

    Raises ``TypeError`` for what is no number (a string, a bool), ``ValueError`` outside `SLOWEST` to `FASTEST` and for not-a-number.
    """
    # numpy's numbers count as Real, its booleans do not.
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise TypeError(f"a rate must be a number in Hz, not the {type(rate).__name__} {rate!r}")
    try:
        number = float(rate)
    except OverflowError:
        number = math.inf
    if not SLOWEST <= number <= FASTEST:
        raise ValueError(f"a sampler polls at {SLOWEST:g} to {FASTEST:g} Hz, not at {rate!r} Hz")
    return number


class Subscription:
    """A poll that is called regularly, until :meth:`close`.

    Attributes
    ----------
    asked : float
        The rate that was asked for, in Hz.
    rate : float
        The rate at which it is called, in Hz: lower than `asked` where the polls of the device take longer than that allows.
    polls, errors : int
        How often it was called, and how often it raised.
    cost : float
        How long a call takes, in seconds, smoothed.
    last_error : BaseException or None
        What the last call raised; ``None`` when it went well.
    """

    def __init__(
        self,
        sampler: Sampler,
        poll: Callable[[], object],
        rate: float,
        on_error: Callable[[BaseException], object] | None,
        on_rate: Callable[[float], object] | None,
    ) -> None:
        self._sampler = sampler
        self._poll = poll
        self._on_error = on_error
        self._on_rate = on_rate
        self.asked = rate
        self.rate = rate
        self.polls = 0
        self.errors = 0
        self.cost = 0.0
        self.last_error: BaseException | None = None
        self.due = -math.inf
        self.closed = False

    @property
    def slowed(self) -> bool:
        """Whether it is called less often than asked, since polls take too long."""
        return self.rate < self.asked

    def close(self) -> None:
        """Call no more. A call that is under way on another thread is not waited for. Closing twice does no harm."""
        self._sampler._close(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Subscription({self._state()})"

    def _state(self) -> str:
        rate = "closed" if self.closed else f"{self.rate:g} Hz" + (f" of {self.asked:g} Hz asked" if self.slowed else "")
        return f"{rate}, {self.polls} polls, {self.errors} errors"

    def _call(self, now: Callable[[], float]) -> None:
        """Poll once, and plan the next time."""
        began = now()
        self.polls += 1
        try:
            self._poll()
        except BaseException as error:
            self._failed(error)
        else:
            self.last_error = None
        ended = now()
        spent = max(ended - began, 0.0)
        self.cost = spent if self.polls == 1 else self.cost + _SMOOTH * (spent - self.cost)
        period = 1.0 / self.rate
        self.due = self.due + period if self.due > -math.inf else began + period
        if self.due < ended:
            # What was missed is skipped: to make up for it would be a burst. What falls due at this very moment was not missed.
            self.due += period * math.ceil((ended - self.due) / period)

    def _failed(self, error: BaseException) -> None:
        self.errors += 1
        first = type(self.last_error) is not type(error)
        self.last_error = error
        if self._on_error is not None:
            tell(self._on_error, error)
        elif first and not self.closed:
            # One line when it begins, not one at each of 200 Hz.
            _log.warning("a poll failed; it goes on: %s: %s", type(error).__name__, error)

    def _set_rate(self, rate: float) -> None:
        # Small changes are no news: the cost of a poll is never the same twice.
        if rate != self.rate and (rate == self.asked or not 0.9 < rate / self.rate < 1.1):
            self.rate = rate
            if self._on_rate is not None:
                tell(self._on_rate, rate)


def tell(callback: Callable[[Any], object], news: Any) -> None:
    """Call ``callback(news)``; what it raises, be it ``SystemExit``, is logged, for it must not end what it is told of."""
    try:
        callback(news)
    except BaseException:
        _log.exception("a subscriber's callback failed")


def balance(subscriptions: list[Subscription]) -> None:
    """Give each subscription the rate it asked for, or all the same part of it where polls would take more than their share of time."""
    load = sum(subscription.cost * subscription.asked for subscription in subscriptions)
    part = 1.0 if load <= SHARE else SHARE / load
    for subscription in subscriptions:
        subscription._set_rate(subscription.asked * part)
