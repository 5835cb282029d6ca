"""How a scope runs: while somebody looks, with memory of its own for as long, and no faster than the page takes what it draws."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.analysis.curve import Array
from pynq_widgets.live.acquisition import BufferAcquisition

from . import outbox
from .buffer_facts import gone_text
from .buffer_follower import Sampling, _sampler_of
from .buffer_source import Source
from .scope_modes import Remembering
from .scope_panel import ScopePanel
from .scope_screen import Screen
from .scope_source import BufferSource, Session, channel_is_free, leave_channel, take_channel
from .scope_trigger import PATIENCE
from .viewers import Viewers

SLOWEST, FASTEST = 0.1, 60.0  # frames a second: a screen shows no more
_LOOKS = 10.0  # a second, at what stands still and who looks
_TELLS = 0.4  # seconds between two states of the counts
_AHEAD = 40  # frames that a page may have before it; it answers each state
_ANSWERS = 0.8  # seconds after which a page that has not answered is perhaps not heard, and is judged
_GRACE = 3.0  # seconds after the last page has gone before the scope is closed: a cell that is moved comes again


class Running(Screen):
    """The part of a scope that takes frames, counts them and tells of them."""

    panel: ScopePanel
    viewers: Viewers
    _arranging: threading.RLock  # what runs; never held while waiting for a thread's end, and taken before `_drawing`
    _arrived: threading.Condition
    _asked: bool  # by Python: it runs though no page has shown it
    _was_shown: bool  # whether a page has ever shown it
    _keep: bool
    _rate: float
    _claims: bool  # whether it may take the channel from another scope: it was just made, or somebody said run
    _why_stopped: str
    _trouble: str
    _sampler: Sampling | None
    _subscription: Any
    _ended_counts: list[int]  # of runs that are over
    _frames_taken: int
    _frames_given: int  # by `wait`
    _due: float
    _acknowledged: int
    _heard_at: float
    _stalled: bool
    _judging: bool
    _told: dict[str, Any]
    _told_at: float
    _bye_at: float | None

    if TYPE_CHECKING:

        def close(self) -> None: ...

    def run(self) -> None:
        """Take frames from now on, whether somebody looks or not as long as no page has shown the scope; else while somebody does."""
        self._asked = True
        self._go("run")

    def asked_by_page(self, wanted: str) -> None:
        """``'run'``, ``'single'`` or ``'stop'``, as long as somebody looks; returns at once."""
        self._go(wanted)

    def stop(self) -> None:
        """Take no more frames; returns when the hardware writes no more and its memory is given back. What was seen stays."""
        self._asked = False
        self._go("stop", wait=True)

    def single(self) -> None:
        """Take one frame, the first that meets the trigger (any, where that is off), and stop; whether somebody looks or not."""
        self._asked = True
        self._go("single")

    def _go(self, wanted: str, wait: bool = False) -> None:
        if self._closed:
            raise ValueError("this scope is closed: make another by scope(...)")
        with self._arranging:
            self._wanted = wanted
            if wanted != "stop":
                self._why_stopped = ""
                self._claims = True
                self._frames_given = self._frames_taken
            self._aim()
        self._arrange(wait)

    @property
    def running(self) -> bool:
        """Whether frames are being taken now."""
        session = self._session
        return session is not None and session.acquisition.running

    @property
    def state(self) -> str:
        """``'running'``, ``'armed'`` (for one frame), ``'stopped'``, ``'unseen'`` (it would run, but nobody looks) or ``'closed'``."""
        if self._closed:
            return "closed"
        if self._wanted == "stop":
            return "stopped"
        if self._session is None:
            return "unseen"
        return "armed" if self._wanted == "single" else "running"

    def wait(self, timeout: float = 5.0) -> Array | None:
        """The next frame, as `frame`: one that came since `run`, `single` or the last `wait`. None if none comes within `timeout`
        seconds, or it stops before."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._frames_taken != self._frames_given or not self.running, timeout)
            if self._frames_taken == self._frames_given:
                return None
            self._frames_given = self._frames_taken
        return self.frame

    @property
    def keep(self) -> bool:
        """Whether it goes on while nobody looks. Settable."""
        return self._keep

    @keep.setter
    def keep(self, keep: bool) -> None:
        self._keep = bool(keep)
        self._arrange()
        self._sheet()

    @property
    def rate(self) -> float:
        """Frames a second at most, 0.1 to 60. Settable."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = checked_rate(rate)
        session = self._session
        if session is not None:
            self._restart()
        self._sheet()

    def _restart(self) -> None:
        wanted = self._wanted
        with self._arranging:
            self._wanted = "stop"
        self._arrange()
        with self._arranging:
            if self._wanted == "stop":
                self._wanted = wanted
        self._arrange()

    def clear(self) -> None:
        """Begin to count, and to remember (waterfall, persistence), from now on."""
        with self._drawing:
            for mode in self._modes.values():
                if isinstance(mode, Remembering):
                    mode.clear()
            self._ended_counts = [-count for count in ([0, 0, 0] if self._session is None else _counted(self._session))]
            self.shown = 0
            self._heights.clear()
        self._redraw()
        self._tell(True)

    def _counts(self) -> list[int]:
        session = self._session
        now = [0, 0, 0] if session is None else _counted(session)
        return [a + b for a, b in zip(self._ended_counts, now, strict=True)]

    @property
    def frames(self) -> int:
        """Frames that have come."""
        return self._counts()[0]

    @property
    def overruns(self) -> int:
        """Frames that were replaced by newer ones before anybody had seen them: the page, or Python, was slower."""
        return self._counts()[1]

    @property
    def rejected(self) -> int:
        """Frames that did not meet the trigger."""
        return self._counts()[2]

    @property
    def true_rate(self) -> float:
        """Frames a second that come now."""
        session = self._session
        return 0.0 if session is None else session.acquisition.rate

    @property
    def waiting(self) -> str:
        """What stands still while no frame comes, in words."""
        session = self._session
        return "" if session is None else session.acquisition.waiting

    def _news(self) -> None:
        """A frame has come, or it has ended: on the thread where that happened."""
        session = self._session
        if session is None:
            return
        if not session.acquisition.running:
            self._finish(session)
        elif self._now() >= self._due and not self._behind():
            outbox.default().ask((id(self), "frame"), self._take)

    def _take(self) -> None:
        """Take the newest frame, and draw it where somebody looks."""
        with self._drawing:
            session = self._session
            frame = None if session is None or session.closed else session.acquisition.take()
            if session is None or frame is None:
                return
            if self._wanted == "single" and not self._gate.meets(frame.data):
                return  # it came before one was asked for
            self._due = self._now() + 0.6 / self._rate if isinstance(self.source, BufferSource) else -math.inf
            seconds = min(max(frame.time - self._frame_time, 0.0), 3600.0)
            self._frame, self._frame_time = frame, frame.time
            self._seen = Source(frame.data, self.source.interpretation)
            with self._arrived:
                self._frames_taken += 1
                self._arrived.notify_all()
            self._settle_level()
            if self._wanted == "single":
                self._wanted = "stop"
            if self.watched:
                self._draw(seconds)
        if self._wanted == "stop":
            self._arrange()

    @property
    def watched(self) -> bool:
        """Whether somebody can see the scope."""
        return self.viewers.watched or (hasattr(self, "plot") and self.plot.watched)

    def _watched_changed(self, watched: bool) -> None:
        # Later: this may be told in the middle of a drawing.
        if hasattr(self, "panel"):
            outbox.default().ask((id(self), "arrange"), self._arrange)
            if watched:
                self._redraw()

    def _should_run(self) -> bool:
        if self._closed or self._wanted == "stop":
            return False
        return self.watched or self._keep or (self._asked and (self._wanted == "single" or not self._was_shown))

    def _arrange(self, wait: bool = False) -> None:
        """Run where that is wanted now, and not else."""
        if self._session is None and self._should_run() and self.source.key is not None:
            if self._claims or channel_is_free(self.source.key, self):
                self._claims = False
                other = take_channel(self.source.key, self)
                if other is not None:
                    other._yield()  # with no lock held: the other one may want this one's channel just now
            else:
                # It only came into sight again: that is no reason to take it from whoever has it by now.
                with self._arranging:
                    self._wanted = "stop"
                    self._stopped_by(f"Another scope has {self.source.title}. Run takes it.")
        with self._arranging:
            session, wanted = self._session, self._should_run()
            if wanted and session is None:
                self._begin()
            elif session is not None and not wanted:
                session.acquisition.stop(wait=False)
            self._arrange_looks()
        if session is not None and not wanted and wait:
            session.acquisition.stop()
        if session is not None and not session.acquisition.running:
            self._finish(session)
        self._tell(True)

    def _begin(self) -> None:
        session, self._trouble = None, ""
        try:
            session = self.source.open(self._rate, self._gate)
            session.acquisition.news = self._news
            self._session = session
            session.acquisition.start()
            if isinstance(session.acquisition, BufferAcquisition):
                session.acquisition.poll()  # the first frame is what stands there
        except Exception as error:
            if session is not None:
                session.close()
            self._failed(error)

    def _yield(self) -> None:
        """Another scope takes the channel."""
        with self._arranging:
            if self._session is None:
                return
            self._wanted = "stop"
            self._stopped_by(f"Another scope has taken {self.source.title}. Run takes it back.")
        self._arrange(wait=True)

    def _finish(self, session: Session) -> None:
        """A run is over: what was seen last is kept, and its memory given back."""
        with self._arranging, self._drawing:
            if session.closed:
                return
            if self._frame is not None and self._session is session:
                kept = np.array(self._frame.data, copy=True, subok=False)
                self._frame = self._frame._replace(data=kept)
                self._seen = Source(kept, self.source.interpretation)
            error = session.acquisition.error
            self._ended_counts = [a + b for a, b in zip(self._ended_counts, _counted(session), strict=True)]
            session.close()
            if self._session is session:
                self._session = None
            if self.source.key is not None and not self._should_run():
                leave_channel(self.source.key, self)
            if error is not None:
                self._failed(error)
        with self._arrived:
            self._arrived.notify_all()
        if error is None:
            self._arrange()  # somebody may look again by now
        else:
            self._tell(True)

    def _failed(self, error: BaseException) -> None:
        from pynq_widgets.access.errors import StaleOverlayError

        self._wanted, self._session = "stop", None
        said = str(error) or type(error).__name__
        # What has gone does not come back.
        self._stopped_by(
            f"{said} Then make a scope of its channel." if isinstance(error, StaleOverlayError) else f"{said.rstrip('.')}. Run tries again."
        )

    def _arrange_looks(self) -> None:
        """Look now and then at who is there and what stands still, while there is something to look at."""
        wanted = not self._closed and (self._session is not None or self.watched or self._bye_at is not None)
        if wanted and self._subscription is None:
            polls = isinstance(self.source, BufferSource) and not self.source.told
            sampler = self._sampler or _sampler_of(None)
            self._subscription = sampler.subscribe(self._tick, max(self._rate, _LOOKS) if polls else _LOOKS)
        elif not wanted and self._subscription is not None:
            ended, self._subscription = self._subscription, None
            ended.close()

    def _tick(self) -> None:
        self.viewers.check()
        self.plot.viewers.check()
        session = self._session
        if session is not None and session.acquisition.running:
            if isinstance(self.source, BufferSource):
                gone = gone_text(self.source.buffer)
                if gone:
                    self._go("stop")
                    self._stopped_by(gone)
                elif not self.source.told and isinstance(session.acquisition, BufferAcquisition):
                    session.acquisition.poll()
            if session.acquisition.ready:
                self._news()
        self._tell()
        if self._bye_at is not None and self._now() - self._bye_at >= _GRACE:
            if self.viewers.deserted:
                self.close()
            else:
                self._bye_at = None
                self._arrange()

    def arrived(self, view: str, visible: bool, seen: int, drawn: int | None) -> None:
        """A page tells that it is there, and what it has drawn."""
        self._was_shown = True
        self._bye_at = None
        if drawn is not None:
            self._heard_at = self._now()
            self._acknowledged = max(self._acknowledged, min(drawn, self._drawn))
        else:
            self._acknowledged = self._drawn
        self.viewers.beat(view, visible, (), seen)

    def left(self, view: str) -> None:
        """A page has gone."""
        self.viewers.bye(view)
        if self.viewers.deserted:
            self._bye_at = self._now()
        self._arrange()

    def _behind(self) -> bool:
        """Whether the page has more frames before it than it should. Where it has not answered for long, that counts only once the main
        loop has handed over what it said: during a long cell nobody hears it, and the scope goes on."""
        if not self.viewers.watched or self._drawn - self._acknowledged <= _AHEAD:
            self._stalled = False
            return False
        if self._now() - self._heard_at < _ANSWERS:
            return True
        if not self._judging and not self._stalled:
            self._judging = True
            self.viewers.after_beats(self._judge)
        return self._stalled

    def _judge(self) -> None:
        self._stalled = self._drawn - self._acknowledged > _AHEAD
        self._judging = False

    @property
    def problem(self) -> str:
        """Why it stopped, or why a frame cannot be drawn, in words; empty where all is well."""
        return self._why_stopped or self._trouble

    def _stopped_by(self, text: str) -> None:
        self._why_stopped = text
        self._tell(True)

    def _cannot_draw(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            self._tell(True)

    def told(self) -> dict[str, Any]:
        """What the page is to say."""
        frames, overruns, rejected = self._counts()
        state = self.state
        drawing = self._drawing_last
        waits = state in ("running", "armed") and self.waiting
        return {
            "state": state,
            "rate": round(self.true_rate, 1),
            "asked": self._rate,
            "counts": [frames, self.shown, overruns, rejected],
            "waiting": self.waiting if waits else "",
            "searching": state in ("running", "armed") and self._gate.aimed and self._searching(),
            "problem": self.problem,
            "detail": " · ".join(drawing.notes) if drawing is not None else "",
            "measured": [[each.name, each.text(self._unit, self._sample_rate is not None)] for each in self.measurements[:4]],
        }

    def _searching(self) -> bool:
        """Whether frames come, and none meets the trigger."""
        return (self.frames > 0 and self._now() - max(self._frame_time, -1e18) > 2 * PATIENCE) or self._waiting_trigger

    def _tell(self, at_once: bool = False) -> None:
        if self._closed or not hasattr(self, "comm"):
            return
        now = self._now()
        if not at_once and now - self._told_at < _TELLS:
            return
        self._told_at = now
        told = self.told() if self.watched or at_once else {}
        changed = {name: value for name, value in told.items() if self._told.get(name) != value}
        self._told.update(told)
        if changed or (self.watched and not at_once):
            # Also where nothing has changed: by its answer the page tells that it keeps up.
            self.panel.state({**changed, "drawn": self._drawn})


def _counted(session: Session) -> list[int]:
    acquisition = session.acquisition
    return [acquisition.frames, acquisition.overruns, acquisition.rejected]


def checked_rate(rate: Any) -> float:
    """Frames a second."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not SLOWEST <= rate <= FASTEST:
        raise ValueError(f"scope expected a rate of {SLOWEST:g} to {FASTEST:g} frames a second, not {rate!r}")
    return float(rate)
