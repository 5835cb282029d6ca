"""Tutorials: a design, a DMA or a register or two, and the result."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets import model


def test_overlay_tutorial_of_pynqs_documentation(pynq: Any, place: Callable[..., str]) -> None:
    # PeterOgden/overlay_tutorial, and docs/source/overlay_design_methodology/overlay_tutorial.ipynb of Xilinx/PYNQ
    @model("xilinx.com:hls:add:1.0")
    def add(core: Any) -> None:
        core.c = core.a + core.b

    @model("Xilinx:hls:mult_constant:1.0")
    def multiply(core: Any) -> None:
        core.send("out_data", core.receive("in_data", "u4") * core.constant_r)

    name = place("PeterOgden__overlay_tutorial__tutorial_2-2020.2", "tutorial_2.bit")
    overlay = pynq.Overlay(name)
    assert "const_multiply" in overlay.__doc__
    add_ip = overlay.old_add
    add_ip.register_map.a = 3
    add_ip.register_map.b = 4
    assert add_ip.register_map.c == 7
    add_ip.write(0x10, 4)
    add_ip.write(0x18, 5)
    assert add_ip.read(0x20) == 9
    dma, core = overlay.const_multiply.multiply_dma, overlay.const_multiply.multiply
    xlnk = pynq.Xlnk()
    in_buffer, out_buffer = (xlnk.cma_array(shape=(5,), dtype=np.uint32) for _ in range(2))
    for i in range(5):
        in_buffer[i] = i
    core.write(0x10, 3)
    dma.sendchannel.transfer(in_buffer)
    dma.recvchannel.transfer(out_buffer)
    dma.sendchannel.wait()
    dma.recvchannel.wait()
    assert out_buffer.tolist() == [0, 3, 6, 9, 12]

    class AddDriver(pynq.DefaultIP):
        bindto = ["xilinx.com:hls:add:1.0"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description=description)

        def add(self, a: int, b: int) -> int:
            self.write(0x10, a)
            self.write(0x18, b)
            return int(self.read(0x20))

    class ConstantMultiplyDriver(pynq.DefaultHierarchy):
        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description)

        def stream_multiply(self, stream: Any, constant: int) -> Any:
            self.multiply.write(0x10, constant)
            with pynq.allocate(shape=(len(stream),), dtype=np.uint32) as into, pynq.allocate(shape=(len(stream),), dtype=np.uint32) as out:
                for i, value in enumerate(stream):
                    into[i] = value
                self.multiply_dma.sendchannel.transfer(into)
                self.multiply_dma.recvchannel.transfer(out)
                self.multiply_dma.sendchannel.wait()
                self.multiply_dma.recvchannel.wait()
                return out.copy()

        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return "multiply_dma" in description["ip"] and "multiply" in description["ip"]

    class TestOverlay(pynq.Overlay):
        def __init__(self, bitfile: str, **kwargs: Any) -> None:
            super().__init__(bitfile, **kwargs)

        def multiply(self, stream: Any, constant: int) -> Any:
            return self.const_multiply.stream_multiply(stream, constant)

    overlay = TestOverlay(name)
    assert type(overlay.old_add) is AddDriver
    assert overlay.multiply([2, 3, 4, 5, 6], 4).tolist() == [8, 12, 16, 20, 24]


def test_dma_tutorial_of_the_workshop(pynq: Any, place: Callable[..., str]) -> None:
    # Xilinx/PYNQ_Workshop, Session_4/6_dma_tutorial.ipynb: one DMA sends into a FIFO, another receives from it, and nobody waits
    overlay = pynq.Overlay(f"./{place('Xilinx__PYNQ_Workshop__dma_tutorial', 'dma_tutorial.bit')}")
    assert {"axi_dma_from_ps_to_pl", "axi_dma_from_pl_to_ps"} < set(overlay.ip_dict)
    import pynq.lib.dma

    dma_send, dma_recv = overlay.axi_dma_from_ps_to_pl, overlay.axi_dma_from_pl_to_ps
    assert isinstance(dma_send, pynq.lib.dma.DMA)
    xlnk = pynq.Xlnk()
    input_buffer = xlnk.cma_array(shape=(100,), dtype=np.uint32)
    for i in range(100):
        input_buffer[i] = i + 0xCAFE0000
    dma_send.sendchannel.transfer(input_buffer)
    output_buffer = xlnk.cma_array(shape=(100,), dtype=np.uint32)
    assert ["0x" + format(output_buffer[i], "02x") for i in range(2)] == ["0x00", "0x00"]
    dma_recv.recvchannel.transfer(output_buffer)
    assert np.array_equal(output_buffer, input_buffer)
    del input_buffer, output_buffer


def test_ps_gpio_of_the_workshop(pynq: Any, place: Callable[..., str], device: Any) -> None:
    # Xilinx/PYNQ_Workshop, Session_4/1_ps_gpio.ipynb: buttons at 0 to 3, switches at 4 and 5, LEDs at 6 to 9
    pynq.Overlay(place("Xilinx__PYNQ_Workshop__ps_gpio", "ps_gpio.bit"))
    from pynq import GPIO

    button0, switch0 = GPIO(GPIO.get_gpio_pin(0), "in"), GPIO(GPIO.get_gpio_pin(4), "in")
    led0, led1 = GPIO(GPIO.get_gpio_pin(6), "out"), GPIO(GPIO.get_gpio_pin(7), "out")
    assert (button0.read(), switch0.read()) == (0, 0)
    led1.write(1)
    device.drive("buttons", 1)
    device.drive("switches", 1)
    rounds = 0
    one = 1
    while switch0.read() is one:  # the notebook says "is 1", so it must be an int
        led0.write(button0.read())
        rounds += 1
        device.drive("switches", 0)
    assert rounds == 1
    assert device.probe("leds") == 0b11


def test_stream_tutorial_of_the_kv260(pynq: Any, place: Callable[..., str]) -> None:
    # aproposorg/KV260-PYNQ-tutorial, SW_PYNQ/stream_ip/dma_ip_example_0.ipynb: the core adds 5; it is started once, with auto restart
    @model("xilinx.com:hls:example")
    def add_five(core: Any) -> None:
        core.send("B", core.receive("A", "u4") + 5)

    ol = pynq.Overlay("./" + place("aproposorg__KV260-PYNQ-tutorial__dma_ip_example", "dma_ip_example.bit"))
    dma_send, dma_recv, hls_ip = ol.axi_dma_0.sendchannel, ol.axi_dma_0.recvchannel, ol.example_0
    assert "AP_IDLE=1" in repr(hls_ip.register_map) or "CTRL" in repr(hls_ip.register_map)
    hls_ip.write(0, 0x81)
    assert hls_ip.read(0) & 0x81 == 0x81
    input_buffer, output_buffer = (pynq.allocate(shape=(5,), dtype=np.uint32) for _ in range(2))
    for first in (10, 20, 30):
        for i in range(5):
            input_buffer[i] = i + first
        dma_send.transfer(input_buffer)
        dma_recv.transfer(output_buffer)
        dma_send.wait()
        dma_recv.wait()
        assert np.array_equal(input_buffer, output_buffer - 5)
    assert hls_ip.read(0) & 0x81 == 0x81
    del input_buffer, output_buffer


def test_axi_master_tutorial_of_the_kv260(pynq: Any, place: Callable[..., str]) -> None:
    # aproposorg/KV260-PYNQ-tutorial, SW_PYNQ/getCorrelator/HLS_AXI_MASTER_TRACKING.ipynb: pointers as registers, start, poll
    @model("JIE:TRACKING:example")
    def correlate(core: Any) -> None:
        into = [core.buffer(getattr(core, name), 16, "i4") for name in ("IN_0", "IN_1")]
        core.buffer(core.OUT_Corr, 16, "i4")[:] = into[0] * into[1]

    ol = pynq.Overlay(place("aproposorg__KV260-PYNQ-tutorial__design_1_wrapper-getCorrelator", "design_1_wrapper.bit"))
    ol.download()
    assert ol.timestamp == pynq.PL.timestamp
    assert pynq.PL.bitfile_name.endswith("design_1_wrapper.hwh")  # there is no .bit beside it
    assert ol.is_loaded()
    assert issubclass(ol.ip_dict["example_0"]["driver"], pynq.DefaultIP)
    ip = ol.example_0
    one, two, out = (pynq.allocate(shape=(16,), dtype=np.int32) for _ in range(3))
    one[:], two[:] = np.arange(16), 3
    for array in (one, two):
        array.sync_to_device()
    ip.register_map.IN_0_1 = one.physical_address
    ip.register_map.IN_1_1 = two.physical_address
    ip.register_map.OUT_Corr_1 = out.physical_address
    ip.register_map.CTRL.AP_START = 1
    while ip.register_map.CTRL.AP_IDLE != 1:
        pass
    out.sync_from_device()
    assert out.tolist() == [3 * i for i in range(16)]


def test_dma_only_of_the_aup_zu3(pynq: Any, place: Callable[..., str]) -> None:
    # vision-agh/AUP-ZU3, deployments/dma_only/dma_test.ipynb: a picture goes through line by line, channels kept by themselves
    ol = pynq.Overlay(place("vision-agh__AUP-ZU3__dma_fifo_test-2024.2", "dma_fifo_test.bit"))
    dma_send, dma_recv = ol.axi_dma_0.sendchannel, ol.axi_dma_0.recvchannel
    picture = np.random.default_rng(5).integers(0, 256, (8, 1280), dtype=np.uint8)
    input_buffer, output_buffer = (pynq.allocate(shape=(1280,), dtype=np.uint8) for _ in range(2))
    result = np.zeros_like(picture)
    for y, line in enumerate(picture):
        input_buffer[:] = line
        dma_send.transfer(input_buffer)
        dma_recv.transfer(output_buffer)
        dma_send.wait()
        dma_recv.wait()
        result[y] = output_buffer
    assert np.array_equal(result, picture)


def test_dsp_of_the_rfsoc_workshop(pynq: Any, place: Callable[..., str]) -> None:
    # Xilinx/PYNQ_RFSOC_Workshop, notebooks/05_dsp_and_pynq.ipynb: an FFT and a FIR filter behind five DMAs
    @model("xilinx.com:ip:xfft")
    def fft(core: Any) -> None:
        if core.available("S_AXIS_CONFIG"):
            core.receive("S_AXIS_CONFIG", "i2")
        if core.available("S_AXIS_DATA"):
            pairs = core.receive("S_AXIS_DATA", "i2").reshape(-1, 2).astype(float)
            spectrum = np.fft.fft(pairs[:, 0] + 1j * pairs[:, 1]) / len(pairs)
            core.send("M_AXIS_DATA", np.stack([spectrum.real, spectrum.imag], 1).round().astype("i2"))

    ol = pynq.Overlay(place("Xilinx__PYNQ_RFSOC_Workshop__pynq_dsp-2018.3", "pynq_dsp.bit"))
    assert {"fft/fft_data", "fft/fft_config", "filter/fir_data", "filter/fir_config", "filter/fir_reload"} < set(ol.ip_dict)
    assert "MM2S_DMACR" in repr(ol.fft.fft_data.register_map)
    fft_data, fft_config = ol.fft.fft_data, ol.fft.fft_config
    config = pynq.allocate(shape=(1,), dtype=np.int16)
    config[0] = 0b0101101010101011 - (1 << 15)
    fft_config.sendchannel.transfer(config)
    fft_config.sendchannel.wait()
    into, out = pynq.allocate(shape=(1024,), dtype=np.int32), pynq.allocate(shape=(2048,), dtype=np.int16)
    np.copyto(into, (8000 * np.cos(2 * np.pi * 64 * np.arange(1024) / 1024)).astype(np.int32) & 0xFFFF)
    fft_data.sendchannel.transfer(into)
    fft_data.recvchannel.transfer(out)
    fft_data.sendchannel.wait()
    fft_data.recvchannel.wait()
    total = np.zeros(len(out)) + np.array(out)
    spectrum = np.abs(np.int16(total[0::2]) + 1j * np.int16(total[1::2]))
    assert set(np.flatnonzero(spectrum > 100)) == {64, 960}
    for buffer in (out, into):
        with pytest.deprecated_call():
            buffer.close()
    assert ol.filter.fir_reload.sendchannel is not ol.filter.fir_config.sendchannel


def test_mlp_of_hls4ml_from_an_xsa(pynq: Any, hwh_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # ICTP/AUP-ZU3-HLS4ML, 01-mlp/05.pynq/01-mlp.ipynb: Overlay('bd_wrapper_gn.xsa'); start, receive, send, argmax
    @model("xilinx.com:hls:myproject_gn_accel")
    def network(core: Any) -> None:
        features = core.receive("s_axis_in", "i4")
        core.send("s_axis_out", np.array([features[:80].sum(), features[80:].sum()], "i4"))

    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("bd_wrapper_gn.xsa", "w") as archive:
        archive.write(hwh_folder / "ICTP__AUP-ZU3-HLS4ML__machineLearning_bd-gn-2024.1-xsa.hwh", "bd_wrapper_gn.hwh")
    ol = pynq.Overlay("bd_wrapper_gn.xsa")
    assert list(ol.ip_dict.keys()) == ["axi_dma_0", "myproject_gn_accel_0", "zynq_ultra_ps_e_0"]
    dma, ip = ol.axi_dma_0, ol.myproject_gn_accel_0
    in_buffer, out_buffer = pynq.allocate(shape=(161,), dtype=np.int32), pynq.allocate(shape=(2,), dtype=np.int32)
    predicted = []
    for sample in np.eye(161, dtype=np.int32)[[3, 100, 160]]:
        in_buffer[:] = sample
        ip.write(0x00, 1)
        dma.recvchannel.transfer(out_buffer)
        dma.sendchannel.transfer(in_buffer)
        dma.sendchannel.wait()
        dma.recvchannel.wait()
        predicted.append(int(np.argmax(out_buffer)))
    assert predicted == [0, 1, 1]


@pytest.mark.parametrize("board", ["PynqZ1", "Ultra96"])
def test_resizer_of_hello_world(pynq: Any, place: Callable[..., str], tmp_path: Path, board: str) -> None:
    # Xilinx/PYNQ-HelloWorld, resizer_PL.ipynb (2019) and resizer_pl.ipynb of the package pynq-helloworld 3.0.0
    image = pytest.importorskip("PIL.Image", reason="Pillow is not there")

    @model("xilinx.com:hls:resize_accel")
    def nearest(core: Any) -> None:
        picture = core.receive("src", "u1").reshape(core.src_rows, core.src_cols, 3)
        rows = np.arange(core.dst_rows) * core.src_rows // core.dst_rows
        columns = np.arange(core.dst_cols) * core.src_cols // core.dst_cols
        core.send("dst", picture[rows][:, columns])

    original = image.fromarray(np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    original.save(tmp_path / "sahara.png")
    resize_design = pynq.Overlay(place(f"Xilinx__PYNQ-HelloWorld__resizer-{board}-2019.1", "resizer.bit"))
    dma, resizer = resize_design.axi_dma_0, resize_design.resize_accel_0
    original = image.open("sahara.png")
    old_width, old_height = original.size
    new_width, new_height = int(old_width / 2), int(old_height / 2)
    in_buffer = pynq.allocate(shape=(old_height, old_width, 3), dtype=np.uint8, cacheable=1)
    out_buffer = pynq.allocate(shape=(new_height, new_width, 3), dtype=np.uint8, cacheable=1)
    in_buffer[:] = np.array(original)
    resizer.register_map.src_rows = old_height
    resizer.register_map.src_cols = old_width
    resizer.register_map.dst_rows = new_height
    resizer.register_map.dst_cols = new_width
    for _ in range(3):  # as %%timeit does
        out_buffer[:] = 0
        dma.sendchannel.transfer(in_buffer)
        dma.recvchannel.transfer(out_buffer)
        resizer.write(0x00, 0x81)
        dma.sendchannel.wait()
        dma.recvchannel.wait()
        assert np.array_equal(np.array(image.fromarray(out_buffer)), np.array(original)[::2, ::2])
    too_large = pynq.allocate(shape=(2160, 3840, 3), dtype=np.uint8, cacheable=1)  # the picture of 3.0.0, for a newer design
    with pytest.raises(ValueError, match="Transfer size is 24883200 bytes, which exceeds the maximum DMA buffer size 8388607"):
        dma.sendchannel.transfer(too_large)
    del in_buffer, out_buffer, too_large
