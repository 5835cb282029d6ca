"""AXI MCDMA, the model: each register of PG288 with its reset value, access and side effect, in stepped time."""

from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_mcdma import registers as r
from pynq_widgets import allocate

BASE = 0x4E40_0000
RATE = 400e6  # bytes a second: 32 bits at 100 MHz
LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]
ON = 0x10000 | r.RS


@pytest.fixture
def make(build: Any, block: Any) -> Any:
    def _make(streams: Any = LOOP, count: int = 4, **parameters: Any) -> Any:
        given = {"C_NUM_MM2S_CHANNELS": count, "C_NUM_S2MM_CHANNELS": count, "C_SG_LENGTH_WIDTH": 16, "C_ADDR_WIDTH": 32, **parameters}
        pins = tuple(f"{side}_ch{i + 1}_introut" for side in ("mm2s", "s2mm") for i in range(count))
        one = block(
            "dma",
            "xilinx.com:ip:axi_mcdma:1.1",
            BASE,
            given,
            pins,
            ("M_AXI_SG", "M_AXI_MM2S", "M_AXI_S2MM"),
            (),
            ("s_axi_lite_aclk", "s_axi_aclk"),
            interface="S_AXI_LITE",
        )
        bench = build(one, streams=streams, autojump=False)
        bench.kept = []  # the core knows addresses: what it works on has to stay where it is
        return bench

    return _make


def put(bench: Any, offset: int, value: int) -> None:
    bench.device.write_word(BASE + offset, value)


def look(bench: Any, offset: int) -> int:
    word: int = bench.device.read_word(BASE + offset)
    return word


def descriptors(bench: Any, *parts: Any, sends: bool = True) -> Any:
    """A ring of one descriptor for each (array, flags)."""
    ring = allocate((len(parts), 16), "u4", target=bench.device)
    bench.kept.append(ring)
    for i, (array, flags) in enumerate(parts):
        link = ring.physical_address + 64 * ((i + 1) % len(parts))
        ring[i, :6] = [link, 0, array.physical_address, 0, 0, array.nbytes | flags]
    return ring


def go(bench: Any, side: int, number: int, ring: Any, tail: int | None = None, control: int = ON) -> None:
    at = side + r.channel(number)
    put(bench, at + r.CURDESC, ring.physical_address)
    put(bench, side + r.CHEN, look(bench, side + r.CHEN) | 1 << number)
    put(bench, at + r.CR, control)
    put(bench, side + r.CCR, r.RS)
    put(bench, at + r.TAILDESC, ring.physical_address + 64 * (len(ring) - 1 if tail is None else tail))


def buffer(bench: Any, nbytes: int, value: int = 0) -> Any:
    made = allocate(nbytes, "u1", target=bench.device)
    made[:] = value
    bench.kept.append(made)
    return made


# Name: offset from the side, reset value, what a write of ones (but for the reset) leaves.
COMMON = {
    "CCR": (r.CCR, 0, 1),
    "CSR": (r.CSR, 1, 1),
    "CHEN": (r.CHEN, 1, 0xF),
    "CHSER": (r.CHSER, 0, 0),
    "ERR": (r.ERR, 0, 0),
}
SENDING = {
    "SCHEDULE": (r.TX_SCHEDULE, 0, 0xFFFFFFFF),
    "WEIGHTS": (r.TX_WEIGHTS, 0, 0xFFFFFFFF),
    "WEIGHTS_HIGH": (r.TX_WEIGHTS_HIGH, 0, 0xFFFFFFFF),
    "SERVICED": (r.TX_SERVICED, 0, 0),
    "CACHE": (r.TX_CACHE, 0, 0xFFFFFFFF),
    "INTERRUPTS": (r.TX_INTERRUPTS, 0, 0),
}
RECEIVING = {
    "DROPPED": (r.RX_DROPPED, 0, 0),
    "SERVICED": (r.RX_SERVICED, 0, 0),
    "CACHE": (r.RX_CACHE, 0, 0xFFFFFFFF),
    "INTERRUPTS": (r.RX_INTERRUPTS, 0, 0),
}
CHANNEL = {
    "CR": (r.CR, 0x10000, 0xFFFFFFF1),
    "SR": (r.SR, 0x10001, 0x10001),
    "CURDESC": (r.CURDESC, 0, 0xFFFFFFC0),
    "CURDESC_MSB": (r.CURDESC_MSB, 0, 0),
    "TAILDESC": (r.TAILDESC, 0, 0xFFFFFFC0),
    "TAILDESC_MSB": (r.TAILDESC_MSB, 0, 0),
    "PACKETS or DROPPED": (0x18, 0, 0),
    "PACKETS": (0x1C, 0, 0),
}
TABLE = [
    *[(f"MM2S_{name}", offset, *rest) for name, (offset, *rest) in (COMMON | SENDING).items()],
    *[(f"S2MM_{name}", r.S2MM + offset, *rest) for name, (offset, *rest) in (COMMON | RECEIVING).items()],
    *[
        (f"{kind}_CH{number + 1}_{name}", side + r.channel(number) + offset, *rest)
        for kind, side in (("MM2S", r.MM2S), ("S2MM", r.S2MM))
        for number in (0, 3)
        for name, (offset, *rest) in CHANNEL.items()
    ],
]


