"""What cores make of the answers of a bus."""

from __future__ import annotations

from typing import TypeVar

from pynq_widgets.device import BusError

T = TypeVar("T")


def error_of(error: BusError, slave: T, decode: T) -> T:
    """`slave` where a slave refused the access, `decode` where nobody was there."""
    return slave if getattr(error, "response", "DECERR") == "SLVERR" else decode
