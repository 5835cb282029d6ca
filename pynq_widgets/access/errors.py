"""What goes wrong between a handle and the hardware it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeVar

E = TypeVar("E", bound=BaseException)


class StaleOverlayError(RuntimeError):
    """A handle was used whose overlay has been replaced, freed or reconfigured.

    A ``RuntimeError``, which is what PYNQ raises for an interrupt whose overlay has gone.
    """


def near_names(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'a', 'b'?)`` for the known names near `name`, else an empty string."""
    names = {known_name.lower(): known_name for known_name in known}
    near = [names[match] for match in get_close_matches(name.lower(), list(names), n=3, cutoff=0.6)]
    return f" (did you mean {', '.join(map(repr, near))}?)" if near else ""


def near_or_all(name: str, known: Iterable[str], most: int = 8) -> str:
    """:func:`near_names`; where none is near and there are `most` or fewer, `` (it has a, b)`` or `` (it has none)``."""
    names = list(known)
    return near_names(name, names) or ("" if len(names) > most else f" (it has {', '.join(names) or 'none'})")


def noted(error: E, more: str) -> E:
    """`error`, whose text is PYNQ's to the letter since code compares it, with what else helps as a note below it.

    Python 3.11 and later show notes in a traceback; Python 3.10 has none.
    """
    add = getattr(error, "add_note", None)
    if add is not None:
        add(more)
    return error
