"""AXI DMA with descriptors, the model: registers, fetch and write-back, coalesced interrupts, cyclic mode, errors; in stepped time."""

import struct
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_dma import registers as r
from pynq_widgets import allocate

LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]
BASE = 0x4040_0000
CLOCK = 100e6
RATE = 4 * CLOCK


class Core:
    """The registers of the core, and memory of which the first part is for descriptors."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.memory = allocate(0x8000, "u1", target=bench.device)
        self.memory[0x1000:] = np.arange(0x7000) % 253
        self.base = self.memory.physical_address

    def put(self, offset: int, value: int) -> None:
        self.bench.device.write_word(BASE + offset, value)

    def look(self, offset: int) -> int:
        word: int = self.bench.device.read_word(BASE + offset)
        return word

    def describe(self, index: int, nbytes: int, flags: int = 0, at: int = 0x1000, link: int | None = None, status: int = 0) -> None:
        following = self.base + 64 * (index + 1 if link is None else link)
        words = struct.pack("<8I", following, 0, self.base + at, 0, 0, 0, nbytes | flags, status)
        self.memory[64 * index : 64 * index + 32] = np.frombuffer(words, np.uint8)

    def status(self, index: int) -> int:
        return int.from_bytes(self.memory[64 * index + 28 : 64 * index + 32].tobytes(), "little")

    def start(self, base: int, control: int = r.RS, first: int = 0) -> None:
        self.put(base + r.CURDESC, self.base + 64 * first)
        self.put(base + r.DMACR, control)

    def tail(self, base: int, index: int) -> None:
        self.put(base + r.TAILDESC, self.base + 64 * index)

    def seen(self, base: int = r.MM2S) -> int:
        return self.look(base + r.DMASR) & 0xFFFF & ~r.SG_INCLUDED

    def advance(self, seconds: float = 1.0) -> None:
        self.bench.clock.advance(seconds)


@pytest.fixture
def make(build: Any, dma_block: Any) -> Any:
    return lambda streams=LOOP, **given: Core(build(dma_block(c_include_sg=1, **given), streams=streams, autojump=False))


@pytest.fixture
def core(make: Any) -> Any:
    return make()


def test_reset_values_and_widths(core: Any) -> None:
    assert [core.look(word) for word in (r.DMACR, r.DMASR, r.CURDESC, r.TAILDESC)] == [0x10002, 0x10009, 0, 0]
    core.put(r.CURDESC, 0x1234_5678)
    assert core.look(r.CURDESC) == 0x1234_5640  # aligned to 16 words
    core.put(r.CURDESC_MSB, 5)
    assert core.look(r.CURDESC_MSB) == 0
    core.put(r.DMACR, r.RS)
    core.put(r.CURDESC, 0x1000_0000)
    assert core.look(r.CURDESC) == 0x1234_5640  # read-only while it runs
    for word in (r.ADDRESS, r.LENGTH):  # of direct mode: not there
        core.put(word, 64)
        assert core.look(word) == 0


def test_a_tail_that_is_written_while_halted_begins_nothing(core: Any) -> None:
    core.describe(0, 64, r.SOF | r.EOF)
    core.put(r.CURDESC, core.base)
    core.tail(r.MM2S, 0)
    core.put(r.DMACR, r.RS)
    core.advance()
    assert (core.seen(), core.status(0)) == (0, 0)


def test_a_chain_in_its_time(core: Any) -> None:
    for i in range(3):
        core.describe(i, 400, r.SOF if i == 0 else r.EOF if i == 2 else 0, 0x1000 + 400 * i)
        core.describe(10 + i, 800, at=0x4000 + 800 * i)
    core.start(r.S2MM, first=10)
    core.tail(r.S2MM, 12)
    core.start(r.MM2S)
    core.tail(r.MM2S, 2)
    assert core.seen() == 0
    core.advance(401 / RATE)
    assert [core.status(i) for i in range(3)] == [r.COMPLETE | 400, 0, 0]
    assert core.look(r.CURDESC) == core.base + 64
    core.advance(798 / RATE)
    assert core.status(2) == 0
    core.advance(2 / RATE)
    assert [core.status(i) for i in range(3)] == [r.COMPLETE | 400] * 3
    assert core.seen() == r.IDLE | r.IOC_IRQ
    core.advance()
    assert [core.status(10 + i) for i in range(3)] == [r.COMPLETE | r.SOF | 800, r.COMPLETE | r.EOF | 400, 0]
    assert core.seen(r.S2MM) == r.IOC_IRQ  # not at its tail
    assert np.array_equal(core.memory[0x4000 : 0x4000 + 1200], core.memory[0x1000 : 0x1000 + 1200])


def test_wide_addresses_begin_with_the_upper_half(make: Any) -> None:
    core = make(c_addr_width=40)
    core.describe(0, 64, r.SOF | r.EOF)
    core.start(r.MM2S)
    core.tail(r.MM2S, 0)
    core.advance()
    assert core.status(0) == 0
    core.put(r.TAILDESC_MSB, 0)
    core.advance()
    assert core.status(0) == r.COMPLETE | 64


def test_interrupts_are_coalesced(core: Any) -> None:
    core.bench.device.stream("dma", "M_AXIS_MM2S").capacity = None
    core.start(r.MM2S, r.RS | r.IOC_IRQ_EN | 3 << r.THRESHOLD)
    counts = []
    for i in range(7):
        core.describe(i, 64, r.SOF | r.EOF)
        core.tail(r.MM2S, i)
        core.advance(1e-6)
        counts.append((core.look(r.DMASR) >> r.THRESHOLD & 0xFF, bool(core.seen() & r.IOC_IRQ)))
        core.put(r.DMASR, r.IOC_IRQ)
    assert counts == [(2, False), (1, False), (3, True), (2, False), (1, False), (3, True), (2, False)]


def test_the_delay_tells_of_packets_that_do_not_make_a_threshold(core: Any) -> None:
    core.start(r.MM2S, r.RS | r.IOC_IRQ_EN | r.DLY_IRQ_EN | 2 << r.THRESHOLD | 10 << r.DELAY)
    core.describe(0, 64, r.SOF | r.EOF)
    core.tail(r.MM2S, 0)
    core.advance(64 / RATE + 1e-9)
    assert core.seen() == r.IDLE
    core.advance(6 * 125 / CLOCK)
    assert core.look(r.DMASR) >> r.DELAY == 6
    assert core.bench.device.probe("dma/mm2s_introut") == 0
    core.advance(4 * 125 / CLOCK)
    assert core.seen() == r.IDLE | r.DLY_IRQ
    assert core.look(r.DMASR) >> r.THRESHOLD & 0xFF == 2
    assert core.bench.device.probe("dma/mm2s_introut") == 1
    core.advance()
    core.put(r.DMASR, r.DLY_IRQ)
    assert core.seen() == r.IDLE


def test_cyclic_goes_round_and_does_not_mind_what_is_complete(core: Any) -> None:
    stream = core.bench.device.stream("dma", "M_AXIS_MM2S")
    stream.capacity = None
    core.describe(0, 400, r.SOF | r.EOF)
    core.describe(1, 400, r.SOF | r.EOF, link=0)
    core.start(r.MM2S, r.RS | r.CYCLIC)
    core.tail(r.MM2S, 5)
    core.advance(400 * 10.5 / RATE)
    assert stream.packets == 11
    assert core.seen() & (r.IDLE | r.HALTED) == 0
    core.put(r.DMACR, 0)
    core.advance()
    assert (stream.packets, core.seen() & r.HALTED) == (11, r.HALTED)


@pytest.mark.parametrize(
    ("given", "error", "written"),
    [
        ({"status": r.COMPLETE}, r.SG_INT_ERR, r.COMPLETE),
        ({"nbytes": 0}, r.DMA_INT_ERR, r.COMPLETE | 1 << 28),
        ({"at": 0x1001}, r.DMA_INT_ERR, r.COMPLETE | 1 << 28),
        ({"at": 0xE000_0000}, r.DMA_DEC_ERR, r.COMPLETE | 1 << 30),
    ],
)
def test_errors_halt_at_their_descriptor(core: Any, given: dict[str, int], error: int, written: int) -> None:
    core.describe(0, 64, r.SOF | r.EOF)
    core.describe(1, **{"nbytes": 64, "flags": r.SOF | r.EOF, **given})
    core.start(r.MM2S, r.RS | r.ERR_IRQ_EN)
    core.tail(r.MM2S, 1)
    core.advance()
    assert core.seen() & ~r.IOC_IRQ == error | r.ERR_IRQ | r.HALTED
    assert core.look(r.CURDESC) == core.base + 64
    assert core.status(1) == written
    assert core.look(r.DMACR) & r.RS == 0
    assert core.bench.device.probe("dma/mm2s_introut") == 1
    core.put(r.DMACR, r.RS)
    assert core.seen() & r.HALTED
    core.put(r.DMACR, r.RESET)
    assert core.seen() == r.HALTED


def test_descriptors_that_cannot_be_read(core: Any) -> None:
    core.put(r.CURDESC, 0xE000_0000)
    core.put(r.DMACR, r.RS)
    core.put(r.TAILDESC, 0xE000_0000)
    assert core.seen() == r.SG_DEC_ERR | r.ERR_IRQ | r.HALTED
    core.put(r.DMACR, r.RESET)
    core.describe(0, 64, r.SOF | r.EOF)
    with core.bench.device.faults.slave_error(core.base, 64, master="dma"):
        core.start(r.MM2S)
        core.tail(r.MM2S, 0)
    assert core.seen() == r.SG_SLV_ERR | r.ERR_IRQ | r.HALTED


def test_a_packet_waits_for_descriptors(core: Any) -> None:
    core.describe(0, 600, r.SOF | r.EOF)
    core.describe(10, 400, at=0x4000)
    core.describe(11, 400, at=0x5000)
    core.start(r.S2MM, first=10)
    core.tail(r.S2MM, 10)
    core.start(r.MM2S)
    core.tail(r.MM2S, 0)
    core.advance()
    assert core.status(10) == r.COMPLETE | r.SOF | 400
    assert core.seen(r.S2MM) == r.IDLE  # full, but the packet has not ended: no interrupt
    core.tail(r.S2MM, 11)
    core.advance()
    assert core.status(11) == r.COMPLETE | r.EOF | 200
    assert core.seen(r.S2MM) == r.IDLE | r.IOC_IRQ
    assert np.array_equal(core.memory[0x5000 : 0x5000 + 200], core.memory[0x1000 + 400 : 0x1000 + 600])
