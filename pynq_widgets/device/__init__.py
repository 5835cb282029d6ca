"""Where a design runs: the `Device` contract, and the simulated device that is always there."""

from pynq_widgets.device.buffer import PynqBuffer
from pynq_widgets.device.clock import Clock, ClockEvent, VirtualClock, WallClock
from pynq_widgets.device.contract import Device, InterruptSource
from pynq_widgets.device.errors import BufferFreedError, BusError, NoAddressError, PoolExhaustedError
from pynq_widgets.device.simulated import IPModel, ModelContext, SimulatedDevice, model

__all__ = [
    "BufferFreedError",
    "BusError",
    "Clock",
    "ClockEvent",
    "Device",
    "IPModel",
    "InterruptSource",
    "ModelContext",
    "NoAddressError",
    "PoolExhaustedError",
    "PynqBuffer",
    "SimulatedDevice",
    "VirtualClock",
    "WallClock",
    "model",
]
