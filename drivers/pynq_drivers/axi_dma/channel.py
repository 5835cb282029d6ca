"""One channel of AXI DMA in direct register mode.

Source: AMD PG021, AXI DMA v7.1: "Direct Register Mode (Simple DMA)", "MM2S_DMASR", "S2MM_LENGTH", "Errors".
"""

from __future__ import annotations

import logging
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pynq_drivers import waiting
from pynq_drivers.axi_dma import registers as r

if TYPE_CHECKING:
    from pynq_drivers.axi_dma.driver import AxiDMA

# How long a core may take to start, stop or reset (seconds); the guide asks for some tens of clocks.
_PATIENCE = 0.5
# A transfer with no interrupt is looked at after so many seconds, then after twice as many, up to the second number.
_FIRST_LOOK, _LONGEST_PAUSE = 10e-6, 2e-3
# With an interrupt the status is looked at all the same after so many seconds: an interrupt can be lost.
_LOOK_AGAIN = 0.5
# Who waits without a timeout is told after so many seconds, once, what stands still.
_TELL_AFTER = 3.0

_log = logging.getLogger(__name__)

_ERRORS = {
    r.DMA_INT_ERR: "DMA Internal Error (transfer length 0, or a packet longer than its buffer)",
    r.DMA_SLV_ERR: "DMA Slave Error (cannot access memory map interface)",
    r.DMA_DEC_ERR: "DMA Decode Error (invalid address)",
}


@dataclass(frozen=True)
class Limits:
    """What a channel of a given design can do; sizes in bytes."""

    longest: int  # of a transfer
    width: int  # of its memory interface
    realigns: bool  # has a data realignment engine (DRE)
    address_bits: int


