"""LEDs of three colours on an AXI GPIO core of their own. The shape of the API is PYNQ's."""

from __future__ import annotations

import weakref
from typing import Any

from pynq_drivers.axi_gpio.channel import Channel
from pynq_drivers.axi_gpio.driver import AxiGPIO
from pynq_widgets.access.errors import near_names
from pynq_widgets.device import Device
from pynq_widgets.overlay.life import current

RGB_CLEAR, RGB_BLUE, RGB_GREEN, RGB_CYAN, RGB_RED, RGB_MAGENTA, RGB_YELLOW, RGB_WHITE = range(8)

_WIRES = 3  # blue, green and red, from the lowest
# The number of the LED at the lowest wires of a core, as far as is known: the lowest that was asked for.
_first: weakref.WeakKeyDictionary[AxiGPIO, float] = weakref.WeakKeyDictionary()


class RGBLED:
    """A LED with three colours, on the core `ip_name` of the overlay that is loaded on `device` (the active one where it is None).

    Boards do not count them from 0 (those of a PYNQ-Z1 are 4 and 5): the lowest `index` that is asked for, or `start_index`, is taken for
    the one at the lowest three wires.

    Raises ValueError for an `index` below `start_index`, and for an IP that the overlay has not or that is no AXI GPIO; RuntimeError where
    no overlay is loaded.
    """

    def __init__(self, index: int, ip_name: str = "rgbleds_gpio", start_index: float = float("inf"), device: Any = None) -> None:
        if index < start_index and start_index != float("inf"):
            raise ValueError(f"Inconsistent use of initialization indexes: index {index} is below start_index {start_index}.")
        self.index = index
        self._place: tuple[Channel, int] | None = None  # the wires, where those are known and not counted
        self._core = _core(ip_name, device)
        _first[self._core] = min(_first.get(self._core, index), start_index, index)

    @classmethod
    def _at(cls, channel: Channel, position: int, index: int) -> RGBLED:
        """The one at three wires of `channel`, the lowest of which is `position`."""
        lamp = cls.__new__(cls)
        lamp.index, lamp._core, lamp._place = index, channel._parent, (channel, position)
        return lamp

    def on(self, color: int) -> None:
        """Turn on the LED with a colour: ``RGB_CLEAR`` (0) to ``RGB_WHITE`` (7); blue is 1, green 2, red 4, and their sums."""
        if color not in range(8):
            raise ValueError(f"color should be an integer value from 0 to 7, not {color!r}.")
        position = self._position()
        self._channel.drive(int(color) << position, 7 << position)

    def off(self) -> None:
        """Turn off the LED."""
        self.on(RGB_CLEAR)

    def write(self, color: int) -> None:
        """As `on`."""
        self.on(color)

    def read(self) -> int:
        """The colour that the LED has now."""
        return self._channel.driven() >> self._position() & 7

    @property
    def _channel(self) -> Channel:
        return self._core.channel1 if self._place is None else self._place[0]

    def _position(self) -> int:
        """The LED's lowest wire."""
        if self._place is not None:
            return self._place[1]
        first = int(_first[self._core])
        position = _WIRES * (self.index - first)
        width = self._channel.width
        if position + _WIRES > width:
            raise ValueError(
                f"{self._core._fullpath} has {width} wires in this design, three for each of {width // _WIRES} LEDs, which are "
                f"{first} to {first + width // _WIRES - 1}: there is no RGBLED({self.index})"
            )
        return position

    def __repr__(self) -> str:
        return f"<RGBLED {self.index} of {self._core._fullpath}>"


def _core(ip_name: str, device: Any) -> AxiGPIO:
    device = Device.active_device if device is None else device
    life = current(device)
    overlays = [] if life is None else list(life.holders)
    if not overlays:
        raise RuntimeError(
            f"RGBLED needs an overlay: none is loaded on {device!r}, or nobody holds it any more; load one with Overlay(...)"
        )
    known = overlays[0].ip_dict
    if ip_name not in known:
        raise ValueError(f"the overlay that is loaded has no IP {ip_name!r}{near_names(ip_name, known)}: give its name as ip_name")
    core = overlays[0][ip_name]
    if not isinstance(core, AxiGPIO):
        raise ValueError(f"{ip_name} is no AXI GPIO with our driver, but {core!r}")
    return core
