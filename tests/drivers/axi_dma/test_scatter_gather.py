"""AXI DMA with the Scatter Gather Engine, the driver: chains, queues, cyclic mode, the descriptor at fault; each bus access counted."""

import asyncio
import gc
import logging
import threading
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.scatter_gather import ScatterGatherChannel
from pynq_drivers.transfers.errors import TransferCancelled, TransferError
from pynq_widgets import DefaultIP, allocate

LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]
BASE = 0x4040_0000
RATE = 400e6  # bytes a second: 32 bits at 100 MHz


@pytest.fixture
def make(build: Any, dma_block: Any) -> Any:
    return lambda streams=LOOP, autojump=True, **given: build(dma_block(c_include_sg=1, **given), streams=streams, autojump=autojump)


@pytest.fixture
def bench(make: Any) -> Any:
    return make()


@pytest.fixture
def polled(make: Any) -> Any:
    return make(interrupts=False)


def buffers(bench: Any, count: int = 200, dtype: str = "u1") -> tuple[Any, Any]:
    source, target = allocate(count, dtype, target=bench.device), allocate(count, dtype, target=bench.device)
    source[:] = np.arange(count) % 251
    return source, target


@pytest.mark.parametrize("kind", ["bench", "polled"])
@pytest.mark.parametrize("count", [1, 3, 4, 200, 8192])
def test_loop_of_any_length_down_to_one_byte(kind: str, count: int, request: pytest.FixtureRequest) -> None:
    bench = request.getfixturevalue(kind)
    dma = bench.overlay.dma
    assert isinstance(dma.sendchannel, ScatterGatherChannel)
    source, target = buffers(bench, count)
    for _ in range(3):
        target[:] = 0
        dma.recvchannel.transfer(target)
        dma.sendchannel.transfer(source)
        dma.sendchannel.wait()
        dma.recvchannel.wait()
        assert np.array_equal(source, target)
        assert (dma.sendchannel.transferred, dma.recvchannel.transferred) == (count, count)
    assert dma.sendchannel.idle
    assert dma.recvchannel.running
    assert bench.device.model_errors == []


def test_cacheable_buffers_and_a_part_of_one(bench: Any) -> None:
    source = allocate(100, "i2", target=bench.device, cacheable=True)
    target = allocate(100, "i2", target=bench.device, cacheable=True)
    source[:] = np.arange(100)
    bench.overlay.dma.recvchannel.transfer(target, start=40, nbytes=80)
    bench.overlay.dma.sendchannel.transfer(source[:40])
    assert bench.overlay.dma.recvchannel.wait() is None
    assert target[20:60].tolist() == list(range(40))
    assert not target[:20].any()
    assert not target[60:].any()


def test_long_transfers_are_split_over_descriptors(make: Any) -> None:
    bench = make(c_sg_length_width=8)  # 255 bytes, of which 252 are aligned
    dma = bench.overlay.dma
    source, target = buffers(bench, 100_000)
    receive = dma.recvchannel.transfer(target)
    send = dma.sendchannel.transfer(source)
    assert len(receive.details["parts"]) == 397
    assert send.wait(timeout=1) == receive.wait(timeout=1) == 100_000
    assert receive.end_of_packet
    assert np.array_equal(source, target)
    # The ring has grown, and goes round.
    for count in (300, 252 * 600, 7, 99_999):
        source, target = buffers(bench, count)
        receive, send = dma.recvchannel.transfer(target), dma.sendchannel.transfer(source)
        assert send.wait(timeout=1) == receive.wait(timeout=1) == count
        assert np.array_equal(source, target)


def test_the_bus_accesses_of_a_transfer(polled: Any) -> None:
    source, _ = buffers(polled)
    dma = polled.overlay.dma
    start = polled.accesses("dma", lambda: dma.sendchannel)
    first = dma.sendchannel.ring.address(0)
    assert start == [("read", r.DMASR), ("write", r.CURDESC, first), ("write", r.DMACR, r.RS | 1 << r.THRESHOLD), ("read", r.DMASR)]
    send = dma.sendchannel
    assert polled.accesses("dma", lambda: send.transfer(source)) == [("read", r.DMASR), ("write", r.TAILDESC, first)]
    assert polled.accesses("dma", lambda: (repr(send), send.queue.last.position(), send.queue.last.shown.done)) == []
    polled.clock.advance(1)
    assert polled.accesses("dma", send.wait) == []  # the descriptor says it
    assert send.transferred == 200


