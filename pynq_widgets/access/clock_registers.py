"""The registers of the clock generators: how fast the processor and the clocks of the fabric run, and how the latter are set.

A clock is a PLL's output divided by one or two divisors; a PLL multiplies the reference clock of the board.

Sources: UG585, system level control registers (Zynq-7000); UG1087, CRL_APB and CRF_APB (Zynq UltraScale+); AM012, CRP and CRF
(Versal). Names are theirs. What is left alone: which PLL feeds a clock, and the PLLs themselves.
"""

from __future__ import annotations

import math
import operator
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pynq_widgets.design.clocks import versal_setting

from .errors import noted
from .port import bus_lock

if TYPE_CHECKING:
    from pynq_widgets.device import Device

    from .mmio import MMIO

# A rate further than this from what was asked for is warned of.
_NEAR = 0.01


class Bits(NamedTuple):
    """A field of a word."""

    low: int
    width: int

    @property
    def most(self) -> int:
        return (1 << self.width) - 1

    def of(self, word: int) -> int:
        return word >> self.low & self.most

    def put(self, word: int, value: int) -> int:
        return word & ~(self.most << self.low) | value << self.low


class Place(NamedTuple):
    """A register: the region it lies in, and its offset there."""

    region: int
    offset: int


class Source(NamedTuple):
    """A PLL that a clock can come from."""

    name: str
    control: Place
    fraction: Place | None = None
    crossing: Place | None = None  # divides once more what goes to another power domain


class Output(NamedTuple):
    """A clock that is made of a PLL's."""

    name: str
    control: Place
    source: Bits
    sources: tuple[Source | None, ...]
    divisors: tuple[Bits, ...]
    active: Bits | None = None


@dataclass(frozen=True)
class Family:
    """The clock generators of one family of processing systems."""

    name: str
    reference: float  # MHz, where no design says it
    parameter: str  # of the processing system in the design, that says it
    regions: tuple[tuple[int, int], ...]  # base, length
    factor: Callable[[int, int], float]  # of a PLL, by its control and fraction registers
    fabric: tuple[Output, ...]
    processor: Output


def _zynq_factor(control: int, fraction: int) -> float:
    forced = Bits(4, 1).of(control)  # PLL_BYPASS_FORCE
    return 1 if forced else Bits(12, 7).of(control)  # PLL_FDIV


def _ultrascale_factor(control: int, fraction: int) -> float:
    bypass = Bits(3, 1).of(control)
    source = Bits(24, 3).of(control) if bypass else Bits(20, 3).of(control)  # POST_SRC, PRE_SRC
    if source > 3:  # 0 to 3 all mean PSS_REF_CLK; the others are pins that nobody knows the rate of
        raise noted(
            ValueError("Invalid PLL Source"),
            f"{'POST_SRC' if bypass else 'PRE_SRC'} of the PLL is {source}: it runs from a video, alternative, auxiliary or transceiver "
            "clock whose rate is not known; expected PSS_REF_CLK (0)",
        )
    if bypass:
        return 1
    whole = Bits(8, 7).of(control)  # FBDIV
    part = Bits(0, 16).of(fraction) / 0x1_0000 if fraction >> 31 else 0  # DATA, ENABLED
    return (whole + part) / (2 if Bits(16, 1).of(control) else 1)  # DIV2


def _versal_factor(control: int, fraction: int) -> float:
    if Bits(3, 1).of(control):  # BYPASS
        return 1
    return Bits(8, 8).of(control) / (1 << Bits(16, 2).of(control))  # FBDIV, CLKOUTDIV


def _zynq() -> Family:
    arm, ddr, io = (Source(name, Place(0, offset)) for name, offset in (("ARM_PLL", 0x100), ("DDR_PLL", 0x104), ("IO_PLL", 0x108)))
    divisors = (Bits(8, 6), Bits(20, 6))
    fabric = tuple(Output(f"FPGA{n}_CLK_CTRL", Place(0, 0x170 + 0x10 * n), Bits(4, 2), (io, io, arm, ddr), divisors) for n in range(4))
    processor = Output("ARM_CLK_CTRL", Place(0, 0x120), Bits(4, 2), (arm, arm, ddr, io), (Bits(8, 6),))
    return Family("Zynq-7000", 50.0, "PCW_CRYSTAL_PERIPHERAL_FREQMHZ", ((0xF800_0000, 0x200),), _zynq_factor, fabric, processor)


