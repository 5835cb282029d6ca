from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.access.describe import FieldInfo, RegisterInfo, registers_of
from pynq_widgets.access.planner import Guards, Span, guard, plan, word_range

FIFO = (FieldInfo("DATA", 0, 8, "read-only", "", "modify"),)


def reg(offset, name="", *, width=32, access="read-write", fields=()):
    return RegisterInfo(name or f"R{offset:x}", offset, width, access, fields)


@pytest.mark.parametrize(
    ("register", "reason"),
    [
        (reg(0), None),
        (reg(0, width=64), None),
        (reg(0, width=1), None),
        (reg(0, access="write-only"), "write-only"),
        (reg(0, fields=FIFO), "reading changes DATA"),
        (reg(0, fields=(FieldInfo("ap_done", 1, 1, "read-only", "", "clear"), *FIFO)), "reading clears ap_done and reading changes DATA"),
        (
            reg(0, fields=tuple(FieldInfo(f"F{n}", n, 1, "read-only", "", "clear") for n in range(6))),
            "reading clears F0, F1, F2 and 3 more",
        ),
        (RegisterInfo("R", 0, reads_destroy=True), "reading changes it"),
        (RegisterInfo("R", 0, guard="reading takes a byte"), "reading takes a byte"),
        (reg(2), "its offset 0x2 is not that of a whole word"),
        (reg(0, width=128), "its width of 128 bits is not that of a register"),
        (reg(0, width=0), "its width of 0 bits is not that of a register"),
        ({"address_offset": 0, "size": 32, "access": "read-write"}, None),
        (
            {"address_offset": 0, "size": 32, "fields": {"OVR": {"bit_offset": 0, "bit_width": 1, "read_action": "clear"}}},
            "reading clears OVR",
        ),
    ],
)
def test_why_a_register_is_not_read_unasked(register, reason):
    assert guard(register) == reason


def test_an_array_is_no_register():
    @dataclass
    class Array:
        name: str = "weights"
        offset: int = 0x100
        width: int = 1024
        access: str = "read-write"
        fields: tuple = ()
        reads_destroy: bool = False
        is_memory: bool = True

    assert guard(Array()) == "it is an array of 128 bytes"
    assert plan([Array(), reg(0x140), reg(0x180)]) == (Span(0x180, 1),)


@pytest.mark.parametrize(
    ("registers", "spans"),
    [
        ([], ()),
        ([reg(0), reg(4), reg(8)], (Span(0, 3),)),
        ([reg(8), reg(0), reg(4)], (Span(0, 3),)),
        ([reg(0), reg(8)], (Span(0, 1), Span(8, 1))),  # what lies between is unknown
        ([reg(0), reg(4, fields=FIFO), reg(8)], (Span(0, 1), Span(8, 1))),
        ([reg(0), reg(4, width=64), reg(12, width=8)], (Span(0, 4),)),
        ([reg(0), reg(0, "again", access="write-only"), reg(4)], (Span(4, 1),)),
        ([reg(0, width=64), reg(4, "high", fields=FIFO), reg(8)], (Span(8, 1),)),
        ([reg(1 << 40), reg((1 << 40) + 4)], (Span(1 << 40, 2),)),
    ],
)
def test_spans(registers, spans):
    assert plan(registers) == spans


def test_harmless_words_between_are_read_in_passing_up_to_a_limit():
    block = [reg(4 * n) for n in range(64)]
    assert plan([block[0], block[10]], block) == (Span(0, 11),)
    assert plan([block[0], block[10]], block, bridge=8) == (Span(0, 1), Span(40, 1))
    assert plan([block[0], block[60]], block) == (Span(0, 1), Span(240, 1))
    block[5] = reg(20, fields=FIFO)
    assert plan([block[0], block[10]], block) == (Span(0, 1), Span(40, 1))


def test_what_cannot_be_reached_is_left_out():
    assert plan([reg(0), reg(4), reg(8, width=64)], size=12) == (Span(0, 2),)


def test_a_span_in_bytes():
    assert (Span(8, 3).nbytes, Span(8, 3).stop) == (12, 20)


REGISTERS = st.lists(
    st.builds(
        lambda n, width, access, guarded: RegisterInfo(f"R{n}", n, width, access, FIFO if guarded else ()),
        st.one_of(st.integers(0, 40).map(lambda n: 4 * n), st.integers(0, 160)),
        st.sampled_from([1, 8, 16, 32, 32, 32, 64, 96, 1024]),
        st.sampled_from(["read-write", "read-write", "read-only", "write-only"]),
        st.integers(0, 5).map(lambda n: n == 0),
    ),
    max_size=30,
)


def forbidden_and_known(registers):
    """Word by word, the slow and plain way."""
    forbidden, known = set(), set()
    for register in registers:
        words = range(register.offset // 4, max(register.offset // 4 + 1, -(-(8 * register.offset + register.width) // 32)))
        (known if guard(register) is None else forbidden).update(words)
    return forbidden, known


def check_plan(wanted, among, spans):
    forbidden, known = forbidden_and_known(among)
    touched = [word for span in spans for word in range(span.offset // 4, span.stop // 4)]
    assert not forbidden & set(touched)
    assert set(touched) <= known
    assert len(touched) == len(set(touched))
    for register in wanted:
        words = set(range(*word_range(register)))
        if guard(register) is None and not words & forbidden:
            assert any(words <= set(range(span.offset // 4, span.stop // 4)) for span in spans)


@given(REGISTERS, st.integers(0, 20), st.data())
def test_no_plan_touches_a_guarded_or_unknown_word_and_none_is_missed(among, bridge, data):
    wanted = data.draw(st.lists(st.sampled_from(among), unique_by=id)) if among else []
    check_plan(wanted, among, plan(wanted, among, bridge=bridge))
    spans = plan(among)
    check_plan(among, among, spans)
    # Fewest: no two could be one.
    assert all(before.stop < after.offset for before, after in pairwise(spans))


@given(REGISTERS)
def test_guards_are_found_wherever_they_reach(registers):
    forbidden, _ = forbidden_and_known(registers)
    guards = Guards(registers)
    for word in range(80):
        assert (guards.over(word, word + 1) is not None) == (word in forbidden)


def test_every_real_design(hwh_folder):
    from pynq_widgets.design import DesignError, read_design

    blocks = guarded = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        try:
            design = read_design(path)
        except DesignError:
            continue  # that every one of them loads is the design room's test
        for module in design.modules.values():
            for block in module.blocks:
                if block.registers:
                    registers = registers_of(block)
                    check_plan(registers, registers, plan(block))
                    blocks += 1
                    guarded += sum(guard(register) is not None for register in registers)
    assert blocks > 300
    assert guarded > 300
