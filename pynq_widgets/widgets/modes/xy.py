"""One line of numbers against another: X-Y, and the constellation of complex values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pynq_widgets.analysis.curve import Array, limits
from pynq_widgets.widgets.buffer_source import Source
from pynq_widgets.widgets.png import encode_png
from pynq_widgets.widgets.raster import palette

from .base import Mode, part_choice, part_index
from .scene import PlotDrawing, Scene
from .settings import Choice, Flag, Number, Setting

_DENSITY = 256  # pixels each way


class XYMode(Mode):
    """Points, or how often each place is met: an image of persistence."""

    name = "xy"
    label = "X-Y, constellation"

    @classmethod
    def refusal(cls, source: Source) -> str:
        sentence = super().refusal(source)
        if not sentence and len(source.parts) < 2:
            return "X-Y takes two lines of numbers: complex values, two channels, or two fields of a structure."
        return sentence

    @classmethod
    def choices(cls, source: Source) -> Sequence[Setting]:
        x, y = (part_choice(source, name, i, name, f"What stands on the {name} axis") for i, name in enumerate("xy"))
        return (
            *((x, y) if x and y and len(source.parts) > 2 else ()),
            Choice(
                "style",
                ("points", "path", "density"),
                "points",
                "as",
                "Points, points joined in their order, or how often each place is met",
            ),
            # The parts of a complex value and channels are of one kind; fields of a structure may be anything.
            Flag("equal", source.array.dtype.names is None, "1:1", "A unit is as long on x as on y: a circle is round"),
            Number(
                "most",
                100,
                50_000,
                4000,
                "points",
                "How many points are drawn at most, spread over the visible part",
                whole=True,
                folded=True,
            ),
        )

    def draw(self, scene: Scene) -> PlotDrawing:
        from pynq_widgets.analysis.xy import xy
        from pynq_widgets.widgets.plot_layers import Axis, Scatter

        settings = self.settings
        first, second = (part_index(scene, settings, "x"), part_index(scene, settings, "y")) if "x" in set(settings) else (0, 1)
        a, b = scene.seen(first), scene.seen(second)
        names = scene.names
        if settings.style == "density":
            return replace(self._density(scene, a, b, (names[first], names[second])), equal=settings.equal)
        joined = settings.style == "path"
        if joined:  # neighbours only: a line between others would say what never was
            size = min(a.size, b.size, settings.most)
            x, y = (np.asarray(part[:size], np.float64) for part in (a, b))
        else:
            x, y = xy(a, b, settings.most)
        x, y = np.asarray(x, np.float64) * scene.scale, np.asarray(y, np.float64) * scene.scale
        edges = _square(x, y, scene.limits)
        notes = [f"{'the first ' if joined else ''}{x.size:,} of {a.size:,} points"] if a.size > x.size else []
        axes = [Axis(names[i], scene.unit, *edge) for i, edge in zip((first, second), edges, strict=True)]
        return PlotDrawing(
            [Scatter("", x, y, joined=joined)],
            axes[0],
            axes[1],
            notes,
            (),
            (),
            bool(np.isnan(x).any() or np.isnan(y).any()),
            [x, y, joined],
            settings.equal,
        )

    def _density(self, scene: Scene, a: Array, b: Array, names: tuple[str, str]) -> PlotDrawing:
        from pynq_widgets.analysis.xy import density, xy

        x, y = xy(a, b, 4000)
        scale = scene.scale
        wide, tall = (tuple(edge / scale for edge in pair) for pair in _square(np.asarray(x) * scale, np.asarray(y) * scale, scene.limits))
        extent = (min(wide), max(wide), min(tall), max(tall))
        return density_drawing(density(a, b, _DENSITY, _DENSITY, extent)[0], extent, scene, scale, names)


def density_drawing(
    counts: Array, extent: tuple[float, float, float, float], scene: Scene, x_scale: float, names: Sequence[str], x_unit: str | None = None
) -> PlotDrawing:
    """Counts (the first row at the top) as a picture on axes; places never met are transparent, rare ones lifted out of the dark."""
    from pynq_widgets.widgets.plot_layers import Axis, Picture

    most = float(counts.max()) if counts.size else 0.0
    lifted = np.sqrt(counts / most) if most else counts.astype(np.float64)
    pixels = np.where(counts > 0, 1 + 254 * lifted, 0).astype(np.uint8)
    image = encode_png(np.ascontiguousarray(pixels), palette())
    edges = (extent[0] * x_scale, extent[1] * x_scale, extent[2] * scene.scale, extent[3] * scene.scale)
    unit = scene.unit if x_unit is None else x_unit
    x = Axis(names[0], unit, min(edges[:2]), max(edges[:2]))
    y = Axis(names[1], scene.unit, min(edges[2:]), max(edges[2:]))
    return PlotDrawing([Picture(image, "image/png", edges)], x, y, [f"up to {int(most):,} at a place"], (), (), False, [image, edges])


def _square(x: Array, y: Array, old: tuple[float, float] | None) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits of both axes. Where both lines reach about as far they are the same: a circle is one. `old` ones stay while they fit."""
    wide, tall = limits(x), limits(y)
    if 0.5 < (wide[1] - wide[0]) / (tall[1] - tall[0]) < 2:
        both = limits(np.concatenate([x, y]), old)
        return both, both
    return wide, tall
