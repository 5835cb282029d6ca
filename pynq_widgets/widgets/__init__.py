"""What a person sees: the overlay as a tree, registers as a live table, buffers as pictures.

Imported when something is first shown; a script never pays for it. The plotting library is loaded when a line is first drawn.
"""

from . import buffer_bundle, bundles
from .buffer_view import BufferView
from .detail import NodeDetail
from .summary import NodeSummary
from .table import RegisterTable
from .tree import OverlayTree

bundles.register_all()
buffer_bundle.register_buffer()

__all__ = ["BufferView", "NodeDetail", "NodeSummary", "OverlayTree", "RegisterTable"]
