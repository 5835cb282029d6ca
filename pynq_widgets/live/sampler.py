"""The sampler: one thread a device that calls those who want to know what changes by itself."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from .schedule import Subscription, balance, checked_rate
from .watch import Watch, checked_groups

if TYPE_CHECKING:
    from pynq_widgets.access import Mirror
    from pynq_widgets.device import Device

S = TypeVar("S", bound=Subscription)


class Sampler:
    """Calls polls at their rates, in the time of a clock.

    One daemon thread serves all subscriptions: it starts with the first and ends with the last, so a script that looks at nothing has
    no thread. Polls run one after the other on it.

    Parameters
    ----------
    clock
        Gives ``now()`` and ``call_at(time, function)``: a device's clock. While it stands still nothing is polled.
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

        Raises ``ValueError`` for a rate outside the range, ``TypeError`` for one that is no number.
        """
        rate = checked_rate(rate)
        if not callable(poll):
            raise TypeError(f"a sampler needs a function to call, not the {type(poll).__name__} {poll!r}")
        return self._begin(Subscription(self, poll, rate, on_error, on_rate))

    def watch(
        self,
        groups: Iterable[tuple[Mirror, Iterable[str] | None]],
        rate: float,
        *,
        on_tick: Callable[[Watch], object] | None = None,
        on_error: Callable[[BaseException], object] | None = None,
        on_rate: Callable[[float], object] | None = None,
    ) -> Watch:
        """Read registers `rate` times a second (0.1 to 200 Hz), first at once, until the watch is closed or their overlay has gone.

        Parameters
        ----------
        groups
            Pairs of a ``Mirror`` and names of its registers (``None``: all that may be read unasked). One tick reads them all, in the
            fewest block reads; a word that another reader has read within half a period is not read again.
        rate
            In Hz. Where the bus is slower than that, all rates of its device are lowered alike, ``watch.slowed`` is True and
            `on_rate(rate)` is told.
        on_tick
            Called as ``on_tick(watch)`` after each tick, on the sampler's thread.
        on_error
            Told what a tick raised, the first of its errors. The registers concerned are stale in the mirror, with the reason; the
            watch goes on, unless the overlay has gone (``StaleOverlayError``), which closes it.

        Raises ``ValueError`` for a register that is not to be read unasked, with the reason, for none, and for a rate out of range;
        ``KeyError`` for a register that is not there, with the near names; ``TypeError`` for other things.
        """
        rate = checked_rate(rate)
        for name, callback in (("on_tick", on_tick), ("on_error", on_error), ("on_rate", on_rate)):
            if callback is not None and not callable(callback):
                raise TypeError(f"{name} must be a function, not the {type(callback).__name__} {callback!r}")
        return self._begin(Watch(self, checked_groups(groups), rate, on_tick, on_error, on_rate))

    def _begin(self, subscription: S) -> S:
        with self._lock:
            self._subscriptions.append(subscription)
            # A thread may be gone without having said so: a fork has none, and an interrupt can come before its start.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="pynq_widgets sampler", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:
                    self._subscriptions.remove(subscription)
                    self._thread = None
                    raise
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
            timer = self._clock.call_at(due, self._wake.set)
            try:
                # A clock that is turned by hand may have been turned past that time meanwhile, and stand still now.
                if self._clock.now() < due:
                    self._wake.wait()
            finally:
                timer.cancel()


_samplers: weakref.WeakKeyDictionary[Device, Sampler] = weakref.WeakKeyDictionary()
_samplers_lock = threading.Lock()
