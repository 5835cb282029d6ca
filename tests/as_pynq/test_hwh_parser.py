"""HWH: PYNQ's parser by its names."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pynq_widgets import DesignError, SimulatedDevice, read_design
from pynq_widgets.as_pynq.hwh_parser import HWH, get_hwh_name, string2int
from pynq_widgets.overlay import Overlay

VIEWS = ("ip_dict", "hierarchy_dict", "gpio_dict", "interrupt_pins", "interrupt_controllers", "mem_dict", "clock_dict")


def test_names_and_numbers() -> None:
    assert get_hwh_name("/home/xilinx/base/base.bit") == "/home/xilinx/base/base.hwh"
    assert get_hwh_name(Path("base.1.pdi")) == "base.1.hwh"
    assert (string2int("0x1F"), string2int("31")) == (31, 31)


def test_the_dictionaries_are_the_design_s(demo_design: Path) -> None:
    parser = HWH(str(demo_design))
    design = read_design(demo_design)
    for name in VIEWS:
        assert getattr(parser, name) == getattr(design, name), name
    assert parser.ip_dict is parser.ip_dict
    parser.ip_dict = {}
    assert parser.ip_dict == {}
    host = design.host
    assert host is not None
    assert (parser.ps_name, parser.family_ps, parser.partial) == (host.path, host.modtype, False)


@pytest.mark.parametrize("form", [bytes, str])
def test_the_text_of_a_file(demo_design: Path, form: Any) -> None:
    data = demo_design.read_bytes()
    parser = HWH(hwh_data=data if form is bytes else data.decode())
    assert parser.ip_dict == HWH(demo_design).ip_dict
    assert parser.root.tag == "EDKSYSTEM"


def test_what_is_no_handoff(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="this is another XML file: its root element is <a>"):
        HWH(hwh_data="<a/>")
    with pytest.raises(DesignError, match="there is no such file"):
        HWH(tmp_path / "none.hwh")
    with pytest.raises(TypeError, match=r"^HWH needs the name of a .hwh file, or its text as hwh_data, not NoneType None$"):
        HWH()


def test_an_ip_is_the_same_entry_wherever_it_is_listed(demo_design: Path) -> None:
    parser = HWH(demo_design)
    listed = [(f"{path}/{name}", entry) for path, level in parser.hierarchy_dict.items() for name, entry in level["ip"].items()]
    assert listed
    for path, entry in listed:
        assert entry is parser.ip_dict[path]


def test_nets_pins_and_elements_are_the_file_s(demo_design: Path) -> None:
    parser = HWH(demo_design)
    root = ElementTree.parse(demo_design).getroot()
    assert len(list(parser.root.iter())) == len(list(root.iter()))
    for module in root.iter("MODULE"):
        path = module.get("FULLNAME", "").lstrip("/")
        name, vlnv, parameters, _, _ = parser.instance2attr[module.get("INSTANCE", "")]
        assert (name, vlnv) == (path, module.get("VLNV"))
        assert [p.get("NAME") for p in parameters] == [p.get("NAME") for p in module.findall("./PARAMETERS/PARAMETER")]
        for port in module.iterfind("PORTS/PORT"):
            if port.get("SIGNAME"):
                assert parser.pins[f"{path}/{port.get('NAME')}"] == port.get("SIGNAME")
                assert f"{path}/{port.get('NAME')}" in parser.nets[port.get("SIGNAME", "")]
    of_type = {m.get("FULLNAME", "").lstrip("/"): m for m in root.iter("MODULE")}
    assert parser.intc_names == [path for path, m in of_type.items() if m.get("MODTYPE") == "axi_intc"]
    assert set(parser.concat_cells) == {path for path, m in of_type.items() if m.get("MODTYPE") in ("xlconcat", "ilconcat")}
    assert all(count.isdigit() for count in parser.concat_cells.values())


def test_of_a_design_that_was_read_already(demo_design: Path) -> None:
    design = read_design(demo_design)
    parser = HWH.of(design)
    assert parser.design is design
    assert parser.ip_dict == design.ip_dict
    assert parser.root.tag == "EDKSYSTEM"


def test_a_device_may_bring_it_as_its_own_parser(demo_design: Path) -> None:
    class Bringing(SimulatedDevice):
        def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
            return HWH(get_hwh_name(bitfile_name))

    ol = Overlay(demo_design, device=Bringing("brings"))
    assert type(ol.parser) is HWH
    assert list(ol.ip_dict) == list(HWH(demo_design).ip_dict)
    assert ol.leds.read(0) == 0


def test_every_real_design(hwh_folder: Path) -> None:
    for path in sorted(hwh_folder.glob("*.hwh"))[::8]:
        parser = HWH(path)
        assert parser.partial is (parser.design.host is None)
        assert all(pin in parser.nets[net] for pin, net in parser.pins.items())
        assert set(parser.hierarchy_dict) == set(parser.design.hierarchy_dict)


def test_pynq_s_private_names(pynq: Any, demo_design: Path) -> None:
    from pynq.pl_server import hwh_parser  # type: ignore[import-not-found]

    assert type(hwh_parser._HWHZynq(str(demo_design))) is hwh_parser.HWH is HWH


def test_the_package_has_what_its_modules_have(pynq: Any) -> None:
    from pynq.pl_server import HWH as OF_PACKAGE
    from pynq.pl_server import Device, EmbeddedDevice, GlobalState, get_hwh_name, global_state_file_exists, load_global_state

    assert OF_PACKAGE is HWH
    assert issubclass(EmbeddedDevice, Device)
    assert GlobalState.__name__ == "GlobalState"
    assert get_hwh_name("a.bit") == "a.hwh"
    assert callable(global_state_file_exists)
    assert callable(load_global_state)
