"""AXI GPIO (AMD PG144): two banks of up to 32 wires.

``LEDs``, ``RGBLEDs``, ``Buttons`` and ``Switches`` are what stands at them, by number and name.
"""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .button import Button as Button
    from .driver import AxiGPIO as AxiGPIO
    from .groups import Buttons as Buttons
    from .groups import LEDs as LEDs
    from .groups import Pins as Pins
    from .groups import RGBLEDs as RGBLEDs
    from .groups import Switches as Switches
    from .led import LED as LED
    from .rgbled import RGBLED as RGBLED
    from .switch import Switch as Switch

_ROOM = {
    "AxiGPIO": ".driver",
    "Button": ".button",
    "Buttons": ".groups",
    "LED": ".led",
    "LEDs": ".groups",
    "Pins": ".groups",
    "RGBLED": ".rgbled",
    "RGBLEDs": ".groups",
    "Switch": ".switch",
    "Switches": ".groups",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
