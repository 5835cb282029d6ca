"""Physically contiguous memory: which addresses are given out, and to whom."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import deque
from typing import TYPE_CHECKING

from pynq_widgets.device.errors import BufferFreedError, PoolExhaustedError

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.allocation import Allocation

PAGE = 4096
DEFAULT_SIZE = 128 << 20
DEFAULT_BASE = 0x1000_0000


class ContiguousPool:
    """Physical addresses from `base`, `size` bytes, given out in whole pages, the first that fit.

    What was freed last is kept aside, and given again to the next who asks for exactly as much. `name` is that of the bank. `storage` is
    the memory itself where it lies in one piece, as that of a block RAM; otherwise each buffer brings its own.
    """

    def __init__(self, base: int = DEFAULT_BASE, size: int = DEFAULT_SIZE, *, name: str = "DDR", storage: memoryview | None = None) -> None:
        if size < 0 or size % PAGE or base < 0 or base % PAGE:
            raise ValueError(f"a pool consists of whole pages of {PAGE} bytes: its size cannot be {size} nor its base {base:#x}")
        self.base = base
        self.size = size
        self.name = name
        self.storage = storage
        self._free: list[tuple[int, int]] = [(base, size)] if size else []  # (address, size), in order, never adjacent
        self._last = (0, 0)  # (address, size) of what was freed last, not yet among the free ones
        self._starts: list[int] = []  # of the allocations, in order, but for those in _fresh
        self._fresh: set[int] = set()
        self._allocations: dict[int, Allocation] = {}
        self._lock = threading.Lock()
        self._abandoned: deque[Allocation] = deque()

    def __repr__(self) -> str:
        return f"<pool {self.name} of {self.size} bytes at 0x{self.base:08x}: {self.left} free, {len(self._allocations)} buffers>"

    # Addresses.

    def take(self, nbytes: int, align: int = PAGE) -> tuple[int, int]:
        """Room for `nbytes` bytes at a multiple of `align` (a power of 2): its address, and its size in whole pages.

        `PoolExhaustedError` (a `MemoryError`) tells what is left and who holds the rest.
        """
        size = (nbytes + 4095) & -4096 or PAGE
        with self._lock:
            if self._abandoned:
                self._reap()
            last = self._last
            if last[1] == size and not last[0] & (align - 1):
                self._last = (0, 0)
                return last
            if nbytes < 0:
                raise ValueError(f"a buffer cannot have {nbytes} bytes")
            if align < 1 or align & (align - 1):
                raise ValueError(f"an alignment is a power of 2, not {align}")
            self._merge()
            for i, (start, room) in enumerate(self._free):
                address = (start + align - 1) & -align
                before = address - start
                if before + size <= room:
                    after = room - before - size
                    self._free[i : i + 1] = [(start, before)] * (before > 0) + [(address + size, after)] * (after > 0)
                    return address, size
            left, largest = self._left()
            holders = sorted(self._allocations.values(), key=lambda a: -a.size)
        named = [f"{a.owner} ({a.nbytes} bytes at 0x{a.address:08x})" for a in holders[:8]]
        if len(holders) > 8:
            named.append(f"{len(holders) - 8} more")
        raise PoolExhaustedError(nbytes, left, largest, self.size, tuple(named), bank=self.name, aligned=align if align > PAGE else 0)

    def give(self, address: int, size: int) -> None:
        """What `take` gave is not needed."""
        with self._lock:
            self._merge()
            self._give_back(address, size)

    def _merge(self) -> None:
        if self._last[1]:
            self._give_back(*self._last)
            self._last = (0, 0)

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

    # Who holds them.

    def put(self, allocation: Allocation) -> None:
        """Whose the room is that `take` gave."""
        address = allocation.address
        self._allocations[address] = allocation
        self._fresh.add(address)

    def free(self, allocation: Allocation) -> None:
        """Give the memory back. `BufferFreedError` if that was done before."""
        with self._lock:
            if self._abandoned:
                self._reap()
            if allocation.freed:
                raise BufferFreedError(f"double free: {allocation!r} was freed before")
            self._remove(allocation)

    def abandon(self, allocation: Allocation) -> None:
        """The last array over the memory has gone. Called by Python, at any moment and in any thread."""
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
        address = allocation.address
        del self._allocations[address]
        if address in self._fresh:
            self._fresh.remove(address)
        else:
            del self._starts[bisect_left(self._starts, address)]
        last = self._last
        self._last = (address, allocation.size)
        if last[1]:
            self._give_back(*last)

    # How it looks.

    def _left(self) -> tuple[int, int]:
        self._merge()
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
    def fragmentation(self) -> float:
        """How much of the free memory is not in its largest block: 0 where it is one block (or none), near 1 where it lies in crumbs."""
        with self._lock:
            self._reap()
            left, largest = self._left()
        return 1 - largest / left if left else 0.0

    @property
    def free_ranges(self) -> tuple[tuple[int, int], ...]:
        """What is free, as (address, bytes), by address; no two adjacent."""
        with self._lock:
            self._reap()
            self._merge()
            return tuple(self._free)

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        """What is allocated, by address."""
        with self._lock:
            self._reap()
            return tuple(self._allocations[start] for start in self._ordered())

    def _ordered(self) -> list[int]:
        if self._fresh:
            self._starts += self._fresh
            self._starts.sort()
            self._fresh.clear()
        return self._starts

    def at(self, address: int) -> Allocation | None:
        """The allocation that holds the byte at the physical `address`."""
        with self._lock:
            starts = self._ordered()
            i = bisect_right(starts, address) - 1
            allocation = self._allocations[starts[i]] if i >= 0 else None
        return allocation if allocation is not None and address < allocation.address + allocation.nbytes else None

    def next_start(self, address: int) -> int | None:
        """Where the first allocation after `address` starts."""
        with self._lock:
            starts = self._ordered()
            i = bisect_right(starts, address)
            return starts[i] if i < len(starts) else None
