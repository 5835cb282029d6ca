"""AXI4-Stream FIFO, the driver: packets, and words that no display may read."""

import asyncio
from typing import Any, ClassVar

import numpy as np
import pytest

from pynq_drivers.axi_fifo_mm_s import registers as r
from pynq_drivers.axi_fifo_mm_s.driver import AxiFifo
from pynq_widgets import DefaultIP, Overlay
from pynq_widgets.access.errors import StaleOverlayError

NAMES = ("ISR", "IER", "TDFR", "TDFV", "TDFD", "TLR", "RDFR", "RDFO", "RDFD", "RLR", "SRR", "TDR", "RDR")
LOOP = [("fifo", "AXI_STR_TXD", "fifo", "AXI_STR_RXD")]


@pytest.fixture
def make(build: Any, block: Any) -> Any:
    def _make(streams: Any = LOOP, interrupt: bool = True, **parameters: Any) -> Any:
        listed = tuple(
            (name, 4 * i, "read-only" if name in ("RDFD", "RLR", "RDFO", "TDFV") else "read-write") for i, name in enumerate(NAMES)
        )
        pins = ("interrupt",) if interrupt else ()
        return build(block("fifo", "xilinx.com:ip:axi_fifo_mm_s:4.2", 0x43C0_0000, parameters, pins, registers=listed), streams=streams)

    return _make


@pytest.mark.parametrize("data", [b"a", b"four", b"seven..", np.arange(300, dtype="u4")])
def test_packets_go_round(make: Any, data: Any) -> None:
    fifo = make().overlay.fifo
    assert isinstance(fifo, AxiFifo)
    fifo.send(data)
    assert fifo.receive(timeout=1) == bytes(data)
    assert fifo.errors == []


def test_packets_keep_their_borders(make: Any) -> None:
    fifo = make().overlay.fifo
    for packet in (b"one", b"three", b"x" * 100):
        fifo.send(packet)
    assert [fifo.receive() for _ in range(3)] == [b"one", b"three", b"x" * 100]


def test_the_bus_accesses_of_a_packet(make: Any) -> None:
    bench = make(interrupt=False)
    fifo = bench.overlay.fifo
    sent = bench.accesses("fifo", lambda: fifo.send(b"abcdef"))
    assert sent == [("read", r.TDFV), ("write", r.TDFD, 0x64636261), ("write", r.TDFD, 0x6665), ("write", r.TLR, 6)]
    got = bench.accesses("fifo", fifo.receive)
    assert got == [("read", r.RDFO), ("read", r.RLR), ("read", r.RDFD), ("read", r.RDFD)]


def test_no_display_reads_a_word_away(make: Any) -> None:
    bench = make()
    fifo = bench.overlay.fifo
    fifo.send(b"keep me!")

    def show() -> None:
        repr(fifo)
        repr(fifo.register_map)
        dir(fifo)
        fifo.registers.refresh()

    offsets = {entry[1] for entry in bench.accesses("fifo", show)}
    assert r.RDFO in offsets
    assert not offsets & {r.RDFD, r.RLR}
    assert fifo.registers.registers["RDFD"].guard == "reading takes a word out of the receive FIFO"
    assert fifo.receive() == b"keep me!"


@pytest.mark.parametrize("interrupt", [True, False])
def test_receiving_waits(make: Any, interrupt: bool) -> None:
    bench = make(interrupt=interrupt)
    fifo = bench.overlay.fifo
    bench.clock.call_later(0.2, lambda: fifo.send(b"late"))
    assert fifo.receive(timeout=1) == b"late"
    assert bench.clock.now() == pytest.approx(0.2, rel=0.05)
    with pytest.raises(
        TimeoutError, match=r"^fifo.receive: within 0\.5 s no packet came: a packet ends with TLAST, which fifo has to give\."
    ):
        fifo.receive(timeout=0.5)


def test_awaiting(make: Any) -> None:
    bench = make()
    fifo = bench.overlay.fifo

    async def scene() -> None:
        waiting = asyncio.create_task(fifo.receive_async(timeout=1))
        await asyncio.sleep(0)
        await fifo.send_async(b"now")
        assert await waiting == b"now"

    asyncio.run(scene())
    assert fifo.mmio.read(r.IER) == 0


def test_a_sender_with_no_receiver_says_so_and_writes_nothing(make: Any) -> None:
    bench = make(streams=[])
    fifo = bench.overlay.fifo
    packet = bytes(4 * 508)
    for _ in range(3):  # 4096 bytes go into the stream, the rest stays in the FIFO
        fifo.send(packet, timeout=0.1)
    with pytest.raises(
        TimeoutError, match=r"^fifo.send: within 0\.1 s no room for 2032 bytes: does whatever its stream is connected to take the data\?"
    ):
        fifo.send(packet, timeout=0.1)
    assert fifo.errors == []


