"""A tape as a table: its last transactions, with the names of their registers. Nothing in it lives, and nothing is read for it."""

from __future__ import annotations

from pynq_widgets import showing
from pynq_widgets.live.excerpt import Readable

from . import html

ROWS = 50
_COLUMNS = ("Time (s)", "Who", "Operation", "Address", "Register", "Words", "Outcome")


def tape_bundle(tape: Readable, widget: bool) -> showing.Bundle:
    """A tape, or a part of one."""
    rows = tape.rows()
    note = f"· the last {ROWS} of {len(rows)} entries" if len(rows) > ROWS else ""
    table = html.table(_COLUMNS, rows[-ROWS:], mono=(0, 3, 4, 5))
    return {"text/plain": repr(tape), "text/html": str(html.page(tape._title(), table, note=note))}