def _ultrascale() -> Family:
    low, full = 0, 1  # CRL_APB, CRF_APB: the clocks of the low-power and of the full-power domain

    def pll(name: str, region: int, offset: int, crossing: int | None = None) -> Source:
        return Source(name, Place(region, offset), Place(region, offset + 8), None if crossing is None else Place(region, crossing))

    fabric_sources = (pll("IOPLL", low, 0x20), None, pll("RPLL", low, 0x30), pll("DPLL", full, 0x2C, crossing=0x4C))
    processor_sources = (pll("APLL", full, 0x20), None, pll("DPLL", full, 0x2C), pll("VPLL", full, 0x38))
    divisors = (Bits(8, 6), Bits(16, 6))
    fabric = tuple(
        Output(f"PL{n}_REF_CTRL", Place(low, 0xC0 + 4 * n), Bits(0, 3), fabric_sources, divisors, active=Bits(24, 1)) for n in range(4)
    )
    processor = Output("ACPU_CTRL", Place(full, 0x60), Bits(0, 3), processor_sources, (Bits(8, 6),))
    regions = ((0xFF5E_0000, 0x100), (0xFD1A_0000, 0x100))
    return Family("Zynq UltraScale+", 33.333, "PSU__PSS_REF_CLK__FREQMHZ", regions, _ultrascale_factor, fabric, processor)


def _versal() -> Family:
    management, full = 0, 1  # CRP, CRF
    pmc, noc = Source("PMCPLL", Place(management, 0x40)), Source("NOCPLL", Place(management, 0x50))
    apu = Source("APLL", Place(full, 0x40))
    fabric = tuple(
        Output(f"PL{n}_REF_CTRL", Place(management, 0x5C0 + 4 * n), Bits(0, 3), (pmc, None, None, noc), (Bits(8, 10),), Bits(24, 1))
        for n in range(4)
    )
    processor = Output("ACPU_CTRL", Place(full, 0x10C), Bits(0, 3), (pmc, None, apu, noc), (Bits(8, 10),))
    regions = ((0xF126_0000, 0x1000), (0xFD1A_0000, 0x1000))
    return Family("Versal", 33.3333, "PMC_REF_CLK_FREQMHZ", regions, _versal_factor, fabric, processor)


ZYNQ, ULTRASCALE, VERSAL = _zynq(), _ultrascale(), _versal()


