"""What software does with the Video Test Pattern Generator: chooses a pattern, starts and stops it, and looks at it through a VDMA.

Source: AMD PG103, Video Test Pattern Generator v8.2: "Register Space", "Programming Sequence".
"""

from __future__ import annotations

import contextlib
import difflib
from typing import Any, ClassVar

from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import EnumField, Field

from . import registers as r

_ON_ITS_WAY = 0.2  # seconds in which a picture that was made before arrives


class TestPatternGenerator(DefaultIP):
    """Video Test Pattern Generator: ``tpg.start('colour bars', 640, 480)``, ``picture = tpg.capture(ol.axi_vdma_0)``."""

    __test__ = False  # a pattern, not a test of pytest's

    bindto = [f"xilinx.com:ip:v_tpg:{version}" for version in ("7.0", "8.0", "8.1", "8.2")]
    register_layout = r.LAYOUT

    height = Field(r.HEIGHT, (15, 0), unit="lines", help="Lines of a picture")
    width = Field(r.WIDTH, (15, 0), unit="pixels", help="Pixels of a line")
    pattern = EnumField(r.PATTERN, (7, 0), labels=r.PATTERNS, help="What is shown")
    layer = EnumField(r.LAYER, (7, 0), labels=r.LAYERS, help="What is shown over it")
    speed = Field(r.SPEED, (7, 0), help="How far what moves does from picture to picture")
    colours = EnumField(r.FORMAT, (7, 0), labels=r.COLOURS, help="How a pixel is told")

    # It runs only once all is set; and what has happened is no setting.
    restore_order: ClassVar[tuple[str, ...]] = ()
    guards: ClassVar[dict[str, str]] = {"CONTROL": "a read clears DONE", "CTRL": "a read clears DONE"}

    def start(self, pattern: str | None = None, width: int | None = None, height: int | None = None, *, speed: int | None = None) -> None:
        """Makes pictures, one after the other; what is left out stays as it was.

        ValueError for a pattern that there is not (with the near ones), and for a picture that the design is too small for; then nothing is
        written.
        """
        if pattern is not None and pattern not in r.PATTERNS:
            near = difflib.get_close_matches(pattern, r.PATTERNS, 2) or list(r.PATTERNS)
            raise ValueError(f"{pattern!r} is no pattern of {self._fullpath} (try {', '.join(map(repr, near))})")
        given = {str(key).upper(): str(value) for key, value in (self.description.get("parameters") or {}).items()}
        for name, value, parameter in (("wide", width, "C_MAX_COLS"), ("high", height, "C_MAX_ROWS")):
            text = given.get(parameter) or given.get(parameter[2:]) or ""
            most = int(text) if text.isdigit() else 0xFFFF
            if value is not None and not 1 <= value <= most:
                raise ValueError(f"a picture of {self._fullpath} is 1 to {most} pixels {name} in this design, not {value!r}")
        with self.device.lock:
            for offset, number in ((r.WIDTH, width), (r.HEIGHT, height), (r.PATTERN, r.PATTERNS.get(pattern or "")), (r.SPEED, speed)):
                if number is not None:
                    self.write(offset, number)
            self.write(r.CONTROL, r.START | r.AGAIN)

    def stop(self) -> None:
        """Makes no more pictures after the one that is under way."""
        self.write(r.CONTROL, 0)

    @property
    def vdma_path(self) -> str | None:
        """The AXI VDMA to which the stream leads in this design, straight or through other cores; None where it leads to none."""
        design = self.description.get("design")
        if design is None:
            return None
        after: dict[str, list[str]] = {}
        for connection in design.connections:
            if connection.protocol == "axis":
                after.setdefault(connection.master, []).append(connection.slave)
        seen, ahead = {self._fullpath}, [self._fullpath]
        while ahead:
            for path in after.get(ahead.pop(0), ()):
                if path not in seen:
                    module = design.modules.get(path)
                    if module is not None and (module.vlnv or "").startswith("xilinx.com:ip:axi_vdma:"):
                        return path
                    seen.add(path)
                    ahead.append(path)
        return None

    def panel(self) -> Any:
        """The patterns to choose from, and the picture that comes out of the VDMA."""
        from .panel import PatternPanel

        return PatternPanel.of(self)

    def show(self, pattern: str, width: int, height: int, vdma: Any = None, timeout: float = 10.0) -> Any:
        """`start` and `capture`, of this pattern for certain: what was made before and is still on its way is taken out first.

        It waits a fifth of a second for what is on its way. Raises what `start` and `capture` raise, and ``RuntimeError`` where the VDMA
        gives a picture of another size.
        """
        if self.width and self.height:
            self.stop()
            with contextlib.suppress(TimeoutError):
                while True:
                    self.capture(vdma, _ON_ITS_WAY)
        self.start(pattern, width, height)
        picture = self.capture(vdma, timeout)
        if picture.shape[:2] != (height, width):
            raise RuntimeError(f"the VDMA gave {picture.shape[1]} × {picture.shape[0]} pixels, {width} × {height} were asked for")
        return picture

    def capture(self, vdma: Any = None, timeout: float = 10.0) -> Any:
        """A picture as it comes out of the AXI VDMA behind: an array of rows × columns × (red, green, blue), uint8.

        `vdma` left out is the one to which the stream leads. Between them there may be cores that change nothing. The channel is started
        and stopped; it must not run. Only for the colours ``'RGB'``: RuntimeError else, and where there is no VDMA.
        """
        from pynq_drivers.axi_vdma.frames import VideoMode

        if vdma is None:
            path, overlay = self.vdma_path, self.description.get("overlay")
            if path is None or overlay is None:
                raise RuntimeError(f"the stream of {self._fullpath} leads to no AXI VDMA in this design: name one, capture(ol.axi_vdma_0)")
            vdma = overlay[path]

        if self.colours != "RGB":
            raise RuntimeError(f"{self._fullpath} makes {self.colours}, and capture() is for RGB: set colours = 'RGB' first")
        channel = vdma.readchannel
        if channel.running:
            raise RuntimeError(f"the read channel of {vdma._fullpath} runs already: take frames of it with readframe(), or stop it first")
        channel.mode = VideoMode(self.width, self.height, 24)
        channel.start()
        try:
            # On the stream a pixel is green, blue, red (UG934).
            return channel.readframe(timeout=timeout)[:, :, [2, 0, 1]].copy()
        finally:
            channel.stop()
