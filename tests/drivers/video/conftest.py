"""A video subsystem as PYNQ's base overlays have it, with connectors that have no hardware."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pynq_drivers.axi_vdma.frames import VideoMode
from pynq_drivers.video.frontend import VideoInFrontend, VideoOutFrontend
from pynq_widgets import DefaultIP

MODE = VideoMode(8, 4, 24, fps=30)


@pytest.fixture
def connectors() -> Iterator[None]:
    """Drivers of the IP ``v:l:hdmi_in`` and ``v:l:hdmi_out``, which note what is asked of them in `log`."""

    class In(VideoInFrontend, DefaultIP):
        bindto = ["v:l:hdmi_in:1.0"]
        mode = MODE

        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self.log: list[str] = []

        def start(self) -> None:
            self.log.append("start")

        def stop(self) -> None:
            self.log.append("stop")

    class Out(VideoOutFrontend, DefaultIP):
        bindto = ["v:l:hdmi_out:1.0"]
        mode: Any = None

        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self.log: list[str] = []

        def start(self) -> None:
            self.log.append(f"start {self.mode}")

        def stop(self) -> None:
            self.log.append("stop")

    yield
    In.unregister()
    Out.unregister()


@pytest.fixture
def subsystem(build: Any, block: Any, connectors: None) -> Callable[[], Any]:
    """``subsystem()``: a bench with ``video/hdmi_in``, ``video/hdmi_out`` and ``video/axi_vdma``, with their streams."""

    def make(vdma: bool = True) -> Any:
        def core(name: str, kind: str, number: int) -> Any:
            return block(
                f"video/{name}",
                f"xilinx.com:hls:{kind}:1.0",
                0x43C0_0000 + (number << 16),
                {},
                clocks=("ap_clk",),
                interface="s_axi_control",
            )

        given = {"c_num_fstores": 4, "c_include_mm2s": 1, "c_include_s2mm": 1, "c_use_s2mm_fsync": 2, "c_include_internal_genlock": 1}
        given |= {f"c_m_axi_{side}_data_width": 32 for side in ("mm2s", "s2mm")}
        given |= {"c_m_axis_mm2s_tdata_width": 32, "c_s_axis_s2mm_tdata_width": 32, "c_mm2s_genlock_mode": 1}
        clocks = ("s_axi_lite_aclk", "m_axi_mm2s_aclk", "m_axi_s2mm_aclk", "m_axis_mm2s_aclk", "s_axis_s2mm_aclk")
        dma = block(
            "video/axi_vdma",
            "xilinx.com:ip:axi_vdma:6.3",
            0x4300_0000,
            given,
            ("mm2s_introut", "s2mm_introut"),
            ("M_AXI_MM2S", "M_AXI_S2MM"),
            clocks=clocks,
            interface="S_AXI_LITE",
        )
        blocks = [
            core("hdmi_in/color_convert", "color_convert", 0),
            core("hdmi_in/pixel_pack", "pixel_pack", 1),
            block("video/hdmi_in/frontend", "v:l:hdmi_in:1.0", 0x44A0_0000),
            core("hdmi_out/color_convert", "color_convert", 2),
            core("hdmi_out/pixel_unpack", "pixel_unpack", 3),
            block("video/hdmi_out/frontend", "v:l:hdmi_out:1.0", 0x44A1_0000),
        ]
        streams = [
            ("video/hdmi_in/frontend", "video", "video/hdmi_in/color_convert", "stream_in_24"),
            ("video/hdmi_in/color_convert", "stream_out_24", "video/hdmi_in/pixel_pack", "stream_in_24"),
            ("video/hdmi_out/pixel_unpack", "stream_out_24", "video/hdmi_out/color_convert", "stream_in_24"),
            ("video/hdmi_out/color_convert", "stream_out_24", "video/hdmi_out/frontend", "video"),
        ]
        if vdma:
            blocks.append(dma)
            streams += [
                ("video/hdmi_in/pixel_pack", "stream_out_32", "video/axi_vdma", "S_AXIS_S2MM"),
                ("video/axi_vdma", "M_AXIS_MM2S", "video/hdmi_out/pixel_unpack", "stream_in_32"),
            ]
        return build(*blocks, streams=streams)

    return make
