"""AXI DMA, the driver: PYNQ's API, every trap that PYNQ's users met, each bus access counted."""

import asyncio
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.driver import AxiDMA
from pynq_widgets import SimulatedDevice, allocate
from pynq_widgets.device.errors import BufferFreedError, NoAddressError

LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]


@pytest.fixture
def bench(build: Any, dma_block: Any) -> Any:
    return build(dma_block(), streams=LOOP)


@pytest.fixture
def polled(build: Any, dma_block: Any) -> Any:
    return build(dma_block(interrupts=False), streams=LOOP)


def buffers(bench: Any, count: int = 100, dtype: str = "i2") -> tuple[Any, Any]:
    source, target = allocate(count, dtype, target=bench.device), allocate(count, dtype, target=bench.device)
    source[:] = np.arange(count)
    return source, target


def test_a_channel_starts_when_it_is_first_asked_for_and_a_display_asks_for_none(bench: Any) -> None:
    dma = bench.overlay.dma
    repr(dma), repr(dma.channels), dir(dma)
    assert bench.device.log == []
    assert bench.accesses("dma", lambda: dma.recvchannel) == [
        ("write", r.S2MM + r.DMACR, r.RS | r.IOC_IRQ_EN | r.ERR_IRQ_EN),
        ("read", r.S2MM + r.DMASR),
    ]
    assert bench.accesses("dma", lambda: dma.recvchannel) == []
    assert dma.recvchannel.running
    dma.recvchannel.stop()
    assert not dma.recvchannel.running  # asking again does not start what was stopped


def test_setting_up_starts_a_channel_that_stands_still(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    started = [("write", r.MM2S + r.DMACR, r.RS | r.IOC_IRQ_EN | r.ERR_IRQ_EN), ("read", r.MM2S + r.DMASR)]
    assert bench.accesses("dma", dma.set_up_tx_channel) == started
    assert bench.accesses("dma", dma.set_up_tx_channel) == [("read", r.MM2S + r.DMASR)]
    dma.recvchannel.stop()
    dma.set_up_rx_channel()
    dma.recvchannel.transfer(target)
    dma.set_up_rx_channel()
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait()
    assert np.array_equal(source, target)


def test_setting_up_a_channel_that_is_not_there_is_nothing(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_include_s2mm=0), streams=[])
    assert bench.accesses("dma", bench.overlay.dma.set_up_rx_channel) == []


@pytest.mark.parametrize("kind", ["bench", "polled"])
def test_loop(kind: str, request: pytest.FixtureRequest) -> None:
    bench = request.getfixturevalue(kind)
    dma = bench.overlay.dma
    assert isinstance(dma, AxiDMA)
    source, target = buffers(bench)
    for _ in range(3):
        target[:] = 0
        dma.recvchannel.transfer(target)
        dma.sendchannel.transfer(source)
        dma.sendchannel.wait()
        dma.recvchannel.wait()
        assert np.array_equal(source, target)
        assert (dma.sendchannel.transferred, dma.recvchannel.transferred) == (200, 200)
    assert dma.sendchannel.idle
    assert dma.recvchannel.running
    assert not dma.recvchannel.error


@pytest.mark.parametrize("kind", ["bench", "polled"])
def test_loop_awaited(kind: str, request: pytest.FixtureRequest) -> None:
    bench = request.getfixturevalue(kind)
    dma = bench.overlay.dma
    source, target = buffers(bench)

    async def time_passes() -> None:
        while True:
            await asyncio.sleep(0)
            bench.clock.advance(1e-6)

    async def scene() -> None:
        passing = asyncio.create_task(time_passes())
        dma.recvchannel.transfer(target)
        dma.sendchannel.transfer(source)
        await asyncio.gather(dma.sendchannel.wait_async(), dma.recvchannel.wait_async(timeout=1))
        passing.cancel()

    asyncio.run(scene())
    assert np.array_equal(source, target)
    assert bench.device.read_word(0x4040_0000 + r.S2MM + r.DMASR) == 0x10000 | r.IDLE | (0 if kind == "bench" else r.IOC_IRQ)


