"""Memories of a design: words, bytes, buffers; word by word where they are mapped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pynq_drivers.memory.driver import DesignMemory
from pynq_widgets import Device, Overlay
from pynq_widgets.design import read_design

KINDS = [vlnv for vlnv in DesignMemory.bindto if "axi_noc" not in vlnv]


def bank(build: Any, block: Any, vlnv: str = "xilinx.com:ip:ddr4:2.2", size: int = 0x10_0000) -> Any:
    return build(block("ram", vlnv, 0x8000_0000, {}, size=size, memory=True))


@pytest.mark.parametrize("vlnv", KINDS)
def test_words_and_bytes_of_each_kind(build: Any, block: Any, vlnv: str) -> None:
    ram = bank(build, block, vlnv).overlay.ram
    assert isinstance(ram, DesignMemory)
    assert (len(ram), ram.size, ram.base_address) == (0x4_0000, 0x10_0000, 0x8000_0000)
    ram[3] = 7
    ram[0:3] = [1, 2, 3]
    assert (ram[0:4], ram.read(12)) == ([1, 2, 3, 7], 7)
    ram.load(b"hello", 0x1001)
    assert ram.dump(7, 0x1000) == b"\0hello\0"
    assert [next(iter(ram)), ram.array[1]] == [1, 2]


def test_a_buffer_within_it_is_the_same_memory(build: Any, block: Any) -> None:
    ram = bank(build, block).overlay.ram
    buffer = ram.allocate(1000, "u4")
    assert ram.base_address <= buffer.physical_address < ram.base_address + ram.size
    buffer[:] = np.arange(1000)
    at = (buffer.physical_address - ram.base_address) // 4
    assert ram[at : at + 5] == [0, 1, 2, 3, 4]


def test_a_dump_asks_a_bus_for_blocks(build: Any, block: Any) -> None:
    ram = bank(build, block).overlay.ram
    ram[:5000] = range(5000)
    ram.device.bus.reset_statistics()
    assert np.frombuffer(ram.dump(20_000), "<u4").tolist() == list(range(5000))
    count = ram.device.bus.statistics().total
    assert (count.reads, count.words) == (2, 5000)


class Words(np.ndarray[Any, Any]):
    """Memory that is mapped: an element at a time, since numpy splits and reorders what it does with slices."""

    def __getitem__(self, key: Any) -> Any:
        assert isinstance(key, int), f"numpy was given {key!r}"
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        assert isinstance(key, int), f"numpy was given {key!r}"
        super().__setitem__(key, value)


class Mapped(Device):
    capabilities = {"MEMORY_MAPPED": True}
    kind = "board"

    def __init__(self) -> None:
        super().__init__("mapped")
        self.words = np.zeros(0x4_0000, np.uint32).view(Words)

    def mmap(self, base_addr: int, length: int) -> Any:
        return self.words


def test_mapped_memory_is_read_and_written_word_by_word(build: Any, block: Any, page: Any) -> None:
    path = bank(build, block).device.design.path
    device = Mapped()
    ram = Overlay(path, device=device, download=False).ram
    ram.load(b"abcdefgh", 2)
    assert ram.dump(12) == b"\0\0abcdefgh\0\0"
    assert ram.array is device.words
    panel = ram.panel()
    window = panel.window
    assert not window.any()  # making it asks no bus
    assert "ram" in panel._repr_mimebundle_()[0]["text/html"]
    panel.view.refresh()
    assert window.nbytes == 65536
    assert window.tobytes()[:12] == b"\0\0abcdefgh\0\0"


def test_the_real_designs_memories_are_bound(hwh_folder: Any) -> None:
    found = {m.vlnv for path in hwh_folder.glob("*.hwh") for m in read_design(path).modules.values() if m.vlnv}
    kinds = {vlnv.rpartition(":")[0] for vlnv in DesignMemory.bindto}
    there = {vlnv for vlnv in found if vlnv.rpartition(":")[0] in kinds}
    assert there
    assert there <= set(DesignMemory.bindto)


def test_what_is_registers_is_not_peeked_at(build: Any, block: Any, timer_block: Any) -> None:
    bench = build(block("ram", "xilinx.com:ip:ddr4:2.2", 0x8000_0000, {}, size=0x1000, memory=True), timer_block())
    bench.overlay.ram[1] = 5
    assert bench.accesses("ram", lambda: bench.device.peek(0x8000_0004, 4)) == []
    assert bench.device.peek(0x8000_0004, 4) == b"\5\0\0\0"
    with pytest.raises(ValueError, match=r"^4 bytes at 0x42800000 are registers of timer, which a look may change: read them$"):
        bench.device.peek(0x4280_0000, 4)
    with pytest.raises(ValueError, match=r"^8 bytes at 0x80000ffc are not within one memory of the design$"):
        bench.device.peek(0x8000_0FFC, 8)
