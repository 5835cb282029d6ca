"""The wave on ``pwm0``.

Source: AMD PG079, AXI Timer v2.0, "Pulse Width Modulation (PWM) Mode": with both counters in that mode, counting down, a period is TLR0 + 2
clocks and the output is high for TLR1 + 2 of them; counting up, MAX - TLR + 2.
"""

from __future__ import annotations

from typing import NamedTuple

from pynq_drivers.axi_timer.registers import ARHT, CASC, ENT, GENT, LOAD, MDT, PWMA, UDT


class Wave(NamedTuple):
    """A pulse-width-modulated output: ``period`` and ``high`` in seconds."""

    period: float
    high: float

    @property
    def duty(self) -> float:
        """The part of the period for which the output is high, 0 to 1."""
        return min(self.high / self.period, 1.0)

    @property
    def frequency(self) -> float:
        """In Hz."""
        return 1 / self.period


def is_pwm(controls: tuple[int, ...]) -> bool:
    """Whether counters whose TCSR hold `controls` make a wave."""
    needed = PWMA | GENT | ENT | ARHT
    return len(controls) == 2 and not controls[0] & CASC and all(each & (needed | MDT | LOAD) == needed for each in controls)


def wave_of(controls: tuple[int, ...], loads: tuple[int, ...], top: int, frequency: float) -> Wave | None:
    """The wave of these TCSR and TLR, of counters that reach `top`, at a clock of `frequency` Hz; None where they make none."""
    if not is_pwm(controls):
        return None
    clocks = [(load if control & UDT else top - load) + 2 for control, load in zip(controls, loads, strict=True)]
    return Wave(clocks[0] / frequency, clocks[1] / frequency)
