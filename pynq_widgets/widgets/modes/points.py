"""Samples as points."""

from __future__ import annotations

from .line import LineMode


class PointsMode(LineMode):
    """Each sample by itself; where there are more than pixels, the least and the greatest of each column."""

    name = "points"
    label = "Points"
    style = "points"
