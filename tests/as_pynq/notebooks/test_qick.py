"""QICK, the quantum instrumentation kit: an overlay that is a dictionary, and drivers that find out what is connected to what.

Source: openquantumhardware/qick, qick_lib/qick (qick.py, ip.py, drivers/, 0.2.436). The package itself runs as it is on these designs too,
with stand-ins for ``xrfdc``, ``xrfclk`` and its board's I2C library; see docs/pynq-code.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


class Configured:
    """A driver's configuration, as items."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._cfg = {"type": description["type"].split(":")[-2], "fullpath": description["fullpath"]}
        super().__init__(description)

    def __getitem__(self, key: str) -> Any:
        return self._cfg[key]


@pytest.fixture
def kit(pynq: Any, rf: Any) -> Any:
    """Its classes, defined anew; `kit.soc(name)` opens a design as ``QickSoc`` does."""
    import xrfdc

    class SocIP(Configured, pynq.DefaultIP):
        """Registers by name: word indices in REGISTERS, looked up in ``__setattr__`` and ``__getattr__``."""

        def __init__(self, description: dict[str, Any]) -> None:
            self.REGISTERS: dict[str, int] = {}
            super().__init__(description)
            self.prepare(description)

        def prepare(self, description: dict[str, Any]) -> None:
            pass

        def __setattr__(self, name: str, value: Any) -> None:
            if name != "REGISTERS" and hasattr(self, "REGISTERS") and name in self.REGISTERS:
                self.mmio.array[self.REGISTERS[name]] = np.uint32(value)
            else:
                super().__setattr__(name, value)

        def __getattr__(self, name: str) -> Any:
            if name != "REGISTERS" and hasattr(self, "REGISTERS") and name in self.REGISTERS:
                return self.mmio.array[self.REGISTERS[name]]
            return super().__getattribute__(name)

    class Generator(SocIP):
        bindto = ["QICK:QICK:axis_signal_gen_v6:1.0"]

        def prepare(self, description: dict[str, Any]) -> None:
            self.REGISTERS = {"start_addr_reg": 0, "we_reg": 1, "rndq_reg": 2}
            self._cfg["maxlen"] = 2 ** int(description["parameters"]["N"]) * int(description["parameters"]["N_DDS"])
            self.we_reg = 0
            self.rndq_reg = 10
            self.buff = pynq.buffer.allocate(shape=self["maxlen"], dtype=np.int32)

        def load(self, dma: Any, samples: Any) -> None:
            self.start_addr_reg = 0
            self.we_reg = 1
            np.copyto(self.buff[: len(samples)], samples)
            dma.sendchannel.transfer(self.buff, nbytes=int(samples.nbytes))
            self.we_reg = 0

        def configure_connections(self, soc: Any) -> None:
            ((_, self.port),) = soc.trace(f"{self['fullpath']}/s1_axis")

    class Switch(SocIP):
        bindto = ["xilinx.com:ip:axis_switch:1.1"]

        def prepare(self, description: dict[str, Any]) -> None:
            self.REGISTERS = {"ctrl": 0, "mix_mux": 0x40}
            self.ctrl = 0
            for master in range(int(description["parameters"]["NUM_MI"])):
                self.write(self.REGISTERS["mix_mux"] + 4 * master, 0x8000_0000)

    class Converter(SocIP, xrfdc.RFdc):
        bindto = list(xrfdc.RFdc.bindto)

        def locked(self) -> bool:
            return all(tile.PLLLockStatus == 2 for tile in (*self.dac_tiles, *self.adc_tiles))

    class Soc(pynq.overlay.Overlay):
        pass

    class Items:
        def __getitem__(self, key: str) -> Any:
            return vars(self)["_cfg"][key]

        def __setitem__(self, key: str, value: Any) -> None:
            vars(self)["_cfg"][key] = value

    class QickSoc(Soc, Items):
        def __init__(self, bitfile: str) -> None:
            self._cfg: dict[str, Any] = {}
            self["board"] = "ZCU216"
            pynq.pl_server.global_state.clear_global_state()
            Soc.__init__(self, bitfile, ignore_version=True, download=False)
            self["refclk"] = float(self.ip_dict["usp_rf_data_converter_0"]["parameters"]["C_DAC2_Refclk_Freq"])
            self.download()
            self.rf = self.usp_rf_data_converter_0
            self["rf"] = self.rf._cfg
            self.xml = self.systemgraph._root if hasattr(self, "systemgraph") else self.parser.root
            for entry in self.ip_dict.values():
                if hasattr(entry["driver"], "configure_connections"):
                    getattr(self, entry["fullpath"]).configure_connections(self)
            self.gens = [getattr(self, path) for path, entry in self.ip_dict.items() if issubclass(entry["driver"], Generator)]

        def trace(self, end: str) -> list[list[str]]:
            block, port = end.rsplit("/", 1)
            bus = self.xml.find(f"./MODULES/MODULE[@FULLNAME='/{block}']/BUSINTERFACES/BUSINTERFACE[@NAME='{port}']").get("BUSNAME")
            ends = []
            for module in self.xml.findall("./MODULES/MODULE"):
                for interface in module.findall("./BUSINTERFACES/BUSINTERFACE"):
                    found = [module.get("FULLNAME").lstrip("/"), interface.get("NAME")]
                    if interface.get("BUSNAME") == bus and found != [block, port]:
                        ends.append(found)
            return ends

    return QickSoc


