"""A board of ordinary files: what Linux shows of one, below a temporary folder, and a kernel that answers each write at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.design import Design, read_design
from pynq_widgets.device.board import BoardDevice, Linux
from pynq_widgets.device.board.manager import FIRMWARE, FOLDER

SMALL = Path(__file__).parents[2] / "design" / "small.hwh"
MAGIC = bytes.fromhex("00090ff00ff00ff00ff0000001")
# Padding, bus width, synchronisation and a no-operation, as write_bitstream begins.
CONFIGURATION = bytes.fromhex("ffffffff 000000bb 11220044 ffffffff aa995566 20000000")
SWAPPED = bytes.fromhex("ffffffff bb000000 44002211 ffffffff 665599aa 00000020")


def bit_file(part: str = "7z020clg400", data: bytes = CONFIGURATION) -> bytes:
    """A ``.bit`` file."""
    fields = b"".join(
        key + (len(text) + 1).to_bytes(2, "big") + text.encode() + b"\0"
        for key, text in ((b"a", "top;Version=2022.1"), (b"b", part), (b"c", "2022/07/01"), (b"d", "12:00:00"))
    )
    return MAGIC + fields + b"e" + len(data).to_bytes(4, "big") + data


class Kernel(Linux):
    """Linux on a board. `log` is what was written to its attributes; `refuse(name, text)` may raise, as the kernel does."""

    def __init__(self, root: Path, machine: str, compatible: tuple[str, ...], memory: int) -> None:
        super().__init__(root, machine, "linux")
        self.log: list[tuple[str, str]] = []
        self.refuse: Callable[[str, str], object] = lambda name, text: None
        self.loaded: list[bytes] = []
        self.comes_up = "operating"
        self.put("/proc/device-tree/compatible", "\0".join(compatible) + "\0")
        self.put("/proc/sys/kernel/hostname", "pynq\n")
        self.put("/dev/mem", "")
        os.truncate(self.path("/dev/mem"), memory)
        self.put(f"{FOLDER}/state", "unknown\n")
        self.put(f"{FOLDER}/flags", "0\n")
        self.put(f"{FOLDER}/firmware", "")

    def put(self, name: str, text: str) -> None:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write(self, name: str, text: str) -> None:
        self.refuse(name, text)
        super().write(name, text)
        self.log.append((name, text))
        if name == f"{FOLDER}/firmware":
            self.loaded.append(Path(self.path(f"{FIRMWARE}/{text}")).read_bytes())
            self.put(f"{FOLDER}/state", f"{self.comes_up}\n")

    def peek(self, address: int) -> int:
        """The word of physical memory at `address`."""
        with open(self.path("/dev/mem"), "rb") as file:
            file.seek(address)
            return int.from_bytes(file.read(4), "little")

    def poke(self, address: int, value: int) -> None:
        with open(self.path("/dev/mem"), "r+b") as file:
            file.seek(address)
            file.write(value.to_bytes(4, "little"))


@pytest.fixture
def zynq(tmp_path: Path) -> Kernel:
    kernel = Kernel(tmp_path / "zynq", "armv7l", ("digilent,pynq-z2", "xlnx,zynq-7000"), 1 << 32)
    for pll in (0xF800_0100, 0xF800_0104, 0xF800_0108):
        kernel.poke(pll, 30 << 12)  # of 33.3 MHz: an overlay sets its clocks
    return kernel


@pytest.fixture
def zynqmp(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "zynqmp", "aarch64", ("xlnx,zynqmp-zcu104", "xlnx,zynqmp"), 0x5_0000_0000)


@pytest.fixture
def versal(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "versal", "aarch64", ("xlnx,versal-vck190", "xlnx,versal"), 1 << 32)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Callable[[Kernel], BoardDevice]:
    """``board(kernel)``: the device of a board on which that kernel runs."""
    monkeypatch.delenv("BOARD", raising=False)

    def make(kernel: Kernel, **options: Any) -> BoardDevice:
        monkeypatch.setattr(BoardDevice, "linux", kernel)
        return BoardDevice(**options)

    return make


@pytest.fixture
def design(tmp_path: Path) -> Callable[..., Design]:
    """``design(KEY=value, ...)``: a small Zynq design, with these parameters of its processing system, and a bitstream beside it."""

    def make(name: str = "small", kind: str = "processing_system7", part: str = "7z020clg400", **parameters: str) -> Design:
        text = SMALL.read_text(encoding="utf-8")
        given = "".join(f'<PARAMETER NAME="{key}" VALUE="{value}"/>' for key, value in parameters.items())
        start = text.index("<PARAMETERS>", text.index('FULLNAME="/ps"')) + len("<PARAMETERS>")
        text = text[:start] + given + text[start:]
        text = text.replace(
            'MODTYPE="processing_system7" VLNV="xilinx.com:ip:processing_system7:5.5"', f'MODTYPE="{kind}" VLNV="x:ip:{kind}:1"'
        )
        path = tmp_path / f"{name}.hwh"
        path.write_text(text, encoding="utf-8")
        path.with_suffix(".bit").write_bytes(bit_file(part))
        return read_design(path)

    return make
