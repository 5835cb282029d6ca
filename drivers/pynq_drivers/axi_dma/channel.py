"""What a channel of AXI DMA has in both of its modes: status, starting and stopping, waiting; and PYNQ's names for it.

Source: AMD PG021, AXI DMA v7.1: "MM2S_DMACR", "MM2S_DMASR", "Errors".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pynq_drivers import waiting
from pynq_drivers.axi_dma import registers as r
from pynq_drivers.transfers.diagnosis import error_words
from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.limits import Limits, Reach, Span, check_address, span_of
from pynq_drivers.transfers.queue import Carrier, TransferQueue
from pynq_drivers.transfers.transfer import Transfer

if TYPE_CHECKING:
    from pynq_drivers.axi_dma.driver import AxiDMA

# How long a core may take to start, stop or reset (seconds); the guide asks for some tens of clocks.
PATIENCE = 0.5
_LOOK = 10e-6

_ERRORS = {
    r.DMA_INT_ERR: "DMA Internal Error (transfer length 0, or a packet longer than its buffer)",
    r.DMA_SLV_ERR: "DMA Slave Error (cannot access memory map interface)",
    r.DMA_DEC_ERR: "DMA Decode Error (invalid address)",
    r.SG_INT_ERR: "Scatter-Gather Internal Error (re-used completed descriptor)",
    r.SG_SLV_ERR: "Scatter-Gather Slave Error (cannot access memory map interface)",
    r.SG_DEC_ERR: "Scatter-Gather Decode Error (invalid descriptor address)",
}


class Channel(Carrier):
    """`sendchannel` (MM2S, memory to stream) or `recvchannel` (S2MM, stream to memory) of an `AxiDMA`."""

    def __init__(self, dma: AxiDMA, name: str, sends: bool, limits: Limits, pin: str, reach: Reach) -> None:
        self.dma = dma
        self.name = name
        self.sends = sends
        self.limits = limits
        self._pin = pin
        self.queue = TransferQueue(self)
        self.is_started = False
        self._mmio = dma.mmio
        self._base = r.MM2S if sends else r.S2MM
        self._reach = reach

    @cached_property
    def interrupt(self) -> Any:
        """The interrupt, made when it is first needed; None where none is connected, or the device has no way to it."""
        return self.dma[self._pin] if self._pin else None

    def __repr__(self) -> str:
        if self.queue:
            state = f"{sum(t.nbytes for t in (*self.queue.under_way, *self.queue.queued))} bytes under way"
        else:
            state = "no transfer under way"
        return f"<{self.title}: {state}, {self.transferred} bytes transferred last>"

    @property
    def title(self) -> str:  # type: ignore[override]
        """``'dma.recvchannel'``."""
        return f"{self.dma._fullpath}.{self.name}"

    @property
    def device(self) -> Any:
        """The device of the core."""
        return self.dma.device

    @property
    def neighbours(self) -> tuple[TransferQueue, ...]:
        """The other channel's."""
        return tuple(channel.queue for channel in self.dma.channels if channel is not self)

    # Status: one bus read each.

    @property
    def status(self) -> int:
        """The status register DMASR; one bus read."""
        return self._mmio.read(self._base + r.DMASR)

    @property
    def running(self) -> bool:
        """True if the DMA engine is currently running"""
        return not self.status & r.HALTED

    @property
    def halted(self) -> bool:
        """True if the DMA engine is halted"""
        return bool(self.status & r.HALTED)

    @property
    def idle(self) -> bool:
        """True if the DMA engine is idle: its last transfer is over. Before the first one, and while halted, it is not."""
        return bool(self.status & r.IDLE)

    @property
    def error(self) -> bool:
        """True if the DMA engine is in an error state, out of which only `reset` leads"""
        return bool(self.status & r.ERRORS)

    @property
    def transferred(self) -> int:
        """Bytes of the last transfer, of a received packet its length; 0 until it is over."""
        return self.queue.transferred

    # Running and standing.

    def started(self) -> Channel:
        """This channel, started if nobody has started or stopped it before."""
        if not self.is_started:
            self.start()
        return self

    def start(self) -> None:
        """Start the DMA engine if stopped. An error that somebody left there before this is reset, where the other channel is at rest."""
        with self.device.lock, self.queue:
            # Within the lock: who finds it started in another thread begins no transfer before it is.
            first, self.is_started = not self.is_started, True
            try:
                self._start()
            except TransferError:
                if not first or any(channel.queue for channel in self.dma.channels):
                    raise
                self.dma.reset()

    def _start(self) -> None:
        self._run(0)

    def _run(self, mode: int) -> None:
        """Sets RS, with `mode`, and waits until the engine runs."""
        enables = r.IOC_IRQ_EN | r.ERR_IRQ_EN if self.interrupt is not None else 0
        self._mmio.write(self._base + r.DMACR, r.RS | mode | enables)
        self._until(lambda status: not status & r.HALTED, "start")

    def stop(self) -> None:
        """Stops the DMA channel and aborts the current transfer, and those that wait for their turn."""
        self.is_started = True
        with self.device.lock, self.queue:
            self._halt()
            self._stopped()
        self.queue.give_up("stop()")

    def _stopped(self) -> None:
        """What else there is to be done after the engine was halted."""

    def _halt(self) -> None:
        self._mmio.write(self._base + r.DMACR, 0)
        self._until(lambda status: bool(status & r.HALTED), "stop")

    def reset(self) -> None:
        """Resets the core, which has one reset for both channels, and starts both: what helps after an error or a transfer that hangs."""
        self.dma.reset()

    def was_reset(self) -> None:
        """The core has been reset: the registers are what they are after that."""

    def _until(self, done: Callable[[int], bool], what: str) -> None:
        deadline = waiting.Deadline(self.device.clock, PATIENCE)
        while not done(status := self.status):
            if status & r.ERRORS:
                raise TransferError(f"{self.title} does not {what}: {self.explain(status)}. Call reset()", status)
            if deadline.passed():
                raise TimeoutError(
                    f"{self.title} did not {what} within {PATIENCE} s (DMASR {status:#010x}); call reset(). Is its clock running?"
                )
            self.device.clock.sleep(_LOOK)

    def abort(self, transfer: Transfer) -> None:
        """Stops and starts the channel; where it does not stop, the core is reset, unless that would hit the other channel."""
        try:
            self._halt()
        except TimeoutError as error:
            busy = [channel.name for channel in self.dma.channels if channel is not self and channel.queue]
            if busy:
                raise RuntimeError(
                    f"{error}; a reset is left, which would give up what {busy[0]} has under way, too: call reset() if that may be"
                ) from None
            self.dma.reset_core()
            for channel in self.dma.channels:
                if channel is not self and channel.is_started:
                    channel.start()
        self._start()

    # Transfers.

    def transfer(self, array: Any, start: int = 0, nbytes: int = 0, cyclic: bool = False) -> Transfer:
        """Transfer memory with the DMA, and return while it runs; `wait` or `wait_async`, of this or of what is returned, tell its end.

        Parameters
        ----------
        array : PynqBuffer
            What `allocate` returned, or a contiguous slice of it.
        start : int
            Byte offset into array to start. Default is 0.
        nbytes : int
            Number of bytes to transfer. Default is 0: everything after `start`.
        cyclic : bool
            Send the buffer again and again until `stop` (scatter-gather only). Default is False.

        Everything is checked before the first register is written. Raises TypeError or ValueError for a buffer, length or address that the
        core of this design cannot transfer, RuntimeError where the channel is stopped, in an error, or has a transfer under way.
        """
        span = self.checked(array, start, nbytes)
        if cyclic:
            self.refuse_cyclic()
        queue = self.queue
        if queue:
            queue.look()
            if queue:
                raise RuntimeError(
                    f"DMA channel not idle: {self.title} has a transfer of {queue.under_way[0].nbytes} bytes under way; wait for it, "
                    "or call reset(); submit() takes transfers that wait for their turn"
                )
        return queue.submit(self.made(array, start, span, cyclic))

    def submit(self, array: Any, start: int = 0, nbytes: int = 0) -> Transfer:
        """As `transfer`, but where another one is under way this one waits for its turn, in scatter-gather mode in the core itself.

        In direct register mode it begins when the interrupt of the one before it comes. Where the design connects no interrupt, it begins
        only when somebody waits for, or asks after, any transfer of this channel (or waits for one of the other).
        """
        span = self.checked(array, start, nbytes)
        if self.queue and self.queue.last is not None and self.queue.last.details.get("cyclic"):
            raise RuntimeError(f"{self.title} sends a buffer again and again, which has no end to wait for: call stop() first")
        return self.queue.submit(self.made(array, start, span, False))

    def checked(self, array: Any, start: int, nbytes: int) -> Span:
        """The bytes; raises for what cannot be transferred."""
        span = self._reach.span(span_of(self.title, self.device, array, start, nbytes, not self.sends))
        self.check_size(span)
        check_address(self.title, span, self.limits)
        self._reach.check(self.title, span.address, span.nbytes)
        return span

    def check_size(self, span: Span) -> None:
        """Raises ValueError for what is too long."""

    def refuse_cyclic(self) -> None:
        """Raises where this channel cannot send again and again."""

    def made(self, array: Any, start: int, span: Span, cyclic: bool) -> Transfer:
        """The transfer, not begun."""
        return Transfer(self.queue, array, start, span, not self.sends)

    # Waiting.

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> None:
        """Wait for the transfer to complete; for all of them, where several were submitted.

        Returns at once where the last transfer is over already. With no `timeout`, what stands still is logged once after 3 s. Raises
        RuntimeError where there was no transfer, where it was given up and where the core reports an error, and TimeoutError, telling
        what stands still, after `timeout` seconds; the transfer is then still under way and can be waited for again.
        """
        self.queue.latest.wait(timeout, progress)

    async def wait_async(self, timeout: float | None = None, progress: bool | None = None) -> None:
        """As `wait`, for coroutines. With no interrupt connected the status is looked at every few milliseconds at most."""
        await self.queue.latest.wait_async(timeout, progress)

    def why(self, transfer: Transfer) -> str:
        return self.dma.why_waiting(self)

    # Words.

    def explain(self, status: int) -> str:
        """The errors in a status, in words."""
        return error_words(status, _ERRORS) or f"an error that PG021 does not name (DMASR {status:#010x})"

    def ready(self, status: int) -> None:
        """Raises where the status does not allow a transfer."""
        if status & r.ERRORS:
            raise RuntimeError(f"{self.title} is in an error state: {self.explain(status)}. Call reset()")
        if status & r.HALTED:
            raise RuntimeError(f"DMA channel not started: call {self.name}.start() before a transfer on {self.dma._fullpath}")

    def failed(self, status: int, nbytes: int, more: str = "") -> TransferError:
        """What a transfer fails with."""
        if status & r.DMA_INT_ERR and not self.sends and not more:
            more = f"The packet was longer than these {nbytes} bytes: give a larger buffer. "
        if status & r.ERRORS:
            return TransferError(f"{self.explain(status)} on {self.title}; {nbytes} bytes were asked for. {more}Call reset()", status)
        return TransferError(f"DMA channel not started: {self.title} was stopped with a transfer of {nbytes} bytes under way", status)
