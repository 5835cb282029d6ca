"""Descriptors: linked in a circle, aligned, taken and given back in order, flushed one by one."""

from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.transfers.ring import SIZE, Ring
from pynq_widgets import SimulatedDevice


@pytest.fixture(scope="module")
def device() -> SimulatedDevice:
    return SimulatedDevice("ring")


def test_linked_in_a_circle_and_written(device: SimulatedDevice) -> None:
    ring = Ring(device.allocate, 4)
    assert ring.base % SIZE == 0
    links = [ring.word(i, 0) | ring.word(i, 1) << 32 for i in range(4)]
    assert links == [ring.address(1), ring.address(2), ring.address(3), ring.address(0)]
    ring.write(2, {6: 0xFFFF_FFFF, 2: 7})
    assert ring.dump(2) == f"{ring.address(3):08x} 00000000 00000007 00000000 00000000 00000000 ffffffff 00000000"
    ring.write(2, {})
    assert ring.word(2, 6) == 0
    assert [ring.index_of(address) for address in (ring.base, ring.address(3), ring.address(4), ring.base + 4, ring.base - SIZE)] == [
        0,
        3,
        None,
        None,
        None,
    ]
    assert repr(ring) == f"<Ring of 4 descriptors at {ring.base:#x}, 0 taken>"


def test_aligned_where_the_allocator_is_not(device: SimulatedDevice) -> None:
    whole = device.allocate((20, 16), "u4")
    ring = Ring(lambda shape, dtype: whole.reshape(-1)[4 : 4 + shape[0] * shape[1]].reshape(shape), 3)
    assert (ring.base - whole.physical_address, ring.base % SIZE) == (64, 0)
    ring.write(0, {2: 5})
    assert whole[1, 2] == 5


@given(st.integers(2, 20), st.lists(st.integers(-5, 12), max_size=60))
def test_taken_and_given_back_in_order_never_two_at_once(device: SimulatedDevice, count: int, steps: list[int]) -> None:
    ring = Ring(device.allocate, count)
    held: deque[int] = deque()
    expected = 0
    for step in steps:
        if step > 0:
            if step > ring.room:
                with pytest.raises(ValueError, match="descriptors were asked for"):
                    ring.take(step)
                continue
            for index in ring.take(step):
                assert index == expected % count
                assert index not in held
                held.append(index)
                expected += 1
        elif held:
            given = min(-step, len(held))
            ring.give_back(given)
            for _ in range(given):
                held.popleft()
        assert ring.room == count - 1 - len(held)
    ring.rewind()
    assert (ring.next, ring.room) == (0, count - 1)


def test_only_what_was_written_is_flushed(device: SimulatedDevice) -> None:
    def cacheable(shape: Any, dtype: Any) -> Any:
        return device.allocate(shape, dtype, cacheable=True)

    ring = Ring(cacheable, 4)
    hardware = device.device_side(ring.memory.bo, 0, 4 * SIZE)

    ring.write(1, {2: 11})
    ring.write(2, {2: 22})
    ring.publish([1])
    seen = [int.from_bytes(hardware[i * SIZE + 8 : i * SIZE + 12], "little") for i in range(3)]
    assert seen == [0, 11, 0]
    assert ring.word(1, 2) == 11
