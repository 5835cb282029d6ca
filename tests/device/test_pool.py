"""The contiguous pool against a model that only remembers what is out."""

from __future__ import annotations

import gc
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.device.errors import BufferFreedError, PoolExhaustedError
from pynq_widgets.device.simulated.allocation import Allocation, Block
from pynq_widgets.device.simulated.pool import PAGE, ContiguousPool, MainMemory

SIZE = 64 * PAGE


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 20 * PAGE), st.sampled_from([PAGE, 2 * PAGE, 8 * PAGE]), st.integers(0, 1000)), max_size=60
    )
)
def test_nothing_overlaps_nothing_leaks(steps: list[tuple[bool, int, int, int]]) -> None:
    pool = ContiguousPool(0x1000_0000, SIZE)
    out: list[Allocation] = []
    for allocate, nbytes, align, pick in steps:
        if allocate:
            left, largest = pool.left, pool.largest
            try:
                made = pool.allocate(nbytes, align=align)
            except PoolExhaustedError as error:
                refused = error
                assert (refused.left, refused.largest) == (left, largest)
                assert largest < nbytes + align
                continue
            assert made.address % align == 0
            assert pool.base <= made.address
            assert made.address + made.size <= pool.base + SIZE
            assert made.size >= max(nbytes, 1)
            assert all(made.address + made.size <= a.address or a.address + a.size <= made.address for a in out)
            assert pool.at(made.address + made.size - 1) is made
            out.append(made)
        elif out:
            pool.free(out.pop(pick % len(out)))
        assert pool.left == SIZE - sum(a.size for a in out)
        assert list(pool.allocations) == sorted(out, key=lambda a: a.address)
    for rest in out:
        pool.free(rest)
    assert (pool.left, pool.largest) == (SIZE, SIZE)


def test_freeing_twice_is_an_error() -> None:
    pool = ContiguousPool(0, SIZE)
    made = pool.allocate(10, owner="x")
    pool.free(made)
    with pytest.raises(BufferFreedError, match=r"double free: <freed allocation of 10 bytes at 0x00000000: x> was freed before"):
        pool.free(made)


def test_a_collection_in_the_midst_of_an_allocation_does_not_stop_it() -> None:
    pool = ContiguousPool(0, SIZE)
    made = pool.allocate(10)
    block = made.host.view(Block)
    block.allocation = made
    with pool._lock:  # as if the collector ran inside of the pool
        del block
        gc.collect()
        assert not made.freed
    assert pool.left == SIZE


def test_threads_share_a_pool() -> None:
    pool = ContiguousPool(0, SIZE)

    def work() -> None:
        for _ in range(200):
            pool.free(pool.allocate(PAGE))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (pool.left, pool.largest) == (SIZE, SIZE)


def test_a_pool_is_made_of_pages() -> None:
    with pytest.raises(ValueError, match="its size cannot be 100"):
        ContiguousPool(0, 100)
    with pytest.raises(ValueError, match="an alignment is a power of 2"):
        ContiguousPool(0, SIZE).allocate(1, align=5000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12 * PAGE), st.binary(min_size=1, max_size=2 * PAGE + 5)), max_size=12), st.integers(0, 3))
def test_main_memory_is_one_memory_over_buffers_and_what_lies_between(writes: list[tuple[int, bytes]], skip: int) -> None:
    pool = ContiguousPool(0, 16 * PAGE)
    memory = MainMemory(pool)
    kept = [pool.allocate(PAGE + 100 * i) for i in range(4)]
    pool.free(kept.pop(skip))
    oracle = bytearray(16 * PAGE)
    for address, data in writes:
        memory.write(address, data)
        oracle[address : address + len(data)] = data
        assert (
            bytes(memory.read(max(0, address - 10), len(data) + 20)) == oracle[max(0, address - 10) : max(0, address - 10) + len(data) + 20]
        )
    assert bytes(memory.read(0, 15 * PAGE)) == oracle[: 15 * PAGE]
