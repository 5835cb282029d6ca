"""The memories of a design as places for buffers: DDR behind a controller, block RAM, whatever holds bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pynq_widgets.device.errors import BusError
from pynq_widgets.device.naming import near_hint
from pynq_widgets.device.simulated.mainmemory import MemoryWindow
from pynq_widgets.device.simulated.pool import PAGE, ContiguousPool

if TYPE_CHECKING:
    from pynq_widgets.design import Memory
    from pynq_widgets.device.buffer import PynqBuffer
    from pynq_widgets.device.simulated.device import SimulatedDevice
    from pynq_widgets.device.simulated.masters import Target


class MemoryBank:
    """One memory of the design, as `SimulatedDevice.get_memory` gives it: ``allocate(shape, dtype)`` puts a buffer in it."""

    def __init__(self, device: SimulatedDevice, name: str, pool: ContiguousPool) -> None:
        self.device = device
        self.name = name
        self.pool = pool
        self._world = device.world

    def __repr__(self) -> str:
        return f"<{self.name} of {self.device.tag!r}: {self.pool!r}>"

    @property
    def base_address(self) -> int:
        """Physical address of its first byte that buffers can have."""
        return self.pool.base

    @property
    def size(self) -> int:
        """Bytes that buffers can have."""
        return self.pool.size

    def allocate(
        self, shape: Any, dtype: Any = "u4", *, cacheable: bool = False, name: str | None = None, align: int = PAGE, **kwargs: Any
    ) -> PynqBuffer:
        """A buffer in this memory; as `SimulatedDevice.allocate`. ``RuntimeError`` once another design, or this one again, is loaded."""
        from pynq_widgets.device.simulated.allocation import buffer_in

        if self.device.world is not self._world:
            raise RuntimeError(
                f"the memory {self.name} was that of a design that has been loaded afresh, or replaced: ask for it again with "
                f"get_memory({self.name!r})"
            )
        if kwargs:
            raise TypeError(f"allocate() of the memory {self.name} does not know {', '.join(kwargs)}; it takes cacheable, name and align")
        return buffer_in(self.pool, shape, dtype, cacheable, None, name, align)


def memory_named(device: SimulatedDevice, description: Mapping[str, Any] | str) -> Memory | None:
    """The memory of the design that `description` means: an entry of `mem_dict`, or a name. None for the processor's own DDR.

    `LookupError` for one that the design does not have.
    """
    memories: tuple[Memory, ...] = device.world.design.memories
    if isinstance(description, str):
        if description in ("DDR", "PSDDR"):
            return None
        found = [m for m in memories if description in (m.name, m.path)]
    else:
        if description.get("type") == "PSDDR":
            return None
        base = description.get("phys_addr", description.get("base_address"))
        names = [description[key] for key in ("memory", "fullpath") if description.get(key)]
        found = [m for m in memories if m.base == base and (not names or m.name in names or m.path in names)]
    if found:
        return found[0]
    wanted = description if isinstance(description, str) else description.get("fullpath") or description
    names = [m.name for m in memories]
    hint = near_hint(wanted, names) or f"; it has {', '.join(names) or 'none'}"
    raise LookupError(f"the design {device.world.design.name!r} has no memory {wanted!r}{hint}")


def pool_of(device: SimulatedDevice, memory: Memory) -> ContiguousPool:
    """Where buffers in `memory` come from: a bank of its own, or the default one where that lies in this memory."""
    default = device.pool
    if memory.base <= default.base and default.base + default.size <= memory.base + memory.size:
        return default
    host = device.world.host
    # Whole pages; the rest of the first and the last belong to nobody.
    base = (memory.base + PAGE - 1) & -PAGE
    size = max(0, (memory.base + memory.size - base) & -PAGE)
    if default.base < base + size and base < default.base + default.size:
        # A part of it is the default pool's, which gives its addresses out itself.
        before, after = max(0, default.base - base), max(0, base + size - default.base - default.size)
        base, size = (base, before) if before >= after else (default.base + default.size, after)
    try:
        i = host.find(base, "read")
        target = host.target(i)
    except BusError:
        raise MemoryError(
            f"the memory {memory.name} at {memory.base:#x} is not on the bus that software sees: no buffer can be in it"
        ) from None
    # A memory that was main memory in an earlier design may be block RAM in this one, which is another memory.
    known = device.memory.pool_at(base, size, isinstance(target, MemoryWindow))
    if known is not None:
        known.keep_clear(made for made in device.memory.elsewhere(base, base + size) if made.pool is not known)
        return known
    if isinstance(target, MemoryWindow):
        others = device.memory.elsewhere(base, base + size)
        return ContiguousPool(base, size, name=memory.name, device=device, others=others)
    storage = target.view(base - host.origins[i], size) if size else None
    if storage is None:
        raise MemoryError(
            f"the memory {memory.name} ({memory.size:#x} bytes at {memory.base:#x}) cannot hold buffers on the simulated device: "
            + ("it has not one page of 4096 bytes" if not size else "its model shows no bytes (view)")
        )
    pool = ContiguousPool(base, size, name=memory.name, device=device, storage=storage)
    told = Telling(target, pool, base - host.origins[i])
    device.world.replace_target(target, told)
    return pool


class Telling:
    """A memory with buffers in it: who listens to them is told of what masters write."""

    __slots__ = ("_pool", "_shift", "_target", "read", "read_bytes")

    def __init__(self, target: Target, pool: ContiguousPool, first: int) -> None:
        self._target = target
        self._pool = pool
        self._shift = pool.base - first  # from offsets of the range to addresses
        self.read = target.read
        self.read_bytes = target.read_bytes

    def write(self, offset: int, value: int) -> None:
        self._target.write(offset, value)
        self.wrote(offset, 4)

    def write_bytes(self, offset: int, data: bytes | memoryview) -> None:
        self._target.write_bytes(offset, data)
        self.wrote(offset, len(data))

    def view(self, offset: int, length: int) -> memoryview | None:
        made = self._pool.at(offset + self._shift)
        if made is not None and made.watch is not None:
            whole = made.in_dram()
            start = offset + self._shift - made.address
            if whole is not None and start + length <= made.nbytes:
                return made.watch.lend(made, whole, start, length)
        return self._target.view(offset, length)

    def wrote(self, offset: int, length: int) -> None:
        """Masters wrote `length` bytes at `offset`."""
        address, end = offset + self._shift, offset + self._shift + length
        while address < end:
            made = self._pool.at(address)
            if made is None:
                following = self._pool.next_start(address)
                if following is None:
                    return
                address = following
                continue
            up = min(end, made.address + made.nbytes)
            if made.watch is not None:
                made.watch.wrote(address - made.address, up - address)
            address = up
