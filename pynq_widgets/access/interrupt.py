"""Interrupts to wait for: ``await ip.interrupt.wait()``, from any event loop or thread.

A pin reaches the processing system straight, or through AXI interrupt controllers (PG099), which may hang on one another. Interrupts
are levels, as with PYNQ: a wait ends while the pin is high, and whoever waited clears what caused it before waiting again.

A controller is worked in this order (PG099, register space):

- first wait of all: IER <- 0 (all lines off), MER <- 3 (master and hardware enable);
- first wait for a line: IAR <- line if it is a level (what it latched before is old; it latches again if it is still high; an edge is
  kept), then SIE <- line;
- its output is told: IPR -> the pending lines, CIE <- them, IAR <- them, then the waiters are told.

Nothing is put on the bus before somebody waits, and nothing runs while nobody does.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from numbers import Real
from typing import TYPE_CHECKING, Any

from pynq_widgets.design.model import InterruptController, InterruptLine
from pynq_widgets.device import events
from pynq_widgets.device.bus import bus_of

from .errors import StaleOverlayError, near_names
from .mmio import MMIO
from .port import bus_lock

if TYPE_CHECKING:
    from pynq_widgets.device import Device

ISR, IPR, IER, IAR, SIE, CIE, IVR, MER = range(0x00, 0x20, 4)
_SPACE = 0x20
_SPURIOUS_PAUSE = 0.001  # seconds before a line is armed again that was told for nothing


class Waiter:
    """Somebody who waits; told once, with an error or without."""

    __slots__ = ("tell",)

    def __init__(self, tell: Callable[[BaseException | None], object]) -> None:
        self.tell = tell


class Interrupt:
    """An interrupt pin of the design on the device.

    Parameters
    ----------
    pinname
        ``cell/pin`` as in the block diagram; ``cell/pin[3]`` is a bit of a vector.
    device
        Default: the active device. Its present design tells where the pin leads.
    design
        The design, where it is not the device's present one.

    Raises ``ValueError`` if there is no such pin.
    """

    def __init__(self, pinname: str, device: Device | None = None, *, design: Any = None) -> None:
        if device is None:
            from pynq_widgets.device import Device

            device = Device.active_device
        wiring = _Wiring(device, design)
        lines = wiring.lines
        if pinname not in lines:
            raise ValueError(f"No Pin of name {pinname} found{near_names(pinname, lines)}")
        self.pinname = pinname
        self.device = device
        self.line: InterruptLine = lines[pinname]
        self._wiring = wiring
        self._generation: int = getattr(device, "generation", 0)

    def _arm(self, waiter: Waiter) -> _Node:
        if getattr(self.device, "generation", 0) != self._generation:
            raise StaleOverlayError(
                f"Interrupt invalidated by Overlay change: {self.pinname} belongs to an overlay that has been replaced on device "
                f"{getattr(self.device, 'tag', self.device)!r}; load it again and take the interrupt from the new Overlay object."
            )
        node = _hub(self.device).node(self.line, self._wiring)
        try:
            node.add(self._number, waiter, self._is_edge)
        except BaseException:
            # Whoever was not let in is not told later; the first error is the one that says why.
            with suppress(Exception):
                node.remove(self._number, waiter)
            raise
        return node

    @property
    def _number(self) -> int:
        return self.line.index if self.line.controller else 0

    @property
    def _is_edge(self) -> bool:
        return self._wiring.is_edge(self.line)

    def once(self, told: Callable[[BaseException | None], object]) -> Callable[[], None]:
        """Call ``told(None)`` once, when the interrupt is high; ``told(error)`` where the overlay goes before. The result takes it back.

        It is called on whatever thread found out, perhaps at once and perhaps with the bus held: it must be quick and may not touch
        hardware. Raises ``StaleOverlayError`` where the overlay has been replaced.
        """
        waiter = Waiter(told)
        node = self._arm(waiter)
        return lambda: node.remove(self._number, waiter)

    async def wait(self, timeout: float | None = None) -> None:
        """Return when the interrupt is high.

        Any number may wait at once, in different loops and threads; all are told. A cancelled wait takes itself back.

        Raises ``TimeoutError`` after `timeout` seconds of the device's clock, and
        :class:`~pynq_widgets.access.errors.StaleOverlayError` when the overlay has been, or is meanwhile, replaced.
        """
        timeout = _checked_timeout(timeout)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def settle(error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

        def tell(error: BaseException | None) -> None:
            # A loop that was closed with this wait still in it raises: nobody is there to be told.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, error)

        waiter = Waiter(tell)
        node = self._arm(waiter)
        timer = None
        try:
            if timeout is not None:
                timer = self.device.clock.call_later(timeout, lambda: tell(self._late(timeout)))
            await future
        finally:
            if timer is not None:
                timer.cancel()
            node.remove(self._number, waiter)

    def wait_blocking(self, timeout: float | None = None) -> None:
        """Block this thread until the interrupt is high; for scripts without an event loop. Raises as :meth:`wait` does."""
        timeout = _checked_timeout(timeout)
        event = self.device.clock.event()
        errors: list[BaseException] = []

        def tell(error: BaseException | None) -> None:
            if error is not None:
                errors.append(error)
            event.set()

        waiter = Waiter(tell)
        node = self._arm(waiter)
        try:
            if not self.device.clock.wait(event, timeout):
                raise self._late(timeout or 0)
        finally:
            node.remove(self._number, waiter)
        if errors:
            raise errors[0]

    def _late(self, timeout: float) -> TimeoutError:
        return TimeoutError(f"interrupt {self.pinname} did not come within {timeout:g} s")

    def __repr__(self) -> str:
        way = f"line {self.line.index} of {self.line.controller}" if self.line.controller else "straight to the processing system"
        return f"Interrupt({self.pinname!r}, {way})"


def _checked_timeout(timeout: Any) -> float | None:
    # Not a number is no time: nothing is ever later than NaN.
    if timeout is None:
        return None
    if isinstance(timeout, Real) and (seconds := float(timeout)) >= 0:
        return None if math.isinf(seconds) else seconds
    raise ValueError(f"a timeout is 0 or more seconds, or None to wait for ever, not {timeout!r}")


def forget(device: Device, reason: str) -> None:
    """End all waits on `device` with ``StaleOverlayError(reason)``: what whoever loads another overlay calls."""
    with _hubs_lock:
        hub = _hubs.pop(device, None)
    if hub is not None:
        hub.fail(reason)


class _Wiring:
    """Where interrupts lead, from a design, or from PYNQ's dictionaries where the device has no more."""

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
            source = getattr(device, "parser", None)
            found = getattr(source, name, None) or getattr(device, name, None)
            return found or {}

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


