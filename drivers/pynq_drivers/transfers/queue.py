"""The transfers of one channel, in their order, and how they are waited for."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from typing import Any

from pynq_drivers import waiting
from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.progress import Progress
from pynq_drivers.transfers.transfer import DONE, FAILED, Transfer

# A transfer with no interrupt is looked at after so many seconds, then after twice as many, up to the second number.
FIRST_LOOK, LONGEST_PAUSE = 10e-6, 2e-3
# Who blocks a thread looks so many times before he pauses or arms the interrupt, which takes longer than a short transfer.
AT_ONCE = 2
# With an interrupt the status is looked at all the same after so many seconds: an interrupt can be lost.
LOOK_AGAIN = 0.5
# Who waits without a timeout is told after so many seconds, once, what stands still.
TELL_AFTER = 3.0

_log = logging.getLogger(__name__)


class Carrier(ABC):
    """What carries transfers out: a channel of a core, by its registers. All of it is called under the lock of the device."""

    title: str  # 'dma.recvchannel'
    device: Any
    interrupt: Any = None  # with wait_blocking(timeout) and await wait(timeout), where the design connects it

    @abstractmethod
    def room(self, transfer: Transfer) -> bool:
        """Whether the hardware takes `transfer` now; False leaves it queued until one before it has ended."""

    @abstractmethod
    def begin(self, transfer: Transfer) -> None:
        """Put `transfer` on the hardware. Whatever it raises fails that transfer alone and comes to the caller."""

    @abstractmethod
    def bytes_done(self, transfer: Transfer) -> int | None:
        """How many bytes `transfer`, the oldest under way, moved; None while it is not over. At most one read of the status register.

        Raises `TransferError` where it will never be over; everything that is under way or queued then fails with it.
        """

    def ended(self, transfer: Transfer) -> None:  # noqa: B027, most have nothing to do
        """`transfer` has ended well: acknowledge its interrupt, take back its descriptors. The next ones are begun after this."""

    @abstractmethod
    def abort(self, transfer: Transfer) -> None:
        """Stop `transfer`, which is under way, and all that is under way with it, and be ready for the next `begin`."""

    @abstractmethod
    def why(self, transfer: Transfer) -> str:
        """What `transfer` waits for, in words."""

    @property
    def neighbours(self) -> tuple[TransferQueue, ...]:
        """Queues of other channels of the core: who waits for one lets the others go on, too, since one may wait for the other."""
        return ()

    def position(self, transfer: Transfer) -> int | None:
        """Bytes that are done of a transfer under way; reads no register and takes no lock; None where that cannot be known."""
        return None


class TransferQueue:
    """The transfers that a channel has under way and those that wait for their turn.

    Nothing runs by itself here: the next one begins when somebody submits, waits for, or asks after any of them, or waits for one of
    another channel of the core.
    """

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.under_way: deque[Transfer] = deque()
        self.queued: deque[Transfer] = deque()
        self.last: Transfer | None = None

    def __len__(self) -> int:
        return len(self.under_way) + len(self.queued)

    def __bool__(self) -> bool:
        return bool(self.under_way or self.queued)

    # Going in.

    def submit(self, transfer: Transfer) -> Transfer:
        """Begin `transfer`, or let it wait for its turn."""
        if self and (self.queued or not self.carrier.room(transfer)):
            self.look()  # one that nobody waited for may have ended
        with self.carrier.device.lock:
            if self.queued or not self.carrier.room(transfer):
                self.queued.append(transfer)
            else:
                self._begin(transfer)
            self.last = transfer
        return transfer

    def _begin(self, transfer: Transfer) -> None:
        try:
            # Before receiving, too: lines that the processor wrote must not be put back over what the core writes.
            transfer.part.flush()
            self.carrier.begin(transfer)
        except BaseException as error:
            transfer.ended(FAILED, error=error)
            raise
        transfer.begun()
        self.under_way.append(transfer)

    # Coming out.

    def look(self) -> None:
        """Ask the hardware what has ended, and begin what waits for its turn. What fails is kept in the transfers, and not raised."""
        carrier = self.carrier
        ended: list[tuple[Transfer, int, Exception | None]] = []
        failure: TransferError | None = None
        with carrier.device.lock:
            while self.under_way and failure is None:
                oldest = self.under_way[0]
                try:
                    moved = carrier.bytes_done(oldest)
                except TransferError as error:
                    failure = error
                    error.transfer = error.transfer or oldest
                    break
                if moved is None:
                    break
                oldest.ending = True
                self.under_way.popleft()
                try:
                    carrier.ended(oldest)
                    ended.append((oldest, moved, None))
                except Exception as error:
                    ended.append((oldest, moved, error))
            failed = self.take_all() if failure is not None else []
            self._begin_queued()
        # Without the lock: whoever looks at the buffer is told, and may have locks of its own.
        for transfer, moved, trouble in ended:
            transfer.ended(DONE if trouble is None else FAILED, moved, trouble)
        for transfer in failed:
            transfer.ended(FAILED, error=failure)

    def _begin_queued(self) -> None:
        while self.queued and self.carrier.room(self.queued[0]):
            with suppress(Exception):  # it is the error of that transfer
                self._begin(self.queued.popleft())

    def fail(self, error: BaseException) -> None:
        """All that is under way or queued ends with `error`."""
        for transfer in self.take_all():
            transfer.ended(FAILED, error=error)

    def give_up(self, why: str) -> None:
        """All that is under way or queued is abandoned: the hardware has been stopped or reset by `why`."""
        for transfer in self.take_all():
            transfer.given_up(why)

    def take_all(self) -> list[Transfer]:
        taken = [*self.under_way, *self.queued]
        self.under_way.clear()
        self.queued.clear()
        return taken

    def cancel(self, transfer: Transfer) -> bool:
        """Give `transfer` up; False where it was over. RuntimeError where it is chained behind another that is under way."""
        self.look()
        with self.carrier.device.lock:
            if transfer in self.queued:
                self.queued.remove(transfer)
            elif transfer in self.under_way:
                if self.under_way[0] is not transfer:
                    raise RuntimeError(
                        f"{transfer.title}: the transfer of {transfer.nbytes} bytes is chained behind one that is under way, which would "
                        "be cut short with it. Cancel that one first, or call stop() to give all of them up"
                    )
                self.carrier.abort(transfer)
                # What was chained behind it was stopped with it, untouched, and starts anew.
                self.under_way.popleft()
                for other in reversed(self.under_way):
                    other.put_back()
                    self.queued.appendleft(other)
                self.under_way.clear()
            else:
                return False
            self._begin_queued()
        transfer.given_up("cancel()")
        return True

    # Waiting.

    def wait(self, transfer: Transfer, timeout: float | None = None, progress: bool | None = None) -> int:
        """As `Transfer.wait`."""
        if transfer.poll():
            return self._result(transfer)
        with _Wait(self, transfer, timeout, progress, True) as wait:
            interrupt, clock = self.carrier.interrupt, self.carrier.device.clock
            while not transfer.poll():
                polls, pause = wait.next()
                if polls:
                    clock.sleep(pause)
                    continue
                with suppress(TimeoutError):
                    interrupt.wait_blocking(pause)
        return self._result(transfer)

    async def wait_async(self, transfer: Transfer, timeout: float | None = None, progress: bool | None = None) -> int:
        """As `Transfer.wait_async`."""
        if transfer.poll():
            return self._result(transfer)
        with _Wait(self, transfer, timeout, progress, False) as wait:
            interrupt, clock = self.carrier.interrupt, self.carrier.device.clock
            while not transfer.poll():
                polls, pause = wait.next()
                if polls:
                    await waiting.pause(clock, pause)
                    continue
                with suppress(TimeoutError):
                    await interrupt.wait(pause)
        return self._result(transfer)

    def _result(self, transfer: Transfer) -> int:
        if transfer.error is not None:
            raise transfer.error
        return transfer.transferred


class _Wait:
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

    def __enter__(self) -> _Wait:
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.close()

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
        polls = self._queue.carrier.interrupt is None or transfer.ending
        for other in self._queue.carrier.neighbours:
            if other.queued:
                other.look()
                polls = polls or bool(other.queued)
        if not polls:
            pause = LOOK_AGAIN
        else:
            pause = self._pause
            self._pause = min(2 * pause, LONGEST_PAUSE)
        return polls, self._deadline.slice(min(pause, again))
