"""The bytes of the memory, in rows of 16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynq_widgets.analysis.hexdump import row_count
from pynq_widgets.analysis.hexdump import rows as hex_rows
from pynq_widgets.widgets.buffer_source import Source

from .base import Mode, nothing
from .scene import HexDrawing, Scene
from .settings import Choice, Setting

MOST = 200  # rows that a page gets at once


class HexMode(Mode):
    """A page asks for the rows that it shows; of 10⁸ bytes it never gets more."""

    name = "hex"
    label = "Hex dump"
    surface = "hex"

    @classmethod
    def refusal(cls, source: Source) -> str:
        sentence = nothing(source)
        if sentence:
            return sentence
        if source.array.dtype.hasobject:
            return "Objects have no bytes of their own to show."
        return ""

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        dtype = source.array.dtype
        # Fields of a structure begin at any byte: of a word of several they would be seen the wrong way round.
        size = 1 if dtype.names is not None else dtype.itemsize // (2 if dtype.kind == "c" else 1)
        return (
            Choice("group", (1, 2, 4, 8), size if size in (1, 2, 4, 8) else 1, "bytes a word", "How many bytes are written as one number"),
        )

    def draw(self, scene: Scene) -> HexDrawing:
        memory = scene.source.memory
        return HexDrawing(row_count(memory), self.settings.group, address(scene.source))

    def rows(self, source: Source, first: int, count: int) -> list[list[Any]]:
        """Rows for the page: offset (or address), words, characters."""
        count = min(max(count, 0), MOST)
        return [[row.offset, list(row.words), row.text] for row in hex_rows(source.memory, max(first, 0), count, self.settings.group)]


def address(source: Source) -> int:
    """The address of the first byte; 0 for memory of the host."""
    try:
        return int(source.buffer.physical_address)  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        return 0
