"""What a saved notebook shows of a strip chart where no kernel runs: the last values, and the lines as they stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.analysis.curve import Floats, limits

from . import html
from .strip_plot import COLOURS
from .strip_ring import reduce_times

if TYPE_CHECKING:
    from .strip_chart import StripChart

_WIDE, _HIGH = 640, 60  # units of the picture's own
_COLUMNS = 160


def strip_bundle(chart: StripChart, bundle: Any) -> Any:
    """`bundle` (of the widget, or of its plain text) with ``text/html`` and our ``text/plain``."""
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    values = chart.data()
    times = values.pop("time")
    rows = []
    units = chart._units()
    for at, (label, line) in enumerate(values.items()):
        finite = line[np.isfinite(line)]
        known = [f"{number:.6g}" for number in (finite[-1], finite.min(), finite.max())] if finite.size else ["–"] * 3
        rows.append((label, units[label], *known, _picture(times, line, COLOURS[at % len(COLOURS)], label)))
    span = float(times[-1] - times[0]) if times.size else 0.0
    note = f"{times.size} samples in {span:.3g} s" if times.size else "no samples yet"
    markup = html.page(chart.panel.title, html.table(("Name", "Unit", "Last", "Least", "Greatest", ""), rows, mono=(2, 3, 4)), note=note)
    whole = {**(data or {}), "text/plain": repr(chart), "text/html": str(markup)}
    return (whole, metadata) if isinstance(bundle, tuple) else whole


def _picture(times: Floats, values: Floats, colour: str, label: str) -> html.Markup:
    """The line as a picture without a script or a class."""
    if times.size < 2 or not np.isfinite(values).any() or times[-1] == times[0]:
        return html.Markup("")
    x, y = reduce_times(times, values[None], float(times[-1] - times[0]), _COLUMNS)
    low, high = limits(y)
    across = (x - times[0]) / (times[-1] - times[0]) * _WIDE
    up = _HIGH - (y[0] - low) / (high - low) * _HIGH
    lines = [
        html.element("polyline", points=_points(across[part], up[part]), fill="none", stroke=colour, stroke_width="1.5")
        for part in _unbroken(up)
    ]
    text = html.element(
        "svg",
        html.element("title", f"{label} over time"),
        *lines,
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        width="320",
        height="36",
        preserveAspectRatio="none",
        role="img",
    )
    return html.Markup(text.replace("stroke_width", "stroke-width"))


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _unbroken(y: Floats) -> Sequence[slice]:
    good = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
