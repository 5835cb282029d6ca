"""PNG files and the pixels in them, decoded again by other means than ours."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from pynq_widgets.widgets.png import encode_png
from pynq_widgets.widgets.raster import is_picture, palette, rasterize


def decode(png: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Pixels and palette; every chunk's length and checksum is looked at."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(png):
        (size,), kind = struct.unpack_from(">I", png, at), png[at + 4 : at + 8]
        data = png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size)[0] == zlib.crc32(kind + data)
        chunks[kind], at = data, at + 12 + size
    assert next(iter(chunks)) == b"IHDR"
    assert list(chunks)[-1] == b"IEND"
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, rest) == (8, [0, 0, 0])
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), "u1").reshape(height, 1 + width * channels)
    assert not lines[:, 0].any()
    pixels = lines[:, 1:].reshape((height, width) if channels == 1 else (height, width, channels))
    table = None
    if colour == 3:
        table = np.column_stack([np.frombuffer(chunks[b"PLTE"], "u1").reshape(-1, 3), np.frombuffer(chunks[b"tRNS"], "u1")])
    return pixels, table


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 6, 3), (2, 9, 4), (300, 400)])
@pytest.mark.parametrize("level", [0, 1, 6])
def test_pixels_come_back(shape, level):
    pixels = np.random.default_rng(3).integers(0, 256, shape).astype("u1")
    assert (decode(encode_png(pixels, level=level))[0] == pixels).all()


def test_noise_is_stored_and_smoothness_squeezed():
    noise = np.random.default_rng(4).integers(0, 256, (500, 500)).astype("u1")
    assert encode_png(noise)[41:43] == zlib.compress(b"", 0)[:2]
    assert len(encode_png(np.zeros((500, 500), "u1"))) < 3000


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match=r"expected uint8 of shape rows x columns \[x 3 or 4\], not float64 of shape \(2, 2\)"):
        encode_png(np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"not uint8 of shape \(2, 2, 2\)"):
        encode_png(np.zeros((2, 2, 2), "u1"))
    with pytest.raises(ValueError, match=r"expected indices of shape rows x columns for a palette, not \(2, 2, 3\)"):
        encode_png(np.zeros((2, 2, 3), "u1"), palette())


def test_bytes_and_booleans_are_shown_as_they_are():
    image = np.random.default_rng(5).integers(0, 256, (20, 30, 3)).astype("u1")
    raster = rasterize(image, (0, 20, 0, 30))
    assert (decode(raster.data)[0] == image).all()
    assert raster.shown is None
    part = rasterize(image, (5, 9, 6, 12))
    assert (decode(part.data)[0] == image[5:9, 6:12]).all()
    flags = np.eye(4, dtype="?")
    assert decode(rasterize(flags, (0, 4, 0, 4)).data)[0].tolist() == (flags * 255).tolist()


def test_numbers_are_scaled_to_the_palette():
    values = np.array([[-5.0, 0.0], [5.0, np.nan]])
    raster = rasterize(values, (0, 2, 0, 2))
    pixels, table = decode(raster.data)
    assert raster.shown == (-5.0, 5.0)
    assert raster.gaps
    assert pixels.tolist() == [[1, 128], [255, 0]]
    assert table.tolist() == palette().tolist()
    assert table[0, 3] == 0
    brightness = table[1:, :3] @ [0.3, 0.6, 0.1]
    assert (np.diff(brightness[::8]) > 0).all()
    limited = rasterize(values, (0, 2, 0, 2), limits=(0.0, 2.5))
    assert decode(limited.data)[0].tolist() == [[1, 1], [255, 0]]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.full((2, 2), 9, "i8"), (9.0, 9.0)),
        (np.full((2, 2), np.inf), (0.0, 1.0)),
        (np.array([[-1.7e308, 1.7e308]]), (-1.7e308, 1.7e308)),
        (np.array([[3 + 4j, 0]]), (0.0, 5.0)),
        (np.array([[0.25, 0.5]] * 2)[:, :, None].repeat(3, 2), (0.0, 1.0)),
        (np.array([[0, 2**63]], "u8"), (0.0, 2.0**63)),
    ],
)
def test_odd_ranges(values, shown):
    raster = rasterize(values, (0, values.shape[0], 0, values.shape[1]))
    assert raster.shown == shown
    assert decode(raster.data)[0].shape == values.shape


def test_what_has_not_changed_is_not_encoded_again():
    image = np.zeros((2000, 2000), "i4")
    first = rasterize(image, (0, 2000, 0, 2000))
    assert rasterize(image, (0, 2000, 0, 2000), last=first) is first
    image[1000, 0] = 1
    assert rasterize(image, (990, 1010, 0, 20), last=first) is not first
    small = rasterize(image, (990, 1010, 0, 20))
    image[1000, 0] = 2
    assert rasterize(image, (990, 1010, 0, 20), last=small) is not small


def test_large_pictures_fit_the_screen():
    pixels, _ = decode(rasterize(np.zeros((5000, 300), "f4"), (0, 5000, 0, 300)).data)
    assert pixels.shape[0] <= 640
    assert pixels.shape[1] <= 300


def test_is_picture():
    assert is_picture(np.zeros((4, 4, 3), "u1"))
    assert is_picture(np.zeros((2, 4, 4, 4)))
    assert not is_picture(np.zeros((4, 3)))
    assert not is_picture(np.zeros((4, 4, 3), "c8"))
    assert not is_picture(np.zeros((4, 4, 5)))
