"""A map of memory: who holds what, where it is free, which line of Python made it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import anywidget
import traitlets

from pynq_widgets import showing
from pynq_widgets.device.simulated.mainmemory import MainMemory

from . import html
from .assets import script, style
from .closing import close_layout
from .memory_facts import COLOURS, facts
from .reuse import shown
from .viewers import Viewers

_VIEW = "application/vnd.jupyter.widget-view+json"
# Legible on white and on a dark page; the last is for several makers at once, and for those beyond the eighth.
_PALETTE = ("#3b82c4", "#e0882d", "#3f9d63", "#c2557f", "#8667c4", "#2f9e9e", "#b08b1e", "#a05a3c", "#7d8590")
assert len(_PALETTE) == COLOURS + 1


class MemoryMap(anywidget.AnyWidget):
    """The banks of a device's memory as strips, and a row for each line of Python that holds buffers.

    It follows what is allocated and freed, once a second, while it is on a screen.
    """

    _esm = script("memory_map.js")
    _css = style("memory_map.css")

    facts = traitlets.Dict(help="What is shown; see memory_facts.facts.").tag(sync=True)
    palette = traitlets.List(traitlets.Unicode(), default_value=list(_PALETTE), help="Colours by row.").tag(sync=True)

    def __init__(self, memory: MainMemory, **traits: Any) -> None:
        self.memory = memory
        self.viewers = Viewers(lambda watched: None)
        super().__init__(facts=facts(memory), **traits)
        self.on_msg(self._message)

    def refresh(self) -> None:
        """Look again; the page is told only of what differs."""
        self.facts = facts(self.memory)

    def _message(self, _: Any, message: Any, buffers: Any) -> None:
        if not isinstance(message, Mapping):
            return
        if message.get("kind") == "beat":
            self.viewers.beat(str(message.get("view"))[:64], bool(message.get("visible")))
            if message.get("visible"):
                self.refresh()
        elif message.get("kind") == "bye":
            self.viewers.bye(str(message.get("view")))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        data = {**(data or {}), "text/plain": repr(self.memory), "text/html": str(memory_html(facts(self.memory)))}
        return (data, metadata) if isinstance(bundle, tuple) else data

    def close(self) -> None:
        """Take it off every page."""
        close_layout(self)
        super().close()


def memory_bundle(memory: MainMemory, widget: bool) -> showing.Bundle:
    """A device's memory: the live map, the same as HTML with no script, and the list of what is held as text."""
    data: showing.Bundle = {"text/plain": repr(memory), "text/html": str(memory_html(facts(memory)))}
    if widget:
        view = shown(memory, "memory", lambda: MemoryMap(memory), lambda: False)
        view.refresh()
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
    return data


def memory_html(told: Mapping[str, Any]) -> html.Markup:
    """The map for a saved notebook."""
    parts = []
    for bank in told["banks"]:
        parts.append(html.element("div", html.element("b", bank["name"]), f" {bank['note']}", style="margin:6px 0 2px;font-size:12px"))
        parts += [_strip(strip) for strip in bank["strips"]]
        if bank["holders"]:
            rows = [
                (_dot(row["colour"]), _what(row["what"]), row["bytes"], f"{row['count']:,}", row["address"], _where(row["where"]))
                for row in bank["holders"]
            ]
            parts.append(html.table(("", "What", "Bytes", "Buffers", "Address", "Made at"), rows, mono=(2, 3, 4, 5), right=(2, 3)))
    return html.page(str(told["title"]), *parts, note=f"· {told['note']}")


def _dot(colour: int) -> html.Markup:
    return html.element("span", style=f"display:inline-block;width:9px;height:9px;border-radius:2px;background:{_PALETTE[colour]}")


def _what(what: str) -> html.Markup:
    style = "display:inline-block;max-width:36ch;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom"
    return html.element("span", what, title=what, style=style)


def _where(where: str) -> html.Markup:
    return html.element("span", PurePath(where).name, title=where)


def _strip(strip: Mapping[str, Any]) -> html.Markup:
    pieces = [
        html.element(
            "span",
            title=piece["said"],
            style=f"position:absolute;top:0;bottom:0;left:{100 * piece['at']:.4g}%;width:{100 * piece['width']:.4g}%;min-width:2px;"
            f"background:{_PALETTE[piece['colour']]};opacity:{0.3 + 0.7 * piece['fill']:.2g}",
        )
        for piece in strip["pieces"]
    ]
    bar = html.element(
        "div",
        *pieces,
        style="position:relative;height:18px;overflow:hidden;border:1px solid rgba(128,128,128,.45);border-radius:3px;"
        "background:rgba(128,128,128,.12)",
    )
    ends = html.element(
        "div",
        html.element("span", strip["low"]),
        html.element("span", strip["size"]),
        html.element("span", strip["high"]),
        style="display:flex;justify-content:space-between;font-family:monospace;font-size:11px;opacity:.75",
    )
    return html.element("div", bar, ends, style="max-width:760px;margin-bottom:4px")


def register_memory() -> None:
    """Tell `showing` who makes the bundle."""
    showing.register(MainMemory, memory_bundle)
