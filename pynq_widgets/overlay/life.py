"""How long the handles of an overlay live, and which overlay a device holds now.

Each loading of an overlay begins one :class:`Life`. It knows all ports of its handles, weakly: ending it (another overlay is loaded, or
``free()``) exchanges what answers at each of them, so that no access need ask whether it may.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pynq_widgets.access.errors import StaleOverlayError

if TYPE_CHECKING:
    from pynq_widgets.access.mmio import MMIO
    from pynq_widgets.access.port import Port


class StaleAttributeError(StaleOverlayError, AttributeError):
    """An attribute of an overlay that has gone was asked for; an ``AttributeError`` too, so that ``hasattr`` answers False."""


class Life:
    """One loading of an overlay on a device.

    ``generation`` is 0 while alive.
    """

    __slots__ = ("__weakref__", "_device", "_parts", "_ports", "bitfile_name", "device_generation", "generation", "gone", "holders")

    def __init__(self, bitfile_name: str, device_generation: int, device: Any = None) -> None:
        self._device = None if device is None else weakref.ref(device)
        self.bitfile_name = bitfile_name
        self.device_generation = device_generation
        self.generation = 0
        self.gone = ""
        self.holders: weakref.WeakSet[Any] = weakref.WeakSet()
        self._ports: weakref.WeakSet[Port] = weakref.WeakSet()
        self._parts: dict[str, Part] = {}

    def part(self, path: str) -> Part:
        """The life of what is at `path` now: the same one until its region is given another module."""
        return self._parts.get(path) or self._parts.setdefault(path, Part(self, path))

    def end_region(self, region: str, reason: str, whole: bool = False) -> None:
        """What is in `region` has gone, and all handles of it with that; `reason` completes 'dma was in region pr_0, …'.

        `whole`: and the handle of the region itself.
        """
        start = f"{region}/"
        with _giving:
            gone = [self._parts.pop(path) for path in list(self._parts) if path.startswith(start) or (whole and path == region)]
        for part in gone:
            part.end(f"{part.path} was in region {region}, {reason}" if part.path != region else f"region {region} is one {reason}")
        device = None if self._device is None else self._device()
        interrupts = sys.modules.get("pynq_widgets.access.interrupt")
        if interrupts is not None and device is not None:
            interrupts.forget(device, f"region {region} {reason}", start)

    @property
    def alive(self) -> bool:
        """Whether the handles may still be used."""
        return self.generation == 0

    def end(self, reason: str) -> None:
        """Make every handle stale; `reason` completes 'this handle has gone: …'. The holders forget what they made."""
        if self.alive:
            self.cut(reason)
            self.generation = -1
            for holder in list(self.holders):
                holder._forget()
            _end_waits(None if self._device is None else self._device(), reason)

    def cut(self, reason: str) -> None:
        """Let the handles reach nothing any more, at once: what `end` begins with, and all that may be done under the lock of a bus."""
        self.gone = self.gone or reason
        # Whoever gives a port after this list was made finds the life ended.
        with _giving:
            ports = list(self._ports)
        for port in ports:
            port.invalidate(self.gone)

    def give(self, mmio: MMIO) -> MMIO:
        """Let `mmio` (and what is made from it) live as long as this."""
        port = mmio._port
        with _giving:
            self._ports.add(port)
        if self.gone:
            port.invalidate(self.gone)
        return mmio


def _end_waits(device: Any, reason: str) -> None:
    # Whoever awaits an interrupt would wait for ever. Nobody does where the module was never loaded.
    interrupts = sys.modules.get("pynq_widgets.access.interrupt")
    if interrupts is not None and device is not None:
        interrupts.forget(device, reason)


class Part:
    """The handles of one IP or hierarchy of a loading: they go with the loading, or before it, when their region gets another module."""

    __slots__ = ("__weakref__", "_gone", "_life", "_ports", "path")

    def __init__(self, life: Life, path: str) -> None:
        self._life = life
        self.path = path
        self._gone = ""
        self._ports: weakref.WeakSet[Port] = weakref.WeakSet()

    @property
    def alive(self) -> bool:
        """Whether the handles may still be used."""
        return not self._gone and self._life.alive

    @property
    def gone(self) -> str:
        """Why not."""
        return self._gone or self._life.gone

    @property
    def remedy(self) -> str:
        """What to do then."""
        return _TAKE_AGAIN if self._gone else ""

    @property
    def holders(self) -> weakref.WeakSet[Any]:
        """The overlays of this loading."""
        return self._life.holders

    def give(self, mmio: MMIO) -> MMIO:
        """Let `mmio` (and what is made from it) live as long as this."""
        with _giving:
            self._ports.add(mmio._port)
        self._life.give(mmio)
        if self._gone:
            mmio._port.invalidate(self._gone, _TAKE_AGAIN)
        return mmio

    def end(self, reason: str) -> None:
        """Let its handles reach nothing any more."""
        with _giving:
            self._gone = reason
            ports = list(self._ports)
        for port in ports:
            port.invalidate(reason, _TAKE_AGAIN)


_TAKE_AGAIN = "Take what is there now from the overlay again."

_current: weakref.WeakKeyDictionary[Any, Life] = weakref.WeakKeyDictionary()
_watched: weakref.WeakSet[Any] = weakref.WeakSet()
# Devices on which an Overlay is being downloaded: what that replaces, `begin` says.
_expected: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
# Around the sets of ports, for no longer than one is changed or listed.
_giving = threading.RLock()
# Nothing is ended under this lock: that takes the lock of the bus, and who holds the bus may be asking what is current.
_lock = threading.RLock()


def generation_of(device: Any) -> int:
    """The device's count of full downloads (0 for a device that keeps none)."""
    return int(getattr(device, "generation", 0))


