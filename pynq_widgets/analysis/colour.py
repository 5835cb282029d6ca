"""Pixels as cameras and video cores lay them out in memory, to RGB for a screen; only the pixels that are shown are touched.

Layouts: AMD PG278 (Video Frame Buffer Read/Write), pixel formats in memory; YCbCr: Recommendations ITU-R BT.601-7 and BT.709-6.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .curve import Array, plain
from .ycbcr import MATRICES as MATRICES
from .ycbcr import Span, convert, convert_packed

Rgb = npt.NDArray[np.uint8]
Region = tuple[int, int, int, int]  # first row, row after the last, first column, column after the last


@dataclass(frozen=True)
class PixelFormat:
    """`size`: bytes a pixel, 0 where planes lie one after the other. `order`: which byte, field or plane is red, green, blue (or Y, Cb, Cr)
    in turn. `fields`: (lowest bit, bits) of each in a word."""

    name: str
    size: int
    layout: Literal["bytes", "word", "pairs", "planes", "half planes"]
    order: tuple[int, ...]
    ycbcr: bool = False
    fields: tuple[tuple[int, int], ...] = ()


_TEN = ((0, 10), (10, 10), (20, 10))

FORMATS: dict[str, PixelFormat] = {
    known.name: known
    for known in (
        PixelFormat("grey", 1, "bytes", (0, 0, 0)),
        PixelFormat("RGB", 3, "bytes", (0, 1, 2)),
        PixelFormat("BGR", 3, "bytes", (2, 1, 0)),
        PixelFormat("RGBA", 4, "bytes", (0, 1, 2)),
        PixelFormat("BGRA", 4, "bytes", (2, 1, 0)),
        PixelFormat("RGBX", 4, "bytes", (0, 1, 2)),
        PixelFormat("BGRX", 4, "bytes", (2, 1, 0)),
        PixelFormat("RGB888 in 32 bits", 4, "word", (0, 1, 2), False, ((16, 8), (8, 8), (0, 8))),
        PixelFormat("RGB565", 2, "word", (0, 1, 2), False, ((11, 5), (5, 6), (0, 5))),
        PixelFormat("RGB 10:10:10:2", 4, "word", (0, 1, 2), False, _TEN),
        PixelFormat("BGR 10:10:10:2", 4, "word", (0, 1, 2), False, _TEN[::-1]),
        PixelFormat("RGB planar", 0, "planes", (0, 1, 2)),
        PixelFormat("YCbCr 4:4:4", 3, "bytes", (0, 1, 2), True),
        PixelFormat("YCbCr 4:4:4 X", 4, "bytes", (0, 1, 2), True),
        PixelFormat("YCbCr 4:4:4 planar", 0, "planes", (0, 1, 2), True),
        PixelFormat("YCbCr 10:10:10:2", 4, "word", (0, 1, 2), True, _TEN),
        PixelFormat("YCbCr 4:2:2 packed (YUYV)", 2, "pairs", (0, 1, 3), True),
        PixelFormat("YCbCr 4:2:2 packed (UYVY)", 2, "pairs", (1, 0, 2), True),
        PixelFormat("YCbCr 4:2:2 semi-planar (NV16)", 0, "half planes", (2, 1), True),
        PixelFormat("YCbCr 4:2:0 semi-planar (NV12)", 0, "half planes", (2, 2), True),
    )
}


def format_of(name: str) -> PixelFormat:
    """The format `name`; a ``ValueError`` names near ones."""
    if name not in FORMATS:
        near = difflib.get_close_matches(str(name), FORMATS, 3, 0.4)
        raise ValueError(f"no pixel format {name!r}; " + ("did you mean " + " or ".join(map(repr, near)) + "?" if near else "see FORMATS"))
    return FORMATS[name]


def size_of(array: Array, format: str) -> tuple[int, int]:
    """Rows and columns of the picture that `array` holds in `format`; raises ``ValueError`` where its shape or type does not fit."""
    kind = format_of(format)
    array = plain(np.asarray(array))
    if kind.layout == "planes":
        if array.ndim != 3 or array.shape[0] != 3:
            raise ValueError(f"{format} expected an array of shape (3, rows, columns), not {array.shape}")
        _depth(array, kind)
        return array.shape[1], array.shape[2]
    if kind.layout == "half planes":
        if array.ndim != 2 or array.dtype != np.uint8:
            raise ValueError(f"{format} expected bytes of shape (rows + rows of colour, columns), not {array.dtype} of shape {array.shape}")
        down = kind.order[1]
        return array.shape[0] * down // (down + 1), array.shape[1]
    if kind.name == "grey":
        if array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        if array.ndim != 2:
            raise ValueError(f"grey expected an array of shape (rows, columns), not {array.shape}")
        _depth(array, kind)
        return array.shape[0], array.shape[1]
    if kind.layout == "bytes" and array.ndim == 3 and array.shape[2] == kind.size:
        _depth(array, kind)
        return array.shape[0], array.shape[1]
    bytewise = array.dtype.kind in "iu" and array.itemsize == 1
    if array.ndim == 3 and bytewise and array.shape[2] == kind.size:
        return array.shape[0], array.shape[1]
    if array.ndim == 2 and array.dtype.kind in "iu" and array.itemsize == kind.size:
        return array.shape[0], array.shape[1]
    if array.ndim == 2 and bytewise and array.shape[1] % kind.size == 0:
        return array.shape[0], array.shape[1] // kind.size
    words = f", or (rows, columns) of {8 * kind.size}-bit words" if kind.size != 3 else ""
    raise ValueError(
        f"{format} expected bytes of shape (rows, columns, {kind.size}) or (rows, {kind.size} × columns){words}, "
        f"not {array.dtype} of shape {array.shape}"
    )


def to_rgb(
    array: Array,
    format: str = "RGB",
    *,
    region: Region | None = None,
    step: tuple[int, int] = (1, 1),
    span: Span = "limited",
    matrix: str = "BT.601",
) -> Rgb:
    """The picture in `array` as uint8, rows x columns x 3, of every `step`-th row and column of `region` (default: all).

    Components of 16 bits are shown by their upper 8, floats from 0 to 1. For YCbCr `span` says whether it is `'limited'` (Y from 16 to 235,
    as video is) or `'full'` (as JPEG is), and `matrix` is `'BT.601'` or `'BT.709'` (high definition). Samples of colour that two pixels
    share are repeated. Raises ``ValueError`` for what does not fit the format (see `size_of`).
    """
    array = plain(np.asarray(array))
    kind = format_of(format)
    rows, columns = size_of(array, format)
    if min(step) < 1:
        raise ValueError(f"a step is at least 1 in both directions, not {step}")
    top, bottom, left, right = (0, rows, 0, columns) if region is None else region
    top, left = min(max(top, 0), rows), min(max(left, 0), columns)
    bottom, right = min(max(bottom, top), rows), min(max(right, left), columns)
    down, across = slice(top, bottom, step[0]), slice(left, right, step[1])
    if kind.layout == "half planes":
        y = array[:rows][down, across]
        colours = array[rows:]
        lines = (np.arange(top, bottom, step[0]) // kind.order[1]).clip(max=max(colours.shape[0] - 1, 0))
        pairs = (np.arange(left, right, step[1]) & ~1).clip(max=max(columns - columns % 2 - 2, 0))
        if not colours.size or columns < 2:
            raise ValueError(f"{format} expected rows of colour behind those of Y, but there are none in an array of shape {array.shape}")
        part = colours[lines] if step[0] > 1 else colours[lines[0] : lines[-1] + 1] if lines.size else colours[:0]
        if step[0] == 1 and kind.order[1] > 1 and lines.size:
            part = part[lines - lines[0]]
        return convert(y, part[:, pairs], part[:, pairs + 1], span, matrix)
    if kind.layout == "pairs":
        pixels = _bytes(array, 2, rows, columns)[down]
        y_at, cb_at, cr_at = kind.order
        if step[1] == 1 and left % 2 == 0 and right % 2 == 0:
            return convert_packed(pixels[:, left:right], kind.order, span, matrix)
        at = np.arange(left, right, step[1])
        # The four bytes of two pixels: byte 0 and 1 in the even one, 2 and 3 in the odd one, which an odd width may lack.
        even, odd = at & ~1, (at | 1).clip(max=max(columns - columns % 2 - 1, 0))
        if columns < 2 and at.size:
            raise ValueError(f"{format} expected at least 2 columns, since two pixels share their colour")
        cb = pixels[:, even if cb_at < 2 else odd, cb_at % 2]
        cr = pixels[:, even if cr_at < 2 else odd, cr_at % 2]
        return convert(pixels[:, at, y_at % 2], cb, cr, span, matrix)
    if kind.layout == "planes":
        parts = [_eight(array[i][down, across]) for i in kind.order]
    elif kind.layout == "word":
        words = _word(array, kind.size, rows, columns, down, across)
        parts = [_component(words, low, bits) for low, bits in kind.fields]
    elif kind.name == "grey":
        grey = _eight(array.reshape(rows, columns)[down, across] if array.ndim == 3 else array[down, across])
        return np.repeat(grey[:, :, None], 3, axis=2)
    else:
        pixels = array if array.ndim == 3 else _bytes(array, kind.size, rows, columns)
        shown = pixels[down, across]
        parts = [_eight(shown[:, :, i]) for i in kind.order]
    return convert(parts[0], parts[1], parts[2], span, matrix) if kind.ycbcr else np.stack(parts, axis=2)


def _depth(array: Array, kind: PixelFormat) -> None:
    if array.dtype.kind not in "bf" and not (array.dtype.kind == "u" and array.itemsize <= 2):
        raise ValueError(
            f"{kind.name} expected components of 8 or 16 bits, unsigned, or floats from 0 to 1, not {array.dtype}; "
            "other numbers can be shown as a plane with a range"
        )


def _eight(values: Array) -> Any:
    """Components as 8 bits."""
    if values.dtype.kind == "b":
        return values.view(np.uint8).astype(bool).astype(np.uint8) * np.uint8(255)
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            numbers = np.clip(np.nan_to_num(values.astype(np.float32), nan=0.0), 0.0, 1.0)
        return (numbers * 255 + 0.5).astype(np.uint8)
    return values if values.itemsize == 1 else (values >> 8).astype(np.uint8)


def _bytes(array: Array, size: int, rows: int, columns: int) -> Any:
    """Bytes of shape rows x columns x size; a view wherever the words of a row lie close together."""
    if array.itemsize == 1:
        return array.view(np.uint8).reshape(rows, columns, size)
    close = array if array.strides[1] == array.itemsize or not array.size else np.ascontiguousarray(array)
    return close.view(np.uint8).reshape(rows, columns, size)


def _word(array: Array, size: int, rows: int, columns: int, down: slice, across: slice) -> Any:
    """Words by value: those of a word type in its own byte order, bytes as little-endian words."""
    if array.itemsize == size:
        return array[down, across].view(array.dtype.str.replace("i", "u"))
    shown = array.view(np.uint8).reshape(rows, columns, size)[down, across]
    return np.ascontiguousarray(shown).view(f"<u{size}")[:, :, 0]


def _component(words: Any, low: int, bits: int) -> Any:
    """A field of `bits` bits, 5 to 10, as 8 bits; the greatest becomes 255."""
    value = (words >> low) & ((1 << bits) - 1)
    if bits > 8:
        return (value >> (bits - 8)).astype(np.uint8)
    return value.astype(np.uint8) if bits == 8 else ((value * 255 + (1 << bits) // 2 - 1) // ((1 << bits) - 1)).astype(np.uint8)
