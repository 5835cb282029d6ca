"""AXI MCDMA, the driver: packets of each channel, checks before the first write, errors, diagnosis."""

import asyncio
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_mcdma import registers as r
from pynq_drivers.axi_mcdma.driver import AxiMCDMA
from pynq_widgets import UnsupportedConfiguration, allocate

BASE = 0x4E40_0000
LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]


@pytest.fixture
def make(build: Any, block: Any) -> Any:
    def _make(streams: Any = LOOP, count: int = 4, interrupts: bool = True, registers: Any = (), **parameters: Any) -> Any:
        given = {"C_NUM_MM2S_CHANNELS": count, "C_NUM_S2MM_CHANNELS": count, "C_SG_LENGTH_WIDTH": 16, "C_ADDR_WIDTH": 32, **parameters}
        pins = tuple(f"{side}_ch{i + 1}_introut" for side in ("mm2s", "s2mm") for i in range(count)) if interrupts else ()
        one = block(
            "dma",
            "xilinx.com:ip:axi_mcdma:1.1",
            BASE,
            given,
            pins,
            ("M_AXI_SG", "M_AXI_MM2S", "M_AXI_S2MM"),
            registers,
            ("s_axi_lite_aclk", "s_axi_aclk"),
            interface="S_AXI_LITE",
        )
        return build(one, streams=streams)

    return _make


def pair(bench: Any, nbytes: int, **options: Any) -> Any:
    source, target = allocate(nbytes, "u1", target=bench.device, **options), allocate(nbytes, "u1", target=bench.device, **options)
    source[:] = np.arange(nbytes) % 251
    return source, target


@pytest.mark.parametrize("interrupts", [True, False])
@pytest.mark.parametrize("number", [0, 3])
def test_a_packet_goes_round(make: Any, number: int, interrupts: bool) -> None:
    bench = make(interrupts=interrupts)
    dma = bench.overlay.dma
    assert isinstance(dma, AxiMCDMA)
    source, target = pair(bench, 4000)
    receiving = dma.recvchannels[number].transfer(target)
    dma.sendchannels[number].transfer(source).wait(timeout=1)
    assert receiving.wait(timeout=1) == 4000
    assert np.array_equal(source, target)
    assert (dma.recvchannels[number].transferred, dma.recvchannels[number].idle, dma.recvchannels[number].running) == (4000, True, True)
    assert not dma.recvchannels[number].error


def test_what_the_design_has(make: Any) -> None:
    dma = make(count=16, C_NUM_S2MM_CHANNELS=2).overlay.dma
    assert (len(dma.sendchannels), len(dma.recvchannels)) == (16, 2)
    assert (dma.sendchannel, dma.recvchannel) == (dma.sendchannels[0], dma.recvchannels[0])
    assert len(dma.channels) == 18
    alone = make(C_INCLUDE_S2MM=0).overlay.dma
    assert (alone.recvchannels, alone.recvchannel, len(alone.sendchannels)) == ((), None, 4)


def test_a_count_that_cannot_be(make: Any) -> None:
    bench = make(C_NUM_MM2S_CHANNELS=17)
    with pytest.warns(UserWarning, match="the design says 17 MM2S channels; the core has 1 to 16"):
        assert not isinstance(bench.overlay.dma, AxiMCDMA)
    assert issubclass(UnsupportedConfiguration, Exception)


def test_all_channels_at_once(make: Any) -> None:
    bench = make(count=16)
    dma = bench.overlay.dma
    buffers = [pair(bench, 64 + i) for i in range(16)]
    receiving = [channel.transfer(target) for channel, (_, target) in zip(dma.recvchannels, buffers, strict=True)]
    for channel, (source, _) in zip(reversed(dma.sendchannels), reversed(buffers), strict=True):
        channel.transfer(source)
    assert [transfer.wait(timeout=1) for transfer in receiving] == [64 + i for i in range(16)]
    assert all(np.array_equal(source, target) for source, target in buffers)


def test_transferred_is_the_length_of_the_packet(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 100)
    receiving = dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source, 0, 5)
    assert receiving.wait(timeout=1) == 5
    assert target.tolist() == [0, 1, 2, 3, 4] + [0] * 95


