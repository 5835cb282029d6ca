"""Lanes against looking at one sample after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.analysis import lanes as module
from pynq_widgets.analysis.lanes import Lane, lanes_of, reduce_lane, reduce_lanes

MIXED = np.dtype([("valid", "?"), ("data", ">u2"), ("temperature", "<f4"), ("taps", "i1", (3,)), ("in", [("x", "i4")]), ("name", "S3")])


def naive(words, start, stop, step, low, width):
    """(first sample, value, busy) of each column, merged where nothing new begins."""
    values = [(int(w) >> low) & ((1 << width) - 1) for w in words]
    runs = []
    for column in range(start, stop, step):
        at = range(column, min(column + step, stop))
        edges = sum(1 for i in at if i and values[i] != values[i - 1])
        busy = edges > 1
        if not runs or runs[-1][2] != busy or (edges and not busy):
            runs.append([column, values[at[-1]], busy])
        else:
            runs[-1][1] = values[at[-1]]
    return [tuple(run) for run in runs]


@settings(max_examples=200)
@given(
    st.integers(0, 400),
    st.sampled_from(["u1", ">u2", "u4", "u8"]),
    st.integers(-5, 420),
    st.integers(0, 420),
    st.integers(1, 50),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.02, 0.3, 1.0]),
    st.sampled_from([16, 64, 1 << 18]),
    st.data(),
)
def test_any_lane_of_any_window(size, dtype, start, length, columns, seed, share, block, drawn):
    rng = np.random.default_rng(seed)
    bits = 8 * np.dtype(dtype).itemsize
    words = rng.integers(0, 256, size * bits // 8, dtype="u1").view(f"u{bits // 8}").astype(dtype)
    words = words[np.maximum.accumulate(np.where(rng.random(size) < share, np.arange(size), 0))] if size else words
    low = drawn.draw(st.integers(0, bits - 1))
    width = drawn.draw(st.integers(1, bits - low))
    old, module._BLOCK = module._BLOCK, block
    try:
        runs = reduce_lane(words, Lane("x", low, width), start, start + length, columns)
    finally:
        module._BLOCK = old
    first, stop = min(max(start, 0), size), min(max(start + length, max(start, 0)), size)
    if first == stop:
        assert runs.x.size == runs.value.size == runs.busy.size == 0
        return
    step = -(-(stop - first) // columns)
    assert runs.step == step
    first -= first % step
    stop = min(-(-stop // step) * step, size)
    assert list(zip(runs.x.tolist(), runs.value.tolist(), runs.busy.tolist(), strict=False)) == naive(words, first, stop, step, low, width)
    assert runs.x.size == runs.value.size + 1
    assert runs.x[-1] == stop


def test_a_short_pulse_is_never_lost():
    data = np.zeros(1_000_000, "u4")
    data[777_777] = 1 << 9
    runs = reduce_lane(data, Lane("bit 9", 9, 1), columns=500)
    assert runs.busy.tolist() == [False, True, False]
    assert runs.x.tolist() == [0, 776_000, 778_000, 1_000_000]
    exact = reduce_lane(data, Lane("bit 9", 9, 1), 777_700, 777_800)
    assert (exact.x.tolist(), exact.value.tolist(), exact.step) == ([777_700, 777_777, 777_778, 777_800], [0, 1, 0], 1)


def test_a_clock_is_busy_all_over():
    runs = reduce_lane(np.arange(100_000, dtype="u1"), Lane("bit 0", 0, 1), columns=100)
    assert (runs.x.tolist(), runs.busy.tolist()) == ([0, 100_000], [True])


def test_lanes_of_types():
    assert [lane.name for lane in lanes_of(">i2")] == [f"bit {i}" for i in range(16)]
    assert len(lanes_of("f4")) == 32
    assert lanes_of("?") == (Lane("level", 0, 1),)
    assert lanes_of("c8") == lanes_of("U3") == ()
    assert [(lane.name, lane.width, lane.kind) for lane in lanes_of(MIXED)] == [
        ("valid", 1, "u"),
        ("data", 16, "u"),
        ("temperature", 32, "f"),
        ("taps[0]", 8, "i"),
        ("taps[1]", 8, "i"),
        ("taps[2]", 8, "i"),
        ("in.x", 32, "i"),
    ]


def test_fields_of_a_structure():
    data = np.zeros(10, MIXED)
    data["valid"][3:5] = True
    data["data"] = [0x1234] * 6 + [0xFFFF] * 4
    data["temperature"] = [1.5] * 2 + [np.nan] * 8
    data["taps"][4:, 1] = -7
    data["in"]["x"] = -1
    found = {lane.name: runs for lane, runs in zip(lanes_of(MIXED), reduce_lanes(data, lanes_of(MIXED)), strict=True)}
    assert found["valid"].x.tolist() == [0, 3, 5, 10]
    assert found["valid"].value.tolist() == [0, 1, 0]
    assert found["data"].value.tolist() == [0x1234, 0xFFFF]
    assert found["data"].x.tolist() == [0, 6, 10]
    assert found["temperature"].value[0] == 1.5
    assert np.isnan(found["temperature"].value[1])
    assert found["taps[1]"].value.tolist() == [0, -7]
    assert found["in.x"].value.tolist() == [-1]


def test_whole_words_of_64_bits():
    data = np.array([0, 2**64 - 1, 2**63], "u8")
    assert reduce_lane(data, Lane("all", 0, 64)).value.tolist() == [0, 2**64 - 1, 2**63]
    assert reduce_lane(data, Lane("all", 0, 64, (), "i")).value.tolist() == [0, -1, -(2**63)]
    assert reduce_lane(data, Lane("top", 60, 4, (), "i")).value.tolist() == [0, -1, -8]


def test_wrong_arguments_are_named():
    data = np.zeros(5, "u2")
    for lane, message in [
        (Lane("wide", 10, 8), "lane 'wide' has bits 10 to 17; the element has bits 0 to 15"),
        (Lane("f", 0, 8, (), "f"), "lane 'f' can be read as a float only if it is a whole float"),
        (Lane("a", 0, 8, ("a",)), "lane 'a' is of the field 'a', which uint16 does not have"),
        (Lane("a", 0, 8, (3,)), "lane 'a' is of element 3 of the field 3, which uint16 does not have"),
    ]:
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            reduce_lane(data, lane)
        assert str(caught.value) == message
    with pytest.raises(ValueError, match="lanes are of integers, flags and floats of up to 64 bits, not of complex64"):
        reduce_lane(np.zeros(3, "c8"), Lane("a", 0, 1))
    with pytest.raises(ValueError, match=r"lanes expected a 1-D array, not one of shape \(1, 2\)"):
        reduce_lanes(np.zeros((1, 2), "u1"), [])
    with pytest.raises(ValueError, match="lanes expected at least 1 column, not 0"):
        reduce_lanes(data, [], columns=0)
