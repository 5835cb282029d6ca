"""Who asks: the name under which this room's transactions stand in a bus' account."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any


def asking(device: object, who: str) -> AbstractContextManager[Any]:
    """Until its end this thread's transactions on `device` are `who`'s; where there is no account (plain memory) it does nothing."""
    enter = getattr(getattr(device, "bus", None), "asking", None)
    if enter is None:
        return nullcontext()
    named: AbstractContextManager[Any] = enter(who)
    return named
