"""What AXI MCDMA does, for the simulated device.

Source: AMD PG288, AXI Multichannel DMA v1.1: "Register Space", "MM2S and S2MM Channels", "Errors", "Interrupts", as remembered. Not
sure, and so taken for granted: the words of channels serviced are cleared by a read; a channel that has no descriptor is idle, before its
first one too; CURDESC is taken while the channel's RS is 0; a reset of one side resets both; a packet for a channel that is not enabled or
has no descriptor left is dropped, but one that comes before the first descriptor since the channel was started waits, and so does one whose
descriptors run out in its middle. Channels send packet by packet in turn, whatever the words of the schedule and its weights say, and the
sideband words TID, TUSER and APP of descriptors are not sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from pynq_drivers import parameters
from pynq_drivers.axi_mcdma import registers as r
from pynq_drivers.axi_mcdma.chain import Chain, DescriptorError
from pynq_drivers.responses import error_of
from pynq_widgets.device import BusError, IPModel, ModelContext
from pynq_widgets.device.clock import Timer


class Side(ABC):
    """What sending and receiving have in common: the engine's state, its channels, one descriptor at a time."""

    kind: str
    base: int
    serviced_at: int
    interrupts_at: int

    def __init__(self, model: AxiMcdmaModel, stream: str, count: int) -> None:
        context = model.context
        given = context.module.parameters
        self.model = model
        self.stream = context.stream(stream)
        self.memory = context.memory(f"M_AXI_{self.kind}")
        width = parameters.integer(given, f"C_{stream}_TDATA_WIDTH", 32)
        frequency = context.frequency("s_axi_aclk")
        self.rate = frequency * width / 8
        self.delay_step = parameters.integer(given, "C_DLYTMR_RESOLUTION", 125) / frequency
        self.align = parameters.integer(given, f"C_M_AXI_{self.kind}_DATA_WIDTH", 32) // 8
        self.realigns = parameters.integer(given, f"C_INCLUDE_{self.kind}_DRE", 0) != 0
        self.length_mask = (1 << parameters.integer(given, "C_SG_LENGTH_WIDTH", 14)) - 1
        self.channels = [Chain(self, number) for number in range(count)]
        self._event: Timer | None = None
        self._single = context.interrupt(f"{self.kind.lower()}_introut")
        self.restart()

    def restart(self) -> None:
        """The state after reset."""
        self._cancel()
        self.running = False
        self.error = 0
        self.free = 0.0  # when the last byte that was moved will have passed the stream interface
        self.enabled = 1  # channel 1 alone
        self.serviced = 0
        self.kept: dict[int, int] = {}  # words that are stored and do nothing here
        self.at: Chain | None = None  # whose descriptor is being worked on
        for channel in self.channels:
            channel.restart()
        self.update()

    # The bus.

    def read(self, word: int) -> int:
        if word >= r.FIRST:
            number, word = divmod(word - r.FIRST, r.STRIDE)
            return self.channels[number].read(word) if number < len(self.channels) else 0
        if word == r.CCR:
            return r.RS if self.running else 0
        if word == r.CSR:
            halted = not self.running or self.error
            return r.HALTED if halted else r.IDLE if all(channel.idle for channel in self.channels) else 0
        if word == r.CHEN:
            return self.enabled
        if word == r.CHSER:
            return 0 if self.at is None else 1 << self.at.number
        if word == r.ERR:
            return self.error
        if word == self.serviced_at:
            value, self.serviced = self.serviced, 0
            return value
        if word == self.interrupts_at:
            return sum(1 << channel.number for channel in self.channels if channel.interrupting)
        return self.kept.get(word, 0)

    def write(self, word: int, value: int) -> None:
        if word >= r.FIRST:
            number, word = divmod(word - r.FIRST, r.STRIDE)
            if number < len(self.channels):
                self.channels[number].write(word, value)
        elif word == r.CCR:
            self.running = bool(value & r.RS) and not self.error
            if not self.running:
                self.stop()
            self.go()
        elif word == r.CHEN:
            self.enabled = value & ((1 << len(self.channels)) - 1)
            self.go()
        elif word in self.storing:
            self.kept[word] = value

    storing: tuple[int, ...] = ()

    # Work.

    @abstractmethod
    def go(self) -> None:
        """Goes on with whatever can be done now."""

    def stop(self) -> None:
        """The engine halts: what is under way is given up."""
        self._cancel()
        self.at = None

    def may(self, channel: Chain) -> bool:
        """Whether the channel is on and has a descriptor."""
        return self.running and not self.error and bool(self.enabled >> channel.number & 1) and channel.started and not channel.idle

    def passed(self, nbytes: int) -> float:
        """When `nbytes` more will have passed the stream interface."""
        return max(self.free, self.model.context.clock.now()) + nbytes / self.rate

    def later(self, when: float, action: object) -> None:
        clock = self.model.context.clock
        self._event = clock.call_at(max(when, clock.now()), action)  # type: ignore[arg-type]

    @property
    def waits(self) -> bool:
        """Whether the end of a descriptor is due at a time to come."""
        return self._event is not None

    def _cancel(self) -> None:
        if self._event is not None:
            self._event.cancel()
        self._event = None

    def fetch(self, channel: Chain) -> bool:
        """The channel's next descriptor, if it has none in hand; False where that failed and the engine stands."""
        try:
            channel.fetch()
        except DescriptorError as error:
            self.fail(channel, error.bit)
            return False
        if not channel.length or (channel.buffer % self.align and not self.realigns):
            self.fail(channel, r.DMA_INT_ERR)
            return False
        return True

    def fail(self, channel: Chain, error: int) -> None:
        """The whole side stops with `error`; only a reset starts it again. CURDESC of the channel is the descriptor at fault."""
        self.stop()
        self.error |= error
        self.running = False
        channel.fail(error)
        for other in self.channels:
            if other is not channel:
                other.error_elsewhere = True
        self.update()

    def update(self) -> None:
        """Interrupt lines follow status and enable."""
        for channel in self.channels:
            channel.update()
        self._single.set(any(channel.interrupting for channel in self.channels))


