"""The page's part of a scope: its buttons, its trigger, its counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from . import outbox
from .assets import script, style
from .closing import close_layout


class ScopePanel(anywidget.AnyWidget):
    """Shows what a :class:`Scope` sends, and tells it what a person does. It knows nothing of hardware."""

    _esm = script("buffer_controls.js", "scope.js")
    _css = style("buffer.css", "scope.css")

    title = traitlets.Unicode(help="Stands above the scope.").tag(sync=True)
    device: traitlets.List[Any] = traitlets.List(
        help="What the hardware is, and its kind: a simulated one is never taken for a board."
    ).tag(sync=True)

    def __init__(self, heard: Callable[[str, Mapping[str, Any]], object], **traits: Any) -> None:
        self._heard = heard
        self._sending = threading.Lock()
        self._news: dict[str, Any] = {}  # said and not yet sent
        self._closed = False
        self.frame = 0  # how many states have been sent
        super().__init__(**traits)
        self.on_msg(self._message)

    def state(self, content: Mapping[str, Any]) -> None:
        """Send what is to be said now; what is said while it waits joins it."""
        with self._sending:
            self._news.update(content)
        outbox.default().ask((id(self), "state"), self._send_state)

    def tell(self, content: Mapping[str, Any]) -> None:
        """Send one message; nothing once the panel is closed."""
        outbox.default().post(lambda: None if self._closed else self.send(dict(content)))

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """A page sets no trait: what a person does comes as messages."""

    def _send_state(self) -> None:
        with self._sending:
            news, self._news = self._news, {}
            if not news or self._closed:
                return
            self.frame += 1
            number = self.frame
        self.send({**news, "kind": "state", "n": number})

    def close(self) -> None:
        """Take it off every page."""
        self._closed = True
        close_layout(self)
        super().close()

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        if not self._closed and isinstance(content, Mapping) and isinstance(content.get("kind"), str):
            self._heard(content["kind"], content)
