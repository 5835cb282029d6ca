"""What software does with AXI4-Stream FIFO: packets in and out, word by word.

Source: AMD PG080, AXI4-Stream FIFO v4.3: "Register Space", "Programming Sequence", "Interrupt Status Register".
"""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_fifo_mm_s import registers as r
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.traits import Word

_FIRST_LOOK, _LONGEST_PAUSE = 10e-6, 2e-3
_RESERVED = 4  # words of the depth that the core keeps to itself


class AxiFifo(DefaultIP):
    """AXI4-Stream FIFO: ``fifo.send(b'...')`` sends one packet, ``fifo.receive(timeout=1)`` gives one.

    Reading RDFD takes a word away and reading RLR opens the next packet, so neither is ever read by a display.
    """

    bindto = [f"xilinx.com:ip:axi_fifo_mm_s:{version}" for version in ("4.0", "4.1", "4.2", "4.3")]

    guards: ClassVar[dict[str, str]] = {
        "RDFD": "reading takes a word out of the receive FIFO",
        "RLR": "reading opens the next packet of the receive FIFO",
    }

    # Given by their offsets, and with all that PG080 says of them: designs tell little of these registers, some nothing.
    vacancy = Word(r.TDFV, access="read-only", unit="words", help="What the transmit FIFO can take")
    occupancy = Word(r.RDFO, access="read-only", unit="words", help="What waits in the receive FIFO")
    ISR = Word(r.ISR, onwrite="1-to-clear", help="What has happened since it was cleared; `errors` has it in words")
    IER = Word(r.IER, help="Which of the bits of ISR raise the interrupt")
    TDFR = Word(r.TDFR, access="write-only", help="0xA5 empties the transmit FIFO")
    TDFD = Word(r.TDFD, access="write-only", onwrite="push", help="Each write puts a word into the transmit FIFO")
    TLR = Word(r.TLR, access="write-only", unit="bytes", help="Sends that much of the transmit FIFO as a packet")
    RDFR = Word(r.RDFR, access="write-only", help="0xA5 empties the receive FIFO")
    RDFD = Word(r.RDFD, access="read-only", onread="pop", help="Each read takes a word out of the receive FIFO")
    RLR = Word(r.RLR, access="read-only", onread="modify", unit="bytes", help="The length of the next packet; the read opens it")
    SRR = Word(r.SRR, access="write-only", help="0xA5 resets both FIFOs and the streams' logic")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        full = parameters.integer(given, "C_DATA_INTERFACE_TYPE", 0) != 0
        width = parameters.integer(given, "C_S_AXI4_DATA_WIDTH", 32)
        if full and width != 32:
            raise UnsupportedConfiguration(
                f"{self._fullpath}: its AXI4 data interface is {width} bits wide; this driver moves words of 32 bits"
            )
        self._data = self.mmios["S_AXI_FULL"] if full else self.mmio
        self._tdfd, self._rdfd = (r.FULL_TDFD, r.FULL_RDFD) if full else (r.TDFD, r.RDFD)
        self._sends = parameters.integer(given, "C_USE_TX_DATA", 1) != 0
        self._receives = parameters.integer(given, "C_USE_RX_DATA", 1) != 0
        self._depth = parameters.integer(given, "C_TX_FIFO_DEPTH", 512)
        self.interrupt_pin: Any = self["interrupt"] if "interrupt" in self._interrupts else None

    # State.

    @property
    def longest(self) -> int:
        """The longest packet that can be sent, in bytes."""
        return 4 * (self._depth - _RESERVED)

    @property
    def errors(self) -> list[str]:
        """What went wrong since the last `clear_errors`, in words; one bus read."""
        status = self.read(r.ISR)
        return [text for bit, text in r.ERRORS.items() if status & bit]

    def clear_errors(self) -> None:
        """Forgets `errors`."""
        self.write(r.ISR, sum(r.ERRORS))

    def reset(self) -> None:
        """Empties both FIFOs and resets the streams' logic; what is in them is lost."""
        self._reset(r.SRR)

    def reset_transmit(self) -> None:
        """Empties the transmit FIFO."""
        self._reset(r.TDFR)

    def reset_receive(self) -> None:
        """Empties the receive FIFO."""
        self._reset(r.RDFR)

    def _reset(self, word: int) -> None:
        with self.device.lock:
            self.write(word, r.RESET_KEY)
            self.write(r.ISR, r.ALL)

    # Packets.

    def send(self, data: Any, destination: int | None = None, timeout: float | None = None) -> None:
        """Sends the bytes of `data` (bytes, or anything with a contiguous buffer, such as an array) as one packet.

        Waits for room in the FIFO. `destination` is the packet's TDEST, where the core has one. Raises ValueError, and nothing is
        written, for an empty packet or one longer than the FIFO, and TimeoutError, and nothing is written, after `timeout` seconds.
        """
        packet = self._packet(data)
        deadline = waiting.Deadline(self.device.clock, timeout)
        pause = _FIRST_LOOK
        while not self._put(packet, destination):
            self._check(deadline, timeout, "send", f"no room for {len(packet)} bytes: does what the stream leads to take data?")
            self.device.clock.sleep(deadline.slice(pause))
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def send_async(self, data: Any, destination: int | None = None, timeout: float | None = None) -> None:
        """As `send`, for coroutines."""
        packet = self._packet(data)
        deadline = waiting.Deadline(self.device.clock, timeout)
        pause = _FIRST_LOOK
        while not self._put(packet, destination):
            self._check(deadline, timeout, "send", f"no room for {len(packet)} bytes: does what the stream leads to take data?")
            await waiting.pause(self.device.clock, deadline.slice(pause))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _packet(self, data: Any) -> bytes:
        if not self._sends:
            raise RuntimeError(f"{self._fullpath} cannot send: its transmit path is disabled in this design (C_USE_TX_DATA is 0)")
        try:
            packet = bytes(memoryview(data).cast("B"))
        except (TypeError, ValueError):
            raise TypeError(f"{self._fullpath}.send takes bytes or a contiguous array, not {data!r}") from None
        if not packet:
            raise ValueError(f"{self._fullpath} cannot send an empty packet")
        if len(packet) > self.longest:
            raise ValueError(f"{self._fullpath} sends packets of up to {self.longest} bytes in this design, not {len(packet)}")
        return packet

    def _put(self, packet: bytes, destination: int | None) -> bool:
        padded = packet + bytes(-len(packet) % 4)
        with self.device.lock:  # no other packet's words come between
            if self.vacancy < len(padded) // 4:
                return False
            if destination is not None:
                self.write(r.TDR, destination)
            write, port = self._data.write, self._tdfd
            for word in memoryview(padded).cast("I").tolist():
                write(port, word)
            self.write(r.TLR, len(packet))
        return True

    def receive(self, timeout: float | None = None) -> bytes:
        """One packet. Waits until there is one; TimeoutError after `timeout` seconds."""
        self._check_receives()
        deadline = waiting.Deadline(self.device.clock, timeout)
        pause = _FIRST_LOOK
        while (packet := self._next_packet()) is None:
            self._check(deadline, timeout, "receive", "no packet came: a packet ends with TLAST")
            if self.interrupt_pin is not None:
                with self._listening(), contextlib.suppress(TimeoutError):
                    if not self.occupancy:
                        self.interrupt_pin.wait_blocking(deadline.left())
            else:
                self.device.clock.sleep(deadline.slice(pause))
                pause = min(2 * pause, _LONGEST_PAUSE)
        return packet

    async def receive_async(self, timeout: float | None = None) -> bytes:
        """As `receive`, for coroutines."""
        self._check_receives()
        deadline = waiting.Deadline(self.device.clock, timeout)
        pause = _FIRST_LOOK
        while (packet := self._next_packet()) is None:
            self._check(deadline, timeout, "receive", "no packet came: a packet ends with TLAST")
            if self.interrupt_pin is not None:
                with self._listening(), contextlib.suppress(TimeoutError):
                    if not self.occupancy:
                        await self.interrupt_pin.wait(deadline.left())
            else:
                await waiting.pause(self.device.clock, deadline.slice(pause))
                pause = min(2 * pause, _LONGEST_PAUSE)
        return packet

    def _check_receives(self) -> None:
        if not self._receives:
            raise RuntimeError(f"{self._fullpath} cannot receive: its receive path is disabled in this design (C_USE_RX_DATA is 0)")

    def _next_packet(self) -> bytes | None:
        """The packet that waits, or None. The length is read only where there is one: reading it opens the packet."""
        parts: list[bytes] = []
        with self.device.lock:
            while self.occupancy:
                length = self.read(r.RLR)
                nbytes = length & ~r.PARTIAL
                read, port = self._data.read, self._rdfd
                data = b"".join([read(port).to_bytes(4, "little") for _ in range(-(-nbytes // 4))])
                parts.append(data[:nbytes])
                if not length & r.PARTIAL:
                    self._partial, whole = b"", self._partial + b"".join(parts)
                    return whole
            self._partial += b"".join(parts)
        return None

    _partial = b""  # of a packet that comes in pieces (cut-through), until its end

    @contextlib.contextmanager
    def _listening(self) -> Any:
        """The interrupt tells of received packets while anybody is in here; old ones are forgotten first."""
        with self.device.lock:
            self.write(r.ISR, r.RC)
            self.write(r.IER, self.read(r.IER) | r.RC)
        try:
            yield
        finally:
            with self.device.lock:
                self.write(r.IER, self.read(r.IER) & ~r.RC)

    def _check(self, deadline: waiting.Deadline, timeout: float | None, what: str, why: str) -> None:
        if deadline.passed():
            raise TimeoutError(f"{self._fullpath}.{what}: within {timeout} s {why}")
