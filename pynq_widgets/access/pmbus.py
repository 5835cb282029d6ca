"""Power rails and their sensors, with PYNQ's names: ``get_rails()['INT'].power.value``.

The rails are those of the device, where it tells them (``Device.get_rails``), else those that Linux shows of this board
(:mod:`.hwmon`), called as libsensors' configuration calls them. PYNQ asks libsensors for the same; no library is needed here.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from .data_recorder import DataRecorder, Recording
from .errors import near_or_all

if TYPE_CHECKING:
    from pynq_widgets.device import Device

    from .hwmon import Chip

__all__ = ["DataRecorder", "DerivedPowerSensor", "MultiSensor", "Rail", "Rails", "Recording", "Sensor", "SysFSSensor", "get_rails"]

# Where libsensors looks for its configuration, below the root: one file, and all of a folder.
_CONFIGURATION = ("etc/sensors3.conf", "etc/sensors.conf")
_FOLDER = "etc/sensors.d"


class _Readable:
    """What every sensor has: `name`, `value`, `get_value`, `parents`, and a text that never raises."""

    name: str
    parents: tuple[Any, ...] = ()
    _unit = ""

    @property
    def unit(self) -> str:
        """``'V'``, ``'A'`` or ``'W'``."""
        return self._unit

    @property
    def value(self) -> float:
        """What the sensor measures now, in its `unit`. Raises ``OSError`` where that cannot be known."""
        return self.get_value()

    def get_value(self, parents: Sequence[float] | None = None) -> float:
        """The same; `parents` are values of `parents` that are known already."""
        raise NotImplementedError(f"{type(self).__name__} says nothing of how it is read")

    def __repr__(self) -> str:
        try:
            value = f"{self.value}{self._unit}"
        except (OSError, ValueError) as error:
            value = f"unknown: {error}"
        return f"Sensor {{name={self.name}, value={value}}}"


class SysFSSensor(_Readable):
    """A number in a file of the kernel.

    Parameters
    ----------
    path
        Of the file.
    unit
        Of the value: ``'V'``, ``'A'``, ``'W'``.
    name
        Of the sensor.
    scale
        What the number is multiplied by.
    """

    def __init__(self, path: str, unit: str, name: str, scale: float) -> None:
        self._path = path
        self._unit = unit
        self.name = name
        self._scale = scale

    def get_value(self, parents: Sequence[float] | None = None) -> float:
        with open(self._path) as file:
            return float(file.read()) * self._scale


class DerivedPowerSensor(_Readable):
    """The power in W of a rail of which `voltage` and `current` are measured."""

    _unit = "W"

    def __init__(self, name: str, voltage: Any, current: Any) -> None:
        self.voltage_sensor = voltage
        self.current_sensor = current
        self.name = name
        self.parents = (voltage, current)

    def get_value(self, parents: Sequence[float] | None = None) -> float:
        voltage, current = parents or (self.voltage_sensor.value, self.current_sensor.value)
        return float(voltage * current)


class Sensor(_Readable):
    """One thing that a chip of the board measures.

    Parameters
    ----------
    chip
        Gives the value in V, A or W: ``chip.value(number)``.
    number
        What of the chip it is: the name of a feature, such as ``'in1'``.
    unit
        Of the value.
    name
        Of the sensor.
    """

    def __init__(self, chip: Chip, number: str, unit: str, name: str) -> None:
        self._chip = chip
        self._number = number
        self._unit = unit
        self.name = name

    def get_value(self, parents: Sequence[float] | None = None) -> float:
        return self._chip.value(self._number)


class Rail:
    """One power rail and what is measured of it.

    Attributes
    ----------
    name : str
        Of the rail.
    voltage, current, power : Sensor or None
        In V, A and W; None where it is not measured.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.voltage: Any = None
        self.current: Any = None
        self.power: Any = None

    def __repr__(self) -> str:
        measured = (f"{kind}={getattr(self, kind)!r}" for kind in ("voltage", "current", "power") if getattr(self, kind) is not None)
        return f"Rail {{{', '.join([f'name={self.name}', *measured])}}}"


