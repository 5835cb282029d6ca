"""Register files against an oracle that goes bit by bit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.design import Field, Register
from pynq_widgets.device.simulated.registerfile import RegisterFile

ACCESSES = ["read-write", "read-only", "write-only"]
READS = [None, "clear", "set", "modify"]
WRITES = [None, "oneToClear", "oneToSet", "oneToToggle", "zeroToClear", "zeroToSet", "zeroToToggle", "clear", "set", "modify"]


def reg(name: str, offset: int, access: str = "read-write", reset: int | None = 0, fields: Any = (), width: int = 32) -> Register:
    return Register(name, offset, width, access, reset, "", tuple(fields), False)  # type: ignore[arg-type]


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, int, list[Field]]:
    """A register of disjoint fields."""
    fields, at = [], 0
    while at < 32 and len(fields) < 6:
        at += draw(st.integers(0, 6))
        width = draw(st.integers(1, 8))
        if at + width > 32:
            break
        access, read, write = draw(st.sampled_from(ACCESSES)), draw(st.sampled_from(READS)), draw(st.sampled_from(WRITES))
        fields.append(Field(f"f{len(fields)}", at, width, access, "", read, write))  # type: ignore[arg-type]
        at += width
    return draw(st.sampled_from(ACCESSES)), draw(st.integers(0, 0xFFFFFFFF)), fields


class Bit:
    """One bit of hardware, said again in other words."""

    def __init__(self, value: int, accesses: set[str], read: str | None = None, write: str | None = None) -> None:
        self.value, self.accesses, self.on_read, self.on_write = value, accesses, read, write

    def read(self) -> int:
        seen = 0 if "write-only" in self.accesses else self.value
        if self.on_read == "clear":
            self.value = 0
        elif self.on_read == "set":
            self.value = 1
        return seen

    def write(self, bit: int) -> None:
        if "read-only" in self.accesses:
            return
        trigger = {"one": 1, "zero": 0}.get((self.on_write or "").partition("To")[0])
        act = (self.on_write or "").partition("To")[2].lower()
        if trigger is not None:
            if bit == trigger:
                self.value = {"clear": 0, "set": 1, "toggle": 1 - self.value}[act]
        elif self.on_write in ("clear", "set"):
            self.value = int(self.on_write == "set")
        else:
            self.value = bit


@settings(max_examples=300, deadline=None)
@given(layouts(), st.lists(st.one_of(st.none(), st.integers(0, 0xFFFFFFFF)), max_size=12))
def test_a_word_does_what_its_bits_do(layout: tuple[str, int, list[Field]], steps: list[int | None]) -> None:
    access, reset, fields = layout
    file = RegisterFile([reg("R", 8, access, reset, fields)])
    bits = [Bit(reset >> i & 1, {access}) for i in range(32)]
    for f in fields:
        for i in range(f.bit_offset, f.bit_offset + f.bit_width):
            bits[i] = Bit(reset >> i & 1, {access, f.access}, f.read_action, f.write_action)
    for step in steps:
        if step is None:
            assert file.read(8) == sum(bit.read() << i for i, bit in enumerate(bits))
        else:
            file.write(8, step)
            for i, bit in enumerate(bits):
                bit.write(step >> i & 1)
        assert file.peek("R") == sum(bit.value << i for i, bit in enumerate(bits))


def test_the_words_nobody_describes_are_memory() -> None:
    file = RegisterFile([reg("R", 0, "read-only", 7)], 0x1000)
    file.write(0, 1)
    file.write(0x800, 5)
    assert (file.read(0), file.read(0x800), file.read(0x804)) == (7, 5, 0)
    file.reset()
    assert (file.read(0), file.read(0x800)) == (7, 0)
    assert not RegisterFile().described


def test_a_read_only_and_a_write_only_register_at_one_place_are_two() -> None:
    file = RegisterFile([reg("RX", 0, "read-only", 3), reg("TX", 0, "write-only")])
    file.write(0, 0xFF)
    assert file.read(0) == 3


def test_a_wide_register_has_several_words() -> None:
    fields = [Field("high", 32, 8, "read-only", "", None, None)]  # type: ignore[arg-type]
    file = RegisterFile([reg("W", 0x10, width=64, reset=0x11_2222_2222, fields=fields)])
    assert (file.read(0x10), file.read(0x14)) == (0x22222222, 0x11)
    file.write(0x14, 0xFFFFFFFF)
    assert file.read(0x14) == 0xFFFFFF11


def test_the_hardware_side_is_free_and_knows_names() -> None:
    file = RegisterFile([reg("STATUS", 4, "read-only")], 0x100, "ip/S_AXI")
    file["STATUS"] = 6
    assert (file.read(4), file["STATUS"], file[4], file.set_bits("STATUS", 1), file.clear_bits(4, 2)) == (6, 6, 6, 7, 5)
    with pytest.raises(KeyError, match=r"no register 'STATUZ' in ip/S_AXI; did you mean STATUS\?"):
        file["STATUZ"]
    with pytest.raises(IndexError, match="no word at offset 0x102 of ip/S_AXI"):
        file[0x102]


def test_blocks_of_words_have_the_side_effects_of_each() -> None:
    clear = [Field("f", 0, 32, "read-only", "", "clear", None)]  # type: ignore[arg-type]
    file = RegisterFile([reg("A", 0, reset=1), reg("B", 4, "read-only", 2, clear), reg("C", 8, reset=3)])
    assert file.read_bytes(0, 12) == bytes([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
    assert file.peek(4) == 0
    file.write_bytes(0, bytes([9, 0, 0, 0, 9, 0, 0, 0]))
    assert (file.peek(0), file.peek(4)) == (9, 0)
