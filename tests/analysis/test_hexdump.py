"""Rows of a hex dump against the bytes themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.analysis.hexdump import HexRow, read_bytes, row_count, rows


@given(st.binary(max_size=200), st.integers(-2, 14), st.integers(-1, 20), st.sampled_from([1, 2, 4, 8]), st.sampled_from(["little", "big"]))
def test_rows_hold_every_byte(data, first, count, group, order):
    found = rows(data, first, count, group, byteorder=order)
    first, count = max(first, 0), max(count, 0)
    assert [row.offset for row in found] == list(range(len(data)))[first * 16 : (first + count) * 16 : 16]
    back = b""
    for row in found:
        for word in row.words:
            assert len(word) == 2 * group
            part = bytes.fromhex(word.strip())
            back += part[::-1] if order == "little" else part
        chunk = data[row.offset : row.offset + 16]
        assert row.text == "".join(chr(b) if 32 <= b < 127 else "." for b in chunk)
    assert back == data[first * 16 : (first + count) * 16]
    assert row_count(data) == -(-len(data) // 16)


def test_words_of_both_orders():
    data = np.array([0x11223344, 0x55667788], "<u4")
    assert rows(data, group=4) == [HexRow(0, ("11223344", "55667788"), 'D3".\x88wfU'.replace("\x88", "."))]
    assert rows(data, group=4, byteorder="big")[0].words == ("44332211", "88776655")
    assert rows(data, group=8)[0].words == ("5566778811223344",)
    assert rows(data.view("u1")[:3], group=4)[0].words == ("  223344",)
    assert rows(data.view("u1")[:3], group=4, byteorder="big")[0].words == ("443322  ",)


def test_any_memory():
    array = np.arange(24, dtype="<u2").reshape(4, 6)
    for view in (array, array.T, array[:, ::2], array[::-1], np.array(7, "<u4"), array[:0]):
        plain = view.tobytes()
        for start, stop in ((0, 100), (3, 9), (5, 5), (-3, 4), (40, 60)):
            assert read_bytes(view, start, stop) == plain[max(start, 0) : stop]
        assert row_count(view) == -(-len(plain) // 16)
    assert rows(memoryview(array), 1, 1)[0].offset == 16
    assert row_count(memoryview(array)) == 3
    assert rows(b"") == []


def test_a_row_deep_in_much_memory_costs_no_more():
    import tracemalloc

    data = np.zeros(10_000_000, "f4")[::2]
    tracemalloc.start()
    try:
        assert rows(data, row_count(data) - 1, 5)[0].offset == data.nbytes - 16
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="a word has 1, 2, 4 or 8 bytes, not 3"):
        rows(b"abc", group=3)
    with pytest.raises(ValueError, match="a row has a whole number of words of 8 bytes, not 12 bytes"):
        rows(b"abc", group=8, width=12)
    with pytest.raises(ValueError, match="the byte order is 'little' or 'big', not 'other'"):
        rows(b"abc", byteorder="other")
    with pytest.raises(ValueError, match=r"an array of Python objects \(object\) has no bytes of its own to show"):
        rows(np.array([None]))
