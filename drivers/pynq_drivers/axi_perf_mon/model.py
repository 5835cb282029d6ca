"""What the AXI Performance Monitor does, for the simulated device: counts what its masters and streams really move.

Source: AMD PG037, AXI Performance Monitor v5.0: "Register Space", "Metrics". The simulation knows accesses and bytes of masters in the
logic and bytes of streams; an access counts as one transaction, whatever bursts it would be. Other metrics (latencies, idle clocks),
and what processors do, are told from outside with `count`.
"""

from __future__ import annotations

from typing import Any

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r

WRAP = 1 << 32


class PerformanceMonitorModel(RegisterModel):
    """``model.count(0, 'read bytes', 4096)`` is traffic over slot 0 that the simulation does not know by itself."""

    def __init__(self, context: ModelContext) -> None:
        self._made = r.Made(context.module.parameters)
        super().__init__(context, r.layout(self._made))
        pins = [name for name in ("core_aclk", "s_axi_aclk") if name in context.module.ports]
        self._frequency = context.frequency(pins[0] if pins else "core_aclk")
        self._told: dict[tuple[int, str], int] = {}
        self._base = [0] * self._made.counters  # of each counter, what its metric stood at when it began
        self._held = [0] * self._made.counters  # what it had when it stopped
        self._over: set[int] = set()
        self._clocks_base: float | None = None
        self._clocks_held = 0
        self._sampled_at = context.clock.now()
        self._plan: Any = None
        self.file.poke(r.INTERVAL_CONTROL, r.RESET_BY_SAMPLE)

    # What the world does.

    def count(self, slot: int, metric: str, amount: int) -> None:
        """So much of a metric over a slot, beside what the simulation knows; ValueError for a slot or metric that there is not."""
        if slot not in range(self._made.slots) or metric not in r.METRICS:
            raise ValueError(f"{self.context.path} has the slots 0 to {self._made.slots - 1} and not {metric!r} at {slot!r}")
        with self.context.from_outside():
            self._told[slot, metric] = self._told.get((slot, metric), 0) + amount
            self._settle()

    def _known(self, slot: int, metric: str) -> int:
        traffic = self.context.traffic(self._made.interfaces(slot)[0])
        whole = {
            "write transactions": traffic.writes,
            "read transactions": traffic.reads,
            "write bytes": traffic.bytes_written,
            "read bytes": traffic.bytes_read,
            "stream bytes": traffic.bytes_written,
        }
        return whole.get(metric, 0) + self._told.get((slot, metric), 0)

    # What it counts.

    def _chosen(self, number: int) -> tuple[int, str]:
        if self._made.mode == "profile":
            slot, which = divmod(number, len(r.PROFILE))
            return slot, r.PROFILE[which]
        byte = self.file.peek(r.SELECT + 4 * (number // 4)) >> 8 * (number % 4)
        names = {code: name for name, code in r.METRICS.items()}
        return byte >> 5 & 7, names.get(byte & 0x1F, "")

    def _stands(self, number: int) -> int:
        slot, metric = self._chosen(number)
        return self._known(slot, metric) if slot < self._made.slots else 0

    def _counter(self, number: int) -> int:
        control = self.file.peek(r.CONTROL)
        if control & r.COUNT_RESET:
            return 0
        running = self._stands(number) - self._base[number] if control & r.COUNT else 0
        return self._held[number] + running

    def _clocks(self) -> int:
        if self._clocks_base is None:
            return self._clocks_held
        return self._clocks_held + int((self.context.clock.now() - self._clocks_base) * self._frequency + 0.5)

    def _settle(self) -> None:
        """Counters that have wrapped are noted."""
        for number in range(min(self._made.counters, r.MOST_COUNTERS)):
            if self._made.mode == "advanced" and self._counter(number) >= WRAP and number not in self._over:
                self._over.add(number)
                self.file.set_bits(r.INTERRUPT_STATUS, r.COUNTER_OVER << number)
        self._tell()

    def _tell(self) -> None:
        pending = self.file.peek(r.INTERRUPT_STATUS) & self.file.peek(r.INTERRUPT_ENABLE)
        self.context.interrupt("interrupt").set(int(bool(pending and self.file.peek(r.GLOBAL_ENABLE) & 1)))

    def _begin(self, number: int) -> None:
        self._base[number], self._held[number] = self._stands(number), 0
        self._over.discard(number)

    def _sample(self) -> int:
        """Takes a sample; the clocks since the last one."""
        now = self.context.clock.now()
        clocks, self._sampled_at = int((now - self._sampled_at) * self._frequency + 0.5), now
        for number in range(self._made.counters):
            if self._made.sampled:
                self.file.poke(r.place(r.SAMPLED, number), self._counter(number) % WRAP)
            if self.file.peek(r.INTERVAL_CONTROL) & r.RESET_BY_SAMPLE:
                self._begin(number)
        return clocks % WRAP

    # What the bus does.

    def reading(self, offset: int) -> None:
        self._settle()
        if offset in (r.CLOCKS_HIGH, r.CLOCKS_LOW):
            clocks = self._clocks()
            self.file.poke(offset, clocks >> 32 if offset == r.CLOCKS_HIGH else clocks % WRAP)
        elif offset == r.SAMPLE:
            self.file.poke(offset, self._sample())
        else:
            for number in range(self._made.counters):
                if offset == r.place(r.COUNTERS, number):
                    self.file.poke(offset, self._counter(number) % WRAP)

    def write(self, interface: str, offset: int, value: int) -> None:
        held = [self._counter(number) for number in range(self._made.counters)]
        clocks = self._clocks()
        super().write(interface, offset, value)
        if offset == r.CONTROL:
            self._control(value, held, clocks)
        elif r.SELECT <= offset < r.SELECT + 0xC:
            for number in range(self._made.counters):
                self._base[number], self._held[number] = self._stands(number), held[number]
        elif offset == r.INTERVAL_CONTROL:
            self._arm()
        self._tell()

    def _control(self, value: int, held: list[int], clocks: int) -> None:
        for number in range(self._made.counters):
            self._begin(number)
            self._held[number] = 0 if value & r.COUNT_RESET else held[number]
        self._clocks_held = 0 if value & r.CLOCKS_RESET else clocks
        runs = value & r.CLOCKS and not value & r.CLOCKS_RESET
        self._clocks_base = self.context.clock.now() if runs else None

    def _arm(self) -> None:
        """A sample by itself after each interval, where that is asked for."""
        if self._plan is not None:
            self._plan.cancel()
            self._plan = None
        interval = self.file.peek(r.INTERVAL_HIGH) << 32 | self.file.peek(r.INTERVAL_LOW)
        if self.file.peek(r.INTERVAL_CONTROL) & r.INTERVAL_RUN and interval:
            self._plan = self.context.clock.call_later(interval / self._frequency, self._expired)

    def _expired(self) -> None:
        self._sample()
        self.file.set_bits(r.INTERRUPT_STATUS, r.INTERVAL_OVER)
        self._tell()
        self._arm()
