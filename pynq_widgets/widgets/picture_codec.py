"""Pixels as bytes for a page: JPEG through Pillow where it is installed and pays, else a PNG of our own, which loses nothing."""

from __future__ import annotations

import os
from functools import cache
from io import BytesIO
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from .png import encode_png

QUALITY = 80
_SMALL = 1 << 16  # pixels; a picture of fewer is as quick without loss
_LARGE = 1 << 19  # pixels; one of more takes too long without loss, whatever is on it
_FEW = 16  # grey levels or colours that a photograph never keeps to

Pixels = npt.NDArray[np.uint8]


@cache
def pillow() -> Any:
    """``PIL.Image``; None where Pillow is not installed (the extra ``pictures`` brings it) or has no JPEG."""
    try:
        from PIL import Image, features
    except ImportError:
        return None
    return Image if features.check("jpg") else None


def encode(
    pixels: Pixels, palette: Pixels | None = None, quality: int | None = QUALITY, level: int = 1, shrink: int = 1
) -> tuple[bytes, str]:
    """`pixels` encoded, and their MIME type.

    `pixels` and `palette` (RGBA, the first entry for what is no number) are as in `encode_png`. `quality` is JPEG's, 1 to 100; None for
    no loss. Small pictures, such with few colours that are not large, and such with anything transparent are never JPEG. One that is is
    made smaller by the whole number `shrink`, each pixel the mean of those it stands for.
    """
    mime = mime_of(pixels, palette, quality)
    return encode_as(mime, pixels, palette, quality, level, shrink), mime


def mime_of(pixels: Pixels, palette: Pixels | None = None, quality: int | None = QUALITY) -> str:
    """What `encode` makes of these pixels: ``'image/png'`` or ``'image/jpeg'``. It is found much sooner than the picture is made."""
    return "image/png" if quality is None or pillow() is None or not _is_photograph(pixels, palette) else "image/jpeg"


def encode_as(
    mime: str, pixels: Pixels, palette: Pixels | None = None, quality: int | None = QUALITY, level: int = 1, shrink: int = 1
) -> bytes:
    """`pixels` as a picture of that type, as `encode`."""
    if mime == "image/png":
        return encode_png(pixels, palette, level)
    if palette is not None:
        pixels = palette[:, :3][pixels]
    return encode_jpeg(pixels, QUALITY if quality is None else quality, fine=palette is not None, shrink=shrink)


def encode_jpeg(pixels: Pixels, quality: int = QUALITY, fine: bool = False, shrink: int = 1) -> bytes:
    """A JPEG of rows x columns (grey), x 3 (RGB) or x 4 (whose last channel is left out). `fine`: colours at full resolution.
    `shrink`: as in `encode`.

    Raises ``ValueError`` for another shape or type, a quality out of 1 to 100, or more than 65,535 rows or columns, ``RuntimeError``
    without Pillow.
    """
    image = pillow()
    if image is None:
        raise RuntimeError("JPEG needs Pillow: pip install 'pynq-widgets[pictures]'")
    shape = pixels.shape
    if pixels.dtype != np.uint8 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))) or not pixels.size:
        raise ValueError(f"encode_jpeg expected uint8 of shape rows x columns [x 3 or 4], not {pixels.dtype} of shape {shape}")
    if not 1 <= quality <= 100:
        raise ValueError(f"encode_jpeg expected a quality from 1 to 100, not {quality!r}")
    if max(shape[:2]) > 65_500:
        raise ValueError(f"a JPEG has at most 65,500 rows and columns, not {shape[0]:,} x {shape[1]:,}")
    pixels = np.ascontiguousarray(pixels[:, :, :3] if len(shape) == 3 else pixels)
    mode = "RGB" if len(shape) == 3 else "L"
    # `fromarray` copies them first.
    picture = image.frombuffer(mode, (shape[1], shape[0]), pixels, "raw", mode, 0, 1)
    if shrink > 1:
        picture = picture.reduce(shrink)
    with _file() as out:
        picture.save(out, "JPEG", quality=int(quality), subsampling=0 if fine else 2)
        out.seek(0)
        return out.read()


def _file() -> IO[bytes]:
    """A file in memory. With a descriptor, where there are such: Pillow lets other threads run only while it writes to one."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("picture", os.MFD_CLOEXEC), "w+b", buffering=0)
    return BytesIO()


def _is_photograph(pixels: Pixels, palette: Pixels | None) -> bool:
    rows, columns = pixels.shape[:2]
    if rows * columns <= _SMALL or max(rows, columns) > 65_500:
        return False
    # A look at some of it tells more cheaply than all.
    some = pixels[:: max(rows // 64, 1), :: max(columns // 64, 1)]
    if palette is not None:
        return bool(pixels.min() > 0) and (rows * columns > _LARGE or np.unique(some).size > _FEW)
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not bool((pixels[..., 3] == 255).all()):
        return False
    return rows * columns > _LARGE or np.unique(some).size > _FEW
