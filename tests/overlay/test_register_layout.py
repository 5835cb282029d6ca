"""Registers that a driver knows and the design does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultIP, Overlay, SimulatedDevice
from pynq_widgets.design import Field, Register
from pynq_widgets.overlay.traits import Bit

CONTROL = Register("CONTROL", 0x0, 32, "read-write", 3, "", (Field("GO", 0, 1, "read-write", "", None, None),), False)
STATUS = Register("STATUS", 0x4, 32, "read-only", None, "", (Field("OVER", 3, 1, "read-only", "", "clear", None),), True)
BEYOND = Register("BEYOND", 0x1_0000, 32, "read-only", None, "", (), False)

HANDOFF = """<?xml version="1.0"?><EDKSYSTEM VIVADOVERSION="2022.1"><SYSTEMINFO ARCH="zynq"/><MODULES>
<MODULE FULLNAME="/thing" INSTANCE="thing" MODTYPE="thing" VLNV="me:ip:thing:1.0"><ADDRESSBLOCKS/><PARAMETERS/>
<BUSINTERFACES><BUSINTERFACE BUSNAME="gp" NAME="S_AXI" TYPE="SLAVE" VLNV="xilinx.com:interface:aximm:1.0"/></BUSINTERFACES></MODULE>
<MODULE FULLNAME="/ps" INSTANCE="ps" MODTYPE="processing_system7" VLNV="xilinx.com:ip:processing_system7:5.5">
<BUSINTERFACES><BUSINTERFACE BUSNAME="gp" NAME="M_AXI_GP0" TYPE="MASTER" VLNV="xilinx.com:interface:aximm:1.0"/></BUSINTERFACES>
<MEMORYMAP><MEMRANGE ADDRESSBLOCK="Reg" BASEVALUE="0x40000000" HIGHVALUE="0x4000FFFF" INSTANCE="thing" MASTERBUSINTERFACE="M_AXI_GP0"
MEMTYPE="REGISTER" SLAVEBUSINTERFACE="S_AXI"/></MEMORYMAP></MODULE></MODULES></EDKSYSTEM>"""


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], Any]]:
    """``load(body)``: the IP under a driver with that class body."""
    made: list[type] = []

    def make(body: dict[str, Any]) -> Any:
        path = tmp_path / "thing.hwh"
        path.write_text(HANDOFF, encoding="utf-8")
        made.append(type("Thing", (DefaultIP,), {"bindto": ["me:ip:thing:1.0"], **body}))
        return Overlay(path, device=SimulatedDevice()).thing

    yield make
    for cls in made:
        cls.unregister()


def test_a_sequence(load: Any) -> None:
    ip = load({"register_layout": (STATUS, CONTROL, BEYOND), "go": Bit("CONTROL", "GO")})
    assert list(ip.registers.registers) == ["CONTROL", "STATUS"], "by offset, and none beyond the range"
    assert ip.registers["STATUS"].guard is not None
    assert ip.CONTROL == 0
    ip.go = True
    assert ip.CONTROL_GO == 1
    assert int(ip.register_map.CONTROL) == 1


def test_of_the_description(load: Any) -> None:
    ip = load({"register_layout": classmethod(lambda cls, description: (CONTROL,) if description["fullpath"] == "thing" else ())})
    assert list(ip.registers.registers) == ["CONTROL"]


def test_none(load: Any) -> None:
    with pytest.raises(AttributeError):
        load({}).registers
