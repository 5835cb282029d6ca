"""AXI CDMA, the model: each register of PG034 with its reset value, access and side effect, in stepped time."""

import struct
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_cdma import registers as r
from pynq_widgets import allocate

RATE = 800e6  # bytes a second: 64 bits at 100 MHz
BASE = 0x4E20_0000
THRESHOLD = 0x10000


@pytest.fixture
def make(build: Any, block: Any) -> Any:
    def _make(**parameters: Any) -> Any:
        given = {"C_M_AXI_DATA_WIDTH": 64, "C_INCLUDE_SG": 0, "C_M_AXI_MAX_BURST_LEN": 16, "C_DLYTMR_RESOLUTION": 256, **parameters}
        masters = ("M_AXI", "M_AXI_SG") if given["C_INCLUDE_SG"] else ("M_AXI",)
        one = block(
            "cdma", "xilinx.com:ip:axi_cdma:4.1", BASE, given, ("cdma_introut",), masters, (), ("m_axi_aclk",), interface="S_AXI_LITE"
        )
        return build(one, autojump=False)

    return _make


def put(bench: Any, offset: int, value: int) -> None:
    bench.device.write_word(BASE + offset, value)


def look(bench: Any, offset: int) -> int:
    word: int = bench.device.read_word(BASE + offset)
    return word


def pair(bench: Any, nbytes: int) -> Any:
    source, target = allocate(nbytes, "u1", target=bench.device), allocate(nbytes, "u1", target=bench.device)
    source[:] = np.arange(nbytes) % 251
    return source, target


def copy(bench: Any, source: int, target: int, nbytes: int) -> None:
    for word, value in ((r.SA, source), (r.DA, target), (r.BTT, nbytes)):
        put(bench, word, value)


# Name: offset, reset value, what a write of ones leaves; without and with the scatter-gather engine.
REGISTERS = {
    "CDMACR": (r.CDMACR, 0x10002, 0x00FF5032, 0xFFFF707A),
    "CDMASR": (r.CDMASR, 0x10002, 0x10002, 0x1000A),
    "CURDESC_PNTR": (r.CURDESC, 0, 0, 0),
    "CURDESC_PNTR_MSB": (r.CURDESC_MSB, 0, 0, 0),
    "TAILDESC_PNTR": (r.TAILDESC, 0, 0, 0),
    "TAILDESC_PNTR_MSB": (r.TAILDESC_MSB, 0, 0, 0),
    "SA": (r.SA, 0, 0xFFFFFFFF, 0xFFFFFFFF),
    "SA_MSB": (r.SA_MSB, 0, 0, 0),
    "DA": (r.DA, 0, 0xFFFFFFFF, 0xFFFFFFFF),
    "DA_MSB": (r.DA_MSB, 0, 0, 0),
    "BTT": (r.BTT, 0, 0x7FFFFF, 0x7FFFFF),
}


@pytest.mark.parametrize("name", REGISTERS)
@pytest.mark.parametrize("scatter_gather", [0, 1])
def test_reset_value_and_access(make: Any, name: str, scatter_gather: int) -> None:
    bench = make(C_INCLUDE_SG=scatter_gather)
    offset, reset, *after = REGISTERS[name]
    assert look(bench, offset) == reset | (r.SG_INCLUDED if scatter_gather and name == "CDMASR" else 0)
    put(bench, offset, 0xFFFFFFFF & ~(r.RESET if name == "CDMACR" else 0))
    assert look(bench, offset) == after[scatter_gather]