def test_wide_addresses_go_out_in_two_words(make: Any) -> None:
    bench = make(c_addr_width=40, interrupts=False)
    source, target = buffers(bench)
    dma = bench.overlay.dma
    writes = bench.accesses("dma", lambda: dma.sendchannel.transfer(source))
    assert [entry[1] for entry in writes if entry[0] == "write"] == [r.CURDESC, r.CURDESC_MSB, r.DMACR, r.TAILDESC, r.TAILDESC_MSB]
    dma.recvchannel.transfer(target)
    dma.recvchannel.wait(timeout=1)
    assert np.array_equal(source, target)


def test_a_queue_of_transfers_is_one_chain(bench: Any) -> None:
    dma = bench.overlay.dma
    sources, targets = zip(*(buffers(bench, 100 + i) for i in range(20)), strict=True)
    receives = [dma.recvchannel.submit(target) for target in targets]
    sends = [dma.sendchannel.submit(source) for source in sources]
    assert {transfer.state for transfer in (*receives, *sends)} == {"under way"}
    assert receives[5].wait(timeout=1) == 105
    assert [transfer.over for transfer in receives[:7]] == [True] * 6 + [False]
    dma.recvchannel.wait(timeout=1)
    assert all(np.array_equal(source, target) for source, target in zip(sources, targets, strict=True))
    assert all(transfer.done for transfer in sends)
    assert [transfer.transferred for transfer in receives] == [100 + i for i in range(20)]


def test_more_than_the_ring_holds_wait_for_their_turn(make: Any) -> None:
    bench = make(c_sg_length_width=8)
    dma = bench.overlay.dma
    source, target = buffers(bench, 252 * 40)
    receives = [dma.recvchannel.submit(target) for _ in range(5)]
    assert [transfer.state for transfer in receives] == ["under way"] + 4 * ["queued"]
    sends = [dma.sendchannel.submit(source) for _ in range(5)]
    sends[-1].wait(timeout=1)
    receives[-1].wait(timeout=1)
    assert {transfer.transferred for transfer in (*receives, *sends)} == {252 * 40}
    assert np.array_equal(source, target)


