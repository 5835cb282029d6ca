"""Pins as Linux has them: ``/sys/class/gpio`` (the kernel's ``Documentation/ABI/obsolete/sysfs-gpio``).

A chip is a folder ``gpiochipBASE`` with a ``label`` and a number of pins (``ngpio``). A pin that is exported is a folder ``gpioNUMBER``
with its ``direction`` and ``value``. Writing any of these needs root.
"""

from __future__ import annotations

import errno
import os
import re
import threading
import weakref
from contextlib import suppress
from typing import NamedTuple

from . import ps
from .errors import near_or_all, noted

ROOT = "/sys/class/gpio"

# The chips of the processing systems, as their kernel drivers label them.
LABELS = ("zynqmp_gpio", "zynq_gpio")
# The first pin of a chip that reaches the fabric (EMIO), after those of the package (MIO): UG585 and UG1085, chapters GPIO; AM011.
FIRST_USER_PIN = {ps.ZYNQ_ARCH: 54, ps.ZU_ARCH: 78}
FIRST_USER_PIN_VERSAL = {"versal_gpio": 26, "pmc_gpio": 52}

_CHIP = re.compile(r"gpiochip(\d+)")


class Chip(NamedTuple):
    """A chip: its first pin in Linux's numbering is `base`."""

    base: int
    label: str
    path: str

    @property
    def npins(self) -> int:
        return int(_read(os.path.join(self.path, "ngpio")))


def available() -> bool:
    """Whether this machine has the pins of a Zynq, Zynq UltraScale+ or Versal."""
    return ps.on_zynq()


def first_user_pin(target_label: str | None) -> int:
    """How many pins of the chip come before the first that a user counts. Raises ``ValueError`` where Versal's chip is not named."""
    if ps.is_versal():
        if target_label not in FIRST_USER_PIN_VERSAL:
            raise ValueError("target_label must be specified on Versal; use 'versal_gpio' or 'pmc_gpio'.")
        return FIRST_USER_PIN_VERSAL[target_label]
    return 0 if target_label is not None else FIRST_USER_PIN.get(ps.CPU_ARCH, 0)


def chips() -> list[Chip]:
    """The chips of this machine, by base."""
    try:
        names = os.listdir(ROOT)
    except OSError:
        return []
    found = []
    for name in names:
        match = _CHIP.fullmatch(name)
        if match is not None:
            path = os.path.join(ROOT, name)
            found.append(Chip(int(match[1]), _read(os.path.join(path, "label")), path))
    return sorted(found)


def chip(target_label: str | None = None) -> Chip | None:
    """The chip of that label, or the processing system's; None where there is none.

    Raises ``ValueError`` on a Versal, which has two, where none is named.
    """
    if target_label is None:
        first_user_pin(None)  # which a Versal refuses
    labels = LABELS if target_label is None else (target_label,)
    return next((found for found in chips() if found.label in labels), None)


def pin_number(gpio_user_index: int, target_label: str | None = None) -> int:
    """Linux's number of the pin that users count as `gpio_user_index`. Raises ``ValueError`` where there is no such chip."""
    offset = first_user_pin(target_label)
    found = chip(target_label)
    if found is None:
        labels = [each.label for each in chips()]
        wanted = repr(target_label) if target_label is not None else " or ".join(map(repr, LABELS))
        raise ValueError(f"no chip under {ROOT} has the label {wanted}{near_or_all(target_label or '', labels)}")
    if gpio_user_index < -offset:
        raise ValueError(f"GPIO expected an index from {-offset} on, got {gpio_user_index}")
    return found.base + offset + gpio_user_index


class LinuxPin:
    """One exported pin. Whoever asks for the same pin shares it: :func:`pin`.

    Attributes
    ----------
    index : int
        In Linux's numbering.
    direction : str
        ``'in'`` or ``'out'``.
    path : str
        Its folder, with a slash at the end.
    """

    def __init__(self, index: int, direction: str) -> None:
        self.index = index
        self.direction = direction
        self.path = f"{ROOT}/gpio{index}/"
        self._exported = not self.is_exported()  # by us
        if self._exported:
            _write(f"{ROOT}/export", str(index), f"GPIO {index} cannot be had")
        try:
            _write(self.path + "direction", direction, f"GPIO {index} cannot be an {direction}put")
        except OSError:
            self.undo()
            raise

    def read(self) -> int:
        """The level of the pin, 0 or 1."""
        return int(_read(self.path + "value", f"GPIO {self.index} cannot be read"))

    def write(self, value: int) -> None:
        """Drive the pin to 0 or 1."""
        _write(self.path + "value", str(value), f"GPIO {self.index} cannot be written")

    def is_exported(self) -> bool:
        """Whether the pin's folder is there."""
        return os.path.exists(self.path)

    def undo(self) -> None:
        """Let the pin be exported or not, as it was before."""
        if self._exported:
            with suppress(OSError):
                self.unexport()

    def unexport(self) -> None:
        """Give the pin back to Linux, where it is exported."""
        if self.is_exported():
            _write(f"{ROOT}/unexport", str(self.index), f"GPIO {self.index} cannot be released")


_pins: weakref.WeakValueDictionary[str, LinuxPin] = weakref.WeakValueDictionary()
_pins_lock = threading.Lock()


def pins(first: int, count: int, direction: str) -> list[LinuxPin]:
    """`count` pins from number `first` on, made inputs or outputs, each shared with whoever has it already. All of them, or none.

    Raises ``AttributeError`` where one of them is used in the other direction, and ``OSError`` where Linux does not give one.
    """
    with _pins_lock:
        known = [_known(index) for index in range(first, first + count)]
        for pin in known:
            if pin is not None and pin.direction != direction:
                raise noted(
                    AttributeError("GPIO already in use in other direction"),
                    f"GPIO {pin.index} is an {pin.direction}put until it is released",
                )
        if None in known and os.geteuid() != 0:
            raise PermissionError("Root permissions required.")
        made: list[LinuxPin] = []
        try:
            for index, pin in enumerate(known, first):
                if pin is None:
                    made.append(LinuxPin(index, direction))
        except OSError:
            for pin in made:
                pin.undo()
            raise
        _pins.update((pin.path, pin) for pin in made)
        fresh = iter(made)
        return [next(fresh) if pin is None else pin for pin in known]


def _known(index: int) -> LinuxPin | None:
    pin = _pins.get(f"{ROOT}/gpio{index}/")
    return pin if pin is not None and pin.is_exported() else None


def _read(path: str, what: str = "") -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError as error:
        raise _explained(error, what, path) from None


def _write(path: str, text: str, what: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise _explained(error, what, path) from None


def _explained(error: OSError, what: str, path: str) -> OSError:
    if not os.path.isdir(ROOT):
        hint = f"this Linux has no {ROOT} (a kernel with CONFIG_GPIO_SYSFS has)"
    elif isinstance(error, FileNotFoundError):
        hint = "the pin is not exported any more: make a new GPIO"
    elif error.errno == errno.EBUSY:
        hint = "a driver of the kernel, or another program, has it"
    elif error.errno == errno.EINVAL:
        hint = "no chip has a pin of that number: GPIO.get_gpio_pin(index) gives it for the pins of the fabric"
    else:
        hint = ""
    text = "; ".join(part for part in (what, error.strerror or str(error), hint) if part)
    return type(error)(error.errno, text, path)
