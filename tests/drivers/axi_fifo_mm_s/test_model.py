"""AXI4-Stream FIFO, the model: each register of PG080 with its reset value, access and side effect."""

from typing import Any

import pytest

from pynq_drivers.axi_fifo_mm_s import registers as r

NAMES = ("ISR", "IER", "TDFR", "TDFV", "TDFD", "TLR", "RDFR", "RDFO", "RDFD", "RLR", "SRR", "TDR", "RDR")
LOOP = [("fifo", "AXI_STR_TXD", "fifo", "AXI_STR_RXD")]


@pytest.fixture
def fifo(build: Any, block: Any) -> Any:
    def make(streams: Any = LOOP, **parameters: Any) -> Any:
        listed = tuple(
            (name, 4 * i, "read-only" if name in ("RDFD", "RLR", "RDFO", "TDFV") else "read-write") for i, name in enumerate(NAMES)
        )
        one = block("fifo", "xilinx.com:ip:axi_fifo_mm_s:4.3", 0x43C0_0000, parameters, ("interrupt",), registers=listed)
        return build(one, streams=streams, autojump=False)

    return make


def words(bench: Any, *values: int) -> Any:
    mmio = bench.overlay.fifo.mmio
    for value in values:
        mmio.write(r.TDFD, value)
    return mmio


def test_reset_values(fifo: Any) -> None:
    mmio = fifo().overlay.fifo.mmio
    assert [mmio.read(offset) for offset in (r.ISR, r.IER, r.TDFV, r.RDFO)] == [0x01D0_0000, 0, 508, 0]


def test_a_packet_goes_round(fifo: Any) -> None:
    mmio = words(fifo(), 0x0403_0201, 0x06_05)
    mmio.write(r.ISR, r.ALL)
    assert mmio.read(r.TDFV) == 506
    mmio.write(r.TLR, 6)
    assert mmio.read(r.TDFV) == 508
    assert mmio.read(r.ISR) == r.TC | r.RC
    assert mmio.read(r.RDFO) == 2
    assert mmio.read(r.RLR) == 6
    assert (mmio.read(r.RDFD), mmio.read(r.RDFD)) == (0x0403_0201, 0x0605)
    assert mmio.read(r.RDFO) == 0
    assert mmio.read(r.ISR) & sum(r.ERRORS) == 0


def test_status_is_cleared_by_ones(fifo: Any) -> None:
    mmio = fifo().overlay.fifo.mmio
    mmio.write(r.ISR, r.TRC)
    assert mmio.read(r.ISR) == 0x01D0_0000 & ~r.TRC


def test_the_interrupt_pin_follows_status_and_enable(fifo: Any) -> None:
    bench = fifo()
    mmio = words(bench, 1)
    mmio.write(r.ISR, r.ALL)
    mmio.write(r.IER, r.RC)
    assert bench.device.probe("fifo/interrupt") == 0
    mmio.write(r.TLR, 4)
    assert bench.device.probe("fifo/interrupt") == 1
    mmio.write(r.ISR, r.RC)
    assert bench.device.probe("fifo/interrupt") == 0


@pytest.mark.parametrize(
    ("action", "bit"),
    [
        (lambda m: m.read(r.RLR), r.RPURE),
        (lambda m: m.read(r.RDFD), r.RPUE),
        (lambda m: [m.write(r.TDFD, 0) for _ in range(509)], r.TPOE),
        (lambda m: [m.write(r.TDFD, 0), m.write(r.TLR, 8)], r.TSE),
        (lambda m: [m.write(r.TDFD, 0), m.write(r.TLR, 4), m.read(r.RDFD)], r.RPORE),
    ],
)
def test_errors(fifo: Any, action: Any, bit: int) -> None:
    mmio = fifo().overlay.fifo.mmio
    mmio.write(r.ISR, r.ALL)
    action(mmio)
    assert mmio.read(r.ISR) & sum(r.ERRORS) == bit


def test_resets_need_their_key(fifo: Any) -> None:
    bench = fifo()
    mmio = words(bench, 1, 2)
    mmio.write(r.ISR, r.ALL)
    mmio.write(r.TDFR, 1)
    assert mmio.read(r.TDFV) == 506
    mmio.write(r.TDFR, r.RESET_KEY)
    assert (mmio.read(r.TDFV), mmio.read(r.ISR)) == (508, r.TRC | r.TFPF)
    words(bench, 1).write(r.TLR, 4)
    mmio.write(r.RDFR, r.RESET_KEY)
    assert mmio.read(r.RDFO) == 0
    words(bench, 1, 2).write(r.SRR, r.RESET_KEY)
    assert (mmio.read(r.TDFV), mmio.read(r.RDFO)) == (508, 0)


