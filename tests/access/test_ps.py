from __future__ import annotations

import importlib
import io
import os
import platform
from types import SimpleNamespace

import numpy as np
import pytest

from pynq_widgets.access import Clocks, ps
from pynq_widgets.device import Device


def clock(index, mhz, enabled=True):
    return SimpleNamespace(index=index, frequency=mhz * 1_000_000 if mhz else None, enabled=enabled)


@pytest.fixture
def device(bus_spy, active_device):
    bus_spy.kind = "simulated"
    bus_spy.design = SimpleNamespace(clocks=(clock(0, 100), clock(1, 142), clock(2, 50, enabled=False), clock(None, 33)))
    return active_device(bus_spy)


def test_the_clocks_of_the_design(device):
    assert (Clocks.fclk0_mhz, Clocks.fclk1_mhz) == (100.0, 142.0)


def test_a_clock_can_be_set_until_another_design_is_loaded(device):
    Clocks.fclk0_mhz = 75
    Clocks.set_pl_clk(1, clk_mhz=12.5)
    assert (Clocks.fclk0_mhz, Clocks.get_pl_clk(1)) == (75.0, 12.5)
    device.generation += 1
    assert (Clocks.fclk0_mhz, Clocks.fclk1_mhz) == (100.0, 142.0)
    Clocks.fclk1_mhz = 10
    assert (Clocks.fclk0_mhz, Clocks.fclk1_mhz) == (100.0, 10.0)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "100", None])
def test_rates_that_cannot_be(device, rate):
    with pytest.raises(ValueError, match=f"fclk0_mhz expected a rate in MHz above 0, got {rate!r}"):
        Clocks.fclk0_mhz = rate
    assert Clocks.fclk0_mhz == 100.0


def test_clocks_that_are_not_there(device):
    for touch in (lambda: Clocks.fclk2_mhz, lambda: Clocks.set_pl_clk(2, clk_mhz=5)):
        with pytest.raises(RuntimeError) as raised:
            touch()
        assert str(raised.value) == "the design on device 'bus spy' has no fabric clock 2 (it has fclk0, fclk1)"
    with pytest.raises(ValueError, match=r"^Valid PL clock index is 0 - 3\.$"):
        Clocks.get_pl_clk(4)
    with pytest.raises(AttributeError, match=r"Clocks has no clock 'fclk_0_mhz' \(did you mean 'fclk0_mhz'"):
        Clocks.fclk_0_mhz = 5
    with pytest.raises(RuntimeError, match="device 'bus spy' has no divisors to set"):
        Clocks.set_pl_clk(0, div0=5)
    with pytest.raises(RuntimeError, match="cannot tell the clock of its processor"):
        Clocks.cpu_mhz
    device.design = None
    with pytest.raises(RuntimeError, match="no design is loaded on device 'bus spy'"):
        Clocks.fclk0_mhz
    device.kind = "board"
    with pytest.raises(RuntimeError, match=r"^Architecture not supported for Clocks"):
        Clocks.fclk0_mhz


def test_a_device_with_clocks_of_its_own(bus_spy, make_spy):
    calls = []
    bus_spy.get_pl_clk = lambda index: 10.0 + index
    bus_spy.set_pl_clk = lambda index, **how: calls.append((index, how))
    bus_spy.get_cpu_mhz = lambda: 650
    Clocks.set_device(bus_spy)
    try:
        assert (Clocks.fclk3_mhz, Clocks.cpu_mhz) == (13.0, 650.0)
        Clocks.fclk3_mhz = 20
        Clocks.set_pl_clk(0, div0=5, div1=2)
    finally:
        Clocks.set_device(None)
    assert calls == [(3, {"clk_mhz": 20}), (0, {"clk_mhz": 100.0, "div0": 5, "div1": 2})]


