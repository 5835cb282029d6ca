"""A channel of AXI DMA in direct register mode: one transfer at a time, begun by LENGTH.

Source: AMD PG021, AXI DMA v7.1: "Direct Register Mode (Simple DMA)", "MM2S_SA", "MM2S_LENGTH", "S2MM_LENGTH".
"""

from __future__ import annotations

from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.channel import Channel
from pynq_drivers.transfers.limits import Span, check_length
from pynq_drivers.transfers.transfer import Transfer

_ADVICE = (
    "Transfer in parts, widen the core's length register (Width of Buffer Length Register, c_sg_length_width), or enable its Scatter "
    "Gather Engine, with which longer transfers are split"
)
_MICRO_ADVICE = "Micro DMA moves one burst at a time (c_micro_dma): transfer in parts, or disable it in the core"


class DirectChannel(Channel):
    """`sendchannel` or `recvchannel` of a core without the Scatter Gather Engine."""

    prompt = True

    def check_size(self, span: Span) -> None:
        check_length(self.title, span.nbytes, self.limits.longest, _MICRO_ADVICE if self.limits.never_crosses else _ADVICE)

    def refuse_cyclic(self) -> None:
        raise TypeError(
            f"{self.title}: transfer() got an unexpected keyword argument 'cyclic': the core is in direct register mode, and only "
            "its Scatter Gather Engine (C_INCLUDE_SG = 1) can send a buffer again and again"
        )

    def room(self, transfer: Transfer) -> bool:
        return not self.queue.under_way

    def begin(self, transfer: Transfer) -> None:
        status = self.status
        self.ready(status)
        if status & r.INTERRUPTS:  # of a transfer that nobody waited for: left there, it would end the next wait again and again
            self._mmio.write(self._base + r.DMASR, status & r.INTERRUPTS)
        self._mmio.write(self._base + r.ADDRESS, transfer.address & 0xFFFFFFFF)
        if self.limits.address_bits > 32:
            self._mmio.write(self._base + r.ADDRESS_MSB, transfer.address >> 32)
        self._mmio.write(self._base + r.LENGTH, transfer.nbytes)

    def bytes_done(self, transfer: Transfer) -> int | None:
        status = self.status
        if status & (r.ERRORS | r.HALTED):
            raise self.failed(status, transfer.nbytes)
        if not status & r.IDLE:
            return None
        return transfer.nbytes if self.sends else self._mmio.read(self._base + r.LENGTH)

    def ended(self, transfer: Transfer) -> None:
        if self.interrupt is not None:
            self._mmio.write(self._base + r.DMASR, r.IOC_IRQ)

    def position(self, transfer: Transfer) -> int | None:
        """What the simulated device knows; None on a board, whose core does not tell."""
        model = getattr(self.device, "models", {}).get(self.dma._fullpath)
        channel = getattr(model, "send" if self.sends else "receive", None)
        found: int | None = getattr(channel, "position", None)
        return found
