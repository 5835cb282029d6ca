"""What happens on a device beside the transactions of its bus: interrupts that are armed and told, and lines that a controller took.

Whoever waits for interrupts tells it here. A tape hears the first two, so that a recording can be waited on as the hardware was; the
driver of an interrupt controller counts the third.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

ARMED = "armed"
TOLD = "told"
TAKEN = "taken"

Hearer = Callable[[str, str], object]

_log = logging.getLogger(__name__)
_hearers: weakref.WeakKeyDictionary[Any, tuple[Hearer, ...]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def hear(device: Any, hearer: Hearer) -> Callable[[], None]:
    """Call ``hearer(what, line)`` for each interrupt of `device` that is armed, told or taken; the result ends that. It must be quick."""
    with _lock:
        _hearers[device] = (*_hearers.get(device, ()), hearer)

    def undo() -> None:
        with _lock:
            left = list(_hearers.get(device, ()))
            if hearer in left:
                left.remove(hearer)
            _hearers[device] = tuple(left)

    return undo


def tell(device: Any, what: str, line: str) -> None:
    """`what` happens to the interrupt that `line` names.

    ``'armed'``, ``'told'``: a line of the processing system. ``'taken'``: an input of a controller (`input_name`) that was found pending.
    """
    for hearer in _hearers.get(device, ()):
        try:
            hearer(what, line)
        except Exception:
            _log.exception("a listener to interrupts failed")


def line_name(root: Any) -> str:
    """The name of the processing system's line at which `root`, an `InterruptLine` or `InterruptController`, arrives straight."""
    return f"{root.ps_port or root.path}[{root.index}]"


def input_name(controller: str, number: int) -> str:
    """The name of input `number` of the interrupt controller at the path `controller`."""
    return f"{controller}[{number}]"


def root_of(line: Any, controllers: Mapping[str, Any]) -> Any:
    """What arrives straight at the processing system on behalf of `line`: itself, or the last controller on its way.

    Raises ``LookupError`` where the way does not lead there.
    """
    at, seen = line, set()
    path = line.controller
    while path:
        at = controllers.get(path)
        if at is None or path in seen:
            raise LookupError(f"{line.path} arrives at {line.controller}, which does not lead to the processing system")
        seen.add(path)
        path = at.parent
    return at
