"""The memories of a design as banks: buffers in them are what host and masters see at their addresses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pynq_widgets.access import allocate
from pynq_widgets.design import Design, read_design
from pynq_widgets.device import BufferFreedError, BusError, PoolExhaustedError, SimulatedDevice, VirtualClock
from pynq_widgets.overlay import Overlay

DESIGNS = Path(__file__).parents[2].parent / "shared" / "hwh"


def opened(pattern: str) -> tuple[Overlay, SimulatedDevice]:
    found = sorted(DESIGNS.glob(pattern))
    if not found:
        pytest.skip("the real designs are not here (../shared/hwh)")
    device = SimulatedDevice(f"banks {pattern}", clock=VirtualClock())
    return Overlay(found[0], device=device), device


def reaching(design: Design, slave: str, address: int) -> list[str]:
    """The masters in the logic that see the module `slave` at `address`."""
    return [
        path
        for path, ranges in design.address_maps.items()
        if path in design.modules
        and design.modules[path] is not design.host
        and any(r.slave == slave and r.base <= address <= r.high for r in ranges)
    ]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*qick_216*.hwh", "ddr4_0"),
        ("*rfsoc-sdr__project_v1-0-59.hwh", "ddr4_0"),
        ("*Nexys-Video*.hwh", "mig_7series_0"),
        ("*CPM_bd-VCK190.hwh", "axi_noc_0"),
        ("*qick_216*.hwh", "axi_bram_ctrl_0"),
        ("*crc.hwh", "axi_bram_ctrl_0"),
        ("*base-PynqZ2*.hwh", "iop_pmoda.mb_bram_ctrl"),
    ],
)
def test_a_buffer_in_a_memory_of_a_real_design_is_what_host_and_masters_see(pattern: str, name: str) -> None:
    ol, device = opened(pattern)
    memory: Any = ol
    for part in name.split("."):
        memory = getattr(memory, part)
    path = name.replace(".", "/")
    entry = ol.mem_dict[path]
    buffer = allocate((256,), "u4", target=memory)
    at = buffer.physical_address
    assert entry["phys_addr"] <= at
    assert at + buffer.nbytes <= entry["phys_addr"] + entry["addr_range"]
    assert not buffer.any()
    buffer[:] = np.arange(256)
    assert device.read_word(at + 40) == 10
    device.write_word(at + 44, 77)
    assert buffer[11] == 77
    told: list[tuple[int, int]] = []
    buffer.on_change(lambda offset, nbytes: told.append((offset, nbytes)))
    assert device.design is not None
    masters = reaching(device.design, path, at)
    for master in masters:
        reached = device.world.master(master)
        reached.write(at + 16, b"abcdefgh")
        assert bytes(reached.read(at + 16, 8)) == b"abcdefgh"
        assert buffer[4:6].tobytes() == b"abcdefgh"
    assert told == [(16, 8)] * len(masters)
    bank = device.get_memory(entry)
    assert device.memory.banks[path] is bank.pool
    assert [held.address for held in device.memory.leaks()] == [at]
    buffer.freebuffer()
    assert device.memory.leaks() == []


def test_what_a_master_does_not_reach_is_a_decode_error() -> None:
    ol, device = opened("*qick_216*.hwh")
    assert device.design is not None
    buffer = allocate(16, target=ol.axi_bram_ctrl_0)
    deaf = [
        path
        for path, ranges in device.design.address_maps.items()
        if path in device.design.modules and ranges and path not in reaching(device.design, "axi_bram_ctrl_0", buffer.physical_address)
    ]
    with pytest.raises(BusError, match="nothing is there"):
        device.world.master(deaf[0]).write(buffer.physical_address, b"1234")


def test_a_bank_that_is_full_says_which() -> None:
    ol, _ = opened("*crc.hwh")
    first = allocate(1024, target=ol.axi_bram_ctrl_0)
    second = allocate(1024, target=ol.axi_bram_ctrl_0)
    with pytest.raises(PoolExhaustedError, match=r"^no contiguous block of 4 bytes in axi_bram_ctrl_0: 0 of 8192 bytes are left"):
        allocate(1, target=ol.axi_bram_ctrl_0)
    assert first.physical_address + 4096 == second.physical_address


def test_a_cacheable_buffer_in_block_ram_has_two_sides() -> None:
    ol, device = opened("*crc.hwh")
    buffer = allocate(16, target=ol.axi_bram_ctrl_0, cacheable=True)
    buffer[:] = 5
    assert device.read_word(buffer.physical_address) == 0
    assert buffer.coherence.state == "host newer"
    buffer.flush()
    assert device.read_word(buffer.physical_address) == 5
    device.write_word(buffer.physical_address + 4, 9)
    assert buffer.coherence.state == "device newer"
    buffer.invalidate()
    assert buffer[1] == 9


def test_two_controllers_of_one_memory_are_one_bank() -> None:
    _, device = opened("*Nexys-Video*.hwh")
    banks = device.memory.banks
    one = banks["microblaze_0_local_memory/dlmb_bram_if_cntlr"]
    assert banks["microblaze_0_local_memory/ilmb_bram_if_cntlr"] is one


def test_a_memory_that_there_is_not() -> None:
    _, device = opened("*qick_216*.hwh")
    with pytest.raises(LookupError, match=r"has no memory 'ddr4_1'; did you mean ddr4_0\?"):
        device.get_memory("ddr4_1")
    assert device.get_memory("DDR").pool is device.pool
    assert device.get_memory({"type": "PSDDR", "base_address": 0}).pool is device.pool
    with pytest.raises(TypeError, match="allocate\\(\\) of the memory ddr4_0 does not know bank; it takes cacheable, name and align"):
        device.get_memory("ddr4_0").allocate(4, bank=2)


def test_buffers_in_ddr_outlive_the_design_and_keep_their_place() -> None:
    ol, device = opened("*qick_216*.hwh")
    kept = allocate(1024, target=ol.ddr4_0)
    kept[:] = 3
    device.download(parser=read_design(device.design.path) if device.design is not None else None)
    again = device.get_memory("ddr4_0").allocate(1024)
    assert again.physical_address != kept.physical_address
    assert bytes(device.memory.read(kept.physical_address, 4)) == b"\3\0\0\0"
    assert len(device.memory.leaks()) == 2


def test_alignment_is_kept() -> None:
    device = SimulatedDevice("aligned", clock=VirtualClock())
    first = device.allocate(4)
    buffer = device.allocate(4, align=1 << 20)
    assert buffer.physical_address % (1 << 20) == 0
    assert buffer.physical_address > first.physical_address
    with pytest.raises(ValueError, match="an alignment is a power of 2, not 3000"):
        device.allocate(4, align=3000)


def with_memory(build: Any, base: int, size: int, vlnv: str = "xilinx.com:ip:ddr4:2.2") -> Any:
    """A design with a memory of its own."""
    design = type(build)()
    design.module("ddr4_0", vlnv, interface="C0_DDR4_S_AXI")
    design.range("ddr4_0", base, size, "memory", "C0_DDR4_S_AXI")
    made = design.design()
    made.memories = (SimpleNamespace(name="ddr4_0", path="ddr4_0", base=base, size=size),)
    return made


def test_a_bank_that_moves_keeps_clear_of_the_buffers_of_the_one_before(build: Any) -> None:
    device = SimulatedDevice("moved", clock=VirtualClock())
    device.prepare(with_memory(build, 0x5_0000_0000, 1 << 20))
    kept = device.get_memory("ddr4_0").allocate((2, 4096), "u1")
    kept[:] = 7
    device.prepare(with_memory(build, 0x4_FFFF_F000, 0x3000))
    bank = device.get_memory("ddr4_0")
    page = bank.allocate(4096, "u1")
    assert page.physical_address == 0x4_FFFF_F000
    with pytest.raises(PoolExhaustedError, match=r"^no contiguous block of 4096 bytes in ddr4_0: 0 of 12288 bytes are left"):
        bank.allocate(4096, "u1")
    assert bytes(device.memory.read(kept.physical_address - 1, 3)) == b"\0\7\7"
    # The way back: the first bank is there again, and keeps clear of what the second has.
    device.prepare(with_memory(build, 0x5_0000_0000, 1 << 20))
    first = device.get_memory("ddr4_0")
    assert first.pool.free_ranges == ((0x5_0000_2000, (1 << 20) - 0x2000),)
    device.prepare(with_memory(build, 0x4_FFFF_F000, 0x3000))
    kept.freebuffer()
    again = device.get_memory("ddr4_0").allocate(8192, "u1")
    assert again.physical_address == 0x5_0000_0000
    device.prepare(with_memory(build, 0x5_0000_0000, 1 << 20))
    after = device.get_memory("ddr4_0").allocate(8192, "u1")
    assert after.physical_address == 0x5_0000_2000
    again[:] = 5
    assert bytes(device.memory.read(after.physical_address - 1, 2)) == b"\5\0"


def test_block_ram_where_main_memory_was_is_another_memory(build: Any) -> None:
    device = SimulatedDevice("other", clock=VirtualClock())
    device.prepare(with_memory(build, 0x5000_0000, 1 << 16))
    kept = device.get_memory("ddr4_0").allocate(4)
    kept[:] = 3
    device.prepare(with_memory(build, 0x5000_0000, 1 << 16, "xilinx.com:ip:axi_bram_ctrl:4.1"))
    buffer = device.get_memory("ddr4_0").allocate(4)
    buffer[:] = 8
    assert device.read_word(buffer.physical_address) == 8
    device.write_word(buffer.physical_address, 9)
    assert buffer.tolist() == [9, 8, 8, 8]
    assert kept.tolist() == [3] * 4


def test_a_bank_is_that_of_its_design(build: Any) -> None:
    device = SimulatedDevice("gone", clock=VirtualClock())
    device.prepare(with_memory(build, 0x5_0000_0000, 1 << 20))
    bank = device.get_memory("ddr4_0")
    assert bank.allocate(4).physical_address == 0x5_0000_0000
    device.download()
    with pytest.raises(RuntimeError, match=r"^the memory ddr4_0 was that of a design that has been loaded afresh, or replaced: ask for it"):
        bank.allocate(4)


def test_a_buffer_in_block_ram_goes_with_its_design() -> None:
    ol, device = opened("*crc.hwh")
    buffer = allocate(16, target=ol.axi_bram_ctrl_0)
    device.download()
    assert device.memory.leaks() == []
    assert buffer.freed
    with pytest.raises(BufferFreedError, match="it has no physical address any more"):
        buffer.physical_address
