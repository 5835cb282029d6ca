"""See an FPGA overlay: PYNQ's overlay API, with live widgets, on a board or with none.

The public names are resolved when they are first touched, so that ``import pynq_widgets`` costs next to nothing and a script
that never shows anything never loads a widget library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import lazy

if TYPE_CHECKING:
    from .access import GPIO as GPIO
    from .access import MMIO as MMIO
    from .access import Clocks as Clocks
    from .access import Interrupt as Interrupt
    from .access import Register as Register
    from .access import RegisterMap as RegisterMap
    from .access import allocate as allocate
    from .access import freebuffer as freebuffer
    from .access.pmbus import DataRecorder as DataRecorder
    from .access.pmbus import get_rails as get_rails
    from .analysis.interpretation import Interpretation as Interpretation
    from .analysis.trigger import Trigger as Trigger
    from .design import Design as Design
    from .design import DesignError as DesignError
    from .design import read_design as read_design
    from .device import BusError as BusError
    from .device import Device as Device
    from .device import IPModel as IPModel
    from .device import PynqBuffer as PynqBuffer
    from .device import ReplayDevice as ReplayDevice
    from .device import SimulatedDevice as SimulatedDevice
    from .device import VirtualClock as VirtualClock
    from .device import model as model
    from .device.devicetree import DeviceTreeSegment as DeviceTreeSegment
    from .device.uio import UioController as UioController
    from .live import Sampler as Sampler
    from .live.expectation import expect as expect
    from .overlay import DefaultHierarchy as DefaultHierarchy
    from .overlay import DefaultIP as DefaultIP
    from .overlay import DefaultOverlay as DefaultOverlay
    from .overlay import Overlay as Overlay
    from .overlay import StaleOverlayError as StaleOverlayError
    from .overlay import UnsupportedConfiguration as UnsupportedConfiguration
    from .overlay.bitstream import Bitstream as Bitstream
    from .overlay.pl import PL as PL
    from .widgets import BufferView as BufferView
    from .widgets import OverlayTree as OverlayTree
    from .widgets import RegisterTable as RegisterTable
    from .widgets.oscilloscope import Scope as Scope
    from .widgets.oscilloscope import scope as scope
    from .widgets.strip_chart import StripChart as StripChart
    from .widgets.strip_chart import strip as strip

__version__ = "4.0.1"  # PYNQ 4.0's API: code that asks pynq.__version__ is told what it can use

_PUBLIC = {
    "analysis.interpretation": ("Interpretation",),
    "analysis.trigger": ("Trigger",),
    "design": ("Design", "DesignError", "read_design"),
    "device": ("BusError", "Device", "IPModel", "PynqBuffer", "ReplayDevice", "SimulatedDevice", "VirtualClock", "model"),
    "access": ("MMIO", "Clocks", "GPIO", "Interrupt", "Register", "RegisterMap", "allocate", "freebuffer"),
    "access.pmbus": ("DataRecorder", "get_rails"),
    "device.devicetree": ("DeviceTreeSegment",),
    "device.uio": ("UioController",),
    "live": ("Sampler", "expect"),
    "overlay": ("DefaultHierarchy", "DefaultIP", "DefaultOverlay", "Overlay", "StaleOverlayError", "UnsupportedConfiguration"),
    "overlay.bitstream": ("Bitstream",),
    "overlay.pl": ("PL",),
    "widgets": ("BufferView", "OverlayTree", "RegisterTable", "Scope", "StripChart", "scope", "strip"),
}
_ROOM_OF = {name: room for room, names in _PUBLIC.items() for name in names}

__all__ = sorted(_ROOM_OF)

_get, __dir__ = lazy.names(__name__, {name: f".{room}" for name, room in _ROOM_OF.items()})


def __getattr__(name: str) -> Any:
    return import_module(f"{__name__}.{name}") if name in _PUBLIC else _get(name)


def load_ipython_extension(ipython: Any) -> None:
    """What ``%load_ext pynq_widgets`` calls: registers ``%%watch_registers``, which the first `Overlay` of a session does by itself."""
    from .overlay.magics import register

    register(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """What ``%unload_ext pynq_widgets`` calls."""
    from .overlay.magics import unregister

    unregister(ipython)