class Sender(Side):
    """MM2S: the channels send packets in turn, each with its number as TDEST."""

    kind, base = "MM2S", r.MM2S
    serviced_at, interrupts_at = r.TX_SERVICED, r.TX_INTERRUPTS
    storing = (r.TX_SCHEDULE, r.TX_WEIGHTS, r.TX_WEIGHTS_HIGH, r.TX_CACHE)

    def restart(self) -> None:
        self._rest = memoryview(b"")
        self._last = -1  # the channel that sent last
        self._in_packet = False
        super().restart()

    def stop(self) -> None:
        super().stop()
        self._rest = memoryview(b"")
        self._in_packet = False

    def go(self) -> None:
        if self.waits or len(self._rest):
            return
        channel = self.at if self._in_packet else self._turn()
        if channel is None or not self.may(channel):
            return
        self.at = channel
        if not self.fetch(channel):
            return
        try:
            self._rest = memoryview(self.memory.read(channel.buffer, channel.length)).cast("B")
        except BusError as error:
            self.fail(channel, error_of(error, r.DMA_SLV_ERR, r.DMA_DEC_ERR))
            return
        self._in_packet = True
        self.push()

    def _turn(self) -> Chain | None:
        count = len(self.channels)
        order = (self.channels[(self._last + 1 + step) % count] for step in range(count))
        return next((channel for channel in order if self.may(channel)), None)

    def push(self) -> None:
        """Puts on the stream what there is room for."""
        while len(self._rest) and self.at is not None:
            rest, channel = self._rest, self.at
            chunk = rest[: self.stream.space]
            ends = bool(channel.control & r.EOF) and len(chunk) == len(rest)
            free = self.passed(len(chunk))
            taken = self.stream.send(chunk, ends, dest=channel.number, ready_at=free, lend=True) if len(chunk) else 0
            if not taken or self._rest is not rest:
                return
            self.free = free
            self._rest = rest[taken:]
            if not len(self._rest):
                self.later(free, self._sent)

    def _sent(self) -> None:
        self._event = None
        accepted = self.stream.accepted_at
        if accepted > self.model.context.clock.now():
            self.later(accepted, self._sent)  # whoever takes the data is slower
            return
        channel = self.at
        if channel is None:
            return
        ends = bool(channel.control & r.EOF)
        if not self.report(channel, r.COMPLETE | channel.length):
            return
        if ends:
            self._last, self._in_packet, self.at = channel.number, False, None
            self.serviced |= 1 << channel.number
            channel.count_packet()
        self.update()
        self.go()

    def report(self, channel: Chain, status: int) -> bool:
        """Writes the descriptor's status and steps on; False where the memory refuses."""
        try:
            channel.complete(r.TX_STATUS, status.to_bytes(4, "little"))
        except DescriptorError as error:
            self.fail(channel, error.bit)
            return False
        return True


