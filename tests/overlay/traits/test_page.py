"""The register page of an IP's attributes."""

from __future__ import annotations

import pydoc
import re
from collections.abc import Callable
from typing import Any

import pytest

from pynq_widgets import DefaultIP
from pynq_widgets.design import Field, Register
from pynq_widgets.overlay.traits import Bit, RegArray, WideWord, Word
from pynq_widgets.overlay.traits import Field as FieldTrait

Make = Callable[..., Any]
CORE = (
    Register(
        "CTRL",
        0,
        32,
        "read-write",
        0x15,
        "Control",
        (
            Field("GO", 0, 1, "read-write", "Starts", None, None),
            Field("MODE", 4, 3, "read-write", "Mode of  operation\nand more", None, None),
            Field("DONE", 8, 1, "read-write", "Is done", None, "oneToClear"),
            Field("EVENT", 9, 1, "read-only", "Seen", "clear", None),
        ),
        True,
    ),
    Register("KEY", 4, 32, "write-only", None, "", (), False),
    Register("LEVEL", 8, 32, "read-write", 20, "Level", (), False),
)


def test_the_page(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE[1:])
    assert ip.trait_page() == (
        "name   address     bits  access  reset  reading       description\n"
        "-----  ----------  ----  ------  -----  ------------  -----------\n"
        "KEY    0x43c00004  31:0  W              not possible\n"
        "LEVEL  0x43c00008  31:0  RW      0x14                 Level"
    )
    assert type(ip) is DefaultIP
    assert device.bus == []


def test_side_effects_and_bits(make_ip: Make) -> None:
    lines = make_ip(CORE).trait_page().splitlines()
    cells = {line.split()[0]: line for line in lines}
    assert lines[0].split() == ["name", "address", "bits", "access", "reset", "reading", "writing", "description"]
    assert cells["CTRL"].split("  ")[-1] == "Control"
    assert "reading clears EVENT  1 clears  Is done" in cells["CTRL_DONE"]
    assert " 6:4   RW      1 " in cells["CTRL_MODE"]
    assert cells["CTRL_MODE"].endswith("Mode of operation and more")
    assert " 0     RW      1 " in cells["CTRL_GO"]


def test_what_a_driver_states_comes_first(make_ip: Make, device: Any) -> None:
    class Driver(DefaultIP):
        """Drives it."""

        level = FieldTrait("LEVEL", bits=(15, 0), unit="mV", scale=0.5, limits=(0, 100), help="What is put out")
        go = Bit("CTRL", "GO")
        stamp = WideWord(0x20)
        bank = RegArray(0x40, length=4)
        other = Word("OLDER", unit="s")

    ip = make_ip(CORE, driver=Driver)
    lines = ip.trait_page().splitlines()
    by_name = {line.split()[0]: " ".join(line.split()) for line in lines[2:]}
    assert list(by_name)[:6] == ["level", "go", "stamp", "bank", "other", "CTRL"], "as they stand in the class"
    assert by_name["level"] == "level 0x43c00008 15:0 RW 10.0 mV 0 to 100 What is put out"
    assert by_name["other"].startswith("other - s not in this design: register 'OLDER', which this IP does not have")
    assert by_name["stamp"].startswith("stamp 0x43c00020 63:0 RW")
    assert by_name["bank"].startswith("bank 0x43c00040 4 words RW")
    assert device.bus == []


def test_help_has_the_page(make_ip: Make, device: Any) -> None:
    ip = make_ip([*CORE, Register("read", 12, 32, "read-write", 0, "", (), False)])
    text = ip.__doc__
    assert "Registers, fields and arguments, as attributes\n-----" in text
    assert "Names that are taken: read is read_." in text
    assert ip.trait_page() in text
    assert re.search(r"CTRL_MODE +0x43c00000 +6:4 +RW", pydoc.render_doc(ip, renderer=pydoc.plaintext))
    assert ip.CTRL_MODE is None
    assert ip.trait_page() in ip.__doc__, "of the derived class too"
    assert device.bus == []


def test_a_driver_that_states_none_has_the_list_of_registers(make_ip: Make) -> None:
    class Driver(DefaultIP):
        """Drives it."""

    ip = make_ip(CORE, driver=Driver)
    assert "Registers\n---------\nCTRL                 : 0x0000  read-write  Control\n" in ip.__doc__
    assert ip.trait_page() == (
        "hier/core has no hardware attributes: Driver states none; register_map and registers have what the design knows"
    )


@pytest.mark.parametrize("registers", [{}, None])
def test_no_registers(device: Any, registers: Any) -> None:
    ip = DefaultIP({"phys_addr": 0x43C0_0000, "addr_range": 4, "fullpath": "core", "device": device, "registers": registers})
    assert ip.trait_page() == "core has no hardware attributes: the design lists no registers for it"
    assert "Registers\n---------\nNone" in ip.__doc__


def test_a_word_of_a_narrow_register_has_the_bits_that_it_takes(make_ip: Make) -> None:
    lines = make_ip((Register("WIRES", 0, 4, "read-write", 0, "Wires", (), False),)).trait_page().splitlines()
    assert " ".join(lines[2].split()) == "WIRES 0x43c00000 3:0 RW 0 Wires"
