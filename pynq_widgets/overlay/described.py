"""The objects of a description alone: a dictionary of PYNQ's shape that somebody made, and no overlay behind it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from .binding import Choice
from .known import KnownDrivers, kind_of
from .tree import Defaults, Node, Tree


class DescribedTree(Tree):
    """One level of names: those of `description`'s ``ip``, ``memories`` and ``hierarchies``, any of which may be left out.

    Each gets the ``driver`` that its own description names, else the one that an overlay would give it.
    """

    def __init__(self, description: Mapping[str, Any], defaults: Defaults) -> None:
        self._description = description
        self._entries: dict[str, Mapping[str, Any]] = {}
        nodes = {"": Node("", "hierarchy")}
        for kind, key in (("memory", "memories"), ("ip", "ip"), ("hierarchy", "hierarchies")):
            for name, entry in (description.get(key) or {}).items():
                self._entries[name] = entry
                nodes[name] = nodes[""].children[name] = Node(name, kind, entry.get("type"))  # type: ignore[arg-type]
        super().__init__(nodes, defaults)

    @cached_property
    def _known(self) -> KnownDrivers:
        return KnownDrivers(self.defaults.ip)

    def described(self, node: Node) -> dict[str, Any]:
        entry = self._entries[node.path]
        if "device" in entry or "device" not in self._description:
            return entry  # type: ignore[return-value]  # the very one that was given, as with PYNQ
        return {**entry, "device": self._description["device"]}

    def _choose(self, node: Node) -> Choice:
        entry = self._entries[node.path]
        path = entry.get("fullpath") or node.path
        driver = entry.get("driver")
        if driver is not None:
            return Choice(driver, "its description names it")
        if node.kind == "hierarchy":
            return self._known.for_hierarchy(path, lambda: self.described(node), self.defaults.hierarchy)
        default = self.defaults.memory if node.kind == "memory" else self.defaults.ip
        return self._known.for_ip(path, node.vlnv, default, kind=lambda: kind_of(entry) if node.kind == "ip" else None)
