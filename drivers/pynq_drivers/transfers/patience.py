"""How somebody waits for a transfer: until when, how often he looks, what he is told meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from pynq_drivers import waiting
from pynq_drivers.transfers.progress import Progress

if TYPE_CHECKING:
    from pynq_drivers.transfers.queue import TransferQueue
    from pynq_drivers.transfers.transfer import Transfer

# A transfer with no interrupt is looked at after so many seconds, then after twice as many, up to the second number.
FIRST_LOOK, LONGEST_PAUSE = 10e-6, 2e-3
# Who blocks a thread looks so many times before he pauses or arms the interrupt, which takes longer than a short transfer.
AT_ONCE = 2
# With an interrupt the status is looked at all the same after so many seconds: an interrupt can be lost.
LOOK_AGAIN = 0.5
# Who waits without a timeout is told after so many seconds, once, what stands still.
TELL_AFTER = 3.0

_log = logging.getLogger(__name__)


class Wait:
    """One who waits: deadline, patience, the bar, and how long to pause before the next look."""

    def __init__(self, queue: TransferQueue, transfer: Transfer, timeout: float | None, progress: bool | None, blocks: bool) -> None:
        self._queue, self._transfer, self._timeout = queue, transfer, timeout
        clock = queue.carrier.device.clock
        self._clock = clock
        self._deadline = waiting.Deadline(clock, timeout)
        self._patience = waiting.Deadline(clock, TELL_AFTER if timeout is None else None)
        self._pause = FIRST_LOOK
        self._progress = Progress(transfer, clock, progress)
        self._at_once = AT_ONCE if blocks else 0
        self._interrupt = queue.carrier.interrupt

    def __enter__(self) -> Wait:
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.close()

    def block(self) -> None:
        """Until it is worth looking again."""
        polls, pause = self.next()
        if polls:
            self._clock.sleep(pause)
            return
        event = self._clock.event()
        undo = self._listen(event.set)
        try:
            if self._stands():
                self._clock.wait(event, pause)
        finally:
            undo()

    async def rest(self) -> None:
        """As `block`, for coroutines."""
        polls, pause = self.next()
        if polls:
            await waiting.pause(self._clock, pause)
            return
        loop = asyncio.get_running_loop()
        event = asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop was closed with this wait still in it
                loop.call_soon_threadsafe(event.set)

        undo = self._listen(tell)
        timer = self._clock.call_later(pause, tell)
        try:
            if self._stands():
                await event.wait()
        finally:
            timer.cancel()
            undo()

    def _listen(self, tell: Callable[[], object]) -> Callable[[], None]:
        """`tell` of the interrupt, and of an end that somebody else finds or makes."""
        transfer = self._transfer
        transfer.listeners.append(tell)
        try:
            forget = self._interrupt.once(lambda error: tell())
        except BaseException:
            transfer.listeners.remove(tell)
            raise

        def undo() -> None:
            transfer.listeners.remove(tell)
            forget()

        return undo

    def _stands(self) -> bool:
        """Whether it goes on, asked after listening: somebody else may have acknowledged the interrupt just before."""
        return not self._transfer.poll() and not self._transfer.ending

    def next(self) -> tuple[bool, float]:
        """Whether to sleep, and not to wait for the interrupt, and how many seconds. Raises TimeoutError where the deadline has passed."""
        transfer = self._transfer
        if self._at_once:
            self._at_once -= 1
            return True, 0.0
        if self._deadline.passed():
            raise TimeoutError(
                f"{transfer.title}: {transfer.nbytes} bytes were not through within {self._timeout:g} s. {transfer.why()} "
                "The transfer is still under way: wait again, or call reset()"
            )
        if self._patience.passed():
            self._patience = waiting.Deadline(self._clock, None)
            _log.warning(
                "%s: %d bytes are not through after %g s, and it goes on waiting. %s "
                "Interrupt the kernel to give up, or pass wait(timeout=...)",
                transfer.title,
                transfer.nbytes,
                TELL_AFTER,
                transfer.why(),
            )
        again = self._progress.update()
        polls = self._interrupt is None or transfer.ending
        for other in self._queue.carrier.neighbours:
            if other.queued:
                other.look()
                polls = polls or (bool(other.queued) and not other.goes_on)
        if not polls:
            pause = LOOK_AGAIN
        else:
            pause = self._pause
            self._pause = min(2 * pause, LONGEST_PAUSE)
        return polls, self._deadline.slice(min(pause, again))
