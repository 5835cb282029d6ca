from __future__ import annotations

import json
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.widgets.frames import runs
from pynq_widgets.widgets.table_sheet import Sheet, access_code, column, effects


def sheet_of(registers: list[RegisterInfo], notes: Any = None) -> tuple[Sheet, dict[str, Any]]:
    mirror = Mirror(memoryview(bytearray(0x10000)).cast("I"), registers)
    sheet = Sheet(list(mirror.registers.values()), 0x1000, notes)
    return sheet, json.loads(sheet.to_json())


@pytest.mark.parametrize(
    ("access", "write", "read", "code"),
    [
        ("read-only", None, None, "R"),
        ("write-only", None, None, "W"),
        ("read-write", None, None, "RW"),
        ("read-write", "oneToClear", None, "RW1C"),
        ("read-write", "oneToSet", None, "RW1S"),
        ("write-only", "oneToToggle", None, "W1T"),
        ("read-write", "zeroToClear", None, "RW0C"),
        ("read-only", "oneToClear", "clear", "RC"),
        ("read-write", "clear", "set", "RSWC"),
        ("read-write", "modify", "modify", "RW"),
    ],
)
def test_access_in_the_words_of_register_pages(access: str, write: str | None, read: str | None, code: str) -> None:
    assert access_code(access, write, read) == code


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (FieldInfo("A", 0, 1), ""),
        (FieldInfo("A", 0, 1, write_action="oneToClear"), "writing 1 clears it"),
        (FieldInfo("A", 0, 1, "read-only", write_action="oneToClear", read_action="clear"), "reading clears it"),
        (FieldInfo("A", 0, 1, read_action="modify", write_action="vendor"), "reading changes it, writing: vendor"),
    ],
)
def test_side_effects_in_words(field: FieldInfo, told: str) -> None:
    assert effects(field) == told


def expanded(packed: Any, count: int) -> list[Any]:
    if isinstance(packed, list):
        return packed
    return [packed["all"] if "all" in packed else packed["from"] + row * packed["step"] for row in range(count)]


@given(
    st.lists(st.integers(0, 3) | st.none() | st.sampled_from(["a", "b"]), max_size=8)
    | st.builds(lambda a, b: list(range(a, a + 20 * b, b)), st.integers(0, 9), st.integers(1, 8))
)
def test_a_column_says_the_same_however_it_is_packed(values: list[Any]) -> None:
    assert expanded(json.loads(json.dumps(column(values))), len(values)) == values


@given(st.sets(st.integers(0, 60)))
def test_runs_hold_each_row_once(rows: set[int]) -> None:
    found = runs(rows)
    assert [row for first, count in found for row in range(first, first + count)] == sorted(rows)
    assert all(a[0] + a[1] < b[0] for a, b in pairwise(found))


def test_ten_thousand_registers_of_an_array_are_short() -> None:
    fields = (FieldInfo("EN", 0, 1, description="Enables it"), FieldInfo("MODE", 4, 3))
    sheet, facts = sheet_of([RegisterInfo(f"R{i}", 4 * i, 32, "read-write", fields, 0, "One of many") for i in range(10_000)])
    assert len(sheet.to_json()) < 100_000, "little more than the names"
    assert (facts["columns"]["offset"], facts["columns"]["layout"], len(facts["layouts"])) == ({"from": 0, "step": 4}, {"all": 0}, 1)
    assert facts["texts"] == ["One of many", "Enables it"]


def test_what_javascript_would_round_goes_as_text() -> None:
    _, facts = sheet_of([RegisterInfo("A", 0, 64, "read-write", (), (1 << 64) - 1), RegisterInfo("B", 8, 32, "read-write", (), 7)])
    assert facts["columns"]["reset"] == ["0xffffffffffffffff", 7]


def test_long_descriptions_are_cut_but_found_and_kept_whole() -> None:
    long = "begin " + "x" * 3000 + " end"
    registers = [RegisterInfo(f"R{i}", 4 * i, description=f"{i} {long}{i}q") for i in range(200)]
    registers.append(RegisterInfo("F", 800, fields=(FieldInfo("A", 0, 1, description="A Field of wonder"),)))
    sheet, facts = sheet_of(registers)
    assert sum(map(len, facts["texts"])) <= 50_000
    assert facts["cut"] == [[0, 200]]
    assert sheet.find("END57q") == [57]
    assert sheet.find("wonder field") == [200]
    assert sheet.find("  ") == sheet.find("no such words") == []
    assert sheet.texts.whole(57) == f"57 {long}57q"
    for index in (-1, 10_000):
        with pytest.raises(IndexError):
            sheet.texts.whole(index)


def test_notes_of_what_the_design_has_not_are_left_out() -> None:
    note = SimpleNamespace(unit="V", scale=0.1, format="fixed", labels={})
    sheet, facts = sheet_of([RegisterInfo("A", 0)], {"A": {"": note}, "B": {"": note}})
    assert facts["notes"] == [[0, "", {"unit": "V", "format": "fixed", "scale": 0.1}]]
    assert sheet.labels == {}


def test_a_fixed_point_has_the_sign_that_its_note_says() -> None:
    for signed in (False, True):
        note = SimpleNamespace(format="fixed", scale=0.5, signed=signed, labels={})
        _, facts = sheet_of([RegisterInfo("A", 0)], {"A": {"": note}})
        assert facts["notes"][0][2].get("signed", False) is signed


def test_every_real_design_has_a_sheet(hwh_folder: Any) -> None:
    from pynq_widgets.design import read_design

    count = 0
    for path in sorted(hwh_folder.glob("*.hwh"))[::6]:
        for module in read_design(path).modules.values():
            for block in module.blocks:
                if block.registers:
                    _, facts = sheet_of(list(block.registers))
                    names = expanded(facts["columns"]["name"], facts["count"])
                    assert len(set(names)) == len(block.registers)
                    count += 1
    assert count > 10
