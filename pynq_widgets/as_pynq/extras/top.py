"""``pynq`` itself: its modules are there without an import of their own, as with PYNQ, which imports all of them at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pynq_widgets.as_pynq import modules


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """The modules that have the same name here: nobody would ask for those. And ``lib``, which is what PYNQ's ``import *`` brings."""
    put(module, "__all__", sorted({*module.__all__, "lib"}))
    for name, ours in modules.modules().items():
        if ours == f"{module.__name__}.{name}":
            importlib.import_module(f"pynq.{name}")
