"""Memory read as something else: always a view, or a message that says what would fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.analysis.interpretation import Interpretation, InterpretationError

TYPES = ["u1", "<i2", ">i2", "f4", ">f8", "c8", "?", [("a", "<u2"), ("b", ">f4")]]


@given(st.integers(0, 200), st.sampled_from(TYPES), st.integers(0, 40), st.integers(1, 5), st.sampled_from([None, "little", "big"]))
def test_the_bytes_are_those_of_the_memory(size, dtype, offset, channels, order):
    memory = np.random.default_rng(size).integers(0, 256, size).astype("u1")
    wanted = Interpretation(dtype, channels=channels, offset=offset, byteorder=order)
    frame = np.dtype(dtype).itemsize * channels
    if size - offset < (frame if size else 0):
        with pytest.raises(InterpretationError):
            wanted.of(memory)
        return
    view = wanted.of(memory)
    frames = (size - offset) // frame
    assert view.shape == ((frames, channels) if channels > 1 else (frames,))
    assert view.tobytes() == memory[offset : offset + frames * frame].tobytes()
    assert wanted.left_over(memory) == (size - offset) % frame
    assert not view.size or np.shares_memory(view, memory)
    if order and np.dtype(dtype).kind in "if" and np.dtype(dtype).itemsize > 1:
        letters = np.dtype(dtype).str[1:]
        assert view.dtype == np.dtype(("<" if order == "little" else ">") + letters)


def test_channels_are_deinterleaved():
    memory = np.array([1, -1, 2, -2, 3, -3], "<i2")
    both = Interpretation(channels=2).of(memory)
    assert both[:, 0].tolist() == [1, 2, 3]
    assert both[:, 1].tolist() == [-1, -2, -3]
    both[0, 1] = 7
    assert memory[1] == 7


def test_shapes():
    memory = np.arange(100, dtype="u1")
    assert Interpretation(shape=(4, 5)).of(memory).tolist() == memory[:20].reshape(4, 5).tolist()
    assert Interpretation(shape=(-1, 30)).of(memory).shape == (3, 30)
    assert Interpretation(shape=(-1, 30)).left_over(memory) == 10
    assert Interpretation("i2", shape=5).of(memory).shape == (5,)
    assert Interpretation(shape=()).of(memory).tolist() == 0
    assert Interpretation("u1").of(np.zeros((4, 5), "i4")).shape == (4, 20)
    assert Interpretation("i8").of(np.zeros((4, 5), "i4")).shape == (10,)
    assert Interpretation().of(np.zeros((4, 5), "i4")).shape == (4, 5)
    assert Interpretation("f4").of(np.array(3, "i4")).shape == ()
    assert Interpretation("u1").of(np.array(3, "i4")).tolist() == [3, 0, 0, 0]
    assert Interpretation("i2").of(np.empty(0, "u1")).shape == (0,)


def test_views_with_gaps():
    memory = np.arange(60, dtype="<i4")
    assert Interpretation("<u4").of(memory[::2]).tolist() == memory[::2].tolist()
    assert Interpretation("<f4").of(memory.reshape(6, 10).T).shape == (10, 6)
    pairs = Interpretation("<u4", channels=2, offset=4).of(memory[::-1])
    assert pairs.tolist()[0] == [58, 57]
    assert np.shares_memory(pairs, memory)
    assert Interpretation("<i2").of(memory.reshape(6, 10)[:, :4]).shape == (6, 8)
    assert Interpretation(byteorder="big").of(memory[::3]).dtype.str == ">i4"
    message = (
        r"^elements of int16 cannot be taken from a view with gaps \(shape \(30,\), strides \(8,\)\) without a copy; "
        r"interpret the whole array and slice that, or make a copy with np.ascontiguousarray$"
    )
    with pytest.raises(InterpretationError, match=message):
        Interpretation("<i2").of(memory[::2])


def test_a_read_only_array_stays_so_and_a_subclass_is_left():
    class Named(np.ndarray):
        pass

    memory = np.zeros(4, "i4").view(Named)
    memory.flags.writeable = False
    view = Interpretation("i2").of(memory)
    assert type(view) is np.ndarray
    assert not view.flags.writeable


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dtype": "int17"}, "numpy knows no type 'int17'; try 'int16' or 'uint16' or 'int8'"),
        ({"dtype": object}, "memory cannot be read as Python objects (object)"),
        ({"dtype": ("f4", (2,))}, "the type ('<f4', (2,)) is an array in itself; give the type float32 and the shape (-1, 2)"),
        ({"dtype": "S"}, "the type |S0 has no size; give one, as in 'S16'"),
        ({"byteorder": "middle"}, "the byte order is 'little', 'big' or None, not 'middle'"),
        ({"channels": 0}, "channels is a whole number from 1, not 0"),
        ({"offset": -1}, "offset is a whole number from 0, not -1"),
        ({"offset": "x"}, "offset is a whole number from 0, not 'x'"),
        ({"shape": (-1, -1)}, "a shape has sizes from 0 and at most one -1, not (-1, -1)"),
        ({"shape": 1.5}, "a shape is whole numbers such as (480, 640, 3), not 1.5"),
        (
            {"shape": (2, 2), "channels": 2},
            "give either a shape or channels: 2 interleaved channels are the shape (-1, 2), channels one after the other are (2, -1)",
        ),
    ],
)
def test_what_means_nothing_is_refused_at_once(arguments, message):
    with pytest.raises(InterpretationError) as caught:
        Interpretation(**arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Interpretation("i4", offset=98), "an offset of 98 bytes leaves no int32 in 100 bytes of memory"),
        (Interpretation(offset=101), "an offset of 101 bytes leaves no uint8 in 100 bytes of memory"),
        (Interpretation("i2", channels=60), "int16 in 60 channels needs 120 bytes a frame; there are 100"),
        (
            Interpretation("u1", shape=(4, 10, 3)),
            "uint8 of shape (4, 10, 3) needs 120 bytes; there are 100, enough for 100 elements or the shape (3, 10, 3)",
        ),
        (Interpretation("u1", shape=(-1, 101)), "uint8 of shape (-1, 101) needs at least 101 bytes; there are 100: 100 elements"),
        (Interpretation(shape=(-1, 0)), "in the shape (-1, 0) -1 could be anything beside a 0; give a number"),
    ],
)
def test_what_does_not_fit_says_what_would(wanted, message):
    with pytest.raises(InterpretationError) as caught:
        wanted.of(np.zeros(100, "u1"))
    assert str(caught.value) == message


def test_objects_have_no_memory():
    with pytest.raises(
        InterpretationError, match=r"an array of Python objects \(object\) has no memory that could be read as something else"
    ):
        Interpretation("u1").of(np.array([None]))


def test_in_words():
    assert str(Interpretation()) == "as it is"
    assert str(Interpretation(">i2", channels=2, offset=4)) == "int16, big-endian, 2 channels, from byte 4"
    assert str(Interpretation("u1", shape=(480, -1, 3), byteorder="little")) == "uint8, little-endian, 480 × … × 3"
    assert str(Interpretation([("a", "u1")])) == "[('a', 'u1')]"
    assert Interpretation("i2") == Interpretation(np.int16)
    assert hash(Interpretation("i2")) == hash(Interpretation(np.int16))
