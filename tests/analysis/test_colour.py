"""Pixel formats against the formulas of the Recommendations, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.analysis.colour import FORMATS, size_of, to_rgb

WEIGHTS = {"BT.601": (0.299, 0.587, 0.114), "BT.709": (0.2126, 0.7152, 0.0722)}


def ycbcr(y, cb, cr, span="limited", matrix="BT.601"):
    """One pixel, as the Recommendation says it: Y = Kr R + Kg G + Kb B, Cb = (B - Y) / (2 - 2 Kb), Cr = (R - Y) / (2 - 2 Kr)."""
    kr, kg, kb = WEIGHTS[matrix]
    if span == "limited":
        y, cb, cr = (y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224
    else:
        y, cb, cr = y / 255, (cb - 128) / 255, (cr - 128) / 255
    red, blue = y + (2 - 2 * kr) * cr, y + (2 - 2 * kb) * cb
    green = (y - kr * red - kb * blue) / kg
    return [min(max(c * 255, 0.0), 255.0) for c in (red, green, blue)]


def pixel(array, name, row, column):
    """One pixel of `array`, straight from the description of its format."""
    pair = column & ~1
    b = array
    if name == "grey":
        return [int(b[row, column])] * 3
    if name == "YCbCr 4:2:2 packed (YUYV)":
        return ycbcr(int(b[row, column, 0]), int(b[row, pair, 1]), int(b[row, min(pair + 1, last(b, pair)), 1]))
    if name == "YCbCr 4:2:2 packed (UYVY)":
        return ycbcr(int(b[row, column, 1]), int(b[row, pair, 0]), int(b[row, min(pair + 1, last(b, pair)), 0]))
    if name.endswith("(NV16)"):
        rows = b.shape[0] // 2
        return ycbcr(int(b[row, column]), int(b[rows + row, pair]), int(b[rows + row, pair + 1]))
    if name.endswith("(NV12)"):
        rows = b.shape[0] * 2 // 3
        return ycbcr(int(b[row, column]), int(b[rows + row // 2, pair]), int(b[rows + row // 2, pair + 1]))
    if name.endswith("planar"):
        c = [int(v) for v in b[:, row, column]]
        return ycbcr(*c) if name.startswith("Y") else c
    if name == "RGB565":
        w = int(b[row, column])
        return [(w >> 11) * 255 / 31, (w >> 5 & 63) * 255 / 63, (w & 31) * 255 / 31]
    if name == "RGB888 in 32 bits":
        w = int(b[row, column])
        return [w >> 16 & 255, w >> 8 & 255, w & 255]
    if name.endswith("10:10:10:2"):
        w = int(b[row, column])
        c = [w >> 2 & 255, w >> 12 & 255, w >> 22 & 255]
        return ycbcr(*c) if name.startswith("Y") else c[::-1] if name.startswith("B") else c
    c = [int(v) for v in b[row, column, :3]]
    return c[::-1] if name.startswith("B") else ycbcr(*c) if name.startswith("Y") else c


def last(array, pair):
    return array.shape[1] - 1


def picture(name, rows, columns, seed):
    rng = np.random.default_rng(seed)
    kind = FORMATS[name]
    if kind.layout == "planes":
        return rng.integers(0, 256, (3, rows, columns), "u1")
    if kind.layout == "half planes":
        return rng.integers(0, 256, (rows * (kind.order[1] + 1) // kind.order[1], columns), "u1")
    if kind.layout == "word":
        return rng.integers(0, 256, (rows, columns, kind.size), "u1").view(f"<u{kind.size}")[:, :, 0]
    return rng.integers(0, 256, (rows, columns) if kind.size == 1 else (rows, columns, kind.size), "u1")


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(FORMATS)),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(-2, 12), st.integers(-2, 14), st.integers(-2, 12), st.integers(-2, 14)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_any_part_of_any_format(name, half_rows, half_columns, seed, region, step):
    rows, columns = 2 * half_rows, 2 * half_columns
    array = picture(name, rows, columns, seed)
    assert size_of(array, name) == (rows, columns)
    top, left = min(max(region[0], 0), rows), min(max(region[2], 0), columns)
    bottom, right = min(max(region[1], top), rows), min(max(region[3], left), columns)
    shown = to_rgb(array, name, region=region, step=step)
    lines, places = range(top, bottom, step[0]), range(left, right, step[1])
    assert shown.shape == (len(lines), len(places), 3)
    assert shown.dtype == np.uint8
    for i, row in enumerate(lines):
        for j, column in enumerate(places):
            assert np.abs(shown[i, j] - np.array(pixel(array, name, row, column))).max() <= 0.6


@pytest.mark.parametrize("matrix", ["BT.601", "BT.709"])
@pytest.mark.parametrize("span", ["limited", "full"])
def test_every_chroma_of_both_recommendations(span, matrix):
    cb, cr = np.meshgrid(np.arange(256), np.arange(256))
    for y in (0, 16, 100, 235, 255):
        array = np.stack([np.full_like(cb, y), cb, cr], 2).astype("u1")
        shown = to_rgb(array, "YCbCr 4:4:4", span=span, matrix=matrix)
        for row, column in ((0, 0), (0, 255), (255, 0), (255, 255), (128, 128), (30, 200), (77, 13)):
            expected = ycbcr(y, int(cb[row, column]), int(cr[row, column]), span, matrix)
            assert np.abs(shown[row, column] - np.array(expected)).max() <= 0.6


def test_black_white_and_bars():
    bars = np.array([[[16, 128, 128], [235, 128, 128], [81, 90, 240], [145, 54, 34], [41, 240, 110]]], "u1")  # EBU Tech. 3246
    shown = to_rgb(bars, "YCbCr 4:4:4").astype(int)
    assert np.abs(shown[0] - [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]).max() <= 2


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if kind.layout in ("word", "pairs", "bytes") and kind.size > 1])
def test_the_same_memory_in_other_shapes(name):
    size = FORMATS[name].size
    memory = np.random.default_rng(1).integers(0, 256, (6, 8, size), "u1")
    shown = to_rgb(memory, name)
    assert (to_rgb(memory.reshape(6, 8 * size), name) == shown).all()
    if size != 3:
        words = memory.view(f"<u{size}")[:, :, 0]
        assert (to_rgb(words, name) == shown).all()
        assert (to_rgb(words.view(f"<i{size}"), name) == shown).all()
        wide = np.zeros((6, 16), words.dtype)
        wide[:, ::2] = words
        assert (to_rgb(wide[:, ::2], name) == shown).all()
        if FORMATS[name].layout == "word":
            assert (to_rgb(words.astype(f">u{size}"), name) == shown).all()
    assert (to_rgb(memory[::-1], name) == shown[::-1]).all()


@pytest.mark.parametrize("name", ["YCbCr 4:2:2 packed (YUYV)", "YCbCr 4:2:2 packed (UYVY)", "YCbCr 4:2:2 semi-planar (NV16)"])
def test_an_odd_width_has_a_last_pixel(name):
    array = np.full((4, 5, 2) if "packed" in name else (8, 5), 128, "u1")
    assert (to_rgb(array, name) == 130).all()
    with pytest.raises(ValueError, match=name[:11]):
        to_rgb(array[:, :1], name)


def test_other_depths():
    assert to_rgb(np.array([[0, 0x8000, 0xFFFF]], ">u2"), "grey")[0, :, 0].tolist() == [0, 128, 255]
    assert to_rgb(np.array([[-1, 0.5, 2.0, np.nan, np.inf]], "f4"), "grey")[0, :, 1].tolist() == [0, 128, 255, 0, 255]
    assert to_rgb(np.array([[True, False]]), "grey")[0, :, 2].tolist() == [255, 0]
    assert to_rgb(np.ones((2, 3, 3), "f8"), "BGR").tolist() == np.full((2, 3, 3), 255).tolist()
    assert to_rgb(np.zeros((2, 3, 1), "u1"), "grey").shape == (2, 3, 3)
    assert to_rgb(np.zeros((0, 0), "u1"), "grey").shape == (0, 0, 3)
    assert to_rgb(np.zeros((0, 4, 2), "u1"), "YCbCr 4:2:2 packed (YUYV)").shape == (0, 4, 3)


def test_only_what_is_shown_is_touched():
    import tracemalloc

    array = np.zeros((4000, 4000, 2), "u1")
    tracemalloc.start()
    try:
        to_rgb(array, "YCbCr 4:2:2 packed (YUYV)", step=(40, 40))
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


def test_the_answer_is_ones_own():
    array = np.zeros((3, 3, 3), "u1")
    for name in ("RGB", "BGR"):
        assert not np.shares_memory(to_rgb(array, name), array)
    assert not np.shares_memory(to_rgb(array[:, :, 0], "grey"), array)


def test_wrong_arguments_are_named():
    for array, arguments, message in [
        (np.zeros((2, 2), "u1"), {"format": "RGP"}, "no pixel format 'RGP'; did you mean 'RGB' or 'RGBX' or 'RGBA'?"),
        (np.zeros((2, 2), "u1"), {"format": "???"}, "no pixel format '???'; see FORMATS"),
        (
            np.zeros((2, 2), "u1"),
            {"format": "RGB"},
            "RGB expected bytes of shape (rows, columns, 3) or (rows, 3 × columns), not uint8 of shape (2, 2)",
        ),
        (
            np.zeros((2, 2, 3), "u1"),
            {"format": "RGB565"},
            "RGB565 expected bytes of shape (rows, columns, 2) or (rows, 2 × columns), or (rows, columns) of 16-bit words, "
            "not uint8 of shape (2, 2, 3)",
        ),
        (np.zeros(3, "u1"), {"format": "grey"}, "grey expected an array of shape (rows, columns), not (3,)"),
        (np.zeros((2, 2), "u1"), {"format": "RGB planar"}, "RGB planar expected an array of shape (3, rows, columns), not (2, 2)"),
        (
            np.zeros((2, 2), "i4"),
            {"format": "grey"},
            "grey expected components of 8 or 16 bits, unsigned, or floats from 0 to 1, not int32; other numbers can be shown as a plane "
            "with a range",
        ),
        (np.zeros((2, 2), "u1"), {"format": "grey", "step": (0, 1)}, "a step is at least 1 in both directions, not (0, 1)"),
        (np.zeros((2, 2, 3), "u1"), {"format": "YCbCr 4:4:4", "matrix": "x"}, "the matrix is 'BT.601' or 'BT.709', not 'x'"),
        (np.zeros((2, 2, 3), "u1"), {"format": "YCbCr 4:4:4", "span": "x"}, "the span is 'limited' or 'full', not 'x'"),
    ]:
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            to_rgb(array, **arguments)
        assert str(caught.value) == message
