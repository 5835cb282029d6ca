"""How each thing shows itself: the live view, HTML for a saved notebook, and plain text.

Making a bundle writes nothing, and reads nothing that a read would change.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from pynq_widgets import showing
from pynq_widgets.access import Mirror, RegisterHandle, RegisterMap
from pynq_widgets.access.data_recorder import DataRecorder
from pynq_widgets.design import Design
from pynq_widgets.device.bus import Statistics
from pynq_widgets.device.simulated.faults import Faults
from pynq_widgets.live.excerpt import Readable
from pynq_widgets.live.expectation import Expectation
from pynq_widgets.overlay import DefaultHierarchy, DefaultIP, Overlay
from pynq_widgets.overlay.binding import Drivers

from . import changes, html
from .detail import NodeDetail, device_text, find_node, nodes_of, overlay_content, overlay_name, panel_of, plain_content, table_for
from .expect_view import expectation_bundle
from .faults_view import faults_bundle
from .nodes import TreeNode, leaf_node, tree_nodes, walk
from .recorder_view import recorder_bundle
from .reuse import shown
from .statistics_view import statistics_bundle
from .summaries import node_summary, overlay_summary
from .table import mirror_of
from .tape_view import tape_bundle
from .tree import OverlayTree

_log = logging.getLogger(__name__)

_VIEW = "application/vnd.jupyter.widget-view+json"
_NAMES = 12  # names that the plain text lists


def bundle(text: str, markup: str, widget: bool, make: Callable[[], Any]) -> showing.Bundle:
    """The bundle of a thing; `make` gives its widget, and is called only if that is wanted."""
    data: showing.Bundle = {"text/plain": text, "text/html": str(markup)}
    if widget:
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": make().model_id}
    return data


def overlay_bundle(overlay: Overlay, widget: bool) -> showing.Bundle:
    """An overlay: its tree."""
    nodes = nodes_of(overlay)
    device = device_text(overlay.device)[0]
    note = f"on {device}" + ("" if overlay.is_loaded() else ", stale: not on the device any more")
    markup = html.page(overlay_name(overlay), html.tree(nodes), html.summary(overlay_content(overlay)), note=note)
    return bundle(
        f"{overlay!r}\n{_listed(nodes)}",
        markup,
        widget,
        lambda: shown(overlay, "tree", lambda: OverlayTree(overlay), lambda: not overlay.is_loaded()),
    )


def hierarchy_bundle(hierarchy: DefaultHierarchy, widget: bool) -> showing.Bundle:
    """A hierarchy: its part of the tree."""
    overlay = hierarchy.description["overlay"]
    root = find_node(nodes_of(overlay), hierarchy.description["fullpath"])
    nodes = root.children if root is not None else []
    markup = html.page(str(hierarchy.description["fullpath"]), html.tree(nodes), note=f"on {device_text(overlay.device)[0]}")
    return bundle(
        f"{hierarchy!r}\n{_listed(nodes)}",
        markup,
        widget,
        lambda: shown(hierarchy, "tree", lambda: OverlayTree(hierarchy), lambda: not overlay.is_loaded()),
    )


def ip_bundle(ip: DefaultIP, widget: bool) -> showing.Bundle:
    """An IP: its summary, its panel, its registers."""
    overlay, path = ip.description.get("overlay"), str(ip.description.get("fullpath", ""))
    design = ip.description.get("design")
    node = None
    if overlay is not None:
        node = leaf_node(overlay.design, path, overlay.drivers) if overlay.design is not None else None
        node = node or find_node(nodes_of(overlay), path)
    if node is None:
        node = TreeNode(path, path.rpartition("/")[2], "ip", str(ip.description.get("type") or ""), driver=type(ip).__name__)
    content = node_summary(design, node) if design is not None else plain_content(node)
    told, kind, _ = device_text(ip.device)
    content = {**content, "badges": [[told, kind]]}

    def make() -> NodeDetail:
        return shown(ip, "detail", lambda: NodeDetail(content, ip), lambda: ip._life is not None and not ip._life.alive)

    detail = make() if widget else None
    mirror = getattr(ip, "registers", None)
    parts = [html.summary(content)]
    if isinstance(mirror, Mirror):
        parts.insert(0, html.registers(mirror.registers.values(), mirror.port.base))
    parts[:0] = _panel_still(panel_of(ip, []) if detail is None else detail.panel)
    markup = html.page(path, *parts, note=f"{node.type} on {told}")
    return bundle(repr(ip), markup, widget, lambda: detail)


def _panel_still(panel: Any) -> list[html.Markup]:
    """What a driver's panel shows where no kernel runs; nothing of a panel that says nothing of that."""
    from .panel import Panel

    if not isinstance(panel, Panel):
        return []
    try:
        return [panel.markup()]
    except Exception:
        # A driver's mistake must not take the registers away from the person who looks for them.
        _log.warning("%s cannot say what it shows", type(panel).__name__, exc_info=True)
        return []


