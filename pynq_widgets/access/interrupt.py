"""Interrupts to wait for: ``await ip.interrupt.wait()``, from any event loop or thread.

A pin reaches the processing system straight, or through AXI interrupt controllers (PG099), which may hang on one another. Interrupts
are levels, as with PYNQ: a wait ends while the pin is high, and whoever waited clears what caused it before waiting again.

The lines of the processing system are the device's to tell of (`Device.interrupt_source`). Those of a device whose class does not,
as PYNQ's do not, are Linux's: its UIO devices are found and opened by `get_uio_irq` and `UioController` as this module has them, and
whoever puts others there is asked instead.

Nothing is put on the bus before somebody waits, and nothing runs while nobody does.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from numbers import Real
from typing import TYPE_CHECKING, Any

from pynq_widgets.design.model import InterruptLine
from pynq_widgets.device.contract import Device
from pynq_widgets.device.uio import UioController, get_uio_device

from .errors import StaleOverlayError, near_names
from .interrupt_nodes import CIE, IAR, IER, IPR, ISR, IVR, MER, SIE, Hub, Node, Waiter
from .uio_source import UioSource
from .wiring import Wiring

if TYPE_CHECKING:
    from pynq_widgets.device import InterruptSource

__all__ = [
    "CIE",
    "IAR",
    "IER",
    "IPR",
    "ISR",
    "IVR",
    "MER",
    "SIE",
    "Interrupt",
    "UioController",
    "forget",
    "get_uio_device",
    "get_uio_irq",
]

_INTERRUPTS = "/proc/interrupts"


def get_uio_irq(irq: int) -> str | None:
    """The path of the UIO device that has interrupt `irq` of the processing system, as ``/proc/interrupts`` counts them, or None.

    `irq` is the number at the interrupt controller of the processors (61 for the first from the logic of a Zynq-7000), not Linux's own.
    """
    try:
        with open(_INTERRUPTS) as file:
            lines = [line.split() for line in file]
    except OSError:
        return None  # no Linux
    for columns in lines:
        # Number, counts, controller, its number, "Level" or "Edge", and who uses it, joined by commas.
        for at in range(len(columns) - 2):
            if columns[at + 1] in ("Level", "Edge") and columns[at] == str(irq):
                for name in " ".join(columns[at + 2 :]).split(","):
                    found = get_uio_device(name.strip())
                    if found is not None:
                        return found
    return None


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

    Raises ``ValueError`` if there is no such pin, and where the interrupt is Linux's to tell (the device's class does not) and no UIO
    device has it.
    """

    def __init__(self, pinname: str, device: Device | None = None, *, design: Any = None) -> None:
        if device is None:
            from pynq_widgets.device import Device

            device = Device.active_device
        wiring = Wiring(device, design)
        lines = wiring.lines
        if pinname not in lines:
            raise ValueError(f"No Pin of name {pinname} found{near_names(pinname, lines)}")
        self.pinname = pinname
        self.device = device
        self.line: InterruptLine = lines[pinname]
        self._wiring = wiring
        self._gone = ""
        self._waiters: set[Waiter] = set()
        self._generation: int = getattr(device, "generation", 0)
        with _hubs_lock:
            _made.setdefault(device, weakref.WeakSet()).add(self)
        if not _tells_interrupts(device):
            # Nothing is opened, but it is found out now whether there will be anything to open.
            _hub(device).node(self.line, wiring)

    @property
    def number(self) -> int:
        """The line of `parent` at which this pin arrives; 0 straight at the processing system."""
        return self.line.index if self.line.controller else 0

    @property
    def parent(self) -> Callable[[], Node | None]:
        """A weak reference, as PYNQ's, to where this pin arrives: a controller, or a line of the processing system.

        It is the same for all pins there, and gives None when the overlay has been replaced.
        """
        if self._is_stale:
            return lambda: None
        return weakref.ref(_hub(self.device).node(self.line, self._wiring))

    @property
    def _is_stale(self) -> bool:
        return bool(self._gone or getattr(self.device, "generation", 0) != self._generation)

    def _end(self, reason: str) -> None:
        """The pin has gone: nobody waits for it any more."""
        self._gone = reason
        node = _hub(self.device).node(self.line, self._wiring) if self._waiters else None
        for waiter in list(self._waiters):
            if node is not None:
                self._disarm(node, waiter)
            waiter.tell(StaleOverlayError(f"Interrupt invalidated by Overlay change: {self.pinname} has gone: {reason}"))

    def _disarm(self, node: Node, waiter: Waiter) -> None:
        self._waiters.discard(waiter)
        node.remove(self.number, waiter)

    def _arm(self, waiter: Waiter) -> Node:
        if self._gone:
            raise StaleOverlayError(
                f"Interrupt invalidated by Overlay change: {self.pinname} has gone: {self._gone}. "
                "Take what is there now from the overlay again."
            )
        if self._is_stale:
            raise StaleOverlayError(
                f"Interrupt invalidated by Overlay change: {self.pinname} belongs to an overlay that has been replaced on device "
                f"{getattr(self.device, 'tag', self.device)!r}; load it again and take the interrupt from the new Overlay object."
            )
        node = _hub(self.device).node(self.line, self._wiring)
        self._waiters.add(waiter)
        try:
            node.add(self.number, waiter, self._is_edge)
        except BaseException:
            # Whoever was not let in is not told later; the first error is the one that says why.
            with suppress(Exception):
                self._disarm(node, waiter)
            raise
        return node

    @property
    def _is_edge(self) -> bool:
        return self._wiring.is_edge(self.line)

    def once(self, told: Callable[[BaseException | None], object]) -> Callable[[], None]:
        """Call ``told(None)`` once, when the interrupt is high; ``told(error)`` where the overlay goes before. The result takes it back.

        It is called on whatever thread found out, perhaps at once and perhaps with the bus held: it must be quick and may not touch
        hardware. Raises ``StaleOverlayError`` where the overlay has been replaced.
        """

        def tell(error: BaseException | None) -> None:
            self._waiters.discard(waiter)
            told(error)

        waiter = Waiter(tell)
        node = self._arm(waiter)
        return lambda: self._disarm(node, waiter)

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

        waiter = Waiter(tell, loop)
        node = self._arm(waiter)
        timer = None
        try:
            if timeout is not None:
                timer = self.device.clock.call_later(timeout, lambda: tell(self._late(timeout)))
            await future
        finally:
            if timer is not None:
                timer.cancel()
            self._disarm(node, waiter)

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
            self._disarm(node, waiter)
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


