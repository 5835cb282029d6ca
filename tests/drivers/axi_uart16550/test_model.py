"""AXI UART 16550, the model: a row for each register of PG143, "Register Space", and the interrupts."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_uart16550 import registers as r

from .conftest import BASE

CHARACTER = 10 * 16 * 651 / 100e6  # 8N1 with the divisor of 9600 baud


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
    value: int = bench.model("uart").context.interrupt("ip2intc_irpt").value
    return value


# Register, DLAB, offset, reset value, what of 0xFF it keeps (None: not what was written), what a read or write does beside.
TABLE = [
    ("RBR", 0, r.RBR, 0x00, None, "a read takes a character: test_receiving"),
    ("THR", 0, r.THR, 0x00, None, "a write sends a character: test_sending"),
    ("DLL", 1, r.DLL, 651 & 0xFF, 0xFF, ""),
    ("IER", 0, r.IER, 0x00, 0x0F, ""),
    ("DLM", 1, r.DLM, 651 >> 8, 0xFF, ""),
    ("IIR", 0, r.IIR, 0x01, None, "a read takes the interrupt of an empty THR back: test_interrupts_by_priority"),
    ("FCR", 1, r.FCR, 0x00, 0xC9, "resets FIFOs: test_the_fifos_are_emptied"),
    ("LCR", 0, r.LCR, 0x00, 0xFF, ""),
    ("MCR", 0, r.MCR, 0x00, 0x1F, ""),
    ("LSR", 0, r.LSR, 0x60, None, "a read clears errors: test_errors_come_with_their_character"),
    ("MSR", 0, r.MSR, 0xB0, None, "a read clears the changes: test_modem_lines"),
    ("SCR", 0, r.SCR, 0x00, 0xFF, ""),
]


@pytest.mark.parametrize(("name", "latch", "offset", "after_reset", "kept", "effect"), TABLE, ids=[row[0] for row in TABLE])
def test_registers(bench: Any, name: str, latch: int, offset: int, after_reset: int, kept: int | None, effect: str) -> None:
    put(bench, (r.LCR, r.DLAB * latch))
    assert get(bench, offset) == (after_reset if name != "LCR" else r.DLAB * latch)
    put(bench, (offset, 0xFF))
    if kept is not None:
        assert get(bench, offset) == kept
    else:
        assert effect.partition(": ")[2] in globals()
    if name in ("LSR", "MSR"):
        assert get(bench, offset) == after_reset, "read-only"
    assert get(bench, 0x1020) == 0


def eight(bench: Any, *writes: tuple[int, int]) -> None:
    put(bench, (r.LCR, 3), *writes)


def test_sending(bench: Any) -> None:
    eight(bench, (r.FCR, r.ENABLE), *((r.THR, value) for value in range(20)))
    assert get(bench, r.LSR) & (r.HOLDING_EMPTY | r.ALL_EMPTY) == 0
    bench.clock.advance(16.5 * CHARACTER)
    assert get(bench, r.LSR) == r.HOLDING_EMPTY, "the last one is on its way"
    bench.clock.advance(CHARACTER)
    assert get(bench, r.LSR) == r.HOLDING_EMPTY | r.ALL_EMPTY
    assert bench.line.seen == bytes(range(17)), "the first left the FIFO at once, sixteen found room"


def test_receiving(bench: Any) -> None:
    eight(bench, (r.FCR, r.ENABLE))
    bench.line.type(b"ab")
    bench.clock.advance(1.5 * CHARACTER)
    assert get(bench, r.LSR) & r.READY
    assert get(bench, r.RBR) == ord("a")
    assert not get(bench, r.LSR) & r.READY
    bench.clock.advance(CHARACTER)
    assert (get(bench, r.RBR), get(bench, r.RBR)) == (ord("b"), 0)


def test_overrun_with_a_fifo_loses_the_new_and_without_the_old(bench: Any) -> None:
    eight(bench, (r.FCR, r.ENABLE))
    bench.line.type(bytes(range(18)))
    bench.clock.advance(20 * CHARACTER)
    assert get(bench, r.LSR) & r.OVERRUN
    assert not get(bench, r.LSR) & r.OVERRUN, "the read forgot it"
    assert [get(bench, r.RBR) for _ in range(17)] == [*range(16), 0]
    eight(bench, (r.FCR, 0))
    bench.line.type(b"abc")
    bench.clock.advance(5 * CHARACTER)
    assert get(bench, r.LSR) == r.READY | r.OVERRUN | r.HOLDING_EMPTY | r.ALL_EMPTY
    assert get(bench, r.RBR) == ord("c")


def test_errors_come_with_their_character(bench: Any) -> None:
    put(bench, (r.LCR, 3 | r.PARITY), (r.FCR, r.ENABLE), (r.IER, r.ON_LINE))
    bench.line.type(b"a")
    bench.line.type(b"b", wrong_parity=True)
    bench.line.type(b"c", no_stop=True)
    bench.clock.advance(5 * CHARACTER)
    assert (get(bench, r.LSR) & 0x9F, pin(bench)) == (r.READY | r.FAULTS, 0)
    assert get(bench, r.RBR) == ord("a")
    assert (pin(bench), get(bench, r.IIR)) == (1, r.LINE_STATUS | r.FIFOS)
    assert get(bench, r.LSR) & 0x9F == r.READY | r.PARITY_ERROR | r.FAULTS
    assert (pin(bench), get(bench, r.RBR)) == (0, ord("b"))
    assert get(bench, r.LSR) & 0x9F == r.READY | r.FRAME_ERROR | r.FAULTS
    assert (get(bench, r.RBR), get(bench, r.LSR) & 0x9F) == (ord("c"), 0)


def test_trigger_level_and_timeout(bench: Any) -> None:
    eight(bench, (r.FCR, r.ENABLE | 1 << 6), (r.IER, r.ON_RECEIVED))
    bench.line.type(b"abcdef")
    bench.clock.advance(3.5 * CHARACTER)
    assert pin(bench) == 0
    bench.clock.advance(CHARACTER)
    assert get(bench, r.IIR) == r.RECEIVED | r.FIFOS
    bench.clock.advance(2 * CHARACTER)
    for _ in range(3):
        get(bench, r.RBR)
    assert pin(bench) == 0, "below four"
    bench.clock.advance(3.9 * CHARACTER)
    assert pin(bench) == 0
    bench.clock.advance(0.2 * CHARACTER)
    assert (pin(bench), get(bench, r.IIR)) == (1, r.TIMEOUT | r.FIFOS)
    get(bench, r.RBR)
    assert pin(bench) == 0


def test_interrupts_by_priority(bench: Any) -> None:
    eight(bench, (r.IER, 0xF))
    assert (pin(bench), get(bench, r.IIR), pin(bench), get(bench, r.IIR)) == (1, r.EMPTY, 0, r.NOTHING)
    bench.model("uart").set_modem(cts=False)
    assert get(bench, r.IIR) == r.MODEM
    put(bench, (r.THR, 0x55))
    assert get(bench, r.IIR) == r.EMPTY, "THR was emptied at once into the shift register"
    bench.line.type(b"x")
    bench.clock.advance(2 * CHARACTER)
    assert get(bench, r.IIR) == r.RECEIVED
    bench.line.type(b"y")
    bench.clock.advance(2 * CHARACTER)
    assert get(bench, r.IIR) == r.LINE_STATUS
    get(bench, r.LSR)
    assert get(bench, r.IIR) == r.RECEIVED
    get(bench, r.RBR)
    assert get(bench, r.IIR) == r.MODEM
    get(bench, r.MSR)
    assert (get(bench, r.IIR), pin(bench)) == (r.NOTHING, 0)


def test_modem_lines(bench: Any) -> None:
    assert get(bench, r.MSR) == 0xB0
    bench.model("uart").set_modem(cts=False, ri=True)
    assert get(bench, r.MSR) == 0xE0 & ~r.CTS | r.DCD | 0x1
    bench.model("uart").set_modem(ri=False)
    assert get(bench, r.MSR) & 0x4F == 0x4, "its trailing edge"
    put(bench, (r.MCR, r.LOOP | r.RTS | r.OUT1))
    assert get(bench, r.MSR) & 0xF0 == r.CTS | r.RI


def test_the_fifos_are_emptied(bench: Any) -> None:
    eight(bench, (r.FCR, r.ENABLE), (r.THR, 1), (r.THR, 2), (r.THR, 3))
    bench.line.type(b"a")
    bench.clock.advance(1.5 * CHARACTER)
    put(bench, (r.FCR, r.ENABLE | r.RESET_RX | r.RESET_TX))
    assert get(bench, r.LSR) == r.HOLDING_EMPTY
    bench.clock.advance(1)
    assert bench.line.seen == b"\1\2"


def test_a_16450_has_no_fifos(port: Any) -> None:
    bench = port(autojump=False, C_IS_A_16550=0)
    eight(bench, (r.FCR, r.ENABLE))
    assert get(bench, r.IIR) == r.NOTHING
