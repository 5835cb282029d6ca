"""What the user holds: an overlay, its hierarchies and IP, each with its driver.

The names are resolved when they are first touched. ``Interrupt``, ``GPIO`` and ``MMIO`` are here because the accessors of an IP are made
of what stands here under these names, as with PYNQ: a test of a driver puts its own in their place.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from pynq_widgets.access import GPIO as GPIO
    from pynq_widgets.access import MMIO as MMIO
    from pynq_widgets.access import Clocks as Clocks
    from pynq_widgets.access import Interrupt as Interrupt
    from pynq_widgets.access import RegisterMap as RegisterMap
    from pynq_widgets.access.errors import StaleOverlayError as StaleOverlayError

    from .binding import Choice as Choice
    from .binding import UnsupportedConfiguration as UnsupportedConfiguration
    from .bitstream import Bitstream as Bitstream
    from .documented import DocumentHierarchy as DocumentHierarchy
    from .documented import DocumentOverlay as DocumentOverlay
    from .hierarchy import DefaultHierarchy as DefaultHierarchy
    from .ip import DefaultIP as DefaultIP
    from .loader import SidecarError as SidecarError
    from .memory import Memory as Memory
    from .overlay import DefaultOverlay as DefaultOverlay
    from .overlay import Overlay as Overlay
    from .registering import RegisterHierarchy as RegisterHierarchy
    from .registering import RegisterIP as RegisterIP
    from .tree import DriverError as DriverError

_ROOM = {
    "GPIO": "pynq_widgets.access",
    "MMIO": "pynq_widgets.access",
    "Bitstream": ".bitstream",
    "Choice": ".binding",
    "Clocks": "pynq_widgets.access",
    "DefaultHierarchy": ".hierarchy",
    "DefaultIP": ".ip",
    "DefaultOverlay": ".overlay",
    "DocumentHierarchy": ".documented",
    "DocumentOverlay": ".documented",
    "DriverError": ".tree",
    "Interrupt": "pynq_widgets.access",
    "Memory": ".memory",
    "Overlay": ".overlay",
    "RegisterHierarchy": ".registering",
    "RegisterIP": ".registering",
    "RegisterMap": "pynq_widgets.access",
    "SidecarError": ".loader",
    "StaleOverlayError": "pynq_widgets.access.errors",
    "UnsupportedConfiguration": ".binding",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
