"""The ES modules and stylesheets beside this file, read once.

A view's module is ``common.js`` and its own file, joined: one module a view, nothing built, nothing fetched. The text (and not its
path) is given to anywidget, so that no thread watches files.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FRONTEND = Path(__file__).parent / "frontend"


@cache
def script(*names: str) -> str:
    """The ES module made of ``common.js`` and the files `names` of the folder ``frontend``, in this order."""
    return _joined(("common.js", *names))


@cache
def style(*names: str) -> str:
    """The stylesheet made of ``common.css`` and the files `names` of the folder ``frontend``, in this order."""
    return _joined(("common.css", *names))


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join((_FRONTEND / name).read_text(encoding="utf-8") for name in names)
