"""What software does with AXI Timer: one-shot, periodic, captured and pulse-width-modulated, in seconds.

Source: AMD PG079, AXI Timer v2.0: "Register Space", "Generate Mode", "Capture Mode", "Pulse Width Modulation (PWM) Mode", "Cascade Mode"
(counting down, an interval is (TLR + 2) clocks; in cascade (TLR + 4)).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from pynq_drivers import parameters
from pynq_drivers.axi_timer.counting import Counter, period_of
from pynq_drivers.axi_timer.registers import ARHT, ENALL, GENT, PWMA, STRIDE, TCSR, TLR, UDT, layout
from pynq_drivers.axi_timer.wave import Wave, wave_of
from pynq_drivers.clocked import Clocked
from pynq_widgets.overlay.traits import Bit, Word


class AxiTimer(Clocked):
    """AXI Timer: ``timer.timer0.one_shot(0.5)``, ``await timer.timer0.wait_async()``, ``timer.pwm(frequency=1e3, duty=0.25)``.

    Attributes
    ----------
    timer0 : Counter
    timer1 : Counter or None
        None where the core has one counter only.
    cascade : Counter or None
        Both as one counter of 64 bits.
    frequency : float
        Of the counters' clock, in Hz; the design's, unless it is set (after the clock was changed, for instance).
    """

    bindto = ["xilinx.com:ip:axi_timer:2.0"]

    # What designs do not tell: that the counts are clocks, and that a 1 clears T0INT. By name, since a core may have one only.
    load0 = Word("TLR0", unit="clocks", help="What timer 0 starts from")
    count0 = Word("TCR0", access="read-only", unit="clocks", help="Where timer 0 stands")
    expired0 = Bit("TCSR0", "T0INT", onwrite="1-to-clear", help="Timer 0 has come to its end, or captured; True clears it")
    load1 = Word("TLR1", unit="clocks", help="What timer 1 starts from")
    count1 = Word("TCR1", access="read-only", unit="clocks", help="Where timer 1 stands")
    expired1 = Bit("TCSR1", "T1INT", onwrite="1-to-clear", help="Timer 1 has come to its end, or captured; True clears it")

    # Overlay.restore sets these after all others: from then on the counters run.
    restore_order: ClassVar[tuple[str, ...]] = ("TCSR1.ENT1", "TCSR0.ENT0", "TCSR1.ENALL", "TCSR0.ENALL")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        width = parameters.integer(given, "C_COUNT_WIDTH", 32)
        both = not parameters.integer(given, "C_ONE_TIMER_ONLY", 0)
        self.timer0 = Counter(self, 0, width, (0,))
        self.timer1 = Counter(self, 1, width, (STRIDE,)) if both else None
        self.cascade = Counter(self, 0, 64, (0, STRIDE)) if both and width == 32 else None

    @cached_property
    def interrupt_pin(self) -> Any:
        """The core's interrupt; None where it is not connected, or the device has no way to it."""
        return self["interrupt"] if "interrupt" in self._interrupts else None

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers that the core's parameters give it, for designs that list none."""
        given = description.get("parameters") or {}
        counters = 1 if parameters.integer(given, "C_ONE_TIMER_ONLY", 0) else 2
        return layout(counters, parameters.integer(given, "C_COUNT_WIDTH", 32))

    def pwm(self, period: float | None = None, duty: float = 0.5, *, frequency: float | None = None) -> None:
        """Puts a wave on the output ``pwm0``: `period` in seconds or `frequency` in Hz, `duty` the part of it (0 to 1, both exclusive) for
        which it is high. A wave that runs begins anew.

        Raises ValueError for a period or a pulse that the counters cannot do, RuntimeError where the core has one counter only.
        """
        if self.timer1 is None:
            raise RuntimeError(f"{self._fullpath} has one counter only in this design: pwm0 needs both (Enable Timer 2)")
        period = period_of(f"{self._fullpath}.pwm()", period, frequency)
        if not 0 < duty < 1:
            raise ValueError(f"The duty cycle is the high part of the period, between 0 and 1, not {duty!r}; stop() holds the output low")
        mode = PWMA | GENT | UDT | ARHT
        counts = [counter.ticks(seconds) - 2 for counter, seconds in ((self.timer0, period), (self.timer1, period * duty))]
        if counts[1] >= counts[0]:
            raise ValueError(f"A pulse of {period * duty:g} s in {period:g} s leaves no clock of {self.frequency:g} Hz for the low part")
        with self.device.lock:
            for counter, count in zip((self.timer0, self.timer1), counts, strict=True):
                counter._load(count, mode)
            self.write(TCSR, mode | ENALL)  # starts both at the same clock

    @property
    def wave(self) -> Wave | None:
        """The wave on ``pwm0`` as the registers have it (`period`, `high`, `duty`, `frequency`); None where they make none. Four reads."""
        if self.timer1 is None:
            return None
        with self.device.lock:
            controls = (self.read(TCSR), self.read(STRIDE + TCSR))
            loads = (self.read(TLR), self.read(STRIDE + TLR))
        return wave_of(controls, loads, (1 << self.timer0._width) - 1, self.frequency)

    def panel(self) -> Any:
        """A dial for each count, and the wave of the PWM with its period and duty."""
        from pynq_drivers.axi_timer.panel import TimerPanel

        return TimerPanel.of(self)

    def stop(self) -> None:
        """Stops both counters."""
        for counter in (self.timer0, self.timer1):
            if counter is not None:
                counter.stop()
