"""The AXI Performance Monitor, both sides; the registers of PG037, and a DMA that it looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_perf_mon import registers as r
from pynq_widgets import Overlay, SimulatedDevice, allocate
from pynq_widgets.device.clock import VirtualClock

BASE = 0x4400_0000
COUNTERS = range(4)

# Offset, reset value (None: it counts, or the guide says none), and the bits that software sets, of the advanced mode with 4 counters.
ROWS: dict[str, tuple[int, int | None, int | str]] = {
    "CLOCKS_HIGH": (0x0, 0, 0),
    "CLOCKS_LOW": (0x4, 0, 0),
    "INTERVAL_HIGH": (0x20, None, 0xFFFF_FFFF),
    "INTERVAL_LOW": (0x24, None, 0xFFFF_FFFF),
    "INTERVAL_CONTROL": (0x28, 0x100, 0x103),
    "GLOBAL_ENABLE": (0x30, 0, 0x1),
    "INTERRUPT_ENABLE": (0x34, 0, 0x7F),
    "INTERRUPT_STATUS": (0x38, 0, 0),
    "SELECT_0": (0x44, 0, 0xFFFF_FFFF),
    **{f"COUNTER_{n}": (0x100 + 16 * n, None, 0) for n in COUNTERS},
    **{f"RANGE_{n}": (0x108 + 16 * n, None, 0xFFFF_FFFF) for n in COUNTERS},
    **{f"SAMPLED_{n}": (0x200 + 16 * n, None, 0) for n in COUNTERS},
    "CONTROL": (0x300, 0, 0x0203_030B),
}
GIVEN = {"C_ENABLE_ADVANCED": 1, "C_NUM_MONITOR_SLOTS": 2, "C_NUM_OF_COUNTERS": 4, "C_SLOT_1_AXI_PROTOCOL": "AXI4S"}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    return build(block("mon", "xilinx.com:ip:axi_perf_mon:5.0", BASE, GIVEN, ("interrupt",), clocks=("core_aclk", "s_axi_aclk")))


@pytest.fixture
def watching(build: Any, block: Any, dma_block: Any, tmp_path: Path) -> Any:
    """A monitor over the receiving master of a DMA (slot 0) and the stream that leaves it (slot 1)."""
    mon = block("mon", "xilinx.com:ip:axi_perf_mon:5.0", BASE, GIVEN, ("interrupt",), clocks=("core_aclk", "s_axi_aclk"))
    build(dma_block(), mon, streams=[("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")])
    text = (tmp_path / "small.hwh").read_text(encoding="utf-8")
    monitor = '<BUSINTERFACE BUSNAME="{}" NAME="{}" TYPE="MONITOR" VLNV="xilinx.com:interface:{}_rtl:1.0"><PORTMAPS/></BUSINTERFACE>'
    start = text.index('FULLNAME="/mon"')
    place = text.index("<BUSINTERFACES>", start) + len("<BUSINTERFACES>")
    added = monitor.format("dma_M_AXI_S2MM", "SLOT_0_AXI", "aximm") + monitor.format("dma_M_AXIS_MM2S", "SLOT_1_AXIS", "axis")
    path = tmp_path / "watching.hwh"
    path.write_text(text[:place] + added + text[place:], encoding="utf-8")
    return Overlay(path, device=SimulatedDevice(clock=VirtualClock(autojump=True)))


def test_each_register(bench: Any) -> None:
    ip = bench.overlay.mon
    known = {name: handle.offset for name, handle in ip.registers.registers.items()}
    assert known == {**{name: row[0] for name, row in ROWS.items()}, "SAMPLE": 0x2C}
    for name, (offset, reset, writable) in ROWS.items():
        assert not isinstance(writable, str)
        before = ip.read(offset)
        assert reset in (None, before), name
        ip.write(offset, 0xFFFF_FFFF)
        assert ip.read(offset) == before | writable, name
        ip.write(offset, before)
    assert ip.registers["SAMPLE"].guard is not None


def test_counters_of_the_profile_mode(build: Any, block: Any) -> None:
    given = {"C_ENABLE_ADVANCED": 0, "C_ENABLE_PROFILE": 1, "C_NUM_MONITOR_SLOTS": 8}
    bench = build(block("mon", "xilinx.com:ip:axi_perf_mon:5.0", BASE, given))
    ip, model = bench.overlay.mon, bench.model("mon")
    places = {name: handle.offset for name, handle in ip.registers.registers.items()}
    assert (places["COUNTER_11"], places["COUNTER_12"], places["COUNTER_24"], places["COUNTER_47"]) == (0x1B0, 0x500, 0x700, 0x9B0)
    assert (places["SAMPLED_11"], places["SAMPLED_12"], places["SAMPLED_24"], places["SAMPLED_47"]) == (0x2B0, 0x600, 0x800, 0xAB0)
    assert "SELECT_0" not in places
    ip.start()
    model.count(7, "read latency", 55)
    assert ip.counters()[7, "read latency"] == 55
    assert ip.read(0x9B0) == 55
    with pytest.raises(RuntimeError, match=r"^the counters of mon are fixed in this design \(profile mode\)$"):
        ip.choose(0, 0, "read bytes")


def test_trace_mode_has_nothing_to_ask(build: Any, block: Any) -> None:
    bench = build(block("mon", "xilinx.com:ip:axi_perf_mon:5.0", BASE, {"C_ENABLE_ADVANCED": 0, "C_ENABLE_TRACE": 1}))
    with pytest.warns(UserWarning, match="it is in trace mode, in which it has no counters"):
        bench.overlay.mon


def test_counting(bench: Any) -> None:
    ip, model = bench.overlay.mon, bench.model("mon")
    assert ip.counted == [(0, "read bytes"), (0, "write bytes"), (1, "stream bytes")]
    model.count(0, "read bytes", 1000)
    assert ip.counters()[0, "read bytes"] == 0, "it does not count yet"
    ip.start()
    assert ip.counting
    model.count(0, "read bytes", 100)
    model.count(1, "stream bytes", 7)
    assert ip.counters() == {(0, "read bytes"): 100, (0, "write bytes"): 0, (1, "stream bytes"): 7}
    ip.stop()
    model.count(0, "read bytes", 100)
    assert ip.counters()[0, "read bytes"] == 100
    ip.start()
    assert ip.counters()[0, "read bytes"] == 0
    ip.choose(0, 0, "read latency")
    model.count(0, "read latency", 9)
    assert ip.counters()[0, "read latency"] == 9


def test_samples(bench: Any) -> None:
    ip, model = bench.overlay.mon, bench.model("mon")
    ip.start()
    ip.sample()
    model.count(0, "read bytes", 64)
    bench.clock.sleep(1e-3)
    clocks, found = ip.sample()
    assert (clocks, found[0, "read bytes"]) == (pytest.approx(100_000, abs=2), 64)
    assert ip.sample()[1][0, "read bytes"] == 0, "a sample sets the counters to 0"
    ip.write(r.INTERVAL_CONTROL, 0)
    model.count(0, "read bytes", 5)
    ip.sample()
    assert ip.sample()[1][0, "read bytes"] == 5


def test_samples_by_themselves(bench: Any) -> None:
    ip, model = bench.overlay.mon, bench.model("mon")
    ip.start()
    ip.write(r.INTERVAL_LOW, 50_000)
    ip.write(r.INTERRUPT_ENABLE, r.INTERVAL_OVER)
    ip.write(r.GLOBAL_ENABLE, 1)
    ip.write(r.INTERVAL_CONTROL, r.RESET_BY_SAMPLE | r.INTERVAL_RUN)
    model.count(0, "write bytes", 12)
    before = bench.clock.now()
    ip.interrupt_pin.wait_blocking(timeout=1)
    assert bench.clock.now() - before == pytest.approx(0.5e-3, rel=0.05)
    assert ip.read(r.place(r.SAMPLED, 1)) == 12
    ip.write(r.INTERRUPT_STATUS, r.INTERVAL_OVER)
    assert bench.device.probe("mon/interrupt") == 0


def test_a_counter_wraps(bench: Any) -> None:
    ip, model = bench.overlay.mon, bench.model("mon")
    ip.start()
    before = ip._looked()
    model.count(0, "read bytes", (1 << 32) + 5)
    assert ip.counters()[0, "read bytes"] == 5
    assert ip.read(r.INTERRUPT_STATUS) == r.COUNTER_OVER
    model.count(0, "read bytes", 10)
    bench.clock.sleep(1.0)
    assert ip.rates(before, ip._looked())["slot 0"].read == pytest.approx(15, rel=1e-3)


def test_it_sees_what_a_dma_moves(watching: Any) -> None:
    mon, dma = watching.mon, watching.dma
    assert [(slot.name, slot.is_stream) for slot in mon.slots] == [("dma.M_AXI_S2MM", False), ("dma.M_AXIS_MM2S", True)]
    mon.start()
    out, back = (allocate(1000, "u4", target=watching.device) for _ in range(2))
    out[:] = np.arange(1000)
    dma.recvchannel.transfer(back)
    dma.sendchannel.transfer(out)
    dma.sendchannel.wait()
    dma.recvchannel.wait()
    assert (back == out).all()
    found = mon.counters()
    assert (found[0, "write bytes"], found[0, "read bytes"], found[1, "stream bytes"]) == (4000, 0, 4000)
    assert mon.bandwidth(0.01)["dma.M_AXI_S2MM"] == (0.0, 0.0)


def test_what_is_refused(bench: Any) -> None:
    ip = bench.overlay.mon
    with pytest.raises(RuntimeError, match=r"^mon does not count: call start\(\) first$"):
        ip.bandwidth()
    with pytest.raises(ValueError, match=r"^mon has the counters 0 to 3, not 4$"):
        ip.choose(4, 0, "read bytes")
    with pytest.raises(ValueError, match=r"^mon has the slots 0 to 1, not 2$"):
        ip.choose(0, 2, "read bytes")
    with pytest.raises(ValueError, match=r"^'reads' is not one of 'write transactions', "):
        ip.choose(0, 0, "reads")
    with pytest.raises(ValueError, match=r"^mon has the slots 0 to 1 and not 'reads' at 0$"):
        bench.model("mon").count(0, "reads", 1)


def test_the_panel(bench: Any, page: Any) -> None:
    ip, model = bench.overlay.mon, bench.model("mon")
    made: list[Any] = []
    assert bench.accesses("mon", lambda: made.append(ip.panel().look())) == []
    assert (made[0]["counts"], made[0]["slots"][0]["rates"][0]) == (None, ["read", [None, "not known"]])
    shown = page(ip.panel())
    assert shown.asks("start") is None
    reads = {offset for kind, offset, *_ in bench.accesses("mon", shown.reads)}
    assert r.SAMPLE not in reads, "nobody's sample is taken"
    bench.clock.advance(0.5)
    model.count(0, "read bytes", 1_000_000)
    shown.reads()
    bench.clock.advance(0.5)
    told = shown.reads()
    assert told["counts"] is True
    assert told["slots"][0]["rates"][0][1][0] >= 0
    assert [slot["kind"] for slot in told["slots"]] == ["AXI4", "stream"]
    assert shown.asks("stop") is None
    assert shown.reads()["counts"] is False