def test_pointers_are_taken_in_scatter_gather_mode_and_cleared_out_of_it(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    put(bench, r.CDMACR, r.SG_MODE | THRESHOLD)
    put(bench, r.CURDESC, 0x1000_007F)
    assert look(bench, r.CURDESC) == 0x1000_0040
    put(bench, r.CDMACR, THRESHOLD)
    assert look(bench, r.CURDESC) == 0
    wide = make(C_INCLUDE_SG=1, C_M_AXI_ADDR_WIDTH=40)
    put(wide, r.CDMACR, r.SG_MODE | THRESHOLD)
    for offset in (r.CURDESC_MSB, r.SA_MSB, r.DA_MSB):
        put(wide, offset, 0xFFF)
        assert look(wide, offset) == 0xFF


def test_the_width_of_btt_is_that_of_the_design(build: Any, block: Any) -> None:
    assert r.length_bits(None) is None
    bench = build(
        block("cdma", "xilinx.com:ip:axi_cdma:4.1", BASE, {"C_INCLUDE_SG": 0}, masters=("M_AXI",), registers=(("BTT", 0x28, "read-write"),))
    )
    put(bench, r.BTT, 0xFFFF_FFFF)
    assert look(bench, r.BTT) == 0x7FFFFF


def test_a_copy_takes_its_time(make: Any) -> None:
    bench = make()
    source, target = pair(bench, 8000)
    copy(bench, source.physical_address, target.physical_address, 8000)
    bench.clock.advance(7999 / RATE)
    assert look(bench, r.CDMASR) == 0x10000
    assert not target.any()
    bench.clock.advance(2 / RATE)
    assert look(bench, r.CDMASR) == 0x10000 | r.IDLE | r.IOC_IRQ
    assert np.array_equal(source, target)
    assert look(bench, r.BTT) == 8000


def test_a_second_length_is_ignored_while_it_runs(make: Any) -> None:
    bench = make()
    source, target = pair(bench, 64)
    copy(bench, source.physical_address, target.physical_address, 32)
    put(bench, r.BTT, 64)
    bench.clock.advance(1)
    assert (look(bench, r.BTT), target[32:].any()) == (32, False)


def test_status_is_cleared_by_ones_and_the_interrupt_follows(make: Any) -> None:
    bench = make()
    source, target = pair(bench, 64)
    copy(bench, source.physical_address, target.physical_address, 64)
    bench.clock.advance(1)
    assert bench.device.probe("cdma/cdma_introut") == 0
    put(bench, r.CDMACR, r.IOC_IRQ_EN | THRESHOLD)
    assert bench.device.probe("cdma/cdma_introut") == 1
    put(bench, r.CDMASR, r.ERR_IRQ | r.DLY_IRQ)
    assert look(bench, r.CDMASR) & r.IOC_IRQ
    put(bench, r.CDMASR, r.IOC_IRQ)
    assert (look(bench, r.CDMASR), bench.device.probe("cdma/cdma_introut")) == (0x10002, 0)


@pytest.mark.parametrize(
    ("parameters", "shift", "nbytes"),
    [({}, 0, 0), ({}, 1, 8), ({"C_USE_DATAMOVER_LITE": 1}, 0, 136)],
    ids=["no bytes", "not aligned", "longer than a burst of a lite core"],
)
def test_internal_errors(make: Any, parameters: Any, shift: int, nbytes: int) -> None:
    bench = make(**parameters)
    source, target = pair(bench, 256)
    put(bench, r.CDMACR, r.ERR_IRQ_EN | THRESHOLD)
    copy(bench, source.physical_address + shift, target.physical_address, nbytes)
    bench.clock.advance(1)
    assert look(bench, r.CDMASR) == 0x10000 | r.DMA_INT_ERR | r.ERR_IRQ | r.IDLE
    assert bench.device.probe("cdma/cdma_introut") == 1
    copy(bench, source.physical_address, target.physical_address, 8)
    bench.clock.advance(1)
    assert not target.any()  # only a reset helps
    put(bench, r.CDMACR, r.RESET)
    assert [look(bench, offset) for offset in (r.CDMACR, r.CDMASR, r.SA, r.BTT)] == [0x10002, 0x10002, 0, 0]
    copy(bench, source.physical_address, target.physical_address, 8)
    bench.clock.advance(1)
    assert np.array_equal(target[:8], source[:8])


def test_with_realignment_any_address_will_do(make: Any) -> None:
    bench = make(C_INCLUDE_DRE=1)
    source, target = pair(bench, 64)
    copy(bench, source.physical_address + 3, target.physical_address + 1, 20)
    bench.clock.advance(1)
    assert target[1:21].tolist() == source[3:23].tolist()


@pytest.mark.parametrize("end", ["source", "destination"])
@pytest.mark.parametrize(("fault", "bit"), [("decode_error", r.DMA_DEC_ERR), ("slave_error", r.DMA_SLV_ERR)])
def test_errors_of_the_memory(make: Any, end: str, fault: str, bit: int) -> None:
    bench = make()
    source, target = pair(bench, 64)
    getattr(bench.device.faults, fault)(source if end == "source" else target)
    copy(bench, source.physical_address, target.physical_address, 64)
    bench.clock.advance(1)
    assert look(bench, r.CDMASR) == 0x10000 | bit | r.ERR_IRQ | r.IDLE


def test_a_keyhole_is_one_address(make: Any) -> None:
    bench = make()
    source, target = pair(bench, 64)
    put(bench, r.CDMACR, r.KEYHOLE_READ | THRESHOLD)
    copy(bench, source.physical_address + 8, target.physical_address, 20)
    bench.clock.advance(1)
    assert target[:24].tolist() == [8, 9, 10, 11, 12, 13, 14, 15] * 2 + [8, 9, 10, 11, 0, 0, 0, 0]
    put(bench, r.CDMACR, r.KEYHOLE_WRITE | THRESHOLD)
    copy(bench, source.physical_address, target.physical_address + 32, 32)
    bench.clock.advance(1)
    assert target[32:48].tolist() == [*range(24, 32)] + [0] * 8


def test_there_is_no_keyhole_where_it_is_not_built(make: Any) -> None:
    bench = make(C_ENABLE_KEYHOLE="false")
    put(bench, r.CDMACR, r.KEYHOLE_READ | r.KEYHOLE_WRITE | THRESHOLD)
    assert look(bench, r.CDMACR) == 0x10002


# Scatter-gather.


def chain(bench: Any, count: int, nbytes: int, last: int | None = None) -> Any:
    """`count` descriptors that copy parts of one buffer to another, and where they are."""
    source, target = pair(bench, count * nbytes)
    ring = allocate((count, 16), "u4", target=bench.device)
    for i in range(count):
        at = i * nbytes
        link = ring.physical_address + 64 * ((i + 1) % count)
        ring[i, :8] = [link, 0, source.physical_address + at, 0, target.physical_address + at, 0, nbytes, 0]
    return source, target, ring


def go(bench: Any, ring: Any, tail: int, control: int = 0, threshold: int = 1) -> None:
    put(bench, r.CDMACR, r.SG_MODE | threshold << 16 | control)
    put(bench, r.CURDESC, ring.physical_address)
    put(bench, r.TAILDESC, ring.physical_address + 64 * tail)


def test_a_chain_ends_at_its_tail_and_goes_on_from_there(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    source, target, ring = chain(bench, 4, 800)
    go(bench, ring, 1)
    bench.clock.advance(1599 / RATE)
    assert look(bench, r.CDMASR) & r.IDLE == 0
    bench.clock.advance(2 / RATE)
    assert look(bench, r.CDMASR) == 0x1000A | r.IOC_IRQ
    assert ring[:, 7].tolist() == [r.COMPLETE] * 2 + [0] * 2
    assert look(bench, r.CURDESC) == ring.physical_address + 64
    put(bench, r.TAILDESC, ring.physical_address + 192)
    bench.clock.advance(1)
    assert np.array_equal(source, target)


def test_a_tail_that_moves_while_it_runs(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    source, target, ring = chain(bench, 3, 800)
    go(bench, ring, 0)
    put(bench, r.TAILDESC, ring.physical_address + 128)
    bench.clock.advance(1)
    assert np.array_equal(source, target)


def test_the_threshold_counts_descriptors_and_the_delay_counts_time(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    _, _, ring = chain(bench, 4, 800)
    go(bench, ring, 2, control=10 << 24 | r.DLY_IRQ_EN, threshold=2)
    bench.clock.advance(2400 / RATE)
    assert look(bench, r.CDMASR) == 0x1000A | r.IOC_IRQ  # one more until the next
    put(bench, r.CDMASR, r.IOC_IRQ)
    bench.clock.advance(10 * 256 / 100e6)
    assert look(bench, r.CDMASR) == 0x2000A | r.DLY_IRQ
    assert bench.device.probe("cdma/cdma_introut") == 1


def test_cyclic_chains_go_round(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    source, target, ring = chain(bench, 2, 800)
    go(bench, ring, 1, control=r.CYCLIC)
    bench.clock.advance(1600.5 / RATE)
    source[:] = 7
    bench.clock.advance(3200 / RATE)
    assert target.tolist() == [7] * 1600
    assert look(bench, r.CDMASR) & r.IDLE == 0


@pytest.mark.parametrize(
    ("spoil", "error", "status"),
    [
        (lambda ring, source: ring.__setitem__((1, 7), r.COMPLETE), r.SG_INT_ERR, r.COMPLETE),
        (lambda ring, source: ring.__setitem__((1, 6), 0), r.DMA_INT_ERR, r.COMPLETE | r.INT_ERR),
        (lambda ring, source: ring.__setitem__((1, 2), 0xF000_0000), r.DMA_DEC_ERR, r.COMPLETE | r.DEC_ERR),
        (lambda ring, source: source.device.faults.slave_error(source[800:1600]), r.DMA_SLV_ERR, r.COMPLETE | r.SLV_ERR),
    ],
)
def test_the_descriptor_at_fault(make: Any, spoil: Any, error: int, status: int) -> None:
    bench = make(C_INCLUDE_SG=1)
    source, _, ring = chain(bench, 3, 800)
    spoil(ring, source)
    go(bench, ring, 2)
    bench.clock.advance(1)
    assert look(bench, r.CDMASR) & ~r.IOC_IRQ == 0x1000A | error | r.ERR_IRQ
    assert look(bench, r.CURDESC) == ring.physical_address + 64
    assert ring[:, 7].tolist() == [r.COMPLETE, status, 0]


@pytest.mark.parametrize(("fault", "bit"), [("decode_error", r.SG_DEC_ERR), ("slave_error", r.SG_SLV_ERR)])
def test_descriptors_that_cannot_be_read(make: Any, fault: str, bit: int) -> None:
    bench = make(C_INCLUDE_SG=1)
    _, _, ring = chain(bench, 2, 800)
    getattr(bench.device.faults, fault)(ring[1])
    go(bench, ring, 1)
    bench.clock.advance(1)
    assert look(bench, r.CDMASR) & r.ERRORS == bit


def test_descriptors_lie_as_the_guide_says(make: Any) -> None:
    assert struct.calcsize("<8I") == r.STATUS + 4
    assert (r.NEXT, r.SOURCE, r.DESTINATION, r.CONTROL, r.STATUS, r.DESCRIPTOR_SIZE) == (0, 8, 0x10, 0x18, 0x1C, 64)