def test_the_first_bus_accesses_of_a_channel_and_those_of_the_next_packet(make: Any) -> None:
    bench = make(interrupts=False)
    dma = bench.overlay.dma
    _, target = pair(bench, 64)
    at = r.S2MM + r.channel(2)
    first = bench.accesses("dma", lambda: dma.recvchannels[2].transfer(target))
    ring = first[1][2]
    assert first == [
        ("read", r.S2MM + r.ERR),
        ("write", at + r.CURDESC, ring),
        ("read", r.S2MM + r.CHEN),
        ("write", r.S2MM + r.CHEN, 0b101),
        ("write", at + r.CR, 0x10001),
        ("read", r.S2MM + r.CSR),
        ("write", r.S2MM + r.CCR, r.RS),
        ("write", at + r.TAILDESC, ring),
    ]
    second = bench.accesses("dma", lambda: dma.recvchannels[2].transfer(target))
    assert second == [("read", r.S2MM + r.ERR), ("write", at + r.TAILDESC, ring + 64)]


def test_making_it_and_looking_at_it_writes_nothing_and_clears_nothing(make: Any) -> None:
    listed = (
        ("MM2S_CSR", r.CSR, "read-only"),
        ("MM2S_CHANNELS_SERVICED", r.TX_SERVICED, "read-only"),
        ("S2MM_CHANNELS_SERVICED", r.S2MM + r.RX_SERVICED, "read-only"),
    )
    bench = make(registers=listed)

    def look() -> None:
        dma = bench.overlay.dma
        repr(dma)
        dir(dma)
        repr(dma.register_map)
        repr(dma.channels)
        dma.registers.refresh()
        dma.snapshot()

    seen = bench.accesses("dma", look)
    assert {entry[0] for entry in seen} == {"read"}
    assert not {entry[1] for entry in seen} & {r.TX_SERVICED, r.S2MM + r.RX_SERVICED}


def test_what_a_restored_state_leaves_alone(make: Any) -> None:
    listed = (("MM2S_CCR", 0, "read-write"), ("MM2S_CH1_CR", 0x40, "read-write"), ("MM2S_CH1_TAILDESC_LSB", 0x50, "read-write"))
    listed += (("S2MM_CH2_CURDESC_LSB", 0x588, "read-write"),)
    bench = make(registers=listed)
    left = AxiMCDMA.configuration(bench.overlay.dma.description)
    assert left == {"MM2S_CH1_TAILDESC_LSB": False, "S2MM_CH2_CURDESC_LSB": False}


def test_a_queue_on_each_channel(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 200 * 8)
    received = [dma.recvchannels[1].transfer(target, 8 * i, 8) for i in range(200)]
    sent = [dma.sendchannels[1].transfer(source, 8 * i, 8) for i in range(200)]
    assert sent[-1].state == "queued"
    for receiving, sending in zip(received, sent, strict=True):
        receiving.wait(timeout=1)  # first: that arms more, and a packet for which no buffer is there is dropped
        sending.wait(timeout=1)
    assert [transfer.transferred for transfer in received] == [8] * 200
    assert np.array_equal(source, target)


def test_a_long_packet_is_sent_by_several_descriptors(make: Any) -> None:
    bench = make(streams=[("dma", "M_AXIS_MM2S", "fifo", "AXI_STR_RXD")])
    dma = bench.overlay.dma
    source, _ = pair(bench, 200_000)
    assert len(dma.sendchannel.transfer(source).details["descriptors"]) == 4


def test_awaiting_and_cached_buffers(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 400, cacheable=True)

    async def time_passes() -> None:
        while True:
            bench.clock.advance(1e-6)
            await asyncio.sleep(0)

    async def scene() -> None:
        passing = asyncio.create_task(time_passes())
        receiving = dma.recvchannels[1].transfer(target)
        (shown,) = target.under_way
        assert (shown.title, shown.to_memory, shown.nbytes) == ("dma.recvchannels[1]", True, 400)
        async with dma.sendchannels[1].transfer(source):
            pass
        assert await receiving == 400
        assert await dma.recvchannels[1].wait_async(timeout=1) == 400
        passing.cancel()

    asyncio.run(scene())
    assert target.tolist() == source.tolist()
    assert target.under_way == ()


