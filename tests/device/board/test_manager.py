"""What goes to the kernel's FPGA manager, and what its answers mean."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from pynq_widgets.device.board import DownloadError
from pynq_widgets.device.board.images import Image
from pynq_widgets.device.board.manager import FOLDER, FpgaManager

from .conftest import Kernel

IMAGE = Image("base.bin", b"configuration")


def test_flags_then_the_name_of_the_file(zynq: Kernel) -> None:
    manager = FpgaManager(zynq)
    assert manager.state == "unknown"
    placed = manager.load(IMAGE)
    assert placed == zynq.path("/lib/firmware/base.bin")
    assert zynq.log == [(f"{FOLDER}/flags", "0"), (f"{FOLDER}/firmware", "base.bin")]
    assert zynq.loaded == [b"configuration"]
    assert manager.state == "operating"
    manager.load(Image("region.bin", b"part"), partial=True)
    assert zynq.log[2:] == [(f"{FOLDER}/flags", "1"), (f"{FOLDER}/firmware", "region.bin")]


def test_the_file_is_replaced_as_a_whole(zynq: Kernel) -> None:
    FpgaManager(zynq).load(IMAGE)
    FpgaManager(zynq).load(Image("base.bin", b"new"))
    assert zynq.loaded == [b"configuration", b"new"]
    assert [entry.name for entry in Path(zynq.path("/lib/firmware")).iterdir()] == ["base.bin"]


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("write init error: 0x1", "the logic did not get ready: the image is not for this part, or no configuration data"),
        ("write error", "the transfer of the image was broken off: the image is not for this part, or damaged"),
        ("write complete error", "the logic did not start: the image is not for this part, or damaged"),
        ("firmware request error", "the kernel did not find the file in its folders of firmware"),
    ],
)
def test_a_state_that_is_not_operating_is_an_error(zynq: Kernel, state: str, meaning: str) -> None:
    zynq.comes_up = state
    with pytest.raises(DownloadError) as caught:
        FpgaManager(zynq).load(IMAGE)
    assert str(caught.value) == (
        f"base.bin was not loaded: the FPGA manager is in the state {state!r}; {meaning}. The kernel says more: dmesg | tail"
    )
    assert caught.value.state == state


def test_what_the_kernel_has_against_it(zynq: Kernel) -> None:
    def refuse(name: str, text: str) -> None:
        if name.endswith("firmware"):
            zynq.put(f"{FOLDER}/state", "write error\n")
            raise OSError(errno.ETIMEDOUT, "Connection timed out")

    zynq.refuse = refuse
    with pytest.raises(
        DownloadError, match=r"^base.bin was not loaded: Connection timed out; the FPGA manager is in the state 'write error'; "
    ):
        FpgaManager(zynq).load(IMAGE)


def test_a_kernel_without_these_attributes(zynq: Kernel) -> None:
    Path(zynq.path(f"{FOLDER}/firmware")).unlink()
    with pytest.raises(
        DownloadError, match=rf"^the kernel has no {FOLDER}/firmware: to load a bitstream it needs the FPGA manager of AMD's"
    ):
        FpgaManager(zynq).load(IMAGE)
    shutil.rmtree(zynq.path(FOLDER))
    assert FpgaManager(zynq).state == ""


def test_no_room_for_the_file(zynq: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    zynq.put("/lib", "a file, where a folder should be")
    with pytest.raises(DownloadError, match=r"^base.bin cannot be put into /lib/firmware, where the kernel takes it from: ") as caught:
        FpgaManager(zynq).load(IMAGE)
    assert caught.value.state == "unknown"
    assert zynq.log == []
