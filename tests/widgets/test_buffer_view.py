"""The buffer view with no page: what it draws, says, follows and lets go."""

from __future__ import annotations

import base64
import re
from typing import Any

import ipywidgets
import numpy as np
import pytest

import pynq_widgets as pw
from pynq_widgets import showing
from pynq_widgets.device import SimulatedDevice
from pynq_widgets.widgets import BufferView, outbox, reuse
from pynq_widgets.widgets.buffer_bundle import buffer_bundle, buffer_html
from pynq_widgets.widgets.buffer_facts import facts, plain_text
from pynq_widgets.widgets.picture_codec import pillow
from pynq_widgets.widgets.plot_paper import decode_png

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def pool():
    device = SimulatedDevice(tag="test pool", pool_size=1 << 20)
    yield device
    device.close()


@pytest.fixture
def make(sampler, now):
    """``make(array)``: a view turned by hand, whose messages stand in ``view.said``."""
    views = []

    def one(array: Any, **options: Any) -> BufferView:
        view = BufferView(array, sampler=sampler, now=now, later=lambda seconds, function: function(), **options)
        view.said = []
        view.panel.send = lambda content, buffers=None: view.said.append((content, buffers))
        views.append(view)
        return view

    yield one
    for view in views:
        view.close()


def page_says(shown, kind, /, **content):
    shown.panel._handle_custom_msg({"kind": kind, **content}, [])


def drawn(view):
    """The values of the lines that the plot was given."""
    return [layer.curve.y for layer in view.plot.layers]


def zoom(view, x0, x1):
    """What a page says when somebody has zoomed the plot."""
    view.plot._handle_custom_msg({"kind": "view", "view": "eye", "serial": 1, "x": [x0, x1], "y": None}, [])


def look(view, visible=True, key="eye", seen=None):
    page_says(view, "beat", view=key, visible=visible, seen=view.panel.frame if seen is None else seen)


def test_line_is_reduced_and_follows(make, sampler, pool):
    buffer = pw.allocate(50_000, "i2", target=pool)
    view = make(buffer)
    assert view.mode == "line"
    assert view.window == (0, 50_000)
    assert view.curves[0].step == 50
    assert drawn(view)[0].size == 2000
    assert not view.live
    look(view)
    assert view.live
    layers = view.plot.layers
    sampler.turn()
    assert view.plot.layers is layers, "what did not change is not drawn"
    buffer[25_000] = 99
    sampler.turn()
    assert drawn(view)[0].max() == 99
    assert view.plot.axes[1].high > 99


def test_a_large_line_follows_too(make, sampler, pool):
    buffer = pw.allocate(250_000, "f4", target=pool)
    view = make(buffer)
    look(view)
    buffer[249_000] = 5
    sampler.turn()
    assert drawn(view)[0].max() == 5


def test_zoom_is_reduced_anew(make):
    view = make(np.arange(100_000, dtype="f8"))
    view.show(1000, 1500)
    assert view.window == (1000, 1500)
    assert view.curves[0].step == 1
    assert view.curves[0].x.tolist() == list(range(1000, 1500))
    zoom(view, 20_000.5, 60_000.25)
    assert view.window == (20_000, 60_002)
    assert view.curves[0].step == 41
    page_says(view, "whole")
    assert view.window == (0, 100_000)
    assert view.plot.follows == (True, True)


@pytest.mark.parametrize("limits", [(None, None), (float("nan"), 5.0), (float("inf"), 0.0), (5e300, 6e300), (50.0, -50.0), ("a", {})])
def test_mad_limits_of_the_page_harm_nothing(make, limits):
    view = make(np.arange(100))
    zoom(view, *limits)
    start, stop = view.window
    assert 0 <= start < stop <= 100


def test_complex_values_are_two_lines_and_fields_are_lines(make):
    view = make(np.exp(1j * np.arange(50)).astype("c8"))
    assert [layer.name for layer in view.plot.layers] == ["real", "imaginary"]
    fields = make(np.zeros(9, [("a", "i4"), ("text", "S3"), ("b", "f4")]))
    assert [layer.name for layer in fields.plot.layers] == ["a", "b"]


def test_nan_is_left_out_and_told(make):
    view = make(np.array([1.0, np.nan, np.inf, 2.0]))
    page_says(view, "hello", view="eye")
    assert view.said[-1][0]["gaps"] is True
    assert np.isnan(drawn(view)[0]).tolist() == [False, True, True, False]


