"""The transfers of one channel, in their order, and how they are waited for."""

from __future__ import annotations

import copy
import logging
from collections import deque
from contextlib import suppress
from typing import Any

from pynq_drivers import waiting
from pynq_drivers.transfers.carrier import Carrier
from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.patience import LOOK_AGAIN, Wait
from pynq_drivers.transfers.transfer import DONE, FAILED, Transfer
from pynq_widgets.access.errors import StaleOverlayError

__all__ = ["Carrier", "TransferQueue"]

_log = logging.getLogger(__name__)


class TransferQueue:
    """The transfers that a channel has under way and those that wait for their turn.

    The next one begins when somebody submits, waits for, or asks after any of them, or waits for one of another channel of the core;
    and, where the interrupt is connected and the carrier is `prompt`, by itself when the interrupt comes, as an event of the device's
    clock. With no interrupt nothing runs by itself.
    """

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.under_way: deque[Transfer] = deque()
        self.queued: deque[Transfer] = deque()
        self.last: Transfer | None = None
        self._left: list[Transfer] = []  # over, but the hardware was never seen to stop
        self._forget: Any = None  # stops waiting for the interrupt
        self._watchdog: Any = None
        self._busy = 0  # how many, one within the other on one thread, are changing this queue or its channel
        self._missed = False  # the interrupt came meanwhile

    def __repr__(self) -> str:
        return f"<TransferQueue of {self.carrier.title}: {len(self.under_way)} under way, {len(self.queued)} queued>"

    def __len__(self) -> int:
        return len(self.under_way) + len(self.queued)

    def __bool__(self) -> bool:
        return bool(self.under_way or self.queued)

    @property
    def latest(self) -> Transfer:
        """The transfer that was asked for last; RuntimeError where there was none."""
        if self.last is None:
            raise RuntimeError(f"{self.carrier.title} has no transfer to wait for: call transfer() first")
        return self.last

    @property
    def transferred(self) -> int:
        """Bytes of that one, 0 until it is over."""
        return 0 if self.last is None else self.last.transferred

    # An access to the bus lets time go on, and with it whatever falls due: also what an interrupt has begun.

    def __enter__(self) -> TransferQueue:
        """``with queue:`` nothing goes on by itself: around whatever changes the channel. The bus is held around it."""
        self._busy += 1
        return self

    def __exit__(self, *exception: object) -> None:
        self._busy -= 1
        if self._missed and not self._busy:
            self._missed = False
            self._attend()

    # Going in.

    def submit(self, transfer: Transfer) -> Transfer:
        """Begin `transfer`, or let it wait for its turn."""
        if self._left:
            raise self._unknown()
        if self and (self.queued or not self.carrier.room(transfer)):
            self.look()  # one that nobody waited for may have ended
        with self.carrier.device.lock, self:
            if self.queued or not self.carrier.room(transfer):
                self.queued.append(transfer)
                self._attend()
            else:
                try:
                    self._begin(transfer)
                except BaseException:
                    transfer.error = None  # it goes to the caller, whose frames, and buffers, it would keep alive here
                    raise
            self.last = transfer
        return transfer

    def _begin(self, transfer: Transfer) -> None:
        told = False
        try:
            transfer.hold()
            # Before receiving, too: lines that the processor wrote must not be put back over what the core writes.
            transfer.part.flush()
            told = True
            self.carrier.begin(transfer)
            transfer.begun()
            self.under_way.append(transfer)
        except BaseException as error:
            # Interrupted in the middle, nobody knows whether the hardware has begun.
            at_rest = not told or isinstance(error, Exception)
            if not at_rest:
                self._left.append(transfer)
                with suppress(ValueError):
                    self.under_way.remove(transfer)
            transfer.ended(FAILED, error=error, at_rest=at_rest)
            raise

    def _unknown(self) -> TransferError:
        return TransferError(
            f"{self.carrier.title} was left in the middle of a transfer, which may still be at work in its buffer: call reset() first"
        )

    # Coming out.

    def look(self) -> None:
        """Ask the hardware what has ended, and begin what waits for its turn. What fails is kept in the transfers, and not raised."""
        carrier = self.carrier
        ended: list[tuple[Transfer, int, Exception | None]] = []
        failed: list[Transfer] = []
        failure: Exception | None = None
        try:
            with carrier.device.lock, self:
                while self.under_way:
                    oldest = self.under_way[0]
                    try:
                        moved = carrier.bytes_done(oldest)
                    except TransferError as error:
                        failure = error.with_traceback(None)
                        error.transfer = error.transfer or oldest
                    except StaleOverlayError as error:
                        failure = error.with_traceback(None)
                    if failure is not None:
                        failed = self.take_all()
                        break
                    if moved is None:
                        break
                    oldest.ending = True
                    ended.append((oldest, moved, None))
                    self.under_way.popleft()
                    try:
                        carrier.ended(oldest)
                    except Exception as error:
                        ended[-1] = (oldest, moved, error.with_traceback(None))
                if self.queued:
                    self._begin_queued()
        finally:
            # Without the lock: whoever looks at the buffer is told, and may have locks of its own.
            for transfer, moved, trouble in ended:
                transfer.ended(DONE if trouble is None else FAILED, moved, trouble)
            for transfer in failed:
                # Of an overlay that was only freed the hardware goes on.
                transfer.ended(FAILED, error=failure, at_rest=not isinstance(failure, StaleOverlayError))

    def _begin_queued(self) -> None:
        while self._left and self.queued:
            self.queued.popleft().ended(FAILED, error=self._unknown())
        while self.queued and self.carrier.room(self.queued[0]):
            try:
                self._begin(self.queued.popleft())
            except Exception as error:  # it is the error of that transfer
                error.__traceback__ = None
        self._attend()

    # Going on by itself.

    @property
    def goes_on(self) -> bool:
        """Whether the interrupt lets the next one begin, with nobody's help."""
        return self._forget is not None

    def _attend(self) -> None:
        """Wait for the interrupt where something is queued behind it (the bus is held)."""
        carrier = self.carrier
        if self._forget is not None or not self.queued or carrier.interrupt is None or not carrier.prompt:
            return
        clock = carrier.device.clock
        # An event of the clock, for the interrupt may come in the middle of another access. And one later, for it can be lost.
        self._forget = carrier.interrupt.once(lambda error: clock.call_later(0, self._came))
        self._watchdog = clock.call_later(LOOK_AGAIN, self._came)

    def _rest(self) -> None:
        forget, self._forget = self._forget, None
        if forget is not None:
            self._watchdog.cancel()
            forget()

    def _came(self) -> None:
        if self._forget is None:
            return
        try:
            with self.carrier.device.lock:
                self._rest()
                if self._busy:
                    self._missed = True
                    return
                self.look()
                self._attend()
        except Exception as error:
            _log.warning("%s: what is queued does not go on by itself: %s", self.carrier.title, error)

    def fail(self, error: BaseException) -> None:
        """All that is under way or queued ends with `error`."""
        for transfer in self.take_all():
            transfer.ended(FAILED, error=error)

    def give_up(self, why: str, at_rest: bool = True) -> None:
        """All that is under way or queued is abandoned by `why`; `at_rest`: the hardware has been stopped or reset."""
        for transfer in self.take_all():
            if not at_rest and transfer.under_way:
                self._left.append(transfer)
            transfer.given_up(why, at_rest)
        if at_rest:
            left, self._left = self._left, []
            for transfer in left:
                transfer.let_go()

    def take_all(self) -> list[Transfer]:
        """What is under way or queued, which this queue forgets; the caller ends it."""
        taken = [*self.under_way, *self.queued]
        self.under_way.clear()
        self.queued.clear()
        self._rest()
        return taken

    def cancel(self, transfer: Transfer) -> bool:
        """Give `transfer` up; False where it was over. RuntimeError where it is chained behind another that is under way."""
        self.look()
        with self.carrier.device.lock, self:
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
        waiting.check(timeout)
        if not transfer.poll():
            with Wait(self, transfer, timeout, progress, True) as wait:
                while not transfer.poll():
                    wait.block()
        return _result(transfer)

    async def wait_async(self, transfer: Transfer, timeout: float | None = None, progress: bool | None = None) -> int:
        """As `Transfer.wait_async`."""
        waiting.check(timeout)
        if not transfer.poll():
            with Wait(self, transfer, timeout, progress, False) as wait:
                while not transfer.poll():
                    await wait.rest()
        return _result(transfer)


def _result(transfer: Transfer) -> int:
    if transfer.error is not None:
        raise _again(transfer.error)
    return transfer.transferred


def _again(error: BaseException) -> BaseException:
    """Another one like `error`: what is raised refers to frames, and so to buffers of whoever waits, which a transfer must not keep.

    For the same reason errors are kept without their traceback.
    """
    try:
        other = copy.copy(error)
    except Exception:  # one that cannot be made from its arguments
        return error
    other.__cause__, other.__context__ = error.__cause__, error.__context__
    return other
