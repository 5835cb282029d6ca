"""The ES modules and stylesheets beside this file, read once.

A view's module is ``common.js`` and its own file, joined: one module a view, nothing built, nothing fetched. The text (and not its
path) is given to anywidget, so that no thread watches files. It is sent for every instance of a widget: lines that hold only a comment,
blank lines and indents stay here.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FRONTEND = Path(__file__).parent / "frontend"
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*$", re.MULTILINE | re.DOTALL)


@cache
def script(*names: str) -> str:
    """The ES module made of ``common.js`` and the files `names` of the folder ``frontend``, in this order."""
    return _joined(("common.js", *names))


@cache
def style(*names: str) -> str:
    """The stylesheet made of ``common.css`` and the files `names` of the folder ``frontend``, in this order."""
    return _joined(("common.css", *names))


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join(lean((_FRONTEND / name).read_text(encoding="utf-8")) for name in names)


def lean(text: str) -> str:
    """A script or stylesheet without its lines of comment, blank lines and indents; what stands in a line stays as it is.

    Only whole lines go, so that no string or regular expression is ever looked into. A text of several lines within backquotes would
    lose its indents: it raises ``ValueError``.
    """
    lines = []
    for line in _BLOCK_COMMENT.sub("", text).split("\n"):
        line = line.strip()
        if not line or line.startswith("//"):
            continue
        if line.count("`") % 2:
            raise ValueError(f"a text within backquotes goes beyond its line: {line!r}")
        lines.append(line)
    return "\n".join(lines)