class Rails(dict[str, Any]):
    """Rails by name. Where there is none of a name, or none at all, the ``KeyError`` says why."""

    def __init__(self, rails: Mapping[str, Any], reason: str = "") -> None:
        super().__init__(rails)
        self.reason = reason

    def __missing__(self, name: str) -> NoReturn:
        raise KeyError(
            f"there is no rail {name!r}: {self.reason}" if not self else f"there is no rail {name!r}{near_or_all(str(name), self)}"
        )


class MultiSensor:
    """Reads several sensors at once; what several of them are worked out from is read once."""

    def __init__(self, sensors: Sequence[Any]) -> None:
        self._sensors = sensors

    def get_values(self) -> tuple[Any, ...]:
        """The values of all sensors, in their order. Raises what the first that fails does."""
        known: dict[Hashable, Any] = {}
        return tuple(self._value(sensor, known) for sensor in self._sensors)

    def _value(self, sensor: Any, known: dict[Hashable, Any]) -> Any:
        if sensor not in known:
            known[sensor] = sensor.get_value([self._value(parent, known) for parent in sensor.parents])
        return known[sensor]


def get_rails(config_file: str | os.PathLike[str] | None = None, *, device: Device | None = None) -> Rails:
    """The power rails, by name: a dictionary of :class:`Rail`.

    `config_file` is a configuration of libsensors that is read instead of the system's (``/etc/sensors3.conf``, ``/etc/sensors.d``).
    `device` is whose rails are meant, by default the active one's. A simulated device has none, and a rail that is asked for is a
    ``KeyError`` that says so.

    Raises ``OSError`` where `config_file` cannot be read and ``ValueError`` where it is not understood.
    """
    reason = _elsewhere(device)
    if callable(reason):
        return Rails(reason())
    if reason:
        return Rails({}, reason)
    return _rails(config_file)


def _elsewhere(device: Device | None) -> str | Callable[[], Mapping[str, Any]]:
    """How the device tells its rails, or why there are none; empty where they are those of this machine."""
    from pynq_widgets.device import Device

    from . import ps

    chosen = device if device is not None else Device.chosen_device
    if chosen is None:
        if ps.on_zynq():
            return ""
        chosen = Device.active_device
    told = getattr(chosen, "get_rails", lambda: None)()
    if told is not None:
        return lambda: told
    kind = getattr(chosen, "kind", "")
    if kind in ("simulated", "replay"):
        return f"device {chosen.tag!r} is {'simulated' if kind == 'simulated' else 'a recording'}, and its power is not"
    if chosen.has_capability("REMOTE"):
        return f"device {chosen.tag!r} is another machine, and does not tell its rails: its class has no get_rails()"
    return ""


def _rails(config_file: str | os.PathLike[str] | None) -> Rails:
    from . import hwmon
    from .sensors_conf import Configuration

    configuration = Configuration()
    if config_file is not None:
        with open(config_file, encoding="utf-8") as file:
            configuration.add(file.read(), os.fspath(config_file))
    else:
        for path in _system_files(hwmon.ROOT):
            try:
                configuration.add(hwmon.read(path), path)
            except (OSError, ValueError) as error:
                warnings.warn(f"names of rails are not taken from there: {error}", UserWarning, stacklevel=3)
    rails: dict[str, Rail] = {}
    for chip in hwmon.chips(configuration):
        for feature in chip.features.values():
            name = feature.label
            if name in rails and getattr(rails[name], feature.kind) is not None:
                name = f"{name} ({chip.name})"  # two chips that nobody has given names to
            rail = rails.setdefault(name, Rail(name))
            setattr(rail, feature.kind, Sensor(chip, feature.name, feature.unit, f"{name}_{feature.kind}"))
    for rail in rails.values():
        if rail.power is None and rail.voltage is not None and rail.current is not None:
            rail.power = DerivedPowerSensor(f"{rail.name}_power", rail.voltage, rail.current)
    return Rails(rails, "Linux shows no sensor of voltage, current or power below /sys/class/hwmon")


def _system_files(root: str) -> list[str]:
    first = next((path for name in _CONFIGURATION if os.path.isfile(path := os.path.join(root, name))), None)
    folder = os.path.join(root, _FOLDER)
    try:
        others = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        others = []
    paths = [os.path.join(folder, name) for name in others]
    return [*([first] if first is not None else []), *(path for path in paths if os.path.isfile(path))]
