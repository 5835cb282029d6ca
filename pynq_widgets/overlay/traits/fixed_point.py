"""FixedPoint: bits with a binary point."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .base import BitsArgument
from .codec import Codec, Limits
from .number import Number
from .scaled import Scaled, exactly


class FixedPoint(Number):
    """Bits with a binary point, signed if not said otherwise::

        coefficient = FixedPoint('COEFF', fraction=15)                # Q16.15 of a whole register of 32 bits and its sign
        level = FixedPoint('LEVEL', bits=(15, 0), fraction=8)         # -128 to 127.99609375 in steps of 1/256
        ratio = FixedPoint('RATIO', bits=(23, 0), fraction=24, signed=False)

    value = raw * 2**-fraction (* `scale`, + `zero`), as a float. A written value becomes the nearest step, ties to even
    (``rounding='exact'`` refuses what is between two steps); beyond the range or the `limits` it is refused, and so are NaN and
    infinities. Without `bits` it is the whole register.
    """

    kind = "fixed"

    def __init__(
        self,
        register: str | int | None = None,
        bits: BitsArgument = None,
        *,
        fraction: int,
        signed: bool = True,
        rounding: str = "nearest",
        **common: Any,
    ) -> None:
        if isinstance(fraction, bool) or not isinstance(fraction, int) or not -64 <= fraction <= 128:
            raise ValueError(f"FixedPoint({register!r}): fraction={fraction!r} is not a number of bits behind the point")
        self.fraction = fraction
        super().__init__(register, bits, signed=signed, rounding=rounding, **common)

    @property
    def step(self) -> Fraction:
        """What the lowest bit is worth, in `unit`."""
        return Fraction(2) ** -self.fraction * (1 if self.scale is None else exactly(self.scale))

    @property
    def is_scaled(self) -> bool:
        return True

    def _make_codec(self, width: int, limits: Limits | None = None, rounding: str | None = None) -> Codec:
        limits = self.limits if limits is None else limits
        return Scaled(width, self.signed, self.step, self.zero, limits, self.unit, rounding or self.rounding)