class ClockGenerators:
    """The clock generators of `family` on `device`. A region is mapped when one of its registers is first touched."""

    def __init__(self, device: Device, family: Family) -> None:
        self.device = device
        self.family = family
        self._mapped: dict[int, MMIO] = {}

    def get_pl_clk(self, index: int) -> float:
        """Rate of clock `index` of the fabric in MHz: a read of its register and of its PLL's."""
        return self._rate(self.family.fabric[index])

    def get_cpu_mhz(self) -> float:
        """Rate of the processor in MHz."""
        return self._rate(self.family.processor)

    def set_pl_clk(self, index: int, div0: int | None, div1: int | None, clk_mhz: float, design: Any = None) -> None:
        """Set clock `index` of the fabric: by its divisors, or to the nearest rate that it can have, with one write.

        Where one divisor is given the other is worked out for `clk_mhz`. Which PLL the clock comes from stays. `design`, if given, is
        the one that is to be loaded, which knows the board as well as the one that is. Raises ``ValueError`` for divisors that cannot
        be; nothing has been written then.
        """
        output = self.family.fabric[index]
        with bus_lock(self.device):
            word = self._read(output.control)
            new = word
            for field, value in zip(output.divisors, self._divisors(output, word, div0, div1, clk_mhz, design), strict=True):
                new = field.put(new, value)
            if output.active is not None:
                new = output.active.put(new, 1)
            self._region(output.control.region).write(output.control.offset, new)

    # How the divisors are found.

    def _divisors(self, output: Output, word: int, div0: int | None, div1: int | None, clk_mhz: float, design: Any) -> tuple[int, ...]:
        given = [None if div is None else operator.index(div) for div in (div0, div1)][: len(output.divisors)]
        for number, (value, field) in enumerate(zip(given, output.divisors, strict=True)):
            if value is not None:
                _in_range(output, number, value, field)
        if None not in given:
            return tuple(value for value in given if value is not None)
        source = self._source_rate(output, word, design)
        wanted = min(source / clk_mhz, 1e9)
        known = [value for value in given if value is not None]
        if known:
            found = tuple(round(wanted / known[0]) if value is None else value for value in given)
            for number, (value, field) in enumerate(zip(found, output.divisors, strict=True)):
                _in_range(output, number, value, field)
            return found
        found = _pair(wanted) if len(given) == 2 else (min(max(round(wanted), 1), output.divisors[0].most),)
        rate = source / math.prod(found)
        if abs(clk_mhz - rate) > _NEAR * clk_mhz:
            text = f"Setting frequency to the closest possible value {round(rate, 5)}MHz."
            warnings.warn(text, UserWarning, stacklevel=_frames_of_this_room())
        return found

    # What the registers say.

    def _rate(self, output: Output) -> float:
        with bus_lock(self.device):
            word = self._read(output.control)
            source = self._source_rate(output, word)
        # A divisor of 0 divides by 1, as Linux has it.
        return round(source / math.prod(field.of(word) or 1 for field in output.divisors), 6)

    def _source_rate(self, output: Output, word: int, design: Any = None) -> float:
        number = output.source.of(word)
        source = output.sources[number] if number < len(output.sources) else None
        if source is None:
            names = ", ".join(f"{n} {s.name}" for n, s in enumerate(output.sources) if s is not None)
            raise noted(ValueError("Invalid PLL Source"), f"{output.name} selects source {number}; expected one of {names}")
        control = self._read(source.control)
        fraction = 0 if source.fraction is None else self._read(source.fraction)
        factor = self.family.factor(control, fraction)
        if not factor:
            raise RuntimeError(f"{source.name}, which {output.name} comes from, multiplies by 0: nobody has set it up")
        rate = round(self.reference(design) * factor, 6)
        if source.crossing is not None:
            rate = round(rate / (Bits(8, 6).of(self._read(source.crossing)) or 1), 6)
        return rate

    def reference(self, design: Any = None) -> float:
        """The board's reference clock in MHz: what `design`, by default the one on the device, says, else what PYNQ's boards have."""
        host = getattr(design if design is not None else getattr(self.device, "design", None), "host", None)
        try:
            rate = float((host and versal_setting(host, self.family.parameter)) or 0)
        except ValueError:
            rate = 0.0
        return rate if 0 < rate < math.inf else self.family.reference

    def _read(self, place: Place) -> int:
        return self._region(place.region).read(place.offset)

    def _region(self, number: int) -> MMIO:
        region = self._mapped.get(number)
        if region is None:
            from .mmio import MMIO

            base, length = self.family.regions[number]
            region = self._mapped.setdefault(number, MMIO(base, length, device=self.device))
        return region


def _frames_of_this_room() -> int:
    """The level of who asked from outside: a rate is set by a method, an attribute, or while an overlay is loaded."""
    frame, level = sys._getframe(1), 1
    room = os.path.dirname(__file__)
    while frame.f_back is not None and os.path.dirname(frame.f_code.co_filename) == room:
        frame, level = frame.f_back, level + 1
    return level


def _in_range(output: Output, number: int, value: int, field: Bits) -> None:
    if not 1 <= value <= field.most:
        raise noted(
            ValueError(f"Frequency divider {number} value out of range."),
            f"{output.name} expected 1 to {field.most}, got {value}; nothing was written",
        )


def _pair(wanted: float) -> tuple[int, int]:
    """Two divisors of 6 bits whose product is nearest to `wanted`, the first as large as can be, as PYNQ has them."""
    product = min(_products(), key=lambda possible: (abs(possible - wanted), -possible))
    first = next(number for number in range(min(63, product), 0, -1) if product % number == 0 and product // number <= 63)
    return first, product // first


def _products() -> set[int]:
    return {first * second for first in range(1, 64) for second in range(1, 64)}
