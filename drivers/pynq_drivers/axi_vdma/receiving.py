"""The channel from stream to memory (S2MM) of AXI VDMA, as the simulated device has it.

Source: AMD PG020, AXI VDMA v6.3: the register tables 2-6 to 2-20, "Line and Frame Errors" (tables 2-24, 2-25).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynq_drivers import parameters
from pynq_drivers.axi_vdma import registers as r
from pynq_drivers.axi_vdma.engine import Channel
from pynq_widgets.device import BusError

if TYPE_CHECKING:
    from pynq_drivers.axi_vdma.model import AxiVdmaModel


# So many frames may be on their way between the memory that is read and the memory that is written.
FRESH = 3
# A connection of streams holds so many bytes (StreamQueue's own capacity).
BETWEEN = 4096
# What lies on its way for longer (seconds) is replaced by what would be there: who reads again and again waits for each frame anyway.
LONG = 0.25
# Who asks where the channel is makes it go on by a frame, once in so many seconds.
GLANCE = 0.1
# Time that follows the wall's goes on while the simulation works on them.
AT_ONCE = 1.0


class ReceiveChannel(Channel):
    """S2MM: takes lines, up to TLAST, and writes frames."""

    name, stream_name, other = "S2MM", "S_AXIS_S2MM", "MM2S"

    def __init__(self, model: AxiVdmaModel) -> None:
        self.early_hsize = self.early_vsize = 0
        super().__init__(model)
        given = self.context.module.parameters
        self._has_irq_mask = True
        self.memory = self.context.memory(self._memory_name)
        self._synchronised = parameters.integer(given, "C_USE_S2MM_FSYNC", 2) == 2 and bool(
            parameters.integer(given, "C_S2MM_SOF_ENABLE", 1)
        )
        self._fed: bool | None = None

    @property
    def in_frame(self) -> bool:
        return self.under_way and (self._event is not None or bool(self._rows) or bool(self._row_size))

    @property
    def may_coast(self) -> bool:
        # What comes from outside comes whether anybody looks or not, and what a model sends waits.
        if self._fed is None:  # asked late: the models of two that feed each other cannot each be there before the other
            source = self.stream.source.rpartition("/")[0]
            self._fed = source in self.context.design.modules and self.context.model_of(source) is not None
        return self._fed and not self._is_late and not self.model.must_receive

    @property
    def _is_late(self) -> bool:
        """Whether frames are to pass at once that would have come before now."""
        return self._fresh > 0 and self.clock.now() <= self._fresh_at + AT_ONCE

    def restart(self) -> None:
        self._in_step = False  # the last that came belonged to a frame
        self._dropped = 0
        self._fresh, self._fresh_at = 0, 0.0
        self._in_vain = 0  # frames in a row that were cut short
        self.early_hsize = self.early_vsize = 0
        super().restart()

    def cleared(self, bits: int) -> None:
        if bits & r.SOF_EARLY:
            self.early_vsize = 0
        if bits & r.EOL_EARLY:
            self.early_hsize = 0

    def abandon(self) -> None:
        self._rows: list[bytes | memoryview] = []
        self._row: list[bytes | memoryview] = []
        self._row_size = 0
        self._first = 0.0
        self.stream.demand(0)

    def begin(self) -> None:
        self.abandon()
        self._want()
        self.pull()

    def wake(self) -> None:
        if self._coasting is not None:
            # What is on its way was made long ago. As many frames as are under way between memory and memory pass at once, as if they had
            # come in time, so that who reads next finds what the stream carries now.
            self._go_on(self._on_the_way if self.clock.now() - self._coasting > LONG else 0)

    @property
    def _on_the_way(self) -> int:
        """How many frames may be between memory and memory; of small ones, many lie in the FIFOs."""
        return FRESH + 2 * (BETWEEN // (self.lines * self.line))

    def glance(self) -> None:
        if self._coasting is not None and self.clock.now() - self._coasting > max(GLANCE, self.duration):
            self._go_on(0)

    def _go_on(self, fresh: int) -> None:
        self._in_vain = 0
        self._coasting = None
        self._fresh, self._fresh_at = fresh, self.clock.now()
        self._begin()

    def _want(self) -> None:
        """TREADY, for what is missing of the frame."""
        self.stream.demand(self.lines * self.line - len(self._rows) * self.line - self._row_size)

    def pull(self) -> None:
        """Takes what has come, where a frame is under way."""
        stream = self.stream
        while self.under_way and self._event is None and self._coasting is None and stream.available:
            head = stream.head
            starts = head is not None and bool(head.user & 1)
            fresh = not self._rows and not self._row_size
            if self._synchronised:
                if fresh and not starts:
                    self._drop()
                    continue
                if starts and not fresh:
                    self._early()
                    continue
            if fresh:
                self.frame_moves()
                self._in_step, self._dropped = True, 0
                self._first = self.clock.now()
            room = self.line - self._row_size
            data, last = stream.receive(room if room else None)
            if room:
                if isinstance(data, memoryview) and not data.readonly:
                    data = bytes(data)  # lent, and kept here until the frame is complete
                self._row.append(data)
                self._row_size += len(data)
            elif len(data):
                self.mismatch(r.EOL_LATE)
                self._want()
            if last:
                self._end_line()

    def _end_line(self) -> None:
        if self._row_size < self.line:
            self.early_hsize = self.early_hsize or self._row_size
            self.mismatch(r.EOL_EARLY)
        self._rows.append(self._row[0] if len(self._row) == 1 else b"".join(self._row))
        self._row, self._row_size = [], 0
        if len(self._rows) == self.lines and self._write():
            self._in_vain = 0
            late = self._is_late
            self._fresh -= 1
            began = self._first
            self.stream.taken(began + self.duration, self.lines * self.line / self.duration)
            self.moved(max(began, self.stream.ready_at - self.duration), late)

    def _drop(self) -> None:
        """What comes between the last line of a frame and the start of the next is not taken."""
        if self._in_step:
            self._in_step = False
            self.mismatch(r.SOF_LATE)
        data, _ = self.stream.receive()
        self._dropped += len(data)
        self._want()
        if self._dropped > 2 * self.lines * self.line:
            self.context.assume(
                f"more than a frame has come to {self.stream_name} without a start of frame (TUSER), for which the core waits "
                "(C_USE_S2MM_FSYNC is 2)"
            )

    def _early(self) -> None:
        """A frame begins before the last was complete: the source's frames are shorter than VSIZE."""
        self.early_vsize = self.early_vsize or len(self._rows)
        self.mismatch(r.SOF_EARLY)
        if self._write():
            if not self.control & r.REPEAT_EN:
                self.store = self._next_store()
            self._locate()
            self._rows, self._row, self._row_size = [], [], 0
            self._in_vain += 1
            if self._in_vain > self._on_the_way and self.may_coast:
                self._coasting = self.clock.now()  # none will be complete, and the errors have been told
            else:
                self._want()

    def _write(self) -> bool:
        """What has come of the frame goes to memory; False where that fails, and the channel with it."""
        rows = [*self._rows, *([b"".join(self._row)] if self._row_size else [])]
        if not rows:
            return True
        lines = self.lines
        try:
            if self.pitch == self.line and not self.model.flip and all(len(row) == self.line for row in rows):
                self.memory.write(self.address, b"".join(rows))
            else:
                for i, row in enumerate(rows):
                    at = lines - 1 - i if self.model.flip else i
                    self.memory.write(self.address + at * self.pitch, row)
        except BusError as error:
            self.refused(error)
            return False
        return True

    def ended(self) -> None:
        self.abandon()
