"""What software does with AXI4-Stream FIFO: packets in and out, word by word.

Source: AMD PG080, AXI4-Stream FIFO v4.3: "Register Space", "Programming Sequence", "Interrupt Status Register", as remembered.
"""

from __future__ import annotations

import contextlib
import logging
import operator
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, ClassVar

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_fifo_mm_s import registers as r
from pynq_drivers.transfers.diagnosis import far_end, stream_words
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.traits import Word

_FIRST_LOOK, _LONGEST_PAUSE = 10e-6, 2e-3
_RESERVED = 4  # words of the depth that the core keeps to itself
# With an interrupt the FIFO is looked at all the same after so many seconds: an interrupt can be lost.
_LOOK_AGAIN = 0.5
# Who waits without a timeout is told after so many seconds, once, what stands still.
_TELL_AFTER = 3.0

_log = logging.getLogger(__name__)


class AxiFifo(DefaultIP):
    """AXI4-Stream FIFO: ``fifo.send(b'...')`` sends one packet, ``fifo.receive(timeout=1)`` gives one.

    Reading RDFD takes a word away and reading RLR opens the next packet, so neither is ever read by a display.

    Attributes
    ----------
    received_destination : int
        TDEST of the packet that was received last, 0 where the core has none.
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
        self._sideband = r.Sideband.of(given)
        self.received_destination = 0

    @cached_property
    def interrupt_pin(self) -> Any:
        """The interrupt, made when it is first needed; None where none is connected, or the device has no way to it."""
        return self["interrupt"] if "interrupt" in self._interrupts else None

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
        """Empties both FIFOs and resets the streams' logic; what is in them is lost. TimeoutError where the core does not finish it."""
        self._reset(r.SRR, (r.TRC if self._sends else 0) | (r.RRC if self._receives else 0))
        self._partial = b""

    def reset_transmit(self) -> None:
        """Empties the transmit FIFO. TimeoutError where the core does not finish it."""
        self._reset(r.TDFR, r.TRC)

    def reset_receive(self) -> None:
        """Empties the receive FIFO. TimeoutError where the core does not finish it."""
        self._reset(r.RDFR, r.RRC)
        self._partial = b""

    def _reset(self, word: int, complete: int) -> None:
        with self.device.lock:
            self.write(r.ISR, r.ALL)
            self.write(word, r.RESET_KEY)
            hint = "do the clocks of its streams run?"
            waiting.reset(self.device.clock, lambda: self.read(r.ISR) & complete == complete, self._fullpath, hint)
            self.write(r.ISR, r.ALL)

    # Packets.

    def send(self, data: Any, destination: int | None = None, timeout: float | None = None) -> None:
        """Sends the bytes of `data` (bytes, or anything with a contiguous buffer, such as an array) as one packet.

        Waits for room in the FIFO. `destination` is the packet's TDEST, where the core has one. Raises ValueError, and nothing is
        written, for a packet that is empty, longer than the FIFO, or ends within a word where the core has no TKEEP, and for a
        destination that the core cannot give; TimeoutError, and nothing is written, after `timeout` seconds. With no `timeout`, what
        stands still is logged once after 3 s.
        """
        packet, destination = self._packet(data), self._destination(destination)
        wait = _Wait(self, "send", timeout)
        while not self._put(packet, destination):
            self.device.clock.sleep(wait.next(f"no room for {len(packet)} bytes"))

    async def send_async(self, data: Any, destination: int | None = None, timeout: float | None = None) -> None:
        """As `send`, for coroutines."""
        packet, destination = self._packet(data), self._destination(destination)
        wait = _Wait(self, "send", timeout)
        while not self._put(packet, destination):
            await waiting.pause(self.device.clock, wait.next(f"no room for {len(packet)} bytes"))

    def _destination(self, destination: int | None) -> int | None:
        bits = self._sideband.destination_bits
        if not bits:
            if destination:
                raise ValueError(
                    f"{self._fullpath} has no TDEST in this design (C_HAS_AXIS_TDEST is 0): it cannot send to destination {destination}"
                )
            return None
        number = operator.index(destination or 0)
        if not 0 <= number < 1 << bits:
            raise ValueError(
                f"{self._fullpath}: a destination is 0 to {(1 << bits) - 1} in this design ({bits} bits of TDEST), not {number}"
            )
        return number

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
        if len(packet) % 4 and not self._sideband.keeps:
            raise ValueError(
                f"{self._fullpath} sends whole words of 4 bytes in this design, not {len(packet)} bytes: "
                "enable TKEEP in the core, or fill up the packet"
            )
        return packet

    def _put(self, packet: bytes, destination: int | None) -> bool:
        padded = packet + bytes(-len(packet) % 4)
        with self.device.lock:  # no other packet's words come between
            if self.vacancy < len(padded) // 4:
                return False
            with self._whole(self.reset_transmit):
                if destination is not None:
                    self.write(r.TDR, destination)
                write, port = self._data.write, self._tdfd
                for word in memoryview(padded).cast("I").tolist():
                    write(port, word)
                self.write(r.TLR, len(packet))
        return True

    @contextlib.contextmanager
    def _whole(self, empty: Callable[[], None]) -> Iterator[None]:
        """What is broken off in a packet (an interrupted cell) must not be part of the next one: `empty` empties the FIFO."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(Exception):  # the first error is the one to be seen
                empty()
            raise

    def receive(self, timeout: float | None = None) -> bytes:
        """One packet; its TDEST is in `received_destination`. Waits until there is one; TimeoutError after `timeout` seconds.

        Without TKEEP the core cannot tell where in its last word a packet ends: it is as long as its words. With no `timeout`, what
        stands still is logged once after 3 s.
        """
        self._check_receives()
        wait = _Wait(self, "receive", timeout)
        while (packet := self._next_packet()) is None:
            pause = wait.next("no packet came")
            if self.interrupt_pin is None:
                self.device.clock.sleep(pause)
                continue
            with self._listening(), contextlib.suppress(TimeoutError):
                if not self.occupancy:
                    self.interrupt_pin.wait_blocking(pause)
        return packet

    async def receive_async(self, timeout: float | None = None) -> bytes:
        """As `receive`, for coroutines."""
        self._check_receives()
        wait = _Wait(self, "receive", timeout)
        while (packet := self._next_packet()) is None:
            pause = wait.next("no packet came")
            if self.interrupt_pin is None:
                await waiting.pause(self.device.clock, pause)
                continue
            with self._listening(), contextlib.suppress(TimeoutError):
                if not self.occupancy:
                    await self.interrupt_pin.wait(pause)
        return packet

    def _check_receives(self) -> None:
        if not self._receives:
            raise RuntimeError(f"{self._fullpath} cannot receive: its receive path is disabled in this design (C_USE_RX_DATA is 0)")

    def _next_packet(self) -> bytes | None:
        """The packet that waits, or None. The length is read only where there is one: reading it opens the packet."""
        parts: list[bytes] = []
        with self.device.lock:
            while self.occupancy:
                with self._whole(self.reset_receive):
                    if self._read_packet(parts):
                        self._partial, whole = b"", self._partial + b"".join(parts)
                        return whole
            self._partial += b"".join(parts)
        return None

    def _read_packet(self, parts: list[bytes]) -> bool:
        """What there is of the packet to `parts`; whether that is its end."""
        length = self.read(r.RLR)
        if self._sideband.destination_bits:
            self.received_destination = self.read(r.RDR) & ((1 << self._sideband.destination_bits) - 1)
        nbytes = length & ~r.PARTIAL
        read, port = self._data.read, self._rdfd
        data = b"".join([read(port).to_bytes(4, "little") for _ in range(-(-nbytes // 4))])
        parts.append(data[:nbytes])
        return not length & r.PARTIAL

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

    def why(self, what: str) -> str:
        """Why `what` (``'send'`` or ``'receive'``) may be standing still, in words, from the design's wires and the errors of the core."""
        interface = "AXI_STR_TXD" if what == "send" else "AXI_STR_RXD"
        end = far_end(self.description.get("design"), self._fullpath, interface)
        name = end[0] if end is not None else "whatever its stream is connected to"
        words = f"does {name} take the data?" if what == "send" else f"a packet ends with TLAST, which {name} has to give."
        errors = self.errors
        told = f" Since clear_errors(): {'; '.join(errors)}." if errors else ""
        return words + stream_words(self.device, self._fullpath, interface) + told


