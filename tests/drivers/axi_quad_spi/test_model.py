"""AXI Quad SPI, the model: a row for each register of PG153, "Register Space"; QEMU's is compared in test_serial_against_qemu."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_quad_spi import registers as r
from pynq_drivers.axi_quad_spi.target import Flash, Target

from .conftest import BASE

BYTE = 8 / 6.25e6
ON = r.ENABLE | r.MASTER | r.MANUAL_SELECT


@pytest.fixture
def bench(bus: Any) -> Any:
    return bus(autojump=False)


def put(bench: Any, *writes: tuple[int, int]) -> None:
    for offset, value in writes:
        bench.device.write_word(BASE + offset, value)


def get(bench: Any, offset: int) -> int:
    value: int = bench.device.read_word(BASE + offset)
    return value


def pin(bench: Any) -> int:
    value: int = bench.model("spi").context.interrupt("ip2intc_irpt").value
    return value


# Register, offset, reset value, what it keeps of 0xFFFFFFFF (None: not what was written), the test of what it does beside.
TABLE = [
    ("DGIER", r.DGIER, 0, 1 << 31, "test_interrupts"),
    ("IPISR", r.IPISR, 0, 0x3FFF, "test_a_written_one_inverts_a_bit_of_the_status"),
    ("IPIER", r.IPIER, 0, 0x3FFF, "test_interrupts"),
    ("SRR", r.SRR, 0, None, "test_only_the_key_resets"),
    ("SPICR", r.SPICR, 0x180, 0x39F, "test_the_fifos_are_emptied"),
    ("SPISR", r.SPISR, 0xA5, None, "test_a_mode_fault_is_forgotten_by_a_read"),
    ("SPI_DTR", r.DTR, 0, None, "test_a_transfer"),
    ("SPI_DRR", r.DRR, 0, None, "test_a_transfer"),
    ("SPI_SSR", r.SSR, 0b11, 0b11, "test_select_lines_by_hand_and_by_themselves"),
    ("SPI_TXFIFO_OR", r.TX_OCCUPANCY, 0, None, "test_occupancies"),
    ("SPI_RXFIFO_OR", r.RX_OCCUPANCY, 0, None, "test_occupancies"),
]


@pytest.mark.parametrize(("name", "offset", "after_reset", "kept", "effect"), TABLE, ids=[row[0] for row in TABLE])
def test_registers(bench: Any, name: str, offset: int, after_reset: int, kept: int | None, effect: str) -> None:
    assert get(bench, offset) == after_reset
    put(bench, (offset, 0xFFFF_FFFF))
    assert effect in globals()
    if kept is not None:
        assert get(bench, offset) == kept
    elif name in ("SPISR", "SPI_TXFIFO_OR", "SPI_RXFIFO_OR"):
        assert get(bench, offset) == after_reset, "read-only"
    put(bench, (r.SRR, r.RESET_KEY))
    assert get(bench, offset) == after_reset


def test_only_the_key_resets(bench: Any) -> None:
    put(bench, (r.SPICR, ON), (r.SRR, 5))
    assert get(bench, r.SPICR) == ON
    put(bench, (r.SRR, r.RESET_KEY))
    assert get(bench, r.SPICR) == r.AFTER_RESET


def test_a_written_one_inverts_a_bit_of_the_status(bench: Any) -> None:
    put(bench, (r.IPISR, 0x14))
    assert get(bench, r.IPISR) == 0x14
    put(bench, (r.IPISR, 0x11))
    assert get(bench, r.IPISR) == 0x05


def test_a_transfer(bench: Any) -> None:
    put(bench, (r.SPICR, ON | r.INHIBIT), (r.SSR, 0b10), *((r.DTR, value) for value in b"\x9f\0\0\0"))
    bench.clock.advance(1)
    assert get(bench, r.SPISR) == r.RX_EMPTY | r.NOT_SELECTED, "inhibited"
    put(bench, (r.SPICR, ON))
    bench.clock.advance(3.5 * BYTE)
    assert (get(bench, r.SPISR), get(bench, r.IPISR)) == (r.TX_EMPTY | r.NOT_SELECTED, 0), "the last one is on its way"
    bench.clock.advance(BYTE)
    assert (get(bench, r.SPISR), get(bench, r.IPISR)) == (r.TX_EMPTY | r.NOT_SELECTED, r.SENT)
    assert [get(bench, r.DRR) for _ in range(5)] == [0xFF, 0x20, 0xBA, 0x18, 0]
    assert "spi: its empty receive register was read, which the core answers with an error; here with 0" in bench.device.assumptions


def test_occupancies(bench: Any) -> None:
    put(bench, (r.SPICR, ON | r.INHIBIT), *((r.DTR, value) for value in range(17)))
    assert (get(bench, r.TX_OCCUPANCY), get(bench, r.RX_OCCUPANCY), get(bench, r.SPISR) & r.TX_FULL) == (15, 0, r.TX_FULL)
    put(bench, (r.SPICR, ON))
    bench.clock.advance(4.5 * BYTE)
    assert (get(bench, r.TX_OCCUPANCY), get(bench, r.RX_OCCUPANCY)) == (10, 3)
    bench.clock.advance(1)
    assert (get(bench, r.IPISR), get(bench, r.SPISR) & r.RX_FULL) == (r.SENT | r.RECEIVED_FULL | r.HALF_EMPTY, r.RX_FULL)
    put(bench, (r.DTR, 1))
    bench.clock.advance(1)
    assert get(bench, r.IPISR) & r.OVERRUN


def test_the_fifos_are_emptied(bench: Any) -> None:
    put(bench, (r.SPICR, ON | r.LOOP), (r.DTR, 1), (r.DTR, 2))
    bench.clock.advance(1.5 * BYTE)
    put(bench, (r.SPICR, ON | r.INHIBIT | r.RESET_TX | r.RESET_RX))
    assert get(bench, r.SPICR) == ON | r.INHIBIT, "these bits go back by themselves"
    assert get(bench, r.SPISR) & (r.RX_EMPTY | r.TX_EMPTY) == r.RX_EMPTY | r.TX_EMPTY
    bench.clock.advance(1)
    assert get(bench, r.SPISR) & r.RX_EMPTY


def test_loop_back(bench: Any) -> None:
    put(bench, (r.SPICR, ON | r.LOOP), (r.DTR, 0x5A))
    bench.clock.advance(2 * BYTE)
    assert get(bench, r.DRR) == 0x5A


def test_without_a_fifo_each_element_fills_the_register(bus: Any) -> None:
    bench = bus(autojump=False, C_FIFO_DEPTH=0)
    put(bench, (r.SPICR, ON), (r.SSR, 0b10), (r.DTR, 0x9F))
    assert get(bench, r.SPISR) & r.TX_FULL
    bench.clock.advance(2 * BYTE)
    assert get(bench, r.SPISR) == r.RX_FULL | r.TX_EMPTY | r.NOT_SELECTED
    assert get(bench, r.IPISR) == r.SENT | r.RECEIVED_FULL
    assert (get(bench, r.TX_OCCUPANCY), get(bench, r.RX_OCCUPANCY)) == (0, 0)


def test_interrupts(bench: Any) -> None:
    put(bench, (r.DGIER, r.GLOBAL_ENABLE), (r.IPIER, r.SENT), (r.SPICR, ON), (r.DTR, 1))
    assert pin(bench) == 0
    bench.clock.advance(2 * BYTE)
    assert pin(bench) == 1
    put(bench, (r.DGIER, 0))
    assert pin(bench) == 0
    put(bench, (r.DGIER, r.GLOBAL_ENABLE), (r.IPISR, r.SENT))
    assert pin(bench) == 0


class Counting(Target):
    def __init__(self) -> None:
        self.said: list[str] = []

    def select(self) -> None:
        self.said.append("low")

    def deselect(self) -> None:
        self.said.append("high")

    def exchange(self, value: int) -> int:
        self.said.append(str(value))
        return 0


def test_select_lines_by_hand_and_by_themselves(bench: Any) -> None:
    chip = Counting()
    bench.model("spi").attach(1, chip)
    put(bench, (r.SPICR, ON), (r.SSR, 0b01), (r.DTR, 1))
    bench.clock.advance(1)
    assert chip.said == ["low", "1"]
    put(bench, (r.SSR, 0b11))
    assert chip.said == ["low", "1", "high"]
    chip.said.clear()
    put(bench, (r.SPICR, r.ENABLE | r.MASTER), (r.SSR, 0b01), (r.DTR, 2), (r.DTR, 3))
    bench.clock.advance(1)
    assert chip.said == ["low", "2", "3", "high"]


def test_inhibited_in_the_middle(bench: Any) -> None:
    put(bench, (r.SPICR, ON), (r.DTR, 1), (r.DTR, 2))
    bench.clock.advance(0.5 * BYTE)
    put(bench, (r.SPICR, ON | r.INHIBIT))
    bench.clock.advance(1)
    assert get(bench, r.SPISR) & (r.RX_EMPTY | r.TX_EMPTY) == r.RX_EMPTY, "what was on its way is lost, the next one waits"


def test_a_mode_fault_is_forgotten_by_a_read(bench: Any) -> None:
    put(bench, (r.SPICR, ON))
    bench.model("spi").on_signal("spisel", 0)
    assert get(bench, r.IPISR) == r.FAULTED
    assert (get(bench, r.SPISR) & r.MODE_FAULT, get(bench, r.SPISR) & r.MODE_FAULT) == (r.MODE_FAULT, 0)


def test_targets_are_put_on_the_bus_and_taken_off(bench: Any) -> None:
    model = bench.model("spi")
    with pytest.raises(ValueError, match=r"^there is a target at select line 0 of spi already: detach it$"):
        model.attach(0, Flash())
    with pytest.raises(ValueError, match=r"^spi has 2 select lines, from 0, not 2$"):
        model.attach(2, Flash())
    model.detach(0)
    put(bench, (r.SPICR, ON), (r.SSR, 0b10), (r.DTR, 0x9F), (r.DTR, 0))
    bench.clock.advance(1)
    assert [get(bench, r.DRR) for _ in range(2)] == [0xFF, 0xFF]


def test_a_page_is_written_round_and_only_where_it_is_enabled() -> None:
    flash = Flash()

    def command(*values: int) -> list[int]:
        flash.select()
        got = [flash.exchange(value) for value in values]
        flash.deselect()
        return got

    command(0x02, 0, 1, 0xFE, 1, 2, 3)
    assert flash.dump(0x100, 256) == b"\xff" * 256
    command(0x06)
    assert command(0x05, 0)[1] == 2
    command(0x02, 0, 1, 0xFE, 1, 2, 3)
    assert flash.dump(0x1FE, 2) == b"\1\2"
    assert flash.dump(0x100, 2) == b"\3\xff"
    command(0x06)
    command(0x04)
    command(0xC7)
    assert flash.dump(0x1FE, 1) == b"\1"
    command(0x06)
    command(0xC7)
    assert flash.dump(0x1FE, 1) == b"\xff"
    assert command(0x0B, 0, 0, 0, 0, 0)[5] == 0xFF
    with pytest.raises(ValueError, match=r"^an identification is a maker, a kind and a capacity of 2\*\*12 to 2\*\*24 bytes, not b'x'$"):
        Flash(b"x")
    with pytest.raises(ValueError, match=r"^2 bytes at 0xffffff are not within the 16777216 bytes of the flash$"):
        flash.load(0xFFFFFF, b"ab")
