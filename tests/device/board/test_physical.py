"""Mappings of physical memory: whole pages, shared, unmapped with the last who has them."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_widgets.device.board.physical import PAGE, PhysicalMemory

from .conftest import Kernel


def test_words_are_those_of_the_physical_address(zynq: Kernel) -> None:
    memory = PhysicalMemory(zynq, 32)
    zynq.poke(0x43C0_0010, 0x1234_5678)
    words = memory.map(0x43C0_0000, 0x20).cast("I")
    assert (len(words), words[4]) == (8, 0x1234_5678)
    words[5] = 0xCAFE_F00D
    assert zynq.peek(0x43C0_0014) == 0xCAFE_F00D


def test_pages_are_mapped_once_and_shared(zynq: Kernel) -> None:
    memory = PhysicalMemory(zynq, 32)
    whole = memory.map(0x4000_0000, 0x10000)
    part = memory.map(0x4000_1004, 8)
    assert memory.mappings == ((0x4000_0000, 0x4001_0000),)
    part.cast("I")[1] = 77
    assert whole.cast("I")[0x1008 // 4] == 77
    beyond = memory.map(0x4000_F000, 2 * PAGE)
    assert memory.mappings == ((0x4000_0000, 0x4001_0000), (0x4000_F000, 0x4001_1000))
    beyond.cast("I")[0] = 5
    assert whole.cast("I")[0xF000 // 4] == 5


def test_the_last_who_has_a_mapping_ends_it(zynq: Kernel) -> None:
    memory = PhysicalMemory(zynq, 32)
    first, second = memory.map(0x4000_0000, 4), memory.map(0x4000_0004, 4)
    part = first.cast("I")[:1]
    del first, second
    gc.collect()
    assert memory.mappings == ((0x4000_0000, 0x4000_0000 + PAGE),)
    del part
    gc.collect()
    assert memory.mappings == ()


def test_addresses_beyond_32_bits(zynq: Kernel, zynqmp: Kernel) -> None:
    zynqmp.poke(0x4_8000_0004, 9)
    assert PhysicalMemory(zynqmp, 40).map(0x4_8000_0000, 8).cast("I")[1] == 9
    with pytest.raises(
        ValueError, match=r"^0x8 bytes at 0x480000000 are not below 0x100000000, where the addresses of this processor end$"
    ):
        PhysicalMemory(zynq, 32).map(0x4_8000_0000, 8)
    with pytest.raises(ValueError, match=r"^0x8 bytes at 0xfffffffc are not below"):
        PhysicalMemory(zynq, 32).map(0xFFFF_FFFC, 8)


def test_what_cannot_be_mapped(zynq: Kernel) -> None:
    memory = PhysicalMemory(zynq, 32)
    with pytest.raises(ValueError, match=r"^the bus has words of 32 bits: 0x40000002 is no multiple of 4$"):
        memory.map(0x4000_0002, 4)
    with pytest.raises(ValueError, match=r"not below"):
        memory.map(-4, 4)
    assert len(memory.map(0x4000_0000, 0)) == 0
    os.truncate(zynq.path("/dev/mem"), 0x1000)
    with pytest.raises(OSError, match=r"0x40000000 to 0x40000fff cannot be mapped: "):
        memory.map(0x4000_0000, 4)
    assert memory.mappings == ()


def test_no_right_to_the_file_says_what_to_do(zynq: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as caught:
        PhysicalMemory(zynq, 32).map(0x4000_0000, 4)
    assert caught.value.strerror == "registers are reached through this file, which is root's: run Python, or Jupyter, as root (sudo -E)"
    assert caught.value.filename == zynq.path("/dev/mem")


def test_memory_that_the_kernel_keeps_to_itself(zynq: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused:
        MAP_SHARED = PROT_READ = PROT_WRITE = 0

        @staticmethod
        def mmap(*_: object, **__: object) -> object:
            raise PermissionError(1, "Operation not permitted")

    from pynq_widgets.device.board import physical

    monkeypatch.setattr(physical, "mmap", Refused)
    with pytest.raises(PermissionError, match=r"the kernel does not let 0x0 to 0xfff be mapped: memory that is its own"):
        PhysicalMemory(zynq, 32).map(0, 4)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 64), st.integers(1, 24)), min_size=1, max_size=12))
def test_any_mappings_show_the_same_memory(tmp_path: Path, ranges: list[tuple[int, int]]) -> None:
    root = tmp_path / "any"
    kernel = Kernel(root, "armv7l", ("xlnx,zynq-7000",), 0x4010_0000)
    memory = PhysicalMemory(kernel, 32)
    held = []
    for turn, (start, words) in enumerate(ranges):
        base = 0x4000_0000 + start * 1020
        mapped = memory.map(base, words * 4).cast("I")
        mapped[words - 1] = turn
        assert kernel.peek(base + 4 * (words - 1)) == turn
        held.append((base, mapped))
    for base, mapped in held:
        assert mapped.tolist() == [kernel.peek(base + 4 * index) for index in range(len(mapped))]