def test_picture_follows_and_zooms(make, sampler):
    image = np.zeros((1300, 2100, 3), "u1")
    view = make(image)
    assert view.mode == "image"
    look(view)
    view.said.clear()
    sampler.turn()
    assert view.said == []
    image[:, :, 1] = 9
    sampler.turn()
    (content, buffers), *more = view.said
    assert not more
    assert content["region"] == [0, 1300, 0, 2100]
    step = 2 if pillow() is not None else 3  # without it pictures travel without loss, and smaller
    assert content["detail"] == f"a pixel is the mean of {step} × {step} elements"
    assert buffers[0].startswith(b"\x89PNG" if content["mime"] == "image/png" else b"\xff\xd8")
    page_says(view, "region", region=[100, 200, -50, 300])
    assert view.window == (100, 200, 0, 300)
    assert view.said[-1][0]["detail"] == ""
    view.show(5, 5, 2100, 2100)
    assert view.window == (5, 9, 2096, 2100)
    assert view.said[0][0]["n"] < view.said[-1][0]["n"] == view.panel.frame
    assert view.said[-1][0]["shape"] == [1300, 2100]


def test_new_page_gets_the_picture_again(make):
    view = make(np.arange(12.0).reshape(3, 4))
    page_says(view, "hello", view="eye")
    content, buffers = view.said[-1]
    assert content["range"] == ["0", "11"]
    assert buffers[0].startswith(b"\x89PNG")


def test_picture_of_given_limits(make):
    view = make(np.arange(12.0).reshape(3, 4), limits=(0, 5))
    page_says(view, "hello", view="eye")
    assert view.said[-1][0]["range"] == ["0", "5"]


def test_planes_of_more_dimensions(make):
    array = np.zeros((2, 3, 40, 50), "i4")
    array[1, 2] = np.arange(50)
    view = make(array)
    assert view._sheet()["planes"] == [2, 3]
    assert view.plane == (0, 0)
    page_says(view, "plane", index=[1, 2])
    assert view.plane == (1, 2)
    assert [content["plane"] for content, *_ in view.said if "plane" in content][-1] == [1, 2]
    assert view.said[-1][0]["range"] == ["0", "49"]
    with pytest.raises(IndexError, match=r"planes of this buffer are indexed 0 to below \(2, 3\), not \(2, 0\)"):
        view.plane = (2, 0)
    page_says(view, "at", view="eye", index=[4, 7])
    assert view.said[-1][0]["text"] == "[1, 2, 4, 7] 7 (0x00000007)"
    assert make(np.zeros((5, 4, 4, 3), "u1"))._sheet()["planes"] == [5]


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((0, 3)), "There is nothing to draw: shape 0 × 3 has no elements."),
        (np.array(["a", "b"]), "Elements of type <U1 are no numbers that could be drawn."),
        (np.zeros((2, 2), [("a", "i4")]), "A structure in 2 dimensions is shown a field at a time: try BufferView(buffer['a'])."),
        (np.array([None, {}]), "Elements of type object are no numbers that could be drawn."),
        (np.zeros(0, "c8"), "There is nothing to draw: shape 0 has no elements."),
    ],
)
def test_what_cannot_be_drawn_says_why(make, array, sentence):
    view = make(array)
    assert view.mode == "text"
    page_says(view, "hello", view="eye")
    assert view.said[-1][0]["detail"] == sentence
    assert sentence.replace("'", "&#x27;").replace("<", "&lt;") in buffer_html(array)


def test_single_value_follows(make, sampler):
    array = np.array(7, "i2")
    view = make(array)
    look(view)
    array[...] = -2
    sampler.turn()
    assert view.said[-1][0]["value"] == "-2 (0xfffe)"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"index": [3]}, "[3] -3 (0xfd)"),
        ({"index": [8]}, "there is no [8] in 8"),
        ({"index": [-9]}, "there is no [-9] in 8"),
        ({"index": [1, 2]}, "there is no [1, 2] in 8"),
        ({"index": "x"}, "invalid literal for int() with base 10: 'x'"),
        ({}, "there is no [] in 8"),
    ],
)
def test_values_are_told_by_index(make, question, answer):
    view = make(-np.arange(8, dtype="i1"))
    page_says(view, "at", view="eye", **question)
    assert view.said[-1][0] == {"kind": "value", "view": "eye", "text": answer, "index": view.said[-1][0]["index"]}


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "region", "region": "no"},
        {"kind": "region", "region": [1, 2]},
        {"kind": "region", "region": [1e400, 2, 3, 4]},
        {"kind": "rate", "rate": "fast"},
        {"kind": "rate", "rate": 1e9},
        {"kind": "rate"},
        {"kind": "plane", "index": [9]},
        {"kind": "plane", "index": None},
        {"kind": "beat", "view": None, "seen": "x"},
        {"kind": "__class__"},
        {"kind": 5},
        "text",
        None,
    ],
)
def test_mad_messages_harm_nothing(make, message):
    view = make(np.zeros((3, 10, 10)))
    view.panel._handle_custom_msg(message, [])
    assert view.window == (0, 10, 0, 10)
    assert view.rate == 10
    assert view.refresh() is False


