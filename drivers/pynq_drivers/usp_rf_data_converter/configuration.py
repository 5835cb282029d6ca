"""What a design made of the RF Data Converter: its tiles, their converters, rates, mixers and streams.

Source: AMD PG269, RF Data Converter v2.6: "User Parameters", "RF-ADC Mixer …", "RF-DAC Mixer …", "Interface Data Formats". What the
numbers of ``Mixer_Type``, ``Mixer_Mode``, ``Coarse_Mixer_Freq`` and ``Nyquist`` mean is from memory; the tests check them against the rates
of published designs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pynq_drivers import parameters

TILES = 4
MIXERS = {0: "bypassed", 1: "coarse", 2: "fine", 3: "off"}
COARSE = {0: "Fs/2", 1: "Fs/4", 2: "-Fs/4", 3: "0"}
CONVERSIONS = {
    "adc": {0: "real to I/Q", 1: "I/Q to I/Q", 2: "real"},
    "dac": {0: "I/Q to real", 1: "I/Q to I/Q", 2: "real"},
}
FACTORS = {"adc": "Decimation_Mode", "dac": "Interpolation_Mode"}
WORD_BITS = 16


@dataclass(frozen=True)
class BlockDesign:
    """One converter of a tile as the design has it.

    Attributes
    ----------
    number
        As AMD's API counts them: 0 to 3, or 0 and 1 of an RF-ADC tile with two converters.
    slices
        The data paths that belong to it, 0 to 3: two in an RF-ADC tile with two converters.
    factor
        Decimation of an RF-ADC, interpolation of an RF-DAC.
    mixer, conversion
        ``'bypassed'``, ``'coarse'``, ``'fine'`` or ``'off'``; ``'real to I/Q'``, ``'I/Q to real'``, ``'I/Q to I/Q'`` or ``'real'``.
    shift
        Where the mixer shifts the spectrum, at start: ``'Fs/4'``, ``'-1000 MHz'``; empty where it does not mix.
    nyquist
        1 or 2.
    width
        Bits of one of its streams.
    streams
        Its AXI4-Stream interfaces that the design has.
    """

    number: int
    slices: tuple[int, ...]
    enabled: bool
    factor: int
    mixer: str
    conversion: str
    shift: str
    nyquist: int
    width: int
    streams: tuple[str, ...]


@dataclass(frozen=True)
class TileDesign:
    """One tile as the design has it; frequencies in Hz, `reference` of the clock input, `fabric` of the streams."""

    kind: str
    number: int
    enabled: bool
    sampling_rate: float
    pll: bool
    reference: float
    fabric: float
    synchronised: bool
    blocks: tuple[BlockDesign, ...]

    @property
    def name(self) -> str:
        """``'RF-ADC tile 0'``."""
        return f"RF-{self.kind.upper()} tile {self.number}"

    @property
    def ratio(self) -> float:
        """Sampling rate over the frequency at the clock input: what the PLL multiplies by."""
        return self.sampling_rate / self.reference if self.reference else 0.0


class Configuration:
    """The whole core: ``configuration.adc[0].blocks[0].mixer``. `buses` are the names of its bus interfaces, None where nobody knows."""

    def __init__(self, given: Mapping[str, Any], buses: Mapping[str, Any] | None = None) -> None:
        self._given = {str(key).lower(): str(value) for key, value in given.items()}
        self._buses = None if buses is None else {name.lower(): name for name in buses}

    @cached_property
    def adc(self) -> tuple[TileDesign, ...]:
        """The four RF-ADC tiles."""
        return tuple(self._tile("adc", number) for number in range(TILES))

    @cached_property
    def dac(self) -> tuple[TileDesign, ...]:
        """The four RF-DAC tiles."""
        return tuple(self._tile("dac", number) for number in range(TILES))

    @property
    def tiles(self) -> tuple[TileDesign, ...]:
        """The tiles that the design uses: those of RF-DAC and RF-ADC in the order of their addresses."""
        return tuple(tile for tile in (*self.dac, *self.adc) if tile.enabled)

    @property
    def dual(self) -> bool:
        """Whether an RF-ADC tile has two converters of two data paths each, not four."""
        return bool(self._integer("High_Speed_ADC", 0))

    def _text(self, name: str, default: str = "") -> str:
        return parameters.text(self._given, f"c_{name}".lower(), "") or parameters.text(self._given, name.lower(), default)

    def _integer(self, name: str, default: int) -> int:
        text = self._text(name)
        return parameters.integer({name: text}, name, default) if text else default

    def _number(self, name: str) -> float:
        text = self._text(name, "0")
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"Parameter {name} of the RF Data Converter should be a number, but the design says {text!r}") from None

    def _tile(self, kind: str, number: int) -> TileDesign:
        start = f"{kind.upper()}{number}"
        pairs = [(0, 1), (2, 3)] if kind == "adc" and self.dual else [(0,), (1,), (2,), (3,)]
        return TileDesign(
            kind,
            number,
            bool(self._integer(f"{start}_Enable", 0)),
            round(self._number(f"{start}_Sampling_Rate") * 1e9, 3),
            bool(self._integer(f"{start}_PLL_Enable", 0)),
            round(self._number(f"{start}_Refclk_Freq") * 1e6, 3),
            round(self._number(f"{start}_Fabric_Freq") * 1e6, 3),
            bool(self._integer(f"{start}_Multi_Tile_Sync", 0)),
            tuple(self._block(kind, number, index, slices) for index, slices in enumerate(pairs)),
        )

    def _block(self, kind: str, tile: int, number: int, slices: tuple[int, ...]) -> BlockDesign:
        def of(name: str) -> str:
            return f"{kind.upper()}_{name}{tile}{slices[0]}"

        streams = []
        for each in slices:
            name = f"{'m' if kind == 'adc' else 's'}{tile}{each}_axis"
            if self._buses is None or name in self._buses:
                streams.append(name if self._buses is None else self._buses[name])
        mixer = MIXERS.get(self._integer(of("Mixer_Type"), 0), "unknown")
        shift = ""
        if mixer == "coarse":
            shift = COARSE.get(self._integer(of("Coarse_Mixer_Freq"), 3), "")
        elif mixer == "fine":
            shift = f"{self._number(of('NCO_Freq')) * 1000:g} MHz"
        return BlockDesign(
            number,
            slices,
            any(bool(self._integer(f"{kind.upper()}_Slice{tile}{each}_Enable", 0)) for each in slices),
            self._integer(of(FACTORS[kind]), 1),
            mixer,
            CONVERSIONS[kind].get(self._integer(of("Mixer_Mode"), 2), "unknown"),
            "" if shift == "0" else shift,
            self._integer(of("Nyquist"), 0) + 1,
            self._integer(of("Data_Width"), 1) * WORD_BITS,
            tuple(streams),
        )
