"""The device that is always there: any design, in this process."""

from pynq_widgets.device.simulated.device import SimulatedDevice
from pynq_widgets.device.simulated.ipmodel import IPModel, ModelContext
from pynq_widgets.device.simulated.registerfile import RegisterFile
from pynq_widgets.device.simulated.registry import model, unregister

__all__ = ["IPModel", "ModelContext", "RegisterFile", "SimulatedDevice", "model", "unregister"]