class _Node:
    """Where waiters are kept: a line of the processing system or a controller."""

    def __init__(self, hub: _Hub) -> None:
        self.hub = hub
        self.waiters: dict[int, list[Waiter]] = {}

    def add(self, number: int, waiter: Waiter, edge: bool) -> None:
        raise NotImplementedError

    def remove(self, number: int, waiter: Waiter) -> None:
        raise NotImplementedError

    def fail(self, error: BaseException) -> None:
        """Tell all who wait that it is over."""
        with self.hub.lock:
            gone = [waiter for waiters in self.waiters.values() for waiter in waiters]
            self.waiters.clear()
        for waiter in gone:
            waiter.tell(error)


class _Root(_Node):
    """A line of the processing system: UIO on a board, its likeness on the simulated device."""

    def __init__(self, hub: _Hub, line: InterruptLine, name: str) -> None:
        super().__init__(hub)
        self._name = name  # of the processing system's line
        self._source = hub.device.interrupt_source(line)
        self._undo: Callable[[], None] | None = None

    def add(self, number: int, waiter: Waiter, edge: bool) -> None:
        with self.hub.lock:
            self.waiters.setdefault(0, []).append(waiter)
            if self._undo is None:
                self._undo = self._source.subscribe(self._told)
            events.tell(self.hub.device, events.ARMED, self._name)
        # Outside the lock: the source may tell at once.
        self._source.enable()

    def remove(self, number: int, waiter: Waiter) -> None:
        with self.hub.lock:
            waiters = self.waiters.get(0, [])
            if waiter in waiters:
                waiters.remove(waiter)
            self._rest()

    def _rest(self) -> None:
        if not self.waiters.get(0):
            self.waiters.pop(0, None)
            if self._undo is not None:
                self._undo()
                self._undo = None

    def _told(self) -> None:
        with self.hub.lock:
            events.tell(self.hub.device, events.TOLD, self._name)
            waiters = self.waiters.pop(0, [])
            self._rest()
        for waiter in waiters:
            waiter.tell(None)

    def fail(self, error: BaseException) -> None:
        super().fail(error)
        with self.hub.lock:
            self._rest()


