"""The registers of the Clocking Wizard and what its dividers make of a clock.

Source: AMD PG065, Clocking Wizard v6.0: "Register Space", "Dynamic Reconfiguration through AXI4-Lite" (offsets and bits from memory, of
the monitor compared with AMD's driver ``clk_wiz``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynq_drivers import parameters
from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

RESET, STATUS, MONITOR, INTERRUPT_STATUS, INTERRUPT_ENABLE = 0x0, 0x4, 0x8, 0xC, 0x10
FEEDBACK, FEEDBACK_PHASE, OUTPUTS, LOAD = 0x200, 0x204, 0x208, 0x25C
STRIDE = 0xC
RESET_WORD = 0xA
LOCKED = 1
START, OWN = 1, 2  # of the load register: go, and with what is in the registers (else with the design's values)
MOST_OUTPUTS = 7
FINE = 0.125  # steps of the first output's divider and of the multiplier, of an MMCM
EVENTS = ("OVER", "UNDER", "GLITCH", "STOP")


class Made:
    """What a design made of the core."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.reconfigurable = self._flag("USE_DYN_RECONFIG") and not self._flag("USE_PHASE_DUTY_CONFIG")
        self.monitor = self._flag("ENABLE_CLOCK_MONITOR")
        self.source = self._number("PRIM_IN_FREQ", 100.0) * 1e6
        self.pll = parameters.text(given, "C_PRIMITIVE", parameters.text(given, "PRIMITIVE", "MMCM")).upper() == "PLL"
        self.outputs = max(1, min(MOST_OUTPUTS, parameters.integer(given, "C_NUM_OUT_CLKS", parameters.integer(given, "NUM_OUT_CLKS", 1))))
        self.vco = (self._number("VCO_MIN", 600.0) * 1e6, self._number("VCO_MAX", 1200.0) * 1e6)
        self.multiply = self._number("PLL_CLKFBOUT_MULT" if self.pll else "MMCM_CLKFBOUT_MULT_F", 10.0)
        self.divide = int(self._number("PLL_DIVCLK_DIVIDE" if self.pll else "MMCM_DIVCLK_DIVIDE", 1))
        self.dividers = tuple(self._divider(index) for index in range(self.outputs))

    def _text(self, name: str) -> str:
        return parameters.text(self.given, f"C_{name}") or parameters.text(self.given, name)

    def _flag(self, name: str) -> bool:
        return bool(parameters.integer({name: self._text(name)}, name, 0))

    def _number(self, name: str, default: float) -> float:
        text = self._text(name)
        try:
            return float(text) if text else default
        except ValueError:
            raise ValueError(f"Parameter {name} of the Clocking Wizard should be a number, but the design says {text!r}") from None

    def _divider(self, index: int) -> float:
        name = f"PLL_CLKOUT{index}_DIVIDE" if self.pll else f"MMCM_CLKOUT{index}_DIVIDE{'_F' if index == 0 else ''}"
        return self._number(name, 1.0)

    def asked(self, index: int) -> float:
        """The frequency that the designer asked for, in Hz; output 0 is ``clk_out1``."""
        return self._number(f"CLKOUT{index + 1}_REQUESTED_OUT_FREQ", 100.0) * 1e6

    def got(self, index: int) -> float:
        """The frequency that the design's dividers make, in Hz."""
        return self._number(f"CLKOUT{index + 1}_OUT_FREQ", self.source * self.multiply / self.divide / self.dividers[index] / 1e6) * 1e6

    def port(self, index: int) -> str:
        """The name of the output's pin."""
        return self._text(f"CLK_OUT{index + 1}_PORT") or f"clk_out{index + 1}"

    def phase(self, index: int) -> float:
        """Degrees."""
        return self._number(f"CLKOUT{index + 1}_PHASE", 0.0)

    def duty(self, index: int) -> float:
        """Percent of the period for which the output is high."""
        return self._number(f"CLKOUT{index + 1}_DUTY_CYCLE", 50.0)


