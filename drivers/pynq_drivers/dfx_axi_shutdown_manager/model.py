"""What the shutdown manager does, for the simulated device.

Source: AMD PG377, DFX AXI Shutdown Manager v1.0: "Register Space"; the pins by their names. Transfers take no time in the simulation, so
a request is answered at once, unless `busy` says that one is under way. What masters move is not stopped by it.
"""

from __future__ import annotations

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r


class ShutdownManagerModel(RegisterModel):
    """``model.busy(writes=True)``: a write is under way that does not end, until ``model.busy()``."""

    layout = r.LAYOUT

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._reads = self._writes = False

    def busy(self, *, reads: bool = False, writes: bool = False) -> None:
        """Transfers are under way that do not end: reads, writes, or none."""
        with self.context.from_outside():
            self._reads, self._writes = reads, writes
            self._answer()

    def written(self, offset: int, value: int, before: int) -> None:
        self._answer()

    def _answer(self) -> None:
        asked = self.file.peek(r.CONTROL) & r.REQUESTED
        reads, writes = asked and not self._reads, asked and not self._writes
        word = asked | (r.READS if reads else 0) | (r.WRITES if writes else 0) | (r.BOTH if reads and writes else 0)
        self.file.poke(r.CONTROL, word)
        for pin, level in (
            ("shutdown_requested", asked),
            ("in_shutdown", word & r.BOTH),
            ("wr_in_shutdown", writes),
            ("rd_in_shutdown", reads),
        ):
            self.context.signal_out(pin).set(int(bool(level)))