def test_looks_only_while_somebody_does(make, sampler, now):
    view = make(np.zeros(10))
    look(view)
    look(view, visible=False, key="other")
    assert len(sampler.polls) == 1
    look(view, visible=False)
    assert not view.live
    assert sampler.polls == []
    look(view)
    page_says(view, "bye", view="eye")
    assert sampler.polls == []
    look(view)
    now.pass_(10)
    sampler.turn()  # no beat for ten seconds
    assert sampler.polls == []


def test_samplers_of_devices_and_of_the_host(pool):
    for array, sampler in ((pw.allocate(10, target=pool), pw.Sampler.of(pool)), (np.zeros(10), None)):
        view = BufferView(array)
        look(view)
        assert view.live
        used = view._follower.sampler
        assert sampler in (None, used)
        view.close()
        assert not view.live
        assert used.subscriptions == ()


def test_rate(make, sampler):
    view = make(np.zeros(10), rate=0)
    look(view)
    assert not view.live
    view.rate = 5
    assert view.live
    page_says(view, "rate", rate=0)
    assert (view.rate, view.live, sampler.polls) == (0, False, [])
    for wrong in (101, 0.01, -1, "5", True, float("nan")):
        with pytest.raises(ValueError, match=re.escape(f"a rate of 0.1 to 100 looks a second (or 0 for none unasked), not {wrong!r}")):
            view.rate = wrong


def test_slow_page_gets_no_queue(make, sampler):
    image = np.zeros((20, 20), "u1")
    view = make(image)
    look(view)
    first = view.panel.frame
    for i in range(100):
        image[0, 0] = i + 1
        sampler.turn()
    assert view.panel.frame - first < 40
    look(view)  # it has taken them all
    sampler.turn()
    assert view.said[-1][1] is not None
    assert view.drawing.raster.part[0, 0] == 100


def test_nobody_looks_while_a_picture_waits_to_be_made(make, sampler, monkeypatch):
    image = np.zeros((20, 20), "u1")
    view = make(image)
    look(view)
    waiting = []
    monkeypatch.setattr(outbox.default(), "ask", lambda key, function: waiting.append(function))
    image[0, 0] = 1
    sampler.turn()
    image[0, 0] = 2
    sampler.turn()
    assert view.drawing.raster.part[0, 0] == 1
    waiting[-1]()
    sampler.turn()
    assert view.drawing.raster.part[0, 0] == 2


def test_long_cell_does_not_stop_the_view(sampler, now):
    """As long as the main loop does not answer, what the page took is not known."""
    image = np.zeros((20, 20), "u1")
    waiting = []
    view = BufferView(image, sampler=sampler, now=now, later=lambda seconds, function: waiting.append(function))
    look(view)
    first = view.panel.frame
    for i in range(50):
        image[0, 0] = i + 1
        sampler.turn()
    assert view.panel.frame - first == 50
    assert len(waiting) == 1
    waiting.pop()()  # the loop answers, and still no beat: the page is slow indeed
    image[0, 0] = 99
    sampler.turn()
    assert view.panel.frame - first == 50
    view.close()


def test_a_buffer_that_does_not_change_answers_once_a_second(make, sampler, now, pool):
    view = make(pw.allocate(1000, target=pool))
    look(view)
    view.said.clear()
    for _ in range(20):
        now.pass_(0.1)
        sampler.turn()
        look(view)
    assert [content["live"] for content, _ in view.said] == [True, True]
    view.said.clear()
    look(view, visible=False)
    assert [content["live"] for content, _ in view.said] == [False]
    now.pass_(5)
    look(view, visible=False)
    assert len(view.said) == 1, "a view that nobody sees needs no answer"


def test_a_buffer_that_does_not_change_answers_between_slow_looks(make, sampler, now, pool):
    view = make(pw.allocate(1000, target=pool), rate=0.1)
    look(view)
    view.said.clear()
    now.pass_(1)
    look(view)
    assert [content["live"] for content, _ in view.said] == [True]


