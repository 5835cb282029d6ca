"""A design as the rows of a tree: what stands where, what it is called, at which address, and who drives it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pynq_widgets.design import quiet_modules

if TYPE_CHECKING:
    from pynq_widgets.design import AddressRange, Design, Module


@dataclass(eq=False)
class TreeNode:
    """One row: a module, a hierarchy, or an external port that software can reach.

    ``quiet`` rows (interconnects, constants, resets) are shown only when asked for. ``ranges`` are (base, size in bytes).
    ``laid_out``: the driver knows the registers, where the design lists none.
    """

    path: str
    name: str
    kind: str  # 'ip', 'host', 'hierarchy', 'external'
    type: str = ""
    vlnv: str = ""
    driver: str = ""
    why: str = ""
    ranges: list[tuple[int, int]] = field(default_factory=list)
    quiet: bool = False
    laid_out: bool = False
    children: list[TreeNode] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The first address range in words, and how many there are besides."""
        if not self.ranges:
            return ""
        base, size = self.ranges[0]
        more = f" +{len(self.ranges) - 1}" if len(self.ranges) > 1 else ""
        return f"{base:#010x} {short_size(size)}{more}"


def tree_nodes(design: Design, drivers: Mapping[str, Any] | None = None) -> list[TreeNode]:
    """The top rows of `design`, each with its children.

    `drivers` gives for a path a choice with ``driver`` (a class) and ``reason``. Where it is left out, no drivers are named.
    """
    nodes: dict[str, TreeNode] = {}
    host = design.host.path if design.host is not None else None
    ranges: dict[str, list[AddressRange]] = {}
    for span in design.address_map:
        ranges.setdefault(span.slave, []).append(span)
    silent = quiet_modules(design)

    for path, module in design.modules.items():
        node = nodes[path] = _of_module(module, host)
        node.quiet = path in silent
    for path in filter(None, design.hierarchies):  # the empty path is the design itself
        nodes.setdefault(path, TreeNode(path, path.rpartition("/")[2], "hierarchy"))
    for slave, spans in ranges.items():
        if slave not in nodes:
            nodes[slave] = TreeNode(slave, slave.rpartition("/")[2], "external", "leaves the design")
        nodes[slave].ranges = sorted({(span.base, span.size) for span in spans})
    if drivers is not None:
        for node in nodes.values():
            _driven(node, drivers)
    return planted(nodes)


def leaf_node(design: Design, path: str, drivers: Mapping[str, Any]) -> TreeNode | None:
    """The row of one block, without those of all others; None where `path` is no block, or there is something in it.

    Whether it is quiet is not asked: who has come to it wants to see it.
    """
    module = design.modules.get(path)
    if module is None or path in design.hierarchies or any(other.startswith(f"{path}/") for other in design.modules):
        return None
    node = _of_module(module, design.host.path if design.host is not None else None)
    node.ranges = sorted({(span.base, span.size) for span in design.address_map if span.slave == path})
    _driven(node, drivers)
    return node


def _of_module(module: Module, host: str | None) -> TreeNode:
    node = TreeNode(module.path, module.path.rpartition("/")[2], "host" if module.path == host else "ip")
    node.type, node.vlnv = type_of(module), module.vlnv or ""
    return node


def _driven(node: TreeNode, drivers: Mapping[str, Any]) -> None:
    choice = _choice(drivers, node.path)
    if choice is not None:
        node.driver, node.why = choice.driver.__name__, str(choice.reason)
        node.laid_out = bool(getattr(choice.driver, "register_layout", ()))
        if not getattr(choice.driver, "needs_address", True):
            node.quiet = False  # somebody wrote a driver for it, address or none


def _choice(drivers: Mapping[str, Any], path: str) -> Any:
    try:
        return drivers[path]
    except Exception:
        # A driver package that fails to import is told of elsewhere; the row stands all the same.
        return None


def planted(nodes: dict[str, TreeNode]) -> list[TreeNode]:
    """The top nodes, with each node of `nodes` (by path) placed under its parent, in order."""
    for path in list(nodes):
        # A hierarchy that the file names only through what is in it.
        while "/" in path:
            path = path.rpartition("/")[0]
            nodes.setdefault(path, TreeNode(path, path.rpartition("/")[2], "hierarchy"))
    top: list[TreeNode] = []
    for path, node in nodes.items():
        parent = path.rpartition("/")[0]
        (nodes[parent].children if parent else top).append(node)
    for node in nodes.values():
        node.children.sort(key=_order)
    top.sort(key=_order)
    _hush(top)
    return top


def _order(node: TreeNode) -> tuple[int, list[Any]]:
    digits = re.split(r"(\d+)", node.name.lower())
    return (0 if node.kind == "host" else 1, [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in digits])


def _hush(nodes: list[TreeNode]) -> None:
    """A hierarchy is as quiet as all that is in it; a module stays heard for what is in it."""
    for node in nodes:
        _hush(node.children)
        if node.kind == "hierarchy":
            node.quiet = all(child.quiet for child in node.children)
        elif any(not child.quiet for child in node.children):
            node.quiet = False


def walk(nodes: Iterable[TreeNode], level: int = 1) -> Iterable[tuple[int, TreeNode]]:
    """Each node with its level (1 at the top), depth first."""
    for node in nodes:
        yield level, node
        yield from walk(node.children, level + 1)


def rows(nodes: Iterable[TreeNode]) -> list[dict[str, Any]]:
    """The nodes as the page takes them."""
    return [
        {
            "path": node.path,
            "name": node.name,
            "level": level,
            "kind": node.kind,
            "type": node.type,
            "vlnv": node.vlnv,
            "driver": node.driver,
            "why": node.why,
            "address": node.address,
            # As text: JavaScript's numbers end at 2^53.
            "ranges": [[hex(base), hex(size)] for base, size in node.ranges],
            "quiet": node.quiet,
        }
        for level, node in walk(nodes)
    ]


def type_of(module: Module) -> str:
    """Name and version of a module's type, as short as a column wants it."""
    if module.vlnv and module.vlnv.count(":") == 3:
        _, _, name, version = module.vlnv.split(":")
        return f"{name} {version}"
    return module.vlnv or module.modtype or (module.kind or "").lower()


def short_size(nbytes: int) -> str:
    """``64 K``, ``512 M``; bytes where it is no round number; ``?`` for a range whose end the file leaves open."""
    if nbytes == 0:
        return "?"
    for unit, scale in (("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)):
        if nbytes >= scale and nbytes % scale == 0:
            return f"{nbytes // scale} {unit}"
    return f"{nbytes} B"
