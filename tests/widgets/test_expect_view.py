"""An expectation on the page: green, red, or waiting; a view that lives only where there is something to wait for."""

from __future__ import annotations

from typing import Any

import pytest

import pynq_widgets as pw
from pynq_widgets import showing
from pynq_widgets.device.clock import VirtualClock
from pynq_widgets.widgets.expect_view import ExpectView

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def simulated() -> Any:
    return pw.SimulatedDevice("expecting", clock=VirtualClock())


def test_green(simulated: Any) -> None:
    bundle = showing.mimebundle(pw.expect(lambda: True, device=simulated))
    assert bundle["text/plain"] == "✓ True"
    assert "#2e7d32" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert VIEW in bundle


def test_red_and_why_is_escaped(simulated: Any) -> None:
    text = "<b>"
    bundle = showing.mimebundle(pw.expect(lambda: text == "", within=0, device=simulated), widget=False)
    assert "#c62828" in bundle["text/html"]
    assert "not within 0 s: text was &#x27;&lt;b&gt;&#x27;" in bundle["text/html"]
    assert VIEW not in bundle


def test_waiting_goes_green_by_itself(simulated: Any) -> None:
    lamps = [0]
    view = ExpectView(pw.expect(lambda: lamps[0] == 1, within=10, device=simulated))
    sampler = pw.Sampler.of(simulated)
    assert view.told == {"state": "waiting", "text": "lamps[0] == 1", "note": "waiting, 10 s left: lamps[0] was 0"}
    lamps[0] = 1
    while view.told["state"] == "waiting":
        simulated.clock.advance(0.05)
        sampler.run_due()
    assert (view.told["state"], view.told["text"]) == ("passed", "lamps[0] == 1")
    assert sampler.subscriptions == ()
    view.close()


def test_a_view_that_was_closed_hears_no_more(simulated: Any) -> None:
    view = ExpectView(pw.expect(lambda: False, within=1, device=simulated))
    view.close()
    simulated.clock.advance(2)
    pw.Sampler.of(simulated).run_due()
    assert view.told["state"] == "waiting"
