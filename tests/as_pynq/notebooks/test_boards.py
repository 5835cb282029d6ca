"""What notebooks of boards and of their accelerators call: base overlays, BNN, DPU, RISC-V, Red Pitaya, CRC, a sounder."""

from __future__ import annotations

import asyncio
import importlib
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets import model
from pynq_widgets.device import IPModel

BASE = "Xilinx__PYNQ__base-PynqZ1-2018.3"


def test_buttons_and_leds_of_the_base_overlay(pynq: Any, place: Callable[..., str], device: Any) -> None:
    # Xilinx/PYNQ, boards/Pynq-Z1/base/base.py and notebooks/board/board_btns_leds.ipynb
    from pynq.overlays.base import BaseOverlay

    base = BaseOverlay(place(BASE, "base.bit"))
    for led in base.leds:
        led.on()
    assert device.probe("leds_4bits_tri_o") == 0b1111
    color = presses = 0
    device.drive("btns_4bits_tri_i", 0b0001)
    while base.buttons[3].read() == 0:
        if base.buttons[0].read() == 1:
            color = (color + 1) % 8
            for rgbled in base.rgbleds[4:]:
                rgbled.write(color)
            device.drive("btns_4bits_tri_i", 0b0010)
        elif base.buttons[1].read() == 1:
            for led in base.leds:
                led.off()
            for led in base.leds:
                led.toggle()
            device.drive("btns_4bits_tri_i", 0b0100)
        elif base.buttons[2].read() == 1:
            for led in reversed(base.leds):
                led.off()
            device.drive("btns_4bits_tri_i", 0b1000)
        presses += 1
    assert (presses, color) == (3, 1)
    assert device.probe("leds_4bits_tri_o") == 0
    assert device.probe("rgbleds_6bits_tri_o") == 0b001001
    for rgbled in base.rgbleds[4:]:
        rgbled.off()
    assert device.probe("rgbleds_6bits_tri_o") == 0


@pytest.mark.parametrize(("board", "lengths"), [("PynqZ2-2017.4", (4, 2, 4)), ("ZCU104-2018.3", (4, 4, 4))])
def test_base_overlays_of_other_boards(pynq: Any, place: Callable[..., str], device: Any, board: str, lengths: tuple[int, ...]) -> None:
    base = pynq.overlays.base.BaseOverlay(place(f"Xilinx__PYNQ__base-{board}", "base.bit"))
    assert tuple(len(channel) for channel in (base.leds, base.switches, base.buttons)) == lengths
    base.leds[1].on()
    assert base.leds.read() == 2
    assert hasattr(base, "rgbleds") == board.startswith("PynqZ2")
    held = pynq.overlays.base.BaseOverlay("base.bit", download=False)
    assert held.leds.read() == 2
    other = place("Xilinx__PYNQ_Workshop__dma_tutorial", "other.bit")
    assert not hasattr(pynq.overlays.base.BaseOverlay(other), "leds")
    with pytest.raises(
        ModuleNotFoundError, match=r"no overlays of boards are delivered .* nearest is pynq\.Overlay\('path/to/design\.hwh'\)"
    ):
        importlib.import_module("pynq.overlays.logictools")


def test_clocks_and_downloads(pynq: Any, place: Callable[..., str]) -> None:
    # pynq/notebooks/common/zynq_clocks.ipynb and overlay_download.ipynb of PYNQ 4.0.0, which run as they are
    from pynq import PL, Clocks

    ol = pynq.overlays.base.BaseOverlay(place(BASE, "base.bit"))
    assert Clocks.cpu_mhz == 650
    before = [Clocks.fclk0_mhz, Clocks.fclk1_mhz, Clocks.fclk2_mhz, Clocks.fclk3_mhz]
    assert before == [100.0, 142.857132, 200.0, 100.0]
    Clocks.fclk0_mhz, Clocks.fclk1_mhz = 27.123456, 31.436546
    assert f"{Clocks.fclk0_mhz:.6f}MHz" == "27.123456MHz"
    ol.download()
    assert [Clocks.fclk0_mhz, Clocks.fclk1_mhz] == before[:2]
    assert ol.timestamp == PL.timestamp != ""
    assert PL.bitfile_name == ol.bitfile_name
    assert ol.is_loaded()