def mirror_bundle(mirror: Mirror, widget: bool) -> showing.Bundle:
    """A mirror: the register table, with what is known."""
    name = getattr(mirror.block, "name", "") or "Registers"
    known = [f"{h.name} = {h.value:#x} ({h.state})" for h in mirror.registers.values() if h.value is not None][:_NAMES]
    text = "\n  ".join([repr(mirror), *known])
    return bundle(text, html.page(name, html.registers(mirror.registers.values(), mirror.port.base)), widget, lambda: table_for(mirror))


def register_map_bundle(registers: RegisterMap, widget: bool) -> showing.Bundle:
    """A register map: as PYNQ's `repr` does, its harmless registers are read once for the text."""
    mirror = vars(registers).get("_shown_mirror")
    if mirror is None:
        mirror = vars(registers)["_shown_mirror"] = mirror_of(registers)
    with contextlib.suppress(Exception):
        # What cannot be read is told by the state of its row.
        mirror.refresh()
    lines = [f"  {handle.name} = {_told(handle)}" for handle in mirror.registers.values()]
    text = "\n".join([f"{type(registers).__name__}, {len(lines)} registers", *lines])
    return bundle(
        text,
        html.page(type(registers).__name__, html.registers(mirror.registers.values(), mirror.port.base)),
        widget,
        lambda: table_for(mirror),
    )


def _told(handle: RegisterHandle) -> str:
    if handle.guard:
        return f"not read: {handle.guard}"
    return handle.state if handle.value is None else f"{handle.value:#x}"


def design_bundle(design: Design, widget: bool) -> showing.Bundle:
    """A design runs nowhere: its tree as it stands in the file."""
    nodes = tree_nodes(design)
    markup = html.page(
        design.name or "Design", html.tree(nodes), html.summary(overlay_summary(design)), note=f"{design.part or ''}, not loaded"
    )
    return {"text/plain": f"{design!r}\n{_listed(nodes)}", "text/html": str(markup)}


def _listed(nodes: list[TreeNode]) -> str:
    names = [node.path for _, node in walk(nodes) if not node.quiet and node.kind in ("ip", "external")]
    more = f", and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def drivers_bundle(drivers: Drivers, widget: bool) -> showing.Bundle:
    """Which driver each IP has, and why: a table, with nothing in it that lives."""
    rows = drivers.rows()
    silent = len(drivers) - len(rows)
    note = f"· {silent} blocks without an address that software sees are left out" if silent else ""
    markup = html.page("Drivers", html.table(("Block", "Driver", "Why"), rows, mono=(0,)), note=note)
    return {"text/plain": repr(drivers), "text/html": str(markup)}


def register_all() -> None:
    """Tell `showing` who makes which bundle."""
    showing.register(Overlay, overlay_bundle)
    showing.register(DefaultHierarchy, hierarchy_bundle)
    showing.register(DefaultIP, ip_bundle)
    showing.register(Drivers, drivers_bundle)
    showing.register(Mirror, mirror_bundle)
    showing.register(RegisterMap, register_map_bundle)
    showing.register(Design, design_bundle)
    showing.register(Readable, tape_bundle)
    changes.register_all()
    showing.register(Statistics, statistics_bundle)
    showing.register(Faults, faults_bundle)
    showing.register(Expectation, expectation_bundle)
    showing.register(DataRecorder, recorder_bundle)


__all__ = ["bundle", "register_all"]
