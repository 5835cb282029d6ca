"""What a saved notebook shows where no kernel runs: HTML with no script and no class, and colours that suit any theme.

Names come from strangers' files: everything passes through `element`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import count
from typing import Any

from .nodes import TreeNode, walk
from .summaries import Content

_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = f"padding:1px 12px 1px 0;border:0;border-bottom:{_LINE};text-align:left;vertical-align:baseline"
_MONO = "font-family:monospace;white-space:nowrap"
_QUIET = "opacity:.7"
_MOST_ROWS = 400  # rows that a stored bundle holds


class Markup(str):
    """HTML that is safe to put into a page as it is."""


def element(tag: str, *children: object, **attributes: str) -> Markup:
    """``<tag attributes>children</tag>``; what is not `Markup` is escaped."""
    inner = "".join(child if isinstance(child, Markup) else escape(str(child)) for child in children)
    attrs = "".join(f' {name.rstrip("_")}="{escape(value)}"' for name, value in attributes.items())
    return Markup(f"<{tag}{attrs}>{inner}</{tag}>")


def page(title: str, *children: Markup, note: str = "") -> Markup:
    """A bundle's ``text/html``."""
    quiet = (element("span", f" {note}", style=_QUIET),) if note else ()
    return element("div", element("div", element("b", title), *quiet, style="margin-bottom:4px"), *children, style="font-size:13px")


def table(columns: Iterable[str], rows: Iterable[Iterable[object]], mono: Iterable[int] = (), right: Iterable[int] = ()) -> Markup:
    """A table; `mono` are the columns set in a fixed-width face, whose entries stay on a line, `right` those that end at the right."""
    ended = set(right)
    styles = dict.fromkeys(mono, f"{_CELL};{_MONO}")
    styles |= {i: f"{styles.get(i, _CELL)};text-align:right" for i in ended}
    heads = (f"{_CELL};white-space:nowrap{';text-align:right' if i in ended else ''};{_QUIET}" for i in count())
    head = element("tr", *(element("th", name, style=style) for name, style in zip(columns, heads, strict=False)))
    body = []
    listed = list(rows)
    for row in listed[:_MOST_ROWS]:
        body.append(element("tr", *(element("td", cell, style=styles.get(i, _CELL)) for i, cell in enumerate(row))))
    more = (element("div", f"… and {len(listed) - _MOST_ROWS} more", style=_QUIET),) if len(listed) > _MOST_ROWS else ()
    grid = element("table", head, *body, style="border-collapse:collapse;margin:0;font-size:12px")
    return element("div", grid, *more, style="overflow-x:auto")


def folded(title: str, *children: Markup, open: bool = False) -> Markup:
    """A heading that folds; a browser needs no script for it."""
    text = element("details", element("summary", title, style="cursor:pointer"), *children, style="margin:2px 0")
    return Markup(text.replace("<details", "<details open", 1)) if open else text


def tree(nodes: Iterable[TreeNode]) -> Markup:
    """The tree as a table, its levels indented; quiet modules are counted, not listed."""
    rows = []
    hidden = 0
    for level, node in walk(nodes):
        if node.quiet:
            hidden += node.kind != "hierarchy"
            continue
        name = element(
            "span", node.name, style=f"padding-left:{(level - 1) * 16}px" + (";font-weight:600" if node.kind == "hierarchy" else "")
        )
        rows.append((name, node.type, node.address, node.driver))
    more = (element("div", f"and {hidden} interconnects, constants, resets and the like", style=_QUIET),) if hidden else ()
    return element("div", table(("Name", "Type", "Address", "Driver"), rows, mono=(2,)), *more)


def registers(handles: Iterable[Any], base: int) -> Markup:
    """Registers with their last known and reset values; nothing is read for it."""
    rows = []
    for handle in handles:
        digits = 2 + -(-min(handle.width, 64) // 4)
        known = "–" if handle.value is None else f"{handle.value:#0{digits}x}"
        reset = handle.info.reset_value
        state = _freshness(handle)
        rows.append(
            (handle.name, f"{base + handle.offset:#010x}", known, state, "" if reset is None else f"{reset:#0{digits}x}", handle.access)
        )
    return table(("Name", "Address", "Last value", "State", "Reset value", "Access"), rows, mono=(1, 2, 4))


def _freshness(handle: Any) -> str:
    """How true the last known value of a register is, in words."""
    if handle.state == "never":
        return handle.guard or "never read"
    said = {"written": "written, not verified", "mismatch": "differs from what was written"}.get(handle.state, handle.state)
    return f"{said}: {handle.reason}" if handle.state == "stale" and handle.reason else said


def summary(content: Content) -> Markup:
    """A summary's facts and tables."""
    facts = [element("div", element("span", f"{name}: ", style=_QUIET), value) for name, value in content["facts"]]
    problems = [element("div", text, style="color:#c62828") for text in content.get("problems", ())]
    tables = [
        folded(f"{t['title']} ({len(t['rows'])})", table(t["columns"], t["rows"], t["mono"]), open=t["open"]) for t in content["sections"]
    ]
    return element("div", *problems, *facts, *tables)
