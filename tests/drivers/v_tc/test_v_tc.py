"""The Video Timing Controller, both sides; the registers of PG016 one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.v_tc import registers
from pynq_drivers.v_tc.timing import LARGEST, MODES, Timing, named
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

PAIR = 0x1FFF_1FFF

# Offset, reset value (of a core that was made for 720p; None: moves), and the bits that software sets.
ROWS: dict[str, tuple[int, int | None, int | str]] = {
    "CONTROL": (0x0, 0, "special"),
    "STATUS": (0x4, 0, 0),  # writing ones clears; nothing has happened
    "ERROR": (0x8, 0, 0),
    "INTERRUPT_ENABLE": (0xC, 0, 0x1_3F00),
    "VERSION": (0x10, 0x0601_0000, 0),
    **{
        f"DETECTOR_{name}": (0x20 + 4 * i, 0, 0)
        for i, name in enumerate(("ACTIVE_SIZE", "STATUS", "ENCODING", "POLARITY", "HSIZE", "VSIZE"))
    },
    **{f"DETECTOR_{name}": (0x38 + 4 * i, 0, 0) for i, name in enumerate(("HSYNC", "VBLANK", "VSYNC", "VSYNC_H"))},
    "GENERATOR_ACTIVE_SIZE": (0x60, 720 << 16 | 1280, PAIR),
    "GENERATOR_STATUS": (0x64, 0, 0),
    "GENERATOR_ENCODING": (0x68, 2, 0x3CF),
    "GENERATOR_POLARITY": (0x6C, 0x7F, 0x7F),
    "GENERATOR_HSIZE": (0x70, 1650, 0x1FFF),
    "GENERATOR_VSIZE": (0x74, 750 << 16 | 750, PAIR),
    "GENERATOR_HSYNC": (0x78, 1430 << 16 | 1390, PAIR),
    "GENERATOR_VBLANK": (0x7C, 1280 << 16 | 1280, PAIR),
    "GENERATOR_VSYNC": (0x80, 729 << 16 | 724, PAIR),
    "GENERATOR_VSYNC_H": (0x84, 1280 << 16 | 1280, PAIR),
    "FRAME_SYNC_0": (0x100, 0, PAIR),
    "GENERATOR_DELAY": (0x140, 0, PAIR),
}


@pytest.fixture
def vtc(build: Any, block: Any) -> Any:
    """``vtc(**parameters)``: a bench with the core at a pixel clock of 100 MHz."""

    def make(autojump: bool = True, **more: Any) -> Any:
        one = block("vtc", "xilinx.com:ip:v_tc:6.1", 0x43C3_0000, more, ("irq",), interface="ctrl", clocks=("clk", "s_axi_aclk"))
        return build(one, autojump=autojump)

    return make


def test_each_register(vtc: Any) -> None:
    ip = vtc().overlay.vtc
    assert {name: handle.offset for name, handle in ip.registers.registers.items()} == {name: row[0] for name, row in ROWS.items()}
    for name, (offset, reset, writable) in ROWS.items():
        assert ip.read(offset) == reset, name
        if isinstance(writable, str):
            continue
        ip.write(offset, 0xFFFF_FFFF)
        assert ip.read(offset) == (reset or 0) | writable, name
        ip.write(offset, 0)
        assert ip.read(offset) == (reset or 0) & ~writable, name
        ip.write(offset, reset or 0)


def test_control(vtc: Any) -> None:
    """What runs is kept; both resets clear themselves, and put everything back."""
    for reset in (1 << 31, 1 << 30):
        ip = vtc().overlay.vtc
        ip.write(0x60, 0)
        ip.write(0x0, 0x03FD_EF22)
        assert ip.read(0x0) == 0x03FD_EF22 & ~0x4_0000 | (0x03FD_EF22 & 0x4_0000)
        ip.write(0x0, reset)
        assert (ip.read(0x0), ip.read(0x60)) == (0, 720 << 16 | 1280)


def test_parts_that_the_design_has_not(vtc: Any) -> None:
    ip = vtc(C_DETECT_EN=0, C_NUM_FSYNCS=2).overlay.vtc
    assert ip.detector is None
    assert not any(name.startswith("DETECTOR") for name in ip.registers.registers)
    assert "FRAME_SYNC_1" in ip.registers.registers
    bench = vtc(C_GENERATE_EN=0)
    assert bench.overlay.vtc.generator is None
    assert not any(name.startswith("GENERATOR") for name in bench.overlay.vtc.registers.registers)


def test_a_picture_comes_in(vtc: Any) -> None:
    bench = vtc()
    ip, model = bench.overlay.vtc, bench.model("vtc")
    with pytest.raises(TimeoutError) as error:
        ip.detector.wait(0.01)
    assert str(error.value) == "vtc.detector found no stable picture within 0.01 s: it does not run: call start() first"
    ip.detector.start()
    with pytest.raises(TimeoutError, match=r"no picture comes in$"):
        ip.detector.wait(0.01)
    model.feed("1920x1080", frequency=148.5e6)
    before = bench.clock.now()
    assert ip.detector.wait() == MODES["1920x1080"]
    assert bench.clock.now() - before == pytest.approx(3 / 60, rel=0.05)
    assert ip.locked
    assert ip.events() == ["LOCK", "DETECTOR_VBLANK", "DETECTOR_ACTIVE"]
    assert ip.events() == []
    model.feed(None)
    assert not ip.detector.locked
    assert ip.events() == ["LOCK_LOST"]
    assert ip.read(0x8) == 0x1C_0000
    ip.write(0x8, 0x1C_0000)
    assert ip.read(0x8) == 0


def test_the_lock_is_an_interrupt(vtc: Any) -> None:
    bench = vtc()
    ip = bench.overlay.vtc
    ip.write(0xC, registers.LOCK)
    ip.detector.start()
    bench.model("vtc").feed("640x480")
    ip.interrupt_pin.wait_blocking(timeout=1)
    assert "LOCK" in ip.events()
    assert bench.device.probe("vtc/irq") == 0


def test_a_picture_is_made(vtc: Any) -> None:
    bench = vtc(autojump=False)
    ip, model = bench.overlay.vtc, bench.model("vtc")
    assert ip.generator.timing == MODES["1280x720"], "what the core was made for"
    ip.generator.set("800x600")
    assert model.timing is None
    ip.generator.start()
    assert ip.generator.running
    assert model.timing == MODES["800x600"]
    assert ip.generator.rate == pytest.approx(100e6 / (1056 * 628))
    bench.clock.advance(0.9 / ip.generator.rate)
    assert ip.events() == []
    bench.clock.advance(0.2 / ip.generator.rate)
    assert ip.events() == ["GENERATOR_VBLANK", "GENERATOR_ACTIVE", "FRAME_SYNC_0"]
    assert ip.read(0x64) == registers.SEEN
    bench.clock.advance(0.87 / ip.generator.rate)
    assert ip.read(0x64) == registers.BLANKING
    ip.generator.stop()
    assert (model.timing, ip.read(0x64)) == (None, 0)


def test_each_picture_is_an_interrupt(vtc: Any) -> None:
    bench = vtc()
    ip = bench.overlay.vtc
    ip.write(0xC, registers.GENERATOR_BLANK)
    ip.generator.start()
    before = bench.clock.now()
    for _ in range(3):
        ip.interrupt_pin.wait_blocking(timeout=1)
        ip.events()
    assert bench.clock.now() - before == pytest.approx(3 / ip.generator.rate, rel=0.01)


def test_registers_count_when_they_are_told_to(vtc: Any) -> None:
    bench = vtc()
    ip, model = bench.overlay.vtc, bench.model("vtc")
    ip.generator.start()
    ip.write(0x0, ip.read(0x0) & ~registers.UPDATE)
    ip.write(0x70, 1700)
    assert model.timing == MODES["1280x720"]
    ip.write(0x0, ip.read(0x0) | registers.UPDATE)
    assert model.timing.total_width == 1700


def test_what_a_generator_refuses(vtc: Any) -> None:
    bench = vtc(C_MAX_PIXELS=2048, C_MAX_LINES=1024)
    ip = bench.overlay.vtc

    def ask() -> None:
        with pytest.raises(ValueError, match=r"^1920x1080") as error:
            ip.generator.set("1920x1080")
        assert str(error.value) == ("1920x1080 (2200x1125 with blanking) is more than vtc can do in this design: 2048x1024 with blanking")
        with pytest.raises(ValueError, match=r"^'1280x7200' is not the name of a mode \(try '1280x720', '1280x1024'\), nor a Timing$"):
            ip.generator.set("1280x7200")

    assert bench.accesses("vtc", ask) == []
    with pytest.raises(ValueError, match=r"^The frequency of vtc must be more than 0 Hz, not 0$"):
        ip.frequency = 0


def test_a_timing_that_is_none() -> None:
    with pytest.raises(
        ValueError, match=r"^a line of 800 has its visible 640, then the synchronisation 752 to 656, then its end, each at most 8191$"
    ):
        Timing(640, 480, 800, 525, (752, 656), (490, 492))


@given(
    st.lists(st.integers(1, LARGEST), min_size=4, max_size=4, unique=True),
    st.lists(st.integers(1, LARGEST), min_size=4, max_size=4, unique=True),
)
def test_a_timing_survives_its_registers(across: list[int], down: list[int]) -> None:
    (width, start, end, total), (height, first, last, lines) = sorted(across), sorted(down)
    timing = Timing(width, height, total, lines, (start, end), (first, last), (start % 2 == 0, first % 2 == 0))
    assert registers.decoded(registers.encoded(timing).__getitem__) == timing


def test_names() -> None:
    assert {name: f"{timing.width}x{timing.height}" for name, timing in MODES.items()} == {name: name for name in MODES}
    assert named(MODES["640x480"]) is MODES["640x480"]


def test_the_published_designs(hwh_folder: Path) -> None:
    found, made = 0, set()
    for path in sorted(hwh_folder.glob("*.hwh")):
        if "vtc" not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        overlay = Overlay(path, device=SimulatedDevice(clock=VirtualClock(autojump=True)))
        for name, entry in overlay.ip_dict.items():
            if ":v_tc:" in str(entry["type"]) and "phys_addr" in entry:
                ip = overlay[name]
                ip.registers.refresh()
                if ip.generator is not None:
                    made.add((ip.generator.timing.width, ip.generator.timing.height))
                if ip.detector is not None:
                    ip.detector.start()
                    overlay.device.model_of(name).feed("640x480")
                    assert ip.detector.wait() == MODES["640x480"]
                found += 1
    assert (found, made) == (7, {(1280, 720), (800, 480)})
