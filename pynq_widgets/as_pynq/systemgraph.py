"""What drivers look for in the graph of pynqmetadata, which PYNQ 3 and later have as ``ol.systemgraph``.

It is the graph's outside for blocks, their parameters and what their pins are connected to, over the design that was read anyway, and the
elements of the file. The rest of pynqmetadata is not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar
from xml.etree.ElementTree import Element

from pynq_widgets.access.errors import near_names

if TYPE_CHECKING:
    from pynq_widgets.design import Module

    from .hwh_parser import HWH

T = TypeVar("T")


class Named(Mapping[str, T]):
    """Things by name, each made when first asked for, in the order of the names."""

    def __init__(self, what: str, names: list[str], make: Callable[[str], T]) -> None:
        self._what = what
        self._names = dict.fromkeys(names)
        self._make = make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(f"{self._what} {name!r}{near_names(name, self._names)}")
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class GraphPort:
    """A pin of a block, or a port of the design."""

    def __init__(self, block: Any, name: str, path: str, graph: SystemGraph) -> None:
        self.name = name
        self._block = block
        self._path = path
        self._graph = graph

    def parent(self) -> Any:
        """The block that has it: a :class:`GraphBlock`, or the :class:`SystemGraph`."""
        return self._block

    def destinations(self) -> dict[str, GraphPort]:
        """What it drives, or, of an input, what drives it, by name; of those that share one, all but the first by ``'block/name'``."""
        found: dict[str, GraphPort] = {}
        for path in self._graph.connected(self._path):
            port = self._graph.port(path)
            found[f"{port.parent().name}/{port.name}" if port.name in found else port.name] = port
        return found

    def __repr__(self) -> str:
        return f"<port {self._path}>"


class GraphBlock:
    """An IP of the design.

    Attributes
    ----------
    name : str
        Name of the instance, in which the hierarchies are parted by ``_``.
    hierarchy_name : str
        Its path, ``'hierarchy/ip'``.
    vlnv
        ``vendor``, ``library``, ``name``, ``version``, and all of it as ``str``; of a block without, what it is (its MODTYPE) is the name.
    parameters : Mapping
        By name, each with a ``value``, which is text.
    ports : Mapping
        Its pins, :class:`GraphPort`, by name.
    """

    def __init__(self, module: Module, graph: SystemGraph) -> None:
        self.name = module.instance
        self.hierarchy_name = module.path
        vendor, library, name, version = (module.vlnv or f"::{module.modtype}:").split(":", 3)
        self.vlnv = SimpleNamespace(vendor=vendor, library=library, name=name, version=version, str=module.vlnv or "")
        given = module.parameters
        self.parameters: Mapping[str, Any] = Named(
            f"{module.path} has no parameter", list(given), lambda key: SimpleNamespace(name=key, value=given[key])
        )
        self.ports: Mapping[str, GraphPort] = Named(
            f"{module.path} has no pin", list(module.ports), lambda pin: GraphPort(self, pin, f"{module.path}/{pin}", graph)
        )

    def __repr__(self) -> str:
        return f"<block {self.hierarchy_name} ({self.vlnv.str})>"


class SystemGraph:
    """The blocks of a design by the names of their instances, and the elements of its handoff."""

    def __init__(self, parser: HWH) -> None:
        self._parser = parser

    @property
    def _root(self) -> Element:
        return self._parser.root

    @cached_property
    def name(self) -> str:
        """What the designer called the design."""
        info = self._parser.root.find("SYSTEMINFO")
        return "" if info is None else info.get("NAME", "")

    @cached_property
    def blocks(self) -> Mapping[str, GraphBlock]:
        """The IP by name of the instance (``hierarchy_ip``)."""
        modules = {module.instance: module for module in self._parser.design.modules.values()}
        return Named("the design has no block", list(modules), lambda name: GraphBlock(modules[name], self))

    def connected(self, path: str) -> list[str]:
        """Where the value of the pin or port at `path` goes, or, where it has none of its own, comes from; sorted."""
        net = self._parser.design.nets.get(self._parser.pins.get(path, ""))
        if net is None:
            return []
        drives = any(pin.drives for pin in net.pins if pin.path == path)
        return sorted(pin.path for pin in net.pins if pin.drives != drives)

    def port(self, path: str) -> GraphPort:
        """The pin or port at `path`."""
        owner, _, name = path.rpartition("/")
        if not owner:
            return GraphPort(self, name, path, self)
        return self.blocks[self._parser.design.modules[owner].instance].ports[name]

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"systemgraph has no {name!r}: of PYNQ's graph of metadata there are blocks, their parameters and ports. What was built is in "
            "ol.design (modules, connections), and ol.parser.root holds the elements of the file"
        )
