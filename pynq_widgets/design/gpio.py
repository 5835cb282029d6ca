"""The processing system's own GPIO on the fabric (EMIO), outputs and inputs."""

from __future__ import annotations

from .model import GpioPin
from .module import Module, port_width
from .nets import End, Wiring

_OUTPUTS = ("gpio_o", "emio_gpio_o")
_INPUTS = ("gpio_i", "emio_gpio_i")
# EMIO has at most 96 bits (UG1085), the widest vector of the fabric that one could want to see here is far below this.
_MAX_BITS = 1024


def read_gpio(host: Module | None, wiring: Wiring) -> tuple[GpioPin, ...]:
    pins: list[GpioPin] = []
    if host is not None:
        for name in wiring.ports(host):
            end = wiring.port(host, name)
            if end is None:
                continue
            lowered = name.lower()
            if lowered in _OUTPUTS or (lowered.endswith("gpio_o") and "versal" in host.modtype):
                pins += _outputs(end, wiring)
            elif lowered in _INPUTS or (lowered.endswith("gpio_i") and "versal" in host.modtype):
                pins += _inputs(end, wiring)
    return tuple(pins)


def _outputs(port: End, wiring: Wiring) -> list[GpioPin]:
    found = []
    for sink in wiring.others(port):
        if sink.drives:
            continue
        module = sink.module
        if module is not None and wiring.is_slice(module):
            bits = wiring.slice_bits(module)
            out = next((wiring.port(module, name) for name in wiring.ports(module) if name.lower() == "dout"), None)
            if bits is None or out is None:
                continue
            paths = [out.path, *(end.path for end in wiring.others(out))]
            found.append(GpioPin(module.path, bits[0], bits[1], "out", tuple(sorted(paths)), module.path))
        else:
            width = min(port_width(sink.element), port_width(port.element))
            found.append(GpioPin(sink.path, 0, width, "out", (sink.path,), None))
    return found


def _inputs(port: End, wiring: Wiring) -> list[GpioPin]:
    runs: list[tuple[End, int, int, int]] = []  # source, its first bit, first bit here, how many
    for index in range(min(port_width(port.element), _MAX_BITS)):
        source = wiring.source(port, index)
        if source is None:
            continue
        if runs:
            end, bit, first, width = runs[-1]
            if end.element is source.end.element and first + width == index and bit + width == source.bit:
                runs[-1] = (end, bit, first, width + 1)
                continue
        runs.append((source.end, source.bit, index, 1))
    return [GpioPin(end.path, first, width, "in", (end.path,), None) for end, _, first, width in runs]
