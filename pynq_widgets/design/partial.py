"""The design of a reconfigurable module put in the place of its region: a design as the device holds it after a partial download.

Source: Vivado's handoffs of designs with Dynamic Function eXchange (UG909, UG947). The region is a ``BLOCK_CONTAINER`` or an ``RBD``
module of the static design, with the pins, buses and address windows of its boundary; the module's own handoff has these as its external
ports and interfaces. In files of older flows the region is a plain hierarchy whose first contents stand in the static design: what of
those has the same name in the module tells how the boundary is wired.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from xml.etree.ElementTree import Element, tostring

from .design import Design
from .document import Document
from .errors import DesignError
from .module import Module
from .sections import Node, Section, cut
from .windows import Window, fitted, spans

_HOSTS = ("processing_system", "zynq_ultra_ps", "versal_cips", "ps_wizard", "ps_vip")
_MARKED = ("BLOCK_CONTAINER", "RBD")


def regions_of(design: Design) -> tuple[str, ...]:
    """The paths of the regions that the static design's file marks as such."""
    static = design.static
    return tuple(path for path, module in static.modules.items() if module.kind in _MARKED and module.buses)


def graft(design: Design, region: str, partial: Design | None) -> Design:
    """`design` with `partial` in the place of `region`, whatever stood there; other regions keep what they hold.

    ``None`` empties it: nobody knows what it holds. The result's ``static`` is the design of the whole bitstream, its ``regions`` what was
    put where. Raises ``KeyError`` where there is no such path, ``DesignError`` where `partial` does not fit: it is for another part, is a
    whole design, has an interface that the region has not, or an address outside of the region's windows.
    """
    static = design.static
    wanted = {**design.regions, region: partial}
    kept = static.__dict__.get("_grafted")
    if kept is not None and len(kept.regions) == len(wanted) and all(kept.regions.get(path, kept) is wanted[path] for path in wanted):
        made: Design = kept
        return made
    grafts = [_Graft(static, path, module) for path, module in wanted.items()]
    modules = [module.element for module in static.modules.values()]
    for one in grafts:
        modules = one.applied(modules)
    made = Design(_Grafted(static, modules), static.name, static.path, static.bitstream)
    made.__dict__.update(_static=static, _regions=MappingProxyType(wanted))
    static.__dict__["_grafted"] = made  # a device and an overlay ask for the same one
    return made


def region_for(design: Design, partial: Design) -> str:
    """The region that `partial` is for, where only one fits: by its interfaces and addresses, then by the name of its file.

    Raises ``DesignError`` where none fits or several do.
    """
    refused = []
    fits = []
    for path in regions_of(design):
        try:
            _Graft(design.static, path, partial)
        except DesignError as error:
            refused.append(error.cause)
        else:
            fits.append(path)
    if len(fits) > 1:
        stem = os.path.basename(partial.path)
        fits = [path for path in fits if design.static.modules[path].instance in stem] or fits
    if len(fits) == 1:
        return fits[0]
    raise DesignError(
        partial.path,
        f"it fits several regions of {design.name}: {', '.join(fits)}; say which, as in ol.pr_download({fits[0]!r}, ...)"
        if fits
        else f"it fits no region of {design.name}: " + ("; ".join(refused) or "that has none"),
    )


class _Grafted(Document):
    """A static design's document with other modules. Where in which file an element stands is not told."""

    def __init__(self, static: Design, modules: list[Node]) -> None:
        self.path = static.path
        self._data = static._parsed.data
        self.root = static._parsed.root
        self.modules = modules

    def _line(self, node: Node) -> int | None:
        return None


