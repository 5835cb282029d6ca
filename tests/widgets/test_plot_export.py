"""A plot as SVG and PNG, with an imaging library and without."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from pynq_widgets.analysis.curve import Curve
from pynq_widgets.widgets import plot_export, plot_strokes
from pynq_widgets.widgets.plot import Plot
from pynq_widgets.widgets.plot_layers import Axis, Lanes, LaneTrace, Line, Mark, Picture, Scatter
from pynq_widgets.widgets.plot_paper import PlainPaper, decode_png, rgb
from pynq_widgets.widgets.png import encode_png


@pytest.fixture
def plot():
    made = Plot()
    x = np.linspace(0, 1e-3, 500)
    made.draw(
        [
            Line("<sine>", Curve(x, np.sin(9e4 * x), 1, False)),
            Line("hidden", Curve(x, x * 0, 1, False)),
            Scatter("dots", x[::50], x[::50] * 900),
        ],
        x=Axis("Time", "s", 0, 1e-3),
        y=Axis("Voltage", "V", -1.2, 1.2),
        marks=[Mark(0.5, "y", "level", "trigger"), Mark(2e-4, "x", "DMA", "dma")],
    )
    made.hidden = ["hidden"]
    made.cursors = {"x": (3e-4, 6e-4)}
    yield made
    made.close()


def test_svg_has_names_units_marks_and_what_is_seen(plot):
    text = plot.svg()
    tree = ET.fromstring(text)
    words = [node.text for node in tree.iter() if node.tag.endswith("text")]
    for word in ("<sine>", "dots", "Time in ms", "Voltage in V", "level", "DMA", "A 300 µs", "B 600 µs"):
        assert word in words
    assert "hidden" not in words
    assert "script" not in text
    whole = text.count(",")
    plot.view = (0, 1e-4, -1, 1)
    assert plot.svg().count(",") < whole / 2


@pytest.mark.parametrize("library", [True, False])
def test_png_with_and_without_an_imaging_library(plot, monkeypatch, library):
    if library:
        pytest.importorskip("PIL")
    else:
        monkeypatch.setattr(plot_export, "pillow", lambda: None)
    data = plot.png(600, 300)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    fine = 2 if library else 1
    assert int.from_bytes(data[16:20], "big") == 600 * fine
    assert int.from_bytes(data[20:24], "big") == 300 * fine
    if not library:
        pixels = decode_png(data).astype(int)
        blue = (pixels[:, :, 2] - pixels[:, :, 0] > 60).sum()
        assert blue > 500, "the line"
        assert (pixels[270:, :].sum(axis=2) < 500).sum() > 100, "the name of the axis"


def test_all_layers_on_plain_paper(monkeypatch):
    monkeypatch.setattr(plot_export, "pillow", lambda: None)
    grey = np.tile(np.arange(0, 256, 16, dtype=np.uint8), (4, 1))
    plot = Plot()
    plot.draw([Picture(encode_png(grey), "image/png", (0, 1, 0, 1))], x=Axis("x", "", 0, 1), y=Axis("y", "", 0, 1))
    pixels = decode_png(plot.png(400, 200))
    row = pixels[90, 70:380, 0].astype(int)
    assert row[0] < 20
    assert row[-1] > 220
    assert (np.diff(row) >= -2).all(), "from black to white"
    plot.draw([Picture(b"no PNG", "image/jpeg", (0, 1, 0, 1))], x=Axis("x", "", 0, 1), y=Axis("y", "", 0, 1))
    assert plot.png()
    plot.draw(
        [Lanes([LaneTrace("clk", [0, 1, 2], [0, 1]), LaneTrace("bus", [0, 2], [0x5A], width=8)])],
        x=Axis("t", "s", 0, 2),
        y=Axis("", "", 0, 2),
    )
    assert plot.png()
    plot.draw([], x=Axis(), y=Axis())
    assert plot.png()
    plot.close()
    assert plot.svg(), "what was drawn can be exported though the plot is closed"


def test_size_out_of_range_is_refused(plot):
    with pytest.raises(ValueError, match="a picture of a plot has a width of 120 to 8192 pixels, not 5"):
        plot.svg(5)
    with pytest.raises(ValueError, match="a picture of a plot has a height of 120 to 8192 pixels, not True"):
        plot.png(600, True)


def test_stored_notebook_keeps_a_drawing(plot):
    data = plot._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    assert "<svg" in data["text/html"]
    assert "currentColor" in data["text/html"]
    assert data["text/plain"] == "Plot(<sine>, hidden, dots; Time [s], Voltage [V])"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_letters_are_whole_strokes():
    for letter, chains in plot_strokes._GLYPHS.items():
        for chain in chains.split():
            assert len(chain) % 2 == 0, letter
            assert all(digit in "01234" for digit in chain[::2]), letter
            assert all(digit in "012345678" for digit in chain[1::2]), letter
    assert len(list(plot_strokes.strokes("\N{SNOWMAN}"))) == 1, "a letter that is not there is a box"


def test_colours_and_pictures_that_cannot_be_read():
    assert rgb("#1668b8") == (0x16, 0x68, 0xB8)
    assert rgb("#abc") == (0xAA, 0xBB, 0xCC)
    assert rgb("teal") == (128, 128, 128)
    palette = np.array([[255, 0, 0, 255], [0, 0, 255, 0]], np.uint8)
    assert decode_png(encode_png(np.array([[0, 1]], np.uint8), palette)).tolist() == [[[255, 0, 0], [255, 255, 255]]]
    with pytest.raises(ValueError, match="no PNG that can be read without an imaging library: no PNG"):
        decode_png(b"GIF89a")
    with pytest.raises(ValueError, match="no PNG that can be read without an imaging library"):
        decode_png(encode_png(np.zeros((4, 4), np.uint8))[:40])


def test_lines_out_of_the_picture_do_no_harm():
    paper = PlainPaper(100, 50)
    paper.path([(-1e7, 10), (1e7, 10)], "#000")
    paper.words(95, 20, "outside", "black")
    paper.box(-10, -10, 500, 500, "#eee", False)
    assert (decode_png(paper.data())[10] < 140).all(axis=1).any()


def test_equal_axes_are_equal_on_paper(plot):
    angle = np.linspace(0, 2 * np.pi, 400)
    plot.cursors = None
    plot.draw([Scatter("", np.cos(angle), np.sin(angle), joined=True)], x=Axis(low=-1.1, high=1.1), y=Axis(low=-1.1, high=1.1), equal=True)
    sizes = [_reach(plot.svg(*size)) for size in ((900, 300), (300, 600))]
    for across, up in sizes:
        assert across == pytest.approx(up, abs=0.5)
    assert sizes[0][0] > 180
    plot.draw(plot.layers, x=plot.axes[0], y=plot.axes[1])
    assert not plot.equal
    across, up = _reach(plot.svg(900, 300))
    assert across > 3 * up


def _reach(svg):
    """How far the longest line of a drawing reaches, across and upwards."""
    points = max(re.findall(r'points="([^"]*)"', svg), key=len)
    x, y = np.array([pair.split(",") for pair in points.split()], float).T
    return x.max() - x.min(), y.max() - y.min()
