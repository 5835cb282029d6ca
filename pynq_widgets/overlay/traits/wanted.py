"""What a trait from the design is to be made of; the traits themselves are made when first one of them is touched."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["word", "field", "bit", "control", "wide"]


class Wanted(NamedTuple):
    """A trait of `kind` on `register` (its name in the mirror).

    ``'control'`` is a bit of an HLS core's control register. `part` is the field's name, for ``'wide'`` the register of the upper
    half. `c_type` is what C calls an argument of an HLS core.
    """

    kind: Kind
    register: str
    part: str | None
    help: str = ""
    c_type: str = ""
