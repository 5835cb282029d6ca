"""What software does with AXI INTC: its inputs, which are active, enabled, pending, and how often each came.

Whoever waits for an interrupt needs none of this: `pynq_widgets.access.Interrupt` drives the controller for them.

Source: AMD PG099, AXI Interrupt Controller v4.1: "Register Space", "Interrupt Types" (level and edge), "Software Interrupts",
"Cascade Mode", "Fast Interrupt Mode".
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynq_drivers import parameters
from pynq_drivers.axi_intc import registers as r
from pynq_drivers.axi_intc.heard import Heard
from pynq_widgets.access.errors import near_names
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Word

KINDS = ("high level", "low level", "rising edge", "falling edge", "software")


@dataclass(frozen=True)
class Line:
    """One input of the controller: where it comes from (None: nothing that the design names), how it is sensed, and its state."""

    index: int
    source: str | None
    edge: bool
    active: bool
    enabled: bool
    kind: str = KINDS[0]
    """How it is sensed: one of `KINDS`. A level comes back after it was acknowledged while it stays; an edge is latched, once."""
    fast: bool = False
    """In fast mode the processor (a MicroBlaze) jumps to the input's own vector and acknowledges by wires."""
    count: int = 0
    """How often it was taken for somebody who waited, as far as the driver has heard."""

    @property
    def pending(self) -> bool:
        """Active and enabled: the controller asks for attention because of it."""
        return self.active and self.enabled

    @property
    def name(self) -> str:
        """Where it comes from, or what it is."""
        return self.source or ("software" if self.kind == KINDS[4] else "not connected")


