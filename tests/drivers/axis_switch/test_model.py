"""The stream switch: routes by its registers, which count when they are committed, or by TDEST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

BASE = 0x4400_0000
DISABLE = 0x8000_0000


@pytest.fixture
def switch(build: Any, block: Any) -> Callable[..., Any]:
    """``switch(slaves, masters, **parameters)``: a switch between so many sources and sinks that have no model."""

    def make(slaves: int, masters: int, by_register: bool = True, **parameters: Any) -> Any:
        given = {"NUM_SI": slaves, "NUM_MI": masters, "ROUTING_MODE": int(by_register), **parameters}
        middle = block("switch", "xilinx.com:ip:axis_switch:1.1", BASE, given, clocks=("aclk",), interface="S_AXI_CTRL")
        sources = [block(f"source{i}", "v:l:source:1.0", 0x4500_0000 + (i << 16)) for i in range(slaves)]
        sinks = [block(f"sink{i}", "v:l:sink:1.0", 0x4600_0000 + (i << 16)) for i in range(masters)]
        streams = [(f"source{i}", "M_AXIS", "switch", f"S{i:02}_AXIS") for i in range(slaves)]
        streams += [("switch", f"M{i:02}_AXIS", f"sink{i}", "S_AXIS") for i in range(masters)]
        return build(middle, *sources, *sinks, streams=streams, autojump=False)

    return make


def route(bench: Any, *muxes: int) -> None:
    for number, value in enumerate(muxes):
        bench.device.write_word(BASE + 0x40 + 4 * number, value)
    bench.device.write_word(BASE, 2)
    bench.clock.advance(16 / 100e6)


def send(bench: Any, source: int, data: bytes, last: bool = True, **beside: Any) -> int:
    taken: int = bench.device.stream(f"source{source}", "M_AXIS").send(data, last, **beside)
    bench.device.settle()
    return taken


def got(bench: Any, sink: int) -> list[tuple[bytes, bool]]:
    queue = bench.device.stream(f"sink{sink}", "S_AXIS")
    found = []
    while queue.available or queue.packets:
        data, last = queue.receive()
        found.append((bytes(data), last))
    bench.device.settle()
    return found


def test_nothing_passes_before_a_route_is_committed(switch: Any) -> None:
    bench = switch(2, 2)
    assert send(bench, 0, b"abcd") == 4
    bench.device.write_word(BASE + 0x40, 1)
    bench.device.write_word(BASE + 0x44, 0)
    assert got(bench, 1) == []
    assert bench.device.stream("source0", "M_AXIS").standing == (
        "1 complete packet, 4 bytes, for switch/S00_AXIS: switch routes its slave interface 0 nowhere"
    )
    route(bench, 1, 0)
    assert got(bench, 1) == [(b"abcd", True)]
    send(bench, 1, b"xy")
    assert (got(bench, 0), got(bench, 1)) == ([(b"xy", True)], [])


def test_a_commit_takes_sixteen_clocks_and_clears_itself(switch: Any) -> None:
    bench = switch(1, 2)
    send(bench, 0, b"abcd")
    bench.device.write_word(BASE + 0x44, 0)
    bench.device.write_word(BASE, 2)
    assert bench.device.read_word(BASE) == 2
    bench.clock.advance(15 / 100e6)
    assert (bench.device.read_word(BASE), got(bench, 1)) == (2, [])
    bench.clock.advance(1.01 / 100e6)
    assert (bench.device.read_word(BASE), got(bench, 1)) == (0, [(b"abcd", True)])


def test_registers_read_back_and_there_are_no_more_than_masters(switch: Any) -> None:
    bench = switch(4, 2)
    assert [bench.device.read_word(BASE + 0x40 + 4 * i) for i in range(3)] == [DISABLE, DISABLE, 0]
    bench.device.write_word(BASE + 0x44, 0xFFFF_FFFF)
    bench.device.write_word(BASE + 0x48, 3)
    assert [bench.device.read_word(BASE + 0x40 + 4 * i) for i in range(3)] == [DISABLE, DISABLE | 0xF, 0]


def test_the_lowest_master_gets_a_slave_that_several_want(switch: Any) -> None:
    bench = switch(2, 3)
    route(bench, DISABLE, 1, 1)
    assert bench.model("switch").routes == {1: 1}
    send(bench, 1, b"abcd")
    assert [got(bench, i) for i in range(3)] == [[], [(b"abcd", True)], []]


def test_a_full_way_holds_the_sender_and_goes_on(switch: Any) -> None:
    bench = switch(1, 2)
    route(bench, 0)
    data = np.arange(20000, dtype="u2").tobytes()
    queue = bench.device.stream("source0", "M_AXIS")
    sent = 0
    received = b""
    for _ in range(100):
        sent += queue.send(data[sent:])
        bench.device.settle()
        received += b"".join(part for part, _ in got(bench, 0))
        if sent == len(data) == len(received):
            break
    assert received == data


def test_a_demand_goes_through_the_switch(switch: Any) -> None:
    bench = switch(1, 2)
    route(bench, 0)
    bench.device.stream("sink0", "S_AXIS").demand(1 << 20)
    data = bytes(range(256)) * 4096
    sent = send(bench, 0, data)
    assert sent == 4096
    assert send(bench, 0, data[sent:]) == len(data) - sent, "the rest in one block"
    assert b"".join(part for part, _ in got(bench, 0)) == data


def test_what_goes_beside_the_data_goes_through(switch: Any) -> None:
    bench = switch(1, 2)
    route(bench, 0)
    send(bench, 0, b"frame", dest=3, user=1)
    queue = bench.device.stream("sink0", "S_AXIS")
    assert (queue.head.dest, queue.head.user) == (3, 1)


def test_tdest_leads_to_the_master_with_its_range(switch: Any) -> None:
    bench = switch(
        2, 2, by_register=False, M00_AXIS_BASETDEST="0x0", M00_AXIS_HIGHTDEST="0x1", M01_AXIS_BASETDEST="0x4", M01_AXIS_HIGHTDEST="0x7"
    )
    for source, dest, data in ((0, 1, b"one"), (1, 7, b"seven"), (0, 4, b"four"), (1, 2, b"lost"), (1, 0, b"zero")):
        send(bench, source, data, dest=dest)
    assert got(bench, 0) == [(b"one", True), (b"zero", True)]
    assert got(bench, 1) == [(b"seven", True), (b"four", True)]
    assert bench.model("switch").dropped == 4
    assert "switch: TDEST 2 of S01_AXIS leads to no master interface: what comes with it is dropped" in bench.device.assumptions


def test_packets_stay_whole_where_the_arbiter_minds_tlast(switch: Any) -> None:
    bench = switch(2, 1, by_register=False, ARB_ON_TLAST=1)
    send(bench, 0, b"first ", last=False)
    send(bench, 1, b"other")
    send(bench, 0, b"packet")
    assert b"|".join(part for part, _ in got(bench, 0)) == b"first packet|other"


def test_a_dma_sends_through_a_switch_at_the_pace_of_the_slower_end(build: Any, block: Any, dma_block: Any) -> None:
    middle = block("switch", "xilinx.com:ip:axis_switch:1.1", BASE, {"NUM_SI": 1, "NUM_MI": 2, "ROUTING_MODE": 1}, clocks=("aclk",))
    bench = build(
        dma_block(c_s_axis_s2mm_tdata_width=8),
        middle,
        streams=[("dma", "M_AXIS_MM2S", "switch", "S00_AXIS"), ("switch", "M01_AXIS", "dma", "S_AXIS_S2MM")],
    )
    bench.device.write_word(BASE + 0x44, 0)
    bench.device.write_word(BASE, 2)
    bench.clock.advance(1e-6)
    data, out = bench.device.allocate(1 << 18, "u1"), bench.device.allocate(1 << 18, "u1")
    data[:] = np.arange(1 << 18) % 251
    start = bench.clock.now()
    bench.overlay.dma.recvchannel.transfer(out)
    bench.overlay.dma.sendchannel.transfer(data)
    bench.overlay.dma.recvchannel.wait()
    assert bench.clock.now() - start == pytest.approx((1 << 18) / 100e6, rel=1e-3)
    assert (np.asarray(out) == np.asarray(data)).all()


# Each register of PG085, "Register Space", of a switch with two master interfaces: offset, reset value (None: the guide gives none), the
# bits that a write sets and clears, and the test of what else it does.
TABLE = {
    "CONTROL": (0x00, 0, 0x0, "REG_UPDATE reads 1 until the commit is over, so a write of all ones is a commit"),
    "MI0_MUX": (0x40, None, 0x8000_000F, ""),
    "MI1_MUX": (0x44, None, 0x8000_000F, ""),
}


def test_each_register_of_the_guide(build: Any, block: Any) -> None:
    bench = build(block("switch", "xilinx.com:ip:axis_switch:1.1", BASE, {"NUM_SI": 1, "NUM_MI": 2, "ROUTING_MODE": 1}, clocks=("aclk",)))
    ip = bench.overlay.switch
    assert {name: handle.offset for name, handle in ip.registers.registers.items()} == {name: row[0] for name, row in TABLE.items()}
    for name, (offset, reset, writable, _) in TABLE.items():
        if reset is not None:
            assert ip.read(offset) == reset
        ip.write(offset, 0xFFFF_FFFF)
        if name == "CONTROL":
            assert ip.read(offset) == 2
            bench.clock.advance(1e-6)
        assert ip.read(offset) == writable
        ip.write(offset, 0)
        assert ip.read(offset) == 0
    assert ip.read(0x48) == 0  # a third master interface is not there
