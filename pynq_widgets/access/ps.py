"""The processing system, with PYNQ's names: what machine this is, and its clocks (``Clocks.fclk0_mhz``).

A device that can tell or set its clocks has ``get_pl_clk(index) -> MHz``, ``set_pl_clk(index, clk_mhz=...)`` and ``get_cpu_mhz()``. Where
it has not, the clocks of a simulated device are those of its design, and setting one changes what is read from then on; any other
device's are the registers of its clock generators, reached through its MMIO.
"""

from __future__ import annotations

import math
import numbers
import os
import platform
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import near_names, noted

if TYPE_CHECKING:
    from pynq_widgets.design import Design
    from pynq_widgets.device import Device

    from .clock_registers import ClockGenerators

ZYNQ_ARCH = "armv7l"
ZU_ARCH = "aarch64"
# The processor that runs this. Code that pretends to run on another one exchanges it, so it is looked up each time.
CPU_ARCH = platform.machine()
CPU_ARCH_IS_SUPPORTED = CPU_ARCH in (ZYNQ_ARCH, ZU_ARCH)
CPU_ARCH_IS_x86 = CPU_ARCH in ("x86_64", "AMD64")
# Whether this is a board with PYNQ's image: its device tree names the board.
ON_TARGET = os.path.isfile("/proc/device-tree/chosen/pynq_board")

DEFAULT_PL_CLK_MHZ = 100.0

# What tells a Versal from a Zynq UltraScale+, whose processors have one name, the surest first.
_VERSAL_MARKS = (
    ("/proc/device-tree/firmware/versal-firmware/compatible", b"xlnx,versal-firmware"),
    ("/proc/device-tree/compatible", b"xlnx,versal"),
    ("/proc/device-tree/family", b"Versal"),
)

_MACHINE = CPU_ARCH


def _of_xilinx() -> bool:
    try:
        with open("/proc/device-tree/compatible", "rb") as file:
            return b"xlnx," in file.read()
    except OSError:
        return False


# Many a machine has a processor of these names; a Zynq's device tree says that it is one.
_OF_XILINX = _of_xilinx()

# Clocks of simulated devices that were set to another rate than the design's: by device, for the generation they were set in.
_set: weakref.WeakKeyDictionary[Any, tuple[int, dict[int, float]]] = weakref.WeakKeyDictionary()


def on_zynq() -> bool:
    """Whether this machine is a Zynq-7000, Zynq UltraScale+ or Versal, or is to be taken for one since somebody exchanged `CPU_ARCH`."""
    return CPU_ARCH in (ZYNQ_ARCH, ZU_ARCH) and (_OF_XILINX or CPU_ARCH != _MACHINE)


def is_versal(device: Any = None) -> bool:
    """Whether the device tree of this machine, or of that of a remote `device`, is a Versal's."""
    remote = device is not None and device.has_capability("REMOTE")
    for path, mark in _VERSAL_MARKS:
        try:
            if remote:
                if device.exists_file(path).exists and mark in device.read_file(path):
                    return True
            else:
                with open(path, "rb") as file:
                    if mark in file.read():
                        return True
        except OSError:
            continue
    return False


# What Vivado sets for the processors of a Zynq-7000 and a Zynq UltraScale+: what comes of the dividers, and what was asked for.
_PROCESSOR_CLOCKS = (
    "PCW_ACT_APU_PERIPHERAL_FREQMHZ",
    "PSU__CRF_APB__ACPU_CTRL__ACT_FREQMHZ",
    "PCW_APU_PERIPHERAL_FREQMHZ",
    "PSU__CRF_APB__ACPU_CTRL__FREQMHZ",
)


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
            known = ["fclk0_mhz", "fclk1_mhz", "fclk2_mhz", "fclk3_mhz", "device"]
            raise AttributeError(f"Clocks has no clock {name!r}{near_names(name, known)}; it has {', '.join(known[:4])}")
        super().__setattr__(name, value)

    @property
    def cpu_mhz(cls) -> float:
        """Rate of the processor in MHz, where the device can tell."""
        device = cls._where()
        get = getattr(device, "get_cpu_mhz", None)
        if get is not None:
            return float(get())
        if not _from_design(device):
            return _generators(device).get_cpu_mhz()
        host = getattr(getattr(device, "design", None), "host", None)
        given = host.parameters if host is not None else {}
        for name in _PROCESSOR_CLOCKS:
            if name in given:
                return float(given[name])
        raise RuntimeError(f"{_called(device)} cannot tell the clock of its processor")

    def get_pl_clk(cls, clk_idx: int) -> float:
        """Rate of clock `clk_idx` (0 to 3) of the fabric, in MHz."""
        _valid(clk_idx)
        device = cls._where()
        get = getattr(device, "get_pl_clk", None)
        if get is not None:
            return float(get(clk_idx))
        if not _from_design(device):
            return _generators(device).get_pl_clk(clk_idx)
        clocks = _design_clocks(device)
        if clk_idx not in clocks:
            have = ", ".join(f"fclk{index}" for index in sorted(clocks)) or "none"
            raise RuntimeError(f"the design on {_called(device)} has no fabric clock {clk_idx} (it has {have})")
        generation, changed = _set.get(device, (None, {}))
        if generation == device.generation and clk_idx in changed:
            return changed[clk_idx]
        return clocks[clk_idx]

    def set_pl_clk(cls, clk_idx: int, div0: int | None = None, div1: int | None = None, clk_mhz: float = DEFAULT_PL_CLK_MHZ) -> None:
        """Set clock `clk_idx` (0 to 3) of the fabric to `clk_mhz`, or by the divisors of its register.

        Where one divisor is given the other is worked out for `clk_mhz`; where both are, `clk_mhz` is ignored. The nearest rate that
        the divisors (1 to 63; a Versal has one, 1 to 1023) allow is set, with a ``UserWarning`` where it is more than 1 % off. Only a
        device that has divisors takes them: a simulated one has not, and any rate.

        Raises ``ValueError`` for a clock, rate or divisor that cannot be, and ``RuntimeError`` where nobody knows the clocks.
        """
        _valid(clk_idx)
        divisors = {name: value for name, value in (("div0", div0), ("div1", div1)) if value is not None}
        rate: Any = clk_mhz
        if len(divisors) < 2 and not (isinstance(rate, numbers.Real) and 0 < float(rate) < math.inf):
            raise ValueError(f"fclk{clk_idx}_mhz expected a rate in MHz above 0, got {clk_mhz!r}")
        device = cls._where()
        put = getattr(device, "set_pl_clk", None)
        if put is not None:
            put(clk_idx, clk_mhz=clk_mhz, **divisors)
            return
        if not _from_design(device):
            _generators(device).set_pl_clk(clk_idx, div0, div1, float(clk_mhz))
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


