"""The registers of the AXI Performance Monitor.

Source: AMD PG037, AXI Performance Monitor v5.0: "Register Space", "Metrics" (offsets and bits compared with AMD's driver ``axipmon``; the
counters of the profile mode, six a slot, from memory). The trace mode has no counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynq_drivers import parameters
from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

CLOCKS_HIGH, CLOCKS_LOW = 0x0, 0x4
INTERVAL_HIGH, INTERVAL_LOW, INTERVAL_CONTROL, SAMPLE = 0x20, 0x24, 0x28, 0x2C
GLOBAL_ENABLE, INTERRUPT_ENABLE, INTERRUPT_STATUS = 0x30, 0x34, 0x38
SELECT, COUNTERS, SAMPLED, CONTROL = 0x44, 0x100, 0x200, 0x300
RANGE = 0x8

COUNT, COUNT_RESET, CLOCKS, CLOCKS_RESET = 1, 2, 1 << 16, 1 << 17
INTERVAL_RUN, INTERVAL_LOAD, RESET_BY_SAMPLE = 1, 2, 1 << 8
CLOCKS_OVER, INTERVAL_OVER, COUNTER_OVER = 1, 2, 8  # the last one shifted by the number of the counter

METRICS = {
    "write transactions": 0,
    "read transactions": 1,
    "write bytes": 2,
    "read bytes": 3,
    "write beats": 4,
    "read latency": 5,
    "write latency": 6,
    "idle slave in writes": 7,
    "idle master in reads": 8,
    "write responses": 9,
    "last write beats": 10,
    "last read beats": 11,
    "transfers": 16,
    "packets": 17,
    "stream bytes": 18,
    "position bytes": 19,
    "null bytes": 20,
    "idle slave": 21,
    "idle master": 22,
    "external events": 30,
}
PROFILE = ("write bytes", "write transactions", "write latency", "read bytes", "read transactions", "read latency")
MOST_SLOTS, MOST_COUNTERS = 8, 10


def place(start: int, number: int) -> int:
    """The offset of counter `number` in the bank at `start` (`COUNTERS` or `SAMPLED`): twelve stand together."""
    if number < 12:
        return start + 0x10 * number
    group, within = divmod(number - 12, 12)
    return (0x500 if start == COUNTERS else 0x600) + 0x200 * group + 0x10 * within


class Made:
    """What a design made of the core."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        def number(name: str, default: int) -> int:
            return parameters.integer(given, name, default)

        self.given = given
        profile, trace = bool(number("C_ENABLE_PROFILE", 0)), bool(number("C_ENABLE_TRACE", 0))
        advanced = bool(number("C_ENABLE_ADVANCED", 0 if profile or trace else 1))
        self.mode = "advanced" if advanced else "profile" if profile else "trace"
        self.slots = max(1, min(MOST_SLOTS, number("C_NUM_MONITOR_SLOTS", 1)))
        wanted = number("C_NUM_OF_COUNTERS", 4) if advanced else len(PROFILE) * self.slots if profile else 0
        self.counters = max(0, min(MOST_COUNTERS if advanced else len(PROFILE) * MOST_SLOTS, wanted))
        self.sampled = bool(number("C_HAVE_SAMPLED_METRIC_CNT", 1)) and self.counters > 0

    def protocol(self, slot: int) -> str:
        """What a slot looks at: ``'AXI4'``, ``'AXI4LITE'``, ``'AXI4S'``, …"""
        return parameters.text(self.given, f"C_SLOT_{slot}_AXI_PROTOCOL", "AXI4").upper()

    def is_stream(self, slot: int) -> bool:
        """Whether a slot looks at a stream."""
        return self.protocol(slot) in ("AXI4S", "AXIS", "AXI4-STREAM")

    def interfaces(self, slot: int) -> tuple[str, ...]:
        """The names that the slot's monitor interface may have."""
        return (f"SLOT_{slot}_AXIS",) if self.is_stream(slot) else (f"SLOT_{slot}_AXI",)


