"""Field: some bits of a register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .number import Number
from .place import Misplaced, fields_named

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import RegisterHandle


def named_field(trait: Any, handle: RegisterHandle) -> tuple[int, int, Any]:
    """The bits of the field of `handle` that has the name of `trait`: what a trait means that tells no bits."""
    alike = fields_named(trait.name, handle.name, handle.info.fields)
    if len(alike) != 1:
        raise Misplaced(f"a field of register {handle.name} with its name, which there is not: say bits=(high, low) or bits='FIELD'")
    return alike[0].bit_offset, alike[0].bit_width, alike[0]


class Field(Number):
    """Some bits of a register as a number::

        gain = Field('GAIN', bits=(15, 0), unit='dB', scale=0.5, limits=(0, 30), help='Gain of the first stage')
        mode = Field('CTRL', 'MODE')

    Get is one read of the register; set is one read and one write under the lock of the bus, which leaves its other fields as they
    are and writes a 0 (1) where a written 1 (0) has an effect. Without `bits` it is the field that has the attribute's name. See
    :class:`.HardwareTrait` for the keywords and errors, and :class:`.number.Number` for `signed`, `zero` and `rounding`.
    """

    kind = "field"

    def _stated_bits(self) -> tuple[int, int] | str | None:
        return super()._stated_bits() or str(self.name)

    def _default_bits(self, handle: RegisterHandle) -> tuple[int, int, Any]:
        return named_field(self, handle)
