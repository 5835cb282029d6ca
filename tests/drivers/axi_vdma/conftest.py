"""Designs with an AXI VDMA, written by the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

LOOP = [("vdma", "M_AXIS_MM2S", "vdma", "S_AXIS_S2MM")]


@pytest.fixture
def vdma_block(block: Any) -> Callable[..., Any]:
    """``vdma_block(**parameters)``: an AXI VDMA with both channels; ``interrupts=False`` connects none."""

    def make(name: str = "vdma", base: int = 0x4300_0000, interrupts: bool = True, **parameters: Any) -> Any:
        given = {
            "c_num_fstores": 4,
            "c_include_mm2s": 1,
            "c_include_s2mm": 1,
            "c_m_axi_mm2s_data_width": 64,
            "c_m_axi_s2mm_data_width": 64,
            "c_m_axis_mm2s_tdata_width": 24,
            "c_s_axis_s2mm_tdata_width": 24,
            "c_use_s2mm_fsync": 2,
            "c_mm2s_genlock_mode": 1,
            "c_s2mm_genlock_mode": 0,
            "c_include_internal_genlock": 1,
            **parameters,
        }
        pins = tuple(f"{kind}_introut" for kind in ("mm2s", "s2mm") if given[f"c_include_{kind}"])
        return block(
            name,
            "xilinx.com:ip:axi_vdma:6.3",
            base,
            given,
            pins if interrupts else (),
            ("M_AXI_MM2S", "M_AXI_S2MM"),
            clocks=("s_axi_lite_aclk", "m_axi_mm2s_aclk", "m_axi_s2mm_aclk", "m_axis_mm2s_aclk", "s_axis_s2mm_aclk"),
            interface="S_AXI_LITE",
        )

    return make


@pytest.fixture
def loop(build: Any, vdma_block: Any) -> Callable[..., Any]:
    """``loop(**parameters)``: a bench whose VDMA sends to itself."""

    def make(**parameters: Any) -> Any:
        return build(vdma_block(**parameters), streams=LOOP)

    return make


@pytest.fixture
def camera(build: Any, vdma_block: Any, block: Any) -> Callable[..., Any]:
    """``camera(**parameters)``: a bench whose VDMA has an IP without a model before it, and one behind it."""

    def make(**parameters: Any) -> Any:
        vdma = vdma_block(**parameters)
        streams = []
        others = []
        if vdma.parameters["c_include_s2mm"]:
            others.append(block("sensor", "example.com:ip:sensor:1.0", 0x4400_0000))
            streams.append(("sensor", "out", "vdma", "S_AXIS_S2MM"))
        if vdma.parameters["c_include_mm2s"]:
            others.append(block("screen", "example.com:ip:screen:1.0", 0x4401_0000))
            streams.append(("vdma", "M_AXIS_MM2S", "screen", "in"))
        return build(vdma, *others, streams=streams)

    return make


@pytest.fixture
def feed() -> Callable[..., None]:
    """``feed(bench, picture)``: a picture (rows × bytes) comes from the sensor, as lines; the first has the start of frame."""

    def send(bench: Any, picture: Any, start: bool = True) -> None:
        stream = bench.device.stream("vdma", "S_AXIS_S2MM")
        for row, line in enumerate(picture):
            assert stream.send(bytes(line), user=int(start and row == 0)) == len(bytes(line))
        bench.device.settle()

    return send
