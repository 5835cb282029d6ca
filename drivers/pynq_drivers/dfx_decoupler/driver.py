"""What software does with a decoupler before a reconfigurable region.

Source: AMD PG375, Dynamic Function eXchange Decoupler 1.0 (before that PG227, Partial Reconfiguration Decoupler): "Register Space",
"Port Descriptions"; from memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from pynq_drivers.dfx_decoupler.registers import CONTROL, DECOUPLE, DECOUPLE_PIN, LAYOUT
from pynq_drivers.dfx_decoupler.wire import source_of
from pynq_widgets.access import GPIO
from pynq_widgets.design import regions_of
from pynq_widgets.overlay import DefaultIP


class DfxDecoupler(DefaultIP):
    """DFX Decoupler: holds the signals of a reconfigurable region at safe values while its logic is exchanged.

    Software works it through its register, or through the bit of a GPIO that its ``decouple`` pin hangs on; `controllable` says whether
    there is either. ``hier.download(...)`` and ``ol.pr_download(...)`` do it by themselves.
    """

    bindto = ["xilinx.com:ip:dfx_decoupler:1.0", "xilinx.com:ip:pr_decoupler:1.0"]
    needs_address = False
    register_layout = LAYOUT

    @property
    def controllable(self) -> bool:
        """Whether software can work it."""
        return self._has_address or self._wire is not None

    @property
    def uncontrollable(self) -> str:
        """Why software cannot work it; empty where it can."""
        if self.controllable:
            return ""
        return f"{self._where()} has no register that software sees, and its {DECOUPLE_PIN} pin hangs on no GPIO: hardware works it"

    @property
    def decoupled(self) -> bool:
        """Whether the region is decoupled: as the register says, or as the pin is driven. One bus read at most."""
        if self._has_address:
            return bool(self.read(CONTROL) & DECOUPLE)
        wire = self._needed()
        return wire.level()

    def decouple(self) -> None:
        """Hold the signals of the region at safe values. One bus write (to a bit of a GPIO: its channel's word).

        Raises ``RuntimeError`` where software cannot work it.
        """
        self._set(True)

    def couple(self) -> None:
        """Let the signals of the region through. As `decouple`."""
        self._set(False)

    def panel(self) -> Any:
        """Which module stands in which region; None where the design has no regions."""
        design = self.description.get("design")
        if self.description.get("overlay") is None or design is None or not (regions_of(design) or design.regions):
            return None
        from pynq_widgets.widgets.region_panel import RegionPanel

        return RegionPanel.of(self)

    def _set(self, decoupled: bool) -> None:
        if self._has_address:
            self.write(CONTROL, DECOUPLE if decoupled else 0)
        else:
            self._needed().drive(decoupled)

    def _needed(self) -> Wire:
        wire = self._wire
        if wire is None:
            raise RuntimeError(self.uncontrollable)
        return wire

    @property
    def _wire(self) -> Wire | None:
        if "_found_wire" not in self.__dict__:
            self.__dict__["_found_wire"] = _wire_of(self.description)
        found: Wire | None = self.__dict__["_found_wire"]
        return found


class Wire(ABC):
    """The wire of a ``decouple`` pin."""

    @abstractmethod
    def drive(self, level: bool) -> None:
        """Drive it."""

    @abstractmethod
    def level(self) -> bool:
        """What it is driven to."""


class _Channel(Wire):
    """A bit of a channel of an AXI GPIO, through that one's own driver, which knows what its other wires are driven to."""

    def __init__(self, overlay: Any, path: str, channel: str, bit: int) -> None:
        self._overlay, self._path, self._name, self._mask = overlay, path, channel, 1 << bit

    @property
    def _channel(self) -> Any:
        return getattr(self._overlay[self._path], self._name)

    def drive(self, level: bool) -> None:
        self._channel.write(self._mask if level else 0, self._mask)

    def level(self) -> bool:
        channel = self._channel
        read = getattr(channel, "driven", None) or channel.read
        return bool(read() & self._mask)


class _Pin(Wire):
    """A bit of the processing system's GPIO."""

    def __init__(self, device: Any, index: int) -> None:
        self._gpio = GPIO(GPIO.get_gpio_pin(index, device=device), "out", device=device)
        self._driven = False

    def drive(self, level: bool) -> None:
        self._gpio.write(int(level))
        self._driven = level

    def level(self) -> bool:
        return self._driven


def _wire_of(description: Any) -> Wire | None:
    design, overlay = description.get("design"), description.get("overlay")
    if design is None or overlay is None:
        return None
    source = source_of(design, description.get("fullpath", ""), DECOUPLE_PIN)
    if source is None:
        return None
    channel = {"gpio_io_o": "channel1", "gpio2_io_o": "channel2"}.get(source.pin.lower())
    module = design.modules[source.module]
    if channel is not None and (module.vlnv or "").startswith("xilinx.com:ip:axi_gpio:"):
        if not hasattr(overlay[source.module], channel):
            return None  # a driver of somebody's own, whose ways are not known
        return _Channel(overlay, source.module, channel, source.bit)
    if design.host is not None and source.module == design.host.path and source.pin.lower().endswith("gpio_o"):
        return _Pin(description.get("device"), source.bit)
    return None
