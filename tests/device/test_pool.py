"""The contiguous pool against a model that only remembers what is out."""

from __future__ import annotations

import gc
import random
import threading
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.device.buffer import PynqBuffer
from pynq_widgets.device.errors import BufferFreedError, PoolExhaustedError
from pynq_widgets.device.simulated.allocation import Allocation, buffer_in
from pynq_widgets.device.simulated.mainmemory import MainMemory
from pynq_widgets.device.simulated.pool import PAGE, ContiguousPool

SIZE = 64 * PAGE


def made_in(pool: ContiguousPool, nbytes: int, align: int = PAGE, name: str | None = None) -> PynqBuffer:
    return buffer_in(pool, nbytes, "u1", align=align, name=name)


def allocation_of(buffer: PynqBuffer) -> Allocation:
    found = buffer.bo
    assert isinstance(found, Allocation)
    return found


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 20 * PAGE), st.sampled_from([PAGE, 2 * PAGE, 8 * PAGE]), st.integers(0, 1000)), max_size=60
    )
)
def test_nothing_overlaps_nothing_leaks(steps: list[tuple[bool, int, int, int]]) -> None:
    pool = ContiguousPool(0x1000_0000, SIZE)
    out: list[PynqBuffer] = []
    for allocate, nbytes, align, pick in steps:
        if allocate:
            left, largest = pool.left, pool.largest
            try:
                buffer = made_in(pool, nbytes, align)
            except PoolExhaustedError as error:
                refused = error
                assert (refused.left, refused.largest) == (left, largest)
                assert largest < nbytes + align
                continue
            made = allocation_of(buffer)
            assert made.address % align == 0
            assert pool.base <= made.address
            assert made.address + made.size <= pool.base + SIZE
            assert made.size >= max(nbytes, 1)
            others = [allocation_of(other) for other in out]
            assert all(made.address + made.size <= a.address or a.address + a.size <= made.address for a in others)
            if nbytes:
                assert pool.at(made.address + nbytes - 1) is made
            out.append(buffer)
        elif out:
            buffer = out.pop(pick % len(out))
            if pick % 2:
                buffer.freebuffer()
            del buffer
        held = [allocation_of(other) for other in out]
        assert pool.left == SIZE - sum(a.size for a in held)
        assert list(pool.allocations) == sorted(held, key=lambda a: a.address)
        assert sum(size for _, size in pool.free_ranges) == pool.left
        assert 0 <= pool.fragmentation < 1
    for rest in out:
        rest.freebuffer()
    assert (pool.left, pool.largest, pool.fragmentation) == (SIZE, SIZE, 0)


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 1 << 32))
def test_ten_thousand_in_random_order_leave_nothing_behind(seed: int) -> None:
    chance = random.Random(seed)
    gc.disable()  # what is freed here is freed without the collector
    try:
        pool = ContiguousPool(0x1000_0000, 128 << 20)
        out: list[tuple[PynqBuffer, int]] = []
        made = 0
        while made < 10_000:
            if out and (chance.random() < 0.45 or len(out) > 2_000):
                buffer, stamp = out.pop(chance.randrange(len(out)))
                assert buffer.all() if stamp % 3 == 0 else not buffer.any()
                if stamp % 2:
                    buffer.freebuffer()
                del buffer
            else:
                made += 1
                buffer = made_in(pool, chance.choice((0, 1, 64, PAGE, PAGE + 1, 20_000, chance.randrange(100_000))))
                assert not buffer.any()
                if made % 3 == 0:
                    buffer[:] = 255
                out.append((buffer, made))
                del buffer
        spans = sorted((a.address, a.address + a.size) for a in pool.allocations)
        assert len(spans) == len(out)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        while out:
            out.pop(chance.randrange(len(out)))
        assert pool.allocations == ()
        assert (pool.free_ranges, pool.fragmentation) == (((0x1000_0000, 128 << 20),), 0)
    finally:
        gc.enable()


