"""The Video Test Pattern Generator: registers of PG103, patterns, and a picture through a VDMA."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from pynq_drivers.v_tpg import pictures
from pynq_drivers.v_tpg import registers as r

NAMES = (
    ("HEIGHT", 16),
    ("WIDTH", 16),
    ("PATTERN", 8),
    ("LAYER", 8),
    ("MASK", 8),
    ("SPEED", 8),
    ("FORMAT", 8),
    ("CROSS_X", 16),
    ("CROSS_Y", 16),
    ("ZONE_HORIZONTAL_START", 16),
    ("ZONE_HORIZONTAL_STEP", 16),
    ("ZONE_VERTICAL_START", 16),
    ("ZONE_VERTICAL_STEP", 16),
    ("BOX_SIZE", 16),
    ("BOX_RED", 16),
    ("BOX_GREEN", 16),
    ("BOX_BLUE", 16),
    ("INPUT", 8),
    ("PASS_LEFT", 16),
    ("PASS_TOP", 16),
    ("PASS_RIGHT", 16),
    ("PASS_BOTTOM", 16),
    ("RANGE", 8),
    ("MATRIX", 8),
    ("FIELD", 16),
)
# Offset, reset value, bits that software sets; CONTROL and INTERRUPT_STATUS have tests of their own.
ROWS = {
    "GLOBAL_ENABLE": (0x4, 0, 0x1),
    "INTERRUPT_ENABLE": (0x8, 0, 0x3),
    **{name: (0x10 + 8 * i, 0, (1 << width) - 1) for i, (name, width) in enumerate(NAMES)},
}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    """The core with a stream that leads to a VDMA."""
    given = {"C_MAX_COLS": 1920, "C_MAX_ROWS": 1080, "C_SAMPLES_PER_CLOCK": 1, "C_MAX_DATA_WIDTH": 8}
    tpg = block("tpg", "xilinx.com:ip:v_tpg:8.2", 0x43D0_0000, given, ("interrupt",), interface="s_axi_CTRL", clocks=("ap_clk",))
    vdma = block(
        "vdma",
        "xilinx.com:ip:axi_vdma:6.3",
        0x4300_0000,
        {
            "c_num_fstores": 4,
            "c_include_mm2s": 0,
            "c_include_s2mm": 1,
            "c_m_axi_s2mm_data_width": 64,
            "c_s_axis_s2mm_tdata_width": 24,
            "c_use_s2mm_fsync": 2,
            "c_s2mm_genlock_mode": 0,
        },
        ("s2mm_introut",),
        ("M_AXI_S2MM",),
        clocks=("s_axi_lite_aclk", "m_axi_s2mm_aclk", "s_axis_s2mm_aclk"),
        interface="S_AXI_LITE",
    )
    return build(tpg, vdma, streams=[("tpg", "m_axis_video", "vdma", "S_AXIS_S2MM")])


def test_each_register(bench: Any) -> None:
    ip = bench.overlay.tpg
    known = {name: handle.offset for name, handle in ip.registers.registers.items()}
    assert known == {**{name: row[0] for name, row in ROWS.items()}, "CONTROL": 0x0, "INTERRUPT_STATUS": 0xC}
    for name, (offset, reset, writable) in ROWS.items():
        assert ip.read(offset) == reset, name
        ip.write(offset, 0xFFFF_FFFF)
        assert ip.read(offset) == writable, name
        ip.write(offset, 0)


def test_status_toggles_and_control_is_guarded(bench: Any) -> None:
    ip = bench.overlay.tpg
    ip.write(0xC, 0x3)
    assert ip.read(0xC) == 0x3
    ip.write(0xC, 0x1)
    assert ip.read(0xC) == 0x2
    assert ip.registers["CONTROL"].guard is not None
    assert ip.read(0x0) == r.IDLE


def test_colour_bars_through_a_vdma(bench: Any) -> None:
    tpg = bench.overlay.tpg
    tpg.start("colour bars", 64, 16)
    picture = tpg.capture(bench.overlay.vdma)
    assert (picture.shape, picture.dtype) == ((16, 64, 3), np.uint8)
    expected = np.repeat(pictures.BARS, 8, axis=0)
    assert (picture == expected).all()
    assert not bench.overlay.vdma.readchannel.running
    tpg.pattern = "horizontal ramp"
    tpg.capture(bench.overlay.vdma)  # what was on its way
    later = tpg.capture(bench.overlay.vdma)
    assert (later[5, :, 0] == np.arange(64)).all()
    tpg.stop()


def test_one_picture(bench: Any) -> None:
    ip, model = bench.overlay.tpg, bench.model("tpg")
    ip.width, ip.height, ip.pattern = 8, 4, "red"
    ip.write(0x4, 1)
    ip.write(0x8, 1)
    ip.write(0x0, r.START)
    queue = bench.device.stream("tpg", "m_axis_video")
    assert bench.device.probe("tpg/interrupt") == 1
    assert ip.read(0x0) == r.DONE | r.IDLE
    assert ip.read(0x0) == r.IDLE, "reading cleared DONE"
    assert model.number == 1
    assert queue.head.user == 1
    first, last = queue.receive()
    assert (bytes(first), last) == (bytes([0, 0, 255] * 8), True), "green, blue, red"
    assert queue.head.user == 0
    assert queue.packets == 3


def test_patterns_are_what_the_guide_says() -> None:
    assert (pictures.background(1, 300, 2)[0, :, 1] == np.arange(300) % 256).all()
    assert (pictures.background(2, 2, 300)[:, 0, 1] == np.arange(300) % 256).all()
    assert (pictures.background(3, 2, 2, number=10, speed=30) == 300 % 256).all()
    assert {tuple(pictures.background(code, 1, 1)[0, 0]) for code in pictures.SOLID} == set(pictures.SOLID.values())
    bars = pictures.background(9, 1280, 1)[0]
    assert [tuple(bars[160 * i]) for i in range(8)] == [tuple(bar) for bar in pictures.BARS]
    board = pictures.background(15, 128, 128)
    assert (board[0, 0, 0], board[0, 64, 0], board[64, 64, 0]) == (255, 0, 255)
    assert (pictures.background(14, 10, 10)[3, 4] == 7).all()
    hatch = pictures.background(12, 128, 128)[:, :, 0]
    assert (hatch[0] == 255).all()
    assert hatch[1, 1] == 0
    plate = pictures.background(10, 64, 64, zone=(0, 100, 0, 100))
    assert plate.std() > 30
    assert pictures.background(16, 2, 2) is None


def test_layers_and_masks() -> None:
    black = pictures.background(7, 20, 10)
    box = pictures.with_box(black, 4, (10, 20, 30), number=3, speed=2)
    assert (box[6:10, 6:10] == [10, 20, 30]).all()
    assert box.sum() == 16 * 60
    assert [pictures.bounced(number, 3, 10) for number in range(8)] == [0, 3, 6, 9, 8, 5, 2, 1]
    cross = pictures.with_cross(black, 3, 5)
    assert (cross[5] == 255).all()
    assert (cross[:, 3] == 255).all()
    assert (pictures.masked(pictures.background(8, 2, 2), 0b101) == [0, 255, 0]).all()


def test_colours() -> None:
    white, red = pictures.background(8, 2, 1), pictures.background(4, 4, 1)
    assert pictures.components(white, 1)[0, 0].tolist() == [235, 128, 128]
    assert pictures.components(red, 1)[0, 0].tolist() == [82, 90, 240]
    assert pictures.components(red, 2)[0].tolist() == [[82, 90], [82, 240], [82, 90], [82, 240]]


def test_it_rests_when_nobody_takes(bench: Any) -> None:
    tpg, model = bench.overlay.tpg, bench.model("tpg")
    tpg.start("white", 640, 480)
    bench.clock.advance(1.0)
    assert model.number == 0, "the stream is full, and nobody takes from it"
    assert bench.clock.pending == 0


def test_what_is_refused(bench: Any) -> None:
    tpg = bench.overlay.tpg

    def ask() -> None:
        with pytest.raises(ValueError, match=r"^'color bars' is no pattern of tpg \(try 'colour bars'"):
            tpg.start("color bars", 64, 48)
        with pytest.raises(ValueError, match=r"^a picture of tpg is 1 to 1920 pixels wide in this design, not 4096$"):
            tpg.start("colour bars", 4096, 48)

    assert bench.accesses("tpg", ask) == []
    tpg.colours = "YUV 4:2:2"
    with pytest.raises(RuntimeError, match=r"^tpg makes YUV 4:2:2, and capture\(\) is for RGB: set colours = 'RGB' first$"):
        tpg.capture(bench.overlay.vdma)


def test_a_pattern_that_is_not_known_is_said(bench: Any) -> None:
    tpg = bench.overlay.tpg
    tpg.start("pseudorandom", 8, 4)
    assert (tpg.capture(bench.overlay.vdma) == 0).all()
    assert any("'pseudorandom' is black here" in text for text in bench.device.assumptions)


def test_the_vdma_is_found_through_the_design(bench: Any) -> None:
    tpg = bench.overlay.tpg
    assert tpg.vdma_path == "vdma"
    tpg.start("red", 16, 8)
    assert (tpg.capture() == (255, 0, 0)).all()


def test_without_a_vdma_it_says_so(build: Any, block: Any) -> None:
    tpg = build(
        block("tpg", "xilinx.com:ip:v_tpg:8.2", 0x43D0_0000, {}, ("interrupt",), interface="s_axi_CTRL", clocks=("ap_clk",))
    ).overlay.tpg
    assert tpg.vdma_path is None
    with pytest.raises(RuntimeError, match=r"^the stream of tpg leads to no AXI VDMA in this design: name one, capture\(ol\.axi_vdma_0\)$"):
        tpg.capture()
    assert tpg.panel().look()["vdma"] == ""


def test_the_panel_shows_the_picture(bench: Any, page: Any) -> None:
    tpg = bench.overlay.tpg
    shown = page(tpg.panel())
    assert (shown.panel.look()["picture"], shown.panel.look()["vdma"]) == ("", "vdma")
    assert shown.asks("show", pattern="colour bars", width=64, height=16) is None
    told = shown.reads()
    assert (told["pattern"], told["width"], told["height"], told["taken"]) == ("colour bars", 64, 16, "colour bars, 64 × 16")
    kind, _, content = told["picture"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content).startswith(b"\x89PNG")
    assert tpg.panel() is shown.panel
    assert "is no pattern of tpg" in (shown.asks("show", pattern="colour bar", width=64, height=16) or "")
    assert "pixels wide in this design" in (shown.asks("show", pattern="red", width=0, height=16) or "")
    assert shown.panel.look()["taken"] == "colour bars, 64 × 16"


def test_the_picture_on_the_page_is_of_the_pattern_that_was_asked_for(bench: Any, page: Any) -> None:
    shown = page(bench.overlay.tpg.panel())
    pictures_shown = []
    for pattern in ("red", "green", "colour bars", "red"):
        assert shown.asks("show", pattern=pattern, width=32, height=8) is None
        pictures_shown.append(shown.reads()["picture"])
    assert pictures_shown[0] == pictures_shown[3]
    assert len(set(pictures_shown)) == 3
