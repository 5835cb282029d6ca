"""A channel of a GPIO core of which only the address is known."""

from __future__ import annotations

from pynq_drivers.axi_gpio.channel import Channel
from pynq_drivers.axi_gpio.wires import Input, Wires


class UntoldChannel(Channel):
    """A channel where the description has no parameters: how wide it is, and whether it has a three-state register, nobody said.

    Its accesses to the bus are those of PYNQ's driver, one for one: what was written last is remembered instead of being read back, a
    direction is a matter of software, and wires become outputs before they are driven.
    """

    def write(self, val: int, mask: int = 0xFFFFFFFF) -> None:
        """Drives those wires of the channel that are 1 in `mask` to their bits of `val`; one bus write."""
        if self.slicetype is Input:
            raise RuntimeError(f"You cannot write to an Input: {self.name} only reads its wires")
        with self.lock:
            value = (self._latent & ~mask) | (val & mask)
            self._parent._store(self._channel * 8, value)
            self._written(value)

    def drive(self, value: int, mask: int) -> None:
        """Makes outputs of the wires in `mask`, then writes."""
        self.set_trimask(0, mask)
        self.write(value, mask)

    def driven(self) -> int:
        """What was written last."""
        return self._latent

    def set_trimask(self, value: int, mask: int) -> None:
        """Sets the bits of the three-state mask that are 1 in `mask`; a read and a write."""
        with self.lock:
            self.trimask = (self.trimask & ~mask) | (value & mask)

    def _turned(self, kind: type[Wires]) -> None:
        """Nothing: whether there is a three-state register is not known."""
