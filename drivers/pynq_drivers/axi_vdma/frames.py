"""Pictures in memory: their format, and the buffers that hold them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from pynq_widgets.access import allocate

# Bits of a pixel by the name that `pynq_widgets.analysis.colour` has for the format.
FORMATS = {
    "grey": 8,
    "RGB565": 16,
    "YCbCr 4:2:2 packed (YUYV)": 16,
    "YCbCr 4:2:2 packed (UYVY)": 16,
    "RGB": 24,
    "BGR": 24,
    "RGBA": 32,
    "BGRA": 32,
}
_USUAL = {8: "grey", 16: "YCbCr 4:2:2 packed (YUYV)", 24: "BGR", 32: "BGRA"}


class VideoMode:
    """How a picture lies in memory.

    Attributes
    ----------
    width, height : int
        Pixels of a line, and lines.
    bits_per_pixel : int
        Bits of a pixel, whole bytes, 8 to 64; those of `format` where it is not given.
    fps : int
        Frames a second, for whoever wants to know: the core goes at the speed of its streams.
    stride : int
        Bytes from one line to the next; without padding, where it is not given.
    format : str
        What the bytes of a pixel mean: a name of `FORMATS`; PYNQ's order, BGR, where it is not given. The core does not care.
    bytes_per_pixel : int
        Bytes of a pixel in memory.
    shape : tuple of int
        Of the array: (height, width), or (height, width, bytes_per_pixel).
    """

    def __init__(
        self,
        width: int,
        height: int,
        bits_per_pixel: int | None = None,
        fps: int = 60,
        stride: int | None = None,
        *,
        format: str | None = None,
    ) -> None:
        if format is not None and format not in FORMATS:
            raise ValueError(f"a format is one of {', '.join(map(repr, FORMATS))}, not {format!r}")
        if bits_per_pixel is None:
            bits_per_pixel = FORMATS[format] if format is not None else 24
        elif format is not None and FORMATS[format] != bits_per_pixel:
            raise ValueError(f"{format} has {FORMATS[format]} bits per pixel, not {bits_per_pixel}")
        if bits_per_pixel % 8:
            raise ValueError(f"the pixels of a video mode are whole bytes: bits_per_pixel is 8, 16, 24, 32 ... 64, not {bits_per_pixel}")
        for name, value, most in (("width", width, 65535), ("height", height, 65535), ("bits_per_pixel", bits_per_pixel, 64)):
            if not 1 <= value <= most:
                raise ValueError(f"{name} of a video mode is 1 to {most}, not {value!r}")
        self.width = int(width)
        self.height = int(height)
        self.bits_per_pixel = int(bits_per_pixel)
        self.bytes_per_pixel = (self.bits_per_pixel - 1) // 8 + 1
        self.fps = fps
        self.format = format or _USUAL.get(self.bits_per_pixel, "")
        self.stride = int(stride) if stride else self.line
        if self.stride < self.line:
            raise ValueError(f"a stride of {stride} bytes is less than a line of {self.width} pixels of {self.bytes_per_pixel} bytes")
        self.shape: tuple[int, ...] = (self.height, self.width)
        if self.bytes_per_pixel > 1:
            self.shape = (*self.shape, self.bytes_per_pixel)

    @property
    def line(self) -> int:
        """Bytes of the pixels of one line."""
        return self.width * self.bytes_per_pixel

    @property
    def nbytes(self) -> int:
        """Bytes from the first pixel to the last, with what pads the lines between."""
        return self.stride * (self.height - 1) + self.line

    @property
    def words(self) -> str:
        """``'640 × 480, 24 bits'``."""
        return f"{self.width} × {self.height}, {self.bits_per_pixel} bits"

    def __repr__(self) -> str:
        return f"VideoMode: width={self.width} height={self.height} bpp={self.bits_per_pixel} fps={self.fps}"

    def _key(self) -> tuple[Any, ...]:
        return self.width, self.height, self.bits_per_pixel, self.fps, self.stride, self.format

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, VideoMode) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


class FrameCache:
    """The buffers of one channel while it runs. One that nobody holds any more is used again: allocation takes milliseconds.

    A frame belongs to whoever has it. `get` gives one that no other array, list or variable refers to; of those that are idle at most
    `capacity` are kept. `clear` forgets all: what nobody holds is then freed.
    """

    def __init__(self, mode: VideoMode, target: Any, cacheable: bool, capacity: int = 5, title: str = "") -> None:
        self._title = title
        self._mode = mode
        self._target = target
        self._cacheable = cacheable
        self._capacity = capacity
        self._frames: list[Any] = []

    def get(self) -> Any:
        """A frame of the mode's shape, its contents undefined. ``PoolExhaustedError`` where there is no memory for it."""
        self._frames = [frame for frame in self._frames if not frame.freed]
        idle = [i for i in range(len(self._frames)) if self._is_idle(i)]
        if idle:
            frame = self._frames[idle[0]]
            for i in reversed(idle[self._capacity :]):
                del self._frames[i]
        else:
            frame = self._allocate()
            if self._title and hasattr(frame, "name"):
                frame.name = f"frame of {self._title}"
            self._frames.append(frame)
        return self._seen(frame)

    def _allocate(self) -> Any:
        mode = self._mode
        if mode.stride == mode.line:
            return allocate(mode.shape, "u1", target=self._target, cacheable=self._cacheable)
        return allocate((mode.height, mode.stride), "u1", target=self._target, cacheable=self._cacheable)

    def _seen(self, buffer: Any) -> Any:
        """The picture in a buffer, without what pads its lines."""
        mode = self._mode
        if mode.stride == mode.line:
            return buffer
        pixels = buffer[:, : mode.line]
        if mode.bytes_per_pixel == 1:
            return pixels
        strides = (mode.stride, mode.bytes_per_pixel, 1)
        view = np.lib.stride_tricks.as_strided(pixels, mode.shape, strides, subok=True)
        return view

    def _is_idle(self, i: int) -> bool:
        # One reference is the list's, one the argument's of getrefcount. Every view of a frame refers to it as its base.
        return sys.getrefcount(self._frames[i]) <= 2

    @property
    def buffers(self) -> tuple[Any, ...]:
        """What has been allocated and is still known here."""
        return tuple(self._frames)

    def clear(self) -> None:
        """Forget all frames."""
        self._frames.clear()
