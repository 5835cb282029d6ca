"""Seconds, and Hz, as a person types them: ``1.5 ms``, ``250us``, ``2 kHz``."""

from __future__ import annotations

import math
import re

_PREFIX = {"": 1.0, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}


def seconds_of(text: str) -> float:
    """The seconds that `text` says: a time, or a frequency (``2 kHz``), whose period it is. ValueError for anything else."""
    found = re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([nuµμmkMG]?)(s|Hz|hz|)", text.strip(), re.ASCII)
    if found is None:
        raise ValueError(f"{text.strip()!r} is no time: expected seconds such as 0.5, 20 ms, 1.5us, or a frequency such as 2 kHz")
    number, prefix, unit = found.groups()
    value = float(number) * _PREFIX[prefix]
    if unit.lower() == "hz":
        if not value > 0:
            raise ValueError(f"a frequency is more than 0 Hz, not {text.strip()!r}")
        value = 1 / value
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"a time is more than 0 s, not {text.strip()!r}")
    return value
