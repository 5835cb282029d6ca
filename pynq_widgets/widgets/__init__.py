"""What a person sees: the overlay as a tree, registers as a live table, buffers as pictures.

Imported when something is first shown; a script never pays for it. The buffer's view, which brings a plotting library, is loaded when
a buffer is first shown.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import bundles
from .detail import NodeDetail
from .summary import NodeSummary
from .table import RegisterTable
from .tree import OverlayTree

if TYPE_CHECKING:
    from .buffer_view import BufferView as BufferView

bundles.register_all()

__all__ = ["BufferView", "NodeDetail", "NodeSummary", "OverlayTree", "RegisterTable"]


def __getattr__(name: str) -> Any:
    if name == "BufferView":
        value = import_module(f"{__name__}.buffer_view").BufferView
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
