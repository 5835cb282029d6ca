"""What may be read unasked, and in how few reads. The only place that decides it.

Reading can destroy: a FIFO's data register gives its word away, ``ap_done`` is cleared. Such a word is guarded: displays, `repr`,
completion, sampling and snapshots never read it. The guard is per word, since reading a field reads its word. What lies between the
registers that the design tells of is unknown and is not read either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .describe import RegisterInfo, RegisterLike, register_of, registers_of

_EFFECT = {"clear": "clears", "set": "sets", "pop": "takes a word from", "modify": "changes"}


class Span(NamedTuple):
    """Whole words that one block read may take: so many `words` of 4 bytes from byte `offset`."""

    offset: int
    words: int

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return 4 * self.words

    @property
    def stop(self) -> int:
        """Byte offset after the last word."""
        return self.offset + 4 * self.words


def guard(register: RegisterLike | Mapping[str, Any]) -> str | None:
    """Why `register` is not read unasked, or ``None`` where reading it is harmless.

    `register` is one of a design or an entry of PYNQ's dictionaries. It speaks for this register alone; another one may share its
    word: see :class:`Guards`.
    """
    # The exact types that are common first: to ask an abstract class costs more than all the rest.
    if type(register) is not RegisterInfo and isinstance(register, Mapping):
        register = register_of("", register)
    if register.access == "write-only":
        return "write-only"
    stated: str | None = getattr(register, "guard", None)
    if stated:
        return stated
    if getattr(register, "is_memory", False):
        return f"it is an array of {(register.width + 7) // 8} bytes"
    effects: dict[str, list[str]] = {}
    for field in register.fields:
        if field.read_action:
            effects.setdefault(_EFFECT.get(field.read_action, "changes"), []).append(field.name)
    if effects:
        return " and ".join(f"reading {effect} {_some(names)}" for effect, names in effects.items())
    if register.reads_destroy:
        return "reading changes it"
    if register.offset < 0 or register.offset % 4:
        return f"its offset {register.offset:#x} is not that of a whole word"
    if not 0 < register.width <= 64:
        return f"its width of {register.width} bits is not that of a register"
    return None


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def word_range(register: RegisterLike) -> tuple[int, int]:
    """First word and the word after the last one that `register` touches."""
    first = register.offset // 4
    return first, max(first + 1, -(-(register.offset * 8 + register.width) // 32))


class Guards:
    """The guarded words of a set of registers, where several may share a word."""

    def __init__(self, registers: Iterable[RegisterLike]) -> None:
        ranges: list[tuple[int, int, str, str]] = []
        for register in registers:
            reason = guard(register)
            if reason is not None:
                ranges.append((*word_range(register), register.name, reason))
        ranges.sort(key=lambda item: item[:2])
        self._starts = [item[0] for item in ranges]
        self._ranges = ranges
        # The furthest end among the ranges up to each one: a search stops where nothing before can reach.
        self._reach: list[int] = []
        for item in ranges:
            self._reach.append(max(item[1], self._reach[-1] if self._reach else item[1]))

    def over(self, first: int, stop: int) -> tuple[str, str] | None:
        """Name and reason of a guarded register within the words `first` to `stop` - 1, if there is one."""
        position = bisect_right(self._starts, stop - 1) - 1
        while position >= 0 and self._reach[position] > first:
            if self._ranges[position][1] > first:
                return self._ranges[position][2:]
            position -= 1
        return None

    def why(self, register: RegisterLike) -> str | None:
        """Why the words of `register` are not read unasked: for its own sake, or for one that shares a word with it."""
        own = guard(register)
        if own is not None:
            return own
        if not self._starts:
            return None
        other = self.over(*word_range(register))
        return None if other is None else f"shares a word with {other[0]}: {other[1]}"


class Known:
    """All registers of a block, looked at once for any number of plans; `size` is as for :func:`plan`."""

    def __init__(self, registers: Any, size: int | None = None) -> None:
        infos = registers_of(registers)
        self.guards = Guards(infos)
        self._limit = None if size is None else size // 4
        # A register of the block that is guarded itself is among the guarded words: it need not be asked again.
        self._harmless = _joined(
            sorted(
                {
                    words
                    for words in map(word_range, infos)
                    if self.guards.over(*words) is None and (self._limit is None or words[1] <= self._limit)
                }
            )
        )

    def safe(self, registers: Iterable[RegisterLike]) -> list[tuple[int, int]]:
        """The words (first, and the one after the last) of those that may be read, in order."""
        found = set()
        for register in registers:
            first, stop = word_range(register)
            if (self._limit is None or stop <= self._limit) and self.guards.why(register) is None:
                found.add((first, stop))
        return sorted(found)

    def bridges(self, first: int, stop: int) -> bool:
        """Whether all words from `first` to `stop` - 1 are known and harmless."""
        position = bisect_right(self._harmless, (first, 1 << 80)) - 1
        return position >= 0 and self._harmless[position][1] >= stop


def plan(registers: Any, among: Any = None, *, size: int | None = None, bridge: int = 16) -> tuple[Span, ...]:
    """The fewest block reads that take every harmless register of `registers`, and nothing that is guarded or unknown.

    Parameters
    ----------
    registers
        What is to be read: an address block, registers, or PYNQ's dictionary.
    among
        All registers of the block, where `registers` are only some of them: they tell what else is guarded, and what may be read in
        passing. Default: `registers`. A :class:`Known` (which has its own `size`) saves looking at them again.
    size
        Bytes of the range that can be reached; a register beyond is left out.
    bridge
        Up to so many harmless words that nobody asked for are read in passing, where that joins two reads into one.
    """
    wanted = registers_of(registers)
    if isinstance(among, Known):
        known = among
    else:
        known = Known(wanted if among is None else [*registers_of(among), *wanted], size)
    spans: list[list[int]] = []
    for first, stop in known.safe(wanted):
        if spans and (first <= spans[-1][1] or (first - spans[-1][1] <= bridge and known.bridges(spans[-1][1], first))):
            spans[-1][1] = max(spans[-1][1], stop)
        else:
            spans.append([first, stop])
    return tuple(Span(4 * first, stop - first) for first, stop in spans)


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, stop in ranges:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((first, stop))
    return joined
