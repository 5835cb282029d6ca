"""The timer, the interrupt controller and the DMA against models that others wrote: QEMU's, on the board ``petalogix-ml605``.

One script of register operations is played to both, over QEMU's qtest protocol there, and every value that is read must agree. Time is let
pass on each side until an interval has surely ended: events and their order are compared, not clock counts.

The DMA there is one with scatter-gather, its streams lead to an AXI Ethernet, and that to a socket of this test. What QEMU's lacks of
AMD PG021 (AXI DMA v7.1) is left out of the comparison:

- DMASR.SGIncld and the counts in DMASR 31:16 ("MM2S_DMASR") are 0.
- The status of a descriptor tells no bytes ("Scatter Gather Descriptor", Transferred Bytes), so `transferred` of what is received is 0.
- DMACR's reserved bit 1 reads 0 until DMACR was written; clearing RS does not halt a channel ("MM2S_DMACR", Run/Stop).
- A received packet that takes several descriptors has RXEOF in each of them ("Scatter Gather Descriptor"), and each interrupts.
- Reset is one channel's alone.
- A threshold of 0 ("MM2S_DMACR", IRQThreshold) is taken, and no packet interrupts.
- A write to DMASR sets what it does not clear: what was read has to be written back.
- A descriptor that is complete halts the channel without SGIntErr ("Errors"), and CURDESC stands at the next descriptor, not at the last.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_dma import registers as r
from pynq_widgets import Device, Overlay, allocate
from pynq_widgets.device import PynqBuffer

from .qemu import Board, needs_qemu

pytestmark = needs_qemu

INTC, TIMER, DMA, ETHERNET = 0x8180_0000, 0x83C0_0000, 0x8460_0000, 0x8278_0000
ISR, IPR, IER, IAR, SIE, CIE, IVR, MER = range(INTC, INTC + 0x20, 4)
TCSR0, TLR0, TCR0, _, TCSR1, TLR1, TCR1, _ = range(TIMER, TIMER + 0x20, 4)
UDT, GENT, ARHT, LOAD, ENIT, ENT, TINT = 0x2, 0x4, 0x10, 0x20, 0x40, 0x80, 0x100


# The DMA: the one of the board, and ours, which feeds the same packets to a stream and takes them from one.

SIZE = 64  # bytes from one descriptor to the next
RECEIVE_ON, SEND_ON, EVERY_ADDRESS = (0x404, 1 << 28), (0x408, 1 << 28), (0x708, 1 << 31)
SEEN = 0x77F3  # of DMASR: what both have
PACKET = bytes(range(64)) * 4


class BoardWithNetwork(Board):
    """QEMU's DMA and Ethernet, which run."""

    memory = 0x8000  # in the block memory at 0, which DMA reaches

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for offset, value in (RECEIVE_ON, SEND_ON, EVERY_ADDRESS):
            self.write(ETHERNET + offset, value)
        self.command("cont")

    def word(self, offset: int) -> int:
        return self.read(DMA + offset)

    def put(self, offset: int, value: int) -> None:
        self.write(DMA + offset, value)

    def load(self, address: int, nbytes: int) -> bytes:
        return bytes.fromhex(self.ask(f"read {address:#x} {nbytes}").split()[1][2:])

    def store(self, address: int, data: bytes) -> None:
        self.ask(f"write {address:#x} {len(data)} 0x{data.hex()}")

    def sent(self) -> bytes:
        """The next packet that came out."""
        (length,) = struct.unpack(">I", self._exactly(4))
        return self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.network.recv(count - len(data))
            assert part, "QEMU went away"
            data += part
        return data

    def arrive(self, packet: bytes) -> None:
        """A packet comes in."""
        self.network.sendall(struct.pack(">I", len(packet)) + packet)

    def until(self, offset: int, mask: int) -> None:
        for _ in range(100_000):
            if self.word(offset) & mask:
                return
        raise AssertionError(f"no bit of {mask:#x} at {offset:#x}")


