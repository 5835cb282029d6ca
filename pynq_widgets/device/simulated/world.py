"""One loaded design on the simulated device: its address maps, models, streams, wires and interrupts.

A world is made for a design and thrown away with it. Nothing in it is made before it is first touched.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from pynq_widgets.design import hls
from pynq_widgets.device.clock import ClockScope
from pynq_widgets.device.simulated.interrupts import Interrupts
from pynq_widgets.device.simulated.ipmodel import IPModel, ModelContext
from pynq_widgets.device.simulated.mainmemory import MemoryWindow
from pynq_widgets.device.simulated.masters import AddressDecoder, MasterMemory, Target, Window
from pynq_widgets.device.simulated.masters import ModelFailure as ModelFailure
from pynq_widgets.device.simulated.memory import memory_range
from pynq_widgets.device.simulated.registerfile import RegisterFile
from pynq_widgets.device.simulated.registry import ModelTable
from pynq_widgets.device.simulated.signals import Signals, ip_name
from pynq_widgets.device.simulated.streamgraph import StreamGraph

if TYPE_CHECKING:
    from pynq_widgets.design import AddressRange, Design, Module
    from pynq_widgets.device.simulated.device import SimulatedDevice

_log = logging.getLogger(__name__)

RangeKey = tuple[str, str, str, int]  # slave, interface, block, which of the ranges of that block

# So many consequences of one access are taken for a loop of models that answer one another for ever.
_ENDLESS = 5_000_000
_OPEN_ENDED = 0x10000  # the size of a range whose end the design leaves open and whose block has no size

# Modules behind whose memory ranges the main memory of the system lies.
_DRAM = ("mig", "ddr3", "ddr4", "lpddr", "axi_noc", "noc_mc", "hbm", "axi_7series_ddrx", "emc")
_PROCESSORS = ("processing_system", "zynq_ultra_ps", "versal_cips", "ps_wizard", "pspmc", "cpm")
# The DDR that the processor itself sees: up to 1 GiB on Zynq-7000 (UG585 table 4-1; the first MiB may be on-chip memory),
# 2 GiB low and 32 GiB high on UltraScale+ and Versal (UG1085 table 10-1).
_PROCESSOR_DDR = {
    "processing_system7": ((0x0010_0000, 0x3FF0_0000),),
    "": ((0x0, 0x8000_0000), (0x8_0000_0000, 0x8_0000_0000)),
}


def regions_in(design: Design) -> tuple[str, ...]:
    """The reconfigurable regions: those that the file marks, and those that were given another module."""
    # Loaded with the first design that has any.
    if not any(getattr(module, "kind", "") in ("RBD", "BLOCK_CONTAINER") for module in design.modules.values()):
        return ()
    from pynq_widgets.design import regions_of

    return tuple(dict.fromkeys((*regions_of(design), *design.regions)))


def is_processor(module: Module | None) -> bool:
    """Whether the module is a processing system, whose slave ports lead to its DDR."""
    return ip_name(module).startswith(_PROCESSORS)


def is_dram(module: Module | None) -> bool:
    """Whether memory ranges of the module are main memory."""
    return is_processor(module) or ip_name(module).startswith(_DRAM)


class World:
    """The state of `design` on `device`."""

    def __init__(self, device: SimulatedDevice, design: Design) -> None:
        self.device = device
        self.design = design
        self.clock = ClockScope(device.clock, self._run_event)
        self.pending: deque[Callable[[], object]] = deque()
        self._waiting: set[Hashable] = set()
        self._table = ModelTable()
        self._has_model: dict[str, bool] = {}
        self._models: dict[str, IPModel | None] = {}
        self._contexts: dict[str, ModelContext] = {}
        self._targets: dict[RangeKey, Target] = {}
        self._files: dict[RangeKey, RegisterFile] = {}
        self._masters: dict[tuple[str, str], MasterMemory] = {}
        self.on_master: Callable[[str, AddressDecoder], None] | None = None  # told of each master whose map is made from now on
        self.host = AddressDecoder([*self._windows(design.address_map), *self._processor_ddr()])
        self.signals = Signals(self)
        self._regions = regions_in(design)

    # Made when first asked for, since reading them out of the design takes its time.

    @cached_property
    def streams(self) -> StreamGraph:
        return StreamGraph(self)

    @cached_property
    def interrupts(self) -> Interrupts:
        return Interrupts(self)

    def exchange(self, design: Design, regions: Iterable[str]) -> None:
        """`design` is there now, which differs from the present one in what stands in `regions`; all else goes on as it is."""
        started = tuple(f"{region}/" for region in regions)

        def holds(path: str) -> bool:
            return f"{path}/".startswith(started)

        self.settle()
        self.signals.release(holds)
        self.settle()
        for path in [path for path in self._contexts if holds(path)]:
            self._contexts.pop(path).close()
        for models in (self._models, self._has_model):
            for path in [path for path in models if holds(path)]:
                del models[path]
        for ranges in (self._targets, self._files):
            for key in [key for key in ranges if holds(key[0])]:
                del ranges[key]
        for place in [place for place in self._masters if holds(place[0])]:
            del self._masters[place]
        self.signals.forget(holds)
        self.design = design
        self._regions = regions_in(design)
        self._renew(self.host, [*self._windows(design.address_map), *self._processor_ddr()], holds)
        for (path, interface), master in self._masters.items():
            own = self._master_ranges(path, interface)
            windows = self._windows(own) if own else self.host.windows
            self._renew(master.decoder, windows, holds)
        if "streams" in self.__dict__:
            self.streams.exchange(holds)
        if "interrupts" in self.__dict__:
            self.interrupts.renew()
        self.settle()

    def _renew(self, decoder: AddressDecoder, windows: Iterable[Window], holds: Callable[[str], bool]) -> None:
        there = {(window.name, window.base, window.size): window for window in decoder.windows}
        decoder.renew(
            window if holds(window.name.rpartition("/")[0]) else there.get((window.name, window.base, window.size), window)
            for window in windows
        )

    def close(self) -> None:
        """The design goes: what its models have planned will not happen."""
        self.clock.close()
        self.pending.clear()
        self._waiting.clear()

    def _run_event(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception as error:
            self.device.model_failed(error)
        self.settle()

    # Consequences: what an access or an event leads to runs after it, in order, within the same hold of the lock.

    def post(self, callback: Callable[[], object]) -> None:
        """Run `callback()` when what runs now is done."""
        self.pending.append(callback)

    def post_once(self, key: Hashable, callback: Callable[[], object]) -> None:
        """As `post`; nothing if `key` is already to be done."""
        if key not in self._waiting:
            self._waiting.add(key)

            def run() -> None:
                self._waiting.discard(key)
                callback()

            self.pending.append(run)

    def settle(self) -> BaseException | None:
        """Run all that is pending; the first failure of it, which has been logged."""
        first: BaseException | None = None
        pending = self.pending
        for _ in range(_ENDLESS):
            if not pending:
                return first
            try:
                pending.popleft()()
            except Exception as error:
                self.device.model_failed(error)
                first = first or error
        pending.clear()
        self._waiting.clear()
        endless = RuntimeError("the models of this design answer one another for ever; what they had still to do is dropped")
        self.device.model_failed(endless)
        return first or endless

    def assume(self, text: str) -> None:
        """Tell the user, once, of something that the simulation takes for granted."""
        if text not in self.device.assumptions:
            self.device.assumptions.append(text)
            _log.warning("%s", text)

    # Address maps.

    def _windows(self, ranges: Iterable[AddressRange]) -> list[Window]:
        # An interface can have several ranges, even of one block: the n-th of one master is taken for the n-th of another.
        seen: dict[RangeKey, int] = {}
        windows = []
        for range_ in ranges:
            key = (range_.slave, range_.interface.lower(), range_.block.lower(), 0)
            seen[key] = seen.get(key, -1) + 1
            windows.append(self._window(range_, (*key[:3], seen[key])))
        return windows

    def _window(self, range_: AddressRange, key: RangeKey) -> Window:
        size = range_.size
        if size <= 0:
            block = range_.module.block(range_.interface, range_.block) if range_.module is not None else None
            size = block.size if block is not None and block.size > 0 else _OPEN_ENDED
        return Window(f"{range_.slave}/{range_.interface}", range_.base, size, lambda: self._target(range_, size, key))

    def _processor_ddr(self) -> list[Window]:
        """The processor's own DDR, which the file does not list in the processor's map."""
        host = self.design.host
        if not is_processor(host):
            return []
        memory = self.device.memory
        name = ip_name(host)
        return [
            Window("DDR", base, size, lambda base=base: MemoryWindow(memory, base))  # type: ignore[misc]
            for base, size in _PROCESSOR_DDR.get(name, _PROCESSOR_DDR[""])
        ]

    def _target(self, range_: AddressRange, size: int, key: RangeKey) -> Target:
        module = range_.module
        if range_.kind == "memory" and is_dram(module):
            return MemoryWindow(self.device.memory, self._canonical_base(range_))
        if is_processor(module):
            # The processor's own registers, as a master in the logic sees them.
            key = (range_.slave, "", "", range_.base)
        found = self._targets.get(key)
        if found is None:
            found = self._targets[key] = self._new_target(range_, self._extent(key, size) if key[1] else size, key)
        return found

    def _extent(self, key: RangeKey, size: int) -> int:
        """The size of the largest range through which any master sees a block."""
        return max([size, *(r.size for r in self._ranges_of(key[0]) if (r.interface.lower(), r.block.lower()) == key[1:3])])

    def _ranges_of(self, slave: str) -> list[AddressRange]:
        """Every range of every master in which `slave` stands; the host's first."""
        maps = (self.design.address_map, *self.design.address_maps.values())
        return [range_ for ranges in maps for range_ in ranges if range_.slave == slave]

    def _canonical_base(self, range_: AddressRange) -> int:
        """Where the host sees the memory that a master sees at the base of its range."""
        if is_processor(range_.module):
            return range_.base
        for other in self.design.address_map:
            if other.slave == range_.slave and other.kind == "memory" and (other.block == range_.block or other.size == range_.size):
                return other.base
        return range_.base

    def _new_target(self, range_: AddressRange, size: int, key: RangeKey) -> Target:
        module = range_.module
        if module is not None and self.model_of(module.path) is not None:
            memory = memory_range(size) if range_.kind == "memory" else None
            return ModelTarget(self, module.path, range_.interface, memory)
        if range_.kind == "memory":
            return memory_range(size)
        if module is None or is_processor(module):
            return RegisterFile((), size, range_.slave)
        return self._file(module, range_.interface, range_.block, size, key[3])

    def _file(self, module: Module, interface: str, block_name: str | None, size: int, number: int = 0) -> RegisterFile:
        block = module.block(interface, block_name)
        key = (module.path, interface.lower(), (block_name or (block.name if block else "")).lower(), number)
        found = self._files.get(key)
        if found is None:
            registers = hls.as_built(module.vlnv, block.registers) if block is not None else ()
            found = self._files[key] = RegisterFile(registers, self._extent(key, size), f"{module.path}/{interface}")
        return found

    def registers_of(self, module: Module, interface: str | None = None) -> RegisterFile:
        """The registers behind an interface of `module` (None: the first that has any)."""
        ranges = self._ranges_of(module.path)
        if interface is None:
            interface = next((b.interface for b in module.blocks if b.registers), None)
            interface = interface or next((r.interface for r in ranges if r.kind == "register"), ranges[0].interface if ranges else "")
        here = [r for r in ranges if r.interface.lower() == interface.lower()]
        here.sort(key=lambda r: r.kind != "register")
        block_name = here[0].block if here else None
        size = here[0].size if here and here[0].size > 0 else 0
        if not size:
            block = module.block(interface, block_name)
            size = max(block.size if block is not None else 0, _OPEN_ENDED)
        return self._file(module, interface, block_name, size)

    def replace_target(self, old: Target, new: Target) -> None:
        """From now on `new` stands where `old` stood, for the host and every master."""
        for key, target in self._targets.items():
            if target is old:
                self._targets[key] = new
        for decoder in (self.host, *(master.decoder for master in self._masters.values())):
            decoder.targets = [new if target is old else target for target in decoder.targets]

    def master(self, path: str, interface: str | None = None) -> MasterMemory:
        """What a master in the logic reaches; all that the host reaches, if the design says nothing of it."""
        key = (path, (interface or "").lower())
        found = self._masters.get(key)
        if found is None:
            own = self._master_ranges(path, key[1])
            if own:
                found = MasterMemory(AddressDecoder(self._windows(own)), self.device.model_failed)
            else:
                self.assume(f"{path}: the design does not say what its master {interface or ''} reaches: it is given what the host reaches")
                found = MasterMemory(AddressDecoder(self.host.windows), self.device.model_failed)
            self._masters[key] = found
            if self.on_master is not None:
                self.on_master(path, found.decoder)
        return found

    def master_made(self, path: str, interface: str) -> MasterMemory | None:
        """What a master in the logic reaches, where it has been asked for; None where nothing has gone through it yet."""
        return self._masters.get((path, interface.lower()))

    def _master_ranges(self, path: str, interface: str) -> Collection[AddressRange]:
        ranges = self.design.address_maps.get(path, ())
        # Several interfaces of one IP often see the same memory: one window is enough.
        return {(r.base, r.size, r.slave, r.kind): r for r in ranges if not interface or r.master_interface.lower() == interface}.values()

    def decoders(self) -> list[tuple[str, AddressDecoder]]:
        """The path of each master in the logic whose map has been made, and the map."""
        return [(path, memory.decoder) for (path, _), memory in self._masters.items()]

    # Models.

    def has_model(self, path: str) -> bool:
        """Whether the IP has a behaviour of its own."""
        found = self._has_model.get(path)
        if found is None:
            module = self.design.modules.get(path)
            found = module is not None and (self._table.find(module.vlnv) is not None or self._relays(path))
            self._has_model[path] = found
        return found

    def is_region(self, path: str) -> bool:
        """Whether this is a reconfigurable region itself, of which only the boundary is known."""
        return path in self._regions

    def _relays(self, path: str) -> bool:
        """Whether the IP stands in a reconfigurable region and passes a stream on."""
        inside = any(path.startswith(f"{region}/") for region in self._regions)
        return inside and self._table.find(self.design.modules[path].vlnv) is None and self.streams.passes(path)

    def model_of(self, path: str) -> IPModel | None:
        """The model of the IP, made when first asked for; None where registers or memory stand for it."""
        try:
            return self._models[path]
        except KeyError:
            pass
        module = self.design.modules.get(path)
        made: IPModel | None = None
        if module is not None:
            kind = self._table.find(module.vlnv)
            if kind is None:
                from pynq_widgets.device.simulated.hls import IdleCore, has_ap_control  # loads numpy

                kind = IdleCore if has_ap_control(module) else self._table.of_kind(module)
                if self._relays(path):
                    from pynq_widgets.device.simulated.relay import relaying

                    self.assume(f"{path} ({module.vlnv}) has no model: what goes into its stream comes out unchanged")
                    kind = relaying(kind)
            if kind is not None:
                made = self._make(kind, module)
        if made is not None:
            self._models[path] = made
        return made

    def _make(self, kind: type[IPModel], module: Module) -> IPModel | None:
        try:
            made = kind(self.context(module.path))
            # Known before it is reset, so that what the reset leads to finds it.
            self._models[module.path] = made
            made.reset()
        except Exception as error:
            self._models.pop(module.path, None)
            self.device.model_failed(error)
            self.assume(f"{module.path}: its model {kind.__name__} could not be made ({error!r}): registers stand for it")
            self._table.forget(module.vlnv)
            self._has_model.clear()
            return None
        return made

    @property
    def models(self) -> dict[str, IPModel]:
        """The models made so far, by path."""
        return {path: made for path, made in self._models.items() if made is not None}

    def context(self, path: str) -> ModelContext:
        found = self._contexts.get(path)
        if found is None:
            found = self._contexts[path] = ModelContext(self, self.design.modules[path])
        return found

    def frequency(self, module: Module, pin: str) -> float:
        """Hz of a clock input, as the design says it."""
        ports = module.ports
        port = ports.get(pin) or next((p for name, p in ports.items() if name.lower() == pin.lower()), None)
        if port is not None and port.frequency:
            return float(port.frequency)
        self.assume(f"{module.path}: the design does not say the frequency of {pin}: 100 MHz are taken")
        return 100e6

    # What reaches a model from others.

    def notify_stream(self, path: str, interface: str) -> None:
        made = self.model_of(path)
        if made is not None:
            made.on_stream(interface)

    def notify_space(self, path: str, interface: str) -> None:
        made = self.model_of(path)
        if made is not None:
            made.on_space(interface)

    def notify_signal(self, path: str, pin: str, value: int) -> None:
        made = self.model_of(path)
        if made is not None:
            made.on_signal(pin, value)

    def notify_interrupt(self, path: str, index: int, level: int) -> None:
        made = self.model_of(path)
        if made is not None:
            made.on_interrupt_in(index, level)