def layout(made: Made) -> tuple[Register, ...]:
    """The registers of such a core."""
    events = [("CLOCKS_OVER", 0), ("INTERVAL_OVER", 1), ("LOG_FULL", 2)]
    events += [(f"COUNTER_{n}_OVER", 3 + n) for n in range(min(made.counters, MOST_COUNTERS)) if made.mode == "advanced"]
    whole = [
        register("CLOCKS_HIGH", CLOCKS_HIGH, "R", None, "Clocks, upper half", field("COUNT", 0, 32)),
        register("CLOCKS_LOW", CLOCKS_LOW, "R", None, "Clocks, lower half", field("COUNT", 0, 32)),
        register("INTERVAL_HIGH", INTERVAL_HIGH, "RW", None, "Clocks from sample to sample, upper half", field("COUNT", 0, 32)),
        register("INTERVAL_LOW", INTERVAL_LOW, "RW", None, "Clocks from sample to sample, lower half", field("COUNT", 0, 32)),
        register(
            "INTERVAL_CONTROL",
            INTERVAL_CONTROL,
            "RW",
            0x100,
            "Samples by themselves",
            field("ENABLE", 0, 1, "A sample after each interval"),
            field("LOAD", 1, 1, "The interval begins anew"),
            field("RESET_COUNTERS", 8, 1, "A sample sets the counters to 0"),
        ),
        register(
            "SAMPLE",
            SAMPLE,
            "R",
            None,
            "A read takes a sample, and gives the clocks since the last one",
            field("CLOCKS", 0, 32, read="modify"),
        ),
        register("GLOBAL_ENABLE", GLOBAL_ENABLE, "RW", 0, "Lets interrupts reach the pin", field("ENABLE", 0)),
        register("INTERRUPT_ENABLE", INTERRUPT_ENABLE, "RW", 0, "What is an interrupt", *(field(name, bit) for name, bit in events)),
        register(
            "INTERRUPT_STATUS",
            INTERRUPT_STATUS,
            "RW",
            0,
            "What has happened",
            *(field(name, bit, write="oneToClear") for name, bit in events),
        ),
        register(
            "CONTROL",
            CONTROL,
            "RW",
            0,
            "What counts",
            field("COUNT", 0, 1, "The counters count"),
            field("RESET_COUNTERS", 1, 1, "1 holds them at 0"),
            field("ID_FILTER", 3),
            field("LOG", 8),
            field("LOG_TRIGGER", 9),
            field("CLOCKS", 16, 1, "The clocks are counted"),
            field("RESET_CLOCKS", 17, 1, "1 holds their count at 0"),
            field("RESET_LOG", 25),
        ),
    ]
    if made.mode == "advanced":
        for word in range((made.counters + 3) // 4):
            parts = []
            for n in range(4 * word, min(4 * word + 4, made.counters)):
                low = 8 * (n - 4 * word)
                parts += [field(f"METRIC_{n}", low, 5, f"What counter {n} counts"), field(f"SLOT_{n}", low + 5, 3, "And where")]
            whole.append(register(f"SELECT_{word}", SELECT + 4 * word, "RW", 0, "What the counters count", *parts))
    for n in range(made.counters):
        whole.append(register(f"COUNTER_{n}", place(COUNTERS, n), "R", None, f"Counter {n}", field("COUNT", 0, 32)))
        if made.mode == "advanced":
            whole.append(
                register(
                    f"RANGE_{n}",
                    place(COUNTERS, n) + RANGE,
                    "RW",
                    None,
                    f"What of counter {n} its incrementer counts",
                    field("LOW", 0, 16),
                    field("HIGH", 16, 16),
                )
            )
        if made.sampled:
            whole.append(register(f"SAMPLED_{n}", place(SAMPLED, n), "R", None, f"Counter {n} at the last sample", field("COUNT", 0, 32)))
    return tuple(whole)
