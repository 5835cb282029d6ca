"""How copies are carried out: by the registers of a simple transfer, or by descriptors where the core has the scatter-gather engine.

Source: AMD PG034, AXI Central DMA v4.1: "Simple DMA Operation", "Scatter Gather Operation", "Errors", as remembered.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pynq_drivers import waiting
from pynq_drivers.axi_cdma import registers as r
from pynq_drivers.axi_cdma.places import Place
from pynq_drivers.transfers.diagnosis import error_words
from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.limits import Reach, Span, parts
from pynq_drivers.transfers.queue import Carrier, TransferQueue
from pynq_drivers.transfers.ring import Ring
from pynq_drivers.transfers.transfer import Shown, Transfer

if TYPE_CHECKING:
    from pynq_drivers.axi_cdma.driver import AxiCDMA

_DESCRIPTORS = 256

ERRORS = {
    r.DMA_INT_ERR: "DMA Internal Error (length 0, or an address or length that the core cannot do)",
    r.DMA_SLV_ERR: "DMA Slave Error (the memory refused the access)",
    r.DMA_DEC_ERR: "DMA Decode Error (invalid address)",
    r.SG_INT_ERR: "Scatter Gather Internal Error (a descriptor was done already when it was fetched)",
    r.SG_SLV_ERR: "Scatter Gather Slave Error (the memory of the descriptors refused the access)",
    r.SG_DEC_ERR: "Scatter Gather Decode Error (invalid address of a descriptor)",
}


class Copy(Transfer):
    """A copy from one place of memory to another; the buffers at both its ends know of it."""

    def __init__(self, queue: TransferQueue, source: Place, destination: Place, nbytes: int, keyhole: int) -> None:
        end = destination if destination.array is not None else source
        super().__init__(queue, end.array, end.start, Span(end.address, nbytes, end.offset), destination.array is not None)
        self.source, self.destination, self.keyhole = source.address, destination.address, keyhole
        self.descriptors: tuple[int, ...] = ()
        # The buffer that is read, where the transfer itself is of the one that is written.
        self.read_from = _Reading(self, source) if self.to_memory and source.array is not None else None

    def hold(self) -> None:
        super().hold()
        if self.read_from is not None:
            self.read_from.begin()

    def _release(self) -> None:
        if self.read_from is not None:
            self.read_from.end()
        super()._release()

    def let_go(self) -> None:
        super().let_go()
        self.read_from = None


class _Reading(Shown):
    """What the buffer at the source shows of a copy."""

    __slots__ = ("_offset", "array", "start")

    def __init__(self, transfer: Copy, source: Place) -> None:
        super().__init__(transfer)
        self.array, self.start, self._offset = source.array, source.start, source.offset

    @property
    def to_memory(self) -> bool:
        return False

    @property
    def offset(self) -> int:
        return self._offset

    def begin(self) -> None:
        if hasattr(self.array, "begin_transfer"):
            self.array.begin_transfer(self)

    def end(self) -> None:
        if hasattr(self.array, "end_transfer"):
            self.array.end_transfer(self)


class CdmaCarrier(Carrier):
    """What both ways have in common: status, errors, the interrupt, the reset."""

    def __init__(self, cdma: AxiCDMA) -> None:
        self.cdma = cdma
        self.title = cdma._fullpath
        self.device = cdma.device
        pin = "cdma_introut"
        self._pin = pin if pin in cdma._interrupts else ""
        self.queue = TransferQueue(self)
        self._control: int | None = None  # what was last written to CDMACR

    prompt = True

    @cached_property
    def interrupt(self) -> Any:
        """The interrupt, made when it is first needed; None where none is connected, or the device has no way to it."""
        return self.cdma[self._pin] if self._pin else None

    def room(self, transfer: Transfer) -> bool:
        return not self.queue.under_way

    def prepare(self, copy: Copy, control: int) -> None:
        """All that comes before the words which start `copy`."""
        status = self.cdma.mmio.read(r.CDMASR)
        if status & r.ERRORS:
            raise TransferError(f"{self.title} is in an error state: {self.explain(status)}. Call reset()", status)
        if not self.queue.under_way and not status & r.IDLE:
            raise TransferError(
                f"{self.title} is copying something that this driver did not ask for; wait until it is idle, or call reset()", status
            )
        if copy.read_from is not None:
            copy.read_from.array.flush()
        if copy.array is not None:
            # Lines of the destination that the processor wrote must not be put back over what the core writes.
            copy.part.flush()
        if not self.queue.under_way and status & r.INTERRUPTS:  # of a copy that nobody waited for: it would end the next wait at once
            self.cdma.mmio.write(r.CDMASR, status & r.INTERRUPTS)
        control |= copy.keyhole | 0x00010000
        if self.interrupt is not None:
            control |= r.IOC_IRQ_EN | r.ERR_IRQ_EN
        if control != self._control:
            self.configured(control)

    def configured(self, control: int) -> None:
        """CDMACR is written."""
        self.cdma.mmio.write(r.CDMACR, control)
        self._control = control

    def put_address(self, word: int, address: int) -> None:
        self.cdma.mmio.write(word, address & 0xFFFFFFFF)
        if self.cdma.configuration_of_core.address_bits > 32:
            self.cdma.mmio.write(word + 4, address >> 32)

    def explain(self, status: int) -> str:
        return error_words(status, ERRORS) or f"an error of no known kind (CDMASR {status:#010x})"

    def abort(self, transfer: Transfer) -> None:
        self.reset()  # the core has no other way to stop

    def reset(self) -> None:
        """Resets the core; TimeoutError where it does not come out of it."""
        mmio = self.cdma.mmio
        mmio.write(r.CDMACR, r.RESET)
        self._control = None
        waiting.reset(self.device.clock, lambda: not mmio.read(r.CDMACR) & r.RESET, self.title)

    def why(self, transfer: Transfer) -> str:
        assert isinstance(transfer, Copy)
        if transfer in self.queue.queued:
            return f"It waits for {len(self.queue.under_way) + self.queue.queued.index(transfer)} copies before it."
        return (
            f"The core is neither idle nor in an error: reading from {transfer.source:#x} or writing to {transfer.destination:#x} "
            "gets no answer. Do the clocks of both memories run, and is what stands between them out of reset?"
        )


class SimpleCarrier(CdmaCarrier):
    """One copy at a time: source, destination, length."""

    def begin(self, transfer: Transfer) -> None:
        assert isinstance(transfer, Copy)
        self.prepare(transfer, 0)
        self.put_address(r.SA, transfer.source)
        self.put_address(r.DA, transfer.destination)
        self.cdma.mmio.write(r.BTT, transfer.nbytes)

    def bytes_done(self, transfer: Transfer) -> int | None:
        status = self.cdma.mmio.read(r.CDMASR)
        if status & r.ERRORS:
            assert isinstance(transfer, Copy)
            raise TransferError(
                f"{self.explain(status)} on {self.title}, copying {transfer.nbytes} bytes from {transfer.source:#x} to "
                f"{transfer.destination:#x}. Call reset()",
                status,
            )
        return transfer.nbytes if status & r.IDLE else None

    def ended(self, transfer: Transfer) -> None:
        if self.interrupt is not None:
            self.cdma.mmio.write(r.CDMASR, r.IOC_IRQ)


class ChainCarrier(CdmaCarrier):
    """Copies as chains of descriptors, of which the next may be queued while one runs."""

    def __init__(self, cdma: AxiCDMA) -> None:
        super().__init__(cdma)
        self._ring: Ring | None = None

    def parts(self, nbytes: int) -> list[tuple[int, int]]:
        core = self.cdma.configuration_of_core
        return parts(nbytes, core.longest - core.longest % core.width)

    def ring(self) -> Ring:
        """The descriptors, made with the first copy."""
        if self._ring is None:
            reach = Reach(self.cdma.description.get("design"), self.title, "M_AXI_SG")
            self._ring = Ring(self.device.allocate, _DESCRIPTORS, reach, self.title)
        return self._ring

    def room(self, transfer: Transfer) -> bool:
        assert isinstance(transfer, Copy)
        if not self.queue.under_way:
            return True
        running = self.queue.under_way[0]
        assert isinstance(running, Copy)
        return running.keyhole == transfer.keyhole and len(self.parts(transfer.nbytes)) <= self.ring().room

    def configured(self, control: int) -> None:
        # Leaving scatter-gather mode clears the pointers, so that the next chain starts at the first descriptor.
        self.cdma.mmio.write(r.CDMACR, control & ~r.SG_MODE)
        super().configured(control)
        ring = self.ring()
        ring.rewind()
        self.put_address(r.CURDESC, ring.address(0))

    def begin(self, transfer: Transfer) -> None:
        assert isinstance(transfer, Copy)
        ring = self.ring()
        self.prepare(transfer, r.SG_MODE)
        pieces = self.parts(transfer.nbytes)
        taken = ring.take(len(pieces))
        transfer.descriptors = tuple(taken)
        for index, (offset, nbytes) in zip(taken, pieces, strict=True):
            source = transfer.source + (0 if transfer.keyhole & r.KEYHOLE_READ else offset)
            destination = transfer.destination + (0 if transfer.keyhole & r.KEYHOLE_WRITE else offset)
            words = {2: source & 0xFFFFFFFF, 3: source >> 32, 4: destination & 0xFFFFFFFF, 5: destination >> 32, 6: nbytes}
            ring.write(index, words)
        ring.publish(taken)
        self.put_address(r.TAILDESC, ring.address(taken[-1]))

    def bytes_done(self, transfer: Transfer) -> int | None:
        assert isinstance(transfer, Copy)
        ring = self.ring()
        status = self.cdma.mmio.read(r.CDMASR)
        if status & r.IOC_IRQ:  # of one descriptor of many: cleared before the last one is looked at, it cannot be missed
            self.cdma.mmio.write(r.CDMASR, r.IOC_IRQ)
        last = ring.word(transfer.descriptors[-1], 7)
        if last & r.COMPLETE and not last & (r.DEC_ERR | r.SLV_ERR | r.INT_ERR):
            return transfer.nbytes
        if not status & (r.ERRORS | r.IDLE):
            return None
        low = self.cdma.mmio.read(r.CURDESC)
        index = ring.index_of(low | (self.cdma.mmio.read(r.CURDESC_MSB) << 32 if self.cdma.configuration_of_core.address_bits > 32 else 0))
        where = f"the descriptor at {low:#x}" if index is None else f"descriptor {index} at {ring.address(index):#x} ({ring.dump(index)})"
        if status & r.ERRORS:
            raise TransferError(f"{self.explain(status)} on {self.title}, {where}. Call reset()", status)
        raise TransferError(f"{self.title} stands idle at {where} with a copy of {transfer.nbytes} bytes not done. Call reset()", status)

    def ended(self, transfer: Transfer) -> None:
        assert isinstance(transfer, Copy)
        self.ring().give_back(len(transfer.descriptors))

    def position(self, transfer: Transfer) -> int | None:
        assert isinstance(transfer, Copy)
        ring = self._ring
        if ring is None or not transfer.descriptors:
            return None
        pieces = zip(transfer.descriptors, self.parts(transfer.nbytes), strict=True)
        return sum(nbytes for index, (_, nbytes) in pieces if ring.word(index, 7) & r.COMPLETE)

    def reset(self) -> None:
        super().reset()
        if self._ring is not None:
            self._ring.rewind()
