"""Where a design runs: the `Device` contract, and the simulated device that is always there.

The names are resolved when they are first touched: an overlay loads numpy with its first buffer.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .board import BoardDevice as BoardDevice
    from .buffer import PynqBuffer as PynqBuffer
    from .bus import Bus as Bus
    from .bus import Count as Count
    from .bus import Statistics as Statistics
    from .bus import Transaction as Transaction
    from .clock import Clock as Clock
    from .clock import ClockEvent as ClockEvent
    from .clock import VirtualClock as VirtualClock
    from .clock import WallClock as WallClock
    from .coherence import Coherence as Coherence
    from .contract import Device as Device
    from .contract import InterruptSource as InterruptSource
    from .conversation import Conversation as Conversation
    from .conversation import ConversationError as ConversationError
    from .errors import BufferFreedError as BufferFreedError
    from .errors import BusError as BusError
    from .errors import NoAddressError as NoAddressError
    from .errors import PoolExhaustedError as PoolExhaustedError
    from .replay import ReplayDevice as ReplayDevice
    from .replay import ReplayMismatchError as ReplayMismatchError
    from .simulated import IPModel as IPModel
    from .simulated import ModelContext as ModelContext
    from .simulated import SimulatedDevice as SimulatedDevice
    from .simulated import model as model
    from .transfer import Transfer as Transfer

_ROOM = {
    "BoardDevice": ".board",
    "BufferFreedError": ".errors",
    "Bus": ".bus",
    "BusError": ".errors",
    "Clock": ".clock",
    "ClockEvent": ".clock",
    "Coherence": ".coherence",
    "Conversation": ".conversation",
    "ConversationError": ".conversation",
    "Count": ".bus",
    "Device": ".contract",
    "IPModel": ".simulated",
    "InterruptSource": ".contract",
    "ModelContext": ".simulated",
    "NoAddressError": ".errors",
    "PoolExhaustedError": ".errors",
    "PynqBuffer": ".buffer",
    "ReplayDevice": ".replay",
    "ReplayMismatchError": ".replay",
    "SimulatedDevice": ".simulated",
    "Statistics": ".bus",
    "Transaction": ".bus",
    "Transfer": ".transfer",
    "VirtualClock": ".clock",
    "WallClock": ".clock",
    "model": ".simulated",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
