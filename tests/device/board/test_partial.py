"""A module for a region, on a board: the flag of the FPGA manager, and what the device knows and reaches after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.design import DesignError
from pynq_widgets.device import BusError
from pynq_widgets.device.board import BoardDevice, DownloadError
from pynq_widgets.device.board.manager import FOLDER

from .conftest import Kernel, bit_file

Board = Callable[[Kernel], BoardDevice]

# The hierarchy `io` is no marked region, as in files of older flows: what of the module has a name that stood there tells the boundary.
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<EDKSYSTEM VIVADOVERSION="2022.1">
  <SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="other_io" PACKAGE="clg400" SPEEDGRADE="-1"/>
  <EXTERNALPORTS><PORT DIR="I" NAME="aclk" SIGNAME="ext_clk"><CONNECTIONS/></PORT></EXTERNALPORTS>
  <EXTERNALINTERFACES><BUSINTERFACE BUSNAME="ext" NAME="S_AXI" TYPE="SLAVE"><PORTMAPS/><MEMORYMAP>
    <MEMRANGE ADDRESSBLOCK="Reg" BASEVALUE="0x41200000" HIGHVALUE="0x41200FFF" INSTANCE="buttons"
      SLAVEBUSINTERFACE="S_AXI" MEMTYPE="REGISTER"/>
    <MEMRANGE ADDRESSBLOCK="Reg" BASEVALUE="0x41201000" HIGHVALUE="0x41201FFF" INSTANCE="fresh"
      SLAVEBUSINTERFACE="S_AXI" MEMTYPE="REGISTER"/>
  </MEMORYMAP></BUSINTERFACE></EXTERNALINTERFACES>
  <MODULES>
    <MODULE FULLNAME="/buttons" INSTANCE="buttons" MODTYPE="axi_gpio" VLNV="xilinx.com:ip:axi_gpio:2.0"><PARAMETERS/>
      <PORTS><PORT DIR="I" NAME="s_axi_aclk" SIGIS="clk" SIGNAME="ext_clk"><CONNECTIONS/></PORT></PORTS>
      <BUSINTERFACES><BUSINTERFACE BUSNAME="ext" NAME="S_AXI" TYPE="SLAVE"/></BUSINTERFACES></MODULE>
    <MODULE FULLNAME="/fresh" INSTANCE="fresh" MODTYPE="core" VLNV="me.org:test:core:1.0"><PARAMETERS/><PORTS/><BUSINTERFACES/></MODULE>
  </MODULES>
</EDKSYSTEM>"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A partial bitstream for the hierarchy ``io``, with its handoff."""
    (tmp_path / "other_io.hwh").write_text(MODULE, encoding="utf-8")
    (tmp_path / "other_io.bit").write_bytes(bit_file())
    return tmp_path / "other_io.bit"


def test_a_module_goes_into_its_region(zynq: Kernel, board: Board, design: Callable[..., Any], module: Path) -> None:
    device = board(zynq)
    ol: Any = Overlay(str(design().path), device=device)
    scale, old, generation = ol.scale, ol.io.buttons, device.generation
    scale.write(0x10, 7)
    zynq.log.clear()
    ol.pr_download("io", module)
    assert zynq.log == [(f"{FOLDER}/flags", "1"), (f"{FOLDER}/firmware", "other_io.bin")]
    assert device.generation == generation
    assert ol.scale is scale
    assert scale.read(0x10) == 7
    ol.io.fresh.write(0, 9)
    assert zynq.peek(0x4120_1000) == 9
    assert ol.ip_dict["io/buttons"]["addr_range"] == device.ip_dict["io/buttons"]["addr_range"] == 0x1000
    assert ol.design.modules["io/buttons"].ports["s_axi_aclk"].net == "n_clk"
    assert "io/intc" not in ol.ip_dict
    with pytest.raises(StaleOverlayError, match=r"io/buttons was in region io, which holds other_io\.hwh now"):
        old.read(0)
    with pytest.raises(BusError, match="the design small has nothing there"):
        device.read_word(0x4180_0000)  # the controller that the region had
    ol.download()
    assert set(ol.io) == {"buttons", "intc", "join"}
    assert device.read_word(0x4180_0000) == 0


def test_what_the_manager_refuses_leaves_an_empty_region(zynq: Kernel, board: Board, design: Callable[..., Any], module: Path) -> None:
    device = board(zynq)
    ol: Any = Overlay(str(design().path), device=device)
    old, scale = ol.io.buttons, ol.scale
    zynq.comes_up = "write error"
    with pytest.raises(DownloadError):
        ol.io.download(module)
    assert (ol.design.regions, list(ol.io), ol.pr_dict) == ({"io": None}, [], {})
    with pytest.raises(StaleOverlayError, match="for which a partial download failed: nobody knows what it holds"):
        old.read(0)
    with pytest.raises(BusError, match="nothing there"):
        device.read_word(0x4120_0000)
    assert scale.read(0x10) == 0


def test_a_bitstream_for_another_part_is_refused_first(zynq: Kernel, board: Board, design: Callable[..., Any], module: Path) -> None:
    device = board(zynq)
    ol: Any = Overlay(str(design().path), device=device)
    old = ol.io.buttons
    module.write_bytes(bit_file("xczu7ev-ffvc1156-2-e"))
    zynq.log.clear()
    with pytest.raises(DesignError, match="but this board is a Zynq-7000"):
        ol.pr_download("io", module)
    assert zynq.log == []
    assert old.read(0) == 0
