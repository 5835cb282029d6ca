"""Who waits where: at a line of the processing system, or at a line of an AXI interrupt controller (PG099), which waits for its own.

A controller is worked in this order (PG099, register space):

- first wait of all: IER <- 0 (all lines off), MER <- 3 (master and hardware enable);
- first wait for a line: IAR <- line if it is a level (what it latched before is old; it latches again if it is still high; an edge is
  kept), then SIE <- line;
- its output is told: IPR -> the pending lines, CIE <- them, IAR <- them, then the waiters are told.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pynq_widgets.design.model import InterruptController, InterruptLine
from pynq_widgets.device import events
from pynq_widgets.device.bus import bus_of

from .errors import StaleOverlayError
from .mmio import MMIO
from .port import bus_lock
from .uio_source import UioSource
from .wiring import Wiring

if TYPE_CHECKING:
    from pynq_widgets.device import Device, InterruptSource

ISR, IPR, IER, IAR, SIE, CIE, IVR, MER = range(0x00, 0x20, 4)
_SPACE = 0x20
_SPURIOUS_PAUSE = 0.001  # seconds before a line is armed again that was told for nothing

_log = logging.getLogger(__name__)

# An event loop in which somebody waits, or None: a thread that has none.
Loop = asyncio.AbstractEventLoop | None


class Waiter:
    """Somebody who waits; told once, with an error or without."""

    __slots__ = ("loop", "tell")

    def __init__(self, tell: Callable[[BaseException | None], object], loop: Loop = None) -> None:
        self.tell = tell
        self.loop = loop

    def loops(self) -> Collection[Loop]:
        """The event loops that are to hear of the interrupt."""
        return (self.loop,)


class _Below(Waiter):
    """A controller, which waits at the node above it for all who wait at it."""

    __slots__ = ("_controller",)

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller.told)
        self._controller = controller

    def loops(self) -> Collection[Loop]:
        return self._controller.loops()


class Node(ABC):
    """Where waiters are kept: a line of the processing system or a controller."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.waiters: dict[int, list[Waiter]] = {}

    @abstractmethod
    def add(self, number: int, waiter: Waiter, edge: bool) -> None:
        """Tell `waiter` at the next interrupt on line `number`."""

    @abstractmethod
    def remove(self, number: int, waiter: Waiter) -> None:
        """Do not tell `waiter` any more."""

    @abstractmethod
    def attend(self, loops: Collection[Loop]) -> None:
        """Have these loops, too, hear of what is waited for already."""

    def add_event(self, event: Any, number: int = 0) -> None:
        """Call ``event.set()`` at the next interrupt on line `number`, once: PYNQ's way to wait, for whoever chains controllers."""
        loop = _running()

        def tell(error: BaseException | None) -> None:
            if error is not None:
                _log.warning("nobody will set %r: %s", event, error)
            elif loop is None:
                event.set()
            else:
                # Events of asyncio are their loop's thread's; a loop that was closed has nobody who waits.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(event.set)

        self.add(number, Waiter(tell, loop), False)

    def loops(self) -> set[Loop]:
        """The event loops of all who wait here."""
        with self.hub.lock:
            return {loop for waiters in self.waiters.values() for waiter in waiters for loop in waiter.loops()}

    def fail(self, error: BaseException) -> None:
        """Tell all who wait that it is over."""
        with self.hub.lock:
            gone = [waiter for waiters in self.waiters.values() for waiter in waiters]
            self.waiters.clear()
        for waiter in gone:
            waiter.tell(error)


class Root(Node):
    """A line of the processing system: UIO on a board, its likeness on the simulated device."""

    def __init__(self, hub: Hub, source: InterruptSource, name: str) -> None:
        super().__init__(hub)
        self._name = name  # of the processing system's line
        self._source = source
        self._undo: Callable[[], None] | None = None

    def add(self, number: int, waiter: Waiter, edge: bool) -> None:
        with self.hub.lock:
            self.waiters.setdefault(0, []).append(waiter)
            if self._undo is None:
                if isinstance(self._source, UioSource):
                    self._undo = self._source.subscribe(self._told, self.fail)
                else:
                    self._undo = self._source.subscribe(self._told)
            events.tell(self.hub.device, events.ARMED, self._name)
        # Outside the lock: the source may tell at once.
        if isinstance(self._source, UioSource):
            self._source.arm(waiter.loops())
        else:
            self._source.enable()

    def attend(self, loops: Collection[Loop]) -> None:
        if isinstance(self._source, UioSource):
            self._source.arm(loops)

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

    def is_uio(self, path: str) -> bool:
        """Whether this is the line of that UIO device."""
        return isinstance(self._source, UioSource) and self._source.path == path

    def close(self) -> None:
        """Give up what is open of Linux."""
        if isinstance(self._source, UioSource):
            self._source.close()


