"""Facts and folding tables about one thing, as a widget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from .assets import script, style
from .closing import close_layout
from .summaries import Content
from .viewers import Viewers


class NodeSummary(anywidget.AnyWidget):
    """Shows a `content` of :mod:`.summaries`; set it anew to show another."""

    _esm = script("summary.js")
    _css = style("summary.css")

    content = traitlets.Dict(help="What is shown; see summaries.content.").tag(sync=True)

    def __init__(self, content: Content) -> None:
        self.viewers = Viewers(lambda watched: None)
        super().__init__(content=content)
        self.on_msg(self._message)

    def _message(self, _: Any, message: Any, buffers: Any) -> None:
        if isinstance(message, Mapping):
            if message.get("kind") == "beat":
                self.viewers.beat(str(message.get("view"))[:64], bool(message.get("visible")))
            elif message.get("kind") == "bye":
                self.viewers.bye(str(message.get("view")))

    def close(self) -> None:
        """Take it off every page."""
        close_layout(self)
        super().close()
