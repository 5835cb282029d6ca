"""Frames of samples, one after the other: a channel that is armed again and again, or a buffer that somebody else fills."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

_log = logging.getLogger(__name__)

Array = np.ndarray[Any, np.dtype[Any]]

SCREEN = 60.0  # frames a second that a screen shows
_LOOK = 0.25  # seconds (of the device's clock) after which a wait looks whether it is to end
_SHARE = 0.5  # of the time that a loop may take from everybody else
_BUFFERS = 3  # one is filled, one is ready, one is looked at
_PATIENCE = 2.0  # seconds of wall time that the thread may take to end


class Channel(Protocol):
    """What receives: ``AxiDMA.recvchannel`` and whatever has its shape."""

    @property
    def transferred(self) -> int: ...
    def transfer(self, array: Any) -> object: ...
    def wait(self, timeout: float | None = None) -> object: ...
    def start(self) -> object: ...
    def stop(self) -> object: ...


class Frame(NamedTuple):
    """One frame: a plain array over the memory it came into, valid until the next `take`; its number from 1, and when it came (seconds)."""

    data: Array
    number: int
    time: float


class Acquisition(ABC):
    """Where frames come from. `take` gives the newest; those that came between two looks are counted as overruns.

    Attributes
    ----------
    frames : int
        Frames that have come.
    overruns : int
        Frames that were replaced by newer ones before anybody looked.
    rejected : int
        Frames that `accept` did not want.
    error : BaseException | None
        What ended it by itself.
    waiting : str
        What stands still, in words; empty while frames come.
    news : Callable[[], object] | None
        Called when a frame can be taken, and when it has ended, on the thread where that happened; it must not wait for the acquisition.
    """

    def __init__(self, accept: Callable[[Array], bool] | None, now: Callable[[], float]) -> None:
        self._accept = accept
        self._now = now
        self._change = threading.Condition(threading.RLock())
        self._began: float | None = None
        self._before = 0  # frames that came before the last start
        self._ready: Frame | None = None
        self.frames = self.overruns = self.rejected = 0
        self.error: BaseException | None = None
        self.waiting = ""
        self.news: Callable[[], object] | None = None

    @property
    def accept(self) -> Callable[[Array], bool] | None:
        """Called with each frame on the thread that brings it: whether it is worth showing. Settable at any time; None takes all."""
        return self._accept

    @accept.setter
    def accept(self, accept: Callable[[Array], bool] | None) -> None:
        self._accept = accept

    @property
    @abstractmethod
    def running(self) -> bool:
        """Whether frames are asked for."""

    @abstractmethod
    def start(self) -> None:
        """Ask for frames; nothing if it does already."""

    @abstractmethod
    def stop(self, wait: bool = True) -> None:
        """Ask for no more; returns when the hardware writes no more, or at once (`wait` False, or on the thread that brings frames): it is
        `running` until then."""

    @property
    def ready(self) -> bool:
        """Whether there is a frame to be taken."""
        return self._ready is not None

    def take(self, timeout: float = 0.0) -> Frame | None:
        """The newest frame, if it was not taken before; waits up to `timeout` seconds (of wall time) for one. None if there is none."""
        with self._change:
            self._change.wait_for(lambda: self._ready is not None or not self.running, timeout)
            frame, self._ready = self._ready, None
            return frame

    @property
    def rate(self) -> float:
        """Frames a second since the start; 0 where it is not running."""
        began = self._began
        if began is None:
            return 0.0
        passed = self._now() - began
        return (self.frames - self._before) / passed if passed > 0 else 0.0

    def _tell(self) -> None:
        """Tell the news (the condition is not held)."""
        news = self.news
        if news is not None:
            try:
                news()
            except Exception:
                _log.warning("what was called with news of an acquisition failed", exc_info=True)

    def _begin(self) -> None:
        self.error, self.waiting = None, ""
        self._began, self._before = self._now(), self.frames

    def _wanted(self, data: Array) -> bool:
        accept = self._accept
        if accept is None or accept(data):
            return True
        self.rejected += 1
        return False

    def _publish(self, data: Array) -> None:
        """Make a frame the newest (the condition is held)."""
        if self._ready is not None:
            self.overruns += 1
        self._ready = Frame(data, self.frames, self._now())
        self._change.notify_all()


class ChannelAcquisition(Acquisition):
    """A channel that receives is given one buffer after the other, on a thread of its own, until `stop`.

    Parameters
    ----------
    channel
        Has ``transfer(buffer)``, ``wait(timeout=)``, ``transferred`` (bytes), ``stop()``.
    buffers
        Two or more arrays of one shape and type, such as `allocate` makes: one is filled while others are looked at.
    feed
        Called after each time that the channel was armed: what makes the data come, where they do not by themselves.
    rate
        Frames a second at most (default 60). The loop also leaves half of the time to others.
    accept
        As `accept`.

    Raises ``ValueError`` for fewer than two buffers, ones that differ, and a rate of 0 or less.
    """

    def __init__(
        self,
        channel: Channel,
        buffers: Sequence[Array],
        *,
        feed: Callable[[], object] | None = None,
        rate: float = SCREEN,
        accept: Callable[[Array], bool] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(accept, now)
        kinds = {(buffer.shape, buffer.dtype) for buffer in buffers}
        if len(buffers) < 2 or len(kinds) != 1:
            raise ValueError(f"an acquisition needs two or more buffers of one shape and type, not {len(buffers)} of {len(kinds)} kinds")
        if not rate > 0:
            raise ValueError(f"a rate is a number of frames a second above 0, not {rate!r}")
        self._channel = channel
        self._feed = feed
        self._period = 1.0 / rate
        self._free = list(buffers)
        self._held: Array | None = None  # the one that was taken last
        self._ready_buffer: Array | None = None
        self._loop: _Loop | None = None

    @property
    def running(self) -> bool:
        return self._loop is not None

    def start(self) -> None:
        with self._change:
            if self._loop is not None:
                return
            self._begin()
            self._loop = _Loop(self, self._channel, self._feed)
            self._loop.thread.start()

    def stop(self, wait: bool = True) -> None:
        loop = self._loop
        if loop is not None and loop.end(wait):
            self._ended(loop, None)

    def take(self, timeout: float = 0.0) -> Frame | None:
        with self._change:
            frame = super().take(timeout)
            if frame is not None:
                if self._held is not None:
                    self._free.append(self._held)
                self._held, self._ready_buffer = self._ready_buffer, None
            return frame

    # What the loop asks.

    def _next(self) -> Array | None:
        """A buffer to be filled; None where all are in use."""
        with self._change:
            if self._free:
                return self._free.pop()
            # The one that nobody has taken is filled again.
            buffer, self._ready_buffer = self._ready_buffer, None
            if buffer is not None:
                self._ready = None
                self.overruns += 1
            return buffer

    def _back(self, buffer: Array) -> None:
        with self._change:
            self._free.append(buffer)

    def _came(self, buffer: Array) -> None:
        data = buffer.view(np.ndarray)
        if data.ndim == 1:
            # A packet may be shorter than the buffer; what was there before is not part of it.
            data = data[: self._channel.transferred // data.itemsize]
        with self._change:
            self.frames += 1
            self.waiting = ""
        wanted = self._wanted(data)
        with self._change:
            self._free += [old for old in (self._ready_buffer,) if wanted and old is not None]
            if wanted:
                self._publish(data)
                self._ready_buffer = buffer
            else:
                self._free.append(buffer)
        if wanted:
            self._tell()

    def _rest(self, taken: float) -> float:
        """Seconds to leave to others after a frame that took `taken` of them."""
        return max(self._period - taken, taken * (1 / _SHARE - 1), 0.0)

    def _ended(self, loop: _Loop, error: BaseException | None) -> None:
        with self._change:
            if self._loop is not loop:
                return
            self.error = error
            self._loop = None
            self._began = None
            self._change.notify_all()
        self._tell()


class _Loop:
    """The thread of a channel's acquisition. It knows its acquisition weakly and ends with it, when the hardware writes no more."""

    def __init__(self, acquisition: ChannelAcquisition, channel: Channel, feed: Callable[[], object] | None) -> None:
        self._acquisition = weakref.ref(acquisition)
        self._channel = channel
        self._feed = feed
        self._ending = threading.Event()
        self._armed: Array | None = None  # kept here, so that its memory is nobody else's while the hardware may write it
        self._began = 0.0
        self.thread = threading.Thread(target=self._run, name="pynq_widgets acquisition", daemon=True)

    def end(self, wait: bool) -> bool:
        """Begin no turn any more, and with `wait` return when nothing is written; whether that is so."""
        self._ending.set()
        if not wait or self.thread is threading.current_thread():
            return False
        self.thread.join(_PATIENCE)
        if self.thread.is_alive():
            self._disarm()  # perhaps the clock of the device stands still; the thread ends when it wakes
        return True

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            rest = 0.0
            while not self._ending.wait(rest):
                acquisition = self._acquisition()
                if acquisition is None:
                    break
                rest = self._turn(acquisition)
                del acquisition
        except Exception as failed:
            error = failed
        self._disarm()
        last = self._acquisition()
        if last is not None:
            last._ended(self, error)

    def _turn(self, acquisition: ChannelAcquisition) -> float:
        """Arm the channel, or wait for a while; seconds of rest."""
        if self._armed is None:
            self._began = acquisition._now()
            buffer = acquisition._next()
            if buffer is None:
                return acquisition._period
            try:
                self._channel.transfer(buffer)
            except Exception:
                acquisition._back(buffer)
                raise
            self._armed = buffer
            if self._feed is not None:
                self._feed()
        try:
            self._channel.wait(timeout=_LOOK)
        except TimeoutError as error:
            acquisition.waiting = str(error)
            return 0.0
        except Exception:
            # The channel has failed by itself: it writes nothing, and its state tells why.
            acquisition._back(self._armed)
            self._armed = None
            raise
        buffer, self._armed = self._armed, None
        acquisition._came(buffer)
        return acquisition._rest(acquisition._now() - self._began)

    def _disarm(self) -> None:
        """Nothing may write into a buffer that somebody could free."""
        buffer = self._armed
        if buffer is None:
            return
        channel: Any = self._channel
        try:
            channel.stop()
        except Exception as error:
            reset = getattr(channel, "reset", None)
            _log.warning("%r does not stop (%s)%s", channel, error, ", so it is reset" if reset else "")
            if reset is not None:
                with contextlib.suppress(Exception):
                    reset()
        self._armed = None
        with contextlib.suppress(Exception):
            channel.start()  # as it was found
        acquisition = self._acquisition()
        if acquisition is not None:
            acquisition._back(buffer)


