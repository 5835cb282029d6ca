"""A channel of AXI DMA with the Scatter Gather Engine: transfers are chains of descriptors, several at a time.

Source: AMD PG021, AXI DMA v7.1: "Scatter/Gather Mode", "Scatter Gather Descriptor", "MM2S_CURDESC", "MM2S_TAILDESC", "Cyclic DMA Mode".
"""

from __future__ import annotations

import logging
from typing import Any

from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.channel import Channel
from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.limits import Reach, Span, parts
from pynq_drivers.transfers.ring import SIZE, Ring
from pynq_drivers.transfers.transfer import Transfer

_DESCRIPTORS = 64  # of the ring at first
_MOST = 1 << 20  # descriptors: 64 MiB of them
_EACH = 1 << r.THRESHOLD  # each packet interrupts
_log = logging.getLogger(__name__)


class CyclicTransfer(Transfer):
    """A buffer that is sent again and again until the channel is stopped; ``with`` stops it at the end of the block."""

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> int:
        raise RuntimeError(f"Cannot wait in cyclic BD mode: {self.title} sends its buffer again and again until stop()")

    async def wait_async(self, timeout: float | None = None, progress: bool | None = None) -> int:
        return self.wait()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._give_up(error) if error is not None else self.cancel()

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.__exit__(kind, error, trace)


