"""One transfer, from its submission to its end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pynq_drivers.transfers.errors import TransferCancelled
from pynq_drivers.transfers.holding import Holding
from pynq_drivers.transfers.limits import Span, part_of
from pynq_widgets.access.errors import StaleOverlayError

if TYPE_CHECKING:
    from pynq_drivers.transfers.queue import TransferQueue

QUEUED, UNDER_WAY, DONE, FAILED, CANCELLED = "queued", "under way", "done", "failed", "cancelled"


class Transfer:
    """A movement of bytes between a buffer and the hardware.

    ``wait(timeout=)`` or ``await transfer`` tell its end; ``with transfer:`` and ``async with transfer:`` wait at the end of the block,
    and cancel it where the block fails. It keeps its buffer alive until it is over.

    Attributes
    ----------
    title : str
        Who moves the data: ``'dma.recvchannel'``.
    to_memory : bool
        Whether the hardware writes the buffer.
    offset, nbytes : int
        What of the whole buffer is moved, in bytes.
    state : str
        ``'queued'``, ``'under way'``, ``'done'``, ``'failed'`` or ``'cancelled'``, as far as it is known; asks no hardware.
    transferred : int
        Bytes that were moved, 0 before the end; of a received packet, its length.
    error : BaseException | None
        Why it failed.
    end_of_packet : bool | None
        Whether the packet ended with it, where the core tells: False where a received packet goes on in the next transfer.
    """

    end_of_packet: bool | None = None

    def __init__(self, queue: TransferQueue, array: Any, start: int, span: Span, to_memory: bool, **details: Any) -> None:
        self._queue = queue
        self.title = queue.carrier.title
        self.to_memory = to_memory
        self.address, self.nbytes, self.offset = span
        self.start = start  # in the array that was given
        self.array = array
        self.details = details  # what the carrier keeps with it
        self.state = QUEUED
        self.ending = False  # the hardware is done, the buffer is being brought up to date
        self.transferred = 0
        self.error: BaseException | None = None
        self._holding: Holding | None = None
        self.at_rest = True  # nothing of the hardware is at work in the buffer, as far as is known
        self.listeners: list[Callable[[], object]] = []  # called at its end
        self.shown = Shown(self)

    def __repr__(self) -> str:
        moved = f", {self.transferred} transferred" if self.state == DONE else f": {self.error}" if self.error is not None else ""
        return f"<Transfer of {self.nbytes} bytes {'by' if self.to_memory else 'to'} {self.title}: {self.state}{moved}>"

    # Its end.

    @property
    def over(self) -> bool:
        """Whether it is known to have ended, well or not; asks no hardware."""
        return self.state not in (QUEUED, UNDER_WAY)

    @property
    def under_way(self) -> bool:
        """Whether the hardware was told of it, and its end is not known; asks no hardware."""
        return self.state == UNDER_WAY

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not. Asks the hardware while it has not, and lets the next one of the queue begin."""
        return self.poll()

    def poll(self) -> bool:
        """What `done` does, as a call."""
        if not self.over:
            self._queue.look()
        return self.over

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> int:
        """Wait for its end; the number of bytes transferred.

        With no `timeout`, what stands still is logged once after 3 s. After a second a bar shows how far it is, in a notebook or on a
        terminal; `progress` False never shows one. Raises what the transfer failed with, `TransferCancelled` where it was given up, and
        TimeoutError, telling what stands still, after `timeout` seconds; it is then still under way and can be waited for again.
        """
        return self._queue.wait(self, timeout, progress)

    async def wait_async(self, timeout: float | None = None, progress: bool | None = None) -> int:
        """As `wait`, for coroutines. A cancelled wait leaves the transfer under way."""
        return await self._queue.wait_async(self, timeout, progress)

    def __await__(self) -> Generator[Any, None, int]:
        return self.wait_async().__await__()

    def cancel(self) -> bool:
        """Give it up; False where it was over already. One that is under way takes its channel to be stopped; those behind it go on."""
        return self._queue.cancel(self)

    def why(self) -> str:
        """What it waits for, in words; '' where it is over."""
        return "" if self.over else self._queue.carrier.why(self)

    def position(self) -> int | None:
        """Bytes done, None where that cannot be known; reads no register."""
        if self.over:
            return self.transferred
        return 0 if self.state == QUEUED else self._queue.carrier.position(self)

    def __enter__(self) -> Transfer:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            self._give_up(error)
        else:
            self.wait()

    async def __aenter__(self) -> Transfer:
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            self._give_up(error)
        else:
            await self.wait_async()

    def _give_up(self, error: BaseException) -> None:
        try:
            self.cancel()
        except Exception as trouble:  # the block's own error is the one to be seen
            error.__context__ = error.__context__ or trouble

    # What the queue does with it.

    @property
    def part(self) -> Any:
        """The bytes that are moved, as an array that can be flushed and invalidated."""
        return part_of(self.array, self.start, self.nbytes)

    def hold(self) -> None:
        """The hardware is about to be told of it: from now on its buffer is kept, whoever lets go of it or frees it."""
        self.at_rest = False
        begin = getattr(self.array, "begin_transfer", None)
        if begin is not None:
            begin(self.shown)
        self._holding = Holding.of(self._queue.carrier.device)
        self._holding.add(self)

    def begun(self) -> None:
        """It is under way from now on."""
        self.state = UNDER_WAY

    def ended(self, state: str, transferred: int = 0, error: BaseException | None = None, at_rest: bool = True) -> None:
        """It is over: what was received is made visible; its buffer is let go of unless hardware may still be at work (not `at_rest`)."""
        if self.over:
            return
        array = self.array
        try:
            # One that failed or was given up half-way may have written a part, too. What was freed meanwhile nobody sees.
            if self.to_memory and self.state == UNDER_WAY and not getattr(array, "freed", False):
                self.part.invalidate()  # tells those who look at the buffer, too
        except Exception as trouble:
            if error is None:
                state, error = FAILED, trouble
        finally:
            self.transferred, self.error = transferred, error
            self.state = state
            if at_rest or self.at_rest:
                self.let_go()
            for tell in tuple(self.listeners):
                tell()

    def let_go(self) -> None:
        """The hardware is not at work in its buffer, or no longer."""
        if not self.at_rest:
            self._release()
        self.array = None
        self.details.pop("ring", None)

    def _release(self) -> None:
        self.at_rest = True
        if self._holding is not None:
            self._holding.discard(self)
        end = getattr(self.array, "end_transfer", None)
        if end is not None:
            end(self.shown)

    def put_back(self) -> None:
        """It was taken off the hardware before its end, and waits for its turn again."""
        self.state = QUEUED
        self._release()

    def given_up(self, why: str, at_rest: bool = True) -> None:
        """It was abandoned before its end."""
        error = TransferCancelled(f"{self.title}: the transfer of {self.nbytes} bytes was given up by {why}")
        error.transfer = self
        self.ended(CANCELLED, error=error, at_rest=at_rest)

    def lost(self, at_rest: bool, region: str = "") -> None:
        """The overlay has gone with it under way, or its `region` holds another module."""
        what = f"region {region} was given another module" if region else "the overlay has gone"
        remedy = "take what is there now from the overlay" if region else "load it again, and take the core from the new Overlay object"
        error = StaleOverlayError(f"{self.title}: {what} with a transfer of {self.nbytes} bytes under way; {remedy}")
        for queue in (self._queue.under_way, self._queue.queued):
            with suppress(ValueError):
                queue.remove(self)
        self.ended(FAILED, error=error, at_rest=at_rest)


class Shown:
    """What a buffer shows of a transfer (`pynq_widgets.device.transfer.Transfer`): it never asks the hardware."""

    __slots__ = ("transfer",)

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer

    def __repr__(self) -> str:
        return repr(self.transfer)

    @property
    def title(self) -> str:
        return self.transfer.title

    @property
    def to_memory(self) -> bool:
        return self.transfer.to_memory

    @property
    def offset(self) -> int:
        return self.transfer.offset

    @property
    def nbytes(self) -> int:
        return self.transfer.nbytes

    def position(self) -> int | None:
        return self.transfer.position()

    @property
    def done(self) -> bool:
        return self.transfer.over and self.transfer.at_rest

    @property
    def error(self) -> BaseException | None:
        return self.transfer.error
