"""The sampler: one thread a device that calls those who want to know what changes by itself."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .schedule import FASTEST, SLOWEST, Subscription, balance

if TYPE_CHECKING:
    from pynq_widgets.device import Device


class Sampler:
    """Calls polls at their rates, in the time of a clock.

    One daemon thread serves all subscriptions: it starts with the first and ends with the last, so a script that looks at nothing has
    no thread. Polls run one after the other on it.

    Parameters
    ----------
    clock
        Gives ``now()`` and ``call_later(seconds, function)``: a device's clock. While it stands still nothing is polled.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._subscriptions: list[Subscription] = []
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    @classmethod
    def of(cls, device: Device) -> Sampler:
        """The sampler of `device`, the same one each time. It ends with the device."""
        with _samplers_lock:
            sampler = _samplers.get(device)
            if sampler is None:
                sampler = _samplers[device] = cls(device.clock)
                weakref.finalize(device, sampler.close).atexit = False
            return sampler

    def subscribe(
        self,
        poll: Callable[[], object],
        rate: float,
        on_error: Callable[[BaseException], object] | None = None,
        *,
        on_rate: Callable[[float], object] | None = None,
    ) -> Subscription:
        """Call `poll()` `rate` times a second (0.1 to 200 Hz), first at once, until the subscription is closed.

        What it raises is told to `on_error` (else logged once) and it goes on. Where polls take longer than their rates allow, all
        rates are lowered alike: ``subscription.rate`` says to what, and `on_rate(rate)` is told.

        Raises ``ValueError`` for a rate outside the range.
        """
        if not SLOWEST <= rate <= FASTEST:
            raise ValueError(f"a sampler polls at {SLOWEST:g} to {FASTEST:g} Hz, not at {rate!r} Hz")
        if not callable(poll):
            raise TypeError(f"a sampler needs a function to call, not the {type(poll).__name__} {poll!r}")
        subscription = Subscription(self, poll, float(rate), on_error, on_rate)
        with self._lock:
            self._subscriptions.append(subscription)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pynq_widgets sampler", daemon=True)
                self._thread.start()
        self._wake.set()
        return subscription

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Those that are polled now."""
        with self._lock:
            return tuple(self._subscriptions)

    @property
    def running(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None

    def close(self) -> None:
        """Close all subscriptions; the thread ends."""
        for subscription in self.subscriptions:
            subscription.close()

    def _close(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription.closed:
                return
            subscription.closed = True
            self._subscriptions.remove(subscription)
            if self._subscriptions:
                balance(self._subscriptions)
        self._wake.set()

    def run_due(self) -> float | None:
        """Call the polls whose time has come, and give the time (of the clock) of the next; ``None`` if there is none.

        What the thread does; a test may do it in its place.
        """
        for subscription in sorted(self.subscriptions, key=lambda subscription: subscription.due):
            if not subscription.closed and subscription.due <= self._clock.now():
                subscription._call(self._clock.now)
        subscriptions = list(self.subscriptions)
        balance(subscriptions)
        return min((subscription.due for subscription in subscriptions), default=None)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            due = self.run_due()
            with self._lock:
                if not self._subscriptions:
                    self._thread = None
                    return
            # A new subscription set the flag since: it may be due earlier.
            if due is None or self._wake.is_set():
                continue
            timer = self._clock.call_later(max(due - self._clock.now(), 0.0), self._wake.set)
            try:
                self._wake.wait()
            finally:
                timer.cancel()


_samplers: weakref.WeakKeyDictionary[Device, Sampler] = weakref.WeakKeyDictionary()
_samplers_lock = threading.Lock()