def test_buttons_with_asyncio(pynq: Any, place: Callable[..., str], device: Any) -> None:
    # notebooks/board/asyncio_buttons.ipynb: a task a button, until a switch is set; the switch is waited for without await
    base = pynq.overlays.base.BaseOverlay(place(BASE, "base.bit"))
    buttons, switches, leds = base.buttons, base.switches, base.leds
    flashes = []

    async def flash_led(num: int) -> None:
        while True:
            await buttons[num].wait_for_value_async(1)
            while buttons[num].read():
                leds[num].toggle()
                flashes.append(num)
                device.drive("btns_4bits_tri_i", 0)
                await asyncio.sleep(0)
            leds[num].off()
            device.drive("sws_2bits_tri_i", 1)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        tasks = [asyncio.ensure_future(flash_led(num), loop=loop) for num in range(4)]
        loop.call_later(0.01, device.drive, "btns_4bits_tri_i", 0b0100)
        assert switches[0].read() == 0
        switches[0].wait_for_value(1)
        assert [task.cancel() for task in tasks] == [True] * 4
        device.drive("sws_2bits_tri_i", 0)
        switches[0].wait_for_value(0)
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    finally:
        loop.close()
        asyncio.set_event_loop(None)
    assert flashes == [2]
    assert device.probe("leds_4bits_tri_o") == 0


