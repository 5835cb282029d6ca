"""What a panel's class states, checked and put together when the class is defined."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .assets import lean, script, style

_DRAW = re.compile(r"^\s*(?:export\s+)?(?:async\s+)?function\s+draw\s*\(", re.MULTILINE)


def check_class(cls: type) -> None:
    """Raises ``TypeError`` or ``ValueError`` where what `cls` states cannot be a panel's."""
    stated = vars(cls)
    name = cls.__name__
    reads = stated.get("reads")
    if isinstance(reads, str) or (
        reads is not None
        and not isinstance(reads, property)
        and not (isinstance(reads, Sequence) and all(isinstance(entry, str) for entry in reads))
    ):
        raise TypeError(f"{name}.reads expected a tuple of names (or None for all that may be read unasked), not {reads!r}")
    rate = stated.get("rate", 10.0)
    if not isinstance(rate, property):
        if isinstance(rate, bool) or not isinstance(rate, (int, float)):
            raise TypeError(f"{name}.rate expected reads a second, not {rate!r}")
        if rate != 0 and not 0.1 <= rate <= 200:
            raise ValueError(f"{name}.rate expected 0.1 to 200 reads a second (or 0 for none unasked), not {rate!r}")
    for action, method in stated.items():
        if action.startswith("do_"):
            _check_action(name, action, method)


def _check_action(owner: str, action: str, method: Any) -> None:
    if not inspect.isfunction(method):
        raise TypeError(f"{owner}.{action} expected a method, since its name begins with do_, not {method!r}")
    given = list(inspect.signature(method).parameters.values())[1:]
    if any(parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL) for parameter in given):
        raise TypeError(f"{owner}.{action} is called with arguments by name: it cannot have positional ones")


def assembled(cls: Any) -> tuple[str, str]:
    """The ES module and the stylesheet of a panel's class."""
    sources = [_source(cls, entry) for entry in listed(cls.module)]
    if sources and not any(_DRAW.search(source) for source in sources):
        raise ValueError(f"{cls.__name__}.module has no 'function draw(root, page)', which draws the panel")
    styles = [_source(cls, entry) for entry in listed(cls.stylesheet)]
    return "\n".join((script("panel.js"), *map(lean, sources))), "\n".join((style("panel.css"), *map(lean, styles)))


def listed(stated: Any) -> Iterator[str | Path]:
    """The entries of `module` or `stylesheet`, which may be one."""
    if isinstance(stated, (str, Path)):
        yield stated
    else:
        yield from stated


def _source(cls: type, entry: str | Path) -> str:
    if isinstance(entry, str) and "\n" in entry:
        return entry
    home = getattr(sys.modules.get(cls.__module__), "__file__", None)
    path = Path(entry)
    if not path.is_absolute():
        if home is None:
            raise ValueError(f"{cls.__name__} stands in no file, so {str(entry)!r} stands beside nothing: give the text, or a whole path")
        path = Path(home).parent / path
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        there = sorted(file.name for file in path.parent.glob(f"*{path.suffix}")) if path.parent.is_dir() else []
        raise ValueError(
            f"{cls.__name__}: there is no file {path.name!r} in {path.parent.name}/; there is {', '.join(there) or 'none'}"
        ) from None
