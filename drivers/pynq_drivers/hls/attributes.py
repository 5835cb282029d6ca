"""The attributes of a core whose C types were said: ``core.gain`` is the float that it is in C.

The traits of the design are of a class, shared by all cores of these registers; what their bits mean is kept with each instance's place.
"""

from __future__ import annotations

from typing import Any

from pynq_drivers.hls.arguments import Argument, Arguments
from pynq_widgets.overlay.traits.base import HardwareTrait
from pynq_widgets.overlay.traits.codec import Misfit


class Typed:
    """Bits of an argument and the value that they are in C."""

    def __init__(self, argument: Argument) -> None:
        self._argument = argument
        self.width = argument.width
        self.expected = argument.describe()

    def decode(self, raw: int) -> Any:
        return self._argument.decode(raw)

    def encode(self, value: Any) -> int:
        try:
            return self._argument.encode(value)
        except (TypeError, ValueError) as error:
            raise Misfit(f"{self.expected} ({error})") from None


def settle(ip: Any, hub: Any, arguments: Arguments) -> None:
    """Give the attributes of `ip` the types that were said of its arguments. Touches no hardware."""
    for argument in arguments.values():
        if argument.ctype is None or argument.ctype.pointer or argument.is_array:
            continue
        for name in (*argument.names, argument.signature_name):
            trait = getattr(type(ip), name, None)
            if not isinstance(trait, HardwareTrait) or trait.register not in {register.name for register in argument.registers}:
                continue
            try:
                place: Any = trait.place_in(hub)
            except (LookupError, ValueError):
                continue  # the attribute says so itself when it is touched
            place.codec = Typed(argument)
