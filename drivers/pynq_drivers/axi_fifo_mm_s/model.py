"""What AXI4-Stream FIFO does, for the simulated device.

Source: AMD PG080, AXI4-Stream FIFO v4.3: "Register Space", "Interrupt Status Register", "Programming Sequence", as remembered.
Transmission is by whole packets (store and forward) also where the core is set to cut-through. A packet takes bytes / (32 bits x clock) to
be sent; what is received is there at once. Without TKEEP a packet ends with a whole word: the length in TLR is rounded up, and a received
last word is filled with zeros. RDR is the TDEST of the packet that RLR opened, or is about to open. The words of TID and TUSER behind RDR
are not modelled.
"""

from __future__ import annotations

from collections import deque

from pynq_drivers import parameters
from pynq_drivers.axi_fifo_mm_s import registers as r
from pynq_widgets.device import IPModel, ModelContext

_RESERVED = 4  # words of the depth that cannot be used: an empty FIFO of 512 words has a vacancy of 508


class AxiFifoModel(IPModel):
    """AXI4-Stream FIFO: packets word by word to and from a stream."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self._tx_room = parameters.integer(given, "C_TX_FIFO_DEPTH", 512) - _RESERVED
        self._rx_room = parameters.integer(given, "C_RX_FIFO_DEPTH", 512) - _RESERVED
        self._tx_full = parameters.integer(given, "C_TX_FIFO_PF_THRESHOLD", 507)
        self._tx_empty = parameters.integer(given, "C_TX_FIFO_PE_THRESHOLD", 2)
        self._rx_full = parameters.integer(given, "C_RX_FIFO_PF_THRESHOLD", 507)
        self._rx_empty = parameters.integer(given, "C_RX_FIFO_PE_THRESHOLD", 2)
        self._partial = parameters.integer(given, "C_USE_RX_CUT_THROUGH", 0) != 0
        self._width = 4
        self._sideband = r.Sideband.of(given)
        self._rate = context.frequency("s_axi_aclk") * self._width
        self._line_free = 0.0  # when the last packet is out
        self._full = parameters.integer(given, "C_DATA_INTERFACE_TYPE", 0) != 0
        self._tx = context.stream("AXI_STR_TXD") if parameters.integer(given, "C_USE_TX_DATA", 1) else None
        self._rx = context.stream("AXI_STR_RXD") if parameters.integer(given, "C_USE_RX_DATA", 1) else None
        self._pin = context.interrupt("interrupt")
        self._isr = self._ier = self._destination = 0
        self._clear_tx()
        self._clear_rx()

    def reset(self) -> None:
        self._ier = self._isr = self._destination = 0
        self._reset_tx()
        self._reset_rx()
        self._raise(0)

    def _clear_tx(self) -> None:
        self._words: list[int] = []  # written to TDFD, no length yet
        self._sending: deque[tuple[memoryview, int]] = deque()  # packets on their way, with their TDEST

    def _clear_rx(self) -> None:
        self._packets: deque[bytearray] = deque()  # complete and unread, the first perhaps opened
        self._destinations: deque[int] = deque()  # of the complete packets, and of the one that arrives
        self._growing = bytearray()  # arriving
        self._arriving = False
        self._open = 0  # bytes of the first packet that RLR has announced and RDFD has not given yet

    def _reset_tx(self) -> None:
        self._clear_tx()
        self._raise(r.TRC | r.TFPF)  # its programmable flag is asserted in reset, as are those of the FIFO inside

    def _reset_rx(self) -> None:
        self._clear_rx()
        self._raise(r.RRC | r.RFPF)

    # Occupancy, in words.

    def _tx_used(self) -> int:
        return len(self._words) + sum(-(-len(packet) // self._width) for packet, _ in self._sending)

    def _rx_used(self) -> int:
        """Words that can be read: of complete packets, in cut-through mode also of the one that is arriving."""
        words = sum(-(-len(packet) // self._width) for packet in self._packets)
        return words + (len(self._growing) // self._width if self._partial else 0)

    def _rx_stored(self) -> int:
        return sum(-(-len(packet) // self._width) for packet in self._packets) + -(-len(self._growing) // self._width)

    # The bus.

    def read(self, interface: str, offset: int) -> int:
        if self._full and interface.upper().endswith("FULL"):
            return self._pop() if offset >= r.FULL_RDFD else 0
        if offset == r.ISR:
            return self._isr
        if offset == r.IER:
            return self._ier
        if offset == r.TDFV:
            return self._tx_room - self._tx_used()
        if offset == r.RDFO:
            return self._rx_used()
        if offset == r.RDFD and not self._full:
            return self._pop()
        if offset == r.RLR:
            return self._next_length()
        if offset == r.RDR:
            return self._destinations[0] if self._destinations else 0
        return 0

    def write(self, interface: str, offset: int, value: int) -> None:
        if self._full and interface.upper().endswith("FULL"):
            if offset < r.FULL_RDFD:
                self._push(value)
        elif offset == r.ISR:
            self._isr &= ~value
            self._raise(0)
        elif offset == r.IER:
            self._ier = value & r.ALL
            self._raise(0)
        elif offset == r.TDFD and not self._full:
            self._push(value)
        elif offset == r.TLR:
            self._send(value)
        elif offset == r.TDR:
            self._destination = value & ((1 << self._sideband.destination_bits) - 1)
        elif value & 0xFF == r.RESET_KEY:
            if offset in (r.TDFR, r.SRR):
                self._reset_tx()
            if offset in (r.RDFR, r.SRR):
                self._reset_rx()
                self.on_stream("AXI_STR_RXD")

    def _raise(self, bits: int) -> None:
        self._isr |= bits
        self._pin.set(bool(self._isr & self._ier))

    # Transmission.

    def _push(self, word: int) -> None:
        before = self._tx_used()
        if before >= self._tx_room:
            self._raise(r.TPOE)
            return
        self._words.append(word)
        self._raise(r.TFPF if before < self._tx_full <= before + 1 else 0)

    def _send(self, nbytes: int) -> None:
        words = -(-nbytes // self._width)
        if words != len(self._words) or not nbytes:
            self._raise(r.TSE)
            if not nbytes or words > len(self._words):
                return
        data = b"".join([word.to_bytes(4, "little") for word in self._words[:words]])
        del self._words[:words]
        self._sending.append((memoryview(data[:nbytes] if self._sideband.keeps else data), self._destination))
        self._drain()

    def on_space(self, interface: str) -> None:
        self._drain()

    def _drain(self) -> None:
        before = self._tx_used()
        while self._sending and self._tx is not None:
            packet, destination = self._sending[0]
            ready = max(self.context.clock.now(), self._line_free) + len(packet) / self._rate
            taken = self._tx.send(packet, True, dest=destination, ready_at=ready)
            if not taken:
                break
            self._line_free = ready - (len(packet) - taken) / self._rate
            if taken < len(packet):
                self._sending[0] = packet[taken:], destination
                continue
            self._sending.popleft()
            self._raise(r.TC)
        self._raise(r.TFPE if self._tx_used() <= self._tx_empty < before else 0)

    # Reception.

    def on_stream(self, interface: str) -> None:
        while self._rx is not None and self._rx.available:
            room = (self._rx_room - self._rx_stored()) * self._width + (-len(self._growing) % self._width)
            if room <= 0:
                return
            before = self._rx_used()
            head = self._rx.head
            if not self._arriving:
                self._arriving = True
                self._destinations.append(head.dest if head is not None and self._sideband.destination_bits else 0)
            data, last = self._rx.receive(room)
            self._growing += data
            if last:
                self._arriving = False
                if not self._sideband.keeps:
                    self._growing += bytes(-len(self._growing) % self._width)
                self._packets.append(self._growing)
                self._growing = bytearray()
            self._raise((r.RC if last else 0) | (r.RFPF if before < self._rx_full <= self._rx_used() else 0))

    def _next_length(self) -> int:
        if self._packets:
            self._open = len(self._packets[0])
            return self._open
        whole = len(self._growing) // self._width * self._width
        if self._partial and whole:
            self._open = whole
            return whole | r.PARTIAL
        self._raise(r.RPURE)
        return 0

    def _pop(self) -> int:
        source = self._packets[0] if self._packets else self._growing if self._partial else bytearray()
        if not source:
            self._raise(r.RPUE)
            return 0
        before = self._rx_used()
        if not self._open:
            self._raise(r.RPORE)  # more than RLR announced, or RLR was not read
        word = int.from_bytes(source[: self._width], "little")
        del source[: self._width]
        self._open = max(0, self._open - self._width)
        if self._packets and not self._packets[0]:
            self._packets.popleft()
            self._destinations.popleft()
            self._open = 0
        self._raise(r.RFPE if self._rx_used() <= self._rx_empty < before else 0)
        self.on_stream("AXI_STR_RXD")
        return word
