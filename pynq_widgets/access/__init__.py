"""How the hardware is touched: words, registers, buffers, interrupts, pins and clocks.

The names are resolved when they are first touched: a script that reads one word pays for MMIO, not for asyncio.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .array import BusArray as BusArray
    from .buffers import allocate as allocate
    from .buffers import freebuffer as freebuffer
    from .errors import StaleOverlayError as StaleOverlayError
    from .gpio import GPIO as GPIO
    from .handle import FieldHandle as FieldHandle
    from .handle import RegisterHandle as RegisterHandle
    from .handle import Step as Step
    from .handle import VerifyError as VerifyError
    from .interrupt import Interrupt as Interrupt
    from .mirror import Mirror as Mirror
    from .mmio import MMIO as MMIO
    from .planner import Span as Span
    from .planner import guard as guard
    from .planner import plan as plan
    from .ps import Clocks as Clocks
    from .register import Register as Register
    from .register_map import RegisterMap as RegisterMap
    from .transaction import TransactionError as TransactionError

_ROOM = {
    "MMIO": ".mmio",
    "BusArray": ".array",
    "Clocks": ".ps",
    "FieldHandle": ".handle",
    "GPIO": ".gpio",
    "Interrupt": ".interrupt",
    "Mirror": ".mirror",
    "Register": ".register",
    "RegisterHandle": ".handle",
    "RegisterMap": ".register_map",
    "Span": ".planner",
    "StaleOverlayError": ".errors",
    "Step": ".handle",
    "TransactionError": ".transaction",
    "VerifyError": ".handle",
    "allocate": ".buffers",
    "freebuffer": ".buffers",
    "guard": ".planner",
    "plan": ".planner",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
