"""GPIO of the processing system that reach the fabric (EMIO), with PYNQ's shape.

They go through ``device.gpio_read`` and ``device.gpio_write``, which count them from the first EMIO pin as the design does. A device on a
Zynq that has no such pins of its own has those of Linux, in Linux's numbering (:mod:`.linux_gpio`), and so has whoever names no device
there.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal

from pynq_widgets.device.contract import MIO_PINS as _MIO_PINS

from .port import bus_lock

if TYPE_CHECKING:
    from pynq_widgets.device import Device

    from .linux_gpio import LinuxPin


class GPIO:
    """One pin, or `width` pins that stand side by side, of the processing system's GPIO.

    Parameters
    ----------
    gpio_index
        Of the (lowest) pin, as :meth:`get_gpio_pin` gives it: counted from the first EMIO pin as in ``gpio_dict`` (MIO pins are below
        0), or Linux's number.
    direction
        ``'in'`` or ``'out'``, as the processing system sees it.
    width
        Number of pins, 1 to 128. A value is an integer of so many bits, the lowest pin first.
    device
        Default: the active device; on a Zynq where none was set, Linux.

    Attributes
    ----------
    index, direction, width, device
        As given.
    path : str or None
        The folder of the (lowest) pin below ``/sys/class/gpio``, with a slash at the end; None where the pin is not Linux's.

    Pins of Linux are shared by all who ask for them, and need root: ``OSError`` without, or where Linux does not give them;
    ``AttributeError`` where one is in use in the other direction. A vector gets all its pins, or none.
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
        if not 1 <= width <= 128:
            raise ValueError(f"GPIO expected a width of 1 to 128 pins, got {width}")
        through = _through(device)
        if gpio_index < (0 if through is None else -_MIO_PINS):
            raise ValueError(f"GPIO expected an index from {0 if through is None else -_MIO_PINS} on, got {gpio_index}")
        self.index = gpio_index
        self.direction = direction
        self.width = width
        self.device = device if through is None else through
        self.path: str | None = None
        self._linux: list[LinuxPin] = []
        self._generation = generation
        self._released = False
        if through is None:
            from . import linux_gpio

            self._linux = linux_gpio.pins(gpio_index, width, direction)
            self.path = self._linux[0].path

    def read(self) -> int:
        """The level of the pin (0 or 1), or of all `width` pins as one integer. Raises ``AttributeError`` for an output."""
        if self.direction != "in":
            raise AttributeError("Cannot read GPIO output.")
        self._check()
        if self._linux:
            return sum(pin.read() << bit for bit, pin in enumerate(self._linux))
        device: Any = self.device
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
        for bit, pin in enumerate(self._linux):
            pin.write(number >> bit & 1)
        if self._linux:
            return
        device: Any = self.device
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
        device = self.device
        if self._generation is not None and device is not None and self._generation != device.generation:
            from .errors import StaleOverlayError

            raise StaleOverlayError(
                f"GPIO {self.index} belongs to an overlay that has been replaced on device {device.tag!r}: take it from the new one"
            )

    def release(self) -> None:
        """Give the pin up: each further use raises ``RuntimeError``. Releasing twice does no harm.

        Linux gets its pins back, also from others who share them.
        """
        self._released = True
        failed: OSError | None = None
        for pin in self._linux:
            try:
                pin.unexport()
            except OSError as error:
                failed = failed or error  # the other pins are given back all the same
        if failed is not None:
            raise failed

    @staticmethod
    def get_gpio_base_path(target_label: str | None = None, *, device: Device | None = None) -> str | None:
        """The folder of Linux's chip with the label `target_label`, by default the processing system's; None where there is none.

        `device` is whose pins are meant, by default as in :class:`GPIO`; where they are not Linux's there is no folder. Raises
        ``ValueError`` on a Versal, which has two chips, where none is named.
        """
        if _through(device) is not None:
            return None
        from . import linux_gpio

        chip = linux_gpio.chip(target_label)
        return None if chip is None else chip.path

    @staticmethod
    def get_gpio_base(target_label: str | None = None, *, device: Device | None = None) -> int | None:
        """Linux's number of the chip's first pin; 0 where pins go through the device and not through Linux's numbering."""
        if _through(device) is not None:
            return 0
        from . import linux_gpio

        chip = linux_gpio.chip(target_label)
        return None if chip is None else chip.base

    @staticmethod
    def get_gpio_pin(gpio_user_index: int, target_label: str | None = None, *, device: Device | None = None) -> int:
        """The index that :class:`GPIO` takes for the pin that the design counts as `gpio_user_index`.

        The same where pins go through the device. Linux's is counted from the first pin of the chip that reaches the fabric, or from the
        first of all of the chip with the label `target_label`; those before the fabric's, the MIO pins, are below 0 (the last is -1).
        Raises ``ValueError`` where there is no such chip or pin.
        """
        index = operator.index(gpio_user_index)
        if _through(device) is not None:
            if index < -_MIO_PINS:
                raise ValueError(f"GPIO expected an index from {-_MIO_PINS} on, got {index}")
            return index
        from . import linux_gpio

        return linux_gpio.pin_number(index, target_label)

    @staticmethod
    def get_gpio_npins(target_label: str | None = None, *, device: Device | None = None) -> int | None:
        """How many pins Linux's chip has, None where there is none; of a device: how many its design uses, counted from the first."""
        through = _through(device)
        if through is None:
            from . import linux_gpio

            chip = linux_gpio.chip(target_label)
            return None if chip is None else chip.npins
        design = through.design
        return max((pin.index + pin.width for pin in design.gpio), default=0) if design is not None else 0

    def __repr__(self) -> str:
        pins = f"{self.index}" if self.width == 1 else f"{self.index}..{self.index + self.width - 1}"
        return f"GPIO({pins}, {self.direction!r})"


def _through(device: Device | None) -> Device | None:
    """The device that the pins go through: `device`, or the active one; None where they are Linux's."""
    from pynq_widgets.device import Device

    from . import linux_gpio

    chosen = device if device is not None else Device.chosen_device
    if not linux_gpio.available():
        return chosen if chosen is not None else Device.active_device
    if chosen is None or not (_has_pins(chosen) or chosen.has_capability("REMOTE")):
        return None
    return chosen


def _has_pins(device: Device) -> bool:
    """Whether the device, or its class, says how its pins are read."""
    from pynq_widgets.device import Device

    return "gpio_read" in vars(device) or getattr(type(device), "gpio_read", None) is not Device.gpio_read
