"""What AXI VDMA does, for the simulated device: control, status, frame stores; `sending` and `receiving` move the pictures.

Source: AMD PG020, AXI VDMA v6.3: "Register Space", "Line and Frame Errors", "Genlock Synchronization", "Programming Sequence".
"""

from __future__ import annotations

from pynq_drivers import parameters
from pynq_drivers.axi_vdma import registers as r
from pynq_drivers.axi_vdma.engine import Channel
from pynq_drivers.axi_vdma.receiving import ReceiveChannel
from pynq_drivers.axi_vdma.sending import SendChannel
from pynq_widgets.device import IPModel, ModelContext


class AxiVdmaModel(IPModel):
    """Both channels of an AXI VDMA in register mode. Scatter-gather, which versions before 6.0 had, is not modelled.

    A channel moves frames, an event of the clock each, until all stores have been filled, and later only while somebody waits for one (the
    frame count interrupt is not set) or asks where it is, so that a running VDMA costs nothing. Clearing the interrupt, or a write to the
    control register, sets the frames going again, first of all those that would have come meanwhile and are still under way.
    """

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self.stores = max(1, min(32, parameters.integer(given, "C_NUM_FSTORES", 3)))
        self.send: SendChannel | None = None
        self.receive: ReceiveChannel | None = None
        self._debug = bool(parameters.integer(given, "C_ENABLE_DEBUG_ALL", 0))
        self.flips = bool(parameters.integer(given, "C_ENABLE_VERT_FLIP", 0))
        self.flip = 0
        if parameters.integer(given, "C_INCLUDE_MM2S", 1):
            self.send = SendChannel(self)
        if parameters.integer(given, "C_INCLUDE_S2MM", 1):
            self.receive = ReceiveChannel(self)
        for channel in self.channels:
            channel.restart()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Those that the design has."""
        return tuple(channel for channel in (self.send, self.receive) if channel is not None)

    @property
    def must_receive(self) -> bool:
        """Whether MM2S needs what S2MM takes: it is to halt and may wait for room, or it follows and shows each frame that comes."""
        send = self.send
        if send is None or not send.under_way:
            return False
        return not send.control & r.RS or (send.follows and not send.may_coast)

    def _at(self, offset: int) -> tuple[Channel | None, int, bool]:
        """The channel of a word, its offset from the start of that channel's words, and whether these are the frame's."""
        if offset >= r.S2MM_FRAME:
            return self.receive, offset - r.S2MM_FRAME, True
        if offset >= r.MM2S_FRAME:
            return self.send, offset - r.MM2S_FRAME, True
        if offset >= r.S2MM:
            return self.receive, offset - r.S2MM, False
        return self.send, offset, False

    def read(self, interface: str, offset: int) -> int:
        send, receive = self.send, self.receive
        if offset == r.PARK_PTR:
            value = 0
            for each in self.channels:
                each.glance()
            if send is not None:
                value |= send.parked_at | send.shown_store << r.READ_STORE_SHIFT
            if receive is not None:
                value |= receive.parked_at << r.WRITE_REF_SHIFT | receive.shown_store << r.WRITE_STORE_SHIFT
            return value
        if offset == r.VERSION:
            return r.VERSION_6_3
        if offset == r.FRMPTR_STS:
            return self._pointers() if self._debug else 0
        if offset == r.VERTICAL_FLIP:
            return self.flip
        if offset in (r.HSIZE_STATUS, r.VSIZE_STATUS):
            if not self._debug or receive is None:
                return 0
            return receive.early_hsize if offset == r.HSIZE_STATUS else receive.early_vsize
        channel, word, of_frame = self._at(offset)
        if channel is None:
            return 0
        return channel.read_frame(word) if of_frame else channel.read(word)

    def _pointers(self) -> int:
        """FRMPTR_STS: where each channel is, and where the other is to one that follows it."""
        value = 0
        if self.send is not None:
            value |= self.send.present
            if self.send.genlock and self.receive is not None:
                value |= self.receive.present << 8
        if self.receive is not None:
            value |= self.receive.present << 16
            if self.receive.genlock and self.send is not None:
                value |= self.send.present << 24
        return value

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == r.PARK_PTR:
            for parks, store in ((self.send, value & r.POINTER), (self.receive, value >> r.WRITE_REF_SHIFT & r.POINTER)):
                if parks is not None and parks.parked_at != store:
                    parks.parked_at = store
                    parks.wake()
        elif offset == r.VERTICAL_FLIP:
            self.flip = value & 1 if self.flips else 0
        elif offset not in (r.VERSION, r.FRMPTR_STS, r.HSIZE_STATUS, r.VSIZE_STATUS):
            found, word, of_frame = self._at(offset)
            if found is None:
                return
            if of_frame:
                found.write_frame(word, value)
            else:
                found.write(word, value)
                if found is self.send and word == r.VDMACR and self.receive is not None:
                    self.receive.wake()  # it may take the rest of a frame that is to be the last, or be followed from now on

    def reset(self) -> None:
        for channel in self.channels:
            channel.restart()

    def on_space(self, interface: str) -> None:
        if self.send is not None:
            self.send.push()

    def on_stream(self, interface: str) -> None:
        if self.receive is not None:
            self.receive.pull()
