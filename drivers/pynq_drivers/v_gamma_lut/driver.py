"""What software does with the Gamma LUT: gives each colour a curve, and starts and stops it.

Source: AMD PG285, Gamma LUT v1.1: "Register Space", "Programming Sequence"; from memory.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import ClassVar

from pynq_drivers import parameters
from pynq_widgets.access.errors import near_or_all
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Field

from . import registers as r


class GammaLut(DefaultIP):
    """Gamma LUT: ``lut.gamma(2.2)``, ``lut.load('red', values)``, ``lut.start(1920, 1080)``.

    Each component of each pixel is looked up in the table of its colour. The tables can be changed while pixels pass.
    """

    bindto = [f"xilinx.com:ip:v_gamma_lut:{version}" for version in ("1.0", "1.1")]
    register_layout = r.LAYOUT
    guards: ClassVar[Mapping[str, str]] = {"CONTROL": "a read clears DONE"}

    width = Field(r.WIDTH, (15, 0), unit="pixels", help="Pixels of a line")
    height = Field(r.HEIGHT, (15, 0), unit="lines", help="Lines of a picture")

    @property
    def bits(self) -> int:
        """Bits of a component: a table has 2 ** bits values."""
        return parameters.integer(self.description.get("parameters") or {}, "MAX_DATA_WIDTH", 8)

    def start(self, width: int, height: int) -> None:
        """Handles pictures of that size, one after the other, until `stop`.

        ValueError for a size that the design is too small for; then nothing is written.
        """
        given = self.description.get("parameters") or {}
        for name, value, parameter in (("wide", width, "MAX_COLS"), ("high", height, "MAX_ROWS")):
            most = parameters.integer(given, parameter, 0xFFFF)
            if not 1 <= value <= most:
                raise ValueError(f"a picture of {self._where()} is 1 to {most} pixels {name} in this design, not {value!r}")
        with self.device.lock:
            self.write(r.WIDTH, width)
            self.write(r.HEIGHT, height)
            self.write(r.FORMAT, 0)
            self.write(r.CONTROL, r.START | r.AGAIN)

    def stop(self) -> None:
        """Handles no more pictures after the one that is under way. One write."""
        self.write(r.CONTROL, 0)

    def gamma(self, exponent: float, *colours: str) -> None:
        """The curve ``out = in ** (1 / exponent)`` for these colours, all where none is named; 1 leaves them as they are."""
        if not 0 < exponent <= 10:
            raise ValueError(f"gamma of {self._where()} is more than 0 and at most 10, not {exponent!r}")
        most = (1 << self.bits) - 1
        values = [round(most * (value / most) ** (1 / exponent)) for value in range(most + 1)]
        for colour in self._colours(colours):
            self.load(colour, values)

    def load(self, colour: str, values: Iterable[int]) -> None:
        """The table of ``'red'``, ``'green'`` or ``'blue'``: what each value becomes, from 0 on; two in a write.

        ValueError for another number of values, or one that does not fit; then nothing is written.
        """
        (colour,) = self._colours((colour,))
        most = (1 << self.bits) - 1
        table = [operator.index(value) for value in values]
        if len(table) != most + 1:
            raise ValueError(f"a table of {self._where()} has {most + 1} values, not {len(table)}")
        wrong = next((value for value in table if not 0 <= value <= most), None)
        if wrong is not None:
            raise ValueError(f"a value in a table of {self._where()} is 0 to {most}, not {wrong}")
        with self.device.lock:
            for at in range(0, len(table), 2):
                self.write(r.TABLES[colour] + 2 * at, table[at] | table[at + 1] << 16)

    def table(self, colour: str) -> list[int]:
        """The table of that colour as the core has it; two values in a read."""
        (colour,) = self._colours((colour,))
        with self.device.lock:
            words = [self.read(r.TABLES[colour] + 2 * at) for at in range(0, 1 << self.bits, 2)]
        return [half for word in words for half in (word & 0xFFFF, word >> 16)]

    def _colours(self, colours: tuple[str, ...]) -> tuple[str, ...]:
        for colour in colours:
            if colour not in r.TABLES:
                raise ValueError(f"{self._where()} has no colour {colour!r}{near_or_all(str(colour), r.TABLES)}")
        return colours or tuple(r.TABLES)
