"""What every mode has: a name, what of a buffer it can show, its settings, and how it draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from pynq_widgets.widgets.buffer_facts import shape_text
from pynq_widgets.widgets.buffer_source import Source
from pynq_widgets.widgets.plot_layers import COLOURS

from .scene import Drawing, Scene
from .settings import Choice, Flag, Setting, Settings


class Mode:
    """A way of looking at a buffer. A subclass states `name`, `label` and `surface`, and has `refusal`, `choices` and `draw`.

    `surface` is what it draws on: ``'plot'``, ``'picture'``, ``'hex'`` or ``'text'``. With `along`, its horizontal axis counts
    samples (or seconds), so that zooming the plot chooses the visible part. With `still`, a page gets a drawing of the part that was
    chosen before, and zooming the plot only looks closer at that.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    surface: ClassVar[str] = "plot"
    along: ClassVar[bool] = False

    def __init__(self, source: Source, changed: Callable[[], object] = lambda: None) -> None:
        self.settings = Settings(self.name, self.choices(source), changed)

    @classmethod
    def refusal(cls, source: Source) -> str:
        """Why this mode cannot show `source`, in one sentence; empty where it can."""
        return no_numbers(source)

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        """The settings for `source`."""
        return ()

    def draw(self, scene: Scene) -> Drawing:
        """Draw the visible part. Raises ``ValueError`` with a sentence for the person where the settings do not fit the data."""
        raise NotImplementedError


def nothing(source: Source) -> str:
    """Why there is nothing at all to draw."""
    return "" if source.array.size else f"There is nothing to draw: shape {shape_text(source.array)} has no elements."


def no_numbers(source: Source) -> str:
    """Why there is no line of numbers in `source`; empty where there is one of at least 2 samples."""
    sentence = nothing(source)
    if sentence:
        return sentence
    array = source.array
    if source.parts:
        return "" if source.samples > 1 else "One sample is no line: it is shown as text."
    if array.dtype.names is None and array.dtype.kind in "biufc":
        return "The elements of this view do not follow one another in memory: show a row or a column of it, as in buffer[0]."
    return f"Elements of type {array.dtype} are no numbers that could be drawn."


def part_choice(source: Source, name: str, index: int, label: str, help: str) -> Choice | None:
    """A choice among the lines of `source`, where there are several."""
    names = [part.name for part in source.parts]
    return Choice(name, names, names[min(index, len(names) - 1)], label, help) if len(names) > 1 else None


def part_index(scene: Scene, settings: Settings, name: str = "line") -> int:
    """The line that the setting `name` chooses; the first where there is no choice."""
    return scene.names.index(getattr(settings, name)) if name in set(settings) else 0


def quadrature_choice(source: Source) -> tuple[Flag, ...]:
    """Whether the first two lines are one complex signal; a choice where they are real."""
    if source.array.dtype.kind == "c" or len(source.parts) < 2:
        return ()
    names = " and ".join(part.name for part in source.parts[:2])
    return (Flag("iq", False, "I/Q", f"{names} are the real and the imaginary part of one signal, which has negative frequencies, too"),)


def colour(index: int) -> str:
    """The colour of a line."""
    return COLOURS[index % len(COLOURS)]
