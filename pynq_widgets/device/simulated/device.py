"""The simulated device: a board that is always there."""

from __future__ import annotations

import logging
import os
from bisect import bisect_right
from collections.abc import Collection, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pynq_widgets.device.clock import Clock, VirtualClock
from pynq_widgets.device.contract import MIO_PINS, Device, InterruptSource
from pynq_widgets.device.errors import BufferFreedError, BusError
from pynq_widgets.device.naming import near_hint
from pynq_widgets.device.simulated.mainmemory import MainMemory
from pynq_widgets.device.simulated.pool import DEFAULT_BASE, DEFAULT_SIZE, PAGE, ContiguousPool
from pynq_widgets.device.simulated.reach import reached_by_masters
from pynq_widgets.device.simulated.sameness import differing, same, static_of
from pynq_widgets.device.simulated.world import ModelFailure, World

if TYPE_CHECKING:
    from pynq_widgets.design import Design, InterruptLine, Memory
    from pynq_widgets.device.buffer import PynqBuffer
    from pynq_widgets.device.coherence import Coherence
    from pynq_widgets.device.simulated.allocation import Allocation
    from pynq_widgets.device.simulated.banks import MemoryBank
    from pynq_widgets.device.simulated.faults import Faults
    from pynq_widgets.device.simulated.ipmodel import IPModel
    from pynq_widgets.device.simulated.stream import StreamQueue

_log = logging.getLogger(__name__)