def test_what_machine_this_is():
    assert (ps.ZYNQ_ARCH, ps.ZU_ARCH, ps.DEFAULT_PL_CLK_MHZ) == ("armv7l", "aarch64", 100.0)
    assert platform.machine() == ps.CPU_ARCH
    assert (ps.CPU_ARCH in ("armv7l", "aarch64")) == ps.CPU_ARCH_IS_SUPPORTED
    assert (ps.CPU_ARCH in ("x86_64", "AMD64")) == ps.CPU_ARCH_IS_x86
    assert isinstance(ps.ON_TARGET, bool)


def test_the_machine_is_looked_at_again_when_the_module_is_loaded_again(monkeypatch):
    before = dict(vars(ps))
    try:
        monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        monkeypatch.setattr(os.path, "isfile", lambda path: path == "/proc/device-tree/chosen/pynq_board")
        importlib.reload(ps)
        assert (ps.CPU_ARCH, ps.CPU_ARCH_IS_SUPPORTED, ps.CPU_ARCH_IS_x86, ps.ON_TARGET) == ("aarch64", True, False, True)
        assert ps.Clocks is not Clocks
    finally:
        vars(ps).update(before)
    assert ps.Clocks is Clocks


@pytest.mark.parametrize(
    ("arch", "versal", "family"), [("armv7l", False, "Zynq-7000"), ("aarch64", False, "Zynq UltraScale+"), ("aarch64", True, "Versal")]
)
def test_the_family_is_the_devices_or_the_machines(bus_spy, monkeypatch, arch, versal, family):
    monkeypatch.setattr(ps, "is_versal", lambda device=None: versal)
    monkeypatch.setattr(ps, "CPU_ARCH", arch)
    monkeypatch.setattr(ps, "_OF_XILINX", True)
    assert ps._generators(bus_spy).family.name == family
    monkeypatch.setattr(ps, "CPU_ARCH", "x86_64")
    with pytest.raises(RuntimeError, match="Architecture not supported for Clocks"):
        ps._generators(bus_spy)
    bus_spy.arch = arch
    assert ps._generators(bus_spy).family.name == family


def test_a_zynq_is_known_by_its_device_tree(monkeypatch):
    monkeypatch.setattr(ps, "_MACHINE", "aarch64")
    for arch, of_xilinx, expected in [
        ("aarch64", True, True),
        ("aarch64", False, False),  # a server, or somebody's laptop
        ("armv7l", False, True),  # exchanged, by a test
        ("x86_64", True, False),
    ]:
        monkeypatch.setattr(ps, "CPU_ARCH", arch)
        monkeypatch.setattr(ps, "_OF_XILINX", of_xilinx)
        assert ps.on_zynq() == expected

    monkeypatch.setattr(ps, "open", lambda path, mode: io.BytesIO(b"avnet,ultra96\0xlnx,zynqmp\0"), raising=False)
    assert ps._of_xilinx()
    monkeypatch.setattr(ps, "open", lambda path, mode: io.BytesIO(b"raspberrypi,5-model-b\0brcm,bcm2712\0"), raising=False)
    assert not ps._of_xilinx()


def test_who_cannot_be_known_is_told(bus_spy, active_device, said, as_said, monkeypatch):
    monkeypatch.setattr(ps, "CPU_ARCH", "riscv64")
    active_device(bus_spy)
    for touch in (lambda: Clocks.fclk0_mhz, lambda: Clocks.cpu_mhz, lambda: Clocks.set_pl_clk(0)):
        with pytest.raises(RuntimeError) as raised:
            touch()
        assert said(raised.value) == as_said(
            "Architecture not supported for Clocks\ndevice 'bus spy' is no Zynq-7000 (armv7l), Zynq UltraScale+ or Versal (aarch64), whose "
            "clocks are known, but has the processor 'riscv64'. A device of another kind tells its own by get_pl_clk(index), "
            "set_pl_clk(index, clk_mhz=...) and get_cpu_mhz()"
        )
    assert bus_spy.log == []


