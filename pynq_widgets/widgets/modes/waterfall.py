"""How the spectrum changes over the visible part, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynq_widgets.analysis.windows import WINDOWS
from pynq_widgets.widgets.buffer_source import Source
from pynq_widgets.widgets.png import encode_png
from pynq_widgets.widgets.raster import palette

from .base import Mode, part_choice, part_index, quadrature_choice
from .scene import PlotDrawing, Scene
from .settings import Choice, Flag, Number, Setting

_MOST_ROWS = 400
_FLOOR = -200.0  # dB below full scale: what is less is the rounding of 64-bit numbers


class WaterfallMode(Mode):
    """Spectra one after the other, each a row (or a column) of colours."""

    name = "waterfall"
    label = "Waterfall"

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        line = part_choice(source, "line", 0, "of", "Which line of numbers") if source.array.dtype.kind != "c" else None
        return (
            *((line,) if line else ()),
            Choice("window", tuple(WINDOWS), "hann", "window", "What each stretch is multiplied with before its transform"),
            Choice("size", (64, 128, 256, 512, 1024, 2048, 4096), 256, "points", "Samples of each transform", folded=True),
            Number("range", 10, 200, 80.0, "range in dB", "How far below the strongest level the darkest colour stands", folded=True),
            *quadrature_choice(source),
            Flag("across", True, "time across", "Time runs from left to right (a spectrogram); else downwards"),
        )

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.analysis.waterfall import waterfall
        from pynq_widgets.widgets.plot_layers import Axis, Picture

        settings = self.settings
        data = scene.complex_seen()
        quadrature = None
        if data is None:
            pair = "iq" in set(settings) and settings.iq
            data = scene.seen(0 if pair else part_index(scene, settings))
            quadrature = scene.seen(1) if pair else None
        found = waterfall(
            data,
            scene.rate or 1.0,
            size=min(settings.size, data.size),
            rows=_MOST_ROWS,
            window=settings.window,
            db=True,
            quadrature=quadrature,
        )
        level = np.asarray(found.level, np.float64)
        finite = level[np.isfinite(level)]
        high = max(float(finite.max()), _FLOOR + settings.range) if finite.size else 0.0
        low = high - settings.range
        start = scene.position(scene.window[0])
        time, frequency = np.asarray(found.time) + start, np.asarray(found.frequency)
        pixels = np.where(np.isfinite(level), 1 + 254 * np.clip((level - low) / settings.range, 0, 1), 1).astype(np.uint8)
        # Rows of a picture go downwards, an axis goes up.
        pixels = pixels.T[::-1] if settings.across else pixels[::-1]
        t, f = _edges(time), _edges(frequency)
        extent = (*t, *f) if settings.across else (*f, *t)
        image = encode_png(np.ascontiguousarray(pixels), palette())
        times = Axis("time" if scene.rate else "sample", "s" if scene.rate else "", *t)
        frequencies = Axis("frequency", "Hz" if scene.rate else "1/sample", *f)
        x, y = (times, frequencies) if settings.across else (frequencies, times)
        notes = [f"{low:.4g} dB (dark) to {high:.4g} dB (bright)"]
        rows, size = level.shape[0], min(settings.size, data.size)
        if rows and rows * size < data.size:
            notes.append(f"each of {rows:,} {'columns' if settings.across else 'rows'} is of {size:,} of {data.size // rows:,} samples")
        numbers: list[Any] = [image, extent]
        return PlotDrawing([Picture(image, "image/png", extent)], x, y, notes, (), (), False, numbers)


def _edges(centres: Any) -> tuple[float, float]:
    """The outer edges of bins whose middles are given."""
    half = float(centres[1] - centres[0]) / 2 if centres.size > 1 else 0.5
    return float(centres[0]) - half, float(centres[-1]) + half
