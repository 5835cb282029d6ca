"""AXI UART Lite, the driver: a file with a terminal at its other end."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from typing import Any

import pytest

from pynq_drivers.axi_uartlite import registers as r
from pynq_drivers.axi_uartlite.driver import AxiUartLite
from pynq_widgets.access.errors import StaleOverlayError

CHARACTER = 10 / 9600


def test_making_the_driver_touches_nothing(port: Any) -> None:
    bench = port()
    assert bench.accesses("uart", lambda: bench.overlay.uart) == []
    assert isinstance(bench.overlay.uart, AxiUartLite)
    assert (bench.overlay.uart.baudrate, str(bench.overlay.uart.format)) == (9600, "8N1")


def test_what_is_written_comes_out_in_its_time(port: Any) -> None:
    bench = port()
    uart, start = bench.overlay.uart, bench.clock.now()
    assert uart.write(b"hello") == 5
    assert bench.clock.now() == start, "the FIFO takes it at once"
    uart.flush()
    assert bench.line.seen == b"hello"
    assert bench.clock.now() - start == pytest.approx(5 * CHARACTER, rel=0.3)


def test_more_than_the_fifo_holds_is_written_piece_by_piece(port: Any) -> None:
    bench = port()
    text = bytes(range(256)) * 2
    assert bench.overlay.uart.write(text) == 512
    bench.overlay.uart.flush()
    assert bench.line.seen == text
    assert not bench.device.assumptions, "nothing was written to a full FIFO"


def test_the_accesses_of_a_short_write(port: Any) -> None:
    bench = port()
    accesses = bench.accesses("uart", lambda: bench.overlay.uart.write("hé"))
    assert accesses == [("read", r.STAT), *(("write", r.TX_FIFO, value) for value in "hé".encode())]


@pytest.mark.parametrize("interrupt", [True, False])
def test_a_line_is_read_as_it_comes(port: Any, interrupt: bool) -> None:
    bench = port(interrupt=interrupt)
    uart = bench.overlay.uart
    bench.line.type("one\r\ntwo\nthr")
    start = bench.clock.now()
    assert uart.readline() == b"one\r\n"
    assert bench.clock.now() - start == pytest.approx(5 * CHARACTER, rel=0.05 if interrupt else 0.5)
    assert uart.readline() == b"two\n"
    start = bench.clock.now()
    assert uart.readline(timeout=0.5) == b"thr", "what has come of it"
    assert bench.clock.now() - start == pytest.approx(0.5, abs=0.01)
    assert uart.receive(4, timeout=0.01) == b""


@pytest.mark.parametrize("interrupt", [True, False])
def test_sizes_and_ends(port: Any, interrupt: bool) -> None:
    bench = port(interrupt=interrupt)
    uart = bench.overlay.uart
    bench.line.type(b"0123456789;abcdef")
    assert uart.receive(3) == b"012"
    assert uart.read_until(b";", size=4) == b"3456"
    assert uart.read_until(b";") == b"789;"
    assert uart.receive(), "at least one"
    assert uart.receive(100, timeout=1)[-1:] == b"f"
    assert uart.receive(0) == b""
    buffer = bytearray(4)
    bench.line.type(b"xy")
    assert (uart.readinto(buffer), buffer) == (2, b"xy\0\0")


def test_what_waits_is_told(port: Any) -> None:
    bench = port(autojump=False)
    uart = bench.overlay.uart
    assert uart.in_waiting == 0
    bench.line.type(b"abc")
    bench.clock.advance(2.5 * CHARACTER)
    assert uart.in_waiting == 2
    bench.clock.advance(1)
    uart.reset_input_buffer()
    assert uart.in_waiting == 0


def test_lines_one_after_the_other(port: Any) -> None:
    bench = port()
    bench.line.type("a\nb\nc\n")
    bench.overlay.uart.timeout = 0.1
    assert list(bench.overlay.uart) == [b"a\n", b"b\n", b"c\n"]


def test_characters_that_nobody_reads_are_lost_and_that_is_said(port: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench = port(autojump=False)
    uart = bench.overlay.uart
    bench.line.type(bytes(range(40)))
    bench.clock.advance(1)
    with caplog.at_level(logging.WARNING):
        assert uart.receive(100, timeout=0) == bytes(range(16))
    assert uart.errors == {"overrun": 1}
    assert caplog.messages == ["uart: characters were lost: its FIFO was full. Read sooner, or within `with uart:`"]
    uart.clear_errors()
    assert uart.errors == {}


def test_within_with_nothing_is_lost(port: Any) -> None:
    bench = port(autojump=False)
    with bench.overlay.uart as uart:
        bench.line.type(bytes(range(100)))
        for _ in range(120):
            bench.clock.advance(CHARACTER)
        assert uart.receive(100, timeout=0) == bytes(range(100))
        assert uart.errors == {}
    assert not uart.mmio.read(r.STAT) & r.INTERRUPTS, "switched off again"


def test_faults_of_the_line_are_counted(port: Any) -> None:
    bench = port(C_USE_PARITY=1, C_ODD_PARITY=1)
    uart = bench.overlay.uart
    assert str(uart.format) == "8O1"
    bench.line.type(b"a")
    assert uart.receive(1) == b"a"
    bench.line.type(b"b", wrong_parity=True)
    assert uart.receive(1) == b"b", "it is received all the same"
    bench.line.type(b"c", no_stop=True)
    assert uart.receive(1, timeout=0.01) == b""
    assert uart.errors == {"parity": 1, "frame": 1}


def test_an_other_end_of_another_speed_garbles(port: Any) -> None:
    bench = port()
    bench.line.baud = 19200
    bench.line.type(b"hello")
    assert bench.overlay.uart.receive(5, timeout=0.1) != b"hello"
    bench.overlay.uart.write(b"U")
    bench.overlay.uart.flush()
    assert bench.line.take() != b"U"
    bench.line.baud = 9700  # one percent does no harm
    bench.line.type(b"hello")
    bench.overlay.uart.reset_input_buffer()
    assert bench.overlay.uart.receive(5) == b"hello"


def test_a_loop_back_plug(port: Any) -> None:
    bench = port()
    bench.line.connect(bench.line)
    bench.overlay.uart.write(b"echo\n")
    assert bench.overlay.uart.readline() == b"echo\n"
    bench.line.connect(None)
    bench.overlay.uart.write(b"x")
    assert bench.overlay.uart.receive(1, timeout=0.1) == b""


def test_a_terminal_that_answers(port: Any) -> None:
    bench = port()
    asked = bytearray()

    def answer(data: bytes) -> None:
        asked.extend(data)
        if asked.endswith(b"\r"):
            bench.line.type(b"OK\r\n")

    undo = bench.line.on_seen(answer)
    bench.overlay.uart.write("AT\r")
    assert bench.overlay.uart.readline() == b"OK\r\n"
    undo()
    undo()
    assert bytes(asked) == b"AT\r"


def test_coroutines(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart

    async def pass_time(seconds: float) -> None:
        for _ in range(int(seconds / CHARACTER)):
            bench.clock.advance(CHARACTER)
            for _ in range(4):
                await asyncio.sleep(0)

    async def scene() -> None:
        line = asyncio.create_task(uart.readline_async())
        await asyncio.sleep(0)
        bench.line.type("hello\nrest")
        await pass_time(20 * CHARACTER)
        assert await line == b"hello\n"
        late = asyncio.create_task(uart.receive_async(10, timeout=5 * CHARACTER))
        await asyncio.sleep(0)
        await pass_time(10 * CHARACTER)
        assert await late == b"rest"
        cancelled = asyncio.create_task(uart.receive_async(3))
        await asyncio.sleep(0)
        bench.line.type("ab")
        await pass_time(5 * CHARACTER)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert await uart.receive_async(2, timeout=0) == b"ab", "it took nothing"
        sending = asyncio.create_task(uart.write_async(bytes(40)))
        await asyncio.sleep(0)
        await pass_time(60 * CHARACTER)
        assert await sending == 40
        flushing = asyncio.create_task(uart.flush_async(timeout=1))
        await asyncio.sleep(0)
        await pass_time(60 * CHARACTER)
        await flushing
        bench.line.type("x\ny\n")
        uart.timeout = 4 * CHARACTER
        passing = asyncio.create_task(pass_time(30 * CHARACTER))
        assert [line async for line in uart] == [b"x\n", b"y\n"]
        await passing

    asyncio.run(scene())
    assert len(bench.line.take()) == 40


def test_one_who_waits_learns_that_the_overlay_has_gone(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart

    async def scene() -> None:
        line = asyncio.create_task(uart.readline_async(timeout=None))
        for _ in range(5):
            await asyncio.sleep(0)
        bench.overlay.free()
        with pytest.raises(StaleOverlayError):
            await line

    asyncio.run(scene())


def test_a_late_write(port: Any) -> None:
    bench = port()
    with pytest.raises(TimeoutError) as caught:
        bench.overlay.uart.write(bytes(40), timeout=5 * CHARACTER)
    assert str(caught.value).startswith("uart could not send in time: ")
    assert str(caught.value).endswith(" of 40 characters were taken")
    bench.overlay.uart.reset_output_buffer()
    bench.overlay.uart.flush(timeout=1)
    bench.overlay.uart.write(bytes(16))
    with pytest.raises(TimeoutError, match=r"^uart could not send in time: characters are still in the FIFO$"):
        bench.overlay.uart.flush(timeout=CHARACTER)


def test_threads_take_turns(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart
    writers = [threading.Thread(target=uart.write, args=(letter * 100,)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    uart.flush()
    assert bench.line.take() in (b"a" * 100 + b"b" * 100, b"b" * 100 + b"a" * 100)


def test_as_a_file_of_pythons(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart
    raw = uart.raw(timeout=0.1)
    assert isinstance(raw, io.RawIOBase)
    with io.TextIOWrapper(io.BufferedRWPair(uart.raw(timeout=0.1), raw), newline="\n", write_through=True) as text:
        bench.line.type("größer\nweiter")
        assert text.readline() == "größer\n"
        print("über", file=text, flush=True)
    assert bench.line.take() == "über\n".encode()
    assert raw.closed
    with pytest.raises(ValueError, match="closed"):
        raw.write(b"x")
    assert uart.receive(6) == b"weiter", "what that file did not read"
    other = uart.raw(timeout=0.01)
    assert other.read(4) is None, "nothing within the timeout"
    bench.line.type("weiter")
    assert other.read(100) == b"w", "what is there"
    with pytest.raises(io.UnsupportedOperation, match=r"^uart is registers, not a file of the operating system$"):
        other.fileno()
    assert (uart.readable(), uart.writable(), uart.seekable(), uart.isatty()) == (True, True, False, True)


def test_registers_are_still_reached(port: Any) -> None:
    bench = port(autojump=False)
    uart = bench.overlay.uart
    assert uart.write(r.TX_FIFO, 0x41) is None, "the register write of every IP"
    bench.clock.advance(1)
    assert bench.line.seen == b"A"
    assert uart.mmio.read(r.STAT) == r.TX_EMPTY
    assert bench.overlay.read(uart.mmio.base_addr + r.STAT) == r.TX_EMPTY
    uart.TX_FIFO = 0x42
    bench.clock.advance(1)
    assert bench.line.take() == b"AB"


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (
            lambda uart: uart.write(5),
            TypeError,
            "uart.write sends bytes or text, not 5; a register is written by write(offset, value)",
        ),
        (lambda uart: uart.receive(-1), ValueError, "uart.receive takes a number of characters, not -1; None is what there is"),
        (lambda uart: uart.receive(1, timeout=-1), ValueError, "a timeout is 0 or more seconds, or None to wait for ever, not -1"),
        (lambda uart: uart.read_until(b""), ValueError, "uart.read_until ends with bytes such as b'\\r\\n', not b''"),
        (
            lambda uart: setattr(uart, "baudrate", 115200),
            AttributeError,
            "uart has 9600 baud by design (C_BAUDRATE); it cannot be changed by software",
        ),
    ],
)
def test_mistakes_are_told_before_the_bus_is_touched(port: Any, action: Any, error: type[Exception], message: str) -> None:
    bench = port()

    def attempt() -> None:
        with pytest.raises(error) as caught:
            action(bench.overlay.uart)
        assert str(caught.value) == message

    assert bench.accesses("uart", attempt) == []


def test_waiting_puts_little_on_the_bus(port: Any) -> None:
    bench = port()
    uart = bench.overlay.uart
    bench.line.type("0123456789\n")
    accesses = bench.accesses("uart", uart.readline)
    assert len([entry for entry in accesses if entry[:2] == ("read", r.RX_FIFO)]) == 11
    assert len(accesses) <= 11 + 3 * 11 + 4, "for each character its own read, and looks before, after, and at what came between"


def test_where_edges_are_taken_nothing_is_missed(build: Any, block: Any) -> None:
    given = {"C_BAUDRATE": 115200, "C_DATA_BITS": 8}
    one = block("uart", "xilinx.com:ip:axi_uartlite:2.0", 0x42C0_0000, given, ("interrupt",))
    bench = build(one, controller={"C_KIND_OF_INTR": "0xFFFFFFFF"}, autojump=False)
    line = bench.model("uart").line
    line.type("before")
    bench.clock.advance(1e-3)
    with bench.overlay.uart as uart:
        line.type(bytes(range(100)))
        for _ in range(300):
            bench.clock.advance(40e-6)  # about half of a character
        assert uart.receive(106, timeout=0) == b"before" + bytes(range(100))


def test_a_design_that_lists_no_registers(build: Any, block: Any) -> None:
    bench = build(block("uart", "xilinx.com:ip:axi_uartlite:2.0", 0x42C0_0000, {"C_BAUDRATE": 9600}))
    uart = bench.overlay.uart
    assert [handle.name for handle in uart.registers.registers.values()] == ["RX_FIFO", "TX_FIFO", "STAT_REG", "CTRL_REG"]
    assert bench.accesses("uart", lambda: (repr(uart.register_map), uart.snapshot(), uart.registers.refresh())) == []
