"""PynqBuffer: who knows its address, who does not, and what the end of a buffer means."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.device import BufferFreedError, NoAddressError, PoolExhaustedError, PynqBuffer, SimulatedDevice, VirtualClock


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice(pool_size=1 << 20, clock=VirtualClock())


def test_a_buffer_is_an_array_that_starts_at_zero_and_has_pynqs_attributes(device: SimulatedDevice) -> None:
    buffer = device.allocate((4, 8), "i2")
    assert isinstance(buffer, np.ndarray)
    assert (buffer.shape, buffer.dtype, buffer.any()) == ((4, 8), np.dtype("i2"), np.False_)
    assert buffer.physical_address == buffer.device_address == 0x1000_0000
    assert type(buffer.physical_address) is int
    assert buffer.virtual_address == buffer.ctypes.data
    assert (buffer.coherent, buffer.cacheable, buffer.freed, buffer.device) == (True, False, False, device)


def test_slices_reshapes_and_views_know_their_own_address(device: SimulatedDevice) -> None:
    buffer = device.allocate(64, "u4")
    base = buffer.physical_address
    assert buffer[10:].physical_address == base + 40
    assert buffer[10:][5:6].physical_address == base + 60
    assert buffer.reshape(8, 8)[3].physical_address == base + 96
    assert buffer.view("u1")[5:].physical_address == base + 5
    assert buffer.reshape(8, 8)[2:4].transfer_span() == (base + 64, 64)
    assert buffer[3:4].offset == 12


def test_copies_and_results_have_no_address_and_say_so(device: SimulatedDevice) -> None:
    buffer = device.allocate(16, "u4")
    for plain in (
        buffer + 1,
        buffer.copy(),
        copy.copy(buffer),
        copy.deepcopy(buffer),
        buffer.astype("u1"),
        pickle.loads(pickle.dumps(buffer)),
    ):
        assert type(plain) is np.ndarray
    assert type(np.sqrt(buffer)) is np.ndarray
    assert isinstance(buffer.sum(), np.integer)
    picked = buffer[[1, 2]]
    assert not hasattr(picked, "physical_address")
    with pytest.raises(NoAddressError) as error:
        _ = picked.physical_address
    assert str(error.value) == (
        "this array has no physical address: it is a copy of a buffer, not a view. Write into the buffer instead: buffer[:] = array"
    )
    file = io.BytesIO()
    np.save(file, buffer)
    file.seek(0)
    assert type(np.load(file)) is np.ndarray


def test_in_place_arithmetic_stays_in_the_buffer(device: SimulatedDevice) -> None:
    buffer = device.allocate(4, "u4")
    address = buffer.physical_address
    buffer += 5
    np.add(buffer, 1, out=buffer)
    assert buffer.physical_address == address
    assert bytes(device.memory.read(address, 4)) == (6).to_bytes(4, "little")


def test_a_strided_view_refuses_to_be_transferred(device: SimulatedDevice) -> None:
    square = device.allocate((4, 4), "u1")
    for view in (square[:, 1], square.T, square[::2], square[::-1]):
        with pytest.raises(NoAddressError, match="is strided: its elements do not stand one after another"):
            view.transfer_span()
        assert not hasattr(view, "physical_address")
    assert square[1:3].transfer_span() == (square.physical_address + 4, 8)


def test_the_memory_is_free_when_the_last_view_goes(device: SimulatedDevice) -> None:
    left = device.pool.left
    buffer: Any = device.allocate(5000, "u1")
    assert device.pool.left == left - 8192
    view: Any = buffer[100:200].view(np.ndarray)
    raw = memoryview(view)
    del buffer, view
    assert len(device.pool.allocations) == 1
    raw.release()
    assert len(device.pool.allocations) == 0
    assert device.pool.left == left


def test_use_after_free_and_double_free_are_clear_errors(device: SimulatedDevice) -> None:
    buffer = device.allocate(16, "u4")
    view = buffer[4:8]
    view[:] = 7
    buffer.freebuffer()
    assert buffer.freed
    assert view.freed
    assert device.pool.allocations == ()
    message = r"use after free: the buffer of shape \(16,\) and dtype uint32 was freed"
    uses = (lambda: buffer[0], lambda: buffer.flush(), lambda: buffer + 1, lambda: np.sum(buffer), lambda: buffer.physical_address)
    for use in uses:
        with pytest.raises(BufferFreedError, match=message):
            use()
    with pytest.raises(BufferFreedError, match=message):
        buffer[0] = 1
    with pytest.raises(BufferFreedError, match="double free"):
        buffer.freebuffer()
    with pytest.raises(BufferFreedError, match="use after free"):
        _ = view.physical_address
    assert repr(buffer) == "<freed PynqBuffer of shape (16,) and dtype uint32>"
    # The view keeps its contents and shares nothing with whoever gets the memory next.
    after = device.allocate(16, "u4")
    assert after.physical_address == 0x1000_0000
    after[:] = 9
    assert view.tolist() == [7] * 4
    view[:] = 1
    assert after.tolist() == [9] * 16


@pytest.mark.parametrize(
    "use",
    [
        lambda b: b.sort(),
        lambda b: b.partition(2),
        lambda b: b.put(0, 1),
        lambda b: b.byteswap(inplace=True),
        lambda b: b.nonzero(),
        lambda b: b.tofile("never written"),
        lambda b: b.flat[0],
        lambda b: b.real,
        lambda b: b.__enter__(),
        lambda b: b.squeeze(),
        lambda b: b.conj(),
        lambda b: b.ctypes,
        lambda b: bool(b),
        lambda b: float(b),
        lambda b: complex(b),
        lambda b: range(b),
    ],
)
def test_what_numpy_does_by_itself_is_refused_after_free_too(use: Callable[[Any], Any], device: SimulatedDevice) -> None:
    buffer = device.allocate(4, "u4")
    buffer.freebuffer()
    with pytest.raises(BufferFreedError, match=r"^use after free: the buffer of shape \(4,\) and dtype uint32 was freed$"):
        use(buffer)


def test_only_the_whole_can_be_freed(device: SimulatedDevice) -> None:
    buffer = device.allocate(16, "u4")
    with pytest.raises(ValueError, match="only the buffer as a whole can be freed, not a view of 16 of its 64 bytes"):
        buffer[:4].freebuffer()
    buffer.reshape(4, 4).freebuffer()
    assert buffer.freed


def test_a_with_block_frees_once(device: SimulatedDevice) -> None:
    with device.allocate(4) as buffer:
        assert buffer.dtype == np.dtype("u4")
    assert buffer.freed
    with device.allocate(4) as early:
        early.freebuffer()
    assert device.pool.allocations == ()


def test_close_is_an_old_name(device: SimulatedDevice) -> None:
    buffer = device.allocate(4)
    for _ in range(2):
        with pytest.warns(DeprecationWarning, match=r"^close\(\) of a buffer is an old name: use freebuffer\(\), or with$"):
            buffer.close()
    assert buffer.freed


def test_exhaustion_tells_what_is_left_and_who_holds_the_rest() -> None:
    device = SimulatedDevice(pool_size=16384, clock=VirtualClock())
    first = device.allocate(4096, "u1", name="image")
    second = device.allocate(4096, "u1", name="mask")
    first.freebuffer()
    with pytest.raises(PoolExhaustedError) as error:
        device.allocate(12288, "u1")
    assert str(error.value) == (
        "no contiguous block of 12288 bytes: 12288 of 16384 bytes are left, the largest block has 8192; held by "
        "mask (4096 bytes at 0x10001000); it is fragmented. Try to free buffers that lie between the free pieces "
        "(device.memory shows them) or make the device with a larger pool, and allocate there: "
        "device = SimulatedDevice(pool_size=bytes), Overlay(path, device=device), allocate(..., target=device)"
    )
    assert isinstance(error.value, MemoryError)
    del second


def test_an_allocation_without_a_name_is_known_by_its_place(device: SimulatedDevice) -> None:
    buffer = device.allocate((2, 3), "f4")
    assert str(device.pool.allocations[0].owner).startswith("2×3 float32 made at ")
    assert "test_buffer.py:" in str(device.pool.allocations[0].owner)
    del buffer


def test_a_cacheable_buffer_has_two_sides(device: SimulatedDevice) -> None:
    buffer = device.allocate((4, 64), "u1", cacheable=True)
    assert buffer.cacheable
    buffer[:] = [[1], [2], [3], [4]]
    assert bytes(device.memory.read(buffer.physical_address, 256)) == bytes(256)
    buffer[1:2].flush()
    assert bytes(device.memory.read(buffer.physical_address, 256)) == bytes(64) + bytes([2]) * 64 + bytes(128)
    device.memory.write(buffer.physical_address, bytes([9]) * 256)
    buffer[3:].invalidate()
    assert buffer[:, 0].tolist() == [1, 2, 3, 9]
    buffer.sync_from_device()
    assert buffer[:, 0].tolist() == [9] * 4


@given(st.data())
def test_flush_of_any_view_moves_its_lines_and_no_others(data: st.DataObject) -> None:
    device = SimulatedDevice(pool_size=1 << 16, clock=VirtualClock())
    buffer = device.allocate((4, 5, 3), "V64", cacheable=True)  # elements of one line of the cache
    buffer.view("u1")[:] = 1
    index = tuple(
        data.draw(st.one_of(st.integers(0, n - 1), st.builds(slice, st.integers(0, n), st.integers(0, n), st.sampled_from([1, 2, -1, -2]))))
        for n in buffer.shape
    )
    view: Any = buffer[index]
    if not isinstance(view, PynqBuffer):
        return
    view = view.T if data.draw(st.booleans()) else view
    view.flush()
    expected = np.zeros((4, 5, 3), "u1")
    expected[index] = 1
    seen = np.frombuffer(device.memory.read(buffer.physical_address, 60 * 64), "u1").reshape(4, 5, 3, 64)
    assert np.array_equal(seen, np.broadcast_to(expected[..., None], seen.shape))


def test_what_cannot_be_a_buffer_is_refused(device: SimulatedDevice) -> None:
    with pytest.raises(TypeError, match="cannot hold Python objects"):
        device.allocate(4, object)
    with pytest.raises(ValueError, match="negative dimension"):
        device.allocate((2, -1))
    with pytest.raises(TypeError, match="does not know bank; it takes cacheable, name and align"):
        device.allocate(4, bank=1)


@pytest.mark.parametrize("shape", [2.5, (2.5,), "3", None, float("nan"), [[1], [2, 3]]])
def test_a_shape_is_of_whole_numbers(device: SimulatedDevice, shape: Any) -> None:
    left = device.pool.left
    with pytest.raises(TypeError, match="the shape of a buffer is an int or a tuple of ints, not "):
        device.allocate(shape)
    assert device.pool.left == left


def test_shapes_as_numpy_has_them(device: SimulatedDevice) -> None:
    assert [device.allocate(n).shape for n in (np.int64(3), [2, 3], np.array([2, 3]), (np.uint8(2),))] == [(3,), (2, 3), (2, 3), (2,)]


def test_empty_and_zero_dimensional_buffers(device: SimulatedDevice) -> None:
    assert device.allocate((0, 3)).transfer_span()[1] == 0
    scalar = device.allocate((), "u8")
    scalar[()] = 5
    assert int(scalar) == 5
    assert scalar.transfer_span()[1] == 8


def test_a_pynq_device_can_make_one_with_its_own_memory() -> None:
    class Cache:
        returned: list[Any] = []

        def return_pointer(self, pointer: Any) -> None:
            self.returned.append(pointer)

    calls: list[Any] = []

    class PynqDevice:
        def flush(self, *arguments: Any) -> None:
            calls.append(arguments)

    memory = bytearray(64)
    buffer = PynqBuffer((16,), np.dtype("u4"), bo="bo", device=PynqDevice(), buffer=memory, device_address=0x1234000, coherent=False)
    buffer.pointer = ("pointer",)
    buffer.return_to = Cache()
    buffer[4:8].flush()
    assert calls == [("bo", 16, buffer.virtual_address + 16, 16)]
    assert buffer[1:].physical_address == 0x1234004
    buffer.freebuffer()
    assert Cache.returned == [("pointer",)]


def test_a_copy_that_outlives_its_buffer_has_no_address_wherever_it_lies(device: SimulatedDevice) -> None:
    buffer: Any = device.allocate(1 << 14, "u4")
    picked: Any = buffer[[1, 2]]
    start = buffer.virtual_address
    del buffer
    later = [picked[[0] * 1024 * n] for n in range(1, 64)]  # some may be where the buffer was
    assert not any(hasattr(array, "physical_address") for array in later)
    assert start


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "<u2", ">u4", "f2", "f4", "f8", "u8", "i8", "c8", "c16", "S5", "M8[ms]", "m8[us]", [("i", "<i2"), ("q", "<i2", 3)]]
)
def test_types_of_every_size_are_all_zero_and_leave_as_plain_arrays(device: SimulatedDevice, dtype: Any) -> None:
    kind = np.dtype(dtype)
    buffer = device.allocate((3, 5), kind)
    assert (buffer.dtype, buffer.nbytes) == (kind, 15 * kind.itemsize)
    assert bytes(device.memory.read(buffer.physical_address, buffer.nbytes)) == bytes(buffer.nbytes)
    part = buffer[1:, :]
    assert part.physical_address == buffer.physical_address + 5 * kind.itemsize
    device.memory.write(part.physical_address, b"\1" * part.nbytes)
    assert buffer.tobytes() == bytes(5 * kind.itemsize) + b"\1" * part.nbytes
    file = io.BytesIO()
    np.save(file, part)
    file.seek(0)
    for plain in (np.load(file), pickle.loads(pickle.dumps(part)), part.copy(), copy.deepcopy(part)):
        assert type(plain) is np.ndarray
        assert plain.tobytes() == part.tobytes()
        assert not hasattr(plain, "physical_address")


def test_a_view_without_axes_of_length_1_knows_where_it_is(device: SimulatedDevice) -> None:
    buffer = device.allocate((1, 4, 1, 2), "u2")
    for view in (buffer[:, 2].squeeze(), np.squeeze(buffer[:, 2]), buffer[:, 2].squeeze((0, 1))):
        assert view.tolist() == [0, 0]
        assert view.physical_address == buffer.physical_address + 8
    assert buffer[:, ::2].squeeze(0).shape == (2, 1, 2)
    with pytest.raises(ValueError, match="cannot select an axis to squeeze out"):
        buffer.squeeze(1)


def test_views_of_fields_and_parts_know_where_they_are(device: SimulatedDevice) -> None:
    samples = device.allocate(8, [("i", "<i2"), ("q", "<i2")])
    assert samples["q"].offset == 2
    with pytest.raises(NoAddressError, match="is strided"):
        _ = samples["q"].physical_address
    complex_ = device.allocate(4, "c8")
    assert complex_.imag.offset == 4
    assert complex_.view("f4")[3:].physical_address == complex_.physical_address + 12
    assert np.lib.stride_tricks.as_strided(complex_, (2,), (8,), subok=True).physical_address == complex_.physical_address


def test_memory_that_is_given_again_is_zero_again(device: SimulatedDevice) -> None:
    for cacheable in (False, True, False):
        buffer = device.allocate(1024, cacheable=cacheable)
        assert not buffer.any()
        assert not any(device.memory.read(buffer.physical_address, 4096))
        buffer[:] = 0xFFFFFFFF
        if cacheable:
            buffer.flush()
        buffer.freebuffer()


@pytest.mark.parametrize("shape", [1 << 40, (1 << 40, 1 << 40), (10**30,)])
def test_huge_requests_are_exhausted_pools(device: SimulatedDevice, shape: Any) -> None:
    with pytest.raises(PoolExhaustedError, match=r"Try to ask for less"):
        device.allocate(shape, "u8")
    assert device.pool.largest == 1 << 20


def test_a_whole_view_frees_the_buffer_too(device: SimulatedDevice) -> None:
    buffer = device.allocate(16)
    buffer.reshape(4, 4).freebuffer()
    with pytest.raises(BufferFreedError, match="use after free"):
        _ = buffer[0]
    with pytest.raises(NoAddressError, match="this array has no memory to free: it is a copy of a buffer, not a view"):
        device.allocate(4)[[0]].freebuffer()


def test_a_class_that_allocates_by_itself_is_asked() -> None:
    from pynq_widgets.access import allocate

    class Counting(SimulatedDevice):
        asked = 0

        def allocate(self, *args: Any, **kwargs: Any) -> PynqBuffer:
            self.asked += 1
            return super().allocate(*args, **kwargs)

    device = Counting("counting", clock=VirtualClock())
    buffers = [allocate(4, target=device) for _ in range(3)]
    assert (device.asked, len(buffers)) == (3, 3)
