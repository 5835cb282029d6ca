"""The terminal: what the page is told, and what it may ask."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.uart.panel import SHOWN, readable
from pynq_drivers.uart.transcript import Transcript
from pynq_widgets import showing


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    registers = (("RX_FIFO", 0, "read-only"), ("TX_FIFO", 4, "write-only"), ("STAT_REG", 8, "read-only"), ("CTRL_REG", 12, "write-only"))
    return build(block("uart", "xilinx.com:ip:axi_uartlite:2.0", 0x42C0_0000, {"C_BAUDRATE": 9600}, ("interrupt",), registers=registers))


def test_looking_touches_no_hardware(bench: Any, page: Any) -> None:
    uart = bench.overlay.uart
    assert uart.panel() is uart.panel()
    shown = page(uart.panel())
    assert bench.accesses("uart", shown.reads) == []
    assert shown.panel.look() == {"setting": "9600 baud, 8N1", "errors": "", "other_end": True, "waiting": 0, "pieces": []}


def test_one_types_as_the_other_end(bench: Any, page: Any) -> None:
    uart = bench.overlay.uart
    shown = page(uart.panel())
    assert shown.asks("type", text="AT", end="CR") is None
    assert shown.panel.look()["waiting"] == 3
    assert uart.read_until(b"\r") == b"AT\r"
    uart.write("OK\r\n")
    uart.flush()
    assert shown.reads()["pieces"] == [["other", "AT\\x0d"], ["core", "OK\n"]]
    assert shown.asks("clear") is None
    assert shown.panel.look()["pieces"] == []


def test_what_it_refuses(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.uart.panel())
    assert shown.asks("type", text="x", end="BEL") == "a line ends with one of CR LF, LF, CR, nothing, not 'BEL'"
    assert shown.asks("type", text="x" * 5000) == f"a line has at most {SHOWN} characters, not 5002"


def test_errors_stand_there(bench: Any, page: Any) -> None:
    uart = bench.overlay.uart
    bench.model("uart").line.type(b"x", no_stop=True)
    uart.receive(1, timeout=0.1)
    assert uart.panel().look()["errors"] == "1 frame"


def test_on_a_board_the_driver_talks(bench: Any, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    uart = bench.overlay.uart
    panel = uart.panel()
    line = bench.model("uart").line
    monkeypatch.setattr(type(panel), "model", None)
    shown = page(panel)
    told = panel.look()
    assert (told["other_end"], told["setting"]) == (False, "9600 baud, 8N1")
    assert shown.asks("type", text="out", end="LF") is None
    uart.flush()
    assert line.take() == b"out\n"
    line.type("in")
    assert uart.receive(2) == b"in"
    assert panel.look()["pieces"] == [["core", "out\n"], ["other", "in"]]


def test_as_text_and_html(bench: Any, page: Any) -> None:
    uart = bench.overlay.uart
    uart.write("<b>hi")
    uart.flush()
    bundle = showing.mimebundle(uart.panel())
    assert "9600 baud" in bundle["text/plain"]
    assert "&lt;b&gt;hi" in bundle["text/html"]


def test_a_transcript_keeps_the_newest() -> None:
    transcript = Transcript()
    transcript.add(True, b"")
    for i in range(40):
        transcript.add(bool(i % 2), bytes([i]) * 1000)
    pieces = transcript.pieces()
    assert sum(len(data) for _, data in pieces) == 16384
    assert pieces[-1] == (True, bytes([39]) * 1000)
    assert len(pieces[0][1]) == 384


def test_readable() -> None:
    assert readable("é\tx\r\n".encode() + b"\xff\x07") == "é\tx\n\\xff\\x07"