def _from_design(device: Any) -> bool:
    """Whether the clocks are no more than what the design says, since there is no hardware that has them."""
    return getattr(device, "kind", "") in ("simulated", "replay")


def _arch(device: Any) -> str:
    """The processor of the device, or of this machine where it is a Zynq; empty where that is not known."""
    told = getattr(device, "arch", None)
    return str(told) if told else CPU_ARCH if on_zynq() else ""


def _generators(device: Any) -> ClockGenerators:
    """The registers of the device's clock generators, once for each device. Nothing is mapped yet."""
    from . import clock_registers

    arch = _arch(device)
    if arch == ZYNQ_ARCH:
        family = clock_registers.ZYNQ
    elif arch == ZU_ARCH:
        family = clock_registers.VERSAL if is_versal(device) else clock_registers.ULTRASCALE
    else:
        raise noted(
            RuntimeError("Architecture not supported for Clocks"),
            f"{_called(device)} is no Zynq-7000 ({ZYNQ_ARCH}), Zynq UltraScale+ or Versal ({ZU_ARCH}), whose clocks are known, but has the "
            f"processor {(getattr(device, 'arch', None) or CPU_ARCH)!r}. A device of another kind tells its own by get_pl_clk(index), "
            "set_pl_clk(index, clk_mhz=...) and get_cpu_mhz()",
        )
    # Kept by the device, since they refer to it.
    made: ClockGenerators | None = vars(device).get("_clock_generators")
    if made is None or made.family is not family:
        made = vars(device)["_clock_generators"] = clock_registers.ClockGenerators(device, family)
    return made


def set_design_clocks(device: Any, clocks: Mapping[Any, Mapping[str, Any]], design: Design | None = None) -> None:
    """Let the fabric's clocks of `device` run as fast as a `design` wants, whose ``clock_dict`` is `clocks`: before it is loaded.

    Only those that the design uses are touched, and nothing where there are no clocks to set: on a simulated device, or one that is
    no Zynq and says nothing of clocks.
    """
    if _from_design(device):
        return
    put = getattr(device, "set_pl_clk", None)
    if put is None:
        if not _has_generators(device):
            return
        generators = _generators(device)

        def put(index: int, clk_mhz: float) -> None:
            generators.set_pl_clk(index, None, None, clk_mhz, design)

    for index, clock in clocks.items():
        rate = clock.get("frequency")
        if clock.get("enable") and rate:
            put(index, clk_mhz=float(rate))


def _has_generators(device: Any) -> bool:
    """Whether the device is a Zynq, Zynq UltraScale+ or Versal whose registers can be reached."""
    return _arch(device) in (ZYNQ_ARCH, ZU_ARCH) and any(map(device.has_capability, ("MEMORY_MAPPED", "REGISTER_RW", "REMOTE")))


def _design_clocks(device: Any) -> dict[int, float]:
    design = getattr(device, "design", None)
    if design is None:
        raise RuntimeError(f"no design is loaded on {_called(device)}, so it has no clocks: load an Overlay first")
    return {
        clock.index: round(clock.frequency / 1e6, 6)
        for clock in design.clocks
        if clock.index is not None and clock.frequency is not None and clock.enabled
    }
