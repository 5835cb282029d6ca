"""Which part of a buffer is seen: of samples, of an image, of its planes."""

from __future__ import annotations

import math

from .buffer_core import ViewParts
from .buffer_facts import gone_text
from .buffer_follower import BUDGET
from .buffer_options import clipped_region
from .modes.image import ImageMode


class Windowed(ViewParts):
    """The part of `BufferView` that knows what is seen."""

    @property
    def window(self) -> tuple[int, ...]:
        """What is seen: first sample and the one after the last; of an image first row, row after the last, and the same of columns."""
        if isinstance(self._mode, ImageMode):
            return self._image_region()
        return self._samples() if self._source.parts else ()

    @property
    def plane(self) -> tuple[int, ...]:
        """The index of the plane that is shown, for arrays of more dimensions than a picture has. Settable."""
        return self._plane

    @plane.setter
    def plane(self, index: tuple[int, ...]) -> None:
        lengths = self._mode.planes(self._source) if isinstance(self._mode, ImageMode) else ()
        if len(index) != len(lengths) or not all(0 <= i < n for i, n in zip(index, lengths, strict=True)):
            raise IndexError(f"the planes of this buffer are indexed 0 to below {lengths}, not {tuple(index)!r}")
        self._plane = tuple(int(i) for i in index)
        self._last = None
        self._state({"plane": list(self._plane)})
        self._look(BUDGET)

    def show(self, *window: int) -> None:
        """Show a part: ``show(start, stop)`` of samples, ``show(row, row_end, column, column_end)`` of an image; nothing given: all."""
        with self._drawing:
            if isinstance(self._mode, ImageMode):
                self._region = clipped_region(window, self._image_size()) if window else None
                self._state({"show": list(self._image_region())})
            else:
                if len(window) not in (0, 2):
                    raise ValueError(f"a part of a line is (start, stop), not {window!r}")
                if window and not window[1] > window[0]:
                    raise ValueError(f"a window of samples begins before it ends: not {window[0]!r} to {window[1]!r}")
                self._window = None if not window else (int(window[0]), int(window[1]))
                self._view_to_set = (*self._along(*self._window), None, None) if self._window else (None, None, None, None)
                self._last = None
        self._look(BUDGET)

    def _across(self) -> tuple[float, float] | None:
        """The part of the horizontal axis that somebody chose to see, of what this mode drew."""
        if self.plot is None or self.plot.follows[0] or self._drawn_by is not self._mode or self._view_to_set is not None:
            return None
        return self.plot.view[:2]

    def _samples(self) -> tuple[int, int]:
        """The samples that are seen, within the buffer."""
        count = self._source.samples if self._source.parts else self._source.array.size
        if self._window is None:
            return 0, count
        start, stop = (edge + self._origin for edge in self._window)
        start = int(min(max(start, 0), max(count - 1, 0)))
        return start, int(min(max(stop, start + 1), count))

    def _along(self, start: float, stop: float) -> tuple[float, float]:
        """Samples as places on the axis (which is 0 at the trigger)."""
        return start / (self._sample_rate or 1.0), max(stop - 1, start + 1) / (self._sample_rate or 1.0)

    def _moved(self) -> None:
        """The page, or Python, has zoomed the plot."""
        with self._drawing:
            if self.plot is None or self._closed or self._view_to_set is not None:
                return
            if self._mode.along:
                if self.plot.follows[0]:
                    self._window = None if self._trigger is None else self._window
                else:
                    x0, x1 = (edge * (self._sample_rate or 1.0) for edge in self.plot.view[:2])
                    self._window = math.floor(max(x0, -1e15)), math.ceil(min(x1, 1e15)) + 1
            if not gone_text(self.buffer):
                self._draw()

    def _image_size(self) -> tuple[int, int]:
        assert isinstance(self._mode, ImageMode)
        return self._mode.size(self._source, self._plane)

    def _image_region(self) -> tuple[int, int, int, int]:
        rows, columns = self._image_size()
        return clipped_region(self._region, (rows, columns)) if self._region else (0, rows, 0, columns)

    def _fit_plane(self) -> None:
        """The first plane, where the one that was shown is none of what is shown now."""
        lengths = self._mode.planes(self._source) if isinstance(self._mode, ImageMode) else ()
        if len(self._plane) != len(lengths) or not all(i < n for i, n in zip(self._plane, lengths, strict=True)):
            self._plane = (0,) * len(lengths)
