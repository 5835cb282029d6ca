"""Pictures as JPEG where that pays, else without loss."""

from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest

from pynq_widgets.widgets import picture_codec
from pynq_widgets.widgets.picture_codec import encode, encode_jpeg
from pynq_widgets.widgets.raster import palette, rasterize

image = pytest.importorskip("PIL.Image", reason="JPEG needs Pillow")


def photograph(rows=400, columns=500, channels=3):
    y, x = np.mgrid[:rows, :columns]
    return np.stack([(x // 3 + k * y // 5) % 256 for k in range(channels)], -1).astype("u1")


def opened(data):
    with image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_photograph_is_a_jpeg_near_what_it_was():
    pixels = photograph()
    data, mime = encode(pixels)
    assert mime == "image/jpeg"
    assert len(data) < pixels.size / 8
    assert np.abs(opened(data).astype(int) - pixels).mean() < 6
    assert len(encode(pixels, quality=20)[0]) < len(data)


@pytest.mark.parametrize(
    ("pixels", "table", "quality"),
    [
        (photograph(100, 100), None, 80),
        (photograph(), None, None),
        (np.full((400, 500, 3), 7, "u1"), None, 80),
        (np.arange(200_000, dtype="u4").astype("u1").reshape(400, 500), palette(), 80),
        (np.concatenate([photograph(), np.full((400, 500, 1), 128, "u1")], -1), None, 80),
    ],
    ids=["small", "no loss wanted", "few colours", "what is no number", "transparent"],
)
def test_what_is_never_jpeg(pixels, table, quality):
    assert encode(pixels, table, quality)[1] == "image/png"


def test_a_palette_without_gaps_is_a_jpeg_in_its_colours():
    shades = np.tile(np.linspace(1, 255, 500).astype("u1"), (400, 1))
    data, mime = encode(shades, palette())
    assert mime == "image/jpeg"
    assert np.abs(opened(data).astype(int) - palette()[:, :3][shades]).mean() < 4


def test_without_pillow_all_is_png(monkeypatch):
    monkeypatch.setattr(picture_codec, "pillow", lambda: None)
    assert encode(photograph())[1] == "image/png"
    with pytest.raises(RuntimeError, match=re.escape("JPEG needs Pillow: pip install 'pynq-widgets[pictures]'")):
        encode_jpeg(photograph())


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=re.escape("expected uint8 of shape rows x columns [x 3 or 4], not float64 of shape (3, 3)")):
        encode_jpeg(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"^encode_jpeg expected a quality from 1 to 100, not 0$"):
        encode_jpeg(photograph(), 0)
    with pytest.raises(ValueError, match=r"^a JPEG has at most 65,500 rows and columns, not 70,000 x 1$"):
        encode_jpeg(np.zeros((70_000, 1), "u1"))


def test_a_frame_of_1080_lines_travels_whole():
    frame = photograph(1080, 1920)
    raster = rasterize(frame, (0, 1080, 0, 1920), 1080, 1920)
    assert raster.mime == "image/jpeg"
    assert opened(raster.data).shape == (1080, 1920, 3)
    # A page with fewer pixels gets no more than it can show, and not less.
    small = rasterize(frame, (0, 1080, 0, 1920), 1080, 1920, page=(506, 900))
    assert opened(small.data).shape == (540, 960, 3)
    assert small.shrunk == 2
    assert np.abs(opened(small.data).astype(int) - frame[::2, ::2]).mean() < 12


def test_what_is_large_is_jpeg_whatever_is_on_it():
    assert encode(np.zeros((1080, 1920, 3), "u1"))[1] == "image/jpeg"
