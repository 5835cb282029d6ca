"""Who holds memory, put into words."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.pool import ContiguousPool

_LISTED = 20


def place(file: str, line: int) -> str:
    """A line of Python as the user knows it: a cell of a notebook by its number (``In[3]:2``), anything else by its file."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    naming = getattr(getattr(shell, "compile", None), "format_code_name", None)
    named = naming(file) if naming is not None else None
    return f"{named[1] if named else file}:{line}"


class Held(NamedTuple):
    """A buffer that was not freed yet: `size` bytes of the bank at the physical `address`, `nbytes` of them the array's."""

    bank: str
    address: int
    nbytes: int
    size: int
    what: str  # shape and type
    name: str  # '' where none was given
    file: str
    line: int

    @property
    def where(self) -> str:
        """The line that made it; see `place`."""
        return place(self.file, self.line)

    def __str__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"{self.bank} 0x{self.address:08x}  {in_words(self.nbytes):>9}  {self.what}{name} made at {self.where}"


def held_in(pool: ContiguousPool) -> list[Held]:
    """The buffers in `pool`, by address."""
    return [
        Held(pool.name, made.address, made.nbytes, made.size, made.what, made.name or "", made.file, made.line) for made in pool.allocations
    ]


def in_words(nbytes: int) -> str:
    """A number of bytes as people say it."""
    value = float(nbytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value == int(value) else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.0f} TiB" if value == int(value) else f"{value:.1f} TiB"


def bank_in_words(name: str, pool: ContiguousPool) -> str:
    """A line about a bank."""
    free = pool.free_ranges
    left = sum(size for _, size in free)
    broken = f" in {len(free)} pieces, the largest {in_words(max(size for _, size in free))}" if len(free) > 1 else ""
    return f"{name}: {in_words(pool.size)} at 0x{pool.base:08x}, {in_words(left)} free{broken}"


def report(title: str, held: Sequence[Held], banks: Mapping[str, ContiguousPool] | None = None) -> str:
    """What is held, the largest first; each line of Python that made several is told with their number and sum."""
    lines = [] if banks is None else [bank_in_words(name, pool) for name, pool in banks.items()]
    if not held:
        return "\n".join([f"{title}: no buffer is held", *lines])
    total = sum(entry.nbytes for entry in held)
    several = "buffers are" if len(held) > 1 else "buffer is"
    lines.insert(0, f"{title}: {len(held)} {several} held, {in_words(total)}")
    lines += [f"  {entry}" for entry in held[:_LISTED]]
    if len(held) > _LISTED:
        rest = Counter[str]()
        numbers = Counter[str]()
        for entry in held[_LISTED:]:
            rest[entry.where] += entry.nbytes
            numbers[entry.where] += 1
        lines += [f"  {numbers[where]} more made at {where}, {in_words(nbytes)}" for where, nbytes in rest.most_common(_LISTED)]
        if len(rest) > _LISTED:
            lines.append(f"  and others made at {len(rest) - _LISTED} other lines")
    return "\n".join(lines)
