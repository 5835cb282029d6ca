"""What changes by itself, and what changed: regular looks at the hardware, snapshots, and what is done with them.

The names are resolved when they are first touched.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .sampler import Sampler as Sampler
    from .schedule import Subscription as Subscription
    from .watch import Watch as Watch

_ROOM = {
    "Sampler": ".sampler",
    "Subscription": ".schedule",
    "Watch": ".watch",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
