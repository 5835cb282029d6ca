"""What one would look at of a test pattern generator: the picture that it makes, as it comes out of the VDMA behind."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pynq_widgets.widgets.panel import Group, Panel
from pynq_widgets.widgets.picture_codec import encode

from . import registers as r

WIDEST = 640  # pixels of a picture on the page


class PatternPanel(Panel):
    """The patterns to choose from, and the picture that was taken last. A picture is taken when a person asks for it."""

    module = "panel.js"
    stylesheet = "panel.css"
    rate = 4.0

    def __init__(self, ip: Any, **options: Any) -> None:
        self._picture = ""
        self._taken = ""
        super().__init__(ip, **options)

    def groups(self) -> Iterable[Group]:
        shown = (r.PATTERN, r.WIDTH, r.HEIGHT)
        return ((self.ip.registers, [name for name, handle in self.ip.registers.registers.items() if handle.offset in shown]),)

    def look(self) -> Mapping[str, Any]:
        known = {handle.offset: handle.value for handle in self.ip.registers.registers.values()}
        names = {code: name for name, code in r.PATTERNS.items()}
        return {
            "patterns": list(r.PATTERNS),
            "pattern": names.get(known.get(r.PATTERN) or 0, ""),
            "width": known.get(r.WIDTH),
            "height": known.get(r.HEIGHT),
            "vdma": self.ip.vdma_path or "",
            "picture": self._picture,
            "taken": self._taken,
        }

    def do_show(self, *, pattern: str, width: int, height: int) -> None:
        """Starts the generator and takes a picture of it."""
        picture = self.ip.show(pattern, width, height)
        step = -(-width // WIDEST)
        content, mime = encode(np.ascontiguousarray(picture[::step, ::step]))
        self._picture = f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
        self._taken = f"{pattern}, {width} × {height}"
        self.changed()

    def facts(self) -> Iterable[tuple[str, str]]:
        state = self.look()
        yield "Pattern", state["pattern"] or "not read"
        yield "Picture", self._taken or "none was taken"
        yield "Through", state["vdma"] or "no VDMA"
