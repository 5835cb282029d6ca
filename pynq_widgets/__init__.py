"""See an FPGA overlay: PYNQ's overlay API, with live widgets, on a board or with none.

The public names are resolved when they are first touched, so that ``import pynq_widgets`` costs next to nothing and a script
that never shows anything never loads a widget library.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "design": ("Design", "DesignError", "read_design"),
    "device": ("BusError", "Device", "IPModel", "PynqBuffer", "SimulatedDevice", "model"),
    "access": ("MMIO", "Clocks", "GPIO", "Interrupt", "Register", "RegisterMap", "allocate", "freebuffer"),
    "live": ("Sampler",),
    "overlay": ("DefaultHierarchy", "DefaultIP", "DefaultOverlay", "Overlay", "StaleOverlayError", "UnsupportedConfiguration"),
    "widgets": ("BufferView", "OverlayTree", "RegisterTable"),
}
_ROOM_OF = {name: room for room, names in _PUBLIC.items() for name in names}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> Any:
    room = _ROOM_OF.get(name)
    if room is not None:
        value = getattr(import_module(f"{__name__}.{room}"), name)
        globals()[name] = value
        return value
    if name in _PUBLIC:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'pynq_widgets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PUBLIC})
