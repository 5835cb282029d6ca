"""Buffers of XRT, whose Python binding is played by one of ours."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pynq_widgets.access import allocate
from pynq_widgets.device import BufferFreedError
from pynq_widgets.device.board import BoardDevice

from .conftest import Kernel


class Pyxrt:
    """The module ``pyxrt``. Its buffers stand at addresses that go up, filled with what others left there."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.next = 0x1000_0000
        self.alive: weakref.WeakSet[Any] = weakref.WeakSet()
        self.room = 1 << 20
        self.described = True
        self.xclBOSyncDirection = SimpleNamespace(XCL_BO_SYNC_BO_TO_DEVICE="to", XCL_BO_SYNC_BO_FROM_DEVICE="from")
        outer = self

        class Handle:
            def __init__(self, index: int) -> None:
                outer.log.append(("open", index))

            def load_xclbin(self, path: str) -> None:
                outer.log.append(("load", Path(path).read_text()))
                outer.described = True

        class Bo:
            flags = SimpleNamespace(normal="normal", cacheable="cacheable")

            def __init__(self, handle: Any, nbytes: int, flags: str, group: int) -> None:
                if not outer.described:
                    raise RuntimeError("bo: Invalid argument")
                if nbytes > outer.room:
                    raise RuntimeError("bo: Cannot allocate memory")
                self.memory = bytearray(b"\xa5" * nbytes)
                self.place = outer.next
                outer.next += nbytes
                outer.alive.add(self)
                outer.log.append(("bo", nbytes, flags, group))

            def map(self) -> memoryview:
                return memoryview(self.memory)

            def address(self) -> int:
                return self.place

            def sync(self, direction: str, size: int, offset: int) -> None:
                outer.log.append((direction, size, offset))

        self.device, self.bo = Handle, Bo


@pytest.fixture
def pyxrt(monkeypatch: pytest.MonkeyPatch) -> Pyxrt:
    fake = Pyxrt()
    monkeypatch.setitem(sys.modules, "pyxrt", fake)  # type: ignore[arg-type]
    return fake


Board = Callable[[Kernel], BoardDevice]


def test_an_array_all_0_in_memory_of_xrt(board: Board, zynq: Kernel, pyxrt: Pyxrt) -> None:
    device = board(zynq)
    assert pyxrt.log == []
    buffer = allocate((4, 1024), "u4", target=device)
    assert (buffer.shape, buffer.dtype, buffer.physical_address, buffer.coherent) == ((4, 1024), np.dtype("u4"), 0x1000_0000, False)
    assert not buffer.any()
    assert pyxrt.log == [("open", 0), ("bo", 16384, "normal", 0), ("to", 16384, 0)]
    assert buffer[2].physical_address == 0x1000_2000
    assert buffer.bo.memory[:4] == b"\0\0\0\0"


def test_small_ones_take_two_pages_and_cacheable_ones_say_so(board: Board, zynq: Kernel, pyxrt: Pyxrt) -> None:
    buffer = allocate(3, "u1", target=board(zynq), cacheable=True)
    assert pyxrt.log[1] == ("bo", 8192, "cacheable", 0)
    assert (buffer.nbytes, buffer.cacheable) == (3, True)


def test_flush_and_invalidate_tell_which_bytes(board: Board, zynq: Kernel, pyxrt: Pyxrt) -> None:
    buffer = allocate(4096, "u4", target=board(zynq))
    pyxrt.log.clear()
    buffer[100:200].flush()
    buffer[:50].invalidate()
    assert pyxrt.log == [("to", 400, 400), ("from", 200, 0)]


def test_the_memory_goes_with_the_last_array(board: Board, zynq: Kernel, pyxrt: Pyxrt) -> None:
    buffer: Any = allocate(1024, "u4", target=board(zynq))
    part = np.asarray(buffer[10:20])
    del buffer
    gc.collect()
    assert len(pyxrt.alive) == 1
    part[:] = 7
    del part
    gc.collect()
    assert len(pyxrt.alive) == 0


