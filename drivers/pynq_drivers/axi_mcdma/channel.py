"""One channel of AXI MCDMA: packets to or from one TDEST, by descriptors.

Source: AMD PG288, AXI Multichannel DMA v1.1: "Programming Sequence", "Register Space" (channel registers), "Scatter Gather Descriptor", as
remembered.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pynq_drivers import waiting
from pynq_drivers.axi_mcdma import registers as r
from pynq_drivers.transfers.diagnosis import error_words, far_end, stream_words
from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.limits import Limits, Reach, check_address, check_length, parts, span_of
from pynq_drivers.transfers.queue import Carrier, TransferQueue
from pynq_drivers.transfers.ring import Ring
from pynq_drivers.transfers.transfer import Transfer

if TYPE_CHECKING:
    from pynq_drivers.axi_mcdma.driver import AxiMCDMA

_DESCRIPTORS = 64
_PATIENCE = 0.5  # seconds that a channel may take to stop

ERRORS = {
    r.DMA_INT_ERR: "DMA Internal Error (a descriptor of length 0, or an address that is not aligned)",
    r.DMA_SLV_ERR: "DMA Slave Error (the memory refused the access)",
    r.DMA_DEC_ERR: "DMA Decode Error (invalid address)",
    r.SG_INT_ERR: "Scatter Gather Internal Error (a descriptor was done already when it was fetched)",
    r.SG_SLV_ERR: "Scatter Gather Slave Error (the memory of the descriptors refused the access)",
    r.SG_DEC_ERR: "Scatter Gather Decode Error (invalid address of a descriptor)",
}


class Channel(Carrier):
    """``dma.sendchannels[i]`` (MM2S) or ``dma.recvchannels[i]`` (S2MM) of an `AxiMCDMA`; `number` is its TDEST, from 0.

    A transfer is one packet. Nothing is written before the first one, which starts the channel. Transfers that are asked for while others
    are under way are chained to them.
    """

    prompt = True

    def __init__(self, dma: AxiMCDMA, sends: bool, number: int, limits: Limits, pin: str) -> None:
        self._dma = dma
        self.device = dma.device
        self.number = number
        self.name = f"{'send' if sends else 'recv'}channels[{number}]"
        self.title = f"{dma._fullpath}.{self.name}"
        self.limits = limits
        self._pin = pin
        self.queue = TransferQueue(self)
        self._sends = sends
        self._side = r.MM2S if sends else r.S2MM
        self._base = self._side + r.channel(number)
        self._status_word = (r.TX_STATUS if sends else r.RX_STATUS) // 4
        self._ring: Ring | None = None
        self._chained = False  # the core follows the ring
        self._stopped = False  # by stop()
        kind = "MM2S" if sends else "S2MM"
        self._reach = Reach(dma.description.get("design"), dma._fullpath, f"M_AXI_{kind}")
        self._stream = "M_AXIS_MM2S" if sends else "S_AXIS_S2MM"

    @cached_property
    def interrupt(self) -> Any:
        """The interrupt, made when it is first needed; None where none is connected, or the device has no way to it."""
        return self._dma[self._pin] if self._pin else None

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self.queue.under_way)} transfers under way, {len(self.queue.queued)} queued>"

    # Status.

    @property
    def status(self) -> int:
        """The channel's status register; one bus read."""
        return self._dma.mmio.read(self._base + r.SR)

    @property
    def running(self) -> bool:
        """True if the channel takes descriptors and its side of the core runs; two bus reads"""
        mmio = self._dma.mmio
        return bool(mmio.read(self._base + r.CR) & r.RS) and not mmio.read(self._side + r.CSR) & r.HALTED

    @property
    def idle(self) -> bool:
        """True if the channel has no descriptor to work on; one bus read"""
        return bool(self.status & r.CHANNEL_IDLE)

    @property
    def error(self) -> bool:
        """True if its side of the core is in an error state, out of which only `reset` leads; one bus read"""
        return bool(self._dma.mmio.read(self._side + r.ERR) & r.ERRORS)

    @property
    def transferred(self) -> int:
        """Bytes of the last transfer; of a received packet, its length. 0 before its end."""
        return self.queue.transferred

    # Running and standing.

    def start(self) -> None:
        """Start the channel if it is stopped"""
        with self.device.lock, self.queue:
            self._stopped = False
            if not self._chained:
                self._chain()

    def stop(self) -> None:
        """Stops this channel alone; its transfers are given up"""
        with self.device.lock, self.queue:
            self._halt()
            self._stopped = True
        self.queue.give_up("stop()")

    def reset(self) -> None:
        """Resets the core, which has one reset for all channels: what helps after an error."""
        self._dma.reset()

    def forget(self, why: str, at_rest: bool) -> None:
        """The core was reset, `at_rest`: with success, so that nothing of this channel is left in it."""
        self._chained = self._stopped = False
        self.queue.give_up(why, at_rest)

    def _halt(self) -> None:
        self._dma.mmio.write(self._base + r.CR, 0x00010000)
        self._chained = False
        trouble = f"{self.title} did not stop within {_PATIENCE} s; call reset()"
        waiting.until(self.device.clock, lambda: self.status & r.CHANNEL_IDLE, _PATIENCE, trouble)

    def _chain(self) -> None:
        """The channel begins at the first descriptor of its ring."""
        mmio, wide = self._dma.mmio, self.limits.address_bits > 32
        ring = self._descriptors()
        ring.rewind()
        address = ring.address(0)
        mmio.write(self._base + r.CURDESC, address & 0xFFFFFFFF)
        if wide:
            mmio.write(self._base + r.CURDESC_MSB, address >> 32)
        mmio.write(self._side + r.CHEN, mmio.read(self._side + r.CHEN) | 1 << self.number)
        enables = r.IOC_IRQ | r.ERR_IRQ if self.interrupt is not None else 0
        mmio.write(self._base + r.CR, 0x00010000 | enables | r.RS)
        if mmio.read(self._side + r.CSR) & r.HALTED:
            mmio.write(self._side + r.CCR, r.RS)
        self._chained = True

    def _descriptors(self) -> Ring:
        if self._ring is None:
            reach = Reach(self._dma.description.get("design"), self._dma._fullpath, "M_AXI_SG")
            self._ring = Ring(self.device.allocate, _DESCRIPTORS, reach, self.title)
        return self._ring

    # Transfers.

    def transfer(self, array: Any, start: int = 0, nbytes: int = 0) -> Transfer:
        """Send a buffer as one packet, or receive one packet into it, and return while that goes on.

        Parameters
        ----------
        array : PynqBuffer
            What `allocate` returned, or a contiguous slice of it.
        start : int
            Byte offset into array to start. Default is 0.
        nbytes : int
            Number of bytes to transfer, or at most to receive. Default is 0: everything after `start`.

        The result's `wait(timeout=)`, or ``await``, tells the end. Everything is checked before the first register is written. Raises
        TypeError or ValueError for what the core of this design cannot transfer, RuntimeError where the channel was stopped or its side
        of the core is in an error state.
        """
        span = self._reach.span(span_of(self.title, self.device, array, start, nbytes, not self._sends))
        if self._sends:
            longest = self.limits.longest_aligned * (_DESCRIPTORS // 2)
            advice = "Send in parts"
        else:
            longest = self.limits.longest  # more descriptors than one would take the next packet, where this one is short
            advice = "Receive in shorter packets, or widen the core's length register (c_sg_length_width)"
        check_length(self.title, span.nbytes, longest, advice)
        check_address(self.title, span, self.limits)
        self._reach.check(self.title, span.address, span.nbytes)
        if self._stopped:
            raise RuntimeError(f"DMA channel not started: call {self.name}.start() before a transfer on {self._dma._fullpath}")
        return self.queue.submit(Transfer(self.queue, array, start, span, not self._sends))

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> int:
        """Wait for the last transfer that was asked for; the number of its bytes. As `Transfer.wait`; RuntimeError where there was none."""
        return self.queue.latest.wait(timeout, progress)

    async def wait_async(self, timeout: float | None = None, progress: bool | None = None) -> int:
        """As `wait`, for coroutines."""
        return await self.queue.latest.wait_async(timeout, progress)

    # What the queue asks for.

    def _pieces(self, nbytes: int) -> list[tuple[int, int]]:
        return parts(nbytes, self.limits.longest_aligned) if self._sends and nbytes > self.limits.longest else [(0, nbytes)]

    def room(self, transfer: Transfer) -> bool:
        return not self.queue.under_way or len(self._pieces(transfer.nbytes)) <= self._descriptors().room

    def begin(self, transfer: Transfer) -> None:
        error = self._dma.mmio.read(self._side + r.ERR)
        if error & r.ERRORS:
            raise TransferError(f"{self.title} is in an error state: {error_words(error, ERRORS)}. Call reset()", error)
        # Lines of a receive buffer that the processor wrote must not be put back over what the core writes.
        transfer.part.flush()
        ring = self._descriptors()
        if not self._chained:
            self._chain()
        pieces = self._pieces(transfer.nbytes)
        taken = ring.take(len(pieces))
        for index, (offset, nbytes) in zip(taken, pieces, strict=True):
            control = nbytes
            if self._sends:
                control |= (r.SOF if index == taken[0] else 0) | (r.EOF if index == taken[-1] else 0)
            address = transfer.address + offset
            ring.write(index, {r.BUFFER // 4: address & 0xFFFFFFFF, r.BUFFER // 4 + 1: address >> 32, r.CONTROL // 4: control})
        ring.publish(taken)
        transfer.details["descriptors"] = tuple(taken)
        tail = ring.address(taken[-1])
        self._dma.mmio.write(self._base + r.TAILDESC, tail & 0xFFFFFFFF)
        if self.limits.address_bits > 32:
            self._dma.mmio.write(self._base + r.TAILDESC_MSB, tail >> 32)

    def bytes_done(self, transfer: Transfer) -> int | None:
        status = self.status
        if status & r.IOC_IRQ:  # of another packet, perhaps: cleared before this one is looked at, its own cannot be missed
            self._dma.mmio.write(self._base + r.SR, r.IOC_IRQ)
        last = self._descriptors().word(transfer.details["descriptors"][-1], self._status_word)
        if last & r.COMPLETE and not last & (r.DEC_ERR | r.SLV_ERR | r.INT_ERR):
            if self._sends:
                return transfer.nbytes
            if not last & r.RX_EOF:
                with suppress(TimeoutError):  # else it would go on in the buffers that are chained behind, of which nobody hears any more
                    self._halt()
                raise TransferError(
                    f"{self.title}: the packet is longer than its buffer of {transfer.nbytes} bytes, and does not end in it. Call reset()",
                    status,
                )
            return last & 0x03FFFFFF
        if status & (r.ERR_IRQ | r.ERROR_ELSEWHERE):
            raise self._failed(status)
        return None

    def _failed(self, status: int) -> TransferError:
        mmio, ring = self._dma.mmio, self._descriptors()
        error = mmio.read(self._side + r.ERR)
        words = error_words(error, ERRORS) or f"an error of no known kind (ERR {error:#010x})"
        if not status & r.ERR_IRQ:
            return TransferError(f"{self.title} stands, since another channel of its side failed: {words}. Call reset()", error)
        address = mmio.read(self._base + r.CURDESC)
        if self.limits.address_bits > 32:
            address |= mmio.read(self._base + r.CURDESC_MSB) << 32
        index = ring.index_of(address)
        where = f"the descriptor at {address:#x}" if index is None else f"descriptor {index} at {address:#x} ({ring.dump(index)})"
        return TransferError(f"{words} on {self.title}, {where}. Call reset()", error)

    def ended(self, transfer: Transfer) -> None:
        self._descriptors().give_back(len(transfer.details["descriptors"]))

    def abort(self, transfer: Transfer) -> None:
        self._halt()

    def why(self, transfer: Transfer) -> str:
        ahead = [*self.queue.under_way, *self.queue.queued]
        if transfer in ahead[1:]:
            return f"It waits for {ahead.index(transfer)} transfers of this channel before it; the first one: {self.why(ahead[0])}"
        end = far_end(self._dma.description.get("design"), self._dma._fullpath, self._stream)
        name = end[0] if end is not None else "whatever its stream is connected to"
        words = stream_words(self.device, self._dma._fullpath, self._stream)
        if self._sends:
            own = self._dma.recvchannels
            if name == self._dma._fullpath:
                if self.number >= len(own):
                    return f"It waits for its own S2MM side, which has no channel {self.number}.{words}"
                if not own[self.number].queue.under_way:
                    return f"It waits for its own {own[self.number].name}, which has no buffer: call its transfer() first.{words}"
            return f"It waits for {name} to take the data.{words}"
        dropped = " Packets for this channel came while it had no buffer, and were dropped." if self.status & r.DROP_IRQ else ""
        return f"It waits for a packet with TDEST {self.number} from {name}, which ends with TLAST.{dropped}{words}"

    def position(self, transfer: Transfer) -> int | None:
        ring, taken = self._ring, transfer.details.get("descriptors")
        if ring is None or not taken:
            return None
        pieces = zip(taken, self._pieces(transfer.nbytes), strict=True)
        return sum(nbytes for index, (_, nbytes) in pieces if ring.word(index, self._status_word) & r.COMPLETE)
