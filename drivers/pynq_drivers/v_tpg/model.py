"""What the Video Test Pattern Generator does, for the simulated device: pictures on its stream.

Source: AMD PG103, Video Test Pattern Generator v8.2: "Register Space"; UG934, AXI4-Stream video: start of frame is TUSER of the first
pixel, a line ends with TLAST. Patterns are those of `pictures`; one that is not known there is black, and so is said. Components of 8
bits only.
"""

from __future__ import annotations

from typing import Any

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import pictures
from . import registers as r

_MOVES = (3, 10)


class TestPatternModel(RegisterModel):
    """Pictures one after the other, as fast as its clock makes them and as the receiver takes them."""

    __test__ = False
    layout = r.LAYOUT

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        _, masters = context.stream_interfaces
        self._out = context.stream(masters[0]) if masters else None
        self._frequency = context.frequency("ap_clk")
        self._samples = max(1, context.parameter("C_SAMPLES_PER_CLOCK", context.parameter("SAMPLES_PER_CLOCK", 1)))
        bits = context.parameter("C_MAX_DATA_WIDTH", context.parameter("MAX_DATA_WIDTH", 8))
        self._makes = bits == 8
        if not self._makes:
            context.assume(f"pixels with components of {bits} bits are not made: its stream stays empty")
        bus = context.module.buses.get(masters[0]) if masters else None
        width = bus.data_width if bus is not None else None
        self._pixel = width // 8 // self._samples if width else 0  # bytes of a pixel on the stream; 0: as many as it has components
        self._lines: list[memoryview] = []
        self._line = self._part = 0
        self._number = 0
        self._busy = False
        self._free_at = 0.0
        self._plan: Any = None
        self._kept: tuple[Any, list[memoryview]] | None = None

    @property
    def number(self) -> int:
        """Pictures that were made since the start."""
        return self._number

    # Pictures.

    def _value(self, offset: int) -> int:
        return self.file.peek(offset)

    def _picture(self) -> list[memoryview]:
        """The lines of the next picture; the same objects as long as nothing changes."""
        width, height, pattern, layer, speed = (self._value(offset) for offset in (r.WIDTH, r.HEIGHT, r.PATTERN, r.LAYER, r.SPEED))
        moving = pattern in _MOVES or layer == 1
        key = (*(self._value(each.offset) for each in r.LAYOUT[4:]), self._number if moving else 0)
        if self._kept is not None and self._kept[0] == key:
            return self._kept[1]
        zone = (self._value(r.ZONE), self._value(r.ZONE + 8), self._value(r.ZONE + 16), self._value(r.ZONE + 24))
        found = pictures.background(pattern, width, height, number=self._number, speed=speed, zone=zone)
        if found is None:
            names = {code: name for name, code in r.PATTERNS.items()}
            self.context.assume(f"the pattern {names.get(pattern, pattern)!r} is black here: its arithmetic is not known")
            found = pictures.background(7, width, height)
        if layer == 1:
            colour = (self._value(r.BOX_COLOUR) & 0xFF, self._value(r.BOX_COLOUR + 8) & 0xFF, self._value(r.BOX_COLOUR + 16) & 0xFF)
            found = pictures.with_box(found, self._value(r.BOX_SIZE), colour, self._number, speed)
        elif layer == 2:
            found = pictures.with_cross(found, self._value(r.CROSS_X), self._value(r.CROSS_Y))
        told = pictures.components(pictures.masked(found, self._value(r.MASK)), self._value(r.FORMAT))
        lines = [memoryview(self._padded(row)) for row in told]
        self._kept = (key, lines)
        return lines

    def _padded(self, row: Any) -> bytes:
        """The bytes of a line: a pixel has as many as the stream is wide, what has no component is 0."""
        if self._pixel <= row.shape[1]:
            return bytes(row.tobytes())
        import numpy as np

        wide = np.zeros((row.shape[0], self._pixel), np.uint8)
        wide[:, : row.shape[1]] = row
        return wide.tobytes()

    def _begin(self) -> None:
        """The next picture goes out."""
        self._plan = None
        width, height = self._value(r.WIDTH), self._value(r.HEIGHT)
        if self._out is None or not self._makes or not width or not height:
            return
        self._busy = True
        self.file.clear_bits(r.CONTROL, r.IDLE)
        self._lines, self._line, self._part = self._picture(), 0, 0
        self._free_at = self.context.clock.now() + width * height / self._samples / self._frequency
        self._push()

    def on_space(self, interface: str) -> None:
        if self._busy:
            self._push()

    def _push(self) -> None:
        """Sends what there is room for; at the end of the picture says so, and plans the next."""
        assert self._out is not None
        while self._line < len(self._lines):
            line, part = self._line, self._part
            rest = self._lines[line][part:]
            taken = self._out.send(rest, True, user=int(not line and not part))
            if (self._line, self._part) != (line, part):
                return  # the receiver took it at once and asked for more: that went on with it
            if taken < len(rest):
                self._part = part + taken
                return
            self._line, self._part = line + 1, 0
        self._done()

    def _done(self) -> None:
        self._busy = False
        self._lines = []
        self._line = self._part = 0
        self._number += 1
        self.file.set_bits(r.CONTROL, r.DONE)
        self.file.set_bits(r.INTERRUPT_STATUS, 0x3 & self._value(r.INTERRUPT_ENABLE))
        self._update()
        if self._value(r.CONTROL) & r.AGAIN:
            self._plan = self.context.clock.call_at(max(self._free_at, self.context.clock.now()), self._begin)
        else:
            self.file.clear_bits(r.CONTROL, r.START)
            self.file.set_bits(r.CONTROL, r.IDLE)

    def _update(self) -> None:
        pending = self._value(r.INTERRUPT_STATUS) & self._value(r.INTERRUPT_ENABLE)
        self.context.interrupt("interrupt").set(int(bool(pending and self._value(r.GLOBAL_ENABLE) & 1)))

    # What the bus does.

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.CONTROL and value & r.START and not self._busy and self._plan is None:
            self._number = 0
            self._begin()
        elif offset == r.CONTROL and not value & r.AGAIN and self._plan is not None:
            self._plan.cancel()
            self._plan = None
            self.file.clear_bits(r.CONTROL, r.START)
            self.file.set_bits(r.CONTROL, r.IDLE)
        self._update()