def test_a_freed_one_is_not_used_again(board: Board, zynq: Kernel, pyxrt: Pyxrt) -> None:
    buffer: Any = allocate(1024, "u4", target=board(zynq))
    buffer.freebuffer()
    with pytest.raises(BufferFreedError, match=r"^use after free"):
        buffer[0] = 1
    del buffer
    gc.collect()
    assert len(pyxrt.alive) == 0


def test_no_room_is_a_memory_error(board: Board, zynq: Kernel, pyxrt: Pyxrt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(
        MemoryError, match=r"^XRT gives no contiguous block of 4194304 bytes: bo: Cannot allocate memory. Free buffers, or see"
    ):
        allocate(1 << 20, "u4", target=board(zynq))


def test_xrt_that_knows_of_no_memory_is_told(board: Board, zynq: Kernel, pyxrt: Pyxrt, monkeypatch: pytest.MonkeyPatch) -> None:
    pyxrt.described = False
    asked: list[list[str]] = []

    def run(command: list[str], cwd: str, **_: Any) -> None:
        asked.append(command[1:3])
        topology = json.loads(Path(cwd, "memory.json").read_text())["mem_topology"]
        assert [entry["m_tag"] for entry in topology["m_mem_data"]] == ["PSDDR"]
        assert Path(cwd, "platform.xml").read_text().startswith("<?xml")
        Path(command[command.index("--output") + 1]).write_text("made")

    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    device = board(zynq)
    first, second = allocate(16, target=device), allocate(16, target=device)
    assert first.physical_address != second.physical_address
    assert asked == [["--add-section=EMBEDDED_METADATA:RAW:platform.xml", "--add-section=MEM_TOPOLOGY:JSON:memory.json"]]
    assert [entry[0] for entry in pyxrt.log] == ["open", "load", "bo", "to", "bo", "to"]


def test_a_tool_that_fails_leaves_the_first_error(
    board: Board, zynq: Kernel, pyxrt: Pyxrt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pyxrt.described = False

    def run(command: list[str], **_: Any) -> None:
        raise subprocess.CalledProcessError(1, command, "no such section", "")

    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(MemoryError, match=r"bo: Invalid argument"):
        allocate(16, target=board(zynq))
    assert caplog.messages == ["xclbinutil failed: no such section"]


def test_what_xrt_refuses_in_a_sync_is_told(board: Board, zynq: Kernel, pyxrt: Pyxrt, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = allocate(16, target=board(zynq))

    def sync(*_: Any) -> None:
        raise OSError("no")

    monkeypatch.setattr(pyxrt.bo, "sync", sync)
    with pytest.raises(RuntimeError, match=r"^XRT could not synchronise 64 bytes at 0x0 of a buffer: no$"):
        buffer.flush()


def test_arguments(board: Board, zynq: Kernel, pyxrt: Pyxrt) -> None:
    device = board(zynq)
    assert device.allocate(4, "u4", align=64, name="mine").physical_address % 64 == 0
    with pytest.raises(ValueError, match=r"^XRT aligns buffers to pages: align is a power of 2 up to 4096, not 65536$"):
        device.allocate(4, "u4", align=65536)
    with pytest.raises(TypeError, match=r"^allocate\(\) of a board does not know bank; it takes cacheable, name and align$"):
        device.allocate(4, "u4", bank=1)
    with pytest.raises(TypeError, match=r"cannot hold Python objects"):
        device.allocate(4, object)
    assert device.allocate(0, "u4").nbytes == 0


def test_a_driver_of_the_kernel_that_is_not_there(board: Board, zynq: Kernel, pyxrt: Pyxrt) -> None:
    def fail(index: int) -> None:
        raise RuntimeError("No such device")

    pyxrt.device = fail  # type: ignore[assignment,misc]
    with pytest.raises(
        RuntimeError, match=r"XRT: XRT cannot open the device \(No such device\); its kernel driver is zocl: lsmod \| grep zocl"
    ):
        allocate(16, target=board(zynq))
