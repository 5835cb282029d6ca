"""What the parts of a buffer view share: `BufferView` is made of them, one concept a file."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pynq_widgets.analysis.curve import Array

from .buffer_source import Source
from .modes import Mode
from .modes.scene import Drawing

if TYPE_CHECKING:
    from .plot import Plot


class ViewParts:
    """The names by which the parts know each other. What is drawn from changes under `_drawing` alone."""

    buffer: Array
    plot: Plot | None
    _drawing: threading.RLock
    _closed: bool
    _source: Source
    _other: Source | None  # that is shown beside it
    _beside: Source | None  # that it may be compared with
    _difference: bool
    _held: Source | None
    _hold: bool
    _mode: Mode
    _modes: dict[str, Mode]
    _chosen: str
    _drawn_by: Mode | None
    _last: Drawing | None
    _window: tuple[int, int] | None  # what a person chose to see; None: all
    _view_to_set: Any  # of the plot, with what is drawn next
    _plane: tuple[int, ...]
    _region: tuple[int, int, int, int] | None
    _origin: int  # the sample that stands at 0 of the axis
    _trigger: Any
    _sample_rate: float | None
    _unit: str
    _scale: float
    _statistics_of: str

    if TYPE_CHECKING:

        @property
        def live(self) -> bool: ...
        def _samples(self) -> tuple[int, int]: ...
        def _along(self, start: float, stop: float) -> tuple[float, float]: ...
        def _image_region(self) -> tuple[int, int, int, int]: ...
        def _fit_plane(self) -> None: ...
        def _look(self, budget: float) -> bool: ...
        def _draw(self) -> bool: ...
        def _take_mode(self, mode: type[Mode]) -> None: ...
        def _setting_changed(self) -> None: ...
        def _tell_facts(self) -> None: ...
        def _sheet(self) -> dict[str, Any]: ...
        def _state(self, extra: Mapping[str, Any] | None = None) -> None: ...
