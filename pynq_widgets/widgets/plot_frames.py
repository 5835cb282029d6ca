"""What a plot sends to its pages: one text with what each layer is, one binary buffer with all numbers, and the pictures.

Coordinates are 32-bit floats of which each array has its own offset and scale (``value = offset + scale * float``), so that sample
99,999,999 of 10⁸, or a ripple of microvolts on a large level, keeps its place. On a logarithmic axis they are powers of ten. Evenly
spaced x, which is nearly all, travel as two numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .plot_layers import Floats, Lanes, LaneTrace, Layer, Line, Picture, Scatter

_WHOLE = 2.0**21  # half of a span of whole numbers in which a 32-bit float is off by less than a half


class Encoder:
    """Joins arrays to one buffer, each at a multiple of four bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0
        self.pictures: list[bytes] = []

    def add(self, array: np.ndarray[Any, np.dtype[Any]]) -> list[int]:
        """Its place: first byte and number of elements."""
        data = array.tobytes()
        place = [self._length, array.size]
        data += bytes(-len(data) % 4)
        self._parts.append(data)
        self._length += len(data)
        return place

    def floats(self, values: Floats) -> dict[str, Any]:
        """An array of coordinates."""
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        # Halves first: the difference of two numbers near the largest is itself no number.
        offset, scale = low / 2 + high / 2, high / 2 - low / 2 or 1.0
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = ((values - offset) / scale).astype("<f4")
        scaled[~np.isfinite(values)] = np.nan
        told = {"o": offset, "s": scale, "at": self.add(scaled)}
        # Near enough that the page finds each again by rounding.
        if finite.size and scale <= _WHOLE and bool((finite == np.rint(finite)).all()):
            told["whole"] = True
        return told

    def buffers(self) -> list[bytes]:
        """The numbers, then the pictures."""
        return [b"".join(self._parts), *self.pictures]


def encode(layers: Sequence[Layer], x_log: bool = False, y_log: bool = False) -> tuple[list[dict[str, Any]], list[bytes]]:
    """What each layer is, and the buffers."""
    encoder = Encoder()
    return [_layer(layer, encoder, x_log, y_log) for layer in layers], encoder.buffers()


def _layer(layer: Layer, encoder: Encoder, x_log: bool, y_log: bool) -> dict[str, Any]:
    if isinstance(layer, Line):
        x, y = _coordinate(layer.curve.x, x_log), _coordinate(layer.curve.y, y_log)
        told = {"kind": "line", "name": layer.name, "style": layer.style, "colour": layer.colour, "wide": layer.curve.step > 1}
        return {**told, "x": _positions(x, encoder, layer.curve.step > 1), "y": encoder.floats(y)}
    if isinstance(layer, Scatter):
        x, y = _coordinate(np.asarray(layer.x), x_log), _coordinate(np.asarray(layer.y), y_log)
        told = {"kind": "scatter", "name": layer.name, "colour": layer.colour, "joined": layer.joined}
        return {**told, "x": encoder.floats(x), "y": encoder.floats(y)}
    if isinstance(layer, Lanes):
        return {"kind": "lanes", "name": layer.name, "traces": [_trace(trace, encoder, x_log) for trace in layer.traces]}
    if isinstance(layer, Picture):
        encoder.pictures.append(layer.image)
        return {"kind": "picture", "name": layer.name, "mime": layer.mime, "extent": list(layer.extent_), "image": len(encoder.pictures)}
    raise TypeError(f"a plot draws Line, Scatter, Lanes and Picture, not {type(layer).__name__}")


def _trace(trace: LaneTrace, encoder: Encoder, x_log: bool) -> dict[str, Any]:
    value = np.asarray(trace.value)
    bits = value.astype(np.int64 if value.dtype.kind == "i" else np.uint64).view(np.uint64)
    told: dict[str, Any] = {"name": trace.name, "width": trace.width, "radix": trace.radix}
    told["x"] = encoder.floats(_coordinate(np.asarray(trace.x), x_log))
    told["low"] = encoder.add((bits & np.uint64(0xFFFFFFFF)).astype("<u4"))
    if trace.width > 32:
        told["high"] = encoder.add((bits >> np.uint64(32)).astype("<u4"))
    told["busy"] = encoder.add(np.asarray(trace.busy).astype(np.uint8))
    return told


def _coordinate(values: Floats, logarithmic: bool) -> Floats:
    values = np.asarray(values, np.float64)
    if not logarithmic:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def _positions(x: Floats, encoder: Encoder, wide: bool) -> dict[str, Any]:
    """`x` as first and distance where it is even: to a millionth of it, or to half of it for least and greatest."""
    if x.size < 2:
        return encoder.floats(x)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = float((x[-2] - x[0]) / (x.size - 2)) if wide and x.size > 2 else float((x[-1] - x[0]) / (x.size - 1))
        off = np.abs(x - (x[0] + distance * np.arange(x.size)))
    # The last column may be a short one, whose second point would lie beyond its end: by less than a column, which is a pixel.
    worst = float(off[:-1].max()) if wide else float(off.max())
    if distance > 0 and worst <= distance * (0.5 if wide else 1e-6):
        return {"first": float(x[0]), "step": distance, "n": x.size}
    return encoder.floats(x)
