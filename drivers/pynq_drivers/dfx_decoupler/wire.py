"""What a pin that software is to work hangs on: bits of an AXI GPIO or of the processing system's GPIO, through slices and concats."""

from __future__ import annotations

from typing import Any, NamedTuple

_SLICES = ("xlslice", "ilslice")
_CONCATS = ("xlconcat", "ilconcat")


class Source(NamedTuple):
    """A bit of an output pin; `module` is a path."""

    module: str
    pin: str
    bit: int


def source_of(design: Any, path: str, pin: str, bit: int = 0) -> Source | None:
    """The output that drives bit `bit` of the input `pin` of the module at `path`; None where nothing in the design does."""
    for _ in range(64):  # gates may stand in a circle
        module = design.modules.get(path)
        port = None if module is None else next((p for name, p in module.ports.items() if name.lower() == pin.lower()), None)
        net = None if port is None or not port.net else design.nets.get(port.net)
        driver = None if net is None else net.driver
        if driver is None or driver.module is None:
            return None
        through = design.modules[driver.module]
        kind = (through.vlnv or "::").split(":")[2]
        if kind in _SLICES:
            path, pin, bit = driver.module, "Din", bit + int(through.parameters.get("DIN_TO", "0"), 0)
        elif kind in _CONCATS:
            at = _input_of(through.parameters, bit)
            if at is None:
                return None
            path, (pin, bit) = driver.module, at
        else:
            return Source(driver.module, driver.port, bit)
    return None


def _input_of(parameters: Any, bit: int) -> tuple[str, int] | None:
    low = 0
    for number in range(int(parameters.get("NUM_PORTS", "2"), 0)):
        width = int(parameters.get(f"IN{number}_WIDTH", "1"), 0)
        if low <= bit < low + width:
            return f"In{number}", bit - low
        low += width
    return None
