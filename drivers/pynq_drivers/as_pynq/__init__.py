"""The names of ``pynq.lib`` that this package has, each resolved when it is first touched."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pynq_widgets import lazy

if TYPE_CHECKING:
    from pynq_drivers.axi_dma.driver import DMA as DMA
    from pynq_drivers.axi_gpio.button import Button as Button
    from pynq_drivers.axi_gpio.driver import AxiGPIO as AxiGPIO
    from pynq_drivers.axi_gpio.led import LED as LED
    from pynq_drivers.axi_gpio.rgbled import RGBLED as RGBLED
    from pynq_drivers.axi_gpio.switch import Switch as Switch
    from pynq_drivers.axi_iic.driver import AxiIIC as AxiIIC
    from pynq_drivers.axis_switch.driver import StreamSwitch as StreamSwitch
    from pynq_drivers.debug_bridge.driver import DebugBridge as DebugBridge

_MODULE_OF = {
    "AxiGPIO": "pynq_drivers.axi_gpio.driver",
    "AxiIIC": "pynq_drivers.axi_iic.driver",
    "Button": "pynq_drivers.axi_gpio.button",
    "DMA": "pynq_drivers.axi_dma.driver",
    "DebugBridge": "pynq_drivers.debug_bridge.driver",
    "LED": "pynq_drivers.axi_gpio.led",
    "RGBLED": "pynq_drivers.axi_gpio.rgbled",
    "StreamSwitch": "pynq_drivers.axis_switch.driver",
    "Switch": "pynq_drivers.axi_gpio.switch",
}
# PYNQ's modules that hold them.
_MODULES = {
    "axigpio": "pynq_drivers.axi_gpio.driver",
    "axiswitch": "pynq_drivers.axis_switch.driver",
    "button": "pynq_drivers.axi_gpio.button",
    "debugbridge": "pynq_drivers.debug_bridge.driver",
    "dma": "pynq_drivers.axi_dma.driver",
    "iic": "pynq_drivers.axi_iic.driver",
    "led": "pynq_drivers.axi_gpio.led",
    "rgbled": "pynq_drivers.axi_gpio.rgbled",
    "switch": "pynq_drivers.axi_gpio.switch",
    "video": "pynq_drivers.video",
}

__all__ = sorted((*_MODULE_OF, *_MODULES))

_get, __dir__ = lazy.names(__name__, {**_MODULE_OF, **_MODULES})


def __getattr__(name: str) -> Any:
    return import_module(_MODULES[name]) if name in _MODULES else _get(name)
