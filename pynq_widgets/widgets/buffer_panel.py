"""The page's part of a buffer view: its controls and facts, and what is no plot: an image, the bytes, text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from . import outbox
from .assets import script, style
from .closing import close_layout
from .raster import Raster

_FRAMES_AHEAD = 30  # frames that a slow page may be behind, which it then leaves out; it tells of every twelfth that it took


class BufferPanel(anywidget.AnyWidget):
    """Shows what a :class:`BufferView` sends, and tells it what a person does. It knows nothing of arrays."""

    _esm = script("buffer_picture.js", "buffer_hex.js", "buffer_controls.js", "buffer.js")
    _css = style("buffer.css")

    title = traitlets.Unicode(help="Stands above the view.").tag(sync=True)
    facts: traitlets.List[Any] = traitlets.List(help="Name and value of each fact of the buffer.").tag(sync=True)

    def __init__(self, heard: Callable[[str, Mapping[str, Any]], object], **traits: Any) -> None:
        self._heard = heard
        self._sending = threading.Lock()
        self._frame = 0
        self._news: dict[str, Any] = {}  # said and not yet sent
        self._picture: Raster | None = None
        self._closed = False
        super().__init__(**traits)
        self.on_msg(self._message)

    @property
    def frame(self) -> int:
        """How many frames have been sent."""
        return self._frame

    @property
    def waiting(self) -> bool:
        """Whether a picture has not been taken yet by the thread that makes and sends it: another one would only take its place."""
        return self._picture is not None

    def behind(self, seen: int | None) -> bool:
        """Whether the page, which took frame `seen` last, does not keep up."""
        return seen is not None and self._frame - seen > _FRAMES_AHEAD

    def state(self, content: Mapping[str, Any], picture: Raster | None = None) -> None:
        """Send what is to be said of the buffer now, with its picture if that is new. What is said while it waits joins it, and of
        pictures the last is made and sent."""
        with self._sending:
            self._news.update(content)
            if picture is not None:
                self._picture = picture
        outbox.default().ask((id(self), "state"), self._send_state)

    def tell(self, content: Mapping[str, Any], buffers: list[bytes] | None = None) -> None:
        """Send one message; nothing once the panel is closed."""
        outbox.default().post(lambda: None if self._closed else self.send(dict(content), buffers))

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """A page sets no trait: what a person does comes as messages."""

    def _send_state(self) -> None:
        with self._sending:
            news, self._news = self._news, {}
            picture, self._picture = self._picture, None
            if not news or self._closed:
                return
            self._frame += 1
            number = self._frame
        self.send({**news, "kind": "state", "n": number}, None if picture is None else [picture.data])

    def close(self) -> None:
        with self._sending:
            self._closed = True
        close_layout(self)
        super().close()

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        if not self._closed and isinstance(content, Mapping) and isinstance(content.get("kind"), str):
            self._heard(content["kind"], content)
