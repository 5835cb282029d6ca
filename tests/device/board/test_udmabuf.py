"""Buffers in a region of u-dma-buf."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pynq_widgets.access import allocate
from pynq_widgets.device import BufferFreedError, PoolExhaustedError
from pynq_widgets.device.board import BoardDevice
from pynq_widgets.device.board.udmabuf import regions

from .conftest import Kernel

PLACE = "/sys/class/u-dma-buf/udmabuf0"
BASE = 0x1800_0000
Board = Callable[[Kernel], BoardDevice]


def region(kernel: Kernel, place: str = PLACE, size: int = 1 << 20, mode: int = 1, coherent: int = 0, base: int = BASE) -> None:
    for name, text in (
        ("size", str(size)),
        ("phys_addr", f"{base:#010x}"),
        ("sync_mode", str(mode)),
        ("dma_coherent", str(coherent)),
        ("sync_for_cpu", ""),
        ("sync_for_device", ""),
    ):
        kernel.put(f"{place}/{name}", f"{text}\n")
    name = f"/dev/{os.path.basename(place)}"
    kernel.put(name, "")
    os.truncate(kernel.path(name), size)


def memory(kernel: Kernel, offset: int, nbytes: int) -> bytes:
    with open(kernel.path("/dev/udmabuf0"), "rb") as file:
        file.seek(offset)
        return file.read(nbytes)


@pytest.fixture(autouse=True)
def _no_xrt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyxrt", None)  # type: ignore[arg-type]


def test_an_array_past_the_cache(board: Board, zynq: Kernel) -> None:
    region(zynq)
    buffer = allocate((16, 16), "u2", target=board(zynq))
    # The mode that suits numpy, and what other processes left in the cache; a flush is needless.
    assert zynq.log == [
        (f"{PLACE}/sync_mode", "2"),
        (f"{PLACE}/sync_for_device", "0x0000000000100001"),
        (f"{PLACE}/sync_for_cpu", "0x0000000000100001"),
    ]
    assert (buffer.physical_address, buffer.coherent, buffer.any()) == (BASE, True, False)
    buffer[:] = 0x1234
    buffer.flush()
    buffer.invalidate()
    assert len(zynq.log) == 3
    assert memory(zynq, 0, 512) == b"\x34\x12" * 256


def test_a_cacheable_one_is_flushed_and_invalidated_by_cache_lines(board: Board, zynq: Kernel) -> None:
    region(zynq)
    device = board(zynq)
    buffer = allocate(4096, "u4", target=device, cacheable=True)
    assert (buffer.coherent, zynq.log) == (False, [(f"{PLACE}/sync_for_device", "0x0000000000004001")])
    other = allocate(16, "u4", target=device, cacheable=True)
    assert other.physical_address == BASE + 0x4000
    zynq.log.clear()
    other.flush()
    buffer[1000:1010].invalidate()
    assert zynq.log == [(f"{PLACE}/sync_for_device", "0x0000400000000041"), (f"{PLACE}/sync_for_cpu", "0x00000F8000000081")]


def test_pages_that_were_cacheable_leave_nothing_behind(board: Board, zynq: Kernel) -> None:
    region(zynq)
    device = board(zynq)
    first = allocate(16, "u4", target=device, cacheable=True)
    first[:] = 99
    first.freebuffer()
    zynq.log.clear()
    second = allocate(16, "u4", target=device)
    assert second.physical_address == BASE
    assert zynq.log[3:] == [(f"{PLACE}/sync_for_device", "0x0000000000001001"), (f"{PLACE}/sync_for_cpu", "0x0000000000001001")]
    assert not second.any()


def test_memory_that_the_hardware_keeps_coherent_needs_nothing(board: Board, zynq: Kernel) -> None:
    region(zynq, coherent=1)
    device = board(zynq)
    for cacheable in (False, True):
        assert device.allocate(16, "u4", cacheable=cacheable).coherent
    assert zynq.log == []


def test_where_the_cache_cannot_be_passed_all_are_cacheable(board: Board, zynq: Kernel, caplog: pytest.LogCaptureFixture) -> None:
    region(zynq)

    def refuse(name: str, text: str) -> None:
        if name.endswith("sync_mode"):
            raise PermissionError(13, "Permission denied")

    zynq.refuse = refuse
    device = board(zynq)
    assert [device.allocate(16, "u4").coherent for _ in range(2)] == [False, False]
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("(Permission denied): all its buffers are cacheable") or "Permission denied" in caplog.messages[0]


def test_freed_and_forgotten_ones_are_given_out_again(board: Board, zynq: Kernel) -> None:
    region(zynq, size=0x3000)
    device = board(zynq)
    kept = [device.allocate(1024, "u4", name=f"frame {i}") for i in range(3)]
    with pytest.raises(PoolExhaustedError) as caught:
        device.allocate(1, "u1")
    assert str(caught.value).startswith(
        "no contiguous block of 1 bytes in udmabuf0: 0 of 12288 bytes are left, the largest block has 0; held by"
    )
    assert "frame 1 (4096 bytes at 0x18001000)" in str(caught.value)
    part = kept[1][10:]
    del kept[1]
    gc.collect()
    with pytest.raises(MemoryError):
        device.allocate(1, "u1")
    del part
    assert device.allocate(1, "u1").physical_address == BASE + 0x1000
    bo = kept[0].bo
    kept[0].freebuffer()
    with pytest.raises(BufferFreedError):
        device.flush(bo, 0, 0, 4)
    with pytest.raises(TypeError, match=r"this is no buffer of udmabuf0"):
        device.flush(7, 0, 0, 4)


def test_no_bytes_no_sync(board: Board, zynq: Kernel) -> None:
    region(zynq)
    empty = allocate(0, "u4", target=board(zynq), cacheable=True)
    empty.flush()
    assert zynq.log == []


def test_a_refused_flush_is_told(board: Board, zynq: Kernel) -> None:
    region(zynq)
    buffer = allocate(16, "u4", target=board(zynq), cacheable=True)

    def refuse(name: str, text: str) -> None:
        raise OSError(22, "Invalid argument")

    zynq.refuse = refuse
    with pytest.raises(RuntimeError, match=r"64 bytes at 0x0 of .*udmabuf0 could not be invalidated: Invalid argument$"):
        buffer.invalidate()


def test_the_largest_region_is_taken_under_either_name(board: Board, zynq: Kernel) -> None:
    region(zynq, "/sys/class/udmabuf/small", 0x1000)
    region(zynq, "/sys/class/u-dma-buf/large", 0x8000, base=0x1900_0000)
    region(zynq, "/sys/class/u-dma-buf/broken", 0x10000)
    os.unlink(zynq.path("/dev/broken"))
    assert regions(zynq) == ["/sys/class/u-dma-buf/large", "/sys/class/udmabuf/small"]
    assert board(zynq).allocate(4, "u4").physical_address == 0x1900_0000


def test_a_region_belongs_to_one_at_a_time(board: Board, zynq: Kernel) -> None:
    region(zynq)
    first, second = board(zynq), board(zynq)
    first.allocate(4, "u4")
    with pytest.raises(
        RuntimeError, match=rf"u-dma-buf: {PLACE} belongs to another process, or to another device of this one: end it, or "
    ):
        second.allocate(4, "u4")
    region(zynq, "/sys/class/u-dma-buf/udmabuf1", 0x2000, base=0x1F00_0000)
    assert second.allocate(4, "u4").physical_address == 0x1F00_0000
    del first
    gc.collect()
    third = board(zynq)
    assert third.allocate(4, "u4").physical_address == BASE


def test_neither_way_names_both(board: Board, zynq: Kernel) -> None:
    device = board(zynq)
    with pytest.raises(RuntimeError) as caught:
        device.allocate(4, "u4")
    assert str(caught.value).startswith("there is no contiguous memory for buffers on this board. XRT: pyxrt cannot be imported (")
    assert str(caught.value).endswith(
        "u-dma-buf: no region of u-dma-buf is there: insmod u-dma-buf.ko udmabuf0=67108864, or a node 'ikwzm,u-dma-buf' of the device tree"
    )
    region(zynq)
    assert device.allocate(4, "u4").shape == (4,)


def test_a_region_that_cannot_be_opened(board: Board, zynq: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    region(zynq)
    opened = os.open

    def refuse(path: Any, flags: int, *more: Any) -> int:
        if str(path).endswith("udmabuf0"):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RuntimeError, match=r"cannot be opened .*: run Python, or Jupyter, as root$"):
        board(zynq).allocate(4, "u4")


def test_drivers_take_the_default_memory(board: Board, zynq: Kernel) -> None:
    region(zynq)
    device = board(zynq)
    buffer = device.default_memory.allocate((2, 2), np.float64)
    assert buffer.dtype == np.float64
    assert buffer.coherence.state == "coherent"
    assert device.allocate(4, "u4", cacheable=True).coherence.state == "unknown"
