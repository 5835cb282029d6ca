"""A strip chart: attributes of the hardware over time, sampled while somebody looks."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from pynq_widgets.analysis.curve import COLUMNS, Floats

from . import outbox, strip_export
from .closing import close_layout
from .detail import device_text
from .reuse import shown
from .strip_channels import Channel, channels
from .strip_panel import StripPanel
from .strip_plot import SETTLE, StripPlot
from .strip_ring import reduce_times
from .strip_track import Sampling, Track, tracks_of
from .viewers import Lag, Later, Viewers

_log = logging.getLogger(__name__)

SLOWEST, FASTEST = 0.1, 200.0  # samples a second
SHORTEST, LONGEST = 1.0, 86_400.0  # seconds
MOST_VALUES = 4_000_000  # numbers that one chart keeps: 64 MB, since the ring has room for twice as many
FRAMES = 30.0  # updates a second that go to the page at most
_SLOW_FRAME = 0.2  # seconds between updates at most, however long the span
_MOST_GAPS = 1000
_MOST_ROWS = 200_000  # rows that go to the page as a file


@dataclass(frozen=True)
class Gap:
    """A time without values: `start` and `end` in seconds of the chart (`end` None: it lasts), the `line` ('' for all), and why."""

    line: str
    start: float
    end: float | None
    reason: str


class StripChart(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Attributes of the hardware over time; made by :func:`strip`.

    They are read `rate` times a second while the chart is on a screen, or with `keep` from now on, seen or not. Nothing is read while
    it is paused, and nothing ever that a read would change. What could not be read is a gap, with its reason.

    Parameters
    ----------
    lines
        What is followed; see :func:`.strip_channels.channels`.
    rate, seconds, keep, apart, title
        As in :func:`strip`.
    sampler
        Reads, for all lines; default the sampler of each line's device.
    """

    def __init__(
        self,
        lines: tuple[Channel, ...],
        *,
        rate: float = 10.0,
        seconds: float = 60.0,
        keep: bool = False,
        apart: bool | None = None,
        title: str | None = None,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self._rate, self._seconds = _checked(rate, seconds, len(lines))
        self._keep = bool(keep)
        self._lines = lines
        self._now = now
        self._lock = threading.RLock()  # the samples, and what is told of them
        self._drawing = threading.Lock()  # the figures
        self._subscribing = threading.RLock()
        self._paused = self._closed = False
        self._gone = ""
        self._said = ""
        self._drawn_at = self._due = -math.inf
        self._settling = 0
        self._span_told = self._seconds
        self.gaps_kept: deque[Gap] = deque(maxlen=_MOST_GAPS)
        self._tracks = tracks_of(lines, _rows(self._rate, self._seconds), sampler)
        self.started = time.time()
        self.viewers = Viewers(lambda watched: self._resubscribe(), now=now, later=later)
        self._behind = Lag(self.viewers, self._lags)
        its_track = [next(number for number, track in enumerate(self._tracks) if line in track.lines) for line in lines]
        self._members = [[at for at, its in enumerate(its_track) if its == number] for number in range(len(self._tracks))]
        self.plot = StripPlot(_figures(lines, apart), its_track, self._seconds, self._zoomed)
        self.panel = StripPanel(
            self._heard,
            title=title if title is not None else ", ".join(line.label for line in lines),
            device=_device_of(lines),
            lines=[[line.label, line.unit, colour] for line, colour in zip(lines, self.plot.colours, strict=True)],
        )
        super().__init__(
            [self.panel, *self.plot.figures], layout=ipywidgets.Layout(width="100%", min_width="0"), _dom_classes=("pw-strip",)
        )
        self._resubscribe()

    # What Python asks.

    @property
    def names(self) -> tuple[str, ...]:
        """The labels of the lines, as in `data`."""
        return tuple(line.label for line in self._lines)

    @property
    def live(self) -> bool:
        """Whether the hardware is being sampled."""
        return any(track.watch is not None for track in self._tracks)

    @property
    def paused(self) -> bool:
        """Whether somebody has paused it."""
        return self._paused

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The times without values, oldest first; the last thousand of them."""
        with self._lock:
            lasting = [Gap(line.label, track.since[at], None, track.reasons[at]) for track in self._tracks for at, line in track.missing()]
            return (*self.gaps_kept, *lasting)

    @property
    def rate(self) -> float:
        """Samples a second that are asked for, 0.1 to 200. Settable."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        if rate == self._rate:
            return
        checked, _ = _checked(rate, self._seconds, len(self._lines))
        with self._lock:
            self._rate = checked
            self._fit()
        self._resubscribe(again=True)

    @property
    def true_rate(self) -> float:
        """Samples a second at which the hardware is read now: lower than `rate` where the bus is slower, 0 where nothing is read."""
        rates = [float(watch.rate) for watch in (track.watch for track in self._tracks) if watch is not None]
        return min(rates, default=0.0)

    @property
    def seconds(self) -> float:
        """The span of time that is shown and kept, 1 to 86400 seconds. Settable."""
        return self._seconds

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        _, checked = _checked(self._rate, seconds, len(self._lines))
        with self._lock:
            self._seconds = checked
            self._fit()
        self._show()

    @property
    def keep(self) -> bool:
        """Whether sampling goes on while nobody looks. Settable."""
        return self._keep

    @keep.setter
    def keep(self, keep: bool) -> None:
        self._keep = bool(keep)
        self._resubscribe()

    @property
    def over(self) -> bool:
        """Whether the overlay behind it has gone; what was sampled stays."""
        return bool(self._gone)

    def pause(self) -> None:
        """Stop sampling; the picture stands still. What happens meanwhile is a gap."""
        self._paused = True
        self._resubscribe()

    def resume(self) -> None:
        """Go on sampling."""
        self._paused = False
        self._resubscribe()

    def clear(self) -> None:
        """Forget the samples and the gaps. Time goes on from where it was."""
        with self._lock:
            for track in self._tracks:
                track.clear()
            self.gaps_kept.clear()
        self._show()

    def data(self) -> dict[str, Floats]:
        """The samples: ``'time'`` in seconds since the chart was made (`started`, in seconds since 1970, of the host's clock), by the
        device's clock, and an array of float64 for each line, NaN in gaps.

        Lines of several devices are sampled each in its own time: where only others were, a line is NaN.
        """
        with self._lock:
            taken = [track.ring.window() for track in self._tracks]
        times = taken[0][0] if len(taken) == 1 else np.unique(np.concatenate([times for times, _ in taken]))
        data = {"time": times}
        columns: dict[int, Floats] = {}
        for members, (own, values) in zip(self._members, taken, strict=True):
            for at, row in zip(members, values, strict=True):
                if len(taken) > 1:
                    spread = np.full(times.size, np.nan)
                    spread[np.searchsorted(times, own)] = row
                    row = spread
                columns[at] = row
        data.update((line.label, columns[at]) for at, line in enumerate(self._lines))
        return data

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write the samples as CSV (with units, and the reasons of gaps) or NPZ (the arrays of `data`), after the ending of `path`.

        Raises ``ValueError`` for another ending, ``OSError`` where the file cannot be written.
        """
        return strip_export.export(path, self.data(), self._units(), self.gaps)

    def close(self) -> None:
        """End the sampling, and take the chart off every page with everything it is made of. `data` and `export` still work."""
        if hasattr(self, "panel"):  # else the constructor raised, and Python cleans up
            self._closed = True
            self._resubscribe()
            with self._drawing:
                self.plot.close()
                self.panel.close()
        close_layout(self)
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        from .strip_bundle import strip_bundle

        return strip_bundle(self, super()._repr_mimebundle_(**options))

    def __repr__(self) -> str:
        state = (
            "closed"
            if self._closed
            else "its overlay has gone"
            if self._gone
            else "paused"
            if self._paused
            else f"{self.true_rate:g} Hz"
            if self.live
            else "not on a screen"
        )
        return f"StripChart({', '.join(self.names)}; {max(len(track.ring) for track in self._tracks)} samples, {state})"

    # Sampling.

    def _resubscribe(self, again: bool = False) -> None:
        """Be sampled where that is wanted now, and not else."""
        # One at a time; the page's messages, the sampler's thread and Python come here. The sampler never calls under its own lock.
        with self._subscribing:
            wanted = (self.viewers.watched or self._keep) and not (self._paused or self._closed or self._gone)
            why = self._gone or ("paused" if self._paused else "not on a screen")
            for track in self._tracks:
                if wanted and (again or track.watch is None):
                    track.start(self, self._rate)
                elif not wanted and track.watch is not None:
                    with self._lock:
                        track.interrupt(why)
                    track.stop()
        self._show()

    def _ticked(self, track: Track) -> None:
        """The registers of a track have been read."""
        self.viewers.check()
        if not (self.viewers.watched or self._keep):
            self._resubscribe()
            return
        with self._lock:
            if not track.running:
                return  # paused, or out of sight, while this tick was under way
            self.gaps_kept.extend(Gap(*gap) for gap in track.sample(self._period()))
        now, pace = self._now(), self._pace()
        if now >= self._due and not self._behind():
            # By the clock and not by the last update: ticks that tremble about their time are not skipped for it.
            self._due = max(self._due, now - pace) + pace
            self._show()

    def _failed(self, track: Track, error: BaseException) -> None:
        """The bus or the overlay refused. What could not be read says so by itself; here it matters that it is over."""
        from pynq_widgets.access.errors import StaleOverlayError

        # Lines of a region that was given another module have a gap with that reason; the others go on.
        ports = [line.mirror.port for each in self._tracks for line in each.lines]
        if isinstance(error, StaleOverlayError) and (all(port.is_stale for port in ports) or not any(port.gone_alone for port in ports)):
            self._gone = str(error)
            self._resubscribe()

    def _slowed(self, rate: float) -> None:
        self._show()

    def _period(self) -> float:
        return 1 / (self.true_rate or self._rate)

    def _fit(self) -> None:
        rows = _rows(self._rate, self._seconds)
        for track in self._tracks:
            track.ring = track.ring.resized(rows)

    # Drawing. What is drawn is made when the outbox comes to it, so that nothing waits in a queue.

    def _show(self) -> None:
        if not self._closed and hasattr(self, "panel"):
            self._drawn_at = self._now()
            outbox.default().ask((id(self), "frame"), self._frame)

    def _zoomed(self) -> None:
        """The page zooms or pans, in many small steps; what is seen is drawn anew when it pauses, or with the next sample."""
        if self.true_rate >= 5:
            return
        self._settling += 1
        ticket = self._settling
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # from Python, or on the outbox's thread
            self._show()
        else:
            loop.call_later(SETTLE, lambda: self._show() if ticket == self._settling else None)

    def _pace(self) -> float:
        """Seconds between updates: no finer than a column of the picture moves, nor than a page with so many figures can take."""
        return min(max(1 / FRAMES, self._seconds / COLUMNS / 2, len(self.plot.figures) / 60), _SLOW_FRAME)

    def _frame(self) -> None:
        with self._drawing:
            if self._closed:
                return
            if self._span_told != self._seconds:
                self._span_told = self._seconds
                self.plot.show(self._seconds)
            low, high = self.plot.edges
            with self._lock:
                newest = max((track.ring.last for track in self._tracks if track.ring.last is not None), default=0.0)
                taken = [track.ring.window(newest + low, newest + high) for track in self._tracks]
                state = self._state(newest)
            curves = []
            for members, (times, values) in zip(self._members, taken, strict=True):
                x, y = reduce_times(times, values, high - low)
                curves.append((x - newest, y, members))
            self.plot.draw(curves)
            self.panel.state(state)

    def _state(self, newest: float) -> dict[str, Any]:
        """What the page is to say; under the lock of the samples."""
        values, reasons = [""] * len(self._lines), [""] * len(self._lines)
        for members, track in zip(self._members, self._tracks, strict=True):
            for at, (text, reason) in zip(members, zip(track.texts, track.reasons, strict=True), strict=True):
                # What has gone stands above them all once.
                values[at], reasons[at] = text, "" if self._gone else reason
        recent = [gap for gap in self.gaps_kept if gap.end is not None and newest - gap.end <= self._seconds]
        last = recent[-1] if recent else None
        told = ""
        if last is not None and last.end is not None:
            whose = f" of {last.line}" if last.line and len(self._lines) > 1 else ""
            told = f"gap{whose} of {_duration(last.end - last.start)}, {_duration(newest - last.end)} ago: {last.reason}"
            if len(recent) > 1:
                told += f" ({len(recent)} gaps in sight)"
        return {
            "values": values,
            "reasons": reasons,
            "live": self.live,
            "paused": self._paused,
            "gone": self._gone,
            "rate": round(self.true_rate, 3 if self.true_rate < 1 else 1),
            "asked": self._rate,
            "span": self._seconds,
            "samples": max(len(track.ring) for track in self._tracks),
            "gap": told,
            "said": self._said,
        }

    def _lags(self) -> bool:
        """Whether the page has more frames before it than it should."""
        seen = self.viewers.seen
        return seen is not None and self.panel.frame - seen > 2 / self._pace() + 10  # it tells once a second which it took

    # What the page says: whatever a message holds, it harms nothing.

    def _heard(self, kind: str, content: Mapping[str, Any]) -> None:
        try:
            answer = getattr(self, f"_on_{kind}", None)
            if answer is not None and not self._closed:
                answer(content)
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            _log.debug("a message of the page was not understood: %r", content, exc_info=True)
            self._said = str(error)[:300]
            self._show()

    def _on_hello(self, content: Mapping[str, Any]) -> None:
        self.viewers.beat(str(content.get("view"))[:64], bool(content.get("visible")), (), self.panel.frame)
        self._show()

    def _on_beat(self, content: Mapping[str, Any]) -> None:
        seen = content.get("seen")
        frame = seen if isinstance(seen, int) else self.panel.frame
        self.viewers.beat(str(content.get("view"))[:64], bool(content.get("visible")), (), frame)
        if self.viewers.watched and not self.live and not self._paused:
            self._resubscribe()  # what hindered it before may be over
        if self._now() - self._drawn_at >= 0.9:
            self._show()  # nothing else has answered lately, and the page wants to know that the kernel is there

    def _on_bye(self, content: Mapping[str, Any]) -> None:
        self.viewers.bye(str(content.get("view")))

    def _on_pause(self, content: Mapping[str, Any]) -> None:
        (self.pause if content.get("paused") else self.resume)()

    def _on_clear(self, content: Mapping[str, Any]) -> None:
        self._said = ""
        self.clear()

    def _on_span(self, content: Mapping[str, Any]) -> None:
        self._said = ""
        self._span_told = 0.0  # the same span again undoes a zoom
        self.seconds = content["seconds"]

    def _on_export(self, content: Mapping[str, Any]) -> None:
        data = self.data()
        rows = data["time"].size
        if rows > _MOST_ROWS:
            raise ValueError(
                f"{rows:,} samples are too many to go through the page: chart.export('strip.npz') writes them beside the kernel"
            )
        text = strip_export.csv_text(data, self._units(), self.gaps).encode()
        told = {"kind": "file", "view": content.get("view"), "name": "strip.csv", "rows": rows}
        outbox.default().post(lambda: self.panel.tell(told, text))

    def _units(self) -> dict[str, str]:
        return {line.label: line.unit for line in self._lines}


def strip(
    *what: Any,
    rate: float = 10.0,
    seconds: float = 60.0,
    keep: bool = False,
    apart: bool | None = None,
    title: str | None = None,
    sampler: Sampling | None = None,
) -> StripChart:
    """Show attributes of the hardware over time::

        strip(ip, 'counter', 'temperature')
        strip((timer, 'TCR0'), (gpio, 'GPIO_DATA'), rate=50, seconds=30)

    The chart can be paused, cleared, zoomed (wheel, drag) and exported in the page.

    Parameters
    ----------
    what
        An IP (or its registers, or a RegisterMap) and names: of hardware traits, of registers, or ``'REGISTER.FIELD'``; or pairs of
        these, for several IPs. Up to 8 lines.
    rate
        Samples a second, 0.1 to 200. Where the bus is slower, fewer; the chart says how many.
    seconds
        Span that is shown and kept, 1 to 86400 seconds; older samples go.
    keep
        Go on sampling while the chart is not on a screen.
    apart
        True: each line has a figure of its own. False: all lines of a unit, or of none, share one. Left out: lines of a unit share one,
        those of which no unit is known stand apart.
    title
        Stands above the chart; default the names.
    sampler
        Reads the registers; default the sampler of the device.

    Asked again for the same lines (a cell that is run again), it gives the same chart with its samples, at the new rate and span.

    Raises ``ValueError`` for what reading would change, for a name twice, and numbers out of range; ``AttributeError`` for a name that
    the IP does not have, with the near ones; ``TypeError`` for another shape.
    """
    lines = channels(what)
    _checked(rate, seconds, len(lines))
    first = lines[0].mirror
    kind = f"strip {apart}:" + ";".join(f"{id(line.mirror)}.{line.label}" for line in lines)

    made: list[StripChart] = []

    def make() -> StripChart:
        made.append(StripChart(lines, rate=rate, seconds=seconds, keep=keep, apart=apart, title=title, sampler=sampler))
        return made[0]

    chart = shown(first, kind, make, lambda: bool(made) and made[0].over)
    if not made:
        chart.rate, chart.seconds, chart.keep = rate, seconds, keep
        chart.panel.title = title if title is not None else ", ".join(chart.names)
    return chart


def _checked(rate: Any, seconds: Any, lines: int) -> tuple[float, float]:
    for name, value, least, most, unit in (
        ("rate", rate, SLOWEST, FASTEST, "samples a second"),
        ("seconds", seconds, SHORTEST, LONGEST, "s"),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise ValueError(f"strip expected {name} of {least:g} to {most:g} {unit}, not {value!r}")
    most_rows = MOST_VALUES // (lines + 1)
    if rate * seconds > most_rows:
        raise ValueError(
            f"strip keeps at most {most_rows:,} samples of {lines} lines: at {rate:g} samples a second that is {most_rows / rate:,.0f} s, "
            f"not {seconds:g} s; try rate={most_rows / seconds:.3g}"
        )
    return float(rate), float(seconds)


def _figures(lines: tuple[Channel, ...], apart: bool | None) -> list[str]:
    """What the axis of each line's figure is called; lines with the same share one."""
    shared = [line.unit or (line.label if apart is None else "") for line in lines]
    if apart:
        shared = [f"{line.label} ({line.unit})" if line.unit else line.label for line in lines]
    return [name if len(set(shared)) > 1 else lines[0].unit for name in shared]


def _rows(rate: float, seconds: float) -> int:
    return math.ceil(rate * seconds * 1.05) + 16


def _duration(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _device_of(lines: tuple[Channel, ...]) -> list[str]:
    told = {device_text(line.mirror.port.device)[:2] for line in lines if line.mirror.port.device is not None}
    return [", ".join(sorted(text for text, _ in told)), next(iter(told))[1] if len(told) == 1 else ""]
