"""The sensors of voltage, current and power that Linux has: ``/sys/class/hwmon``.

A chip is a folder with the name of its kind (``ina226``) and, for each feature (``in1``, ``curr1``, ``power1``), a file of its value and
perhaps one of its label. Source: the kernel's ``Documentation/hwmon/sysfs-interface``. Chips are named as libsensors names them
(``ina226-i2c-2-40``), since configuration goes by these names.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from .sensors_conf import Configuration, Formula

# All paths are below it.
ROOT = "/"

# By the name of a feature: what is measured, its unit, and the number in its file that one of it is.
KINDS = {"in": ("voltage", "V", 1_000), "curr": ("current", "A", 1_000), "power": ("power", "W", 1_000_000)}

_FEATURE = re.compile(r"(in|curr|power)(\d+)_(input|average)")


@dataclass(frozen=True)
class Feature:
    """One thing that a chip measures: `kind` is ``'voltage'``, ``'current'`` or ``'power'``."""

    name: str
    kind: str
    unit: str
    scale: int
    path: str
    label: str
    formula: Formula | None = None


@dataclass
class Chip:
    """One chip, with the features that the configuration does not ignore, by name."""

    name: str
    path: str
    features: dict[str, Feature] = field(default_factory=dict)

    def value(self, name: str) -> float:
        """What the chip measures now, in V, A or W.

        Raises ``OSError`` where Linux cannot tell, and ``ValueError`` where the formula has no result.
        """
        return self._value(name, ())

    def _value(self, name: str, asking: tuple[str, ...]) -> float:
        feature = self.features.get(name.removesuffix("_input").removesuffix("_average"))
        if feature is None:
            raise ValueError(f"{self.name} has no feature {name!r} (it has {', '.join(self.features) or 'none'})")
        if feature.name in asking:
            raise ValueError(f"the formula of {feature.name} of {self.name} needs its own value: {' → '.join((*asking, feature.name))}")
        value = float(read(feature.path)) / feature.scale
        if feature.formula is None:
            return value
        try:
            return feature.formula(value, lambda other: self._value(other, (*asking, feature.name)))
        except ArithmeticError as error:
            raise ValueError(f"the formula of {feature.name} of {self.name} has no result for {value:g}: {error}") from None


def chips(configuration: Configuration) -> list[Chip]:
    """The chips of this machine that measure anything, in the order of their numbers, with labels and formulas of `configuration`."""
    folder = os.path.join(ROOT, "sys/class/hwmon")
    try:
        names = sorted(os.listdir(folder), key=lambda name: [int(part) if part.isdigit() else 0 for part in re.findall(r"\d+", name)])
    except OSError:
        return []
    adapters = _adapters()
    made = (_chip(os.path.join(folder, name), configuration, adapters) for name in names)
    return [chip for chip in made if chip is not None and chip.features]


def read(path: str) -> str:
    """The text of a file of the kernel, without white space around it."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().strip()


def _chip(folder: str, configuration: Configuration, adapters: dict[str, int]) -> Chip | None:
    # Drivers of old kernels have their files one level below.
    for path in (folder, os.path.join(folder, "device")):
        try:
            kind = read(os.path.join(path, "name"))
            files = sorted(os.listdir(path))
        except OSError:
            continue
        chip = Chip(f"{kind}-{_bus(folder)}", path)
        settings = configuration.of(chip.name, adapters)
        for file in sorted(files, key=lambda name: [int(n) for n in re.findall(r"\d+", name)]):
            match = _FEATURE.fullmatch(file)
            if match is None:
                continue
            name = match[1] + match[2]
            if name in settings.ignored or (name in chip.features and match[3] == "average"):
                continue
            measured, unit, scale = KINDS[match[1]]
            label = settings.labels.get(name) or _optional(os.path.join(path, f"{name}_label")) or name
            chip.features[name] = Feature(name, measured, unit, scale, os.path.join(path, file), label, settings.formulas.get(name))
        if chip.features:
            return chip
    return None


def _bus(folder: str) -> str:
    """Where a chip is, as libsensors says it: ``i2c-2-40``, ``spi-1-0``, ``isa-0000`` or ``virtual-0``."""
    device = os.path.join(folder, "device")
    if not os.path.exists(device):
        return "virtual-0"
    where = os.path.basename(os.path.realpath(device))
    match = re.fullmatch(r"(\d+)-([0-9a-f]{4})", where)
    if match is not None:
        return f"i2c-{int(match[1])}-{int(match[2], 16):02x}"
    match = re.fullmatch(r"spi(\d+)\.(\d+)", where)
    if match is not None:
        return f"spi-{match[1]}-{match[2]}"
    match = re.match(r"[a-z0-9_]+\.(\d+)", where)  # coretemp.1
    return f"isa-{int(match[1]) if match is not None else 0:04x}"


def _adapters() -> dict[str, int]:
    """The numbers of the I2C buses, by the names of their adapters."""
    folder = os.path.join(ROOT, "sys/class/i2c-adapter")
    try:
        names = os.listdir(folder)
    except OSError:
        return {}
    found = {}
    for name in sorted(names):
        number = name.removeprefix("i2c-")
        if number.isdigit():
            adapter = _optional(os.path.join(folder, name, "name")) or _optional(os.path.join(folder, name, "device", "name"))
            found[adapter] = int(number)
    return found


def _optional(path: str) -> str:
    try:
        return read(path)
    except OSError:
        return ""
