"""How a buffer shows itself: the live view, a small drawing without script for a saved notebook, and one line of text."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any

from pynq_widgets import showing
from pynq_widgets.analysis.curve import Array
from pynq_widgets.device import PynqBuffer

from .buffer_facts import buffer_name, facts, gone_text, numbers_text, plain_text, quoted_text
from .buffer_numbers import numbers
from .buffer_source import Source
from .buffer_view import BufferView
from .html import Markup, element, page
from .modes import natural
from .modes.image import AS_NUMBERS, ImageMode
from .modes.scene import Drawing, PictureDrawing, PlotDrawing, Scene, TextDrawing
from .plot_drawing import Figure
from .plot_export import stored
from .raster import is_picture
from .reuse import shown

_VIEW = "application/vnd.jupyter.widget-view+json"
_COLUMNS = 250  # of a stored drawing
_SIZE = 600, 210
_PIXELS = 256  # of a stored picture, each way
_BORDER = "max-width:100%;min-width:64px;image-rendering:pixelated;border:1px solid rgba(128,128,128,.35)"


def buffer_bundle(buffer: Array, widget: bool) -> showing.Bundle:
    """The bundle of a buffer. The same buffer has one view, however often it is shown; it ends when nobody looks any more."""
    data: showing.Bundle = {"text/plain": plain_text(buffer)}
    view = None
    if widget and not gone_text(buffer):
        view = shown(buffer, "buffer", lambda: BufferView(buffer), lambda: True)
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
    data["text/html"] = str(buffer_html(buffer, view))
    return data


def view_bundle(view: BufferView, bundle: Any) -> Any:
    """`bundle`, as ipywidgets makes it of `view`, with what is shown where no kernel runs."""
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    told = {**(data or {}), "text/plain": plain_text(view.buffer), "text/html": str(buffer_html(view.buffer, view))}
    return (told, metadata) if isinstance(bundle, tuple) else told


def buffer_html(buffer: Array, view: BufferView | None = None) -> Markup:
    """Facts, a drawing and statistics, with no script: what a saved notebook shows. It is drawn as `view` shows it, where that is small."""
    rows = [element("div", element("span", f"{name}: ", style="opacity:.7"), value) for name, value in facts(buffer)]
    sentence = gone_text(buffer)
    if sentence:
        return page(buffer_name(buffer), *rows, element("div", sentence))
    source = view._held or view._source if view is not None else Source(buffer)
    drawing = _of_view(view) if view is not None else None
    drawing = drawing or _natural(source)
    parts: list[Markup] = []
    if isinstance(drawing, PlotDrawing):
        parts.append(_plot(drawing, view))
    elif isinstance(drawing, PictureDrawing):
        parts.append(_picture(source, view))
    else:
        text = drawing.text if isinstance(drawing, TextDrawing) else quoted_text(buffer)
        parts.append(element("div", text, style="font-family:monospace;white-space:pre-wrap"))
    if drawing.notes:
        parts.append(element("div", " · ".join(drawing.notes), style="opacity:.7;font-size:12px"))
    parts += [
        element("div", element("span", f"{name}: " if name else "", style="opacity:.7"), numbers_text(found))
        for name, found in (numbers(source, None, 1.0)[:4] if source.samples > 1 else ())
    ]
    return page(buffer_name(buffer), *rows, element("div", *parts, style="margin-top:4px"))


def _natural(source: Source) -> Drawing:
    """The buffer in the mode that suits it, coarsely."""
    mode = natural(source)(source)
    array = source.array
    plane = (0,) * max(array.ndim - (3 if is_picture(array) else 2), 0) if mode.surface == "picture" else ()
    count = source.samples if source.parts else array.size
    return mode.draw(Scene(source, (0, count), columns=_COLUMNS, plane=plane))


def _of_view(view: BufferView) -> Drawing | None:
    """What `view` shows as the buffer's own numbers, unless that would make the notebook large."""
    drawing = view.drawing
    if isinstance(drawing, PlotDrawing):
        scene = view.scene(columns=_COLUMNS)
        try:
            coarse = view._mode.draw(scene)
        except ValueError:
            return None
        return coarse if isinstance(coarse, PlotDrawing) else None
    return drawing if isinstance(drawing, (PictureDrawing, TextDrawing)) else None


def _plot(drawing: PlotDrawing, view: BufferView | None) -> Markup:
    if view is not None and view.plot is not None:
        figure = replace(Figure.of(view.plot), layers=drawing.layers, x=drawing.x, y=drawing.y)
    else:
        figure = Figure(drawing.layers, drawing.x, drawing.y)
    text = stored(figure, *_SIZE)
    return element("div", "This drawing is too large to be stored.", style="opacity:.7") if text is None else element("div", Markup(text))


def _picture(source: Source, view: BufferView | None) -> Markup:
    if view is not None and isinstance(view._mode, ImageMode):
        mode, plane, region, limits = view._mode, view.plane, view._image_region(), view._limits
    else:
        mode, limits = ImageMode(source), None
        plane = (0,) * len(mode.planes(source))
        rows, columns = mode.size(source, plane)
        region = (0, rows, 0, columns)
    raster = mode.raster(Scene(source, (0, 0), plane=plane, limits=limits), region, stored=_PIXELS)
    source_ = f"data:{raster.mime};base64,{b64encode(raster.data).decode()}"
    image = element("img", src=source_, alt="The buffer as a picture", style=_BORDER)
    captions = [f"plane {list(plane)}"] if plane else []
    rows, columns = mode.size(source, plane)
    if region != (0, rows, 0, columns):
        captions.append(f"rows {region[0]} to {region[1] - 1}, columns {region[2]} to {region[3] - 1}")
    captions += [mode.settings.format] if mode.settings.format != AS_NUMBERS else []
    captions += [f"{raster.shown[0]:.6g} (dark) to {raster.shown[1]:.6g} (bright)"] if raster.shown else []
    return element("div", image, element("div", ", ".join(captions), style="opacity:.7;font-size:12px"))


def register_buffer() -> None:
    """Tell `showing` who shows a buffer."""
    showing.register(PynqBuffer, buffer_bundle)