class OurDma:
    """Our model, with the same words."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self._buffer = allocate(0x4000, "u1", target=bench.device)
        self.memory = self._buffer.physical_address

    def word(self, offset: int) -> int:
        word: int = self._bench.device.read_word(DMA + offset)
        return word

    def put(self, offset: int, value: int) -> None:
        self._bench.device.write_word(DMA + offset, value)

    def load(self, address: int, nbytes: int) -> bytes:
        return self._buffer[address - self.memory : address - self.memory + nbytes].tobytes()

    def store(self, address: int, data: bytes) -> None:
        self._buffer[address - self.memory : address - self.memory + len(data)] = np.frombuffer(data, np.uint8)

    def sent(self) -> bytes:
        stream = self._bench.device.stream("dma", "M_AXIS_MM2S")
        data, last = b"", False
        while not last:
            part, last = stream.receive()
            data += bytes(part)
        return data

    def arrive(self, packet: bytes) -> None:
        self._bench.device.stream("dma", "S_AXIS_S2MM").send(packet)
        self._bench.model("dma").on_stream("S_AXIS_S2MM")  # it is connected to nothing that would tell it

    def until(self, offset: int, mask: int) -> None:
        self._bench.clock.advance(1e-3)
        assert self.word(offset) & mask


def sg_block(dma_block: Any, **given: Any) -> Any:
    return dma_block(base=DMA, interrupts=False, c_include_sg=1, c_include_mm2s_dre=1, c_include_s2mm_dre=1, **given)


@pytest.fixture
def both_dma(tmp_path: Path, build: Any, dma_block: Any) -> Iterator[tuple[BoardWithNetwork, OurDma]]:
    bench = build(sg_block(dma_block), autojump=False)
    board = BoardWithNetwork(tmp_path)
    try:
        yield board, OurDma(bench)
    finally:
        board.close()


def describe(side: Any, index: int, nbytes: int, flags: int, at: int) -> None:
    """A descriptor, the first at the start of the memory, its data `at` so many bytes from there."""
    link = side.memory + (index + 1) * SIZE
    side.store(side.memory + index * SIZE, struct.pack("<8I", link, 0, side.memory + at, 0, 0, 0, nbytes | flags, 0))


def status_of(side: Any, index: int) -> str:
    """What the core wrote to a descriptor, but for the number of bytes."""
    (word,) = struct.unpack("<I", side.load(side.memory + index * SIZE + 4 * r.STATUS, 4))
    return f"descriptor {index}: {word & ~r.COUNT:#010x}"


def started(side: Any, base: int, threshold: int = 1) -> list[str]:
    """Reset, then CURDESC and RS: what DMACR and DMASR say on the way."""
    seen = []
    side.put(base + r.DMACR, r.RESET)
    seen.append(f"reset: {side.word(base + r.DMACR) & ~r.RESERVED_ONE:#x} {side.word(base + r.DMASR) & SEEN:#x}")
    side.put(base + r.CURDESC, side.memory)
    seen.append(f"CURDESC {side.word(base + r.CURDESC) - side.memory:#x}")
    side.put(base + r.DMACR, r.RS | r.IOC_IRQ_EN | threshold << r.THRESHOLD)
    seen.append(f"running: {side.word(base + r.DMACR):#x} {side.word(base + r.DMASR) & SEEN:#x}")
    return seen


def told(side: Any, base: int) -> str:
    return f"DMASR {side.word(base + r.DMASR) & SEEN:#06x}"


def acknowledge(side: Any, base: int) -> None:
    side.put(base + r.DMASR, side.word(base + r.DMASR))


def agree_on(both: tuple[BoardWithNetwork, OurDma], scene: Callable[[Any], list[str]]) -> list[str]:
    theirs, ours = scene(both[0]), scene(both[1])
    assert ours == theirs
    return ours


def test_dma_sends_packets_by_descriptors(both_dma: tuple[BoardWithNetwork, OurDma]) -> None:
    def scene(side: Any) -> list[str]:
        seen = started(side, r.MM2S)
        side.store(side.memory + 0x1000, PACKET)
        describe(side, 0, 100, r.SOF, 0x1000)  # one packet in two parts,
        describe(side, 1, 156, r.EOF, 0x1000 + 100)
        describe(side, 2, 64, r.SOF | r.EOF, 0x1000)  # and another behind it
        side.put(r.TAILDESC, side.memory + SIZE)
        side.until(r.DMASR, r.IDLE)
        seen += [told(side, r.MM2S), status_of(side, 0), status_of(side, 1), status_of(side, 2), side.sent().hex()]
        acknowledge(side, r.MM2S)
        seen.append(told(side, r.MM2S))
        side.put(r.TAILDESC, side.memory + 2 * SIZE)
        side.until(r.DMASR, r.IOC_IRQ)
        return [*seen, told(side, r.MM2S), status_of(side, 2), side.sent().hex()]

    seen = agree_on(both_dma, scene)
    assert PACKET.hex() in seen
    assert "descriptor 1: 0x80000000" in seen


def test_dma_receives_packets_by_descriptors(both_dma: tuple[BoardWithNetwork, OurDma]) -> None:
    def scene(side: Any) -> list[str]:
        seen = started(side, r.S2MM)
        for i in range(3):
            describe(side, i, 300, 0, 0x1000 * (i + 1))
        side.put(r.S2MM + r.TAILDESC, side.memory + 2 * SIZE)
        seen.append(told(side, r.S2MM))
        side.arrive(PACKET)
        side.until(r.S2MM + r.DMASR, r.IOC_IRQ)
        seen += [told(side, r.S2MM), *(status_of(side, i) for i in range(3))]
        for count in (80, 64):
            acknowledge(side, r.S2MM)
            side.arrive(PACKET[:count])
            side.until(r.S2MM + r.DMASR, r.IOC_IRQ)
            seen += [told(side, r.S2MM), *(status_of(side, i) for i in range(3))]
        return [*seen, *(side.load(side.memory + at, n).hex() for at, n in ((0x1000, 256), (0x2000, 80), (0x3000, 64)))]

    seen = agree_on(both_dma, scene)
    assert seen[-3:] == [PACKET.hex(), PACKET[:80].hex(), PACKET[:64].hex()]
    assert seen[-7:-3] == ["DMASR 0x1002", *(f"descriptor {i}: {r.COMPLETE | r.SOF | r.EOF:#010x}" for i in range(3))]


def test_dma_interrupts_for_each_third_packet(both_dma: tuple[BoardWithNetwork, OurDma]) -> None:
    def scene(side: Any) -> list[str]:
        seen = started(side, r.MM2S, threshold=3)
        side.store(side.memory + 0x1000, PACKET)
        for i in range(7):
            describe(side, i, 64, r.SOF | r.EOF, 0x1000)
            side.put(r.TAILDESC, side.memory + i * SIZE)
            side.until(r.DMASR, r.IDLE)
            seen += [told(side, r.MM2S), side.sent().hex()]
            if i == 3:
                acknowledge(side, r.MM2S)
        return seen

    assert agree_on(both_dma, scene)[3::2] == [f"DMASR {status:#06x}" for status in (2, 2, 0x1002, 0x1002, 2, 0x1002, 0x1002)]


def test_dma_halts_at_a_descriptor_that_is_complete(both_dma: tuple[BoardWithNetwork, OurDma]) -> None:
    def scene(side: Any) -> list[str]:
        started(side, r.MM2S)
        describe(side, 0, 64, r.SOF | r.EOF, 0x1000)
        side.store(side.memory + 4 * r.STATUS, struct.pack("<I", r.COMPLETE))
        side.put(r.TAILDESC, side.memory)
        return [f"halted: {side.word(r.DMASR) & r.HALTED}", status_of(side, 0)]

    assert agree_on(both_dma, scene)[0] == "halted: 1"


class QemuDevice(Device):
    """The board as a device of ours: registers and memory over qtest, the cache being what this process holds of a buffer."""

    capabilities = {"REGISTER_RW": True}

    def __init__(self, board: BoardWithNetwork) -> None:
        super().__init__("qemu")
        self._board = board
        self._end = board.memory

    def read_registers(self, address: int, length: int) -> bytes:
        return b"".join(self._board.read(at).to_bytes(4, "little") for at in range(address, address + length, 4))

    def write_registers(self, address: int, data: bytes) -> None:
        for at in range(0, len(data), 4):
            self._board.write(address + at, int.from_bytes(data[at : at + 4], "little"))

    def allocate(self, shape: Any, dtype: Any, **kwargs: Any) -> PynqBuffer:
        buffer = PynqBuffer(shape, dtype, device=self, device_address=self._end, bo=self._end)
        buffer[:] = np.zeros((), dtype)
        self._end += (buffer.nbytes + SIZE - 1) & -SIZE
        return buffer

    def flush(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        self._board.store(bo + offset, bytes(memoryview((_CBytes * nbytes).from_address(vaddr))))

    def invalidate(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        memoryview((_CBytes * nbytes).from_address(vaddr)).cast("B")[:] = self._board.load(bo + offset, nbytes)


_CBytes = ctypes.c_ubyte


def test_the_driver_sends_and_receives_through_the_dma_of_the_board(tmp_path: Path, build: Any, dma_block: Any) -> None:
    path = build(sg_block(dma_block, c_sg_length_width=8)).device.design.path
    board = BoardWithNetwork(tmp_path)
    try:
        device = QemuDevice(board)
        dma = Overlay(path, device=device, download=False).dma
        source, targets = device.allocate(700, "u1"), [device.allocate(255, "u1") for _ in range(3)]
        source[:] = np.arange(700) % 251
        for count in (700, 64, 255):  # three descriptors, and one
            assert dma.sendchannel.transfer(source, nbytes=count).wait(timeout=30) == count
            assert board.sent() == source[:count].tobytes()
        queued = [dma.sendchannel.submit(source, start=i, nbytes=100 + i) for i in range(5)]
        queued[-1].wait(timeout=30)
        assert [board.sent() for _ in queued] == [source[i : 100 + 2 * i].tobytes() for i in range(5)]
        received = [dma.recvchannel.submit(target) for target in targets]
        for i, (target, transfer) in enumerate(zip(targets, received, strict=True)):
            board.arrive(source[i : i + 100 + i].tobytes())
            transfer.wait(timeout=30)
            assert transfer.end_of_packet
            assert target[: 100 + i].tolist() == source[i : i + 100 + i].tolist()
        waiting = dma.recvchannel.transfer(targets[0])
        dma.reset()
        assert waiting.state == "cancelled"
        again = dma.recvchannel.transfer(targets[1])
        board.arrive(source[::-1].tobytes()[:200])
        again.wait(timeout=30)
        assert targets[1][:200].tolist() == source[::-1][:200].tolist()
        assert not dma.recvchannel.error
    finally:
        board.close()


class Ours:
    """Our side: the same two blocks, the timer on input 2 and taken by its edge, as on that board."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self._bases = {INTC: bench.overlay.intc.mmio.base_addr, TIMER: bench.overlay.timer.mmio.base_addr}

    def _at(self, address: int) -> int:
        return self._bases[address & ~0xFF] + (address & 0xFF)

    def read(self, address: int) -> int:
        word: int = self._bench.device.read_word(self._at(address))
        return word

    def write(self, address: int, value: int) -> None:
        self._bench.device.write_word(self._at(address), value)

    def pass_until(self, address: int, mask: int) -> None:
        for _ in range(1000):
            self._bench.clock.advance(1e-3)
            if self.read(address) & mask:
                return
        raise AssertionError(f"no bit of {mask:#x} at {address:#x}")


