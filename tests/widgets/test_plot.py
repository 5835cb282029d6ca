"""The plot with no page: what it sends, what it takes from a page, and what it refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pynq_widgets.analysis.curve import Curve, reduce_line
from pynq_widgets.widgets.plot import COLUMNS, Plot
from pynq_widgets.widgets.plot_layers import Axis, Cursors, Line, Mark, Picture, Scatter

TIME, VOLT = Axis("Time", "s", 0, 1), Axis("Voltage", "V", -1, 1)


def curve(y: Any, x: Any = None, step: int = 1) -> Curve:
    y = np.asarray(y, float)
    return Curve(np.arange(y.size, dtype=float) if x is None else np.asarray(x, float), y, step, False)


@pytest.fixture
def make(now):
    plots = []

    def one(**options: Any) -> Plot:
        plot = Plot(now=now, later=lambda seconds, function: function(), **options)
        plot.said = []
        plot.send = lambda content, buffers=None: plot.said.append((content, buffers))
        plots.append(plot)
        return plot

    yield one
    for plot in plots:
        plot.close()


def says(plot, kind, view="eye", /, **content):
    plot._handle_custom_msg({"kind": kind, "view": view, **content}, [])


def look(plot, view="eye", visible=True, columns=700, seen=None):
    says(plot, "beat", view, visible=visible, columns=columns, seen=plot._frame if seen is None else seen)


def told(plot, what):
    return [content[what] for content, _ in plot.said if what in content]


def test_nothing_is_sent_to_nobody_and_all_to_whoever_comes(make):
    plot = make()
    plot.draw([Line("a", curve([1, 2, 3]))], x=TIME, y=VOLT)
    assert plot.said == []
    says(plot, "hello", visible=False, columns=640)
    ((content, buffers),) = plot.said
    assert [layer["name"] for layer in content["layers"]] == ["a"]
    assert content["x"] == {"label": "Time", "unit": "s", "low": 0.0, "high": 1.0, "log": False, "finest": 0.0}
    assert len(buffers) == 1
    assert content["view"] == {"by": "", "x": None, "y": None}
    plot.draw([Line("b", curve([1, 2, 3]))], x=TIME, y=VOLT)
    assert len(plot.said) == 1, "it is on the page, but out of sight"
    look(plot)
    assert told(plot, "layers")[-1][0]["name"] == "b"


def test_the_same_again_is_not_sent(make):
    plot = make()
    look(plot)
    for _ in range(3):
        plot.draw([Line("a", curve([1, 2, 3]))], x=TIME, y=VOLT)
    assert len(told(plot, "layers")) == 1
    plot.draw([Line("a", curve([1, 2, 4]))], x=TIME, y=VOLT)
    assert len(told(plot, "layers")) == 2


def test_view_of_the_page_calls_moved_and_is_answered(make):
    calls = []
    plot = make(moved=lambda: (calls.append(plot.view), plot.draw([Line("fine", curve(plot.view))], x=TIME, y=VOLT)))
    plot.draw([Line("a", curve([1, 2]))], x=TIME, y=VOLT)
    look(plot)
    calls.clear()
    says(plot, "view", serial=1, x=[0.25, 0.5], y=None)
    assert calls == [(0.25, 0.5, -1.0, 1.0)]
    assert plot.follows == (False, True)
    answer = next(content for content, _ in plot.said if content.get("answers") == {"eye": 1})
    assert answer["layers"][0]["name"] == "fine", "the finer curve and the answer are one message"
    assert answer["view"]["by"] == "eye"
    says(plot, "view", serial=2, x=[0.25, 0.5], y=None)
    assert len(calls) == 1
    assert told(plot, "answers")[-1] == {"eye": 2}, "what changes nothing is answered too"
    says(plot, "view", serial=3, x=None, y=None)
    assert plot.view == (0, 1, -1, 1)


def test_view_set_from_python_goes_to_the_page(make):
    calls = []
    plot = make(moved=lambda: calls.append(1))
    plot.draw([], x=TIME, y=VOLT)
    look(plot)
    calls.clear()
    plot.view = (0.1, 0.2, None, None)
    assert plot.view == (0.1, 0.2, -1, 1)
    assert told(plot, "view")[-1] == {"by": "", "x": (0.1, 0.2), "y": None}
    plot.view = (0.1, 0.2, None, None)
    assert len(calls) == 1
    plot.view = None
    assert plot.view == plot.whole == (0, 1, -1, 1)
    with pytest.raises(ValueError, match=r"a view of x goes from a number to a greater one, not from 0\.5 to 0\.1"):
        plot.view = (0.5, 0.1, 0, 1)
    with pytest.raises(ValueError, match=r"a view is \(x0, x1, y0, y1\), not \(1, 2\)"):
        plot.view = (1, 2)


def test_chosen_part_stays_while_the_axis_is_the_same(make):
    plot = make()
    plot.draw([], x=TIME, y=VOLT)
    plot.view = (0.1, 0.2, -0.5, 0.5)
    plot.draw([], x=Axis("Time", "s", 0, 5), y=VOLT)
    assert plot.view == (0.1, 0.2, -0.5, 0.5)
    plot.cursors = {"x": (0.1, 0.2), "y": (0.5,)}
    plot.draw([], x=Axis("Frequency", "Hz", 0, 1e6), y=VOLT)
    assert plot.view == (0, 1e6, -0.5, 0.5)
    assert plot.cursors == Cursors((), (0.5,)), "a cursor in seconds says nothing on an axis in hertz"
    plot.draw([], x=Axis("Frequency", "Hz", 0, 1e6), y=VOLT, view=(10, 20, -1, 0))
    assert plot.view == (10, 20, -1, 0)


def test_another_axis_is_seen_as_a_whole_on_every_page(make):
    plot = make()
    axes = {"x": Axis("time", "s", 0, 1), "y": Axis("", "V", 0, 1)}
    plot.draw([], **axes)
    look(plot)
    says(plot, "view", serial=1, x=[0.2, 0.4], y=None, of=[["time", "s"], ["", "V"]])
    assert plot.view[:2] == (0.2, 0.4)
    plot.draw([], x=Axis("frequency", "Hz", 0, 500), y=Axis("level", "dB", -100, 0))
    assert told(plot, "view")[-1] == {"by": "", "x": None, "y": None}
    # What was on its way meanwhile was about the other axis.
    says(plot, "view", serial=2, x=[0.2, 0.3], y=[-50, 0], of=[["time", "s"], ["level", "dB"]])
    assert plot.view == (0, 500, -50, 0)
    says(plot, "view", serial=3, x=[0.2, 0.3], y=None, of="no")
    assert plot.view == (0, 500, -50, 0)


def test_axis_without_limits_follows_the_data(make):
    plot = make()
    plot.draw([Line("a", curve([2, 4]))], x=Axis(), y=Axis())
    assert plot.view == pytest.approx((-0.06, 1.06, 1.88, 4.12))
    plot.draw([Line("a", curve([20, 40]))], x=Axis(), y=Axis())
    assert plot.view[3] == pytest.approx(41.2)


@pytest.mark.parametrize(
    "y",
    [
        [],
        [5.0],
        [3.0] * 10,
        [math.nan] * 4,
        [1, math.nan, 3],
        [1e300, -1e300, 0],
        [1.7e308, -1.7e308],
        [math.inf, 1, -math.inf],
        [5e-324, 0],
    ],
)
@pytest.mark.parametrize("logarithmic", [False, True])
def test_odd_data_are_drawn(make, y, logarithmic):
    plot = make()
    look(plot)
    plot.draw([Line("a", curve(y)), Scatter("s", y, y)], x=Axis(logarithmic=logarithmic), y=Axis(logarithmic=logarithmic))
    x0, x1, y0, y1 = plot.view
    assert x0 < x1
    assert y0 < y1
    assert all(map(math.isfinite, (*plot.view, x1 - x0, y1 - y0)))
    assert plot.said


def test_columns_are_those_of_the_widest_page(make):
    calls = []
    plot = make(moved=lambda: calls.append(plot.columns))
    assert plot.columns == COLUMNS
    says(plot, "hello", "a", columns=700)
    says(plot, "hello", "b", columns=1500)
    assert plot.columns == 1500
    assert calls[-1] == 1500
    says(plot, "bye", "b")
    assert plot.columns == 700
    look(plot, "a", columns=10**9)
    assert plot.columns == 4096


def test_hidden_plot_is_told_and_gets_nothing(make):
    seen = []
    plot = make(watched=seen.append)
    look(plot)
    look(plot, visible=False)
    assert seen == [True, False]
    assert not plot.watched
    before = len(plot.said)
    for k in range(50):
        plot.draw([Line("a", curve([k, 1]))], x=TIME, y=VOLT)
    assert len(plot.said) == before
    look(plot)
    assert len(told(plot, "layers")) == 1, "the newest, once"


def test_page_that_does_not_keep_up_gets_the_newest_only(make):
    plot = make()
    look(plot)
    for k in range(400):
        plot.draw([Line("a", curve([k, 1]))], x=TIME, y=VOLT)
    sent = len(told(plot, "layers"))
    assert sent < 130
    look(plot, seen=plot._frame)
    assert len(told(plot, "layers")) == sent + 1


def test_cursors_both_ways(make):
    plot = make()
    plot.draw([], x=TIME, y=VOLT)
    look(plot)
    heard = []
    undo = plot.on_cursors(heard.append)
    plot.cursors = {"x": (0.001, 0.002)}
    assert told(plot, "cursors")[-1] == {"by": "", "x": (0.001, 0.002), "y": ()}
    assert plot.cursors.dx == pytest.approx(0.001)
    assert plot.cursors.frequency == pytest.approx(1000)
    says(plot, "cursors", x=[0.1, 0.3], y=[0.5])
    assert plot.cursors == Cursors((0.1, 0.3), (0.5,))
    assert told(plot, "cursors")[-1]["by"] == "eye"
    undo()
    plot.cursors = None
    assert heard == [Cursors((0.001, 0.002)), Cursors((0.1, 0.3), (0.5,))]
    assert plot.cursors.dx is plot.cursors.dy is plot.cursors.frequency is None
    with pytest.raises(ValueError, match=r"there are at most two x cursors, at finite numbers, not \(1\.0, 2\.0, 3\.0\)"):
        plot.cursors = {"x": (1, 2, 3)}
    with pytest.raises(ValueError, match=r"cursors stand on 'x' and 'y', not on \['z'\]"):
        plot.cursors = {"z": ()}


def test_marks_are_moved_by_the_page_only_where_they_may(make):
    plot = make()
    plot.draw([], x=TIME, y=VOLT, marks=[Mark(0.5, "y", "level", "trigger", draggable=True), Mark(0.1, "x", "DMA", "dma")])
    look(plot)
    heard = []
    plot.on_mark(heard.append)
    says(plot, "mark", n=0, label="level", at=0.25)
    assert heard == [Mark(0.25, "y", "level", "trigger", draggable=True)]
    says(plot, "mark", n=1, label="DMA", at=0.9)
    says(plot, "mark", n=0, label="another", at=0.9)
    says(plot, "mark", n=7, label="level", at=0.9)
    assert [mark.at for mark in plot.marks] == [0.25, 0.1]
    plot.marks = [Mark(0.2, "x", "DMA", "dma")]
    assert told(plot, "marks")[-1] == {"by": "", "all": [[0.2, "x", "DMA", "dma", False]]}


def test_legend_hides_by_name(make):
    plot = make()
    plot.draw([Line("a", curve([1, 2])), Line("b", curve([1, 2]))], x=TIME, y=VOLT)
    look(plot)
    says(plot, "hide", names=["a", "no such", 5])
    assert plot.hidden == {"a"}
    plot.hidden = {"b"}
    assert told(plot, "hidden")[-1] == ["b"]
    with pytest.raises(TypeError, match="hidden expected names, not the str 'a'"):
        plot.hidden = "a"


BAD = [
    {"kind": "view", "serial": 1, "x": [1], "y": None},
    {"kind": "view", "serial": 1, "x": ["a", "b"], "y": None},
    {"kind": "view", "serial": 1, "x": [2, 1], "y": None},
    {"kind": "view", "serial": 1, "x": [float("nan"), 1], "y": None},
    {"kind": "view", "serial": 1, "x": {"a": 1}, "y": [0, float("inf")]},
    {"kind": "view", "serial": None, "x": [0.1, 0.2]},
    {"kind": "cursors", "x": [1, 2, 3], "y": []},
    {"kind": "cursors", "x": "ab", "y": []},
    {"kind": "cursors", "x": 5},
    {"kind": "mark", "n": True, "at": 1},
    {"kind": "mark", "n": 0.5, "at": None},
    {"kind": "hide", "names": 5},
    {"kind": "hide"},
    {"kind": "beat", "columns": "wide", "seen": [], "visible": 1},
    {"kind": "beat", "columns": -1e308, "seen": 1e308},
    {"kind": ["beat"]},
    {},
]


@pytest.mark.parametrize("content", BAD, ids=str)
def test_bad_messages_harm_nothing(make, content):
    plot = make(moved=lambda: None)
    plot.draw([], x=TIME, y=VOLT, marks=[Mark(0.5, "y", "", "trigger", True)])
    before = plot.view, plot.cursors, plot.marks, plot.hidden
    for message in (content, None, 5, [content]):
        plot._handle_custom_msg(message, [])
    assert (plot.view, plot.cursors, plot.marks, plot.hidden) == before
    if content.get("kind") == "view" and content.get("serial"):
        look(plot)
        assert any("answers" in sent for sent, _ in plot.said), "a page that waits for an answer goes on"


def test_page_sets_no_trait(make):
    plot = make()
    plot.set_state({"height": 5, "label": "x"})
    assert (plot.height, plot.label) == (260, "Plot")


def test_what_moved_raises_is_logged_and_answered(make, caplog):
    def broken():
        raise RuntimeError("no data")

    plot = make(moved=broken)
    plot.draw([], x=TIME, y=VOLT)
    look(plot)
    says(plot, "view", serial=9, x=[0.2, 0.3], y=None)
    assert "what was called with news of a plot failed: no data" in caplog.text
    assert told(plot, "answers")[-1] == {"eye": 9}


def test_closed_plot_is_silent(make):
    plot = make(moved=lambda: pytest.fail("closed"))
    look(plot, columns=1000)
    layout = plot.layout
    plot.close()
    before = len(plot.said)
    plot.draw([Line("a", curve([1]))], x=TIME, y=VOLT)
    says(plot, "view", serial=1, x=[0, 0.5], y=None)
    assert len(plot.said) == before
    assert layout.comm is None
    plot.close()


def test_what_cannot_be_drawn_is_refused(make):
    plot = make()
    with pytest.raises(TypeError, match="a plot draws Line, Scatter, Lanes and Picture, not str"):
        plot.draw(["line"], x=TIME, y=VOLT)
    with pytest.raises(ValueError, match="zoom expected 'x', 'y' or 'xy', not 'z'"):
        plot.draw([], x=TIME, y=VOLT, zoom="z")
    with pytest.raises(ValueError, match="Plot expected a height of 80 to 4000 pixels, not 5"):
        Plot(height=5)
    with pytest.raises(ValueError, match=r"a view of a logarithmic x begins above 0, not at 0\.0"):
        plot.draw([], x=Axis("f", "Hz", 1, 10, True), y=VOLT, view=(0, 1, 0, 1))


def test_picture_has_axes_of_its_size(make):
    plot = make()
    look(plot)
    plot.picture(b"\x89PNG", "image/png", (0, 640, 480, 0))
    assert plot.view == (0, 640, 0, 480)
    content, buffers = plot.said[-1]
    assert content["layers"][0]["extent"] == [0, 640, 480, 0]
    assert bytes(buffers[content["layers"][0]["image"]]) == b"\x89PNG"
    with pytest.raises(ValueError, match="the extent of a picture is"):
        Picture(b"", "image/png", (0, 0, 1, 2))
    with pytest.raises(ValueError, match="mime expected one of 'image/png', 'image/jpeg', 'image/webp', not 'text/html'"):
        Picture(b"", "text/html", (0, 1, 1, 2))


def test_ten_to_the_eighth_sample_keeps_its_place(make):
    data = np.zeros(3000, "i2")
    reduced = reduce_line(data, 0, None, 1000)
    far = Curve(reduced.x + 1e8, reduced.y, reduced.step, False)
    plot = make()
    look(plot)
    plot.draw([Line("a", far), Scatter("s", [1e8, 1e8 + 1, 1e8 + 2], [0, 0, 0])], x=Axis(), y=Axis())
    content, buffers = plot.said[-1]
    line, scatter = content["layers"]
    assert line["x"] == {"first": 1e8, "step": 1.5, "n": 2000}
    x = np.frombuffer(buffers[0], "<f4", scatter["x"]["at"][1], scatter["x"]["at"][0]).astype(float)
    assert (scatter["x"]["o"] + scatter["x"]["s"] * x).tolist() == [1e8, 1e8 + 1, 1e8 + 2]
