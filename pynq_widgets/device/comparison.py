"""Whether two recordings say the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import Conversation, conversation_of
from pynq_widgets.device.replay import Difference, ReplayMismatchError
from pynq_widgets.device.script import INTERRUPT, is_watcher


def assert_same(expected: Any, got: Any, ignore: Iterable[int | str] = ()) -> None:
    """Raise :class:`ReplayMismatchError` at the first word in which the recording `got` differs from `expected`.

    Each asker's words are compared in their order, whether they came one by one or in blocks, and whether they failed. Those of watchers
    (``'sampler'``, ``'page'``, ``'display'``) and of interrupt controllers come at moments of their own, and are not. What is read at the
    addresses, or names of registers, in `ignore` may have any value.

    Raises ``ValueError`` where either recording has gaps.
    """
    one, other = conversation_of(expected), conversation_of(got)
    for recording, what in ((one, "expected"), (other, "other")):
        if recording.missed:
            raise ValueError(f"the {what} recording leaves out {recording.missed} transactions, so that nothing can be compared")
    names = {**one.names, **other.names}
    free = {address for address, name in names.items() if name in set(ignore)} | {each for each in ignore if isinstance(each, int)}
    before, after = _words(one), _words(other)
    for who in dict.fromkeys([*before, *after]):
        wanted, found = before.get(who, []), after.get(who, [])
        for at in range(max(len(wanted), len(found))):
            left = wanted[at] if at < len(wanted) else None
            right = found[at] if at < len(found) else None
            if left == right or (left and right and left[:2] == right[:2] and left[0] == "read" and left[1] in free):
                continue
            operation, address = (right or left or ("", 0))[:2]
            name = names.get(address, "")
            raise ReplayMismatchError(Difference(operation, who, address, name, _said(left, names), _said(right, names)))


Word = tuple[str, int, "int | str"]


def _words(recording: Conversation) -> dict[str, list[Word]]:
    found: dict[str, list[Word]] = {}
    for entry in recording.entries:
        if not isinstance(entry, Transaction) or is_watcher(entry.who) or entry.who == INTERRUPT:
            continue
        words = found.setdefault(entry.who, [])
        for at in range(entry.count):
            value: int | str = "failed" if entry.error else entry.words[at]
            words.append((entry.operation, entry.address + 4 * at, value))
    return found


def _said(word: Word | None, names: dict[int, str]) -> str:
    if word is None:
        return "nothing more"
    operation, address, value = word
    name = f" ({names[address]})" if names.get(address) else ""
    told = f"{value:#x}" if isinstance(value, int) else value
    return f"{told} read from {address:#010x}{name}" if operation == "read" else f"{told} written to {address:#010x}{name}"
