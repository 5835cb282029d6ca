"""What one would look at of an AXI Performance Monitor: how much goes over each bus, as bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pynq_widgets.analysis.units import engineering
from pynq_widgets.widgets.panel import Group, Panel

from . import registers as r


class PerformancePanel(Panel):
    """A bar a direction and bus. Only counters are read, and they go on: no sample is taken from whoever takes them."""

    module = "panel.js"
    stylesheet = "panel.css"
    rate = 4.0

    def groups(self) -> Iterable[Group]:
        names = ["CONTROL", "CLOCKS_LOW", *(f"COUNTER_{number}" for number in range(len(self.ip.counted)))]
        return ((self.ip.registers, names),)

    def __init__(self, ip: Any, **options: Any) -> None:
        self._before: tuple[int, list[int]] | None = None
        self._rates: dict[str, Any] = {}
        super().__init__(ip, **options)

    def tick(self) -> None:
        words = [self.ip.registers[name].value for name in ("CLOCKS_LOW", *(f"COUNTER_{n}" for n in range(len(self.ip.counted))))]
        if None in words:
            return
        now = (words[0], words[1:])
        if self._before is not None and now[0] != self._before[0]:
            self._rates = self.ip.rates(self._before, now)
        elif self._before is not None:
            self._rates = {}  # the clocks stand still: it does not count
        self._before = now

    def look(self) -> Mapping[str, Any]:
        control = self.ip.registers["CONTROL"].value
        return {
            "counts": None if control is None else bool(control & r.COUNT and control & r.CLOCKS),
            "mode": self.ip.mode,
            "slots": [
                {
                    "name": slot.name,
                    "kind": "stream" if slot.is_stream else slot.protocol,
                    "rates": [["bytes", self._of(slot.name, 1)]]
                    if slot.is_stream
                    else [["read", self._of(slot.name, 0)], ["written", self._of(slot.name, 1)]],
                }
                for slot in self.ip.slots
            ],
        }

    def _of(self, name: str, which: int) -> list[Any]:
        rate = self._rates.get(name)
        return [None, "not known"] if rate is None else [rate[which], engineering(rate[which], "B/s", 3)]

    def do_start(self) -> None:
        """Counts from 0."""
        self.ip.start()

    def do_stop(self) -> None:
        """Stops counting."""
        self.ip.stop()

    def facts(self) -> Iterable[tuple[str, str]]:
        for slot in self.look()["slots"]:
            yield slot["name"], ", ".join(f"{name} {rate[1]}" for name, rate in slot["rates"])
