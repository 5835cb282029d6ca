"""``pynq.pl_server.hwh_parser``: PYNQ has a class for each family of devices. Here the file says which one it is for."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from pynq_widgets.as_pynq.hwh_parser import HWH


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """Add their names."""
    for name in ("_HWHABC", "_HWHZynq", "_HWHUltrascale", "_HWHVersal"):
        put(module, name, HWH)
