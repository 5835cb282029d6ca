"""Halves of words: read one by one, written in pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pynq_widgets import MMIO


@pytest.fixture
def halves(bus_spy: Any) -> Any:
    return MMIO(bus_spy.base, 32, device=bus_spy).array[2:6].view(np.uint16)


def test_they_are_written_as_words(halves: Any, bus_spy: Any) -> None:
    halves[:] = np.arange(8, dtype="u2")
    assert bus_spy.taken() == [("write", 8 + 4 * i, 2 * i | (2 * i + 1) << 16) for i in range(4)]
    halves[2:4] = 0xFFFF
    assert bus_spy.taken() == [("write", 12, 0xFFFF_FFFF)]


def test_they_are_read(halves: Any, bus_spy: Any) -> None:
    bus_spy.put(8, 0x2222_1111)
    assert (halves[0], halves[1], halves[-7]) == (0x1111, 0x2222, 0x2222)
    assert halves[0:2].tolist() == [0x1111, 0x2222]
    assert np.asarray(halves).dtype == np.uint16
    assert (len(halves), halves.shape, repr(halves)) == (8, (8,), "<8 halves of words, not read>")


def test_what_would_write_half_a_word_is_refused(halves: Any, bus_spy: Any) -> None:
    with pytest.raises(ValueError, match=r"^half a word cannot be written by itself: write two"):
        halves[0] = 1
    with pytest.raises(ValueError, match=r"^halves 1 to 3 of words are no whole words"):
        halves[1:3] = 1
    with pytest.raises(ValueError, match=r"^65536 does not fit 16 bits"):
        halves[0:2] = (1, 65536)
    with pytest.raises(ValueError, match=r"^1 values were given for 2 halves of words$"):
        halves[0:2] = [1]
    with pytest.raises(IndexError):
        halves[8]
    assert bus_spy.taken() == []
