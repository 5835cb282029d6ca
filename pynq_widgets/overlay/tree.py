"""The object tree of an overlay: which names there are, and the one object behind each.

Making the tree is a walk over names only; descriptions, drivers and maps are made when they are first touched.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pynq_widgets.access.errors import StaleOverlayError, near_names

from .binding import Candidate, Choice, Drivers, UnsupportedConfiguration, full_name, without_version
from .descriptions import Blueprint, Descriptions
from .known import KnownDrivers, kind_of

if TYPE_CHECKING:
    from pynq_widgets.access import Mirror

Kind = Literal["hierarchy", "ip", "memory", "part"]

_log = logging.getLogger(__name__)


class DriverError(RuntimeError):
    """A driver's ``__init__`` failed. The rest of the tree is not concerned; the cause is the exception that the driver raised."""


@dataclass
class Node:
    """A name in the tree. `kind` is ``'part'`` for an IP that has no address range which software sees."""

    path: str
    kind: Kind
    vlnv: str | None = None
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def build_nodes(blueprint: Blueprint) -> dict[str, Node]:
    """All hierarchies, IP and memories of `blueprint` by path; the empty path is the top. A memory may stand below its own core."""
    nodes = {"": Node("", "hierarchy")}

    def place(path: str, make: Callable[[], Node]) -> Node:
        if path not in nodes:
            above, _, name = path.rpartition("/")
            parent = place(above, lambda: Node(above, "hierarchy"))
            nodes[path] = parent.children[name] = make()
        return nodes[path]

    for path in blueprint.hierarchies:
        place(path, lambda path=path: Node(path, "hierarchy"))  # type: ignore[misc]
    for path, (kind, vlnv) in sorted(blueprint.leaves.items(), key=lambda leaf: leaf[1][0] == "memory"):
        place(path, lambda path=path, kind=kind, vlnv=vlnv: Node(path, kind, vlnv))  # type: ignore[misc]
    return nodes


class Tree(ABC):
    """Names and the objects made for them; the same object for a path, however it is reached."""

    def __init__(self, nodes: dict[str, Node], defaults: Defaults) -> None:
        self.nodes = nodes
        self.defaults = defaults
        self.lock = threading.RLock()
        self.objects: dict[str, Any] = {}
        self._making: set[str] = set()
        self._choices: dict[str, Choice] = {}

    # The subclass says where descriptions and drivers come from.

    @abstractmethod
    def described(self, node: Node) -> dict[str, Any]:
        """What the driver of `node` is given."""

    @abstractmethod
    def _choose(self, node: Node) -> Choice:
        """The driver of `node`, and why."""

    def _is_loaded(self) -> bool:
        return True

    @property
    def quiet(self) -> Mapping[str, str]:
        """The blocks that lists of names leave out, by path, with the reason; nothing is known of them here."""
        return {}

    def choice(self, path: str) -> Choice:
        """The driver of the IP or hierarchy `path`, and why."""
        choice = self._choices.get(path)
        if choice is None:
            with self.lock:
                choice = self._choices.get(path) or self._choices.setdefault(path, self._choose(self.nodes[path]))
        return choice

    def get(self, path: str) -> Any:
        """The object of the node `path`, made when it is first asked for."""
        made = self.objects.get(path)
        if made is None:
            with self.lock:
                made = self.objects.get(path)
                if made is None:
                    made = self._make(self.nodes[path])
                    self.objects[path] = made
        return made

    def _make(self, node: Node) -> Any:
        if node.path in self._making:
            raise DriverError(f"{node.path} is asked for while its own driver's __init__ runs; use self there")
        self._making.add(node.path)
        try:
            return self._construct(node)
        finally:
            self._making.discard(node.path)

    def _construct(self, node: Node) -> Any:
        choice = self.choice(node.path)
        description = self.described(node)
        default = {"hierarchy": self.defaults.hierarchy, "memory": self.defaults.memory}.get(node.kind, self.defaults.ip)
        _log.debug("%s gets %s: %s", node.path, full_name(choice.driver), choice.reason)
        try:
            return choice.driver(description)
        except UnsupportedConfiguration as refusal:
            warnings.warn(
                f"Configuration of {node.path} is not supported by {full_name(choice.driver)}: {refusal}. {default.__name__} is used.",
                UserWarning,
                stacklevel=2,
            )
            self._choices[node.path] = Choice(default, f"{full_name(choice.driver)} refused the configuration: {refusal}")
            return default(description)
        except Exception as error:
            if isinstance(error, StaleOverlayError) and not self._is_loaded():
                raise  # the overlay went while the driver was made: that is not the driver's fault
            raise DriverError(
                f"{node.path}: its driver {full_name(choice.driver)} failed in __init__: {type(error).__name__}: {error}. "
                "The rest of the overlay works; mend the driver, or take it out with its unregister(), and load the overlay again"
            ) from error

    # Names.

    def find(self, above: str, key: str) -> Node | None:
        """The node `key` (a name or a path, or a memory's name without what PYNQ strips) below the hierarchy `above`."""
        path = f"{above}/{key}" if above else key
        node = self.nodes.get(path)
        if node is None:
            parent = self.nodes.get(above)  # None: it was in a region that holds another module now
            for child in parent.children.values() if parent is not None else ():
                if child.kind == "memory" and attribute_name(child.name) == key:
                    return child
        return node

    def missing(self, above: str, key: object, who: str) -> str:
        """What to say where there is no node `key` below `above`."""
        start = f"{above}/" if above else ""
        names = [path[len(start) :] for path in self.nodes if path and path.startswith(start)]
        return f"{who} has no IP, hierarchy or memory {key!r}{near_names(str(key), names)}"


