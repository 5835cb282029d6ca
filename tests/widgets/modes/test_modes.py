"""Each mode: what it can show, what it draws, and what it says where it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pynq_widgets.analysis.interpretation import Interpretation
from pynq_widgets.widgets.buffer_source import Source
from pynq_widgets.widgets.modes import MODES, mode_class, mode_names, natural
from pynq_widgets.widgets.modes.scene import Scene
from pynq_widgets.widgets.plot_layers import Lanes, Line, Picture, Scatter
from pynq_widgets.widgets.plot_paper import decode_png


def draw(name: str, array: Any, interpretation: Interpretation | None = None, settings: dict[str, Any] | None = None, **scene: Any):
    source = Source(array, interpretation)
    mode = mode_class(name)(source)
    assert mode.refusal(source) == ""
    for key, value in (settings or {}).items():
        setattr(mode.settings, key, value)
    count = source.samples if source.parts else source.array.size
    return mode.draw(Scene(source, scene.pop("window", (0, count)), **scene))


def refusal(name, array):
    return mode_class(name).refusal(Source(np.asarray(array)))


TONE = np.sin(2 * np.pi * 1000 * np.arange(4800) / 48_000).astype("f4")


def test_names_and_near_ones():
    assert mode_names() == [
        *("line", "steps", "points", "bars", "spectrum", "waterfall", "histogram", "xy", "eye", "lanes"),
        *("image", "hex", "text"),
    ]
    with pytest.raises(ValueError, match=r"^there is no mode 'spektrum': did you mean 'spectrum'\?$"):
        mode_class("spektrum")
    with pytest.raises(ValueError, match=r"^there is no mode 5: there are 'line', "):
        mode_class(5)


@pytest.mark.parametrize(
    ("array", "name"),
    [
        (np.zeros(5, "i2"), "line"),
        (np.zeros(5, "c8"), "line"),
        (np.zeros((5, 5)), "image"),
        (np.zeros((5, 5, 3), "u1"), "image"),
        (np.zeros(5, [("a", "i4")]), "line"),
        (np.zeros(1), "text"),
        (np.zeros(0), "text"),
        (np.array("x"), "text"),
        (np.zeros((2, 2), [("a", "i4")]), "text"),
    ],
)
def test_what_suits_a_buffer(array, name):
    assert natural(Source(array)).name == name


@pytest.mark.parametrize("style", ["line", "steps", "points", "bars"])
def test_lines_in_units(style):
    drawing = draw(style, TONE, rate=48_000.0, unit="V", scale=2.0, window=(480, 960), columns=100)
    (layer,) = drawing.layers
    assert isinstance(layer, Line)
    assert layer.style == style
    assert (drawing.x.unit, drawing.y.unit) == ("s", "V")
    assert layer.curve.x[0] == pytest.approx(0.01)
    assert 1.9 < layer.curve.y.max() <= 2
    assert (drawing.y.low <= 0 <= drawing.y.high) or style != "bars"
    assert drawing.notes == ["least and greatest of each 5 samples"]


def test_the_trigger_is_at_zero():
    assert draw("line", TONE, origin=1000, window=(900, 1100)).layers[0].curve.x[[0, -1]].tolist() == [-100, 99]


def test_channels_are_lines():
    drawing = draw("line", np.arange(12, dtype="i2"), Interpretation(channels=3))
    assert [layer.name for layer in drawing.layers] == ["0", "1", "2"]
    assert [layer.curve.y.tolist() for layer in drawing.layers] == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]


def test_two_buffers_and_their_difference():
    other = TONE.copy()
    other[100] += 3
    overlaid = draw("line", TONE, other=Source(other))
    assert [layer.name for layer in overlaid.layers] == ["this", "other"]
    for columns in (2000, 50):
        (difference,) = draw("line", TONE, other=Source(other), difference=True, columns=columns).layers
        assert difference.name == "difference"
        assert difference.curve.y.min() == pytest.approx(-3)
        assert difference.curve.y.max() == 0
        assert 48 <= difference.curve.x[difference.curve.y.argmin()] <= 150


def test_spectrum_finds_the_tone():
    drawing = draw("spectrum", TONE, rate=48_000.0)
    curve = drawing.layers[0].curve
    assert curve.x[curve.y.argmax()] == pytest.approx(1000, abs=25)
    assert curve.y.max() == pytest.approx(0, abs=1)
    assert (drawing.x.unit, drawing.y.unit) == ("Hz", "dB")
    linear = draw("spectrum", TONE, settings={"db": False, "window": "flat top"}, rate=48_000.0, scale=3.0, unit="V")
    assert linear.layers[0].curve.y.max() == pytest.approx(3, rel=0.01)
    assert linear.y.unit == "V"
    both = draw("spectrum", np.exp(-2j * np.pi * np.arange(1000) / 10).astype("c8"))
    assert len(both.layers) == 1
    curve = both.layers[0].curve
    assert curve.x[curve.y.argmax()] == pytest.approx(-0.1, abs=0.002)


def test_a_louder_unit_lifts_decibels():
    quiet, loud = (draw("spectrum", TONE, scale=scale).layers[0].curve.y.max() for scale in (1.0, 10.0))
    assert loud - quiet == pytest.approx(20)
    # Of an integer's full scale it does not matter what that stands for.
    whole = (TONE * 32767).astype("i2")
    assert draw("spectrum", whole, scale=1 / 32768).layers[0].curve.y.max() == draw("spectrum", whole).layers[0].curve.y.max()


def test_waterfall_is_a_picture_on_axes():
    drawing = draw("waterfall", np.tile(TONE, 10), rate=48_000.0)
    (layer,) = drawing.layers
    assert isinstance(layer, Picture)
    assert layer.image.startswith(b"\x89PNG")
    assert (drawing.x.label, drawing.y.label) == ("time", "frequency")
    assert layer.extent_[1] == pytest.approx(1.0, abs=0.01)
    down = draw("waterfall", np.tile(TONE, 10), settings={"across": False}, rate=48_000.0)
    assert (down.x.label, down.y.label) == ("frequency", "time")


def test_histogram_counts_and_leaves_out():
    values = np.array([1.0, 1, 1, 2, np.nan])
    drawing = draw("histogram", values)
    assert drawing.layers[0].curve.y.sum() == 4
    assert drawing.notes == ["1 values that are no finite numbers are left out"]
    logarithmic = draw("histogram", values, settings={"logarithmic": True})
    assert logarithmic.layers[0].curve.y.max() == pytest.approx(np.log10(4))
    with pytest.raises(ValueError, match=r"^there is no finite value in the visible part$"):
        draw("histogram", np.full(5, np.nan))


def test_xy_of_complex_values_and_of_fields():
    circle = np.exp(1j * np.arange(10_000)).astype("c8")
    drawing = draw("xy", circle)
    (layer,) = drawing.layers
    assert isinstance(layer, Scatter)
    assert np.hypot(layer.x, layer.y) == pytest.approx(1, abs=1e-6)
    assert (drawing.x.label, drawing.y.label) == ("real", "imaginary")
    assert (drawing.x.low, drawing.x.high) == (drawing.y.low, drawing.y.high), "a circle is one"
    assert drawing.notes == ["4,000 of 10,000 points"]
    assert isinstance(draw("xy", circle, settings={"style": "density"}).layers[0], Picture)
    three = np.zeros(9, [("a", "i4"), ("b", "i4"), ("c", "i4")])
    three["c"] = 5
    chosen = draw("xy", three, settings={"x": "a", "y": "c"})
    assert drawing.equal
    assert draw("xy", circle, settings={"style": "density"}).equal
    assert not draw("xy", circle, settings={"equal": False}).equal
    assert not chosen.equal, "fields of a structure may be anything"
    assert set(np.asarray(chosen.layers[0].y).tolist()) == {5}
    assert refusal("xy", TONE) == "X-Y takes two lines of numbers: complex values, two channels, or two fields of a structure."


def test_eye_lays_frames_over_each_other():
    drawing = draw("eye", TONE, settings={"period": 48}, rate=48_000.0)
    assert len(drawing.layers) == 40
    first = drawing.layers[0].curve
    for layer in drawing.layers:
        assert layer.curve.y[:48] == pytest.approx(first.y[:48], abs=1e-3)
    assert drawing.x.high == pytest.approx(0.001)
    assert drawing.notes == ["40 of 99 frames of 48 samples"]
    assert isinstance(draw("eye", TONE, settings={"style": "density"}).layers[0], Picture)
    shifted = draw("eye", TONE, settings={"period": 48}, window=(13, 4000)).layers[0].curve
    assert np.interp(12, shifted.x, shifted.y) == pytest.approx(1, abs=1e-3), "zooming does not shift the frames"
    (short,) = draw("eye", TONE, settings={"period": 48}, window=(0, 20)).layers
    assert short.curve.x.tolist() == list(range(20))
    assert refusal("eye", np.zeros(3)) == "Frames need 4 samples or more."


def test_lanes_of_bits_and_of_fields():
    drawing = draw("lanes", np.array([1, 1, 2, 3], "u1"))
    (layer,) = drawing.layers
    assert isinstance(layer, Lanes)
    assert [trace.name for trace in layer.traces] == [f"bit {i}" for i in range(8)]
    assert layer.traces[0].value.tolist() == [1, 0, 1]
    some = draw("lanes", np.zeros(9, "u4"), settings={"first": 30, "count": 16})
    assert [trace.name for trace in some.layers[0].traces] == ["bit 30", "bit 31"]
    fields = np.zeros(4, [("valid", "?"), ("data", "u2"), ("level", "f4")])
    fields["data"] = [1, 1, 7, 7]
    traces = {trace.name: trace for trace in draw("lanes", fields).layers[0].traces}
    assert traces["data"].value.tolist() == [1, 7]
    assert traces["valid"].width == 1
    assert traces["level"].width == 32
    assert refusal("lanes", np.zeros(4, "c8")).startswith("Elements of type complex64 have no bits to show")


def test_image_formats():
    array = np.zeros((4, 6, 3), "u1")
    array[..., 0] = 200
    drawing = draw("image", array)
    assert drawing.size == (4, 6)
    assert (drawing.raster.part[0, 0] == [200, 0, 0]).all()
    assert (draw("image", array, settings={"format": "BGR"}).raster.part[0, 0] == [0, 0, 200]).all()
    packed = np.full((4, 6), 0xF800, "u2")
    assert draw("image", packed).shown_text == ["63488", "63488"]
    assert (draw("image", packed, settings={"format": "RGB565"}).raster.part[3, 5] == [255, 0, 0]).all()
    yuyv = np.tile(np.array([235, 128], "u1"), (4, 6))
    drawing = draw("image", yuyv, settings={"format": "YCbCr 4:2:2 packed (YUYV)"})
    assert drawing.size == (4, 6)
    assert (drawing.raster.part == 255).all()
    planar = draw("image", np.zeros((3, 5, 7), "u1"), settings={"format": "RGB planar"})
    assert planar.size == (5, 7)


def test_an_image_says_where_it_has_not_changed():
    array = np.random.default_rng(1).integers(0, 255, (50, 60, 3)).astype("u1")
    source = Source(array)
    mode = mode_class("image")(source)
    for settings in ("RGB", "BGR"):
        mode.settings.format = settings
        first = mode.draw(Scene(source, (0, 0)))
        again = mode.draw(Scene(source, (0, 0), last=first.raster))
        assert again.raster is first.raster
        array[3, 3] ^= 1
        assert mode.draw(Scene(source, (0, 0), last=first.raster)).raster is not first.raster


def test_image_range_is_checked():
    shown = draw("image", np.arange(12.0).reshape(3, 4), settings={"low": 2}).shown_text
    assert shown == ["2", "11"]
    with pytest.raises(ValueError, match=r"^the darkest value is to be less than the brightest: 20 is not less than 11$"):
        draw("image", np.arange(12.0).reshape(3, 4), settings={"low": 20})


def test_an_image_of_one_dimension_is_told_a_shape():
    text = "An image has rows and columns: give this buffer of 307,200 elements a shape, such as '512,600'."
    assert refusal("image", np.zeros(307_200, "u1")) == text


def test_hex_rows_on_demand():
    array = np.arange(64, dtype="<u4")
    drawing = draw("hex", array)
    assert (drawing.rows, drawing.group, drawing.base) == (16, 4, 0)
    source = Source(array)
    mode = mode_class("hex")(source)
    assert mode.rows(source, 1, 1) == [[16, ["00000004", "00000005", "00000006", "00000007"], "................"]]
    assert len(mode.rows(source, 0, 10**9)) == 16
    assert mode.rows(source, 99, 5) == []
    assert refusal("hex", np.array([None])) == "Objects have no bytes of their own to show."
    assert mode_class("hex")(Source(np.zeros(4, "c8"))).settings.group == 4


def test_text_of_values():
    drawing = draw("text", np.arange(100, dtype="u1"), settings={"most": 2})
    assert drawing.text == "[0] 0 (0x00)\n[1] 1 (0x01)"
    assert drawing.notes == ["the first 2 of 100 elements"]
    assert draw("text", np.array([[1.5, 2]])).text == "[0, 0] 1.5\n[0, 1] 2.0"
    assert draw("text", np.array(["a", "b"])).notes == ["Elements of type <U1 are no numbers that could be drawn."]


@pytest.mark.parametrize("mode", [mode.name for mode in MODES])
@pytest.mark.parametrize(
    "array",
    [
        np.zeros(0),
        np.zeros((0, 3)),
        np.zeros(1),
        np.array(3),
        np.array(["x"]),
        np.array([None, 1]),
        np.zeros(7, [("s", "S3")]),
        np.full(9, np.nan),
        np.full(9, np.inf),
        np.array([1e308, -1e308, 5.0, 3.0]),
        np.zeros((3, 4), ">i2")[:, ::2],
        np.zeros(5, "f2")[::-1],
        np.zeros(9, "M8[s]"),
        np.zeros((2, 3, 4, 5), "c8"),
        np.zeros(20, "?"),
    ],
    ids=str,
)
def test_no_mode_fails_but_in_words(mode, array):
    source = Source(array)
    kind = mode_class(mode)
    why = kind.refusal(source)
    if why:
        assert why[0].isupper() or why[0].isdigit()
        assert why.endswith(".")
        return
    made = kind(source)
    plane = (0,) * len(made.planes(source)) if mode == "image" else ()
    count = source.samples if source.parts else array.size
    told = ""
    try:
        made.draw(Scene(source, (0, count), plane=plane))
    except ValueError as error:
        told = str(error)
    assert "\n" not in told


def test_compared_buffers_are_called_by_their_names():
    from pynq_widgets import SimulatedDevice

    device = SimulatedDevice("named")
    noisy, smooth = (device.allocate((100,), "i2", name=name) for name in ("noisy", "smooth"))
    for mode in ("line", "spectrum"):
        assert [layer.name for layer in draw(mode, smooth, other=Source(noisy)).layers] == ["smooth", "noisy"]
        assert [layer.name for layer in draw(mode, smooth, other=Source(TONE)).layers] == ["this", "other"]
    assert (noisy[5:].name, device.allocate((1,), "i2").name) == ("noisy", "")


def test_hex_of_a_structure_begins_with_bytes():
    assert draw("hex", np.zeros(4, [("a", "u1"), ("b", "<i2"), ("c", "u1"), ("d", "<u4")])).group == 1
    assert draw("hex", np.zeros(4, "u8")).group == 8


def test_a_waterfall_tells_what_it_looks_at_and_draws_no_rounding_noise():
    long = draw("waterfall", np.zeros(1_000_000, "i2"))
    assert long.notes == ["-200 dB (dark) to -120 dB (bright)", "each of 400 columns is of 256 of 2,500 samples"]
    assert (
        draw("waterfall", np.zeros(1_000_000, "i2"), settings={"across": False}).notes[1] == "each of 400 rows is of 256 of 2,500 samples"
    )
    levels = decode_png(long.layers[0].image)
    assert len(np.unique(levels.reshape(-1, levels.shape[-1]), axis=0)) == 1, "silence is one colour"
    assert len(draw("waterfall", (1000 * TONE).astype("i2")).notes) == 1, "all samples are looked at"
    quiet = draw("waterfall", 1e-13 * np.tile(TONE, 10).astype("f8"))
    assert quiet.notes[0].endswith("dB (bright)")
