"""What software does with the AXI Performance Monitor: says how much goes over the buses that it looks at.

Source: AMD PG037, AXI Performance Monitor v5.0: "Register Space", "Metrics", "Profile Mode", "Advanced Mode".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.traits import Bit, Word

from . import registers as r

WRAP = 1 << 32


class Slot(NamedTuple):
    """One bus that is looked at: `watched` is its master (``'filter/dma.M_AXI_MM2S'``), empty where the design does not tell."""

    number: int
    protocol: str
    watched: str

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream."""
        return self.protocol in ("AXI4S", "AXIS", "AXI4-STREAM")

    @property
    def name(self) -> str:
        """What stands for it in tables."""
        return self.watched or f"slot {self.number}"


class Rate(NamedTuple):
    """Bytes a second over one bus."""

    read: float
    written: float


class PerformanceMonitor(DefaultIP):
    """AXI Performance Monitor: ``monitor.start()``, then ``monitor.bandwidth()``.

    Attributes
    ----------
    slots : list of Slot
        The buses that it looks at.
    mode : str
        ``'advanced'`` (counters that one chooses) or ``'profile'`` (six fixed ones a slot).
    frequency : float
        Of the clock that it counts, in Hz: the design's.
    """

    bindto = ["xilinx.com:ip:axi_perf_mon:5.0"]
    slots: list[Slot]
    mode: str

    counting = Bit("CONTROL", "COUNT", help="The counters count")
    clocks = Word("CLOCKS_LOW", access="read-only", unit="clocks", help="Clocks since the start, lower half")

    # What has happened is no setting, and resets are none.
    configuration = {"INTERRUPT_STATUS": False}
    restore_order = ("CONTROL.COUNT", "CONTROL.CLOCKS")

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers of the mode that the design has chosen."""
        return r.layout(r.Made(description.get("parameters") or {}))

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._made = made = r.Made(description.get("parameters") or {})
        if made.mode == "trace":
            raise UnsupportedConfiguration("it is in trace mode, in which it has no counters: its events leave by a stream")
        self.mode = made.mode
        self.slots = [Slot(number, made.protocol(number), self._watched(number)) for number in range(made.slots)]
        self._chosen = self._usual()
        self._last: tuple[int, list[int]] | None = None

    def _watched(self, number: int) -> str:
        module, design = self.description.get("module"), self.description.get("design")
        names = {name.upper(): each for name, each in (module.buses if module is not None else {}).items()}
        bus = next((names[name].bus for name in self._made.interfaces(number) if name in names), None)
        if bus is None or design is None:
            return ""
        for path, other in design.modules.items():
            for name, each in other.buses.items():
                if each.bus == bus and each.mode == "master" and path != self._fullpath:
                    return f"{path}.{name}"
        return ""

    def _usual(self) -> list[tuple[int, str]]:
        """What each counter counts: fixed in profile mode, else the bytes of as many slots as there are counters for."""
        if self.mode == "profile":
            return [(slot.number, metric) for slot in self.slots for metric in r.PROFILE]
        wanted = [
            (slot.number, metric)
            for slot in self.slots
            for metric in (("stream bytes",) if slot.is_stream else ("read bytes", "write bytes"))
        ]
        return wanted[: self._made.counters]

    @property
    def frequency(self) -> float:
        """Of the clock that it counts, in Hz."""
        module = self.description.get("module")
        for name in ("core_aclk", "s_axi_aclk"):
            port = module.ports.get(name) if module is not None else None
            if port is not None and port.frequency:
                return float(port.frequency)
        raise ValueError(f"The design does not say how fast the clock of {self._fullpath} is")

    @property
    def counted(self) -> list[tuple[int, str]]:
        """What each counter counts: (slot, metric)."""
        return list(self._chosen)

    def choose(self, counter: int, slot: int, metric: str) -> None:
        """Has a counter count something else, from 0; ValueError for what there is not, RuntimeError in profile mode."""
        if self.mode != "advanced":
            raise RuntimeError(f"the counters of {self._fullpath} are fixed in this design (profile mode)")
        if counter not in range(self._made.counters):
            raise ValueError(f"{self._fullpath} has the counters 0 to {self._made.counters - 1}, not {counter!r}")
        if slot not in range(len(self.slots)):
            raise ValueError(f"{self._fullpath} has the slots 0 to {len(self.slots) - 1}, not {slot!r}")
        if metric not in r.METRICS:
            raise ValueError(f"{metric!r} is not one of {', '.join(map(repr, r.METRICS))}")
        while len(self._chosen) <= counter:
            self._chosen.append((0, "write transactions"))
        self._chosen[counter] = (slot, metric)
        with self.device.lock:
            self._select()
            control = self.read(r.CONTROL)
            self.write(r.CONTROL, control | r.COUNT_RESET)
            self.write(r.CONTROL, control & ~r.COUNT_RESET)
        self._last = None

    def _select(self) -> None:
        if self.mode != "advanced":
            return
        words: dict[int, int] = {}
        for number, (slot, metric) in enumerate(self._chosen):
            words[number // 4] = words.get(number // 4, 0) | (slot << 5 | r.METRICS[metric]) << 8 * (number % 4)
        for word, value in words.items():
            self.write(r.SELECT + 4 * word, value)

    def start(self) -> None:
        """Counts from 0."""
        with self.device.lock:
            self.write(r.CONTROL, r.COUNT_RESET | r.CLOCKS_RESET)
            self._select()
            self.write(r.CONTROL, r.COUNT | r.CLOCKS)
        self._last = None

    def stop(self) -> None:
        """Stops counting; the counters stay as they are."""
        with self.device.lock:
            self.write(r.CONTROL, self.read(r.CONTROL) & ~(r.COUNT | r.CLOCKS))

    def counters(self) -> dict[tuple[int, str], int]:
        """What each counter has counted, by (slot, metric); they wrap at 32 bits."""
        return {chosen: self.read(r.place(r.COUNTERS, number)) for number, chosen in enumerate(self._chosen)}

    def sample(self) -> tuple[int, dict[tuple[int, str], int]]:
        """All counters at one moment, and the clocks since the last sample. The sample sets them to 0 where ``RESET_COUNTERS`` says so."""
        if not self._made.sampled:
            raise RuntimeError(f"{self._fullpath} has no sampled counters in this design: counters() reads them one by one")
        with self.device.lock:
            clocks = self.read(r.SAMPLE)
            found = {chosen: self.read(r.place(r.SAMPLED, number)) for number, chosen in enumerate(self._chosen)}
        return clocks, found

    def bandwidth(self, seconds: float = 0.1) -> dict[str, Rate]:
        """Bytes a second over each bus, by its name, of the next `seconds`. The counters themselves are not disturbed."""
        if not self.counting:
            raise RuntimeError(f"{self._fullpath} does not count: call start() first")
        first = self._looked()
        self.device.clock.sleep(seconds)
        return self.rates(first, self._looked())

    def _looked(self) -> tuple[int, list[int]]:
        with self.device.lock:
            return self.read(r.CLOCKS_LOW), [self.read(r.place(r.COUNTERS, number)) for number in range(len(self._chosen))]

    def rates(self, before: tuple[int, list[int]], after: tuple[int, list[int]]) -> dict[str, Rate]:
        """Bytes a second between two looks at (clocks, counters), over each bus whose bytes are counted."""
        clocks = (after[0] - before[0]) % WRAP
        counted = {chosen: (new - old) % WRAP for chosen, old, new in zip(self._chosen, before[1], after[1], strict=True)}
        found = {}
        for slot in self.slots:
            read = counted.get((slot.number, "read bytes"))
            written = counted.get((slot.number, "stream bytes" if slot.is_stream else "write bytes"))
            if read is not None or written is not None:
                scale = self.frequency / clocks if clocks else 0.0
                found[slot.name] = Rate((read or 0) * scale, (written or 0) * scale)
        return found

    @property
    def interrupt_pin(self) -> Any:
        """The interrupt; None where it is not connected."""
        return self["interrupt"] if "interrupt" in self._interrupts else None

    def panel(self) -> Any:
        """Bars of what goes over each bus."""
        from .panel import PerformancePanel

        return PerformancePanel.of(self)