@pytest.fixture
def both(tmp_path: Path, build: Any, gpio_block: Any, timer_block: Any) -> Iterator[tuple[Board, Ours]]:
    bench = build(gpio_block("a"), gpio_block("b", 0x4121_0000), timer_block(), controller={"C_KIND_OF_INTR": "0xFFFFFFFC"}, autojump=False)
    board = Board(tmp_path)
    try:
        yield board, Ours(bench)
    finally:
        board.close()


Step = tuple[str, int, int] | tuple[str, int]


def play(side: Any, script: list[Step]) -> list[int]:
    """What was read, in order."""
    seen = []
    for operation, address, *value in script:
        if operation == "read":
            seen.append(side.read(address))
        else:
            getattr(side, operation)(address, *value)
    return seen


def agree(both: tuple[Board, Ours], script: list[Step], check: Callable[[list[int]], bool] = bool) -> None:
    theirs, ours = play(both[0], script), play(both[1], script)
    names = [f"{step[1]:#x}" for step in script if step[0] == "read"]
    assert [f"{n}: {v:#x}" for n, v in zip(names, ours, strict=True)] == [f"{n}: {v:#x}" for n, v in zip(names, theirs, strict=True)]
    assert check(ours)


def test_controller_played_by_software(both: tuple[Board, Ours]) -> None:
    agree(
        both,
        [
            *(("read", register) for register in (ISR, IPR, IER, IVR, MER)),
            ("write", ISR, 0b101),
            ("read", ISR),
            ("read", IPR),
            ("write", IER, 0b100),
            ("read", IPR),
            ("read", IVR),
            ("write", SIE, 0b001),
            ("read", IER),
            ("read", IVR),
            ("write", CIE, 0b001),
            ("read", IER),
            ("read", IVR),
            ("write", IAR, 0b100),
            ("read", ISR),
            ("read", IPR),
            ("read", IVR),
            ("write", MER, 3),
            ("read", MER),
            ("read", ISR),
            ("write", ISR, 0b100),  # not any more
            ("read", ISR),
        ],
    )


