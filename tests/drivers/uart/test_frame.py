"""Frames: each character through each framing, and what a wrong speed does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.uart.frame import PARITIES, Format, receive

formats = st.builds(Format, st.integers(5, 8), st.sampled_from(PARITIES), st.sampled_from([1, 1.5, 2]))


@given(formats, st.integers(0, 255), st.floats(0.96, 1.04))
def test_what_is_sent_is_received_where_the_speeds_are_near(format: Format, value: int, ratio: float) -> None:
    got = receive(format.levels(value), ratio, format)
    assert (got.value, got.parity_error, got.frame_error, got.is_break) == (value & (1 << format.bits) - 1, False, False, False)


@given(formats, st.integers(0, 255))
def test_faults_are_seen(format: Format, value: int) -> None:
    assert receive(format.levels(value, no_stop=True), 1, format).frame_error
    if format.parity != "none":
        assert receive(format.levels(value, wrong_parity=True), 1, format).parity_error


def test_a_break_is_low_all_the_time() -> None:
    assert receive((0,) * 12, 1, Format(8, "odd")).is_break
    assert not receive((0,) * 12, 0.5, Format(8)).value
    assert not receive(Format(8, "odd").levels(0, no_stop=True), 1, Format(8, "odd")).is_break, "its parity bit was high"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bits": 9}, "a character has 5 to 8 data bits, not 9"),
        ({"parity": "odd "}, "the parity is one of none, odd, even, mark, space, not 'odd '"),
        ({"stop": 0}, "a character has 1, 1.5 or 2 stop bits, not 0"),
    ],
)
def test_what_is_no_framing(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared below
        Format(**arguments)
    assert str(caught.value) == message


def test_ports_that_the_design_connects(build: Any, block: Any) -> None:
    pins = {"a": (("tx", "O"), ("rx", "I")), "b": (("sout", "O"), ("sin", "I"))}
    lite = block("a", "xilinx.com:ip:axi_uartlite:2.0", 0x42C0_0000, {"C_BAUDRATE": 9600}, ("interrupt",), pins=pins["a"])
    other = block("b", "xilinx.com:ip:axi_uart16550:2.0", 0x43C0_0000, {"C_IS_A_16550": 1}, ("ip2intc_irpt",), pins=pins["b"])
    bench = build(lite, other, wires=[("a", "tx", "b", "sin"), ("b", "sout", "a", "rx")])
    assert bench.overlay.b.baudrate
    bench.overlay.a.write(b"ping")
    assert bench.overlay.b.receive(4) == b"ping"
    bench.overlay.b.write(b"pong")
    assert bench.overlay.a.receive(4) == b"pong"
    assert bench.model("a").line.seen == b"ping", "a probe at the wire sees it, too"


def test_a_port_that_the_design_connects_to_itself(build: Any, block: Any) -> None:
    pins = (("tx", "O"), ("rx", "I"))
    one = block("a", "xilinx.com:ip:axi_uartlite:2.0", 0x42C0_0000, {"C_BAUDRATE": 9600}, ("interrupt",), pins=pins)
    bench = build(one, wires=[("a", "tx", "a", "rx")])
    bench.overlay.a.write(b"echo")
    assert bench.overlay.a.receive(4) == b"echo"


def test_two_ports_on_one_cable(build: Any, block: Any) -> None:
    blocks = [
        block(name, "xilinx.com:ip:axi_uartlite:2.0", base, {"C_BAUDRATE": 9600}, ("interrupt",))
        for name, base in (("a", 0x42C0_0000), ("b", 0x42C1_0000))
    ]
    bench = build(*blocks)
    here, there = bench.model("a").line, bench.model("b").line
    here.connect(there)
    bench.overlay.a.write(b"ping")
    assert bench.overlay.b.receive(4) == b"ping"
    bench.overlay.b.write(b"pong")
    assert bench.overlay.a.receive(4) == b"pong"
    assert repr(here) == "<the other end of a: 9600 baud, 8N1>"
    there.connect(there)
    bench.overlay.a.write(b"lost")
    assert bench.overlay.b.receive(1, timeout=0.1) == b"", "a cable has two ends"
