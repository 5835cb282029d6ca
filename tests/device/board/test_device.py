"""The device of a board: how it is found, its bus, and what a download does, in which order."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pynq_widgets import MMIO, Overlay
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.design import DesignError
from pynq_widgets.device import BusError, Device, SimulatedDevice
from pynq_widgets.device.board import BoardDevice, DownloadError, EmbeddedDevice
from pynq_widgets.device.board.manager import FOLDER
from pynq_widgets.device.contract import DeviceMeta

from .conftest import SWAPPED, Kernel, bit_file

Board = Callable[[Kernel], BoardDevice]


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        DeviceMeta, "_probing", {BoardDevice._probe_priority_: BoardDevice, SimulatedDevice._probe_priority_: SimulatedDevice}
    )
    monkeypatch.setattr(DeviceMeta, "_found", {})
    monkeypatch.setattr(DeviceMeta, "_chosen", None)


# Finding it.


def test_pynqs_name() -> None:
    assert EmbeddedDevice is BoardDevice


def test_a_board_comes_first_and_the_simulation_is_there_yet(zynq: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoardDevice, "linux", zynq)
    assert [(type(device), device.kind) for device in Device.devices] == [(BoardDevice, "board"), (SimulatedDevice, "simulated")]
    assert Device.active_device.tag == "board"
    Device.active_device = Device.devices[-1]
    assert Device.active_device.kind == "simulated"


def test_a_laptop_has_none_and_is_not_asked_much(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from pynq_widgets.device.board.linux import Linux

    class Watched(Linux):
        def text(self, name: str) -> str | None:
            raise AssertionError(f"{name} was read")

    monkeypatch.setattr(BoardDevice, "linux", Watched(tmp_path, "x86_64", "linux"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [device.kind for device in Device.devices] == ["simulated"]


@pytest.mark.skipif(sys.platform == "linux" and os.uname().machine.startswith(("arm", "aarch64")), reason="this may be a board")
def test_a_laptop_loads_nothing_of_it() -> None:
    program = "import sys, pynq_widgets; pynq_widgets.Device.active_device; print([n for n in sys.modules if 'board' in n])"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("name", ["/dev/mem", f"{FOLDER}/firmware"])
def test_without_rights_one_warning_teaches_and_the_simulation_stands_in(zynq: Kernel, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(BoardDevice, "linux", zynq)
    opened = os.open

    def refuse(path: Any, flags: int, *more: Any) -> int:
        if path == zynq.path(name):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.warns(RuntimeWarning) as caught:
        found = [[device.kind for device in Device.devices] for _ in range(2)]
    assert found == [["simulated"], ["simulated"]]
    (only,) = caught
    text = str(only.message)
    assert text.startswith("this is a Zynq-7000, but its logic is not used: ")
    assert text.endswith(
        "cannot be opened (Permission denied): run Python, or Jupyter, as root (sudo -E). The simulated device stands in for it"
    )


def test_a_kernel_without_fpga_manager_is_warned_of(zynqmp: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoardDevice, "linux", zynqmp)
    shutil.rmtree(zynqmp.path(FOLDER))
    with pytest.warns(
        RuntimeWarning, match=r"this is a Zynq UltraScale\+, but its logic is not used: the kernel has no /sys/class/fpga_man"
    ):
        assert [device.kind for device in Device.devices] == ["simulated"]


def test_made_where_there_is_no_board(zynq: Kernel, board: Board) -> None:
    zynq.put("/proc/device-tree/compatible", "raspberrypi,4-model-b\0brcm,bcm2711\0")
    with pytest.raises(
        RuntimeError, match=r"this is a machine of the type 'armv7l', whose device tree says raspberrypi,4-model-b, brcm,bcm2711"
    ):
        board(zynq)


def test_what_it_is(zynq: Kernel, zynqmp: Kernel, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    device = board(zynq)
    assert (device.tag, device.kind, device.arch, device.family.name, device.needs_bitstream) == ("board", "board", "armv7l", "zynq", True)
    assert repr(device) == "<BoardDevice 'board' (board)>"
    assert [device.has_capability(name) for name in ("MEMORY_MAPPED", "REGISTER_RW", "CALLABLE")] == [True, False, False]
    assert device.name == "pynq"
    zynq.put("/proc/device-tree/model", "TUL PYNQ-Z2\0")
    assert device.name == "TUL PYNQ-Z2"
    zynq.put("/proc/device-tree/chosen/pynq_board", "Pynq-Z2\0")
    assert device.name == "Pynq-Z2"
    monkeypatch.setenv("BOARD", "RFSoC4x2")
    assert device.name == "RFSoC4x2"
    assert board(zynqmp).family.title == "Zynq UltraScale+"


# The bus.


def test_mmio_is_words_of_dev_mem(zynq: Kernel, board: Board) -> None:
    device = board(zynq)
    zynq.poke(0x4120_0008, 0xABCD)
    mmio = MMIO(0x4120_0000, 0x1000, device=device)
    assert (mmio.read(8), mmio.array.dtype, mmio.array.size) == (0xABCD, np.dtype("u4"), 1024)
    mmio.write(4, 0xDEAD_BEEF)
    assert zynq.peek(0x4120_0004) == 0xDEAD_BEEF
    assert mmio.read(4, length=8) == 0xABCD_DEAD_BEEF
    del mmio
    gc.collect()
    assert device.physical.mappings == ()


def test_single_words_keep_their_page(zynq: Kernel, board: Board) -> None:
    device = board(zynq)
    device.write_word(0xF800_0008, 0xDF0D)
    device.write_word(0xF800_0FFC, 3)
    assert (zynq.peek(0xF800_0008), device.read_word(0xF800_0FFC)) == (0xDF0D, 3)
    assert device.physical.mappings == ((0xF800_0000, 0xF800_1000),)
    for page in range(100):
        device.read_word(0xE000_0000 + page * 0x1000)
    gc.collect()
    assert len(device.physical.mappings) <= 64
    device.close()
    gc.collect()
    assert device.physical.mappings == ()
    with pytest.raises(ValueError, match=r"^the bus has words of 32 bits: 0xf8000002 is no multiple of 4$"):
        device.read_word(0xF800_0002)


def test_addresses_of_the_logic_where_the_design_has_nothing_are_refused(zynq: Kernel, board: Board, design: Callable[..., Any]) -> None:
    device = board(zynq)
    device.read_word(0x7000_0000)  # nobody knows yet what is there
    device.prepare(design())
    for touch in (lambda: device.read_word(0x7000_0000), lambda: MMIO(0x7000_0000, 0x1000, device=device)):
        with pytest.raises(BusError) as caught:
            touch()
        assert caught.value.address == 0x7000_0000
    assert str(caught.value) == (
        "mapping of 0x70000000 failed: the design small has nothing there, and an access to logic that does not answer can stop the "
        "processor; the nearest is M_OUT at 0x60000000 to 0x6000ffff. If the board holds another design, load its overlay, or set "
        "device.checks_addresses = False"
    )
    assert MMIO(0x411F_0000, 0x20000, device=device).length == 0x20000  # begins before an IP, and holds it
    device.read_word(0x4120_0000)
    device.read_word(0xF800_0000)  # not the logic
    device.checks_addresses = False
    device.read_word(0x7000_0000)


# Loading.


def test_an_overlay_is_loaded_and_its_registers_are_there(zynq: Kernel, board: Board, design: Callable[..., Any]) -> None:
    path = design(C_USE_S_AXI_HP0="1", C_S_AXI_HP0_DATA_WIDTH="32").path
    device = board(zynq)
    overlay: Any = Overlay(str(path), device=device)
    assert overlay.bitfile_name.endswith("small.bit")
    assert zynq.log == [(f"{FOLDER}/flags", "0"), (f"{FOLDER}/firmware", "small.bin")]
    assert zynq.loaded == [SWAPPED]
    assert (overlay.binfile_name, overlay.firmware_path) == ("small.bin", zynq.path("/lib/firmware/small.bin"))
    assert (zynq.peek(0xF800_8000), zynq.peek(0xF800_8014)) == (1, 1)
    assert device.design is overlay.design
    assert set(device.ip_dict) == set(overlay.ip_dict)
    zynq.poke(0x43C0_0010, 42)
    assert overlay.scale.read(0x10) == 42
    overlay.scale.write(0x10, 43)
    assert zynq.peek(0x43C0_0010) == 43


def test_a_port_that_was_made_narrow_is_made_wide_again(zynq: Kernel, board: Board, design: Callable[..., Any]) -> None:
    device = board(zynq)
    device.download(bit_path(design("narrow", C_USE_S_AXI_HP0="1", C_S_AXI_HP0_DATA_WIDTH="32")), design("narrow"))
    narrow = design("narrow", C_USE_S_AXI_HP0="1", C_S_AXI_HP0_DATA_WIDTH="32")
    device.download(bit_path(narrow), narrow)
    assert zynq.peek(0xF800_8014) == 1
    wide = design("wide", C_USE_S_AXI_HP0="1", C_S_AXI_HP0_DATA_WIDTH="64")
    device.download(bit_path(wide), wide)
    assert zynq.peek(0xF800_8014) == 0


def bit_path(design: Any) -> str:
    return str(Path(design.path).with_suffix(".bit"))


def test_the_ports_of_an_ultrascale(zynqmp: Kernel, board: Board, design: Callable[..., Any]) -> None:
    os.truncate(zynqmp.path("/dev/mem"), 1 << 32)
    zynqmp.poke(0xFD36_0000, 0x3B0)
    made = design(kind="zynq_ultra_ps_e", part="xczu7ev-ffvc1156-2-e", C_SAXIGP0_DATA_WIDTH="32")
    board(zynqmp).download(bit_path(made), made)
    assert (zynqmp.peek(0xFD36_0000), zynqmp.peek(0xFD36_0014)) == (0x3B2, 2)


def test_handles_of_the_design_before_are_stale(zynq: Kernel, board: Board, design: Callable[..., Any]) -> None:
    device = board(zynq)
    first: Any = Overlay(str(design("first").path), device=device)
    scale, words = first.scale, first.scale.mmio
    first.download()
    assert words.read(0x10) == 0  # the same design again
    Overlay(str(design("second").path), device=device)
    for touch in (lambda: scale.read(0x10), lambda: words.read(0x10)):
        with pytest.raises(StaleOverlayError):
            touch()


def test_what_fails_before_it_begins_leaves_everything(zynq: Kernel, board: Board, design: Callable[..., Any]) -> None:
    device = board(zynq)
    overlay: Any = Overlay(str(design("first").path), device=device)
    words = overlay.scale.mmio
    zynq.log.clear()
    clock = zynq.peek(0xF800_0170)
    zynq.poke(0xF800_0170, clock ^ 0x100)  # so that the other overlay would set it
    other = design("other", part="xczu7ev-ffvc1156-2-e")
    with pytest.raises(DesignError, match=r"but this board is a Zynq-7000"):
        Overlay(str(other.path), device=device)
    assert (zynq.log, words.read(0x10), device.design) == ([], 0, overlay.design)
    assert zynq.peek(0xF800_0170) == clock ^ 0x100


def test_a_download_that_fails_leaves_nobody_a_handle(zynq: Kernel, board: Board, design: Callable[..., Any]) -> None:
    device = board(zynq)
    overlay: Any = Overlay(str(design("first").path), device=device)
    words = overlay.scale.mmio
    zynq.comes_up = "write error"
    with pytest.raises(DownloadError, match=r"the FPGA manager is in the state 'write error'"):
        Overlay(str(design("second").path), device=device)
    with pytest.raises(StaleOverlayError, match=r"first.bit went in a download that failed"):
        words.read(0x10)
    assert not overlay.is_loaded()
    with pytest.raises(BusError, match=r"the last download failed, so there is nothing in the logic: load an overlay$"):
        device.read_word(0x43C0_0010)
    device.read_word(0xF800_0000)
    zynq.comes_up = "operating"
    again: Any = Overlay(str(design("second").path), device=device)
    assert again.scale.read(0x10) == 0


def test_after_a_failure_nothing_is_described(zynq: Kernel, board: Board, design: Callable[..., Any]) -> None:
    device = board(zynq)
    made = design()
    device.download(bit_path(made), made)
    assert (device.design, set(device.ip_dict)) == (made, set(made.ip_dict))
    zynq.comes_up = "write error"
    with pytest.raises(DownloadError):
        device.download(bit_path(made), made)
    assert (device.design, device.ip_dict) == (None, {})


def test_a_partial_bitstream_leaves_the_rest(zynq: Kernel, board: Board, design: Callable[..., Any], tmp_path: Path) -> None:
    device = board(zynq)
    overlay: Any = Overlay(str(design().path), device=device)
    words, generation = overlay.scale.mmio, device.generation
    zynq.log.clear()
    (tmp_path / "region.bit").write_bytes(bit_file())
    part = SimpleNamespace(bitfile_name=str(tmp_path / "region.bit"), partial=True)
    device.download(part)
    assert zynq.log == [(f"{FOLDER}/flags", "1"), (f"{FOLDER}/firmware", "region.bin")]
    assert (words.read(0x10), device.generation, device.design) == (0, generation, overlay.design)
    assert part.binfile_name == "region.bin"
    device.read_word(0x7000_0000)  # the region may have something there


def test_a_bitstream_alone_is_loaded_without_a_design(zynq: Kernel, board: Board, tmp_path: Path, design: Callable[..., Any]) -> None:
    device = board(zynq)
    made = design()
    device.download(bit_path(made), made)
    before = device.generation
    (tmp_path / "alone.bit").write_bytes(bit_file())
    alone: Any = SimpleNamespace(bitfile_name=str(tmp_path / "alone.bit"), partial=False)
    device.download(alone)
    assert (device.design, device.ip_dict, device.generation > before) == (None, {}, True)
    assert alone.timestamp
    device.read_word(0x7000_0000)


def test_traffic_is_shut_down_before_the_design_that_is_there_goes(
    zynq: Kernel, board: Board, design: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    device = board(zynq)
    made = design()
    device.download(bit_path(made), made)
    order: list[str] = []
    monkeypatch.setattr(BoardDevice, "clear_devicetree", lambda self: order.append("device tree"))
    monkeypatch.setattr(BoardDevice, "shutdown", lambda self: order.append(f"shutdown of {len(self.ip_dict)} IP"))
    zynq.refuse = lambda name, text: order.append(os.path.basename(name))
    device.ip_dict = {"of": {}, "the": {}, "next": {}}  # as set_bitfile_name may have left it
    device.download(bit_path(made), made)
    assert order == ["device tree", f"shutdown of {len(made.ip_dict)} IP", "flags", "firmware"]


def test_a_versal(versal: Kernel, board: Board, tmp_path: Path) -> None:
    (tmp_path / "v.pdi").write_bytes(b"image")
    device = board(versal)
    device.download(str(tmp_path / "v.pdi"))
    assert (versal.loaded, device.family.name, device.arch) == ([b"image"], "versal", "aarch64")