def test_one_interval_through_the_controller(both: tuple[Board, Ours]) -> None:
    agree(
        both,
        [
            ("write", MER, 3),
            ("write", IER, 0b100),
            ("write", TLR0, 1000),
            ("read", TLR0),
            ("read", TCSR0),
            ("write", TCSR0, UDT | ENIT | LOAD),
            ("write", TCSR0, UDT | ENIT | ENT),
            ("pass_until", TCSR0, TINT),
            ("read", TCSR0),
            ("read", ISR),
            ("read", IPR),
            ("read", IVR),
            ("write", IAR, 0b100),
            ("read", ISR),  # an edge: it does not come back while the timer still asks
            ("read", IPR),
            ("write", TCSR0, UDT | ENIT | ENT | TINT),
            ("read", TCSR0),
            ("read", ISR),
        ],
        lambda seen: 0x1C2 in seen and 4 in seen,
    )


def test_interval_with_no_interrupt_enabled(both: tuple[Board, Ours]) -> None:
    agree(
        both,
        [
            ("write", MER, 3),
            ("write", IER, 0b100),
            ("write", TLR1, 500),
            ("write", TCSR1, UDT | LOAD),
            ("write", TCSR1, UDT | ENT),
            ("pass_until", TCSR1, TINT),
            ("read", TCSR1),
            ("read", TCSR0),
            ("read", ISR),
        ],
    )


