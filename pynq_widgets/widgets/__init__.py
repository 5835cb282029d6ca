"""What a person sees: the overlay as a tree, registers as a live table, buffers as pictures.

Imported when something is first shown; a script never pays for it. The plotting library is loaded when a line is first drawn.
"""

from pynq_widgets import lazy

from . import buffer_bundle, bundles, memory_map
from .buffer_view import BufferView
from .detail import NodeDetail
from .summary import NodeSummary
from .table import RegisterTable
from .tree import OverlayTree

bundles.register_all()
buffer_bundle.register_buffer()
memory_map.register_memory()

# Loaded when first asked for, and the plotting library with it.
__getattr__, __dir__ = lazy.names(
    __name__,
    {
        "Panel": ".panel",
        "Scope": ".oscilloscope",
        "StripChart": ".strip_chart",
        "scope": ".oscilloscope",
        "strip": ".strip_chart",
    },
)

__all__ = ["BufferView", "NodeDetail", "NodeSummary", "OverlayTree", "Panel", "RegisterTable", "Scope", "StripChart", "scope", "strip"]
