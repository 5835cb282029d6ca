"""Transfers in their order: which begin by themselves, and that nobody waits for what others have ended."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import pytest

from pynq_drivers.transfers.errors import TransferCancelled
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.access.errors import StaleOverlayError

LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]


@pytest.fixture
def bench(build: Any, dma_block: Any) -> Any:
    """Time stands still but for `advance`."""
    return build(dma_block(), streams=LOOP, autojump=False)


@pytest.fixture
def jumping(build: Any, dma_block: Any) -> Any:
    return build(dma_block(), streams=LOOP)


def pairs(bench: Any, count: int) -> list[tuple[Any, Any]]:
    made = [(bench.device.allocate(64, "u4"), bench.device.allocate(64, "u4")) for _ in range(count)]
    for number, (source, _) in enumerate(made):
        source[:] = number + 1
    return made


def submitted(bench: Any, buffers: list[tuple[Any, Any]]) -> list[Any]:
    dma = bench.overlay.dma
    return [(dma.recvchannel.submit(target), dma.sendchannel.submit(source)) for source, target in buffers]


def test_what_is_queued_begins_with_the_interrupt_and_nobody_asking(bench: Any) -> None:
    buffers = pairs(bench, 5)
    transfers = submitted(bench, buffers)
    assert [receive.state for receive, _ in transfers] == ["under way", *["queued"] * 4]
    bench.clock.advance(1e-3)
    for source, target in buffers:
        assert np.array_equal(source, target)
    # The interrupt of the last is nobody's: nothing was queued behind it.
    assert [receive.state for receive, _ in transfers] == [*["done"] * 4, "under way"]
    assert transfers[-1][0].done
    assert bench.clock.pending == 0
    assert bench.clock.errors == []


def test_no_bus_access_between_interrupts(bench: Any) -> None:
    dma = bench.overlay.dma
    for _, target in pairs(bench, 3):
        dma.recvchannel.submit(target)
    bench.clock.advance(0.4)
    bench.device.log.clear()
    bench.clock.advance(0.05)
    assert bench.device.log == []


@pytest.mark.parametrize("times", [1, 3])
def test_an_interrupt_that_is_lost_costs_half_a_second(bench: Any, times: int) -> None:
    buffers = pairs(bench, 4)
    bench.device.faults.lost_interrupt("dma", "s2mm_introut", times=times)
    transfers = submitted(bench, buffers)
    bench.clock.advance(0.6 * times)
    assert transfers[-1][0].done
    for source, target in buffers:
        assert np.array_equal(source, target)


def test_an_interrupt_for_nothing_disturbs_nothing(bench: Any) -> None:
    """The line of the channel is up though its transfer is not over: what is left of another, or spurious."""
    dma = bench.overlay.dma
    buffers = pairs(bench, 3)
    receives = [dma.recvchannel.submit(target) for _, target in buffers]
    dma.recvchannel.queue._came()
    assert [receive.state for receive in receives] == ["under way", "queued", "queued"]
    for source, _ in buffers:
        dma.sendchannel.submit(source)
    bench.clock.advance(1e-3)
    assert all(receive.done for receive in receives)


def test_one_that_fails_takes_those_behind_it_with_it_and_nothing_is_left_waiting(bench: Any) -> None:
    buffers = pairs(bench, 3)
    with bench.device.faults.decode_error(buffers[1][1], master="dma"):
        transfers = submitted(bench, buffers)
        bench.clock.advance(1)
    states = [receive.state for receive, _ in transfers]
    assert states[0] == "done"
    assert transfers[1][0].done
    assert [receive.state for receive, _ in transfers] == ["done", "failed", "failed"]
    with pytest.raises(RuntimeError, match="DMA Decode Error"):
        transfers[2][0].wait(timeout=1)
    bench.overlay.dma.reset()
    assert bench.clock.pending == 0


def test_what_is_cancelled_while_it_is_queued_never_begins(bench: Any) -> None:
    dma = bench.overlay.dma
    buffers = pairs(bench, 3)
    receives = [dma.recvchannel.submit(target) for _, target in buffers]
    assert receives[1].cancel()
    for source, _ in buffers[:2]:
        dma.sendchannel.submit(source)
    bench.clock.advance(1e-3)
    assert [receive.done for receive in receives] == [True, True, True]
    assert [receive.state for receive in receives] == ["done", "cancelled", "done"]
    assert buffers[2][1][0] == 2  # the second packet


@pytest.mark.parametrize("end", ["stop", "reset"])
def test_stopped_or_reset_nothing_goes_on(bench: Any, end: str) -> None:
    dma = bench.overlay.dma
    receives = [dma.recvchannel.submit(target) for _, target in pairs(bench, 3)]
    getattr(dma.recvchannel, end)()
    assert [receive.state for receive in receives] == ["cancelled"] * 3
    bench.clock.advance(2)
    assert bench.clock.errors == []
    assert bench.clock.pending == 0


def test_replaced_all_of_them_end(bench: Any) -> None:
    receives = [bench.overlay.dma.recvchannel.submit(target) for _, target in pairs(bench, 3)]
    Overlay(bench.device.design.path, device=bench.device)
    bench.clock.advance(2)
    for receive in receives:
        with pytest.raises(StaleOverlayError):
            receive.wait(timeout=1)
    assert bench.clock.errors == []
    assert bench.clock.pending == 0


def test_who_waits_for_the_last_gets_it(jumping: Any) -> None:
    buffers = pairs(jumping, 6)
    transfers = submitted(jumping, buffers)
    assert transfers[-1][0].wait(timeout=1) == 256
    assert transfers[-1][1].wait(timeout=1) == 256
    for source, target in buffers:
        assert np.array_equal(source, target)


def test_many_queued_while_others_wait_in_threads(bench: Any) -> None:
    """In the time of the wall: events of the clock begin them, four threads wait, each for transfers of its own."""
    device = SimulatedDevice("threads")
    dma = Overlay(bench.device.design.path, device=device).dma
    troubles: list[BaseException] = []

    def work(channel: Any) -> None:
        try:
            made = [channel.submit(device.allocate(64, "u4")) for _ in range(100)]
            for transfer in reversed(made):
                assert transfer.wait(timeout=20) == 256
        except BaseException as error:
            troubles.append(error)

    channels = (dma.sendchannel, dma.recvchannel)
    threads = [threading.Thread(target=work, args=(channel,)) for channel in channels for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert troubles == []
    assert not any(thread.is_alive() for thread in threads)
    assert device.clock.errors == []


def test_two_tasks_wait_for_one_transfer_and_one_is_cancelled(jumping: Any) -> None:
    (source, target), *_ = pairs(jumping, 1)
    dma = jumping.overlay.dma

    async def scene() -> None:
        transfer = dma.recvchannel.transfer(target)
        first, second = asyncio.create_task(transfer.wait_async()), asyncio.create_task(dma.recvchannel.wait_async())
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert transfer.state == "under way"
        dma.sendchannel.transfer(source)
        jumping.clock.advance(1)
        await second
        assert transfer.state == "done"
        assert transfer.listeners == []

    asyncio.run(scene())
    assert np.array_equal(source, target)


def test_stop_wakes_who_waits(bench: Any) -> None:
    """No time passes: only the end itself can wake the thread that waits."""
    dma = bench.overlay.dma
    transfer = dma.recvchannel.transfer(bench.device.allocate(64, "u4"))
    waits, raised = threading.Event(), []

    class Listeners(list):  # type: ignore[type-arg]
        def append(self, listener: Any) -> None:
            super().append(listener)
            waits.set()

    transfer.listeners = Listeners()

    def wait() -> None:
        try:
            transfer.wait()
        except TransferCancelled as error:
            raised.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    assert waits.wait(20)
    dma.recvchannel.stop()
    thread.join(20)
    assert raised == ["dma.recvchannel: the transfer of 256 bytes was given up by stop()"]


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1", -1e-9])
def test_a_timeout_that_is_none_is_refused_also_where_the_transfer_is_over(jumping: Any, timeout: Any) -> None:
    (source, _), *_ = pairs(jumping, 1)
    dma = jumping.overlay.dma
    dma.recvchannel.transfer(jumping.device.allocate(64, "u4"))
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    dma.recvchannel.wait(timeout=0)
    dma.recvchannel.wait(timeout=float("inf"))
    with pytest.raises(ValueError, match=r"^a timeout is 0 or more seconds, or None to wait for ever, not "):
        dma.recvchannel.wait(timeout=timeout)
    with pytest.raises(ValueError, match=r"^a timeout is 0 or more seconds"):
        asyncio.run(dma.recvchannel.wait_async(timeout=timeout))


def test_a_timeout_of_0_looks_once_and_says_why(jumping: Any) -> None:
    receive = jumping.overlay.dma.recvchannel
    receive.transfer(jumping.device.allocate(64, "u4"))
    before = jumping.clock.now()
    with pytest.raises(TimeoutError, match=r"were not through within 0 s\. It waits for a packet"):
        receive.wait(timeout=0)
    assert jumping.clock.now() == before
