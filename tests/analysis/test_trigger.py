"""Triggers against a state machine that sees one sample after the other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.analysis import trigger as module
from pynq_widgets.analysis.trigger import Trigger

from .drawn import INTEGERS, lines


def naive(values, level, slope, hysteresis, holdoff, start=0):
    found = []
    low = high = False  # armed for a rising, for a falling edge
    for i, v in enumerate(values):
        if i < start:
            continue
        event = False
        if v >= level:
            event |= low and slope != "falling"
            low = False
        elif v < level - hysteresis:
            low = True
        if v <= level:
            event |= high and slope != "rising"
            high = False
        elif v > level + hysteresis:
            high = True
        if event and (not found or i > found[-1] + holdoff):
            found.append(i)
    return found


@settings(max_examples=300)
@given(
    st.integers(0, 300),
    st.sampled_from(["i1", ">i2", "u1", "f4", ">f8", "<f2"]),
    st.integers(-6, 6),
    st.sampled_from([0, 0.5, 1, 3]),
    st.sampled_from(["rising", "falling", "both"]),
    st.integers(0, 20),
    st.integers(-2, 100),
    st.sampled_from([7, 64, 1 << 17]),
    st.integers(0, 2**32 - 1),
)
def test_any_signal(size, dtype, level, hysteresis, slope, holdoff, start, block, seed):
    rng = np.random.default_rng(seed)
    data = rng.integers(0 if dtype == "u1" else -5, 6, size).astype(dtype)
    if data.dtype.kind == "f":
        data[rng.random(size) < 0.1] = np.nan
        data[rng.random(size) < 0.05] = np.inf
    trigger = Trigger(level, slope, hysteresis, holdoff)
    expected = naive(data.tolist(), level, slope, hysteresis, holdoff, max(start, 0))
    old, module._AT_ONCE = module._AT_ONCE, block
    try:
        assert trigger.all(data, start=start).tolist() == expected
        assert trigger.all(data, 3, start).tolist() == expected[:3]
        assert trigger.find(data, start) == (expected[0] if expected else None)
    finally:
        module._AT_ONCE = old


@given(lines(INTEGERS, 100), st.integers(-(2**64), 2**65) | st.floats(allow_nan=False), st.sampled_from(["rising", "falling", "both"]))
def test_integers_are_compared_as_they_are(data, level, slope):
    assert Trigger(level, slope).all(data).tolist() == naive(data.tolist(), level, slope, 0, 0)


def test_neighbours_of_63_bits():
    data = np.array([2**62, 2**62 + 1, 2**62, 2**62 + 1])
    assert Trigger(2**62 + 1).all(data).tolist() == [1, 3]
    assert Trigger(2**62 + 2).all(data).tolist() == []


def test_hysteresis_ignores_noise():
    data = np.array([0, 10, 9, 10, 9, 10, 2, 10], "f4")
    assert Trigger(10).all(data).tolist() == [1, 3, 5, 7]
    assert Trigger(10, hysteresis=5).all(data).tolist() == [1, 7]
    assert Trigger(10, holdoff=3).all(data).tolist() == [1, 5]


def test_flags_and_nothing():
    assert Trigger(1).all(np.array([False, True, False, True])).tolist() == [1, 3]
    assert Trigger(1).find(np.empty(0)) is None
    assert Trigger(math.inf).find(np.zeros(5, "i2")) is None
    assert Trigger(1e300).find(np.array([0, np.inf], "f4")) == 1


def test_the_search_ends_with_the_first(monkeypatch):
    looks = []

    def native(block, real=module.native):
        looks.append(block.size)
        return real(block)

    monkeypatch.setattr(module, "native", native)
    data = np.zeros(10_000_000, "i2")
    data[1000] = 5
    assert Trigger(3).find(data) == 1000
    assert looks == [1 << 17]


def test_a_holdoff_goes_on_from_block_to_block(monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 10)
    data = np.tile([0, 1], 50)
    assert Trigger(1, holdoff=14).all(data).tolist() == [1, 17, 33, 49, 65, 81, 97]
    assert Trigger(1, holdoff=10**30).all(data).tolist() == [1]
    assert Trigger(1, holdoff=2).all(data, most=2).tolist() == [1, 5]


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="the slope is 'rising', 'falling' or 'both', not 'up'"):
        Trigger(0, "up")
    for arguments in ((math.nan,), (0, "both", -1), (0, "both", math.nan), (0, "both", 0, -1)):
        with pytest.raises(ValueError, match="a trigger has a level, and a hysteresis and a holdoff from 0, not "):
            Trigger(*arguments)
    with pytest.raises(ValueError, match=r"Trigger expected a 1-D array, not one of shape \(1, 1\)"):
        Trigger(0).all(np.zeros((1, 1)))
