"""What a page says to a buffer view and is told in turn. Whatever a message holds, it harms nothing; what is wrong in it is answered."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.analysis.interpretation import Interpretation

from .buffer_facts import given_name, shape_text, value_text
from .buffer_options import clipped_region
from .buffer_source import SIDES
from .buffer_words import fraction_text, number_of, parse_fraction, parse_rate, parse_shape, rate_text, whole_of
from .modes import MODES
from .modes.hexdump import HexMode
from .modes.image import ImageMode
from .modes.scene import PictureDrawing

if TYPE_CHECKING:
    from .buffer_view import BufferView

_log = logging.getLogger(__name__)

DTYPES = (
    *("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"),
    *("complex64", "complex128", "bool"),
)
_RECENT = 3.0  # seconds that a page which shows statistics is remembered
_DUTY = 20  # statistics take at most one part in this of the time
_MOST_VIEWS = 16


class BufferMessages:
    """The page's side of one view."""

    def __init__(self, view: BufferView) -> None:
        self._view = view
        self._rows: dict[str, tuple[int, int]] = {}  # what rows of the hex dump each page shows
        self._rows_told: dict[str, Any] = {}
        self._details_at = self._numbers_after = -math.inf
        self._numbers_told: Any = None
        self._pixels: dict[str, tuple[int, int]] = {}

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        """One message."""
        view = self._view
        answer: Callable[[Mapping[str, Any]], object] | None = getattr(self, f"_on_{kind}", None)
        if answer is None or view._closed:
            return
        try:
            answer(content)
        except (ValueError, IndexError, FileExistsError) as error:
            # A person did this, and is told; `sheet` puts the control back to what holds.
            view.panel.tell({"kind": "problem", "view": content.get("view"), "text": str(error)})
            view._state(self.sheet())
        except (TypeError, LookupError, OverflowError, AttributeError):
            _log.debug("a message of the page was not understood: %r", content, exc_info=True)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Rows and columns of pixels that the largest page has for a picture; None while there is none."""
        told = list(self._pixels.values())
        return (max(rows for rows, _ in told), max(columns for _, columns in told)) if told else None

    def _sized(self, key: str, content: Mapping[str, Any]) -> None:
        pixels = content.get("pixels")
        if isinstance(pixels, list) and len(pixels) == 2 and all(isinstance(n, int) and 0 < n <= 16_384 for n in pixels):
            if len(self._pixels) >= _MOST_VIEWS and key not in self._pixels:
                self._pixels.clear()
            before, self._pixels[key] = self._pixels.get(key), (pixels[0], pixels[1])
            if before != self._pixels[key] and isinstance(self._view._mode, ImageMode):
                self._view._last = None  # drawn for another size

    # Who is there.

    def _on_hello(self, content: Mapping[str, Any]) -> None:
        view = self._view
        view.viewers.beat(str(content.get("view"))[:64], bool(content.get("visible")), (), view.panel.frame)
        view.refresh()
        # A new page gets all, whatever the others have.
        last = view.drawing
        view._state(self.sheet(), picture=last.raster if isinstance(last, PictureDrawing) else None)

    def _on_beat(self, content: Mapping[str, Any]) -> None:
        view = self._view
        seen = content.get("seen")
        frame = seen if isinstance(seen, int) else view.panel.frame
        view.viewers.beat(str(content.get("view"))[:64], bool(content.get("visible")), (), frame)
        self._sized(str(content.get("view"))[:64], content)
        if content.get("details") is True:
            self._details_at = view._now()
            self.tell_statistics()
        view._follower.remind()
        view._answer()

    def _on_bye(self, content: Mapping[str, Any]) -> None:
        key = str(content.get("view"))
        self._rows.pop(key, None)
        self._rows_told.pop(key, None)
        self._pixels.pop(key, None)
        self._view.viewers.bye(key)

    # What is seen.

    def _on_whole(self, content: Mapping[str, Any]) -> None:
        self._view.show()

    def _on_rate(self, content: Mapping[str, Any]) -> None:
        self._view.rate = content["rate"]

    def _on_mode(self, content: Mapping[str, Any]) -> None:
        self._view.mode = content["mode"]

    def _on_setting(self, content: Mapping[str, Any]) -> None:
        name = content["name"]
        if name not in set(self._view.settings):
            raise LookupError(f"no setting {name!r}")
        setattr(self._view.settings, name, content["value"])

    def _on_interpret(self, content: Mapping[str, Any]) -> None:
        """Another type, shape, byte order, number of channels or offset; what is not named stays as it is."""
        changes: dict[str, Any] = {}
        if "dtype" in content:
            changes["dtype"] = str(content["dtype"])[:400].strip() or None
        if "shape" in content:
            changes["shape"] = parse_shape(str(content["shape"])[:200])
        if "byteorder" in content:
            changes["byteorder"] = content["byteorder"] or None
        for name in ("channels", "offset"):
            if name in content:
                changes[name] = whole_of(name, content[name])
        view = self._view
        view.interpretation = dataclasses.replace(view.interpretation, **changes) if changes else Interpretation()

    def _on_axis(self, content: Mapping[str, Any]) -> None:
        view = self._view
        if "sample_rate" in content:
            view.sample_rate = parse_rate(str(content["sample_rate"])[:60])
        if "unit" in content:
            view.unit = str(content["unit"])
        if "scale" in content:
            view.scale = parse_fraction("1 stands for", str(content["scale"])[:60])

    def _on_side(self, content: Mapping[str, Any]) -> None:
        self._view.side = content["side"]

    def _on_hold(self, content: Mapping[str, Any]) -> None:
        self._view.hold = content["hold"] is True

    def _on_single(self, content: Mapping[str, Any]) -> None:
        self._view.single()

    def _on_trigger(self, content: Mapping[str, Any]) -> None:
        from pynq_widgets.analysis.trigger import Trigger

        view = self._view
        slope = content.get("slope")
        if not slope:
            view.trigger = None
            return
        level = content.get("level")
        if level in (None, ""):
            numbers = view.statistics
            first = numbers[0] if isinstance(numbers, list) else numbers
            level = (first.least + first.greatest) / 2 if first.least is not None and first.greatest is not None else 0.0
        view.trigger = Trigger(
            number_of("level", level) / view.scale,
            slope,
            abs(number_of("hysteresis", content.get("hysteresis") or 0) / view.scale),
            whole_of("holdoff", content.get("holdoff") or 0),
        )

    def _on_trigger_line(self, content: Mapping[str, Any]) -> None:
        self._view.trigger_line = whole_of("line", content["line"])

    def _on_trigger_mode(self, content: Mapping[str, Any]) -> None:
        self._view.trigger_mode = content["mode"]

    def _on_compare(self, content: Mapping[str, Any]) -> None:
        self._view.comparison = content["how"]

    def _on_statistics_of(self, content: Mapping[str, Any]) -> None:
        self._view.statistics_of = content["of"]
        self._numbers_after = -math.inf
        self.tell_statistics()

    def _on_plane(self, content: Mapping[str, Any]) -> None:
        self._view.plane = tuple(whole_of("plane", i) for i in content["index"])

    def _on_region(self, content: Mapping[str, Any]) -> None:
        view = self._view
        with view._drawing:
            view._region = clipped_region(tuple(int(edge) for edge in content["region"]), view._image_size())
        view.refresh()

    def _on_at(self, content: Mapping[str, Any]) -> None:
        """Which value is at an index, or under the mouse."""
        view = self._view
        where: list[int] = []
        try:
            where = [int(i) for i in content.get("index", ())]
            array = view._source.array
            mode = view._mode
            picture = isinstance(mode, ImageMode)
            shape = view._image_size() if picture else array.shape
            # As numpy counts, from the end.
            where = [i + n if -n <= i < 0 else i for i, n in zip(where, shape, strict=False)] if len(where) == len(shape) else where
            if len(where) != len(shape) or not all(0 <= i < n for i, n in zip(where, shape, strict=True)):
                raise IndexError(f"there is no [{', '.join(map(str, where))}] in {shape_text(array)}")
            # Not of freed memory as if it were the buffer's.
            text = view._gone or (
                mode.value(view._source, view.plane, *where) if isinstance(mode, ImageMode) else value_text(array, tuple(where))
            )
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            text, where = str(error), []
        view.panel.tell({"kind": "value", "view": content.get("view"), "text": text, "index": where})

    # The hex dump.

    def _on_rows(self, content: Mapping[str, Any]) -> None:
        key = str(content.get("view"))[:64]
        if len(self._rows) >= _MOST_VIEWS and key not in self._rows:
            self._rows.clear()
        self._rows[key] = max(int(content["first"]), 0), int(content["count"])
        self._rows_told.pop(key, None)
        self.tell_rows()

    def tell_rows(self) -> bool:
        """Send each page the rows that it shows, where they are not what it has; whether any were."""
        view = self._view
        mode = view._mode
        if not isinstance(mode, HexMode) or view._gone:
            return False
        told = False
        for key, (first, count) in list(self._rows.items()):
            rows = mode.rows(view._held or view._source, first, count)
            if self._rows_told.get(key) != rows:
                self._rows_told[key] = rows
                view.panel.tell({"kind": "rows", "view": key, "first": first, "rows": rows})
                told = True
        return told

    # Numbers.

    def tell_statistics(self) -> None:
        """Send statistics to the pages that show them; those of many samples are not made at every look."""
        view = self._view
        now = view._now()
        if now - self._details_at > _RECENT or now < self._numbers_after or view._gone:
            return
        with view._drawing:
            found = [] if view._closed else view._numbers()
        took = view._now() - now
        self._numbers_after = now + max(_DUTY * took, 0.4)
        told = [[name, _numbers_text(numbers, view.unit)] for name, numbers in found]
        if told != self._numbers_told:
            self._numbers_told = told
            view.panel.tell({"kind": "statistics", "of": view.statistics_of, "lines": told})

    # Files.

    def _on_export(self, content: Mapping[str, Any]) -> None:
        from .buffer_export import download

        view = self._view
        name, data = download(view, str(content.get("format")))
        view.panel.tell({"kind": "file", "view": content.get("view"), "name": name}, [data])

    def sheet(self) -> dict[str, Any]:
        """All that the controls show."""
        view = self._view
        source = view._source
        interpretation = source.interpretation
        trigger = view._trigger
        array = source.array
        order = interpretation.byteorder or ("big" if array.dtype.str[:1] == ">" else "little")
        return {
            "modes": [[mode.name, mode.label, mode.refusal(source)] for mode in MODES],
            "settings": view.settings.sheet(),
            "read": {
                "dtype": array.dtype.name if array.dtype.names is None else "",
                "dtypes": [name for name in DTYPES if np.dtype(name).itemsize <= max(source.memory.nbytes, 1)],
                "shape": ",".join(map(str, array.shape)),
                "byteorder": order,
                "channels": interpretation.channels,
                "offset": interpretation.offset,
                "changed": interpretation != Interpretation(),
            },
            "axis": {"sample_rate": rate_text(view.sample_rate), "unit": view.unit, "scale": fraction_text(view.scale)},
            "trigger": {
                "slope": getattr(trigger, "slope", ""),
                "level": "" if trigger is None else trigger.level * view.scale,
                "hysteresis": getattr(trigger, "hysteresis", 0) * abs(view.scale),
                "holdoff": getattr(trigger, "holdoff", 0),
                "mode": view.trigger_mode,
                "line": view.trigger_line,
            },
            "compare": None if view._beside is None else [given_name(view._beside.buffer) or "the other", view.comparison],
            "planes": list(view._mode.planes(source)) if isinstance(view._mode, ImageMode) else [],
            "plane": list(view.plane),
            "along": view._mode.along,
            "lines": [part.name or str(i) for i, part in enumerate(source.parts)],
            "shape": list(view._image_size()) if isinstance(view._mode, ImageMode) else list(array.shape),
            "sides": list(SIDES) if _has_sides(view.buffer) else [],
            "formats": _formats(view),
            "statistics_of": view.statistics_of,
        }


def _has_sides(buffer: Any) -> bool:
    """Whether there is a side of the device that differs from the processor's, and can be looked at."""
    if getattr(buffer, "coherent", True) or not hasattr(buffer, "device_side"):
        return False
    try:
        return buffer.device_side() is not None
    except Exception:  # a copy or a freed buffer has no other side
        return False


def _formats(view: Any) -> list[str]:
    from .buffer_export import formats

    return formats(view)


def _numbers_text(numbers: Any, unit: str) -> list[list[str]]:
    """Names and values of statistics, in units."""
    part = not numbers.complete
    told = [["count", f"{numbers.count:,}" + (f" of {numbers.of:,}" if part else "")]]
    for name in ("least", "greatest", "mean", "rms", "deviation"):
        value = getattr(numbers, name)
        if value is not None:
            text = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
            about = "≈ " if part and name in ("mean", "rms", "deviation") else ""
            told.append([name, f"{about}{text}{f' {unit}' if unit else ''}"])
    if numbers.not_finite:
        told.append(["NaN, infinite", f"{numbers.not_finite:,}"])
    return told
