"""Faults put into the simulated hardware on purpose: to see what they look like, and to test what has to cope with them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pynq_widgets.device.errors import NoAddressError
from pynq_widgets.device.naming import near_hint
from pynq_widgets.device.simulated.masters import FaultyRange, Window
from pynq_widgets.device.simulated.pin_faults import LossyPins
from pynq_widgets.device.simulated.stream_faults import QueueFaults
from pynq_widgets.showing import Shown

if TYPE_CHECKING:
    from pynq_widgets.design import Design
    from pynq_widgets.device.simulated.device import SimulatedDevice
    from pynq_widgets.device.simulated.masters import AddressDecoder
    from pynq_widgets.device.simulated.stream import StreamQueue
    from pynq_widgets.device.simulated.world import World

_KEPT = 100  # faults that are over and still listed
_ERRORS = {"DECERR": "decode error", "SLVERR": "slave error"}


class Fault:
    """One fault, from when it is put in until `remove`, or until it has struck as often as it was to.

    `words` says what is wrong, `hits` how often it has struck so far, `times` how often it is to (None: as long as it is there), and
    `active` whether it is there. As a context manager it is removed at the end of the block.
    """

    def __init__(self, device: SimulatedDevice, kind: str, words: str, times: int | None) -> None:
        if times is not None and not _counts(times):
            raise ValueError(f"{kind}: a fault strikes at least once: expected times=1 or more, or None for always, not {times!r}")
        self.kind = kind
        self.words = words
        self.times = times
        self.hits = 0
        self.active = True
        self._device = device
        self._undo: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"<Fault: {self.words}: {self.state}>"

    @property
    def state(self) -> str:
        """How often it has struck, and whether it will again, in words."""
        struck = (
            f"struck {self.hits} time{'s' * (self.hits != 1)}" if self.hits else "has not struck yet" if self.active else "never struck"
        )
        if not self.active:
            return f"over, {struck}"
        return struck if self.times is None else f"{struck}, {self.times - self.hits} to go"

    def hit(self) -> None:
        """It strikes; after the last time it is over."""
        self.hits += 1
        if self.times is not None and self.hits >= self.times:
            self._end()

    def remove(self) -> None:
        """Take the fault back: what it held up goes on. A second time does nothing."""
        device = self._device
        with device.lock:
            if self.active:
                self._end()
                if device.design is not None:
                    device.settle()

    def _end(self) -> None:
        self.active = False
        undo, self._undo = self._undo, []
        for step in undo:
            step()

    def forget(self) -> None:
        """The design that it was in has gone, and it with it."""
        self.active = False
        self._undo.clear()

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()


class Faults(Shown):
    """``device.faults``: puts faults into the hardware of the loaded design, and lists them.

    Each method returns a `Fault`. Another design, or this one loaded afresh, has none.
    """

    def __init__(self, device: SimulatedDevice) -> None:
        self._device = device
        self._all: list[Fault] = []
        self._ranges: list[tuple[str | None, Window]] = []

    def __iter__(self) -> Iterator[Fault]:
        """All of them, the oldest first, with the last hundred that are over."""
        return iter(tuple(self._all))

    def __len__(self) -> int:
        return len(self._all)

    @property
    def design(self) -> Design | None:
        """The design whose hardware it is; None before one is loaded."""
        return self._device.design

    @property
    def active(self) -> tuple[Fault, ...]:
        """Those that are there now."""
        return tuple(fault for fault in self._all if fault.active)

    def __repr__(self) -> str:
        if not self._all:
            return f"Faults of {self._device.tag}: none"
        return "\n".join([f"Faults of {self._device.tag}:", *(f"  {fault.words}: {fault.state}" for fault in self._all)])

    # Memory and registers.

    def decode_error(self, where: Any, nbytes: int | None = None, *, master: str | None = None, times: int | None = None) -> Fault:
        """Nothing answers at `where`: an address (`nbytes` from there, by default the word), or a buffer or a slice of it.

        `master` is the path of an IP in the logic (``'dma'``), or of the processing system; None means every master. What a processor
        reads and writes of a buffer goes past this, as it goes past the bus.
        """
        return self._error("DECERR", where, nbytes, master, times)

    def slave_error(self, where: Any, nbytes: int | None = None, *, master: str | None = None, times: int | None = None) -> Fault:
        """What stands at `where` answers that it cannot; else as `decode_error`."""
        return self._error("SLVERR", where, nbytes, master, times)

    def _error(self, response: str, where: Any, nbytes: int | None, master: str | None, times: int | None) -> Fault:
        kind = _ERRORS[response]
        base, size = _span(where, nbytes, kind)
        with self._device.lock:
            world = self._device.world
            if master is not None and master not in world.design.modules:
                raise KeyError(f"no IP {master!r} in design {world.design.name!r}{near_hint(master, world.design.modules)}")
            who = "every master" if master is None else master
            words = f"{kind} for {who} at 0x{base:08x}..0x{base + size - 1:08x}"
            fault = self._new(kind, words, times)
            name = f"{kind} put in by device.faults"
            target = FaultyRange(base, name, response, fault.hit)
            window = Window(name, base, size, lambda: target)
            self._ranges.append((master, window))
            for decoder in self._decoders(world, master):
                decoder.cover(window)
            world.on_master = self._new_master
            fault._undo.append(lambda: self._uncover(world, master, window))
            return fault

    def _uncover(self, world: World, master: str | None, window: Window) -> None:
        self._ranges.remove((master, window))
        for decoder in self._decoders(world, master):
            decoder.uncover(window)

    def _decoders(self, world: World, master: str | None) -> list[AddressDecoder]:
        host = world.design.host
        own = host.path if host is not None else None
        decoders = [world.host] if master is None or master == own else []
        return decoders + [decoder for path, decoder in world.decoders() if master is None or path == master]

    def _new_master(self, path: str, decoder: AddressDecoder) -> None:
        for master, window in self._ranges:
            if master is None or master == path:
                decoder.cover(window)

    # Streams.

    def stuck_ready(self, path: str, interface: str) -> Fault:
        """TREADY stays low at a stream interface of an IP: nothing gets past it; FIFOs before it fill up."""
        return self._stuck("TREADY", path, interface)

    def stuck_valid(self, path: str, interface: str) -> Fault:
        """TVALID stays low at a stream interface of an IP: nothing gets past it; its receiver waits."""
        return self._stuck("TVALID", path, interface)

    def _stuck(self, wire: str, path: str, interface: str) -> Fault:
        with self._device.lock:
            queue, faults = self._queue(path, interface)
            # What is stored on the way fills up before a gate at its end.
            gate = faults.entry if self._device.world.streams.begins_at(path, interface) else faults.exit
            fault = self._new(f"stuck {wire}", f"{wire} of {path}/{interface} is stuck low", None)
            gate.append(fault)

            def undo() -> None:
                gate.remove(fault)
                queue.tell_space()
                if queue.on_data is not None and (queue.available or queue.packets):
                    queue.on_data()

            fault._undo.append(undo)
            return fault

    def short_packet(self, path: str, interface: str, nbytes: int, times: int = 1) -> Fault:
        """A packet of more than `nbytes` bytes ends after these, with TLAST; the rest of it is lost."""
        if not _counts(nbytes):
            raise ValueError(f"short packet: expected nbytes of 1 or more, not {nbytes!r}")
        with self._device.lock:
            _, faults = self._queue(path, interface)
            fault = self._new("short packet", f"packets at {path}/{interface} end after {nbytes} bytes", times)
            entry = (fault, nbytes)
            faults.short.append(entry)
            fault._undo.append(lambda: faults.short.remove(entry))
            return fault

    def missing_last(self, path: str, interface: str, times: int = 1) -> Fault:
        """A packet comes without TLAST: it and the next are one."""
        with self._device.lock:
            _, faults = self._queue(path, interface)
            fault = self._new("missing TLAST", f"packets at {path}/{interface} come without TLAST", times)
            faults.missing.append(fault)
            fault._undo.append(lambda: faults.missing.remove(fault))
            return fault

    def _queue(self, path: str, interface: str) -> tuple[StreamQueue, QueueFaults]:
        queue = self._device.stream(path, interface)
        if queue.faults is None:
            queue.faults = QueueFaults()
        return queue, queue.faults

    # Interrupts.

    def lost_interrupt(self, path: str, pin: str, times: int = 1) -> Fault:
        """The interrupt pin of an IP becomes active, and nobody sees it: not until it has become idle and active again."""
        with self._device.lock:
            name, idle = self._interrupt(path, pin)
            fault = self._new("lost interrupt", f"interrupts of {path}/{name} get lost", times)
            signals = self._device.world.signals
            lossy = signals.lossy = signals.lossy or LossyPins()
            lossy.add((path, name), fault, idle)
            fault._undo.append(lambda: lossy.remove((path, name), fault))
            return fault

    def spurious_interrupt(self, path: str, pin: str) -> Fault:
        """The interrupt pin of an IP is active for a moment, now, though the IP asks for nothing: a glitch, or two lines that touch.

        Raises ``ValueError`` where the pin is active already.
        """
        with self._device.lock:
            device, world = self._device, self._device.world
            name, idle = self._interrupt(path, pin)
            output = world.signals.output(path, name)
            device.settle()
            if output.value != idle:
                raise ValueError(f"{path}/{name} is active: an interrupt of it would not be spurious now")
            fault = self._new("spurious interrupt", f"{path}/{name} interrupts for nothing", 1)
            for level in (idle ^ output.mask, idle):
                output.set(level)
                device.settle()
            fault.hit()
            return fault

    def _interrupt(self, path: str, pin: str) -> tuple[str, int]:
        """An interrupt pin of an IP as the design spells it, and its level where nothing is asked for."""
        world = self._device.world
        module = world.design.modules.get(path)
        if module is None:
            raise KeyError(f"no IP {path!r} in design {world.design.name!r}{near_hint(path, world.design.modules)}")
        pins = {name: "" for name, port in module.ports.items() if port.kind.upper() == "INTERRUPT" and port.direction == "O"}
        pins.update({line.pin: line.sensitivity or "" for line in world.design.interrupts if line.module == path})
        name = next((each for each in pins if each.lower() == str(pin).lower()), None)
        if name is None:
            raise KeyError(f"{path} has no interrupt pin {pin!r}; it has {', '.join(sorted(pins)) or 'none'}")
        sense = pins[name].upper()
        return name, world.signals.output(path, name).mask if "LOW" in sense or "FALLING" in sense else 0

    # All of them.

    def _new(self, kind: str, words: str, times: int | None) -> Fault:
        fault = Fault(self._device, kind, words, times)
        over = [each for each in self._all if not each.active]
        for each in over[: max(0, len(over) - _KEPT + 1)]:
            self._all.remove(each)
        self._all.append(fault)
        return fault

    def clear(self) -> None:
        """Remove every fault, and forget those that are over."""
        with self._device.lock:
            for fault in self.active:
                fault.remove()
            self._all.clear()

    def forget(self) -> None:
        """The design that they were in has gone."""
        for fault in self._all:
            fault.forget()
        self._all.clear()
        self._ranges.clear()


def _counts(number: Any) -> bool:
    """Whether `number` is a whole number from 1."""
    return not isinstance(number, bool) and hasattr(number, "__index__") and operator.index(number) >= 1


def _span(where: Any, nbytes: int | None, kind: str) -> tuple[int, int]:
    """Address and size of what was named."""
    try:
        if hasattr(type(where), "physical_address") or hasattr(where, "physical_address"):
            address, own = where.physical_address, int(where.nbytes)
        else:
            address, own = operator.index(where), 4
    except NoAddressError as error:
        raise NoAddressError(f"{kind}: {error}") from None
    except TypeError:
        raise TypeError(f"{kind}: expected an address or a buffer made by allocate(), not {type(where).__name__}") from None
    try:
        size = own if nbytes is None else operator.index(nbytes)
    except TypeError:
        raise TypeError(f"{kind}: expected a whole number of bytes, not {nbytes!r}") from None
    if address < 0 or size < 1:
        raise ValueError(f"{kind}: expected an address of 0 or more and at least one byte, not {size} bytes at {address:#x}")
    return address, size
