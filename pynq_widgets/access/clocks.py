"""The clocks that the processing system gives to the fabric, with PYNQ's names: ``Clocks.fclk0_mhz``.

A device that can tell or set its clocks has ``get_pl_clk(index) -> MHz`` and ``set_pl_clk(index, mhz)``. Where it has not, and is
simulated, the clocks are those of its design, and setting one changes what is read from then on.
"""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynq_widgets.device import Device

DEFAULT_PL_CLK_MHZ = 100.0

# Clocks of simulated devices that were set to another rate than the design's: by device, for the generation they were set in.
_set: weakref.WeakKeyDictionary[Any, tuple[int, dict[int, float]]] = weakref.WeakKeyDictionary()


def _clock_property(index: int) -> property:
    def get(cls: ClocksMeta) -> float:
        return cls.get_pl_clk(index)

    def put(cls: ClocksMeta, clk_mhz: float) -> None:
        cls.set_pl_clk(index, clk_mhz=clk_mhz)

    return property(get, put, doc=f"Rate of clock {index} of the fabric, in MHz.")


class ClocksMeta(type):
    """Makes the clocks attributes of the class, as PYNQ has them."""

    device: Device | None

    fclk0_mhz = _clock_property(0)
    fclk1_mhz = _clock_property(1)
    fclk2_mhz = _clock_property(2)
    fclk3_mhz = _clock_property(3)

    def __setattr__(cls, name: str, value: object) -> None:
        # Without this a typo would become a new attribute, and no clock would change.
        if name != "device" and not isinstance(getattr(ClocksMeta, name, None), property):
            from .errors import near_names

            known = ["fclk0_mhz", "fclk1_mhz", "fclk2_mhz", "fclk3_mhz", "device"]
            raise AttributeError(f"Clocks has no clock {name!r}{near_names(name, known)}; it has {', '.join(known[:4])}")
        super().__setattr__(name, value)

    @property
    def cpu_mhz(cls) -> float:
        """Rate of the processor in MHz, where the device can tell."""
        device = cls._where()
        get = getattr(device, "get_cpu_mhz", None)
        if get is None:
            raise RuntimeError(f"{_called(device)} cannot tell the clock of its processor")
        return float(get())

    def get_pl_clk(cls, clk_idx: int) -> float:
        """Rate of clock `clk_idx` (0 to 3) of the fabric, in MHz."""
        _valid(clk_idx)
        device = cls._where()
        get = getattr(device, "get_pl_clk", None)
        if get is not None:
            return float(get(clk_idx))
        clocks = _design_clocks(device)
        if clk_idx not in clocks:
            have = ", ".join(f"fclk{index}" for index in sorted(clocks)) or "none"
            raise RuntimeError(f"the design on {_called(device)} has no fabric clock {clk_idx} (it has {have})")
        generation, changed = _set.get(device, (None, {}))
        if generation == device.generation and clk_idx in changed:
            return changed[clk_idx]
        return clocks[clk_idx]

    def set_pl_clk(cls, clk_idx: int, div0: int | None = None, div1: int | None = None, clk_mhz: float = DEFAULT_PL_CLK_MHZ) -> None:
        """Set clock `clk_idx` (0 to 3) of the fabric to `clk_mhz`.

        The divisors are those of a board's registers; only a device that has them takes them. Raises ``ValueError`` for a clock or
        rate that cannot be.
        """
        _valid(clk_idx)
        if not isinstance(clk_mhz, (int, float)) or not math.isfinite(clk_mhz) or clk_mhz <= 0:
            raise ValueError(f"fclk{clk_idx}_mhz expected a rate in MHz above 0, got {clk_mhz!r}")
        device = cls._where()
        put = getattr(device, "set_pl_clk", None)
        divisors = {name: value for name, value in (("div0", div0), ("div1", div1)) if value is not None}
        if put is not None:
            put(clk_idx, clk_mhz=clk_mhz, **divisors)
            return
        if divisors:
            raise RuntimeError(f"{_called(device)} has no divisors to set: give clk_mhz")
        cls.get_pl_clk(clk_idx)  # raises where there is no such clock
        generation, changed = _set.get(device, (None, {}))
        if generation != device.generation:
            changed = {}
        _set[device] = (device.generation, {**changed, clk_idx: round(float(clk_mhz), 6)})

    def _where(cls) -> Device:
        if cls.device is not None:
            return cls.device
        from pynq_widgets.device import Device

        return Device.active_device


class Clocks(metaclass=ClocksMeta):
    """The clocks of the processing system.

    Attributes
    ----------
    fclk0_mhz, fclk1_mhz, fclk2_mhz, fclk3_mhz : float
        Rates of the fabric's clocks in MHz; settable.
    cpu_mhz : float
        Rate of the processor, where the device can tell.
    device : Device or None
        Whose clocks these are; ``None`` means the active device.
    """

    device: Device | None = None

    @classmethod
    def set_device(cls, device: Device | None) -> None:
        """Whose clocks these are from now on; ``None`` for the active device."""
        cls.device = device


def _valid(index: Any) -> None:
    if index not in range(4):
        raise ValueError("Valid PL clock index is 0 - 3.")


def _called(device: Any) -> str:
    return f"device {getattr(device, 'tag', device)!r}"


def _design_clocks(device: Any) -> dict[int, float]:
    if getattr(device, "kind", "") not in ("simulated", "replay"):
        raise RuntimeError(f"{_called(device)} cannot tell the clocks of its fabric: it has no get_pl_clk()")
    design = getattr(device, "design", None)
    if design is None:
        raise RuntimeError(f"no design is loaded on {_called(device)}, so it has no clocks: load an Overlay first")
    return {
        clock.index: round(clock.frequency / 1e6, 6)
        for clock in design.clocks
        if clock.index is not None and clock.frequency is not None and clock.enabled
    }
