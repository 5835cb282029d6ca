"""Loading an overlay on a board: its clocks run as the design wants them before its logic is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.device import Device
from pynq_widgets.overlay import Overlay

SLCR, IO_PLL = 0xF800_0000, 0xF800_0108
CLOCKS = """<PARAMETERS>
  <PARAMETER NAME="PCW_CRYSTAL_PERIPHERAL_FREQMHZ" VALUE="33.333333"/>
  <PARAMETER NAME="PCW_FPGA_FCLK0_ENABLE" VALUE="1"/><PARAMETER NAME="PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ" VALUE="100.000000"/>
  <PARAMETER NAME="PCW_FPGA_FCLK1_ENABLE" VALUE="0"/><PARAMETER NAME="PCW_ACT_FPGA1_PERIPHERAL_FREQMHZ" VALUE="10.000000"/>
</PARAMETERS>"""


class Board(Device):
    """A Zynq whose bus and downloads are written down."""

    capabilities = {"REGISTER_RW": True}
    arch = "armv7l"

    def __init__(self) -> None:
        super().__init__("board")
        self.words = {IO_PLL: 30 << 12, SLCR + 0x170: 0x0020_0400}
        self.log: list[tuple[Any, ...]] = []

    def read_registers(self, address: int, length: int) -> bytes:
        self.log.append(("read", address))
        return self.words.get(address, 0).to_bytes(4, "little")

    def write_registers(self, address: int, data: bytes) -> None:
        self.log.append(("write", address, int.from_bytes(data, "little")))

    def download(self, bitstream: Any, parser: Any = None) -> None:
        self.log.append(("download",))


@pytest.fixture
def design(small: Path) -> str:
    """A design that wants 100 MHz of clock 0 and does not use the others."""
    small.write_text(small.read_text().replace("<PARAMETERS/>", CLOCKS, 1))
    return str(small)


def test_enabled_clocks_are_set_before_the_download(design: str) -> None:
    board = Board()
    Overlay(design, device=board)
    # 1000 MHz, from the crystal that the design to be loaded names, and not from the 50 MHz of PYNQ's boards.
    assert board.log == [("read", SLCR + 0x170), ("read", IO_PLL), ("write", SLCR + 0x170, 10 << 8 | 1 << 20), ("download",)]


def test_a_device_sets_its_clocks_itself(design: str) -> None:
    board = Board()
    board.set_pl_clk = lambda index, clk_mhz: board.log.append(("clock", index, clk_mhz))  # type: ignore[attr-defined]
    Overlay(design, device=board)
    assert board.log == [("clock", 0, 100.0), ("download",)]


@pytest.mark.parametrize(("arch", "capabilities"), [("x86_64", {"REGISTER_RW": True}), ("armv7l", {})])
def test_a_device_without_clocks_is_only_loaded(design: str, arch: str, capabilities: dict[str, bool]) -> None:
    board = Board()
    board.arch, board.capabilities = arch, capabilities  # type: ignore[misc]
    Overlay(design, device=board)
    assert board.log == [("download",)]
