"""Modes and pixel formats. The names are those of PYNQ's ``pynq.lib.video.common``.

Source: ITU-R BT.601 (luma and colour differences of full range), in the order of channels of the stream: blue, green, red.
"""

from __future__ import annotations

from collections.abc import Sequence

from pynq_drivers.axi_vdma.frames import VideoMode

__all__ = [
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
]


class PixelFormat:
    """How the pixels of a frame relate to those of the stream, which are blue, green, red.

    Attributes
    ----------
    bits_per_pixel : int
        Bits of a pixel in memory.
    in_color, out_color : list of float
        What a `ColorConverter` is set to on the way into memory and out of it: three rows of three coefficients, then what is added to
        each of the three results (1.0 is full scale).
    fourcc : str or None
        The code of the format where it is one of Linux' displays.
    """

    def __init__(self, bits_per_pixel: int, in_color: Sequence[float], out_color: Sequence[float], fourcc: str | None = None) -> None:
        for name, color in (("in_color", in_color), ("out_color", out_color)):
            if len(color) != 12:
                raise ValueError(f"{name} of a PixelFormat has 12 coefficients, 3 × 3 and 3 that are added, not {len(color)}")
        self.bits_per_pixel = bits_per_pixel
        self.in_color = in_color
        self.out_color = out_color
        self.fourcc = fourcc

    def __repr__(self) -> str:
        code = f", {self.fourcc}" if self.fourcc else ""
        return f"<PixelFormat: {self.bits_per_pixel} bits per pixel{code}>"


def _matrix(*rows: Sequence[float], added: Sequence[float] = (0, 0, 0)) -> list[float]:
    return [*rows[0], *rows[1], *rows[2], *added]


_AS_IT_IS = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_SWAPPED = _AS_IT_IS[::-1]

COLOR_IN_BGR, COLOR_OUT_BGR = _matrix(*_AS_IT_IS), _matrix(*_AS_IT_IS)
COLOR_IN_RGB, COLOR_OUT_RGB = _matrix(*_SWAPPED), _matrix(*_SWAPPED)
COLOR_IN_YCBCR = _matrix(
    (0.114, 0.587, 0.299),
    (0.5, -0.331264, -0.168736),
    (-0.081312, -0.41866, 0.5),
    added=(0, 0.5, 0.5),
)
COLOR_OUT_YCBCR = _matrix(
    (1, 1.772, 0),
    (1, -0.3344136, -0.714136),
    (1, 0, 1.402),
    added=(-0.886, 0.529136, -0.701),
)
COLOR_OUT_GRAY = _matrix(*[(1, 0, 0)] * 3)

PIXEL_RGB = PixelFormat(24, COLOR_IN_RGB, COLOR_OUT_RGB, "RG24")
PIXEL_RGBA = PixelFormat(32, COLOR_IN_RGB, COLOR_OUT_RGB, "RA24")
PIXEL_BGR = PixelFormat(24, COLOR_IN_BGR, COLOR_OUT_BGR, "BG24")
PIXEL_YCBCR = PixelFormat(24, COLOR_IN_YCBCR, COLOR_OUT_YCBCR, "YU24")
PIXEL_GRAY = PixelFormat(8, COLOR_IN_YCBCR, COLOR_OUT_GRAY)
