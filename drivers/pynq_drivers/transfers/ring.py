"""Descriptors of scatter-gather cores: 16 words of 32 bits each, aligned to 64 bytes, in a buffer of their own, in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pynq_drivers.transfers.limits import Reach

WORDS = 16
SIZE = 4 * WORDS  # bytes, and what a descriptor is aligned to
_LOW = 0xFFFF_FFFF


class Ring:
    """`count` descriptors, each linked to the next by its words 0 and 1 (low and high half of an address), the last to the first.

    Descriptors are taken in order and given back in order. What is written becomes visible to the hardware by `publish`; what the
    hardware wrote is seen by `word`. `allocate` makes the memory: ``allocate(shape, dtype)``, as a device's; `reach` is that of the
    interface which reads descriptors, `title` the channel in its errors: ValueError where it does not reach them.
    """

    def __init__(self, allocate: Callable[..., Any], count: int, reach: Reach | None = None, title: str = "") -> None:
        self.count = count
        # One more than needed where the memory is not aligned: an allocator gives pages, but need not.
        self.memory = allocate((count + 1, WORDS), np.dtype("u4"))
        if title and hasattr(self.memory, "name"):
            self.memory.name = f"descriptors of {title}"
        address = int(self.memory.physical_address)
        first = -address % SIZE
        if first:
            self._rows = self.memory.reshape(-1).view(np.uint8)[first : first + count * SIZE].view(np.uint32).reshape(count, WORDS)
        else:
            self._rows = self.memory[:count]
        self.base = address + first
        if reach is not None:
            self.base = reach.seen(self.base)
            reach.check(title, self.base, count * SIZE, "the memory of its descriptors")
        plain = self._rows.view(np.ndarray)
        self._words = memoryview(plain).cast("B").cast("I")
        self._next = 0  # the next to be taken
        self._taken = 0
        for i in range(count):
            self._write(i, {})
        self._rows.flush()

    def __repr__(self) -> str:
        return f"<Ring of {self.count} descriptors at {self.base:#x}, {self._taken} taken>"

    # Which there are.

    @property
    def room(self) -> int:
        """How many can be taken. One always stays free: the tail never comes to stand where the head is."""
        return self.count - 1 - self._taken

    @property
    def next(self) -> int:
        """The one that is taken next."""
        return self._next

    def take(self, count: int) -> range | tuple[int, ...]:
        """The next `count` descriptors."""
        if count > self.room:
            raise ValueError(f"{count} descriptors were asked for, {self.room} of {self.count} are free")
        first = self._next
        self._next = (first + count) % self.count
        self._taken += count
        return range(first, first + count) if first + count <= self.count else tuple((first + i) % self.count for i in range(count))

    def give_back(self, count: int) -> None:
        """The `count` that were taken first are free again."""
        self._taken -= count

    def rewind(self) -> None:
        """All are free again, and the next one is the first: for hardware that starts anew."""
        self._next = self._taken = 0

    def address(self, index: int) -> int:
        """Where the hardware sees a descriptor."""
        return self.base + index * SIZE

    def index_of(self, address: int) -> int | None:
        """Which descriptor is at `address`; None where none is."""
        index, rest = divmod(address - self.base, SIZE)
        return index if not rest and 0 <= index < self.count else None

    # What they say.

    def write(self, index: int, words: Mapping[int, int]) -> None:
        """The words of a descriptor; those that are not named are 0, the link stays."""
        self._write(index, words)

    def _write(self, index: int, words: Mapping[int, int]) -> None:
        memory, first = self._words, index * WORDS
        link = self.address((index + 1) % self.count)
        memory[first], memory[first + 1] = link & _LOW, link >> 32
        for i in range(2, WORDS):
            memory[first + i] = words.get(i, 0)

    def publish(self, indices: Iterable[int]) -> None:
        """Make these descriptors visible to the hardware, and no others: it may be writing to their neighbours."""
        if self.memory.coherent:
            return
        for index in indices:
            self._rows[index].flush()

    def word(self, index: int, number: int) -> int:
        """Word `number` of a descriptor, as the hardware left it."""
        if not self.memory.coherent:
            self._rows[index].invalidate()
        value: int = self._words[index * WORDS + number]
        return value

    def dump(self, index: int) -> str:
        """The bytes of a descriptor in words of 32 bits, for an error message."""
        if not self.memory.coherent:
            self._rows[index].invalidate()
        return " ".join(f"{word:08x}" for word in self._words[index * WORDS : index * WORDS + 8].tolist())