class Controller(Node):
    """An AXI interrupt controller; to the one above it, it is a waiter like any other."""

    def __init__(self, hub: Hub, path: str, base: int, parent: Node, number: int, parent_edge: bool) -> None:
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
        if not self._listen():
            self._parent.attend(waiter.loops())

    def attend(self, loops: Collection[Loop]) -> None:
        self._parent.attend(loops)

    def _listen(self) -> bool:
        """Wait for our output on the node above, unless we do already (False)."""
        with self.hub.lock:
            if self._above is not None or not self.waiters:
                return False
            self._above = above = _Below(self)
        self._parent.add(self._number, above, self._parent_edge)
        return True

    def _listen_on(self) -> None:
        """Wait further, for those who are left; they are told where that fails, since nobody called."""
        try:
            self._listen()
        except Exception as error:
            self.fail(error)

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

    def fail(self, error: BaseException) -> None:
        with self.hub.lock, self._bus.asking("interrupt"):
            above, self._above = self._above, None
            lines = sum(1 << number for number in self.waiters)
            if lines and not isinstance(error, StaleOverlayError):
                # Ours still, and nobody waits; a bus that fails has told why already.
                with suppress(Exception):
                    self._mmio.write(CIE, lines)
        super().fail(error)
        if above is not None:
            self._parent.remove(self._number, above)

    def told(self, error: BaseException | None) -> None:
        """The node above tells: our output is high, or will never be (`error`)."""
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
                    for number in range(pending.bit_length()):
                        if pending >> number & 1:
                            events.tell(self.hub.device, events.TAKEN, events.input_name(self.path, number))
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
            self._listen_on()
        else:
            # Told for nothing. Were it armed again at once and still high, this would go round for ever.
            self.hub.device.clock.call_later(_SPURIOUS_PAUSE, self._listen_on)


# The source of a line that arrives at the processing system for `InterruptLine`, at its interrupt of that number.
SourceOf = Callable[["Device", InterruptLine, "int | None"], "InterruptSource"]


class Hub:
    """The nodes of one device for one loaded design."""

    def __init__(self, device: Device, source_of: SourceOf) -> None:
        self._device = weakref.ref(device)
        self._source_of = source_of
        self.generation: int = getattr(device, "generation", 0)
        self.lock: Any = bus_lock(device)
        self._roots: dict[object, Root] = {}
        self._controllers: dict[tuple[str, int], Controller] = {}

    @property
    def device(self) -> Device:
        device = self._device()
        if device is None:
            raise StaleOverlayError("the device of this interrupt has gone")
        return device

    def node(self, line: InterruptLine, wiring: Wiring) -> Node:
        """Where to wait for `line`; `wiring` tells what stands between it and the processing system."""
        with self.lock:
            if line.controller:
                return self._controller(line.controller, line, wiring, ())
            return self._root(line, line)

    def _root(self, key: InterruptLine | InterruptController, line: InterruptLine) -> Root:
        place = (key.ps_port, key.index, key.raw_irq)
        root = self._roots.get(place)
        if root is None:
            source = self._source_of(self.device, line, key.raw_irq)
            if isinstance(source, UioSource):
                # Linux knows a line by its number alone, and all who wait for that share one device.
                root = next((other for other in self._roots.values() if other.is_uio(source.path)), None)
            self._roots[place] = root = root or Root(self, source, events.line_name(key))
        return root

    def _controller(self, path: str, line: InterruptLine, wiring: Wiring, below: tuple[str, ...]) -> Controller:
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
        parent: Node
        if own.parent:
            parent = self._controller(own.parent, line, wiring, (*below, path))
            edge = bool(wiring.edges.get(own.parent, 0) >> own.index & 1)
            number = own.index
        else:
            parent, edge, number = self._root(own, line), False, 0
        made = self._controllers[place] = Controller(self, path, wiring.bases[path], parent, number, edge)
        return made

    def fail(self, reason: str) -> None:
        error = StaleOverlayError(f"Interrupt invalidated by Overlay change: {reason}")
        for node in [*self._controllers.values(), *self._roots.values()]:
            node.fail(error)
        for root in self._roots.values():
            root.close()


def _running() -> Loop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
