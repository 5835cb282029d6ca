"""A plot as PNG with nothing but numpy: lines, letters and pictures on an array, where no imaging library is installed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .plot_strokes import ADVANCE, HEIGHT, strokes
from .png import encode_png

_FINE = 2  # pixels of the array for one of the picture, each way: edges are smooth
_LETTER = 1.15  # pixels of the picture for a step of the letters' grid
_NAMES = {
    "white": "#ffffff",
    "black": "#000000",
    "red": "#d32f2f",
    "green": "#2e7d32",
    "blue": "#1565c0",
    "grey": "#808080",
    "gray": "#808080",
}

Points = Sequence[tuple[float, float]]
Pixels = npt.NDArray[np.uint8]


class PlainPaper:
    """What `plot_drawing` draws on, as an array of RGB; pixels from the upper left."""

    def __init__(self, width: int, height: int, ground: str = "#ffffff") -> None:
        self.width, self.height = width, height
        self._array = np.empty((height * _FINE, width * _FINE, 3), np.uint8)
        self._array[:] = rgb(ground)

    def path(self, points: Points, colour: str, width: float = 1.2) -> None:
        """A line through `points`."""
        if len(points) == 1:
            return self.dots(points, colour)
        if not points:
            return None
        # What leads far out is cut: to walk there would take long.
        corners = np.clip(np.asarray(points, float), -self.width - self.height, 2 * (self.width + self.height)) * _FINE
        lengths = np.maximum(np.abs(np.diff(corners, axis=0)).max(axis=1), 1)
        # Each piece is walked in steps of at most a fine pixel.
        steps = np.minimum(np.ceil(lengths), 4 * (self.width + self.height) * _FINE).astype(int)
        piece = np.repeat(np.arange(steps.size), steps)
        along = (np.arange(piece.size) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[piece]
        at = np.vstack([corners[piece] + (corners[piece + 1] - corners[piece]) * along[:, None], corners[-1:]])
        self._stamp(at, colour, max(round(width * _FINE), 1))
        return None

    def dots(self, points: Points, colour: str) -> None:
        """A dot at each of `points`."""
        if points:
            self._stamp(np.asarray(points, float) * _FINE, colour, 4)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, filled: bool) -> None:
        """A rectangle."""
        x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        if not filled:
            return self.path([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], colour, 1)
        left, top = max(round(x0 * _FINE), 0), max(round(y0 * _FINE), 0)
        right, bottom = max(round(x1 * _FINE), left + 1), max(round(y1 * _FINE), top + 1)
        self._array[top:bottom, left:right] = rgb(colour)
        return None

    def words(self, x: float, y: float, text: str, colour: str, anchor: str = "start") -> None:
        """`text` with its base line at `y`."""
        wide = len(text) * ADVANCE * _LETTER
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        for chain in strokes(text):
            self.path([(left + across * _LETTER, y + (down - HEIGHT) * _LETTER) for across, down in chain], colour, 1)

    def image(self, data: bytes, mime: str, x0: float, y0: float, x1: float, y1: float) -> None:
        """A picture; one that is not among those that this package encodes by itself is an empty frame."""
        try:
            pixels = decode_png(data)
        except ValueError:
            return self.box(x0, y0, x1, y1, "#808080", False)
        left, right = sorted((round(x0 * _FINE), round(x1 * _FINE)))
        top, bottom = sorted((round(y0 * _FINE), round(y1 * _FINE)))
        rows = np.arange(max(top, 0), min(bottom, self._array.shape[0]))
        columns = np.arange(max(left, 0), min(right, self._array.shape[1]))
        if rows.size and columns.size:
            source = pixels[(rows - top) * pixels.shape[0] // (bottom - top)][:, (columns - left) * pixels.shape[1] // (right - left)]
            self._array[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = source
        return None

    def data(self) -> bytes:
        """The PNG."""
        fine = self._array.reshape(self.height, _FINE, self.width, _FINE, 3)
        return encode_png(fine.mean(axis=(1, 3)).round().astype(np.uint8), level=6)

    def _stamp(self, at: npt.NDArray[np.float64], colour: str, size: int) -> None:
        across, down = (np.round(at[:, axis] - size / 2).astype(np.int64) for axis in (0, 1))
        tint = rgb(colour)
        for dy in range(size):
            for dx in range(size):
                y, x = down + dy, across + dx
                there = (y >= 0) & (y < self._array.shape[0]) & (x >= 0) & (x < self._array.shape[1])
                self._array[y[there], x[there]] = tint


def rgb(colour: str) -> tuple[int, int, int]:
    """The parts of ``'#rrggbb'``, ``'#rgb'`` or one of the commonest names; grey for another."""
    text = _NAMES.get(colour.lower(), colour)
    if text.startswith("#") and len(text) == 4:
        text = "#" + "".join(2 * digit for digit in text[1:])
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return 128, 128, 128
    return red, green, blue


def decode_png(data: bytes) -> Pixels:
    """The pixels (RGB, on white) of a PNG as `encode_png` makes them: 8 bits, unfiltered, not interlaced. ``ValueError`` for another."""
    header: tuple[Any, ...] = ()
    palette, alpha, body, at = b"", b"", b"", 8
    try:
        if data[:8] != b"\x89PNG\r\n\x1a\n":
            raise ValueError("no PNG")
        while at < len(data):
            length, kind = struct.unpack_from(">I4s", data, at)
            part = data[at + 8 : at + 8 + length]
            if kind == b"IHDR":
                header = struct.unpack(">IIBBBBB", part)
            palette, alpha = (part if kind == b"PLTE" else palette), (part if kind == b"tRNS" else alpha)
            body += part if kind == b"IDAT" else b""
            at += 12 + length
        width, height, depth, colour, _, _, interlaced = header
        channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
        lines = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * channels)
    except (struct.error, zlib.error, KeyError, IndexError, ValueError) as error:
        raise ValueError(f"no PNG that can be read without an imaging library: {error}") from None
    if depth != 8 or interlaced or lines[:, 0].any():
        raise ValueError("a PNG with filters, another depth or interlacing needs an imaging library")
    pixels = lines[:, 1:].reshape(height, width, channels)
    if colour == 3:
        table = np.full((256, 4), 255, np.uint8)
        colours = np.frombuffer(palette, np.uint8).reshape(-1, 3)
        table[: len(colours), :3] = colours
        table[: len(alpha), 3] = np.frombuffer(alpha, np.uint8)
        pixels = table[pixels[:, :, 0]]
    if pixels.shape[2] == 4:
        share = pixels[:, :, 3:].astype(np.uint16)
        return ((pixels[:, :, :3] * share + 255 * (255 - share)) // 255).astype(np.uint8)
    return np.broadcast_to(pixels, (height, width, 3)) if pixels.shape[2] == 1 else pixels
