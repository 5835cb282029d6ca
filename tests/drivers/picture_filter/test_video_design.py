"""The video demonstration: pictures from memory through the filter to memory, as the notebook does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_vdma.driver import AxiVDMA, VideoMode
from pynq_drivers.picture_filter import arithmetic
from pynq_drivers.picture_filter.driver import PictureFilter
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

DESIGN = Path(__file__).parents[3] / "notebooks" / "designs" / "video.hwh"


@pytest.fixture
def overlay() -> Any:
    ol = Overlay(DESIGN, device=SimulatedDevice("video test", clock=VirtualClock(autojump=True)))
    yield ol
    ol.free()


def picture(mode: VideoMode) -> Any:
    y, x = np.mgrid[: mode.height, : mode.width]
    planes = [(7 * x + 3 * y + 50 * c) % 251 for c in range(mode.bytes_per_pixel)]
    return np.dstack(planes).astype(np.uint8).reshape(mode.shape)


def test_the_design(overlay: Any) -> None:
    assert type(overlay.video.axi_vdma) is AxiVDMA
    assert type(overlay.video.filter) is PictureFilter
    assert DESIGN.stat().st_size < 200_000
    assert {(line.module, line.pin) for line in overlay.design.interrupts} >= {
        ("video/axi_vdma", "mm2s_introut"),
        ("video/axi_vdma", "s2mm_introut"),
    }
    assert overlay.video.axi_vdma.readchannel._interrupt is not None
    overlay.video.axi_vdma.registers.refresh()
    assert overlay.device.model_errors == []


@pytest.mark.parametrize("name", arithmetic.KERNELS)
@pytest.mark.parametrize("mode", [VideoMode(40, 24, 24), VideoMode(40, 24, 8), VideoMode(40, 24, 32)], ids=["24 bits", "8 bits", "32 bits"])
def test_pictures_are_filtered(overlay: Any, mode: VideoMode, name: str) -> None:
    vdma, core = overlay.video.axi_vdma, overlay.video.filter
    core.set_mode(mode)
    core.use(name)
    for channel in vdma.channels:
        channel.mode = mode
        channel.start()
    frame = vdma.writechannel.newframe()
    frame[:] = picture(mode)
    vdma.writechannel.writeframe(frame, timeout=1)
    overlay.device.clock.advance(1.0)
    weights, offset = arithmetic.KERNELS[name]
    integers, shift = arithmetic.quantized(weights)
    lines = picture(mode).reshape(mode.height, mode.line)
    expected = arithmetic.filtered(lines, integers, mode.bytes_per_pixel, shift, offset)
    assert np.array_equal(vdma.readchannel.readframe(timeout=1).reshape(lines.shape), expected)
    assert np.allclose(core.kernel, weights)
    assert overlay.device.model_errors == []


def test_another_filter_shows_in_the_next_frame_after_a_while(overlay: Any) -> None:
    mode = VideoMode(40, 24, 24)
    vdma, core = overlay.video.axi_vdma, overlay.video.filter
    core.set_mode(mode)
    for channel in vdma.channels:
        channel.mode = mode
        channel.start()
    frame = vdma.writechannel.newframe()
    frame[:] = 10
    vdma.writechannel.writeframe(frame, timeout=1)
    for name, expected in (("identity", 10), ("negative", 245), ("emboss", 128 + 0)):
        core.use(name)
        overlay.device.clock.advance(0.5)
        assert np.all(vdma.readchannel.readframe(timeout=1) == expected), name


def test_a_name_that_is_unknown(overlay: Any) -> None:
    with pytest.raises(ValueError, match=r"^there is no filter 'blurr' \(did you mean 'blur'\?\)$"):
        overlay.video.filter.use("blurr")


def test_a_filter_that_was_not_told_the_rows_is_said_to_stand_still(overlay: Any) -> None:
    mode = VideoMode(40, 24, 24)
    vdma = overlay.video.axi_vdma
    for channel in vdma.channels:
        channel.mode = mode
        channel.start()
    with pytest.raises(TimeoutError, match=r"It waits for .* from video/filter \(y\)"):
        vdma.readchannel.readframe(timeout=0.1)


def test_attributes_and_the_guides_corrections(overlay: Any) -> None:
    vdma = overlay.video.axi_vdma
    vdma.PARK_PTR_REG_RdFrmPtrRef = 3
    assert vdma.writechannel.desiredframe == 3
    assert vdma.PARK_PTR_REG_WrFrmPtrRef == 0
    state = overlay.snapshot("video/axi_vdma")
    assert state["video/axi_vdma"]["VDMA_VERSION"] == 0x6200_0000
