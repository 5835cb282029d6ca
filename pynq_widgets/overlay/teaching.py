"""Attribute errors that say what was meant.

Python calls ``__getattr__`` whenever a normal look-up ends in ``AttributeError``, also where a property of the class raised it; the
message of that first error is lost then. :func:`teach` keeps it, so that the error that reaches the user names the real cause.
"""

from __future__ import annotations

import threading
from typing import Any

_last = threading.local()


def teach(owner: object, message: str) -> AttributeError:
    """An ``AttributeError`` with `message`, remembered for the case that a property's failure leads to ``__getattr__``."""
    _last.note = (id(owner), message)
    return AttributeError(message)


def defined_by_class(owner: object, name: str) -> bool:
    """Whether the class of `owner` defines `name` (then ``__getattr__`` was reached because that raised)."""
    return any(name in vars(cls) for cls in type(owner).__mro__)


def failed_property(owner: object, name: str) -> AttributeError:
    """The error for a property `name` that itself raised ``AttributeError``; it is not run again, since that may touch hardware."""
    note: Any = getattr(_last, "note", None)
    if note is not None and note[0] == id(owner):
        message = note[1]
        prefix = f"{type(owner).__name__}.{name}: "
        return teach(owner, message if message.startswith(prefix) else prefix + message)
    return teach(
        owner,
        f"{type(owner).__name__}.{name}: is defined, but reading it raised AttributeError; "
        f"type(x).__dict__[{name!r}] shows where (a property: .fget(x))",
    )
