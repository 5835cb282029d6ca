"""The mirror of an IP, made without its driver: from its description and the class of the driver that was chosen for it.

A snapshot of a whole overlay reads registers of IPs that nobody has touched yet. To make their drivers for it would run code that may
work on the hardware. So a mirror is made here, kept with the overlay, and is the one that the driver's ``registers`` gives later.

It is the mirror of the primary address block: the one behind ``phys_addr``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pynq_widgets.access import MMIO, Mirror
from pynq_widgets.access.bits import safe_name
from pynq_widgets.access.describe import registers_of
from pynq_widgets.access.errors import near_or_all
from pynq_widgets.design import AddressBlock, hls

from .traits.asked import stated_by


class Place(NamedTuple):
    """What a path such as ``hier/ip.REGISTER.FIELD`` leads to; `field` is empty where the register as a whole is meant."""

    path: str
    mirror: Mirror
    register: str
    field: str


def primary_block(description: Mapping[str, Any]) -> AddressBlock | None:
    """The address block behind ``phys_addr``; ``None`` where the design lists no registers for it."""
    module = description.get("module")
    if module is None:
        return None
    blocks: list[AddressBlock] = [block for block in module.blocks if block.registers]
    base = description.get("phys_addr")
    for entry in description.get("ranges") or ():
        if entry["base"] == base:
            for block in blocks:
                if block.name == entry["block"] and block.interface.lower() == str(entry["interface"]).lower():
                    return block
    return blocks[0] if len(blocks) == 1 else None


def corrected_block(description: Mapping[str, Any], driver: type | None) -> Any:
    """The registers behind ``phys_addr`` as the mirror, the register map and the attributes have them; ``None`` where there are none.

    They are the design's (an ``AddressBlock``, or a list where a device has PYNQ's dictionary instead of a design), with what is known of
    HLS cores beyond it, corrected by the traits of `driver`.
    """
    if description.get("phys_addr") is None or description.get("addr_range") is None:
        return None
    block: Any = primary_block(description)
    if block is None and description.get("module") is None:
        block = registers_of(description["registers"]) if description.get("registers") else None
    if block is not None:
        registers = registers_of(block)
        started = hls.with_start(registers)
        if started is not registers:
            block = block._replace(registers=started) if hasattr(block, "_replace") else started
    stated = {} if driver is None else stated_by(driver)
    if block is None:
        block = layout_of(description, driver)
    known = None if block is None else known_driver(description, driver)
    if known is not None:
        own = {trait.register for trait in stated.values()}
        stated = {**{name: trait for name, trait in stated_by(known).items() if trait.register not in own}, **stated}
    if not stated:
        return block
    from .traits.corrections import corrected

    return corrected(block, stated)


def layout_of(description: Mapping[str, Any], driver: type | None) -> AddressBlock | None:
    """The registers that the driver knows of (its `register_layout`), for an IP whose design lists none; ``None`` where it knows none.

    Where another driver was chosen than the one that an installed package has for the IP, the package's layout holds all the same.
    """
    for cls in (driver, known_driver(description, driver)):
        layout = getattr(cls, "register_layout", None)
        if callable(layout):
            layout = layout(description)
        if layout:
            size = description["addr_range"]
            whole = tuple(sorted((r for r in layout if r.offset + r.size <= size), key=lambda register: register.offset))
            return AddressBlock("", "", size, "register", "read-write", whole)
    return None


def known_driver(description: Mapping[str, Any], driver: type | None) -> type | None:
    """The driver that an installed package has for this IP, where another one was chosen; None where there is none.

    What it knows of the registers is true, whoever drives them: which words a read destroys, and where design files are wrong.
    """
    tree, _ = _home(description)
    vlnv = description.get("type")
    if tree is None or not vlnv:
        return None
    for candidate in tree.packaged(vlnv):
        if vlnv in candidate.bindto and not (driver is not None and issubclass(driver, candidate.driver)):
            found: type = candidate.driver
            return found
    return None


def guards_of(description: Mapping[str, Any], driver: type | None) -> Mapping[str, str]:
    """The words of the IP that are not read unasked, where the design does not say so, and why."""
    guards: dict[str, str] = {}
    for cls in (known_driver(description, driver), driver):
        guards.update(getattr(cls, "guards", None) or {})
    return guards


def mirror_of(description: Mapping[str, Any], driver: type | None = None, mmio: MMIO | None = None) -> Mirror | None:
    """The mirror of the IP of `description`, the same one each time while the overlay is loaded; ``None`` where it has no registers.

    Parameters
    ----------
    description
        As a driver is given it.
    driver
        The class whose `guards` and hardware traits correct what the design says; default the one chosen for the IP.
    mmio
        Its primary address range, where the caller has it mapped already.

    Touches no hardware.
    """
    tree, path = _home(description)
    if tree is None or (mmio is not None and mmio.base_addr != description.get("phys_addr")):
        return _make(description, driver, mmio)  # made by hand, or a driver that works at another place
    # Without the tree's lock, which is held while a driver is made: two threads may make one, and the first is kept.
    made: Mirror | None = tree.mirrors.get(path)
    if made is not None and not made.port.is_stale:
        return made
    fresh = _make(description, driver, mmio)
    if fresh is None:
        return None
    if made is not None:
        tree.mirrors[path] = fresh  # the old one was of a loading that has ended
    kept: Mirror = tree.mirrors.setdefault(path, fresh)
    return kept


def _home(description: Mapping[str, Any]) -> tuple[Any, str]:
    """The tree that keeps the mirror of `description`, which has ``None`` if it was made by hand; and the path there."""
    get_tree = getattr(description.get("overlay"), "_get_tree", None)
    path = str(description.get("memory") or description.get("fullpath") or "")
    if get_tree is None:
        return None, path
    tree = get_tree()
    return (tree if path in tree.nodes and tree.descriptions.ip(path) is description else None), path


def _make(description: Mapping[str, Any], driver: type | None, mmio: MMIO | None) -> Mirror | None:
    if driver is None:
        driver = description.get("driver")
    block = corrected_block(description, driver)
    if block is None:
        return None
    if mmio is None:
        mmio = MMIO(description["phys_addr"], description["addr_range"], device=description.get("device"))
        life = getattr(description.get("overlay"), "_life", None)
        if life is not None:
            life.part(_home(description)[1]).give(mmio)
    return Mirror(mmio, block, guards=guards_of(description, driver))


def mirrors(overlay: Any, paths: Iterable[str] = ()) -> dict[str, Mirror]:
    """The mirrors of all IPs of `overlay` that have registers, by path, in the order of their addresses; made where they are not yet.

    `paths` names IPs and hierarchies, of which all below is meant; none means all. Raises ``KeyError`` for one that is not there, with
    the near names, ``TypeError`` for what is no name, and ``StaleOverlayError`` where the overlay has gone.
    """
    tree = overlay._get_tree()
    overlay._check_alive("a register")
    named = list(paths)
    wanted = {} if named else dict.fromkeys(_below(tree, ""))
    for path in named:
        if not isinstance(path, str):
            raise TypeError(f"{overlay._who()} takes the paths of IPs and hierarchies, not the {type(path).__name__} {path!r}")
        node = tree.find("", path.strip("/"))
        if node is None:
            raise KeyError(tree.missing("", path, overlay._who()))
        wanted.update(dict.fromkeys(_below(tree, node.path)))
    found = []
    for path in wanted:
        mirror = mirror_of(tree.descriptions.ip(path)) if tree.nodes[path].kind in ("ip", "memory") else None
        if mirror is not None:
            found.append((mirror.port.base, path, mirror))
    return {path: mirror for _, path, mirror in sorted(found, key=lambda item: item[:2])}


def _below(tree: Any, path: str) -> list[str]:
    start = f"{path}/" if path else ""
    return [name for name in tree.nodes if name and (name == path or name.startswith(start))]


def place(overlay: Any, name: str) -> Place:
    """What ``hier/ip.REGISTER`` or ``hier/ip.REGISTER.FIELD`` names.

    Registers and fields are named as in the design or as attributes show them. Raises ``KeyError`` with the near names for what is not
    there, ``TypeError`` for what is no name.
    """
    if not isinstance(name, str):
        raise TypeError(f"expected a name such as 'hier/ip.REGISTER' or 'hier/ip.REGISTER.FIELD', not the {type(name).__name__} {name!r}")
    tree = overlay._get_tree()
    overlay._check_alive(name)
    path, dot, rest = _split(tree, name)
    node = tree.find("", path) if path else None
    if node is None:
        raise KeyError(tree.missing("", path, overlay._who()))
    if node.kind == "hierarchy":
        raise KeyError(f"{node.path} is a hierarchy, which has no registers: name one of an IP in it, as in '{node.path}/ip.REGISTER'")
    mirror = mirror_of(tree.descriptions.ip(node.path))
    if mirror is None:
        raise KeyError(f"the design lists no registers for {node.path}")
    if not dot or not rest:
        names = near_or_all("", mirror.registers)
        raise KeyError(f"{name!r} names no register: write '{node.path}.REGISTER'{names}")
    registers = {safe_name(register): register for register in mirror.registers}
    register, field = rest, ""
    if register not in mirror.registers and register not in registers:
        register, _, field = rest.rpartition(".")
    register = register if register in mirror.registers else registers.get(register, "")
    if not register:
        raise KeyError(f"{node.path} has no register {rest.partition('.')[0]!r}{near_or_all(rest.partition('.')[0], mirror.registers)}")
    if field:
        fields = mirror.registers[register].fields
        shown = {safe_name(known): known for known in fields}
        if field not in fields and field not in shown:
            raise KeyError(f"register {node.path}.{register} has no field {field!r}{near_or_all(field, fields)}")
        field = field if field in fields else shown[field]
    return Place(node.path, mirror, register, field)


def _split(tree: Any, name: str) -> tuple[str, str, str]:
    """Path, dot and the rest. Names of blocks may hold dots, and ``hier.ip.REGISTER`` is what a person writes in Python."""
    parts = name.strip("/").split(".")
    for count in range(len(parts), 0, -1):
        for path in (".".join(parts[:count]), "/".join(parts[:count])):
            found = tree.find("", path)
            if found is not None and found.path and found.kind != "hierarchy":
                return found.path, "." if count < len(parts) else "", ".".join(parts[count:])
    path, dot, rest = name.strip("/").partition(".")
    return path, dot, rest


__all__ = ["Place", "corrected_block", "mirror_of", "mirrors", "place", "primary_block"]
