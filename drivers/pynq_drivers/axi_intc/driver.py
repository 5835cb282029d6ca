"""What software sees of AXI INTC. The work is done by `pynq_widgets.access.Interrupt`, which drives the controller for whoever waits.

Source: AMD PG099, AXI Interrupt Controller v4.1, "Register Space".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pynq_drivers import parameters
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Word

ISR, IER, MER = 0x00, 0x08, 0x1C


@dataclass(frozen=True)
class Line:
    """One input of the controller: where it comes from (None: nothing that the design names), how it is sensed, and its state."""

    index: int
    source: str | None
    edge: bool
    active: bool
    enabled: bool

    @property
    def pending(self) -> bool:
        """Active and enabled: the controller asks for attention because of it."""
        return self.active and self.enabled


class AxiIntc(DefaultIP):
    """AXI INTC, to look at: which inputs there are, which are active, enabled and pending. Looking changes nothing.

    To wait for an interrupt, wait at the IP that raises it: ``await overlay.timer.interrupt.wait()``.
    """

    bindto = ["xilinx.com:ip:axi_intc:4.1", "xilinx.com:ip:axi_intc:4.0"]

    # Given by their offsets: some designs list no registers of the controller.
    active = Word(ISR, help="The inputs that are active or latched, a bit each")
    enabled = Word(IER, help="The inputs that are enabled, a bit each")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        self._hardware = parameters.integer(given, "C_NUM_INTR_INPUTS", 1)
        self._count = min(32, self._hardware + parameters.integer(given, "C_NUM_SW_INTR", 0))
        self._edges = parameters.integer(given, "C_KIND_OF_INTR", 0xFFFFFFFF)

    def __len__(self) -> int:
        """How many inputs the controller has."""
        return self._count

    def __bool__(self) -> bool:
        return True

    @property
    def sources(self) -> dict[int, str]:
        """Input index to the pin that drives it, ``'ip/pin'``, as the design has it."""
        design = self.description.get("design")
        lines = getattr(design, "interrupts", ())
        return {line.index: line.path for line in lines if line.controller == self._fullpath}

    @property
    def pending(self) -> int:
        """The inputs that are active and enabled, a bit each; two bus reads (IPR need not be there)."""
        with self.device.lock:
            return int(self.active & self.enabled)

    @property
    def listening(self) -> bool:
        """Whether inputs are taken (MER.HIE) and the request output is on (MER.ME); one bus read."""
        return self.read(MER) & 3 == 3

    @property
    def lines(self) -> list[Line]:
        """Every input with its source and state; two bus reads."""
        with self.device.lock:
            active, enabled = self.active, self.enabled
        sources = self.sources
        return [
            Line(
                index,
                sources.get(index),
                index < self._hardware and bool(self._edges >> index & 1),
                bool(active >> index & 1),
                bool(enabled >> index & 1),
            )
            for index in range(self._count)
        ]
