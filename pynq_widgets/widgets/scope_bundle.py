"""What a saved notebook shows of a scope where no kernel runs: the last frame as it was drawn, what was measured, and the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import html
from .plot_drawing import Figure
from .plot_export import stored

if TYPE_CHECKING:
    from .oscilloscope import Scope

_SIZE = 600, 210


def scope_bundle(scope: Scope, bundle: Any) -> Any:
    """`bundle` (of the widget, or of its plain text) with ``text/html`` and our ``text/plain``."""
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    whole = {**(data or {}), "text/plain": repr(scope), "text/html": str(scope_html(scope))}
    return (whole, metadata) if isinstance(bundle, tuple) else whole


def scope_html(scope: Scope) -> html.Markup:
    """With no script and no class."""
    parts = []
    drawing = scope.drawing
    if drawing is not None:
        text = stored(Figure(drawing.layers, drawing.x, drawing.y), *_SIZE)
        parts.append(html.element("div", "This drawing is too large to be stored.") if text is None else html.Markup(text))
    found = scope.measurements
    if found:
        timed = scope.sample_rate is not None
        rows = [(each.name, *(text for _, text in each.text(scope.unit, timed)[:5]), _repeats(each, scope.unit, timed)) for each in found]
        columns = ("", "Least", "Greatest", "Peak to peak", "Mean", "RMS", "Frequency")
        parts.append(html.table(columns, rows, mono=range(1, len(columns))))
    if scope.problem:
        parts.append(html.element("div", scope.problem))
    counts = f"{scope.frames:,} frames, {scope.overruns:,} overruns, {scope.rejected:,} rejected"
    return html.page(scope.panel.title, *parts, note=counts if scope.frames else "no frames yet")


def _repeats(measured: Any, unit: str, timed: bool) -> str:
    told = dict(measured.text(unit, timed))
    return str(told.get("frequency", ""))
