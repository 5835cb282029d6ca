"""Stretches of bytes against a plain set of numbers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.device.simulated.extents import Extents

SPAN = st.tuples(st.integers(0, 40), st.integers(0, 40))


@given(st.lists(st.tuples(st.booleans(), SPAN), max_size=30), SPAN)
def test_it_is_a_set_of_numbers_in_few_stretches(steps: list[tuple[bool, tuple[int, int]]], window: tuple[int, int]) -> None:
    extents, oracle = Extents(), set[int]()
    for add, (start, end) in steps:
        if add:
            extents.add(start, end)
            oracle |= set(range(start, end))
        else:
            extents.remove(start, end)
            oracle -= set(range(start, end))
        found = extents.within(0, 100)
        assert {n for a, b in found for n in range(a, b)} == oracle
        assert all(a < b for a, b in found)
        assert all(before[1] < after[0] for before, after in pairwise(found)), "neighbours are joined"
        assert (len(extents), bool(extents)) == (len(found), bool(oracle))
    low, up = min(window), max(window)
    assert {n for a, b in extents.within(low, up) for n in range(a, b)} == oracle & set(range(low, up))
