"""What Word, Field and Counter share: bits that are a number, perhaps signed, perhaps in a unit."""

from __future__ import annotations

from typing import Any

from .base import BitsArgument, HardwareTrait
from .codec import Codec, Integer, Limits

ROUNDINGS = ("exact", "nearest")


class Number(HardwareTrait):
    """Bits that are a number: value = zero + raw * scale.

    Beside the keywords of :class:`.HardwareTrait`:

    signed
        The bits are in two's complement.
    zero
        The value, in `unit`, of a raw 0; for what starts elsewhere, such as a temperature in °C.
    rounding
        What becomes of a value between two steps of `scale`: ``'exact'`` refuses it, ``'nearest'`` takes the nearest step.

    Without `scale` and `zero` values are ints. With them they are ints where both are whole numbers, else floats.
    """

    def __init__(
        self,
        register: str | int | None = None,
        bits: BitsArgument = None,
        *,
        signed: bool = False,
        zero: Any = 0,
        rounding: str = "exact",
        **common: Any,
    ) -> None:
        self.signed = signed
        self.zero = zero
        self.rounding = rounding
        super().__init__(register, bits, **common)

    def _check_values(self) -> None:
        self._one_of("rounding", self.rounding, ROUNDINGS)
        if type(self.zero) is not int:
            from .scaled import exactly

            try:
                exactly(self.zero)
            except (TypeError, ValueError):
                self._refuse(f"zero={self.zero!r} is not a finite number", TypeError)
        super()._check_values()

    @property
    def is_scaled(self) -> bool:
        """Whether values are something else than the integer that the bits are."""
        return self.scale is not None or self.zero != 0

    @property
    def value_type(self) -> Any:
        return float if self.is_scaled else int

    def _make_codec(self, width: int, limits: Limits | None = None, rounding: str | None = None) -> Codec:
        limits = self.limits if limits is None else limits
        if self.is_scaled:
            from .scaled import Scaled

            scale = 1 if self.scale is None else self.scale
            return Scaled(width, self.signed, scale, self.zero, limits, self.unit, rounding or self.rounding)
        return Integer(width, self.signed, limits, self.unit)

    def _unlimited(self, width: int) -> Codec:
        # A limit need not be a step itself.
        limits, self.limits = self.limits, None
        try:
            return self._make_codec(width, rounding="nearest")
        finally:
            self.limits = limits
