"""Main memory: all of it sparse, and a pool in it from which physically contiguous buffers come."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections import deque
from typing import TYPE_CHECKING

from pynq_widgets.device.errors import BufferFreedError, PoolExhaustedError
from pynq_widgets.device.simulated.memory import SparseMemory

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.allocation import Allocation

PAGE = 4096
DEFAULT_SIZE = 128 << 20
DEFAULT_BASE = 0x1000_0000


class ContiguousPool:
    """Physical addresses from `base`, `size` bytes, given out in whole pages, the first that fit.

    Each allocation has storage of its own, so that an array over memory that was freed, and perhaps given to another, neither crashes
    nor touches what the other has.
    """

    def __init__(self, base: int = DEFAULT_BASE, size: int = DEFAULT_SIZE) -> None:
        if size < 0 or size % PAGE or base < 0 or base % PAGE:
            raise ValueError(f"a pool consists of whole pages of {PAGE} bytes: its size cannot be {size} nor its base {base:#x}")
        self.base = base
        self.size = size
        self._free: list[tuple[int, int]] = [(base, size)] if size else []  # (address, size), in order, never adjacent
        self._starts: list[int] = []
        self._allocations: dict[int, Allocation] = {}
        self._lock = threading.Lock()
        self._abandoned: deque[Allocation] = deque()

    def allocate(self, nbytes: int, *, cacheable: bool = False, owner: object = "", align: int = PAGE) -> Allocation:
        """`nbytes` contiguous bytes, all 0, at a multiple of `align` (a power of 2, at least a page).

        `PoolExhaustedError` (a `MemoryError`) tells what is left and who holds the rest.
        """
        # numpy is loaded with the first buffer, not with the first overlay.
        from pynq_widgets.device.simulated.allocation import Allocation

        if nbytes < 0:
            raise ValueError(f"a buffer cannot have {nbytes} bytes")
        if align < PAGE or align & (align - 1):
            raise ValueError(f"an alignment is a power of 2 of at least {PAGE}, not {align}")
        size = max(PAGE, (nbytes + PAGE - 1) & ~(PAGE - 1))
        with self._lock:
            self._reap()
            for i, (start, room) in enumerate(self._free):
                address = (start + align - 1) & ~(align - 1)
                before = address - start
                if before + size > room:
                    continue
                after = room - before - size
                self._free[i : i + 1] = [(start, before)] * (before > 0) + [(address + size, after)] * (after > 0)
                try:
                    allocation = Allocation(self, address, size, nbytes, cacheable, owner)
                except BaseException:
                    self._give_back(address, size)
                    raise
                self._allocations[address] = allocation
                insort(self._starts, address)
                return allocation
            left, largest = self._left()
            holders = sorted(self._allocations.values(), key=lambda a: -a.size)
            named = [f"{a.owner or 'a buffer'} ({a.nbytes} bytes at 0x{a.address:08x})" for a in holders[:8]]
            if len(holders) > 8:
                named.append(f"{len(holders) - 8} more")
        raise PoolExhaustedError(nbytes, left, largest, self.size, tuple(named))

    def free(self, allocation: Allocation) -> None:
        """Give the memory back. `BufferFreedError` if that was done before."""
        with self._lock:
            self._reap()
            if allocation.freed:
                raise BufferFreedError(f"double free: {allocation!r} was freed before")
            self._remove(allocation)

    def abandon(self, allocation: Allocation) -> None:
        """The last array over the memory has gone. Called by the garbage collector, at any moment and in any thread."""
        if allocation.freed:
            return
        self._abandoned.append(allocation)
        # Whoever holds the lock, perhaps this very thread, sees to it with the next call.
        if self._lock.acquire(blocking=False):
            try:
                self._reap()
            finally:
                self._lock.release()

    def _reap(self) -> None:
        while self._abandoned:
            allocation = self._abandoned.popleft()
            if not allocation.freed:
                self._remove(allocation)

    def _remove(self, allocation: Allocation) -> None:
        allocation.freed = True
        del self._allocations[allocation.address]
        del self._starts[bisect_left(self._starts, allocation.address)]
        self._give_back(allocation.address, allocation.size)

    def _give_back(self, address: int, size: int) -> None:
        free = self._free
        i = bisect_left(free, (address, 0))
        if i < len(free) and address + size == free[i][0]:
            size += free.pop(i)[1]
        if i and free[i - 1][0] + free[i - 1][1] == address:
            i -= 1
            before = free.pop(i)
            address, size = before[0], before[1] + size
        free.insert(i, (address, size))

    def _left(self) -> tuple[int, int]:
        sizes = [size for _, size in self._free]
        return sum(sizes), max(sizes, default=0)

    @property
    def left(self) -> int:
        """How many bytes are free."""
        with self._lock:
            self._reap()
            return self._left()[0]

    @property
    def largest(self) -> int:
        """How many bytes the largest free block has."""
        with self._lock:
            self._reap()
            return self._left()[1]

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        """What is allocated, by address."""
        with self._lock:
            self._reap()
            return tuple(self._allocations[start] for start in self._starts)

    def at(self, address: int) -> Allocation | None:
        """The allocation that holds the byte at the physical `address`."""
        with self._lock:
            i = bisect_right(self._starts, address) - 1
            allocation = self._allocations[self._starts[i]] if i >= 0 else None
        return allocation if allocation is not None and address < allocation.address + allocation.size else None

    def next_start(self, address: int) -> int | None:
        """Where the first allocation after `address` starts."""
        with self._lock:
            i = bisect_right(self._starts, address)
            return self._starts[i] if i < len(self._starts) else None


class MainMemory:
    """The DRAM as the masters of the bus see it: ``read(address, nbytes)``, ``write(address, data)`` by physical address."""

    def __init__(self, pool: ContiguousPool) -> None:
        self.pool = pool
        self._rest = SparseMemory(1 << 64)

    def clear(self) -> None:
        """Forget what was written outside of the pool's buffers."""
        self._rest.clear()

    def view(self, address: int, nbytes: int) -> memoryview | None:
        """The bytes themselves, live and writable, where they lie in one buffer; else None."""
        allocation = self.pool.at(address)
        if allocation is None:
            return None
        offset = address - allocation.address
        return allocation.memory.data[offset : offset + nbytes] if offset + nbytes <= allocation.size else None

    def read(self, address: int, nbytes: int) -> memoryview:
        """`nbytes` bytes at the physical `address`; a live view where they lie in one buffer, else a copy."""
        view = self.view(address, nbytes)
        if view is not None:
            return view
        out = bytearray(nbytes)
        for at, take, allocation in self._pieces(address, nbytes):
            start = at - address
            if allocation is None:
                out[start : start + take] = self._rest.read(at, take)
            else:
                offset = at - allocation.address
                out[start : start + take] = allocation.memory.data[offset : offset + take]
        return memoryview(out)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write the bytes of `data` at the physical `address`."""
        source = memoryview(data)
        if source.format != "B" or source.ndim != 1:
            source = source.cast("B")
        view = self.view(address, len(source))
        if view is not None:
            view[:] = source
            return
        for at, take, allocation in self._pieces(address, len(source)):
            part = source[at - address : at - address + take]
            if allocation is None:
                self._rest.write(at, part)
            else:
                offset = at - allocation.address
                allocation.memory.data[offset : offset + take] = part

    def _pieces(self, address: int, nbytes: int) -> list[tuple[int, int, Allocation | None]]:
        pieces: list[tuple[int, int, Allocation | None]] = []
        end = address + nbytes
        while address < end:
            allocation = self.pool.at(address)
            if allocation is not None:
                up = allocation.address + allocation.size
            else:
                following = self.pool.next_start(address)
                up = end if following is None else following
            take = min(up, end) - address
            pieces.append((address, take, allocation))
            address += take
        return pieces


class MemoryWindow:
    """A range of a bus behind which main memory lies, from the physical address `base` on."""

    __slots__ = ("_base", "_memory")

    def __init__(self, memory: MainMemory, base: int) -> None:
        self._memory = memory
        self._base = base

    def read(self, offset: int) -> int:
        return int.from_bytes(self._memory.read(self._base + offset, 4), "little")

    def write(self, offset: int, value: int) -> None:
        self._memory.write(self._base + offset, value.to_bytes(4, "little"))

    def read_bytes(self, offset: int, length: int) -> memoryview:
        return self._memory.read(self._base + offset, length)

    def write_bytes(self, offset: int, data: bytes | memoryview) -> None:
        self._memory.write(self._base + offset, data)

    def view(self, offset: int, length: int) -> memoryview | None:
        return self._memory.view(self._base + offset, length)