def test_cacheable_buffers_are_flushed_and_invalidated(bench: Any) -> None:
    dma = bench.overlay.dma
    source = allocate(100, "i2", target=bench.device, cacheable=True)
    target = allocate(100, "i2", target=bench.device, cacheable=True)
    source[:] = np.arange(100)
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait()
    assert np.array_equal(source, target)


def test_the_bus_accesses_of_a_transfer(polled: Any) -> None:
    source, _ = buffers(polled)
    send = polled.overlay.dma.sendchannel
    address = source.physical_address
    assert polled.accesses("dma", lambda: send.transfer(source)) == [
        ("read", r.DMASR),
        ("write", r.ADDRESS, address),
        ("write", r.LENGTH, 200),
    ]
    assert polled.accesses("dma", lambda: repr(send)) == []
    polled.clock.advance(1)
    assert polled.accesses("dma", send.wait) == [("read", r.DMASR)]
    assert polled.accesses("dma", send.wait) == []  # it has been waited for


def test_waiting_is_no_hot_loop(polled: Any) -> None:
    _, target = buffers(polled)
    polled.overlay.dma.recvchannel.transfer(target)

    def attempt() -> None:
        with pytest.raises(TimeoutError):
            polled.overlay.dma.recvchannel.wait(timeout=1)

    assert len(polled.accesses("dma", attempt)) < 600


def test_a_part_of_a_buffer(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.recvchannel.transfer(target[50:])
    dma.sendchannel.transfer(source, start=20, nbytes=8)
    dma.recvchannel.wait()
    assert target[50:55].tolist() == [10, 11, 12, 13, 0]
    assert dma.recvchannel.transferred == 8


def test_a_wide_address_goes_out_in_two_words(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_m_axi_mm2s_addr_width=40, interrupts=False), streams=LOOP)
    source, _ = buffers(bench)
    writes = bench.accesses("dma", lambda: bench.overlay.dma.sendchannel.transfer(source))
    assert ("write", r.ADDRESS_MSB, 0) in writes


def refused(bench: Any, channel: Any, error: type[Exception], message: str, *args: Any, **kwargs: Any) -> None:
    """`transfer` raises exactly this, and has touched no register."""

    def attempt() -> None:
        with pytest.raises(error) as caught:
            channel.transfer(*args, **kwargs)
        assert str(caught.value) == message

    assert bench.accesses("dma", attempt) == []


def test_what_cannot_be_transferred_is_refused_before_the_first_register(bench: Any) -> None:
    dma = bench.overlay.dma
    send = dma.sendchannel
    source, _ = buffers(bench)
    refused(
        bench,
        send,
        TypeError,
        "dma.sendchannel transfers buffers made by allocate(), not ndarray; copy the data into one first",
        np.zeros(4),
    )
    refused(bench, send, ValueError, "dma.sendchannel: start is byte 201 of a buffer of 200 bytes", source, start=201)
    refused(bench, send, ValueError, "dma.sendchannel: 200 bytes from byte 4 are more than the buffer of 200 bytes holds", source, 4, 200)
    refused(bench, send, ValueError, "dma.sendchannel: there is nothing to transfer, the buffer holds no byte after byte 200", source, 200)
    refused(
        bench,
        send,
        ValueError,
        f"DMA does not support unaligned transfers; Starting address must be aligned to 4 bytes: dma.sendchannel was given "
        f"{source.physical_address + 2:#x}, and its core has no data realignment engine (Allow Unaligned Transfers)",
        source,
        2,
    )


def test_more_than_the_length_register_holds(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_sg_length_width=14), streams=LOOP)
    assert bench.overlay.dma.buffer_max_size == 16383
    source, _ = buffers(bench, 16384, "u1")
    refused(
        bench,
        bench.overlay.dma.recvchannel,
        ValueError,
        "Transfer size is 16384 bytes, which exceeds the maximum DMA buffer size 16383 of dma.recvchannel. Transfer in parts, widen the "
        "core's length register (Width of Buffer Length Register, c_sg_length_width), or enable its Scatter Gather Engine, with which "
        "longer transfers are split",
        source,
    )


