"""What a buffer view looks at: the memory (of one side of the cache), how it is read, and its curves."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.analysis.curve import Array, Curve, components, plain, reduce_line
from pynq_widgets.analysis.interpretation import Interpretation
from pynq_widgets.analysis.lanes import Lane, LaneRuns, reduce_lanes

if TYPE_CHECKING:
    from pynq_widgets.analysis.kept import Kept
    from pynq_widgets.analysis.kept_lanes import KeptLanes
    from pynq_widgets.analysis.pyramid import Pyramid

SIDES = ("host", "device")
_PYRAMID_FROM = 1 << 16  # samples; fewer are reduced as quickly as a pyramid is asked
MOST_PARTS = 16


@dataclass(frozen=True)
class Part:
    """One line of numbers in the memory: a channel, a field, the real part of complex values."""

    name: str
    data: Array


class Source:
    """The memory of `buffer` under an interpretation; never a copy of it.

    Parameters
    ----------
    buffer
        A `PynqBuffer` or any numpy array.
    side
        ``'host'``: what the processor sees; ``'device'``: what the DRAM holds, where the device can tell.

    Raises ``ValueError`` where the device cannot tell its side.
    """

    def __init__(self, buffer: Array, interpretation: Interpretation | None = None, side: str = "host") -> None:
        self.buffer = buffer
        self.side = side
        self.interpretation = interpretation or Interpretation()
        self._memory = plain(buffer) if side == "host" else _device_side(buffer)
        self._start = 0
        with contextlib.suppress(Exception):  # a copy or an array of the host is in no buffer
            self._start = int(getattr(buffer, "offset", 0))
        # As it is, that of which nothing else can be made (Python objects) is shown too.
        whole = self.interpretation == Interpretation()
        self.array: Array = self._memory if whole else plain(self.interpretation.of(self._memory))
        self._parts: tuple[Part, ...] | None = None
        self._pyramids: dict[int, Pyramid] = {}
        self._lanes: KeptLanes | None = None
        self._lock = threading.Lock()
        self._told: list[tuple[int, int]] = []  # bytes of the whole buffer that the hardware wrote, not yet looked at
        self._undo: Callable[[], None] | None = None

    @property
    def memory(self) -> Array:
        """The memory as it was given, whatever it is read as."""
        return self._memory

    @property
    def parts(self) -> tuple[Part, ...]:
        """The lines of numbers in it, at most 16; empty where there are none, and where the elements do not follow one another."""
        if self._parts is None:
            self._parts = tuple(self._find_parts())[:MOST_PARTS]
        return self._parts

    def _find_parts(self) -> list[Part]:
        array = self.array
        if self.interpretation.channels > 1:
            channels = array.shape[-1]
            frames = array.reshape(-1, channels) if array.flags.c_contiguous else array
            return [
                Part(f"{channel}{f' {name}' if name else ''}", data)
                for channel in range(channels)
                for name, data in components(frames[:, channel])
            ]
        if array.ndim != 1:
            if not array.flags.c_contiguous:
                return []
            array = array.reshape(-1)  # a view, since the elements follow one another
        return [Part(name, data) for name, data in components(array)]

    @property
    def samples(self) -> int:
        """Samples of each line."""
        return self.parts[0].data.size if self.parts else 0

    # Curves.

    def curve(self, index: int, start: int, stop: int, columns: int) -> Curve:
        """Line `index` from `start` to `stop` in at most about `columns` columns."""
        data = self.parts[index].data
        if data.size < _PYRAMID_FROM:
            return reduce_line(data, start, stop, columns)
        return self._pyramid(index).curve(start, stop, columns)

    def extremes(self, index: int, start: int, stop: int) -> tuple[int | float, int | float] | None:
        """The least and the greatest value of line `index` from `start` to `stop`, of all samples however many; None where none is
        finite."""
        return self._pyramid(index).extremes(start, stop)

    def _pyramid(self, index: int) -> Pyramid:
        pyramid = self._pyramids.get(index)
        if pyramid is None:
            from pynq_widgets.analysis.pyramid import Pyramid

            pyramid = self._pyramids[index] = Pyramid(self.parts[index].data)
            pyramid.refresh(math.inf)
        return pyramid

    def lanes(self, wanted: Sequence[Lane], start: int, stop: int, columns: int) -> list[LaneRuns]:
        """`wanted` lanes of the elements (of the first channel, where there are several) from `start` to `stop`, as `reduce_lanes`."""
        if self._lanes is None:
            array = self.array
            if self.interpretation.channels > 1:
                array = array.reshape(-1, array.shape[-1])[:, 0]
            array = array.reshape(-1)
            if array.size < _PYRAMID_FROM:
                return reduce_lanes(array, wanted, start, stop, columns)
            from pynq_widgets.analysis.kept_lanes import KeptLanes

            self._lanes = KeptLanes(array)
            self._lanes.refresh(math.inf)
        return self._lanes.runs(wanted, start, stop, columns)

    def look(self, budget: float = math.inf, within: tuple[int, int] | None = None) -> None:
        """Read again what is shown from what is kept: first what hardware is known to have written, then in turn the rest, for at most
        `budget` seconds; `within`: the samples that somebody looks at."""
        with self._lock:
            told, self._told = self._told, []
        kept: list[Kept] = [*self._pyramids.values(), *((self._lanes,) if self._lanes is not None else ())]
        for each in kept:
            for offset, nbytes in told:
                each.changed(*self._samples_of(offset, nbytes))
            each.refresh(budget / len(kept), within)

    @property
    def large(self) -> bool:
        """Whether there are more samples than are read at once."""
        return self.samples >= _PYRAMID_FROM

    # What hardware writes.

    def listen(self) -> None:
        """From now on hear what the hardware writes. Nothing for memory of the host."""
        if self._undo is None and hasattr(self.buffer, "on_change"):
            with contextlib.suppress(Exception):  # a copy, a freed buffer: there is nobody to tell
                self._undo = self.buffer.on_change(self._hear)

    def _hear(self, offset: int, nbytes: int) -> None:
        with self._lock:
            self._told.append((offset, nbytes))
            if len(self._told) > 256:  # nobody looked for long
                low, high = min(at for at, _ in self._told), max(at + count for at, count in self._told)
                self._told = [(low, high - low)]

    def offset_in_buffer(self) -> int:
        """Bytes from the start of the whole buffer to the first that is shown."""
        return self._start + self.interpretation.offset

    def _samples_of(self, offset: int, nbytes: int) -> tuple[int, int]:
        """The samples that some bytes of the whole buffer are in."""
        size = self.frame_bytes
        if not size:
            return 0, self.samples
        first = offset - self.offset_in_buffer()
        return min(max(first // size, 0), self.samples), min(max(-(-(first + nbytes) // size), 0), self.samples)

    @property
    def frame_bytes(self) -> int:
        """Bytes from one sample of a line to the next; 0 where the array is not contiguous."""
        if not self.array.flags.c_contiguous or not self.parts:
            return 0
        return abs(self.parts[0].data.strides[0]) or self.array.itemsize

    def sample_at(self, offset: int) -> float:
        """The sample at a byte of the whole buffer; NaN where that is not known."""
        size = self.frame_bytes
        return (offset - self.offset_in_buffer()) / size if size else float("nan")

    def frozen(self) -> Source:
        """The same over a copy of the memory, so that what is held does not change."""
        return Source(np.array(self._memory, order="C"), self.interpretation)

    def close(self) -> None:
        """Hear nothing any more."""
        undo, self._undo = self._undo, None
        if undo is not None:
            undo()


def _device_side(buffer: Array) -> Array:
    ask = getattr(buffer, "device_side", None)
    memory = ask() if ask is not None else None
    if memory is None:
        who = "this array is memory of the host alone" if ask is None else "its device cannot tell what its memory holds"
        raise ValueError(f"the view shows the side 'host' only: {who}")
    return plain(memory)


def coherence_of(buffer: Any) -> Any:
    """The buffer's `Coherence`; None where there is none to tell of."""
    try:
        return buffer.coherence
    except Exception:  # no buffer, a copy, a freed one
        return None
