"""What users of PYNQ reported, written as they wrote it; the numbers are of github.com/Xilinx/PYNQ where no other repository is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Write = Callable[..., Path]


@pytest.fixture
def demo(pynq: Any, demo_design: Path) -> Any:
    """The project's own design, with a DMA, LEDs and buttons."""
    return pynq.Overlay(demo_design)


def test_a_look_at_the_register_map_of_a_spi_core(pynq: Any, core: Any, register: Any, write: Write) -> None:
    """Issue 1435: ``spi.register_map`` takes the board down, since SPI_DRR is read while its FIFO is empty; in 4.0.0 when it is shown."""
    registers = (register("SPICR", 0x60), register("SPISR", 0x64, access="read-only"), register("SPI_DTR", 0x68, access="write-only"))
    registers += (register("SPI_DRR", 0x6C, access="read-only"),)
    ol = pynq.Overlay(write(core("spi", 0x43C0_0000, registers, "xilinx.com:ip:axi_quad_spi:3.2", "AXI_LITE")))
    with ol.tape.recording() as said:
        text = repr(ol.spi.register_map)
    touched = {address for entry in said.transactions for address in range(entry.address, entry.address + 4 * entry.count, 4)}
    assert 0x43C0_0060 in touched
    assert 0x43C0_006C not in touched
    assert 0x43C0_0068 not in touched
    assert "SPICR = Register(value=" in text
    assert "SPI_DRR = Register(not read: " in text


@pytest.mark.parametrize("value", [np.uint32(5), np.int64(5), np.arange(8)[5]], ids=["uint32", "int64", "element"])
def test_mmio_takes_numpys_integers(value: Any, pynq: Any, core: Any, write: Write) -> None:
    """Issues 212, 634: ``mmio.write(0, np.uint32(5))`` raises ValueError: Data type must be int or bytes, in 4.0.0 too."""
    pynq.Overlay(write(core("core", 0x43C0_0000)))
    mmio = pynq.MMIO(0x43C0_0000, 0x1000)
    mmio.write(value - value, value)
    assert mmio.read(int(value) - 5) == 5
    assert type(mmio.read(np.int64(0))) is int


