"""What software does with the RF Data Converter: what the design made of it, and how its tiles stand.

Source: AMD PG269, RF Data Converter v2.6: "Register Space", "Software Driver" (names of the API: ``IPStatus``, ``PLLLockStatus``,
``StartUp``, ``ShutDown``, ``Reset``). The guide opens a few status and interrupt registers and leaves all else to AMD's RFdc driver
(Python: the package ``xrfdc``, whose class takes the place of this one when it is imported). So nothing is set here but what it opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from pynq_drivers import waiting
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit, Field

from . import registers as r
from .configuration import BlockDesign, Configuration, TileDesign
from .status import ConverterStatus, TileStatus

LOCKED, UNLOCKED = 2, 1  # as AMD's API says it

# What AMD's API has of a block or a tile and the guide has no registers for.
_API = frozenset(
    {
        "BlockStatus",
        "CalFreeze",
        "CalibrationMode",
        "ClockSource",
        "CoarseDelaySettings",
        "DACCompMode",
        "DACPowerMode",
        "DACVOP",
        "DSA",
        "DataPathMode",
        "DecimationFactor",
        "DecoderMode",
        "DisableCoefficientsOverride",
        "Dither",
        "DynamicPLLConfig",
        "FIFOStatus",
        "FabClkOutDiv",
        "FabRdVldWords",
        "FabWrVldWords",
        "GetCalCoefficients",
        "IMRPassMode",
        "InterpolationFactor",
        "InvSincFIR",
        "MixerSettings",
        "NyquistZone",
        "OutputCurr",
        "PLLConfig",
        "PwrMode",
        "QMCSettings",
        "ResetNCOPhase",
        "SetCalCoefficients",
        "SetDACVOP",
        "SetupFIFO",
        "SignalDetector",
        "ThresholdSettings",
        "ThresholdStickyClear",
        "UpdateEvent",
    }
)


class _Part:
    def __getattr__(self, name: str) -> Any:
        if name in _API:
            raise AttributeError(
                f"{self!r} has no {name}: PG269 documents no registers for it. AMD's RFdc driver (the package xrfdc) does that, on the "
                "board; what the design says is in .design"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class Block(_Part):
    """One converter of a tile: `design` says its mixer, its factor and its streams."""

    def __init__(self, tile: Tile, design: BlockDesign) -> None:
        self.tile = tile
        self.design = design

    @property
    def enabled(self) -> bool:
        """Whether the design uses it."""
        return self.design.enabled

    def __repr__(self) -> str:
        return f"<{self.tile._title}.blocks[{self.design.number}]>"


class Tile(_Part):
    """One tile: ``rf.adc_tiles[0].state``. Each status is one read; a tile that the design does not use has none.

    `design` says what the design made of it, `blocks` are its converters (two in an RF-ADC tile of fast converters, else four).
    """

    def __init__(self, ip: RFdc, design: TileDesign) -> None:
        self._ip = ip
        self.design = design
        self.blocks = [Block(self, block) for block in design.blocks]
        self._base = r.base(design.kind, design.number)

    @property
    def _title(self) -> str:
        return f"{self._ip._fullpath}.{self.design.kind}_tiles[{self.design.number}]"

    def __repr__(self) -> str:
        return f"<{self._title}>"

    @property
    def enabled(self) -> bool:
        """Whether the design uses it."""
        return self.design.enabled

    @property
    def name_in_registers(self) -> str:
        """What the names of its registers begin with: ``'ADC0'``."""
        return f"{self.design.kind.upper()}{self.design.number}"

    def _read(self, offset: int) -> int:
        return self._ip.read(self._there(offset))

    def _write(self, offset: int, value: int) -> None:
        self._ip.write(self._there(offset), value)

    def _there(self, offset: int) -> int:
        if not self.enabled:
            raise RuntimeError(
                f"{self.design.name} of {self._ip._fullpath} is not used in this design, so there is nothing to read or to start"
            )
        return self._base + offset

    @property
    def state(self) -> int:
        """Where the power-on state machine stands, 0 to 15; 15: done. `TileStatus.state_name` has the words."""
        return self._read(r.CURRENT_STATE) & 0xFF

    @property
    def clock_present(self) -> bool:
        """Whether the clock is there."""
        return bool(self._read(r.TILE_STATUS) & r.CLOCK_PRESENT)

    @property
    def powered_up(self) -> bool:
        """Whether the tile has started up and runs."""
        return bool(self._read(r.TILE_STATUS) & r.POWERED_UP)

    @property
    def pll_locked(self) -> bool | None:
        """Whether the PLL has locked; None where the design does not use it."""
        return bool(self._read(r.TILE_STATUS) & r.PLL_LOCKED) if self.design.pll else None

    @property
    def PLLLockStatus(self) -> int:  # noqa: N802 -- AMD's name
        """As AMD's API says it: 2 locked, 1 not."""
        return LOCKED if self._read(r.TILE_STATUS) & r.PLL_LOCKED else UNLOCKED

    def status(self) -> TileStatus:
        """State, clock, supplies, power and PLL: two reads."""
        if not self.enabled:
            return TileStatus(self.design, None, None)
        return TileStatus(self.design, self.state, self._read(r.TILE_STATUS))

    def StartUp(self) -> None:  # noqa: N802 -- AMD's name
        """Starts the tile, with the settings that it has; `wait` waits for it."""
        self._run(1, r.DONE)

    def ShutDown(self) -> None:  # noqa: N802 -- AMD's name
        """Stops the tile; `StartUp` brings it back with its settings."""
        self._run(1, 3)

    def Reset(self) -> None:  # noqa: N802 -- AMD's name
        """Starts the tile from the first state, with the settings of the design."""
        self._run(0, r.DONE)

    def _run(self, first: int, last: int) -> None:
        with self._ip.device.lock:
            self._write(r.RESTART_STATE, first << 8 | last)
            self._write(r.RESTART, 1)

    def wait(self, timeout: float = 1.0) -> None:
        """Waits until the tile runs. TimeoutError after `timeout` seconds says where it stands, and why it may."""
        clock = self._ip.device.clock
        deadline = waiting.Deadline(clock, timeout)
        while True:
            status = self.status()
            if status.running:
                return
            if deadline.passed():
                raise TimeoutError(f"{self._title} does not run after {timeout} s: {status.why}")
            clock.sleep(deadline.slice(1e-4))

    def take_interrupts(self) -> list[tuple[int | None, str]]:
        """The pending interrupts as ``(slice, name)``, the slice None for an error while starting up.

        Reading clears an over voltage and an error while starting up (PG269); the others stay until AMD's driver clears them.
        """
        pending = self._read(r.INTERRUPT_STATUS)
        found: list[tuple[int | None, str]] = [(None, "start_up_error")] if pending & r.START_UP_ERROR else []
        for index in range(4):
            if pending >> index & 1:
                word = self._read(r.CONVERTER + 8 * index)
                found += [(index, name) for name, low in r.flags(self.design.kind).items() if word >> low & 1]
        return found


