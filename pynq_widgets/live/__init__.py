"""What changes by itself, and what changed: regular looks at the hardware, snapshots, and what is done with them.

The names are resolved when they are first touched.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .acquisition import Acquisition as Acquisition
    from .acquisition import BufferAcquisition as BufferAcquisition
    from .acquisition import ChannelAcquisition as ChannelAcquisition
    from .acquisition import Frame as Frame
    from .difference import Difference as Difference
    from .expectation import Expectation as Expectation
    from .expectation import expect as expect
    from .restore import Restored as Restored
    from .restore import RestoreError as RestoreError
    from .sampler import Sampler as Sampler
    from .schedule import Subscription as Subscription
    from .snapshot import Snapshot as Snapshot
    from .snapshot import take as take
    from .state import Saved as Saved
    from .state import State as State
    from .state import StateError as StateError
    from .state import load as load
    from .state import save as save
    from .tape import Excerpt as Excerpt
    from .tape import Tape as Tape
    from .watch import Watch as Watch

# The function `restore` is imported from its module: a package cannot have a name that is both.
_ROOM = {
    "Acquisition": ".acquisition",
    "BufferAcquisition": ".acquisition",
    "ChannelAcquisition": ".acquisition",
    "Difference": ".difference",
    "Excerpt": ".tape",
    "Expectation": ".expectation",
    "Frame": ".acquisition",
    "RestoreError": ".restore",
    "Restored": ".restore",
    "Saved": ".state",
    "Snapshot": ".snapshot",
    "State": ".state",
    "StateError": ".state",
    "Sampler": ".sampler",
    "Subscription": ".schedule",
    "Tape": ".tape",
    "Watch": ".watch",
    "expect": ".expectation",
    "load": ".state",
    "save": ".state",
    "take": ".snapshot",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
