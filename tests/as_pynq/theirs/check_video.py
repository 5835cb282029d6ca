"""PYNQ's AxiVDMA, ColorConverter, PixelPacker and the hierarchies over them, on our models of these cores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from pynq_widgets import model
from pynq_widgets.device import IPModel
from pynq_widgets.device.simulated import registry

LOOP = [("vdma", "M_AXIS_MM2S", "vdma", "S_AXIS_S2MM")]


def picture(mode: Any, first: int = 0) -> Any:
    return (np.arange(int(np.prod(mode.shape))) * 7 + first).astype("u1").reshape(mode.shape)


@pytest.fixture
def mode(theirs: Any) -> Any:
    # Of smaller pictures, the FIFOs of the loop would hold many.
    return theirs("lib.video.common").VideoMode(64, 48, 24)


@pytest.fixture
def vdma(load: Any, theirs: Any, vdma_block: Any, loop: Any) -> Any:
    module = theirs("lib.video.dma")
    made = load(vdma_block(), streams=LOOP).vdma
    assert type(made) is module.AxiVDMA
    return made


def test_pictures_pass_the_loop(vdma: Any, mode: Any) -> None:
    out, into = vdma.writechannel, vdma.readchannel
    into.mode = out.mode = mode
    into.start()
    out.start()
    assert (into.running, out.running) == (True, True)
    for first in (3, 100):
        frame = out.newframe()
        frame[:] = picture(mode, first)
        out.writeframe(frame)
        for _ in range(12):
            got = into.readframe()
            if np.array_equal(got, picture(mode, first)):
                break
        assert np.array_equal(got, picture(mode, first))
        assert got.shape == (48, 64, 3)
    out.stop()
    into.stop()
    assert (into.running, out.running) == (False, False)


def test_pictures_are_awaited(vdma: Any, mode: Any, loop: Any) -> None:
    async def both() -> Any:
        vdma.readchannel.mode = vdma.writechannel.mode = mode
        vdma.readchannel.start()
        vdma.writechannel.start()
        frame = vdma.writechannel.newframe()
        frame[:] = picture(mode, 9)
        await vdma.writechannel.writeframe_async(frame)
        for _ in range(12):
            got = await asyncio.wait_for(vdma.readchannel.readframe_async(), 5)
            if np.array_equal(got, picture(mode, 9)):
                return got
        return got

    assert np.array_equal(loop.run_until_complete(both()), picture(mode, 9))


def test_not_started(vdma: Any, mode: Any) -> None:
    for channel, call in ((vdma.readchannel, vdma.readchannel.readframe), (vdma.writechannel, lambda: vdma.writechannel.writeframe(None))):
        with pytest.raises(RuntimeError, match=r"^Video mode not set, channel not started$"):
            channel.start()
        with pytest.raises(RuntimeError, match=r"^DMA channel not started$"):
            call()


def test_a_reset(vdma: Any, mode: Any) -> None:
    for channel in (vdma.readchannel, vdma.writechannel):
        channel.mode = mode
        channel.start()
    for channel in (vdma.writechannel, vdma.readchannel):
        channel.reset()
        assert not channel.running


@pytest.fixture
def subsystem(
    load: Any, theirs: Any, block: Any, vdma_block: Any, loop: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Any]]:
    """``subsystem()``: the overlay of ``video`` as base overlays have it, with PYNQ's drivers but for the connectors, which are ours."""
    monkeypatch.setattr(registry, "_defined", dict(registry._defined))
    frontend, common = theirs("lib.video.frontend"), theirs("lib.video.common")
    theirs("lib.video.hierarchies")
    from pynq import DefaultIP

    class In(frontend.VideoInFrontend, DefaultIP):  # type: ignore[misc]
        bindto = ["v:l:hdmi_in:1.0"]
        mode = common.VideoMode(8, 4, 24, fps=30)

        def start(self) -> None:
            self.started = True

        def stop(self) -> None:
            self.started = False

    class Out(frontend.VideoOutFrontend, DefaultIP):  # type: ignore[misc]
        bindto = ["v:l:hdmi_out:1.0"]
        mode: Any = None

        def start(self) -> None:
            self.started = True

        def stop(self) -> None:
            self.started = False

    @model("v:l:hdmi_out")
    class Display(IPModel):
        """Takes a frame of four lines each millisecond; `shown` is the last one."""

        shown: ClassVar[list[bytes]] = []

        def __init__(self, context: Any) -> None:
            super().__init__(context)
            self.stream = context.stream("video")
            self.lines: list[bytes] = []
            context.clock.call_later(1e-3, self.next)

        def next(self) -> None:
            if len(self.lines) == 4:
                self.lines = []
            self.stream.demand(PICTURE.nbytes)
            self.on_stream("video")
            self.context.clock.call_later(1e-3, self.next)

        def on_stream(self, interface: str) -> None:
            while self.stream.available and len(self.lines) < 4:
                if self.stream.head.user:
                    self.lines = []
                self.lines.append(bytes(self.stream.receive()[0]))
                if len(self.lines) == 4:
                    self.shown = self.lines

    def core(name: str, kind: str, number: int) -> Any:
        return block(
            f"video/{name}", f"xilinx.com:hls:{kind}:1.0", 0x43C0_0000 + (number << 16), {}, clocks=("ap_clk",), interface="s_axi_control"
        )

    def make() -> Any:
        widths = {"c_m_axis_mm2s_tdata_width": 32, "c_s_axis_s2mm_tdata_width": 32}
        return load(
            core("hdmi_in/color_convert", "color_convert", 0),
            core("hdmi_in/pixel_pack", "pixel_pack", 1),
            block("video/hdmi_in/frontend", "v:l:hdmi_in:1.0", 0x44A0_0000),
            core("hdmi_out/color_convert", "color_convert", 2),
            core("hdmi_out/pixel_unpack", "pixel_unpack", 3),
            block("video/hdmi_out/frontend", "v:l:hdmi_out:1.0", 0x44A1_0000),
            vdma_block("video/axi_vdma", **widths),
            streams=[
                ("video/hdmi_in/frontend", "video", "video/hdmi_in/color_convert", "stream_in_24"),
                ("video/hdmi_in/color_convert", "stream_out_24", "video/hdmi_in/pixel_pack", "stream_in_24"),
                ("video/hdmi_in/pixel_pack", "stream_out_32", "video/axi_vdma", "S_AXIS_S2MM"),
                ("video/axi_vdma", "M_AXIS_MM2S", "video/hdmi_out/pixel_unpack", "stream_in_32"),
                ("video/hdmi_out/pixel_unpack", "stream_out_24", "video/hdmi_out/color_convert", "stream_in_24"),
                ("video/hdmi_out/color_convert", "stream_out_24", "video/hdmi_out/frontend", "video"),
            ],
        )

    yield make
    In.unregister()
    Out.unregister()


