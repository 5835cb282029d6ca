"""Bit: one bit of a register, as a bool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import BitsArgument, HardwareTrait
from .codec import Codec, Truth
from .field import named_field

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import RegisterHandle


class Bit(HardwareTrait):
    """One bit of a register as a bool::

        enable = Bit('CTRL', 0)
        reset_n = Bit('CTRL', 1, inverted=True, help='True: held in reset')
        done = Bit('STATUS', 'DONE', onwrite='1-to-clear')

    Takes bools, 0 and 1. With `inverted`, True is a 0 in the register. A bit that a written 1 clears is cleared by
    ``ip.done = True``: what is set is what is written. Get is one read; set is one read and one write, as for :class:`.Field`. `scale`
    and `limits` mean nothing for a bit and raise ``TypeError``.
    """

    kind = "bit"

    def __init__(self, register: str | int | None = None, bits: BitsArgument = None, *, inverted: bool = False, **common: Any) -> None:
        self.inverted = inverted
        for keyword in ("scale", "limits"):
            if common.get(keyword) is not None:
                raise TypeError(f"Bit({register!r}): {keyword} means nothing for a bit")
        super().__init__(register, bits, **common)

    @property
    def value_type(self) -> Any:
        return bool

    def _make_codec(self, width: int) -> Codec:
        if width != 1:
            self._refuse(f"a Bit is one bit, not {width}: use a Field")
        return Truth(self.inverted)

    def _stated_bits(self) -> tuple[int, int] | str | None:
        return super()._stated_bits() or str(self.name)

    def _default_bits(self, handle: RegisterHandle) -> tuple[int, int, Any]:
        return named_field(self, handle)
