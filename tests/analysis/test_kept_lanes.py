"""Kept lanes against those that are looked at afresh."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.analysis import kept, lanes
from pynq_widgets.analysis import kept_lanes as module
from pynq_widgets.analysis.kept_lanes import BLOCK, KeptLanes
from pynq_widgets.analysis.lanes import Lane, lanes_of, reduce_lanes

MIXED = np.dtype([("valid", "?"), ("data", ">u2"), ("level", "<f4"), ("taps", "i1", (3,)), ("name", "S3")])


def same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.step == other.step
        assert one.x.tolist() == other.x.tolist()
        assert np.array_equal(one.value.view(f"u{one.value.itemsize}"), other.value.view(f"u{other.value.itemsize}"))
        assert one.busy.tolist() == other.busy.tolist()


@settings(max_examples=150)
@given(
    st.integers(0, 300),
    st.sampled_from(["u1", ">u2", "i8", "?", MIXED]),
    st.integers(-5, 320),
    st.integers(0, 320),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.02, 0.3, 1.0]),
    st.lists(st.tuples(st.integers(0, 299), st.integers(1, 60)), max_size=4),
)
def test_any_window_after_any_changes(size, dtype, start, length, columns, seed, share, changes):
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    steps = np.maximum.accumulate(np.where(rng.random(size) < share, np.arange(size), 0)) if size else np.empty(0, int)

    def drawn(count):
        values = rng.integers(0, 256, count * kind.itemsize, dtype="u1")
        return (values & 1).view(kind) if kind.kind == "b" else values.view(kind)

    data = drawn(size)[steps]
    old = module.BLOCK, module._DIRECT, kept._AT_ONCE
    module.BLOCK, module._DIRECT, kept._AT_ONCE = 4, 1, 64
    try:
        held = KeptLanes(data)
        held.refresh(math.inf)
        for at, count in changes:
            part = data[at : at + count]
            part[:] = drawn(part.size)
            held.changed(at, at + count)
        held.refresh(math.inf)
        wanted = lanes_of(kind)
        found = held.runs(wanted, start, start + length, columns)
    finally:
        module.BLOCK, module._DIRECT, kept._AT_ONCE = old
    first, stop = min(max(start, 0), size), min(max(start + length, max(start, 0)), size)
    step = max(1, -(-(stop - first) // columns))
    if step < 4:
        same(found, reduce_lanes(data, wanted, start, start + length, columns))
        return
    step = -(-step // 4) * 4
    first -= first % step
    stop = min(-(-stop // step) * step, size)
    # The same columns, looked at afresh.
    masks = {path: [lanes.mask_of(lane) for lane in wanted if lane.path == path] for path in {lane.path for lane in wanted}}
    words = lanes.checked_words(data, wanted)
    fresh = {path: lanes.fold(words[path], masks[path], first, stop, step) for path in words}
    same(found, [lanes.runs_of(lane, fresh[lane.path], first, stop, step) for lane in wanted])


def test_what_nobody_announced_is_found_in_turn():
    data = np.zeros(200 * BLOCK, "u2")
    held = KeptLanes(data)
    held.refresh(math.inf)
    assert held.complete
    data[150 * BLOCK - 1] = 1 << 3
    assert held.refresh(math.inf) == (149 * BLOCK, 151 * BLOCK)
    (runs,) = held.runs([Lane("bit 3", 3, 1)], columns=10)
    assert runs.busy.tolist() == [False, True, False]
    assert held.refresh(math.inf) is None


def test_a_look_at_all_of_it_reads_no_samples(monkeypatch):
    data = np.zeros(100 * BLOCK, "u4")
    held = KeptLanes(data)
    held.refresh()
    monkeypatch.setattr(module, "reduce_lanes", None)
    held.data[:] = 5  # not told, and not looked at
    assert [run.value.tolist() for run in held.runs(lanes_of("u4"), columns=10)] == [[0]] * 32


def test_lanes_that_are_not_those_of_the_type_are_looked_at():
    data = np.arange(100 * BLOCK, dtype="u4")
    held = KeptLanes(data)
    held.refresh()
    bus = [Lane("low", 0, 8)]
    same(held.runs(bus, columns=5), reduce_lanes(data, bus, columns=5))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="elements of complex64 have no lanes"):
        KeptLanes(np.zeros(4, "c8"))
    with pytest.raises(ValueError, match=r"lanes expected a 1-D array, not one of shape \(2, 2\)"):
        KeptLanes(np.zeros((2, 2), "u1"))
    held = KeptLanes(np.zeros(4, "u1"))
    with pytest.raises(ValueError, match="lanes expected at least 1 column, not 0"):
        held.runs([Lane("bit 0", 0, 1)], columns=0)
    with pytest.raises(ValueError, match="lane 'x' has bits 8 to 8; the element has bits 0 to 7"):
        held.runs([Lane("x", 8, 1)])
