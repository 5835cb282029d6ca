"""The Gamma LUT, both sides; PG285's registers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pynq_drivers.v_gamma_lut.driver import GammaLut
from pynq_widgets import Overlay, SimulatedDevice

# Offset, reset value, and the bits that software sets and reads back. CONTROL and INTERRUPT_STATUS act, and are tested below.
ROWS = {
    "GLOBAL_ENABLE": (0x4, 0, 0x1),
    "INTERRUPT_ENABLE": (0x8, 0, 0x3),
    "WIDTH": (0x10, 0, 0xFFFF),
    "HEIGHT": (0x18, 0, 0xFFFF),
    "FORMAT": (0x20, 0, 0xFF),
}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    given = {"MAX_DATA_WIDTH": 8, "MAX_COLS": 1920, "MAX_ROWS": 1080}
    core = block("lut", "xilinx.com:ip:v_gamma_lut:1.1", 0x4300_0000, given, clocks=("ap_clk",), interface="s_axi_CTRL")
    ends = [block("source", "v:l:source:1.0", 0x4500_0000), block("sink", "v:l:sink:1.0", 0x4501_0000)]
    return build(core, *ends, streams=[("source", "out", "lut", "s_axis_video"), ("lut", "m_axis_video", "sink", "in")])


def test_the_registers(bench: Any) -> None:
    lut = bench.overlay.lut
    assert type(lut) is GammaLut
    known = {name: handle.offset for name, handle in lut.registers.registers.items()}
    assert known == {"CONTROL": 0x0, "INTERRUPT_STATUS": 0xC, **{name: row[0] for name, row in ROWS.items()}}
    for offset, reset, bits in ROWS.values():
        assert lut.read(offset) == reset
        lut.write(offset, 0xFFFF_FFFF)
        assert lut.read(offset) == bits
        lut.write(offset, 0)
    assert lut.read(0x0) == 0x4, "idle"
    lut.write(0xC, 0x3)
    assert lut.read(0xC) == 0x3, "toggled"
    assert "DONE" in lut.registers["CONTROL"].guard


def test_start_and_stop(bench: Any) -> None:
    lut = bench.overlay.lut
    assert bench.accesses("lut", lambda: lut.start(640, 480)) == [
        ("write", 0x10, 640),
        ("write", 0x18, 480),
        ("write", 0x20, 0),
        ("write", 0x0, 0x81),
    ]
    assert bench.model("lut").running
    assert bench.accesses("lut", lut.stop) == [("write", 0x0, 0)]
    assert not bench.model("lut").running
    with pytest.raises(ValueError, match=r"^a picture of lut is 1 to 1920 pixels wide in this design, not 1921$"):
        lut.start(1921, 480)


def test_tables(bench: Any) -> None:
    lut = bench.overlay.lut
    lut.gamma(1.0)
    assert lut.table("red") == lut.table("green") == lut.table("blue") == list(range(256))
    lut.gamma(2.0, "red")
    assert lut.table("red")[64] == round(255 * (64 / 255) ** 0.5) == 128
    assert (lut.table("red")[0], lut.table("red")[255], lut.table("green")[64]) == (0, 255, 64)
    before = lut.table("blue")
    assert len(bench.accesses("lut", lambda: lut.load("blue", reversed(range(256))))) == 128
    assert lut.table("blue") == before[::-1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda lut: lut.load("red", [0, 1]), "a table of lut has 256 values, not 2"),
        (lambda lut: lut.load("red", [256] * 256), "a value in a table of lut is 0 to 255, not 256"),
        (lambda lut: lut.load("gren", range(256)), "lut has no colour 'gren' (did you mean 'green'?)"),
        (lambda lut: lut.gamma(0), "gamma of lut is more than 0 and at most 10, not 0"),
    ],
)
def test_what_is_refused_writes_nothing(bench: Any, call: Any, said: str) -> None:
    lut = bench.overlay.lut

    def refused() -> None:
        with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
            call(lut)

    assert bench.accesses("lut", refused) == []


def test_pixels_wait_until_it_is_started_and_are_looked_up_then(bench: Any) -> None:
    lut = bench.overlay.lut
    lut.gamma(1.0)
    lut.load("red", [255 - value for value in range(256)])
    source, sink = bench.device.stream("source", "out"), bench.device.stream("sink", "in")
    source.send(bytes((10, 20, 30, 40, 50, 60)), True, user=1)
    bench.device.settle()
    assert sink.head is None
    lut.start(2, 1)
    bench.device.settle()
    assert sink.head.user == 1
    data, last = sink.receive()
    assert (bytes(data), last) == (bytes((10, 20, 225, 40, 50, 195)), True), "green, blue, red"


def test_the_published_designs(hwh_folder: Path) -> None:
    for name in ("Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr", "vision-agh__AUP-ZU3__peripherals_sobel-2024.2"):
        lut = Overlay(hwh_folder / f"{name}.hwh", device=SimulatedDevice(name)).mipi.gamma_lut
        lut.gamma(2.2)
        assert lut.table("green")[255] == 255