PICTURE = np.arange(96, dtype="u1").reshape(4, 8, 3)  # blue, green, red
GREY = np.floor(PICTURE @ np.round(np.array([0.114, 0.587, 0.299]) * 256) / 256 + 0.5).astype("u1")


def test_the_hierarchies_are_bound(subsystem: Any, theirs: Any) -> None:
    module, pipeline = theirs("lib.video.hierarchies"), theirs("lib.video.pipeline")
    video = subsystem().video
    assert [type(found) for found in (video, video.hdmi_in, video.hdmi_out)] == [module.HDMIWrapper, module.VideoIn, module.VideoOut]
    assert type(video.hdmi_in.color_convert) is pipeline.ColorConverter
    assert type(video.hdmi_out.pixel_unpack) is pipeline.PixelPacker
    assert video.hdmi_in._vdma is video.axi_vdma is video.hdmi_out._vdma


def feed(device: Any, picture: Any) -> None:
    """Six frames of `picture` come in at the connector."""
    stream = device.stream("video/hdmi_in/frontend", "video")
    for _ in range(6):
        for row, line in enumerate(picture):
            assert stream.send(line.tobytes(), user=int(row == 0)) == line.nbytes
        device.clock.advance(1e-3)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ("PIXEL_BGR", PICTURE),
        ("PIXEL_RGB", PICTURE[:, :, ::-1]),
        ("PIXEL_RGBA", np.dstack((PICTURE[:, :, ::-1], np.zeros((4, 8), "u1")))),
        ("PIXEL_GRAY", GREY),
    ],
)
def test_a_picture_comes_in(subsystem: Any, device: Any, theirs: Any, pixels: str, expected: Any) -> None:
    hdmi_in = subsystem().video.hdmi_in
    with hdmi_in.configure(getattr(theirs("lib.video.common"), pixels)), hdmi_in.start():
        assert hdmi_in.frontend.started
        # PYNQ takes the frame that the core is going to fill last, and waits for as many as there are stores before it does.
        feed(device, PICTURE)
        assert np.abs(hdmi_in.readframe().astype(int) - expected).max() <= (1 if pixels == "PIXEL_GRAY" else 0)
    assert not hdmi_in._vdma.readchannel.running
    assert not hdmi_in.frontend.started


