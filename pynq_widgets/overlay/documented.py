"""PYNQ's functions that make an overlay or a hierarchy with a docstring of its own. Here every one has that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .hierarchy import DefaultHierarchy
    from .overlay import Overlay


def DocumentOverlay(bitfile: str | os.PathLike[str], download: bool) -> Overlay:  # noqa: N802
    """The overlay of `bitfile`, without the class that may stand beside it."""
    from .overlay import DefaultOverlay

    return DefaultOverlay(bitfile, download)


def DocumentHierarchy(description: dict[str, Any]) -> DefaultHierarchy:  # noqa: N802
    """The hierarchy of `description`, without a driver of its own."""
    from .hierarchy import DefaultHierarchy

    return DefaultHierarchy(description)
