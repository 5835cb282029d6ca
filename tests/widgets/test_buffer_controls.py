"""The buffer view's controls: what Python sets and the page asks for is the same, and bad values teach and harm nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import pynq_widgets as pw
from pynq_widgets.analysis.interpretation import Interpretation, InterpretationError
from pynq_widgets.analysis.trigger import Trigger
from pynq_widgets.device import SimulatedDevice
from pynq_widgets.widgets import BufferView
from pynq_widgets.widgets.buffer_words import parse_rate, parse_shape


@pytest.fixture
def pool():
    device = SimulatedDevice(tag="test pool", pool_size=1 << 22)
    yield device
    device.close()


@pytest.fixture
def make(sampler, now):
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


def page_says(view, kind, /, **content):
    view.panel._handle_custom_msg({"kind": kind, "view": "eye", **content}, [])


def look(view, **more):
    page_says(view, "beat", visible=True, seen=view.panel.frame, **more)


def problems(view):
    return [content["text"] for content, _ in view.said if content["kind"] == "problem"]


def states(view):
    return [content for content, _ in view.said if content["kind"] == "state"]


def lines(view):
    return {layer.name: layer.curve for layer in view.plot.layers}


RAMP = np.arange(1000, dtype="<i2")


def test_modes_from_python_and_from_the_page(make):
    view = make(RAMP)
    view.mode = "spectrum"
    assert view.plot in view.children
    page_says(view, "mode", mode="hex")
    assert view.mode == "hex"
    assert view.children == (view.panel,)
    page_says(view, "rows", first=2, count=1)
    assert view.said[-1][0]["rows"][0][0] == 32
    with pytest.raises(ValueError, match=re.escape("this buffer cannot be shown as 'xy': X-Y takes two lines of numbers")):
        view.mode = "xy"
    page_says(view, "mode", mode="image")
    assert problems(view)[-1].startswith("this buffer cannot be shown as 'image': An image has rows and columns")
    assert view.mode == "hex"
    assert view.modes["line"] == ""
    assert view.modes["xy"].startswith("X-Y takes two lines")


def test_settings_from_the_page(make):
    view = make(RAMP, mode="spectrum")
    page_says(view, "setting", name="window", value="flat top")
    assert view.settings.window == "flat top"
    page_says(view, "setting", name="averages", value="1000")
    assert problems(view) == ["averages of mode 'spectrum': expected a whole number from 1 to 256, not '1000'"]
    assert view.settings.averages == 8
    page_says(view, "setting", name="nothing", value=1)
    page_says(view, "setting", name="_changed", value=1)
    assert len(problems(view)) == 1


def test_hex_rows_follow(make, sampler, pool):
    buffer = pw.allocate(1000, "u4", target=pool)
    view = make(buffer, mode="hex")
    look(view)
    page_says(view, "rows", first=0, count=2)
    view.said.clear()
    sampler.turn()
    assert view.said == [], "what did not change is not sent"
    buffer[100] = 5
    sampler.turn()
    assert view.said == [], "nor what is out of sight"
    buffer[1] = 5
    sampler.turn()
    ((content, _),) = view.said
    assert content["rows"][0][1] == ["00000000", "00000005", "00000000", "00000000"]


def test_other_ways_to_read_the_memory(make):
    view = make(RAMP)
    view.interpret(dtype=">i2")
    assert view.curves[0].y[1] == 256
    assert np.shares_memory(view._source.array, RAMP)
    page_says(view, "interpret", byteorder="little")
    assert view.curves[0].y[1] == 1
    page_says(view, "interpret", channels=2)
    assert lines(view)["1"].y[:2].tolist() == [1, 3]
    page_says(view, "interpret")
    assert view.interpretation == Interpretation()
    page_says(view, "interpret", shape="20 x 50")
    assert view.mode == "image"
    assert view.window == (0, 20, 0, 50)
    assert "20" in dict(map(tuple, view.panel.facts))["Read as"]
    page_says(view, "interpret", shape="7,7777")
    assert "7" in problems(view)[-1]
    assert view.window == (0, 20, 0, 50)
    page_says(view, "interpret", shape="a,b")
    assert problems(view)[-1] == "a shape is whole numbers with commas, as 480,640, not 'a,b'"
    page_says(view, "interpret", channels="1.5")
    assert problems(view)[-1] == "channels is a whole number, not '1.5'"
    with pytest.raises(InterpretationError):
        view.interpret(dtype="nonsense")
    assert view.interpretation.shape == (20, 50)


def test_a_chosen_mode_and_its_settings_stay(make):
    view = make(RAMP)
    view.mode = "spectrum"
    view.settings.window = "flat top"
    view.interpret(dtype="u2")
    assert (view.mode, view.settings.window) == ("spectrum", "flat top")


def test_units_and_time(make):
    view = make(RAMP, sample_rate=1000, unit="V", scale=0.5)
    view.show(100, 200)
    assert view.plot.view[:2] == pytest.approx((0.1, 0.199))
    view.sample_rate = 2000
    assert view.window == (100, 200), "the same samples stay in sight"
    assert view.plot.view[:2] == pytest.approx((0.05, 0.0995))
    page_says(view, "axis", sample_rate="48 kHz", scale="2", unit="mA")
    assert (view.sample_rate, view.scale, view.unit) == (48_000.0, 2.0, "mA")
    assert view.plot.axes[1].unit == "mA"
    for wrong, text in (
        ({"sample_rate": "fast"}, "a sample rate is a number, as 48e3 or 48 kHz, not 'fast'"),
        ({"scale": "0"}, "scale expected a number other than 0, not 0.0"),
        ({"unit": "x" * 50}, f"unit expected a text of at most 16 characters, such as 'V', not {'x' * 50!r}"),
    ):
        page_says(view, "axis", **wrong)
        assert problems(view)[-1] == text
    with pytest.raises(ValueError, match=r"^sample_rate expected a number above 0, not -1$"):
        view.sample_rate = -1


def test_numbers_that_a_person_types():
    assert parse_shape("480, 640") == parse_shape("480 x 640") == parse_shape("(480×640)") == (480, 640)
    assert parse_shape(" ") is None
    assert [parse_rate(text) for text in ("48e3", "48 kHz", "2.5M", "1 GS/s", "", "0")] == [48e3, 48e3, 2.5e6, 1e9, None, None]


def test_the_part_that_was_zoomed_is_what_a_spectrum_is_of(make):
    array = np.zeros(8000, "f4")
    array[4000:] = np.sin(2 * np.pi * np.arange(4000) / 10)
    view = make(array)
    view.show(4000, 8000)
    view.mode = "spectrum"
    assert view.curves[0].y.max() == pytest.approx(0, abs=1.5)
    page_says(view, "whole")
    assert view.window == (0, 8000)
    view.mode = "line"
    view.show(10, 20)
    view.mode = "histogram"
    view.mode = "line"
    assert view.plot.view[:2] == (10, 19)


def test_comparing(make):
    view = make(RAMP)
    other = RAMP + np.int16(3)
    view.compare(other)
    assert list(lines(view)) == ["this", "other"]
    view.compare(other, difference=True)
    assert set(lines(view)["difference"].y.tolist()) == {-3}
    view.compare(None)
    assert list(lines(view)) == [""]
    with pytest.raises(TypeError, match=r"^compare expected a buffer or a numpy array, not list: try numpy.asarray"):
        view.compare([1])
    with pytest.raises(ValueError, match=r"^compare expected numbers, not elements of type <U1$"):
        view.compare(np.array(["a"]))


def test_statistics(make, now):
    view = make(RAMP, unit="V", scale=-2.0)
    assert (view.statistics.least, view.statistics.greatest, view.statistics.count) == (-1998, 0, 1000)
    view.show(10, 20)
    assert view.statistics.greatest == -20
    view.statistics_of = "whole"
    assert view.statistics.greatest == 0
    page_says(view, "statistics_of", of="visible")
    assert view.statistics_of == "visible"
    page_says(view, "statistics_of", of="some")
    assert problems(view) == ["statistics are of the 'visible' part or the 'whole', not 'some'"]
    view.said.clear()
    now.pass_(2)
    look(view)
    assert not [content for content, _ in view.said if content["kind"] == "statistics"], "nobody asked for them"
    look(view, details=True)
    (told,) = [content for content, _ in view.said if content["kind"] == "statistics"]
    assert told["lines"][0][1][:3] == [["count", "10"], ["least", "-38 V"], ["greatest", "-20 V"]]
    assert [type(each).__name__ for each in make(np.zeros(5, "c8")).statistics] == ["Statistics", "Statistics"]


def test_hold_stands_still_and_can_be_zoomed(make, sampler):
    array = RAMP.copy()
    view = make(array)
    look(view)
    page_says(view, "hold", hold=True)
    assert view.hold
    array[:] = 7
    sampler.turn()
    view.show(10, 20)
    assert view.curves[0].y.tolist() == list(range(10, 20))
    view.hold = False
    assert view.curves[0].y.tolist() == [7] * 10


def test_trigger_holds_the_edge_in_place(make, sampler):
    array = np.zeros(1000, "f4")
    array[300:] = 1
    view = make(array)
    look(view)
    view.trigger = Trigger(0.5)
    assert view._origin == 300
    assert view.plot.view[0] < 0 < view.plot.view[1]
    assert view.curves[0].y[view.curves[0].x == 0].tolist() == [1]
    array[:] = 0
    array[410:] = 1
    sampler.turn()
    assert view._origin == 410
    assert view.curves[0].y[view.curves[0].x == 0].tolist() == [1]
    before = view.curves
    array[:] = 0
    sampler.turn()
    assert view.curves is not None
    assert [c.y.tolist() for c in view.curves] == [c.y.tolist() for c in before], "without an edge the last one stays"
    assert view.said[-1][0]["detail"] == "waiting for the trigger"
    view.trigger = None
    assert view.window == (0, 1000)


def test_single_shot(make, sampler):
    array = np.zeros(1000, "f4")
    view = make(array)
    with pytest.raises(ValueError, match=r"^a single shot waits for a trigger, and there is none: set view.trigger"):
        view.single()
    look(view)
    page_says(view, "trigger", slope="rising", level="0.5")
    assert view.trigger == Trigger(0.5)
    page_says(view, "single")
    assert not view.hold
    sampler.turn()
    assert not view.hold
    array[400:] = 1
    look(view)
    sampler.turn()
    assert view.hold
    page_says(view, "trigger", slope="")
    assert view.trigger is None


def test_the_level_of_the_trigger_can_be_dragged(make):
    view = make(np.sin(np.arange(1000) / 30), scale=2.0)
    view.trigger = Trigger(0.0)
    (level, _) = view.plot.marks
    assert (level.kind, level.axis, level.draggable) == ("trigger", "y", True)
    view.plot._handle_custom_msg({"kind": "mark", "view": "eye", "n": 0, "label": level.label, "at": 1.0}, [])
    assert view.trigger.level == 0.5
    with pytest.raises(TypeError, match=r"^trigger expected a Trigger or None, not float: try Trigger"):
        view.trigger = 0.5


class Moving:
    """A transfer under way."""

    title = "dma.recvchannel"
    to_memory = True
    done = False
    error = None

    def __init__(self, offset, nbytes, at):
        self.offset, self.nbytes, self.at = offset, nbytes, at

    def position(self):
        return self.at


def test_where_the_dma_writes(make, sampler, pool):
    buffer = pw.allocate(1000, "i4", target=pool)
    view = make(buffer, sample_rate=1000.0)
    look(view)
    transfer = Moving(400, 2000, 800)
    buffer.begin_transfer(transfer)
    sampler.turn()
    (mark,) = view.plot.marks
    assert (mark.at, mark.kind, mark.label) == (0.3, "dma", "dma.recvchannel writes")
    assert view.said[-1][0]["transfers"] == ["dma.recvchannel"]
    transfer.at = None
    sampler.turn()
    assert view.plot.marks == ()
    transfer.at = 100
    part = make(buffer[100:])
    part.refresh()
    assert part.plot.marks[0].at == 25
    image = make(buffer.reshape(50, 20))
    page_says(image, "hello")
    assert image.said[-1][0]["rows"] == [[6.0, "dma.recvchannel writes"]]
    buffer.end_transfer(transfer)
    view.refresh()
    assert view.plot.marks == ()
    assert view.said[-1][0]["transfers"] == []


def test_both_sides_of_a_cache(make, sampler, pool):
    buffer = pw.allocate(100, "i4", target=pool, cacheable=True)
    buffer[:] = 1
    buffer.flush()
    view = make(buffer)
    look(view)
    assert view.side == "host"
    buffer[10] = 5
    sampler.turn()
    assert view.said[-1][0]["coherence"] == ["host newer", "host newer in bytes 0 to 63"]
    assert view.curves[0].y.max() == 5
    page_says(view, "side", side="device")
    assert view.side == "device"
    assert view.curves[0].y.max() == 1
    buffer.flush()
    sampler.turn()
    assert view.curves[0].y.max() == 5
    assert view.said[-1][0]["coherence"] == ["", ""]
    page_says(view, "side", side="moon")
    assert problems(view) == ["the side of a buffer is 'host' or 'device', not 'moon'"]
    with pytest.raises(ValueError, match=r"^the view shows the side 'host' only: this array is memory of the host alone$"):
        make(RAMP).side = "device"


def test_a_large_buffer_is_told_what_hardware_wrote(make, sampler, pool):
    buffer = pw.allocate(500_000, "i4", target=pool)
    view = make(buffer)
    look(view)
    seen = []
    pyramid = view._source._pyramids[0]
    pyramid.changed = lambda start, stop: seen.append((start, stop))
    buffer.tell_changed(4000, 400)
    sampler.turn()
    assert seen == [(1000, 1100)]
    view.close()
    assert buffer._origin.listeners == ()


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "mode"},
        {"kind": "mode", "mode": ["x"]},
        {"kind": "setting", "name": []},
        {"kind": "interpret", "dtype": "O"},
        {"kind": "interpret", "dtype": "a" * 10_000},
        {"kind": "interpret", "channels": -1},
        {"kind": "interpret", "offset": 1e30},
        {"kind": "interpret", "byteorder": 7},
        {"kind": "axis", "scale": "inf"},
        {"kind": "axis", "sample_rate": "-1"},
        {"kind": "trigger", "slope": "up", "level": 1},
        {"kind": "trigger", "slope": "rising", "level": "x"},
        {"kind": "rows", "first": -5, "count": 1e9},
        {"kind": "rows"},
        {"kind": "export", "format": "exe"},
        {"kind": "export"},
        {"kind": "side", "side": None},
        {"kind": "statistics_of"},
        {"kind": "hold", "hold": "x"},
        {"kind": "at", "index": "abc"},
        {"kind": "region", "region": [1, 2, 3, 4]},
    ],
)
def test_mad_messages_harm_nothing(make, message):
    view = make(RAMP)
    view.panel._handle_custom_msg({"view": "eye", **message}, [])
    assert (view.mode, view.window, view.interpretation, view.trigger, view.hold) == ("line", (0, 1000), Interpretation(), None, False)


def test_a_picture_is_as_large_as_the_largest_page_shows_it(make, sampler):
    pytest.importorskip("PIL", reason="only a JPEG is made smaller for a page")
    y, x = np.mgrid[:1000, :1600]
    view = make(np.stack([x // 8, y // 5, (x + y) // 12], -1).astype("u1"))
    assert view.drawing.raster.shrunk == 1
    page_says(view, "beat", visible=True, pixels=[300, 480])
    sampler.turn()
    assert view.drawing.raster.shrunk == 3
    assert view.drawing.notes == ["a pixel is the mean of 3 × 3 elements"]
    view.panel._handle_custom_msg({"kind": "beat", "view": "other", "visible": True, "pixels": [500, 800]}, [])
    view.refresh()
    assert view.drawing.raster.shrunk == 2
    for mad in ([0, 5], [1e9, 2], "x", [1], [True, None]):
        page_says(view, "beat", visible=True, pixels=mad)
    assert view._messages.pixels == (500, 800)


def test_looks_that_take_long_leave_the_kernel_to_the_user(make, sampler, now):
    view = make(RAMP.copy())
    look(view)
    looks = []
    view._look = lambda budget: (looks.append(now()), now.pass_(0.1))
    for _ in range(3):
        sampler.turn()
    assert len(looks) == 3, "one long look may have waited for others"
    sampler.turn()
    assert len(looks) == 3
    now.pass_(0.5)
    look(view)
    sampler.turn()
    assert len(looks) == 4


def test_a_difference_has_statistics_of_its_own(make):
    view = make(np.full(100, 10, "u1"))
    view.compare(np.full(100, 250, "u1"), difference=True)
    assert (view.statistics.mean, view.statistics.least, view.statistics.of) == (-240.0, -240.0, 100)
    view.compare(np.full(100, 250, "u1"))
    assert view.statistics.mean == 10
    view.statistics_of = "whole"
    view.compare(np.full(40, 250, "u1"), difference=True)
    assert view.statistics.of == 40


def test_statistics_of_a_large_difference_are_of_stretches(make):
    view = make(np.zeros(6_000_000, "i2"))
    view.compare(np.full(6_000_000, 3, "i2"), difference=True)
    assert (view.statistics.mean, view.statistics.count, view.statistics.of) == (-3, 1 << 22, 6_000_000)


def test_a_difference_takes_the_same_lines(make):
    view = make(np.zeros(10, "u1"))
    with pytest.raises(
        ValueError, match=r"^a difference takes the same lines of both: there are one line of uint8, and real, imaginary of c"
    ):
        view.compare(np.zeros(10, "c8"), difference=True)
    view.compare(np.zeros(10, "c8"))
    assert view.drawing is not None


def test_a_type_of_eight_bytes_is_taken(make):
    """To numpy, float64 equals None."""
    view = make(np.full(10, 16384, "i2"))
    view.interpret(dtype="f8")
    assert view.statistics.count == 2
    assert view.statistics.mean == pytest.approx(2.03125, rel=1e-3)


def test_a_peak_stands_at_its_frequency_and_zooming_shows_each_line(make):
    view = make((16383 * np.sin(2 * np.pi * np.arange(65_536) / 8)).astype("i2"), sample_rate=1e6, mode="spectrum")
    view.settings.size = 65_536

    def peak():
        curve = view.curves[0]
        return curve.x[curve.y.argmax()]

    assert view.curves[0].step > 1
    assert peak() == 125_000
    view.plot.view = (120e3, 130e3, -140, 0)
    assert peak() == 125_000
    assert np.diff(view.curves[0].x) == pytest.approx(1e6 / 65_536)
    assert view.plot.whole[:2] == (0, 500_000)
    view.plot.view = None
    assert view.curves[0].x[[0, -1]].tolist() == [0, 500_000]
    view.plot.view = (120e3, 130e3, -140, 0)
    view.mode = "line"
    view.plot.view = (0, 1e-4, None, None)
    view.mode = "spectrum"
    assert view.curves[0].x[[0, -1]].tolist() == [0, pytest.approx(500_000 * 100 / 101)]  # of 101 samples


def test_pairs_are_one_signal(make):
    pairs = np.empty((4096, 2), "i2")
    at = -2 * np.pi * np.arange(4096) / 16
    pairs[:, 0], pairs[:, 1] = 10_000 * np.cos(at), 10_000 * np.sin(at)
    view = make(pairs.reshape(-1), sample_rate=16e3)
    view.interpret(channels=2)
    view.mode = "spectrum"
    assert len(view.curves) == 2
    view.settings.iq = True
    (curve,) = view.curves
    assert curve.x[curve.y.argmax()] == -1000
    assert curve.x[0] == -8000
    view.mode = "waterfall"
    view.settings.iq = True
    assert view.plot.whole[2:] == pytest.approx((-8031.25, 7968.75))


def test_what_was_chosen_comes_back(make):
    view = make(np.arange(65_536, dtype="u1"))
    view.mode = "spectrum"
    view.interpret(shape=(256, 256))
    assert view.mode == "spectrum"
    view.interpret()
    view.mode = "lanes"
    view.interpret(dtype="c8")
    assert view.mode == "line"
    view.interpret(dtype="u2")
    assert view.mode == "lanes"


@pytest.mark.parametrize(
    ("typed", "rate", "shown"),
    [
        ("1e6", 1e6, "1 MHz"),
        ("1,000,000", 1e6, "1 MHz"),
        ("48 kHz", 48e3, "48 kHz"),
        ("44100", 44100, "44.1 kHz"),
        ("61440001", 61440001, "61440001"),
    ],
)
def test_rates_are_read_and_written_as_people_do(make, typed, rate, shown):
    view = make(RAMP)
    page_says(view, "axis", sample_rate=typed)
    assert view.sample_rate == rate
    assert view._messages.sheet()["axis"]["sample_rate"] == shown
    page_says(view, "axis", sample_rate=shown)
    assert view.sample_rate == rate


def test_a_scale_may_be_a_fraction(make):
    view = make(RAMP)
    page_says(view, "axis", scale="1/32768")
    assert view.scale == 1 / 32768
    assert view._messages.sheet()["axis"]["scale"] == "1/32768"
    page_says(view, "axis", scale="0.001")
    assert view._messages.sheet()["axis"]["scale"] == "1/1000"
    page_says(view, "axis", scale="0.3")
    assert view._messages.sheet()["axis"]["scale"] == "0.3"
    page_says(view, "axis", scale="1/32768")
    page_says(view, "axis", scale="1/0")
    assert view.scale == 1 / 32768


def test_the_page_chooses_how_two_are_compared(make):
    view = make(RAMP)
    assert view._messages.sheet()["compare"] is None
    with pytest.raises(ValueError, match=r"^there is nothing to compare with: give a buffer to view.compare\(...\)$"):
        view.comparison = "over"
    view.compare(RAMP + np.int16(3))
    assert view._messages.sheet()["compare"] == ["the other", "over"]
    page_says(view, "compare", how="difference")
    assert (view.comparison, list(lines(view))) == ("difference", ["difference"])
    page_says(view, "compare", how="off")
    assert (view.comparison, list(lines(view))) == ("off", [""])
    page_says(view, "compare", how="over")
    assert list(lines(view)) == ["this", "other"]
    page_says(view, "compare", how="sideways")
    assert view.comparison == "over"
    view.interpret(dtype="u2")
    assert view.comparison == "over"
    view.compare(None)
    assert (view.comparison, view._messages.sheet()["compare"]) == ("off", None)


def test_the_trigger_looks_at_the_line_that_is_chosen(make):
    pairs = np.zeros((1000, 2), "i2")
    pairs[300:, 0] = pairs[700:, 1] = 100
    view = make(pairs.reshape(-1))
    view.interpret(channels=2)
    page_says(view, "trigger", slope="rising", level="50", hysteresis="10", holdoff="5")
    assert (view.trigger.hysteresis, view.trigger.holdoff, view._origin) == (10, 5, 300)
    page_says(view, "trigger_line", line="1")
    assert (view.trigger_line, view._origin) == (1, 700)
    with pytest.raises(IndexError, match=r"^the trigger looks at one of 2 lines, 0 to 1, not at 2$"):
        view.trigger_line = 2
    sheet = view._messages.sheet()
    assert (sheet["lines"], sheet["trigger"]["line"], sheet["trigger"]["hysteresis"]) == (["0", "1"], 1, 10)
    page_says(view, "trigger_line", line="7")
    page_says(view, "trigger", slope="rising", level="50", hysteresis="-3", holdoff="x")
    assert view.trigger_line == 1


def test_an_automatic_trigger_shows_what_it_does_not_find(make):
    array = np.zeros(1000, "i2")
    array[400:] = 100
    view = make(array)
    page_says(view, "trigger", slope="rising", level="50")
    array[:] = 7
    view.refresh()
    assert view.curves[0].y.max() == 100, "what was seen last stays"
    page_says(view, "trigger_mode", mode="auto")
    view.refresh()
    assert view.curves[0].y.max() == 7
    array[:] = 9
    view.single()
    assert view.curves[0].y.max() == 7, "a single shot waits all the same"
    with pytest.raises(ValueError, match=r"^a trigger's mode is 'normal' or 'auto', not 'off'$"):
        view.trigger_mode = "off"


def test_a_hold_that_is_no_copy_says_so(make):
    view = make(np.zeros(1000, "i2"))
    view.hold = True
    assert states(view)[-1]["uncopied"] is False
    large = make(np.broadcast_to(np.float32(1), (1 << 25,)))
    large.hold = True
    assert states(large)[-1]["uncopied"] is True


def test_a_path_joins_neighbours(make):
    angle = np.arange(6000) / 50
    view = make((np.cos(angle) + 1j * np.sin(angle)).astype("c8"), mode="xy")
    view.settings.style = "path"
    (layer,) = view.plot.layers
    assert layer.joined
    assert layer.x == pytest.approx(np.cos(angle[:4000]), abs=1e-6)
    assert view.drawing.notes == ["the first 4,000 of 6,000 points"]
    assert "polyline" in view.plot.svg()


class SpyDevice(SimulatedDevice):
    """Notes whatever goes over its bus, and each flush and invalidate."""

    def __init__(self) -> None:
        super().__init__(tag="spied", pool_size=1 << 20)
        self.log: list[str] = []
        self.bus.listen(lambda transaction: self.log.append(transaction.operation))

    def flush(self, *args: Any) -> None:
        self.log.append("flush")
        super().flush(*args)

    def invalidate(self, *args: Any) -> None:
        self.log.append("invalidate")
        super().invalidate(*args)


@pytest.mark.parametrize("cacheable", [True, False])
def test_no_mode_flushes_or_touches_the_bus(make, sampler, cacheable):
    device = SpyDevice()
    try:
        for dtype in ("i2", "c8"):
            buffer = pw.allocate(4096, dtype, target=device, cacheable=cacheable)
            buffer[:] = np.arange(4096)
            device.log.clear()
            view = make(buffer)
            page_says(view, "beat", visible=True, seen=0, details=True, pixels=[300, 600])
            for side in ("host", "device"):
                view.side = side
                for shape in (None, (64, 64)):
                    view.interpret(shape=shape)
                    for mode, refusal in view.modes.items():
                        if not refusal:
                            view.mode = mode
                            sampler.turn()
                            view.refresh()
                            assert view.statistics is not None
                            page_says(view, "rows", first=0, count=8)
                            page_says(view, "at", index=[1])
                            view._repr_mimebundle_()
            view.interpret()
            view.compare(buffer[::-1].copy())
            for suffix in ("png", "svg", "csv", "npy"):
                page_says(view, "export", format=suffix)
            view.close()
            assert device.log == []
            buffer.flush()
            assert device.log == (["flush"] if cacheable else []), "the spy is awake"
    finally:
        device.close()


def test_extremes_are_of_all_samples_however_many(make):
    array = np.zeros(20_000_000, "i1")
    array[12_345_678] = 77
    view = make(array)
    assert (view.statistics.greatest, view.statistics.complete) == (77, False)
    look(view, details=True)
    (line,) = [content for content, _ in view.said if content["kind"] == "statistics"][-1]["lines"]
    told = dict(line[1])
    assert told["greatest"] == "77"
    assert told["mean"].startswith("≈ ")
    view.mode = "histogram"
    assert view.plot.whole[1] >= 77
    (note,) = view.drawing.notes
    assert note.endswith("of 20,000,000 samples are counted; the axis reaches over the values of all")


@pytest.mark.parametrize(("mode", "ends"), [("line", (0, 7)), ("steps", (0, 8)), ("lanes", (0, 8)), ("bars", (-0.5, 7.5))])
def test_the_last_sample_has_its_width(make, mode, ends):
    view = make(np.arange(8, dtype="u1"), mode=mode)
    assert view.plot.whole[:2] == ends
    if mode == "steps":
        (curve,) = view.curves
        assert (curve.x[-1], curve.y[-1]) == (8, 7)
    view.sample_rate = 4
    assert view.plot.whole[:2] == (ends[0] / 4, ends[1] / 4)


def test_a_negative_index_counts_from_the_end(make):
    view = make(RAMP)
    page_says(view, "at", index=[-1])
    assert view.said[-1][0]["text"] == "[999] 999 (0x03e7)"
    page_says(view, "at", index=[-1001])
    assert "there is no [-1001]" in view.said[-1][0]["text"]


def test_how_memory_is_read_may_be_told_at_once(make):
    view = make(RAMP, channels=2, mode="xy")
    assert view.interpretation == Interpretation(channels=2)
    with pytest.raises(TypeError, match=r"^BufferView expected an interpretation, or channels: not both$"):
        BufferView(RAMP, interpretation=Interpretation(), channels=2)
    with pytest.raises(TypeError, match=r"^BufferView expected no 'chanels': how memory is read is told by dtype, shape"):
        BufferView(RAMP, chanels=2)


def test_a_spectrum_says_what_it_is_of(make):
    view = make(np.zeros(1_000_000, "i2"), mode="spectrum")
    assert view.drawing.notes[1] == "8 transforms of 16,384 samples, spread over 1,000,000"
    view.show(0, 1000)
    assert len(view.drawing.notes) == 1
