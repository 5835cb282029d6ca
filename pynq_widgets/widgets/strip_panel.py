"""The page's part of a strip chart: its title, its controls, and the legend with the last values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from .assets import script, style
from .closing import close_layout


class StripPanel(anywidget.AnyWidget):
    """Shows what a :class:`StripChart` sends, and tells it what a person does. It knows nothing of hardware."""

    _esm = script("strip.js")
    _css = style("strip.css")

    title = traitlets.Unicode(help="Stands above the chart.").tag(sync=True)
    device: traitlets.List[Any] = traitlets.List(
        help="What the hardware is, and its kind: a simulated one is never taken for a board."
    ).tag(sync=True)
    lines: traitlets.List[Any] = traitlets.List(help="Label, unit and colour of each line.").tag(sync=True)

    def __init__(self, heard: Callable[[str, Mapping[str, Any]], object], **traits: Any) -> None:
        self._heard = heard
        self._closed = False
        self.frame = 0  # how many states have been sent
        super().__init__(**traits)
        self.on_msg(self._message)

    def state(self, content: Mapping[str, Any]) -> None:
        """Send what is to be said now."""
        self.frame += 1
        self.tell({**content, "kind": "state", "n": self.frame})

    def tell(self, content: Mapping[str, Any], buffer: bytes | None = None) -> None:
        """Send one message, from the outbox's thread; nothing once the panel is closed."""
        if not self._closed:
            self.send(dict(content), None if buffer is None else [buffer])

    def close(self) -> None:
        """Take it off every page."""
        self._closed = True
        close_layout(self)
        super().close()

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        if not self._closed and isinstance(content, Mapping) and isinstance(content.get("kind"), str):
            self._heard(content["kind"], content)
