"""The pyramid against a plain search for the least and the greatest of what it has read."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.analysis import kept
from pynq_widgets.analysis import pyramid as module
from pynq_widgets.analysis.curve import reduce_line
from pynq_widgets.analysis.pyramid import BLOCK, Pyramid

from .drawn import REAL, lines


class Ticks:
    """A clock on which every look takes a second."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def same(curve, data, columns):
    """Each column of `curve` has the extremes of the finite ones of its samples."""
    assert curve.x.size == curve.y.size
    for column in range(0, curve.x.size, 2):
        first = int(curve.x[column])
        part = np.asarray(data[first : first + curve.step], dtype=np.float64)
        good = part[np.isfinite(part)]
        got = curve.y[column : column + 2]
        if good.size:
            assert sorted(got) == [good.min(), good.max()]
        else:
            assert np.isnan(got).all()


@settings(max_examples=150)
@given(data=lines(most=2500), start=st.integers(-10, 2600), length=st.integers(0, 2600), columns=st.integers(1, 60))
def test_any_window_is_what_a_plain_reduction_gives(data, start, length, columns):
    old = module.BLOCK, kept._AT_ONCE, module._DIRECT
    module.BLOCK, kept._AT_ONCE, module._DIRECT = 4, 64, 2
    try:
        pyramid = Pyramid(data)
        pyramid.refresh()
        assert pyramid.complete
        curve = pyramid.curve(start, start + length, columns)
        if curve.step > 1:
            same(curve, data, columns)
            first, stop = max(start, 0), min(max(start + length, 0), data.size)
            assert curve.x[0] <= first
            assert curve.x.size <= 2 * columns + 4
            assert int(curve.x[-2]) + curve.step >= stop
        begin, end = min(max(start, 0), data.size), min(max(start + length, max(start, 0)), data.size)
        part = data[begin:end]
        part = part[np.isfinite(part)]
        found = pyramid.extremes(start, start + length)
        assert found == ((part.min().item(), part.max().item()) if part.size else None)
    finally:
        module.BLOCK, kept._AT_ONCE, module._DIRECT = old


@pytest.mark.parametrize("dtype", REAL)
def test_whole_of_a_long_signal(dtype):
    rng = np.random.default_rng(3)
    data = rng.integers(0, 2 if dtype == "?" else 100, 3_000_001).astype(dtype)
    if data.dtype.kind == "f":
        data[5000:9000] = np.nan
        data[70_000] = np.inf
        data[70_001] = 1000
    pyramid = Pyramid(data)
    assert not pyramid.complete
    assert pyramid.refresh() == (0, data.size)
    curve = pyramid.curve(columns=200)
    assert curve.step % BLOCK == 0
    assert curve.gaps == (data.dtype.kind == "f")
    same(curve, data.view("u1") if dtype == "?" else data, 200)
    assert pyramid.nbytes < 0.03 * data.nbytes
    assert pyramid.curve(1000, 2000, 50).y.tolist() == reduce_line(data, 1000, 2000, 50).y.tolist()


