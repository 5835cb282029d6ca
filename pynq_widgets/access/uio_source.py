"""A line of the processing system through Linux UIO, for whoever waits in whatever event loop or thread.

Each loop in which somebody waits has the device open for itself, and the kernel tells each of them: a loop that stands still, or has
been closed, keeps nobody else from being told. Threads without a loop share one that runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

Callback = Callable[[], object]
Failed = Callable[[BaseException], object]


class UioSource:
    """An :class:`~pynq_widgets.device.InterruptSource` of one UIO device.

    ``make()`` makes its `UioController` (or what somebody has put in the place of that class) in the loop that runs. It is told by
    ``add_event(event, number)`` of what to ``set()``.
    """

    def __init__(self, path: str, make: Callable[[], Any]) -> None:
        self.path = path
        self._make = make
        self._lock = threading.Lock()
        self._subscribers: list[tuple[Callback, Failed | None]] = []
        # By loop, weakly: a loop that has gone takes its controller with it.
        self._stations: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Station] = weakref.WeakKeyDictionary()
        self._event = _Told(self)

    def __repr__(self) -> str:
        return f"UioSource({self.path!r})"

    def subscribe(self, callback: Callback, failed: Failed | None = None) -> Callable[[], None]:
        """Call `callback()` at each interrupt and ``failed(error)`` where there will be none; on the thread of one of the loops."""
        entry = (callback, failed)
        with self._lock:
            self._subscribers.append(entry)

        def undo() -> None:
            with self._lock:
                if entry in self._subscribers:
                    self._subscribers.remove(entry)
                rests = not self._subscribers
            if rests:
                self._rest()

        return undo

    def enable(self) -> None:
        """Unmask the line for whoever runs here."""
        self.arm((_running(),))

    def arm(self, loops: Iterable[asyncio.AbstractEventLoop | None]) -> None:
        """Unmask the line, and have each of `loops` (None: the one for threads) hear of the next interrupt.

        Raises ``OSError`` where the device cannot be used in the loop that runs here; where it cannot elsewhere, the subscribers'
        ``failed`` is told.
        """
        here = _running()
        for loop in loops:
            if loop is None:
                loop = background.loop()
            if loop is here:
                self._arm(loop)
            else:
                # A closed loop has nobody who could be told.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._arm_there, loop)

    def _arm_there(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._arm(loop)
        except Exception as error:
            self._fail(error)

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if not self._subscribers:
                return  # who waited has gone meanwhile
            event = self._event
            for other in [other for other in self._stations if other.is_closed()]:
                del self._stations[other]
            station = self._stations.get(loop)
        if station is not None and not station.works:
            station = None
        if station is None:
            try:
                station = _Station(self._make())
            except NotImplementedError:
                if loop is background.running:
                    raise
                # A loop that cannot watch files.
                self.arm((None,))
                return
            with self._lock:
                self._stations[loop] = station
        try:
            station.arm(event)
        except BaseException:
            with self._lock:
                self._stations.pop(loop, None)
            raise

    def _told(self, event: _Told) -> None:
        with self._lock:
            # The other loops hear of the same interrupt: once is enough.
            if event is not self._event:
                return
            self._event = _Told(self)
            subscribers = list(self._subscribers)
        for callback, _ in subscribers:
            callback()

    def _event_failed(self, event: _Told, error: BaseException) -> None:
        if event is self._event:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.close()
        with self._lock:
            subscribers = list(self._subscribers)
        for _, failed in subscribers:
            if failed is not None:
                failed(error)

    def _rest(self) -> None:
        """Nobody waits: what comes now is nobody's, and the next who waits is to unmask the line anew."""
        with self._lock:
            if self._subscribers:
                return
            event = self._event = _Told(self)
            stations = list(self._stations.values())
        for station in stations:
            # Somebody may have come, and armed it, since.
            station.rest(unless=event)

    def close(self) -> None:
        """Give up all that is open; the next wait opens it again."""
        with self._lock:
            self._event = _Told(self)
            stations = list(self._stations.values())
            self._stations.clear()
        for station in stations:
            station.close()


class _Told:
    """What a controller sets; of one interrupt all loops have the same."""

    __slots__ = ("__weakref__", "_source")

    def __init__(self, source: UioSource) -> None:
        self._source = weakref.ref(source)

    def set(self) -> None:
        source = self._source()
        if source is not None:
            source._told(self)

    def fail(self, error: BaseException) -> None:
        source = self._source()
        if source is not None:
            source._event_failed(self, error)


class _Station:
    """The controller of one loop."""

    def __init__(self, controller: Any) -> None:
        self._controller = controller
        self._armed: _Told | None = None
        # Of its own kind: what is put here in the place of a controller may tell while it is asked to.
        self._lock = threading.RLock()

    @property
    def works(self) -> bool:
        # One of ours has no file any more when it has failed.
        return getattr(self._controller, "uio", self) is not None

    def arm(self, event: _Told) -> None:
        with self._lock:
            if self._armed is event:
                return
            self.rest()
            self._armed = event
            self._controller.add_event(event, 0)

    def rest(self, unless: _Told | None = None) -> None:
        """Take back what was armed, but for the event `unless`."""
        with self._lock:
            armed = self._armed
            if armed is None or armed is unless:
                return
            self._armed = None
            # People put classes of PYNQ's shape here, whose events cannot be taken back: an old one, told later, is passed over.
            remove = getattr(self._controller, "remove_event", None)
            if remove is not None:
                remove(armed)

    def close(self) -> None:
        self.rest()
        close = getattr(self._controller, "close", None)
        if close is not None:
            close()


class _Background:
    """An event loop in a thread of its own, for those who have none; there from the first who asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.running: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A process that was forked has the loop but not the thread.
            if self.running is None or self._thread is None or not self._thread.is_alive():
                loop = self.running = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(loop,), name="pynq_widgets interrupts", daemon=True)
                self._thread.start()
            return self.running


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


background = _Background()
