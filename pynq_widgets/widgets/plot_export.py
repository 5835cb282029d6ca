"""A figure as a file: SVG or PNG, made in the kernel, with its axes, names, marks and cursors."""

from __future__ import annotations

from .picture_codec import pillow
from .plot_drawing import Figure, draw
from .plot_paper import PlainPaper
from .plot_sheet import PillowPaper, SvgPaper

LARGEST = 60_000  # characters of a drawing that a notebook stores


def svg(figure: Figure, width: int = 900, height: int = 400, *, inline: bool = False) -> str:
    """`figure` as the text of an SVG file. `inline`: for a page, whose colour its letters take.

    Raises ``ValueError`` for a size that is not 120 to 8192 pixels each way.
    """
    paper = SvgPaper(*_size(width, height), inline)
    draw(paper, figure, width, height)
    return paper.text()


def png(figure: Figure, width: int = 900, height: int = 400) -> bytes:
    """`figure` as the bytes of a PNG file; with Pillow twice as fine, and with a true font."""
    _size(width, height)
    paper = PillowPaper(width, height) if pillow() is not None else PlainPaper(width, height)
    draw(paper, figure, width, height)
    return paper.data()


def stored(figure: Figure, width: int = 600, height: int = 220) -> str | None:
    """`figure` as a notebook stores it; None where that would make the notebook large."""
    text = svg(figure, width, height, inline=True)
    return text if len(text) <= LARGEST else None


def _size(width: int, height: int) -> tuple[int, int]:
    for name, value in (("width", width), ("height", height)):
        if isinstance(value, bool) or not isinstance(value, int) or not 120 <= value <= 8192:
            raise ValueError(f"a picture of a plot has a {name} of 120 to 8192 pixels, not {value!r}")
    return width, height
