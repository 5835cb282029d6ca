"""The write channel of AXI VDMA (MM2S): frames from memory to a stream.

Source: AMD PG020, AXI VDMA v6.3: "Register Space", "Genlock Synchronization".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynq_drivers.axi_vdma import registers as r
from pynq_drivers.axi_vdma.channel import Channel

if TYPE_CHECKING:
    from pynq_drivers.axi_vdma.read import S2MMChannel


class MM2SChannel(Channel):
    """DMA channel from memory to a video output.

    Will continually repeat the most recent frame written.

    Attributes
    ----------
    source : S2MMChannel or None
        The input that this output is tied to.
    """

    kind, name, stream, to_memory = "MM2S", "writechannel", "M_AXIS_MM2S", False
    source: S2MMChannel | None = None
    _scheduled = False  # a frame that may not have begun

    @property
    def sourcechannel(self) -> S2MMChannel | None:
        """`source`, by PYNQ's name."""
        return self.source

    def start(self) -> None:
        """Start the DMA channel with a blank screen. The mode must be set prior to calling or a RuntimeError will result."""
        if self._frames.filled:
            self.stop()
        blank = self._made().get()
        blank.fill(0)
        blank.flush()
        address = self.address_of(blank)
        for index in range(len(self._frames)):  # none is without an address, wherever the core may go
            self._frames.keep(index, blank, address)
        self._parked, self._scheduled = True, False
        self.desiredframe = 0
        self._start(r.GENLOCK_EN)

    def stop(self) -> None:
        """Stop the DMA channel at the end of its frame. Frames that nobody holds are freed."""
        if self.source is not None:
            self.source.tie(None)
        super().stop()

    def reset(self) -> None:
        if self.source is not None:
            self.source.tie(None)
        super().reset()

    def newframe(self) -> Any:
        """Returns a frame of the appropriate size for the video mode.

        It belongs to the caller until it is written. The contents of the frame are undefined and should not be assumed to be black.
        """
        return self._made().get()

    def writeframe(self, frame: Any, timeout: float | None = None) -> None:
        """Schedule the specified frame to be the next one displayed.

        Assumes ownership of frame which should no longer be modified by the user. Waits where there is already a frame scheduled that has
        not begun. Any buffer will do that lies as the mode says, a part of a larger picture too.

        Raises TypeError or ValueError for what cannot be displayed, before anything is written; TimeoutError after `timeout` seconds, and
        RuntimeError where the channel does not run: then the frame is still the caller's.
        """
        self.address_of(frame)
        if self._must_wait():
            self._wait(timeout, "frame went out")
        self._schedule(frame)

    async def writeframe_async(self, frame: Any, timeout: float | None = None) -> None:
        """As `writeframe`, for coroutines: waits without holding up the event loop."""
        self.address_of(frame)
        if self._must_wait():
            await self._wait_async(timeout, "frame went out")
        self._schedule(frame)

    def _must_wait(self) -> bool:
        if not self._frames.filled:
            raise RuntimeError(f"DMA channel not started: call {self._title}.start() before writing frames")
        if not self._scheduled:
            self._frame_is_over()  # raises where the channel has stopped
        return self._scheduled

    def _schedule(self, frame: Any) -> None:
        if self.source is not None:
            self.source.tie(None)
        frame.flush()
        with self._dma.device.lock:
            self._write(r.VDMASR, r.FRMCNT_IRQ)
            following = (self.desiredframe + 1) % len(self._frames)
            self._frames.put(following, frame)
            self.reload()
            self.desiredframe = following
            self._scheduled = True

    def setframe(self, frame: Any) -> None:
        """Sets a frame without blocking: it is displayed from the next one on, again and again. The caller may go on writing it.

        In most circumstances writeframe() is more appropriate: what is written while it is displayed shows half old, half new.
        """
        if not self._frames.filled:
            raise RuntimeError(f"DMA channel not started: call {self._title}.start() before setting a frame")
        self.address_of(frame)
        frame.flush()
        with self._dma.device.lock:
            self._frames.put(self.desiredframe, frame)
            self.reload()

    @property
    def framedelay(self) -> int:
        """How many frames a genlocked output stays behind its input: 0 to 31"""
        return self._mmio.read(self._frame_base + r.STRIDE) >> 24 & r.POINTER

    @framedelay.setter
    def framedelay(self, value: int) -> None:
        if not 0 <= value <= r.POINTER:
            raise ValueError(f"framedelay is 0 to {r.POINTER}, not {value!r}")
        with self._dma.device.lock:
            register = self._mmio.read(self._frame_base + r.STRIDE)
            self._mmio.write(self._frame_base + r.STRIDE, register & r.MAX_STRIDE | value << 24)