class BufferAcquisition(Acquisition):
    """A buffer that others fill: each time that somebody tells of a change (a driver at the end of a transfer) is a frame.

    What is taken is a copy, since whoever fills the buffer does not wait. Where nobody tells, `poll` looks by itself.
    """

    def __init__(self, buffer: Any, *, accept: Callable[[Array], bool] | None = None, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(accept, now)
        self._buffer = buffer
        self._last: Array | None = None
        self._undo: Callable[[], object] | None = None

    @property
    def running(self) -> bool:
        return self._began is not None

    def start(self) -> None:
        with self._change:
            if self._began is not None:
                return
            self._begin()
            listen = getattr(self._buffer, "on_change", None)
            if listen is not None:
                this = weakref.WeakMethod(self._heard)
                self._undo = listen(lambda offset, nbytes: _tell(this, offset, nbytes))

    def stop(self, wait: bool = True) -> None:
        with self._change:
            if self._began is None:
                return
            self._began = None
            undo, self._undo = self._undo, None
            self._change.notify_all()
        if undo is not None:
            undo()
        self._tell()

    def poll(self) -> None:
        """Look at the buffer now, for what nobody told of: a frame if it differs from the one before."""
        with self._change:
            if self._began is None:
                return
            last = self._last
            data = np.array(self._buffer, copy=True, subok=False)
            if last is not None and last.tobytes() == data.tobytes():
                return
            wanted = self._frame(data)
        if wanted:
            self._tell()

    def _heard(self, offset: int, nbytes: int) -> None:
        with self._change:
            wanted = self._began is not None and self._frame(np.array(self._buffer, copy=True, subok=False))
        if wanted:
            self._tell()

    def _frame(self, data: Array) -> bool:
        self._last = data
        self.frames += 1
        wanted = self._wanted(data)
        if wanted:
            self._publish(data)
        return wanted


def _tell(method: Any, offset: int, nbytes: int) -> None:
    heard = method()
    if heard is not None:
        heard(offset, nbytes)
