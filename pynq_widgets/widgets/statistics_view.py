"""The account of a bus as a table: who asked for how much of it."""

from __future__ import annotations

from pynq_widgets.device.bus import Count, Statistics
from pynq_widgets.showing import Bundle

from . import html

_COLUMNS = ("Asked by", "Reads", "Writes", "Words", "Errors", "Time")
_INCOMPLETE = "Single words of mapped memory may be missing: bus.counting = True counts them too."
_WHO = {
    "user": "Python that names nobody else",
    "sampler": "what is sampled while somebody watches",
    "page": "edits in a page",
    "display": "what is shown once",
    "snapshot": "snapshots",
    "restore": "a state that was put back",
}


def statistics_bundle(statistics: Statistics, widget: bool) -> Bundle:
    """A table with a row for each who asked, by the time it took, and their sum. It is an account of the past: nothing in it lives."""
    listed = sorted(statistics.by_who.items(), key=lambda entry: -entry[1].seconds)
    rows = [_row(_asker(who), count) for who, count in listed]
    if len(rows) > 1:
        rows.append(tuple(html.element("b", cell) for cell in _row("in all", statistics.total)))
    parts = [html.table(_COLUMNS, rows, mono=range(1, len(_COLUMNS)), right=range(1, len(_COLUMNS)))]
    if not statistics.complete:
        parts.append(html.element("div", _INCOMPLETE, style="opacity:.7"))
    total = statistics.total
    note = f"{total.transactions:,} transactions" if total.transactions else "nothing yet"
    return {"text/plain": repr(statistics), "text/html": str(html.page("Bus", *parts, note=note))}


def _asker(who: str) -> object:
    return html.element("span", who, title=_WHO[who]) if who in _WHO else who


def _row(who: object, count: Count) -> tuple[object, ...]:
    return (who, f"{count.reads:,}", f"{count.writes:,}", f"{count.words:,}", f"{count.errors:,}", _time(count.seconds))


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:,.3g} {unit}" if seconds < 1000 * scale else f"{seconds / scale:,.0f} {unit}"
    return f"{seconds * 1e6:.3g} µs"
