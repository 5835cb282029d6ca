"""How snapshots, differences and restored configurations show themselves: tables for light and dark pages, with no script."""

from __future__ import annotations

from collections.abc import Iterable

from pynq_widgets import showing
from pynq_widgets.live import Difference, Restored, Saved, Snapshot, State
from pynq_widgets.live.difference import texts, told
from pynq_widgets.live.restore import change
from pynq_widgets.live.words import counted

from . import html

_QUIET = "opacity:.7"
_WARN = "color:#dc3a36"  # as legible on white as on a dark page: 4.4 to 1 and 4.2 to 1
_OLD = "font-family:monospace;white-space:nowrap;opacity:.7"
_NEW = "font-family:monospace;white-space:nowrap;font-weight:600"


def difference_bundle(difference: Difference, widget: bool) -> showing.Bundle:
    """What changed: a row a register, its values side by side, the fields that changed."""
    rows = []
    for row in difference.rows:
        before, after = texts(row)
        fields = told(row).replace(" → ", "\u00a0→\u00a0")  # a change stays on a line where a narrow page breaks the list
        said = html.element("span", fields, style=f"display:inline-block;min-width:14em{';' + _WARN if row.reason else ''}")
        rows.append((row.path, row.register, html.element("span", before, style=_OLD), html.element("span", after, style=_NEW), said))
    parts = [html.table(("IP", "Register", "Before", "After", "Fields"), rows)] if rows else []
    markup = html.page(
        _titled("Changed registers", difference.after.name), *parts, *_notes(difference.notes()), note=f"· {difference.title}"
    )
    return {"text/plain": repr(difference), "text/html": str(markup)}


def snapshot_bundle(snapshot: Snapshot, widget: bool) -> showing.Bundle:
    """What was there: folded by IP, with what was not read and why."""
    parts = []
    for path, held in snapshot.items():
        left = snapshot.left_out.get(path, {})
        rows: list[tuple[object, ...]] = [(name, _value(snapshot, path, name, value), "") for name, value in held.items()]
        failed = snapshot.failed.get(path, {})
        rows += [(name, "–", html.element("span", why, style=_WARN if name in failed else _QUIET)) for name, why in left.items()]
        count = f"{path} ({len(held)} of {len(held) + len(left)})"
        parts.append(html.folded(count, html.table(("Register", "Value", ""), rows, mono=(1,)), open=len(snapshot) == 1))
    note = f"· {counted(snapshot.count, 'register')} of {counted(len(snapshot), 'IP')}"
    return {"text/plain": repr(snapshot), "text/html": str(html.page(_titled("Snapshot", snapshot.name), *parts, note=note))}


def _value(snapshot: Snapshot, path: str, name: str, value: int) -> str:
    width = getattr(snapshot.details.get(path, {}).get(name), "width", 32)
    return f"{value:#0{2 + max(1, -(-min(width, 64) // 4))}x}"


def restored_bundle(report: Restored, widget: bool) -> showing.Bundle:
    """What was written, what did not take, what was left out and why."""
    parts = []
    refused = {(refusal.path, refusal.register): refusal for refusal in report.refused}
    rows: list[tuple[object, ...]] = []
    for write in report.written:
        refusal = refused.get((write.path, write.register))
        unseen = report.unverified.get(write.path, {}).get(write.register)
        if refusal is not None:
            state: object = html.element("span", f"did not take: holds {refusal.holds:#x}", style=_WARN)
        elif unseen:
            state = html.element("span", f"not read back: {unseen}", style=_QUIET)
        else:
            state = "would be written" if report.dry_run else "read back"
        rows.append((write.path, write.register, f"{write.address:#010x}", change(write), state))
    rows += [
        (write.path, write.register, f"{write.address:#010x}", change(write), html.element("span", "not written", style=_WARN))
        for write in report.pending
    ]
    if rows:
        parts.append(html.table(("IP", "Register", "Address", "Value", ""), rows, mono=(2, 3)))
    if report.left_out:
        left = html.table(("Registers", "Left out, since"), report.reasons())
        parts.append(html.folded(f"Left out ({sum(map(len, report.left_out.values()))})", left, open=not rows))
    title = _titled("Would be restored" if report.dry_run else "Restored", report.state.name)
    return {"text/plain": repr(report), "text/html": str(html.page(title, *parts, note=f"· {report.title}"))}


def saved_bundle(saved: Saved, widget: bool) -> showing.Bundle:
    """What was saved, and what was left out and why."""
    left = [(f"{path}.{name}", why) for path, reasons in saved.left_out.items() for name, why in reasons.items()]
    parts = [html.folded(f"Left out ({len(left)})", html.table(("Register", "Left out, since"), left))] if left else []
    return {"text/plain": repr(saved), "text/html": str(html.page("Saved", *parts, note=f"· {saved.title}"))}


def state_bundle(state: State, widget: bool) -> showing.Bundle:
    """What a state file says."""
    rows = [
        (path, name, f"{value.value:#x}", "" if value.bits < 0 else f"{value.bits:#x}")
        for path, values in state.values.items()
        for name, value in values.items()
    ]
    markup = html.page(
        _titled("State", state.name), html.table(("IP", "Register", "Value", "Bits"), rows, mono=(2, 3)), note=f"· {state.source}"
    )
    return {"text/plain": repr(state), "text/html": str(markup)}


def _titled(what: str, name: str) -> str:
    return f"{what} of {name}" if name else what


def _notes(notes: Iterable[str]) -> list[html.Markup]:
    return [html.element("div", note, style=f"{_QUIET};font-size:12px") for note in notes]


def register_all() -> None:
    """Tell `showing` who makes which bundle."""
    showing.register(Difference, difference_bundle)
    showing.register(Snapshot, snapshot_bundle)
    showing.register(Restored, restored_bundle)
    showing.register(Saved, saved_bundle)
    showing.register(State, state_bundle)
