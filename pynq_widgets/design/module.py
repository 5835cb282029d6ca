"""Modules and hierarchies; a module's details are read out of the file when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from xml.etree.ElementTree import Element

from .document import Document
from .model import AddressBlock, BusInterface, Port
from .registers import read_blocks
from .sections import Node
from .values import to_int

_MODES = {"MASTER": "master", "INITIATOR": "master", "SLAVE": "slave", "TARGET": "slave"}


class Frozen:
    """Instances cannot be changed from outside; ``cached_property`` still keeps what it has read."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} is read from a design file and cannot be changed (setting {name!r})")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} is read from a design file and cannot be changed (deleting {name!r})")

    def __copy__(self) -> Frozen:
        return self

    def __deepcopy__(self, memo: object) -> Frozen:
        return self


class Module(Frozen):
    """One block of the design (element ``MODULE``).

    ``path`` is its place in the hierarchy (``hier/ip``), ``name`` the last part, ``instance`` the file's INSTANCE; ``vlnv`` is
    ``None`` for a block container and in some old files; ``version`` is as written there; ``kind`` is the file's BDTYPE
    (``'SBD'``, ``'RBD'``, ``'BLOCK_CONTAINER'``) or ``''``.
    """

    path: str
    name: str
    instance: str
    vlnv: str | None
    modtype: str
    version: str
    kind: str

    def __init__(self, document: Document, element: Node, path: str) -> None:
        get = element.get
        vlnv = get("VLNV") or None
        self.__dict__.update(
            path=path,
            name=path.rpartition("/")[2],
            instance=get("INSTANCE") or path.replace("/", "_"),
            vlnv=vlnv,
            modtype=get("MODTYPE") or (vlnv.split(":")[2] if vlnv and vlnv.count(":") >= 2 else ""),
            version=get("HWVERSION") or (vlnv.split(":")[3] if vlnv and vlnv.count(":") >= 3 else ""),
            kind=get("BDTYPE") or "",
            _document=document,
            _element=element,
        )

    def __repr__(self) -> str:
        return f"Module({self.path!r}, {self.vlnv or self.kind or self.modtype!r})"

    @property
    def element(self) -> Node:
        """The ``MODULE`` of the file, for the other files of this room; not to be changed."""
        element: Node = self.__dict__["_element"]
        return element

    @property
    def document(self) -> Document:
        document: Document = self.__dict__["_document"]
        return document

    @property
    def is_hls(self) -> bool:
        return self.vlnv is not None and self.vlnv.split(":")[1:2] == ["hls"]

    @property
    def is_processor(self) -> bool:
        return "PROCESSOR" in (self.element.get("MODCLASS"), self.element.get("IPTYPE"))

    @property
    def is_hard(self) -> bool:
        """Whether this is silicon of the processing system, not fabric."""
        return self.element.get("IS_PL") == "FALSE"

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        return MappingProxyType(
            {entry.get("NAME", ""): entry.get("VALUE", "") for parent in self.element.iterfind("PARAMETERS") for entry in parent}
        )

    @cached_property
    def ports(self) -> Mapping[str, Port]:
        return MappingProxyType({port.name: port for port in map(read_port, self.element.iterfind("PORTS/PORT"))})

    @cached_property
    def buses(self) -> Mapping[str, BusInterface]:
        return MappingProxyType({bus.name: bus for bus in map(read_bus, self.element.iterfind("BUSINTERFACES/BUSINTERFACE"))})

    @cached_property
    def blocks(self) -> tuple[AddressBlock, ...]:
        return read_blocks(self.document, self.element, self.is_hls)

    def block(self, interface: str, name: str | None = None) -> AddressBlock | None:
        """The address block behind an interface; upper and lower case differ between the file's elements."""
        lowered = interface.lower()
        behind = [block for block in self.blocks if block.interface.lower() == lowered]
        named = [block for block in behind if name is not None and block.name.lower() == name.lower()]
        return (named or behind or [None])[0]  # type: ignore[list-item]


