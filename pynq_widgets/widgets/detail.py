"""What stands beside the tree, and what an IP shows as the last line of a cell: its summary, its driver's panel, its registers."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import ipywidgets

from pynq_widgets.access import Mirror

from .closing import close_layout
from .nodes import TreeNode, tree_nodes, walk
from .reuse import shown
from .summaries import Content, node_summary, overlay_summary
from .summary import NodeSummary
from .table import RegisterTable
from .viewers import Viewers

_log = logging.getLogger(__name__)

_FULL = {"width": "100%", "min_width": "0", "margin": "0"}


class NodeDetail(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets is not typed
    """Summary, panel and register table of one thing, one below the other.

    A panel that cannot be made is told of in the summary; the rest lives.
    """

    def __init__(self, content: Content, obj: Any = None, problems: tuple[str, ...] = ()) -> None:
        told = list(problems)
        panel = panel_of(obj, told) or _region(obj, told)
        table = _registers(obj, told)
        if told:
            content = {**content, "problems": told}
        if panel is not None or table is not None:
            # The registers are what one came for; what is known besides stays folded.
            content = {**content, "sections": [{**section, "open": False} for section in content["sections"]]}
        self.summary = NodeSummary(content)
        self.panel = panel
        parts = [part for part in (self.summary, panel, table) if part is not None]
        super().__init__(parts, layout=ipywidgets.Layout(**_FULL, overflow="visible", grid_gap="6px"))

    @property
    def viewers(self) -> Viewers:
        """Who looks at this."""
        return self.summary.viewers

    def close(self) -> None:
        """Take this off every page. The panel is the driver's and the table may stand elsewhere: they stay."""
        if hasattr(self, "summary"):
            self.summary.close()
        close_layout(self)
        super().close()


def panel_of(obj: Any, problems: list[str]) -> Any:
    """The panel of a driver; None where it has none, and where it cannot be made, of which `problems` then tells."""
    make = getattr(obj, "panel", None)
    if not callable(make):
        return None
    name = type(obj).__name__
    try:
        panel = make()
    except Exception as error:
        _log.warning("%s.panel() failed", name, exc_info=True)
        problems.append(f"The panel of {name} could not be made: {type(error).__name__}: {error}")
        return None
    if panel is not None and not isinstance(panel, ipywidgets.Widget):
        problems.append(f"panel() of {name} is expected to return a widget or None, not {type(panel).__name__}")
        return None
    return panel


def _region(obj: Any, problems: list[str]) -> Any:
    """The panel of a reconfigurable region, whose driver has none of its own."""
    overlay = getattr(obj, "_overlay", None) or (getattr(obj, "description", None) or {}).get("overlay")
    if getattr(overlay, "design", None) is None:
        return None
    from pynq_widgets.overlay.standing import standing

    if str(obj.description.get("fullpath", "")) not in standing(overlay):
        return None
    from .region_panel import RegionPanel

    try:
        return RegionPanel.of(obj)
    except Exception as error:
        problems.append(f"The panel of the region could not be made: {type(error).__name__}: {error}")
        return None


def _registers(obj: Any, problems: list[str]) -> RegisterTable | None:
    try:
        mirror = getattr(obj, "registers", None)
        return table_for(mirror, obj) if isinstance(mirror, Mirror) and mirror.registers else None
    except Exception as error:
        _log.warning("no register table for %s", type(obj).__name__, exc_info=True)
        problems.append(f"The registers of {type(obj).__name__} cannot be shown: {type(error).__name__}: {error}")
        return None


def table_for(mirror: Mirror, ip: Any = None) -> RegisterTable:
    """The register table of `mirror`: one, wherever it is shown. What `ip`, whose registers they are, knows of them is shown too."""
    source = mirror if ip is None else ip
    return shown(mirror, "table", lambda: RegisterTable(source), lambda: mirror.port.is_stale)


def detail_of(overlay: Any, node: TreeNode | None) -> NodeDetail:
    """What there is to show of `node` of `overlay`; of the overlay itself where `node` is None."""
    design = overlay.design
    if node is None:
        return NodeDetail(overlay_content(overlay), overlay)
    content = node_summary(design, node) if design is not None else plain_content(node)
    problems: tuple[str, ...] = ()
    obj = None
    if node.kind in ("ip", "hierarchy") and node.path in overlay.drivers:
        try:
            obj = overlay._item(node.path)
        except Exception as error:
            problems = (str(error) or type(error).__name__,)
    return NodeDetail(content, obj, problems)


def overlay_content(overlay: Any) -> Content:
    """The summary of a whole overlay."""
    file = str(overlay.bitfile_name)
    facts = (
        ("Design file" if file.lower().endswith((".hwh", ".xsa")) else "Bitstream", file),
        ("Loaded", _time_text(overlay.timestamp) or "not by this object"),
        ("Device", device_text(overlay.device)[0]),
    )
    if overlay.design is not None:
        return {**overlay_summary(overlay.design, facts), "title": overlay_name(overlay)}
    return {"title": overlay_name(overlay), "facts": [list(fact) for fact in facts], "sections": []}


def _time_text(timestamp: str) -> str:
    """PYNQ's ``2026/11/22 17:10:09 +789120`` as a person reads it; what another device wrote stays as it is."""
    try:
        return datetime.strptime(timestamp, "%Y/%m/%d %H:%M:%S +%f").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return timestamp


def plain_content(node: TreeNode) -> Content:
    """A summary where there is no design to ask."""
    facts = [["Type", node.type], ["Address", node.address], ["Driver", f"{node.driver} ({node.why})" if node.driver else ""]]
    return {"title": node.name, "subtitle": node.path, "facts": [fact for fact in facts if fact[1]], "sections": []}


def nodes_of(overlay: Any) -> list[TreeNode]:
    """The tree of an overlay, with its drivers."""
    if overlay.design is not None:
        return tree_nodes(overlay.design, overlay.drivers)
    return _foreign_nodes(overlay)


def _foreign_nodes(overlay: Any) -> list[TreeNode]:
    """The tree of an overlay whose device brought a parser of its own: what PYNQ's dictionaries tell."""
    from .nodes import planted

    nodes = {}
    for path, entry in overlay.ip_dict.items():
        node = nodes[path] = TreeNode(path, path.rpartition("/")[2], "ip", vlnv=str(entry.get("type") or ""))
        node.type = " ".join(node.vlnv.split(":")[2:]) or node.vlnv
        if entry.get("phys_addr") is not None:
            node.ranges = [(int(entry["phys_addr"]), int(entry.get("addr_range") or 0))]
        if path in overlay.drivers:
            choice = overlay.drivers[path]
            node.driver, node.why = choice.driver.__name__, str(choice.reason)
    return planted(nodes)


def find_node(nodes: list[TreeNode], path: str) -> TreeNode | None:
    """The node of that path."""
    return next((node for _, node in walk(nodes) if node.path == path), None)


def overlay_name(overlay: Any) -> str:
    """The file's name without its ending."""
    name = str(overlay.bitfile_name).replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def device_text(device: Any) -> tuple[str, str, str]:
    """The device in words, its kind, and a longer hint."""
    kind = str(getattr(device, "kind", "board"))
    tag = str(getattr(device, "tag", "") or type(device).__name__)
    if kind == "simulated":
        name = "Simulated device" if tag == "simulated" else f"Simulated device {tag}"
        return name, kind, "No board: every address is answered by behavioural models on this computer"
    return (f"Board {tag}" if kind == "board" else f"{kind.capitalize()} device {tag}"), kind, f"{type(device).__name__} {tag!r}"
