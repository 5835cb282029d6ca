"""The widgets of ipywidgets, linked to hardware both ways."""

from __future__ import annotations

import pytest
from traitlets import dlink, link

ipywidgets = pytest.importorskip("ipywidgets")


def bus(spy):
    return [entry for entry in spy.taken() if entry[0] == "write"]


@pytest.mark.parametrize(
    ("name", "make_widget", "values"),
    [
        ("gain", lambda: ipywidgets.IntSlider(min=0, max=15), (3, 11)),
        ("level", lambda: ipywidgets.FloatSlider(min=0, max=30, step=0.5), (2.5, 30.0)),
        ("go", ipywidgets.Checkbox, (True, False)),
        ("go", ipywidgets.ToggleButton, (True, False)),
        ("mode", lambda: ipywidgets.Dropdown(options=["off", "slow", "fast"]), ("slow", "fast")),
        ("length", lambda: ipywidgets.BoundedIntText(min=0, max=4096), (7, 9)),
        ("ratio", lambda: ipywidgets.FloatText(), (0.5, -1.25)),
    ],
)
def test_both_ways_with_one_write(fir, bus_spy, name, make_widget, values):
    for turned in (False, True):
        setattr(fir, name, values[1])
        widget = make_widget()
        ends = [(fir, name), (widget, "value")]
        if turned:
            widget.value = values[1]
        linked = link(*ends[::-1]) if turned else link(*ends)
        assert widget.value == values[1]
        bus_spy.taken()
        widget.value = values[0]
        assert len(bus(bus_spy)) == 1
        assert getattr(fir, name) == values[0]
        bus_spy.taken()
        setattr(fir, name, values[1])
        assert widget.value == values[1]
        assert len(bus(bus_spy)) == 1
        linked.unlink()
        widget.close()


def test_a_label_follows(fir, bus_spy):
    label = ipywidgets.Label()
    dlink((fir, "level"), (label, "value"), lambda level: f"{level} dB")
    fir.level = 4.5
    bus_spy.put(4, 0x0C00)
    fir.registers.refresh()
    assert label.value == "6.0 dB"


def test_a_message_from_the_page_writes_once(fir, bus_spy):
    slider = ipywidgets.IntSlider(min=0, max=15)
    link((fir, "gain"), (slider, "value"))
    bus_spy.taken()
    slider.set_state({"value": 12})
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 12)]
    assert (slider.value, fir.gain) == (12, 12)
