"""GPIO of the processing system that reach the fabric (EMIO), with PYNQ's shape.

They go through ``device.gpio_read`` and ``device.gpio_write``, which count them from the first EMIO pin as the design does.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal

from .port import bus_lock

if TYPE_CHECKING:
    from pynq_widgets.device import Device


class GPIO:
    """One pin, or `width` pins that stand side by side, of the processing system's GPIO.

    Parameters
    ----------
    gpio_index
        Of the (lowest) pin, counted from the first EMIO pin as in ``gpio_dict``.
    direction
        ``'in'`` or ``'out'``, as the processing system sees it.
    width
        Number of pins, 1 to 128. A value is an integer of so many bits, the lowest pin first.
    device
        Default: the active device.
    """

    def __init__(
        self,
        gpio_index: int,
        direction: Literal["in", "out"],
        width: int = 1,
        device: Device | None = None,
        *,
        generation: int | None = None,
    ) -> None:
        if direction not in ("in", "out"):
            raise ValueError("Direction should be in or out.")
        gpio_index, width = operator.index(gpio_index), operator.index(width)
        if gpio_index < 0:
            raise ValueError(f"GPIO expected an index from 0 on, got {gpio_index}")
        if not 1 <= width <= 128:
            raise ValueError(f"GPIO expected a width of 1 to 128 pins, got {width}")
        if device is None:
            from pynq_widgets.device import Device

            device = Device.active_device
        self.index = gpio_index
        self.direction = direction
        self.width = width
        self.device = device
        self._generation = generation
        self._released = False

    def read(self) -> int:
        """The level of the pin (0 or 1), or of all `width` pins as one integer. Raises ``AttributeError`` for an output."""
        if self.direction != "in":
            raise AttributeError("Cannot read GPIO output.")
        self._check()
        device = self.device
        if self.width == 1:
            return int(device.gpio_read(self.index))
        with bus_lock(device):
            return sum(device.gpio_read(self.index + bit) << bit for bit in range(self.width))

    def write(self, value: int) -> None:
        """Drive the pin to 0 or 1, or all `width` pins to the bits of `value`.

        Raises ``AttributeError`` for an input and ``ValueError`` for a value that does not fit; nothing is written then.
        """
        if self.direction != "out":
            raise AttributeError("Cannot write GPIO input.")
        self._check()
        number = self._checked(value)
        device = self.device
        with bus_lock(device):
            for bit in range(self.width):
                device.gpio_write(self.index + bit, number >> bit & 1)

    def _checked(self, value: Any) -> int:
        try:
            number = operator.index(value)
        except TypeError:
            number = -1
        if not 0 <= number < 1 << self.width:
            if self.width == 1:
                raise ValueError("Can only write integer 0 or 1.")
            raise ValueError(f"GPIO {self.index} expected an integer of {self.width} bits (0 to {(1 << self.width) - 1:#x}), got {value!r}")
        return number

    def _check(self) -> None:
        if self._released:
            raise RuntimeError(f"GPIO {self.index} has been released: make a new one")
        if self._generation is not None and self._generation != self.device.generation:
            from .errors import StaleOverlayError

            raise StaleOverlayError(
                f"GPIO {self.index} belongs to an overlay that has been replaced on device {self.device.tag!r}: take it from the new one"
            )

    def release(self) -> None:
        """Give the pin up: each further use raises ``RuntimeError``. Releasing twice does no harm."""
        self._released = True

    @staticmethod
    def get_gpio_base(target_label: str | None = None) -> int:
        """Number of the processing system's first pin: 0, since pins go through the device and not through Linux's numbering."""
        return 0

    @staticmethod
    def get_gpio_pin(gpio_user_index: int, target_label: str | None = None) -> int:
        """The index that :class:`GPIO` takes for the pin that the design counts as `gpio_user_index`: the same."""
        index = operator.index(gpio_user_index)
        if index < 0:
            raise ValueError(f"GPIO expected an index from 0 on, got {index}")
        return index

    @staticmethod
    def get_gpio_npins(target_label: str | None = None) -> int:
        """How many EMIO pins the active device's design uses, counted from the first."""
        from pynq_widgets.device import Device

        design = Device.active_device.design
        return max((pin.index + pin.width for pin in design.gpio), default=0) if design is not None else 0

    def __repr__(self) -> str:
        pins = f"{self.index}" if self.width == 1 else f"{self.index}..{self.index + self.width - 1}"
        return f"GPIO({pins}, {self.direction!r})"