class _Controller(_Node):
    """An AXI interrupt controller; to the one above it, it is a waiter like any other."""

    def __init__(self, hub: _Hub, path: str, base: int, parent: _Node, number: int, parent_edge: bool) -> None:
        super().__init__(hub)
        self.path = path
        self._mmio = MMIO(base, _SPACE, device=hub.device, generation=hub.generation)
        self._bus = bus_of(hub.device)  # whose account sets this work apart from that of whoever waits
        self._parent = parent
        self._number = number
        self._parent_edge = parent_edge
        self._ready = False
        self._above: Waiter | None = None

    def add(self, number: int, waiter: Waiter, edge: bool) -> None:
        with self.hub.lock, self._bus.asking("interrupt"):
            if not self._ready:
                self._mmio.write(IER, 0)
                self._mmio.write(MER, 3)
                self._ready = True
            waiters = self.waiters.setdefault(number, [])
            waiters.append(waiter)
            if len(waiters) == 1:
                try:
                    if not edge:
                        self._mmio.write(IAR, 1 << number)
                    self._mmio.write(SIE, 1 << number)
                except BaseException:
                    del self.waiters[number]
                    raise
        self._listen()

    def _listen(self) -> None:
        """Wait for our output on the node above, unless we do already."""
        with self.hub.lock:
            if self._above is not None or not self.waiters:
                return
            self._above = above = Waiter(self._told)
        self._parent.add(self._number, above, self._parent_edge)

    def remove(self, number: int, waiter: Waiter) -> None:
        with self.hub.lock, self._bus.asking("interrupt"):
            waiters = self.waiters.get(number, [])
            if waiter not in waiters:
                return
            waiters.remove(waiter)
            if waiters:
                return
            del self.waiters[number]
            above = None
            if not self.waiters:
                above, self._above = self._above, None
            if not self._mmio._port.is_stale:
                self._mmio.write(CIE, 1 << number)
            if above is not None:
                self._parent.remove(self._number, above)

    def _told(self, error: BaseException | None) -> None:
        if error is not None:
            self.fail(error)
            return
        ready: list[Waiter] = []
        with self.hub.lock, self._bus.asking("interrupt"):
            self._above = None
            try:
                pending = self._mmio.read(IPR)
                if pending:
                    self._mmio.write(CIE, pending)
                    self._mmio.write(IAR, pending)
            except Exception as failure:
                # Nobody above can be told of it; those who wait are.
                error = failure
                pending = 0
            for number in [number for number in self.waiters if pending >> number & 1]:
                ready += self.waiters.pop(number)
        for waiter in ready:
            waiter.tell(None)
        if error is not None:
            self.fail(error)
        elif pending or not self.waiters:
            self._listen()
        else:
            # Told for nothing. Were it armed again at once and still high, this would go round for ever.
            self.hub.device.clock.call_later(_SPURIOUS_PAUSE, self._listen)


class _Hub:
    """The nodes of one device for one loaded design."""

    def __init__(self, device: Device) -> None:
        self._device = weakref.ref(device)
        self.generation: int = getattr(device, "generation", 0)
        self.lock: Any = bus_lock(device)
        self._roots: dict[object, _Root] = {}
        self._controllers: dict[tuple[str, int], _Controller] = {}

    @property
    def device(self) -> Device:
        device = self._device()
        if device is None:
            raise StaleOverlayError("the device of this interrupt has gone")
        return device

    def node(self, line: InterruptLine, wiring: _Wiring) -> _Node:
        """Where to wait for `line`; `wiring` tells what stands between it and the processing system."""
        with self.lock:
            if line.controller:
                return self._controller(line.controller, line, wiring, ())
            return self._root(line, line)

    def _root(self, key: InterruptLine | InterruptController, line: InterruptLine) -> _Root:
        place = (key.ps_port, key.index, key.raw_irq)
        if place not in self._roots:
            self._roots[place] = _Root(self, line, events.line_name(key))
        return self._roots[place]

    def _controller(self, path: str, line: InterruptLine, wiring: _Wiring, below: tuple[str, ...]) -> _Controller:
        if path in below:
            raise ValueError(f"the interrupt controllers {' -> '.join((*below, path))} hang on one another in a circle")
        if path not in wiring.controllers:
            raise ValueError(f"interrupt {line.path} leads to {path}, which is no interrupt controller that the processing system sees")
        if path not in wiring.bases:
            raise ValueError(f"interrupt controller {path} has no address in the map of the processing system")
        place = (path, wiring.bases[path])
        if place in self._controllers:
            return self._controllers[place]
        own = wiring.controllers[path]
        parent: _Node
        if own.parent:
            parent = self._controller(own.parent, line, wiring, (*below, path))
            edge = bool(wiring.edges.get(own.parent, 0) >> own.index & 1)
            number = own.index
        else:
            parent, edge, number = self._root(own, line), False, 0
        made = self._controllers[place] = _Controller(self, path, wiring.bases[path], parent, number, edge)
        return made

    def fail(self, reason: str) -> None:
        error = StaleOverlayError(f"Interrupt invalidated by Overlay change: {reason}")
        for node in [*self._controllers.values(), *self._roots.values()]:
            node.fail(error)


_hubs: weakref.WeakKeyDictionary[Device, _Hub] = weakref.WeakKeyDictionary()
_hubs_lock = threading.Lock()


def _hub(device: Device) -> _Hub:
    generation = getattr(device, "generation", 0)
    with _hubs_lock:
        hub = _hubs.get(device)
        old = None
        if hub is None or hub.generation != generation:
            old = hub
            hub = _hubs[device] = _Hub(device)
    if old is not None:
        old.fail("another overlay has been loaded since")
    return hub
