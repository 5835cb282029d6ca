"""Where the interrupts of a device lead: through which controllers, to which line of the processing system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pynq_widgets.design.model import InterruptController, InterruptLine

if TYPE_CHECKING:
    from pynq_widgets.device import Device


class Wiring:
    """The interrupts of a design, or from PYNQ's dictionaries where the device has no more."""

    def __init__(self, device: Device, design: Any) -> None:
        design = design if design is not None else getattr(device, "design", None)
        self.lines: dict[str, InterruptLine] = {}
        self.controllers: dict[str, InterruptController] = {}
        self.bases: dict[str, int] = {}
        self.edges: dict[str, int] = {}
        if design is not None:
            self._from_design(design)
        else:
            self._from_dictionaries(device)

    def _from_design(self, design: Any) -> None:
        for line in design.interrupts:
            if line.bit == 0:
                self.lines.setdefault(line.path, line)
            self.lines[f"{line.path}[{line.bit}]"] = line
        self.controllers = {controller.path: controller for controller in design.controllers}
        for window in design.address_map:
            if window.slave in self.controllers:
                self.bases.setdefault(window.slave, window.base)
        for path in self.controllers:
            module = design.modules.get(path)
            kind = module.parameters.get("C_KIND_OF_INTR") if module is not None else None
            if kind is not None:
                try:
                    self.edges[path] = int(kind, 0)
                except ValueError:
                    continue  # an unreadable parameter: the sensitivity of the pins is used instead

    def _from_dictionaries(self, device: Device) -> None:
        def table(name: str) -> Mapping[str, Any]:
            # The device's own first: those of a parser may have been replaced by its reset().
            return getattr(device, name, None) or getattr(getattr(device, "parser", None), name, None) or {}

        for path, entry in table("interrupt_controllers").items():
            parent = entry.get("parent") or None
            self.controllers[path] = InterruptController(path, parent, entry["index"], None, entry.get("raw_irq"))
        for name, entry in table("interrupt_pins").items():
            module, _, pin = name.rpartition("/")
            controller = entry.get("controller") or entry.get("parent") or None
            self.lines[name] = InterruptLine(module, pin, 0, controller, entry["index"], None, entry.get("raw_irq"), None)
        ips = table("ip_dict")
        self.bases = {path: ips[path]["phys_addr"] for path in self.controllers if path in ips}

    def is_edge(self, line: InterruptLine) -> bool:
        """Whether the controller of `line` catches edges there: its own parameter tells, else the pin's sensitivity."""
        if line.controller in self.edges:
            return bool(self.edges[line.controller] >> line.index & 1)
        return "EDGE" in (line.sensitivity or "").upper()