class DesignTree(Tree):
    """What an overlay holds."""

    def __init__(self, blueprint: Blueprint, owner: Any, device: Any, ignore_version: bool, defaults: Defaults) -> None:
        super().__init__(build_nodes(blueprint), defaults)
        self.blueprint = blueprint
        self.owner = owner
        self.ignore_version = ignore_version
        self.mirrors: dict[str, Mirror] = {}  # see .mirrors
        # The drivers of this moment: a class defined later binds when the overlay is loaded again.
        self._known = KnownDrivers(defaults.ip)
        self._known_in: dict[str, KnownDrivers] = {}  # those of the moment at which a region was given its module
        self.descriptions = Descriptions(blueprint, device, owner, self.choice)
        self.drivers = Drivers((path for path in self.nodes if path), self.choice)
        self._choose_own()

    def _choose_own(self) -> None:
        # What this session defined is bound (and warned about) at loading, as with PYNQ; drivers of packages are imported when needed.
        named = {b for c in self._known.own for b in c.bindto}
        mine = named | {without_version(b) for b in named}
        for path, node in self.nodes.items():
            if node.vlnv and (node.vlnv in mine or without_version(node.vlnv) in mine):
                self.choice(path)
        if self._known.hierarchies:
            for path in self.hierarchy_paths():
                self.choice(path)

    def hierarchy_paths(self) -> list[str]:
        """The paths of all hierarchies, the deepest first."""
        paths = [path for path, node in self.nodes.items() if path and node.kind == "hierarchy"]
        return sorted(paths, key=lambda path: -path.count("/"))

    def packaged(self, vlnv: str) -> Sequence[Candidate]:
        """What installed packages have for an IP of this type, whichever driver was chosen for it."""
        return self._known.packaged(vlnv)

    def described(self, node: Node) -> dict[str, Any]:
        return (self.descriptions.hierarchy if node.kind == "hierarchy" else self.descriptions.ip)(node.path)

    def _choose(self, node: Node) -> Choice:
        if node.kind == "hierarchy":
            return self._known_at(node.path).for_hierarchy(node.path, lambda: self.described(node), self.defaults.hierarchy)
        default = self.defaults.memory if node.kind == "memory" else self.defaults.ip
        if self.blueprint.is_black_box(node.path):
            default = self.defaults.black_box
        return self._known_at(node.path).for_ip(
            node.path,
            node.vlnv,
            default,
            self.ignore_version,
            addressed=node.kind != "part",
            kind=lambda: kind_of({"module": self.blueprint.modules.get(node.path), "type": node.vlnv}) if node.kind == "ip" else None,
        )

    def _known_at(self, path: str) -> KnownDrivers:
        known = (self._known_in[region] for region in self._known_in if f"{path}/".startswith(f"{region}/"))
        return next(known, self._known)

    def _is_loaded(self) -> bool:
        return bool(self.owner.is_loaded())

    @property
    def quiet(self) -> Mapping[str, str]:
        known: Mapping[str, str] = self.blueprint.quiet
        return known

    def exchange(self, blueprint: Blueprint, region: str) -> list[Any]:
        """Another module stands in `region`, as `blueprint` says; the objects of the one that stood there, which nobody finds any more.

        Drivers for it are chosen anew, from those that are known now. All other objects stay. The hierarchy of the region itself stays,
        too, where it gets the driver that it has.
        """
        inside = f"{region}/"
        self.blueprint = blueprint
        self.nodes = build_nodes(blueprint)
        self._known_in[region] = KnownDrivers(self.defaults.ip)
        old = self._choices.pop(region, None)
        for table in (self._choices, self.mirrors):
            for path in [path for path in table if path.startswith(inside)]:
                del table[path]
        self.descriptions.exchange(blueprint, region)
        self.drivers = Drivers((path for path in self.nodes if path), self.choice)
        for path in self.nodes:
            if path.startswith(inside):
                self.choice(path)
        gone = [self.objects.pop(path) for path in list(self.objects) if path.startswith(inside)]
        stays = old is not None and old.driver is self.choice(region).driver is self.defaults.hierarchy
        if region in self.objects and not stays:
            gone.append(self.objects.pop(region))
        elif region in self.objects:
            self.objects[region].__dict__["description"] = self.descriptions.hierarchy(region)
        return gone


@dataclass(frozen=True)
class Defaults:
    """The classes for what has no driver of its own."""

    ip: Any
    hierarchy: Any
    memory: Any
    black_box: Any = None  # None: as any IP


def attribute_name(name: str) -> str:
    """A memory's name as PYNQ makes an attribute of it."""
    return re.sub(r"[^A-Za-z0-9_]", "", name)
