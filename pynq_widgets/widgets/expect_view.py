"""An expectation as a line that is green or red, and says why."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from pynq_widgets import showing
from pynq_widgets.live.expectation import Expectation

from . import html
from . import outbox as outboxes
from .assets import script, style
from .closing import close_layout

_VIEW = "application/vnd.jupyter.widget-view+json"
_COLOURS = {"passed": "#2e7d32", "failed": "#c62828", "waiting": "#8a6d00"}


class ExpectView(anywidget.AnyWidget):
    """Shows an expectation that is not decided yet, until it is; it closes with the page's kernel only."""

    _esm = script("expect.js")
    _css = style("expect.css")

    told = traitlets.Dict(help="What is to be said now; see `told`.").tag(sync=True)

    def __init__(self, expectation: Expectation) -> None:
        self._closed = False
        super().__init__(told=told(expectation))
        self._expectation = expectation
        expectation.watch(self._looked)
        self._looked()  # it may have been decided between the two

    def _looked(self) -> None:
        outboxes.default().ask((id(self), "told"), self._tell)

    def _tell(self) -> None:
        if not self._closed:
            self.told = told(self._expectation)

    def close(self) -> None:
        """Take it off every page."""
        self._closed = True
        close_layout(self)
        super().close()


def told(expectation: Expectation) -> dict[str, Any]:
    """State, condition and explanation, as the page takes them."""
    state = "waiting" if expectation.passed is None else "passed" if expectation.passed else "failed"
    if state == "passed":
        note = f"after {expectation.elapsed:.2f} s" if expectation.elapsed >= 0.005 else ""
    elif state == "failed":
        note = f"not within {expectation.within:g} s: {expectation.why}"
    else:
        # Whole seconds: a line that changes at each look is news to nobody.
        note = f"waiting, {max(0.0, expectation.within - expectation.elapsed):.0f} s left: {expectation.why}"
    return {"state": state, "text": expectation.text, "note": note}


def expectation_bundle(expectation: Expectation, widget: bool) -> showing.Bundle:
    """A line; one that lives only where there is something to wait for."""
    said = told(expectation)
    colour = _COLOURS[said["state"]]
    mark = {"passed": "✓", "failed": "✗", "waiting": "…"}[said["state"]]
    line = html.element(
        "div",
        html.element("b", mark, style=f"color:{colour};font-size:15px"),
        " ",
        html.element("span", said["text"], style="font-family:monospace"),
        " ",
        html.element("span", said["note"], style="opacity:.85"),
        style=f"padding:3px 8px;border-left:4px solid {colour};font-size:13px;overflow-wrap:anywhere",
    )
    data: showing.Bundle = {"text/plain": repr(expectation), "text/html": str(line)}
    if widget:
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": ExpectView(expectation).model_id}
    return data
