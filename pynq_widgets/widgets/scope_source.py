"""What a scope looks at, a channel or a buffer, and one run of it: an acquisition with memory of its own, given back at its end."""

from __future__ import annotations

import contextlib
import logging
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pynq_widgets.access.buffers import allocate
from pynq_widgets.analysis.curve import Array
from pynq_widgets.analysis.interpretation import Interpretation
from pynq_widgets.live.acquisition import Acquisition, BufferAcquisition, ChannelAcquisition

from .buffer_facts import buffer_name, device_of

_log = logging.getLogger(__name__)

BUFFERS = 3  # one is filled, one is ready, one is looked at
MOST_CHANNELS = 16
MOST_SAMPLES = 1 << 24
_NEEDED = ("transfer", "wait", "stop")

Feed = Callable[[], object]


class ScopeSource(ABC):
    """What a scope looks at. `interpretation` says how the memory of a frame is read; `open` begins a run."""

    title: str
    interpretation: Interpretation
    key: object  # what only one scope at a time can have; None: it can be shared

    @property
    @abstractmethod
    def device(self) -> Any:
        """The device whose hardware it is; None where that is not known."""

    @abstractmethod
    def blank(self) -> Array:
        """A frame as it will be, of zeros: what modes and settings there are depends on it."""

    @abstractmethod
    def open(self, rate: float, gate: Callable[[Array], bool]) -> Session:
        """Make ready for a run; nothing has begun. Raises what the device raises where it has no memory for it."""


class Session:
    """One run. `close` gives back the memory that was allocated for it, once its acquisition is not `running` any more."""

    def __init__(self, acquisition: Acquisition, buffers: Sequence[Any] = ()) -> None:
        self.acquisition = acquisition
        self._buffers = list(buffers)
        self.closed = False

    def close(self) -> None:
        self.closed = True
        buffers, self._buffers = self._buffers, []
        for buffer in buffers:
            with contextlib.suppress(Exception):  # of a device that has gone
                buffer.freebuffer()


