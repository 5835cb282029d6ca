"""The memory of the simulated device as the masters of its buses see it: buffers, and what lies between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from pynq_widgets.device.simulated.leaks import Held, held_in, report
from pynq_widgets.device.simulated.memory import SparseMemory
from pynq_widgets.device.simulated.pool import ContiguousPool
from pynq_widgets.showing import Shown

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.allocation import Allocation


class MainMemory(Shown):
    """The DRAM: ``read(address, nbytes)``, ``write(address, data)`` by physical address, and its `banks`.

    As the last line of a cell it shows a map of who holds what.
    """

    def __init__(self, pool: ContiguousPool, title: str = "memory", find_banks: Callable[[], None] | None = None) -> None:
        self.title = title
        self._find_banks = find_banks
        self._pool = pool
        self._banks: dict[str, ContiguousPool] = {}
        self._own: list[ContiguousPool] = [pool]  # each once; the default one first
        self._rest = SparseMemory(1 << 64)

    # Banks.

    @property
    def pool(self) -> ContiguousPool:
        """The default bank."""
        return self._pool

    @pool.setter
    def pool(self, pool: ContiguousPool) -> None:
        self._own[0] = self._pool = pool

    @property
    def banks(self) -> Mapping[str, ContiguousPool]:
        """The memories that buffers can be in, by name: ``'DDR'``, the default, and those of the design.

        A memory of the design in which the default one lies is that one, under another name.
        """
        if self._find_banks is not None:
            self._find_banks()
        return MappingProxyType({self._pool.name: self._pool, **self._banks})

    def bank(self, name: str) -> ContiguousPool | None:
        """The bank `name` of the design, if that is known."""
        return self._banks.get(name)

    def set_bank(self, name: str, pool: ContiguousPool) -> None:
        """The bank `name` of the design is `pool`."""
        self._banks[name] = pool
        if all(other is not pool for other in self._own):
            self._own.append(pool)

    def pool_at(self, base: int, size: int, main: bool) -> ContiguousPool | None:
        """The bank that is at this very place: of the other of two ports to one memory, or of an earlier design, with buffers in it.

        `main`: of main memory; else of a memory that has its own storage.
        """
        found = (pool for pool in self._own[1:] if (pool.base, pool.size, pool.storage is None) == (base, size, main))
        return next(found, None)

    def elsewhere(self, low: int, up: int) -> list[Allocation]:
        """The buffers in the memories of earlier designs, from the address `low` to below `up`: of other banks than those of this one."""
        return [made for pool in self.earlier for made in pool.allocations if made.address < up and low < made.address + made.size]

    @property
    def earlier(self) -> tuple[ContiguousPool, ...]:
        """Main memory of designs that have gone, in which there were buffers yet, and which the present design does not have."""
        current = [id(pool) for pool in self._banks.values()]
        return tuple(pool for pool in self._own[1:] if pool.storage is None and id(pool) not in current)

    def drop_banks(self) -> None:
        """The design has gone. Main memory in which there are buffers yet stays; block RAM goes with the design, and what is in it."""
        self._banks.clear()
        for pool in self._own[1:]:
            if pool.storage is not None:
                for made in pool.allocations:
                    pool.abandon(made)
        self._own = [self._pool, *(pool for pool in self._own[1:] if pool.storage is None and pool.allocations)]

    def held(self) -> list[Held]:
        """All buffers, by bank and address: who holds what."""
        return [entry for pool in self._own for entry in held_in(pool)]

    def leaks(self) -> list[Held]:
        """What is allocated and was not freed, the largest first: who holds what, made where."""
        return sorted(self.held(), key=lambda entry: (-entry.nbytes, entry.address))

    def report_leaks(self, file: IO[str] | None = None) -> str:
        """`leaks` as text; written to `file` if that is given and there are any."""
        leaks = self.leaks()
        text = report(self.title, leaks)
        if file is not None and leaks:
            print(text, file=file)
        return text

    def __repr__(self) -> str:
        return report(self.title, self.leaks(), self.banks)

    # Bytes.

    def clear(self) -> None:
        """Forget what was written outside of the buffers."""
        self._rest.clear()

    def at(self, address: int) -> Allocation | None:
        """The buffer that holds the byte at the physical `address`."""
        for pool in self._own:
            if 0 <= address - pool.base < pool.size:
                found = pool.at(address)
                if found is not None:
                    return found
        return None

    def view(self, address: int, nbytes: int) -> memoryview | None:
        """The bytes themselves, live and writable, where they lie in one buffer; else None.

        What is written through it is found out when the view goes, if somebody minds; who keeps it and writes says so (`wrote`).
        Whoever only reads takes `read`.
        """
        allocation = self.at(address)
        whole = None if allocation is None else allocation.in_dram()
        if allocation is None or whole is None:
            return None
        offset = address - allocation.address
        if offset + nbytes > allocation.nbytes:
            return None
        if allocation.watch is not None:
            return allocation.watch.lend(allocation, whole, offset, nbytes)
        return whole.data[offset : offset + nbytes]

    def read(self, address: int, nbytes: int) -> memoryview:
        """`nbytes` bytes at the physical `address`; a live view, which cannot be written, where they lie in one buffer, else a copy."""
        allocation = self.at(address)
        whole = None if allocation is None else allocation.in_dram()
        if allocation is not None and whole is not None:
            offset = address - allocation.address
            if offset + nbytes <= allocation.nbytes:
                return whole.data[offset : offset + nbytes].toreadonly()
        out = bytearray(nbytes)
        for at, take, found in self._pieces(address, nbytes):
            start = at - address
            if found is None:
                out[start : start + take] = self._rest.read(at, take)
            else:
                offset = at - found[0].address
                out[start : start + take] = found[1][offset : offset + take]
        return memoryview(out)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write the bytes of `data` at the physical `address`."""
        source = memoryview(data)
        if source.format != "B" or source.ndim != 1:
            source = source.cast("B")
        nbytes = len(source)
        allocation = self.at(address)
        whole = None if allocation is None else allocation.in_dram()
        if allocation is not None and whole is not None:
            offset = address - allocation.address
            if offset + nbytes <= allocation.nbytes:
                whole.data[offset : offset + nbytes] = source
                if allocation.watch is not None:
                    allocation.watch.wrote(offset, nbytes)
                return
        for at, take, found in self._pieces(address, nbytes):
            part = source[at - address : at - address + take]
            if found is None:
                self._rest.write(at, part)
            else:
                allocation, memory = found
                offset = at - allocation.address
                memory[offset : offset + take] = part
                if allocation.watch is not None:
                    allocation.watch.wrote(offset, take)

    def wrote(self, address: int, nbytes: int) -> None:
        """Somebody wrote these bytes through a live view that he keeps."""
        for at, take, found in self._pieces(address, nbytes):
            if found is not None and found[0].watch is not None:
                found[0].watch.wrote(at - found[0].address, take)

    def _pieces(self, address: int, nbytes: int) -> list[tuple[int, int, tuple[Allocation, memoryview] | None]]:
        pieces: list[tuple[int, int, tuple[Allocation, memoryview] | None]] = []
        end = address + nbytes
        while address < end:
            allocation = self.at(address)
            whole = None if allocation is None else allocation.in_dram()
            found = None
            if allocation is not None:
                up = allocation.address + allocation.nbytes
                found = None if whole is None else (allocation, whole.data)
            else:
                starts = (pool.next_start(address) for pool in self._own)
                up = min((start for start in starts if start is not None), default=end)
            take = min(up, end) - address
            pieces.append((address, take, found))
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

    def wrote(self, offset: int, length: int) -> None:
        self._memory.wrote(self._base + offset, length)
