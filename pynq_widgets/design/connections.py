"""Buses and streams from master to slave (elements ``BUSINTERFACE``, joined by BUSNAME)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from .model import BusConnection
from .module import Module, protocol_of
from .sections import Node

_MASTER = ("MASTER", "INITIATOR")
_SLAVE = ("SLAVE", "TARGET")
# Interfaces inside the network on chip all bear this name, connected or not.
_NOT_A_BUS = ("", "__NOC__")


class _End(NamedTuple):
    path: str
    element: Element


def read_connections(root: Node, modules: Iterable[Module]) -> tuple[BusConnection, ...]:
    masters: dict[str, list[_End]] = {}
    slaves: dict[str, list[_End]] = {}
    for module in modules:
        for element in module.element.iterfind("BUSINTERFACES/BUSINTERFACE"):
            mode = (element.get("TYPE") or "").upper()
            _add(masters if mode in _MASTER else slaves if mode in _SLAVE else None, module.path, element)
    for element in root.iterfind("EXTERNALINTERFACES/BUSINTERFACE"):
        # Seen from inside, a master interface of the design is where a bus ends, and a slave interface is where one begins.
        mode = (element.get("TYPE") or "").upper()
        _add(slaves if mode in _MASTER else masters if mode in _SLAVE else None, element.get("NAME", ""), element)
    found = []
    for bus, begins in masters.items():
        for begin in begins:
            for end in slaves.get(bus, ()):
                found.append(
                    BusConnection(
                        protocol=protocol_of(begin.element) or protocol_of(end.element),
                        master=begin.path,
                        master_interface=begin.element.get("NAME", ""),
                        slave=end.path,
                        slave_interface=end.element.get("NAME", ""),
                    )
                )
    return tuple(found)


def _add(ends: dict[str, list[_End]] | None, path: str, element: Element) -> None:
    bus = element.get("BUSNAME") or ""
    if ends is not None and bus not in _NOT_A_BUS:
        ends.setdefault(bus, []).append(_End(path, element))