def test_a_rate_that_cannot_be_touches_no_board(bus_spy, active_device):
    bus_spy.arch = "armv7l"
    active_device(bus_spy)
    for rate in (0, -5, float("nan"), "100", None):
        with pytest.raises(ValueError, match="fclk0_mhz expected a rate in MHz above 0"):
            Clocks.fclk0_mhz = rate
        with pytest.raises(ValueError, match="fclk0_mhz expected a rate in MHz above 0"):
            Clocks.set_pl_clk(0, div0=5, clk_mhz=rate)
    for index in (-1, 4, "0"):
        with pytest.raises(ValueError, match=r"^Valid PL clock index is 0 - 3\.$"):
            Clocks.set_pl_clk(index)
    assert bus_spy.log == []


def test_a_rate_may_be_numpys(make_spy, active_device):
    zynq = make_spy("zynq", 0xF800_0000, 0x200)
    zynq.arch = "armv7l"
    zynq.put(0x108, 20 << 12)
    active_device(zynq)
    Clocks.fclk1_mhz = np.float32(12.5)
    Clocks.set_pl_clk(2, np.uint8(4), np.int64(5))
    assert (Clocks.fclk1_mhz, Clocks.fclk2_mhz) == (12.5, 50.0)


def test_the_device_of_the_clocks(make_spy, active_device):
    boards = [make_spy(name, 0xF800_0000, 0x200) for name in ("one", "two")]
    for number, board in enumerate(boards, 1):
        board.arch = "armv7l"
        board.put(0x108, 20 << 12)
        board.put(0x170, number << 20 | 10 << 8)
    active_device(boards[0])
    assert Clocks.fclk0_mhz == 100.0
    Clocks.device = boards[1]
    try:
        assert Clocks.fclk0_mhz == 50.0
    finally:
        Clocks.device = None
    assert Clocks.fclk0_mhz == 100.0


class Remote(Device):
    """Another machine, whose files are read over the connection."""

    def __init__(self, files):
        super().__init__("remote")
        self.capabilities = {"REMOTE": True}
        self.files = files
        self.asked = []

    def exists_file(self, path):
        self.asked.append(path)
        return SimpleNamespace(exists=path in self.files)

    def read_file(self, path):
        if self.files[path] is None:
            raise OSError("gone")
        return self.files[path]


def test_a_versal_is_known_by_its_device_tree(monkeypatch):
    family = "/proc/device-tree/family"
    assert ps.is_versal(Remote({family: b"Versal\0"}))
    assert not ps.is_versal(Remote({family: b"ZynqMP\0"}))
    assert not ps.is_versal(Remote({family: None}))
    tree = {"/proc/device-tree/compatible": b"xlnx,versal-vck190\0xlnx,versal\0"}
    remote = Remote(tree)
    assert ps.is_versal(remote)
    assert remote.asked == ["/proc/device-tree/firmware/versal-firmware/compatible", "/proc/device-tree/compatible"]

    def opened(path, mode):
        if path not in tree:
            raise FileNotFoundError(path)
        return io.BytesIO(tree[path])

    monkeypatch.setattr(ps, "open", opened, raising=False)
    assert ps.is_versal()
    assert not ps.is_versal(Remote({}))
    tree.clear()
    assert not ps.is_versal()


@pytest.mark.parametrize(
    ("parameters", "mhz"),
    [
        ({"PCW_APU_PERIPHERAL_FREQMHZ": "667", "PCW_ACT_APU_PERIPHERAL_FREQMHZ": "666.666687"}, 666.666687),
        ({"PSU__CRF_APB__ACPU_CTRL__FREQMHZ": "1200"}, 1200.0),
    ],
)
def test_the_processor_of_a_simulated_device_runs_as_the_design_says(bus_spy, active_device, parameters, mhz):
    bus_spy.kind = "simulated"
    bus_spy.design = SimpleNamespace(host=SimpleNamespace(parameters=parameters), clocks=())
    active_device(bus_spy)
    assert Clocks.cpu_mhz == mhz
    bus_spy.design = SimpleNamespace(host=None, clocks=())
    with pytest.raises(RuntimeError, match="cannot tell the clock of its processor"):
        Clocks.cpu_mhz
