"""A field of a register of one word is written by a short way from its second write on: it must do what the long one does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pynq_widgets.access import MMIO, Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo, sensitive_bits

BASE = 0x4000_0000
ACTIONS = [None, "modify", "oneToClear", "oneToSet", "oneToToggle", "zeroToClear", "zeroToSet", "zeroToToggle"]


@st.composite
def registers(draw: Any) -> RegisterInfo:
    """A register whose fields may lie in one another; FIELD is written."""
    fields = [FieldInfo("FIELD", 8, 8, write_action=draw(st.sampled_from(ACTIONS)))]
    for number in range(draw(st.integers(0, 4))):
        low = draw(st.integers(0, 31))
        width = draw(st.integers(1, 32 - low))
        access = draw(st.sampled_from(["read-write", "read-only"]))
        fields.append(FieldInfo(f"F{number}", low, width, access, write_action=draw(st.sampled_from(ACTIONS))))
    ones, zeros = sensitive_bits(fields)
    assume(not ones & zeros)  # a bit that both a 1 and a 0 act on cannot be left alone
    return RegisterInfo("REG", 0, fields=tuple(fields))


WORDS = st.integers(0, 0xFFFF_FFFF)


# `make_spy` is the class of the spies: there is nothing to reset.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registers(), st.lists(st.tuples(WORDS, st.integers(0, 255)), min_size=2, max_size=4), st.integers(0, 7))
def test_the_short_way_does_what_the_long_one_does(
    make_spy: Any, register: RegisterInfo, writes: list[tuple[int, int]], failing: int
) -> None:
    seen = []
    for short in (True, False):
        spy = make_spy()
        handle = Mirror(MMIO(BASE, 0x100, spy), [register])["REG"]
        outcome = []
        for number, (held, value) in enumerate(writes):
            spy.put(0, held)
            if number == failing:
                spy.failing = {BASE}
            if not short:
                handle._merges = False
            try:
                handle.write_field("FIELD", value)
            except OSError as error:
                outcome.append(str(error))
            spy.failing = set()
            outcome.append((spy.taken(), handle.value, handle.state))
        assert handle._merges is short
        seen.append(outcome)
    assert seen[0] == seen[1]


@pytest.fixture
def handle(bus_spy: Any) -> Any:
    fields = (FieldInfo("MODE", 4, 2), FieldInfo("DONE", 12, 1, write_action="oneToClear"), FieldInfo("ALL", 0, 32))
    handle = Mirror(MMIO(BASE, 0x100, bus_spy), [RegisterInfo("REG", 0, fields=fields)])["REG"]
    handle.write_field("MODE", 1)
    handle.write_field("ALL", 0x10)
    bus_spy.taken()
    return handle


def test_where_the_write_fails_what_was_read_is_kept(handle: Any, bus_spy: Any) -> None:
    bus_spy.put(0, 0x1031)
    told: list[set[str]] = []
    handle._mirror.observe(told.append)
    bus_spy.on_read = lambda address: bus_spy.failing.add(BASE)
    with pytest.raises(OSError, match="bus error at 0x40000000"):
        handle.write_field("MODE", 2)
    assert (handle.value, handle.state) == (0x1031, "read")
    assert told == [{"REG"}]
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x21)]


def test_an_interrupt_after_the_read_leaves_it_stale(handle: Any, bus_spy: Any) -> None:
    def interrupted(address: int, data: bytes) -> None:
        raise KeyboardInterrupt

    bus_spy.write_registers = interrupted
    with pytest.raises(KeyboardInterrupt):
        handle.write_field("MODE", 2)
    assert (handle.state, handle.reason) == ("stale", "a write was interrupted, and may have been done")


def test_the_same_again_is_written_and_not_told(handle: Any, bus_spy: Any) -> None:
    handle.write_field("MODE", 1)
    told: list[set[str]] = []
    handle._mirror.observe(told.append)
    bus_spy.taken()
    handle.write_field("MODE", 1)
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x10)]
    handle.write_field("ALL", 0x10)
    assert bus_spy.taken() == [("write", 0, 0x10)]
    assert told == []
