"""Who looks at a widget, and at which of its rows.

Each view in the browser sends a beat a second. A view that says it is hidden, or that is not heard of any more, needs no hardware read
for it. Silence counts only while the kernel's main loop answers: during a long cell the beats wait in a queue, and somebody watching
that cell's effect in a table must not lose it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

OVERDUE = 3.5  # seconds: three missed beats and some
GRACE = 1.5  # seconds that the main loop gets, once it answers, to hand over the beats that waited

Later = Callable[[float, Callable[[], None]], None]


@dataclass
class _View:
    beat: float
    visible: bool = False
    rows: frozenset[int] = frozenset()
    seen: int = 0


class Viewers:
    """The views of one widget, by the key that each view chose for itself.

    Parameters
    ----------
    changed
        Called (on whatever thread the news came) when the first eye opens or the last one closes, with the new `watched`.
    now
        The time in seconds.
    later
        ``later(seconds, fn)`` runs `fn` on the main loop, that many seconds after the loop has come to it. Default: the asyncio loop
        on which the last beat arrived; without one, silence is judged at once.
    """

    def __init__(self, changed: Callable[[bool], object], *, now: Callable[[], float] = time.monotonic, later: Later | None = None) -> None:
        self._changed = changed
        self._now = now
        self._later = later
        self._views: dict[str, _View] = {}
        self._lock = threading.Lock()
        self._watched = False
        self._judging = False
        self._had_view = False

    @property
    def watched(self) -> bool:
        """Whether at least one living view is on a screen."""
        return self._watched

    @property
    def deserted(self) -> bool:
        """Whether there have been views and all of them have gone."""
        with self._lock:
            return self._had_view and not self._views

    @property
    def rows(self) -> frozenset[int]:
        """The rows that the visible views show."""
        with self._lock:
            return frozenset().union(*(view.rows for view in self._views.values() if view.visible))

    @property
    def seen(self) -> int | None:
        """The number of the last frame that every visible view has taken; ``None`` where no view is visible."""
        with self._lock:
            return min((view.seen for view in self._views.values() if view.visible), default=None)

    def beat(self, key: str, visible: bool, rows: Iterable[int] = (), seen: int = 0) -> None:
        """A view tells that it lives, whether it is on a screen, which rows it shows and which frame it took last."""
        if self._later is None:
            self._later = _running_loop()
        with self._lock:
            self._had_view = True
            self._views[key] = _View(self._now(), visible, frozenset(rows), seen)
            if len(self._views) > 64:  # a page that makes up keys does not fill the memory
                del self._views[min(self._views, key=lambda name: self._views[name].beat)]
        self._settle()

    def bye(self, key: str) -> None:
        """A view was taken off the page."""
        with self._lock:
            self._views.pop(key, None)
        self._settle()

    def check(self) -> None:
        """Look for views that have fallen silent; to be called now and then, from any thread."""
        with self._lock:
            if self._judging or not self._silent():
                return
            self._judging = True
        if self._later is None:
            self._judge()
        else:
            self._later(GRACE, self._judge)

    def after_beats(self, function: Callable[[], None]) -> None:
        """Run `function` once the main loop answers and has had time to hand over the beats that waited; at once where there is none."""
        if self._later is None:
            function()
        else:
            self._later(GRACE, function)

    def _silent(self) -> list[str]:
        limit = self._now() - OVERDUE
        return [key for key, view in self._views.items() if view.beat < limit]

    def _judge(self) -> None:
        with self._lock:
            self._judging = False
            for key in self._silent():
                del self._views[key]
        self._settle()

    def _settle(self) -> None:
        with self._lock:
            watched = any(view.visible for view in self._views.values())
            if watched == self._watched:
                return
            self._watched = watched
        self._changed(watched)


class Lag:
    """Whether the pages of a widget have more frames before them than they should.

    That counts only once the main loop has handed over what they said: during a long cell nobody hears them, and the widget goes on.
    `lags` tells whether they have, as far as is known now.
    """

    def __init__(self, viewers: Viewers, lags: Callable[[], bool]) -> None:
        self._viewers = viewers
        self._lags = lags
        self._stalled = False  # they do not keep up, though the kernel listens
        self._asking = False

    def __call__(self) -> bool:
        if not self._lags():
            self._stalled = False
        elif not self._asking and not self._stalled:
            self._asking = True
            self._viewers.after_beats(self._judge)
        return self._stalled

    def _judge(self) -> None:
        self._stalled, self._asking = self._lags(), False


def _running_loop() -> Later | None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None

    def later(seconds: float, function: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(loop.call_later, seconds, function)
        except RuntimeError:  # the loop has ended, and the views with it
            function()

    return later
