"""Which pins hang on which wire, and which bit of which pin drives a bit.

Pins are joined by SIGNAME; the lists of CONNECTIONS beside it leave out half of the members of a wide net, and are used only
for a pin that has no SIGNAME.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple
from xml.etree.ElementTree import Element

from .document import Document
from .model import Net, Pin
from .module import Module, port_width
from .sections import Node
from .signals import read_touched
from .values import to_int

_CONCAT = {"xlconcat", "ilconcat"}
_SLICE = {"xlslice", "ilslice"}
_CONSTANT = {"xlconstant", "ilconstant"}


class End(NamedTuple):
    """A pin as it stands in the file; ``module`` is ``None`` for a port of the design."""

    module: Module | None
    element: Element

    @property
    def drives(self) -> bool:
        return self.element.get("DIR") == ("I" if self.module is None else "O")

    @property
    def port(self) -> str:
        return self.element.get("NAME", "")

    @property
    def path(self) -> str:
        return self.port if self.module is None else f"{self.module.path}/{self.port}"


class Source(NamedTuple):
    """The bit of a pin that a wire gets its value from."""

    end: End
    bit: int


class _Ports:
    """The ports of one module; of several with one name the last counts."""

    def __init__(self, elements: Iterable[Element]) -> None:
        self.elements = tuple(elements)
        self.by_name: dict[str, Element] = {}
        self.by_signal: dict[str, list[Element]] = {}
        for element in self.elements:
            self.by_name[element.get("NAME", "")] = element
            signal = element.get("SIGNAME")
            if signal:
                self.by_signal.setdefault(signal, []).append(element)


def _is_loose(port: Element) -> bool:
    """Whether a port has connections but no name of a net."""
    return not port.get("SIGNAME") and len(port) > 0 and len(port[0]) > 0


class Wiring:
    """All pins by net. The ports of a module are parsed when a net that is followed touches it, the rest when all nets are asked for."""

    def __init__(self, document: Document, root: Node, modules: Collection[Module]) -> None:
        self._document = document
        self._root = root
        self._modules = modules
        self._touched = read_touched(modules)
        self._ports: dict[str, _Ports] = {}
        if any(_is_loose(element) for element in self._of(None).elements):
            self._touched = None

    @cached_property
    def nets(self) -> Mapping[str, list[End]]:
        """Every net by its name, the pins of each in the order of the file, those of the design last."""
        nets: dict[str, list[End]] = {}
        loose: list[End] = []
        for owner in (*self._modules, None):
            for element in self._of(owner).elements:
                signal = element.get("SIGNAME")
                if signal:
                    if signal in nets:
                        nets[signal].append(End(owner, element))
                    else:
                        nets[signal] = [End(owner, element)]
                elif _is_loose(element):
                    loose.append(End(owner, element))
        if loose:
            self._join(nets, loose)
        return nets

    def _of(self, owner: Module | None) -> _Ports:
        """The ports of a module, or of the design."""
        path = "" if owner is None else owner.path
        ports = self._ports.get(path)
        if ports is None:
            elements = self._root.iterfind("EXTERNALPORTS/PORT") if owner is None else owner.element.iterfind("PORTS/PORT")
            ports = self._ports.setdefault(path, _Ports(elements))
        return ports

    def _net(self, name: str) -> Sequence[End]:
        if self._touched is None or "nets" in self.__dict__:
            return self.nets.get(name, ())
        owners: list[Module | None] = [*self._touched.by(name), None]
        return [End(owner, element) for owner in owners for element in self._of(owner).by_signal.get(name, ())]

    def _join(self, nets: dict[str, list[End]], loose: list[End]) -> None:
        by_instance = {end.module.instance: end.module for ends in nets.values() for end in ends if end.module is not None} | {
            end.module.instance: end.module for end in loose if end.module is not None
        }
        pending = {id(end.element): end for end in loose}
        for end in loose:
            for connection in end.element.iterfind("CONNECTIONS/CONNECTION"):
                module = by_instance.get(connection.get("INSTANCE", ""))
                other = self._of(module).by_name.get(connection.get("PORT", ""))
                if other is None:
                    continue
                name = other.get("SIGNAME") or f"{End(module, other).path}"
                members = nets.setdefault(name, [End(module, other)])
                if all(member.element is not end.element for member in members):
                    members.append(end)
                pending.pop(id(end.element), None)
                pending.pop(id(other), None)

    def port(self, module: Module | None, name: str) -> End | None:
        element = self._of(module).by_name.get(name)
        return None if element is None else End(module, element)

    def ports(self, module: Module | None) -> Mapping[str, Element]:
        return self._of(module).by_name

    def others(self, end: End) -> list[End]:
        """Every other pin on the net of a pin."""
        return [other for other in self._net(end.element.get("SIGNAME") or end.path) if other.element is not end.element]

    def driver(self, end: End) -> End | None:
        return next((other for other in self.others(end) if other.drives), None)

    def source(self, end: End, bit: int) -> Source | None:
        """What drives a bit of an input: back through concats and slices; ``None`` where it is open or tied to a constant."""
        seen: set[tuple[str, int]] = set()
        while True:
            driver = self.driver(end)
            if driver is None:
                return None
            module = driver.module
            kind = "" if module is None else module.modtype.lower()
            if kind in _CONSTANT:
                return None
            if module is None or kind not in _CONCAT | _SLICE:
                return Source(driver, bit) if bit < port_width(driver.element) else None
            if (module.path, bit) in seen:
                self._document.fail(driver.element, f"the net {driver.element.get('SIGNAME')!r} drives itself through {module.path!r}")
            seen.add((module.path, bit))
            step = self._through_concat(module, bit) if kind in _CONCAT else self._through_slice(module, bit)
            if step is None:
                return None
            end, bit = step

    def _through_concat(self, module: Module, bit: int) -> tuple[End, int] | None:
        # An open or tied input still takes its lines.
        position = 0
        for lane in self.concat_lanes(module):
            width = self._lane_width(module, lane)
            if bit < position + width:
                return lane, bit - position
            position += width
        return None

    def concat_lanes(self, module: Module) -> Iterator[End]:
        ports = {name.lower(): name for name in self._of(module).by_name}
        for number in range(len(ports)):
            name = ports.get(f"in{number}")
            if name is None:
                return
            yield End(module, self._of(module).by_name[name])

    def _lane_width(self, module: Module, lane: End) -> int:
        declared = to_int(module.parameters.get(f"{lane.port.upper()}_WIDTH"))
        return max(1, port_width(lane.element) if declared is None else declared)

    def _through_slice(self, module: Module, bit: int) -> tuple[End, int] | None:
        taken = self.slice_bits(module)
        inputs = {name.lower(): element for name, element in self._of(module).by_name.items()}
        element = inputs.get("din")
        if taken is None or element is None or bit >= taken[1]:
            return None
        return End(module, element), taken[0] + bit

    @staticmethod
    def is_slice(module: Module | None) -> bool:
        return module is not None and module.modtype.lower() in _SLICE

    @staticmethod
    def is_concat(module: Module | None) -> bool:
        return module is not None and module.modtype.lower() in _CONCAT

    @staticmethod
    def is_constant(module: Module | None) -> bool:
        return module is not None and module.modtype.lower() in _CONSTANT

    @staticmethod
    def slice_bits(module: Module) -> tuple[int, int] | None:
        """The lowest bit that a slice takes, and how many."""
        first, last = to_int(module.parameters.get("DIN_FROM")), to_int(module.parameters.get("DIN_TO"))
        first = last if first is None else first
        last = first if last is None else last
        if first is None or last is None:
            return None
        low, width = min(first, last), abs(first - last) + 1
        return None if low < 0 else (low, width)

    def net(self, name: str) -> Net:
        return Net(name, tuple(_pin(end) for end in self.nets[name]))


class Nets(Mapping[str, Net]):
    """The nets by name, each made when first touched."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._made: dict[str, Net] = {}

    def __getitem__(self, name: str) -> Net:
        net = self._made.get(name)
        if net is None:
            net = self._made[name] = self._wiring.net(name)
        return net

    def __iter__(self) -> Iterator[str]:
        return iter(self._wiring.nets)

    def __len__(self) -> int:
        return len(self._wiring.nets)

    def __repr__(self) -> str:
        return f"Nets({len(self)} nets)"


def _pin(end: End) -> Pin:
    element = end.element
    return Pin(
        module=None if end.module is None else end.module.path,
        port=end.port,
        direction=element.get("DIR", ""),
        width=port_width(element),
        kind=element.get("SIGIS", ""),
    )
