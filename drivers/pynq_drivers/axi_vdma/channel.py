"""What both channels of AXI VDMA have in common for software: mode, frame stores, start and stop, status, waiting.

Source: AMD PG020, AXI VDMA v6.3: "Programming Sequence", "Register Space", "Line and Frame Errors".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_vdma import registers as r
from pynq_drivers.axi_vdma.frames import FrameCache, VideoMode
from pynq_drivers.axi_vdma.stores import FrameList
from pynq_drivers.transfers import diagnosis
from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.limits import Reach

if TYPE_CHECKING:
    from pynq_drivers.axi_vdma.driver import AxiVDMA

_log = logging.getLogger(__name__)

# How long a core may take to start or reset, and after its present frame to stop (seconds).
_PATIENCE = 0.5
_FIRST_LOOK, _LONGEST_PAUSE = 50e-6, 2e-3
# With an interrupt the status is looked at all the same after so many seconds: an interrupt can be lost.
_LOOK_AGAIN = 0.5
# Who waits without a timeout is told after so many seconds, once, what stands still.
_TELL_AFTER = 3.0

ERRORS = {
    r.INT_ERR: "VDMA Internal Error (HSIZE or VSIZE is 0, or the datamover failed)",
    r.SLV_ERR: "VDMA Slave Error (the memory answered with an error)",
    r.DEC_ERR: "VDMA Decode Error (an address of a frame is nowhere on the core's bus)",
    r.SOF_EARLY: "SOF Early Error (a frame begins before the last one had VSIZE lines: the source's frames are shorter than the mode)",
    r.SOF_LATE: "SOF Late Error (more than VSIZE lines before the next frame: the source's frames are taller than the mode)",
    r.EOL_EARLY: "EOL Early Error (TLAST before HSIZE bytes: the source's lines are shorter than the mode)",
    r.EOL_LATE: "EOL Late Error (no TLAST after HSIZE bytes: the source's lines are longer than the mode)",
}


class Channel:
    """`readchannel` (S2MM, stream to memory) or `writechannel` (MM2S, memory to stream) of an `AxiVDMA`.

    Attributes
    ----------
    cacheable_frames : bool
        Whether frames are made in memory that the processor may cache (the default: reading them is much faster on a board).
    memory : object or None
        Where frames are made: what `allocate` takes as its target; the core's device where it is None.
    mismatches : dict
        How many waits have found each kind of frame or line that was not as the mode says, since the channel was started.
    """

    kind: str
    name: str
    stream: str
    to_memory: bool

    def __init__(self, dma: AxiVDMA, pin: str) -> None:
        given = dma.description["parameters"]
        self._dma = dma
        self._mmio = dma.mmio
        self._base = r.S2MM if self.to_memory else r.MM2S
        self._frame_base = r.S2MM_FRAME if self.to_memory else r.MM2S_FRAME
        self._pin = pin
        bits = parameters.integer(given, f"C_M_AXI_{self.kind}_ADDR_WIDTH", parameters.integer(given, "C_ADDR_WIDTH", 32))
        self.address_bits = max(32, bits)
        self.width = parameters.integer(given, f"C_M_AXI_{self.kind}_DATA_WIDTH", 32) // 8
        self.realigns = bool(parameters.integer(given, f"C_INCLUDE_{self.kind}_DRE", 0))
        self.genlock_mode = ("master", "slave", "dynamic master", "dynamic slave")[
            parameters.integer(given, f"C_{self.kind}_GENLOCK_MODE", 0) & 3
        ]
        self._reach = Reach(dma.description.get("design"), dma._fullpath, f"M_AXI_{self.kind}")
        self._mode: VideoMode | None = None
        self._cache: FrameCache | None = None
        self._frames = FrameList(self, dma.framecount)
        self._parked = not self.to_memory
        self.cacheable_frames = True
        self.memory: Any = None
        self.mismatches: dict[str, int] = {}

    @cached_property
    def _interrupt(self) -> Any:
        """The interrupt, made when it is first needed; None where none is connected, or the device has no way to it."""
        return self._dma[self._pin] if self._pin else None

    def __repr__(self) -> str:
        state = "started" if self._frames.filled else "not started"
        return f"<{self._title}: {state}, {self._mode if self._mode is not None else 'no mode set'}>"

    @property
    def _title(self) -> str:
        return f"{self._dma._fullpath}.{self.name}"

    # Words.

    def _read(self, word: int) -> int:
        return self._mmio.read(self._base + word)

    def _write(self, word: int, value: int) -> None:
        self._mmio.write(self._base + word, value)

    @property
    def status(self) -> int:
        """The status register VDMASR; one bus read."""
        return self._read(r.VDMASR)

    @property
    def running(self) -> bool:
        """Is the DMA channel running"""
        return not self.status & r.HALTED

    @property
    def error(self) -> bool:
        """Whether VDMASR has an error bit set; `explain` says which."""
        return bool(self.status & (r.FATAL | r.MISMATCHES))

    def explain(self) -> str:
        """The errors that the channel reports now, in words; '' where there are none. One bus read."""
        return diagnosis.error_words(self.status, ERRORS)

    @property
    def parked(self) -> bool:
        """Is the channel parked on one frame store (`desiredframe`), or running in circular buffer mode"""
        return not self._read(r.VDMACR) & r.CIRCULAR

    @parked.setter
    def parked(self, value: bool) -> None:
        with self._dma.device.lock:
            if value and not self.to_memory:
                self.desiredframe = self.activeframe
            control = self._read(r.VDMACR)
            self._write(r.VDMACR, control & ~r.CIRCULAR if value else control | r.CIRCULAR)
            self._parked = bool(value)

    @property
    def _shifts(self) -> tuple[int, int]:
        """Where in PARK_PTR_REG the present store and the one to park on stand."""
        return (r.WRITE_STORE_SHIFT, r.WRITE_REF_SHIFT) if self.to_memory else (r.READ_STORE_SHIFT, 0)

    @property
    def activeframe(self) -> int:
        """The frame index currently being processed by the DMA; while an error is not cleared, the one at which it occurred.

        One bus read, which disturbs nothing.
        """
        return self._mmio.read(r.PARK_PTR) >> self._shifts[0] & r.POINTER

    @property
    def desiredframe(self) -> int:
        """The frame index to be processed while the channel is parked"""
        return self._mmio.read(r.PARK_PTR) >> self._shifts[1] & r.POINTER

    @desiredframe.setter
    def desiredframe(self, index: int) -> None:
        if not 0 <= index < len(self._frames):
            raise ValueError(f"{self._title} has the frames 0 to {len(self._frames) - 1}, not {index!r}")
        shift = self._shifts[1]
        with self._dma.device.lock:
            pointers = self._mmio.read(r.PARK_PTR)
            self._mmio.write(r.PARK_PTR, pointers & ~(r.POINTER << shift) | index << shift)

    @property
    def irqframecount(self) -> int:
        """After how many frames the channel interrupts, and a wait ends: 1 to 255"""
        return self._read(r.VDMACR) >> r.FRAME_COUNT_SHIFT & 0xFF

    @irqframecount.setter
    def irqframecount(self, count: int) -> None:
        if not 1 <= count <= 255:
            raise ValueError(f"irqframecount is 1 to 255, not {count!r}")
        with self._dma.device.lock:
            control = self._read(r.VDMACR)
            changed = control & ~(0xFF << r.FRAME_COUNT_SHIFT) | count << r.FRAME_COUNT_SHIFT
            if changed != control:
                self._write(r.VDMACR, changed)

    # The mode.

    @property
    def mode(self) -> VideoMode | None:
        """The video mode of the DMA. Must be set prior to starting. Setting it stops a channel that runs.

        ValueError, before anything is written, for a mode that the core's registers or its memory interface cannot take.
        """
        return self._mode

    @mode.setter
    def mode(self, mode: VideoMode) -> None:
        # PYNQ's own class has the same attributes.
        if any(not hasattr(mode, name) for name in ("width", "height", "bits_per_pixel", "fps", "stride")):
            raise TypeError(f"{self._title}.mode is a VideoMode, such as VideoMode(640, 480, 24), not {mode!r}")
        mode = mode if isinstance(mode, VideoMode) else VideoMode(mode.width, mode.height, mode.bits_per_pixel, mode.fps, mode.stride)
        for value, most, what in (
            (mode.line, r.MAX_HSIZE, "bytes in a line (HSIZE)"),
            (mode.height, r.MAX_VSIZE, "lines (VSIZE)"),
            (mode.stride, r.MAX_STRIDE, "bytes from line to line (stride)"),
        ):
            if value > most:
                raise ValueError(f"{self._title} takes at most {most} {what}, and {mode} has {value}")
        if not self.realigns and mode.stride % self.width:
            padded = -(-mode.stride // self.width) * self.width
            raise ValueError(
                f"{self._title}: lines must begin at multiples of {self.width} bytes, as its core has no data realignment engine (Allow "
                f"Unaligned Transfers), and {mode} has a stride of {mode.stride}; pad it: VideoMode(..., stride={padded})"
            )
        if self._frames.filled or self.running:
            self.stop()
        self._mode = mode
        self._cache = None

    def _needed_mode(self) -> VideoMode:
        if self._mode is None:
            raise RuntimeError(
                f"Video mode not set, channel not started: set {self._title}.mode = VideoMode(width, height, bits_per_pixel)"
            )
        return self._mode

    def _made(self) -> FrameCache:
        if self._cache is None:
            target = self.memory if self.memory is not None else self._dma.device
            self._cache = FrameCache(self._needed_mode(), target, self.cacheable_frames, title=self._title)
        return self._cache

    def address_of(self, frame: Any) -> int:
        """The address of a frame's first pixel.

        Raises TypeError for what no `allocate` made, ValueError for an array that does not lie as the mode says (rows, bytes of a row,
        stride), for another device's memory, an unaligned address, or one that the core does not reach; what the array itself raises where
        it was freed or is a copy.
        """
        mode = self._needed_mode()
        if not hasattr(frame, "flush") or not hasattr(frame, "nbytes"):
            raise TypeError(f"{self._title} takes frames made by newframe() or allocate(), not {type(frame).__name__}: frame[:] = picture")
        rows = frame.shape[0] if frame.ndim else 0
        if rows != mode.height or frame[0].nbytes != mode.line or (rows > 1 and frame.strides[0] != mode.stride):
            raise ValueError(
                f"{self._title}: a frame of {mode.words} has {mode.height} rows of {mode.line} bytes, {mode.stride} bytes apart; "
                f"the array has shape {frame.shape}, dtype {frame.dtype} and strides {frame.strides}"
            )
        # Says so itself where it was freed, is strided, or never had one.
        address = self._reach.seen(int(frame[0].physical_address))
        owner = getattr(frame, "device", None)
        if owner is not None and owner is not self._dma.device:
            raise ValueError(f"{self._title}: the frame is in the memory of {owner!r}, this core is on {self._dma.device!r}")
        if not self.realigns and address % self.width:
            raise ValueError(
                f"{self._title}: frames must begin at multiples of {self.width} bytes, not at {address:#x}: "
                "its core has no data realignment engine"
            )
        if address + mode.nbytes > 1 << self.address_bits:
            raise ValueError(f"{self._title} reaches {self.address_bits} bits of address; the frame ends at {address + mode.nbytes - 1:#x}")
        self._reach.check(self._title, address, mode.nbytes, "the frame")
        return address

    # Running and standing.

    def _start(self, control: int) -> None:
        """Write the mode and start: `control` beside what each start has. The frame list is filled."""
        mode = self._needed_mode()
        with self._dma.device.lock:
            if self.status & r.FATAL:
                self._reset()
            kept = self._read(r.VDMACR) & (r.FSYNC_TUSER | r.GENLOCK_INTERNAL)
            enabled = r.FRMCNT_IRQ_EN | r.ERR_IRQ_EN if self._interrupt is not None else 0
            self._write(r.VDMACR, kept | control | enabled | r.RS | 1 << r.FRAME_COUNT_SHIFT)
            self._until(lambda status: not status & r.HALTED, "start", _PATIENCE)
            self._write(r.VDMASR, r.INTERRUPTS | r.MISMATCHES | r.INT_ERR)  # of an earlier run
            self._frames.write_all()
            delay = self._mmio.read(self._frame_base + r.STRIDE) & r.POINTER << 24
            self._mmio.write(self._frame_base + r.STRIDE, delay | mode.stride)
            self._mmio.write(self._frame_base + r.HSIZE, mode.line)
            self._mmio.write(self._frame_base + r.VSIZE, mode.height)  # this starts the frames
            self.mismatches = {}

    def reload(self) -> None:
        """Make what was written to the frame registers count from the next frame on."""
        if self._mode is not None:
            self._mmio.write(self._frame_base + r.VSIZE, self._mode.height)

    def stop(self) -> None:
        """Stops the channel at the end of its present frame; frames that nobody else holds are freed.

        A channel whose frame does not end, since no data comes or goes, is reset instead.
        """
        with self._dma.device.lock:
            if self.running:
                self._write(r.VDMACR, self._read(r.VDMACR) & ~r.RS)
                try:
                    self._until(lambda status: bool(status & r.HALTED), "stop", _PATIENCE)
                except TimeoutError:
                    _log.info("%s was in the middle of a frame that does not end, and is reset", self._title)
                    self._reset()
            self._forget()

    def reset(self) -> None:
        """Stops the channel at once and puts its registers to their defaults: what helps after an error. The other channel runs on."""
        with self._dma.device.lock:
            self._reset()
            self._forget()

    def _reset(self) -> None:
        self._write(r.VDMACR, r.RESET)
        waiting.reset(self._dma.device.clock, lambda: not self._read(r.VDMACR) & r.RESET, self._title, "do its clocks run?")

    def _forget(self) -> None:
        self._frames.clear()
        self._cache = None

    def _until(self, done: Callable[[int], bool], what: str, seconds: float) -> None:
        deadline = waiting.Deadline(self._dma.device.clock, seconds)
        pause = _FIRST_LOOK
        while not done(status := self.status):
            if deadline.passed():
                raise TimeoutError(f"{self._title} did not {what} within {seconds} s (VDMASR {status:#010x}): do its clocks run?")
            self._dma.device.clock.sleep(deadline.slice(pause))
            pause = min(2 * pause, _LONGEST_PAUSE)

    # Waiting for a frame.

    def _frame_is_over(self) -> bool:
        """Whether a frame has ended since this was last cleared; one bus read. Raises where none will."""
        status = self.status
        if status & r.FATAL:
            raise TransferError(
                f"{self._title} has stopped: {diagnosis.error_words(status & r.FATAL, ERRORS)}. start() begins anew", status
            )
        if status & r.HALTED:
            raise RuntimeError(f"DMA channel not started: {self._title} does not run; call start() after setting its mode")
        if status & r.MISMATCHES:
            self._note(status)
        return bool(status & r.FRMCNT_IRQ)

    def _note(self, status: int) -> None:
        """Frames or lines of another length: counted, told once each, and cleared, since the channel goes on."""
        for bit in (r.SOF_EARLY, r.SOF_LATE, r.EOL_EARLY, r.EOL_LATE):
            if status & bit:
                words = ERRORS[bit]
                if words not in self.mismatches:
                    _log.warning("%s: %s; the mode is %s", self._title, words, self._mode)
                self.mismatches[words] = self.mismatches.get(words, 0) + 1
        self._write(r.VDMASR, status & (r.MISMATCHES | r.INT_ERR | r.ERR_IRQ))

    def _steps(self, timeout: float | None, what: str) -> Iterator[float]:
        """For as long as no frame is over, how long to wait before the next look; in the end, TimeoutError."""
        clock = self._dma.device.clock
        deadline = waiting.Deadline(clock, timeout)
        patience = waiting.Deadline(clock, _TELL_AFTER if timeout is None else None)
        pause = _FIRST_LOOK
        while not self._frame_is_over():
            if deadline.passed():
                raise TimeoutError(f"{self._title}: no {what} within {timeout:.3g} s. {self.why_waiting()}")
            if patience.passed():
                patience = waiting.Deadline(clock, None)
                _log.warning(
                    "%s: no %s within %g s, and it goes on waiting. %s Interrupt the kernel to give up, or pass timeout=...",
                    self._title, what, _TELL_AFTER, self.why_waiting(),
                )  # fmt: skip
            if self._interrupt is not None:
                yield deadline.slice(_LOOK_AGAIN)
            else:
                yield deadline.slice(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _wait(self, timeout: float | None, what: str) -> None:
        for seconds in self._steps(timeout, what):
            if self._interrupt is None:
                self._dma.device.clock.sleep(seconds)
            else:
                try:
                    self._interrupt.wait_blocking(seconds)
                except TimeoutError:
                    continue

    async def _wait_async(self, timeout: float | None, what: str) -> None:
        for seconds in self._steps(timeout, what):
            if self._interrupt is None:
                await waiting.pause(self._dma.device.clock, seconds)
            else:
                try:
                    await self._interrupt.wait(seconds)
                except TimeoutError:
                    continue

    def why_waiting(self) -> str:
        """What a frame may be waiting for, in words, from the design's wires and, where the device is simulated, from the stream itself."""
        path = self._dma._fullpath
        end = diagnosis.far_end(self._dma.description.get("design"), path, self.stream)
        place = f"{end[0]} ({end[1]})" if end else "whatever its stream is connected to"
        if self.to_memory:
            words = (
                f"It waits for a frame of {self._needed_mode().words}, from {place}: "
                "lines that end with TLAST, TUSER at the first of a frame."
            )
        else:
            words = f"It waits for {place} to take the lines."
        other = next((channel for channel in self._dma.channels if channel is not self), None)
        if other is not None and not other._frames.filled:
            words += f" {other.name} is not started, perhaps that is what stands still."
        if self.mismatches:
            words += f" What came before was not as the mode says: {'; '.join(self.mismatches)}."
        return words + diagnosis.stream_words(self._dma.device, path, self.stream)
