"""Driver classes written for PYNQ bind unchanged: their habits, one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultHierarchy, DefaultIP, Overlay, SimulatedDevice
from pynq_widgets.access import MMIO, Interrupt

DMA = "xilinx.com:ip:axi_dma:7.1"


def test_a_driver_that_checks_and_keeps_its_description(demo_design: Path) -> None:
    class DMADriver(DefaultIP):
        def __init__(self, description: Any, *args: Any, **kwargs: Any) -> None:
            assert type(description) is dict
            assert not args
            assert not kwargs
            super().__init__(description=description)
            self.description = description
            self.device = description["device"]
            self._sg = bool(int(description["parameters"]["c_include_sg"])) if "c_include_sg" in description["parameters"] else False
            self.sendchannel = None
            if "mm2s_introut" in self.description["interrupts"]:
                self.sendchannel = (self.mmio, self.mm2s_introut, self.device)

        bindto = [DMA]

    device = SimulatedDevice("t")
    dma = Overlay(demo_design, device=device).filter.dma
    assert type(dma) is DMADriver
    mmio, interrupt, where = dma.sendchannel
    assert isinstance(mmio, MMIO)
    assert isinstance(interrupt, Interrupt)
    assert where is device


def test_a_driver_that_allocates_from_the_devices_default_memory(small: Path) -> None:
    class Driver(DefaultIP):
        bindto = ["me.org:test:core:1.0"]

        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self.memory = self.device.default_memory
            self.frame = self.memory.allocate((2, 3), dtype="u1")

    core = Overlay(small, device=SimulatedDevice("t")).core
    assert core.frame.shape == (2, 3)
    core.frame.freebuffer()


def test_a_driver_that_brings_its_own_registers(small: Path, device: Any) -> None:
    mine = {"LEVEL": {"address_offset": 0x40, "size": 32, "access": "read-write", "description": "", "fields": {}}}

    class Driver(DefaultIP):
        bindto = ["me.org:test:core:1.0"]

        def __init__(self, description: Any) -> None:
            description["registers"] = mine
            super().__init__(description=description)

    core = Overlay(small, device=device).core
    core.register_map.LEVEL = 5
    assert core.read(0x40) == 5
    assert not hasattr(core.register_map, "CTRL")


def test_a_driver_with_a_mix_in(small: Path, device: Any) -> None:
    class Frontend:
        def __init__(self, needed: int) -> None:
            raise AssertionError("PYNQ's DefaultIP calls no other constructor")

        def start(self) -> str:
            return "started"

    class Driver(DefaultIP, Frontend):
        bindto = ["me.org:test:core:1.0"]

        def __init__(self, description: Any) -> None:
            super().__init__(description)

    class First(Frontend, DefaultIP):
        bindto = ["me.org:test:other:2.1"]

        def __init__(self, description: Any) -> None:
            DefaultIP.__init__(self, description)

    ol = Overlay(small, device=device)
    assert ol.core.start() == ol.hier.other.start() == "started"
    assert ol.core.read() == ol.hier.other.read() == 0


def test_a_driver_with_an_array_view_and_slots_of_its_own(small: Path, device: Any) -> None:
    class Driver(DefaultIP):
        bindto = ["me.org:test:core:1.0"]

        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self._mmio = self.mmio
            self.buffer = self.mmio.array
            self.register_map.CTRL = 1

        def __getitem__(self, index: Any) -> Any:
            return self.buffer[index]

    core = Overlay(small, device=device).core
    assert core[0] == 1


def test_a_hierarchy_that_looks_at_the_drivers_of_its_ip(write_design: Callable[..., Path], device: Any) -> None:
    class Pack(DefaultIP):
        bindto = ["me.org:hls:pixel_pack:1.0"]

    class Frontend(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "vtc" in description["ip"]

    class Video(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            if "frontend" not in description["hierarchies"]:
                return False
            return description["ip"]["pixel_pack"]["driver"] == Pack and issubclass(
                description["hierarchies"]["frontend"]["driver"], Frontend
            )

        def __init__(self, description: Any, vdma: Any = None) -> None:
            super().__init__(description)
            self._vdma = vdma
            self._pixel = self.pixel_pack
            self._hdmi = self.frontend

    design = write_design({"video/pixel_pack": "me.org:hls:pixel_pack:1.0", "video/frontend/vtc": "xilinx.com:ip:v_tc:6.1"})
    video = Overlay(design, device=device).video
    assert type(video) is Video
    assert type(video._pixel) is Pack
    assert type(video._hdmi) is Frontend
    assert video._hdmi is video.frontend


def test_a_hierarchy_that_is_known_by_its_memory(write_design: Callable[..., Path], device: Any) -> None:
    class Microblaze(DefaultHierarchy):
        def __init__(self, description: Any, mbtype: str = "Unknown") -> None:
            super().__init__(description)
            hier = description["fullpath"]
            self.mb_info = {"ip_name": f"{hier}/mb_bram_ctrl", "mbtype": mbtype}

        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "mb_bram_ctrl" in description["memories"]

    spans = [("S_AXI", "Mem0", 0x4000_0000, 0x1_0000, "MEMORY")]
    ol = Overlay(write_design({"iop/mb_bram_ctrl": ("xilinx.com:ip:axi_bram_ctrl:4.0", spans)}), device=device)
    assert type(ol.iop) is Microblaze
    assert ol.iop.mb_info["ip_name"] in ol.mem_dict
    ol.iop.mb_bram_ctrl.write(0, 1)
    assert ol.iop.mb_bram_ctrl.read(0) == 1


@pytest.mark.parametrize("capability", ["MEMORY_MAPPED", "REGISTER_RW"])
def test_a_pynq_device_with_one_way_to_registers(capability: str, small: Path) -> None:
    from pynq_widgets.device.contract import Device

    class Board(Device):
        def __init__(self) -> None:
            super().__init__("mock")
            self.capabilities = {capability: True}
            self.memory = bytearray(0x3_0000)
            self.touched = 0

        def download(self, bitstream: Any, parser: Any = None) -> None:
            self.downloaded = bitstream.bitfile_name

        def mmap(self, base_addr: int, length: int) -> Any:
            import numpy as np

            self.touched += 1
            return np.frombuffer(self.memory, "u4", length // 4, base_addr - 0x43C0_0000)

        def read_registers(self, address: int, length: int) -> bytes:
            self.touched += 1
            return bytes(self.memory[address - 0x43C0_0000 :][:length])

        def write_registers(self, address: int, data: bytes) -> None:
            self.touched += 1
            self.memory[address - 0x43C0_0000 : address - 0x43C0_0000 + len(data)] = data

    board = Board()
    ol = Overlay(small, device=board)
    repr(ol), dir(ol), ol.__doc__, ol.core, ol.hier
    assert board.touched == 0
    ol.hier.core.write(4, 0x1234)
    assert ol.hier.core.read(4) == 0x1234
    assert board.memory[0x1_0004:0x1_0008] == b"\x34\x12\x00\x00"
