"""Physically contiguous memory: which addresses are given out, and to whom."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pynq_widgets.device.errors import BufferFreedError, PoolExhaustedError

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.allocation import Allocation

PAGE = 4096
DEFAULT_SIZE = 128 << 20
DEFAULT_BASE = 0x1000_0000


class ContiguousPool:
    """Physical addresses from `base`, `size` bytes, given out in whole pages, the first that fit.

    What was freed is kept aside, one piece of each size, and given to the next who asks for exactly as much; the rest is joined again
    when room is looked for. `name` is that of the bank, `device` whose it is. `storage` is the memory itself where it
    lies in one piece, as that of a block RAM; otherwise each buffer brings its own. `others` are allocations of banks of an earlier
    design: where they lie nothing is given out before they are freed.

    To give back takes no lock, since it happens wherever Python drops the last array, perhaps in the midst of an allocation. It
    stands on single operations of dictionaries and deques, each of which is done by one thread at a time.
    """

    def __init__(
        self,
        base: int = DEFAULT_BASE,
        size: int = DEFAULT_SIZE,
        *,
        name: str = "DDR",
        device: Any = None,
        storage: memoryview | None = None,
        others: Iterable[Allocation] = (),
    ) -> None:
        if size < 0 or size % PAGE or base < 0 or base % PAGE:
            raise ValueError(f"a pool consists of whole pages of {PAGE} bytes: its size cannot be {size} nor its base {base:#x}")
        self.base = base
        self.size = size
        self.name = name
        self.device = device
        self.storage = storage
        self._lock = threading.Lock()  # of _free and _starts
        self._free: list[tuple[int, int]] = [(base, size)] if size else []  # (address, size), in order, never adjacent
        self.aside: dict[int, int] = {}  # by size: the address of a piece that was freed
        self.returned: deque[tuple[int, int]] = deque()  # (address, size), not yet in _free
        self.allocations_by_address: dict[int, Allocation] = {}
        self._starts: list[int] = []  # of the allocations, in order, unless they have changed
        self.changed = False  # since they were put in order
        self._others: list[tuple[Allocation, int, int]] = []  # with the address and size that they take here
        self.keep_clear(others)

    def __repr__(self) -> str:
        return f"<pool {self.name} of {self.size} bytes at 0x{self.base:08x}: {self.left} free, {len(self.allocations_by_address)} buffers>"

    # Addresses.

    def take(self, nbytes: int, align: int = PAGE) -> int:
        """The address of room for `nbytes` bytes, in whole pages and at a multiple of `align` (a power of 2).

        `PoolExhaustedError` (a `MemoryError`) tells what is left and who holds the rest.
        """
        size = (nbytes + 4095) & -4096 or PAGE
        if align <= PAGE:
            last = self.aside.pop(size, None)
            if last is not None:
                return last
        if nbytes < 0:
            raise ValueError(f"a buffer cannot have {nbytes} bytes")
        if align < 1 or align & (align - 1):
            raise ValueError(f"an alignment is a power of 2, not {align}")
        with self._lock:
            self._join()
            for i, (start, room) in enumerate(self._free):
                address = (start + align - 1) & -align
                before = address - start
                if before + size <= room:
                    after = room - before - size
                    self._free[i : i + 1] = [(start, before)] * (before > 0) + [(address + size, after)] * (after > 0)
                    return address
            left, largest = self._left()
            holders = sorted(self.allocations_by_address.values(), key=lambda a: -a.nbytes)
        named = [f"{a.owner} ({a.nbytes} bytes at 0x{a.address:08x})" for a in holders[:8]]
        if len(holders) > 8:
            named.append(f"{len(holders) - 8} more")
        raise PoolExhaustedError(nbytes, left, largest, self.size, tuple(named), bank=self.name, aligned=align if align > PAGE else 0)

    def give(self, address: int, nbytes: int) -> None:
        """What `take` gave is not needed any more."""
        size = (nbytes + 4095) & -4096 or PAGE
        if self.aside.setdefault(size, address) != address:
            self.returned.append((address, size))

    def keep_clear(self, others: Iterable[Allocation]) -> None:
        """Give nothing out where `others`, of other banks, lie, until they are freed."""
        with self._lock:
            self._join()
            for other in others:
                low, up = max(other.address, self.base), min(other.address + other.size, self.base + self.size)
                if low < up and all(known is not other for known, _, _ in self._others):
                    self._others.append((other, low, up - low))
                    ends = [end for start, size in self._free for end in ((start, min(start + size, low)), (max(start, up), start + size))]
                    self._free = [(start, end - start) for start, end in ends if start < end]

    def _join(self) -> None:
        for entry in tuple(self._others):
            other, address, size = entry
            if other.pool.allocations_by_address.get(other.address) is not other:
                self._others.remove(entry)
                self._give_back(address, size)
        while self.returned:
            self._give_back(*self.returned.popleft())
        while self.aside:
            size, address = self.aside.popitem()
            self._give_back(address, size)

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
        self.allocations_by_address[allocation.address] = allocation
        self.changed = True  # after the entry, so that whoever sorts meanwhile sorts again

    def free(self, allocation: Allocation) -> None:
        """Give the memory back. `BufferFreedError` if that was done before."""
        if not self.abandon(allocation):
            raise BufferFreedError(f"double free: {allocation!r} was freed before")

    def abandon(self, allocation: Allocation) -> bool:
        """Give the memory back, or do nothing (False) if that was done before. Called when the last array has gone, at any moment."""
        if allocation.freed:
            return False
        allocation.freed = True
        address = allocation.address
        # Of two threads that come here at once only one takes the entry.
        if self.allocations_by_address.pop(address, None) is None:
            return False
        self.changed = True
        self.give(address, allocation.nbytes)
        return True

    # How it looks.

    def _left(self) -> tuple[int, int]:
        self._join()
        sizes = [size for _, size in self._free]
        return sum(sizes), max(sizes, default=0)

    @property
    def left(self) -> int:
        """How many bytes are free."""
        with self._lock:
            return self._left()[0]

    @property
    def largest(self) -> int:
        """How many bytes the largest free block has."""
        with self._lock:
            return self._left()[1]

    @property
    def fragmentation(self) -> float:
        """How much of the free memory is not in its largest block: 0 where it is one block (or none), near 1 where it lies in crumbs."""
        with self._lock:
            left, largest = self._left()
        return 1 - largest / left if left else 0.0

    @property
    def free_ranges(self) -> tuple[tuple[int, int], ...]:
        """What is free, as (address, bytes), by address; no two adjacent."""
        with self._lock:
            self._join()
            return tuple(self._free)

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        """What is allocated, by address."""
        with self._lock:
            found = [self.allocations_by_address.get(start) for start in self._ordered()]
        return tuple(made for made in found if made is not None)

    def _ordered(self) -> list[int]:
        if self.changed:
            self.changed = False  # before they are looked at, so that what changes meanwhile is not missed
            self._starts = sorted(self.allocations_by_address)
        return self._starts

    def at(self, address: int) -> Allocation | None:
        """The allocation that holds the byte at the physical `address`."""
        made = self.allocations_by_address.get(address)
        if made is None:
            with self._lock:
                starts = self._ordered()
                i = bisect_right(starts, address) - 1
                made = self.allocations_by_address.get(starts[i]) if i >= 0 else None
        return made if made is not None and address < made.address + made.nbytes else None

    def next_start(self, address: int) -> int | None:
        """Where the first allocation after `address` starts."""
        with self._lock:
            starts = self._ordered()
            i = bisect_right(starts, address)
            return starts[i] if i < len(starts) else None
