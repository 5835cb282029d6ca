"""The design as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pynq_widgets.showing import Shown

from . import views
from .addresses import check_overlaps, find_host, read_map
from .clocks import read_clocks
from .connections import read_connections
from .document import Document
from .gpio import read_gpio
from .interrupts import read_interrupts
from .memories import read_memories
from .model import (
    AddressRange,
    BitHeader,
    BusConnection,
    BusInterface,
    Clock,
    GpioPin,
    InterruptController,
    InterruptLine,
    Memory,
    Net,
    Port,
)
from .module import Frozen, Hierarchy, Module, read_bus, read_port
from .nets import Nets, Wiring
from .registers import are_plain

_SYSTEM = ("SYSTEMINFO", "STSTEMINFO")  # the second is how some Versal files spell it


class Design(Frozen, Shown):
    """What was built, read from a hardware handoff; immutable.

    ``path`` is the file that was read, ``name`` the design's own name or else the file's, ``bitstream`` the header of the ``.bit``
    beside it. ``address_map`` is the host's: what software sees; ``address_maps`` has every master's, by its path, and those of
    buses that enter from outside by the name of their port.
    """

    path: str
    name: str
    bitstream: BitHeader | None
    tool_version: str
    part: str
    family: str
    board: str
    modules: Mapping[str, Module]
    host: Module | None
    address_maps: Mapping[str, tuple[AddressRange, ...]]

    def __init__(self, document: Document, name: str, path: str, bitstream: BitHeader | None = None) -> None:
        root = document.root
        modules = _read_modules(document)
        by_instance = {module.instance: module for module in modules.values()}
        address_maps = {}
        for module in modules.values():
            windows = read_map(document, module.path, module.element, by_instance)
            if windows:
                check_overlaps(document, module, windows)
                address_maps[module.path] = tuple(window for window, _ in windows)
        for element in root.iterfind("EXTERNALINTERFACES/BUSINTERFACE"):
            port = element.get("NAME", "")
            windows = read_map(document, port, element, by_instance)
            if windows and port not in address_maps:
                check_overlaps(document, None, windows)
                address_maps[port] = tuple(window for window, _ in windows)
        system = next((found for found in map(root.find, _SYSTEM) if found is not None), None)
        about: Mapping[str, str] = {} if system is None else system.attrib
        self.__dict__.update(
            path=path,
            name=about.get("NAME") or name,
            bitstream=bitstream,
            tool_version=root.get("VIVADOVERSION", ""),
            part="-".join(filter(None, (about.get("DEVICE"), about.get("PACKAGE")))) + about.get("SPEEDGRADE", ""),
            family=about.get("ARCH", ""),
            board=about.get("BOARD", ""),
            modules=MappingProxyType(modules),
            host=find_host(modules.values(), {master: len(ranges) for master, ranges in address_maps.items()}),
            address_maps=MappingProxyType(address_maps),
            _document=document,
        )
        # What a file says wrongly of registers, interrupts or GPIO is told now, and not when a view is drawn.
        for module in modules.values():
            if not are_plain(module.element):
                _ = module.blocks
        _ = self._interrupts, self.gpio

    def __repr__(self) -> str:
        return f"Design({self.name!r}, {len(self.modules)} modules, part {self.part!r})"

    @property
    def _parsed(self) -> Document:
        document: Document = self.__dict__["_document"]
        return document

    @property
    def static(self) -> Design:
        """The design of the whole bitstream, where modules were put into regions of it; else the design itself."""
        static: Design = self.__dict__.get("_static", self)
        return static

    @property
    def regions(self) -> Mapping[str, Design | None]:
        """The design that was put into each reconfigurable region, by path; ``None`` where nobody knows what it holds.

        Regions with what the whole bitstream has there are not in it. See :func:`.partial.graft`.
        """
        regions: Mapping[str, Design | None] = self.__dict__.get("_regions", {})
        return regions

    @cached_property
    def hierarchies(self) -> Mapping[str, Hierarchy]:
        """Every level of the block diagram, by path; ``''`` is the top."""
        return MappingProxyType(_read_hierarchies(self.modules))

    @cached_property
    def address_map(self) -> tuple[AddressRange, ...]:
        """The host's address map, in the order of the file; empty where the design has no host."""
        return () if self.host is None else self.address_maps.get(self.host.path, ())

    @cached_property
    def ports(self) -> Mapping[str, Port]:
        """The pins of the design itself."""
        return MappingProxyType({port.name: port for port in map(read_port, self._parsed.root.iterfind("EXTERNALPORTS/PORT"))})

    @cached_property
    def buses(self) -> Mapping[str, BusInterface]:
        """The buses that enter or leave the design."""
        found = map(read_bus, self._parsed.root.iterfind("EXTERNALINTERFACES/BUSINTERFACE"))
        return MappingProxyType({bus.name: bus for bus in found})

    @cached_property
    def _wiring(self) -> Wiring:
        return Wiring(self._parsed, self._parsed.root, self.modules.values())

    @cached_property
    def nets(self) -> Mapping[str, Net]:
        """Clock, reset and signal nets by name, each with every pin on it."""
        return Nets(self._wiring)

    @cached_property
    def connections(self) -> tuple[BusConnection, ...]:
        """Buses and streams, master to slave."""
        return read_connections(self._parsed.root, self.modules.values())

    @cached_property
    def _interrupts(self) -> tuple[tuple[InterruptLine, ...], tuple[InterruptController, ...]]:
        return read_interrupts(self._parsed, self.host, self._wiring)

    @property
    def interrupts(self) -> tuple[InterruptLine, ...]:
        """Every interrupt that reaches the host, through controllers or straight."""
        return self._interrupts[0]

    @property
    def controllers(self) -> tuple[InterruptController, ...]:
        return self._interrupts[1]

    @cached_property
    def gpio(self) -> tuple[GpioPin, ...]:
        return read_gpio(self.host, self._wiring)

    @cached_property
    def clocks(self) -> tuple[Clock, ...]:
        return read_clocks(self.host, self._wiring)

    @cached_property
    def memories(self) -> tuple[Memory, ...]:
        return read_memories(self.address_map)

    @property
    def ip_dict(self) -> dict[str, dict[str, Any]]:
        """PYNQ's: what has an address, by path, and the processing system."""
        return views.ip_dict(self)

    @property
    def mem_dict(self) -> dict[str, dict[str, Any]]:
        """PYNQ's: the memories that the host sees."""
        return views.mem_dict(self)

    @property
    def hierarchy_dict(self) -> dict[str, dict[str, Any]]:
        """PYNQ's: hierarchies that hold IP or memories, each by its full path."""
        return views.hierarchy_dict(self)

    @property
    def interrupt_pins(self) -> dict[str, dict[str, Any]]:
        return views.interrupt_pins(self)

    @property
    def interrupt_controllers(self) -> dict[str, dict[str, Any]]:
        return views.interrupt_controllers(self)

    @property
    def gpio_dict(self) -> dict[str, dict[str, Any]]:
        return views.gpio_dict(self)

    @property
    def clock_dict(self) -> dict[int, dict[str, Any]]:
        return views.clock_dict(self)


