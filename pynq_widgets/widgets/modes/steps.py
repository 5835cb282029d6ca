"""Samples that hold until the next one, as a digital signal does."""

from __future__ import annotations

from .line import LineMode


class StepsMode(LineMode):
    """Each sample is a level that lasts until the next."""

    name = "steps"
    label = "Steps"
    style = "steps"
