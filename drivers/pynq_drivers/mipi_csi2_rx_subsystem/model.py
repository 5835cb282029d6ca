"""What the MIPI CSI-2 Receiver Subsystem does, for the simulated device: its registers, and a camera's doings by hand.

Source: AMD PG232, MIPI CSI-2 Receiver Subsystem v5.1: "Register Space". No picture comes out of its stream: what a camera sends is not
simulated, only what the registers tell of it (`frame`, `short`, `trouble`). A reset ends at once, unless `stuck`.
"""

from __future__ import annotations

from collections import deque

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r


class Csi2ReceiverModel(RegisterModel):
    """``model.frame(1080, 2400, 0x2B)``: a camera has sent a picture; ``model.stuck = True``: a reset does not end."""

    layout = r.LAYOUT

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self.stuck = False
        self._lanes = max(1, min(r.LANES, context.parameter("CMN_NUM_LANES", context.parameter("C_DPHY_LANES", 4))))
        self._short: deque[int] = deque()
        pins = [name for name in context.module.ports if name.lower().endswith("csi_irq")]
        self._pin = pins[0] if pins else None

    def reset(self) -> None:
        self.file.reset()
        self._short.clear()
        self.file.poke(r.PROTOCOL, (self._lanes - 1) << 3 | (self._lanes - 1))
        self._tell()

    @property
    def receiving(self) -> bool:
        """Whether it is enabled and not in reset."""
        return self.file.peek(r.CORE) & (r.ENABLE | r.RESET) == r.ENABLE

    def frame(self, lines: int, nbytes: int, data_type: int, channel: int = 0) -> None:
        """A camera sends a picture on that virtual channel: a long packet for each of its lines, of `nbytes` bytes."""
        with self.context.from_outside():
            if self.receiving:
                self.file.poke(r.IMAGE + 8 * channel, lines << 16 | nbytes)
                self.file.poke(r.IMAGE + 8 * channel + 4, data_type)
                count = (self.file.peek(r.STATUS) >> 16) + lines & 0xFFFF
                self.file.poke(r.STATUS, count << 16 | self.file.peek(r.STATUS) & 0xFFFF)
                self._happens(r.FRAME)

    def short(self, data_type: int, data: int, channel: int = 0) -> None:
        """A camera sends a generic short packet. Where the FIFO is full it is lost."""
        with self.context.from_outside():
            if not self.receiving:
                return
            if len(self._short) == r.DEPTH:
                self._happens(r.FIFO_FULL)
                return
            self._short.append(data << 8 | channel << 6 | data_type)
            self._happens(r.FIFO_NOT_EMPTY)

    def trouble(self, *names: str) -> None:
        """What the status has names for happens: ``model.trouble('CRC')``."""
        bits = {name: bit for name, bit, _ in r.EVENTS}
        with self.context.from_outside():
            self._happens(sum(1 << bits[name] for name in names))

    def reading(self, offset: int) -> None:
        if offset == r.STATUS:
            low = r.NOT_EMPTY if self._short else 0
            low |= r.FULL if len(self._short) == r.DEPTH else 0
            low |= r.BUSY if self.stuck and self.file.peek(r.CORE) & r.RESET else 0
            self.file.poke(r.STATUS, self.file.peek(r.STATUS) & 0xFFFF0000 | low)
        elif offset == r.SHORT_PACKET:
            self.file.poke(r.SHORT_PACKET, self._short.popleft() if self._short else 0)

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.CORE and value & r.RESET:
            self._short.clear()
            self.file.poke(r.STATUS, 0)
            self.file.poke(r.PENDING, 0)
        elif offset == r.PROTOCOL and value & 3 >= self._lanes:
            self._happens(1 << 21)
        self._tell()

    def _happens(self, bits: int) -> None:
        self.file.poke(r.PENDING, self.file.peek(r.PENDING) | bits)
        self._tell()

    def _tell(self) -> None:
        if self._pin is not None:
            wanted = self.file.peek(r.PENDING) & self.file.peek(r.ENABLED)
            self.context.interrupt(self._pin).set(bool(wanted and self.file.peek(r.GLOBAL) & 1))
