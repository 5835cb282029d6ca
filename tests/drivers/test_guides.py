"""The examples of docs/buffers.md and docs/transfers.md run as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets import Device, Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

ROOT = Path(__file__).resolve().parents[2]
DESIGNS = ROOT / "notebooks" / "designs"


def examples(page: str) -> list[tuple[str, str]]:
    """The pieces of Python in a page, each with the name that a comment before it gives ('' where there is none)."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"(?:<!-- ([\w-]+) -->\n)?```python\n(.*?)```", text, re.DOTALL)


def named(name: str) -> str:
    return next(code for each, code in examples("transfers.md") if each == name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the designs, where the test runs, on a simulated device whose time passes when somebody waits."""
    for name in ("demo.hwh", "video.hwh"):
        (tmp_path / name).write_bytes((DESIGNS / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    before = Device.active_device
    Device.active_device = SimulatedDevice("guide", clock=VirtualClock(autojump=True))
    yield tmp_path
    Device.active_device = before


def run(code: str, overlay: Any = None) -> dict[str, Any]:
    """What `code` has made, with the names that the page has given before."""
    space: dict[str, Any] = {"__name__": "__main__"}
    if overlay is not None:
        exec("from pynq_widgets import allocate", space)
        space["ol"] = overlay
        Device.active_device = overlay.device
    exec(code, space)
    return space


def test_buffers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    allocating, addresses, coherence, memory, looking = (code for _, code in examples("buffers.md"))
    space = run(allocating)
    assert space["scratch"].freed
    assert space["here"].physical_address == 0x4000_0000
    exec(addresses, space)
    exec(coherence, space)
    assert "host newer" in capsys.readouterr().out
    assert space["data"].coherence.state == "same"
    exec(memory, space)
    assert "'frame'" in capsys.readouterr().out
    pytest.importorskip("ipywidgets")
    exec(looking, space)
    assert (folder / "seen.csv").exists()


def test_a_dma(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, hanging, failing, several = (code for name, code in examples("transfers.md") if not name)
    space = run(first)
    assert capsys.readouterr().out == "1000\n"
    exec(hanging, space)
    assert "It waits for a packet from filter/fir, which ends with TLAST" in capsys.readouterr().out
    exec(failing, space)
    assert capsys.readouterr().out.startswith("DMA Decode Error (invalid address) on filter/dma.sendchannel; ")
    exec(several, space)
    assert capsys.readouterr().out == "[500, 500, 500, 500]\n"
    assert space["parts"][0].state == "done"


def test_scatter_gather(folder: Path, build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_include_sg=1), streams=[("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")])
    run(named("scatter-gather"), bench.overlay)
    assert not bench.overlay.dma.sendchannel.running


def test_a_cdma(folder: Path, build: Any, block: Any) -> None:
    given = {"C_M_AXI_DATA_WIDTH": 64, "C_INCLUDE_SG": 0, "C_M_AXI_MAX_BURST_LEN": 16, "C_M_AXI_ADDR_WIDTH": 32, "C_INCLUDE_DRE": 1}
    one = block("cdma", "xilinx.com:ip:axi_cdma:4.1", 0x4E20_0000, given, ("cdma_introut",), ("M_AXI",), interface="S_AXI_LITE")
    assert run(named("cdma"), build(one).overlay)["ol"].cdma.transferred == 100


def test_a_mcdma(folder: Path, build: Any, block: Any) -> None:
    given = {"C_NUM_MM2S_CHANNELS": 4, "C_NUM_S2MM_CHANNELS": 4, "C_SG_LENGTH_WIDTH": 16, "C_ADDR_WIDTH": 32}
    masters = ("M_AXI_SG", "M_AXI_MM2S", "M_AXI_S2MM")
    clocks = ("s_axi_lite_aclk", "s_axi_aclk")
    one = block("dma", "xilinx.com:ip:axi_mcdma:1.1", 0x4E40_0000, given, (), masters, (), clocks, interface="S_AXI_LITE")
    space = run(named("mcdma"), build(one, streams=[("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]).overlay)
    assert space["arriving"].transferred == 1000


def test_a_fifo(folder: Path, build: Any, block: Any) -> None:
    one = block("fifo", "xilinx.com:ip:axi_fifo_mm_s:4.2", 0x43C0_0000, interrupts=("interrupt",))
    overlay = build(one, streams=[("fifo", "AXI_STR_TXD", "fifo", "AXI_STR_RXD")]).overlay
    run(named("fifo").replace("ol.fifo.receive(timeout=1)", "assert ol.fifo.receive(timeout=1) == b'hello'"), overlay)
    assert overlay.fifo.errors == []


def test_pictures(folder: Path) -> None:
    device = SimulatedDevice("pictures", clock=VirtualClock(autojump=True))
    space = run(named("vdma"), Overlay("video.hwh", device=device))
    assert space["picture"].shape == (240, 320, 3)
    assert isinstance(space["picture"], np.ndarray)
    assert not space["vdma"].readchannel.running
