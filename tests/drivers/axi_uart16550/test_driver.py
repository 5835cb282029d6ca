"""AXI UART 16550, the driver: speed, framing, control lines; what all serial ports do is in tests/drivers/axi_uartlite."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pynq_drivers.axi_uart16550 import registers as r
from pynq_drivers.axi_uart16550.driver import AxiUart16550
from pynq_drivers.axi_uart16550.settings import divisor, format_of, lcr_of
from pynq_drivers.uart.frame import PARITIES, Format


def test_making_the_driver_touches_nothing(port: Any) -> None:
    bench = port()
    assert bench.accesses("uart", lambda: bench.overlay.uart) == []
    assert isinstance(bench.overlay.uart, AxiUart16550)


def test_it_begins_with_9600_8n1(port: Any) -> None:
    uart = port().overlay.uart
    assert uart.baudrate == pytest.approx(9600, rel=1e-3)
    assert str(uart.format) == "8N1"


@pytest.mark.parametrize("interrupt", [True, False])
@pytest.mark.parametrize("fifos", [1, 0])
def test_both_ways(port: Any, interrupt: bool, fifos: int) -> None:
    bench = port(interrupt=interrupt, C_IS_A_16550=fifos)
    uart = bench.overlay.uart
    uart.configure(115200)
    text = bytes(range(100))
    start = bench.clock.now()
    assert uart.write(text) == 100
    uart.flush()
    assert bench.line.take() == text
    assert bench.clock.now() - start == pytest.approx(1000 / 115200, rel=0.4)
    bench.line.type("hello\nworld")
    assert uart.readline() == b"hello\n"
    assert uart.receive(5) == b"world"
    assert uart.errors == {}


def test_the_words_of_a_configuration(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart
    assert uart.baudrate
    accesses = bench.accesses("uart", lambda: uart.configure(115200, bits=7, parity="even", stop=2))
    lcr = 2 | r.TWO_STOPS | r.PARITY | r.EVEN
    assert accesses == [("write", r.LCR, lcr | r.DLAB), ("write", r.DLM, 0), ("write", r.DLL, 54), ("write", r.LCR, lcr)]
    assert bench.accesses("uart", lambda: uart.configure(parity="none")) == [("write", r.LCR, 2 | r.TWO_STOPS)]
    assert (round(uart.baudrate), str(uart.format)) == (115741, "7N2")
    assert str(bench.model("uart").format) == "7N2"


def test_another_clock(port: Any) -> None:
    bench = port(C_HAS_EXTERNAL_XIN=1, C_EXTERNAL_XIN_CLK_HZ=1_843_200)
    bench.overlay.uart.baudrate = 115200
    assert bench.overlay.uart.baudrate == bench.model("uart").baud == 115200


@pytest.mark.parametrize("bits", [5, 6, 7, 8])
@pytest.mark.parametrize("parity", PARITIES)
@pytest.mark.parametrize("stop", [1, 2])
def test_each_framing_carries_each_character(port: Any, bits: int, parity: str, stop: float) -> None:
    bench = port()
    uart = bench.overlay.uart
    uart.configure(115200, bits, parity, 1.5 if bits == 5 and stop == 2 else stop)
    text = bytes(range(1 << bits))
    bench.line.connect(bench.line)
    with uart:
        uart.write(text)
        assert uart.receive(len(text)) == text
    assert uart.errors == {}
    assert bench.line.take() == text


def test_framings_in_lcr() -> None:
    for lcr in range(64):
        assert format_of(lcr_of(format_of(lcr))) == format_of(lcr)
    with pytest.raises(ValueError, match=r"^with 8 data bits the core sends 1 or 2 stop bits, not 1\.5$"):
        lcr_of(Format(8, "none", 1.5))
    with pytest.raises(ValueError, match=r"^with 5 data bits the core sends 1 or 1\.5 stop bits, not 2$"):
        lcr_of(Format(5, "none", 2))


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda uart: uart.configure(bits=9), "a character has 5 to 8 data bits, not 9"),
        (lambda uart: uart.configure(parity="Odd"), "the parity is one of none, odd, even, mark, space, not 'Odd'"),
        (lambda uart: uart.configure(stop=3), "a character has 1, 1.5 or 2 stop bits, not 3"),
        (lambda uart: uart.configure(0), "a baud rate is more than 0, not 0"),
        (
            lambda uart: uart.configure(8_000_000),
            "8e+06 baud cannot be made of a clock of 1e+08 Hz: the nearest is 6.25e+06, and 5 % is too far",
        ),
        (
            lambda uart: uart.configure(50),
            "50 baud cannot be made of a clock of 1e+08 Hz: the nearest is 95.3689, and 5 % is too far",
        ),
    ],
)
def test_what_the_core_cannot_do(port: Any, action: Any, message: str) -> None:
    bench = port()
    uart = bench.overlay.uart
    assert uart.baudrate

    def attempt() -> None:
        with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared below
            action(uart)
        assert str(caught.value) == message

    assert bench.accesses("uart", attempt) == []


def test_divisors() -> None:
    assert divisor(100e6, 9600) == 651
    assert divisor(1_843_200, 115200) == 1


def test_errors_are_counted_and_a_break_is_no_character(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart
    uart.configure(9600, parity="even")
    bench.line.type(b"a", wrong_parity=True)
    assert uart.receive(1) == b"a"
    bench.line.type(b"\0", no_stop=True)
    bench.line.type(b"b")
    assert uart.receive(1) == b"b"
    assert uart.errors == {"parity": 1, "break": 1}


def test_a_break_is_sent(port: Any) -> None:
    bench = port()
    start = bench.clock.now()
    bench.overlay.uart.send_break(0.1)
    assert bench.clock.now() - start == pytest.approx(0.1)
    assert (bench.line.errors, bench.line.seen) == (1, b"")
    assert not bench.overlay.uart.mmio.read(r.LCR) & r.BREAK


def test_control_lines(port: Any) -> None:
    bench = port()
    uart, model = bench.overlay.uart, bench.model("uart")
    assert (uart.cts, uart.dsr, uart.cd, uart.ri, uart.rts, uart.dtr) == (True, True, True, False, False, False)
    model.set_modem(cts=False, ri=True)
    assert (uart.cts, uart.ri) == (False, True)
    uart.rts = True
    uart.dtr = True
    assert bench.device.probe("uart/rtsn") == 0
    uart.rts = False
    assert bench.device.probe("uart/rtsn") == 1
    assert uart.dtr
    bench.device.drive("uart/rin", 1)
    assert not uart.ri
    bench.device.drive("uart/rin", 0)
    assert uart.ri
    uart.loop_back = True
    assert (uart.dsr, uart.cts, uart.ri, uart.loop_back) == (True, False, False, True)
    uart.write(b"inside")
    assert uart.receive(6) == b"inside"
    assert bench.line.seen == b""


def test_coroutines(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart

    async def scene() -> None:
        line = asyncio.create_task(uart.readline_async())
        await asyncio.sleep(0)
        bench.line.type("hello\n")
        for _ in range(20):
            bench.clock.advance(1e-3)
            for _ in range(4):
                await asyncio.sleep(0)
        assert await line == b"hello\n"

    asyncio.run(scene())
    assert not uart.mmio.read(r.IER)


def test_a_core_that_stands_still(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart
    for offset, value in ((r.LCR, r.DLAB), (r.DLL, 0), (r.DLM, 0), (r.LCR, 3)):
        uart.mmio.write(offset, value)
    with pytest.raises(RuntimeError, match=r"^uart stands still: its divisor is 0\. Set a speed: configure\(115200\)$"):
        uart.receive(1)
    with pytest.raises(ValueError, match=r"^uart has no baud rate yet: program its divisor, or set the line's baud$"):
        bench.line.type("x")


def test_the_buffers_are_emptied(port: Any) -> None:
    bench = port(autojump=False)
    uart = bench.overlay.uart
    uart.write(b"0123456789")
    uart.reset_output_buffer()
    bench.line.type("abc")
    bench.clock.advance(1)
    uart.reset_input_buffer()
    assert (bench.line.seen, uart.in_waiting) == (b"0", 0)