def _read_modules(document: Document) -> dict[str, Module]:
    if document.modules is None:
        document.fail(document.root, "there is no <MODULES> in it: not a block design's handoff, or one that was cut")
    modules: dict[str, Module] = {}
    instances: dict[str, str] = {}
    for element in document.modules:
        path = (element.get("FULLNAME") or element.get("INSTANCE") or "").lstrip("/")
        if not path:
            document.fail(element, "a module has neither FULLNAME nor INSTANCE")
        if path in modules:
            document.fail(element, f"two modules are named {path!r}")
        module = Module(document, element, path)
        if module.instance in instances:
            document.fail(element, f"{path!r} and {instances[module.instance]!r} have the same INSTANCE {module.instance!r}")
        instances[module.instance] = path
        modules[path] = module
    return modules


def _read_hierarchies(modules: Mapping[str, Module]) -> dict[str, Hierarchy]:
    inside: dict[str, dict[str, Module]] = {"": {}}
    below: dict[str, dict[str, Hierarchy]] = {"": {}}
    order = [""]
    known = {""}

    def level(path: str) -> None:
        missing = []
        while path not in known:
            missing.append(path)
            known.add(path)
            path = path.rpartition("/")[0]
        order.extend(reversed(missing))

    for module in modules.values():
        level(module.path.rpartition("/")[0])
        if module.kind == "BLOCK_CONTAINER":
            level(module.path)
    for path in order:
        inside[path], below[path] = {}, {}
    for module in modules.values():
        inside[module.path.rpartition("/")[0]][module.name] = module
    found: dict[str, Hierarchy] = {}
    for path in sorted(order, key=lambda path: -path.count("/") if path else 1):
        found[path] = Hierarchy(path, inside[path], below[path])
        if path:
            parent, _, name = path.rpartition("/")
            below[parent][name] = found[path]
    return {path: found[path] for path in order}
