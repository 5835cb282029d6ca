from __future__ import annotations

import math
import struct
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.widgets.frames import STATES, encode, encode_ages, stride


@pytest.mark.parametrize(("width", "words"), [(1, 2), (32, 2), (33, 3), (64, 3)])
def test_stride(width: int, words: int) -> None:
    assert stride(width) == words


def test_what_is_not_known_is_not_zero() -> None:
    never = SimpleNamespace(value=None, state="never", reason="")
    zero = SimpleNamespace(value=0, state="read", reason="")
    buffer, reasons = encode([(3, never), (4, zero)], 2)
    assert struct.unpack("<4I", buffer) == (3, 0, 4 | 1 << 24 | 1 << 31, 0)
    assert reasons == []


_words = st.builds(
    SimpleNamespace,
    value=st.none() | st.integers(0, 2**64 - 1),
    state=st.sampled_from(sorted(STATES)),
    reason=st.sampled_from(["", "bus error"]),
)


@given(st.lists(st.tuples(st.integers(0, 2**24 - 1), _words), max_size=20))
def test_every_value_arrives_whole(entries: list[tuple[int, SimpleNamespace]]) -> None:
    buffer, reasons = encode(entries, 3)
    assert len(buffer) == 12 * len(entries)
    names = {code: name for name, code in STATES.items()}
    for at, (row, word) in enumerate(entries):
        head, low, high = struct.unpack_from("<3I", buffer, 12 * at)
        assert head & 0xFFFFFF == row
        assert names[head >> 24 & 0x7F] == word.state
        assert (low | high << 32 if head >> 31 else None) == word.value
    assert reasons == [(row, word.reason) for row, word in entries if word.reason]


def test_ages_of_what_was_never_known_are_no_number() -> None:
    first, second = struct.unpack("<2f", encode_ages([SimpleNamespace(age=1.5), SimpleNamespace(age=None)]))
    assert first == 1.5
    assert math.isnan(second)
