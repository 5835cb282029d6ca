"""What the Gamma LUT does to the pixels of a stream, for the simulated device.

Source: AMD PG285, Gamma LUT v1.1: "Register Space"; UG934, AXI4-Stream video: a pixel of RGB is green, blue, red from the lowest byte on.
Components of 8 bits only; wider ones pass unchanged, which is told. Not started, it takes no pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pynq_drivers.layout import RegisterModel
from pynq_drivers.video.model import PixelModel
from pynq_widgets.device import ModelContext

from . import registers as r


class GammaLutModel(PixelModel, RegisterModel):
    """Each component through the table of its colour."""

    layout = r.LAYOUT

    def __init__(self, context: ModelContext) -> None:
        RegisterModel.__init__(self, context)
        PixelModel.__init__(self, context)
        self._narrow = context.parameter("MAX_DATA_WIDTH", 8) == 8
        if not self._narrow:
            context.assume("components of more than 8 bits are not looked up: they pass unchanged")

    def read(self, interface: str, offset: int) -> int:
        return RegisterModel.read(self, interface, offset)

    def write(self, interface: str, offset: int, value: int) -> None:
        RegisterModel.write(self, interface, offset, value)

    @property
    def running(self) -> bool:
        """Whether it handles pictures."""
        return bool(self.file.peek(r.CONTROL) & r.START)

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.CONTROL:
            on = bool(value & r.START)
            self.file.poke(r.CONTROL, (r.START if on else r.IDLE) | (value & r.AGAIN))
            self._go()

    def _go(self) -> None:
        if self.running:
            super()._go()

    def change(self, pixels: Any) -> Any:
        if not self._narrow:
            return pixels
        return np.stack([self._table(colour)[pixels[:, at]] for at, colour in enumerate(("green", "blue", "red"))], axis=1)

    def _table(self, colour: str) -> Any:
        words = [self.file.peek(r.TABLES[colour] + 4 * at) for at in range(128)]
        return np.array([half & 0xFF for word in words for half in (word, word >> 16)], np.uint8)