def test_reset_empties(make: Any) -> None:
    fifo = make().overlay.fifo
    fifo.send(b"gone")
    fifo.reset()
    assert (fifo.occupancy, fifo.vacancy) == (0, 508)
    fifo.mmio.read(r.RDFD)
    assert fifo.errors == ["the receive FIFO was read while it was empty"]
    fifo.clear_errors()
    assert fifo.errors == []


def test_mistakes(make: Any) -> None:
    bench = make()
    fifo = bench.overlay.fifo

    def attempts() -> None:
        for action, error, message in (
            (lambda: fifo.send(b""), ValueError, "fifo cannot send an empty packet"),
            (lambda: fifo.send(bytes(2033)), ValueError, "fifo sends packets of up to 2032 bytes in this design, not 2033"),
            (lambda: fifo.send("text"), TypeError, "fifo.send takes bytes or a contiguous array, not 'text'"),
        ):
            with pytest.raises(error) as caught:
                action()
            assert str(caught.value) == message

    assert bench.accesses("fifo", attempts) == []


def test_halves_that_are_not_built_in(make: Any) -> None:
    with pytest.raises(RuntimeError, match=r"^fifo cannot send: its transmit path is disabled in this design \(C_USE_TX_DATA is 0\)$"):
        make(C_USE_TX_DATA=0).overlay.fifo.send(b"x")
    with pytest.raises(RuntimeError, match=r"^fifo cannot receive: its receive path is disabled in this design \(C_USE_RX_DATA is 0\)$"):
        make(C_USE_RX_DATA=0).overlay.fifo.receive()


def test_its_counts_are_attributes_to_be_watched_and_its_queues_are_never_read(make: Any) -> None:
    bench = make(streams=[], C_TX_FIFO_DEPTH=64)
    fifo = bench.overlay.fifo
    assert bench.accesses("fifo", lambda: fifo.vacancy) == [("read", r.TDFV)]
    assert (fifo.vacancy, fifo.occupancy) == (60, 0)
    assert bench.accesses("fifo", lambda: (fifo.RDFD, fifo.RLR)) == []
    assert {name for name, handle in fifo.registers.registers.items() if handle.guard is None} >= {"TDFV", "RDFO", "ISR", "IER"}
    with pytest.raises(ValueError, match=r"^RDFD of fifo cannot be watched: it is not read unasked \(reading takes a word out"):
        fifo.watch("RDFD")
    fifo.TDFD, fifo.TDFD = 1, 1
    assert fifo.vacancy == 58


def test_where_the_design_lists_no_registers_the_driver_knows_them(build: Any, block: Any) -> None:
    bench = build(block("fifo", "xilinx.com:ip:axi_fifo_mm_s:4.2", 0x43C0_0000, {}), streams=LOOP)
    fifo = bench.overlay.fifo
    fifo.send(b"abcdefgh")
    assert fifo.occupancy == 2
    assert fifo.registers.registers["RDFD"].guard == "reading takes a word out of the receive FIFO"
    assert fifo.receive() == b"abcdefgh"


def test_destinations_go_round(make: Any) -> None:
    fifo = make(C_HAS_AXIS_TDEST=1, C_AXIS_TDEST_WIDTH=2).overlay.fifo
    for destination, packet in ((3, b"three"), (0, b"none"), (1, b"one")):
        fifo.send(packet, destination)
    got = []
    for _ in range(3):
        packet = fifo.receive(timeout=1)
        got.append((packet, fifo.received_destination))
    assert got == [(b"three", 3), (b"none", 0), (b"one", 1)]
    fifo.send(b"by default 0")
    fifo.receive()
    assert fifo.received_destination == 0


def test_what_is_not_built_in_is_refused_before_the_first_write(make: Any) -> None:
    for parameters, action, message in (
        ({}, lambda f: f.send(b"x", 1), "fifo has no TDEST in this design (C_HAS_AXIS_TDEST is 0): it cannot send to destination 1"),
        (
            {"C_HAS_AXIS_TDEST": 1, "C_AXIS_TDEST_WIDTH": 2},
            lambda f: f.send(b"x", 4),
            "fifo: a destination is 0 to 3 in this design (2 bits of TDEST), not 4",
        ),
        (
            {"C_HAS_AXIS_TKEEP": 0},
            lambda f: f.send(b"seven.."),
            "fifo sends whole words of 4 bytes in this design, not 7 bytes: enable TKEEP in the core, or fill up the packet",
        ),
    ):
        bench = make(**parameters)
        fifo = bench.overlay.fifo

        def attempt(action: Any = action, fifo: Any = fifo, message: str = message) -> None:
            with pytest.raises(ValueError, match=r".") as caught:
                action(fifo)
            assert str(caught.value) == message

        assert bench.accesses("fifo", attempt) == []


