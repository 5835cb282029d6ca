"""What a recorder of sensors has read, as a table with a line for each."""

from __future__ import annotations

import numpy as np

from pynq_widgets.access.data_recorder import DataRecorder, Recording
from pynq_widgets.analysis.curve import reduce_line
from pynq_widgets.analysis.units import engineering
from pynq_widgets.showing import Bundle

from . import html

_WIDTH, _HEIGHT = 160, 20  # of a line, in pixels
_COLUMNS = ("Sensor", "Last", "Mean", "Least", "Greatest", "Over time", "Not read")


def recorder_bundle(recorder: DataRecorder, widget: bool) -> Bundle:
    """A table with a row for each sensor. It shows what was recorded so far, and reads nothing."""
    data = recorder.data()
    count = len(data)
    errors = recorder.errors
    rows = [_row(data, column, errors.get(name, "")) for column, name in enumerate(data.names)]
    note = f"{count:,} reading{'' if count == 1 else 's'}" if count else "nothing recorded yet: with recorder.record(0.1): …"
    if count:
        seconds = float(data.times[-1] - data.times[0])
        note += f" in {engineering(seconds, 's')}, mark {data.marks[-1]}"
    if recorder.recording:
        note += f", recording every {engineering(recorder.interval or 0, 's')}"
    table = html.table(_COLUMNS, rows, mono=(1, 2, 3, 4), right=(1, 2, 3, 4, 6))
    return {"text/plain": _text(recorder, data), "text/html": str(html.page("Recorder", table, note=note))}


def _row(data: Recording, column: int, error: str) -> tuple[object, ...]:
    values = data.values[:, column]
    numbers = _numbers(values, data.units[column])
    gaps = int(np.isnan(values).sum())
    missing = html.element("span", f"{gaps} × {error}" if error else str(gaps), style="opacity:.7") if gaps else ""
    return (data.names[column], *numbers, _line(values), missing)


def _numbers(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], unit: str) -> tuple[str, str, str, str]:
    """Last, mean, least and greatest, with their unit."""
    there = values[np.isfinite(values)]
    if not there.size:
        return "–", "–", "–", "–"
    last, mean, least, greatest = (engineering(float(number), unit) for number in (values[-1], there.mean(), there.min(), there.max()))
    return last, mean, least, greatest


def _line(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> object:
    there = values[np.isfinite(values)]
    if there.size < 2:
        return ""
    low, high = float(there.min()), float(there.max())
    middle = low == high
    curve = reduce_line(values, columns=_WIDTH)
    across = (_WIDTH - 2) / max(len(values) - 1, 1)
    parts: list[list[str]] = [[]]
    for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True):
        if y != y:  # a gap
            parts.append([])
            continue
        share = 0.5 if middle else (y - low) / (high - low)
        parts[-1].append(f"{1 + x * across:.1f},{_HEIGHT - 1 - share * (_HEIGHT - 2):.1f}")
    lines = (
        html.element("polyline", points=" ".join(part), style="fill:none;stroke:currentColor;stroke-width:1") for part in parts if part
    )
    return html.element("svg", *lines, width=str(_WIDTH), height=str(_HEIGHT), role="img", style="vertical-align:middle")


def _text(recorder: DataRecorder, data: Recording) -> str:
    lines = [repr(recorder)]
    width = max((len(name) for name in data.names), default=0)
    for column, name in enumerate(data.names):
        last, mean, least, greatest = _numbers(data.values[:, column], data.units[column])
        lines.append(f"  {name:<{width}}  last {last}, mean {mean}, {least} to {greatest}" if len(data) else f"  {name}")
    return "\n".join(lines)
