"""The values themselves, as text."""

from __future__ import annotations

from collections.abc import Sequence

from pynq_widgets.widgets.buffer_facts import elements_text, quoted_text, value_text
from pynq_widgets.widgets.buffer_source import Source

from .base import Mode, no_numbers
from .image import ImageMode
from .scene import Scene, TextDrawing
from .settings import Number, Setting


class TextMode(Mode):
    """The first values of the visible part, with their index."""

    name = "text"
    label = "Text"
    surface = "text"

    @classmethod
    def refusal(cls, source: Source) -> str:
        return ""

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        return (Number("most", 1, 1000, 64, "elements", "How many elements are written at most", whole=True),)

    def draw(self, scene: Scene) -> TextDrawing:
        array = scene.source.array
        if array.size == 1:
            return TextDrawing(value_text(array, (0,) * array.ndim))
        why = ImageMode.refusal(scene.source) if array.ndim > 1 else no_numbers(scene.source)
        if array.dtype.kind not in "biufcV" or not array.size:
            return TextDrawing(quoted_text(array), [why])
        start, stop = scene.window if array.ndim == 1 else (0, array.size)
        most = self.settings.most
        notes = [f"the first {most:,} of {stop - start:,} elements"] if stop - start > most else []
        return TextDrawing(elements_text(array, start, min(stop, start + most)), [*([why] if why else []), *notes])