def current(device: Any) -> Life | None:
    """The life that `device` holds now, or None where nothing has been loaded, or something that no Overlay knows."""
    with _lock:
        life = _current.get(device)
        replaced = life is not None and life.alive and generation_of(device) != life.device_generation and device not in _expected
    if life is not None and replaced:
        life.end(f"{short(life.bitfile_name)} was replaced by a download that no Overlay object made")
    return life if life is not None and life.alive else None


def living() -> list[Life]:
    """The lives that devices hold now."""
    with _lock:
        devices = list(_current)
    return [life for life in map(current, devices) if life is not None]


@contextmanager
def expected(device: Any) -> Iterator[None]:
    """While an Overlay downloads itself to `device`, the growing count is no stranger's doing.

    Where that fails after the count has grown, what the device held has gone all the same.
    """
    with _lock:
        _expected[device] = _expected.get(device, 0) + 1
    try:
        yield
    except BaseException:
        with _lock:
            life = _current.get(device)
        if life is not None and life.alive and generation_of(device) != life.device_generation:
            life.end(f"{short(life.bitfile_name)} went in a download that failed")
        raise
    finally:
        with _lock:
            _expected[device] -= 1
            if not _expected[device]:
                del _expected[device]


def _watch(device: Any) -> None:
    # A download past every Overlay must not wait for somebody to ask: handles would reach the new design until then.
    if device in _watched or not hasattr(device, "watch_generation"):
        return
    _watched.add(device)
    where = weakref.ref(device)

    def look() -> None:
        here = where()
        if here is not None:
            current(here)

    def follow() -> None:
        here = where()
        life = None if here is None else current(here)
        if life is not None:
            from .regions import follow

            follow(life, here)

    device.watch_generation(look)
    if hasattr(device, "watch_regions"):
        device.watch_regions(follow)


def begin(device: Any, bitfile_name: str, previous: Life | None = None) -> Life:
    """Begin a life on `device` after a download; `previous` (of the same overlay, downloaded again) goes on instead of ending."""
    with _lock:
        _watch(device)
        old = _current.get(device)
        if previous is not None and previous is old and previous.alive:
            life = previous
            life.device_generation = generation_of(device)
        else:
            life = _current[device] = Life(bitfile_name, generation_of(device), device)
    if life is old:
        _end_waits(device, f"{short(bitfile_name)} was downloaded again")
    elif old is not None:
        old.end(_replaced(old, bitfile_name))
    return life


def cut(device: Any, bitfile_name: str, previous: Life | None = None, reason: str = "") -> None:
    """Let what `device` held reach nothing any more; right after a download, under the lock of the bus, where `begin` follows without it.

    Whoever waited for the bus meanwhile would reach the new design otherwise.
    """
    with _lock:
        old = _current.get(device)
    if old is not None and old.alive and old is not previous:
        old.cut(reason or _replaced(old, bitfile_name))


def _replaced(old: Life, bitfile_name: str) -> str:
    if old.bitfile_name == bitfile_name:
        return f"{short(bitfile_name)} was loaded again as another Overlay object"
    return f"{short(old.bitfile_name)} was replaced by {short(bitfile_name)}"


def short(path: str) -> str:
    """The file's name, as messages use it."""
    return path.replace("\\", "/").rpartition("/")[2]
