"""The widths of the ports: which words, and not one access more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pynq_widgets.device.board.ports import Width, set_widths, widths_of

HP2 = {"C_USE_S_AXI_HP2": "1", "C_S_AXI_HP2_DATA_WIDTH": "32"}


class Spy:
    """A bus whose words are all `word` at first."""

    def __init__(self, word: int) -> None:
        self.word = word
        self.log: list[tuple[str, int, int]] = []

    def read_word(self, address: int) -> int:
        self.log.append(("read", address, self.word))
        return self.word

    def write_word(self, address: int, value: int) -> None:
        self.log.append(("write", address, value))


def test_a_narrow_port_of_a_zynq(design: Callable[..., Any]) -> None:
    widths = widths_of(design(**HP2))
    assert widths == (Width("S_AXI_HP2", 0xF800_A000, 0, 0, 1), Width("S_AXI_HP2", 0xF800_A014, 0, 0, 1))
    spy = Spy(0xF00)
    set_widths(spy, widths)
    assert spy.log == [
        ("read", 0xF800_A000, 0xF00),
        ("write", 0xF800_A000, 0xF01),
        ("read", 0xF800_A014, 0xF00),
        ("write", 0xF800_A014, 0xF01),
    ]


def test_a_word_that_is_right_is_not_written(design: Callable[..., Any]) -> None:
    spy = Spy(0xF01)
    set_widths(spy, widths_of(design(**HP2)))
    assert [operation for operation, _, _ in spy.log] == ["read", "read"]


def test_other_ports_of_a_zynq_are_not_touched(design: Callable[..., Any]) -> None:
    assert widths_of(design(C_USE_S_AXI_HP0="0", C_S_AXI_HP0_DATA_WIDTH="32")) == ()
    wide = design(PCW_USE_S_AXI_HP0="1", PCW_S_AXI_HP0_DATA_WIDTH="64")
    assert widths_of(wide) == ()
    assert widths_of(wide, {"S_AXI_HP0"}) == (Width("S_AXI_HP0", 0xF800_8000, 0, 0, 0), Width("S_AXI_HP0", 0xF800_8014, 0, 0, 0))
    assert widths_of(None) == ()


def test_the_ports_of_a_zynq_ultrascale(design: Callable[..., Any]) -> None:
    parameters = {f"C_MAXIGP{i}_DATA_WIDTH": width for i, width in enumerate(("128", "64", "32"))}
    parameters |= {f"C_SAXIGP{i}_DATA_WIDTH": width for i, width in enumerate(("128", "64", "32", "128", "128", "128", "32"))}
    unused = {f"PSU__USE__S_AXI_GP{i}": "0" for i in (3, 4, 5)}
    widths = widths_of(design(kind="zynq_ultra_ps_e", **parameters, **unused, PSU__USE__M_AXI_GP0="1", PSU__USE__S_AXI_GP0="1"))
    assert widths == (
        Width("M_AXI_GP0", 0xFD61_5000, 9, 8, 2),
        Width("M_AXI_GP1", 0xFD61_5000, 11, 10, 1),
        Width("M_AXI_GP2", 0xFF41_9000, 9, 8, 0),
        Width("S_AXI_GP0", 0xFD36_0000, 1, 0, 0),
        Width("S_AXI_GP0", 0xFD36_0014, 1, 0, 0),
        Width("S_AXI_GP1", 0xFD37_0000, 1, 0, 1),
        Width("S_AXI_GP1", 0xFD37_0014, 1, 0, 1),
        Width("S_AXI_GP2", 0xFD38_0000, 1, 0, 2),
        Width("S_AXI_GP2", 0xFD38_0014, 1, 0, 2),
        Width("S_AXI_GP6", 0xFF9B_0000, 1, 0, 2),
        Width("S_AXI_GP6", 0xFF9B_0014, 1, 0, 2),
    )
    spy = Spy(0x3B3)
    set_widths(spy, widths[:4])
    assert spy.log == [
        ("read", 0xFD61_5000, 0x3B3),
        ("write", 0xFD61_5000, 0x2B3),
        ("read", 0xFD61_5000, 0x3B3),
        ("write", 0xFD61_5000, 0x7B3),
        ("read", 0xFF41_9000, 0x3B3),
        ("write", 0xFF41_9000, 0x0B3),
        ("read", 0xFD36_0000, 0x3B3),
        ("write", 0xFD36_0000, 0x3B0),
    ]


@pytest.mark.parametrize("kind", ["versal_cips", "microblaze"])
def test_others_have_no_such_ports(design: Callable[..., Any], kind: str) -> None:
    assert widths_of(design(kind=kind, **HP2, C_SAXIGP0_DATA_WIDTH="32")) == ()