class AxiIntc(DefaultIP):
    """AXI INTC: which inputs there are, which are active, enabled and pending, and how often each came. Looking changes nothing.

    To wait for an interrupt, wait at the IP that raises it: ``await overlay.timer.interrupt.wait()``. That enables and acknowledges by
    itself. `enable`, `disable`, `acknowledge` and `trigger` are for whoever works the controller by hand.
    """

    bindto = ["xilinx.com:ip:axi_intc:4.1", "xilinx.com:ip:axi_intc:4.0"]

    # Given by their offsets: some designs list no registers of the controller.
    active = Word(r.ISR, help="The inputs that are active or latched, a bit each")
    enabled = Word(r.IER, help="The inputs that are enabled, a bit each")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        self._hardware, self._software = r.inputs(given)
        self._count = min(32, self._hardware + self._software)
        self._edges = parameters.integer(given, "C_KIND_OF_INTR", 0xFFFFFFFF)
        self._rising = parameters.integer(given, "C_KIND_OF_EDGE", 0xFFFFFFFF)
        self._high = parameters.integer(given, "C_KIND_OF_LVL", 0xFFFFFFFF)
        self._has = {name: parameters.integer(given, f"C_HAS_{name}", 1) != 0 for name in ("SIE", "CIE")}
        self._fast = parameters.integer(given, "C_HAS_FAST", 0) != 0
        self._cascades = parameters.integer(given, "C_EN_CASCADE_MODE", 0) != 0
        self._first = parameters.integer(given, "C_CASCADE_MASTER", 0) != 0
        self.heard = Heard(self.device, self._fullpath, self._count)

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers that the core's parameters give it, for designs that list none."""
        return r.layout(description.get("parameters") or {})

    def __len__(self) -> int:
        """How many inputs the controller has."""
        return self._count

    def __bool__(self) -> bool:
        return True

    # What the design says.

    @property
    def sources(self) -> dict[int, str]:
        """Input index to what drives it as the design has it: ``'ip/pin'``, or another controller."""
        design = self.description.get("design")
        found = {line.index: line.path for line in getattr(design, "interrupts", ()) if line.controller == self._fullpath}
        return {**found, **self.controllers}

    @property
    def controllers(self) -> dict[int, str]:
        """Input index to the controller whose output arrives there."""
        design = self.description.get("design")
        return {each.index: each.path for each in getattr(design, "controllers", ()) if each.parent == self._fullpath}

    @property
    def parent(self) -> str | None:
        """The controller at which this one's output arrives; None straight at the processor."""
        design = self.description.get("design")
        return next((each.parent for each in getattr(design, "controllers", ()) if each.path == self._fullpath), None)

    @property
    def cascade(self) -> str:
        """How the core was built to stand in a chain of controllers: ``'first'`` (at the processor), ``'further'``, or ``''``: not.

        In that mode the next controller arrives at input 31. Controllers that are chained by wires alone have a `parent` and no mode.
        """
        return "" if not self._cascades else "first" if self._first else "further"

    @property
    def is_fast(self) -> bool:
        """Whether the core was built with the fast mode, in which each input may lead to a vector of its own."""
        return self._fast

    def kind_of(self, line: int | str) -> str:
        """How an input is sensed: one of `KINDS`."""
        index = self._index(line)
        if index >= self._hardware:
            return KINDS[4]
        edge = self._edges >> index & 1
        return KINDS[2 * edge + (1 - ((self._rising if edge else self._high) >> index & 1))]

    # What it stands at.

    @property
    def pending(self) -> int:
        """The inputs that are active and enabled, a bit each; two bus reads (IPR need not be there)."""
        with self.device.lock:
            return int(self.active & self.enabled)

    @property
    def listening(self) -> bool:
        """Whether inputs are taken (MER.HIE) and the request output is on (MER.ME); one bus read."""
        return self.read(r.MER) & 3 == 3

    @property
    def fast_lines(self) -> int:
        """The inputs in fast mode, a bit each; one bus read, none where the core has no such mode."""
        return self.read(r.IMR) if self._fast else 0

    def vector(self, line: int | str) -> int:
        """Where the processor jumps for an input in fast mode. RuntimeError where the core has no such mode."""
        index = self._index(line)
        if not self._fast:
            raise RuntimeError(f"{self._fullpath} has no fast mode in this design (C_HAS_FAST), so its inputs have no vectors")
        return self.read(r.IVAR + 4 * index)

    @property
    def lines(self) -> list[Line]:
        """Every input with its source and state; two bus reads (three where there is a fast mode)."""
        with self.device.lock:
            active, enabled, fast = self.active, self.enabled, self.fast_lines
        return self.lines_of(active, enabled, fast)

    def lines_of(self, active: int, enabled: int, fast: int = 0) -> list[Line]:
        """Every input as it is where ISR, IER and IMR hold these words; reads nothing."""
        sources, counts = self.sources, self.heard.counts
        found = []
        for index in range(self._count):
            edge = index < self._hardware and bool(self._edges >> index & 1)
            bits = [bool(word >> index & 1) for word in (active, enabled, fast)]
            found.append(Line(index, sources.get(index), edge, bits[0], bits[1], self.kind_of(index), bits[2], counts[index]))
        return found

    # By hand.

    def enable(self, *lines: int | str) -> None:
        """Enable inputs, by their index or by what drives them (``'timer'``, ``'timer/interrupt'``)."""
        mask = self._mask(lines, "enable")
        if self._has["SIE"]:
            self.write(r.SIE, mask)
            return
        with self.device.lock:
            self.write(r.IER, self.read(r.IER) | mask)

    def disable(self, *lines: int | str) -> None:
        """Disable inputs, named as in `enable`. Whoever waits for one of them is not told any more."""
        mask = self._mask(lines, "disable")
        if self._has["CIE"]:
            self.write(r.CIE, mask)
            return
        with self.device.lock:
            self.write(r.IER, self.read(r.IER) & ~mask)

    def acknowledge(self, *lines: int | str) -> None:
        """Clear what is latched of inputs. A level that is still there comes back at once; an edge is gone."""
        self.write(r.IAR, self._mask(lines, "acknowledge"))

    def listen(self) -> None:
        """Take inputs, and switch the output on: MER. Inputs are taken until the core is reset."""
        self.write(r.MER, r.ME | r.HIE)

    def trigger(self, *lines: int | str) -> None:
        """Raise software interrupts: inputs that no pin drives; before `listen`, those of pins too, to try what hangs on them.

        Raises RuntimeError, and writes nothing, for an input of a pin once the pins are taken: then only its pin raises it.
        """
        mask = self._mask(lines, "trigger")
        with self.device.lock:
            pins = [index for index in range(self._hardware) if mask >> index & 1]
            if pins and self.read(r.MER) & r.HIE:
                own = f"{self._hardware} to {self._count - 1}" if self._software else "none in this design (C_NUM_SW_INTR)"
                raise RuntimeError(
                    f"{self._fullpath}: input {pins[0]} is a pin's, and only its pin raises it once inputs are taken (MER.HIE); "
                    f"those of software are {own}"
                )
            # Only what software may set is written back: what pins latched meanwhile would not be, and need not.
            self.write(r.ISR, self.read(r.ISR) | mask)

    def _mask(self, lines: tuple[int | str, ...], verb: str) -> int:
        if not lines:
            raise ValueError(f"{self._fullpath}.{verb}() takes at least one input: 0 to {self._count - 1}, or what drives it")
        mask = 0
        for line in lines:
            mask |= 1 << self._index(line)
        return mask

    def _index(self, line: int | str) -> int:
        if isinstance(line, str):
            named = {source: index for index, source in self.sources.items()}
            found = [index for source, index in named.items() if line in (source, source.rpartition("/")[0])]
            if len(found) == 1:
                return found[0]
            if found:
                raise ValueError(f"{line!r} drives the inputs {', '.join(map(str, found))} of {self._fullpath}: name the pin too")
            raise ValueError(f"{self._fullpath} has no input from {line!r}{near_names(line, named)}; it has {', '.join(named) or 'none'}")
        index = operator.index(line)
        if not 0 <= index < self._count:
            raise ValueError(f"{self._fullpath} has the inputs 0 to {self._count - 1}, not {index}")
        return index

    def panel(self) -> Any:
        """The inputs by name, with counts and a timeline."""
        from pynq_drivers.axi_intc.panel import IntcPanel

        return IntcPanel.of(self)
