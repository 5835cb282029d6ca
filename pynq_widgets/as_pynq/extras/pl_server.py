"""``pynq.pl_server``: what PYNQ's package takes from its modules, each found when it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pynq_widgets.as_pynq import modules

_NAMES = {
    "EmbeddedDevice": "embedded_device",
    "GlobalState": "global_state",
    "HWH": "hwh_parser",
    "clear_global_state": "global_state",
    "get_hwh_name": "hwh_parser",
    "global_state_file_exists": "global_state",
    "load_global_state": "global_state",
    "save_global_state": "global_state",
}


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """``pynq.pl_server.HWH`` is ``pynq.pl_server.hwh_parser.HWH``, and so on; its modules are there without an import of their own."""
    plain = module.__getattr__

    def get(name: str) -> Any:
        if name in _NAMES:
            return getattr(importlib.import_module(f"pynq.pl_server.{_NAMES[name]}"), name)
        if f"pl_server.{name}" in modules.modules():
            return importlib.import_module(f"pynq.pl_server.{name}")
        return plain(name)

    put(module, "__getattr__", get)
