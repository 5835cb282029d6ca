"""What a chip on a simulated I2C bus is."""

from __future__ import annotations

from pynq_widgets.device.clock import Clock


class Target:
    """A chip on the bus, derived from for a certain one: here it acknowledges everything and reads as 0xFF.

    ``clock`` is the device's time once it is attached.
    """

    clock: Clock | None = None

    def start(self, read: bool) -> bool:
        """It was addressed, to be read or written; whether it acknowledges."""
        return True

    def write(self, value: int) -> bool:
        """A byte was sent to it; whether it acknowledges."""
        return True

    def read(self) -> int:
        """The next byte that it sends."""
        return 0xFF

    def stop(self) -> None:
        """The transfer is over."""


class RegisterTarget(Target):
    """A chip with `size` registers of a byte (up to 256): the first byte written is where it begins, and each byte goes one further.

    ``registers`` is what they hold, a bytearray.
    """

    def __init__(self, size: int = 256) -> None:
        self.registers = bytearray(size)
        self._at = 0
        self._first = True

    def start(self, read: bool) -> bool:
        self._first = not read
        return True

    def write(self, value: int) -> bool:
        if self._first:
            self._at, self._first = value % len(self.registers), False
        else:
            self.registers[self._at] = value
            self._at = (self._at + 1) % len(self.registers)
        return True

    def read(self) -> int:
        value = self.registers[self._at]
        self._at = (self._at + 1) % len(self.registers)
        return value
