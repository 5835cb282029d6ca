"""AXI UART Lite, the model: a row for each register of PG142, "Register Space"; QEMU's is compared in test_serial_against_qemu."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_uartlite import registers as r

from .conftest import BASE

CHARACTER = 10 / 9600


@pytest.fixture
def bench(port: Any) -> Any:
    return port(autojump=False)


def put(bench: Any, *writes: tuple[int, int]) -> None:
    for offset, value in writes:
        bench.device.write_word(BASE + offset, value)


def get(bench: Any, offset: int) -> int:
    value: int = bench.device.read_word(BASE + offset)
    return value


def pin(bench: Any) -> int:
    value: int = bench.model("uart").context.interrupt("interrupt").value
    return value


# Register, offset, what it reads after a reset and after 0 was written to it, the test of what an access does.
TABLE = [
    ("RX_FIFO", r.RX_FIFO, 0, "test_receiving"),
    ("TX_FIFO", r.TX_FIFO, 0, "test_sending"),
    ("STAT_REG", r.STAT, r.TX_EMPTY, "test_a_read_of_the_status_forgets_errors"),
    ("CTRL_REG", r.CTRL, 0, "test_the_fifos_are_emptied"),
]


@pytest.mark.parametrize(("name", "offset", "after_reset", "effect"), TABLE, ids=[row[0] for row in TABLE])
def test_registers(bench: Any, name: str, offset: int, after_reset: int, effect: str) -> None:
    assert get(bench, offset) == after_reset
    assert effect in globals()
    if name in ("RX_FIFO", "STAT_REG"):
        put(bench, (offset, 0xFF))
        assert get(bench, offset) == after_reset, "read-only"


def test_sending(bench: Any) -> None:
    put(bench, *((r.TX_FIFO, value) for value in range(17)))
    assert get(bench, r.STAT) == r.TX_FULL, "one is on its way, sixteen wait"
    put(bench, (r.TX_FIFO, 99))
    bench.clock.advance(15.5 * CHARACTER)
    assert get(bench, r.STAT) == 0
    bench.clock.advance(CHARACTER)
    assert (get(bench, r.STAT), len(bench.line.seen)) == (r.TX_EMPTY, 16)
    bench.clock.advance(CHARACTER)
    assert bench.line.seen == bytes(range(17))
    assert any("its full transmit FIFO was written" in text for text in bench.device.assumptions)


def test_receiving(bench: Any) -> None:
    bench.line.type(bytes(range(16)))
    bench.clock.advance(1.5 * CHARACTER)
    assert (get(bench, r.STAT), get(bench, r.RX_FIFO), get(bench, r.STAT)) == (r.TX_EMPTY | r.RX_VALID, 0, r.TX_EMPTY)
    bench.line.type(b"x")
    bench.clock.advance(1)
    assert get(bench, r.STAT) == r.TX_EMPTY | r.RX_VALID | r.RX_FULL
    assert [get(bench, r.RX_FIFO) for _ in range(17)] == [*range(1, 16), ord("x"), 0]


def test_a_read_of_the_status_forgets_errors(port: Any) -> None:
    bench = port(autojump=False, C_USE_PARITY=1)
    bench.line.type(bytes(17))
    bench.clock.advance(1)
    bench.line.type(b"a", no_stop=True)
    bench.line.type(b"b", wrong_parity=True)
    bench.clock.advance(1)
    errors = r.OVERRUN | r.FRAME | r.PARITY
    assert (get(bench, r.STAT) & errors, get(bench, r.STAT) & errors) == (errors, 0)


def test_the_fifos_are_emptied(bench: Any) -> None:
    put(bench, (r.TX_FIFO, 1), (r.TX_FIFO, 2))
    bench.line.type(b"a")
    bench.clock.advance(1.5 * CHARACTER)
    put(bench, (r.TX_FIFO, 3), (r.TX_FIFO, 4), (r.CTRL, r.RESET_RX | r.RESET_TX))
    assert get(bench, r.STAT) == r.TX_EMPTY
    bench.clock.advance(1)
    assert bench.line.seen == b"\1\2", "the one that was on its way"


def test_interrupts(bench: Any) -> None:
    bench.line.type(b"a")
    bench.clock.advance(2 * CHARACTER)
    assert pin(bench) == 0
    put(bench, (r.CTRL, r.ENABLE))
    assert (pin(bench), get(bench, r.STAT) & r.INTERRUPTS) == (1, r.INTERRUPTS)
    get(bench, r.RX_FIFO)
    assert pin(bench) == 0


def test_an_empty_transmit_fifo_makes_an_edge(build: Any, block: Any) -> None:
    one = block("uart", "xilinx.com:ip:axi_uartlite:2.0", BASE, {"C_BAUDRATE": 9600}, ("interrupt",))
    bench = build(one, controller={"C_KIND_OF_INTR": "0xFFFFFFFF"}, autojump=False)
    bench.overlay.intc.mmio.write(0x1C, 3)
    put(bench, (r.CTRL, r.ENABLE))
    assert bench.overlay.intc.mmio.read(0) == 0
    put(bench, (r.TX_FIFO, 1))
    assert (bench.overlay.intc.mmio.read(0), pin(bench)) == (1, 0)
