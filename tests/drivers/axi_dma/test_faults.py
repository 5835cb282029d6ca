"""AXI DMA with faults put in: what the registers say, what the driver says, and that both get out of it. And how long transfers take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_dma import registers as r
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device import VirtualClock, model
from pynq_widgets.device.simulated import registry

LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]
BASE = 0x4040_0000
CLOCK = 100e6


@pytest.fixture
def bench(build: Any, dma_block: Any) -> Any:
    return build(dma_block(), streams=LOOP)


def buffers(bench: Any, nbytes: int = 65536) -> tuple[Any, Any]:
    source, target = bench.device.allocate(nbytes, "u1"), bench.device.allocate(nbytes, "u1")
    source[:] = np.arange(nbytes) % 251
    return source, target


def both(bench: Any, source: Any, target: Any) -> None:
    bench.overlay.dma.recvchannel.transfer(target)
    bench.overlay.dma.sendchannel.transfer(source)


def goes_round(bench: Any, source: Any, target: Any) -> None:
    target[:] = 0
    both(bench, source, target)
    bench.overlay.dma.sendchannel.wait()
    bench.overlay.dma.recvchannel.wait()
    assert np.array_equal(source, target)


@pytest.mark.parametrize(
    ("fault", "bit", "words"), [("decode_error", r.DMA_DEC_ERR, "DMA Decode Error"), ("slave_error", r.DMA_SLV_ERR, "DMA Slave Error")]
)
@pytest.mark.parametrize("end", ["source", "target"])
def test_memory_that_answers_with_an_error(bench: Any, fault: str, bit: int, words: str, end: str) -> None:
    source, target = buffers(bench)
    dma = bench.overlay.dma
    struck = getattr(bench.device.faults, fault)((source if end == "source" else target)[100:104], master="dma", times=1)
    channel, base = (dma.sendchannel, r.MM2S) if end == "source" else (dma.recvchannel, r.S2MM)
    both(bench, source, target)
    with pytest.raises(RuntimeError, match=words):
        channel.wait()
    status = bench.device.read_word(BASE + base + r.DMASR)
    assert status & r.ERRORS == bit
    assert status & r.HALTED
    assert (struck.hits, struck.active) == (1, False)
    dma.reset()
    goes_round(bench, source, target)


def test_a_stream_that_nobody_takes_ends_in_a_timeout_that_says_so(bench: Any) -> None:
    source, target = buffers(bench)
    dma = bench.overlay.dma
    with bench.device.faults.stuck_ready("dma", "M_AXIS_MM2S") as fault:
        both(bench, source, target)
        with pytest.raises(TimeoutError, match=r"held by fault: TREADY of dma/M_AXIS_MM2S is stuck low"):
            dma.sendchannel.wait(timeout=0.1)
        with pytest.raises(TimeoutError, match=r"held by fault: TREADY of dma/M_AXIS_MM2S is stuck low"):
            dma.recvchannel.wait(timeout=0.1)
        assert fault.hits >= 1
    dma.sendchannel.wait(timeout=0.1)
    dma.recvchannel.wait(timeout=0.1)
    assert np.array_equal(source, target)


@pytest.mark.parametrize("kind", ["stuck_ready", "stuck_valid"])
def test_a_receiver_behind_a_fifo_gets_nothing_while_its_sender_fills_it(build: Any, dma_block: Any, block: Any, kind: str) -> None:
    fifo = block("fifo", "xilinx.com:ip:axis_data_fifo:2.0", 0x4500_0000, {"FIFO_DEPTH": 1024, "TDATA_NUM_BYTES": 4})
    bench = build(dma_block(), fifo, streams=[("dma", "M_AXIS_MM2S", "fifo", "S_AXIS"), ("fifo", "M_AXIS", "dma", "S_AXIS_S2MM")])
    dma = bench.overlay.dma
    source, target = buffers(bench, 8192)
    fault = getattr(bench.device.faults, kind)("dma", "S_AXIS_S2MM")
    both(bench, source, target)
    dma.sendchannel.wait(timeout=0.1)  # all of it is in the FIFO
    with pytest.raises(TimeoutError):
        dma.recvchannel.wait(timeout=0.1)
    dma.sendchannel.transfer(source)
    with pytest.raises(TimeoutError):
        dma.sendchannel.wait(timeout=0.1)  # and it is full
    fault.remove()
    dma.sendchannel.stop()
    dma.recvchannel.wait(timeout=0.1)
    assert np.array_equal(source, target)


def test_a_short_packet_is_told_by_its_length(bench: Any) -> None:
    source, target = buffers(bench)
    bench.device.faults.short_packet("dma", "M_AXIS_MM2S", 1000)
    both(bench, source, target)
    bench.overlay.dma.sendchannel.wait()
    bench.overlay.dma.recvchannel.wait()
    assert (bench.overlay.dma.sendchannel.transferred, bench.overlay.dma.recvchannel.transferred) == (65536, 1000)
    assert np.array_equal(source[:1000], target[:1000])
    assert not target[1000:].any()
    goes_round(bench, source, target)


def test_a_packet_with_no_end_keeps_its_receiver_waiting_and_the_next_is_too_much(bench: Any) -> None:
    source, target = buffers(bench)
    dma = bench.overlay.dma
    bench.device.faults.missing_last("dma", "M_AXIS_MM2S")
    both(bench, source, target)
    dma.sendchannel.wait()
    with pytest.raises(TimeoutError, match=r"waits for TLAST: dma/S_AXIS_S2MM has 65536 bytes of a packet"):
        dma.recvchannel.wait(timeout=0.1)
    dma.sendchannel.transfer(source)
    with pytest.raises(RuntimeError, match="DMA Internal Error"):
        dma.recvchannel.wait(timeout=0.1)
    dma.reset()
    goes_round(bench, source, target)


def test_a_lost_interrupt_delays_and_does_not_hang(bench: Any) -> None:
    source, target = buffers(bench)
    dma = bench.overlay.dma
    fault = bench.device.faults.lost_interrupt("dma", "s2mm_introut")
    start = bench.clock.now()
    both(bench, source, target)
    dma.recvchannel.wait()
    assert fault.hits == 1
    assert 0.4 < bench.clock.now() - start < 0.6, "until the driver looks for itself"
    dma.sendchannel.wait()
    start = bench.clock.now()
    goes_round(bench, source, target)
    assert bench.clock.now() - start < 0.01


def test_the_examples_of_the_page_run() -> None:
    checkout = Path(__file__).resolve().parents[3]
    page = (checkout / "docs" / "simulated-device.md").read_text(encoding="utf-8")
    device = SimulatedDevice("page", clock=VirtualClock(autojump=True))
    overlay = Overlay(checkout / "notebooks" / "designs" / "demo.hwh", device=device)
    names = {"device": device, "ol": overlay, "buffer": device.allocate(1000, "u1"), "frame": bytes(100)}
    said: list[str] = []
    for part in ("## Streams", "## Faults"):
        code = page.split(part)[1].split("```python\n")[1].split("```")[0]
        exec(compile(code, part, "exec"), {**names, "print": lambda value: said.append(str(value))})
    assert said[0].startswith("empty: filter/dma/M_AXIS_MM2S has sent nothing")
    assert len(said[1].splitlines()) == 9
    assert len(device.faults) == 0


# Time.


def test_a_loop_takes_as_long_as_its_bytes(bench: Any) -> None:
    source, target = buffers(bench)
    start = bench.clock.now()
    goes_round(bench, source, target)
    assert bench.clock.now() - start == pytest.approx(65536 / (4 * CLOCK), rel=1e-6)


@pytest.mark.parametrize(("send_bits", "receive_bits"), [(64, 8), (8, 64), (32, 16)])
def test_the_slower_end_sets_the_pace_of_both(build: Any, dma_block: Any, send_bits: int, receive_bits: int) -> None:
    bench = build(dma_block(c_m_axis_mm2s_tdata_width=send_bits, c_s_axis_s2mm_tdata_width=receive_bits), streams=LOOP)
    source, target = buffers(bench)
    dma = bench.overlay.dma
    start = bench.clock.now()
    both(bench, source, target)
    dma.sendchannel.wait()
    sent = bench.clock.now() - start
    dma.recvchannel.wait()
    received = bench.clock.now() - start
    slowest = min(send_bits, receive_bits) / 8 * CLOCK
    assert received == pytest.approx(65536 / slowest, rel=1e-6)
    stored = 4096 if receive_bits < send_bits else 0  # what the connection holds need not have gone on
    assert sent == pytest.approx((65536 - stored) / slowest, rel=1e-6)


def test_a_sender_stalls_at_a_full_fifo_until_somebody_takes(bench: Any) -> None:
    source, target = buffers(bench)
    dma = bench.overlay.dma
    start = bench.clock.now()
    dma.sendchannel.transfer(source)
    bench.clock.sleep(0.01)
    assert not dma.sendchannel.idle
    assert bench.device.stream("dma", "S_AXIS_S2MM").available == 4096
    assert bench.device.stream("dma", "S_AXIS_S2MM").standing.startswith("full: dma/S_AXIS_S2MM takes nothing")
    dma.recvchannel.transfer(target)
    dma.recvchannel.wait()
    assert bench.clock.now() - start == pytest.approx(0.01 + 65536 / (4 * CLOCK), rel=1e-6)
    dma.sendchannel.wait()
    assert np.array_equal(source, target)


def test_a_core_between_gives_no_result_before_its_packet_is_there(build: Any, dma_block: Any, block: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(registry, "_defined", {})

    @model("v:l:twice:1.0")
    def twice(core: Any) -> None:
        core.send("M_AXIS", core.receive("S_AXIS", "u1") * 2)

    core = block("twice", "v:l:twice:1.0", 0x4500_0000)
    bench = build(
        dma_block(c_m_axis_mm2s_tdata_width=8, c_s_axis_s2mm_tdata_width=64),
        core,
        streams=[("dma", "M_AXIS_MM2S", "twice", "S_AXIS"), ("twice", "M_AXIS", "dma", "S_AXIS_S2MM")],
    )
    source, target = buffers(bench)
    start = bench.clock.now()
    both(bench, source, target)
    bench.overlay.dma.recvchannel.wait()
    assert bench.clock.now() - start == pytest.approx(65536 / CLOCK, rel=1e-6)
    assert np.array_equal(np.asarray(source) * 2, target)
