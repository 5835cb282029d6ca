"""From numbers to pixels: a plane of a buffer as an 8-bit picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.picture import reduce_picture

from .picture_codec import QUALITY, Pixels, encode_as, mime_of, pillow

HEIGHT, WIDTH = 640, 1024  # most pixels of a picture that is sent without loss
_LARGEST = 1080, 1920  # and as JPEG
_ROWS = 64  # that are compared at once

Range = tuple[float, float]
Region = tuple[int, int, int, int]  # first row, row after the last, first column, column after the last


@dataclass(frozen=True)
class Raster:
    """A picture of `region`; `shown` is the range from the darkest to the brightest colour, None where values are colours."""

    region: Region
    shown: Range | None
    gaps: bool
    part: Array  # the numbers behind the pixels
    mime: str
    shrunk: int  # numbers of `part`, each way, that a pixel stands for
    encode: Callable[[], bytes]

    @cached_property
    def data(self) -> bytes:
        """The file. It is made when somebody asks, so that whoever looks at memory does not wait for it, and what is never sent costs
        nothing."""
        return self.encode()


def raster_of(
    pixels: Pixels,
    table: Pixels | None,
    region: Region,
    part: Array,
    *,
    shown: Range | None = None,
    gaps: bool = False,
    quality: int | None = QUALITY,
    level: int = 1,
    page: tuple[int, int] | None = None,
) -> Raster:
    """The picture of `pixels`, which nobody may change any more. `page` is the rows and columns of pixels that it gets on a page: as JPEG
    it has not more than the page can show, and not fewer."""
    rows, columns = page or pixels.shape[:2]
    shrink = max(1, min(pixels.shape[0] // max(rows, 1), pixels.shape[1] // max(columns, 1)))
    mime = mime_of(pixels, table, quality)
    shrink = shrink if mime == "image/jpeg" else 1
    return Raster(region, shown, gaps, part, mime, shrink, partial(encode_as, mime, pixels, table, quality, level, shrink))


def most_pixels(array: Array, quality: int | None) -> tuple[int, int]:
    """Rows and columns that a picture of `array` has at most: more where it travels as JPEG."""
    colours = array.dtype == np.uint8
    return _LARGEST if colours and quality is not None and pillow() is not None else (HEIGHT, WIDTH)


def is_picture(array: Array) -> bool:
    """Whether `array` is rows x columns x 3 or 4 colour channels."""
    return array.ndim >= 3 and array.shape[-1] in (3, 4) and array.dtype.kind in "uif"


def rasterize(
    array: Array,
    region: Region,
    height: int = HEIGHT,
    width: int = WIDTH,
    limits: Range | None = None,
    level: int = 1,
    last: Raster | None = None,
    quality: int | None = QUALITY,
    page: tuple[int, int] | None = None,
) -> Raster:
    """The part `region` of a 2-D array, or of rows x columns x 3 or 4 colours, as a picture of at most `height` x `width` pixels.

    Unsigned bytes and booleans are shown as they are, grey or colour. Other numbers are scaled from `limits` (default: the least and
    the greatest on the picture) to a palette from dark blue to yellow; NaN and infinities are left transparent.
    `quality` is that of a JPEG, None for no loss; `page` the rows and columns of pixels that the page has for it. Where
    nothing changed since the picture `last` (of the same array and limits), `last` itself is the answer.
    """
    found = np.asarray(reduce_picture(array, region[:2], region[2:], height, width))
    if last is not None and last.region == region and same_bytes(found, last.part):
        return last
    part = np.array(found, order="C")
    colours = part.ndim == 3
    table = None
    shown: Range | None = None
    gaps = False
    if array.dtype.kind == "b":
        pixels = np.asarray(part * 255).astype(np.uint8)
    elif array.dtype == np.uint8 and limits is None:
        pixels = np.asarray(part, np.uint8)
    else:
        values = np.asarray(part, np.float64)
        finite = np.isfinite(values)
        gaps = not bool(finite.all())
        shown = limits or _range(values[finite], colours and array.dtype.kind == "f")
        scaled = _scale(values, finite, shown)
        if colours:
            pixels = (scaled * 255).astype(np.uint8)
        else:
            pixels, table = np.where(finite, 1 + scaled * 254, 0).astype(np.uint8), palette()
    return raster_of(pixels, table, region, part, shown=shown, gaps=gaps, quality=quality, level=level, page=page)


def same_bytes(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same, a NaN being the NaN that it was; where they differ early, that is soon found."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return all(a[row : row + _ROWS].tobytes() == b[row : row + _ROWS].tobytes() for row in range(0, a.shape[0], _ROWS))


def _range(values: npt.NDArray[np.float64], fractions: bool) -> Range:
    if not values.size:
        return 0.0, 1.0
    low, high = float(np.min(values)), float(np.max(values))
    if fractions and low >= 0 and high <= 1:
        return 0.0, 1.0  # colours are commonly written so
    return low, high


def _scale(values: npt.NDArray[np.float64], finite: npt.NDArray[np.bool_], shown: Range) -> npt.NDArray[np.float64]:
    low, high = shown
    # Halves, since the span between two floats may be larger than the largest.
    span = high / 2 - low / 2
    if not span > 0:
        return np.where(finite, 0.5, 0.0)
    return np.clip((np.where(finite, values, low) / 2 - low / 2) / span, 0.0, 1.0)


@cache
def palette() -> npt.NDArray[np.uint8]:
    """256 RGBA colours: none for what is no number, then from dark blue over green to yellow, ever brighter."""
    stops: list[Any] = [(0.0, 30, 24, 90), (0.25, 45, 82, 150), (0.5, 30, 140, 140), (0.75, 110, 195, 85), (1.0, 250, 235, 60)]
    at = np.linspace(0, 1, 255)
    table = np.zeros((256, 4), np.uint8)
    for channel in range(3):
        table[1:, channel] = np.interp(at, [stop[0] for stop in stops], [stop[1 + channel] for stop in stops])
    table[1:, 3] = 255
    return table