@pytest.mark.parametrize(("name", "offset", "reset", "after"), TABLE, ids=[row[0] for row in TABLE])
def test_reset_value_and_access(make: Any, name: str, offset: int, reset: int, after: int) -> None:
    bench = make()
    assert look(bench, offset) == reset
    put(bench, offset, 0xFFFFFFFF & ~(r.RESET if name.endswith("_CCR") else 0))
    if name.endswith("_CSR"):
        put(bench, offset, 0xFFFFFFFF)
    assert look(bench, offset) == after


def test_running_idle_and_halted(make: Any) -> None:
    bench = make()
    for side in (r.MM2S, r.S2MM):
        put(bench, side + r.CCR, r.RS)
        assert look(bench, side + r.CSR) == r.IDLE
        put(bench, side + r.CCR, 0)
        assert look(bench, side + r.CSR) == r.HALTED


def test_a_channel_that_the_core_does_not_have(make: Any) -> None:
    bench = make()
    put(bench, r.channel(4) + r.CURDESC, 0x1000)
    assert look(bench, r.channel(4) + r.CURDESC) == 0
    assert look(make(C_INCLUDE_S2MM=0), r.S2MM + r.CSR) == 0


def test_packets_find_the_channel_of_their_number(make: Any) -> None:
    bench = make()
    targets = {number: buffer(bench, 64) for number in (0, 2, 3)}
    rings = {number: descriptors(bench, (target, 0)) for number, target in targets.items()}
    for number, ring in rings.items():
        go(bench, r.S2MM, number, ring)
    sent = {}
    for number in targets:
        sent[number] = descriptors(bench, (buffer(bench, 8 + number, 10 + number), r.SOF | r.EOF))
        go(bench, r.MM2S, number, sent[number])
    bench.clock.advance(1)
    for number, target in targets.items():
        assert target[: 9 + number].tolist() == [10 + number] * (8 + number) + [0]
        assert rings[number][0, 6:8].tolist() == [r.COMPLETE | r.RX_SOF | r.RX_EOF | 8 + number, number << 16]
        assert sent[number][0, 7] == r.COMPLETE | 8 + number
    for side, word in ((r.MM2S, r.TX_SERVICED), (r.S2MM, r.RX_SERVICED)):
        assert look(bench, side + word) == 0b1101
        assert look(bench, side + word) == 0  # the read clears it
        assert look(bench, side + r.CSR) == r.IDLE
    assert [look(bench, r.channel(i) + r.TX_PACKETS) for i in range(4)] == [1, 0, 1, 1]
    assert [look(bench, r.S2MM + r.channel(i) + r.RX_PACKETS) for i in range(4)] == [1, 0, 1, 1]


def test_a_packet_takes_its_time(make: Any) -> None:
    bench = make()
    target, source = buffer(bench, 4000), buffer(bench, 4000, 5)
    go(bench, r.S2MM, 0, descriptors(bench, (target, 0)))
    go(bench, r.MM2S, 0, descriptors(bench, (source, r.SOF | r.EOF)))
    bench.clock.advance(3999 / RATE)
    assert look(bench, r.channel(0) + r.SR) & r.CHANNEL_IDLE == 0
    assert look(bench, r.CHSER) == 1
    bench.clock.advance(2 / RATE)
    assert look(bench, r.channel(0) + r.SR) == 0x10000 | r.CHANNEL_IDLE | r.IOC_IRQ
    assert look(bench, r.S2MM + r.channel(0) + r.SR) == 0x10000 | r.CHANNEL_IDLE | r.IOC_IRQ
    assert np.array_equal(source, target)