class ChannelSource(ScopeSource):
    """A channel that receives: it is given buffers of `samples` x `channels` elements, one after the other."""

    def __init__(
        self,
        channel: Any,
        *,
        samples: int,
        dtype: Any,
        channels: int,
        feed: Any,
        buffers: Sequence[Any] | None,
        target: Any,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        missing = [name for name in _NEEDED if not callable(getattr(channel, name, None))]
        if missing or not hasattr(channel, "transferred"):
            raise TypeError(_no_source(channel))
        if getattr(channel, "sends", False):
            raise TypeError(f"scope expected a channel that receives, and {_title(channel)} sends: try the recvchannel, with feed=")
        self.channel = self.key = channel
        self.title = _title(channel)
        self.interpretation = Interpretation(channels=whole("channels", channels, 1, MOST_CHANNELS))
        self._count = whole("samples", samples, 2, MOST_SAMPLES) * channels
        self.dtype = np.dtype(dtype)
        if self.dtype.hasobject or self.dtype.itemsize == 0:
            raise ValueError(f"scope expected a dtype such as 'i2' or 'c8', not {dtype!r}")
        self._feed = _feed(feed)
        self._target = target
        self._now = now
        self._given = None if buffers is None else list(buffers)
        if self._given is not None:
            self._given = _checked_buffers(self._given)
            self.dtype, self._count = self._given[0].dtype, self._given[0].size

    @property
    def device(self) -> Any:
        found = getattr(self.channel, "device", None)
        return self._target if found is None else found

    def blank(self) -> Array:
        # No longer than it must be: the settings of a mode have the limits of its samples.
        return np.zeros(self._count, self.dtype)

    def open(self, rate: float, gate: Callable[[Array], bool]) -> Session:
        made: list[Any] = []
        try:
            if self._given is None:
                for _ in range(BUFFERS):
                    made.append(allocate(self._count, self.dtype, target=self._target or self.device))
                    if hasattr(made[-1], "name"):
                        made[-1].name = f"scope of {self.title}"
            acquisition = ChannelAcquisition(self.channel, self._given or made, feed=self._feed, rate=rate, accept=gate, now=self._now)
        except BaseException:
            Session(None, made).close()  # type: ignore[arg-type]
            raise
        return Session(acquisition, made)


class BufferSource(ScopeSource):
    """A buffer that others fill."""

    key = None

    def __init__(self, buffer: Array, channels: int, now: Callable[[], float] = time.monotonic) -> None:
        self.buffer = buffer
        self.title = buffer_name(buffer)
        count = whole("channels", channels, 1, MOST_CHANNELS)
        if buffer.ndim == 2 and count == 1 and buffer.shape[1] <= MOST_CHANNELS:
            count = buffer.shape[1]
        if buffer.ndim > 2 or buffer.size < 2:
            raise ValueError(f"scope expected a buffer of samples, or of samples x channels (up to {MOST_CHANNELS}), not {buffer.shape}")
        self.interpretation = Interpretation(channels=max(count, 1))
        # Hardware that nobody tells of: where there is no buffer, somebody has to look.
        self.told = callable(getattr(buffer, "on_change", None))
        self._now = now

    @property
    def device(self) -> Any:
        return device_of(self.buffer)

    def blank(self) -> Array:
        return np.zeros(self.buffer.size, self.buffer.dtype)

    def open(self, rate: float, gate: Callable[[Array], bool]) -> Session:
        return Session(BufferAcquisition(self.buffer, accept=gate, now=self._now))


def source_of(what: Any, *, now: Callable[[], float] = time.monotonic, channels: int = 1, **options: Any) -> ScopeSource:
    """The source that `what` is. Raises ``TypeError`` for what is neither, ``ValueError`` for options that do not fit."""
    if isinstance(what, np.ndarray):
        for name, plain in (("feed", None), ("buffers", None), ("target", None)):
            if options.get(name, plain) is not plain:
                raise ValueError(f"{name} is for channels; the buffer is filled by others, and the scope only looks at it")
        return BufferSource(what, channels, now)
    return ChannelSource(what, channels=channels, now=now, **options)


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number within limits."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
        raise ValueError(f"scope expected {name} from {least:,} to {most:,}, not {value!r}")
    return int(value)


def _feed(feed: Any) -> Feed | None:
    if feed is None or callable(feed):
        made: Feed | None = feed
        return made
    if isinstance(feed, tuple) and len(feed) == 2 and callable(getattr(feed[0], "transfer", None)):
        return _Sender(*feed)
    raise TypeError(
        f"feed expected a function, or a pair (sendchannel, buffer), not {type(feed).__name__}: it is called after each time that "
        "the receiver was armed"
    )


class _Sender:
    """Sends a buffer each time that it is called."""

    def __init__(self, channel: Any, buffer: Any) -> None:
        self._channel, self._buffer = channel, buffer
        self._sent = False

    def __call__(self) -> None:
        if self._sent:
            self._sent = False
            self._channel.wait(timeout=1.0)  # the one before has arrived, so it is over, or as good as
        self._channel.transfer(self._buffer)
        self._sent = True


def _checked_buffers(buffers: list[Any]) -> list[Any]:
    good = len(buffers) >= 2 and all(isinstance(buffer, np.ndarray) and buffer.ndim == 1 for buffer in buffers)
    if not good or len({(buffer.size, buffer.dtype) for buffer in buffers}) != 1 or buffers[0].size < 2:
        raise ValueError("scope expected buffers to be two or more arrays of one dimension, one length and one type, made by allocate()")
    return buffers


def _title(channel: Any) -> str:
    return str(getattr(channel, "title", "") or getattr(channel, "name", "") or type(channel).__name__)


def _no_source(what: Any) -> str:
    said = f"scope expected a channel that receives, such as dma.recvchannel, or a buffer, not {type(what).__name__}"
    if hasattr(what, "recvchannel"):
        return f"{said}: try .recvchannel"
    if hasattr(what, "recvchannels"):
        return f"{said}: try .recvchannels[0]"
    if hasattr(what, "readframe"):
        return f"{said}: for pictures, show readframe()"
    return said


# Who runs on which channel: it fills one buffer at a time.
_users: dict[int, weakref.ref[Any]] = {}


def channel_is_free(key: object, user: Any) -> bool:
    """Whether nobody but `user` runs on the channel."""
    before = _users.get(id(key))
    return before is None or before() in (None, user)


def take_channel(key: object, user: Any) -> Any:
    """`user` has the channel from now on; who had it before, or None."""
    before = _users.get(id(key))
    _users[id(key)] = weakref.ref(user)
    old = None if before is None else before()
    return None if old is user else old


def leave_channel(key: object, user: Any) -> None:
    """`user` does not have it any more."""
    before = _users.get(id(key))
    if before is not None and before() in (None, user):
        del _users[id(key)]
