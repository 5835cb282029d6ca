"""What a device says of the design that it holds: PYNQ's dictionaries, data of IP, shutdown managers, device tree overlays."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import pytest

from pynq_widgets.device import Device, ReplayDevice, SimulatedDevice, VirtualClock, loaded
from pynq_widgets.device.loaded import DICTIONARIES


class Words(Device):
    """Memory behind registers; what was put on the bus, in order."""

    capabilities = {"REGISTER_RW": True}

    def __init__(self):
        super().__init__("words")
        self.__dict__["_clock"] = VirtualClock(autojump=True)
        self.writes = []
        self.reads = []
        self.answers = []

    def write_registers(self, address, data):
        self.writes.append((address, bytes(data)))

    def read_registers(self, address, length):
        self.reads.append(address)
        return (self.answers.pop(0) if self.answers else 0).to_bytes(length, "little")


class Mapped(Device):
    capabilities = {"MEMORY_MAPPED": True}

    def __init__(self):
        super().__init__("mapped")
        self.memory = bytearray(b"\xff" * 16)

    def mmap(self, base_addr, length):
        return memoryview(self.memory)[base_addr - 0x1000 :][:length]


def described(**more):
    return SimpleNamespace(**{**{name: {} for name in DICTIONARIES}, **more})


@pytest.fixture
def device():
    return Words()


# Dictionaries.


def test_a_device_that_nothing_was_loaded_on_has_no_dictionaries(device):
    assert [name for name in (*DICTIONARIES, "timestamp") if hasattr(device, name)] == []
    assert (device.bitfile_name, device.parser, device.design, device.devicetree_dict) == (None, None, None, {})


def test_reset_takes_the_parsers_dictionaries(device):
    parser = described(ip_dict={"gpio": {"phys_addr": 0}}, systemgraph="graph")
    device.reset(parser, timestamp="now", bitfile_name="/a/base.bit")
    assert device.ip_dict is parser.ip_dict
    assert (device.mem_dict, device.timestamp, device.bitfile_name, device.design) == ({}, "now", "/a/base.bit", None)
    assert device.systemgraph == "graph"


def test_reset_takes_a_design_where_there_is_one(device):
    design = described(address_map=())
    device.reset(design)
    assert device.design is design
    device.reset(described(design=design))
    assert device.design is design
    device.reset(described())
    assert device.design is None


def test_each_other_time_stamp_is_a_download(device):
    told = []
    device.watch_reset(told.append)
    device.reset(described(), "now")
    device.reset(described(), "now", "/a/base.bit")
    device.reset(described())
    assert (device.generation, told) == (1, ["the device was loaded at now"])
    device.reset(described(), "later")
    assert (device.generation, told[1:]) == (2, ["base.bit was loaded at later"])


def test_reset_without_a_parser_clears_states(device, tmp_path):
    (tmp_path / "base.hwh").touch()
    device.ip_dict = {"gpio": {"state": "data.bin", "gpio": {"pin": {"state": 1}}}}
    device.reset(bitfile_name=str(tmp_path / "base.bit"))
    assert device.ip_dict == {"gpio": {"state": None, "gpio": {"pin": {"state": None}}}}
    device.reset(bitfile_name=str(tmp_path / "other.bit"))
    assert [getattr(device, name) for name in DICTIONARIES] == [{}] * 6


def test_set_bitfile_name_asks_the_device_itself(device, monkeypatch):
    parser = described(mem_dict={"ddr": {}})
    monkeypatch.setattr(device, "get_bitfile_metadata", {"/a/base.bit": parser}.get)
    device.set_bitfile_name("/a/base.bit")
    assert (device.parser, device.mem_dict, device.bitfile_name) == (parser, {"ddr": {}}, "/a/base.bit")
    device.clear_dict()
    assert device.mem_dict == {}


def test_what_follows_a_download(device):
    bitstream = SimpleNamespace(partial=True, bitfile_name="/a/part.bit", timestamp="")
    device.post_download(bitstream, described())
    assert (bitstream.timestamp, device.bitfile_name, device.generation) == ("", None, 0)
    bitstream.partial = False
    device.post_download(bitstream, described(), "name")
    assert (device.timestamp, device.bitfile_name, device.generation) == (bitstream.timestamp, "/a/part.bit", 1)
    assert len(bitstream.timestamp.split("/")) == 3


def test_the_simulated_device_starts_afresh_only_where_nothing_is_told():
    device = SimulatedDevice("reset")
    device.memory.write(0x100, b"data")
    device.reset(described(), "now")
    assert (bytes(device.memory.read(0x100, 4)), device.timestamp) == (b"data", "now")
    device.reset()
    assert bytes(device.memory.read(0x100, 4)) == bytes(4)


def test_a_partial_region_needs_a_design_around_it(device):
    with pytest.raises(RuntimeError, match=r"^region 'pr_0': the device holds no design that is described, so nothing can be put into"):
        device.update_partial_region("pr_0", described())


# Data of IP.


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "program.bin"
    path.write_bytes(b"123456")
    return path


def test_data_is_one_burst_of_whole_words(device, data):
    device.ip_dict = {"mb/bram": {"phys_addr": 0x1000, "addr_range": 16, "state": None}}
    device.load_ip_data("mb/bram", data)
    assert device.writes == [(0x1000, b"123456\0\0")]
    assert device.ip_dict["mb/bram"]["state"] == str(data)
    assert (device.bus.statistics().total.writes, device.bus.statistics().total.words) == (1, 2)
    device.load_ip_data("mb/bram", str(data), zero=True)
    assert device.writes[1:] == [(0x1000, b"123456" + bytes(10))]


def test_data_for_mapped_memory(data):
    device = Mapped()
    device.clear_dict()
    device.mem_dict = {"bram": {"base_address": 0x1004, "size": 8}}
    device.load_ip_data("bram", data)
    assert device.memory == b"\xff" * 4 + b"123456\0\0" + b"\xff" * 4
    assert device.mem_dict["bram"]["state"] == str(data)


def test_data_that_does_not_fit_and_names_that_are_not_there(device, data):
    device.ip_dict = {"bram": {"phys_addr": 0x1000, "addr_range": 5}, "core": {"type": "user:hls:core:1.0"}}
    with pytest.raises(RuntimeError, match=r"^Binary file too big for IP: .*program\.bin does not fit the 5 bytes of bram; nothing was"):
        device.load_ip_data("bram", data)
    with pytest.raises(RuntimeError, match=r"^core has no address range that data could be written to$"):
        device.load_ip_data("core", data)
    with pytest.raises(KeyError, match=r"no IP or memory 'brum' is loaded; did you mean bram\?"):
        device.load_ip_data("brum", data)
    with pytest.raises(KeyError, match="no IP or memory 'bram' is loaded"):
        Words().load_ip_data("bram", data)
    assert device.writes == []
    assert "state" not in device.ip_dict["bram"]


def test_a_write_that_fails_leaves_the_state(device, data, monkeypatch):
    def fails(address, content):
        raise OSError("gone")

    monkeypatch.setattr(device, "write_registers", fails)
    device.ip_dict = {"bram": {"phys_addr": 0x1000, "addr_range": 16, "state": None}}
    with pytest.raises(OSError, match=r"^gone$"):
        device.load_ip_data("bram", data)
    assert device.ip_dict["bram"]["state"] is None
    assert device.bus.statistics().total.errors == 1


# Before the logic is replaced.


def test_shutdown_managers_are_asked_and_waited_for(device):
    device.ip_dict = {
        "dma": {"type": "xilinx.com:ip:axi_dma:7.1", "phys_addr": 0x1000},
        "pr_0/shutdown": {"type": "xilinx.com:ip:dfx_axi_shutdown_manager:1.0", "phys_addr": 0x2000},
        "pr_1/shutdown": {"type": "xilinx.com:ip:pr_axi_shutdown_manager:1.0", "phys_addr": 0x3000},
    }
    device.answers = [0, 0xF, 0xF]
    device.shutdown()
    assert device.writes == [(0x2000, b"\1\0\0\0"), (0x3000, b"\1\0\0\0")]
    assert device.reads == [0x2000, 0x2000, 0x3000]


def test_one_that_does_not_shut_down_is_warned_of(device):
    device.ip_dict = {"pr_0/shutdown": {"type": "xilinx.com:ip:dfx_axi_shutdown_manager:1.0", "phys_addr": 0x2000}}
    with pytest.warns(UserWarning, match=r"^pr_0/shutdown: no shutdown within 1 s\. Something behind it"):
        device.shutdown()
    assert device.clock.now() >= 1


def test_with_nothing_loaded_there_is_nothing_to_shut_down(device):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        device.shutdown()
    assert device.reads == device.writes == []


# The device tree.


@pytest.fixture
def tree(monkeypatch, tmp_path):
    """The calls that reach the kernel."""
    calls = []

    class Segment:
        def __init__(self, path):
            self.dtbo_name = loaded.get_dtbo_base_name(path)

        def insert(self):
            calls.append(("insert", self.dtbo_name))
            if self.dtbo_name == "bad":
                raise RuntimeError("refused")

        def remove(self):
            calls.append(("remove", self.dtbo_name))

    monkeypatch.setattr(loaded, "DeviceTreeSegment", Segment)
    return calls


def test_overlays_of_the_device_tree(device, tree):
    device.insert_device_tree("/a/base.dtbo")
    device.insert_device_tree("/a/region.dtbo")
    assert tree == [("remove", "base"), ("insert", "base"), ("remove", "region"), ("insert", "region")]
    assert list(device.devicetree_dict) == ["base", "region"]
    tree.clear()
    device.remove_device_tree("/elsewhere/base.dtbo")
    assert (tree, list(device.devicetree_dict)) == ([("remove", "base")], ["region"])
    device.insert_device_tree("/a/base.dtbo")
    tree.clear()
    device.clear_devicetree()
    assert tree == [("remove", "base"), ("remove", "region")]  # the last one first
    assert device.devicetree_dict == {}
    with pytest.raises(KeyError, match=r"no device tree overlay 'base' was inserted"):
        device.remove_device_tree("/a/base.dtbo")


def test_an_overlay_that_is_refused_is_not_kept(device, tree):
    with pytest.raises(RuntimeError, match=r"^refused$"):
        device.insert_device_tree("/a/bad.dtbo")
    assert device.devicetree_dict == {}


@pytest.mark.parametrize("make", [SimulatedDevice, lambda: ReplayDevice([])])
def test_linux_does_not_hear_of_devices_that_are_not_in_its_tree(make, tree):
    device = make()
    device.insert_device_tree("/a/base.dtbo")
    assert list(device.devicetree_dict) == ["base"]
    device.remove_device_tree("/a/base.dtbo")
    assert (tree, device.devicetree_dict) == ([], {})
