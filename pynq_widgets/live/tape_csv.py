"""A recording as a table of comma-separated values (RFC 4180): one row for each entry.

Columns: ``time`` (seconds of the device's clock), ``who``, ``operation`` (``read``, ``write``, ``gap``, ``interrupt``, ``download``),
``address`` (hexadecimal), ``register`` (its name, or that of the interrupt line), ``words`` (hexadecimal, with a space between),
``count`` (words, or transactions left out), ``seconds`` (how long it took) and ``error``.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator

from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import Conversation, Download, Gap, Interruption

COLUMNS = ("time", "who", "operation", "address", "register", "words", "count", "seconds", "error")


def write(conversation: Conversation, path: str | os.PathLike[str]) -> None:
    """Write the table to `path`."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(rows(conversation))


def rows(conversation: Conversation) -> Iterator[tuple[object, ...]]:
    """The rows below the heading."""
    for entry in conversation.entries:
        if isinstance(entry, Transaction):
            words = " ".join([f"0x{word:08x}" for word in entry.words])
            name = _plain(conversation.name_of(entry.address))
            address, error = f"0x{entry.address:08x}", _plain(entry.error)
            yield entry.time, _plain(entry.who), entry.operation, address, name, words, entry.count, entry.seconds, error
        elif isinstance(entry, Gap):
            yield entry.time, "", "gap", "", "", "", entry.left_out, entry.seconds, ""
        elif isinstance(entry, Interruption):
            yield entry.time, "", "interrupt", "", _plain(entry.line), entry.event, "", "", ""
        elif isinstance(entry, Download):
            yield entry.time, "", "download", "", "", "", entry.generation, "", ""


def _plain(text: str) -> str:
    # Spreadsheets take what begins so for a formula, and names come from strangers' designs.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