def test_only_what_was_told_is_read_again():
    data = np.zeros(10 * kept._AT_ONCE // 2, "i2")
    pyramid = Pyramid(data, clock=Ticks())
    pyramid.refresh()
    place = 5 * kept._AT_ONCE // 2 + 1000
    data[place : place + 10] = 7
    data[-1] = 9
    pyramid.changed(place, place + 10)
    first, stop = pyramid.refresh()
    assert first <= place < place + 10 <= stop
    assert stop - first <= 2 * BLOCK
    assert pyramid.extremes() == (0, 7)
    # Who tells all the time does not hide what nobody tells.
    for _ in range(9):
        pyramid.changed(place, place + 10)
        pyramid.refresh()
    assert pyramid.extremes() == (0, 9)


def test_what_nobody_told_is_found_in_turn():
    data = np.zeros(40 * kept._AT_ONCE // 2, "i2")
    pyramid = Pyramid(data, clock=Ticks())
    pyramid.refresh()
    data[-3] = 9
    looks = 0
    while pyramid.refresh(budget=0.5) is None:
        looks += 1
    assert looks == 39
    assert pyramid.extremes() == (0, 9)
    assert pyramid.refresh(budget=100.0) is None


def test_what_is_looked_at_is_read_first():
    data = np.zeros(40 * kept._AT_ONCE // 2, "i2")
    pyramid = Pyramid(data, clock=Ticks())
    pyramid.refresh()
    place = 30 * kept._AT_ONCE // 2
    data[place] = 9
    assert pyramid.refresh(0.5, within=(place, place + 1000)) == (place, place + BLOCK)
    data[5] = 4  # is found too, though somebody looks elsewhere
    assert pyramid.refresh(2.5, within=(place, place + 1000)) == (0, BLOCK)


def test_a_budget_ends_the_first_reading():
    data = np.arange(20 * kept._AT_ONCE // 4, dtype="i4")
    pyramid = Pyramid(data, clock=Ticks())
    extents = []
    while not pyramid.complete:
        extents.append(pyramid.refresh(budget=1.5))
    assert len(extents) > 5
    assert extents[0][0] == 0
    assert extents[-1][1] == data.size
    assert [b for a, b in extents[:-1]] == [a for a, b in extents[1:]]


def test_the_first_reading_reads_once(monkeypatch):
    for budget in (None, float("inf")):
        pyramid = Pyramid(np.zeros(3 * kept._AT_ONCE, "u1"))
        pieces = []
        monkeypatch.setattr(
            pyramid, "_fold", lambda piece, at, real=pyramid._fold, pieces=pieces: (pieces.append(piece.size), real(piece, at))[1]
        )
        pyramid.refresh(budget)
        assert sum(pieces) == pyramid.data.size


def test_what_is_not_read_yet_is_drawn_as_nothing():
    data = np.ones(20 * kept._AT_ONCE // 4, dtype="f4")
    pyramid = Pyramid(data, clock=Ticks())
    assert np.isnan(pyramid.curve(columns=10).y).all()
    pyramid.refresh(budget=0.5)
    y = pyramid.curve(columns=20).y
    assert (y[:2] == 1).all()
    assert np.isnan(y[-2:]).all()


def test_told_while_it_is_read_stays_told():
    data = np.zeros(4 * BLOCK, "i4")

    class Late(Pyramid):
        def _fold(self, piece, at):
            answer = super()._fold(piece, at)
            if not data[0]:
                data[0] = 5
                self.changed(0, 1)
            return answer

    pyramid = Late(data)
    pyramid.refresh()
    assert pyramid.refresh() == (0, BLOCK)
    assert pyramid.extremes() == (0, 5)


def test_memory_that_changes_all_the_time():
    data = np.zeros(2_000_000, "f4")
    stop = threading.Event()

    def write():
        values = [np.float32(v) for v in (1.0, np.nan, np.inf, -2.0)]
        turn = 0
        while not stop.is_set():
            data[turn % 1000 :: 1000] = values[turn % 4]
            turn += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        pyramid = Pyramid(data)
        for _ in range(10):
            pyramid.changed()
            pyramid.refresh()
            y = pyramid.curve(columns=100).y
            y = y[np.isfinite(y)]
            assert set(y.tolist()) <= {0.0, 1.0, -2.0}
            least, greatest = pyramid.extremes()
            assert least >= -2
            assert greatest <= 1
    finally:
        stop.set()
        thread.join()


def test_values_that_change_between_the_two_looks():
    class Falling(np.ndarray):
        """Memory in which all is 5 at the first look and 3 at the second."""

        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            plain = [x.view(np.ndarray) if isinstance(x, Falling) else x for x in inputs]
            answer = getattr(ufunc, method)(*plain, **kwargs)
            plain[0][...] = 3
            return answer

    pyramid = Pyramid(np.full(20 * BLOCK, 5, "i4"))
    pyramid.data = pyramid.data.view(Falling)
    pyramid.refresh()
    assert pyramid.extremes() == (3, 5)
    assert set(pyramid.curve(columns=1).y.tolist()) == {3, 5}


def test_large_integers_are_exact():
    data = np.array([2**63 - 1, -(2**63), 2**62 + 1], ">i8")
    pyramid = Pyramid(data)
    pyramid.refresh()
    assert pyramid.extremes() == (-(2**63), 2**63 - 1)
    assert pyramid.extremes(2, 3) == (2**62 + 1, 2**62 + 1)


def test_nothing_at_all():
    pyramid = Pyramid(np.empty(0, "f4"))
    assert pyramid.complete
    assert pyramid.refresh() is None
    assert pyramid.extremes() is None
    assert pyramid.curve().x.size == 0
    pyramid.changed(3, 5)
    pyramid.changed(-10, -5)
    assert pyramid.refresh() is None


def test_copies_no_array():
    import tracemalloc

    data = np.zeros(8_000_000, ">f4")[::2]
    pyramid = Pyramid(data)
    tracemalloc.start()
    try:
        pyramid.refresh()
        pyramid.curve()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < data.nbytes / 5


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"Pyramid expected a 1-D array, not one of shape \(2, 2\)"):
        Pyramid(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="Pyramid expected booleans, integers or floats, not complex64; take its `components` one by one"):
        Pyramid(np.zeros(2, "c8"))
    with pytest.raises(ValueError, match="Pyramid expected at least 1 column, not 0"):
        Pyramid(np.zeros(2)).curve(columns=0)
