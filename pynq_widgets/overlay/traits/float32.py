"""Float32: a register whose bits are an IEEE float."""

from __future__ import annotations

from typing import Any

from .base import HardwareTrait
from .codec import Codec, Ieee


class Float32(HardwareTrait):
    """A whole register whose bits are an IEEE 754 binary32, as a ``float`` argument of an HLS core is::

        gain = Float32('gain', limits=(0.0, 2.0))

    A written value becomes the nearest binary32, as C does it (0.1 reads back as 0.10000000149011612). NaN and infinities can be
    read; to write them needs ``finite=False``. What is beyond 32 bits (1e39) is refused. `scale` means nothing here and raises
    ``TypeError``.
    """

    kind = "float32"

    def __init__(self, register: str | int | None = None, *, finite: bool = True, **common: Any) -> None:
        for keyword in ("scale", "bits"):
            if common.get(keyword) is not None:
                raise TypeError(f"Float32({register!r}): {keyword} means nothing for a register that is a float")
        self.finite = finite
        super().__init__(register, None, **common)

    @property
    def value_type(self) -> Any:
        return float

    @property
    def stated_width(self) -> int | None:
        return 32

    def _make_codec(self, width: int) -> Codec:
        if width != 32:
            self._refuse(f"a Float32 is a register of 32 bits, not {width}")
        return Ieee(self.limits, self.unit, self.finite)
