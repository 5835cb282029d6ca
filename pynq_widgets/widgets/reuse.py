"""One widget for one object, however often it is shown.

A cell that is run again shows the same widget anew, so that widgets and threads do not pile up. What an overlay that has gone had on
show is closed as soon as nobody looks at it any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

W = TypeVar("W")

_lock = threading.RLock()
# The object is held with its widget, so that its id stays its own.
_shown: dict[tuple[int, str], tuple[Any, Any, Callable[[], bool]]] = {}


def shown(obj: Any, kind: str, make: Callable[[], W], stale: Callable[[], bool]) -> W:
    """The widget of this `kind` that shows `obj`, made by `make` where there is none or where it was closed.

    `stale` says whether the hardware behind `obj` has gone.
    """
    with _lock:
        sweep()
        entry = _shown.get((id(obj), kind))
        if entry is None or is_closed(entry[1]):
            entry = _shown[id(obj), kind] = (obj, make(), stale)
        widget: W = entry[1]
        return widget


def sweep() -> None:
    """Close what shows hardware that has gone and that no page holds any more, and forget what was closed."""
    with _lock:
        for key, (_, widget, stale) in list(_shown.items()):
            if is_closed(widget):
                del _shown[key]
            elif widget.viewers.deserted and stale():
                del _shown[key]
                widget.close()


def is_closed(widget: Any) -> bool:
    """Whether `widget` was closed."""
    return widget.comm is None


def statistics() -> dict[str, int]:
    """How many widgets of each kind are kept, for looking inside."""
    with _lock:
        counts: dict[str, int] = {}
        for _, kind in _shown:
            counts[kind] = counts.get(kind, 0) + 1
        return counts
