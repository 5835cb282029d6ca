"""What the cores of a PYNQ video pipeline do to the pixels of a stream, for the simulated device.

Source: the cores' behaviour in PYNQ's ``boards/ip/hls`` (``color_convert``, ``pixel_pack``, ``pixel_unpack`` and their test benches):
components are numbers of 8 bits behind the point, coefficients of 10 bits with 8 behind the point, and results are rounded and saturate.
The cores with ``_2`` do the same to two pixels a clock.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pynq_drivers.video.pipeline import COUNT, FIRST, STEP, signed
from pynq_widgets.device import IPModel, ModelContext

_ALPHA = FIRST + STEP


class PixelModel(IPModel):
    """Pixels come in at the one stream and go out at the other, changed, with their lines and starts of frames."""

    takes, gives = 3, 3  # bytes of what is changed at once, on both sides

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        slaves, masters = context.stream_interfaces
        self._in = context.stream(slaves[0]) if slaves else None
        self._out = context.stream(masters[0]) if masters else None
        self._registers = context.registers

    def reset(self) -> None:
        self._rest = b""  # of pixels that are not whole yet
        self._user = 0  # of the block that the rest belongs to
        self._waiting: memoryview = memoryview(b"")
        self._last = False  # at the end of what waits

    def change(self, pixels: Any) -> Any:
        """`pixels`, rows of `takes` bytes, as rows of `gives` bytes."""
        raise NotImplementedError

    def on_stream(self, interface: str) -> None:
        self._go()

    def on_space(self, interface: str) -> None:
        self._go()

    def _go(self) -> None:
        while self._push() and self._take():
            pass

    def _push(self) -> bool:
        """Sends what waits; whether all is out."""
        if self._out is None:
            return False
        while len(self._waiting) or self._last:
            sent, user = self._waiting, self._user
            taken = self._out.send(sent, self._last, user=user)
            if taken < len(sent):
                self._waiting = sent[taken:]
                if taken:
                    self._user = 0
                return False
            self._waiting, self._last, self._user = memoryview(b""), False, 0
        return True

    def _take(self) -> bool:
        """Takes as many pixels as there is room for; whether there were any."""
        if self._in is None or self._out is None or (head := self._in.head) is None:
            return False
        space = self._out.space
        if not space:
            return False
        # Where a part of a pixel is all that there is room for, one is taken: who is refused the rest is told of room for it.
        room = max(1, space // self.gives) * self.takes - len(self._rest)
        self._user |= head.user
        block, last = self._in.receive(room)
        data = self._rest + bytes(block)
        if last and len(data) % self.takes:
            self.context.assume(f"a line that is no whole number of {self.takes} bytes is filled up with zeros")
            data += bytes(-len(data) % self.takes)
        whole = len(data) // self.takes * self.takes
        self._rest = data[whole:]
        pixels = np.frombuffer(data, np.uint8, whole).reshape(-1, self.takes)
        self._waiting = memoryview(np.ascontiguousarray(self.change(pixels)).tobytes())
        self._last = last
        self._in.demand(self._out.space // self.gives * self.takes)
        return True


class ColorConvertModel(PixelModel):
    """Each pixel times a matrix, and what is added."""

    def change(self, pixels: Any) -> Any:
        words = [signed(self._registers[FIRST + STEP * i]) for i in range(COUNT)]
        matrix, added = np.array(words[:9], np.int64).reshape(3, 3), np.array(words[9:], np.int64)
        exact = pixels.astype(np.int64) @ matrix.T + (added << 8)
        return np.clip((exact + 0x80) >> 8, 0, 255).astype(np.uint8)


# Bytes on the narrow and on the wide side of what is packed at once, by mode: 24, 32, 8, 16 bits, and 16 with shared chroma.
_UNITS = {0: (3, 3), 1: (3, 4), 2: (3, 1), 3: (3, 2), 4: (6, 4)}


class _Packing(PixelModel):
    def reset(self) -> None:
        super().reset()
        self._set(0)

    def write(self, interface: str, offset: int, value: int) -> None:
        super().write(interface, offset, value)
        if offset == FIRST:
            self._set(value)

    def _set(self, mode: int) -> None:
        if mode not in _UNITS:
            self.context.assume(f"mode {mode} is none of the core's, and is taken for 0 (24 bits)")
            mode = 0
        self._mode = mode
        self._rest = b""
        self.takes, self.gives = self._sides(*_UNITS[mode])

    @staticmethod
    def _sides(narrow: int, wide: int) -> tuple[int, int]:
        return narrow, wide


class PixelPackModel(_Packing):
    """From 24 bits to 8, 16, 24 or 32."""

    def change(self, pixels: Any) -> Any:
        if self._mode == 1:
            alpha = np.full((len(pixels), 1), self._registers[_ALPHA] & 0xFF, np.uint8)
            return np.hstack((pixels, alpha))
        if self._mode == 4:
            pairs = pixels.reshape(-1, 2, 3).astype(np.uint16)
            chroma = pairs[:, :, 1:].sum(axis=1) >> 1
            return np.stack((pairs[:, 0, 0], chroma[:, 0], pairs[:, 1, 0], chroma[:, 1]), axis=1).astype(np.uint8)
        return pixels[:, : self.gives]


class PixelUnpackModel(_Packing):
    """From 8, 16, 24 or 32 bits to 24."""

    @staticmethod
    def _sides(narrow: int, wide: int) -> tuple[int, int]:
        return wide, narrow

    def change(self, pixels: Any) -> Any:
        if self._mode == 4:
            first, blue, second, red = pixels.T
            return np.stack((first, blue, red, second, blue, red), axis=1)
        if self._mode in (2, 3):
            return np.pad(pixels, ((0, 0), (0, 3 - self.takes)))
        return pixels[:, :3]