@pytest.mark.parametrize(("pixels", "order"), [("PIXEL_BGR", slice(None)), ("PIXEL_RGB", slice(None, None, -1))])
def test_a_picture_goes_out(subsystem: Any, device: Any, theirs: Any, pixels: str, order: slice) -> None:
    common = theirs("lib.video.common")
    hdmi_out = subsystem().video.hdmi_out
    with hdmi_out.configure(common.VideoMode(8, 4, 24), getattr(common, pixels)), hdmi_out.start():
        for _ in range(3):
            frame = hdmi_out.newframe()
            frame[:] = PICTURE[:, :, order]
            hdmi_out.writeframe(frame)
        assert shows(device, PICTURE)
    assert not hdmi_out._vdma.writechannel.running
    assert not hdmi_out.frontend.started


def shows(device: Any, picture: Any) -> bool:
    """Whether the display shows `picture`, or does so soon."""
    lines = [line.tobytes() for line in picture]
    for _ in range(300):  # many of so small pictures are on the way
        device.clock.advance(1e-3)
        if device.model_of("video/hdmi_out/frontend").shown == lines:
            return True
    return False


def test_input_is_tied_to_output(subsystem: Any, device: Any) -> None:
    video = subsystem().video
    hdmi_in, hdmi_out = video.hdmi_in, video.hdmi_out
    hdmi_in.configure()
    hdmi_out.configure(hdmi_in.mode)
    hdmi_in.start()
    hdmi_out.start()
    hdmi_in.tie(hdmi_out)
    feed(device, PICTURE)
    assert shows(device, PICTURE)
    feed(device, PICTURE[::-1])
    assert shows(device, PICTURE[::-1])
    hdmi_in.stop()
    hdmi_out.stop()


def test_the_matrix_and_the_width(subsystem: Any) -> None:
    video = subsystem().video
    converter, packer = video.hdmi_in.color_convert, video.hdmi_in.pixel_pack
    wanted = [0.5, -0.25, 1.0, 0, 1.5, -2.0, 0.125, 0, 0, 0.5, -0.5, 0]
    converter.colorspace = wanted
    assert converter.colorspace == wanted
    for width in (8, 16, 24, 32):
        packer.bits_per_pixel = width
        assert packer.bits_per_pixel == width
    packer.bits_per_pixel = 16
    packer.resample = True
    assert packer.read(0x10) == 4
    with pytest.raises(ValueError, match=r"^Bits per pixel must be 8, 16, 24 or 32$"):
        packer.bits_per_pixel = 12


def test_the_video_of_a_published_design(load: Any, theirs: Any, hwh_folder: Path, loop: Any) -> None:
    module, pipeline = theirs("lib.video.dma"), theirs("lib.video.pipeline")
    video = load(hwh_folder / "Xilinx__PYNQ__base-PynqZ1-2018.3.hwh").video
    assert type(video.axi_vdma) is module.AxiVDMA
    assert type(video.hdmi_in.pixel_pack) is pipeline.PixelPacker
    assert type(video.hdmi_out.color_convert) is pipeline.ColorConverter
    video.hdmi_out.color_convert.colorspace = theirs("lib.video.common").COLOR_OUT_RGB
    assert video.hdmi_out.color_convert.colorspace == theirs("lib.video.common").COLOR_OUT_RGB
