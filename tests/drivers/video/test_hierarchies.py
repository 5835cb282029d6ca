"""Video inputs and outputs: pictures from a connector, through the cores, to memory and back."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_vdma.frames import VideoMode
from pynq_drivers.video.common import PIXEL_BGR, PIXEL_GRAY, PIXEL_RGB, PIXEL_RGBA
from pynq_drivers.video.hierarchies import HDMIWrapper, VideoIn, VideoOut
from pynq_widgets import DefaultHierarchy

from .conftest import MODE

PICTURE = np.arange(96, dtype="u1").reshape(4, 8, 3)  # blue, green, red


def feed(bench: Any, picture: Any, times: int = 2) -> None:
    """The picture comes in at the connector, `times` frames of it."""
    stream = bench.device.stream("video/hdmi_in/frontend", "video")
    for _ in range(times):
        for row, line in enumerate(picture):
            assert stream.send(line.tobytes(), user=int(row == 0)) == line.nbytes
        bench.device.settle()


def shown(bench: Any) -> Any:
    """A whole frame of what goes out at the connector: the last that has begun and ended."""
    stream = bench.device.stream("video/hdmi_out/frontend", "video")
    rows: list[bytes] = []
    line = b""
    for _ in range(64):
        bench.clock.advance(1e-3)
        while stream.available:
            if stream.head.user:
                rows = []
            part, last = stream.receive()
            line += bytes(part)
            if last:
                rows, line = [*rows, line], b""
            if len(rows) == 4:
                frame = np.frombuffer(b"".join(rows), "u1").reshape(4, 8, 3)
        bench.device.settle()
    return frame


def test_the_hierarchies_get_their_drivers_and_share_the_vdma(subsystem: Any) -> None:
    video = subsystem().overlay.video
    assert [type(found) for found in (video, video.hdmi_in, video.hdmi_out)] == [HDMIWrapper, VideoIn, VideoOut]
    assert video.hdmi_in._vdma is video.axi_vdma
    assert video.hdmi_out._vdma is video.axi_vdma


def test_making_the_drivers_touches_nothing(subsystem: Any) -> None:
    bench = subsystem()
    bench.device.log.clear()
    repr((bench.overlay.video.hdmi_in, bench.overlay.video.hdmi_out.pixel_unpack, bench.overlay.video.hdmi_in.color_convert))
    assert bench.device.log == []


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (PIXEL_BGR, PICTURE),
        (PIXEL_RGB, PICTURE[:, :, ::-1]),
        (PIXEL_RGBA, np.dstack((PICTURE[:, :, ::-1], np.zeros((4, 8), "u1")))),
        (PIXEL_GRAY, np.floor(PICTURE @ np.round(np.array([0.114, 0.587, 0.299]) * 256) / 256 + 0.5).astype("u1")),
    ],
    ids=["BGR", "RGB", "RGBA", "grey"],
)
def test_a_picture_comes_in_as_the_format_says(subsystem: Any, pixels: Any, expected: Any) -> None:
    bench = subsystem()
    hdmi_in = bench.overlay.video.hdmi_in
    with hdmi_in.configure(pixels):
        with hdmi_in.start():
            assert hdmi_in.mode == VideoMode(8, 4, pixels.bits_per_pixel, fps=30)
            feed(bench, PICTURE)
            assert (np.asarray(hdmi_in.readframe(timeout=1)) == expected).all()
            assert hdmi_in._vdma.readchannel.running
        assert not hdmi_in._vdma.readchannel.running
        assert hdmi_in.frontend.log == ["start"]
    assert hdmi_in.frontend.log == ["start", "stop"]


@pytest.mark.parametrize(("pixels", "order"), [(PIXEL_BGR, slice(None)), (PIXEL_RGB, slice(None, None, -1))], ids=["BGR", "RGB"])
def test_a_picture_goes_out_as_the_format_says(subsystem: Any, pixels: Any, order: slice) -> None:
    bench = subsystem()
    hdmi_out = bench.overlay.video.hdmi_out
    with hdmi_out.configure(MODE, pixels), hdmi_out.start():
        frame = hdmi_out.newframe()
        frame[:] = PICTURE[:, :, order]
        hdmi_out.writeframe(frame, timeout=1)
        assert (shown(bench) == PICTURE).all()
    assert hdmi_out.frontend.log == [f"start {MODE}", "stop"]


def test_grey_frames_go_out_grey(subsystem: Any) -> None:
    bench = subsystem()
    hdmi_out = bench.overlay.video.hdmi_out
    hdmi_out.configure(VideoMode(8, 4, 8))
    hdmi_out.start()
    frame = hdmi_out.newframe()
    frame[:] = PICTURE[:, :, 0]
    asyncio.run(hdmi_out.writeframe_async(frame, timeout=1))
    assert (shown(bench) == PICTURE[:, :, :1]).all()
    hdmi_out.close()


def test_what_comes_in_goes_out_where_they_are_tied(subsystem: Any) -> None:
    bench = subsystem()
    hdmi_in, hdmi_out = bench.overlay.video.hdmi_in, bench.overlay.video.hdmi_out
    hdmi_in.configure()
    hdmi_out.configure(hdmi_in.mode)
    hdmi_in.start()
    hdmi_out.start()
    hdmi_in.tie(hdmi_out)
    assert hdmi_out._channel.source is hdmi_in._channel
    hdmi_in.tie(None)
    assert hdmi_out._channel.source is None


def test_the_settings_pass_through(subsystem: Any) -> None:
    hdmi_in = subsystem().overlay.video.hdmi_in
    assert hdmi_in.mode is None
    hdmi_in.cacheable_frames = False
    assert hdmi_in._vdma.readchannel.cacheable_frames is False
    hdmi_in.colorspace = PIXEL_RGB.in_color
    assert hdmi_in.colorspace == hdmi_in.color_convert.colorspace == PIXEL_RGB.in_color


@pytest.mark.parametrize(
    ("mode", "pixels", "message"),
    [
        (VideoMode(8, 4, 16), None, "No default pixel format for 16 bpp: give one, a PixelFormat"),
        (MODE, PIXEL_GRAY, "Video mode and pixel format have different sized pixels: 24 and 8 bits"),
    ],
)
def test_mode_and_format_go_together_or_nothing_is_written(subsystem: Any, mode: VideoMode, pixels: Any, message: str) -> None:
    bench = subsystem()
    hdmi_out = bench.overlay.video.hdmi_out
    bench.device.log.clear()
    with pytest.raises(ValueError, match=f"^{message}$"):
        hdmi_out.configure(mode, pixels)
    assert (bench.device.log, hdmi_out.frontend.log) == ([], [])


def test_without_a_vdma_one_can_be_given(subsystem: Any, vdma_elsewhere: Any) -> None:
    bench = subsystem(vdma=False)
    video = bench.overlay.video
    assert type(video) is DefaultHierarchy
    with pytest.raises(
        RuntimeError, match=r"^No VDMA specified for video/hdmi_in: .*assign one: ol\.video\.hdmi_in\._vdma = ol\.axi_vdma$"
    ):
        video.hdmi_in.configure()
    video.hdmi_in._vdma = vdma_elsewhere
    video.hdmi_in.configure(PIXEL_GRAY)
    assert vdma_elsewhere.readchannel.mode == VideoMode(8, 4, 8, fps=30)


@pytest.fixture
def vdma_elsewhere() -> Any:
    class Channel:
        running = False
        mode: Any = None

    class Elsewhere:
        readchannel = Channel()

    return Elsewhere()
