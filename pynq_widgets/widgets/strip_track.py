"""The lines of a strip chart that one device's sampler reads together, and their samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from pynq_widgets.access import Mirror
from pynq_widgets.device.clock import WallClock
from pynq_widgets.live import Sampler
from pynq_widgets.live.asking import asking

from .strip_channels import Channel, Reading, gap
from .strip_ring import Ring

FinishedGap = tuple[str, float, float, str]
_LATE = 5  # periods without a sample that are a gap
_LATE_SECONDS = 1.0


class Sampling(Protocol):
    """What a strip chart asks of ``live.Sampler``."""

    def watch(
        self,
        groups: Iterable[tuple[Mirror, Iterable[str]]],
        rate: float,
        *,
        on_tick: Callable[[Any], object] | None = None,
        on_error: Callable[[BaseException], object] | None = None,
        on_rate: Callable[[float], object] | None = None,
    ) -> Any:
        """See :meth:`pynq_widgets.live.Sampler.watch`."""

    def subscribe(
        self,
        poll: Callable[[], object],
        rate: float,
        on_error: Callable[[BaseException], object] | None = None,
        *,
        on_rate: Callable[[float], object] | None = None,
    ) -> Any:
        """See :meth:`pynq_widgets.live.Sampler.subscribe`."""


class Listener(Protocol):
    """What a track tells."""

    def _ticked(self, track: Track) -> None: ...
    def _failed(self, track: Track, error: BaseException) -> None: ...
    def _slowed(self, rate: float) -> None: ...


class Track:
    """Lines that are sampled at the same times: seconds, of their device's clock, since the track was made.

    Attributes
    ----------
    texts, reasons
        The last value of each line as text, and why it has none.
    since
        When the gap of each line began that still lasts.
    watch
        What reads, while it is read.
    running
        Whether what is read is wanted: a tick that was under way when the reading was ended brings no sample.
    """

    def __init__(self, lines: Sequence[Channel], rows: int, sampler: Sampling) -> None:
        self.lines = tuple(lines)
        self.sampler = sampler
        self.ring = Ring(rows, len(self.lines))
        self.watch: Any = None
        self.running = False
        self._clock = self.lines[0].mirror.now
        self._began = self._clock()
        self._interrupted = ""
        self._failures = [""] * len(self.lines)
        self.clear()

    def start(self, listener: Listener, rate: float) -> None:
        """Be read `rate` times a second."""
        wanted: dict[Mirror, list[str]] = {}
        for line in self.lines:
            if line.load is None:
                wanted.setdefault(line.mirror, []).extend(line.registers)

        def tick(watch: Any = None) -> None:
            self._load(listener)
            listener._ticked(self)

        def failed(error: BaseException) -> None:
            listener._failed(self, error)

        old, was = self.watch, self.running
        self.running = True  # the first tick may come before its watch is known here
        try:
            if wanted:
                groups = list(wanted.items())
                self.watch = self.sampler.watch(groups, rate, on_tick=tick, on_error=failed, on_rate=listener._slowed)
            else:
                self.watch = self.sampler.subscribe(tick, rate, failed, on_rate=listener._slowed)
        except BaseException:
            self.running = was
            raise
        if old is not None:
            old.close()

    def _load(self, listener: Listener) -> None:
        """Read what the watch does not; a failure is the line's, whose registers say so."""
        for at, line in enumerate(self.lines):
            self._failures[at] = ""
            if line.load is not None:
                try:
                    with asking(line.mirror.port.device, "sampler"):
                        line.load()
                except Exception as error:
                    self._failures[at] = f"{type(error).__name__}: {error}"
                    listener._failed(self, error)

    def stop(self) -> None:
        """Be read no more."""
        ended, self.watch = self.watch, None
        if ended is not None:
            ended.close()

    def interrupt(self, why: str) -> None:
        """Take no more samples; what comes when it runs again is not joined to what is there."""
        self.running = False
        self._interrupted = why

    def clear(self) -> None:
        """Forget the samples."""
        self.ring.clear()
        self.texts = ["–"] * len(self.lines)
        self.reasons = [""] * len(self.lines)
        self.since = [0.0] * len(self.lines)

    def missing(self) -> Iterator[tuple[int, Channel]]:
        """The lines that have no value now, with their numbers."""
        return ((at, line) for at, line in enumerate(self.lines) if self.reasons[at])

    def sample(self, period: float) -> list[FinishedGap]:
        """Take a sample of what is known now; gives the gaps that are over."""
        time = self._clock() - self._began
        finished: list[FinishedGap] = []
        last = self.ring.last
        why, self._interrupted = self._interrupted, ""
        late = last is not None and time - last > max(_LATE * period, _LATE_SECONDS)
        if last is not None and time > last and (why or late):
            start = self.ring.append(last + min(period, (time - last) / 2), [math.nan] * len(self.lines))
            finished.append(("", start, time, why or "the sampler did not come to it"))
        readings = [gap(why) if why else _read(line) for line, why in zip(self.lines, self._failures, strict=True)]
        time = self.ring.append(time, [reading.value for reading in readings])
        for at, reading in enumerate(readings):
            if reading.reason != self.reasons[at]:
                if self.reasons[at]:
                    finished.append((self.lines[at].label, self.since[at], time, self.reasons[at]))
                self.reasons[at], self.since[at] = reading.reason, time
            self.texts[at] = reading.text
        return finished


def _read(line: Channel) -> Reading:
    try:
        return line.known()
    except Exception as error:  # a driver's own trait may raise anything; the line has a gap, and the others go on
        return gap(f"{type(error).__name__}: {error}")


def tracks_of(lines: Sequence[Channel], rows: int, sampler: Sampling | None) -> list[Track]:
    """The tracks of `lines`, in the order in which their devices come; `sampler` reads all, if it is given."""
    by_device: dict[int, list[Channel]] = {}
    for line in lines:
        by_device.setdefault(id(line.mirror.port.device), []).append(line)
    return [Track(its, rows, sampler or _sampler_of(its[0].mirror)) for its in by_device.values()]


def _sampler_of(mirror: Mirror) -> Sampling:
    device = mirror.port.device
    return Sampler(WallClock()) if device is None else Sampler.of(device)