class Channel:
    """`sendchannel` (MM2S, memory to stream) or `recvchannel` (S2MM, stream to memory) of an `AxiDMA`.

    Attributes
    ----------
    transferred : int
        Bytes of the last transfer that was waited for; of a received packet, its length.
    """

    def __init__(self, dma: AxiDMA, name: str, sends: bool, limits: Limits, interrupt: Any) -> None:
        self._dma = dma
        self._mmio = dma.mmio
        self._base = r.MM2S if sends else r.S2MM
        self._sends = sends
        self._interrupt = interrupt
        self.name = name
        self.limits = limits
        self.transferred = 0
        self._buffer: Any = None  # of the transfer that is under way
        self._asked = 0
        self._ever = False
        self._started = False

    def __repr__(self) -> str:
        state = f"{self._asked} bytes under way" if self._buffer is not None else "no transfer under way"
        return f"<{self._dma._fullpath}.{self.name}: {state}, {self.transferred} bytes transferred last>"

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
    def idle(self) -> bool:
        """True if the DMA engine is idle: its last transfer is over. Before the first one, and while halted, it is not."""
        return bool(self.status & r.IDLE)

    @property
    def error(self) -> bool:
        """True if the DMA engine is in an error state, out of which only `reset` leads"""
        return bool(self.status & r.ERRORS)

    # Running and standing.

    def started(self) -> Channel:
        """This channel, started if nobody has started or stopped it before."""
        if not self._started:
            self.start()
        return self

    def start(self) -> None:
        """Start the DMA engine if stopped"""
        self._started = True
        control = r.RS | (r.IOC_IRQ_EN | r.ERR_IRQ_EN if self._interrupt is not None else 0)
        self._mmio.write(self._base + r.DMACR, control)
        self._until(lambda status: not status & r.HALTED, "start")

    def stop(self) -> None:
        """Stops the DMA channel and aborts the current transfer"""
        self._mmio.write(self._base + r.DMACR, 0)
        self._until(lambda status: bool(status & r.HALTED), "stop")
        self._forget()

    def reset(self) -> None:
        """Resets the core, which has one reset for both channels, and starts both: what helps after an error or a transfer that hangs."""
        self._dma.reset()

    def _until(self, done: Any, what: str) -> None:
        deadline = waiting.Deadline(self._dma.device.clock, _PATIENCE)
        while not done(status := self.status):
            if status & r.ERRORS:
                raise RuntimeError(f"{self._title} does not {what}: {self._explain(status)}. Call reset()")
            if deadline.passed():
                raise TimeoutError(
                    f"{self._title} did not {what} within {_PATIENCE} s (DMASR {status:#010x}); call reset(). Is its clock running?"
                )
            self._dma.device.clock.sleep(_FIRST_LOOK)

    def _forget(self) -> None:
        self._buffer, self._asked = None, 0

    # Transfers.

    def transfer(self, array: Any, start: int = 0, nbytes: int = 0) -> None:
        """Transfer memory with the DMA, and return while it runs; `wait` or `wait_async` tell its end.

        Parameters
        ----------
        array : PynqBuffer
            What `allocate` returned, or a contiguous slice of it.
        start : int
            Byte offset into array to start. Default is 0.
        nbytes : int
            Number of bytes to transfer. Default is 0: everything after `start`.

        Everything is checked before the first register is written. Raises TypeError or ValueError for a buffer, length or address that the
        core of this design cannot transfer, RuntimeError where the channel is stopped, in an error, or has a transfer under way.
        """
        address, nbytes = self._checked(array, start, nbytes)
        with self._dma.device.lock:
            status = self.status
            if status & r.ERRORS:
                raise RuntimeError(f"{self._title} is in an error state: {self._explain(status)}. Call reset()")
            if status & r.HALTED:
                raise RuntimeError(f"DMA channel not started: call {self.name}.start() before a transfer on {self._dma._fullpath}")
            if self._buffer is not None and not status & r.IDLE:
                raise RuntimeError(
                    f"DMA channel not idle: {self._title} has a transfer of {self._asked} bytes under way; wait for it, or call reset()"
                )
            # Lines of a receive buffer that the processor wrote must not be put back over what the core writes.
            array.flush()
            self.transferred = 0
            if status & r.INTERRUPTS:  # of a transfer that nobody waited for: left there, it would end the next wait again and again
                self._mmio.write(self._base + r.DMASR, status & r.INTERRUPTS)
            self._mmio.write(self._base + r.ADDRESS, address & 0xFFFFFFFF)
            if self.limits.address_bits > 32:
                self._mmio.write(self._base + r.ADDRESS_MSB, address >> 32)
            self._buffer, self._asked, self._ever = array, nbytes, True
            self._mmio.write(self._base + r.LENGTH, nbytes)

    def _checked(self, array: Any, start: int, nbytes: int) -> tuple[int, int]:
        """The address of the first byte and the number of bytes; raises for what cannot be transferred."""
        if not hasattr(array, "flush") or not hasattr(array, "nbytes"):
            raise TypeError(f"{self._title} transfers buffers made by allocate(), not {type(array).__name__}; copy the data into one first")
        start, nbytes = operator.index(start), operator.index(nbytes)
        base: int = array.physical_address  # says so itself where it was freed, is strided, or never had one
        device = getattr(array, "device", None)
        if device is not None and device is not self._dma.device:
            raise ValueError(f"{self._title}: the buffer is in the memory of {device!r}, this core is on {self._dma.device!r}")
        total = int(array.nbytes)
        if not 0 <= start <= total:
            raise ValueError(f"{self._title}: start is byte {start} of a buffer of {total} bytes")
        if nbytes < 0 or start + nbytes > total:
            raise ValueError(f"{self._title}: {nbytes} bytes from byte {start} are more than the buffer of {total} bytes holds")
        nbytes = nbytes or total - start
        if not nbytes:
            raise ValueError(f"{self._title}: there is nothing to transfer, the buffer holds no byte after byte {start}")
        limits = self.limits
        if nbytes > limits.longest:
            raise ValueError(
                f"Transfer size is {nbytes} bytes, which exceeds the maximum DMA buffer size {limits.longest} of {self._title}. "
                "Transfer in parts, or widen the core's length register (Width of Buffer Length Register, c_sg_length_width)"
            )
        address = base + start
        if not limits.realigns and address % limits.width:
            raise ValueError(
                f"DMA does not support unaligned transfers; Starting address must be aligned to {limits.width} bytes: "
                f"{self._title} was given {address:#x}, and its core has no data realignment engine (Allow Unaligned Transfers)"
            )
        if address + nbytes > 1 << limits.address_bits:
            raise ValueError(f"{self._title} reaches {limits.address_bits} bits of address; the buffer ends at {address + nbytes - 1:#x}")
        return address, nbytes

    # Waiting.

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the transfer to complete.

        Returns at once where the last transfer has been waited for already. With no `timeout`, what stands still is logged once after
        3 s. Raises RuntimeError where there was no transfer, where the channel is not running or where the core reports an error, and
        TimeoutError, telling what stands still, after `timeout` seconds; the transfer is then still under way and can be waited for again.
        """
        if not self._under_way():
            return
        deadline = waiting.Deadline(self._dma.device.clock, timeout)
        patience = waiting.Deadline(self._dma.device.clock, _TELL_AFTER if timeout is None else None)
        pause = _FIRST_LOOK
        while not self._is_over():
            if deadline.passed():
                raise self._late(timeout)
            if patience.passed():
                patience = self._tell()
            if self._interrupt is not None:
                try:
                    self._interrupt.wait_blocking(deadline.slice(_LOOK_AGAIN))
                except TimeoutError:
                    continue
            else:
                self._dma.device.clock.sleep(deadline.slice(pause))
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._finish()

    async def wait_async(self, timeout: float | None = None) -> None:
        """As `wait`, for coroutines. With no interrupt connected the status is looked at every few milliseconds at most."""
        if not self._under_way():
            return
        deadline = waiting.Deadline(self._dma.device.clock, timeout)
        patience = waiting.Deadline(self._dma.device.clock, _TELL_AFTER if timeout is None else None)
        pause = _FIRST_LOOK
        while not self._is_over():
            if deadline.passed():
                raise self._late(timeout)
            if patience.passed():
                patience = self._tell()
            if self._interrupt is not None:
                try:
                    await self._interrupt.wait(deadline.slice(_LOOK_AGAIN))
                except TimeoutError:
                    continue
            else:
                await waiting.pause(self._dma.device.clock, deadline.slice(pause))
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._finish()

    def _under_way(self) -> bool:
        if self._buffer is not None:
            return True
        if not self._ever:
            raise RuntimeError(f"{self._title} has no transfer to wait for: call transfer() first")
        return False

    def _is_over(self) -> bool:
        """Whether the transfer is done; one bus read. Raises where it will never be."""
        if self._buffer is None:
            raise RuntimeError(f"{self._title}: the transfer was given up by stop() or reset() while it was waited for")
        status = self.status
        if status & r.ERRORS:
            raise RuntimeError(f"{self._explain(status)} on {self._title}; {self._asked} bytes were asked for. Call reset()")
        if status & r.HALTED:
            raise RuntimeError(f"DMA channel not started: {self._title} was stopped with a transfer of {self._asked} bytes under way")
        return bool(status & r.IDLE)

    def _finish(self) -> None:
        with self._dma.device.lock:
            buffer, self._buffer = self._buffer, None
            if buffer is None:  # another one who waited was first
                return
            if self._interrupt is not None:
                self._mmio.write(self._base + r.DMASR, r.IOC_IRQ)
            self.transferred = self._asked if self._sends else self._mmio.read(self._base + r.LENGTH)
        if not self._sends:
            buffer.invalidate()

    # Words.

    @property
    def _title(self) -> str:
        return f"{self._dma._fullpath}.{self.name}"

    def _explain(self, status: int) -> str:
        reasons = [text for bit, text in _ERRORS.items() if status & bit]
        return " and ".join(reasons) or f"an error that direct register mode does not have (DMASR {status:#010x})"

    def _tell(self) -> waiting.Deadline:
        """Say what stands still; the deadline that never comes."""
        _log.warning(
            "%s: %d bytes are not through after %g s, and it goes on waiting. %s "
            "Interrupt the kernel to give up, or pass wait(timeout=...)",
            self._title,
            self._asked,
            _TELL_AFTER,
            self._dma.why_waiting(self),
        )
        return waiting.Deadline(self._dma.device.clock, None)

    def _late(self, timeout: float | None) -> TimeoutError:
        return TimeoutError(
            f"{self._title}: {self._asked} bytes were not through within {timeout:g} s. {self._dma.why_waiting(self)} "
            "The transfer is still under way: wait again, or call reset()"
        )
