"""Interrupt lines: from a pin to its controller's input or to the processing system."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pynq_widgets.device.simulated.signals import ip_name

if TYPE_CHECKING:
    from pynq_widgets.design import InterruptController, InterruptLine
    from pynq_widgets.device.simulated.world import World

_log = logging.getLogger(__name__)


class PSLine:
    """One interrupt input of the processing system, told as Linux UIO tells it.

    It is masked until it is enabled. When it is active and unmasked it masks itself and calls each subscriber once. An edge is
    remembered while the line is masked; a level is looked at again when it is unmasked.
    """

    def __init__(self, name: str, lock: Any, sensitivity: str | None = None) -> None:
        kind = (sensitivity or "LEVEL_HIGH").upper()
        self.name = name
        self.edge = "EDGE" in kind
        self.inverted = "LOW" in kind or "FALLING" in kind
        self.active = False
        self.masked = True
        self.count = 0
        self._lock = lock
        self._latched = False
        self._callbacks: list[Callable[[], object]] = []

    def __repr__(self) -> str:
        return f"<interrupt line {self.name}: {'active' if self.active else 'idle'}, {'masked' if self.masked else 'enabled'}>"

    def set(self, level: int) -> None:
        """The wire has this level (0 or 1)."""
        active = bool(level) != self.inverted
        if active and not self.active:
            self._latched = True
        self.active = active
        self._tell()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback()` each time the interrupt is told; the result takes it back."""

        def undo() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        with self._lock:
            self._callbacks.append(callback)
        return undo

    def enable(self) -> None:
        """Unmask; what is active, or for an edge has come in the meantime, is told at once."""
        with self._lock:
            self.masked = False
            self._tell()

    def _tell(self) -> None:
        if self.masked or not (self._latched if self.edge else self.active):
            return
        self.masked = True
        self._latched = False
        self.count += 1
        for callback in list(self._callbacks):
            try:
                callback()
            except Exception:
                _log.exception("a subscriber of the interrupt line %s failed", self.name)


class Interrupts:
    """All interrupt lines of a design."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ps: dict[tuple[str | None, int], PSLine] = {}
        self.renew()

    def renew(self) -> None:
        """Take over where the design's interrupts lead; the lines of the processing system stay."""
        self._lines: dict[tuple[str, str], list[InterruptLine]] = {}
        for line in self._world.design.interrupts:
            self._lines.setdefault((line.module, line.pin), []).append(line)
        self._controllers: dict[str, InterruptController] = {item.path: item for item in self._world.design.controllers}

    def output_changed(self, path: str, pin: str, old: int, new: int) -> None:
        lines = self._lines.get((path, pin))
        if lines is not None:
            for line in lines:
                level = new >> line.bit & 1
                if level != old >> line.bit & 1:
                    self._arrive(line.controller, line.index, line.ps_port, level, line.sensitivity)
            return
        controller = self._controllers.get(path)
        if controller is not None and self._is_irq(path, pin) and (old ^ new) & 1:
            # A controller holds its own output until it is acknowledged: a level, whatever made it.
            self._arrive(controller.parent, controller.index, controller.ps_port or path, new & 1, None)

    def _is_irq(self, path: str, pin: str) -> bool:
        port = self._world.design.modules[path].ports.get(pin)
        return pin == "irq" or (port is not None and port.kind.upper() == "INTERRUPT")

    def _arrive(self, controller: str | None, index: int, ps_port: str | None, level: int, sensitivity: str | None) -> None:
        if controller is None:
            self.ps_line(ps_port, index, sensitivity).set(level)
        elif self._world.has_model(controller):
            self._world.notify_interrupt(controller, index, level)

    def ps_line(self, ps_port: str | None, index: int, sensitivity: str | None = None) -> PSLine:
        line = self._ps.get((ps_port, index))
        if line is None:
            line = self._ps[ps_port, index] = PSLine(f"{ps_port or 'host'}[{index}]", self._world.device.lock, sensitivity)
        return line

    def source(self, line: InterruptLine) -> PSLine:
        """The line of the processing system on which `line` arrives, be it through controllers."""
        if line.controller is None:
            return self.ps_line(line.ps_port, line.index, line.sensitivity)
        seen: set[str] = set()
        path = line.controller
        while path not in seen:
            seen.add(path)
            controller = self._controllers.get(path)
            if controller is None:
                break
            if controller.parent is None:
                return self.ps_line(controller.ps_port or path, controller.index)
            path = controller.parent
        module = self._world.design.modules.get(line.controller)
        raise LookupError(f"{line.path} arrives at {line.controller} ({ip_name(module)}), which does not lead to the processing system")
