"""The panel of a memory: the buffer view over a window of it."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.memory.panel import MemoryPanel
from pynq_widgets import Overlay


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    big = block("ram", "xilinx.com:ip:ddr4:2.2", 0x8000_0000, {}, size=0x10_0000, memory=True)
    small = block("bram", "xilinx.com:ip:axi_bram_ctrl:4.1", 0x4000_0000, {}, size=0x2000, memory=True)
    return build(big, small)


def test_it_shows_what_is_there_without_an_access(bench: Any, page: Any) -> None:
    bram = bench.overlay.bram
    bram[0:3] = [1, 2, 3]
    panel = bram.panel()
    assert isinstance(panel, MemoryPanel)
    assert panel is bram.panel()
    assert (panel.window[:4].tolist(), panel.window.nbytes, panel.view.mode) == ([1, 2, 3, 0], 0x2000, "hex")
    assert len(panel.children) == 1  # all of it is seen: there is nothing to move
    bram[1] = 99
    tape = len(bench.overlay.tape.transactions)
    panel.view.refresh()
    assert panel.window[1] == 99
    assert len(bench.overlay.tape.transactions) == tape


def test_the_window_is_moved(bench: Any, page: Any) -> None:
    ram = bench.overlay.ram
    ram[0x8000] = 0x1234
    panel = ram.panel()
    assert (panel.window.nbytes, len(panel.children)) == (65536, 2)
    panel.start = 0x2_0000
    assert (panel.window[0], panel.window.physical_address) == (0x1234, 0x8002_0000)
    panel._from.value = "0x1fffe"  # as it is typed; down to a whole word
    assert (panel.start, panel.window[1]) == (0x1_FFFC, 0x1234)
    panel._from.value = "0x80020000"  # an address
    assert panel.start == 0x2_0000
    panel._from.value = "0x1fffc"
    panel._from.value = "<b>"
    assert "&lt;b>" in panel._said.value
    panel._from.value = "0xF0004"
    assert "from a multiple of 4 bytes, 0 to 0xf0000, not from 0xf0004" in panel._said.value
    assert panel.start == 0x1_FFFC
    with pytest.raises(ValueError, match=r"^ram is shown from a multiple of 4 bytes, 0 to 0xf0000, not from 0x2$"):
        panel.start = 2


def test_what_is_seen_is_a_copy_that_cannot_be_written(bench: Any, page: Any) -> None:
    window = bench.overlay.bram.panel().window
    with pytest.raises(ValueError, match="read-only"):
        window[0] = 1


def test_a_memory_that_has_gone_says_so(bench: Any, page: Any) -> None:
    panel = bench.overlay.bram.panel()
    Overlay(bench.device.design.path, device=bench.device)
    panel.view.refresh()
    assert panel.view._gone == "bram belongs to an overlay that is not on the device any more."


def test_a_saved_notebook_has_it_too(bench: Any, page: Any) -> None:
    bench.overlay.bram[0] = 7
    data = bench.overlay.bram.panel()._repr_mimebundle_()[0]
    assert data["text/plain"].startswith("MemoryWindow(shape=(2048,), dtype=uint32, physical_address=0x40000000): [7 0 0")
    assert "<script" not in data["text/html"]


def test_a_bus_that_refuses_is_told(bench: Any, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pynq_widgets.device import BusError

    def refuse(address: int, nbytes: int) -> bytes:
        raise BusError(address, "read", "nobody answers")

    panel = bench.overlay.bram.panel()
    monkeypatch.setattr(bench.device, "peek", refuse)
    panel.view.refresh()
    assert "nobody answers" in panel.view._status["problem"]
