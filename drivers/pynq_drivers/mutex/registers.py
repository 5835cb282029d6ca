"""The registers of the Mutex core.

Source: AMD PG117, Mutex v2.1: "Register Space" (a register for each mutex, 256 bytes apart, and one of user data behind it; from memory).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pynq_drivers import parameters
from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

STRIDE, USER = 0x100, 0x4
LOCK = 1


class Made:
    """What a design made of the core: `count` mutexes, owners of `width` bits, and whether each has user data."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.count = max(1, min(32, parameters.integer(given, "C_NUM_MUTEX", 16)))
        self.width = max(1, min(31, parameters.integer(given, "C_OWNER_ID_WIDTH", 8)))
        self.user = bool(parameters.integer(given, "C_ENABLE_USER", 1))


def layout(made: Made) -> tuple[Register, ...]:
    """The registers of such a core."""

    def each() -> Iterator[Register]:
        for number in range(made.count):
            at = STRIDE * number
            yield register(
                f"MUTEX_{number}",
                at,
                "RW",
                0,
                f"Mutex {number}: written by an owner to take it or to let it go; ignored while it is another's",
                field("LOCK", 0, 1, "It is somebody's"),
                field("OWNER", 1, made.width, "Whose it is, or was last"),
            )
            if made.user:
                yield register(f"USER_{number}", at + USER, "RW", 0, f"A word for whoever has mutex {number}", field("WORD", 0, 32))

    return tuple(each())