class ScatterGatherChannel(Channel):
    """`sendchannel` or `recvchannel` of a core with the Scatter Gather Engine. A received transfer ends with its packet."""

    def __init__(self, *args: Any, descriptors: Reach, descriptor_bits: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._descriptors_reach = descriptors
        self._descriptor_bits = descriptor_bits
        self._ring: Ring | None = None
        self._cyclic = False
        self._spent = False  # it was cyclic, and has not been reset since

    # Running and standing.

    @property
    def ring(self) -> Ring:
        """The descriptors."""
        if self._ring is None:
            self._ring = self._made_ring(_DESCRIPTORS)
        return self._ring

    def _made_ring(self, count: int) -> Ring:
        ring = Ring(self.device.allocate, count, self._descriptors_reach, self.title)
        if ring.base + count * SIZE > 1 << self._descriptor_bits:
            raise ValueError(f"{self.title} reads descriptors in {self._descriptor_bits} bits of address; they are at {ring.base:#x}")
        return ring

    def _start(self) -> None:
        status = self.status
        if status & r.ERRORS:
            raise TransferError(f"{self.title} does not start: {self.explain(status)}. Call reset()", status)
        if not status & r.HALTED:
            if self.queue.under_way:
                return
            self._halt()  # CURDESC is taken only while it stands
        self._leave_cyclic()
        self._reset_spent()
        self.ring.rewind()
        self._point(r.CURDESC, self.ring.address(0))
        self._run(_EACH)

    def _point(self, word: int, address: int) -> None:
        self._mmio.write(self._base + word, address & 0xFFFFFFFF)
        if self._descriptor_bits > 32:
            self._mmio.write(self._base + word + 4, address >> 32)

    def _stopped(self) -> None:
        self._leave_cyclic()
        if not any(self.neighbours):  # else it is done before the next start
            self._reset_spent()

    def _leave_cyclic(self) -> None:
        if self._cyclic:
            self._cyclic, self._spent, self._ring = False, True, None

    def _reset_spent(self) -> None:
        """After cyclic mode a core goes on only after a reset, as PYNQ found, too."""
        if not self._spent:
            return
        others = [channel for channel in self.dma.channels if channel is not self]
        busy = [channel.name for channel in others if channel.queue]
        if busy:
            raise RuntimeError(
                f"{self.title} was stopped in cyclic mode and has to be reset, which would give up what {busy[0]} has under way, too: "
                "wait for that first, or call reset()"
            )
        self.dma.reset_core()
        for channel in others:
            if channel.is_started:
                channel.start()

    def was_reset(self) -> None:
        self._leave_cyclic()
        self._spent = False

    def abort(self, transfer: Transfer) -> None:
        under_way = list(self.queue.under_way)
        self.queue.under_way.clear()  # so that the ring is begun anew
        try:
            super().abort(transfer)
        finally:
            self.queue.under_way.extend(under_way)

    # Transfers.

    def check_size(self, span: Span) -> None:
        count = len(range(0, span.nbytes, self.limits.longest_aligned))
        if count > _MOST:
            raise ValueError(f"{self.title}: {span.nbytes} bytes would take {count} descriptors; {_MOST} is the most")

    def refuse_cyclic(self) -> None:
        if not self.sends:
            raise RuntimeError(f"Cyclic BD mode only valid in sendchannel, not in {self.title}")

    def made(self, array: Any, start: int, span: Span, cyclic: bool) -> Transfer:
        kind = CyclicTransfer if cyclic else Transfer
        pieces = parts(span.nbytes, self.limits.longest_aligned if span.nbytes > self.limits.longest else self.limits.longest)
        return kind(self.queue, array, start, span, not self.sends, parts=pieces, cyclic=cyclic, seen=0, moved=0)

    def room(self, transfer: Transfer) -> bool:
        if not self.queue.under_way:
            return True
        return not self._cyclic and len(transfer.details["parts"]) <= self.ring.room

    def begin(self, transfer: Transfer) -> None:
        status = self.status
        if status & r.ERRORS:
            self.ready(status)
        pieces, cyclic = transfer.details["parts"], transfer.details["cyclic"]
        if cyclic:
            self._begin_cyclic(transfer, pieces)
            return
        if len(pieces) > self.ring.room:
            # Nothing is under way, or there would have been no room.
            self._halt()
            self._ring = self._made_ring(max(_DESCRIPTORS, 1 << len(pieces).bit_length()))
            self._start()
        elif status & r.HALTED:
            self._start()
        indices = self.ring.take(len(pieces))
        self._describe(self.ring, indices, transfer, pieces)
        if status & r.INTERRUPTS and not self.queue.under_way:  # of a transfer that nobody waited for
            self._mmio.write(self._base + r.DMASR, status & r.INTERRUPTS)
        self._point(r.TAILDESC, self.ring.address(indices[-1]))

    def _begin_cyclic(self, transfer: Transfer, pieces: list[tuple[int, int]]) -> None:
        ring = self._made_ring(len(pieces))
        self._halt()
        self._reset_spent()
        self._describe(ring, range(len(pieces)), transfer, pieces)
        self._ring, self._cyclic = ring, True
        self._point(r.CURDESC, ring.address(0))
        self._run(_EACH | r.CYCLIC)
        self._point(r.TAILDESC, ring.address(len(pieces)))  # of no descriptor of the chain, as the guide asks for

    def _describe(self, ring: Ring, indices: Any, transfer: Transfer, pieces: list[tuple[int, int]]) -> None:
        first, last = indices[0], indices[-1]
        for index, (offset, nbytes) in zip(indices, pieces, strict=True):
            address = transfer.address + offset
            frame = (r.SOF if index == first else 0) | (r.EOF if index == last else 0) if self.sends else 0
            ring.write(index, {r.BUFFER: address & 0xFFFFFFFF, r.BUFFER_MSB: address >> 32, r.CONTROL: nbytes | frame})
        ring.publish(indices)
        transfer.details.update(ring=ring, indices=indices, seen=0, moved=0)

    def bytes_done(self, transfer: Transfer) -> int | None:
        details = transfer.details
        if not details["cyclic"]:
            seen, moved, ended = self._seen(transfer)
            details["seen"], details["moved"] = seen, moved
            if ended or seen == len(details["indices"]):
                return transfer.nbytes if self.sends else moved
        status = self.status
        if status & (r.ERRORS | r.HALTED):
            raise self.failed(status, transfer.nbytes, self._at_fault(transfer) if status & r.ERRORS else "")
        return None

    def _seen(self, transfer: Transfer) -> tuple[int, int, bool]:
        """Descriptors of the transfer that are complete, the bytes they tell, and whether a packet ended in the last of them."""
        details = transfer.details
        ring, indices = details["ring"], details["indices"]
        seen, moved = details["seen"], details["moved"]
        while seen < len(indices):
            status = ring.word(indices[seen], r.STATUS)
            if not status & r.COMPLETE or status & r.DMA_ERRORS << r.STATUS_ERRORS:
                break
            seen += 1
            moved += status & r.COUNT
            if not self.sends and status & r.EOF:
                return seen, moved, True
        return seen, moved, False

    def ended(self, transfer: Transfer) -> None:
        details = transfer.details
        ring: Ring = details["ring"]
        count = len(details["indices"])
        transfer.end_of_packet = self.sends or bool(ring.word(details["indices"][details["seen"] - 1], r.STATUS) & r.EOF)
        if self.interrupt is not None:
            self._mmio.write(self._base + r.DMASR, r.IOC_IRQ)
        if details["seen"] < count:
            self._skip(transfer)
        ring.give_back(count)

    def _skip(self, transfer: Transfer) -> None:
        """The packet was shorter than the buffer: the core is led past the descriptors that it left over, or the next would go there."""
        ring, indices, seen = transfer.details["ring"], transfer.details["indices"], transfer.details["seen"]
        self._halt()
        if ring.word(indices[seen], r.STATUS) & r.COMPLETE:
            _log.warning(
                "%s: the packet of %d bytes ended in descriptor %d of %d, and the next packet had begun to arrive in the rest of its "
                "buffer: that part is lost. Receive packets of one length, or into buffers of at most %d bytes",
                self.title,
                transfer.details["moved"],
                seen,
                len(indices),
                self.limits.longest,
            )
        behind = (indices[-1] + 1) % ring.count
        self._point(r.CURDESC, ring.address(behind))
        self._run(_EACH)
        # The oldest has been taken out by now: these are the ones behind it.
        if self.queue.under_way:
            self._point(r.TAILDESC, ring.address(self.queue.under_way[-1].details["indices"][-1]))

    def position(self, transfer: Transfer) -> int | None:
        """Bytes of the descriptors that are complete; reads memory, no register."""
        return None if transfer.details["cyclic"] else self._seen(transfer)[1]

    # Errors.

    def _at_fault(self, transfer: Transfer) -> str:
        """Which descriptor the core stands at, and what it says."""
        address = self._mmio.read(self._base + r.CURDESC)
        if self._descriptor_bits > 32:
            address |= self._mmio.read(self._base + r.CURDESC_MSB) << 32
        ring: Ring = transfer.details["ring"]
        index = ring.index_of(address)
        if index is None:
            return f"The core stands at a descriptor at {address:#x}, which is none of this channel's ({ring!r}). "
        for other in self.queue.under_way:
            indices = other.details["indices"]
            if index in indices:
                place = f"Descriptor {list(indices).index(index) + 1} of {len(indices)} of the transfer of {other.nbytes} bytes"
                break
        else:
            place = f"Descriptor {index} of the ring, which belongs to no transfer under way,"
        return f"{place} at {address:#x}: {ring.dump(index)}. "