def test_auto_reload_comes_again_after_it_was_acknowledged(both: tuple[Board, Ours]) -> None:
    mode = UDT | ARHT | ENIT
    again: list[Step] = [
        ("pass_until", TCSR0, TINT),
        ("read", TCSR0),
        ("read", ISR),
        ("write", TCSR0, mode | ENT | TINT),
        ("write", IAR, 0b100),
    ]
    agree(
        both,
        [
            ("write", MER, 3),
            ("write", IER, 0b100),
            ("write", TLR0, 200_000),
            ("write", TCSR0, mode | LOAD),
            ("write", TCSR0, mode | ENT),
            *again,
            *again,
        ],
    )


def test_the_counters_of_a_wave_end_in_their_order(both: tuple[Board, Ours]) -> None:
    """QEMU's timer has no PWM, no capture and no cascade: its counters run on by themselves, and PWMA0, PWMA1, MDT, CAPT and ENALL are bits
    that are kept. So of a wave (PG079, "Pulse Width Modulation (PWM) Mode") it is compared that the pulse ends before the period, and how
    the words read on the way. ENT0 and ENT1 start the counters, since ENALL does nothing there."""
    pwm = 0x200 | UDT | GENT | ARHT
    agree(
        both,
        [
            ("write", TLR0, 8_000_000),
            ("write", TLR1, 100_000),
            ("write", TCSR0, pwm | LOAD),
            ("read", TCSR0),
            ("write", TCSR1, pwm | LOAD),
            ("read", TCSR1),
            ("write", TCSR0, pwm | ENT),
            ("write", TCSR1, pwm | ENT),
            ("read", TCSR0),
            ("pass_until", TCSR1, TINT),
            ("read", TCSR1),
            ("read", TCSR0),
            ("pass_until", TCSR0, TINT),
            ("read", TCSR0),
            ("read", TCSR1),
        ],
        lambda seen: seen[-4:] == [pwm | ENT | TINT, pwm | ENT, pwm | ENT | TINT, pwm | ENT | TINT],
    )


def test_what_is_captured_is_a_bit_that_is_kept(both: tuple[Board, Ours]) -> None:
    mode = 0x001 | 0x008 | ARHT
    agree(both, [("write", TLR0, 7), ("write", TCSR0, mode), ("read", TCSR0), ("read", TLR0), ("write", TCSR0, 0), ("read", TCSR0)])