def test_a_lost_interrupt_costs_half_a_second(make: Any) -> None:
    bench = make()
    fifo = bench.overlay.fifo
    bench.device.faults.lost_interrupt("fifo", "interrupt")
    bench.clock.call_later(0.2, lambda: fifo.send(b"late"))
    assert fifo.receive(timeout=2) == b"late"
    assert bench.clock.now() == pytest.approx(0.5, rel=0.05)


def test_faults_of_the_stream_are_told(make: Any) -> None:
    bench = make()
    fifo = bench.overlay.fifo
    with bench.device.faults.missing_last("fifo", "AXI_STR_TXD"):
        fifo.send(b"no end")
        with pytest.raises(TimeoutError, match=r"TLAST"):
            fifo.receive(timeout=0.1)
    bench = make()
    fifo = bench.overlay.fifo
    with bench.device.faults.short_packet("fifo", "AXI_STR_TXD", 4):
        fifo.send(b"cut off")
        assert fifo.receive(timeout=1) == b"cut "


def test_who_waits_for_ever_is_told_once(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench = make(interrupt=False)
    fifo = bench.overlay.fifo
    bench.clock.call_later(8, lambda: fifo.send(b"at last"))
    assert fifo.receive() == b"at last"
    (told,) = [record.getMessage() for record in caplog.records if record.name.startswith("pynq_drivers")]
    assert told.startswith(
        "fifo.receive: after 3 s no packet came, and it goes on waiting: a packet ends with TLAST, which fifo has to give."
    )


def test_a_reset_that_does_not_end(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    fifo = bench.overlay.fifo
    monkeypatch.setattr(bench.model("fifo"), "_reset_tx", lambda: None)
    with pytest.raises(TimeoutError, match=r"^fifo did not come out of reset within 0\.5 s: do the clocks of its streams run\?$"):
        fifo.reset_transmit()
    fifo.reset_receive()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_packet_broken_off_in_its_middle_is_not_part_of_the_next(make: Any, monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    fifo = make(interrupt=False).overlay.fifo
    write, read = fifo._data.write, fifo._data.read
    left = [3]

    def broken(access: Any) -> Any:
        def instead(offset: int, *value: int) -> Any:
            if offset in (r.TDFD, r.RDFD):
                left[0] -= 1
                if left[0] < 0:
                    raise error
            return access(offset, *value)

        return instead

    monkeypatch.setattr(fifo._data, "write", broken(write))
    with pytest.raises(error):
        fifo.send(b"x" * 40)
    monkeypatch.undo()
    fifo.send(b"whole")
    assert fifo.receive(timeout=1) == b"whole"
    fifo.send(b"y" * 40)
    left[0] = 3
    monkeypatch.setattr(fifo._data, "read", broken(read))
    with pytest.raises(error):
        fifo.receive(timeout=1)
    monkeypatch.undo()
    fifo.send(b"whole again")
    assert fifo.receive(timeout=1) == b"whole again"
    assert fifo.errors == []


def test_who_waits_for_a_packet_is_told_when_the_overlay_goes(make: Any) -> None:
    for interrupt in (True, False):
        bench = make(interrupt=interrupt)
        fifo = bench.overlay.fifo
        bench.clock.call_later(0.01, lambda bench=bench: Overlay(bench.device.design.path, device=bench.device))
        with pytest.raises(StaleOverlayError):
            fifo.receive(timeout=1)
        assert bench.clock.now() < 0.1


def test_words_that_a_read_takes_away_are_guarded_whoever_drives_the_fifo(make: Any) -> None:
    class Own(DefaultIP):
        bindto: ClassVar[list[str]] = ["xilinx.com:ip:axi_fifo_mm_s:4.2"]

    try:
        bench = make()
        fifo = bench.overlay.fifo
        assert isinstance(fifo, Own)
        reads = bench.accesses("fifo", lambda: (repr(fifo.register_map), fifo.registers.refresh(), bench.overlay.snapshot()))
        assert not {("read", r.RDFD), ("read", r.RLR)} & set(reads)
        assert ("read", r.RDFO) in reads
    finally:
        Own.unregister()
