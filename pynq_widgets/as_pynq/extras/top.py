"""``pynq`` itself: its modules are there without an import of their own, as with PYNQ, which imports all of them at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pynq_widgets.as_pynq import modules


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """``pynq.ps`` imports ``pynq.ps``, and ``Xlnk`` is what PYNQ 2 had.

    A module that has the same name here is imported at once, or it would never be asked for.
    """
    plain = module.__getattr__

    def get(name: str) -> Any:
        try:
            return importlib.import_module("pynq.xlnk").Xlnk if name == "Xlnk" else plain(name)
        except AttributeError:
            if name not in modules.modules():
                raise
        return importlib.import_module(f"pynq.{name}")

    put(module, "__getattr__", get)
    for name, ours in modules.modules().items():
        if ours == f"{module.__name__}.{name}":
            importlib.import_module(f"pynq.{name}")