def parted(value: float) -> tuple[int, int]:
    """The whole part and the thousandths of a divider or a multiplier."""
    thousandths = round(value * 1000)
    return thousandths // 1000, thousandths % 1000


def feedback(multiply: float, divide: int) -> int:
    """The word of the common divider and the multiplier."""
    whole, fraction = parted(multiply)
    return fraction << 16 | whole << 8 | divide


def output(divider: float) -> int:
    """The word of an output's divider."""
    whole, fraction = parted(divider)
    return fraction << 8 | whole


def multiplier_of(word: int) -> tuple[float, int]:
    """Multiplier and common divider of a word."""
    return (word >> 8 & 0xFF) + (word >> 16 & 0x3FF) / 1000, word & 0xFF


def divider_of(word: int) -> float:
    """The divider of an output's word."""
    return (word & 0xFF) + (word >> 8 & 0x3FF) / 1000


def layout(made: Made) -> tuple[Register, ...]:
    """The registers of a core that a design has made so."""
    whole = [
        register("RESET", RESET, "W", None, "0xA resets the core", field("KEY", 0, 4)),
        register("STATUS", STATUS, "R", None, "How the clocks are", field("LOCKED", 0, 1, "The clocks are those that were asked for")),
    ]
    if made.monitor:
        events = [(f"CLOCK_{clock}_{event}", 4 * bit + clock) for bit, event in enumerate(EVENTS) for clock in range(4)]
        whole += [
            register(
                "MONITOR", MONITOR, "R", 0, "What is wrong with the clocks that are watched", *(field(name, bit) for name, bit in events)
            ),
            register(
                "INTERRUPT_STATUS",
                INTERRUPT_STATUS,
                "RW",
                0,
                "What has gone wrong with them",
                *(field(name, bit, write="oneToClear") for name, bit in events),
            ),
            register(
                "INTERRUPT_ENABLE", INTERRUPT_ENABLE, "RW", 0, "What of it is an interrupt", *(field(name, bit) for name, bit in events)
            ),
        ]
    if made.reconfigurable:
        whole += [
            register(
                "FEEDBACK",
                FEEDBACK,
                "RW",
                feedback(made.multiply, made.divide),
                "Multiplier and common divider",
                field("DIVIDE", 0, 8, "The source is divided by"),
                field("MULTIPLY", 8, 8, "And multiplied by"),
                field("MULTIPLY_FRACTION", 16, 10, "And so many thousandths"),
            ),
            register("FEEDBACK_PHASE", FEEDBACK_PHASE, "RW", 0, "Phase of the feedback, in thousandths of a degree", field("PHASE", 0, 32)),
        ]
        for index in range(made.outputs):
            at = OUTPUTS + STRIDE * index
            fraction = (field("DIVIDE_FRACTION", 8, 10, "And so many thousandths"),) if index == 0 else ()
            divide = field("DIVIDE", 0, 8, "The oscillator is divided by")
            phase, duty = round(made.phase(index) * 1000) & 0xFFFF_FFFF, round(made.duty(index) * 1000)
            whole += [
                register(
                    f"OUTPUT_{index + 1}", at, "RW", output(made.dividers[index]), f"Divider of {made.port(index)}", divide, *fraction
                ),
                register(f"OUTPUT_{index + 1}_PHASE", at + 4, "RW", phase, "Thousandths of a degree", field("PHASE", 0, 32)),
                register(f"OUTPUT_{index + 1}_DUTY", at + 8, "RW", duty, "Thousandths of a percent", field("DUTY", 0, 32)),
            ]
        whole.append(
            register(
                "LOAD",
                LOAD,
                "RW",
                0,
                "Puts the dividers to work",
                field("START", 0, 1, "1: now; clears itself when they work"),
                field("OWN", 1, 1, "1: those of the registers; 0: those of the design"),
            )
        )
    return tuple(whole)
