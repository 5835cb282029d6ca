"""What a tape holds, to look at and to take away: rows with names, filters, files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Union

from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import Conversation, Download, Entry, Gap, Interruption, conversation_of
from pynq_widgets.device.naming import Names
from pynq_widgets.showing import Shown

SHOWN = 20  # rows of a text
_WORDS_SHOWN = 4

Where = Union[int, str, tuple[int, int], range]  # noqa: UP007


class Row(NamedTuple):
    """One entry in words: `time` in seconds of the device's clock, what was done, and with what outcome."""

    time: str
    who: str
    operation: str
    address: str
    name: str
    words: str
    outcome: str


class Readable(Shown):
    """Whatever holds a conversation and can show it and give it away."""

    def conversation(self) -> Conversation:
        """All that was recorded, as data."""
        raise NotImplementedError

    def _entries(self) -> Iterable[Entry]:
        return self.conversation().entries

    def _names(self) -> Callable[[int], str]:
        return self.conversation().name_of

    def _span(self, where: str) -> tuple[int, int]:
        raise NotImplementedError

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """The transactions, the oldest first."""
        return tuple(entry for entry in self._entries() if isinstance(entry, Transaction))

    @property
    def missed(self) -> int:
        """How many transactions were left out, or did not fit any more."""
        return self.conversation().missed

    def __len__(self) -> int:
        return len(self.transactions)

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self.transactions)

    def __bool__(self) -> bool:
        return True

    # Looking.

    def filter(
        self,
        where: Where | None = None,
        who: str | Iterable[str] | None = None,
        *,
        operation: str | None = None,
        failed: bool | None = None,
    ) -> Excerpt:
        """The transactions that fit; gaps, interrupts and downloads stay where they are.

        `where` is an address, ``(first, last)`` addresses, a ``range``, or a name: ``'ip'`` or ``'ip.REGISTER'``. `who` is one asker or
        several, `operation` ``'read'`` or ``'write'``, `failed` True for errors alone and False for what went well.

        Raises ``ValueError`` for a name that the design does not have.
        """
        if operation not in (None, "read", "write"):
            raise ValueError(f"operation is 'read' or 'write', not {operation!r}")
        low, high = self._range(where)
        asked = None if who is None else {who} if isinstance(who, str) else set(who)

        def fits(entry: Entry) -> bool:
            if not isinstance(entry, Transaction):
                return True
            return (
                low <= entry.address + 4 * entry.count - 1
                and entry.address <= high
                and (asked is None or entry.who in asked)
                and operation in (None, entry.operation)
                and failed in (None, bool(entry.error))
            )

        whole = self.conversation()
        return Excerpt(whole.with_entries(entry for entry in whole.entries if fits(entry)), self._span)

    def _range(self, where: Where | None) -> tuple[int, int]:
        if where is None:
            return 0, 1 << 64
        if isinstance(where, str):
            return self._span(where)
        if isinstance(where, int):
            return where, where + 3
        if isinstance(where, range):
            return where.start, where.stop - 1
        low, high = where
        return low, high

    def rows(self) -> list[Row]:
        """The entries in words, the oldest first."""
        name_of = self._names()
        return [_row(entry, name_of) for entry in self._entries()]

    def _title(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        rows = self.rows()
        columns = [Row("time", "who", "", "address", "register", "words", "outcome"), *rows[-SHOWN:]]
        widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in columns]
        earlier = [f"… {len(rows) - SHOWN} earlier"] if len(rows) > SHOWN else []
        return "\n".join([self._title(), *([lines[0], *earlier, *lines[1:]] if rows else [])])

    # Taking away.

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recording to `path`, compressed where the name ends in ``.gz``; `ReplayDevice` answers from it."""
        self.conversation().save(path)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a table with one row for each entry, for a spreadsheet or pandas; see ``tape_csv``."""
        from .tape_csv import write

        write(self.conversation(), path)

    def to_vcd(self, path: str | os.PathLike[str]) -> None:
        """Write the bus as signals over time, for GTKWave and other viewers; see ``tape_vcd``."""
        from .tape_vcd import write

        write(self.conversation(), path)

    def to_pytest(self, path: str | os.PathLike[str], code: str | None = None, *, design: str | os.PathLike[str] | None = None) -> None:
        """Write a test that asserts this conversation, on the recording and on a device; see ``tape_pytest``.

        `code` is what led to it, such as the source of a cell, which finds the overlay as ``overlay`` and ``ol``; without it the test
        does word by word what was recorded. `design` is the file to load; default the one that was recorded.

        Raises ``ValueError`` where the recording has gaps, `code` is no Python, or no design is known.
        """
        from .tape_pytest import write

        write(self.conversation(), path, code, design=design if design is not None else self._design_path())

    def _design_path(self) -> str | None:
        return None

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Excerpt:
        """The recording in a file that `save` wrote. Raises ``ConversationError`` with the line where it is wrong."""
        return Excerpt(Conversation.load(path))


class Excerpt(Readable):
    """A recording that does not grow any more: of a file, of a filter, or of a block of code."""

    def __init__(self, recording: Any, span: Callable[[str], tuple[int, int]] | None = None, design: str | None = None) -> None:
        self._conversation = conversation_of(recording)
        self._span_of = span
        self._design = design

    def conversation(self) -> Conversation:
        return self._conversation

    def _design_path(self) -> str | None:
        return self._design

    def _span(self, where: str) -> tuple[int, int]:
        if self._span_of is not None:
            return self._span_of(where)
        # A file has names of what it holds, and no more.
        named = self._conversation.names
        found = [address for address, name in named.items() if name == where or name.startswith((f"{where}.", f"{where}+"))]
        if not found:
            from difflib import get_close_matches  # only mistakes need it

            near = get_close_matches(where, set(named.values()), 3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise ValueError(f"the recording has no {where!r}{hint}")
        return min(found), max(found) + 3

    def _title(self) -> str:
        what = self._conversation
        missed = f", {what.missed} missed" if what.missed else ""
        return f"Recording of {what.design or 'a design'} on {what.tag or '?'!r} ({what.kind or '?'}): {len(self)} transactions{missed}"


def names_for(entries: Iterable[Entry], names: Names) -> dict[int, str]:
    """The names of the addresses of the transactions among `entries`."""
    found = {entry.address: "" for entry in entries if isinstance(entry, Transaction)}
    return {address: name for address in found if (name := names.of(address))}


def _row(entry: Entry, name_of: Callable[[int], str]) -> Row:
    time = f"{entry.time:.6f}"
    if isinstance(entry, Transaction):
        words = " ".join([f"{word:08x}" for word in entry.words[:_WORDS_SHOWN]])
        if entry.count > _WORDS_SHOWN:
            words += f" … {entry.count} words"
        outcome = entry.error or f"{entry.seconds * 1e6:.1f} µs"
        return Row(time, entry.who, entry.operation, f"{entry.address:#010x}", name_of(entry.address), words, outcome)
    if isinstance(entry, Gap):
        return Row(time, "", "gap", "", "", "", f"{entry.left_out} transactions left out in {entry.seconds:.3g} s")
    if isinstance(entry, Interruption):
        return Row(time, "", "interrupt", "", entry.line, "", entry.event)
    assert isinstance(entry, Download)
    return Row(time, "", "download", "", "", "", f"generation {entry.generation}")
