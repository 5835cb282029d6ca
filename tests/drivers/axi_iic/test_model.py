"""AXI IIC, the model: the registers and the dynamic controller logic."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_iic import registers as r
from pynq_drivers.axi_iic.model import RegisterTarget

from .conftest import BASE

BYTE = 9 / 100_000


@pytest.fixture
def bench(bus: Any) -> Any:
    made = bus(interrupt=True)
    put(made, r.SOFTR, r.RESET_KEY)
    put(made, r.CR, r.ENABLE)
    return made


def put(bench: Any, offset: int, *values: int) -> None:
    for value in values:
        bench.device.write_word(BASE + offset, value)


def get(bench: Any, offset: int) -> int:
    value: int = bench.device.read_word(BASE + offset)
    return value


def test_after_a_reset(bench: Any) -> None:
    assert [get(bench, offset) for offset in (r.CR, r.SR, r.ISR, r.IER, r.GIE)] == [1, r.TX_EMPTY | r.RX_EMPTY, 0xD0, 0, 0]


def test_only_the_key_resets(bench: Any) -> None:
    put(bench, r.SOFTR, 5)
    assert get(bench, r.CR) == 1
    put(bench, r.SOFTR, r.RESET_KEY)
    assert get(bench, r.CR) == 0


def test_a_written_one_inverts_a_bit_of_the_status(bench: Any) -> None:
    put(bench, r.ISR, 0x90)
    assert get(bench, r.ISR) == 0x40
    put(bench, r.ISR, 0x01)
    assert get(bench, r.ISR) == 0x41


def test_nothing_happens_while_it_is_disabled(bench: Any) -> None:
    put(bench, r.CR, 0)
    put(bench, r.TX_FIFO, r.START | 0xA0, r.STOP | 3)
    bench.clock.advance(1)
    assert (get(bench, r.TX_FIFO_OCY), get(bench, r.SR) & (r.TX_EMPTY | r.BUSY)) == (1, 0)


def test_the_fifo_takes_sixteen_words_and_is_cleared(bench: Any) -> None:
    put(bench, r.CR, 0)
    put(bench, r.TX_FIFO, *range(20))
    assert (get(bench, r.TX_FIFO_OCY), get(bench, r.SR) & r.TX_FULL) == (15, r.TX_FULL)
    put(bench, r.CR, r.TX_RESET)
    assert get(bench, r.SR) & r.TX_EMPTY


def test_a_full_receive_fifo_holds_the_bus(bench: Any) -> None:
    put(bench, r.RX_FIFO_PIRQ, 3)
    put(bench, r.TX_FIFO, r.START | 0xA1, r.STOP | 6)
    bench.clock.advance(20 * BYTE)
    assert (get(bench, r.RX_FIFO_OCY), get(bench, r.SR) & r.BUSY, get(bench, r.ISR) & r.RX_FILLED) == (3, r.BUSY, r.RX_FILLED)
    assert get(bench, r.RX_FIFO) == 100
    bench.clock.advance(20 * BYTE)
    assert [get(bench, r.RX_FIFO) for _ in range(2)] == [101, 102]
    bench.clock.advance(20 * BYTE)
    assert [get(bench, r.RX_FIFO) for _ in range(4)] == [103, 104, 105, 0]
    assert (get(bench, r.SR) & r.BUSY, get(bench, r.ISR) & r.BUS_FREED) == (0, r.BUS_FREED)


def test_the_interrupt_is_the_enabled_part_of_the_status(bench: Any) -> None:
    pin = bench.model("iic").context.interrupt("iic2intc_irpt")
    put(bench, r.ISR, get(bench, r.ISR))
    put(bench, r.IER, r.TX_ERROR)
    put(bench, r.GIE, r.GLOBAL_ENABLE)
    assert pin.value == 0
    put(bench, r.TX_FIFO, r.START | 0x40, r.STOP | 1)
    bench.clock.advance(2 * BYTE)
    assert (pin.value, get(bench, r.SR) & r.BUSY) == (1, 0)
    put(bench, r.ISR, r.TX_ERROR)
    assert pin.value == 0


def test_what_is_not_there_is_said(bench: Any) -> None:
    put(bench, r.ADR, 0x50)
    said = "\n".join(bench.device.assumptions)
    assert "iic: no other master is on the bus, so that nobody addresses the core as a target" in said


# Register, offset, reset value, what it keeps of 0xFFFFFFFF (None: not what was written), the test of what it does beside.
TABLE = [
    ("GIE", r.GIE, 0, 1 << 31, "test_the_interrupt_is_the_enabled_part_of_the_status"),
    ("ISR", r.ISR, 0xD0, 0xD0 ^ 0xFF, "test_a_written_one_inverts_a_bit_of_the_status"),
    ("IER", r.IER, 0, 0xFF, "test_the_interrupt_is_the_enabled_part_of_the_status"),
    ("SOFTR", r.SOFTR, 0, None, "test_only_the_key_resets"),
    ("CR", r.CR, 0, 0x7F, "test_a_transfer_that_msms_directs"),
    ("SR", r.SR, r.TX_EMPTY | r.RX_EMPTY, None, "test_a_full_receive_fifo_holds_the_bus"),
    ("TX_FIFO", r.TX_FIFO, 0, None, "test_the_fifo_takes_sixteen_words_and_is_cleared"),
    ("RX_FIFO", r.RX_FIFO, 0, None, "test_a_full_receive_fifo_holds_the_bus"),
    ("ADR", r.ADR, 0, 0xFE, "test_what_is_not_there_is_said"),
    ("TX_FIFO_OCY", r.TX_FIFO_OCY, 0, None, "test_the_fifo_takes_sixteen_words_and_is_cleared"),
    ("RX_FIFO_OCY", r.RX_FIFO_OCY, 0, None, "test_a_full_receive_fifo_holds_the_bus"),
    ("TEN_ADR", r.TEN_ADR, 0, 0x7, "test_what_is_not_there_is_said"),
    ("RX_FIFO_PIRQ", r.RX_FIFO_PIRQ, 0, 0xF, "test_a_full_receive_fifo_holds_the_bus"),
    ("GPO", r.GPO, 0, 0x1, "test_the_output_pin"),
    *((name, getattr(r, name), 0, 0xFFFF_FFFF, "") for name in ("TSUSTA", "TSUSTO", "THDSTA", "TSUDAT", "TBUF", "THIGH", "TLOW", "THDDAT")),
]


@pytest.mark.parametrize(("name", "offset", "after_reset", "kept", "effect"), TABLE, ids=[row[0] for row in TABLE])
def test_registers(bench: Any, name: str, offset: int, after_reset: int, kept: int | None, effect: str) -> None:
    put(bench, r.SOFTR, r.RESET_KEY)
    assert get(bench, offset) == after_reset
    put(bench, offset, 0xFFFF_FFFF)
    assert not effect or effect in globals()
    if kept is not None:
        assert get(bench, offset) == kept
    elif name in ("SR", "TX_FIFO_OCY", "RX_FIFO_OCY"):
        assert get(bench, offset) == after_reset, "read-only"


def test_the_output_pin(bench: Any) -> None:
    put(bench, r.GPO, 1)
    assert bench.model("iic").context.signal_out("gpo").value == 1


def test_a_transfer_that_msms_directs(bench: Any) -> None:
    put(bench, r.TX_FIFO, 0xA0, 3, 0x33)
    put(bench, r.CR, r.ENABLE | r.MASTER | r.TRANSMIT)
    bench.clock.advance(5 * BYTE)
    assert get(bench, r.SR) & (r.BUSY | r.TX_EMPTY) == r.BUSY | r.TX_EMPTY, "it holds the bus until there is more"
    put(bench, r.ISR, r.TX_EMPTIED)
    assert get(bench, r.ISR) & r.TX_EMPTIED, "and says so as long as it does"
    put(bench, r.CR, r.ENABLE | r.TRANSMIT)
    put(bench, r.TX_FIFO, 0x44)
    put(bench, r.ISR, r.TX_EMPTIED)
    bench.clock.advance(0.5 * BYTE)
    assert (get(bench, r.SR) & r.BUSY, get(bench, r.ISR) & r.TX_EMPTIED) == (r.BUSY, 0)
    bench.clock.advance(BYTE)
    assert not get(bench, r.SR) & r.BUSY
    assert list(bench.chip.registers[3:5]) == [0x33, 0x44]


def test_a_stop_instead_of_a_repeated_start(bench: Any) -> None:
    put(bench, r.TX_FIFO, 0xA0, 6)
    put(bench, r.CR, r.ENABLE | r.MASTER | r.TRANSMIT)
    bench.clock.advance(3 * BYTE)
    put(bench, r.CR, r.ENABLE | r.MASTER | r.TRANSMIT | r.REPEAT)
    put(bench, r.CR, r.ENABLE | r.TRANSMIT)
    assert not get(bench, r.SR) & r.BUSY


def test_a_directed_transfer_reads_after_a_repeated_start(bench: Any) -> None:
    put(bench, r.TX_FIFO, 0xA0, 6)
    put(bench, r.CR, r.ENABLE | r.MASTER | r.TRANSMIT)
    bench.clock.advance(3 * BYTE)
    put(bench, r.RX_FIFO_PIRQ, 1)
    put(bench, r.CR, r.ENABLE | r.MASTER | r.REPEAT)
    assert get(bench, r.CR) & r.REPEAT, "not yet"
    put(bench, r.TX_FIFO, 0xA1)
    bench.clock.advance(10 * BYTE)
    assert not get(bench, r.CR) & r.REPEAT
    assert (get(bench, r.RX_FIFO_OCY), get(bench, r.ISR) & r.RX_FILLED) == (1, r.RX_FILLED), "two came, and the bus is held"
    put(bench, r.CR, r.ENABLE | r.MASTER | r.NO_ACKNOWLEDGE)
    assert get(bench, r.RX_FIFO) == 106
    bench.clock.advance(2 * BYTE)
    assert get(bench, r.ISR) & r.TX_ERROR
    put(bench, r.CR, r.ENABLE)
    assert [get(bench, r.RX_FIFO) for _ in range(2)] == [107, 108]
    bench.clock.advance(2 * BYTE)
    assert not get(bench, r.SR) & r.BUSY


def test_targets_are_put_on_the_bus_and_taken_off(bench: Any) -> None:
    model = bench.model("iic")
    with pytest.raises(ValueError, match=r"^there is a target at 0x50 of iic already: detach it$"):
        model.attach(0x50, RegisterTarget())
    with pytest.raises(ValueError, match=r"^an I2C address has 7 bits, 0 to 0x7f, not 0xa0$"):
        model.attach(0xA0, RegisterTarget())
    model.detach(0x50)
    put(bench, r.TX_FIFO, r.START | 0xA0)
    bench.clock.advance(2 * BYTE)
    assert get(bench, r.ISR) & r.TX_ERROR
