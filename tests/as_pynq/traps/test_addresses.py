"""Where a part of a buffer is, and what has no place in memory that hardware reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pynq_widgets.device import BufferFreedError

Make = Callable[[Any], Any]

PLACED: dict[str, tuple[Make, int, int]] = {
    "slice": (lambda b: b.reshape(-1)[10:], 40, 88),
    "row": (lambda b: b[1], 32, 32),
    "rows": (lambda b: b[2:], 64, 64),
    "part of a row": (lambda b: b[1, 3:6], 44, 12),
    "element": (lambda b: b[1, 2, ...], 40, 4),
    "empty": (lambda b: b[1, 2:2], 32, 0),
    "from an iteration": (lambda b: list(b)[3], 96, 32),
    "bytes": (lambda b: b.view("u1"), 0, 128),
    "bytes of a row": (lambda b: b[1].view("u1")[5:], 37, 27),
    "reshaped": (lambda b: b.reshape(8, 4)[3], 48, 16),
    "ravel": (lambda b: b.ravel()[1:], 4, 124),
    "split": (lambda b: np.split(b, 2)[1], 64, 64),
    "new axis": (lambda b: b[1][None], 32, 32),
    "squeezed": (lambda b: b[1:2].squeeze(), 32, 32),
    "transposed twice": (lambda b: b.T.T, 0, 128),
}

STRIDED: dict[str, Make] = {
    "column": lambda b: b[:, 1],
    "every other": lambda b: b.reshape(-1)[::2],
    "backwards": lambda b: b.reshape(-1)[::-1],
    "transposed": lambda b: b.T,
    "columns": lambda b: b[:, 2:5],
    "broadcast": lambda b: np.broadcast_to(b[0], (4, 8), subok=True),
}

COPIES: dict[str, Make] = {
    "copy": lambda b: b.copy(),
    "sum": lambda b: b + 1,
    "chosen": lambda b: b[[1, 2]],
    "where true": lambda b: b[b >= 0],
    "transposed ravel": lambda b: b.T.ravel(),
    "flattened": lambda b: b.flatten(),
    "converted": lambda b: b.astype("u2"),
    "joined": lambda b: np.concatenate([b, b]),
    "column made contiguous": lambda b: np.ascontiguousarray(b[:, 1]),
}


@pytest.fixture
def buffer(pynq: Any) -> Any:
    """4 rows of 8 words."""
    return pynq.allocate((4, 8), "u4")


@pytest.mark.parametrize("name", PLACED)
def test_a_contiguous_part_knows_where_it_is(name: str, buffer: Any, device: Any) -> None:
    """PYNQ 4.0.0: so too; and the device finds there what was written."""
    make, offset, nbytes = PLACED[name]
    part = make(buffer)
    assert part.physical_address == part.device_address == buffer.physical_address + offset
    assert part.nbytes == nbytes
    part[...] = 0x5A
    part.flush()
    assert bytes(device.memory.read(part.physical_address, nbytes)) == part.tobytes()
    assert not np.delete(np.frombuffer(buffer, "u1"), slice(offset, offset + nbytes)).any()


@pytest.mark.parametrize("name", STRIDED)
def test_a_strided_part_has_no_address(name: str, buffer: Any) -> None:
    """PYNQ 4.0.0: ``buf[:, 1].physical_address`` is that of its first element, and a transfer of its nbytes moves others."""
    part = STRIDED[name](buffer)
    for attribute in ("physical_address", "device_address"):
        with pytest.raises(AttributeError, match=r"is strided: its elements do not stand one after another"):
            getattr(part, attribute)
    assert getattr(part, "physical_address", None) is None


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_has_no_address(name: str, buffer: Any) -> None:
    """PYNQ 4.0.0: ``(buf + 1).physical_address`` is a number (0x1003a2a0 was seen), of memory that belongs to somebody else."""
    made = COPIES[name](buffer)
    assert not hasattr(made, "physical_address")
    assert not hasattr(made, "device_address")


def test_a_copy_cannot_be_flushed(buffer: Any) -> None:
    """PYNQ 4.0.0: ``(buf + 1).flush()`` flushes at an offset far outside of the buffer object (11600 was seen)."""
    for make in COPIES.values():
        made = make(buffer)
        with pytest.raises(AttributeError):
            made.flush()


@pytest.mark.parametrize("operation", ["flush", "invalidate"])
def test_only_the_bytes_of_a_strided_part_are_flushed(operation: str, pynq: Any) -> None:
    """PYNQ 4.0.0: ``buf[:, 1].flush()`` flushes 16 bytes from its first element: one of its four, and three of others."""
    asked = []

    class Mock(pynq.Device):
        def allocate(self, shape: Any, dtype: Any) -> Any:
            return pynq.buffer.PynqBuffer(shape, dtype, device=self, bo=3, device_address=0x1000_0000, coherent=False)

        def flush(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
            asked.append((bo, offset, nbytes))

        invalidate = flush

    made = pynq.allocate((4, 8), "u4", target=Mock("mock"))
    getattr(made[:, 1], operation)()
    assert asked == [(3, row * 32 + 4, 4) for row in range(4)]
    asked.clear()
    getattr(made[1], operation)()
    assert asked == [(3, 32, 32)]


def test_fields_of_a_structured_buffer(pynq: Any) -> None:
    """PYNQ 4.0.0: ``buf['gain'].physical_address`` is a number, though its elements are 12 bytes apart."""
    made = pynq.allocate((3,), np.dtype([("id", "u4"), ("gain", "f8")]))
    assert made[1:].physical_address == made.physical_address + 12
    assert made[1:2]["gain"].physical_address == made.physical_address + 16
    with pytest.raises(AttributeError, match=r"strides \(12,\)"):
        _ = made["gain"].physical_address


def test_memory_that_was_taken_out_of_numpys_hands(buffer: Any) -> None:
    """PYNQ 4.0.0: np.frombuffer(buf) and np.asarray(buf) are plain arrays, without an address; so too, and they share the memory."""
    plain = np.frombuffer(buffer, "u1")
    assert not hasattr(plain, "physical_address")
    assert not hasattr(np.asarray(buffer)[1:], "physical_address")
    buffer[0, 0] = 0x01020304
    assert plain[:4].tolist() == [4, 3, 2, 1]


def test_an_address_outlives_no_buffer(buffer: Any) -> None:
    """PYNQ 4.0.0: after ``freebuffer()`` the address stays, and the next allocation may get the same memory."""
    row = buffer[1]
    buffer.freebuffer()
    with pytest.raises(BufferFreedError, match=r"^use after free: the buffer of shape \(8,\) and dtype uint32 was freed"):
        _ = row.physical_address
