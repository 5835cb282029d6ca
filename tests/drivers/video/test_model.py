"""The cores of a video pipeline, as models: what they make of pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.video.common import COLOR_IN_YCBCR, COLOR_OUT_YCBCR

BASE = 0x43C0_0000


@pytest.fixture
def core(build: Any, block: Any) -> Callable[..., Any]:
    """``core(kind)``: a core of that type between a source and a sink."""

    def make(kind: str) -> Any:
        middle = block("core", f"xilinx.com:hls:{kind}:1.0", BASE, {}, clocks=("ap_clk",), interface="s_axi_AXILiteS")
        ends = [block("source", "v:l:source:1.0", 0x4500_0000), block("sink", "v:l:sink:1.0", 0x4501_0000)]
        return build(middle, *ends, streams=[("source", "out", "core", "stream_in"), ("core", "stream_out", "sink", "in")])

    return make


def passed(bench: Any, data: bytes, last: bool = True, user: int = 1) -> tuple[bytes, bool, int]:
    """What becomes of `data`, the start of a frame: bytes, whether they end a line, TUSER."""
    source, sink = bench.device.stream("source", "out"), bench.device.stream("sink", "in")
    assert source.send(data, last, user=user) == len(data)
    bench.device.settle()
    first = sink.head
    got, ended = sink.receive()
    return bytes(got), ended, first.user


def set_colors(bench: Any, *words: int) -> None:
    for i, word in enumerate(words):
        bench.device.write_word(BASE + 0x10 + 8 * i, word & 0x3FF)


def test_components_are_rounded_and_saturate(core: Any) -> None:
    bench = core("color_convert")
    set_colors(bench, 256, 256, 256, 128, 128, 0, 0, 0, 256, 0, 0, 0)
    assert passed(bench, bytes((64, 128, 191))) == (bytes((255, 96, 191)), True, 1)
    set_colors(bench, -256, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 128)
    assert passed(bench, bytes((127, 9, 9, 128, 9, 9)))[0] == bytes((0, 0, 128, 0, 1, 128)), "0.5 is rounded up, below 0 is 0"


def test_after_a_download_all_coefficients_are_0(core: Any) -> None:
    assert passed(core("color_convert"), bytes(range(6)), user=0) == (bytes(6), True, 0)


@given(st.lists(st.integers(0, 255), min_size=3, max_size=60).filter(lambda found: len(found) % 3 == 0))
def test_there_and_back_through_ycbcr_is_nearly_the_same(pixels: list[int]) -> None:
    from pynq_drivers.video.model import ColorConvertModel

    result = np.array(pixels, np.uint8).reshape(-1, 3)
    for matrix in (COLOR_IN_YCBCR, COLOR_OUT_YCBCR):
        model = ColorConvertModel.__new__(ColorConvertModel)
        model._registers = {0x10 + 8 * i: round(value * 256) & 0x3FF for i, value in enumerate(matrix)}  # type: ignore[assignment]
        result = model.change(result)
    assert np.abs(result.astype(int) - np.array(pixels).reshape(-1, 3)).max() <= 4


LINE = bytes(range(72))  # 24 pixels of 3 components


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0, LINE),
        (1, b"".join(LINE[i : i + 3] + b"\x32" for i in range(0, 72, 3))),
        (2, LINE[::3]),
        (3, bytes(b for i, b in enumerate(LINE) if i % 3 < 2)),
        (4, b"".join(bytes((6 * i, 6 * i + 2, 6 * i + 3, 6 * i + 3)) for i in range(12))),
    ],
)
@pytest.mark.parametrize("kind", ["pixel_pack", "pixel_pack_2"])
def test_pixels_are_packed(core: Any, kind: str, mode: int, expected: bytes) -> None:
    bench = core(kind)
    bench.device.write_word(BASE + 0x10, mode)
    bench.device.write_word(BASE + 0x18, 0x32)
    assert passed(bench, LINE) == (expected, True, 1)


@pytest.mark.parametrize(
    ("mode", "wide", "expected"),
    [
        (0, LINE, LINE),
        (1, bytes(range(8)), bytes((0, 1, 2, 4, 5, 6))),
        (2, bytes((7, 8)), bytes((7, 0, 0, 8, 0, 0))),
        (3, bytes(range(4)), bytes((0, 1, 0, 2, 3, 0))),
        (4, bytes((10, 20, 11, 30)), bytes((10, 20, 30, 11, 20, 30))),
    ],
)
def test_pixels_are_unpacked(core: Any, mode: int, wide: bytes, expected: bytes) -> None:
    bench = core("pixel_unpack")
    bench.device.write_word(BASE + 0x10, mode)
    assert passed(bench, wide) == (expected, True, 1)


def test_what_arrives_in_pieces_is_put_together(core: Any) -> None:
    bench = core("pixel_pack")
    bench.device.write_word(BASE + 0x10, 2)
    source, sink = bench.device.stream("source", "out"), bench.device.stream("sink", "in")
    source.send(bytes((1, 2)), False, user=1)
    bench.device.settle()
    assert (sink.available, sink.head) == (0, None)
    source.send(bytes((3, 4, 5, 6)), True)
    bench.device.settle()
    assert (sink.head.user, bytes(sink.receive()[0])) == (1, bytes((1, 4)))


def test_a_line_that_does_not_fit_is_filled_up_and_said(core: Any) -> None:
    bench = core("color_convert")
    set_colors(bench, *[256 * (i in (0, 4, 8)) for i in range(12)])
    assert passed(bench, bytes((1, 2, 3, 4)))[0] == bytes((1, 2, 3, 4, 0, 0))
    assert "core: a line that is no whole number of 3 bytes is filled up with zeros" in bench.device.assumptions


def test_a_mode_that_there_is_not_is_said(core: Any) -> None:
    bench = core("pixel_pack")
    bench.device.write_word(BASE + 0x10, 9)
    assert passed(bench, LINE)[0] == LINE
    assert "core: mode 9 is none of the core's, and is taken for 0 (24 bits)" in bench.device.assumptions


@pytest.mark.parametrize(("kind", "mode"), [("pixel_pack", 1), ("pixel_pack", 2), ("pixel_unpack", 2), ("color_convert", 256)])
def test_a_full_way_holds_the_source_and_loses_nothing(core: Any, kind: str, mode: int) -> None:
    bench = core(kind)
    bench.device.write_word(BASE + 0x10, mode)
    data = np.arange(36000, dtype="u4").astype("u1").tobytes()
    source, sink = bench.device.stream("source", "out"), bench.device.stream("sink", "in")
    sent, got, ended = 0, b"", False
    for _ in range(200):
        sent += source.send(data[sent:])
        bench.device.settle()
        while sink.available:
            part, ended = sink.receive(1000)
            got += bytes(part)
        bench.device.settle()
        if ended:
            break
    model = bench.model("core")
    whole = np.frombuffer(data, np.uint8).reshape(-1, model.takes)
    assert (got, ended) == (model.change(whole).tobytes(), True)


def test_a_stream_that_was_full_to_a_part_of_a_pixel_goes_on(core: Any) -> None:
    bench = core("color_convert")
    source, sink = bench.device.stream("source", "out"), bench.device.stream("sink", "in")
    lines = [bytes([i]) * 96 for i in range(60)]  # 4096 bytes, which a connection holds, are no whole number of pixels
    set_colors(bench, 256, 0, 0, 0, 256, 0, 0, 0, 256, 0, 0, 0)
    for line in lines:
        assert source.send(line) == 96
        bench.device.settle()
    got = b""
    while sink.available:
        got += bytes(sink.receive()[0])
        bench.device.settle()
    assert got == b"".join(lines)
