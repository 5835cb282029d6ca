"""Wires between IP: outputs drive nets, through slices, concatenations and gates, into inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pynq_widgets.design import Net, Pin

if TYPE_CHECKING:
    from pynq_widgets.design import Module
    from pynq_widgets.device.simulated.pin_faults import LossyPins
    from pynq_widgets.device.simulated.world import World

Key = tuple[str | None, str]  # a module's path (None: the design itself), and its pin

_SLICES = {"xlslice", "ilslice"}
_CONCATS = {"xlconcat", "ilconcat"}
_CONSTANTS = {"xlconstant", "ilconstant"}
_VECTOR = {"util_vector_logic", "ilvector_logic"}
_REDUCED = {"util_reduced_logic", "ilreduced_logic"}
_CELLS = _SLICES | _CONCATS | _CONSTANTS | _VECTOR | _REDUCED


def ip_name(module: Module | None) -> str:
    """The third part of the VLNV, ``''`` where there is none."""
    parts = (module.vlnv or "").split(":") if module is not None else []
    return parts[2] if len(parts) > 2 else ""


class OutputPin:
    """An output of a model."""

    __slots__ = ("_key", "_signals", "mask")

    def __init__(self, signals: Signals, key: Key, width: int) -> None:
        self._signals: Signals | Loose = signals
        self._key = key
        self.mask = (1 << max(1, width)) - 1

    def cut(self) -> None:
        """The IP has gone: what drives this output from now on reaches nobody."""
        self._signals = Loose()

    @property
    def value(self) -> int:
        """What the output is driven to; 0 at first."""
        return self._signals.driven.get(self._key, 0)

    def set(self, value: int | bool) -> None:
        """Drive the output. Whoever is connected learns it within the same access or event."""
        new = int(value) & self.mask
        old = self.value
        if new != old:
            self._signals.change(self._key, old, new)

    def __repr__(self) -> str:
        return f"<output {self._key[0]}/{self._key[1]} = {self.value:#x}>"


class Loose:
    """In the place of `Signals` for the outputs of a model whose IP has gone: they have a level, and lead nowhere."""

    def __init__(self) -> None:
        self.driven: dict[Key, int] = {}

    def change(self, key: Key, old: int, new: int) -> None:
        self.driven[key] = new


class InputPin:
    """An input of a model."""

    __slots__ = ("_key", "_signals")

    def __init__(self, signals: Signals, key: Key) -> None:
        self._signals = signals
        self._key = key

    @property
    def value(self) -> int:
        """What the input is driven to; 0 where nothing drives it."""
        return self._signals.level_of_input(self._key)

    def __int__(self) -> int:
        return self.value

    __index__ = __int__

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return f"<input {self._key[0]}/{self._key[1]} = {self.value:#x}>"


class Signals:
    """The state of every wire that somebody drives."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.driven: dict[Key, int] = {}
        self._forced: dict[Key, int] = {}
        self._cells: dict[Key, int] = {}
        self._visiting: set[Key] = set()
        self._bundles: dict[Key, Net | None] = {}
        self.lossy: LossyPins | None = None

    def release(self, holds: Callable[[str], bool]) -> None:
        """The outputs of the modules whose path `holds` go low: the modules are about to go."""
        for key, value in list(self.driven.items()):
            if key[0] is not None and value and holds(key[0]):
                self.change(key, value, 0)

    def forget(self, holds: Callable[[str], bool]) -> None:
        """Forget the wires of the modules whose path `holds`, and what was found out of the design."""
        for table in (self.driven, self._forced, self._cells):
            for key in [key for key in table if key[0] is not None and holds(key[0])]:
                del table[key]
        self._bundles.clear()

    # The models' ends.

    def output(self, path: str, pin: str) -> OutputPin:
        return OutputPin(self, self._key(path, pin), self._width(path, pin))

    def input(self, path: str, pin: str) -> InputPin:
        return InputPin(self, self._key(path, pin))

    def _key(self, path: str, pin: str) -> Key:
        ports = self._world.design.modules[path].ports
        if pin not in ports:
            pin = next((name for name in ports if name.lower() == pin.lower()), pin)
        return (path, pin)

    def _width(self, path: str, pin: str) -> int:
        port = self._world.design.modules[path].ports.get(self._key(path, pin)[1])
        return 32 if port is None else port.width

    def change(self, key: Key, old: int, new: int) -> None:
        """An output goes from `old` to `new`."""
        self.driven[key] = new
        if self.lossy is not None:
            old, new = self.lossy.change(key, old, new)
            if new == old:
                return
        self._world.post(lambda: self._spread(key, old, new))

    def _spread(self, key: Key, old: int, new: int) -> None:
        self._world.interrupts.output_changed(key[0] or "", key[1], old, new)
        net = self._net_of(key)
        if net is None:
            return
        for sink in net.sinks:
            if sink.module is not None:
                self._arrive((sink.module, sink.port), new)

    def _arrive(self, key: Key, value: int) -> None:
        path, pin = key
        if path is None or key in self._forced:
            return
        world = self._world
        module = world.design.modules.get(path)
        if module is None:
            return
        if ip_name(module) in _CELLS:
            for port in module.ports.values():
                if port.direction == "O":
                    self._recompute(module, port.name)
        elif world.has_model(path):
            world.notify_signal(path, pin, value)

    def _recompute(self, module: Module, pin: str) -> None:
        key: Key = (module.path, pin)
        old, new = self._cells.get(key, 0), self._cell(module)
        if new != old:
            self._cells[key] = new
            self._world.post(lambda: self._spread(key, old, new))

    # What a wire carries.

    def _net_of(self, key: Key) -> Net | None:
        design = self._world.design
        if key[0] is None:
            outer = design.ports.get(key[1])
            if outer is None or outer.net is not None:
                return design.nets.get(outer.net) if outer is not None and outer.net is not None else None
            return self._bundled(key)
        module = design.modules.get(key[0])
        port = module.ports.get(key[1]) if module is not None else None
        if port is None or port.net is not None:
            return design.nets.get(port.net) if port is not None and port.net is not None else None
        return self._bundled(key)

    def _bundled(self, key: Key) -> Net | None:
        """A port of the design and a pin that only a bus interface connects, as in files of older tools; None if it does not."""
        if key not in self._bundles:
            self._bundles[key] = self._find_bundled(*key)
        return self._bundles[key]

    def _find_bundled(self, path: str | None, name: str) -> Net | None:
        design = self._world.design
        modules = design.modules.values() if path is None else [design.modules[path]]
        for outer in design.buses.values():
            if outer.bus is None or (path is None and name not in outer.ports.values()):
                continue
            for module in modules:
                for inner in module.buses.values():
                    if inner.bus != outer.bus or (path is not None and name not in inner.ports.values()):
                        continue
                    for logical, physical in inner.ports.items():
                        outside = outer.ports.get(logical, "")
                        if name in (physical if path is not None else outside,) and outside in design.ports and physical in module.ports:
                            ends = ((None, design.ports[outside]), (module.path, module.ports[physical]))
                            return Net(name, tuple(Pin(owner, p.name, p.direction, p.width, p.kind) for owner, p in ends))
        return None

    def level_of_input(self, key: Key) -> int:
        if key in self._forced:
            return self._forced[key]
        net = self._net_of(key)
        driver = net.driver if net is not None else None
        return 0 if driver is None else self.level_of_output((driver.module, driver.port))

    def level_of_output(self, key: Key) -> int:
        path = key[0]
        if path is None or key in self.driven:
            value = self.driven.get(key, 0)
            return value if self.lossy is None else self.lossy.seen(key, value)
        module = self._world.design.modules.get(path)
        if module is not None and ip_name(module) in _CELLS:
            if key in self._visiting:  # a loop of gates: what it was
                return self._cells.get(key, 0)
            self._visiting.add(key)
            try:
                return self._cell(module)
            finally:
                self._visiting.discard(key)
        self._world.model_of(path)  # a model may drive its outputs from the start
        return self.driven.get(key, 0)

    def _cell(self, module: Module) -> int:
        """The output of a slice, concatenation, constant or gate."""
        kind = ip_name(module)

        def parameter(name: str, default: int) -> int:
            text = module.parameters.get(name)
            return default if text is None else int(text, 0)

        def level(name: str) -> int:
            return self.level_of_input(self._key(module.path, name))

        if kind in _CONSTANTS:
            return parameter("CONST_VAL", 1)
        if kind in _SLICES:
            low, high = parameter("DIN_TO", 0), parameter("DIN_FROM", 0)
            return level("Din") >> low & ((1 << (high - low + 1)) - 1)
        if kind in _CONCATS:
            value = shift = 0
            for i in range(parameter("NUM_PORTS", 2)):
                width = parameter(f"IN{i}_WIDTH", 1)
                value |= (level(f"In{i}") & ((1 << width) - 1)) << shift
                shift += width
            return value
        size = parameter("C_SIZE", 1)
        mask = (1 << size) - 1
        operation = module.parameters.get("C_OPERATION", "and").lower()
        first = level("Op1") & mask
        if kind in _REDUCED:
            return {"and": int(first == mask), "or": int(first != 0), "xor": first.bit_count() & 1}.get(operation, 0)
        second = level("Op2") & mask
        return {"and": first & second, "or": first | second, "xor": first ^ second, "not": ~first & mask}.get(operation, 0)

    # The world outside.

    def drive(self, name: str, value: int | None) -> None:
        """Set an input port of the design, an output ``path/pin`` in its IP's place, or override the input ``path/pin``.

        None takes an override back.
        """
        path, _, pin = name.rpartition("/")
        if path:
            module = self._world.design.modules.get(path)
            if module is None:
                raise KeyError(f"no IP {path!r} in design {self._world.design.name!r}")
            key = self._key(path, pin)
            width = self._width(path, pin)
            port = module.ports.get(key[1])
            if port is not None and port.direction == "O":
                if value is None:
                    raise ValueError(f"{name} is an output: it always has a level, there is no override to take back")
                self._check(name, value, width)
                self.output(path, pin).set(value)
                return
            old = self.level_of_input(key)
            if value is None:
                self._forced.pop(key, None)
            else:
                self._check(name, value, width)
                self._forced[key] = value
            new = self.level_of_input(key)
            if new != old and self._world.has_model(path):
                self._world.post(lambda: self._world.notify_signal(path, key[1], new))
            return
        if value is None:
            raise ValueError(f"{name} is a port of the design: it always has a level, there is no override to take back")
        key = (None, name)
        net = self._net_of(key)
        if net is None:
            names = sorted(port.name for port in self._world.design.ports.values() if port.direction == "I")
            raise KeyError(f"no port {name!r} in design {self._world.design.name!r}; its inputs are {', '.join(names) or 'none'}")
        outer = next(p for p in net.pins if p.module is None and p.port == name)
        if self._world.design.ports[name].direction == "O":
            raise ValueError(f"{name} is an output of the design: what is inside drives it, and probe({name!r}) tells its level")
        self._check(name, value, outer.width)
        old = self.driven.get(key, 0)
        if value != old:
            self.change(key, old, value)

    def _check(self, name: str, value: int, width: int) -> None:
        if not 0 <= value < 1 << max(1, width):
            raise ValueError(f"{name} has {width} bits: expected 0 to {(1 << max(1, width)) - 1:#x}, not {value!r}")

    def probe(self, name: str) -> int:
        """The level of a port of the design, or of ``path/pin``."""
        path, _, pin = name.rpartition("/")
        if not path:
            net = self._net_of((None, name))
            if net is None:
                names = sorted(port.name for port in self._world.design.ports.values())
                raise KeyError(f"no port {name!r} in design {self._world.design.name!r}; its ports are {', '.join(names) or 'none'}")
            driver = net.driver
            return 0 if driver is None else self.level_of_output((driver.module, driver.port))
        module = self._world.design.modules.get(path)
        if module is None:
            raise KeyError(f"no IP {path!r} in design {self._world.design.name!r}")
        key = self._key(path, pin)
        port = module.ports.get(key[1])
        return self.level_of_output(key) if port is not None and port.direction == "O" else self.level_of_input(key)
