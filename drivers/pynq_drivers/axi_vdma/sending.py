"""The channel from memory to stream (MM2S) of AXI VDMA, as the simulated device has it.

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


class SendChannel(Channel):
    """MM2S: reads frames and sends them line by line, TUSER at the first of a frame, TLAST at the end of each line."""

    name, stream_name, other = "MM2S", "M_AXIS_MM2S", "S2MM"

    def __init__(self, model: AxiVdmaModel) -> None:
        super().__init__(model)
        given = self.context.module.parameters
        self.memory = self.context.memory(self._memory_name)
        self._marks = bool(parameters.integer(given, "C_MM2S_SOF_ENABLE", 1))
        self._displays = bool(self.stream.dead_end) or "/" not in self.stream.sink
        if self._displays:
            self.context.assume(
                f"{self.stream.sink}, where {self.stream_name} ends, is taken for a display, which takes each line when it comes"
            )

    @property
    def in_frame(self) -> bool:
        return self.under_way and (self._event is not None or self._sent > 0 or self._part > 0)

    @property
    def may_coast(self) -> bool:
        return self._displays

    def abandon(self) -> None:
        self._frame: memoryview | None = None
        self._sent = self._part = 0  # lines, and bytes of the next one
        self._began = 0.0

    def begin(self, began: float | None = None) -> None:
        try:
            frame = memoryview(self.memory.read(self.address, self.span)).cast("B")
        except BusError as error:
            self.refused(error)
            return
        self._began = self.clock.now() if began is None else began
        if self._displays:
            self.frame_moves()
            self.moved(self._began)
            return
        self._frame, self._sent, self._part = frame, 0, 0
        self.push()

    @property
    def present(self) -> int:
        missed = self.missed()
        if not missed:
            return self.store
        if not self.control & r.CIRCULAR:
            return self.parked_at % self.model.stores
        return (self.store + missed) % self.model.stores if self._partner() is None else self._next_store()

    def missed(self) -> int:
        return 0 if self._coasting is None else int((self.clock.now() - self._coasting) / self.duration + 1e-9)

    def wake(self) -> None:
        if self._coasting is None:
            return
        missed, since, store = self.missed(), self._coasting, self.present
        self._coasting = None
        self._counted(missed)
        self.store = store
        self._begin()
        if self._event is not None:  # it began when the one before it ended
            self._event.cancel()
            self.moved(since + missed * self.duration)

    def push(self) -> None:
        """Puts on the stream what there is room for."""
        frame, send, now = self._frame, self.stream.send, self.clock.now()
        # One that stood still for longer than it takes.
        overdue = self._sent > 0 and self._began + self.duration <= now
        while frame is not None and self._event is None:
            start = self._sent * self.pitch
            line = frame[start + self._part : start + self.line]
            user = 1 if self._marks and not self._sent and not self._part else 0
            room = len(line)
            if not start and not self._part:
                self._began = max(self._began, self.clock.now())
            taken = send(line, True, user=user, ready_at=self._began + self.duration * (self._sent + 1) / self.lines)
            if self._frame is not frame:
                return  # whoever received it has made this channel stop meanwhile
            if not taken:
                return
            if not start:
                self.frame_moves()
            if taken < room:
                self._part += taken
                return
            self._part = 0
            self._sent += 1
            if self._sent == self.lines:
                self._frame = None
                self.moved(max(self._began, self.stream.accepted_at - self.duration), overdue)
                return

    def ended(self) -> None:
        self.abandon()