def test_a_single_element_is_a_value_not_a_line_without_length(make, sampler, pool):
    buffer = pw.allocate(1, "u4", target=pool)
    buffer[0] = 42
    view = make(buffer)
    assert view.mode == "text"
    look(view)
    assert view.said[-1][0]["value"] == "[0] 42 (0x0000002a)"
    buffer[0] = 43
    sampler.turn()
    assert view.said[-1][0]["value"] == "[0] 43 (0x0000002b)"
    assert "[0] 43 (0x0000002b)" in buffer_html(buffer)


def test_freed_buffer_says_so_and_stays_on_the_screen(make, sampler, pool):
    buffer = pw.allocate(1000, target=pool)
    buffer[:] = 5
    view = make(buffer)
    look(view)
    layers = view.plot.layers
    buffer.freebuffer()
    sampler.turn()
    assert view.said[-1][0]["gone"] is True
    assert view.said[-1][0]["said"].startswith("This buffer was freed: its memory may belong to another by now. What is shown")
    assert dict(view.panel.facts)["Physical address"] == "none any more"
    assert sampler.polls == []
    assert view.plot.layers is layers
    page_says(view, "at", view="eye", index=[3])
    assert view.said[-1][0]["text"].startswith("This buffer was freed")
    zoom(view, 500, 600)
    assert view.plot.layers is layers
    assert view.refresh() is False
    assert set(showing.mimebundle(buffer)) == {"text/plain", "text/html"}


def test_view_of_a_buffer_freed_before(make, pool):
    buffer = pw.allocate(10, target=pool)
    buffer.freebuffer()
    view = make(buffer)
    page_says(view, "hello", view="eye")
    assert view.said[-1][0]["said"] == "This buffer was freed: its memory may belong to another by now."
    look(view)
    assert not view.live


def test_looking_never_flushes_or_invalidates(make, sampler, pool, monkeypatch):
    buffer = pw.allocate(100, target=pool, cacheable=True)
    calls = []
    for name in ("flush", "invalidate"):
        monkeypatch.setattr(type(pool), name, lambda *a, name=name, **k: calls.append(name))
    view = make(buffer)
    look(view)
    buffer[3] = 4
    sampler.turn()
    showing.mimebundle(buffer)
    assert calls == []
    assert ("Cache", "cached, not coherent: shown is the processor's side (flush and invalidate exchange the two)") in facts(buffer)


def test_closing_leaves_no_widget(sampler):
    before = set(ipywidgets.widgets.widget._instances)
    for array in (np.zeros(10), np.zeros((4, 4)), np.zeros(3, "U2")):
        view = BufferView(array, sampler=sampler)
        look(view)
        view.close()
        view.close()
        assert not view.refresh()
        look(view)
    assert sampler.polls == []
    assert set(ipywidgets.widgets.widget._instances) == before


def test_facts(pool):
    buffer = pw.allocate((3, 5), "i2", target=pool)
    told = dict(facts(buffer))
    assert told["Shape"] == "3 × 5"
    assert told["Type"] == "int16"
    assert told["Size"] == "15 elements, 30 bytes, 8 words of 32 bits"
    assert told["Physical address"] == f"{buffer.physical_address:#010x}"
    assert told["Device"] == "Simulated (test pool)"
    assert dict(facts(buffer[:, 1]))["Physical address"].startswith("none: this view of shape (3,) and dtype int16 is strided")
    assert dict(facts(np.zeros(1, ">u4"))) == {
        "Shape": "1",
        "Type": "uint32, big-endian",
        "Size": "1 element, 4 bytes, 1 word of 32 bits",
        "Physical address": "none (memory of the host)",
    }


def test_plain_text_is_one_short_line(pool):
    buffer = pw.allocate(100_000, "u2", target=pool)
    buffer[:] = np.arange(100_000)
    assert plain_text(buffer) == (
        f"PynqBuffer(shape=(100000,), dtype=uint16, physical_address={buffer.physical_address:#010x}): [0 1 2 … 34461 34462 34463]"
    )
    assert plain_text(np.arange(4).reshape(2, 2)) == "ndarray(shape=(2, 2), dtype=int64): [0 1 2 3]"
    assert len(plain_text(np.array(["x" * 10_000]))) < 120
    buffer.freebuffer()
    assert plain_text(buffer) == "<freed PynqBuffer of shape (100000,) and dtype uint16>"