def test_introduction_to_the_register_map(pynq: Any, place: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    # notebooks/board/register_map_intro.ipynb; MMIO.ipynb, and Session_4/3_mmio.ipynb of Xilinx/PYNQ_Workshop
    base = pynq.Overlay(place(BASE, "base.bit"))
    btns, leds = base.btns_gpio, base.leds_gpio
    assert "IP_IER = Register(Channel_1_Interrupt_Enable=0, Channel_2_Interrupt_Enable=0)" in repr(btns.register_map)
    assert btns.register_map.GPIO_DATA.Channel_1_GPIO_DATA == 0
    help(btns.register_map.IP_IER)
    told = capsys.readouterr().out
    assert "class RegisterIP_IER(Register)" in told
    assert "Channel_1_Interrupt_Enable" in told
    leds.register_map.GPIO_TRI = 0
    leds.register_map.GPIO_DATA.Channel_1_GPIO_DATA = 8
    leds.register_map.GPIO_DATA[2:0] = 5
    address = base.ip_dict["leds_gpio"]["phys_addr"]
    assert "0x" + format(address, "02x") == "0x41250000"
    mmio = pynq.MMIO(address, 8)
    assert mmio.read() == 13
    mmio.write(0x4, 0xFFFFFFFF)
    mmio.write(0x4, 0x0)
    mmio.write(0x0, 0xF)
    assert leds.register_map.GPIO_DATA.Channel_1_GPIO_DATA == 15


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("import pynq.lib.audio", "it drives the audio hardware of a board"),
        ("from pynq.lib.pmod import Pmod_ADC", "its driver is a program for the MicroBlaze of the Pmod connector"),
        ("from pynq.lib.arduino import Arduino_Analog", "programs for MicroBlaze processors are compiled and run on the board"),
        ("from pynq.lib.logictools import TraceAnalyzer", "programs for MicroBlaze processors are compiled and run on the board"),
        ("from pynq.lib import MicroblazeLibrary", "programs for MicroBlaze processors are compiled and run on the board"),
        ("from pynq.lib.video import DisplayPort", "belongs to its Linux kernel"),
        ("from pynq.board import LED", "PYNQ has moved it"),
        ("from pynq.drivers import DMA", "PYNQ has moved it"),
        ("from pynq.iop import PMODA", "PYNQ has moved it"),
    ],
)
def test_what_needs_the_board_says_so(pynq: Any, statement: str, reason: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(statement, {})
    assert reason in str(caught.value)
    assert "nearest is" in str(caught.value)


@pytest.mark.parametrize("board", ["pynqZ1-Z2", "ultra96"])
def test_binarised_networks(pynq: Any, place: Callable[..., str], tmp_path: Path, board: str) -> None:
    # Xilinx/BNN-PYNQ, bnn/bnn.py: PL.bitfile_name decides whether to load. Its own runtime is a shared library of the board.
    @model("xilinx.com:hls:BlackBoxJam")
    def jam(core: Any) -> None:
        into = core.buffer(core.in_V, 8, "u8")
        core.buffer(core.out_V, 8, "u8")[:] = np.bitwise_not(into)

    from pynq import PL, Overlay

    path = str(tmp_path / place(f"Xilinx__BNN-PYNQ__cnvW1A1-{board}", "cnv-pynq.bit", bitstream=True))
    for _ in range(2):
        if PL.bitfile_name != path:
            Overlay(path).download()
        assert PL.bitfile_name == path
    ol = Overlay(path, download=False)
    assert ol.is_loaded()
    core = ol.BlackBoxJam_0
    into, out = pynq.allocate(8, "u8"), pynq.allocate(8, "u8")
    into[:] = np.arange(8)
    for name, buffer in (("in_V", into), ("out_V", out)):
        for part in (1, 2):
            setattr(core.register_map, f"{name}_{part}", buffer.physical_address >> 32 * (part - 1) & 0xFFFF_FFFF)
    core.register_map.doInit = 0
    core.write(0, 1)
    while not core.read(0) & 2:
        pass
    assert out.tolist() == np.bitwise_not(np.arange(8, dtype="u8")).tolist()


def test_dpu_overlay(pynq: Any, place: Callable[..., str], tmp_path: Path) -> None:
    # Xilinx/DPU-PYNQ, pynq_dpu/dpu.py: download() is its own, and copies a file beside the bitstream. vart and xir are of the board.
    copied = []

    class DpuOverlay(pynq.Overlay):
        def __init__(
            self, bitfile_name: str, dtbo: Any = None, download: bool = True, ignore_version: bool = False, device: Any = None
        ) -> None:
            assert os.path.isfile(bitfile_name)
            super().__init__(bitfile_name, dtbo=dtbo, download=download, ignore_version=ignore_version, device=device)
            self.overlay_dirname = os.path.dirname(self.bitfile_name)
            self.overlay_basename = os.path.basename(self.bitfile_name)
            self.runner = None
            self.graph = None

        def download(self) -> None:
            super().download()
            self.overlay_dirname = os.path.dirname(self.bitfile_name)
            self.overlay_basename = os.path.basename(self.bitfile_name)
            self.copy_xclbin()

        def copy_xclbin(self) -> None:
            xclbin = self.overlay_dirname + "/" + self.overlay_basename.rstrip(".bit") + ".xclbin"
            if not os.path.isfile(xclbin):
                raise ValueError(f"File {xclbin} does not exist.")
            copied.append(xclbin)

    name = place("Xilinx__DPU-PYNQ__dpu-KV260-2023.1", "dpu.bit", bitstream=True)
    with pytest.raises(ValueError, match=r"dpu\.xclbin does not exist"):
        DpuOverlay(name)
    (tmp_path / "dpu.xclbin").write_bytes(b"")
    overlay = DpuOverlay(name)
    assert copied == [str(tmp_path / "dpu.xclbin")]
    assert overlay.is_loaded()
    assert overlay.ip_dict["DPUCZDX8G_1"]["type"] == "xilinx.com:RTLKernel:DPUCZDX8G:1.0"
    assert overlay.DPUCZDX8G_1.read(0) == 0
    overlay.download()
    assert len(copied) == 2


@pytest.mark.parametrize(("design", "name"), [("picorv32-axi", "processor"), ("cortexm3", "cortexm3")])
def test_soft_processors(pynq: Any, place: Callable[..., str], tmp_path: Path, device: Any, design: str, name: str) -> None:
    # drichmond/RISC-V-On-PYNQ, riscvonpynq/Processor.py and Overlay.py: a program into the processor's memory, arguments on its stack
    class Processor(pynq.DefaultHierarchy):
        _bram = "psBramController"
        _name: str | None = None

        @classmethod
        def checkhierarchy(cls, description: dict[str, Any]) -> bool:
            return cls._bram in description["memories"] and cls._name == description["fullpath"]

        def __init__(self, build_path: str, reset_value: int, description: dict[str, Any], *args: Any) -> None:
            super().__init__(description, *args)
            self.__reset_value = reset_value
            self.__reset_pin = pynq.GPIO(pynq.GPIO.get_gpio_pin(0), "out")
            self.__reset_pin.write(self.__reset_value)
            self._mem = self.__getattr__(self._bram)
            self._stkidx = self._mem.mmio.length
            self._memstr = description["memories"][self._bram]["fullpath"]
            self.__build_path = build_path
            self.__xlnk = pynq.Xlnk()

        @property
        def build_path(self) -> str:
            return self.__build_path

        def launch(self, program: str, *args: Any) -> None:
            pynq.PL.load_ip_data(self._memstr, program)
            buffers = [a if isinstance(a, pynq.xlnk.ContiguousArray) else self.__xlnk.cma_array(a.shape, a.dtype) for a in args]
            for buffer, a in zip(buffers, args, strict=True):
                np.copyto(buffer, a)
            argv = self.__xlnk.cma_array(len(args), np.uint32)
            argv[:] = [self.__xlnk.cma_get_phy_addr(buffer.pointer) for buffer in buffers]
            self._mem.write(self._stkidx - 4, len(args))
            self._mem.write(self._stkidx - 8, self.__xlnk.cma_get_phy_addr(argv.pointer))
            self.__reset_pin.write(1 - self.__reset_value)

        @property
        def _retval(self) -> Any:
            return np.int32(np.uint32(self._mem.read(self._stkidx - 4)))

    class Mine(Processor):
        _name = name

        @classmethod
        def checkhierarchy(cls, description: dict[str, Any]) -> bool:
            return super().checkhierarchy(description)

        def __init__(self, description: dict[str, Any], *args: Any) -> None:
            super().__init__("build", 0, description, *args)

    overlay = pynq.Overlay(place(f"drichmond__RISC-V-On-PYNQ__{design}", "soft.bit"))
    processor = getattr(overlay, name)
    assert type(processor) is Mine
    assert processor.build_path == "build"
    assert processor._stkidx == processor._mem.mmio.array.nbytes
    (tmp_path / "program.bin").write_bytes(bytes(range(64)))
    processor.launch(str(tmp_path / "program.bin"), np.arange(4, dtype="i4"), np.arange(2, dtype="u1"))
    assert processor._mem.read(0) == 0x03020100
    assert processor._retval == 2
    argv = processor._mem.read(processor._stkidx - 8)
    assert np.frombuffer(device.memory.read(argv, 4), "u4")[0] % 4096 == 0
    processor._mem.write(processor._stkidx - 4, 0xFFFF_FFFF)
    assert processor._retval == -1
    assert processor._mem.mmio.array[:2].tolist() == [0x03020100, 0x07060504]


def test_red_pitaya(pynq: Any, place: Callable[..., str]) -> None:
    # pyrpl-fpga/pyrpl reads and writes words behind the port M_AXI_GP0, which leaves the block design
    ol = pynq.Overlay(place("pyrpl-fpga__pyrpl__red_pitaya-2024.2", "red_pitaya.bit"))
    entry = ol.ip_dict["M_AXI_GP0"]
    mmio = pynq.MMIO(entry["phys_addr"], entry["addr_range"])
    mmio.write(0x30, 5)
    assert (mmio.read(0x30), ol.M_AXI_GP0.read(0x30)) == (5, 5)
    assert ol.xadc.read(0) == 0


def test_crc_by_addresses(pynq: Any, place: Callable[..., str]) -> None:
    # Alenkruth/crc_accelerator, overlay/crc_demo.ipynb: nothing but MMIO at addresses, of a core and of a block RAM
    @model("virginia.edu:user:crc_outputlogic")
    class Crc(IPModel):
        def read(self, interface: str, offset: int) -> int:
            words = self.context.registers_of(interface)
            return zlib.crc32(words.read(0).to_bytes(4, "big"), words.read(4)) if offset == 8 else words.read(offset)

    pynq.Overlay(place("Alenkruth__crc_accelerator__crc", "crc_mpeg2.bit"))
    core, ram = pynq.MMIO(0x43C00000, 128), pynq.MMIO(0x40000000, 8192)
    for i in range(2048):
        ram.write(4 * i, 0)
    core.write(0, 0)
    core.write(4, 0)
    words = [0xBABECAFE, 0xDEADBEEF, 0x12345678]
    for i, word in enumerate(words):
        ram.write(4 * i, word)
    sent = []
    for i in range(len(words)):
        sent.append(ram.read(4 * i))
        core.write(0, sent[2 * i])
        core.write(4, 0xFFFFFFFF)
        sent.append(core.read(8))
    assert sent[::2] == words
    assert sent[1::2] == [zlib.crc32(word.to_bytes(4, "big"), 0xFFFFFFFF) for word in words]


def test_channel_sounder(pynq: Any, place: Callable[..., str], rf: list[Any]) -> None:
    # ali-rasteh/rfsoc-sdr, python/rfsoc.py: memory of the fabric as target, pins of the processor, MIO among them, and the clock's lock
    @model("xilinx.com:ip:clk_wiz")
    class Locked(IPModel):
        def read(self, interface: str, offset: int) -> int:
            return 1 if offset == 4 else 0

    ol = pynq.Overlay(place("ali-rasteh__rfsoc-sdr__project_v1-0-59", "project_v1-0-59.bit"))
    received = pynq.allocate(shape=(4096,), target=ol.ddr4_0, dtype=np.int16)
    sent = pynq.allocate(shape=(4096,), dtype=np.int16)
    pins = {
        name: pynq.GPIO(pynq.GPIO.get_gpio_pin(index), "out")
        for name, index in {"lmk_reset": -78 + 7, "dac_mux_sel": 3, "adc_enable": 34, "dac_enable": 2, "adc_reset": 32, "led": 80}.items()
    }
    for name, value in (("led", 0), ("dac_mux_sel", 1), ("adc_enable", 0), ("dac_enable", 0), ("adc_reset", 1), ("lmk_reset", 1)):
        pins[name].write(value)
    assert ol.clocktreeMTS.clk_wiz_0.read(0x0004) == 1
    ol.clocktreeMTS.clk_wiz_0.mmio.write_reg(0x0000, 0x000A)
    ol.usp_rf_data_converter_0.dac_tiles[0].Reset()
    ol.dac_path.axi_dma_0.set_up_tx_channel()
    ol.adc_path.axi_dma_0.set_up_rx_channel()
    sent[:] = np.arange(4096)
    ol.dac_path.axi_dma_0.sendchannel.transfer(sent)
    flow = ol.adc_path.axis_flow_ctrl_0
    for offset, value in ((0, 512), (4, 0), (8, 16384)):
        flow.write(offset, value)
    assert [flow.read(offset) for offset in (0, 4, 8)] == [512, 0, 16384]
    pins["adc_reset"].write(0)
    assert received.physical_address >= ol.mem_dict["ddr4_0"]["phys_addr"]
    ol.adc_path.axi_dma_0.recvchannel.transfer(received)
    assert not ol.adc_path.axi_dma_0.recvchannel.idle  # it waits for the converter, which has no signal here
