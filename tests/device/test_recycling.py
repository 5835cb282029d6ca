"""Buffers whose memory goes through a cache, as those of PYNQ's video drivers."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_widgets import SimulatedDevice, allocate
from pynq_widgets.device.errors import BufferFreedError


class Cache:
    def __init__(self) -> None:
        self.pointers: list[Any] = []

    def return_pointer(self, pointer: Any) -> None:
        self.pointers.append(pointer)


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice("recycling")


def test_a_freed_frame_s_memory_is_the_next_one_s(device: SimulatedDevice) -> None:
    cache = Cache()
    first = allocate((2, 3), "u1", target=device, cache=cache)
    first[:] = 7
    address = first.physical_address
    first.freebuffer()
    assert first.freed
    with pytest.raises(BufferFreedError):
        first.physical_address
    (pointer,) = cache.pointers
    second = allocate((2, 3), "u1", target=device, pointer=pointer, cache=cache)
    assert (second.physical_address, second.tolist()) == (address, [[7] * 3] * 2)
    assert not second.freed


def test_the_device_sees_what_is_flushed(device: SimulatedDevice) -> None:
    frame = allocate(8, "u1", target=device, cacheable=True, cache=Cache())
    frame[:] = 5
    assert frame.device_side().tolist() == [0] * 8
    frame.flush()
    assert frame.device_side().tolist() == [5] * 8


def test_the_memory_goes_back_with_the_cache(device: SimulatedDevice) -> None:
    cache = Cache()
    before = device.pool.left
    allocate(4096, "u1", target=device, cache=cache).freebuffer()
    assert device.pool.left < before
    cache.pointers.clear()
    assert device.pool.left == before


@pytest.mark.parametrize("pointer", [7, (1, 2, 3), (1, 2)])
def test_what_is_no_pointer(device: SimulatedDevice, pointer: Any) -> None:
    with pytest.raises(TypeError, match=r"^allocate: pointer is what a cache was given by return_pointer, not "):
        allocate(4, target=device, pointer=pointer)


def test_what_is_no_cache(device: SimulatedDevice) -> None:
    with pytest.raises(TypeError, match=r"^allocate: a cache takes memory back by its return_pointer\(pointer\), which 'c' has not$"):
        allocate(4, target=device, cache="c")
