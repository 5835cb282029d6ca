"""``pynq.overlays.base``: the base overlay of a board, of which the design is found beside the notebook or in a package of overlays.

Nearly every notebook of a PYNQ board begins with ``from pynq.overlays.base import BaseOverlay``. Each board has a class of its own of that
name; this one gives LEDs, buttons and switches the names that all of them have, as far as the design has them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pynq_drivers.axi_gpio.rgbled import RGBLED
from pynq_widgets.overlay import Overlay

if TYPE_CHECKING:
    from pynq_drivers.axi_gpio.channel import Channel

# Core, and which channel of it, by name of the attribute, on the boards that PYNQ has been delivered for.
_WIRES = {
    "leds": (("leds_gpio", 1), ("swsleds_gpio", 2), ("gpio_leds", 1)),
    "switches": (("switches_gpio", 1), ("swsleds_gpio", 1), ("gpio_sws", 1)),
    "buttons": (("btns_gpio", 1), ("gpio_btns", 1)),
}
_RGB_LEDS = ("rgbleds_gpio", (4, 5))  # the numbers that they have on the board


class BaseOverlay(Overlay):
    """``BaseOverlay('base.bit')``: the overlay, with `leds`, `buttons`, `switches` and `rgbleds` where the design has them.

    Attributes
    ----------
    leds, buttons, switches : Channel
        Wires of AXI GPIO cores.
    rgbleds : list
        By the number on the board; None where there is none of that number.
    """

    def __init__(self, bitfile: str | os.PathLike[str], **kwargs: Any) -> None:
        super().__init__(bitfile, **kwargs)
        if not self.is_loaded():
            return
        for name, places in _WIRES.items():
            for core, channel in places:
                if core in self.ip_dict:
                    setattr(self, name, self._channel(core, channel))
                    break
        core, numbers = _RGB_LEDS
        if core in self.ip_dict:
            self.rgbleds: list[RGBLED | None] = [None] * numbers[0] + [RGBLED(number) for number in numbers]

    def _channel(self, core: str, number: int) -> Channel:
        channel: Channel = getattr(getattr(self, core), f"channel{number}")
        return channel
