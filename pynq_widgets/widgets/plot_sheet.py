"""Paper for a plot: SVG with nothing, or PNG with Pillow. `plot_paper` is PNG without it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Protocol

from .picture_codec import pillow

INK, QUIET, FAINT = "#1f2328", "#57606a", "#d8dee4"  # of letters, of what is beside them, of the grid
# Within a page, which may be dark, those of its letters.
_INLINE = {INK: "currentColor", QUIET: "#808080", FAINT: "rgba(128,128,128,.35)"}

_SMOOTH = 800  # points of a line that is drawn with round joints
Points = Sequence[tuple[float, float]]


class Paper(Protocol):
    """What can be drawn on; pixels from the upper left."""

    def path(self, points: Points, colour: str, width: float = 1.2) -> None: ...
    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None: ...
    def dots(self, points: Points, colour: str) -> None: ...
    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None: ...
    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None: ...


class SvgPaper:
    """An SVG file. With `inline`, colours of text follow the page around it."""

    def __init__(self, width: int, height: int, inline: bool = False) -> None:
        self.width, self.height, self.inline = width, height, inline
        self._parts: list[str] = []

    def _tint(self, colour: str) -> str:
        return _INLINE.get(colour, colour) if self.inline else colour

    def path(self, points: Points, colour: str, width: float = 1.2) -> None:
        colour = self._tint(colour)
        if len(points) == 1:
            self.dots(points, colour)
        elif points:
            at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            self._parts.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"/>')

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None:
        colour = self._tint(colour)
        how = f'fill="{colour}"' if filled else f'fill="none" stroke="{colour}"'
        x, y, w, h = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" {how}/>')

    def dots(self, points: Points, colour: str) -> None:
        path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)
        self._parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="2.4" stroke-linecap="round" fill="none"/>')

    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None:
        colour = "currentColor" if self.inline else colour
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>')

    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None:
        source = f"data:{mime};base64,{b64encode(data).decode()}"
        place = f'x="{min(x0, x1):.1f}" y="{min(y0, y1):.1f}" width="{abs(x1 - x0):.1f}" height="{abs(y1 - y0):.1f}"'
        self._parts.append(f'<image {place} preserveAspectRatio="none" style="image-rendering:pixelated" href="{source}"/>')

    def text(self) -> str:
        """The file."""
        ground = "" if self.inline else f'<rect width="{self.width}" height="{self.height}" fill="#fff"/>'
        style = "max-width:100%;display:block;" if self.inline else ""
        label = ' role="img" aria-label="A plot"' if self.inline else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}"{label} style="{style}font:11px sans-serif">{ground}{"".join(self._parts)}</svg>'
        )


class PillowPaper:
    """A PNG, drawn at twice the resolution. Raises ``RuntimeError`` without Pillow."""

    _FINE = 2

    def __init__(self, width: int, height: int) -> None:
        image = pillow()
        if image is None:
            raise RuntimeError("this paper needs Pillow: pip install 'pynq-widgets[pictures]'; PlainPaper does without")
        from PIL import ImageDraw, ImageFont

        self._image = image.new("RGB", (width * self._FINE, height * self._FINE), "#ffffff")
        self._open = image.open
        self._pen = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(11 * self._FINE)

    def _at(self, points: Points) -> list[tuple[float, float]]:
        return [(x * self._FINE, y * self._FINE) for x, y in points]

    def path(self, points: Points, colour: str, width: float = 1.2) -> None:
        if len(points) == 1:
            self.dots(points, colour)
        elif points:
            # Round joints of a dense line would cover what is between its edges.
            joint = "curve" if len(points) < _SMOOTH else None
            self._pen.line(self._at(points), colour, max(round(width * self._FINE), 1), joint)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None:
        (x0, y0), (x1, y1) = self._at([(min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))])
        self._pen.rectangle((x0, y0, x1, y1), fill=colour if filled else None, outline=colour)

    def dots(self, points: Points, colour: str) -> None:
        for x, y in self._at(points):
            self._pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)

    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None:
        place = {"start": "ls", "middle": "ms", "end": "rs"}[anchor]
        (at,) = self._at([(x, y)])
        # Pillow's own font has no letter for a millionth.
        self._pen.text(at, text.replace("µ", "u"), fill=colour, font=self._font, anchor=place)

    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None:
        (left, top), (right, bottom) = self._at([(min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))])
        size = max(round(right - left), 1), max(round(bottom - top), 1)
        picture = self._open(BytesIO(data)).convert("RGBA").resize(size, 0)
        self._image.paste(picture, (round(left), round(top)), picture)

    def data(self) -> bytes:
        """The file."""
        out = BytesIO()
        self._image.save(out, "PNG")
        return out.getvalue()
