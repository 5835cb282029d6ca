"""The colour converter and the pixel packers, the drivers: each bus access counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.video import common
from pynq_drivers.video.pipeline import ColorConverter, PixelPacker, signed

BASE = 0x43C0_0000


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    kinds = ("color_convert", "pixel_pack", "pixel_unpack_2")
    return build(*(block(kind, f"xilinx.com:hls:{kind}:1.0", BASE + (i << 16), {}, clocks=("ap_clk",)) for i, kind in enumerate(kinds)))


def test_the_drivers_are_found(bench: Any) -> None:
    ol = bench.overlay
    assert [type(ip) for ip in (ol.color_convert, ol.pixel_pack, ol.pixel_unpack_2)] == [ColorConverter, PixelPacker, PixelPacker]


def test_coefficients_are_in_steps_of_one_in_256(bench: Any) -> None:
    core = bench.overlay.color_convert
    written = bench.accesses("color_convert", lambda: setattr(core, "colorspace", common.COLOR_IN_YCBCR))
    words = [29, 150, 77, 128, 0x3FF & -85, 0x3FF & -43, 0x3FF & -21, 0x3FF & -107, 128, 0, 128, 128]
    assert written == [("write", 0x10 + 8 * i, word) for i, word in enumerate(words)]
    assert sum(words[:3]) == 256, "white stays white"
    assert core.colorspace[3:6] == [0.5, -85 / 256, -43 / 256]


@pytest.mark.parametrize(
    ("color", "message"),
    [
        (
            [0.0] * 11,
            "Wrong number of elements in color specification: color_convert takes 12, three rows of three and three that are added, not 11",
        ),
        ([*[0.0] * 11, 2.0], "coefficient 11 of color_convert is 2.0: expected -2.0 to 1.99609375"),
        ([-2.01, *[0.0] * 11], "coefficient 0 of color_convert is -2.01: expected -2.0 to 1.99609375"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_write(bench: Any, color: list[float], message: str) -> None:
    def attempt() -> None:
        with pytest.raises(ValueError, match=r"^(coefficient|Wrong number)") as caught:
            bench.overlay.color_convert.colorspace = color
        assert str(caught.value) == message

    assert bench.accesses("color_convert", attempt) == []


@given(st.integers(-512, 511))
def test_a_coefficient_is_signed(value: int) -> None:
    assert signed(value & 0x3FF) == value
    assert signed(value & 0x3FF | 0xFFFF_FC00) == value, "what stands above it does not count"


@pytest.mark.parametrize(("bits", "mode"), [(24, 0), (32, 1), (8, 2), (16, 3)])
def test_bits_are_a_mode(bench: Any, bits: int, mode: int) -> None:
    core = bench.overlay.pixel_pack
    assert bench.accesses("pixel_pack", lambda: setattr(core, "bits_per_pixel", bits)) == [("write", 0x10, mode)]
    assert core.bits_per_pixel == bits


def test_chroma_is_resampled_with_16_bits_only(bench: Any) -> None:
    core = bench.overlay.pixel_pack
    core.resample = True
    assert core.mmio.read(0x10) == 0
    core.bits_per_pixel = 16
    assert (core.mmio.read(0x10), core.resample) == (4, True)
    core.resample = False
    assert core.mmio.read(0x10) == 3


def test_other_bits_are_refused(bench: Any) -> None:
    core = bench.overlay.pixel_pack
    with pytest.raises(ValueError, match=r"^Bits per pixel must be 8, 16, 24 or 32, not 12$"):
        core.bits_per_pixel = 12
    core.mmio.write(0x10, 7)
    with pytest.raises(RuntimeError, match=r"^pixel_pack is in mode 7: expected 0 to 4$"):
        core.bits_per_pixel


@pytest.mark.parametrize("name", ["RGB", "RGBA", "BGR", "YCBCR", "GRAY"])
def test_formats_have_two_matrices(name: str) -> None:
    pixels: common.PixelFormat = getattr(common, f"PIXEL_{name}")
    assert len(pixels.in_color) == len(pixels.out_color) == 12
    assert repr(pixels).startswith(f"<PixelFormat: {pixels.bits_per_pixel} bits per pixel")


def test_a_format_of_ones_own_is_checked() -> None:
    with pytest.raises(ValueError, match=r"^out_color of a PixelFormat has 12 coefficients, 3 × 3 and 3 that are added, not 9$"):
        common.PixelFormat(24, [0.0] * 12, [0.0] * 9)
