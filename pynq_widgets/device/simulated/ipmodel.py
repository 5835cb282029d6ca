"""What a behavioural model of an IP is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pynq_widgets.device.clock import ClockScope
from pynq_widgets.device.simulated.registry import find_model, model, unregister

if TYPE_CHECKING:
    from pynq_widgets.design import Design, Module
    from pynq_widgets.device.clock import Clock
    from pynq_widgets.device.simulated.masters import MasterMemory
    from pynq_widgets.device.simulated.registerfile import RegisterFile
    from pynq_widgets.device.simulated.signals import InputPin, OutputPin
    from pynq_widgets.device.simulated.stream import StreamQueue
    from pynq_widgets.device.simulated.world import World

__all__ = ["IPModel", "ModelContext", "find_model", "model", "unregister"]

T = TypeVar("T", int, float, bool, str)


class Traffic(NamedTuple):
    """What has gone over a bus since its design was loaded: accesses and bytes of its master, or bytes of a stream (`bytes_written`)."""

    reads: int = 0
    writes: int = 0
    bytes_read: int = 0
    bytes_written: int = 0


class Reconfiguration:
    """A partial bitstream that an IP has loaded, as `Device.download` takes one."""

    partial = True

    def __init__(self, bitfile_name: str) -> None:
        self.bitfile_name = bitfile_name


class ModelContext:
    """What one IP of a design sees of the device around it: its parameters, registers, pins, streams, memory and time."""

    def __init__(self, world: World, module: Module) -> None:
        self._world = world
        self.module = module
        self._pins: dict[str, OutputPin] = {}
        self._clock = ClockScope(world.clock)

    def close(self) -> None:
        """The IP goes: what it planned will not happen, and its outputs reach nobody."""
        self._clock.close()
        for pin in self._pins.values():
            pin.cut()

    @property
    def path(self) -> str:
        """The IP's path in the design, ``'hierarchy/ip'``."""
        return self.module.path

    def __repr__(self) -> str:
        return f"<ModelContext of {self.module.path} ({self.module.vlnv})>"

    def parameter(self, name: str, default: T) -> T:
        """The parameter `name` of the IP, as the type of `default`; `default` where the design does not have it.

        Names are looked up as they are, then whatever their case. ``ValueError`` if the text in the design is not of that type.
        """
        parameters = self.module.parameters
        text = parameters.get(name)
        if text is None:
            text = next((value for key, value in parameters.items() if key.lower() == name.lower()), None)
        if text is None:
            return default
        try:
            converted: T = _converted(str(text).strip(), default)
            return converted
        except ValueError:
            raise ValueError(f"parameter {name} of {self.path}: expected {type(default).__name__}, the design says {text!r}") from None

    @property
    def registers(self) -> RegisterFile:
        """The IP's registers (of its first interface that has any), with the design's reset values and side effects."""
        return self._world.registers_of(self.module)

    def registers_of(self, interface: str) -> RegisterFile:
        """The registers behind the slave interface `interface`."""
        return self._world.registers_of(self.module, interface)

    def interrupt(self, pin: str, bit: int = 0) -> OutputPin:
        """The interrupt output `pin`: ``.set(level)``."""
        return self.signal_out(pin)

    def signal_out(self, pin: str) -> OutputPin:
        """The output `pin` (of one bit or many): ``.set(value)``, ``.value``."""
        found = self._pins.get(pin)
        if found is None:
            found = self._pins[pin] = self._world.signals.output(self.module.path, pin)
        return found

    def signal_in(self, pin: str) -> InputPin:
        """The input `pin` (of one bit or many): ``.value``, or ``int()`` of it."""
        return self._world.signals.input(self.module.path, pin)

    def stream(self, interface: str) -> StreamQueue:
        """The AXI-Stream connection at `interface`: a master sends into it, a slave receives from it."""
        return self._world.streams.queue(self.module.path, interface)

    @property
    def stream_interfaces(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The connected stream interfaces of the IP: its slaves (in), and its masters (out)."""
        return self._world.streams.interfaces(self.module.path)

    def memory(self, interface: str | None = None) -> MasterMemory:
        """What the IP reaches through its master `interface` (through any of its masters, if None)."""
        return self._world.master(self.module.path, interface)

    def watched(self, interface: str) -> tuple[str, str] | None:
        """The master (path and interface) of the bus that the monitor interface `interface` looks at; None where there is none."""
        bus = next((each.bus for name, each in self.module.buses.items() if name.lower() == interface.lower()), None)
        if bus is None:
            return None
        for path, module in self._world.design.modules.items():
            for name, each in module.buses.items():
                if each.bus == bus and each.mode == "master" and path != self.module.path:
                    return path, name
        return None

    def traffic(self, interface: str) -> Traffic:
        """What has gone over the bus that the monitor interface `interface` looks at; nothing where nobody knows, as of a processor."""
        master = self.watched(interface)
        if master is None:
            return Traffic()
        if self._world.design.modules[master[0]].buses[master[1]].protocol == "axis":
            return Traffic(bytes_written=self._world.streams.queue(*master).received)
        found = self._world.master_made(*master)
        return Traffic() if found is None else Traffic(found.reads, found.writes, found.bytes_read, found.bytes_written)

    @property
    def clock(self) -> Clock:
        """The device's time. What is planned on it is cancelled when the design goes."""
        return self._clock

    def frequency(self, pin: str) -> float:
        """The frequency (Hz) that the design says for the clock input `pin`; 100 MHz where it does not say, noted as an assumption."""
        return self._world.frequency(self.module, pin)

    def assume(self, text: str) -> None:
        """Tell the user, once, of something that the model takes for granted (``device.assumptions``)."""
        self._world.assume(f"{self.path}: {text}")

    def model_of(self, path: str) -> IPModel | None:
        """The model of another IP of the design, made if need be; None where registers or memory stand for it."""
        return self._world.model_of(path)

    @property
    def design(self) -> Design:
        """The design that the IP is part of."""
        return self._world.design

    @contextmanager
    def from_outside(self) -> Iterator[None]:
        """Around what the world does to the IP (a button is pressed): time is brought up to date, what follows happens at the end."""
        world = self._world
        with world.clock.lock:
            world.clock.run_due()
            yield
            world.settle()

    def reconfigure(self, bitfile_name: str) -> None:
        """The IP has written the partial bitstream `bitfile_name` (with a ``.hwh`` beside it) to the configuration port.

        The region that it is for holds that module when what runs now is done. Where it fits none, or several, nothing changes, and the
        device notes why.
        """
        self._world.post(lambda: self._world.device.download(Reconfiguration(bitfile_name)))

    def post(self, callback: Callable[[], object]) -> None:
        """Run `callback()` when what runs now is done, still within the same access or event."""
        self._world.post(callback)


def _converted(text: str, default: Any) -> Any:
    if isinstance(default, bool):
        low = text.lower()
        if low in ("true", "yes", "1", "0x1"):
            return True
        if low in ("false", "no", "0", "0x0"):
            return False
        raise ValueError(text)
    if isinstance(default, int):
        return int(text, 0) if text.lower().startswith(("0x", "0b")) else int(text)
    if isinstance(default, float):
        return float(text)
    return text


class IPModel:
    """The behaviour of one IP, derived from and registered with `model`.

    A model is made when its range, stream or signal is first touched. It runs under the lock of the device. Whatever it raises in an
    access comes to the caller as a `BusError` with that cause, and is kept in ``device.model_errors``.
    """

    def __init__(self, context: ModelContext) -> None:
        self.context = context

    def read(self, interface: str, offset: int) -> int:
        """The word at `offset` (bytes) behind the slave interface `interface`; by default, of its registers."""
        return self.context.registers_of(interface).read(offset)

    def write(self, interface: str, offset: int, value: int) -> None:
        """Write the word at `offset` (bytes) behind the slave interface `interface`; by default, to its registers."""
        self.context.registers_of(interface).write(offset, value)

    def reset(self) -> None:
        """As after the reset input of the IP was active; called once when the model is made."""

    def on_stream(self, interface: str) -> None:
        """Data has arrived at the slave stream `interface`."""

    def on_space(self, interface: str) -> None:
        """What was full can take more at the master stream `interface`."""

    def on_signal(self, pin: str, value: int) -> None:
        """The input `pin` has a new value."""

    def on_interrupt_in(self, index: int, level: int) -> None:
        """The interrupt input `index` of this controller has a new level."""
