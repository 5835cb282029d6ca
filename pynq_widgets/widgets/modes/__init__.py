"""The ways of looking at a buffer, one file each.

``mode_names()`` are all of them, in the order of the menu; `mode_class` finds one by its name, `natural` the one that suits a buffer.
"""

from __future__ import annotations

import difflib

from pynq_widgets.widgets.buffer_source import Source

from .bars import BarsMode
from .base import Mode
from .eye import EyeMode
from .hexdump import HexMode
from .histogram import HistogramMode
from .image import ImageMode
from .lanes import LanesMode
from .line import LineMode
from .points import PointsMode
from .spectrum import SpectrumMode
from .steps import StepsMode
from .text import TextMode
from .waterfall import WaterfallMode
from .xy import XYMode

MODES: tuple[type[Mode], ...] = (
    *(LineMode, StepsMode, PointsMode, BarsMode, SpectrumMode, WaterfallMode, HistogramMode, XYMode, EyeMode, LanesMode),
    *(ImageMode, HexMode, TextMode),
)
_BY_NAME = {mode.name: mode for mode in MODES}


def mode_names() -> list[str]:
    """The names of all modes, in the order of the menu."""
    return list(_BY_NAME)


def mode_class(name: object) -> type[Mode]:
    """The mode called `name`. Raises ``ValueError`` that suggests a near one."""
    found = _BY_NAME.get(name) if isinstance(name, str) else None
    if found is None:
        near = difflib.get_close_matches(str(name), _BY_NAME, 1)
        tail = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, _BY_NAME))}"
        raise ValueError(f"there is no mode {name!r}: {tail}")
    return found


def natural(source: Source) -> type[Mode]:
    """The mode that suits `source` by its type and shape: a picture of what has rows and columns, a line of other numbers, else text."""
    if source.array.ndim >= 2 and source.interpretation.channels == 1 and not ImageMode.refusal(source):
        return ImageMode
    if source.array.ndim == 1 or source.interpretation.channels > 1:
        if not LineMode.refusal(source):
            return LineMode
        if source.array.dtype.names is not None and not LanesMode.refusal(source):
            return LanesMode
    return TextMode


__all__ = ["MODES", "Mode", "mode_class", "mode_names", "natural"]
