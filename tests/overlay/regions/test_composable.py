"""Published designs with reconfigurable regions, and the modules published with them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.design import DesignError, graft, read_design, region_for, regions_of
from pynq_widgets.overlay import StaleOverlayError

XILINX = "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr"
MODULES = {
    "pr_0": ("pr_0_dilate_erode", {"dilate_accel": 0x8012_0000, "erode_accel": 0x8012_8000}),
    "pr_1": ("pr_1_cornerharris_fifo", {"cornerHarris_accel": 0x8013_0000}),
    "pr_2": ("pr_2_add", {"add_accel": 0x8014_0000}),
}
KGFU = "Kgfu__PYNQ_Composable_Pipeline__"


@pytest.fixture(autouse=True)
def no_packages() -> None:
    """Here the installed drivers take part."""


@pytest.fixture
def folder(hwh_folder: Path, tmp_path: Path) -> Path:
    """The files under the names that they have in their repositories."""
    shutil.copy(hwh_folder / f"{XILINX}.hwh", tmp_path / "cv_dfx_3_pr.hwh")
    for name, _ in MODULES.values():
        shutil.copy(hwh_folder / f"{XILINX}_composable_{name}_partial.hwh", tmp_path / f"cv_dfx_3_pr_composable_{name}_partial.hwh")
    shutil.copy(hwh_folder / f"{KGFU}video_cp-4pr-add_rm.hwh", tmp_path / "video_cp.hwh")
    for name in ("pr_0_dilate_erode", "pr_1_cornerharris_fifo"):
        shutil.copy(hwh_folder / f"{KGFU}composable_{name}.hwh", tmp_path / f"composable_{name}.hwh")
    return tmp_path


def test_every_module_goes_into_its_region(folder: Path) -> None:
    device = SimulatedDevice("composable")
    ol = Overlay(folder / "cv_dfx_3_pr.hwh", device=device)
    composable, gray, switch = ol.composable, ol.composable.gray2rgb_accel, ol.composable.axis_switch
    gray.write(0x10, 720)
    for region, (name, addresses) in MODULES.items():
        ol.pr_download(f"composable/{region}", f"cv_dfx_3_pr_composable_{name}_partial.hwh")
        block = getattr(ol.composable, region)
        for ip, address in addresses.items():
            assert getattr(block, ip).description["phys_addr"] == address
            getattr(block, ip).write(0x10, 480)
            assert device.read_word(address + 0x10) == 480
    assert set(ol.pr_dict) == {"composable/pr_0", "composable/pr_1", "composable/pr_2"}
    # The file has 64 KB in one range where the whole design has two windows of 32 KB.
    assert ol.ip_dict["composable/pr_2/add_accel"]["addr_range"] == 0x1_0000
    assert (ol.composable, composable.gray2rgb_accel, composable.axis_switch) == (composable, gray, switch)
    assert gray.read(0x10) == 720
    assert ol.design.interrupts == ol.design.static.interrupts
    old = ol.composable.pr_0.dilate_accel
    ol.composable.pr_0.download("cv_dfx_3_pr_composable_pr_0_dilate_erode_partial.hwh")
    with pytest.raises(StaleOverlayError, match="composable/pr_0/dilate_accel was in region composable/pr_0, which holds cv_dfx_3_pr"):
        old.read(0x10)
    assert ol.composable.pr_0.dilate_accel.read(0x10) == 0
    assert device.model_errors == []


def test_data_go_through_the_decouplers_and_the_module(folder: Path) -> None:
    device = SimulatedDevice("composable")
    ol = Overlay(folder / "cv_dfx_3_pr.hwh", device=device)
    ol.pr_download("composable/pr_1", "cv_dfx_3_pr_composable_pr_1_cornerharris_fifo_partial.hwh")
    into = device.stream("composable/axis_switch", "M12_AXIS")
    out = device.stream("composable/axis_switch", "S13_AXIS")
    into.send(b"12345678")
    device.settle()
    assert out.receive() == (b"12345678", True)


def test_the_decouplers_of_a_region_hang_on_bits_of_a_gpio(folder: Path) -> None:
    device = SimulatedDevice("composable")
    ol = Overlay(folder / "cv_dfx_3_pr.hwh", device=device)
    decouplers = [ol[f"composable/dfx_decouplers/dfx_decoupler_pr_{n}"] for n in range(3)]
    for n, decoupler in enumerate(decouplers):
        decoupler.decouple()
        assert ol.composable.pipeline_control.channel2.driven() == 1 << n
        assert [each.decoupled for each in decouplers] == [m == n for m in range(3)]
        assert device.model_of(f"composable/dfx_decouplers/dfx_decoupler_pr_{n}").decoupled
        decoupler.couple()


def test_regions_that_the_file_has_as_one_block(folder: Path) -> None:
    device = SimulatedDevice("composable")
    ol = Overlay(folder / "video_cp.hwh", device=device)
    assert [entry["base"] for entry in ol.composable.pr_0.ranges] == [0x4008_0000, 0x4008_8000]
    ol.composable.pr_0.download("composable_pr_0_dilate_erode.hwh")
    # Its file counts from 0 behind each of two interfaces, and has them the other way round than the larger board's.
    assert ol.composable.pr_0.erode_accel.description["phys_addr"] == 0x4008_0000
    assert ol.composable.pr_0.dilate_accel.description["phys_addr"] == 0x4008_8000
    ol.pr_download("composable/pr_1", "composable_pr_1_cornerharris_fifo.hwh")
    assert ol.composable.pr_1.cornerHarris_accel.description["phys_addr"] == 0x4009_0000
    device.read_word(0x4009_0000)
    with pytest.raises(Exception, match="nothing is there"):
        device.read_word(0x4009_8000)  # the module has nothing behind the second interface
    assert device.model_errors == []


def test_files_tell_their_regions(folder: Path) -> None:
    design = read_design(folder / "cv_dfx_3_pr.hwh")
    assert regions_of(design) == ("composable/pr_0", "composable/pr_1", "composable/pr_2")
    for region, (name, _) in MODULES.items():
        partial = read_design(folder / f"cv_dfx_3_pr_composable_{name}_partial.hwh")
        assert region_for(design, partial) == f"composable/{region}"
    other = read_design(folder / "video_cp.hwh")
    # By its addresses alone it would fit both; the name of the file tells.
    assert region_for(other, read_design(folder / "composable_pr_1_cornerharris_fifo.hwh")) == "composable/pr_1"
    with pytest.raises(DesignError, match=r"its interface 's_axi_control' is none of region|it is for the part xck26"):
        graft(other, "composable/pr_0", partial)


def test_the_whole_is_read_as_a_design_of_its_own_is(folder: Path) -> None:
    design = read_design(folder / "cv_dfx_3_pr.hwh")
    whole = design
    for region, (name, _) in MODULES.items():
        whole = graft(whole, f"composable/{region}", read_design(folder / f"cv_dfx_3_pr_composable_{name}_partial.hwh"))
    assert whole.static is design
    assert graft(whole, "composable/pr_0", whole.regions["composable/pr_0"]) is whole
    ends = {(link.master, link.slave) for link in whole.connections if link.protocol == "axis"}
    decoupler = "composable/dfx_decouplers/dfx_decoupler_pr_0"
    assert {(decoupler, "composable/pr_0/dilate_accel"), ("composable/pr_0/erode_accel", decoupler)} <= ends
    outside = {path for path in design.modules if not path.startswith("composable/pr_")}
    assert outside < set(whole.modules)
    clock = whole.modules["composable/pr_0/dilate_accel"].ports["ap_clk"].net
    assert clock == "ps_e_pl_clk1"
    assert [clock.name for clock in whole.clocks] == [clock.name for clock in design.clocks]
    assert set(whole.hierarchy_dict["composable/pr_0"]["ip"]) == {"dilate_accel", "erode_accel"}