def test_mistakes_are_told_before_the_first_write(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, _ = pair(bench, 64)
    long = allocate(1 << 16, "u1", target=bench.device)
    freed = allocate(64, "u1", target=bench.device)
    freed.freebuffer()

    def attempts() -> None:
        for action, error, message in (
            (lambda: dma.sendchannel.transfer(b"bytes"), TypeError, "dma.sendchannels[0] transfers buffers made by allocate(), not bytes"),
            (lambda: dma.sendchannel.transfer(freed), RuntimeError, "use after free: "),
            (lambda: dma.sendchannel.transfer(source[::2]), ValueError, "this view of shape (32,) and dtype uint8 is strided"),
            (lambda: dma.sendchannel.transfer(source, 2), ValueError, "DMA does not support unaligned transfers; "),
            (
                lambda: dma.recvchannels[1].transfer(long),
                ValueError,
                "Transfer size is 65536 bytes, which exceeds the maximum DMA buffer size 65535 of dma.recvchannels[1]. Receive in shorter",
            ),
            (dma.recvchannel.wait, RuntimeError, "dma.recvchannels[0] has no transfer to wait for: call transfer() first"),
        ):
            with pytest.raises(error) as caught:
                action()
            assert str(caught.value).startswith(message), str(caught.value)

    assert bench.accesses("dma", attempts) == []


def test_what_a_transfer_waits_for(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    _, target = pair(bench, 8000)
    with pytest.raises(
        TimeoutError,
        match=r"^dma\.recvchannels\[2\]: 8000 bytes were not through within 0\.1 s\. It waits for a packet with TDEST 2 from dma",
    ):
        dma.recvchannels[2].transfer(target).wait(timeout=0.1)
    bench = make(C_NUM_S2MM_CHANNELS=2)
    dma = bench.overlay.dma
    sending = dma.sendchannels[1].transfer(allocate(8000, "u1", target=bench.device))
    with pytest.raises(TimeoutError, match=r"It waits for its own recvchannels\[1\], which has no buffer: call its transfer\(\) first\."):
        sending.wait(timeout=0.1)
    other = dma.sendchannels[3].transfer(allocate(8, "u1", target=bench.device))
    assert other.why().startswith("It waits for its own S2MM side, which has no channel 3.")
    behind = dma.sendchannels[1].transfer(allocate(8, "u1", target=bench.device))
    assert behind.why().startswith(
        "It waits for 1 transfers of this channel before it; the first one: It waits for its own recvchannels[1]"
    )


def test_dropped_packets_are_told_of(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    _, target = pair(bench, 64)
    dma.recvchannels[0].transfer(target)
    dma.sendchannels[1].transfer(target).wait(timeout=1)
    why = dma.recvchannels[1].transfer(target).why()
    assert "Packets for this channel came while it had no buffer, and were dropped." in why


def test_after_a_packet_that_is_too_long_nothing_goes_to_the_buffers_behind_it(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 64)
    receiving = dma.recvchannel.transfer(target, 0, 32)
    behind = [allocate(64, "u1", target=bench.device) for _ in range(2)]
    queued = [dma.recvchannel.transfer(buffer) for buffer in behind]
    dma.sendchannel.transfer(source)
    with pytest.raises(RuntimeError, match="the packet is longer than its buffer"):
        receiving.wait(timeout=1)
    assert [transfer.state for transfer in queued] == ["failed", "failed"]
    assert all(buffer.under_way == () for buffer in behind)
    behind[1][:] = 0
    for _ in range(3):
        dma.sendchannel.transfer(source)
    bench.clock.advance(1)
    assert not behind[1].any()
    assert not dma.recvchannel.running
    dma.reset()
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    assert dma.recvchannel.wait(timeout=1) == 64


def test_a_packet_longer_than_its_buffer(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 64)
    receiving = dma.recvchannel.transfer(target, 0, 32)
    dma.sendchannel.transfer(source)
    with pytest.raises(
        RuntimeError, match=r"^dma\.recvchannels\[0\]: the packet is longer than its buffer of 32 bytes, and does not end in it"
    ):
        receiving.wait(timeout=1)
    assert not target[32:].any()


@pytest.mark.parametrize(("fault", "words"), [("decode_error", "DMA Decode Error"), ("slave_error", "DMA Slave Error")])
def test_an_error_stops_all_channels_of_a_side_and_reset_helps(make: Any, fault: str, words: str) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 64)
    with getattr(bench.device.faults, fault)(target):
        other, receiving = dma.recvchannels[0].transfer(source, 0, 8), dma.recvchannels[2].transfer(target)
        dma.sendchannels[2].transfer(source)
        with pytest.raises(
            RuntimeError, match=rf"^{words} \(.*\) on dma\.recvchannels\[2\], descriptor 0 at 0x[0-9a-f]+ \(.*\)\. Call reset\(\)$"
        ):
            receiving.wait(timeout=1)
        with pytest.raises(RuntimeError, match=rf"^dma\.recvchannels\[0\] stands, since another channel of its side failed: {words} "):
            other.wait(timeout=1)
    assert dma.recvchannels[1].error
    with pytest.raises(RuntimeError, match=rf"^dma\.recvchannels\[1\] is in an error state: {words} .*Call reset\(\)$"):
        dma.recvchannels[1].transfer(target)
    dma.recvchannels[1].reset()
    receiving = dma.recvchannels[2].transfer(target)
    dma.sendchannels[2].transfer(source)
    assert receiving.wait(timeout=1) == 64
    assert np.array_equal(source, target)


def test_stopping_and_starting_one_channel(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 64)
    channel = dma.recvchannels[1]
    given_up = channel.transfer(target)
    channel.stop()
    assert (given_up.state, channel.running) == ("cancelled", False)
    with pytest.raises(RuntimeError, match=r"^DMA channel not started: call recvchannels\[1\]\.start\(\) before a transfer on dma$"):
        channel.transfer(target)
    channel.start()
    assert channel.running
    receiving = channel.transfer(target)
    dma.sendchannels[1].transfer(source)
    assert receiving.wait(timeout=1) == 64


def test_a_lost_interrupt_costs_half_a_second_at_most(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 64)
    bench.device.faults.lost_interrupt("dma", "s2mm_ch1_introut")
    receiving = dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    assert receiving.wait(timeout=2) == 64
    assert bench.clock.now() < 0.6


def test_cancelling_one_of_several(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    source, target = pair(bench, 64)
    first, second = dma.recvchannel.transfer(target, 0, 32), dma.recvchannel.transfer(target, 32, 32)
    assert first.cancel()
    dma.sendchannel.transfer(source, 0, 16)
    assert second.wait(timeout=1) == 16
    assert target[:48].tolist() == [0] * 32 + list(range(16))


@pytest.mark.parametrize(("send_bits", "receive_bits"), [(64, 8), (8, 64), (32, 32)])
def test_the_slower_end_sets_the_pace_of_both(make: Any, send_bits: int, receive_bits: int) -> None:
    bench = make(C_M_AXIS_MM2S_TDATA_WIDTH=send_bits, C_S_AXIS_S2MM_TDATA_WIDTH=receive_bits)
    dma = bench.overlay.dma
    source, target = pair(bench, 60000)
    start = bench.clock.now()
    dma.recvchannel.transfer(target)
    sending = dma.sendchannel.transfer(source)
    assert sending.wait() == 60000
    sent = bench.clock.now() - start
    assert dma.recvchannel.wait() == 60000
    received = bench.clock.now() - start
    slowest = min(send_bits, receive_bits) / 8 * 100e6
    assert received == pytest.approx(60000 / slowest, rel=1e-6)
    stored = 4096 if receive_bits < send_bits else 0  # what the connection holds need not have gone on
    assert sent == pytest.approx((60000 - stored) / slowest, rel=1e-6)
    assert np.array_equal(source, target)


def test_packets_of_several_channels_share_the_time_of_the_stream(make: Any) -> None:
    bench = make()
    dma = bench.overlay.dma
    buffers = [pair(bench, 4000) for _ in range(4)]
    start = bench.clock.now()
    receiving = [channel.transfer(target) for channel, (_, target) in zip(dma.recvchannels, buffers, strict=True)]
    for channel, (source, _) in zip(dma.sendchannels, buffers, strict=True):
        channel.transfer(source)
    for transfer in receiving:
        transfer.wait()
    assert bench.clock.now() - start == pytest.approx(4 * 4000 / 400e6, rel=1e-2)
    for source, target in buffers:
        assert np.array_equal(source, target)
