"""Sparse memory and the decode of overlapping ranges, each against the plainest oracle."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.device import BusError
from pynq_widgets.device.simulated.masters import AddressDecoder, Window
from pynq_widgets.device.simulated.memory import Ram, SparseMemory, SparseRange, memory_range


@given(st.lists(st.tuples(st.integers(0, 3 * 4096), st.binary(max_size=5000)), max_size=10))
def test_sparse_memory_is_memory(writes: list[tuple[int, bytes]]) -> None:
    memory, oracle = SparseMemory(6 * 4096), bytearray(6 * 4096)
    for address, data in writes:
        memory.write(address, data)
        oracle[address : address + len(data)] = data
    assert bytes(memory.read(0, 6 * 4096)) == oracle
    assert [memory.read_word(at) for at in range(0, 64, 4)] == memoryview(oracle)[:64].cast("I").tolist()
    memory.write_word(8, 0x01020304)
    assert bytes(memory.read(8, 4)) == bytes([4, 3, 2, 1])


def test_what_was_not_written_takes_no_room() -> None:
    memory = memory_range(1 << 40)
    assert isinstance(memory, SparseRange)
    memory.write((1 << 40) - 4, 5)
    assert (memory.read((1 << 40) - 4), memory.resident) == (5, 4096)
    assert isinstance(memory_range(1 << 20), Ram)
    with pytest.raises(IndexError, match=r"bytes 0x10000000000\.\.0x10000000004 are not in a memory of 0x10000000000 bytes"):
        memory.read(1 << 40)


class Answer:
    def __init__(self, value: int) -> None:
        self.value = value

    def read(self, offset: int) -> int:
        return self.value


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), max_size=8), st.integers(0, 60))
def test_the_smallest_range_answers(ranges: list[tuple[int, int]], address: int) -> None:
    windows = [Window(f"w{i}", base, size, lambda i=i: Answer(i)) for i, (base, size) in enumerate(ranges)]  # type: ignore[misc]
    decoder = AddressDecoder(windows)
    holding = [i for i, (base, size) in enumerate(ranges) if base <= address < base + size]
    if not holding:
        with pytest.raises(BusError):
            decoder.find(address, "read")
        return
    at = decoder.find(address, "read")
    found: Any = decoder.target(at)
    assert ranges[found.value][1] == min(ranges[i][1] for i in holding)
    assert found.value in holding
    assert decoder.origins[at] == ranges[found.value][0]
