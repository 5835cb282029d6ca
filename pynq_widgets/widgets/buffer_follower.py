"""How a buffer view follows its buffer: looks at a rate while somebody can see it, and no faster than the page takes pictures."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from .buffer_facts import device_of
from .viewers import Lag, Later, Viewers

if TYPE_CHECKING:
    from .buffer_view import BufferView

BUDGET = 0.012  # seconds of a look that go into reading again what is shown from a pyramid
_LONG = 0.03  # seconds of a look, from which on looks take at most one part in `_SHARE` of the time
_SHARE = 5


class Sampling(Protocol):
    """What a view asks of ``live.Sampler``."""

    def subscribe(self, poll: Callable[[], object], rate: float) -> Any: ...


class Follower:
    """The looks of one view. `rate` is in looks a second, 0 for none."""

    def __init__(
        self,
        view: BufferView,
        rate: float,
        sampler: Sampling | None,
        *,
        now: Callable[[], float],
        later: Later | None,
    ) -> None:
        self._view = view
        self._rate = rate
        self.sampler = sampler
        self._now = now
        self._subscribing = threading.Lock()
        self._subscription: Any = None
        self._watched_plot = False
        self._rest_until = -math.inf
        self._took: deque[float] = deque(maxlen=3)
        self._ended = False
        self.viewers = Viewers(self._watched, now=now, later=later)
        self._behind = Lag(self.viewers, lambda: view.panel.behind(self.viewers.seen))

    @property
    def rate(self) -> float:
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = rate
        self.arrange()

    @property
    def live(self) -> bool:
        """Whether looks are made now."""
        return self._subscription is not None

    @property
    def watched(self) -> bool:
        """Whether somebody can see the panel or the plot."""
        return self.viewers.watched or self._watched_plot

    def end(self) -> None:
        """No looks any more."""
        self._ended = True
        self.arrange()

    def plot_watched(self, watched: bool) -> None:
        """The first eye on the plot has opened, or the last one closed."""
        self._watched_plot = watched
        self.arrange()

    def _watched(self, watched: bool) -> None:
        self.arrange()
        self._view._state()

    def arrange(self) -> None:
        """Be called by the sampler as often as is wanted now: not at all where nobody looks."""
        # One at a time: the page's messages and the sampler's thread both come here. The sampler never polls under its own lock.
        with self._subscribing:
            wanted = self._rate if self.watched and not self._ended and not self._view._gone else 0
            ended, self._subscription = self._subscription, None
            if wanted:
                self._view._source.listen()
                self._subscription = self._sampling().subscribe(self._poll, wanted)
            if ended is not None:
                ended.close()

    def remind(self) -> None:
        """Begin where it could not before."""
        if self.watched and self._rate and self._subscription is None:
            self.arrange()

    def _poll(self) -> None:
        """One tick of the sampler."""
        view = self._view
        self.viewers.check()
        if view.plot is not None:
            view.plot.viewers.check()
        if not self.watched or view.panel.waiting or self._behind():
            return  # what changed meanwhile goes out in one frame, later
        before = self._now()
        if not view.hold and before >= self._rest_until:
            view._look(BUDGET)
            self._took.append(self._now() - before)
            # What takes long is looked at less often, so that the kernel stays the user's. One long look may have waited for others.
            took = min(self._took) if len(self._took) == self._took.maxlen else 0.0
            self._rest_until = before + took * _SHARE if took > _LONG else -math.inf
        view._messages.tell_statistics()
        view._answer()
        if view._gone:
            self.arrange()

    def _sampling(self) -> Sampling:
        if self.sampler is None:
            self.sampler = _sampler_of(device_of(self._view.buffer))
        return self.sampler


def _sampler_of(device: Any) -> Sampling:
    from pynq_widgets.live import Sampler

    if device is not None:
        return Sampler.of(device)
    global _host_sampler
    if _host_sampler is None:
        from pynq_widgets.device.clock import WallClock

        _host_sampler = Sampler(WallClock())
    return _host_sampler


_host_sampler: Sampling | None = None  # for arrays that are of no device
