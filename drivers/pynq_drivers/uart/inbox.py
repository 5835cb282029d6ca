"""What has come in at a serial port and nobody has read, and who waits for it.

While somebody listens the port's interrupt brings characters here as they come; where no interrupt is connected who waits looks for them.
An interrupt that was lost is made up for by looking now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from pynq_drivers.uart.transcript import Transcript

_LOOK_AGAIN = 0.5  # seconds after which one who waits looks, interrupt or not


class Receiver(Protocol):
    """What an inbox needs of its port."""

    @property
    def device(self) -> Any: ...

    @property
    def transcript(self) -> Transcript: ...

    @property
    def interrupt_pin(self) -> Any: ...

    def _take_characters(self) -> bytes: ...

    def _interrupt_on_receive(self, on: bool) -> None: ...


class Inbox:
    """Characters that were taken out of the core's FIFO."""

    def __init__(self, port: Receiver) -> None:
        self._port = port
        self.content = bytearray()
        self._listeners = 0
        self._disarm: Callable[[], None] | None = None
        self._waiting: list[Callable[[], None]] = []
        self._trouble: BaseException | None = None
        self._lock = threading.Lock()

    def collect(self) -> None:
        """Takes what the core has; then those who wait are told."""
        with self._port.device.lock:
            fresh = self._port._take_characters()
            self.content += fresh
        if fresh:
            self._port.transcript.add(False, fresh)
            self._tell()

    def take(self, size: int) -> bytes:
        """The first `size` characters, fewer where there are fewer."""
        with self._port.device.lock:
            part = bytes(self.content[:size])
            del self.content[:size]
        return part

    def clear(self) -> None:
        """Forgets them."""
        with self._port.device.lock:
            self.content.clear()

    # By interrupt.

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Characters are brought as they come while anybody is in here."""
        self.listen()
        try:
            yield
        finally:
            self.leave()

    def listen(self) -> None:
        """One more listens, until `leave`. What has come before is collected."""
        with self._lock:
            self._listeners += 1
            first = self._listeners == 1
        try:
            if first and self._port.interrupt_pin is not None:
                self._trouble = None
                self._port._interrupt_on_receive(True)
                self._arm()
            self.collect()  # after that: where edges are taken, the one of what came before is over
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """One who listened does so no longer."""
        with self._lock:
            self._listeners -= 1
            last = self._listeners == 0
            disarm, self._disarm = (self._disarm, None) if last else (None, self._disarm)
        if last and self._port.interrupt_pin is not None:
            if disarm is not None:
                disarm()
            if self._trouble is None:
                self._port._interrupt_on_receive(False)

    def _arm(self) -> None:
        undo = self._port.interrupt_pin.once(self._interrupted)
        with self._lock:
            if self._listeners:
                self._disarm = undo
                return
        undo()

    def _interrupted(self, error: BaseException | None) -> None:
        if error is not None:
            self._trouble = error
            self._tell()
        else:  # perhaps with the bus held: the hardware is touched in an event of its own
            self._port.device.clock.call_later(0.0, self._came)

    def _came(self) -> None:
        if not self._listeners:
            return
        try:
            self.collect()
            self._arm()
            self.collect()  # what came between: where edges are taken it makes no other
        except Exception as error:  # the overlay has gone, or the bus failed: who waits is to know
            self._trouble = error
            self._tell()

    def _tell(self) -> None:
        for callback in tuple(self._waiting):
            callback()

    # Waiting.

    def _slice(self, seconds: float | None, without: float) -> float:
        longest = without if self._port.interrupt_pin is None else _LOOK_AGAIN
        return longest if seconds is None else min(longest, seconds)

    def wait(self, seconds: float | None, pause: float) -> None:
        """Until more has come, at most `seconds` (None: ever) or for a while; without an interrupt for `pause` seconds."""
        clock = self._port.device.clock
        told = False
        if self._port.interrupt_pin is None:
            clock.sleep(self._slice(seconds, pause))
        else:
            event = clock.event()
            before = len(self.content)
            self._waiting.append(event.set)
            try:
                told = len(self.content) != before or self._trouble is not None or clock.wait(event, self._slice(seconds, pause))
            finally:
                self._waiting.remove(event.set)
        self._check()
        if not told:
            self.collect()

    async def wait_async(self, seconds: float | None, pause: float) -> None:
        """As `wait`, for coroutines."""
        loop = asyncio.get_running_loop()
        event = asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed with this wait still in it
                loop.call_soon_threadsafe(event.set)

        before = len(self.content)
        self._waiting.append(tell)
        timer = self._port.device.clock.call_later(self._slice(seconds, pause), tell)
        try:
            if len(self.content) == before and self._trouble is None:
                await event.wait()
        finally:
            timer.cancel()
            self._waiting.remove(tell)
        self._check()
        if len(self.content) == before:
            self.collect()

    def _check(self) -> None:
        if self._trouble is not None:
            raise self._trouble
