"""What is checked before the first register is written: buffer, length, alignment, reach."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True)
class Limits:
    """What a channel of a given design can do; sizes in bytes."""

    longest: int  # of a transfer, or of the part that one descriptor moves
    width: int  # of its memory interface
    realigns: bool  # has a data realignment engine (DRE)
    address_bits: int
    never_crosses: int = 0  # a transfer has to lie within a block of so many bytes; 0: no such limit

    @property
    def longest_aligned(self) -> int:
        """The most that a part may have which others follow: the next one has to start aligned."""
        return self.longest - self.longest % self.width


class Span(NamedTuple):
    """The bytes that a transfer moves: where the hardware sees them, how many, and where in their whole buffer they begin."""

    address: int
    nbytes: int
    offset: int


def whole(title: str, what: str, number: Any) -> int:
    """`number`, which `title` was given as its `what`; TypeError for what is no whole number."""
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{title}: {what} is a whole number of bytes, not {number!r}") from None


def span_of(title: str, device: Any, array: Any, start: int = 0, nbytes: int = 0, to_memory: bool = False) -> Span:
    """The bytes of `array` from byte `start`; `nbytes` of them, all that follow where it is 0.

    Raises TypeError for what no `allocate` made; what the array itself raises where it was freed, is a copy or is strided; ValueError for
    bytes that it does not have, for the memory of another device, and for an array that may not be written where the transfer goes
    `to_memory`. `title` names the channel in the messages.
    """
    if not hasattr(array, "flush") or not hasattr(array, "nbytes"):
        raise TypeError(f"{title} transfers buffers made by allocate(), not {type(array).__name__}; copy the data into one first")
    start, nbytes = whole(title, "start", start), whole(title, "nbytes", nbytes)
    if to_memory and not array.flags.writeable:
        raise ValueError(f"{title} would write into an array that is read-only (array.flags.writeable is False)")
    base: int = array.physical_address  # says so itself where it was freed, is strided, or never had one
    owner = getattr(array, "device", None)
    if owner is not None and owner is not device:
        raise ValueError(
            f"{title}: the buffer is in the memory of another device, {owner!r}, than this core's, {device!r}: "
            "allocate(..., target=ol.device) puts one in the right memory"
        )
    total = int(array.nbytes)
    if not 0 <= start <= total:
        raise ValueError(f"{title}: start is byte {start} of a buffer of {total} bytes")
    if nbytes < 0 or start + nbytes > total:
        raise ValueError(f"{title}: {nbytes} bytes from byte {start} are more than the buffer of {total} bytes holds")
    nbytes = nbytes or total - start
    if not nbytes:
        raise ValueError(f"{title}: there is nothing to transfer, the buffer holds no byte after byte {start}")
    return Span(base + start, nbytes, int(getattr(array, "offset", 0)) + start)


def check_length(title: str, nbytes: int, longest: int, advice: str) -> None:
    """ValueError where `nbytes` are more than `longest`; `advice` says what would help."""
    if nbytes > longest:
        raise ValueError(f"Transfer size is {nbytes} bytes, which exceeds the maximum DMA buffer size {longest} of {title}. {advice}")


def check_address(title: str, span: Span, limits: Limits) -> None:
    """ValueError for an address that is not aligned, where the core cannot realign, or that needs more bits than the core drives."""
    address, nbytes, _ = span
    if not limits.realigns and address % limits.width:
        raise ValueError(
            f"DMA does not support unaligned transfers; Starting address must be aligned to {limits.width} bytes: "
            f"{title} was given {address:#x}, and its core has no data realignment engine (Allow Unaligned Transfers)"
        )
    if address + nbytes > 1 << limits.address_bits:
        raise ValueError(f"{title} reaches {limits.address_bits} bits of address; the buffer ends at {address + nbytes - 1:#x}")
    block = limits.never_crosses
    if block and address // block != (address + nbytes - 1) // block:
        raise ValueError(
            f"{title} cannot cross a boundary of {block} bytes in one transfer: {address:#x}..{address + nbytes - 1:#x} does. "
            f"Transfer the parts on both sides of {(address // block + 1) * block:#x} by themselves"
        )


class Reach:
    """What a master interface of a core reaches and where, by the design's address map; everything where the design does not say.

    `ranges` is what it sees: registers, too. The processor and a master in the logic need not see a memory at the same address.
    """

    def __init__(self, design: Any, path: str, interface: str) -> None:
        maps = getattr(design, "address_maps", {})
        self.interface = interface
        self.ranges = tuple(r for r in maps.get(path, ()) if r.master_interface.lower() == interface.lower() and r.size > 0)
        memory = [r for r in self.ranges if r.kind == "memory"]
        self._ranges = _joined((r.base, r.high) for r in memory)
        moved = [
            (theirs.base, min(theirs.size, own.size), own.base - theirs.base)
            for theirs in getattr(design, "address_map", ())
            if theirs.kind == "memory"
            for own in memory
            if own.slave == theirs.slave
        ]
        self._moved = moved if any(by for _, _, by in moved) else []

    def seen(self, address: int) -> int:
        """Where this master sees what the processor sees at `address`."""
        for base, size, by in self._moved:
            if base <= address < base + size:
                return int(address + by)
        return address

    def span(self, span: Span) -> Span:
        """`span` where this master sees it."""
        return span._replace(address=self.seen(span.address)) if self._moved else span

    def check(self, title: str, address: int, nbytes: int, what: str = "the buffer") -> None:
        """ValueError where part of the bytes is nowhere on this master's bus."""
        if self._ranges and not any(low <= address and address + nbytes - 1 <= high for low, high in self._ranges):
            reached = ", ".join(f"{low:#x}..{high:#x}" for low, high in self._ranges)
            raise ValueError(
                f"{title}: {what} at {address:#x}..{address + nbytes - 1:#x} is not in what {self.interface} reaches by the design's "
                f"address map ({reached}). Allocate it in that memory (allocate(..., target=...)), or map the memory for this master "
                "in the Address Editor"
            )


def _joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The ranges in order, with those that touch made one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def part_of(array: Any, start: int, nbytes: int) -> Any:
    """These bytes of a contiguous buffer, as what can be flushed and invalidated without touching its neighbours."""
    if start == 0 and nbytes == array.nbytes:
        return array
    return array.reshape(-1).view(np.uint8)[start : start + nbytes]


def parts(nbytes: int, longest: int) -> list[tuple[int, int]]:
    """(offset, bytes) of the parts in which `nbytes` are moved, none longer than `longest`."""
    return [(offset, min(longest, nbytes - offset)) for offset in range(0, nbytes, longest)]