@pytest.fixture
def soc(kit: Any, place: Callable[..., str]) -> Any:
    return kit(place("openquantumhardware__qick__qick_216-2023.1", "qick_216.bit"))


def test_the_overlay_is_a_dictionary_and_is_downloaded_by_itself(soc: Any) -> None:
    assert soc.is_loaded()
    assert (soc["board"], soc["refclk"]) == ("ZCU216", 245.76)
    assert soc["rf"]["type"] == "usp_rf_data_converter"
    assert soc.rf.locked()
    assert soc.rf is soc.usp_rf_data_converter_0
    with pytest.raises(KeyError, match="axi_dma_gen"):
        soc["axi_dma_gen"]  # its items are its own, as with PYNQ


def test_registers_by_name_write_words_and_nothing_else(soc: Any, device: Any) -> None:
    assert len(soc.gens) == 7
    gen = soc.gens[0]
    assert gen["type"] == "axis_signal_gen_v6"
    device.bus.reset_statistics()
    gen.start_addr_reg = np.int64(7)
    assert gen.start_addr_reg == 7
    assert (device.bus.statistics().total.writes, device.bus.statistics().total.reads) == (1, 1)
    assert (gen.read(0), gen.rndq_reg) == (7, 10)
    gen.phase = 5  # no register of its own: an attribute
    assert gen.read(0) == 7


def test_what_is_connected_is_found_in_the_elements_of_the_handoff(soc: Any) -> None:
    assert [gen.port.rpartition("_")[2] for gen in soc.gens] == ["axis"] * 7
    assert soc.trace("axis_signal_gen_v6_0/m_axis")
    assert soc.xml.get("TIMESTAMP")
    assert soc.parser.nets
    assert soc.parser.pins["axis_signal_gen_v6_0/aclk"]
    assert soc.systemgraph.blocks["axis_signal_gen_v6_0"].vlnv.name == "axis_signal_gen_v6"
    with pytest.raises(AttributeError, match=r"systemgraph has no 'views': of PYNQ's graph of metadata there are blocks,"):
        soc.systemgraph.views


def test_envelopes_and_programs_are_loaded(soc: Any) -> None:
    gen, switch = soc.gens[0], soc.axis_switch_gen
    switch.ctrl = 0
    switch.write(0x40, 0)
    switch.ctrl = 2
    samples = (8000 * np.hanning(64)).astype(np.int32)
    gen.load(soc.axi_dma_gen, samples)
    soc.axi_dma_gen.sendchannel.wait()
    assert gen.buff.physical_address % 4096 == 0
    memory = soc.axi_bram_ctrl_0.mmio
    np.copyto(memory.array[1::2], np.uint32(0x3F00_0000))
    program = np.array([0x1234, 0x5600_0000, 0x9ABC, 0x0800_0000], np.uint32)
    np.copyto(memory.array[: len(program)], program)
    assert memory.array[:6].tolist() == [*program.tolist(), 0, 0x3F00_0000]
    assert memory.length // 8 == 8192


def test_numbers_that_are_no_python_integers(soc: Any) -> None:
    # "nbytes has to be a Python int (it gets passed to mmio.write, which requires int or bytes)" (drivers/readout.py): not here
    gen = soc.gens[0]
    gen.write(4, np.uint32(1))
    gen.mmio.write(8, np.int64(9))
    assert (gen.read(4), gen.read(8)) == (1, 9)
