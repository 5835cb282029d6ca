"""How a buffer shows itself: the live view, a small drawing without script for a saved notebook, and one line of text."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

import numpy as np

from pynq_widgets import showing
from pynq_widgets.analysis.curve import Array, Curve, Floats, components, limits, plain, reduce_line
from pynq_widgets.device import PynqBuffer

from .buffer_facts import buffer_name, facts, gone_text, plain_text, value_text, why_no_picture
from .buffer_view import BufferView
from .html import Markup, element, page
from .raster import is_picture, rasterize
from .reuse import shown

_VIEW = "application/vnd.jupyter.widget-view+json"
_COLUMNS = 300  # of a stored drawing
_WIDTH, _HEIGHT = 600, 150
_PIXELS = 256  # of a stored picture, each way


def buffer_bundle(buffer: Array, widget: bool) -> showing.Bundle:
    """The bundle of a buffer. The same buffer has one view, however often it is shown; it ends when nobody looks any more."""
    data: showing.Bundle = {"text/plain": plain_text(buffer), "text/html": str(buffer_html(buffer))}
    if widget and not gone_text(buffer):
        view = shown(buffer, "buffer", lambda: BufferView(buffer), lambda: True)
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
    return data


def buffer_html(buffer: Array) -> Markup:
    """Facts and a drawing, with no script: what a saved notebook shows."""
    rows = [element("div", element("span", f"{name}: ", style="opacity:.7"), value) for name, value in facts(buffer)]
    sentence = gone_text(buffer) or why_no_picture(buffer)
    array = plain(buffer)
    if sentence:
        drawing = element("div", sentence)
    elif array.ndim < 2 and array.size == 1:
        drawing = element("div", value_text(array, (0,) * array.ndim), style="font-family:monospace")
    elif array.ndim == 1:
        drawing = _drawn_line(array)
    else:
        drawing = _drawn_picture(array)
    return page(buffer_name(buffer), *rows, drawing)


def _drawn_line(array: Array) -> Markup:
    from .line_plot import COLOURS

    parts = components(array)
    curves = [reduce_line(part, columns=_COLUMNS) for _, part in parts]
    low, high = limits(np.concatenate([curve.y for curve in curves]))
    lines = "".join(_path(curve, max(array.size - 1, 1), low, high, colour) for curve, colour in zip(curves, COLOURS, strict=False))
    svg = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="The values of the buffer" '
        f'style="max-width:100%;display:block;border:1px solid rgba(128,128,128,.35)">{lines}</svg>'
    )
    names = ", ".join(name for name, _ in parts if name)
    caption = f"{low:.6g} to {high:.6g}, {array.size:,} samples{f': {names}' if names else ''}"
    return element("div", Markup(svg), element("div", caption, style="opacity:.7;font-size:12px"), style="margin-top:4px")


def _path(curve: Curve, last: int, low: float, high: float, colour: str) -> str:
    """Line elements of a curve; where values are missing it is interrupted."""
    x: Floats = curve.x * (_WIDTH / last) if curve.x.size > 1 else np.array([_WIDTH / 2])
    y = _HEIGHT * (high - curve.y) / (high - low)
    pen_down = False
    path = []
    for at, height in zip(x.tolist(), y.tolist(), strict=True):
        if height != height:
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{at:.1f} {height:.1f}")
        pen_down = True
    # A single sample is a dot.
    dot = f"{path[0]}h0" if len(path) == 1 else " ".join(path)
    return f'<path d="{escape(dot)}" fill="none" stroke="{colour}" stroke-width="1.2" stroke-linecap="round"/>'


def _drawn_picture(array: Array) -> Markup:
    plane: tuple[Any, ...] = (0,) * (array.ndim - (3 if is_picture(array) else 2))
    part = array[plane]
    raster = rasterize(part, (0, part.shape[0], 0, part.shape[1]), _PIXELS, _PIXELS, level=6)
    data = b64encode(raster.png).decode()
    style = "max-width:100%;min-width:64px;image-rendering:pixelated;border:1px solid rgba(128,128,128,.35)"
    image = element("img", src=f"data:image/png;base64,{data}", alt="The buffer as a picture", style=style)
    caption = f"{raster.shown[0]:.6g} (dark) to {raster.shown[1]:.6g} (bright)" if raster.shown else ""
    if plane:
        caption = f"plane {list(plane)}{', ' if caption else ''}{caption}"
    return element("div", image, element("div", caption, style="opacity:.7;font-size:12px"), style="margin-top:4px")


def register_buffer() -> None:
    """Tell `showing` who shows a buffer."""
    showing.register(PynqBuffer, buffer_bundle)
