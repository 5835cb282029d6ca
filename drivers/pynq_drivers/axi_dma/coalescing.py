"""When packets interrupt: each so many of them, or some time after the last.

Source: AMD PG021, AXI DMA v7.1: "MM2S_DMACR" (IRQThreshold, IRQDelay), "Interrupts". Both counts stand still in direct register mode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynq_drivers.axi_dma import registers as r

_RESOLUTION = 125  # clocks to one step of IRQDelay (C_DLYTMR_RESOLUTION)


class Coalescing:
    """Counts ends of packets of one channel. `interrupt(bits)` raises IOC_IRQ or DLY_IRQ."""

    def __init__(self, clock: Any, frequency: float, resolution: int, interrupt: Callable[[int], object]) -> None:
        self._clock = clock
        self._step = (resolution or _RESOLUTION) / frequency
        self._interrupt = interrupt
        self._threshold, self._delay = 1, 0
        self._left = 1
        self._timer: Any = None

    @property
    def status(self) -> int:
        """Bits 31:16 of DMASR: how many packets are still to come, and what is left of the delay."""
        waited = 0
        if self._timer is not None:
            waited = min(self._delay, max(0, int((self._clock.now() - self._began) / self._step)))
        return self._left << r.THRESHOLD | waited << r.DELAY

    def load(self, control: int) -> None:
        """DMACR was written."""
        self._threshold, self._delay = control >> r.THRESHOLD & 0xFF or 1, control >> r.DELAY & 0xFF
        self._left = self._threshold
        self._stop()

    def packet(self) -> None:
        """A packet has ended."""
        self._stop()
        self._left -= 1
        if self._left <= 0:
            self._left = self._threshold
            self._interrupt(r.IOC_IRQ)
        elif self._delay:
            self._began: float = self._clock.now()
            self._timer = self._clock.call_later(self._delay * self._step, self._late)

    def _late(self) -> None:
        self._timer = None
        self._left = self._threshold
        self._interrupt(r.DLY_IRQ)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
