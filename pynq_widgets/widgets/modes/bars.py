"""Samples as bars that stand on zero."""

from __future__ import annotations

from .line import LineMode


class BarsMode(LineMode):
    """For few samples: coefficients, counts."""

    name = "bars"
    label = "Bars"
    style = "bars"
