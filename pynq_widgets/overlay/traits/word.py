"""Word: a whole register."""

from __future__ import annotations

from typing import Any

from .number import Number


class Word(Number):
    """A whole register as a number of 32 (or 64) bits::

        length = Word('LENGTH', unit='bytes', limits=(0, 4096))
        offset = Word(0x18, signed=True)

    Get is one read, set one write. Values are ints; with `scale` or `zero`, numbers in `unit`. See :class:`.HardwareTrait` for the
    keywords and errors, and :class:`.number.Number` for `signed`, `zero` and `rounding`. A register that the design gives fewer bits
    takes no more than they hold, unless `limits` say otherwise, and has its sign where they end; what is read unsigned is the whole word.
    """

    kind = "word"

    def __init__(self, register: str | int | None = None, **keywords: Any) -> None:
        if "bits" in keywords:
            raise TypeError(f"Word({register!r}): bits of a register are a Field; a Word is all of it")
        super().__init__(register, None, **keywords)

    def _settle(self, place: Any) -> Any:
        width = place.handle.width
        if 0 < width < place.width and self.signed:
            # The sign stands where the register ends, whatever a read gives above it.
            place.width, place.mask = width, (1 << width) - 1
        if 0 < width < place.width and self.limits is None:
            place.codec = narrow = self.codec(width)
            return narrow
        return super()._settle(place)