def test_a_short_packet_leaves_no_descriptor_behind(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench = make(c_sg_length_width=8)
    dma = bench.overlay.dma
    source, target = buffers(bench, 300)
    _, other = buffers(bench, 600)
    first, second = dma.recvchannel.submit(other), dma.recvchannel.submit(target)
    dma.sendchannel.transfer(source, nbytes=100)
    assert first.wait(timeout=1) == 100
    dma.sendchannel.transfer(source)
    assert second.wait(timeout=1) == 300
    assert np.array_equal(target, source)
    assert other[:100].tolist() == source[:100].tolist()
    assert not other[100:].any()
    assert caplog.records == []


def test_a_packet_that_ran_into_what_was_left_over_is_told(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench = make(c_sg_length_width=8, autojump=True)
    dma = bench.overlay.dma
    source, other = buffers(bench, 600)
    first = dma.recvchannel.submit(other)
    dma.sendchannel.submit(source, nbytes=100)
    dma.sendchannel.submit(source, nbytes=100).wait()
    bench.clock.advance(1e-3)
    with caplog.at_level(logging.WARNING):
        assert first.wait(timeout=1) == 100
    assert [record.getMessage() for record in caplog.records] == [
        "dma.recvchannel: the packet of 100 bytes ended in descriptor 1 of 3, and the next packet had begun to arrive in the rest of its "
        "buffer: that part is lost. Receive packets of one length, or into buffers of at most 255 bytes"
    ]


def test_a_packet_longer_than_its_buffer_goes_on_in_the_next(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    first, second = dma.recvchannel.submit(target, nbytes=120), dma.recvchannel.submit(target, start=120)
    dma.sendchannel.transfer(source)
    assert (second.wait(timeout=1), first.transferred) == (80, 120)
    assert (first.end_of_packet, second.end_of_packet) == (False, True)
    assert np.array_equal(source, target)


# Cyclic mode.


def test_cyclic_sends_again_and_again_until_it_is_stopped(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    transfer = dma.sendchannel.transfer(source, cyclic=True)
    for _ in range(5):
        target[:] = 0
        dma.recvchannel.transfer(target)
        dma.recvchannel.wait(timeout=1)
        assert np.array_equal(source, target)
    assert not transfer.done
    for wait in (transfer.wait, dma.sendchannel.wait):
        with pytest.raises(
            RuntimeError, match=r"^Cannot wait in cyclic BD mode: dma.sendchannel sends its buffer again and again until stop"
        ):
            wait()
    with pytest.raises(RuntimeError, match=r"^DMA channel not idle: dma.sendchannel has a transfer of 200 bytes under way"):
        dma.sendchannel.transfer(source)
    with pytest.raises(RuntimeError, match=r"^dma.sendchannel sends a buffer again and again, which has no end to wait for"):
        dma.sendchannel.submit(source)
    dma.sendchannel.stop()
    assert (transfer.state, dma.sendchannel.running) == ("cancelled", False)
    bench.device.stream("dma", "S_AXIS_S2MM").clear()
    dma.recvchannel.transfer(target)
    dma.sendchannel.start()
    dma.sendchannel.transfer(source)
    dma.sendchannel.wait(timeout=1)


def test_cyclic_in_a_with_block_and_a_reset_that_would_hit_the_other_channel(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.recvchannel
    with dma.sendchannel.transfer(source, cyclic=True):
        pass
    assert dma.sendchannel.running
    bench.device.stream("dma", "S_AXIS_S2MM").clear()
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source, nbytes=100, cyclic=True)
    dma.recvchannel.wait(timeout=1)
    receive = dma.recvchannel.submit(target)
    dma.sendchannel.stop()
    assert receive.state == "under way"
    with pytest.raises(
        RuntimeError, match=r"stopped in cyclic mode and has to be reset, which would give up what recvchannel has under way"
    ):
        dma.sendchannel.start()
    dma.reset()
    assert dma.sendchannel.running


def test_cyclic_is_for_sending_alone_and_for_scatter_gather(bench: Any, build: Any, dma_block: Any) -> None:
    _, target = buffers(bench)
    with pytest.raises(RuntimeError, match=r"^Cyclic BD mode only valid in sendchannel, not in dma.recvchannel$"):
        bench.overlay.dma.recvchannel.transfer(target, cyclic=True)
    direct = build(dma_block(), streams=LOOP)
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument 'cyclic': the core is in direct register mode"):
        direct.overlay.dma.sendchannel.transfer(buffers(direct)[0], cyclic=True)


# What goes wrong.


def test_the_descriptor_at_fault_is_told(bench: Any) -> None:
    dma = bench.overlay.dma
    source, _ = buffers(bench)
    dma.sendchannel  # started
    ring = dma.sendchannel.ring
    transfer = dma.sendchannel.submit(source)
    second = dma.sendchannel.submit(source)
    ring._words[16 + r.BUFFER] = 0xF000_0000
    with pytest.raises(TransferError) as caught:
        second.wait(timeout=1)
    assert str(caught.value) == (
        "DMA Decode Error (invalid address) on dma.sendchannel; 200 bytes were asked for. Descriptor 1 of 1 of the transfer of 200 bytes "
        f"at {ring.address(1):#x}: {ring.address(2):08x} 00000000 f0000000 00000000 00000000 00000000 0c0000c8 c0000000. Call reset()"
    )
    assert caught.value.transfer is second
    assert caught.value.status is not None
    assert caught.value.status & r.DMA_DEC_ERR
    assert (transfer.state, second.state) == ("done", "failed")
    for _ in range(2):
        with pytest.raises(TransferError, match="DMA Decode Error"):
            dma.sendchannel.wait()
    with pytest.raises(RuntimeError, match=r"^dma.sendchannel is in an error state: DMA Decode Error \(invalid address\). Call reset\(\)$"):
        dma.sendchannel.transfer(source)
    dma.reset()
    assert dma.sendchannel.transfer(source).wait(timeout=1) == 200


@pytest.mark.parametrize(
    ("word", "value", "message"),
    [
        (r.STATUS, r.COMPLETE, r"^Scatter-Gather Internal Error \(re-used completed descriptor\) on dma.sendchannel; "),
        (r.CONTROL, 0, r"^DMA Internal Error \(transfer length 0"),
    ],
)
def test_descriptors_that_the_core_refuses(bench: Any, word: int, value: int, message: str) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.recvchannel.transfer(target)
    first = dma.sendchannel.submit(source)
    second = dma.sendchannel.submit(source)
    dma.sendchannel.ring._words[16 + word] = value
    if word == r.CONTROL:
        first.wait(timeout=1)
        with pytest.raises(TransferError, match=message):
            second.wait(timeout=1)
    else:
        bench.clock.advance(1)  # the driver would take the descriptor for done
        assert dma.sendchannel.status & r.SG_INT_ERR
        with pytest.raises(RuntimeError, match="Scatter-Gather Internal Error"):
            dma.sendchannel.transfer(source)


def test_a_chain_that_leads_nowhere(bench: Any) -> None:
    dma = bench.overlay.dma
    source, _ = buffers(bench)
    dma.sendchannel.submit(source)
    second = dma.sendchannel.submit(source)
    dma.sendchannel.ring._words[r.NXTDESC] = 0xF000_0000
    bench.model("dma").send.chain._next = 0xF000_0000  # it was fetched before
    with pytest.raises(
        TransferError,
        match=r"^Scatter-Gather Decode Error \(invalid descriptor address\) on dma.sendchannel; 200 bytes were asked for. The core stands "
        r"at a descriptor at 0xf0000000, which is none of this channel's \(<Ring of 64 descriptors at 0x[0-9a-f]+, 1 taken>\). "
        r"Call reset\(\)$",
    ):
        second.wait(timeout=1)


def test_slave_errors_are_told_from_decode_errors(bench: Any) -> None:
    dma = bench.overlay.dma
    source, _ = buffers(bench)
    with bench.device.faults.slave_error(source):
        transfer = dma.sendchannel.transfer(source)
        with pytest.raises(TransferError, match=r"^DMA Slave Error \(cannot access memory map interface\) on dma.sendchannel"):
            transfer.wait(timeout=1)


def test_a_freed_buffer_does_not_hold_the_channel(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    receive = dma.recvchannel.transfer(target)
    with pytest.warns(RuntimeWarning, match=r"was freed while dma.recvchannel was at work in it"):
        target.freebuffer()
    dma.sendchannel.transfer(source)
    assert receive.wait(timeout=1) == source.nbytes
    _, target = buffers(bench)
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    assert np.array_equal(source, target)


def test_nothing_is_held_after_the_end(bench: Any) -> None:
    dma = bench.overlay.dma
    dma.sendchannel, dma.recvchannel
    before = bench.device.pool.allocations
    source, target = buffers(bench)
    transfer = dma.recvchannel.transfer(target)
    assert [each.title for each in target.under_way] == ["dma.recvchannel"]
    assert (target.under_way[0].offset, target.under_way[0].nbytes, target.under_way[0].to_memory) == (0, 200, True)
    dma.sendchannel.transfer(source)
    dma.sendchannel.wait()
    dma.recvchannel.wait()
    assert target.under_way == ()
    gc.disable()
    try:
        del source, target
        assert bench.device.pool.allocations == before
    finally:
        gc.enable()
    assert transfer.transferred == 200


def test_position_and_what_looks_at_the_buffer(bench: Any, make: Any) -> None:
    bench = make(c_sg_length_width=8, autojump=False)
    dma = bench.overlay.dma
    source, target = buffers(bench, 252 * 10)
    told: list[tuple[int, int]] = []
    transfer = dma.recvchannel.transfer(target)
    target.on_change(lambda offset, nbytes: told.append((offset, nbytes)))
    dma.sendchannel.transfer(source)
    assert transfer.position() == 0
    bench.clock.advance(252 * 4.5 / RATE)
    assert transfer.position() == 252 * 4
    bench.clock.advance(1)
    assert bench.accesses("dma", lambda: transfer.position()) == []
    assert transfer.poll()
    assert transfer.position() == 2520
    assert told
    assert max(offset + nbytes for offset, nbytes in told) == 2520


# Cancelling, stopping, waiting.


def test_cancel_of_one_under_way_lets_those_behind_it_go_on(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    _, other = buffers(bench)
    first, second = dma.recvchannel.submit(other), dma.recvchannel.submit(target)
    with pytest.raises(RuntimeError, match=r"^dma.recvchannel: the transfer of 200 bytes is chained behind one that is under way"):
        second.cancel()
    assert first.cancel()
    assert not first.cancel()
    assert (first.state, second.state) == ("cancelled", "under way")
    with pytest.raises(TransferCancelled, match=r"^dma.recvchannel: the transfer of 200 bytes was given up by cancel\(\)$"):
        first.wait()
    dma.sendchannel.transfer(source)
    assert second.wait(timeout=1) == 200
    assert np.array_equal(source, target)
    assert not other.any()


def test_stop_gives_up_everything_and_transfer_starts_again(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    transfers = [dma.recvchannel.submit(target) for _ in range(3)]
    dma.recvchannel.stop()
    assert {transfer.state for transfer in transfers} == {"cancelled"}
    with pytest.raises(TransferCancelled, match=r"given up by stop\(\)$"):
        dma.recvchannel.wait()
    assert dma.recvchannel.halted
    dma.recvchannel.transfer(target)  # as PYNQ's scatter-gather channels do
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    assert np.array_equal(source, target)


def test_awaiting_with_blocks_and_a_cancelled_await(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)

    async def time_passes() -> None:
        while True:
            await asyncio.sleep(0)
            bench.clock.advance(1e-6)

    async def scene() -> None:
        receive = dma.recvchannel.transfer(target)
        waiting = asyncio.create_task(dma.recvchannel.wait_async())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert receive.state == "under way"
        passing = asyncio.create_task(time_passes())
        async with dma.sendchannel.transfer(source) as send:
            assert send.state == "under way"
        assert send.state == "done"
        assert await receive == 200
        with pytest.raises(KeyError):
            async with dma.recvchannel.transfer(target) as receive:
                raise KeyError
        assert receive.state == "cancelled"
        passing.cancel()

    asyncio.run(scene())
    assert np.array_equal(source, target)


def test_an_interrupted_wait_leaves_the_transfer_under_way(polled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dma = polled.overlay.dma
    source, target = buffers(polled)
    receive = dma.recvchannel.transfer(target)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(polled.clock, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            dma.recvchannel.wait()
    assert receive.state == "under way"
    dma.sendchannel.transfer(source)
    assert receive.wait(timeout=1) == 200


def test_two_threads_wait_for_one_transfer(make: Any) -> None:
    bench = make(autojump=False)
    dma = bench.overlay.dma
    source, target = buffers(bench)
    receive = dma.recvchannel.transfer(target)
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(receive.wait())) for _ in range(3)]
    for thread in threads:
        thread.start()
    dma.sendchannel.transfer(source)
    while any(thread.is_alive() for thread in threads):
        bench.clock.advance(1e-3)
        for thread in threads:
            thread.join(0.001)
    assert results == [200, 200, 200]


def test_an_error_left_by_somebody_else_is_reset_when_the_channel_is_first_used(bench: Any) -> None:
    word = BASE + r.MM2S
    bench.device.write_word(word + r.CURDESC, 0xF000_0000)
    bench.device.write_word(word + r.DMACR, r.RS)
    bench.device.write_word(word + r.TAILDESC, 0xF000_0000)
    assert bench.device.read_word(word + r.DMASR) & r.SG_DEC_ERR
    source, target = buffers(bench)
    dma = bench.overlay.dma
    dma.recvchannel.transfer(target)
    dma.reset()
    bench.device.write_word(word + r.DMACR, 0)
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    assert np.array_equal(source, target)


def test_memory_out_of_reach_is_refused_before_the_first_register(build: Any, dma_block: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = build(dma_block(c_include_sg=1), streams=LOOP)
    source, _ = buffers(bench)
    send = bench.overlay.dma.sendchannel
    monkeypatch.setattr(type(source), "physical_address", 0x3000_0000)

    def attempt() -> None:
        with pytest.raises(ValueError, match=r"^dma.sendchannel: the buffer at 0x30000000..0x300000c7 is not in what M_AXI_MM2S reaches"):
            send.transfer(source)

    assert bench.accesses("dma", attempt) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"c_enable_multi_channel": 1}, r"dma is configured for several channels \(C_ENABLE_MULTI_CHANNEL is 1\)"),
        ({"c_micro_dma": 1}, "Micro and Scatter-gather modes not supported simultaneously"),
    ],
)
def test_configurations_that_are_not_driven(make: Any, given: dict[str, int], message: str) -> None:
    bench = make(**given)
    with pytest.warns(UserWarning, match=message):
        assert type(bench.overlay.dma) is DefaultIP
