"""A recording in the order in which it answers: by asker and address."""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple, Union

from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import WATCHERS, Conversation, Download, Entry, Interruption
from pynq_widgets.device.errors import BusError

INTERRUPT = "interrupt"
"""Who works the interrupt controllers: on whatever thread, at whatever moment an interrupt comes."""


def is_watcher(who: str) -> bool:
    """Whether `who` looks at the hardware at moments that no second run repeats."""
    return who in WATCHERS


class Failure(NamedTuple):
    """A recorded error, in the place of the word's value (`value`, where one was written)."""

    text: str
    value: int | None = None

    def error(self, address: int, operation: str) -> BusError:
        """The error again."""
        start = f"{operation} of 0x{address:08x} failed"
        if self.text == start:
            return BusError(address, operation)
        told = self.text[len(start) + 2 :] if self.text.startswith(f"{start}: ") else f"as recorded: {self.text}"
        return BusError(address, operation, told)


class Turn(NamedTuple):
    """One word of the conversation; `value` only where it was written."""

    who: str
    operation: str
    address: int
    value: int | None


Answer = Union[int, Failure]  # noqa: UP007


class Script:
    """What was said between two downloads."""

    def __init__(self, entries: list[Entry]) -> None:
        self._reads: dict[tuple[str, int], deque[Answer]] = {}
        self._writes: dict[tuple[str, int], deque[Answer]] = {}
        self._first: dict[int, int] = {}
        self._turns: dict[str, deque[Turn]] = {}
        self._counts: Counter[str] = Counter()
        self.writes = 0
        self.told: dict[str, list[int]] = {}  # by line: after how many written words
        self.armed: Counter[str] = Counter()
        written = 0
        for entry in entries:
            if isinstance(entry, Transaction):
                self._add(entry)
                if entry.operation == "write" and _leads(entry.who):
                    written += entry.count
            elif isinstance(entry, Interruption):
                if entry.event == "told":
                    self.told.setdefault(entry.line, []).append(written)
                else:
                    self.armed[entry.line] += 1

    def _add(self, entry: Transaction) -> None:
        who, reads = entry.who, entry.operation == "read"
        turns = None if is_watcher(who) else self._turns.setdefault(who, deque())
        kept = self._reads if reads else self._writes
        for at in range(entry.count):
            address = entry.address + 4 * at
            value = entry.words[at] if at < len(entry.words) else None
            answer: Answer
            if entry.error or value is None:
                answer = Failure(entry.error, None if reads else value)
            else:
                answer = value
                if reads:
                    self._first.setdefault(address, value)
            queue = kept.get((who, address))
            if queue is None:
                queue = kept[who, address] = deque()
            queue.append(answer)
            if turns is not None:
                turns.append(Turn(who, entry.operation, address, None if reads else value))

    def answer(self, who: str, address: int) -> Answer | None:
        """What `who` is given at `address` next; None where the recording has no more."""
        queue = self._reads.get((who, address))
        return queue.popleft() if queue else None

    def written(self, who: str, address: int) -> Answer | None:
        """What `who` wrote to `address` next; None where the recording has no more."""
        queue = self._writes.get((who, address))
        return queue.popleft() if queue else None

    def first(self, address: int) -> int | None:
        """What anybody was given at `address` first."""
        return self._first.get(address)

    def take_turn(self, who: str) -> Turn | None:
        """The next word of `who`, whatever it is."""
        turns = self._turns.get(who)
        return turns.popleft() if turns else None

    def count_writes(self, who: str, count: int) -> None:
        """`who` has written `count` words."""
        if _leads(who):
            self.writes += count

    def remaining(self) -> int:
        """How many words, of those who are no watchers, have not been asked for."""
        return sum(len(queue) for kept in (self._reads, self._writes) for (who, _), queue in kept.items() if not is_watcher(who))

    def next_turn(self) -> Turn | None:
        """One of the words that have not been asked for, if there is one."""
        for operation, kept in (("write", self._writes), ("read", self._reads)):
            for (who, address), queue in kept.items():
                if queue and not is_watcher(who):
                    value = queue[0]
                    return Turn(who, operation, address, value.value if isinstance(value, Failure) else value)
        return None


def _leads(who: str) -> bool:
    # What an interrupt handler writes follows the interrupt; it cannot be what it waits for.
    return not is_watcher(who) and who != INTERRUPT


def scripts_of(conversation: Conversation) -> list[Script]:
    """The scripts between the downloads, at least one."""
    parts: list[list[Entry]] = [[]]
    for entry in conversation.entries:
        if isinstance(entry, Download):
            parts.append([])
        else:
            parts[-1].append(entry)
    return [Script(part) for part in parts]