class SimulatedDevice(Device):
    """Whatever design is loaded, in this process: address decode, registers, memory, streams, interrupts, time.

    Parameters
    ----------
    tag: a name that no other device has.
    pool_size: bytes of physically contiguous memory for `allocate`; memory of the host is taken only as buffers are made.
    clock: a `VirtualClock`; by default one that follows wall time.
    """

    kind = "simulated"
    in_device_tree = False
    _probe_priority_ = 1_000_000  # after every board

    @classmethod
    def _probe_(cls) -> list[Device]:
        return [cls()]

    def __init__(self, tag: str = "simulated", *, pool_size: int = DEFAULT_SIZE, clock: Clock | None = None) -> None:
        super().__init__(tag)
        self.capabilities: Mapping[str, bool] = {"REGISTER_RW": True}
        self._clock: Clock = clock if clock is not None else VirtualClock(following=True)
        self._lock = self._clock.lock
        self.memory = MainMemory(ContiguousPool(DEFAULT_BASE, pool_size, device=self), tag, self._make_banks)
        self.pool_size = pool_size
        self.generation = 0
        self.assumptions: list[str] = []
        self.model_errors: list[BaseException] = []
        self._world: World | None = None
        self._faults: Faults | None = None
        self._gpio_out = 0
        self._mio_out: dict[int, int] = {}
        self._unplaced = False  # the pool, for this design
        self._banked = False  # the memories of the design are known
        self._reporting = False

    @property
    def name(self) -> str:
        """What board it stands for, for code that chooses files by it: ``BOARD`` in the environment, as on PYNQ's images, else its tag."""
        return os.environ.get("BOARD") or self.tag

    @property
    def lock(self) -> Any:
        return self._lock

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def pool(self) -> ContiguousPool:
        """Where `allocate` takes its memory from."""
        with self._lock:
            if self._unplaced and self.design is not None:
                self._unplaced = False
                self._place_pool(self.design)
            return self.memory.pool

    def _make_banks(self) -> None:
        """Find the memories of the design; done once somebody wants to know of them."""
        with self._lock:
            if self._banked or self._world is None:
                return
            self._banked = True
            for memory in self._world.design.memories:
                try:
                    self._bank(memory)
                except MemoryError as error:
                    _log.info("%s", error)

    def _bank(self, memory: Memory) -> ContiguousPool:
        from pynq_widgets.device.simulated.banks import pool_of  # with the first who asks for a memory of the design

        found = self.memory.bank(memory.name)
        if found is None:
            found = pool_of(self, memory)
            self.memory.set_bank(memory.name, found)
        return found

    def get_memory(self, description: Mapping[str, Any] | str) -> MemoryBank:
        """A memory of the design, to allocate from: by its entry in `mem_dict`, as with PYNQ, or by its name (``'ddr4_0'``, ``'DDR'``).

        `LookupError` for one that the design does not have, ``MemoryError`` for one in which no buffer can be.
        """
        from pynq_widgets.device.simulated.banks import MemoryBank, memory_named

        with self._lock:
            memory = memory_named(self, description)
            return MemoryBank(self, "DDR", self.pool) if memory is None else MemoryBank(self, memory.name, self._bank(memory))

    def report_leaks(self, at_exit: bool = False) -> str:
        """Which buffers are held, by which lines: as text, at once; with `at_exit`, on stderr, too, when Python ends, if any are left."""
        if at_exit and not self._reporting:
            self._reporting = True
            import atexit
            import sys

            atexit.register(lambda: self.memory.report_leaks(sys.stderr))
        return self.memory.report_leaks()

    # The design.

    def prepare(self, design: Design) -> None:
        """Furnish the device for `design`. Nothing happens if it already runs on it; nothing is read, and no model is made."""
        with self._lock:
            if self._world is not None and same(static_of(self._world.design), static_of(design)):
                self._exchange(design, differing(self._world.design, design))
                return
            self._rebuild(design)

    def download(self, bitstream: Any = None, parser: Any = None) -> None:
        """Start `parser` (a `Design`) afresh, or, without one, the design that belongs to `bitstream`, or the one that is there.

        Every register has its reset value after this; buffers, and what else stands in main memory, stay; those in block RAM go with it.
        `generation` grows. A partial bitstream goes into the region that it is for (``bitstream.region``, or the only one that it fits;
        ``DesignError`` where there is none), and touches nothing else.
        """
        if getattr(bitstream, "partial", False):
            self._download_partial(bitstream, parser)
            return
        design = parser if hasattr(parser, "address_map") else self._design_of(bitstream)
        with self._lock:
            if design is not None:
                self._rebuild(design)
            self.clear_devicetree()  # as a board does
            self.generation += 1

    def _download_partial(self, bitstream: Any, parser: Any) -> None:
        from pynq_widgets.design import graft, read_design, region_for

        with self._lock:
            here = self.world.design
            described = getattr(parser, "design", parser)
            partial = described if hasattr(described, "address_map") else read_design(bitstream.bitfile_name)
            region = getattr(bitstream, "region", None) or region_for(here, partial)
            design = graft(here, region, partial)
            if here.regions.get(region) is partial:
                self._exchange(design, [region])  # the same module again begins anew
            self._take_regions(design)

    def _exchange(self, design: Design, regions: Collection[str]) -> None:
        if regions:
            self._clock.run_due()
            self.world.exchange(design, regions)
            self._banked = False  # memories of the region are found when somebody asks for them
        else:
            self.world.design = design
        self.design = design

    def _design_of(self, bitstream: Any) -> Design | None:
        name = getattr(bitstream, "bitfile_name", bitstream)
        current = static_of(self.design) if self.design is not None else None
        if name is None or (current is not None and str(name) in (str(current.path), str(getattr(current, "bitfile_name", None)))):
            return current
        from pynq_widgets.design import DesignError, read_design

        try:
            return read_design(name)
        except DesignError:
            if current is not None:
                return current
            raise

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
        """The design that belongs to the bitstream; it has PYNQ's dictionaries."""
        from pynq_widgets.design import read_design

        return read_design(bitfile_name)

    def _rebuild(self, design: Design) -> None:
        world = World(self, design)
        if self._world is not None:
            self._world.close()
        self.assumptions.clear()
        self.model_errors.clear()
        if self._faults is not None:
            self._faults.forget()
        self._unplaced = True  # where the pool goes is found out with the first buffer: it takes a look at every master's map
        self._banked = False
        self.quick = None
        self.memory.drop_banks()
        self._gpio_out = 0
        self._mio_out.clear()
        self._world = world
        self.design = design

    def reset(self, parser: Any = None, timestamp: str | None = None, bitfile_name: str | None = None) -> None:
        """As after power-on: the design starts afresh and the memory outside of buffers is 0.

        The generation stays, and so do buffers, but for those in block RAM, which goes with the design. With arguments it is PYNQ's
        `reset`, which takes over dictionaries and does nothing to the hardware.
        """
        if parser is not None or timestamp is not None or bitfile_name is not None:
            super().reset(parser, timestamp, bitfile_name)
            return
        with self._lock:
            self.memory.clear()
            if self._world is not None:
                self._rebuild(self._world.design)

    def _place_pool(self, design: Design) -> None:
        """Put the pool where every master of the design that reaches main memory reaches it."""
        reached = reached_by_masters(design)
        if reached is None:
            return
        low, high = reached
        pool = self.memory.pool
        if low <= pool.base and pool.base + pool.size <= high and pool.size == self.pool_size:
            return
        if pool.allocations:
            _log.warning(
                "the contiguous pool stays at 0x%08x, since there are buffers in it; but the masters of %s reach only 0x%08x..0x%08x",
                pool.base,
                design.name,
                low,
                high - 1,
            )
            return
        size = min(self.pool_size, (high - low) & ~0xFFF)
        base = DEFAULT_BASE if low <= DEFAULT_BASE and DEFAULT_BASE + size <= high else (high - size) & ~0xFFF
        self.memory.pool = ContiguousPool(base, size, device=self, others=self.memory.elsewhere(base, base + size))

    @property
    def world(self) -> World:
        """The loaded design as it stands on this device; `RuntimeError` if there is none."""
        if self._world is None:
            raise RuntimeError(f"no design is loaded on the device {self.tag!r}: load an overlay, or call prepare(design)")
        return self._world

    @property
    def models(self) -> Mapping[str, IPModel]:
        """The models made so far, by the path of their IP; `model_of(path)` makes one."""
        return MappingProxyType(self._world.models if self._world is not None else {})

    def model_of(self, path: str) -> IPModel | None:
        """The model of the IP at `path`, made now if need be; None where a register file or memory stands for it."""
        with self._lock:
            made = self.world.model_of(path)
            self.world.settle()
            return made

    def model_failed(self, error: BaseException) -> None:
        """A model raised: logged, and kept in `model_errors`."""
        self.model_errors.append(error)
        del self.model_errors[:-100]
        _log.error("a model failed: %r", error, exc_info=error)

    @property
    def faults(self) -> Faults:
        """Puts faults into the hardware (a decode error, a stuck TREADY, a lost interrupt), and lists them."""
        with self._lock:
            if self._faults is None:
                from pynq_widgets.device.simulated.faults import Faults  # only who makes a fault pays for it

                self._faults = Faults(self)
            return self._faults

    # The bus.

    def read_word(self, address: int) -> int:
        with self._lock:
            return self.read_held(address)

    def write_word(self, address: int, value: int) -> None:
        if not 0 <= value <= 0xFFFFFFFF:
            raise ValueError(f"a word has 32 bits: expected 0 to 0xffffffff, not {value!r}")
        with self._lock:
            self.write_held(address, value)

    def read_held(self, address: int) -> int:
        """As `read_word`, for whoever holds `lock`."""
        clock = self._clock
        if clock._queue:
            clock.run_due()
        world = self._world
        if world is None:
            raise BusError(address, "read", "no design is loaded")
        host = world.host
        i = bisect_right(host.bases, address) - 1
        if i < 0 or address > host.highs[i] or address & 3:
            i = self._find(host, address, "read")
        target = host.targets[i] or host.target(i)
        try:
            value = target.read(address - host.origins[i])
        except ModelFailure as failure:
            raise self._bus_error(address, "read", failure) from failure.__cause__
        if world.pending:
            self._settle(world, address, "read")
        return value

    def write_held(self, address: int, value: int) -> None:
        """As `write_word`, for whoever holds `lock` and knows that `value` is a word."""
        clock = self._clock
        if clock._queue:
            clock.run_due()
        world = self._world
        if world is None:
            raise BusError(address, "write", "no design is loaded")
        host = world.host
        i = bisect_right(host.bases, address) - 1
        if i < 0 or address > host.highs[i] or address & 3:
            i = self._find(host, address, "write")
        target = host.targets[i] or host.target(i)
        try:
            target.write(address - host.origins[i], value)
        except ModelFailure as failure:
            self._settle_quietly(world)
            raise self._bus_error(address, "write", failure) from failure.__cause__
        if world.pending:
            self._settle(world, address, "write")

    def read_registers(self, address: int, length: int) -> bytes:
        """`length` bytes (a multiple of 4) at `address` (a multiple of 4)."""
        if length == 4:
            return self.read_word(address).to_bytes(4, "little")
        self._check_block(address, length, "read")
        with self._lock:
            world = self._begin(address, "read")
            try:
                data = bytes(world.host.read(address, length))
            except ModelFailure as failure:
                raise self._bus_error(address, "read", failure) from failure.__cause__
            self._settle(world, address, "read")
            return data

    def write_registers(self, address: int, data: bytes) -> None:
        """Put `data` (a multiple of 4 bytes) on the bus at `address` (a multiple of 4)."""
        source = memoryview(data).cast("B")
        if len(source) == 4:
            self.write_word(address, int.from_bytes(source, "little"))
            return
        self._check_block(address, len(source), "write")
        with self._lock:
            world = self._begin(address, "write")
            try:
                world.host.write(address, source)
            except ModelFailure as failure:
                self._settle_quietly(world)
                raise self._bus_error(address, "write", failure) from failure.__cause__
            self._settle(world, address, "write")

    def _check_block(self, address: int, length: int, operation: str) -> None:
        if address % 4 or length % 4 or length < 0:
            raise BusError(address, operation, f"expected whole words: an address and a length that are multiples of 4, not {length} bytes")

    def _begin(self, address: int, operation: str) -> World:
        self._clock.run_due()
        if self._world is None:
            raise BusError(address, operation, "no design is loaded")
        return self._world

    def _find(self, host: Any, address: int, operation: str) -> int:
        if address & 3:
            raise BusError(address, operation, "a word stands at a multiple of 4")
        i: int = host.find(address, operation)
        return i

    def _settle(self, world: World, address: int, operation: str) -> None:
        error = world.settle()
        if error is not None:
            raise BusError(address, operation, f"a model failed in what this led to: {error!r}", "SLVERR") from error

    def _settle_quietly(self, world: World) -> None:
        world.settle()

    def _bus_error(self, address: int, operation: str, failure: ModelFailure) -> BusError:
        cause = failure.__cause__ or failure
        self.model_failed(cause)
        return BusError(address, operation, f"the model of {failure.path} failed: {cause!r}", "SLVERR")

    # Memory.

    @property
    def default_memory(self) -> SimulatedDevice:
        """What PYNQ's drivers allocate from when they name no bank: the pool of this device."""
        return self

    def allocate(
        self, shape: Any, dtype: Any = "u4", *, cacheable: bool = False, name: str | None = None, align: int = PAGE, **kwargs: Any
    ) -> PynqBuffer:
        """A physically contiguous array, all 0. `PoolExhaustedError` (a `MemoryError`) if there is no room.

        A `cacheable` buffer has a copy of its own on the host's side: `flush` and `invalidate` carry the contents over. It starts at a
        multiple of `align` (a power of 2; always of 4096). `name` says in `memory` and in errors who holds it. `pointer` and `cache` are
        what PYNQ's video drivers reuse frames by (`recycled`).
        """
        if kwargs:
            if kwargs.keys() <= {"pointer", "cache"}:
                from pynq_widgets.device.recycling import recycled

                return recycled(self.allocate, shape, dtype, cacheable=cacheable, name=name, align=align, **kwargs)
            raise TypeError(f"allocate() of the simulated device does not know {', '.join(kwargs)}; it takes cacheable, name and align")
        if self.quick is not None and not cacheable and name is None and align == PAGE:
            return self.quick(shape, dtype)
        # Loaded with the first buffer, not with the first overlay: it needs numpy.
        from pynq_widgets.device.simulated.allocation import buffer_in

        pool = self.pool
        if type(self).allocate is SimulatedDevice.allocate:
            self.quick = partial(buffer_in, pool)
        return buffer_in(pool, shape, dtype, cacheable, None, name, align)

    def flush(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """Copy `nbytes` bytes at `offset` of the buffer from the host's side to the DRAM."""
        allocation = self._allocation(bo, offset, nbytes)
        host = allocation.on_host()
        if allocation.dram is not None and allocation.watch is not None and host is not None:
            with self._lock:
                allocation.watch.flushed(host, allocation.dram, offset, nbytes)

    def invalidate(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """Copy `nbytes` bytes at `offset` of the buffer from the DRAM to the host's side."""
        allocation = self._allocation(bo, offset, nbytes)
        host = allocation.on_host()
        if allocation.dram is not None and allocation.watch is not None and host is not None:
            with self._lock:
                allocation.watch.invalidated(host, allocation.dram, offset, nbytes)

    def coherence_of(self, bo: Any, offset: int, nbytes: int) -> Coherence:
        """Which side is newer, and where: the bytes of both are compared, and the device's writes are known."""
        from pynq_widgets.device.coherence import SAME

        allocation = self._allocation(bo, offset, nbytes)
        host = allocation.on_host()
        if allocation.dram is None or allocation.watch is None or host is None:
            return SAME
        with self._lock:
            return allocation.watch.coherence(host, allocation.dram, offset, nbytes)

    def device_side(self, bo: Any, offset: int, nbytes: int) -> memoryview:
        """What the DRAM holds of `nbytes` at `offset` of the buffer, live and read-only."""
        whole = self._allocation(bo, offset, nbytes).in_dram()
        return memoryview(b"") if whole is None else whole.data[offset : offset + nbytes].toreadonly()

    def _allocation(self, bo: Any, offset: int, nbytes: int) -> Allocation:
        from pynq_widgets.device.simulated.allocation import Allocation

        if not isinstance(bo, Allocation):
            raise TypeError(f"this is no buffer object of the simulated device: {bo!r}")
        if bo.freed:
            raise BufferFreedError(f"use after free: {bo!r}")
        if offset < 0 or nbytes < 0 or offset + nbytes > bo.size:
            raise ValueError(f"bytes {offset} to {offset + nbytes} are not in {bo!r}")
        return bo

    # Interrupts, pins, streams.

    def interrupt_source(self, line: InterruptLine) -> InterruptSource:
        """The line of the processing system on which `line` arrives, with UIO's manners."""
        with self._lock:
            return self.world.interrupts.source(line)

    def gpio_write(self, index: int, value: int) -> None:
        """Drive output `index` of the processing system's GPIO to `value` (0 or 1). MIO pins (below 0) lead nowhere here."""
        if not -MIO_PINS <= index < 96:
            raise ValueError(f"no GPIO {index}: expected 0 to 95, or -{MIO_PINS} to -1 for MIO pins")
        if value not in (0, 1):
            raise ValueError(f"a GPIO has one bit: expected 0 or 1, not {value!r}")
        with self._lock:
            if index < 0:
                self._mio_out[index] = int(value)
                return
            world = self.world
            self._clock.run_due()
            self._gpio_out = (self._gpio_out & ~(1 << index)) | (int(value) << index)
            pin = _gpio_pin(world, "gpio_o")
            if pin is not None:
                assert world.design.host is not None
                world.signals.output(world.design.host.path, pin).set(self._gpio_out)
            world.settle()

    def gpio_read(self, index: int) -> int:
        """The level of GPIO `index`: of the input where the design has one there, else what the output is driven to."""
        if not -MIO_PINS <= index < 96:
            raise ValueError(f"no GPIO {index}: expected 0 to 95, or -{MIO_PINS} to -1 for MIO pins")
        with self._lock:
            if index < 0:
                return self._mio_out.get(index, 0)
            world = self.world
            self._clock.run_due()
            if any(p.direction == "in" and p.index <= index < p.index + p.width for p in world.design.gpio):
                pin = _gpio_pin(world, "gpio_i")
                if pin is not None:
                    assert world.design.host is not None
                    value = world.signals.input(world.design.host.path, pin).value >> index & 1
                    world.settle()
                    return value
            return self._gpio_out >> index & 1

    def drive(self, name: str, value: int | None) -> None:
        """Set a wire from outside: an input port of the design (``'btns_4bits_tri_i'``), or a pin ``'hier/ip/pin'`` of an IP.

        An input of an IP is overridden; None takes that back. An output is set in its IP's place, until that sets it again: an
        interrupt of a core that has no model is raised so.
        """
        with self._lock:
            self._clock.run_due()
            self.world.signals.drive(name, value)
            self.world.settle()

    def probe(self, name: str) -> int:
        """The level of a port of the design (``'leds_4bits_tri_o'``), or of the pin ``'hierarchy/ip/pin'`` of an IP."""
        with self._lock:
            self._clock.run_due()
            value = self.world.signals.probe(name)
            self.world.settle()
            return value

    def peek(self, address: int, nbytes: int) -> bytes:
        """What a memory of the design holds, `nbytes` from an address of the bus that software sees: no access, and on no tape.

        Raises ``ValueError`` where that is not within one memory.
        """
        with self._lock:
            host = self.world.host
            at = next((r for r in self.world.design.address_map if r.base <= address and address + nbytes <= r.base + r.size), None)
            if at is None:
                raise ValueError(f"{nbytes} bytes at {address:#x} are not within one memory of the design")
            if at.kind != "memory":
                raise ValueError(f"{nbytes} bytes at {address:#x} are registers of {at.slave}, which a look may change: read them")
            return bytes(host.read(address, nbytes))

    def stream(self, path: str, interface: str) -> StreamQueue:
        """The stream connection at an interface of an IP, to feed it or look into it from outside (then call `settle`).

        Raises ``KeyError`` for an IP that the design does not have, and for an interface that is not among its streams.
        """
        with self._lock:
            self._check_stream(path, interface)
            queue = self.world.streams.queue(path, interface)
            self.world.settle()
            return queue

    def _check_stream(self, path: str, interface: str) -> None:
        design = self.world.design
        module = design.modules.get(path)
        if module is None:
            raise KeyError(f"no IP {path!r} in design {design.name!r}{near_hint(path, design.modules)}")
        slaves, masters = self.world.streams.interfaces(path)
        names = {*slaves, *masters, *(bus.name for bus in module.buses.values() if bus.protocol == "axis")}
        if names and str(interface).lower() not in {name.lower() for name in names}:
            raise KeyError(f"{path} has no stream {interface!r}; it has {', '.join(sorted(names))}")

    def settle(self) -> None:
        """Run what is due and what follows from it; `RuntimeError` with the cause if a model fails in that."""
        with self._lock:
            self._clock.run_due()
            error = self.world.settle()
            if error is not None:
                raise RuntimeError(f"a model failed: {error!r}") from error


def _gpio_pin(world: World, ending: str) -> str | None:
    host = world.design.host
    return next((name for name in host.ports if name.lower().endswith(ending)), None) if host is not None else None
