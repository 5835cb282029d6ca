"""Each line of the table of what PYNQ 4.0.0 gets wrong on public designs, right here."""

from __future__ import annotations

from pathlib import Path

import pytest

from pynq_widgets.design import Design, read_design


def read(folder: Path, part: str) -> Design:
    found = sorted(folder.glob(f"*{part}*.hwh"))
    return read_design(found[0])


def test_interrupts_straight_to_the_processing_system(hwh_folder: Path) -> None:
    design = read(hwh_folder, "sensors96b-2018.3")
    uart = {"controller": "", "index": 0, "fullpath": "axi_uart16550_0/ip2intc_irpt", "raw_irq": 121, "ps_port": "pl_ps_irq0"}
    assert design.interrupt_pins == {"axi_uart16550_0/ip2intc_irpt": uart}
    assert design.ip_dict["axi_uart16550_0"]["interrupts"] == {"ip2intc_irpt": uart}


def test_a_core_with_the_name_of_an_external_port(hwh_folder: Path) -> None:
    entry = read(hwh_folder, "peripherals_sobel").ip_dict["SEL_JOYSTICK"]
    assert entry["type"] == "xilinx.com:ip:axi_gpio:2.0"
    assert entry["phys_addr"] == entry["ranges"][0]["base"] != 9999999


def test_a_core_with_several_ranges(hwh_folder: Path) -> None:
    entry = read(hwh_folder, "ihsanalhafiz").ip_dict["svm_speech_30_0"]
    assert len({r["interface"] for r in entry["ranges"]}) == len(entry["ranges"]) == 5
    assert (entry["mem_id"], entry["phys_addr"]) == ("s_axi_control", entry["ranges"][0]["base"])


@pytest.mark.parametrize(
    ("part", "host", "count"),
    [("iop-Zybo", "processing_system7_0", 83), ("Nexys-Video", "microblaze_0", 24), ("bd_f512_pspmc", "psv_cortexa72_0", 102)],
)
def test_designs_that_raise(hwh_folder: Path, part: str, host: str, count: int) -> None:
    design = read(hwh_folder, part)
    assert design.host is not None
    assert (design.host.path, len(design.modules)) == (host, count)
    assert design.ip_dict


def test_a_bus_of_an_old_file_without_vlnv(hwh_folder: Path) -> None:
    design = read(hwh_folder, "iop-Zybo")
    assert all(bus.vlnv is None for module in design.modules.values() for bus in module.buses.values())
    assert {c.protocol for c in design.connections} >= {"aximm", "lmb", "bram", "gpio"}


@pytest.mark.parametrize(
    ("part", "path", "type_"),
    [
        ("CPM_bd-VCK190", "versal_cips_0", "xilinx.com:ip:versal_cips:3.0"),
        ("pyrpl", "M_AXI_GP0", "xilinx.com:interface:aximm:1.0"),
        ("aryanj1412", "M01_AXI_0", "xilinx.com:interface:aximm:1.0"),
        ("cv_dfx_3_pr", "composable/pr_0", "xilinx.com:bdc:bdc:1.0"),
    ],
)
def test_what_is_dropped(hwh_folder: Path, part: str, path: str, type_: str) -> None:
    entry = read(hwh_folder, part).ip_dict[path]
    assert entry["type"] == type_
    assert entry["ranges"]
    assert entry["phys_addr"] == entry["ranges"][0]["base"]


def test_a_block_container_is_a_hierarchy(hwh_folder: Path) -> None:
    design = read(hwh_folder, "cv_dfx_3_pr")
    assert {"composable/pr_0", "composable/pr_1", "composable/pr_2"} <= design.hierarchy_dict.keys()
    assert design.modules["composable/pr_0"].vlnv is None
    assert "composable/pr_0" in design.hierarchies


def test_gpio_inputs_and_wide_slices(hwh_folder: Path) -> None:
    gpio = read(hwh_folder, "ps_gpio").gpio_dict
    assert {name: (pin["direction"], pin["index"], pin["width"]) for name, pin in gpio.items()} == {
        "leds": ("out", 6, 4),
        "buttons": ("in", 0, 4),
        "switches": ("in", 4, 2),
    }


def test_each_field_has_its_own_description(hwh_folder: Path) -> None:
    registers = read(hwh_folder, "tutorial_2-2020.2").ip_dict["const_multiply/multiply_dma"]["registers"]
    control = registers["MM2S_DMACR"]
    texts = {field["description"] for field in control["fields"].values()}
    assert len(texts) == len(control["fields"]) == 9
    assert control["description"] == "MM2S DMA Control Register"
    assert control["description"] not in texts


def test_an_array_of_an_hls_core_is_sized_in_bytes(hwh_folder: Path) -> None:
    design = read(hwh_folder, "cv_dfx_2pipes")
    found = [
        register
        for module in design.modules.values()
        if module.modtype == "LUT_accel"
        for block in module.blocks
        for register in block.registers
        if register.name == "Memory_lut"
    ]
    assert found
    assert all(register.is_memory and register.size == 1024 and register.width == 8192 for register in found)
