"""DFX Decoupler: the register of the guide and its pins. Before a region: tests/overlay/regions/test_decoupling.py."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.dfx_decoupler.driver import DfxDecoupler

# PG375, "Register Space": offset, reset value, bits that can be written.
REGISTERS = {"DECOUPLE": (0x0, 0, 1)}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    """One with a register, between two cores; its pins lead nowhere."""
    decoupler = block(
        "decoupler",
        "xilinx.com:ip:dfx_decoupler:1.0",
        0x4000_0000,
        pins=(("decouple", "I"), ("decouple_status", "O")),
        interface="s_axi_reg",
    )
    streams = [("source", "m", "decoupler", "s_in"), ("decoupler", "rp_in", "sink", "s")]
    ends = [block(name, "v:l:end:1.0", 0x4500_0000 + (at << 16)) for at, name in enumerate(("source", "sink"))]
    return build(decoupler, *ends, streams=streams)


def test_every_register_of_the_guide(bench: Any, walk: Any) -> None:
    assert type(bench.overlay.decoupler) is DfxDecoupler
    walk(bench.overlay.decoupler, REGISTERS)


def test_each_call_is_one_access(bench: Any) -> None:
    decoupler = bench.overlay.decoupler
    assert decoupler.controllable
    assert bench.accesses("decoupler", decoupler.decouple) == [("write", 0, 1)]
    assert bench.accesses("decoupler", lambda: decoupler.decoupled) == [("read", 0)]
    assert (decoupler.decoupled, bench.device.probe("decoupler/decouple_status")) == (True, 1)
    assert bench.accesses("decoupler", decoupler.couple) == [("write", 0, 0)]
    assert (decoupler.decoupled, bench.device.probe("decoupler/decouple_status")) == (False, 0)


def test_the_pin_and_the_register_are_ored(bench: Any) -> None:
    decoupler = bench.overlay.decoupler
    bench.device.drive("decoupler/decouple", 1)
    assert decoupler.decoupled
    decoupler.decouple()
    bench.device.drive("decoupler/decouple", 0)
    assert decoupler.decoupled
    decoupler.couple()
    assert not decoupler.decoupled


def test_streams_wait_while_it_is_decoupled(bench: Any) -> None:
    bench.overlay.decoupler.decouple()
    source, sink = bench.device.stream("source", "m"), bench.device.stream("sink", "s")
    source.send(b"abcd")
    bench.device.settle()
    assert (source.available, sink.available) == (4, 0)
    assert source.standing.endswith(": decoupler is decoupled")
    bench.overlay.decoupler.couple()
    assert (source.available, bytes(sink.receive()[0])) == (0, b"abcd")


def test_one_that_hardware_works_is_left_to_it(build: Any, block: Any) -> None:
    bench = build(block("decoupler", "xilinx.com:ip:dfx_decoupler:1.0", None, pins=(("decouple", "I"),)))
    decoupler = bench.overlay.decoupler
    assert type(decoupler) is DfxDecoupler
    assert not decoupler.controllable
    said = r"^decoupler has no register that software sees, and its decouple pin hangs on no GPIO: hardware works it$"
    for call in (decoupler.decouple, decoupler.couple, lambda: decoupler.decoupled):
        with pytest.raises(RuntimeError, match=said):
            call()
