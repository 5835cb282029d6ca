"""Interrupts of Linux userspace I/O (the kernel's `Documentation/driver-api/uio-howto.rst`).

A UIO device is a file. Reading 4 bytes waits for an interrupt and gives how many there have been; the kernel masks the line with each.
Writing a number that is not 0 unmasks it. Each who has the file open is told of each interrupt.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

_CLASS = "/sys/class/uio"
_DEVICES = "/dev/"
_UNMASK = bytes([0, 0, 0, 1])

_log = logging.getLogger(__name__)


def get_uio_device(dev_name: str) -> str | None:
    """The path, such as ``'/dev/uio0'``, of the UIO device that the device tree names `dev_name`; None where there is none.

    Of several with one name it is the one with the lowest number.
    """
    try:
        found = os.listdir(_CLASS)
    except OSError:
        return None  # no kernel with UIO
    for device in sorted(found, key=lambda device: (len(device), device)):
        try:
            with open(f"{_CLASS}/{device}/name") as file:
                name = file.read().strip()
        except OSError:
            continue  # it has gone since it was listed
        if name == dev_name:
            return _DEVICES + device
    return None


def get_uio_index(name: str) -> int | None:
    """The number of the UIO device `name` (0 of ``/dev/uio0``), or None where there is none."""
    device = get_uio_device(name)
    if device is None:
        return None
    return int(device[len(device.rstrip("0123456789")) :])


def _open(path: str) -> BinaryIO:
    return open(path, "r+b", buffering=0)


class UioController:
    """The interrupt of one UIO device, listened to on an event loop until this is closed or forgotten.

    Attributes
    ----------
    uio : file
        The open device.
    wait_events : list
        What will be told of the next interrupt.

    Parameters
    ----------
    device
        The path of the device, as `get_uio_device` gives it.

    It is made where the event loop is the current one. Raises ``OSError`` where the device cannot be opened, and ``RuntimeError``
    without an event loop.
    """

    uio: BinaryIO | None = None

    def __init__(self, device: str) -> None:
        self.path = device
        self.wait_events: list[Any] = []
        self._error: OSError | None = None
        self._lock = threading.Lock()
        loop = asyncio.get_event_loop()
        # Weakly: neither does a loop that was closed stay for us, nor we for a loop.
        self._loop = weakref.ref(loop)
        uio = _open(device)
        try:
            loop.add_reader(uio, _calling(weakref.ref(self)))
        except BaseException:
            uio.close()
            raise
        self.uio = uio

    def __repr__(self) -> str:
        return f"UioController({self.path!r})"

    def add_event(self, event: Any, number: int = 0) -> None:
        """Call ``event.set()`` at the next interrupt, once; `number` is of no meaning here.

        With the first event the line is unmasked. An interrupt that came before, and that nobody asked for, is passed over; where
        the line is still high it comes again. Raises ``OSError`` where the device is closed or fails.
        """
        with self._lock:
            if self._error is not None:
                raise OSError(f"{self.path} has failed: {self._error}") from self._error
            uio = self.uio
            if uio is None:
                raise OSError(f"{self.path} has been closed")
            if not self.wait_events:
                if _readable(uio):
                    uio.read(4)
                uio.write(_UNMASK)
            self.wait_events.append(event)

    def remove_event(self, event: Any) -> None:
        """Do not tell `event`, where it has not been told."""
        with self._lock:
            self.wait_events = [other for other in self.wait_events if other is not event]

    def _uio_callback(self) -> None:
        with self._lock:
            uio = self.uio
            if uio is None or not _readable(uio):
                return
            try:
                count = uio.read(4)
                if len(count or b"") != 4:
                    raise OSError(f"a read gave {len(count or b'')} bytes and not 4")
            except OSError as error:
                self._error = error
            events, self.wait_events = self.wait_events, []
        if self._error is not None:
            self._fail(events, self._error)
            return
        for event in events:
            event.set()

    def _fail(self, events: list[Any], error: OSError) -> None:
        # A file that fails stays readable: the loop would call without end.
        self.close()
        _log.error("%s: no more interrupts, since reading it failed: %s", self.path, error)
        for event in events:
            fail: Callable[[BaseException], object] | None = getattr(event, "fail", None)
            if fail is not None:
                fail(OSError(f"reading {self.path} for its interrupt failed: {error}"))

    def close(self) -> None:
        """Listen no more and close the file. From any thread; a second time does nothing."""
        uio, self.uio = self.uio, None
        if uio is None:
            return
        loop = self._loop()
        if loop is not None and loop.is_running() and loop is not _running():
            # Its readers are its own thread's; so is the file until they are gone.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_part, loop, uio)
                return
        _part(loop, uio)

    def __del__(self) -> None:
        self.close()


def _calling(reference: weakref.ref[UioController]) -> Callable[[], None]:
    def called() -> None:
        controller = reference()
        if controller is not None:
            controller._uio_callback()

    return called


def _part(loop: asyncio.AbstractEventLoop | None, uio: BinaryIO) -> None:
    try:
        if loop is not None and not loop.is_closed():
            loop.remove_reader(uio)
    finally:
        uio.close()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _readable(uio: BinaryIO) -> bool:
    look = select.poll()
    look.register(uio, select.POLLIN)
    return bool(look.poll(0))
