"""PYNQ's parser of hardware handoffs by its names: ``HWH(path)`` has PYNQ's dictionaries as attributes.

The reading is that of :func:`pynq_widgets.read_design`; here it only gets the shape that code written for PYNQ looks for.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element

from pynq_widgets.design import Design, read_design
from pynq_widgets.design.document import Document

from .systemgraph import SystemGraph

__all__ = ["HWH", "get_hwh_name", "string2int"]


def get_hwh_name(bitfile_name: str | os.PathLike[str]) -> str:
    """The path of the ``.hwh`` that belongs to a bitstream: the same with another suffix."""
    return os.path.splitext(os.fspath(bitfile_name))[0] + ".hwh"


def string2int(a: str) -> int:
    """The number in a decimal text, or in a hexadecimal one that begins with ``0x``."""
    return int(a, 16 if a.startswith("0x") else 10)


class HWH:
    """What a hardware handoff says, as PYNQ's parser has it.

    The dictionaries are plain and this object's own: whoever changes one changes what a device or an overlay sees that was given this
    object, and nothing else.

    Attributes
    ----------
    design : Design
        All that was read; the rest is views of it.
    ip_dict, gpio_dict, interrupt_controllers, interrupt_pins, hierarchy_dict, clock_dict, mem_dict : dict
        PYNQ's.
    nets : dict
        Pins by net: ``{'net': {'hier/ip/pin', 'port'}}``.
    pins : dict
        Net by pin.
    ps_name : str
        Path of the processing system, empty where the design has none.
    partial : bool
        Whether the design has no processing system, and so is a part of another.
    intc_names : list
        Paths of the interrupt controllers.
    concat_cells : dict
        Number of inputs, as text, by path of the concatenation.
    instance2attr : dict
        Path, VLNV, parameters, registers and kind by name of the instance, as elements of the file.
    root : Element
        The root of the file, parsed.
    systemgraph : SystemGraph
        What drivers look for in PYNQ's metadata graph: blocks, parameters, pins, and the elements of the file.
    """

    _data: bytes | None = None

    def __init__(self, hwh_name: str | os.PathLike[str] | None = None, hwh_data: str | bytes | None = None) -> None:
        """Read the file `hwh_name`, or the text `hwh_data` of one.

        Raises ``DesignError`` for what is no hardware handoff, ``TypeError`` where neither is given.
        """
        if hwh_name is not None:
            self.design = read_design(hwh_name)
        elif isinstance(hwh_data, (str, bytes)):
            self._data = hwh_data.encode() if isinstance(hwh_data, str) else hwh_data
            self.design = Design(Document("hwh_data", self._data), "design", "hwh_data")
        else:
            raise TypeError(f"HWH needs the name of a .hwh file, or its text as hwh_data, not {type(hwh_data).__name__} {hwh_data!r}")
        self.family_ps = "" if self.design.host is None else self.design.host.modtype

    @classmethod
    def of(cls, design: Design) -> HWH:
        """What `design`, which was read already, says."""
        parser = cls.__new__(cls)
        parser.design = design
        parser.family_ps = "" if design.host is None else design.host.modtype
        return parser

    # Each is made when it is first asked for, and may be assigned: an attribute of the object wins.

    @cached_property
    def ip_dict(self) -> dict[str, Any]:
        return self.design.ip_dict

    @cached_property
    def gpio_dict(self) -> dict[str, Any]:
        return self.design.gpio_dict

    @cached_property
    def interrupt_controllers(self) -> dict[str, Any]:
        return self.design.interrupt_controllers

    @cached_property
    def interrupt_pins(self) -> dict[str, Any]:
        return self.design.interrupt_pins

    @cached_property
    def clock_dict(self) -> dict[int, Any]:
        return self.design.clock_dict

    @cached_property
    def mem_dict(self) -> dict[str, Any]:
        return self.design.mem_dict

    @cached_property
    def hierarchy_dict(self) -> dict[str, Any]:
        # PYNQ's entries of an IP are the same objects wherever they are listed.
        entries = self.design.hierarchy_dict
        for path, entry in entries.items():
            for kind, whole in (("ip", self.ip_dict), ("memories", self.mem_dict)):
                for name in entry[kind]:
                    entry[kind][name] = whole.get(f"{path}/{name}", entry[kind][name])
        return entries

    @cached_property
    def nets(self) -> dict[str, set[str]]:
        return {name: {pin.path for pin in net.pins} for name, net in self.design.nets.items()}

    @cached_property
    def pins(self) -> dict[str, str]:
        return {pin: net for net, pins in self.nets.items() for pin in pins}

    @cached_property
    def ps_name(self) -> str:
        return "" if self.design.host is None else self.design.host.path

    @cached_property
    def partial(self) -> bool:
        return self.design.host is None

    @cached_property
    def intc_names(self) -> list[str]:
        return [path for path, module in self.design.modules.items() if module.modtype == "axi_intc"]

    @cached_property
    def concat_cells(self) -> dict[str, str]:
        found = {path: module for path, module in self.design.modules.items() if module.modtype in ("xlconcat", "ilconcat")}
        return {path: module.parameters.get("NUM_PORTS", "") for path, module in found.items()}

    @cached_property
    def root(self) -> Element:
        """The file as elements, for code that searches it by itself."""
        document = Document(self.design.path, self._bytes(), whole=True)
        assert isinstance(document.root, Element)
        return document.root

    @cached_property
    def systemgraph(self) -> SystemGraph:
        return SystemGraph(self)

    @cached_property
    def instance2attr(self) -> dict[str, tuple[Any, ...]]:
        return {
            module.get("INSTANCE", ""): (
                module.get("FULLNAME", "").lstrip("/"),
                module.get("VLNV"),
                module.findall("./PARAMETERS/*[@NAME][@VALUE]"),
                module.findall(".//REGISTERS/*[@NAME]"),
                module.get("BDTYPE"),
            )
            for module in self.root.iter("MODULE")
        }

    def _bytes(self) -> bytes:
        if self._data is not None:
            return self._data
        if self.design.path.endswith(".hwh"):
            with open(self.design.path, "rb") as file:
                return file.read()
        from pynq_widgets.design.archive import read_archive

        return read_archive(self.design.path)[0].data