def test_micro_dma_moves_one_burst(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_micro_dma=1, c_mm2s_burst_size=16), streams=LOOP)
    assert bench.overlay.dma.sendchannel.limits.longest == 64


def test_foreign_copied_strided_and_freed_buffers(bench: Any) -> None:
    send = bench.overlay.dma.sendchannel
    source, _ = buffers(bench)
    other = SimulatedDevice("another")
    refused(
        bench,
        send,
        ValueError,
        f"dma.sendchannel: the buffer is in the memory of another device, {other!r}, than this core's, {bench.device!r}: "
        "allocate(..., target=ol.device) puts one in the right memory",
        allocate(4, "u4", target=other),
    )
    for array, error in ((source + 1, TypeError), (source[::2], NoAddressError)):
        with pytest.raises(error):
            send.transfer(array)
    source.freebuffer()
    with pytest.raises(BufferFreedError):
        send.transfer(source)


def test_a_busy_channel_is_left_alone(bench: Any) -> None:
    receive = bench.overlay.dma.recvchannel
    _, target = buffers(bench)
    receive.transfer(target)
    with pytest.raises(
        RuntimeError,
        match=r"^DMA channel not idle: dma.recvchannel has a transfer of 200 bytes under way; wait for it, or call reset\(\); "
        r"submit\(\) takes transfers that wait for their turn$",
    ):
        receive.transfer(target)