def forget(device: Device, reason: str, below: str = "") -> None:
    """End all waits on `device` with ``StaleOverlayError(reason)``: what whoever loads another overlay calls.

    `below` is the start of the paths (``'hierarchy/'``) whose pins alone have gone; nobody else's wait is touched then.
    """
    if below:
        with _hubs_lock:
            gone = [pin for pin in _made.get(device, ()) if pin.pinname.startswith(below)]
        for pin in gone:
            pin._end(reason)
        return
    with _hubs_lock:
        hub = _hubs.pop(device, None)
    if hub is not None:
        hub.fail(reason)


# People reload this module for a clean start; whoever waits then would be forgotten by all.
for _old in list(globals().get("_hubs", {}).values()):
    _old.fail("the module of interrupts was reloaded")
_hubs: weakref.WeakKeyDictionary[Device, Hub] = weakref.WeakKeyDictionary()
_hubs_lock = threading.Lock()
_made: weakref.WeakKeyDictionary[Device, weakref.WeakSet[Interrupt]] = weakref.WeakKeyDictionary()
_watched: weakref.WeakSet[Device] = weakref.WeakSet()


def _hub(device: Device) -> Hub:
    generation = getattr(device, "generation", 0)
    with _hubs_lock:
        hub = _hubs.get(device)
        old = None
        if hub is None or hub.generation != generation:
            old = hub
            hub = _hubs[device] = Hub(device, _source_of)
    if old is not None:
        old.fail("another overlay has been loaded since")
    _watch(device)
    return hub


def _watch(device: Device) -> None:
    # A download that no Overlay makes ends waits as well: PYNQ's devices say so by reset().
    watch = getattr(device, "watch_reset", None)
    if watch is None or device in _watched:
        return
    _watched.add(device)
    where = weakref.ref(device)

    def replaced(reason: str) -> None:
        here = where()
        if here is not None:
            forget(here, reason)

    watch(replaced)


def _tells_interrupts(device: Device) -> bool:
    own = getattr(device, "interrupt_source", None)
    return own is not None and getattr(own, "__func__", None) is not Device.interrupt_source


def _source_of(device: Device, line: InterruptLine, irq: int | None) -> InterruptSource:
    if _tells_interrupts(device):
        return device.interrupt_source(line)
    pin = line.path.lstrip("/")
    if irq is None:
        raise ValueError(f"Could not find UIO device for interrupt pin {pin}: the design does not say which IRQ of Linux it raises")
    path = get_uio_irq(irq)
    if path is None:
        raise ValueError(
            f"Could not find UIO device for interrupt pin {pin} for IRQ number {irq}: no UIO device is named at this number in "
            f"{_INTERRUPTS}. The device tree must have a node of the UIO driver (compatible = 'generic-uio') with this interrupt: "
            f"give the overlay its .dtbo (Overlay(..., dtbo=...)), and boot with uio_pdrv_genirq.of_id=generic-uio"
        )
    return UioSource(path, lambda: UioController(path))
