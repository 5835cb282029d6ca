"""``pynq.gpio``: what stands inside PYNQ's ``GPIO``, and its warning on a machine that has no such pins."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pynq_widgets.access import linux_gpio, ps

_SEEN = "_seen_as_pynq"


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """``GPIO._impl`` (what all who have the pin share) and ``GPIO._GPIO_MIN_USER_PIN``, where this machine has such pins.

    Where it has none, PYNQ warns when the module is loaded. Here the simulated device has pins, so only who loads it again is told.
    """
    again = hasattr(module, _SEEN)
    put(module, _SEEN, True)
    put(module.GPIO, "_impl", property(_shared))
    if ps.is_versal():
        put(module.GPIO, "_GPIO_MIN_USER_PIN", dict(linux_gpio.FIRST_USER_PIN_VERSAL))
    elif ps.CPU_ARCH in linux_gpio.FIRST_USER_PIN:
        put(module.GPIO, "_GPIO_MIN_USER_PIN", linux_gpio.FIRST_USER_PIN[ps.CPU_ARCH])
    elif again:
        warnings.warn(f"Pynq does not support the CPU Architecture: {ps.CPU_ARCH}", ResourceWarning, stacklevel=2)


def _shared(gpio: Any) -> Any:
    pins = gpio._linux
    if not pins:
        raise AttributeError(f"{gpio!r} goes through device {gpio.device.tag!r}: it has no pin of Linux behind it")
    return pins[0]
