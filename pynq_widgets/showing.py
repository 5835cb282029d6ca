"""How a thing reaches the widgets without importing them.

An overlay, a register map or a buffer shows itself in a notebook, but the rooms that define them must not import widget libraries.
So they inherit :class:`Shown`; when a notebook asks for the bundle, ``pynq_widgets.widgets`` is imported by name, and it has
registered one function for each class it can show.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

Bundle = dict[str, Any]
Maker = Callable[[Any, bool], Bundle]

_log = logging.getLogger(__name__)
_makers: dict[type, Maker] = {}


def register(cls: type, maker: Maker) -> None:
    """Let `maker(obj, widget)` make the bundle (media type to data) of each instance of `cls` and of its subclasses.

    `widget` is False where the live view is to be left out; ``text/plain`` and ``text/html`` are made in both cases.
    """
    _makers[cls] = maker


def mimebundle(obj: Any, widget: bool = True) -> Bundle:
    """The display bundle of `obj`: a live view (if `widget`), an HTML table and plain text.

    Where the widget libraries are missing or fail, plain text is the answer and the reason goes to the log: a display never raises.
    """
    try:
        import_module("pynq_widgets.widgets")
        for cls in type(obj).__mro__:
            if cls in _makers:
                return _makers[cls](obj, widget)
    except Exception:
        # Whatever goes wrong in a display must not become a traceback in somebody's cell.
        _log.warning("%s could not be shown as a widget", type(obj).__name__, exc_info=True)
    return {"text/plain": repr(obj)}


class Shown:
    """Mix-in: an instance as the last line of a cell shows itself as a rich widget."""

    def _repr_mimebundle_(self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None) -> Bundle:
        bundle = mimebundle(self)
        if include:
            bundle = {k: v for k, v in bundle.items() if k in set(include)}
        if exclude:
            bundle = {k: v for k, v in bundle.items() if k not in set(exclude)}
        return bundle
