"""IP that counts clocks: how fast they are, by the design or by who knows better."""

from __future__ import annotations

from pynq_widgets.overlay import DefaultIP


class Clocked(DefaultIP):
    """An IP whose driver tells times: `clock_pin` is the pin of the clock that it counts."""

    clock_pin = "s_axi_aclk"
    clock_name = "clock"
    _frequency: float | None = None

    @property
    def frequency(self) -> float:
        """Of the clock that is counted, in Hz; settable. Raises ``ValueError`` where the design does not say it and nobody has."""
        if self._frequency is None:
            module = self.description.get("module")
            port = module.ports.get(self.clock_pin) if module is not None else None
            found = port.frequency if port is not None else None
            if not found:
                raise ValueError(
                    f"The design does not say how fast the {self.clock_name} of {self._fullpath} is: set its frequency (in Hz) first"
                )
            self._frequency = float(found)
        return self._frequency

    @frequency.setter
    def frequency(self, hertz: float) -> None:
        if not hertz > 0:
            raise ValueError(f"The frequency of {self._fullpath} must be more than 0 Hz, not {hertz!r}")
        self._frequency = float(hertz)
