"""DFX Controller: its parameters, and the registers of the guide. What it loads is tested with regions (tests/overlay/regions)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.dfx_controller import registers as r
from pynq_drivers.dfx_controller.driver import DfxController
from pynq_drivers.dfx_controller.tcl import parse
from pynq_widgets import DefaultIP

VLNV = "xilinx.com:ip:dfx_controller:1.0"
ONE = "HAS_AXI_LITE_IF 1 VS {shift {ID 0 NAME shift NUM_TRIGGERS_ALLOCATED 2 RM {left {ID 0 NAME left} right {ID 1 NAME right}}}}"
TWO = ONE[:-1] + " count {ID 1 NAME count NUM_TRIGGERS_ALLOCATED 4 RM {up {ID 0} down {ID 1} still {ID 2}}}}"

# PG374, "Register Space": offset, reset value, what of all ones is kept in shutdown (None: a command, or a trigger).
REGISTERS: dict[str, tuple[int, int, int | None]] = {
    "shift_STATUS": (0x00, 0, None),  # test_the_status_follows_the_commands
    "shift_SW_TRIGGER": (0x04, 0, None),  # tests/overlay/regions/test_loaders.py
    "shift_TRIGGER0": (0x20, 0, 0xFFFF),
    "shift_TRIGGER1": (0x24, 1, 0xFFFF),
    "shift_RM_BS_INDEX0": (0x40, 0, 0xFFFF),
    "shift_RM_CONTROL0": (0x44, 0, 0x1FFF),
    "shift_RM_BS_INDEX1": (0x48, 1, 0xFFFF),
    "shift_RM_CONTROL1": (0x4C, 0, 0x1FFF),
    "shift_BS_ID0": (0x60, 0, 0xFFFF),
    "shift_BS_ADDRESS0": (0x64, 0, 0xFFFF_FFFF),
    "shift_BS_SIZE0": (0x68, 0, 0xFFFF_FFFF),
    "shift_BS_ID1": (0x70, 0, 0xFFFF),
    "shift_BS_ADDRESS1": (0x74, 0, 0xFFFF_FFFF),
    "shift_BS_SIZE1": (0x78, 0, 0xFFFF_FFFF),
}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    """A controller of one socket with two modules."""
    return build(block("controller", VLNV, 0x4000_0000, {"ALL_PARAMS": ONE}, masters=("M_AXI_MEM",), clocks=("clk",)))


def test_every_register_of_the_guide(bench: Any) -> None:
    controller = bench.overlay.controller
    assert type(controller) is DfxController
    assert {name: handle.offset for name, handle in controller.registers.registers.items()} == {n: row[0] for n, row in REGISTERS.items()}
    for name, (offset, reset, kept) in REGISTERS.items():
        assert controller.read(offset) == reset, name
        if kept is not None:
            controller.write(offset, 0xFFFF_FFFF)
            assert controller.read(offset) == reset, f"{name} can be written only in shutdown"
    controller.sockets["shift"].shutdown()
    for name, (offset, reset, kept) in REGISTERS.items():
        if kept is not None:
            controller.write(offset, 0xFFFF_FFFF)
            assert controller.read(offset) == kept, name
            controller.write(offset, reset)
            assert controller.read(offset) == reset, name


def test_the_status_follows_the_commands(bench: Any) -> None:
    socket = bench.overlay.controller.sockets["shift"]
    assert socket.status()[:4] == ("empty", "", False, 0)
    log = bench.accesses("controller", socket.shutdown)
    assert log == [("write", 0, 0), ("read", 0)]
    assert socket.status().shutdown
    assert bench.accesses("controller", socket.restart) == [("write", 0, 1), ("read", 0)]
    socket.shutdown()
    assert bench.accesses("controller", lambda: socket.restart("right")) == [("write", 0, 2 | 1 << 8 | 1 << 16), ("read", 0)]
    assert socket.status()[:4] == ("full", "", False, 1)
    assert bench.accesses("controller", socket.proceed) == [("write", 0, 3)]
    assert repr(socket) == "<virtual socket controller.shift: left, right>"


def test_addresses_are_made_for_the_largest_bank() -> None:
    made = r.made_of({"ALL_PARAMS": TWO})
    assert [(s.number, s.name, s.triggers, len(s.modules)) for s in made.sockets] == [(0, "shift", 2, 2), (1, "count", 4, 3)]
    assert made.bits == 4  # three bitstreams of four words
    assert (made.at(0, r.TRIGGERS, 0), made.at(0, r.BITSTREAMS, 1), made.at(1, r.GENERAL, 0)) == (0x40, 0xC4, 0x100)
    for socket, bank, number in ((0, 0, 1), (1, 3, 9), (1, 1, 3)):
        assert made.where(made.at(socket, bank, number)) == (socket, bank, number)


@pytest.mark.parametrize("parameters", [{}, {"ALL_PARAMS": "VS {}"}, {"ALL_PARAMS": "VS {a {ID 0}}"}, {"ALL_PARAMS": "VS {a {"}])
def test_a_design_that_says_nothing_of_its_sockets(build: Any, block: Any, parameters: dict[str, str]) -> None:
    bench = build(block("controller", VLNV, 0x4000_0000, parameters, clocks=("clk",)))
    with pytest.warns(
        UserWarning, match=r"Configuration of controller is not supported by pynq_drivers\.dfx_controller\.driver\.DfxController"
    ):
        assert type(bench.overlay.controller) is DefaultIP


@given(
    st.recursive(
        st.text("abc", min_size=1, max_size=4), lambda inner: st.dictionaries(st.text("xyz", min_size=1, max_size=3), inner, max_size=3)
    )
)
def test_what_is_written_as_tcl_is_read(value: Any) -> None:
    def written(value: Any) -> str:
        return value if isinstance(value, str) else "{" + " ".join(f"{name} {written(each)}" for name, each in value.items()) + "}"

    assert parse(f"top {written(value)}") == {"top": value}


@given(st.text("{} ab\n", max_size=40))
def test_anything_else_is_a_value_error(text: str) -> None:
    told = ""
    try:
        assert isinstance(parse(text), dict)
    except ValueError as error:
        told = str(error)
    assert not told or "this is no dictionary of Tcl" in told