def test_what_the_stream_does_not_take_stays(fifo: Any) -> None:
    bench = fifo(streams=[])  # to nowhere: the connection itself holds 4096 bytes
    vacancies = []
    for _ in range(3):
        mmio = words(bench, *range(500))
        mmio.write(r.TLR, 2000)
        vacancies.append(mmio.read(r.TDFV))
    assert vacancies == [508, 508, 508 - (6000 - 4096) // 4]


def test_a_full_receiver_holds_the_sender_and_loses_nothing(fifo: Any) -> None:
    bench = fifo(C_RX_FIFO_DEPTH=16)
    mmio = bench.overlay.fifo.mmio
    for packet in range(8):
        words(bench, *range(10 * packet, 10 * packet + 10)).write(r.TLR, 40)
    got = []
    while mmio.read(r.RDFO):
        got += [mmio.read(r.RDFD) for _ in range(mmio.read(r.RLR) // 4)]
    assert got == list(range(80))


def test_thresholds(fifo: Any) -> None:
    bench = fifo(streams=[], C_TX_FIFO_PF_THRESHOLD=10)
    mmio = words(bench, *range(9))
    mmio.write(r.ISR, r.ALL)
    words(bench, 9)
    assert mmio.read(r.ISR) == r.TFPF


def test_cut_through_tells_of_a_packet_that_goes_on(fifo: Any) -> None:
    bench = fifo(streams=[], C_USE_RX_CUT_THROUGH=1)
    mmio, queue = bench.overlay.fifo.mmio, bench.device.stream("fifo", "AXI_STR_RXD")
    model = bench.model("fifo")
    queue.send(bytes(range(6)), last=False)
    model.on_stream("AXI_STR_RXD")
    assert (mmio.read(r.RDFO), mmio.read(r.RLR)) == (1, r.PARTIAL | 4)
    assert mmio.read(r.RDFD) == 0x0302_0100
    queue.send(b"\6", last=True)
    model.on_stream("AXI_STR_RXD")
    assert mmio.read(r.RLR) == 3
    assert mmio.read(r.RDFD) == 0x06_0504


# Register: offset, reset value, what is read after ones were written to it. The status is of a core that has just been reset.
REGISTERS = {
    "ISR": (r.ISR, 0x01D0_0000, 0),
    "IER": (r.IER, 0, r.ALL),
    "TDFR": (r.TDFR, 0, 0),
    "TDFV": (r.TDFV, 508, 508),
    "TDFD": (r.TDFD, 0, 0),
    "TLR": (r.TLR, 0, 0),
    "RDFR": (r.RDFR, 0, 0),
    "RDFO": (r.RDFO, 0, 0),
    "RDFD": (r.RDFD, 0, 0),
    "RLR": (r.RLR, 0, 0),
    "SRR": (r.SRR, 0, 0),
    "TDR": (r.TDR, 0, 0),
    "RDR": (r.RDR, 0, 0),
}


@pytest.mark.parametrize("name", REGISTERS)
def test_reset_value_and_access(fifo: Any, name: str) -> None:
    mmio = fifo().overlay.fifo.mmio
    offset, reset, after = REGISTERS[name]
    assert mmio.read(offset) == reset
    mmio.write(offset, 0xFFFF_FFFF)
    assert mmio.read(offset) == after


def test_destinations(fifo: Any) -> None:
    bench = fifo(C_HAS_AXIS_TDEST=1, C_AXIS_TDEST_WIDTH=2)
    mmio = bench.overlay.fifo.mmio
    for destination in (2, 7):  # two bits of it
        mmio.write(r.TDR, destination)
        words(bench, destination).write(r.TLR, 4)
    for destination, word in ((2, 2), (3, 7)):
        assert mmio.read(r.RLR) == 4
        assert (mmio.read(r.RDR), mmio.read(r.RDFD)) == (destination, word)
    assert mmio.read(r.RDR) == 0


def test_without_tkeep_a_packet_ends_with_a_word(fifo: Any) -> None:
    bench = fifo(C_HAS_AXIS_TKEEP=0)
    mmio = words(bench, 0x0403_0201, 0x0807_0605)
    mmio.write(r.TLR, 6)
    assert mmio.read(r.RLR) == 8
    assert (mmio.read(r.RDFD), mmio.read(r.RDFD)) == (0x0403_0201, 0x0807_0605)
    silent = fifo(streams=[], C_HAS_AXIS_TKEEP=0)
    silent.device.stream("fifo", "AXI_STR_RXD").send(b"\1\2\3\4\5")
    silent.model("fifo").on_stream("AXI_STR_RXD")
    assert silent.overlay.fifo.mmio.read(r.RLR) == 8


def test_the_time_that_a_packet_takes(fifo: Any) -> None:
    bench = fifo(streams=[])
    queue = bench.device.stream("fifo", "AXI_STR_TXD")
    for _ in range(2):
        words(bench, *range(100)).write(r.TLR, 400)
    queue.receive()
    assert queue.ready_at == pytest.approx(1e-6)  # 100 words at 100 MHz
    queue.receive()
    assert queue.ready_at == pytest.approx(2e-6)