def test_bundle(pool):
    buffer = pw.allocate(20_000, "f4", target=pool)
    bundle = buffer._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", VIEW}
    assert "\n" not in bundle["text/plain"]
    html = bundle["text/html"]
    assert "<svg" in html
    assert "<script" not in html
    assert "class=" not in html
    assert "rms 0, deviation 0, 20,000 samples" in html
    assert len(html) < 20_000
    assert buffer._repr_mimebundle_()[VIEW] == bundle[VIEW], "one view for one buffer"
    assert set(showing.mimebundle(buffer, widget=False)) == {"text/plain", "text/html"}
    picture = buffer_html(np.zeros((2000, 2000), "f4"))
    assert 'src="data:image/png;base64,' in picture
    assert len(picture) < 20_000
    assert "plane [0]" in buffer_html(np.zeros((2, 8, 8)))
    assert buffer_html(np.array([np.nan, 1.0, np.nan, 2.0, 3.0])).count("M") == 1, "a single sample is a dot"
    assert "&lt;b&gt;" in buffer_html(np.zeros((2, 2), [("<b>", "i4")]))


def test_view_that_nobody_looks_at_is_closed_with_the_next(pool):
    first, second = (pw.allocate(10, target=pool) for _ in range(2))
    buffer_bundle(first, True)
    ((_, view, _),) = reuse._shown.values()
    look(view)
    page_says(view, "bye", view="eye")
    buffer_bundle(second, True)
    assert reuse.is_closed(view)
    assert reuse.statistics() == {"buffer": 1}


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match=re.escape("BufferView expected a buffer or a numpy array, not list: try numpy.asarray(...)")):
        BufferView([1, 2])
    for limits in ((1, 1), (2, 1), (0, float("inf")), (1,)):
        with pytest.raises(ValueError, match=re.escape(f"expected limits (low, high) with low < high, not {limits!r}")):
            BufferView(np.zeros((2, 2)), limits=limits)


def test_wrong_windows_are_named(make):
    with pytest.raises(ValueError, match=re.escape("a part of a line is (start, stop), not (1,)")):
        make(np.zeros(9)).show(1)
    with pytest.raises(ValueError, match="a window of samples begins before it ends: not 5 to 5"):
        make(np.zeros(9)).show(5, 5)
    with pytest.raises(ValueError, match=re.escape("a part of a picture is (row, row_end, column, column_end), not (1, 2)")):
        make(np.zeros((9, 9))).show(1, 2)


def test_a_view_that_is_displayed_is_stored_as_it_is_seen(make):
    view = make(np.arange(400, dtype="u2"), mode="lanes")
    bundle = view._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data[VIEW]["model_id"] == view.model_id
    assert ">bit 15</text>" in data["text/html"]
    assert data["text/plain"].startswith("ndarray(shape=(400,), dtype=uint16)")
    assert "<script" not in data["text/html"]
    view.interpret(shape=(20, 20))
    view.mode = "image"
    data = view._repr_mimebundle_()
    assert 'src="data:image/png;base64,' in (data[0] if isinstance(data, tuple) else data)["text/html"]


def test_a_picture_is_stored_in_its_pixel_format(make):
    packed = np.zeros((8, 16), "u1")
    packed[:, 0::2], packed[:, 1::2] = 120, 128  # grey in YCbCr
    view = make(packed, mode="image")
    view.settings.format = "YCbCr 4:2:2 packed (YUYV)"
    html = str(buffer_html(packed, view))
    assert view.settings.format in html
    png = base64.b64decode(html.split("data:image/png;base64,")[1].split('"')[0])
    assert decode_png(png).shape == (8, 8, 3)
    view.show(2, 6, 0, 8)
    assert "rows 2 to 5, columns 0 to 7" in str(buffer_html(packed, view))


def test_a_buffer_without_a_name_goes_by_type_shape_and_cell(monkeypatch):
    from pynq_widgets.widgets.buffer_facts import buffer_name

    assert buffer_name(np.zeros(16384, "i2")) == "int16[16384]"
    assert buffer_name(np.zeros((4, 6), ">f4")) == "float32[4, 6]"
    assert buffer_name(np.zeros(3, [("a", "u1")])) == "structure[3]"
    assert buffer_name(np.array(2.0)) == "float64"
    device = SimulatedDevice(tag="named", pool_size=1 << 20)
    buffer = device.allocate((12,), "u1")
    assert buffer_name(buffer) == "uint8[12]", "a file is no cell"
    monkeypatch.setattr("pynq_widgets.device.simulated.leaks.place", lambda file, line: "In[3]:2" if file == __file__ else file)
    assert buffer_name(buffer) == "uint8[12], In[3]:2"
    assert buffer_name(buffer[2:]) == "uint8[10], In[3]:2"
    assert buffer_name(device.allocate((12,), "u1", name="tx")) == "tx"
    buffer.freebuffer()
    assert buffer_name(buffer) == "uint8[12]"
