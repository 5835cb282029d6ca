"""What all cores of HDL Coder do, for the simulated device: their own registers, and words that hold what is written.

Source: as in `driver`. What a core computes is its maker's affair: a model of its own (``@model('vendor:library:name')``) says it.
"""

from __future__ import annotations

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r


class HdlCoderModel(RegisterModel):
    """``running`` says whether the core was let run; ``stamp`` is what its time stamp reads (0 at first: it was never made)."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context, r.layout(context.module))
        self.running = True
        self.stamp = 0

    def reading(self, offset: int) -> None:
        if offset == r.STAMP and not r.streams_out(self.context.module):
            self.file.poke(r.STAMP, self.stamp)

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.RESET and value & 1:
            self.file.reset()
            self.running = True
        elif offset == r.ENABLE:
            self.running = bool(value & 1)
