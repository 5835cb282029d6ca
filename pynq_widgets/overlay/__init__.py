"""What the user holds: an overlay, its hierarchies and IP, each with its driver.

The names are resolved when they are first touched.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from pynq_widgets.access.errors import StaleOverlayError as StaleOverlayError

    from .binding import Choice as Choice
    from .binding import UnsupportedConfiguration as UnsupportedConfiguration
    from .hierarchy import DefaultHierarchy as DefaultHierarchy
    from .ip import DefaultIP as DefaultIP
    from .loader import SidecarError as SidecarError
    from .memory import Memory as Memory
    from .overlay import DefaultOverlay as DefaultOverlay
    from .overlay import Overlay as Overlay
    from .tree import DriverError as DriverError

_ROOM = {
    "Choice": ".binding",
    "DefaultHierarchy": ".hierarchy",
    "DefaultIP": ".ip",
    "DefaultOverlay": ".overlay",
    "DriverError": ".tree",
    "Memory": ".memory",
    "Overlay": ".overlay",
    "SidecarError": ".loader",
    "StaleOverlayError": "pynq_widgets.access.errors",
    "UnsupportedConfiguration": ".binding",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
