"""The faults of a simulated device as a table: what is wrong on purpose, and what it has done so far."""

from __future__ import annotations

from pynq_widgets.device.simulated.faults import Faults
from pynq_widgets.showing import Bundle

from . import html

_NONE = "Nothing is wrong on purpose."


def faults_bundle(faults: Faults, widget: bool) -> Bundle:
    """A table with a row for each fault, those that are over faint. It is an account; nothing in it lives."""
    listed = list(faults)
    active = len(faults.active)
    rows = [tuple(_cell(text, fault.active) for text in (fault.words, fault.hits, fault.state)) for fault in listed]
    content = html.table(("Fault", "Hits", "State"), rows, right=(1,)) if rows else html.element("div", _none(faults), style="opacity:.7")
    return {"text/plain": repr(faults), "text/html": str(html.page("Faults", content, note=f"{active} active" if listed else "none"))}


def _none(faults: Faults) -> str:
    """That there is none, and a line that would put one in, for a stream or an interrupt that the design has."""
    design = faults.design
    stream = (
        next((link for link in design.connections if link.protocol == "axis" and link.slave in design.modules), None) if design else None
    )
    if stream is not None:
        return f"{_NONE} device.faults.stuck_ready({stream.slave!r}, {stream.slave_interface!r}), for one, puts a fault in."
    line = next(iter(design.interrupts), None) if design else None
    if line is not None:
        return f"{_NONE} device.faults.lost_interrupt({line.module!r}, {line.pin!r}), for one, puts a fault in."
    return _NONE


def _cell(text: object, active: bool) -> object:
    return text if active else html.element("span", text, style="opacity:.6")
