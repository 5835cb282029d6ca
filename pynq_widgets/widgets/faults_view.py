"""The faults of a simulated device as a table: what is wrong on purpose, and what it has done so far."""

from __future__ import annotations

from pynq_widgets.device.simulated.faults import Faults
from pynq_widgets.showing import Bundle

from . import html

_NONE = "Nothing is wrong on purpose. device.faults.stuck_ready('dma', 'S_AXIS_S2MM'), for one, puts a fault in."


def faults_bundle(faults: Faults, widget: bool) -> Bundle:
    """A table with a row for each fault, those that are over faint. It is an account; nothing in it lives."""
    listed = list(faults)
    active = len(faults.active)
    rows = [tuple(_cell(text, fault.active) for text in (fault.words, fault.hits, fault.state)) for fault in listed]
    content = html.table(("Fault", "Hits", "State"), rows, right=(1,)) if rows else html.element("div", _NONE, style="opacity:.7")
    return {"text/plain": repr(faults), "text/html": str(html.page("Faults", content, note=f"{active} active" if listed else "none"))}


def _cell(text: object, active: bool) -> object:
    return text if active else html.element("span", text, style="opacity:.6")