def test_channels_send_packet_by_packet_in_turn(make: Any) -> None:
    bench = make(streams=[])
    packet = buffer(bench, 16)
    for number in (0, 1):
        go(bench, r.MM2S, number, descriptors(bench, *[(packet, r.SOF | r.EOF)] * 2))
    bench.clock.advance(1)
    queue, order = bench.device.stream("dma", "M_AXIS_MM2S"), []
    while queue.head is not None:
        order.append(queue.head.dest)
        queue.receive()
    assert order == [0, 1, 0, 1]


def test_a_packet_of_several_descriptors(make: Any) -> None:
    bench = make()
    first, second = buffer(bench, 40, 1), buffer(bench, 24, 2)
    target = [buffer(bench, 48), buffer(bench, 48)]
    ring = descriptors(bench, (target[0], 0), (target[1], 0))
    go(bench, r.S2MM, 1, ring)
    go(bench, r.MM2S, 1, descriptors(bench, (first, r.SOF), (second, r.EOF)))
    bench.clock.advance(1)
    assert ring[:, 6].tolist() == [r.COMPLETE | r.RX_SOF | 48, r.COMPLETE | r.RX_EOF | 16]
    assert target[0].tolist() == [1] * 40 + [2] * 8
    assert look(bench, r.channel(1) + r.TX_PACKETS) == 1


@pytest.mark.parametrize("number", [1, 7])
def test_a_packet_for_nobody_is_dropped_and_counted(make: Any, number: int) -> None:
    bench = make()
    put(bench, r.S2MM + r.CCR, r.RS)
    queue = bench.device.stream("dma", "S_AXIS_S2MM")
    queue.send(b"for nobody", dest=number)
    bench.device.settle()
    target = buffer(bench, 16)
    go(bench, r.S2MM, 0, descriptors(bench, (target, 0)))
    queue.send(b"for channel 0", dest=0)
    bench.device.settle()
    bench.clock.advance(1)
    assert bytes(target[:13]) == b"for channel 0"
    expected = 1 if number < 4 else 0
    assert look(bench, r.S2MM + r.RX_DROPPED) == expected
    if expected:
        assert look(bench, r.S2MM + r.channel(number) + r.RX_CHANNEL_DROPPED) == 1
        assert look(bench, r.S2MM + r.channel(number) + r.SR) & r.DROP_IRQ


def test_nothing_is_taken_or_dropped_while_the_side_is_halted(make: Any) -> None:
    bench = make()
    queue = bench.device.stream("dma", "S_AXIS_S2MM")
    queue.send(b"wait", dest=0)
    bench.device.settle()
    assert queue.available == 4


def test_interrupts_of_each_channel(make: Any) -> None:
    bench = make()
    for number, control in ((0, ON | r.IOC_IRQ), (1, ON), (2, ON & ~0xFF0000 | 0x20000 | r.IOC_IRQ)):
        go(bench, r.S2MM, number, descriptors(bench, *[(buffer(bench, 16), 0)] * 2), control=control)
        go(bench, r.MM2S, number, descriptors(bench, (buffer(bench, 16), r.SOF | r.EOF)))
    bench.clock.advance(1)
    assert [bench.device.probe(f"dma/s2mm_ch{i + 1}_introut") for i in range(3)] == [1, 0, 0]
    assert look(bench, r.S2MM + r.RX_INTERRUPTS) == 1
    assert look(bench, r.S2MM + r.channel(2) + r.SR) >> 16 & 0xFF == 1  # one packet more
    put(bench, r.S2MM + r.channel(0) + r.SR, r.IOC_IRQ)
    assert (bench.device.probe("dma/s2mm_ch1_introut"), look(bench, r.S2MM + r.RX_INTERRUPTS)) == (0, 0)


def test_the_delay_interrupt(make: Any) -> None:
    bench = make(C_DLYTMR_RESOLUTION=125)
    go(bench, r.S2MM, 0, descriptors(bench, *[(buffer(bench, 16), 0)] * 2), control=0x0A050000 | r.RS | r.DLY_IRQ)
    go(bench, r.MM2S, 0, descriptors(bench, (buffer(bench, 16), r.SOF | r.EOF)))
    bench.clock.advance(16 / RATE + 9 * 125 / 100e6)
    assert bench.device.probe("dma/s2mm_ch1_introut") == 0
    bench.clock.advance(2 * 125 / 100e6)
    assert bench.device.probe("dma/s2mm_ch1_introut") == 1
    assert look(bench, r.S2MM + r.channel(0) + r.SR) == 0x50000 | r.DLY_IRQ


