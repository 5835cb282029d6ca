"""Pictures in PYNQ's way: modes and pixel formats, the video DMA, colour conversion, pipelines.

The names are those of ``pynq.lib.video``, as far as they need no HDMI, DisplayPort or camera hardware. They are resolved when they are
first touched; ``from pynq_drivers.video import *`` gives them all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pynq_widgets import lazy

if TYPE_CHECKING:
    from pynq_drivers.axi_vdma.driver import AxiVDMA as AxiVDMA
    from pynq_drivers.video.common import *  # noqa: F403
    from pynq_drivers.video.frontend import VideoInFrontend as VideoInFrontend
    from pynq_drivers.video.frontend import VideoOutFrontend as VideoOutFrontend
    from pynq_drivers.video.hierarchies import HDMIWrapper as HDMIWrapper
    from pynq_drivers.video.hierarchies import VideoIn as VideoIn
    from pynq_drivers.video.hierarchies import VideoOut as VideoOut
    from pynq_drivers.video.pipeline import ColorConverter as ColorConverter
    from pynq_drivers.video.pipeline import PixelPacker as PixelPacker

_COMMON = (
    "COLOR_IN_BGR",
    "COLOR_IN_RGB",
    "COLOR_IN_YCBCR",
    "COLOR_OUT_BGR",
    "COLOR_OUT_GRAY",
    "COLOR_OUT_RGB",
    "COLOR_OUT_YCBCR",
    "PIXEL_BGR",
    "PIXEL_GRAY",
    "PIXEL_RGB",
    "PIXEL_RGBA",
    "PIXEL_YCBCR",
    "PixelFormat",
    "VideoMode",
)
_MODULE_OF = {
    **dict.fromkeys(_COMMON, ".common"),
    "AxiVDMA": "pynq_drivers.axi_vdma.driver",
    "ColorConverter": ".pipeline",
    "PixelPacker": ".pipeline",
    "VideoInFrontend": ".frontend",
    "VideoOutFrontend": ".frontend",
    "VideoIn": ".hierarchies",
    "VideoOut": ".hierarchies",
    "HDMIWrapper": ".hierarchies",
}
# PYNQ's modules within: ours of these names, but for the driver that stands with its IP.
_MODULES = {"dma": "pynq_drivers.axi_vdma.driver", **{name: f".{name}" for name in ("common", "frontend", "hierarchies", "pipeline")}}

__all__ = sorted((*_MODULE_OF, *_MODULES))

_get, __dir__ = lazy.names(__name__, {**_MODULE_OF, **_MODULES})


def __getattr__(name: str) -> Any:
    return import_module(_MODULES[name], __name__) if name in _MODULES else _get(name)