class RFdc(DefaultIP):
    """RF Data Converter: ``rf.status()``, ``rf.adc_tiles[0].pll_locked``, ``rf.dac_tiles[1].blocks[0].design.mixer``.

    Attributes
    ----------
    adc_tiles, dac_tiles : list of Tile
        All four of each, as AMD's API counts them; `enabled` tells those that the design uses.
    """

    bindto = [f"xilinx.com:ip:usp_rf_data_converter:{version}" for version in ("2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6")]

    major = Field("IP_VERSION", "MAJOR", help="Major version of the core")
    minor = Field("IP_VERSION", "MINOR", help="Minor version of the core")
    axi_timeout = Bit("COMMON_INTERRUPT_STATUS", "AXI_TIMEOUT", help="An access to a tile had no answer")

    # Enables are settings; what restarts a tile is not.
    configuration: ClassVar[Mapping[str, bool]] = {"MASTER_RESET": False}

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers that PG269 documents, of the tiles that the design uses."""
        return r.layout(_configured(description).tiles)

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._configuration = _configured(description)
        self.adc_tiles = [Tile(self, design) for design in self._configuration.adc]
        self.dac_tiles = [Tile(self, design) for design in self._configuration.dac]

    @property
    def interrupt_pin(self) -> Any:
        """The interrupt, to be waited for; None where it is not connected. Made when it is first asked for."""
        return self["irq"] if "irq" in self._interrupts else None

    @cached_property
    def tiles(self) -> list[Tile]:
        """The tiles that the design uses, RF-DAC first, as their registers stand."""
        return [tile for tile in (*self.dac_tiles, *self.adc_tiles) if tile.enabled]

    def status(self) -> ConverterStatus:
        """The tree of tiles and converters, with how each tile stands: two reads for each that the design uses, and one for the version."""
        word = self.read(r.VERSION)
        version = ".".join(str(word >> low & 0xFF) for low in (24, 16))
        return ConverterStatus(self._fullpath, version, tuple(tile.status() for tile in (*self.dac_tiles, *self.adc_tiles)))

    @property
    def IPStatus(self) -> dict[str, Any]:  # noqa: N802 -- AMD's name
        """As AMD's API gives it: for each tile IsEnabled, TileState, BlockStatusMask, PowerUpState and PLLState."""
        return {
            "DACTileStatus": [_status(tile) for tile in self.dac_tiles],
            "ADCTileStatus": [_status(tile) for tile in self.adc_tiles],
            "State": 0,
        }

    def enable_interrupts(self, on: bool = True) -> None:
        """Lets the interrupts of the tiles that the design uses reach the pin ``irq``, or keeps them from it."""
        wanted = sum(r.bit(tile.design.kind, tile.design.number) for tile in self.tiles)
        self.write(r.COMMON_ENABLE, (wanted | r.AXI_TIMEOUT) if on else 0)

    def take_interrupts(self) -> list[tuple[Tile, int | None, str]]:
        """The pending interrupts of all tiles as ``(tile, slice, name)``; see `Tile.take_interrupts` for what reading clears."""
        pending = self.read(r.COMMON_STATUS)
        return [
            (tile, *each) for tile in self.tiles if pending & r.bit(tile.design.kind, tile.design.number) for each in tile.take_interrupts()
        ]

    def panel(self) -> Any:
        """The tiles, and how they stand."""
        from .panel import RFdcPanel

        return RFdcPanel.of(self)


def _configured(description: Mapping[str, Any]) -> Configuration:
    module = description.get("module")
    return Configuration(description.get("parameters") or {}, None if module is None else module.buses)


def _status(tile: Tile) -> dict[str, int]:
    status = tile.status()
    return {
        "IsEnabled": int(tile.enabled),
        "TileState": status.state or 0,
        "BlockStatusMask": sum(1 << block.number for block in tile.design.blocks if block.enabled) if tile.enabled else 0,
        "PowerUpState": int(status.powered_up),
        "PLLState": int(status.pll_locked),
    }