def test_mmio_keeps_what_does_not_fit_from_the_hardware(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: ``mmio.write(0, 1 << 32)`` writes 0 (NumPy 1), which nobody asked for."""
    pynq.Overlay(write(core("core", 0x43C0_0000)))
    mmio = pynq.MMIO(0x43C0_0000, 0x1000)
    mmio.write(0, 7)
    with pytest.raises(ValueError, match="does not fit a 32-bit word"):
        mmio.write(0, 1 << 32)
    assert mmio.read(0) == 7


def test_a_range_that_begins_within_a_page(pynq: Any, core: Any, write: Write) -> None:
    """Issue 158: an address that is no multiple of 4 KB reached the start of its page (mended in 1.4)."""
    ol = pynq.Overlay(write(core("core", 0x43C0_0000)))
    ol.core.write(0x84, 0x1234)
    ol.core.write(0x4, 0x5678)
    assert pynq.MMIO(0x43C0_0080, 0x80).read(4) == 0x1234
    assert pynq.mmio.MMIO(0x43C0_0084).read() == 0x1234


def test_the_register_map_of_a_core_without_control(pynq: Any, core: Any, register: Any, write: Write) -> None:
    """Pull request 1170: a core with ap_ctrl_none had no register map."""
    ip = pynq.Overlay(write(core("core", 0x43C0_0000, (register("gain", 0x10), register("offset", 0x18))))).core
    ip.register_map.gain = 3
    assert list(ip.register_map) == ["gain", "offset"]
    assert ip.gain == 3
    assert not hasattr(ip.register_map, "CTRL")


def test_an_ip_with_streams_alone_is_there(pynq: Any, hwh_folder: Path) -> None:
    """PYNQ_Composable_Pipeline issue 48: ``ol.fir_highpass`` is an AttributeError, as for all IP that no address reaches."""
    ol = pynq.Overlay(hwh_folder / "Xilinx__PYNQ_RFSOC_Workshop__pynq_dsp-2018.3.hwh")
    silent = [path for path in ol.design.modules if path not in ol.ip_dict and path not in ol.mem_dict]
    assert silent
    for path in silent:
        found = ol
        for name in path.split("/"):
            found = getattr(found, name)
        assert found is ol[path]
        assert path not in ol.ip_dict, "as PYNQ has it"


def test_data_is_loaded_into_an_ip(demo: Any, tmp_path: Path) -> None:
    """Pull request 1499, and 4.0.0 still: ``ol.load_ip_data`` raises KeyError: 'base_address'."""
    data = tmp_path / "data.bin"
    data.write_bytes(b"\x05\x00\x00\x00\x00")
    demo.load_ip_data("leds", str(data))
    assert demo.leds.read(0) == 5
    assert demo.ip_dict["leds"]["state"] == str(data)


def test_the_mask_of_a_gpio_write(demo: Any) -> None:
    """Issue 888: bits outside of the mask were cleared (mended in 2.5)."""
    leds = demo.leds.channel1
    leds.write(0b1010, 0xF)
    leds.write(0b0001, 0b0011)
    assert leds.read() == 0b1001
    leds.write(0, 0b1000)
    assert leds.read() == 0b0001


def test_an_input_is_not_written(demo: Any) -> None:
    """Issue 1178: what the documentation promises (mended in 2.7)."""
    with pytest.raises(RuntimeError, match=r"^You cannot write to an Input"):
        demo.buttons.channel1.write(1, 1)


def test_a_wait_for_what_never_comes(demo: Any, pynq: Any) -> None:
    """Issues 845, 846, PYNQ_Workshop 12: ``recvchannel.wait()`` never ends and says nothing; there is no timeout in 4.0.0."""
    dma = demo.filter.dma
    received = pynq.allocate(256, "i2")
    dma.recvchannel.transfer(received)
    with pytest.raises(TimeoutError) as error:
        dma.recvchannel.wait(timeout=1)
    assert "sendchannel has nothing under way and has never sent anything" in str(error.value)
    assert "filter/fir moves data only while it runs: was it started" in str(error.value)


def test_a_transfer_that_is_too_long(demo: Any, pynq: Any) -> None:
    """Issue 969: more than the length register holds failed later; in 4.0.0, as here, before anything is written, here with what helps."""
    with pytest.raises(ValueError, match=r"exceeds the maximum DMA buffer size 8388607 of filter/dma\.sendchannel.*c_sg_length_width"):
        demo.filter.dma.sendchannel.transfer(pynq.allocate(1 << 22, "u4"))


@pytest.mark.parametrize(
    "make", [lambda b: b + 1, lambda b: b.copy(), lambda b: np.zeros(4, "u4"), lambda b: b[::2]], ids=["sum", "copy", "array", "strided"]
)
def test_a_transfer_of_what_is_no_buffer(make: Callable[[Any], Any], demo: Any, pynq: Any) -> None:
    """PYNQ 4.0.0: a sum or a copy of a buffer is transferred from an address that is none of its own."""
    with pytest.raises((TypeError, ValueError)):
        demo.filter.dma.sendchannel.transfer(make(pynq.allocate(256, "i2")))


def test_a_transfer_past_the_end_of_its_buffer(demo: Any, pynq: Any) -> None:
    """PYNQ 4.0.0: ``transfer(buf, start=500, nbytes=100)`` of 512 bytes moves whatever stands behind the buffer."""
    with pytest.raises(ValueError, match=r"^filter/dma\.sendchannel: 100 bytes from byte 500 are more than the buffer of 512 bytes holds$"):
        demo.filter.dma.sendchannel.transfer(pynq.allocate(256, "i2"), start=500, nbytes=100)


def test_a_dma_of_a_bitstream_that_has_gone(demo: Any, pynq: Any, demo_design: Path) -> None:
    """Issue 110: the DMA of the bitstream before waits for ever."""
    channel = demo.filter.dma.recvchannel
    received = pynq.allocate(256, "i2")
    channel.transfer(received)
    pynq.Overlay(demo_design)
    with pytest.raises(pynq.StaleOverlayError):
        channel.wait()
    with pytest.raises(pynq.StaleOverlayError):
        channel.transfer(received)


def test_a_program_that_attaches_to_what_is_loaded(demo: Any, pynq: Any) -> None:
    """Issue 834: with ``download=False`` a transfer raised RuntimeError: DMA channel not started."""
    demo.leds.channel1.write(0b0110, 0xF)
    again = pynq.Overlay(pynq.PL.bitfile_name, download=False)
    assert again.is_loaded()
    assert demo.is_loaded()
    assert again.leds.channel1.read() == 0b0110
    again.filter.dma.recvchannel.transfer(pynq.allocate(256, "i2"))


def test_names_that_begin_alike(pynq: Any, core: Any, write: Write) -> None:
    """Pull request 1437: `processor_enable` was taken for a part of the hierarchy `processor`."""
    ol = pynq.Overlay(
        write(core("processor/core", 0x43C0_0000), core("processor_enable", 0x43C1_0000), core("processor_2/core", 0x43C2_0000))
    )
    assert list(ol.processor) == ["core"]
    assert list(ol.hierarchy_dict["processor"]["ip"]) == ["core"]
    assert list(ol.snapshot("processor")) == ["processor/core"]
    assert ol.processor_enable.mmio.base_addr == 0x43C1_0000
    assert ol.processor_2.core is not ol.processor.core
