"""A video input or output as a whole: connector, colour conversion, pixel packing, VDMA. The shape of the API is PYNQ's.

The connector itself is hardware of a board: its driver, a hierarchy or an IP named ``frontend``, is whoever's that has the board, derived
from `VideoInFrontend` or `VideoOutFrontend`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from pynq_drivers.axi_vdma.driver import AxiVDMA
from pynq_drivers.axi_vdma.frames import VideoMode
from pynq_drivers.video.common import PIXEL_BGR, PIXEL_GRAY, PIXEL_RGBA, PixelFormat
from pynq_drivers.video.frontend import VideoInFrontend, VideoOutFrontend
from pynq_drivers.video.pipeline import ColorConverter, PixelPacker
from pynq_widgets.overlay import DefaultHierarchy

_USUAL = {8: PIXEL_GRAY, 24: PIXEL_BGR, 32: PIXEL_RGBA}


class _Pipeline(DefaultHierarchy):
    """What `VideoIn` and `VideoOut` have in common."""

    _frontend_class: type
    _packer: str

    def __init__(self, description: dict[str, Any], vdma: Any = None) -> None:
        super().__init__(description)
        self._vdma = vdma

    @classmethod
    def _fits(cls, description: Mapping[str, Any]) -> bool:
        ip = description["ip"]
        frontend = description["hierarchies"].get("frontend") or ip.get("frontend")
        return (
            frontend is not None
            and _is(frontend, cls._frontend_class)
            and _is(ip.get(cls._packer), PixelPacker)
            and _is(ip.get("color_convert"), ColorConverter)
        )

    @property
    def _channel(self) -> Any:
        raise NotImplementedError

    def _needed_vdma(self) -> AxiVDMA:
        if self._vdma is None:
            name = self._below()
            raise RuntimeError(
                f"No VDMA specified for {name}: make the driver of the hierarchy around it, where that has an AXI VDMA (HDMIWrapper), or "
                f"assign one: ol.{name.replace('/', '.')}._vdma = ol.axi_vdma"
            )
        vdma: AxiVDMA = self._vdma
        return vdma

    def _set(self, pixelformat: PixelFormat, color: Sequence[float]) -> None:
        self.color_convert.colorspace = color
        getattr(self, self._packer).bits_per_pixel = pixelformat.bits_per_pixel

    def start(self) -> ExitStack:
        """Start the pipeline; in a ``with`` statement it is stopped at the end."""
        self._channel.start()
        return self._at_end(self.stop)

    def stop(self) -> None:
        """Stop the pipeline at the end of its frame."""
        self._channel.stop()

    def close(self) -> None:
        """Stop the pipeline, then the connector."""
        try:
            self.stop()
        finally:
            self.frontend.stop()

    @staticmethod
    def _at_end(action: Any) -> ExitStack:
        stack = ExitStack()
        stack.callback(action)
        return stack

    @property
    def colorspace(self) -> list[float]:
        """The colour conversion, as `ColorConverter.colorspace`; it can be changed while the pipeline runs."""
        color: list[float] = self.color_convert.colorspace
        return color

    @colorspace.setter
    def colorspace(self, new_colorspace: Sequence[float]) -> None:
        self.color_convert.colorspace = new_colorspace

    @property
    def mode(self) -> VideoMode | None:
        """The video mode of the frames, None before `configure`."""
        mode: VideoMode | None = self._channel.mode
        return mode

    @property
    def cacheable_frames(self) -> bool:
        """Whether frames are made in memory that the processor may cache; RuntimeError where there is no VDMA."""
        cacheable: bool = self._channel.cacheable_frames
        return cacheable

    @cacheable_frames.setter
    def cacheable_frames(self, value: bool) -> None:
        self._channel.cacheable_frames = value


class VideoIn(_Pipeline):
    """A video input: `frontend`, then `color_convert`, `pixel_pack` and the read channel of a VDMA::

    with hdmi_in.configure(PIXEL_RGB), hdmi_in.start():
        frame = hdmi_in.readframe(timeout=1)
    """

    _frontend_class, _packer = VideoInFrontend, "pixel_pack"

    @staticmethod
    def checkhierarchy(description: dict[str, Any]) -> bool:
        """Whether a hierarchy has an input connector with a driver, a colour converter and a pixel packer."""
        return VideoIn._fits(description)

    @property
    def _channel(self) -> Any:
        return self._needed_vdma().readchannel

    def configure(self, pixelformat: PixelFormat = PIXEL_BGR) -> ExitStack:
        """Set the pipeline to a format of pixels, and to the mode of what comes in, which is waited for as the connector does.

        A pipeline that runs is stopped before. In a ``with`` statement the pipeline is closed at the end.
        """
        channel = self._channel
        if channel.running:
            channel.stop()
        self._set(pixelformat, pixelformat.in_color)
        self.frontend.start()
        found = self.frontend.mode
        channel.mode = VideoMode(found.width, found.height, pixelformat.bits_per_pixel, found.fps)
        return self._at_end(self.close)

    def readframe(self, timeout: float | None = None) -> Any:
        """A frame, as `AxiVDMA.readchannel.readframe` gives it."""
        return self._channel.readframe(timeout)

    async def readframe_async(self, timeout: float | None = None) -> Any:
        """As `readframe`, for coroutines."""
        return await self._channel.readframe_async(timeout)

    def tie(self, output: VideoOut) -> None:
        """What comes in goes out at `output`, without the processor for each frame."""
        self._channel.tie(None if output is None else output._channel)


class VideoOut(_Pipeline):
    """A video output: the write channel of a VDMA, then `pixel_unpack`, `color_convert` and `frontend`::

    with hdmi_out.configure(VideoMode(1280, 720, 24), PIXEL_RGB), hdmi_out.start():
        frame = hdmi_out.newframe()
        frame[:] = picture
        hdmi_out.writeframe(frame)
    """

    _frontend_class, _packer = VideoOutFrontend, "pixel_unpack"

    @staticmethod
    def checkhierarchy(description: dict[str, Any]) -> bool:
        """Whether a hierarchy has an output connector with a driver, a colour converter and a pixel unpacker."""
        return VideoOut._fits(description)

    @property
    def _channel(self) -> Any:
        return self._needed_vdma().writechannel

    def configure(self, mode: VideoMode, pixelformat: PixelFormat | None = None) -> ExitStack:
        """Set the pipeline to a mode and a format of pixels; where none is given, grey for 8 bits, BGR for 24, RGBA for 32.

        A pipeline that runs is stopped before. In a ``with`` statement the pipeline is closed at the end. ValueError, before anything is
        changed, where mode and format do not go together.
        """
        if pixelformat is None:
            pixelformat = _USUAL.get(mode.bits_per_pixel)
            if pixelformat is None:
                raise ValueError(f"No default pixel format for {mode.bits_per_pixel} bpp: give one, a PixelFormat")
        if pixelformat.bits_per_pixel != mode.bits_per_pixel:
            raise ValueError(
                f"Video mode and pixel format have different sized pixels: {mode.bits_per_pixel} and {pixelformat.bits_per_pixel} bits"
            )
        channel = self._channel
        if channel.running:
            channel.stop()
        self._set(pixelformat, pixelformat.out_color)
        self.frontend.mode = mode
        channel.mode = mode
        self.frontend.start()
        return self._at_end(self.close)

    def newframe(self) -> Any:
        """A frame of the mode, its contents undefined."""
        return self._channel.newframe()

    def writeframe(self, frame: Any, timeout: float | None = None) -> None:
        """Show a frame next, as `AxiVDMA.writechannel.writeframe` does."""
        self._channel.writeframe(frame, timeout)

    async def writeframe_async(self, frame: Any, timeout: float | None = None) -> None:
        """As `writeframe`, for coroutines."""
        await self._channel.writeframe_async(frame, timeout)


class HDMIWrapper(DefaultHierarchy):
    """A `VideoIn`, a `VideoOut` and the `AxiVDMA` between them, which both use; each keeps the name that it has in the design."""

    @staticmethod
    def checkhierarchy(description: dict[str, Any]) -> bool:
        """Whether a hierarchy has all three."""
        return None not in _parts(description)

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        vdma, *pipelines = _parts(description)
        for name in pipelines:
            self[name]._vdma = self[vdma]


def _parts(description: Mapping[str, Any]) -> tuple[Any, ...]:
    """Names of the VDMA, the input and the output within a hierarchy, None for what there is not."""
    wanted = (("ip", AxiVDMA), ("hierarchies", VideoIn), ("hierarchies", VideoOut))
    return tuple(next((name for name, entry in description[kind].items() if _is(entry, cls)), None) for kind, cls in wanted)


def _is(entry: Mapping[str, Any] | None, cls: type) -> bool:
    driver = None if entry is None else entry.get("driver")
    return isinstance(driver, type) and issubclass(driver, cls)
