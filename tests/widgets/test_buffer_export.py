"""What is seen, as a file, and through the page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zlib
from typing import Any

import numpy as np
import pytest

from pynq_widgets.analysis.interpretation import Interpretation
from pynq_widgets.widgets import BufferView
from pynq_widgets.widgets.modes import MODES
from pynq_widgets.widgets.plot_drawing import ticks
from pynq_widgets.widgets.plot_paper import decode_png


@pytest.fixture
def make(sampler, now):
    views = []

    def one(array: Any, **options: Any) -> BufferView:
        view = BufferView(array, sampler=sampler, now=now, **options)
        view.said = []
        view.panel.send = lambda content, buffers=None: view.said.append((content, buffers))
        views.append(view)
        return view

    yield one
    for view in views:
        view.close()


RAMP = np.arange(5000, dtype="i2")


def test_csv_is_the_visible_part_in_full_resolution(make, tmp_path):
    view = make(RAMP, sample_rate=1000.0, unit="V", scale=0.5)
    view.show(1000, 4000)
    assert view.curves[0].step > 1
    view.export(tmp_path / "x.csv")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[:2] == ["time (s),value (V)", "1.0,500.0"]
    assert len(lines) == 3001
    both = make(np.array([1 + 2j, 3 - 4j]))
    both.export(tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text() == "sample,real,imaginary\n0,1.0,2.0\n1,3.0,-4.0\n"
    image = make(np.arange(6, dtype="u1").reshape(2, 3))
    image.export(tmp_path / "i.csv")
    assert (tmp_path / "i.csv").read_text() == "0,1,2\n3,4,5\n"


def test_npy_keeps_type_and_values(make, tmp_path):
    view = make(RAMP)
    view.show(10, 20)
    view.export(tmp_path / "x.npy")
    read = np.load(tmp_path / "x.npy", allow_pickle=False)
    assert read.dtype == np.int16
    assert read.tolist() == list(range(10, 20))
    image = make(np.arange(10_000, dtype="f4").reshape(100, 100))
    image.show(10, 20, 30, 45)
    image.export(tmp_path / "i.npy")
    assert (np.load(tmp_path / "i.npy") == np.arange(10_000).reshape(100, 100)[10:20, 30:45]).all()
    swapped = make(RAMP, interpretation=Interpretation(dtype=">u2", channels=2))
    swapped.export(tmp_path / "s.npy")
    assert np.load(tmp_path / "s.npy").shape == (2500, 2)
    fields = make(np.ones(5, [("a", "i4"), ("b", "f8")]))
    fields.export(tmp_path / "f.npy")
    assert np.load(tmp_path / "f.npy")["b"].tolist() == [1.0] * 5


def test_files_are_not_overwritten_silently(make, tmp_path):
    view = make(RAMP)
    path = tmp_path / "x.npy"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match=re.escape(f"{path} is there already: export(..., overwrite=True) replaces it")):
        view.export(path)
    assert path.read_text() == "mine"
    view.export(path, overwrite=True)
    assert np.load(path).size == 5000
    assert [each.name for each in tmp_path.iterdir()] == ["x.npy"]


def test_what_fails_half_way_leaves_what_was_there(make, tmp_path, monkeypatch):
    view = make(RAMP)
    path = tmp_path / "x.csv"
    path.write_text("mine")

    def fail(*_):
        yield b"some"
        raise OSError("disk full")

    monkeypatch.setattr("pynq_widgets.widgets.buffer_export._pieces", fail)
    with pytest.raises(OSError, match="disk full"):
        view.export(path, overwrite=True)
    assert path.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]


def test_errors_name_what_would_do(make, tmp_path):
    view = make(RAMP)
    with pytest.raises(ValueError, match=re.escape("what is seen can be exported as .png, .svg, .csv, .npy, not as '.xlsx'")):
        view.export(tmp_path / "x.xlsx")
    view.mode = "hex"
    with pytest.raises(
        ValueError, match=re.escape("mode 'hex' is no picture that could be written as .png: set view.mode, or export .csv or .npy")
    ):
        view.export(tmp_path / "x.png")
    with pytest.raises(ValueError, match=r"^Python objects are not written as .npy"):
        make(np.array([None])).export(tmp_path / "x.npy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [mode.name for mode in MODES if mode.surface == "plot"])
def test_every_plot_as_svg_and_png(make, tmp_path, mode):
    view = make(np.exp(1j * np.arange(3000) / 20).astype("c8") if mode == "xy" else (100 * np.sin(np.arange(3000) / 50)).astype("i2"))
    view.mode = mode
    view.export(tmp_path / "x.svg")
    root = ET.parse(tmp_path / "x.svg").getroot()
    names = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert "script" not in names
    assert names & {"polyline", "path", "rect", "image"}
    assert any(each.text for each in root.iter() if each.tag.endswith("text"))
    pillow = pytest.importorskip("PIL.Image", reason="a PNG of a plot needs Pillow")
    view.export(tmp_path / "x.png")
    with pillow.open(tmp_path / "x.png") as image:
        assert image.size == (1800, 720)
        assert len(image.convert("RGB").getcolors(1 << 24)) > 5


def test_an_image_is_written_without_loss(make, tmp_path):
    image = np.random.default_rng(1).integers(0, 255, (700, 900, 3)).astype("u1")
    view = make(image)
    view.show(100, 200, 300, 500)
    view.export(tmp_path / "x.png")
    data = (tmp_path / "x.png").read_bytes()
    body = zlib.decompress(data[data.index(b"IDAT") + 4 : -16])
    rows = np.frombuffer(body, np.uint8).reshape(100, 601)
    assert (rows[:, 1:].reshape(100, 200, 3) == image[100:200, 300:500]).all()
    view.settings.format = "BGR"
    view.export(tmp_path / "x.svg")
    assert 'width="200" height="100"' in (tmp_path / "x.svg").read_text()


def test_without_pillow_a_plot_is_a_png_too(make, tmp_path, monkeypatch):
    monkeypatch.setattr("pynq_widgets.widgets.plot_export.pillow", lambda: None)
    view = make(RAMP)
    view.export(tmp_path / "x.png")
    pixels = decode_png((tmp_path / "x.png").read_bytes())
    assert pixels.shape == (360, 900, 3)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 5


def test_a_spectrum_and_a_histogram_are_written_as_they_are_drawn(make, tmp_path):
    view = make((1000 * np.sin(2 * np.pi * np.arange(4096) / 8)).astype("i2"), sample_rate=8000, mode="spectrum")
    view.export(tmp_path / "x.csv")
    head, *rows = (tmp_path / "x.csv").read_text().splitlines()
    assert head == "frequency (Hz),level (dBFS)"
    peak = max((row.split(",") for row in rows), key=lambda row: float(row[1]))
    assert float(peak[0]) == 1000
    view.mode = "histogram"
    view.export(tmp_path / "x.npy")
    table = np.load(tmp_path / "x.npy")
    assert table.shape[1] == 2
    assert table[:, 1].sum() == 4096
    view.compare(np.zeros(4096, "i2"))
    view.export(tmp_path / "y.csv")
    head, *rows = (tmp_path / "y.csv").read_text().splitlines()
    assert head == "this value,this count,other value,other count"
    assert rows[-1].endswith(",,"), "the shorter one has ended"


def test_through_the_page(make):
    view = make(RAMP)
    view.panel._handle_custom_msg({"kind": "export", "view": "eye", "format": "csv"}, [])
    content, buffers = view.said[-1]
    assert (content["kind"], content["view"], content["name"]) == ("file", "eye", "buffer-line.csv")
    assert buffers[0].startswith(b"sample,value\n0,0\n1,1\n")
    large = make(np.broadcast_to(np.float32(1), (1 << 25,)))
    large.panel._handle_custom_msg({"kind": "export", "view": "eye", "format": "npy"}, [])
    assert large.said[-2][0]["text"].startswith("33,554,432 elements are too many for a page: in Python, view.export('buffer.npy')")


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0, 10, [0, 2, 4, 6, 8, 10]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (3, 3, []), (0, float("inf"), [])]
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_logarithmic_ticks_are_powers():
    assert ticks(0.5, 2000, True) == [1, 10, 100, 1000]
