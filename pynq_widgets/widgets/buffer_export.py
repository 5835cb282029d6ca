"""What is seen, as a file: PNG and SVG as it is drawn; CSV and NPY the visible part in full resolution, or of a spectrum and a histogram
what is drawn of it."""

from __future__ import annotations

import io
import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.analysis.curve import Array

from .buffer_facts import given_name, gone_text
from .modes.image import AS_NUMBERS, ImageMode
from .modes.scene import HexDrawing, PictureDrawing, PlotDrawing, TextDrawing
from .png import encode_png
from .raster import rasterize

if TYPE_CHECKING:
    from .buffer_view import BufferView

SUFFIXES = (".png", ".svg", ".csv", ".npy")
_SIZE = 900, 360
_MOST_DOWNLOADED = 1 << 26  # bytes that go through a page
_ROWS = 1 << 14  # lines of text that are made at once


def write(view: BufferView, path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Write what `view` shows. Raises ``FileExistsError``, and ``ValueError`` for what cannot be written."""
    target = Path(path)
    suffix = target.suffix.lower()
    _check(view, suffix)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} is there already: export(..., overwrite=True) replaces it")
    # Beside the target first: what fails half-way leaves what was there.
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            for data in _pieces(view, suffix):
                file.write(data)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def download(view: BufferView, format: str) -> tuple[str, bytes]:
    """A name and the bytes, for a page. Raises ``ValueError`` for what is too large to go through one."""
    suffix = f".{format}"
    _check(view, suffix)
    drawn = _drawn(view)
    part = _part(view) if drawn is None else drawn[1]
    # A number takes some 25 characters.
    size = part.nbytes if suffix == ".npy" else 25 * part.size if suffix == ".csv" else 0
    if size > _MOST_DOWNLOADED:
        raise ValueError(f"{part.size:,} elements are too many for a page: in Python, view.export('buffer{suffix}') writes them to a file")
    return f"buffer-{view.mode}{suffix}", b"".join(_pieces(view, suffix))


def formats(view: BufferView) -> list[str]:
    """The endings that the present mode can be written as."""
    return [suffix[1:] for suffix in SUFFIXES if not _refusal(view, suffix)]


def _check(view: BufferView, suffix: str) -> None:
    if suffix not in SUFFIXES:
        raise ValueError(f"what is seen can be exported as {', '.join(SUFFIXES)}, not as {suffix or 'a file without ending'!r}")
    gone = gone_text(view.buffer)
    if gone and suffix in (".csv", ".npy"):
        raise ValueError(f"{gone} Only what was drawn can be exported, as .svg.")
    refusal = _refusal(view, suffix)
    if refusal:
        raise ValueError(refusal)


def _refusal(view: BufferView, suffix: str) -> str:
    surface = view._mode.surface
    array = view._source.array
    if suffix in (".png", ".svg") and surface not in ("plot", "picture"):
        return f"mode {view.mode!r} is no picture that could be written as {suffix}: set view.mode, or export .csv or .npy"
    if suffix == ".csv" and not view._source.parts and array.dtype.kind not in "biufcUSO":
        return f"elements of type {array.dtype} cannot be written as .csv: try .npy"
    if suffix == ".npy" and array.dtype.hasobject:
        return "Python objects are not written as .npy, since reading them back runs code"
    return ""


def _pieces(view: BufferView, suffix: str) -> Iterator[bytes]:
    if suffix in (".csv", ".npy"):
        drawn = _drawn(view)
        if drawn is not None:
            names, table = drawn
            yield from _npy(table) if suffix == ".npy" else _table(names, table)
            return
        part = _part(view)
        if suffix == ".npy":
            yield from _npy(part)
        else:
            yield from _csv(view, part)
        return
    drawing = view.drawing
    if isinstance(drawing, PictureDrawing):
        data = _full_picture(view, drawing)
        yield data if suffix == ".png" else _wrapped(data, drawing)
    elif isinstance(drawing, PlotDrawing):
        from .plot_drawing import Figure
        from .plot_export import png, svg

        assert view.plot is not None
        figure = Figure.of(view.plot, title=given_name(view.buffer))
        yield svg(figure, *_SIZE).encode() if suffix == ".svg" else png(figure, *_SIZE)
    else:
        assert drawing is None or isinstance(drawing, (HexDrawing, TextDrawing))
        raise ValueError("nothing has been drawn yet that could be exported: try view.refresh()")


def _drawn(view: BufferView) -> tuple[list[str], Array] | None:
    """The curves of a mode that shows other numbers than the samples (a spectrum, a histogram): names, and a column for each; None else.

    Curves that do not share their places have a column of those each; NaN fills up the shorter ones.
    """
    drawing = view.drawing
    if view._mode.along or not isinstance(drawing, PlotDrawing) or not drawing.curves:
        return None
    x, y = (f"{axis.label}{f' ({axis.unit})' if axis.unit else ''}" for axis in (drawing.x, drawing.y))
    first = drawing.curves[0].x
    shared = all(np.array_equal(curve.x, first) for curve in drawing.curves)
    names: list[str] = [x] if shared else []
    columns: list[Array] = [first] if shared else []
    for layer, curve in zip(drawing.layers, drawing.curves, strict=False):
        own = f"{layer.name} {y}".strip()
        names += [own] if shared else [f"{layer.name} {x}".strip(), own]
        columns += [curve.y] if shared else [curve.x, curve.y]
    table = np.full((max(map(len, columns)), len(columns)), np.nan)
    for i, column in enumerate(columns):
        table[: len(column), i] = column
    return names, table


def _table(names: list[str], table: Array) -> Iterator[bytes]:
    """CSV of some columns; a NaN is an empty cell."""
    yield (",".join(map(_cell, names)) + "\n").encode()
    for row in table.tolist():
        yield (",".join("" if value != value else repr(value) for value in row) + "\n").encode()


def _part(view: BufferView) -> Array:
    """The visible part of the buffer in full resolution: a view of the memory."""
    source = view._held or view._source
    array = source.array
    if isinstance(view._mode, ImageMode):
        plane = array[view.plane] if view.plane else array
        first, end, left, right = view._image_region()
        packed = view.settings.format != AS_NUMBERS and plane.shape[:2] != view._image_size()
        # Pixels that share bytes are written in whole rows.
        return plane[first:end] if packed else plane[first:end, left:right]
    if view._mode.surface == "plot" and source.parts:
        start, stop = view._samples()
        flat = array if array.ndim == 1 or source.interpretation.channels > 1 else array.reshape(-1)
        if source.interpretation.channels > 1:
            flat = array.reshape(-1, array.shape[-1])
        return flat[start:stop]
    return array


def _npy(part: Array) -> Iterator[bytes]:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": np.lib.format.dtype_to_descr(part.dtype), "fortran_order": False, "shape": part.shape}
    )
    yield head.getvalue()
    if part.ndim == 0:
        yield part.tobytes()
        return
    at_once = max(1, _MOST_DOWNLOADED // 4 // max(part[:1].nbytes, 1))
    for first in range(0, len(part), at_once):
        yield part[first : first + at_once].tobytes()


def _csv(view: BufferView, part: Array) -> Iterator[bytes]:
    """A line a sample: index (or time) and the value of each line; an image a row a line."""
    source = view._held or view._source
    if isinstance(view._mode, ImageMode) or not source.parts:
        rows = part.reshape(len(part), -1) if part.ndim > 1 else part.reshape(-1, 1)
        for row in rows:
            yield (",".join(_cell(value) for value in row.tolist()) + "\n").encode()
        return
    start, stop = view._samples() if view._mode.surface == "plot" else (0, source.samples)
    rate, scale = view.sample_rate, view.scale
    unit = f" ({view.unit})" if view.unit else ""
    names = [f"{each.name or 'value'}{unit}" for each in source.parts]
    yield (",".join(["time (s)" if rate else "sample", *map(_cell, names)]) + "\n").encode()
    for first in range(start, stop, _ROWS):
        end = min(first + _ROWS, stop)
        columns = [each.data[first:end].tolist() for each in source.parts]
        lines = []
        for offset, values in enumerate(zip(*columns, strict=True)):
            at = first + offset
            where = repr((at - view._origin) / rate) if rate else str(at - view._origin)
            lines.append(",".join([where, *(_cell(value if scale == 1.0 else value * scale) for value in values)]))
        yield ("\n".join(lines) + "\n").encode()


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\r') else text


def _full_picture(view: BufferView, drawing: PictureDrawing) -> bytes:
    """The visible region with each pixel as it is, without loss."""
    mode = view._mode
    assert isinstance(mode, ImageMode)
    first, end, left, right = drawing.region
    if (end - first) * (right - left) > 1 << 26:
        raise ValueError(f"a picture of {end - first:,} x {right - left:,} pixels is too large for a PNG: zoom in, or export .npy")
    if mode.settings.format == AS_NUMBERS or drawing.raster.part.ndim == 2:
        array = view._source.array[view.plane] if view.plane else view._source.array
        return rasterize(array, drawing.region, end - first, right - left, drawing.shown, level=6, quality=None).data
    return encode_png(np.ascontiguousarray(mode.pixels(view._source, view.plane, drawing.region)), level=6)


def _wrapped(png: bytes, drawing: PictureDrawing) -> bytes:
    first, end, left, right = drawing.region
    image = f'<image width="{right - left}" height="{end - first}" href="data:image/png;base64,{b64encode(png).decode()}"/>'
    size = f'viewBox="0 0 {right - left} {end - first}" width="{right - left}" height="{end - first}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{image}</svg>'.encode()
