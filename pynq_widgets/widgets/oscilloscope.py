"""A scope: frames that a channel receives in a loop, or that others put into a buffer, drawn as they come."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from .buffer_follower import Sampling
from .buffer_options import checked_scale, checked_unit, positive
from .buffer_source import Source
from .closing import close_layout
from .detail import device_text
from .modes.settings import Settings
from .plot import Plot
from .scope_messages import ScopeMessages
from .scope_modes import SCOPE_MODES
from .scope_panel import ScopePanel
from .scope_running import Running, checked_rate
from .scope_source import ScopeSource, leave_channel, source_of
from .scope_trigger import Gate, TriggerSettings
from .viewers import Later, Viewers

_FIRST = 0.4  # seconds that a stored notebook waits for a frame to show


class Scope(Running, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """An oscilloscope over frames that come; made by :func:`scope`.

    It runs while somebody looks, or (with `keep`, or where `run` or `single` was called and no page has shown it yet) unseen. Where it does
    not run, it has no thread, holds no memory of the device, and its channel is as it was found.

    Attributes
    ----------
    shown : int
        Frames that were drawn.
    """

    def __init__(
        self,
        source: ScopeSource,
        *,
        rate: float = 30.0,
        mode: str = "line",
        sample_rate: float | None = None,
        unit: str = "",
        scale: float = 1.0,
        trigger: Any = "auto",
        span: float | None = None,
        range: tuple[float, float] | None = None,
        keep: bool = False,
        title: str | None = None,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self.source = source
        self._rate = checked_rate(rate)
        self._sample_rate = None if sample_rate is None else positive("sample_rate", sample_rate)
        self._unit, self._scale = checked_unit(unit), checked_scale(scale)
        self._range = _checked_range(range)
        self._span = None if span is None else positive("span", span)
        self._keep = bool(keep)
        self._now = now
        self._sampler = sampler
        self._drawing = threading.RLock()
        self._arranging = threading.RLock()
        self._arrived = threading.Condition()
        self._wanted, self._asked, self._was_shown = "run", False, False
        self._session = self._subscription = None
        self._closed = False
        self._ended_counts = [0, 0, 0]
        self._blank = Source(source.blank(), source.interpretation)
        self._seen = self._blank
        self._frame = None
        self._frames_taken = self._frames_given = 0
        self._frame_time = -math.inf
        self._level = 0.0
        self._waiting_trigger = False
        self._gate = Gate(None, self._line, None, now)
        self._drawing_last = None
        self._heights = {}
        self._modes = {}
        self.shown = 0
        self._why_stopped = self._trouble = ""
        self._claims = True
        self._due = -math.inf
        self._drawn = self._acknowledged = 0
        self._heard_at = -math.inf
        self._stalled = self._judging = False
        self._told = {}
        self._told_at = -math.inf
        self._bye_at = None
        self._trigger = TriggerSettings.of([part.name for part in self._blank.parts], self._trigger_changed)
        if not self._blank.parts:
            raise ValueError(f"scope expected numbers, not elements of type {self._blank.array.dtype}")
        self.viewers = Viewers(self._watched_changed, now=now, later=later)
        self._messages = ScopeMessages(self)
        self._mode = self._made(mode)
        self.plot = Plot(moved=self._moved, watched=self._watched_changed, label=f"Scope of {source.title}", now=now, later=later)
        self.plot.on_mark(self._mark_moved)
        told, kind, _ = device_text(source.device) if source.device is not None else ("", "", "")
        self.panel = ScopePanel(self._messages.heard, title=title or source.title, device=[told, kind])
        super().__init__([self.panel, self.plot], layout=ipywidgets.Layout(width="100%"), _dom_classes=("pw-scope",))
        self._trigger.put(trigger)
        self._trigger_changed()

    @property
    def closed(self) -> bool:
        """Whether it was closed, by `close` or with its last page."""
        return self._closed

    # What is seen.

    @property
    def mode(self) -> str:
        """What is shown: ``'line'``, ``'steps'``, ``'points'``, ``'spectrum'``, ``'waterfall'``, ``'histogram'``, ``'xy'``, ``'eye'``,
        ``'persistence'`` or ``'lanes'``. Settable; ``ValueError`` for another, or one that the samples do not fit."""
        return self._mode.name

    @mode.setter
    def mode(self, name: str) -> None:
        with self._drawing:
            self._mode = self._made(name)
            self._drawing_last = None
        self._aim()
        self._sheet()
        self._redraw()

    @property
    def modes(self) -> dict[str, str]:
        """All modes, and why each cannot show these samples; empty text where it can."""
        return {mode.name: mode.refusal(self._blank) for mode in SCOPE_MODES}

    @property
    def settings(self) -> Settings:
        """The settings of the present mode, as attributes."""
        return self._mode.settings

    @property
    def sample_source(self) -> Source:
        """What frames are like: their type, their length, their lines."""
        return self._blank

    @property
    def sample_rate(self) -> float | None:
        """Samples a second (of each channel): the time base. None: samples are counted. Settable."""
        return self._sample_rate

    @sample_rate.setter
    def sample_rate(self, rate: float | None) -> None:
        before = self._sample_rate or 1.0
        self._sample_rate = None if rate is None else positive("sample_rate", rate)
        if self._span is not None:
            self._span *= before / (self._sample_rate or 1.0)  # the same samples
        self._changed()

    @property
    def unit(self) -> str:
        """What values are measured in: ``'V'``. Settable."""
        return self._unit

    @unit.setter
    def unit(self, unit: str) -> None:
        self._unit = checked_unit(unit)
        self._changed()

    @property
    def scale(self) -> float:
        """How much, in units, a value of 1 stands for. Settable; not 0."""
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        self._scale = checked_scale(scale)
        self._changed()

    @property
    def span(self) -> float | None:
        """What the screen is wide, in seconds (samples, with no sample rate). None: half a frame with a trigger, else all. Settable."""
        return self._span

    @span.setter
    def span(self, span: float | None) -> None:
        self._span = None if span is None else positive("span", span)
        self.plot.view = None
        self._changed()

    @property
    def range(self) -> tuple[float, float] | None:
        """The ends of the vertical axis of signals, in units; None: what they need. Settable."""
        return self._range

    @range.setter
    def range(self, limits: tuple[float, float] | None) -> None:
        self._range = _checked_range(limits)
        self._changed()

    @property
    def trigger(self) -> TriggerSettings:
        """The trigger: ``scope.trigger.level = 0.5``. To assign a level, a `Trigger`, a dict, ``'off'`` or None sets what it says."""
        return self._trigger

    @trigger.setter
    def trigger(self, what: Any) -> None:
        self._trigger.put(what)

    def _sheet(self) -> None:
        if not self._closed and hasattr(self, "comm"):
            self.panel.state(self._messages.sheet())

    # Life.

    def close(self) -> None:
        """Stop, give everything back, and take the scope off every page. `frame`, the counts and `measurements` stay."""
        if not hasattr(self, "panel"):  # the constructor raised, and Python cleans up
            return
        self._closed = True
        self._arrange(wait=True)
        leave_channel(self.source.key, self)
        self.plot.close()
        self.panel.close()
        close_layout(self)
        super().close()

    def _grab(self) -> None:
        """Have a frame to show in a stored notebook, where none has come yet."""
        if self._frame is not None or self._closed or self._wanted != "run" or self._session is not None or self._was_shown:
            return
        self._asked, before = True, self._asked
        try:
            self._arrange()
            if self.wait(_FIRST) is None:
                self._cannot_draw(self.waiting)
        finally:
            self._asked = before
        self._arrange(wait=True)
        with self._drawing:
            self._draw()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        from .scope_bundle import scope_bundle

        self._grab()
        return scope_bundle(self, super()._repr_mimebundle_(**options))

    def __repr__(self) -> str:
        frames, overruns, rejected = self._counts()
        said = f": {self.problem}" if self.problem else ""
        return f"Scope({self.source.title}; {frames} frames, {overruns} overruns, {rejected} rejected, {self.state}{said})"


def scope(
    buffer_or_channel: Any,
    *,
    samples: int = 4096,
    dtype: Any = "i2",
    channels: int = 1,
    feed: Callable[[], object] | tuple[Any, Any] | None = None,
    mode: str = "line",
    sample_rate: float | None = None,
    unit: str = "",
    scale: float = 1.0,
    trigger: Any = "auto",
    span: float | None = None,
    range: tuple[float, float] | None = None,
    rate: float = 30.0,
    keep: bool = False,
    buffers: Sequence[Any] | None = None,
    target: Any = None,
    title: str | None = None,
) -> Scope:
    """Show what a channel receives, frame after frame, as an oscilloscope does::

        scope(dma.recvchannel, samples=4096, dtype='i2', sample_rate=1e6)

    It begins when it is seen and pauses while it is not; it ends with the last page that shows it, with `close`, and when another overlay
    is loaded. Then its channel is as it was found, and its memory is free again.

    Parameters
    ----------
    buffer_or_channel
        A channel that receives, such as ``dma.recvchannel`` of an AXI DMA or ``dma.recvchannels[0]`` of an MCDMA; or a buffer that others
        fill: each transfer into it, and each ``tell_changed()``, is a frame. A plain numpy array is looked at `rate` times a second.
    samples, dtype, channels
        Of a frame from a channel: how many samples of each of `channels` that take turns (up to 16), and of what type. A packet that is
        shorter is a shorter frame.
    feed
        What makes the data come, where they do not by themselves: a function that is called after each time that the channel was armed,
        or ``(sendchannel, buffer)`` to send a buffer each time.
    mode
        What is shown; see `Scope.mode`.
    sample_rate, unit, scale
        Samples a second (the time base), what a value is measured in, and how much of that 1 is.
    trigger
        ``'auto'``, ``'normal'``, ``'off'``, a level in units, a ``Trigger``, or a dict of settings; see `TriggerSettings`.
    span, range
        Width of the screen in seconds (samples with no sample rate), and the ends of its vertical axis in units.
    rate
        Frames a second at most, 0.1 to 60.
    keep
        Go on while it is not on a screen.
    buffers, target
        Memory of your own (two or more arrays of ``allocate``), or where to allocate it; default the channel's device.
    title
        Stands above the scope; default the name of the channel.

    A channel fills one buffer at a time: the newest scope of a channel has it, and one before it stops and says so.

    Raises ``TypeError`` for what is no source, ``ValueError`` for numbers out of range.
    """
    source = source_of(buffer_or_channel, samples=samples, dtype=dtype, channels=channels, feed=feed, buffers=buffers, target=target)
    return Scope(
        source,
        rate=rate,
        mode=mode,
        sample_rate=sample_rate,
        unit=unit,
        scale=scale,
        trigger=trigger,
        span=span,
        range=range,
        keep=keep,
        title=title,
    )


def _checked_range(limits: Any) -> tuple[float, float] | None:
    if limits is None:
        return None
    try:
        low, high = (float(edge) for edge in limits)
    except (TypeError, ValueError):
        raise ValueError(f"scope expected a range (low, high), not {limits!r}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"scope expected a range (low, high) with low < high, not {limits!r}")
    return low, high


__all__ = ["Scope", "scope"]
