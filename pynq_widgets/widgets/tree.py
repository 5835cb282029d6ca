"""The overlay as a tree, and beside it what was chosen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import anywidget
import ipywidgets
import traitlets

from . import outbox
from .assets import script, style
from .closing import close_layout
from .detail import NodeDetail, detail_of, device_text, find_node, nodes_of, overlay_name
from .nodes import TreeNode, rows, walk
from .viewers import Viewers

_log = logging.getLogger(__name__)


class TreeList(anywidget.AnyWidget):
    """The tree itself: rows that fold, a filter, and which row is chosen."""

    _esm = script("tree.js")
    _css = style("tree.css")

    nodes: traitlets.List[dict[str, Any]] = traitlets.List(help="The rows, depth first; see nodes.rows.").tag(sync=True)
    about = traitlets.Dict(help="Name of the overlay, and the device it runs on, in words.").tag(sync=True)
    status = traitlets.Unicode(help="Why the overlay can no longer be used; empty while it can.").tag(sync=True)
    selected = traitlets.Unicode(help="Path of the chosen row; empty for the overlay itself.").tag(sync=True)
    everything = traitlets.Bool(False, help="Whether quiet rows are shown, too.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self.viewers = Viewers(lambda watched: None)
        self.on_beat: Any = None
        super().__init__(**traits)
        self.on_msg(self._message)

    def _message(self, _: Any, message: Any, buffers: Any) -> None:
        if not isinstance(message, Mapping):
            return
        if message.get("kind") == "beat":
            self.viewers.beat(str(message.get("view"))[:64], bool(message.get("visible")))
            if self.on_beat is not None:
                self.on_beat()
        elif message.get("kind") == "bye":
            self.viewers.bye(str(message.get("view")))

    def close(self) -> None:
        """Take it off every page."""
        close_layout(self)
        super().close()


class OverlayTree(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets is not typed
    """An overlay as a tree of its modules, and beside it the one that is chosen.

    Beside the tree stands a driver's own panel, a register table, or a summary. Nothing is read from hardware but the registers on the
    screen, while they are on it.

    Parameters
    ----------
    source
        An ``Overlay``, or a hierarchy of one: then its part of the tree.
    everything
        Whether to begin with all blocks in sight. Else the quiet ones (interconnects, constants, resets, debug cores and whatever has
        neither address nor stream, see ``design.quiet``) are left out until they are asked for; a button says how many there are.
    """

    selected = traitlets.Unicode(help="Path of the chosen module or hierarchy, as in ip_dict; empty for the overlay itself.")

    everything = traitlets.Bool(False, help="Whether quiet blocks are shown, too; a page's button sets it.")

    def __init__(self, source: Any, *, everything: bool = False) -> None:
        self.overlay, self._under = _overlay_of(source)
        self._details: dict[str, NodeDetail] = {}
        nodes = self._read()
        device, kind, hint = device_text(self.overlay.device)
        design = self.overlay.design
        about = {
            "name": f"{overlay_name(self.overlay)}{'/' if self._under else ''}{self._under}",
            "device": device,
            "device_kind": kind,
            "device_hint": hint,
            "detail": (design.part or "") if design is not None else "",
        }
        side = ipywidgets.Layout(flex="1 1 450px", width="auto", min_width="0", margin="0")
        self.list = TreeList(nodes=rows(nodes), about=about, status=self._gone(), everything=everything, layout=side)
        self.list.on_beat = self._look
        self.place = ipywidgets.VBox([], layout=ipywidgets.Layout(flex="1.2 1 520px", width="auto", min_width="0", margin="0"))
        layout = ipywidgets.Layout(
            display="flex", flex_flow="row wrap", align_items="flex-start", width="100%", grid_gap="8px", overflow="visible"
        )
        super().__init__([self.list, self.place], layout=layout)
        self.list.observe(self._chosen, "selected")
        traitlets.link((self.list, "everything"), (self, "everything"))
        self._show("")

    def _read(self) -> list[TreeNode]:
        """The top rows, as the overlay is now."""
        self._design = self.overlay.design
        nodes = nodes_of(self.overlay)
        root = find_node(nodes, self._under) if self._under else None
        if self._under:
            nodes = root.children if root is not None else []
        self._nodes: dict[str, TreeNode] = {node.path: node for _, node in walk(nodes)}
        if root is not None:
            self._nodes[""] = root
        return nodes

    def _follow(self) -> None:
        """A region of the overlay holds another module: its rows are exchanged, and what was shown of it."""
        if self.list.comm is None:
            return
        before, held = self._design, self._nodes
        nodes = self._read()
        changed = _changed(before, self._design)
        self.list.nodes = rows(nodes)
        gone = [path for path in self._details if path and any(f"{path}/".startswith(f"{region}/") for region in changed)]
        chosen = self.selected
        while chosen and chosen not in self._nodes:
            chosen = chosen.rpartition("/")[0]
        closing = [self._details.pop(path) for path in gone]
        if chosen != self.selected:
            self.selected = chosen
        elif self.selected in gone or held.get(chosen) is None:
            self._show(chosen)
        for detail in closing:
            detail.close()

    @property
    def viewers(self) -> Viewers:
        """Who looks at the tree."""
        return self.list.viewers

    @traitlets.validate("selected")
    def _known(self, proposal: Any) -> str:
        path: str = proposal["value"]
        if path and path not in self._nodes:
            from pynq_widgets.access.errors import near_names

            raise traitlets.TraitError(f"OverlayTree has no row {path!r}{near_names(path, self._nodes)}")
        return path

    @traitlets.observe("selected")
    def _selected(self, change: Any) -> None:
        self.list.selected = change["new"]

    def _chosen(self, change: Any) -> None:
        path = change["new"]
        if path and path not in self._nodes:
            # Only a page that is not ours says so.
            self.list.selected = self.selected
            return
        self.selected = path
        self._show(path)

    def _show(self, path: str) -> None:
        detail = self._details.get(path)
        if detail is None:
            detail = self._details[path] = detail_of(self.overlay, self._nodes.get(path))
        self.place.children = (detail,)

    def _look(self) -> None:
        if self.overlay.design is not self._design:
            outbox.default().ask((id(self), "rows"), self._follow)
        if self._gone() != self.list.status:
            outbox.default().ask((id(self), "gone"), self._tell_gone)

    def _tell_gone(self) -> None:
        if self.list.comm is not None:  # else it was closed meanwhile
            self.list.status = self._gone()

    def _gone(self) -> str:
        if self.overlay.is_loaded():
            return ""
        reason = getattr(self.overlay, "_gone", None)
        said = reason() if callable(reason) else "another one has been loaded"
        return f"Stale: this overlay is not on the device any more: {said}"

    def close(self) -> None:
        """Take the tree off every page and end what it reads."""
        if hasattr(self, "list"):
            for detail in self._details.values():
                detail.close()
            self.list.close()
            close_layout(self.place)
            self.place.close()
        close_layout(self)
        super().close()


def _changed(before: Any, now: Any) -> list[str]:
    """The regions that do not hold the same in both designs."""
    held, holds = getattr(before, "regions", {}), getattr(now, "regions", {})
    missing = object()
    return [region for region in {**held, **holds} if held.get(region, missing) is not holds.get(region, missing)]


def _overlay_of(source: Any) -> tuple[Any, str]:
    from pynq_widgets.overlay import DefaultHierarchy, Overlay

    if isinstance(source, Overlay):
        return source, ""
    if isinstance(source, DefaultHierarchy):
        return source.description["overlay"], str(source.description["fullpath"])
    raise TypeError(f"OverlayTree expected an Overlay or a hierarchy of one, not {type(source).__name__}: {source!r}")