def test_fragmentation_is_told() -> None:
    pool = ContiguousPool(0, 8 * PAGE)
    kept = [made_in(pool, PAGE, name=f"b{n}") for n in range(8)]
    for n in (0, 2, 4, 5):
        kept[n].freebuffer()
    assert pool.free_ranges == ((0, PAGE), (2 * PAGE, PAGE), (4 * PAGE, 2 * PAGE))
    assert (pool.left, pool.largest, pool.fragmentation) == (4 * PAGE, 2 * PAGE, 0.5)
    with pytest.raises(PoolExhaustedError) as error:
        made_in(pool, 3 * PAGE)
    assert str(error.value) == (
        "no contiguous block of 12288 bytes: 16384 of 32768 bytes are left, the largest block has 8192; "
        "held by b1 (4096 bytes at 0x00001000); b3 (4096 bytes at 0x00003000); b6 (4096 bytes at 0x00006000); "
        "b7 (4096 bytes at 0x00007000); it is fragmented. Try to free buffers that lie between the free pieces (device.memory shows them) "
        "or make the device with a larger pool, and allocate there: "
        "device = SimulatedDevice(pool_size=bytes), Overlay(path, device=device), allocate(..., target=device)"
    )


def test_what_this_computer_cannot_hold_is_an_exhausted_pool_and_leaves_nothing() -> None:
    pool = ContiguousPool(0, 1 << 62, name="hbm")
    with pytest.raises(PoolExhaustedError, match=r"in hbm: .*; this computer has not so much memory\. Try to ask for less$"):
        made_in(pool, 1 << 61)
    assert pool.free_ranges == ((0, 1 << 62),)


def test_freeing_twice_is_an_error() -> None:
    pool = ContiguousPool(0, SIZE)
    buffer = made_in(pool, 10, name="x")
    made = allocation_of(buffer)
    pool.free(made)
    with pytest.raises(BufferFreedError, match=r"double free: <freed allocation of 10 bytes at 0x00000000: x> was freed before"):
        pool.free(made)


def test_a_collection_in_the_midst_of_an_allocation_does_not_stop_it() -> None:
    pool = ContiguousPool(0, SIZE)
    buffer: Any = made_in(pool, 10)
    made = allocation_of(buffer)
    with pool._lock:  # as if the collector ran inside of the pool
        del buffer
        gc.collect()
        assert made.freed
    assert pool.left == SIZE


def test_threads_share_a_pool() -> None:
    pool = ContiguousPool(0, SIZE)

    def work() -> None:
        for n in range(200):
            buffer = made_in(pool, PAGE * (1 + n % 3))
            buffer[:] = 1
            if n % 2:
                buffer.freebuffer()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (pool.left, pool.largest) == (SIZE, SIZE)


def test_a_pool_is_made_of_pages() -> None:
    with pytest.raises(ValueError, match="its size cannot be 100"):
        ContiguousPool(0, 100)
    with pytest.raises(ValueError, match="an alignment is a power of 2, not 5000"):
        ContiguousPool(0, SIZE).take(1, 5000)
    with pytest.raises(ValueError, match="a buffer cannot have -1 bytes"):
        ContiguousPool(0, SIZE).take(-1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12 * PAGE), st.binary(min_size=1, max_size=2 * PAGE + 5)), max_size=12), st.integers(0, 3))
def test_main_memory_is_one_memory_over_buffers_and_what_lies_between(writes: list[tuple[int, bytes]], skip: int) -> None:
    pool = ContiguousPool(0, 16 * PAGE)
    memory = MainMemory(pool)
    kept = [made_in(pool, PAGE + 100 * i) for i in range(4)]
    kept.pop(skip).freebuffer()
    oracle = bytearray(16 * PAGE)
    for address, data in writes:
        memory.write(address, data)
        oracle[address : address + len(data)] = data
        assert (
            bytes(memory.read(max(0, address - 10), len(data) + 20)) == oracle[max(0, address - 10) : max(0, address - 10) + len(data) + 20]
        )
    assert bytes(memory.read(0, 15 * PAGE)) == oracle[: 15 * PAGE]
    for buffer in kept:
        start = buffer.physical_address
        assert buffer.tobytes() == oracle[start : start + buffer.nbytes]


def test_what_is_read_cannot_be_written_and_what_is_viewed_can() -> None:
    memory = MainMemory(ContiguousPool(0, SIZE))
    buffer = made_in(memory.pool, 16)
    assert memory.read(0, 16).readonly
    live = memory.view(4, 4)
    assert live is not None
    live[:] = b"abcd"
    assert buffer.tobytes() == b"\0\0\0\0abcd" + bytes(8)
    assert memory.view(12, 8) is None
    assert np.frombuffer(memory.read(0, 16), "u1")[4] == ord("a")
