"""Memory in which hardware is at work goes to nobody else, whoever lets go of it; and what was under way ends with its overlay."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
import pytest

from pynq_drivers.transfers.errors import TransferError
from pynq_drivers.transfers.holding import Holding
from pynq_widgets import Overlay
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.device.errors import BufferFreedError

LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]


@pytest.fixture(params=["direct", "polled", "descriptors"])
def bench(request: pytest.FixtureRequest, build: Any, dma_block: Any) -> Any:
    return build(dma_block(interrupts=request.param != "polled", c_include_sg=int(request.param == "descriptors")), streams=LOOP)


@pytest.fixture
def direct(build: Any, dma_block: Any) -> Any:
    return build(dma_block(), streams=LOOP)


def buffer(bench: Any, value: int = 0) -> Any:
    made = bench.device.allocate(1024, "u4")
    made[:] = value
    return made


def taken(bench: Any) -> set[int]:
    return {allocation.address for allocation in bench.device.pool.allocations}


def test_what_is_freed_while_the_hardware_writes_it_is_given_to_nobody_before_the_end(bench: Any) -> None:
    dma, source, target = bench.overlay.dma, buffer(bench, 7), buffer(bench)
    address = target.physical_address
    transfer = dma.recvchannel.transfer(target)
    with pytest.warns(RuntimeWarning, match=r"was freed while dma.recvchannel was at work in it: nobody else gets its memory before"):
        target.freebuffer()
    with pytest.raises(BufferFreedError, match="use after free"):
        target[0]
    others = [buffer(bench) for _ in range(8)]
    assert address not in {other.physical_address for other in others}
    dma.sendchannel.transfer(source).wait(timeout=1)
    assert transfer.wait(timeout=1) == 4096
    assert not any(other.any() for other in others)
    assert transfer.state == "done"
    assert address not in taken(bench)


def test_a_buffer_of_which_only_the_hardware_knows_is_kept(bench: Any) -> None:
    dma, source = bench.overlay.dma, buffer(bench, 7)
    assert dma.sendchannel.running
    dma.recvchannel.transfer(bench.device.allocate(1024, "u4"))
    before = taken(bench)
    others = [buffer(bench) for _ in range(4)]
    assert not {other.physical_address for other in others} & before
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    assert not any(other.any() for other in others)
    assert len(taken(bench)) == len(before) - 1 + len(others)


def test_a_buffer_is_kept_where_even_the_overlay_is_forgotten(direct: Any) -> None:
    target = buffer(direct)
    address = target.physical_address
    direct.overlay.dma.recvchannel.transfer(target)
    del target
    direct.overlay = None
    gc.collect()
    assert address in taken(direct)
    assert len(Holding.of(direct.device)) == 1
    Overlay(direct.device.design.path, device=direct.device)
    assert address not in taken(direct)


def test_a_transfer_ends_with_its_overlay_and_its_buffer_is_free(bench: Any) -> None:
    dma, target = bench.overlay.dma, buffer(bench)
    transfer = dma.recvchannel.transfer(target)
    again = Overlay(bench.device.design.path, device=bench.device)
    assert transfer.over
    for _ in range(2):
        with pytest.raises(
            StaleOverlayError, match=r"^dma.recvchannel: the overlay has gone with a transfer of 4096 bytes under way; load it again"
        ):
            transfer.wait(timeout=1)
    assert target.under_way == ()
    assert len(Holding.of(bench.device)) == 0
    target.freebuffer()
    assert again.dma.recvchannel.transfer(buffer(bench)).state == "under way"


def test_downloading_the_overlay_again_ends_transfers_too(bench: Any) -> None:
    transfer = bench.overlay.dma.recvchannel.transfer(buffer(bench))
    bench.overlay.download()
    with pytest.raises(StaleOverlayError, match="the overlay has gone with a transfer"):
        transfer.wait(timeout=1)
    target = buffer(bench)
    bench.overlay.dma.recvchannel.transfer(target)
    bench.overlay.dma.sendchannel.transfer(buffer(bench, 5))
    bench.overlay.dma.recvchannel.wait(timeout=1)
    assert (target == 5).all()


def test_who_waits_in_another_thread_is_told_at_once(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(), streams=LOOP, autojump=False)
    transfer = bench.overlay.dma.recvchannel.transfer(buffer(bench))
    raised: list[BaseException] = []
    waits = threading.Event()
    patience = transfer.listeners

    class Listeners(list):  # type: ignore[type-arg]
        def append(self, listener: Any) -> None:
            super().append(listener)
            waits.set()

    transfer.listeners = Listeners(patience)

    def wait() -> None:
        try:
            transfer.wait()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert waits.wait(20)  # no time passes on this clock: only the end itself can wake it
    Overlay(bench.device.design.path, device=bench.device)
    thread.join(20)
    assert not thread.is_alive()
    assert [type(error) for error in raised] == [StaleOverlayError]


def test_free_stops_no_hardware_and_so_lets_no_memory_go(direct: Any) -> None:
    target = buffer(direct)
    transfer = direct.overlay.dma.recvchannel.transfer(target)
    address = target.physical_address
    direct.overlay.free()
    with pytest.raises(StaleOverlayError):
        transfer.wait(timeout=1)
    assert target.under_way == (transfer.shown,)
    with pytest.warns(RuntimeWarning, match="was freed while dma.recvchannel was at work"):
        target.freebuffer()
    del target
    assert address in taken(direct)
    Overlay(direct.device.design.path, device=direct.device)
    assert address not in taken(direct)


def test_a_reset_that_fails_ends_transfers_and_lets_no_memory_go(direct: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dma, target = direct.overlay.dma, buffer(direct)
    transfer = dma.recvchannel.transfer(target)
    monkeypatch.setattr(dma.mmio, "read", lambda offset: 4)  # the reset bit stays
    with pytest.raises(TimeoutError, match="did not come out of reset"):
        dma.reset()
    assert transfer.state == "cancelled"
    assert target.under_way == (transfer.shown,)
    with pytest.raises(TransferError, match=r"^dma.recvchannel was left in the middle of a transfer.*call reset\(\) first$"):
        dma.recvchannel.submit(buffer(direct))
    monkeypatch.undo()
    dma.reset()
    assert target.under_way == ()
    dma.recvchannel.transfer(target)


def test_interrupted_while_the_registers_are_written_the_memory_is_kept_until_a_reset(direct: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dma, source, target = direct.overlay.dma, buffer(direct, 3), buffer(direct)
    receive, written = dma.recvchannel, []
    write = dma.mmio.write

    def interrupted(offset: int, value: int) -> None:
        write(offset, value)
        written.append(offset)
        if offset == 0x58:
            raise KeyboardInterrupt

    monkeypatch.setattr(receive._mmio, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        receive.transfer(target)
    monkeypatch.undo()
    assert written
    assert len(target.under_way) == 1
    with pytest.raises(TransferError, match="was left in the middle of a transfer"):
        receive.transfer(buffer(direct))
    dma.reset()
    assert target.under_way == ()
    receive.transfer(target)
    dma.sendchannel.transfer(source)
    receive.wait(timeout=1)
    assert np.array_equal(source, target)


def test_interrupted_while_it_waits_the_transfer_goes_on(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dma, source, target = bench.overlay.dma, buffer(bench, 3), buffer(bench)
    transfer = dma.recvchannel.transfer(target)

    def interrupted(*given: Any) -> None:
        raise KeyboardInterrupt

    for name in ("sleep", "wait"):
        monkeypatch.setattr(bench.device.clock, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        dma.recvchannel.wait()
    monkeypatch.undo()
    assert transfer.state == "under way"
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=1)
    assert np.array_equal(source, target)
    assert transfer.listeners == []


def test_a_failed_transfer_keeps_no_buffer_of_who_waited(direct: Any) -> None:
    """No collection of garbage: the memory is back as soon as the function is left."""
    dma = direct.overlay.dma
    assert dma.sendchannel.running
    assert dma.recvchannel.running

    def fails() -> None:
        one, other, more = buffer(direct), buffer(direct), buffer(direct)
        with direct.device.faults.decode_error(one, master="dma"):
            dma.sendchannel.transfer(one)
            with pytest.raises(TransferError, match="DMA Decode Error"):
                dma.sendchannel.wait(timeout=1)
        with pytest.raises(RuntimeError, match="is in an error state"):
            dma.sendchannel.transfer(other)
        dma.recvchannel.transfer(more)
        dma.reset()
        with pytest.raises(TransferError, match="given up"):
            dma.recvchannel.wait()

    gc.disable()
    try:
        before = taken(direct)
        fails()
        assert taken(direct) == before
    finally:
        gc.enable()


def test_both_buffers_of_a_copy_are_kept(build: Any, block: Any) -> None:
    given = {"C_INCLUDE_SG": 0, "C_M_AXI_DATA_WIDTH": 32, "C_ADDR_WIDTH": 32, "C_INCLUDE_DRE": 0}
    bench = build(block("cdma", "xilinx.com:ip:axi_cdma:4.1", 0x7E20_0000, given, (), ("M_AXI",), clocks=("m_axi_aclk", "s_axi_lite_aclk")))
    source, target = buffer(bench, 9), buffer(bench)
    copy = bench.overlay.cdma.transfer(source, target)
    with pytest.warns(RuntimeWarning):
        source.freebuffer()
    other = buffer(bench, 1)
    assert len(taken(bench)) == 3
    copy.wait(timeout=1)
    assert (target == 9).all()
    assert len(taken(bench)) == 2
    assert (other == 1).all()