class ModelTarget:
    """A range behind which a model stands. Memory ranges that the model does not answer for itself are RAM."""

    def __init__(self, world: World, path: str, interface: str, memory: Target | None) -> None:
        made = world.model_of(path)
        assert made is not None
        self._model = made
        self._path = path
        self._interface = interface
        # A model that leaves `read` alone means its registers; behind a memory range those would be the wrong thing.
        plain = type(made).read is IPModel.read and type(made).write is IPModel.write
        self._memory = memory if plain else None
        self._read, self._write = made.read, made.write

    def read(self, offset: int) -> int:
        if self._memory is not None:
            return self._memory.read(offset)
        try:
            return int(self._read(self._interface, offset)) & 0xFFFFFFFF
        except Exception as error:
            raise ModelFailure(self._path) from error

    def write(self, offset: int, value: int) -> None:
        if self._memory is not None:
            self._memory.write(offset, value)
            return
        try:
            self._write(self._interface, offset, value)
        except Exception as error:
            raise ModelFailure(self._path) from error

    def read_bytes(self, offset: int, length: int) -> bytes | memoryview:
        if self._memory is not None:
            return self._memory.read_bytes(offset, length)
        bulk = getattr(self._model, "read_bytes", None)
        if bulk is not None:
            block: bytes | memoryview = bulk(self._interface, offset, length)
            return block
        first, last = offset & ~3, (offset + length + 3) & ~3
        data = b"".join([self.read(at).to_bytes(4, "little") for at in range(first, last, 4)])
        return data[offset - first : offset - first + length]

    def write_bytes(self, offset: int, data: bytes | memoryview) -> None:
        if self._memory is not None:
            self._memory.write_bytes(offset, data)
            return
        bulk = getattr(self._model, "write_bytes", None)
        if bulk is not None:
            bulk(self._interface, offset, data)
            return
        if offset % 4 or len(data) % 4:
            raise ValueError(f"a model is written in whole words, not {len(data)} bytes at offset {offset:#x}")
        for i, value in enumerate(memoryview(data).cast("B").cast("I").tolist()):
            self.write(offset + 4 * i, value)

    def view(self, offset: int, length: int) -> memoryview | None:
        if self._memory is not None:
            return self._memory.view(offset, length)
        view = getattr(self._model, "view", None)
        block: memoryview | None = view(self._interface, offset, length) if view is not None else None
        return block
