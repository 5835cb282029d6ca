"""Which register of an HLS core is which argument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.design import Field, Register, hls, read_design


def word(name: str, offset: int, width: int = 32, access: str = "read-write", field: str | None = None) -> Register:
    fields = (Field(field or name, 0, width, access, "", None, None),)  # type: ignore[arg-type]
    if width < 32:
        fields += (Field("RESERVED", width, 32 - width, "read-only", "", "modify", None),)
    return Register(name, offset, 32, access, 0, "", fields, False)  # type: ignore[arg-type]


def told(*registers: Register, controlled: bool = True) -> list[tuple[Any, ...]]:
    return [
        (argument.name, argument.source_name, argument.width, len(argument.registers), argument.valid is not None)
        for argument in hls.arguments(hls.described(registers), controlled)
    ]


def test_adjacent_halves_are_one_argument() -> None:
    assert told(word("x_1", 0x10, field="x"), word("x_2", 0x14, field="x"), word("n", 0x1C, 5)) == [
        ("x", "x", 64, 2, False),
        ("n", "n", 5, 1, False),
    ]


def test_what_hls_took_apart_has_gaps_and_stays_apart() -> None:
    """``c1_0``, ``c1_1``, ``c1_2`` are the elements of an array (PYNQ's color_convert), not the halves of one argument ``c1``."""
    assert [name for name, *_ in told(word("c1_0", 0x10, 10), word("c1_1", 0x18, 10), word("c1_2", 0x20, 10))] == ["c1_0", "c1_1", "c1_2"]


def test_more_than_64_bits() -> None:
    assert told(*(word(f"wide_{n + 1}", 0x10 + 4 * n) for n in range(4))) == [("wide", "wide", 128, 4, False)]


def test_the_handshake_is_no_argument() -> None:
    assert told(word("c", 0x20), word("c_ctrl", 0x24, 1, "read-only", "c_ap_vld")) == [("c", "c", 32, 1, True)]
    assert told(word("fan_ctrl", 0x20)) == [("fan_ctrl", "fan_ctrl", 32, 1, False)]


@pytest.mark.parametrize(("register", "source"), [("length_r", "length"), ("ap_return", "return"), ("gain", "gain"), ("in_V", "in_V")])
def test_names_in_c(register: str, source: str) -> None:
    assert told(word(register, 0x10))[0][:2] == (register, source)
    assert hls.words_of(hls.described([word(register, 0x10)]), register)[0].name == register


def test_arguments_begin_behind_the_control_registers_where_there_are_some() -> None:
    registers = [word("CTRL", 0, field="AP_START"), word("GIER", 4), word("a", 0x10)]
    assert hls.control_register(registers) is registers[0]
    assert [name for name, *_ in told(*registers)] == ["a"]
    assert [name for name, *_ in told(word("a", 0), controlled=False)] == ["a"]
    assert hls.control_register(registers[1:]) is None


def test_an_inout_is_found_by_its_name() -> None:
    registers = hls.described([word("x_i", 0x10), word("x_o", 0x18), word("p_1", 0x20, field="p"), word("p_2", 0x24, field="p")])
    assert [r.name for r in hls.words_of(registers, "x")] == ["x_o"]
    assert [r.name for r in hls.words_of(registers, "p")] == ["p_1", "p_2"]
    assert hls.words_of(registers, "y") == ()


def test_real_cores(hwh_folder: Path) -> None:
    """Every core of the real designs: each register from 0x10 on belongs to one argument, and nothing is taken twice."""
    cores = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        for module in read_design(path).modules.values():
            for block in module.blocks:
                if not hls.is_core(module.vlnv, block.registers):
                    continue
                cores += 1
                controlled = hls.control_register(block.registers) is not None
                found = hls.arguments(hls.described(block.registers), controlled)
                taken = [register.name for argument in found for register in (*argument.registers, *filter(None, [argument.valid]))]
                assert taken == list(dict.fromkeys(taken))
                assert set(taken) == {r.name for r in block.registers if r.offset >= hls.FIRST_ARGUMENT or not controlled}
    assert cores > 50


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        (("AP_START", "AP_DONE", "AP_IDLE", "AP_READY", "AUTO_RESTART"), {"AP_DONE", "AP_READY"}),
        (("sum_ap_vld",), {"sum_ap_vld"}),
        (("CHAN0_INT_ST", "CHAN1_INT_ST", "RESERVED"), {"CHAN0_INT_ST", "CHAN1_INT_ST"}),
        (("ap_done",), set()),
        (("ENABLE", "CHAN0_INT_EN"), set()),
    ],
)
def test_names_tell_what_a_read_changes(fields: tuple[str, ...], changed: set[str]) -> None:
    assert hls.changed_by_reading(fields) == changed