class Hierarchy(Frozen):
    """A level of the block diagram; ``modules`` and ``hierarchies`` are what stands directly in it, by the last part of their paths."""

    path: str
    name: str
    modules: Mapping[str, Module]
    hierarchies: Mapping[str, Hierarchy]

    def __init__(self, path: str, modules: dict[str, Module], hierarchies: dict[str, Hierarchy]) -> None:
        self.__dict__.update(
            path=path,
            name=path.rpartition("/")[2],
            modules=MappingProxyType(modules),
            hierarchies=MappingProxyType(hierarchies),
        )

    def __repr__(self) -> str:
        return f"Hierarchy({self.path!r}, {len(self.modules)} modules)"


def port_width(element: Element) -> int:
    left, right = to_int(element.get("LEFT")), to_int(element.get("RIGHT"))
    return 1 if left is None or right is None else abs(left - right) + 1


def read_port(element: Element) -> Port:
    get = element.get
    return Port(
        name=get("NAME", ""),
        direction=get("DIR", ""),
        width=port_width(element),
        kind=get("SIGIS", ""),
        net=get("SIGNAME") or None,
        frequency=to_int(get("CLKFREQUENCY")),
        polarity=get("POLARITY"),
        sensitivity=get("SENSITIVITY"),
    )


def protocol_of(element: Element) -> str:
    """The protocol of a bus interface: from its VLNV, or from its signals where an old file gives none."""
    vlnv = element.get("VLNV")
    if vlnv:
        parts = vlnv.split(":")
        return parts[2] if len(parts) > 2 else vlnv
    return _protocol_of_signals(
        {(entry.get("LOGICAL") or entry.get("PHYSICAL") or "").upper() for entry in element.iterfind("PORTMAPS/PORTMAP")}
    )


# The signals by which a bus is known, whole or as the end of a physical name; the more telling ones first.
_SIGNALS = (
    ("axis", ("TVALID", "TDATA", "TREADY")),
    ("aximm", ("AWADDR", "ARADDR", "AWVALID", "ARVALID")),
    ("lmb", ("ADDRSTROBE", "ADDR_STROBE", "ABUS")),
    ("fixedio", ("PS_SRSTB", "PS_PORB", "PS_CLK")),
    ("ddrx", ("CAS_N", "RAS_N")),
    ("bram", ("BRAM_ADDR_A", "BRAM_ADDR_B", "ADDRA", "ADDRB", "BRAM_EN_A", "BRAM_EN_B")),
    ("gpio", ("TRI_O", "TRI_I", "TRI_T", "GPIO_IO_O", "GPIO_IO_I", "GPIO2_IO_O", "GPIO2_IO_I")),
    ("iic", ("SCL_I", "SCL_O", "SDA_I")),
    ("spi", ("SCK_I", "SCK_O", "SS_O", "SS_I")),
    ("uart", ("RXD", "TXD", "RX", "TX")),
    ("mbdebug", ("DBG_CLK", "DBG_TDI", "DBG_CAPTURE")),
    ("mbinterrupt", ("INTERRUPT_ADDRESS", "INTERRUPT_ACK")),
    ("diff_analog_io", ("V_N", "V_P")),
    ("diff_clock", ("CLK_P", "CLK_N")),
)


def _protocol_of_signals(names: set[str]) -> str:
    for protocol, signals in _SIGNALS:
        for signal in signals:
            if signal in names or any(name.endswith(("_" + signal, signal) if len(signal) > 6 else "_" + signal) for name in names):
                return protocol
    return ""


def read_bus(element: Element) -> BusInterface:
    get = element.get
    bus = get("BUSNAME")
    return BusInterface(
        name=get("NAME", ""),
        mode=_MODES.get((get("TYPE") or "").upper(), "monitor"),
        bus=None if bus in (None, "", "__NOC__") else bus,
        vlnv=get("VLNV") or None,
        protocol=protocol_of(element),
        data_width=to_int(get("DATAWIDTH")),
        parameters={entry.get("NAME", ""): entry.get("VALUE", "") for entry in element.iterfind("PARAMETER")},
        ports={entry.get("LOGICAL", ""): entry.get("PHYSICAL", "") for entry in element.iterfind("PORTMAPS/PORTMAP")},
    )
