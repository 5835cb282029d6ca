"""What a monitor of temperature and voltages does, for the simulated device: of the XADC Wizard, and the base of the other wizard's.

Source: AMD PG091, XADC Wizard v3.3, and PG185, System Management Wizard v1.3: "Register Space"; UG480 and UG580: "Automatic Alarms" (an
alarm of a temperature lasts until it is below the lower limit; one of a supply while it is beyond its limits), "Maximum and Minimum".
A channel that the design does not convert has values all the same: its last ones.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r

# What a healthy device reads, in °C and V.
USUAL = {
    "temperature": 41.5,
    "vccint": 1.0,
    "vccaux": 1.8,
    "vccbram": 1.0,
    "vccpint": 1.0,
    "vccpaux": 1.8,
    "vcco_ddr": 1.35,
    "vcc_psintlp": 0.85,
    "vcc_psintfp": 0.85,
    "vcc_psaux": 1.8,
    "vrefp": 1.25,
}


class MonitorModel(RegisterModel):
    """``model.set_temperature(45.0)``, ``model.set('vccint', 0.97)``: what the device has from now on, in °C and V."""

    kind: ClassVar[str] = "xadc_wiz"

    def __init__(self, context: ModelContext) -> None:
        self._made = r.Made(context.module.parameters, self.kind)
        super().__init__(context, r.layout(self._made))
        self._scale = self._scale_of()
        self._channels = {channel.name: channel for channel in self._made.channels}
        self._places = {channel.name: channel.value for channel in self._made.channels}
        self._places |= {name: offset for name, offset, _ in r.PLAIN}
        self._places |= {f"vaux{index}": r.AUXILIARY + 4 * index for index in self._made.auxiliary}
        self._values = {name: self._usual(name) for name in self._places}
        self._active: dict[str, bool] = {}
        self._looked = context.clock.now()
        self._plan: Any = None
        self._start()

    def _scale_of(self) -> r.Scale:
        return r.SEVEN_SERIES

    def _usual(self, name: str) -> float:
        """A plausible value: the middle of the limits of a supply, where the design has them."""
        channel = self._channels.get(name)
        if channel is not None and name != "temperature":
            upper, lower = self._made.limits(channel.limit)
            if 0 < lower < upper < 0xFFFF:
                return (upper + lower) / 2 / r.FULL * r.SUPPLY
        return USUAL.get(name, 0.0)

    # What the world does.

    @property
    def temperature(self) -> float:
        """Of the die, in °C."""
        return self._values["temperature"]

    def set_temperature(self, celsius: float) -> None:
        """The die has this temperature from now on."""
        self.set("temperature", celsius)

    def set(self, name: str, value: float) -> None:
        """A channel (``'vccint'``, ``'vaux1'``) has this value from now on, in V (``'temperature'``: °C); beyond the range, its end."""
        if name not in self._places:
            raise ValueError(f"{self.context.path} has the channels {', '.join(self._places)}, not {name!r}")
        if not math.isfinite(value):
            raise ValueError(f"a channel of {self.context.path} has a number, not {value!r}")
        with self.context.from_outside():
            self._values[name] = float(value)
            self._convert(name)
            self._judge()

    # What the converter does.

    def _start(self) -> None:
        """As after a reset: each channel is converted once, which is its least and its most."""
        for name in self._places:
            channel = self._channels.get(name)
            if channel is not None:
                self.file.poke(self._made.base + channel.most, 0)
                self.file.poke(self._made.base + channel.least, 0xFFFF)
            self._convert(name)
        self._judge()

    def _code(self, name: str) -> int:
        value = self._values[name]
        if name == "temperature":
            return self._scale.code(value)
        return r.rounded(value / (r.SUPPLY if name in self._channels or name.startswith("vref") else 1.0) * r.FULL)

    def _convert(self, name: str) -> None:
        code, base = self._code(name), self._made.base
        self.file.poke(base + self._places[name], code)
        channel = self._channels.get(name)
        if channel is not None:
            self.file.poke(base + channel.most, max(code, self.file.peek(base + channel.most)))
            self.file.poke(base + channel.least, min(code, self.file.peek(base + channel.least)))

    def _beyond(self, name: str, code: int, upper: int, lower: int, keeps: bool) -> bool:
        """Whether an alarm is on: above the upper limit, and of a supply below the lower one; a temperature keeps it down to that."""
        if keeps:
            return code > upper or (self._active.get(name, False) and code >= lower)
        return code > upper or code < lower

    def _judge(self) -> None:
        """Limits are compared, alarms and their interrupts follow."""
        base, off = self._made.base, self.file.peek(self._made.base + r.CONFIGURATION + 4)
        word = events = 0
        hot = self.file.peek(base + self._places["temperature"])
        over = not off & 1 and self._beyond("over", hot, self._limit(r.OVER_UPPER), self._limit(r.OVER_LOWER), True)
        word |= int(over)
        events |= self._turned("over", over, 0, 8)
        for name, channel in self._channels.items():
            code, keeps = self.file.peek(base + channel.value), name == "temperature"
            on = not off >> channel.disabled & 1 and self._beyond(name, code, self._limit(channel.upper), self._limit(channel.lower), keeps)
            word |= int(on) << channel.alarm
            events |= self._turned(name, on, channel.interrupt, 9 if keeps else None)
        self.file.poke(r.ALARMS, word | (0x100 if word & 0xFE else 0))
        self._happen(events)

    def _limit(self, offset: int) -> int:
        return self.file.peek(self._made.base + offset) & 0xFFF0

    def _turned(self, name: str, on: bool, event: int, gone: int | None) -> int:
        before, self._active[name] = self._active.get(name, False), on
        if on and not before:
            return 1 << event
        return 1 << gone if before and not on and gone is not None else 0

    def _happen(self, events: int) -> None:
        if self._made.interrupts:
            self.file.set_bits(r.INTERRUPT_STATUS, events)
            self._update()

    def _update(self) -> None:
        pending = self.file.peek(r.INTERRUPT_STATUS) & self.file.peek(r.INTERRUPT_ENABLE)
        self.context.interrupt("ip2intc_irpt").set(int(bool(pending) and bool(self.file.peek(r.GLOBAL_ENABLE) & r.GLOBAL)))

    @property
    def _period(self) -> float:
        return 1 / self._made.rate

    def _converted(self) -> int:
        """Which ends there were since anybody looked, as bits of the status register."""
        passed = (self.context.clock.now() - self._looked) / self._period
        ends = r.END_OF_CONVERSION if passed >= 1 else 0
        return ends | (r.END_OF_SEQUENCE if passed >= max(1, len(self._made.used)) else 0)

    # What the bus does.

    def reading(self, offset: int) -> None:
        if offset == r.STATUS:
            self.file.poke(offset, self._converted())
            self._looked = self.context.clock.now()

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.RESET:
            if value == r.RESET_WORD:
                self.file.reset()
                self._active.clear()
                self._start()
        elif offset == r.HARD_RESET:
            if value & 1:
                self._start()
        elif offset == r.INTERRUPT_STATUS or offset in (r.GLOBAL_ENABLE, r.INTERRUPT_ENABLE):
            self._update()
            self._ends()
        else:
            self._judge()

    def _ends(self) -> None:
        """The end of a conversion or of a sequence is planned only for an interrupt that waits for it."""
        if self._plan is not None:
            self._plan.cancel()
            self._plan = None
        missing = self.file.peek(r.INTERRUPT_ENABLE) & ~self.file.peek(r.INTERRUPT_STATUS)
        steps = [1] if missing & 1 << 5 else []
        steps += [max(1, len(self._made.used))] if missing & 1 << 4 else []
        if steps:
            self._plan = self.context.clock.call_later(min(steps) * self._period, lambda: self._ended(min(steps)))

    def _ended(self, steps: int) -> None:
        self._happen(1 << 5 | (1 << 4 if steps >= max(1, len(self._made.used)) else 0))
        self._ends()


class XadcModel(MonitorModel):
    __doc__ = MonitorModel.__doc__