class Receiver(Side):
    """S2MM: each packet goes to the channel that its TDEST names."""

    kind, base = "S2MM", r.S2MM
    serviced_at, interrupts_at = r.RX_SERVICED, r.RX_INTERRUPTS
    storing = (r.RX_CACHE,)

    def restart(self) -> None:
        self._dropping: int | None = None
        self._received = 0
        self._first = True  # descriptor of the packet
        self._ends = False
        super().restart()
        self.stream.demand(0)

    def stop(self) -> None:
        super().stop()
        self._received, self._first = 0, True
        self.stream.demand(0)

    def read(self, word: int) -> int:
        if word == r.RX_DROPPED:
            return sum(channel.dropped for channel in self.channels) & 0xFFFFFFFF
        return super().read(word)

    def go(self) -> None:
        while self.running and not self.waits and self.stream.available:
            if self._dropping is not None:
                if self.stream.receive()[1]:
                    self._drop(self._dropping)
                continue
            channel = self.at
            if channel is None:
                head = self.stream.head
                number = head.dest if head is not None else 0
                if number >= len(self.channels) or not self.may(self.channels[number]):
                    if number < len(self.channels) and self.channels[number].expecting:
                        return
                    self._dropping = number
                    continue
                channel = self.at = self.channels[number]
                self._first, self._received = True, 0
            if not self._received and (not self.may(channel) or not self.fetch(channel)):
                return
            self._take(channel)

    def _take(self, channel: Chain) -> None:
        wanted = channel.length - self._received
        self.stream.demand(wanted)
        data, last = self.stream.receive(wanted)
        self.free = max(self.passed(len(data)), self.stream.ready_at)
        self.stream.taken(self.free, self.rate)
        address = channel.buffer + self._received
        self._received += len(data)
        try:
            self.memory.write(address, data)
        except BusError as error:
            self.fail(channel, error_of(error, r.DMA_SLV_ERR, r.DMA_DEC_ERR))
            return
        if last or self._received == channel.length:
            self._ends = last
            self.stream.demand(0)
            self.later(self.free, self._stored)

    def _stored(self) -> None:
        self._event = None
        channel = self.at
        if channel is None:
            return
        status = r.COMPLETE | self._received | (r.RX_SOF if self._first else 0) | (r.RX_EOF if self._ends else 0)
        words = status.to_bytes(4, "little") + (channel.number << r.DESTINATION_SHIFT).to_bytes(4, "little")
        self._received, self._first = 0, False
        try:
            channel.complete(r.RX_STATUS, words)
        except DescriptorError as error:
            self.fail(channel, error.bit)
            return
        if self._ends:
            self.at = None
            self.serviced |= 1 << channel.number
            channel.count_packet()
        self.update()
        self.go()

    def _drop(self, number: int) -> None:
        self._dropping = None
        if number < len(self.channels):
            self.channels[number].drop()
        self.update()


class AxiMcdmaModel(IPModel):
    """AXI MCDMA: chains of descriptors for each channel, to and from one stream each way."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self.descriptors = context.memory("M_AXI_SG")
        bits = parameters.integer(given, "C_ADDR_WIDTH", 32)
        self.addresses = (1 << max(32, bits)) - 1
        self.wide = bits > 32
        self.send: Sender | None = None
        self.receive: Receiver | None = None
        if parameters.integer(given, "C_INCLUDE_MM2S", 1):
            self.send = Sender(self, "M_AXIS_MM2S", parameters.integer(given, "C_NUM_MM2S_CHANNELS", 1))
        if parameters.integer(given, "C_INCLUDE_S2MM", 1):
            self.receive = Receiver(self, "S_AXIS_S2MM", parameters.integer(given, "C_NUM_S2MM_CHANNELS", 1))

    def read(self, interface: str, offset: int) -> int:
        side: Side | None = self.receive if offset >= r.S2MM else self.send
        return side.read(offset - side.base) if side is not None else 0

    def write(self, interface: str, offset: int, value: int) -> None:
        side: Side | None = self.receive if offset >= r.S2MM else self.send
        if side is None:
            return
        if offset - side.base == r.CCR and value & r.RESET:
            self.reset()
        else:
            side.write(offset - side.base, value)

    def reset(self) -> None:
        for side in (self.send, self.receive):
            if side is not None:
                side.restart()

    def on_space(self, interface: str) -> None:
        if self.send is not None:
            self.send.push()

    def on_stream(self, interface: str) -> None:
        if self.receive is not None:
            self.receive.go()
