"""A bar for transfers that take long, in a notebook or on a terminal; nothing anywhere else.

A small one of our own: all it has to do is to show one number now and then, which needs neither a dependency (tqdm) nor a widget.
"""

from __future__ import annotations

import html
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynq_drivers.transfers.transfer import Transfer

# Nothing is shown of a wait that is shorter; then so often (seconds).
SHOW_AFTER, EVERY = 1.0, 0.2
_FOR_EVER = 3600.0
_WIDTH = 30  # characters of a bar on a terminal

_enabled = True


def show(enabled: bool) -> None:
    """Whether `wait` shows a bar where it takes longer than a second; it does unless this says otherwise."""
    global _enabled
    _enabled = bool(enabled)


class Progress:
    """How far `transfer` is, shown once it has been waited for longer than `SHOW_AFTER` seconds."""

    def __init__(self, transfer: Transfer, clock: Any, wanted: bool | None = None) -> None:
        self._transfer, self._clock = transfer, clock
        self._begin: float = clock.now()
        self._due = self._begin + SHOW_AFTER if (_enabled if wanted is None else wanted) else None
        self._surface: Any = None

    def update(self) -> float:
        """Show what there is to be shown; seconds until the next time."""
        if self._due is None:
            return _FOR_EVER
        now = self._clock.now()
        if now < self._due:
            left: float = self._due - now
            return left
        self._surface = self._surface or _surface()
        if self._surface is None:
            self._due = None
            return _FOR_EVER
        self._surface.show(self._transfer.title, self._transfer.position(), self._transfer.nbytes, now - self._begin)
        self._due = now + EVERY
        return EVERY

    def close(self) -> None:
        """The wait is over: what is left to see is how it ended."""
        if self._surface is not None:
            transfer = self._transfer
            done = transfer.transferred if transfer.over and transfer.error is None else transfer.position()
            self._surface.end(transfer.title, done, transfer.nbytes, self._clock.now() - self._begin, transfer.state)


def size_in_words(nbytes: float) -> str:
    """``12.5 MiB``."""
    for unit in ("bytes", "KiB", "MiB"):
        if nbytes < 1024:
            return f"{nbytes:.0f} bytes" if unit == "bytes" else f"{nbytes:.1f} {unit}"
        nbytes /= 1024
    return f"{nbytes:.1f} GiB"


def in_words(done: int | None, nbytes: int, seconds: float) -> str:
    """``12.5 MiB of 64.0 MiB, 3.2 s, 3.9 MiB/s``; where it is not known how much is done, only how much was asked for."""
    if done is None:
        return f"{size_in_words(nbytes)}, {seconds:.1f} s"
    rate = f", {size_in_words(done / seconds)}/s" if seconds > 0 else ""
    return f"{size_in_words(done)} of {size_in_words(nbytes)}, {seconds:.1f} s{rate}"


def _surface() -> Any:
    """Where a bar can be shown; None where nobody would see it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        return _Notebook()
    try:
        terminal = sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # closed
        terminal = False
    return _Terminal() if terminal else None


# In the colours and letters of the notebook's theme; where there is none, in ones that are seen on light and dark.
_LINE = (
    "display:flex;align-items:center;gap:0.7em;padding:2px 0 2px 8px;font-family:var(--jp-ui-font-family,sans-serif);"
    "font-size:var(--jp-ui-font-size1,13px);font-variant-numeric:tabular-nums"
)
_BAR = "width:16em;height:0.8em;flex:none;accent-color:var(--jp-brand-color1,#1976d2)"
_MARKS = {"done": "✓", "failed": "✗", "cancelled": "✗"}
_COLOURS = {"done": "var(--jp-success-color1,#388e3c)", "failed": "var(--jp-error-color1,#d32f2f)"}


class _Notebook:
    """A bar under the cell, brought up to date in its place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, title: str, done: int | None, nbytes: int, seconds: float) -> None:
        value = "" if done is None else f' value="{done}"'
        words = f"{title}: {in_words(done, nbytes, seconds)}"
        bar = f'<progress max="{nbytes}"{value} aria-label="{html.escape(title)}" style="{_BAR}"></progress>'
        self._put(f'<div style="{_LINE}">{bar}<span>{html.escape(words)}</span></div>', words)

    def end(self, title: str, done: int | None, nbytes: int, seconds: float, state: str) -> None:
        words = f"{title}: {in_words(done, nbytes, seconds)}, {state}"
        colour = _COLOURS.get(state, "inherit")
        mark = f'<span style="color:{colour};font-weight:600">{_MARKS.get(state, "…")}</span>'
        self._put(f'<div style="{_LINE}">{mark}<span>{html.escape(words)}</span></div>', words)

    def _put(self, page: str, words: str) -> None:
        from IPython.display import display

        bundle = {"text/html": page, "text/plain": words}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call, unused-ignore]
        elif self._handle is not None:
            self._handle.update(bundle, raw=True)


class _Terminal:
    """A line that is written over."""

    def __init__(self) -> None:
        self._length = 0

    def show(self, title: str, done: int | None, nbytes: int, seconds: float) -> None:
        bar = "" if done is None else f" |{'#' * (_WIDTH * done // max(nbytes, 1)):<{_WIDTH}}|"
        self._put(f"{title}:{bar} {in_words(done, nbytes, seconds)}")

    def end(self, title: str, done: int | None, nbytes: int, seconds: float, state: str) -> None:
        self._put(f"{title}: {in_words(done, nbytes, seconds)}, {state}", "\n")

    def _put(self, line: str, end: str = "") -> None:
        sys.stderr.write(f"\r{line:<{self._length}}{end}")
        sys.stderr.flush()
        self._length = len(line)
