"""A recorder of sensors as the last line of a cell."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from pynq_widgets import showing
from pynq_widgets.access.data_recorder import DataRecorder
from pynq_widgets.device import VirtualClock


class Sensor:
    unit = "W"

    def __init__(self, name: str, *readings: float | Exception) -> None:
        self.name = name
        self.readings = list(readings)

    def get_value(self, parents: object = None) -> float:
        value = self.readings.pop(0)
        if isinstance(value, Exception):
            raise value
        return value


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def test_a_line_for_each_sensor(clock: VirtualClock) -> None:
    recorder = DataRecorder(
        Sensor("core", 1.0, 2.0, OSError("<stuck>"), 4.0),
        Sensor("<b>", 5.0, 5.0, 5.0, 5.0),
        Sensor("dead", *[OSError("gone")] * 4),
        clock=clock,
    )
    recorder.mark()
    for _ in range(4):
        recorder.sample()
        clock.advance(0.5)
    bundle = showing.mimebundle(recorder)
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"].splitlines() == [
        "<DataRecorder: 3 sensors, 4 readings>",
        "  core  last 4 W, mean 2.333 W, 1 W to 4 W",
        "  <b>   last 5 W, mean 5 W, 5 W to 5 W",
        "  dead  last –, mean –, – to –",
    ]
    root = ElementTree.fromstring(bundle["text/html"])
    text = "".join(root.itertext())
    assert "4 readings in 1.5 s, mark 0" in text
    assert "1 × OSError: <stuck>" in text
    assert "4 × OSError: gone" in text
    lines = [[point.get("points") for point in svg] for svg in root.iter("svg")]
    assert len(lines) == 2, "what was never read has no line"
    assert len(lines[0]) == 2, "a gap parts the line"
    assert [point.split(",")[1] for point in lines[1][0].split()] == ["10.0"] * 4, "what stands still is in the middle"
    assert "<script" not in bundle["text/html"]


def test_nothing_yet(clock: VirtualClock) -> None:
    recorder = DataRecorder(Sensor("core"), clock=clock)
    bundle = showing.mimebundle(recorder, widget=False)
    assert bundle["text/plain"] == "<DataRecorder: 1 sensor, 0 readings>\n  core"
    assert "nothing recorded yet: with recorder.record(0.1): …" in bundle["text/html"]
    assert "text/html" in recorder._repr_mimebundle_()