def test_a_transfer_that_nobody_waited_for_does_not_disturb_the_next(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    for _ in range(2):
        dma.recvchannel.transfer(target)
        dma.sendchannel.transfer(source)
        bench.clock.advance(1)
    dma.recvchannel.transfer(target)

    def attempt() -> None:
        with pytest.raises(TimeoutError):
            dma.recvchannel.wait(timeout=1)

    assert len(bench.accesses("dma", attempt)) < 15  # thousands, where the old interrupt ended each wait at once


def test_stop_and_start(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.sendchannel.stop()
    assert not dma.sendchannel.running
    with pytest.raises(RuntimeError, match=r"^DMA channel not started: call sendchannel.start\(\) before a transfer on dma$"):
        dma.sendchannel.transfer(source)
    dma.sendchannel.start()
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait()
    assert np.array_equal(source, target)


def test_waiting_for_nothing_says_so(bench: Any) -> None:
    with pytest.raises(RuntimeError, match=r"^dma.recvchannel has no transfer to wait for: call transfer\(\) first$"):
        bench.overlay.dma.recvchannel.wait()


def test_a_timeout_tells_what_stands_still(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench, 65536, "u1")
    dma.recvchannel.transfer(target)
    with pytest.raises(TimeoutError) as caught:
        dma.recvchannel.wait(timeout=0.25)
    assert str(caught.value) == (
        "dma.recvchannel: 65536 bytes were not through within 0.25 s. It waits for a packet from dma, which ends with TLAST; sendchannel "
        "has nothing under way and has never sent anything. Its stream: empty: dma/M_AXIS_MM2S has never sent anything. The transfer is "
        "still under way: wait again, or call reset()"
    )
    dma.sendchannel.transfer(source)  # late, but in time for a second wait
    dma.recvchannel.wait(timeout=1)
    dma.sendchannel.transfer(source)
    with pytest.raises(TimeoutError) as caught:
        dma.sendchannel.wait(timeout=0.25)
    assert "It waits for its own recvchannel, which has no buffer: call recvchannel.transfer() first." in str(caught.value)


def test_waiting_without_end_says_once_what_stands_still(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench, 65536, "u1")
    dma.recvchannel.transfer(target)
    bench.clock.call_later(10, lambda: dma.sendchannel.transfer(source))
    dma.recvchannel.wait()
    assert [record.getMessage() for record in caplog.records] == [
        "dma.recvchannel: 65536 bytes are not through after 3 s, and it goes on waiting. It waits for a packet from dma, which ends with "
        "TLAST; sendchannel has nothing under way and has never sent anything. Its stream: empty: dma/M_AXIS_MM2S has never sent anything. "
        "Interrupt the kernel to give up, or pass wait(timeout=...)"
    ]
    caplog.clear()
    dma.recvchannel.transfer(target)
    with pytest.raises(TimeoutError):
        dma.recvchannel.wait(timeout=10)
    assert caplog.records == []


def test_errors_are_named_and_reset_recovers(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.recvchannel.transfer(target, nbytes=100)
    dma.sendchannel.transfer(source)
    with pytest.raises(
        RuntimeError,
        match=r"^DMA Internal Error \(transfer length 0, or a packet longer than its buffer\) on dma.recvchannel; 100 bytes were asked "
        r"for. The packet was longer than these 100 bytes: give a larger buffer. Call reset\(\)$",
    ):
        dma.recvchannel.wait(timeout=1)
    assert dma.recvchannel.error
    with pytest.raises(RuntimeError, match=r"^dma.recvchannel is in an error state: DMA Internal Error"):
        dma.recvchannel.transfer(target)
    dma.reset()
    assert not dma.recvchannel.error
    bench.device.stream("dma", "S_AXIS_S2MM").clear()
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    assert np.array_equal(source, target)


def test_an_error_ends_an_await(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)

    async def scene() -> None:
        dma.recvchannel.transfer(target, nbytes=100)
        waiting = asyncio.create_task(dma.recvchannel.wait_async())
        await asyncio.sleep(0)
        dma.sendchannel.transfer(source)
        with pytest.raises(RuntimeError, match="DMA Internal Error"):
            await waiting

    asyncio.run(scene())


def test_reset_gives_up_what_is_under_way(bench: Any) -> None:
    dma = bench.overlay.dma
    _, target = buffers(bench)
    dma.recvchannel.transfer(target)
    dma.recvchannel.reset()
    dma.recvchannel.transfer(target)
    assert dma.recvchannel.running


def test_a_lost_interrupt_does_not_hang(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.recvchannel.transfer(target)
    bench.device.write_word(0x4040_0000 + r.S2MM + r.DMACR, r.RS)  # somebody switches the interrupt off
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait()
    assert np.array_equal(source, target)
    assert bench.clock.now() < 1


def test_one_channel_only(build: Any, dma_block: Any) -> None:
    dma = build(dma_block(c_include_mm2s=0)).overlay.dma
    with pytest.raises(
        AttributeError, match=r"dma has no send channel .sendchannel.: the core is built without MM2S .C_INCLUDE_MM2S = 0.$"
    ):
        dma.sendchannel
    assert [channel.name for channel in dma.channels] == ["recvchannel"]


def test_status_and_length_are_attributes_where_the_design_lists_registers(build: Any, dma_block: Any) -> None:
    block = dma_block()
    block.registers = (("MM2S_DMASR", r.DMASR, "read-write"), ("MM2S_LENGTH", r.LENGTH, "read-write"))
    bench = build(block, streams=LOOP)
    dma = bench.overlay.dma
    assert bench.accesses("dma", lambda: dma.MM2S_LENGTH) == [("read", r.LENGTH)]
    assert bench.accesses("dma", lambda: dma.MM2S_DMASR) == [("read", r.DMASR)]
    assert "bytes" in dma.trait_page()
    with pytest.raises(AttributeError, match="S2MM_LENGTH"):
        dma.S2MM_LENGTH


# Queues of transfers, one after another.


def test_a_queue_of_transfers_in_direct_mode(bench: Any) -> None:
    dma = bench.overlay.dma
    sources, targets = zip(*(buffers(bench, 50 + i) for i in range(4)), strict=True)
    receives = [dma.recvchannel.submit(target) for target in targets]
    sends = [dma.sendchannel.submit(source) for source in sources]
    assert [transfer.state for transfer in receives] == ["under way", "queued", "queued", "queued"]
    assert repr(receives[0]) == "<Transfer of 100 bytes by dma.recvchannel: under way>"
    assert receives[1].wait(timeout=1) == 102  # which lets the sends go on, too
    dma.recvchannel.wait(timeout=1)
    assert all(np.array_equal(source, target) for source, target in zip(sources, targets, strict=True))
    assert [transfer.done for transfer in sends] == [True] * 4
    assert repr(receives[3]) == "<Transfer of 106 bytes by dma.recvchannel: done, 106 transferred>"


def test_asking_whether_it_is_done_lets_the_queue_go_on(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    last = [dma.recvchannel.submit(target) for _ in range(3)][-1]
    for _ in range(3):
        dma.sendchannel.transfer(source).wait(timeout=1)
        bench.clock.advance(1e-3)
        last.done
    assert last.state == "done"


def test_cancelling_in_direct_mode(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    first, second, third = (dma.recvchannel.submit(target) for _ in range(3))
    assert second.cancel()
    assert first.cancel()
    assert (first.state, second.state, third.state) == ("cancelled", "cancelled", "under way")
    dma.sendchannel.transfer(source)
    assert third.wait(timeout=1) == 200
    assert first.why() == ""


def test_an_error_fails_what_waits_behind_it(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    first, second = dma.recvchannel.submit(target, nbytes=100), dma.recvchannel.submit(target)
    dma.sendchannel.transfer(source)
    for transfer in (second, first):
        with pytest.raises(RuntimeError, match=r"^DMA Internal Error"):
            transfer.wait(timeout=1)
    assert (first.error, second.error) == (second.error, first.error)
    assert dma.recvchannel.transferred == 0  # and not what the one before it had
    dma.reset()
    with pytest.raises(RuntimeError, match=r"^DMA Internal Error"):
        dma.recvchannel.wait()


def test_a_reset_is_told_to_whoever_waited(bench: Any) -> None:
    dma = bench.overlay.dma
    _, target = buffers(bench)
    dma.recvchannel.transfer(target)
    bench.clock.call_later(1, dma.reset)
    with pytest.raises(RuntimeError, match=r"^dma.recvchannel: the transfer of 200 bytes was given up by reset\(\)$"):
        dma.recvchannel.wait()
    dma.recvchannel.transfer(target)


def test_an_error_left_by_somebody_else_is_reset_at_the_first_start(bench: Any) -> None:
    for word, value in ((r.DMACR, r.RS), (r.ADDRESS, 0xF000_0000), (r.LENGTH, 64)):
        bench.device.write_word(0x4040_0000 + word, value)
    assert bench.device.read_word(0x4040_0000 + r.DMASR) & r.DMA_DEC_ERR
    source, target = buffers(bench)
    dma = bench.overlay.dma
    dma.sendchannel.transfer(source)
    dma.recvchannel.transfer(target)
    dma.recvchannel.wait(timeout=1)
    assert np.array_equal(source, target)


def test_micro_dma_stays_within_4_kib(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_micro_dma=1, c_mm2s_burst_size=16), streams=LOOP)
    source, _ = buffers(bench, 4096, "u1")
    refused(
        bench,
        bench.overlay.dma.sendchannel,
        ValueError,
        "Transfer size is 65 bytes, which exceeds the maximum DMA buffer size 64 of dma.sendchannel. Micro DMA moves one burst at a time "
        "(c_micro_dma): transfer in parts, or disable it in the core",
        source,
        0,
        65,
    )
    start = 4096 - source.physical_address % 4096 - 32
    if start + 64 > 4096:
        source, _ = buffers(bench, 8192, "u1")
        start = 4096 - source.physical_address % 4096 - 32
    with pytest.raises(ValueError, match=r"^dma.sendchannel cannot cross a boundary of 4096 bytes in one transfer"):
        bench.overlay.dma.sendchannel.transfer(source, start, 64)


def test_the_position_is_known_where_the_device_is_simulated(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(), streams=LOOP, autojump=False)
    dma = bench.overlay.dma
    source, target = buffers(bench, 4000, "u1")
    receive, send = dma.recvchannel.transfer(target), dma.sendchannel.transfer(source)
    bench.clock.advance(1000 / 400e6)
    assert bench.accesses("dma", lambda: (receive.position(), send.position())) == []
    assert receive.position() == pytest.approx(1000, abs=8)
    assert send.position() == pytest.approx(1000, abs=8)
    bench.clock.advance(1)
    receive.wait()
    assert receive.position() == 4000


def test_a_long_wait_shows_a_bar(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    from types import SimpleNamespace

    from pynq_drivers.transfers import progress

    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream, modules={}))
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.recvchannel.transfer(target)
    bench.clock.call_later(2.5, lambda: dma.sendchannel.transfer(source))
    dma.recvchannel.wait()
    assert "dma.recvchannel: |" in stream.getvalue()
    assert stream.getvalue().rstrip().endswith("200 bytes of 200 bytes, 2.5 s, 80 bytes/s, done")


@pytest.mark.parametrize("descriptors", [0, 1])
def test_a_buffer_in_block_ram_is_where_the_core_sees_it(build: Any, dma_block: Any, block: Any, descriptors: int) -> None:
    core = dma_block(c_include_sg=descriptors)
    core.reach = tuple(("bram", "S_AXI", 0xC000_0000, 0x1000, name) for name in core.masters)
    bram = block("bram", "xilinx.com:ip:axi_bram_ctrl:4.1", 0x4000_0000, {}, size=0x1000, memory=True)
    bench = build(core, bram, streams=LOOP, brams={"bram": "memory"})
    source, target = buffers(bench)
    within = allocate(100, "i2", target=bench.overlay.bram)
    assert 0x4000_0000 <= within.physical_address < 0x4000_1000
    dma = bench.overlay.dma
    for one, other in ((source, within), (within, target)):
        dma.recvchannel.transfer(other)
        dma.sendchannel.transfer(one)
        dma.recvchannel.wait(timeout=1)
        dma.sendchannel.wait(timeout=1)
    assert np.array_equal(source, target)


def test_what_is_no_number_and_what_may_not_be_written(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    for given in (2.0, None, "4"):
        with pytest.raises(TypeError, match=rf"^dma.sendchannel: start is a whole number of bytes, not {given!r}$"):
            dma.sendchannel.transfer(source, start=given)
        with pytest.raises(TypeError, match=rf"^dma.sendchannel: nbytes is a whole number of bytes, not {given!r}$"):
            dma.sendchannel.submit(source, nbytes=given)
    kept = target[:]
    kept.setflags(write=False)
    with pytest.raises(ValueError, match=r"^dma.recvchannel would write into an array that is read-only"):
        dma.recvchannel.transfer(kept)
    dma.recvchannel.transfer(target)
    source.setflags(write=False)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    assert repr(dma.recvchannel.queue) == "<TransferQueue of dma.recvchannel: 0 under way, 0 queued>"


def test_why_knows_that_what_nobody_waited_for_is_over(bench: Any) -> None:
    dma = bench.overlay.dma
    source, target = buffers(bench)
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    bench.clock.advance(1)
    assert "sendchannel has nothing under way." in dma.recvchannel.transfer(target).why()


def test_the_memory_of_descriptors_says_whose_it_is(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_include_sg=1), streams=[("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")])
    assert bench.overlay.dma.sendchannel.ring.memory.name == "descriptors of dma.sendchannel"
    assert [made.owner for made in bench.device.pool.allocations] == ["descriptors of dma.sendchannel"]


def test_a_receiver_that_nothing_is_connected_to_says_so(build: Any, dma_block: Any) -> None:
    bench = build(dma_block())
    channel = bench.overlay.dma.recvchannel
    channel.transfer(bench.device.allocate(64, "u1"))
    with pytest.raises(TimeoutError, match="S_AXIS_S2MM is connected to nothing in this design, so that no packet can come"):
        channel.wait(timeout=0.1)


def test_the_dma_of_old_pynq_says_where_it_has_gone() -> None:
    with pytest.raises(TypeError, match=r"^DMA\(address, direction\) is of PYNQ before 2\.0: an overlay makes the driver, and "):
        AxiDMA(0x4040_0000, 0)  # type: ignore[arg-type]