class _Names(NamedTuple):
    """The names that instances, nets and buses of the module get in the whole design."""

    prefix: str
    nets: Mapping[str, str]
    buses: Mapping[str, str]

    def instance(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def net(self, name: str) -> str:
        return self.nets.get(name) or self.instance(name)

    def bus(self, name: str) -> str:
        return self.buses.get(name) or (name if name in ("", "__NOC__") else self.instance(name))


class _Graft:
    """One region and what is put there; everything is checked when it is made."""

    def __init__(self, static: Design, region: str, partial: Design | None) -> None:
        if (region not in static.hierarchies and region not in static.modules) or not region:
            from difflib import get_close_matches

            known = regions_of(static) or tuple(filter(None, static.hierarchies))
            near = get_close_matches(region, known, 3) or list(known[:4])
            raise KeyError(f"{static.name} has no region {region!r}" + (f"; it has {', '.join(near)}" if near else ""))
        self.static = static
        self.region = region
        self.boundary = static.modules.get(region)
        self.prefix = self.boundary.instance if self.boundary is not None else region.replace("/", "_")
        self.partial = partial
        self.gone = {module.instance for path, module in static.modules.items() if self.holds(path)}
        self.aliases: dict[str, str] = {}
        self.bus_aliases: dict[str, str] = {}
        if partial is not None:
            self._check()
            self.names = self._named()
            # What software sees of the module is found out, and refused, before anything else is made.
            if static.host is not None:
                self._placed(static.host.element, strict=True)

    def holds(self, path: str) -> bool:
        return path == self.region or path.startswith(self.region + "/")

    def applied(self, modules: list[Node]) -> list[Node]:
        """The elements of all modules with the region's exchanged."""
        kept: list[Node] = []
        for element in modules:
            path = (element.get("FULLNAME") or element.get("INSTANCE") or "").lstrip("/")
            if not self.holds(path):
                kept.append(self._rewired(self._mapped(element)))
        kept.append(_module({"BDTYPE": "BLOCK_CONTAINER", "FULLNAME": f"/{self.region}", "INSTANCE": self.prefix}))
        return kept if self.partial is None else [*kept, *self._contents()]

    # Whether it fits.

    def _check(self) -> None:
        partial, static = self.partial, self.static
        assert partial is not None
        if partial.host is not None and partial.host.modtype.lower().startswith(_HOSTS):
            self._refuse(f"it is a whole design (it has the processing system {partial.host.path}), not that of a module for {self.region}")
        if partial.part and static.part and partial.part.lower() != static.part.lower():
            self._refuse(f"it is for the part {partial.part}, but {static.name} is for {static.part}")
        if self.boundary is not None and self.boundary.buses:
            there = {name.lower() for name in self.boundary.buses}
            foreign = [name for name in partial.buses if name.lower() not in there]
            if foreign:
                has = ", ".join(self.boundary.buses)
                self._refuse(f"its interface {foreign[0]!r} is none of region {self.region} ({has}): it is for another region or design")

    def _refuse(self, cause: str) -> None:
        assert self.partial is not None
        raise DesignError(self.partial.path, cause)

    # The boundary.

    def _named(self) -> _Names:
        assert self.partial is not None
        nets: dict[str, str] = {}
        buses: dict[str, str] = {}
        for inner, outer in self._boundary_nets():
            if nets.setdefault(inner, outer) != outer:
                self.aliases[outer] = nets[inner]  # a wire that only passes through the module
        for inner, outer in self._boundary_buses():
            if buses.setdefault(inner, outer) != outer:
                self.bus_aliases[outer] = buses[inner]
        return _Names(self.prefix, nets, buses)

    def _boundary_nets(self) -> Iterator[tuple[str, str]]:
        partial = self.partial
        assert partial is not None
        if self.boundary is not None:
            outer = {name.lower(): port.net for name, port in self.boundary.ports.items()}
            for name, port in partial.ports.items():
                net = outer.get(name.lower())
                if port.net and net:
                    yield port.net, net
            return
        for path, module in self._twins():
            for name, port in module.ports.items():
                old = self.static.modules[path].ports.get(name)
                if port.net and old is not None and old.net and self._leaves(old.net):
                    yield port.net, old.net

    def _leaves(self, net: str) -> bool:
        found = self.static.nets.get(net)
        return found is not None and any(pin.module is None or not self.holds(pin.module) for pin in found.pins)

    def _boundary_buses(self) -> Iterator[tuple[str, str]]:
        partial = self.partial
        assert partial is not None
        if self.boundary is not None:
            outer = {name.lower(): bus.bus for name, bus in self.boundary.buses.items()}
            for name, bus in partial.buses.items():
                outside = outer.get(name.lower())
                if bus.bus and outside:
                    yield bus.bus, outside
            return
        outside_buses = {
            bus.bus for path, module in self.static.modules.items() if not self.holds(path) for bus in module.buses.values() if bus.bus
        }
        for path, module in self._twins():
            for name, bus in module.buses.items():
                old = self.static.modules[path].buses.get(name)
                if bus.bus and old is not None and old.bus in outside_buses:
                    yield bus.bus, old.bus

    def _twins(self) -> Iterator[tuple[str, Module]]:
        """Modules of the partial design whose name the region's first contents have, too, by their path in the static design."""
        assert self.partial is not None
        for path, module in self.partial.modules.items():
            if f"{self.region}/{path}" in self.static.modules:
                yield f"{self.region}/{path}", module

    # Addresses.

    def _entries(self) -> Mapping[str, list[Element]]:
        """The ranges of the module's own map, by the interface through which it is reached."""
        assert self.partial is not None
        root = self.partial._parsed.root
        found: dict[str, list[Element]] = {}
        for bus in root.iterfind("EXTERNALINTERFACES/BUSINTERFACE"):
            entries = list(bus.iterfind("MEMORYMAP/MEMRANGE"))
            if entries:
                found[bus.get("NAME", "")] = entries
        return found

    def _placed(self, element: Node, strict: bool = False) -> list[Element]:
        """The ranges of the module as a master with this map sees them; `strict`: each must lie in the region's windows."""
        assert self.partial is not None
        windows = [entry for entry in element.iterfind("MEMORYMAP/MEMRANGE") if entry.get("INSTANCE") in self.gone]
        placed: list[Element] = []
        for interface, entries in self._entries().items():
            behind = windows
            if self.boundary is not None:
                behind = [w for w in windows if (w.get("SLAVEBUSINTERFACE") or "").lower() == interface.lower()]
            shift, outside = fitted([Window.of(entry) for entry in entries], [Window.of(entry) for entry in behind])
            if outside is not None:
                if not strict:
                    continue
                has = spans([Window.of(entry) for entry in behind]) or "none"
                self._refuse(
                    f"{outside} is outside of what {self.static.host.path if self.static.host else 'software'} reaches of region "
                    f"{self.region} through {interface}: {has}"
                )
            master = behind[0].get("MASTERBUSINTERFACE") or ""
            for entry in entries:
                window = Window.of(entry)
                moved = Element(entry.tag, entry.attrib)
                moved.set("INSTANCE", self.names.instance(entry.get("INSTANCE") or ""))
                moved.set("MASTERBUSINTERFACE", master)
                moved.set("BASEVALUE", f"{window.base + shift:#x}")
                moved.set("HIGHVALUE", f"{window.high + shift:#x}")
                placed.append(moved)
        return placed

    def _mapped(self, element: Node) -> Node:
        """The element of a module outside, with what its map has of the region exchanged."""
        if not any(entry.get("INSTANCE") in self.gone for entry in element.iterfind("MEMORYMAP/MEMRANGE")):
            return element
        whole = Element("MEMORYMAP")
        whole.extend(entry for entry in element.iterfind("MEMORYMAP/MEMRANGE") if entry.get("INSTANCE") not in self.gone)
        if self.partial is not None:
            whole.extend(self._placed(element))
        return _with_group(element, whole)

    def _rewired(self, element: Node) -> Node:
        """The element of a module outside, where a wire that it is at only passes through the module."""
        if not self.aliases and not self.bus_aliases:
            return element
        touched = any(port.get("SIGNAME") in self.aliases for port in element.iterfind("PORTS/PORT")) or any(
            bus.get("BUSNAME") in self.bus_aliases for bus in element.iterfind("BUSINTERFACES/BUSINTERFACE")
        )
        if not touched:
            return element
        whole = _copied(element)
        for port in whole.iterfind("PORTS/PORT"):
            port.set("SIGNAME", self.aliases.get(port.get("SIGNAME") or "", port.get("SIGNAME") or ""))
        for bus in whole.iterfind("BUSINTERFACES/BUSINTERFACE"):
            bus.set("BUSNAME", self.bus_aliases.get(bus.get("BUSNAME") or "", bus.get("BUSNAME") or ""))
        return whole

    # The contents.

    def _contents(self) -> list[Node]:
        assert self.partial is not None
        inside = {module.instance for module in self.partial.modules.values()}
        text = b"".join(tostring(self._renamed(module.element, module.path, inside), "utf-8") for module in self.partial.modules.values())
        data = b"<EDKSYSTEM><MODULES>" + text.replace(b"<?xml version='1.0' encoding='utf-8'?>\n", b"") + b"</MODULES></EDKSYSTEM>"
        sections = cut(data, 0)
        if sections is not None and sections[1] is not None:
            return list(sections[1])
        return [self._renamed(module.element, module.path, inside) for module in self.partial.modules.values()]

    def _renamed(self, element: Node, path: str, inside: set[str]) -> Element:
        whole = _copied(element)
        names = self.names
        whole.set("FULLNAME", f"/{self.region}/{path}")
        whole.set("INSTANCE", names.instance(element.get("INSTANCE") or path.replace("/", "_")))
        for port in whole.iterfind("PORTS/PORT"):
            if port.get("SIGNAME"):
                port.set("SIGNAME", names.net(port.get("SIGNAME") or ""))
        for connection in whole.iterfind("PORTS/PORT/CONNECTIONS/CONNECTION"):
            if connection.get("INSTANCE") in inside:
                connection.set("INSTANCE", names.instance(connection.get("INSTANCE") or ""))
        for bus in whole.iterfind("BUSINTERFACES/BUSINTERFACE"):
            if bus.get("BUSNAME"):
                bus.set("BUSNAME", names.bus(bus.get("BUSNAME") or ""))
        for memory_map in whole.iterfind("MEMORYMAP"):
            for entry in list(memory_map):
                if entry.get("INSTANCE") in inside:
                    entry.set("INSTANCE", names.instance(entry.get("INSTANCE") or ""))
                elif entry.tag == "MEMRANGE":
                    memory_map.remove(entry)
                    memory_map.extend(self._reached(entry))
        return whole

    def _reached(self, entry: Element) -> Iterator[Element]:
        """What a master in the module reaches through one of its external interfaces: what the region's boundary does."""
        if self.boundary is None:
            return
        window = Window.of(entry)
        for outer in self.boundary.element.iterfind("MEMORYMAP/MEMRANGE"):
            there = Window.of(outer)
            if (outer.get("MASTERBUSINTERFACE") or "").lower() != (entry.get("INSTANCE") or "").lower():
                continue
            low, high = max(window.base, there.base), min(window.high, there.high)
            if low <= high:
                seen = Element(outer.tag, outer.attrib)
                seen.set("MASTERBUSINTERFACE", entry.get("MASTERBUSINTERFACE") or "")
                seen.set("BASEVALUE", f"{low:#x}")
                seen.set("HIGHVALUE", f"{high:#x}")
                yield seen


def _module(attrib: dict[str, str]) -> Section:
    section = Section(b"", 0, {})
    section.attrib = attrib
    return section


def _with_group(element: Node, group: Element) -> Node:
    """`element` with `group` in the place of its children of that tag."""
    if isinstance(element, Section):
        return element.with_group(group)
    whole = Element(element.tag, element.attrib)
    whole.extend(child for child in element if child.tag != group.tag)
    whole.append(group)
    return whole


def _copied(element: Node) -> Element:
    from copy import deepcopy

    if isinstance(element, Section):
        whole = Element("MODULE", dict(element.attrib))
        whole.extend(deepcopy(child) for child in element.children())
        return whole
    return deepcopy(element)
