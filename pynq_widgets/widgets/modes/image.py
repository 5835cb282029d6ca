"""What has rows and columns as a picture, in any of the ways in which colours are written to memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynq_widgets.analysis.colour import FORMATS, MATRICES, size_of, to_rgb
from pynq_widgets.analysis.curve import Array, plain
from pynq_widgets.widgets.buffer_facts import shape_text, value_text
from pynq_widgets.widgets.buffer_source import Source
from pynq_widgets.widgets.picture_codec import QUALITY
from pynq_widgets.widgets.raster import Raster, Region, is_picture, most_pixels, raster_of, rasterize, same_bytes

from .base import Mode, nothing
from .scene import PictureDrawing, Scene
from .settings import Choice, Number, Setting

AS_NUMBERS = "numbers"
_BIGGEST = 1e300


class ImageMode(Mode):
    """Numbers as shades from dark to bright, or pixels of a format."""

    name = "image"
    label = "Image"
    surface = "picture"

    @classmethod
    def refusal(cls, source: Source) -> str:
        sentence = nothing(source)
        if sentence:
            return sentence
        array = source.array
        if array.ndim < 2:
            return f"An image has rows and columns: give this buffer of {array.size:,} elements a shape, such as {_some_shape(array.size)}."
        if array.dtype.names is not None:
            return f"A structure in {array.ndim} dimensions is shown a field at a time: try BufferView(buffer[{array.dtype.names[0]!r}])."
        if array.dtype.kind not in "biufc":
            return f"Elements of type {array.dtype} are no numbers that could be drawn."
        return ""

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        formats = [AS_NUMBERS, *(name for name in FORMATS if _fits(source.array, name))]
        default = AS_NUMBERS
        if is_picture(source.array):
            colours = {3: "RGB", 4: "RGBA"}[source.array.shape[-1]]
            default = colours if colours in formats else AS_NUMBERS
        ycbcr = any("YCbCr" in name for name in formats)
        standard = (
            Choice("matrix", tuple(MATRICES), "BT.601", "YCbCr of", "BT.601: standard definition; BT.709: high definition", folded=True),
            Choice(
                "span", ("limited", "full"), "limited", "levels", "limited: Y from 16 to 235, as video has; full: 0 to 255", folded=True
            ),
        )
        return (
            Choice("format", formats, default, "colours", "How colours are written in the memory; 'numbers': each element is a shade"),
            Number("low", -_BIGGEST, _BIGGEST, None, "from", "The value of the darkest colour", none="the least", folded=True),
            Number("high", -_BIGGEST, _BIGGEST, None, "to", "The value of the brightest colour", none="the greatest", folded=True),
            Number(
                "quality", 1, 100, QUALITY, "quality", "Of the JPEG that large pictures travel as", whole=True, none="no loss", folded=True
            ),
            *(standard if ycbcr else ()),
        )

    def draw(self, scene: Scene) -> PictureDrawing:
        array = scene.source.array
        rows, columns = self.size(scene.source, scene.plane)
        region = scene.region or (0, rows, 0, columns)
        raster = self.raster(scene, region)
        first, end, left, right = region
        down, across = -(-(end - first) // raster.part.shape[0]), -(-(right - left) // raster.part.shape[1])
        down, across = down * raster.shrunk, across * raster.shrunk
        mean = "" if max(down, across) <= 3 or raster.shrunk > 1 else "some of "  # `reduce_picture` looks at 3 x 3 of them
        notes = [f"a pixel is the mean of {mean}{down} × {across} elements"] if max(down, across) > 1 else []
        if scene.plane:
            notes.append(f"plane {list(scene.plane)} of {shape_text(array)}")
        return PictureDrawing(raster, (rows, columns), notes)

    def raster(self, scene: Scene, region: Region, stored: int | None = None) -> Raster:
        """The picture of `region`, or the last one where nothing in it has changed; `stored`: without loss, and of so many pixels each way
        at most, as a notebook keeps it."""
        settings = self.settings
        array = scene.source.array[scene.plane] if scene.plane else scene.source.array
        quality = settings.quality if stored is None else None
        level = 1 if stored is None else 6
        last = scene.last if isinstance(scene.last, Raster) else None
        low, high = settings.low, settings.high
        limits = scene.limits
        if low is not None or high is not None:
            if low is None or high is None:
                found = _extremes(array)
                low, high = found[0] if low is None else low, found[1] if high is None else high
            if not low < high:
                raise ValueError(f"the darkest value is to be less than the brightest: {low:g} is not less than {high:g}")
            limits = (low, high)
        as_it_is = array.ndim == 3 and settings.format == {3: "RGB", 4: "RGBA"}.get(array.shape[-1])
        if settings.format == AS_NUMBERS or as_it_is:
            height, width = (stored, stored) if stored else most_pixels(array, quality)
            return rasterize(array, region, height, width, limits, level, last=last, quality=quality, page=scene.pixels)
        most = (stored, stored) if stored else most_pixels(np.empty(0, np.uint8), quality)
        part = self.pixels(scene.source, scene.plane, region, *most)
        if last is not None and last.region == region and same_bytes(part, last.part):
            return last
        return raster_of(part, None, region, part, quality=quality, level=level, page=scene.pixels)

    def pixels(self, source: Source, plane: tuple[int, ...], region: Region, height: int | None = None, width: int | None = None) -> Any:
        """RGB of a region, each pixel as it is; of more than `height` x `width` those in between are left out."""
        settings = self.settings
        array = plain(source.array[plane] if plane else source.array)
        first, end, left, right = region
        step = max(1, -(-(end - first) // (height or end - first or 1))), max(1, -(-(right - left) // (width or right - left or 1)))
        if array.dtype == np.uint8 and settings.format == "RGB" and array.ndim == 3:
            return np.ascontiguousarray(array[first : end : step[0], left : right : step[1]])
        return to_rgb(array, settings.format, region=region, step=step, **self._standard())

    def size(self, source: Source, plane: tuple[int, ...] = ()) -> tuple[int, int]:
        """Rows and columns of pixels."""
        array = source.array[plane] if plane else source.array
        if self.settings.format == AS_NUMBERS:
            return array.shape[0], array.shape[1]
        return size_of(array, self.settings.format)

    def _standard(self) -> dict[str, Any]:
        return {name: getattr(self.settings, name) for name in ("span", "matrix") if name in set(self.settings)}

    def planes(self, source: Source) -> tuple[int, ...]:
        """The lengths of the leading axes of which one plane is shown."""
        array = source.array
        lengths: tuple[int, ...] = array.shape[: max(array.ndim - _picture_axes(array, self.settings.format), 0)]
        return lengths

    def value(self, source: Source, plane: tuple[int, ...], row: int, column: int) -> str:
        """The element or the pixel at a place, exact."""
        array = source.array[plane] if plane else source.array
        if array.shape[:2] == self.size(source, plane):
            return value_text(source.array, (*plane, row, column))
        red, green, blue = (int(part) for part in self.pixels(source, plane, (row, row + 1, column, column + 1))[0, 0])
        return f"[{row}, {column}] red {red}, green {green}, blue {blue}"


def _picture_axes(array: Array, format: str) -> int:
    """How many of the last axes are one picture."""
    if format == AS_NUMBERS:
        return 3 if is_picture(array) else 2
    trial = array
    while trial.ndim > 3:
        trial = trial[0]
    for axes in (3, 2):
        if trial.ndim >= axes:
            try:
                size_of(trial[(0,) * (trial.ndim - axes)], format)
            except ValueError:
                continue
            return axes
    raise ValueError(f"{format} expected another shape or type than {array.dtype} of shape {array.shape}")


def _fits(array: Array, format: str) -> bool:
    """Whether the array, or a plane of it, can be read as this format."""
    try:
        _picture_axes(array, format)
    except ValueError:
        return False
    return True


def _extremes(array: Array) -> tuple[float, float]:
    values = np.abs(array) if array.dtype.kind == "c" else array
    return float(np.nanmin(values)), float(np.nanmax(values))


def _some_shape(count: int) -> str:
    """Two factors of `count`, near a picture's proportions."""
    rows = max((n for n in range(1, int(count**0.5) + 1) if count % n == 0), default=1) if count <= 1 << 32 else 1
    return f"'{rows},{count // rows}'" if rows > 1 else f"'1,{count}'"
