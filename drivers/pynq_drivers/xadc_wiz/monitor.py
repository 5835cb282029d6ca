"""What software does with a monitor of temperature and voltages; the base of the drivers of both wizards.

Source: AMD PG091, XADC Wizard v3.3, and PG185, System Management Wizard v1.3: "Register Space"; UG480 and UG580: "Analog Inputs",
"Automatic Alarms", "On-Chip Sensors" (transfer functions).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar

from pynq_drivers import waiting
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit, FixedPoint

from . import registers as r


def attributes(scale: r.Scale, channels: tuple[r.Channel, ...]) -> dict[str, Any]:
    """The hardware attributes of a monitor, by name: each channel with its extremes and limits, the inputs, and the alarms."""

    def of(channel: str, name: str, text: str, access: str | None) -> FixedPoint:
        celsius = "temperature" in channel
        span: Any = scale.span if celsius else (r.SUPPLY if channel.startswith("v") and channel not in _INPUTS else 1.0)
        return FixedPoint(
            name.upper(),
            (15, 0),
            fraction=16,
            signed=False,
            scale=float(span),
            zero=float(scale.zero) if celsius else 0,
            unit="°C" if celsius else "V",
            access=access,
            help=text,
        )

    found: dict[str, Any] = {}
    for channel in channels:
        name, text = channel.name, channel.help
        found[name] = of(name, name, text, "read-only")
        found[f"{name}_max"] = of(name, f"{name}_max", f"{text}: the most since the last reset", "read-only")
        found[f"{name}_min"] = of(name, f"{name}_min", f"{text}: the least since the last reset", "read-only")
        found[f"{name}_upper"] = of(name, f"{name}_upper", f"{text}: alarm above", None)
        found[f"{name}_lower"] = of(name, f"{name}_lower", f"{text}: alarm below", None)
        found[f"{name}_alarm"] = Bit("ALARM", name.upper(), help=f"{text}: beyond its limits")
    for name, text in (("over_temperature_upper", "The die is too hot above"), ("over_temperature_lower", "And until it is below")):
        found[name] = of(name, name, text, None)
    found["over_temperature"] = Bit("ALARM", "OVER_TEMPERATURE", help="The die is too hot")
    for name, _, text in r.PLAIN:
        found[name] = of(name, name, text, "read-only")
    for index in range(16):
        found[f"vaux{index}"] = of(f"vaux{index}", f"vaux{index}", f"Auxiliary input {index}, 0 to 1 V", "read-only")
    return found


_INPUTS = {"vp_vn", *(f"vaux{index}" for index in range(16))}


class Monitor(DefaultIP):
    """Temperature and voltages: ``monitor.temperature`` in °C, ``monitor.vccint`` in V, ``monitor.alarms()``.

    Each channel has its extremes (``temperature_max``), the limits of its alarm (``vccint_upper``, ``vccint_lower``) and the alarm itself
    (``vccint_alarm``). Inputs are taken as unipolar: 0 to 1 V. Only what the design converts has a value that changes: `used`.
    """

    kind: ClassVar[str] = ""

    # What has happened and what a conversion gave is no setting.
    configuration: ClassVar[Mapping[str, bool]] = {"INTERRUPT_STATUS": False}

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers of the channels that the design has."""
        return r.layout(r.Made(description.get("parameters") or {}, cls.kind))

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._made = r.Made(description.get("parameters") or {}, self.kind)

    @property
    def used(self) -> list[str]:
        """The attributes of the channels that the design converts, temperature first."""
        found = self._made.used
        known = [*(channel.name for channel in self._made.channels), *(name for name, _, _ in r.PLAIN)]
        known += [f"vaux{index}" for index in self._made.auxiliary]
        return [name for name in known if name in found]

    def readings(self) -> dict[str, float]:
        """The value of each channel that the design converts, in °C and V: a read each."""
        return {name: getattr(self, name) for name in self.used}

    def alarms(self) -> list[str]:
        """The channels that are beyond their limits now: one read."""
        word = self.read(r.ALARMS)
        found = ["over_temperature"] if word & 1 else []
        return [*found, *(channel.name for channel in self._made.channels if word >> channel.alarm & 1)]

    def reset_extremes(self) -> None:
        """Starts the converter anew: the extremes are those from now on."""
        self.write(r.HARD_RESET, 1)

    @property
    def interrupt_pin(self) -> Any:
        """The interrupt; None where it is not connected."""
        return self["ip2intc_irpt"] if "ip2intc_irpt" in self._interrupts else None

    def _bits(self, names: tuple[str, ...]) -> int:
        known = {"over_temperature": 0, **{channel.name: channel.interrupt for channel in self._made.channels}}
        for name in names:
            if name not in known:
                raise ValueError(f"{self._fullpath} has alarms of {', '.join(known)}, not of {name!r}")
        return sum(1 << known[name] for name in names or known)

    def wait_for_alarm(self, *names: str, timeout: float | None = None) -> list[str]:
        """Waits until one of the channels `names` (any) is beyond its limits, and says which are. TimeoutError after `timeout` seconds."""
        wanted = self._bits(names)
        clock = self.device.clock
        deadline = waiting.Deadline(clock, timeout)
        pin = self.interrupt_pin if self._made.interrupts else None
        if pin is not None:
            with self.device.lock:
                self.write(r.INTERRUPT_ENABLE, self.read(r.INTERRUPT_ENABLE) | wanted)
                self.write(r.GLOBAL_ENABLE, r.GLOBAL)
        while True:
            if pin is not None:
                self._clear(wanted)
            found = [name for name in self.alarms() if not names or name in names]
            if found:
                return found
            if deadline.passed():
                raise TimeoutError(f"no alarm of {self._fullpath} within {timeout} s")
            if pin is not None:
                with contextlib.suppress(TimeoutError):
                    pin.wait_blocking(deadline.left())
            else:
                clock.sleep(deadline.slice(0.01))

    def _clear(self, wanted: int) -> None:
        """Takes note of what has happened: a written 1 toggles, so only what is set is written."""
        with self.device.lock:
            pending = self.read(r.INTERRUPT_STATUS) & wanted
            if pending:
                self.write(r.INTERRUPT_STATUS, pending)

    def panel(self) -> Any:
        """A strip chart of the channels that the design converts, °C and V apart."""
        if not self.used:
            return None
        from pynq_widgets import strip

        return strip(self, *self.used, rate=2.0)