class _Wait:
    """One who waits for a FIFO: deadline, patience, and how long to pause before the next look."""

    def __init__(self, fifo: AxiFifo, what: str, timeout: float | None) -> None:
        self._fifo, self._what, self._timeout = fifo, what, timeout
        clock = fifo.device.clock
        self._deadline = waiting.Deadline(clock, timeout)
        self._patience = waiting.Deadline(clock, _TELL_AFTER if timeout is None else None)
        self._pause = _FIRST_LOOK

    def next(self, trouble: str) -> float:
        """Seconds to pause before the next look. Raises TimeoutError where the deadline has passed."""
        fifo = self._fifo
        if self._deadline.passed():
            raise TimeoutError(f"{fifo._fullpath}.{self._what}: within {self._timeout:g} s {trouble}: {fifo.why(self._what)}")
        if self._patience.passed():
            self._patience = waiting.Deadline(fifo.device.clock, None)
            _log.warning(
                "%s.%s: after %g s %s, and it goes on waiting: %s Interrupt the kernel to give up, or pass timeout=...",
                fifo._fullpath,
                self._what,
                _TELL_AFTER,
                trouble,
                fifo.why(self._what),
            )
        if self._what == "receive" and fifo.interrupt_pin is not None:
            return self._deadline.slice(_LOOK_AGAIN)
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        return self._deadline.slice(pause)
