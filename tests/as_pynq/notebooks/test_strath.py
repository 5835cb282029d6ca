"""The radios of the University of Strathclyde: hierarchies in hierarchies, drivers made of tables of addresses, frames through DMA.

Sources: strath-sdr/rfsoc_qpsk, rfsoc_radio, rfsoc_sam, rfsoc_sdfec, rfsoc_qsfp_offload, rfsoc_studio (their Python packages and notebooks).
``xrfdc`` and ``xrfclk`` are stand-ins, and the plots are left out.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pynq_widgets import IPModel, model


def by_address(offset: int) -> property:
    """A register as an attribute, as all these drivers make them."""

    def get(self: Any) -> int:
        return int(self.read(offset))

    def put(self: Any, value: int) -> None:
        self.write(offset, value)

    return property(get, put)


class Tapped(IPModel):
    """A core that sends a frame into its DMA when the word at `trigger` becomes 1: the numbers from 0, as `length` says."""

    trigger, length, stream, dtype = 16, 4, "m_axis_tap", "i2"
    parts = 2  # numbers in a sample

    def write(self, interface: str, offset: int, value: int) -> None:
        super().write(interface, offset, value)
        if offset == self.trigger and value:
            count = (self.read(interface, self.length) + 1) * self.parts
            self.context.stream(self.stream).send(np.arange(count).astype(self.dtype), last=True)


def test_qpsk_receiver(pynq: Any, place: Callable[..., str], rf: list[Any]) -> None:
    # rfsoc_qpsk/qpsk_rx.py, boards/RFSoC4x2/rfsoc_qpsk/drivers/qpsk_overlay.py
    model(*(f"UoS:SysGen:axi_qpsk_rx_{name}" for name in ("dec", "csync", "rrc", "tsync")))(type("Inspector", (Tapped,), {}))
    from pynq import DefaultHierarchy, DefaultIP, Overlay, Xlnk

    class QPSKRx(DefaultHierarchy):
        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description)

        def get_decimated(self) -> Any:
            return self.qpsk_rx_dec.get_frame(self.dma_rx_dec)

        def get_data(self) -> Any:
            return self.qpsk_rx_tsync.get_frame(self.dma_rx_tsync)

        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return all(f"{kind}_rx_{part}" in description["ip"] for kind in ("dma", "qpsk") for part in ("dec", "csync", "rrc", "tsync"))

    class DataInspector(DefaultIP):
        def __init__(self, description: dict[str, Any], pkt_size: int, buf_dtype: Any = np.int16, buf_words_per_pkt: int = 2) -> None:
            super().__init__(description)
            self.reset = 1
            self.enable = 1
            self.pkt_size = pkt_size - 1
            self.auto_restart = 0
            self.reset = 0
            self.buf = Xlnk().cma_array(shape=(pkt_size * buf_words_per_pkt,), dtype=np.int16)

        def get_frame(self, dma: Any) -> Any:
            self.transfer = 1
            dma.recvchannel.transfer(self.buf)
            dma.recvchannel.wait()
            self.transfer = 0
            frame = np.array(self.buf)
            return frame[::2] + 1j * frame[1::2]

    for name, address in (("reset", 0), ("pkt_size", 4), ("enable", 8), ("auto_restart", 12), ("transfer", 16)):
        setattr(DataInspector, name, by_address(address))  # after the class was made

    class RxDecimator(DataInspector):
        bindto = ["UoS:SysGen:axi_qpsk_rx_dec:1.1"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description, 128)

    class RxTSync(DataInspector):
        bindto = ["UoS:SysGen:axi_qpsk_rx_tsync:1.1"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description, 16)
            self.sync_reset = 0

    RxTSync.sync_reset = by_address(20)

    class QpskOverlay(Overlay):
        def __init__(self, bitfile_name: str, init_rf_clks: bool = True, **kwargs: Any) -> None:
            super().__init__(bitfile_name, **kwargs)
            import xrfclk
            import xrfdc

            self.rf = self.usp_rf_data_converter_0
            self.dac_tile = self.rf.dac_tiles[2]
            self.dac_block = self.dac_tile.blocks[0]
            if init_rf_clks:
                xrfclk.set_ref_clks(245.76, 409.6)
            self.dac_tile.DynamicPLLConfig(1, 409.6, 1228.8)
            self.dac_block.NyquistZone = 2
            self.dac_block.MixerSettings = {"CoarseMixFreq": xrfdc.COARSE_MIX_BYPASS, "Freq": 1000}
            self.dac_block.UpdateEvent(xrfdc.EVENT_MIXER)
            self.dac_tile.SetupFIFO(True)
            self.qpsk_rx.qpsk_rx_dec.enable = 1
            self.qpsk_rx.qpsk_rx_tsync.enable = 1
            self.timers: dict[str, Any] = {}

    ol = QpskOverlay(place("strath-sdr__rfsoc_qpsk__rfsoc_qpsk-RFSoC4x2", "rfsoc_qpsk.bit"))
    assert [call[0] for call in rf] == ["set_ref_clks", "dac2.DynamicPLLConfig", "dac2.0.UpdateEvent", "dac2.SetupFIFO"]
    assert type(ol.qpsk_rx) is QPSKRx
    assert (ol.qpsk_rx.qpsk_rx_dec.pkt_size, ol.qpsk_rx.qpsk_rx_dec.reset, ol.qpsk_rx.qpsk_rx_dec.enable) == (127, 0, 1)
    for frame, length in ((ol.qpsk_rx.get_decimated(), 128), (ol.qpsk_rx.get_data(), 16), (ol.qpsk_rx.get_data(), 16)):
        assert np.array_equal(frame, np.arange(0, 2 * length, 2) + 1j * np.arange(1, 2 * length, 2))


def test_qpsk_transmitter(pynq: Any, place: Callable[..., str]) -> None:
    # rfsoc_qpsk/qpsk_tx.py: the hierarchy's driver configures its IP while it is made; a word of mmio.array from a numpy integer
    model("UoS:RFSoC:axi_qpsk_tx")(type("Time", (Tapped,), {"trigger": 60, "length": 52, "stream": "m_time_axis"}))

    class QPSKTx(pynq.DefaultHierarchy):
        def __init__(self, description: dict[str, Any], pkt_time: int = 128) -> None:
            super().__init__(description)
            self.buf_time = pynq.Xlnk().cma_array(shape=(pkt_time * 2,), dtype=np.int16)
            self.qpsk_tx.lfsr_rst = 1
            self.qpsk_tx.packetsize_rf = 1024
            self.set_gain(1)
            self.qpsk_tx.lfsr_rst = 0
            self.qpsk_tx.packetsize_time = pkt_time - 1

        def set_gain(self, normalized_gain: float) -> None:
            gain = np.uint32(round(normalized_gain * 0.65 * (2**32 - 1)))
            self.qpsk_tx.mmio.array[44 >> 2] = gain

        def get_shaped_time(self) -> Any:
            self.qpsk_tx.transfer_time = 1
            self.dma_tx_time.recvchannel.transfer(self.buf_time)
            self.dma_tx_time.recvchannel.wait()
            self.qpsk_tx.transfer_time = 0
            data = np.array(self.buf_time)
            return data[::2] + 1j * data[1::2]

        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return "dma_tx_fft" in description["ip"] and "qpsk_tx" in description["ip"]

    class QPSKTxCore(pynq.DefaultIP):
        bindto = ["UoS:RFSoC:axi_qpsk_tx:5.3"]

    addresses = {"lfsr_rst": 28, "packetsize_rf": 20, "packetsize_time": 52, "transfer_time": 60, "output_gain": 44}
    for name, address in addresses.items():
        setattr(QPSKTxCore, name, by_address(address))
    ol = pynq.Overlay(place("strath-sdr__rfsoc_qpsk__rfsoc_qpsk-RFSoC4x2", "rfsoc_qpsk.bit"))
    core = ol.qpsk_tx.qpsk_tx
    assert (core.packetsize_rf, core.packetsize_time, core.lfsr_rst) == (1024, 127, 0)
    assert core.output_gain == round(0.65 * (2**32 - 1))
    assert len(ol.qpsk_tx.get_shaped_time()) == 128


def test_radio_receives_on_interrupt(pynq: Any, place: Callable[..., str], device: Any) -> None:
    # rfsoc_radio/receiver.py, data_inspector.py, async_radio.py: a coroutine waits for the core's interrupt, then a DMA takes the frame
    @model("UoS:RFSoC:receiver")
    class Receiver(IPModel):
        def write(self, interface: str, offset: int, value: int) -> None:
            super().write(interface, offset, value)
            if offset == 28 and value:
                self.context.interrupt("irq").set(0)
                frame = np.array([1, 0, 5, 27, 0, *range(27)], "u1")
                self.context.stream("m_axis").send(frame, last=True)

    class ReceiverCore(pynq.DefaultIP):
        bindto = ["UoS:RFSoC:receiver:1.0"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description=description)

    for name, address in {"transfer": 28, "receive_size": 20, "modulation": 48}.items():
        setattr(ReceiverCore, name, by_address(address))

    class DataInspector(pynq.DefaultHierarchy):
        def __init__(self, description: dict[str, Any], plotting_rate: float = 0.5) -> None:
            super().__init__(description)
            self.data_inspector_module.packetsize = 64
            self.data_inspector_module.enable = 0
            self.buffer = pynq.allocate(shape=(int(self.data_inspector_module.packetsize * 2),), dtype=np.int16)

        def set_shape(self, shape: tuple[int, ...]) -> None:
            self.buffer.freebuffer()
            self.buffer = pynq.allocate(shape=(shape[0] * 2, *shape[1:]), dtype=np.int16)

        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return "axi_dma" in description["ip"] and "data_inspector_module" in description["ip"]

    class DataInspectorCore(pynq.DefaultIP):
        bindto = ["UoS:RFSoC:inspector:1.0"]

    for name, address in {"reset": 0, "enable": 4, "packetsize": 8}.items():
        setattr(DataInspectorCore, name, by_address(address))

    ol = pynq.Overlay(place("strath-sdr__rfsoc_radio__rfsoc_radio-ZCU216", "rfsoc_radio.bit"))
    assert type(ol.DataInspectorRx) is type(ol.DataInspectorTx) is DataInspector
    ol.DataInspectorRx.set_shape((512,))
    assert ol.DataInspectorRx.buffer.shape == (1024,)
    controller, dma = ol.receiver, ol.axi_dma_rx
    controller.modulation = 1
    frames = []

    async def receive(irq: Any) -> None:
        await irq.wait()
        buffer = pynq.allocate(shape=(32,), dtype=np.uint8)
        dma.recvchannel.transfer(buffer)
        controller.transfer = 1
        dma.recvchannel.wait()
        controller.transfer = 0
        frames.append(np.array(buffer.astype(np.uint32), dtype=np.uint8)[5:])
        buffer.freebuffer()

    async def main() -> None:
        waiting = asyncio.ensure_future(receive(controller.irq))
        await asyncio.sleep(0)
        device.drive("receiver/irq", 1)
        await asyncio.wait_for(waiting, 5)

    asyncio.run(main())
    assert frames[0].tolist() == list(range(27))


def test_spectrum_analyser_finds_its_hierarchies_by_their_drivers(pynq: Any, place: Callable[..., str], rf: list[Any]) -> None:
    # rfsoc_sam/hierarchies.py, channels.py: a hierarchy is recognised by the drivers of what is in it, and sets attributes of them
    import xrfdc

    class Channel(pynq.DefaultHierarchy):
        def __init__(self, description: dict[str, Any], tile: Any = None, block: Any = None) -> None:
            super().__init__(description)
            self._tile, self._block = tile, block

        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return "channel_" in description["fullpath"]

        def _initialise_channel(self) -> None:
            self.started = True

    class Side(pynq.DefaultHierarchy):
        def __init__(self, description: dict[str, Any], tiles: Any = None, blocks: Any = None) -> None:
            super().__init__(description)
            self._tiles, self._blocks = tiles, blocks
            names = sorted(name for name, details in description["hierarchies"].items() if details["driver"] == Channel)
            self.channels = [getattr(self, name) for name in names]

        def _initialise(self) -> None:
            for tile in self._tiles:
                tile.DynamicPLLConfig(1, 409.6, 4096)
            for channel, block in zip(self.channels, self._blocks, strict=False):
                channel._block = block
                channel._initialise_channel()

    def is_side(description: dict[str, Any], name: str) -> bool:
        return any("channel_" in inner for inner in description["hierarchies"]) and description["fullpath"].split("/")[-1] == name

    class Receiver(Side):
        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return is_side(description, "receiver")

    class Transmitter(Side):
        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return is_side(description, "transmitter")

    class Radio(pynq.DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            drivers = [details["driver"] for details in description["hierarchies"].values()]
            core = [name for name, details in description["ip"].items() if details["driver"] == xrfdc.RFdc]
            return Transmitter in drivers and Receiver in drivers and bool(core)

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description)
            (core,) = (name for name, details in description["ip"].items() if details["driver"] == xrfdc.RFdc)
            parameters = description["ip"][core]["parameters"]
            tiles = []
            blocks = []
            for tile in range(4):
                for block in range(2):
                    if parameters[f"C_ADC_Slice{tile}{2 * block}_Enable"] == "true" and parameters[f"C_ADC{tile}_Enable"] == "1":
                        tiles.append(getattr(self, core).adc_tiles[tile])
                        blocks.append(getattr(self, core).adc_tiles[tile].blocks[block])
            self.receiver._tiles, self.receiver._blocks = tiles, blocks
            self.receiver._initialise()

    class SpectrumAnalyserCore(pynq.DefaultIP):
        bindto = ["xilinx.com:ip:SpectrumAnalyser:1.1"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description=description)
            self.length = 4096
            self.buffer = [pynq.allocate(shape=(self.length,), dtype=np.single) for _ in range(3)]
            self.address_0 = self.buffer[0].device_address
            self.enable = 0

    for name, address in {"length": 0x118, "address_0": 0x11C, "enable": 0x114}.items():
        setattr(SpectrumAnalyserCore, name, by_address(address))

    ol = pynq.Overlay(place("strath-sdr__rfsoc_sam__rfsoc_sam-RFSoC4x2-2020.2", "rfsoc_sam.bit"))
    assert type(ol.radio) is Radio
    assert ol.hierarchy_dict["radio"]["driver"] is Radio
    assert [type(channel) for channel in ol.radio.receiver.channels] == [Channel] * 4
    assert all(channel.started and channel._block is not None for channel in ol.radio.receiver.channels)
    assert len(rf) == 4
    analyser = ol.radio.receiver.channels[0].spectrum_analyser
    assert (analyser.length, analyser.address_0) == (4096, analyser.buffer[0].device_address)
    assert analyser is ol.radio.receiver.channel_00.spectrum_analyser


def test_forward_error_correction(pynq: Any, place: Callable[..., str]) -> None:
    # rfsoc_sdfec, 02_fec_encoding.ipynb: control words and data go through DMAs in its order; the core's driver is the package xsdfec,
    # which is of a board. The status words, which the notebook receives too, are left out
    @model("xilinx.com:ip:sd_fec")
    def turn(core: Any) -> None:
        if core.available("S_AXIS_CTRL") and core.available("S_AXIS_DIN"):
            core.receive("S_AXIS_CTRL", "u4")
            core.send("M_AXIS_DOUT", core.receive("S_AXIS_DIN", "u1")[::-1].copy())

    class SdfecOverlay(pynq.Overlay):
        def __init__(self, bitfile_name: str, **kwargs: Any) -> None:
            super().__init__(bitfile_name, **kwargs)

    ol = SdfecOverlay(place("strath-sdr__rfsoc_sdfec__strath_sdfec-RFSoC4x2", "strath_sdfec.bit"), ignore_version=True)
    with pytest.raises(ModuleNotFoundError, match="xsdfec"):
        importlib.import_module("xsdfec")
    encoder = ol.ldpc_encoder
    control = pynq.allocate(shape=(1,), dtype=np.uint32)
    into, out = pynq.allocate(shape=(64,), dtype=np.uint8), pynq.allocate(shape=(64,), dtype=np.uint8)
    control[0], into[:] = 0x21, np.arange(64)
    encoder.axi_dma_ctrl.sendchannel.transfer(control)
    encoder.axi_dma_data.sendchannel.transfer(into)
    encoder.axi_dma_data.recvchannel.transfer(out)
    encoder.axi_dma_ctrl.sendchannel.wait()
    encoder.axi_dma_data.sendchannel.wait()
    encoder.axi_dma_data.recvchannel.wait()
    assert out.tolist() == list(range(64))[::-1]


def test_offload_over_ethernet(pynq: Any, place: Callable[..., str], rf: list[Any]) -> None:
    # rfsoc_qsfp_offload: drivers/overlay.py, networkLayer.py, packet_generator.py, rfsoc_offload_board.ipynb
    class Overlay(pynq.Overlay):
        def __init__(self, bitfile_name: str, **kwargs: Any) -> None:
            super().__init__(bitfile_name, **kwargs)

        def source_select(self, source: int) -> None:
            self.netlayer_switch.write(0x40, source)
            self.netlayer_switch.write(0x00, 0x02)

        def set_fc(self, tile: int, block: int, fc: float) -> float:
            self.rfdc.adc_tiles[tile].blocks[block].MixerSettings["Freq"] = -fc
            self.rfdc.adc_tiles[tile].blocks[block].UpdateEvent(1)
            return fc

    class PacketGenerator(pynq.DefaultIP):
        bindto = ["strathsdr.com:strathsdr:axis_packet_generator:1.0"]
        _enable = by_address(0)
        _count = by_address(4)

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description=description)
            self._count = 16

        @property
        def packetsize(self) -> int:
            return self._count

        @packetsize.setter
        def packetsize(self, value: int) -> None:
            if not 2 <= value < 2**32:
                raise ValueError("Packetsize must be between 2 and 2^32-1")
            self._count = value

    class NetworkLayer(pynq.DefaultIP):
        """Its registers come from a file of its own, and it takes attributes of any name."""

        bindto = ["xilinx.com:RTLKernel:networklayer:1.0"]

        def __init__(self, description: dict[str, Any]) -> None:
            names = {"ip_address": 0x18, "udp_theirIP_offset": 0x810, "udp_valid_offset": 0x818, "udp_number_sockets": 0xA10}
            description["registers"] = {
                name: {"address_offset": offset, "access": "read-write", "size": 32, "description": name, "fields": {}}
                for name, offset in names.items()
            }
            super().__init__(description=description)
            self._fullpath = description["fullpath"]
            self.start = self.start_sw = self.call
            self.sockets: list[Any] = [None] * 16
            self.freq = None

        def call(self, *args: Any) -> None:
            raise RuntimeError(f"{self._fullpath} is a free running kernel")

        def set_ip_address(self, number: int) -> Any:
            self.register_map.ip_address = number
            return self.register_map.ip_address

        def populate(self) -> None:
            first = self.register_map.udp_theirIP_offset.address
            for i in range(int(self.register_map.udp_number_sockets)):
                self.write(first + 8 * i, 0xC0A80401 if self.sockets[i] else 0)

    ol = Overlay(place("strath-sdr__rfsoc_qsfp_offload__rfsoc_offload-RFSoC4x2", "rfsoc_offload.bit"), ignore_version=True)
    ol.cmac.mmio.write(0x107C, 0x3)
    assert ol.cmac.mmio.read(0x107C) == 3
    with pytest.raises(AttributeError, match=r"cmac \(DefaultIP\) has no attribute 'start'"):
        ol.cmac.start()  # of pynq.lib.cmac, which is not here
    with pytest.raises(ModuleNotFoundError, match="the 100G Ethernet subsystem needs transceivers of a board"):
        importlib.import_module("pynq.lib.cmac")
    assert int(ol.netlayer.set_ip_address(0xC0A80463)) == 0xC0A80463
    ol.netlayer.register_map.udp_number_sockets = 4
    ol.netlayer.sockets[1] = ("192.168.4.1", 60133, 60133, True)
    ol.netlayer.populate()
    assert [ol.netlayer.read(0x810 + 8 * i) for i in range(4)] == [0, 0xC0A80401, 0, 0]
    with pytest.raises(RuntimeError, match="netlayer is a free running kernel"):
        ol.netlayer.start()
    ol.source_select(1)
    assert ol.netlayer_switch.read(0x40) == 1
    assert ol.packet_generator.packetsize == 16
    ol.packet_generator.packetsize = 128
    assert ol.packet_generator.read(4) == 128
    assert ol.set_fc(2, 0, 101.5) == 101.5
    assert ol.rfdc.adc_tiles[2].blocks[0].MixerSettings["Freq"] == -101.5
    sine = pynq.allocate(shape=(4096,), dtype=np.int16)
    sine[:] = (8191 * np.sin(np.arange(4096) / 8)).astype(np.int16)
    ol.axi_dma_dac.sendchannel.transfer(sine, cyclic=True)
    assert ol.axi_dma_dac.sendchannel.running
    ol.axi_dma_dac.sendchannel.stop()
    packet = pynq.allocate(shape=(738,), dtype=np.int16)
    ol.axi_dma_cmac.sendchannel.transfer(packet)
    ol.axi_dma_cmac.sendchannel.wait()
