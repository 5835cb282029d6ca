"""Which side of a buffer is newer, who is told of what the hardware writes, and what is under way."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.device import BufferFreedError, Coherence, NoAddressError, PynqBuffer, SimulatedDevice, Transfer, VirtualClock


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice(pool_size=1 << 20, clock=VirtualClock())


def test_the_side_that_is_newer_is_told_and_where(device: SimulatedDevice) -> None:
    buffer = device.allocate(256, "u1", cacheable=True)
    at = buffer.physical_address
    assert buffer.coherence == Coherence("same")
    buffer[70] = 1
    assert buffer.coherence == Coherence("host newer", host=((64, 64),))
    device.memory.write(at + 130, b"abcd")
    assert buffer.coherence == Coherence("both newer", host=((64, 64),), device=((130, 4),))
    assert buffer[128:].coherence == Coherence("device newer", device=((2, 4),))
    assert buffer[:64].coherence == Coherence("same")
    buffer[:128].flush()
    assert buffer.coherence == Coherence("device newer", device=((130, 4),))
    buffer.invalidate()
    assert buffer.coherence.state == "same"
    assert buffer[130:134].tobytes() == b"abcd"
    buffer[130] = 0
    assert buffer.coherence.state == "host newer", "since it was invalidated the device has not written there"


def test_a_cache_knows_nothing_smaller_than_a_line(device: SimulatedDevice) -> None:
    buffer = device.allocate(250, "u1", cacheable=True)
    buffer[:] = 5
    buffer[:50].flush()
    assert buffer.coherence == Coherence("host newer", host=((64, 186),))
    buffer[70:80].flush()
    assert buffer.coherence == Coherence("host newer", host=((128, 122),))
    buffer[245:].flush()
    assert buffer.coherence == Coherence("host newer", host=((128, 64),))
    seen = buffer.device_side()
    assert seen is not None
    assert seen.tolist() == [5] * 128 + [0] * 64 + [5] * 58


def test_a_part_of_a_line_that_is_invalidated_brings_its_line(device: SimulatedDevice) -> None:
    buffer = device.allocate(256, "u1", cacheable=True)
    device.memory.write(buffer.physical_address, bytes(range(1, 129)))
    buffer[:10].invalidate()
    assert buffer[:64].tolist() == list(range(1, 65))
    assert buffer.coherence == Coherence("device newer", device=((64, 64),))


def test_a_part_that_the_host_wrote_in_stays_its_own(device: SimulatedDevice) -> None:
    buffer = device.allocate(128, "u1", cacheable=True)
    device.memory.write(buffer.physical_address, b"abcd")
    buffer[60] = 9
    buffer[:4].invalidate()
    assert (buffer[:4].tobytes(), buffer[60]) == (b"abcd", 9)
    assert buffer.coherence == Coherence("host newer", host=((0, 64),))


def test_a_device_that_writes_the_same_bytes_is_not_newer(device: SimulatedDevice) -> None:
    buffer = device.allocate(64, "u1", cacheable=True)
    device.memory.write(buffer.physical_address, bytes(64))
    assert buffer.coherence.state == "same"


def test_a_coherent_buffer_has_one_side(device: SimulatedDevice) -> None:
    buffer = device.allocate(64, "u1")
    buffer[:] = 3
    assert buffer.coherence == Coherence("coherent")
    assert str(buffer.coherence) == "host and device always see the same"
    seen = buffer.device_side()
    assert seen is not None
    assert seen.tolist() == [3] * 64


def test_what_is_written_through_a_live_view_is_the_devices_and_what_is_only_read_is_not(device: SimulatedDevice) -> None:
    buffer = device.allocate(256, "u1", cacheable=True)
    at = buffer.physical_address
    buffer[0] = 1
    view = device.memory.view(at, 256)
    assert view is not None
    inner = np.frombuffer(view, "u4")
    del view
    assert inner[0] == 0
    assert buffer.coherence.state == "host newer", "a view that nobody wrote through changes nothing"
    inner[32] = 7
    assert buffer.coherence == Coherence("both newer", host=((0, 64),), device=((128, 64),))
    buffer[:64].flush()
    assert inner[0] == 1
    assert buffer.coherence == Coherence("device newer", device=((128, 64),)), "what was flushed is not taken for the model's"
    inner[20] = 9
    del inner
    assert buffer.coherence == Coherence("device newer", device=((64, 128),))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["host", "dram", "flush", "invalidate"]), st.integers(0, 9), st.integers(1, 5)), max_size=20))
def test_no_difference_is_left_out_and_none_is_told_that_there_is_not(steps: list[tuple[str, int, int]]) -> None:
    device = SimulatedDevice(pool_size=1 << 16, clock=VirtualClock())
    buffer = device.allocate(640, "u1", cacheable=True)
    host, dram, wrote = [0] * 10, [0] * 10, set[int]()
    for stamp, (what, line, count) in enumerate(steps, 1):
        lines = range(line, min(10, line + count))
        part: Any = buffer[64 * lines.start : 64 * lines.stop]
        if what == "host":
            part[:] = stamp
        elif what == "dram":
            device.memory.write(part.physical_address, bytes([stamp]) * part.nbytes)
        elif what == "flush":
            part.flush()
        else:
            part.invalidate()
        for n in lines:
            if what == "host":
                host[n] = stamp
            elif what == "dram":
                dram[n] = stamp
                wrote.add(n)
            else:
                host[n] = dram[n] = host[n] if what == "flush" else dram[n]
                wrote.discard(n)
        told = buffer.coherence
        newer = [{n for at, size in side for n in range(at // 64, (at + size) // 64)} for side in (told.host, told.device)]
        differ = {n for n in range(10) if host[n] != dram[n]}
        assert newer == [differ - wrote, differ & wrote]
        other = buffer.device_side()
        assert other is not None
        assert (buffer[::64].tolist(), other[::64].tolist()) == (host, dram)


def test_very_many_stretches_are_told_as_few(device: SimulatedDevice) -> None:
    buffer = device.allocate(1 << 18, "u1", cacheable=True)
    buffer[::128] = 1
    told = buffer.coherence
    assert told.state == "host newer"
    assert len(told.host) == 512
    covered = np.zeros(1 << 18, bool)
    for at, size in told.host:
        covered[at : at + size] = True
    assert covered[::128].all()


def test_the_devices_side_has_the_shape_and_cannot_be_written(device: SimulatedDevice) -> None:
    buffer = device.allocate((4, 32), "<i2", cacheable=True)  # a line of the cache each
    buffer[:] = np.arange(128).reshape(4, 32)
    buffer[1:].flush()
    other = buffer.device_side()
    assert other is not None
    assert type(other) is np.ndarray
    assert (other[0].tolist(), other[1].tolist()) == ([0] * 32, list(range(32, 64)))
    with pytest.raises(ValueError, match="read-only"):
        other[0] = 1
    for view in (buffer[:, 2], buffer.T, buffer[::-1], buffer[1:3, ::2]):
        seen = view.device_side()
        expected = np.where(np.arange(128).reshape(4, 32) < 32, 0, np.arange(128).reshape(4, 32))
        index = {0: expected[:, 2], 1: expected.T, 2: expected[::-1], 3: expected[1:3, ::2]}
        assert seen is not None
        assert any(np.array_equal(seen, expect) for expect in index.values())
    nothing = device.allocate((0, 3), cacheable=True)
    assert nothing.device_side() is not None
    assert nothing.coherence.state == "same"


def test_a_device_that_cannot_tell_says_unknown() -> None:
    class Board:
        def flush(self, *arguments: Any) -> None: ...

    buffer = PynqBuffer((4,), "u4", device=Board(), device_address=0x1000, coherent=False)
    assert buffer.coherence.state == "unknown"
    assert buffer.device_side() is None


# Listeners.


def test_who_listens_to_a_coherent_buffer_is_told_of_each_write_of_the_device(device: SimulatedDevice) -> None:
    buffer = device.allocate(16, "u4")
    told: list[tuple[int, int]] = []
    undo = buffer[4:8].on_change(lambda offset, nbytes: told.append((offset, nbytes)))
    device.memory.write(buffer.physical_address + 8, b"12345678")
    buffer[0] = 5  # the host knows what it wrote
    assert told == [(8, 8)]
    view = device.memory.view(buffer.physical_address, 64)
    assert view is not None
    view[3] = 1
    assert told == [(8, 8)]
    del view
    assert told == [(8, 8), (0, 64)], "as soon as the model lets go of it, by cache lines"
    undo()
    device.memory.write(buffer.physical_address, bytes(4))
    assert len(told) == 2


def test_a_cacheable_one_is_told_when_it_is_invalidated(device: SimulatedDevice) -> None:
    buffer = device.allocate(16, "u4", cacheable=True)
    told: list[tuple[int, int]] = []
    buffer.on_change(lambda offset, nbytes: told.append((offset, nbytes)))
    device.memory.write(buffer.physical_address, bytes(64))
    assert told == []
    buffer[2:4].invalidate()
    assert told == [(8, 8)]
    buffer.flush()
    assert told == [(8, 8)]


def test_a_driver_tells_what_changed(device: SimulatedDevice) -> None:
    buffer = device.allocate((4, 4), "u4")
    told: list[tuple[int, int]] = []
    buffer.on_change(lambda offset, nbytes: told.append((offset, nbytes)))
    buffer.tell_changed()
    buffer[2].tell_changed()
    buffer[2].tell_changed(4, 8)
    buffer[::2].tell_changed()
    buffer[::-1].tell_changed()
    buffer[0:0].tell_changed()
    assert told == [(0, 64), (32, 16), (36, 8), (0, 48), (0, 64)]
    with pytest.raises(ValueError, match="bytes 60 to 68 are not in this array of 64 bytes"):
        buffer.tell_changed(60, 8)
    np.zeros(3).view(PynqBuffer).tell_changed()
    view = buffer[1:]
    buffer.freebuffer()
    view.tell_changed()
    assert len(told) == 5


def test_a_listener_that_fails_stops_nobody(device: SimulatedDevice, caplog: pytest.LogCaptureFixture) -> None:
    buffer = device.allocate(4)
    told: list[int] = []

    def fail(offset: int, nbytes: int) -> None:
        raise RuntimeError("no")

    buffer.on_change(fail)
    buffer.on_change(lambda offset, nbytes: told.append(offset))
    buffer.tell_changed()
    assert told == [0]
    assert "a listener of a buffer failed" in caplog.text


def test_listening_keeps_no_memory(device: SimulatedDevice) -> None:
    gc.disable()
    try:
        buffer: Any = device.allocate(64, cacheable=True)
        buffer.on_change(lambda offset, nbytes: None)
        view = device.memory.view(buffer.physical_address, 8)
        assert view is not None
        view[0] = 1
        del view, buffer
        assert device.pool.allocations == ()
    finally:
        gc.enable()


def test_a_copy_has_nothing_to_listen_to(device: SimulatedDevice) -> None:
    buffer = device.allocate(4)
    copied = buffer[[0, 1]]
    with pytest.raises(NoAddressError, match="this array has no memory to listen to: it is a copy of a buffer"):
        copied.on_change(print)
    buffer.freebuffer()
    with pytest.raises(BufferFreedError, match="use after free"):
        buffer.on_change(print)


# Transfers.


@dataclass(eq=False)
class Move:
    title: str
    to_memory: bool = True
    offset: int = 0
    nbytes: int = 16
    done: bool = False
    error: BaseException | None = None

    def position(self) -> int | None:
        return None


def test_what_is_under_way_is_known_to_every_view(device: SimulatedDevice) -> None:
    buffer = device.allocate(16)
    first, second = Move("dma.recvchannel"), Move("dma.sendchannel")
    assert isinstance(first, Transfer)
    assert buffer.under_way == ()
    buffer[4:].begin_transfer(first)
    buffer.begin_transfer(second)
    assert buffer[1:2].under_way == (first, second)
    buffer.end_transfer(first)
    buffer.end_transfer(first)
    assert buffer.under_way == (second,)
    assert buffer.copy() is not buffer


def test_to_free_what_hardware_works_in_is_warned_of(device: SimulatedDevice) -> None:
    buffer = device.allocate(4)
    move = Move("dma.recvchannel")
    buffer.begin_transfer(move)
    with pytest.warns(
        RuntimeWarning, match=r"the buffer of shape \(4,\) and dtype uint32 was freed while dma.recvchannel was at work in it"
    ):
        buffer.freebuffer()
    assert buffer.freed
    assert len(device.pool.allocations) == 1  # nobody else gets it yet
    buffer.end_transfer(move)
    assert device.pool.allocations == ()
    with pytest.raises(BufferFreedError, match="double free"):
        buffer.freebuffer()
    ended = device.allocate(4)
    ended.begin_transfer(Move("dma", done=True))
    ended.freebuffer()
    assert device.pool.allocations == ()
