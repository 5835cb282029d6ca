"""How the hardware is touched: words, registers, buffers, interrupts, pins and clocks.

The names are resolved when they are first touched: a script that reads one word pays for MMIO, not for asyncio.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .array import BusArray as BusArray
    from .buffers import allocate as allocate
    from .buffers import freebuffer as freebuffer
    from .clocks import Clocks as Clocks
    from .errors import StaleOverlayError as StaleOverlayError
    from .gpio import GPIO as GPIO
    from .interrupt import Interrupt as Interrupt
    from .mirror import FieldHandle as FieldHandle
    from .mirror import Mirror as Mirror
    from .mirror import RegisterHandle as RegisterHandle
    from .mirror import VerifyError as VerifyError
    from .mmio import MMIO as MMIO
    from .planner import Span as Span
    from .planner import guard as guard
    from .planner import plan as plan
    from .register import Register as Register
    from .register_map import RegisterMap as RegisterMap

_ROOM = {
    "MMIO": ".mmio",
    "BusArray": ".array",
    "Clocks": ".clocks",
    "FieldHandle": ".mirror",
    "GPIO": ".gpio",
    "Interrupt": ".interrupt",
    "Mirror": ".mirror",
    "Register": ".register",
    "RegisterHandle": ".mirror",
    "RegisterMap": ".register_map",
    "Span": ".planner",
    "StaleOverlayError": ".errors",
    "VerifyError": ".mirror",
    "allocate": ".buffers",
    "freebuffer": ".buffers",
    "guard": ".planner",
    "plan": ".planner",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
