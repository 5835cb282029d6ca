"""A buffer as a picture: a line, an image, or a sentence; it follows the buffer while somebody looks."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets
import numpy as np

from pynq_widgets.analysis.curve import Array, Curve, components, plain, reduce_line

from . import outbox
from .buffer_facts import buffer_name, device_of, facts, gone_text, quoted_text, shape_text, value_text, why_no_picture
from .buffer_panel import BufferPanel
from .closing import close_layout
from .raster import HEIGHT, WIDTH, Range, Raster, Region, is_picture, rasterize
from .viewers import Later, Viewers

if TYPE_CHECKING:
    from .line_plot import LinePlot

_log = logging.getLogger(__name__)

SLOWEST, FASTEST = 0.1, 50.0
_FINEST = 4  # elements that a zoomed picture shows at least, each way


class Sampling(Protocol):
    """What the view asks of ``live.Sampler``."""

    def subscribe(self, poll: Callable[[], object], rate: float) -> Any: ...


class BufferView(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """One dimension as a line, two (or rows x columns x 3 or 4 colours) as a picture, more of them a plane at a time.

    Zooming and panning show the visible part finer: the page never gets more than it can show. While somebody can see the view, the
    buffer is looked at `rate` times a second, and what changed of the visible part is sent. Nothing is flushed or invalidated: of a
    buffer that is cached and not coherent, the processor's side is shown.

    Parameters
    ----------
    source
        A `PynqBuffer`, or any numpy array.
    rate
        Looks a second, 0.1 to 50; 0 for none unasked (`refresh` looks once).
    limits
        Values that get the first and the last colour of a picture. Default: the least and the greatest that are seen.
    sampler
        Calls the looks; default the sampler of the buffer's device.

    Raises ``TypeError`` for another source, ``ValueError`` for a rate or limits out of range.
    """

    def __init__(
        self,
        source: Array,
        *,
        rate: float = 10.0,
        limits: Range | None = None,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        if not isinstance(source, np.ndarray):
            raise TypeError(f"BufferView expected a buffer or a numpy array, not {type(source).__name__}: try numpy.asarray(...)")
        if limits is not None and not (len(limits) == 2 and all(map(math.isfinite, limits)) and limits[0] < limits[1]):
            raise ValueError(f"BufferView expected limits (low, high) with low < high, not {limits!r}")
        self.buffer = source
        self._rate = _checked_rate(rate)
        # Views of the memory as it is now: they stay valid whatever becomes of the buffer.
        self._array = plain(source)
        self._limits = limits
        self._sampler = sampler
        self._drawing = threading.RLock()
        self._subscribing = threading.Lock()
        self._stalled = False  # the page does not keep up, though the kernel listens
        self._asking = False
        self._subscription: Any = None
        self._closed = False
        self._gone = gone_text(source)
        self._status: dict[str, Any] = {}
        self._picture: Raster | None = None
        self._curves: tuple[Curve, ...] = ()
        self._stated_at = -math.inf
        self._now = now
        self._plane: tuple[int, ...] = ()
        self._region: Region = (0, 0, 0, 0)
        self.plot: LinePlot | None = None
        self.viewers = Viewers(self._watched, now=now, later=later)
        self.sentence = why_no_picture(source)
        self._prepare()
        children = [self.panel] if self.plot is None else [self.panel, self.plot.figure]
        super().__init__(children, layout=ipywidgets.Layout(width="100%"), _dom_classes=("pw-buffer",))
        if not self._gone:
            self.refresh()

    def _prepare(self) -> None:
        """Decide what the buffer is shown as, and make the parts for it."""
        array = self._array
        traits: dict[str, Any] = {"title": buffer_name(self.buffer), "facts": [list(fact) for fact in facts(self.buffer)]}
        self.kind = "text"
        if not self.sentence and array.ndim == 1 and array.size > 1:
            from .line_plot import COLOURS, LinePlot

            self.kind = "line"
            names = [name for name, _ in components(array)]
            self.plot = LinePlot(array.size, len(names), self._moved)
            traits["labels"] = [list(pair) for pair in zip(names, COLOURS, strict=False)] if len(names) > 1 else []
            traits["shape"] = list(array.shape)
        elif not self.sentence and array.ndim >= 2:
            self.kind = "picture"
            self._plane = (0,) * (array.ndim - (3 if is_picture(array) else 2))
            height, width = self._shown_array().shape[:2]
            self._region = (0, height, 0, width)
            traits["shape"] = [height, width]
            traits["planes"] = list(array.shape[: len(self._plane)])
        elif not self.sentence:
            traits["shape"] = []
        self.panel = BufferPanel(self._heard, kind=self.kind, **traits)

    # What is seen, from Python.

    @property
    def rate(self) -> float:
        """Looks a second while somebody can see the view; 0: none unasked."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = _checked_rate(rate)
        self._resubscribe()
        self._state()

    @property
    def live(self) -> bool:
        """Whether the buffer is being looked at because somebody sees this view."""
        return self._subscription is not None

    @property
    def window(self) -> tuple[int, ...]:
        """What is seen: first sample and the one after the last; of a picture first row, row after the last, and the same of columns."""
        return self.plot.window if self.plot is not None else self._region if self.kind == "picture" else ()

    @property
    def plane(self) -> tuple[int, ...]:
        """The index of the plane that is shown, for arrays of more dimensions than a picture has. Settable."""
        return self._plane

    @plane.setter
    def plane(self, index: tuple[int, ...]) -> None:
        lengths = self._array.shape[: len(self._plane)]
        if len(index) != len(lengths) or not all(0 <= i < n for i, n in zip(index, lengths, strict=True)):
            raise IndexError(f"the planes of this buffer are indexed 0 to below {lengths}, not {tuple(index)!r}")
        self._plane = tuple(int(i) for i in index)
        self._picture = None
        self.refresh()

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The lines that are drawn: what the page has."""
        return self._curves

    def show(self, *window: int) -> None:
        """Show a part: ``show(start, stop)`` of a line, ``show(row, row_end, column, column_end)`` of a picture; nothing given: all."""
        if self.plot is not None:
            if len(window) not in (0, 2):
                raise ValueError(f"a part of a line is (start, stop), not {window!r}")
            self.plot.show(*(window or (0, max(self._array.size - 1, 1))))
        elif self.kind == "picture":
            height, width = self._shown_array().shape[:2]
            self._region = self._clipped(window or (0, height, 0, width))
            self._state({"show": list(self._region)})
        self.refresh()

    def refresh(self) -> bool:
        """Look at the buffer now, and send what changed of the visible part; whether anything had."""
        with self._drawing:
            if self._closed:
                return False
            gone = gone_text(self.buffer)
            if gone:
                if gone != self._gone:
                    self._gone = gone
                    outbox.default().post(self._tell_facts)
                    self._state()
                return False
            return self._draw()

    def _tell_facts(self) -> None:
        if not self._closed:
            self.panel.facts = [list(fact) for fact in facts(self.buffer)]

    def close(self) -> None:
        """Take the view off every page, and everything it is made of; end its looking."""
        if not hasattr(self, "panel"):  # the constructor raised, and Python cleans up
            return
        with self._drawing:
            self._closed = True
        self._resubscribe()
        for part in (self.plot, self.panel):
            if part is not None:
                part.close()
        close_layout(self)
        super().close()

    # Drawing. All of it under `_drawing`: the sampler's thread and the page's messages take turns.

    def _shown_array(self) -> Array:
        return self._array[self._plane] if self._plane else self._array

    def _draw(self) -> bool:
        if self.kind == "line":
            return self._draw_line()
        if self.kind == "picture":
            return self._draw_picture()
        text = quoted_text(self._array) if self.sentence else value_text(self._array, (0,) * self._array.ndim)
        return self._say(value=text)

    def _draw_line(self) -> bool:
        assert self.plot is not None
        start, stop = self.plot.window
        self._curves = tuple(reduce_line(part, start, stop) for _, part in components(self._array))
        changed = self.plot.draw(self._curves)
        step = self._curves[0].step
        detail = f"least and greatest of each {step:,} samples" if step > 1 else ""
        told = self._say(detail=detail, gaps=any(curve.gaps for curve in self._curves), window=[start, stop])
        if changed and not told and self._now() - self._stated_at > 1:
            self._state()  # the count of frames, by which the page tells that it keeps up
        return changed

    def _draw_picture(self) -> bool:
        raster = rasterize(self._shown_array(), self._region, limits=self._limits, last=self._picture)
        if raster is self._picture:
            return False
        self._picture = raster
        first, end, left, right = raster.region
        down, across = -(-(end - first) // HEIGHT), -(-(right - left) // WIDTH)
        detail = f"a pixel stands for {down} \N{MULTIPLICATION SIGN} {across} elements" if max(down, across) > 1 else ""
        self._status.update(detail=detail, gaps=raster.gaps, region=list(raster.region), range=_range_text(raster.shown))
        self._state(picture=raster.png)
        return True

    def _say(self, **status: Any) -> bool:
        """Send a state if something in it is new."""
        if all(self._status.get(name) == value for name, value in status.items()):
            return False
        self._status.update(status)
        self._state()
        return True

    def _state(self, extra: Mapping[str, Any] | None = None, picture: bytes | None = None) -> None:
        with self._drawing:
            self._stated_at = self._now()
            said = f"{self._gone} What is shown is the last that was seen." if self._gone and self._status else self._gone or self.sentence
            content = {**self._status, "rate": self._rate, "live": self.live and not self._gone, "said": said, "gone": bool(self._gone)}
            self.panel.state({**content, **(extra or {})}, picture)

    def _answer(self) -> None:
        """A buffer that does not change is silent, and the page wants to know once a second that somebody is there."""
        if self.live and self._now() - self._stated_at >= 0.9:
            self._state()

    def _moved(self) -> None:
        self.refresh()

    # What the page says: whatever a message holds, it harms nothing.

    def _heard(self, kind: str, content: Mapping[str, Any]) -> None:
        try:
            answer = getattr(self, f"_on_{kind}", None)
            if answer is not None and not self._closed:
                answer(content)
        except (TypeError, ValueError, LookupError, OverflowError):
            _log.debug("a message of the page was not understood: %r", content, exc_info=True)

    def _on_hello(self, content: Mapping[str, Any]) -> None:
        self.viewers.beat(str(content.get("view"))[:64], bool(content.get("visible")), (), self.panel.frame)
        self.refresh()
        # A new view gets all, whatever the others have.
        self._state(picture=self._picture.png if self._picture is not None else None)

    def _on_beat(self, content: Mapping[str, Any]) -> None:
        seen = content.get("seen")
        self.viewers.beat(
            str(content.get("view"))[:64], bool(content.get("visible")), (), seen if isinstance(seen, int) else self.panel.frame
        )
        if self.viewers.watched and self._rate and self._subscription is None:
            self._resubscribe()  # what hindered it before may be over
        self._answer()

    def _on_bye(self, content: Mapping[str, Any]) -> None:
        self.viewers.bye(str(content.get("view")))

    def _on_whole(self, content: Mapping[str, Any]) -> None:
        self.show()

    def _on_rate(self, content: Mapping[str, Any]) -> None:
        self.rate = content["rate"]

    def _on_plane(self, content: Mapping[str, Any]) -> None:
        self.plane = tuple(int(i) for i in content["index"])

    def _on_region(self, content: Mapping[str, Any]) -> None:
        with self._drawing:
            self._region = self._clipped(tuple(int(edge) for edge in content["region"]))
        self.refresh()

    def _on_at(self, content: Mapping[str, Any]) -> None:
        """Which value is at an index, or under the mouse."""
        where: list[int] = []
        try:
            if "fraction" in content and self.plot is not None:
                where = [self.plot.position(float(content["fraction"]))]
            else:
                where = [int(i) for i in content.get("index", ())]
            shape = self._shown_array().shape[: 1 if self.kind == "line" else 2]
            if len(where) != len(shape) or not all(0 <= i < n for i, n in zip(where, shape, strict=True)):
                raise IndexError(f"there is no [{', '.join(map(str, where))}] in {shape_text(self._array)}")
            # Not of freed memory as if it were the buffer's.
            text = self._gone or value_text(self._array, (*self._plane, *where))
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            text, where = str(error), []
        self.panel.tell({"kind": "value", "view": content.get("view"), "text": text, "index": where})

    def _clipped(self, region: tuple[int, ...]) -> Region:
        height, width = self._shown_array().shape[:2]
        if len(region) != 4:
            raise ValueError(f"a part of a picture is (row, row_end, column, column_end), not {region!r}")
        rows, columns = _span(region[0], region[1], height), _span(region[2], region[3], width)
        return (*rows, *columns)

    # Life.

    def _watched(self, watched: bool) -> None:
        self._resubscribe()
        self._state()

    def _poll(self) -> None:
        """One tick of the sampler."""
        self.viewers.check()
        if not self.viewers.watched or self._behind():
            return  # what changed meanwhile goes out in one frame, later
        self.refresh()
        self._answer()
        if self._gone:
            self._resubscribe()

    def _behind(self) -> bool:
        """Whether the page has more frames before it than it should. That counts only once the main loop has handed over what the page
        said: during a long cell nobody hears it, and the view goes on."""
        if not self.panel.behind(self.viewers.seen):
            self._stalled = False
        elif not self._asking and not self._stalled:
            self._asking = True
            self.viewers.after_beats(self._judge)
        return self._stalled

    def _judge(self) -> None:
        self._stalled = self.panel.behind(self.viewers.seen)
        self._asking = False

    def _resubscribe(self) -> None:
        """Be called by the sampler as often as is wanted now: not at all where nobody looks."""
        # One at a time: the page's messages and the sampler's thread both come here. The sampler never polls under its own lock.
        with self._subscribing:
            wanted = self._rate if self.viewers.watched and not self._closed and not self._gone else 0
            ended, self._subscription = self._subscription, None
            if wanted:
                self._subscription = self._sampling().subscribe(self._poll, wanted)
            if ended is not None:
                ended.close()

    def _sampling(self) -> Sampling:
        if self._sampler is None:
            self._sampler = _sampler_of(device_of(self.buffer))
        return self._sampler


def _sampler_of(device: Any) -> Sampling:
    from pynq_widgets.live import Sampler

    if device is not None:
        return Sampler.of(device)
    global _host_sampler
    if _host_sampler is None:
        from pynq_widgets.device.clock import WallClock

        _host_sampler = Sampler(WallClock())
    return _host_sampler


_host_sampler: Sampling | None = None  # for arrays that are of no device


def _checked_rate(rate: Any) -> float:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not (rate == 0 or SLOWEST <= rate <= FASTEST):
        raise ValueError(f"BufferView expected a rate of {SLOWEST:g} to {FASTEST:g} looks a second (or 0 for none unasked), not {rate!r}")
    return float(rate)


def _span(first: int, end: int, length: int) -> tuple[int, int]:
    """`first` to `end` moved into an axis, and at least some elements long."""
    first, end = sorted((min(max(first, 0), length), min(max(end, 0), length)))
    least = min(_FINEST, length)
    if end - first < least:
        first = min(first, length - least)
        end = first + least
    return first, end


def _range_text(shown: Range | None) -> list[str]:
    return [] if shown is None else [f"{shown[0]:.6g}", f"{shown[1]:.6g}"]