@pytest.mark.parametrize("side", [r.MM2S, r.S2MM])
@pytest.mark.parametrize(
    ("fault", "bit", "status"), [("decode_error", r.DMA_DEC_ERR, r.DEC_ERR), ("slave_error", r.DMA_SLV_ERR, r.SLV_ERR)]
)
def test_an_error_stops_the_side_until_a_reset(make: Any, side: int, fault: str, bit: int, status: int) -> None:
    bench = make()
    source, target = buffer(bench, 16, 3), buffer(bench, 16)
    receiving, sending = descriptors(bench, (target, 0)), descriptors(bench, (source, r.SOF | r.EOF))
    getattr(bench.device.faults, fault)(source if side == r.MM2S else target)
    go(bench, r.S2MM, 2, receiving, control=ON | r.ERR_IRQ)
    go(bench, r.MM2S, 2, sending, control=ON | r.ERR_IRQ)
    bench.clock.advance(1)
    assert (look(bench, side + r.ERR), look(bench, side + r.CSR)) == (bit, r.HALTED)
    assert look(bench, side + r.channel(2) + r.SR) & r.ERR_IRQ
    assert look(bench, side + r.channel(0) + r.SR) & r.ERROR_ELSEWHERE
    ring, word = (sending, 7) if side == r.MM2S else (receiving, 6)
    assert ring[0, word] == status | r.COMPLETE
    assert look(bench, side + r.channel(2) + r.CURDESC) == ring.physical_address
    put(bench, side + r.CCR, r.RS)
    assert look(bench, side + r.CSR) == r.HALTED
    put(bench, r.MM2S + r.CCR, r.RESET)
    assert [look(bench, side + word) for word in (r.CCR, r.CSR, r.ERR, r.CHEN)] == [0, r.HALTED, 0, 1]
    assert look(bench, side + r.channel(2) + r.SR) == 0x10001


@pytest.mark.parametrize(
    ("spoil", "bit"),
    [
        (lambda bench, ring: ring.__setitem__((0, 7), r.COMPLETE), r.SG_INT_ERR),
        (lambda bench, ring: ring.__setitem__((0, 5), r.SOF | r.EOF), r.DMA_INT_ERR),
        (lambda bench, ring: ring.__setitem__((0, 2), ring[0, 2] + 1), r.DMA_INT_ERR),
        (lambda bench, ring: bench.device.faults.slave_error(ring), r.SG_SLV_ERR),
        (lambda bench, ring: bench.device.faults.decode_error(ring), r.SG_DEC_ERR),
    ],
    ids=["done already", "no bytes", "not aligned", "slave error", "decode error"],
)
def test_descriptors_that_are_wrong(make: Any, spoil: Any, bit: int) -> None:
    bench = make()
    ring = descriptors(bench, (buffer(bench, 16), r.SOF | r.EOF))
    spoil(bench, ring)
    go(bench, r.MM2S, 0, ring)
    assert look(bench, r.ERR) == bit


def test_a_sender_waits_for_its_receiver(make: Any) -> None:
    bench = make()
    source, target = buffer(bench, 40000, 9), buffer(bench, 40000)
    go(bench, r.MM2S, 0, descriptors(bench, (source, r.SOF | r.EOF)))
    bench.clock.advance(1)
    assert look(bench, r.channel(0) + r.SR) & r.CHANNEL_IDLE == 0
    go(bench, r.S2MM, 0, descriptors(bench, (target, 0)))
    bench.clock.advance(1)
    assert np.array_equal(source, target)
    assert look(bench, r.channel(0) + r.SR) & r.CHANNEL_IDLE


def test_stopping_one_channel_leaves_the_others(make: Any) -> None:
    bench = make()
    targets = [buffer(bench, 16), buffer(bench, 16)]
    for number, target in enumerate(targets):
        go(bench, r.S2MM, number, descriptors(bench, (target, 0)))
    put(bench, r.S2MM + r.channel(0) + r.CR, 0x10000)
    assert look(bench, r.S2MM + r.channel(0) + r.SR) & r.CHANNEL_IDLE
    for number in (0, 1):
        go(bench, r.MM2S, number, descriptors(bench, (buffer(bench, 16, 4), r.SOF | r.EOF)))
    bench.clock.advance(1)
    assert (targets[0].any(), targets[1].all()) == (False, True)


def test_sixteen_channels(make: Any) -> None:
    bench = make(count=16)
    target = buffer(bench, 16)
    go(bench, r.S2MM, 15, descriptors(bench, (target, 0)))
    go(bench, r.MM2S, 15, descriptors(bench, (buffer(bench, 16, 6), r.SOF | r.EOF)))
    bench.clock.advance(1)
    assert target.all()
