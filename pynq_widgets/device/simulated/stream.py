"""One AXI-Stream connection: bytes in order, with what travels beside them.

Source: Arm IHI 0051, AMBA AXI-Stream: TLAST, TKEEP, TDEST, TUSER. Data moves in blocks, not beats; what time it takes is told beside it.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Sequence
from itertools import compress, count, islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.stream_faults import QueueFaults

# What fits into a connection by itself (bytes): the registers and small FIFOs of the IP at its ends. FIFOs on the way add to it.
DEFAULT_CAPACITY = 4096

_NEVER = float("-inf")
_WORTH_LENDING = 4096  # bytes; less is copied as fast as it is kept account of


class Head(NamedTuple):
    """What the next byte of a connection carries beside it: TDEST, and TUSER if it is the first of a block sent with one (else 0)."""

    dest: int
    user: int


# A block that waits: data, last, TDEST, TUSER, when its last byte is there, whether its memory is lent. A plain tuple, since one is made
# for each block and a named one takes as long as all the rest.
_Segment = tuple[memoryview, bool, int, int, float, bool]


class StreamQueue:
    """One connection: bytes in order, parted into packets by TLAST.

    The queue takes up to `capacity` bytes (None: any amount) and what its receiver has `demand`\\ ed; a sender that finds no `space`
    is told by ``on_space`` when there is some.

    Blocks pass at once, and the time that they take is kept beside them: the sender says with `send` when its last byte is out, the
    connection adds what its own width and clock make of it (`rate`, bytes a second), the receiver finds in `ready_at` when the last byte
    that it received was there, and says with `taken` until when it is busy with it; `accepted_at` then tells the sender when its last
    byte was taken from it. Times are seconds of the device's clock.
    """

    def __init__(
        self,
        name: str,
        capacity: int | None = DEFAULT_CAPACITY,
        on_data: Callable[[], object] | None = None,
        on_space: Callable[[], object] | None = None,
        *,
        now: Callable[[], float] | None = None,
        post: Callable[[Callable[[], object]], object] | None = None,
        rate: float | None = None,
        entry_rate: float | None = None,
    ) -> None:
        self.capacity = capacity
        self.on_data = on_data
        self.on_space = on_space
        self.sent = 0
        self.entered = 0  # bytes of the packet that the sender has not ended
        self.received = 0
        self.rate = rate
        self.entry_rate = entry_rate if entry_rate is not None else rate
        self.rename(name)
        self.onward: tuple[StreamQueue, ...] = ()  # where whoever receives passes everything on to, with no store of its own
        self._asked = False
        self.dead_end = ""  # why nobody takes what comes, where nobody does
        self.ready_at = _NEVER
        self.faults: QueueFaults | None = None
        self._now = now
        self._post = post
        self._segments: deque[_Segment] = deque()
        self._available = 0
        self._packets = 0
        self._demand = 0
        self._starved = False
        self._sent_at = self._received_at = _NEVER
        self._entry_free = self._line_free = _NEVER
        self._sink_until, self._sink_rate = _NEVER, 0.0
        self._open = 0  # bytes that the receiver has of a packet whose end it has not

    def rename(self, name: str) -> None:
        """Its ends, ``'from → to'``."""
        self.name = name
        self.source, _, self.sink = name.partition(" → ")

    def __repr__(self) -> str:
        return f"<StreamQueue {self.name}: {self._available} bytes, {self._packets} complete packets>"

    @property
    def available(self) -> int:
        """How many bytes wait for the receiver."""
        return self._available if self.faults is None or not self.faults.exit_closed else 0

    @property
    def packets(self) -> int:
        """How many complete packets wait."""
        return self._packets if self.faults is None or not self.faults.exit_closed else 0

    @property
    def head(self) -> Head | None:
        """What the next byte to be received carries beside it; None if nothing waits."""
        if not self._segments or (self.faults is not None and self.faults.exit_closed):
            return None
        _, _, dest, user, _, _ = self._segments[0]
        return Head(dest, user)

    @property
    def starved(self) -> bool:
        """Whether a sender was refused, and has not been told of space since."""
        return self._starved

    @property
    def space(self) -> int:
        """How many bytes the queue takes now."""
        demand = self._demand
        if self.faults is not None:
            if self.faults.refuses():
                self._starved = True
                return 0
            if self.faults.exit_closed:
                demand = 0
        if self.capacity is None:
            return 1 << 62
        space = self.capacity + demand - self._available
        if space <= 0:
            self._starved = True
            return 0
        return space

    def demand(self, nbytes: int) -> None:
        """The receiver is ready for `nbytes` more than the queue holds by itself; it lessens as they are received."""
        self._demand = max(0, nbytes)
        self.tell_space()

    def send(
        self,
        data: Any,
        last: bool = True,
        *,
        keep: Sequence[Any] | int | None = None,
        dest: int = 0,
        user: int = 0,
        ready_at: float | None = None,
        lend: bool = False,
    ) -> int:
        """Put in the bytes of `data` (anything with a buffer), `last` at its end; how many were taken.

        Where not all were, `last` has not been sent: send the rest when there is `space` again, with the rest of `keep`, the same `dest`
        and no `user`. `keep` (TKEEP) tells for each byte whether it counts, as a sequence or as an integer whose bit 0 is that of the
        first byte: null bytes are taken, and go no further. `dest` is TDEST, `user` TUSER at the first beat. `ready_at` is when the last
        byte is out of the sender, by default now. A model that sends from memory may `lend` it: what has not gone on when all that
        follows from the present access or event is done is copied then, and what has never is. Raises ``ValueError`` for a `keep` of
        another length, and for what is negative.
        """
        source = memoryview(data)
        if source.format != "B" or source.ndim != 1:
            source = source.cast("B") if source.c_contiguous else memoryview(source.tobytes())
        if dest < 0 or user < 0:
            raise ValueError(f"{self.name}: TDEST and TUSER are 0 or more, not {dest!r} and {user!r}")
        if keep is not None:
            return self._send_kept(source, _mask(keep, len(source), self.name), last, dest, user, ready_at)
        if self.faults is not None and self.faults.shapes:
            return self.faults.send(self, source, last, dest, user, ready_at, lend)
        return self.enter(source, last, dest, user, ready_at, lend)

    def enter(self, source: memoryview, last: bool, dest: int, user: int, ready_at: float | None, lend: bool) -> int:
        """As `send`, past the faults that change packets."""
        take = len(source)
        space = self.space
        if space < take:
            self._starved = True
            take, last = space, False
            if take == 0:
                return 0
            source = source[:take]
        elif take == 0 and not last:
            return 0
        ready = _NEVER
        if self._now is not None:
            now = self._sent_at = self._now()
            ready = now if ready_at is None or ready_at < now else ready_at
            if self.entry_rate:
                self._entry_free = max(now, self._entry_free) + take / self.entry_rate
            if self.rate:
                ready = max(ready, max(now, self._line_free) + take / self.rate)
            self._line_free = ready
        constant = type(source.obj) is bytes
        lent = lend and not constant and take >= _WORTH_LENDING and self._post is not None
        if not lent and not constant:
            source = memoryview(bytes(source))  # the sender may change its memory before the receiver looks
        self._segments.append((source, last, dest, user, ready, lent))
        self._available += take
        self._packets += last
        self.sent += take
        self.entered = 0 if last else self.entered + take
        if self.on_data is not None and (self.faults is None or not self.faults.withholds()):
            self.on_data()
        if lent and self._post is not None:
            self._post(self._keep_lent)  # after the receiver has been told
        return take

    def _keep_lent(self) -> None:
        for i, (data, last, dest, user, ready, lent) in enumerate(self._segments):
            if lent:
                self._segments[i] = (memoryview(bytes(data)), last, dest, user, ready, False)

    def _send_kept(self, source: memoryview, mask: Sequence[Any], last: bool, dest: int, user: int, ready_at: float | None) -> int:
        packed = bytes(compress(source, mask))
        if not packed and not last:
            return len(source)
        taken = self.send(packed, last, dest=dest, user=user, ready_at=ready_at)
        if taken == len(packed):
            return len(source)
        return next(islice(compress(count(), mask), taken, None))  # the first that counts and was not taken

    def receive(self, nbytes: int | None = None) -> tuple[bytes | memoryview, bool]:
        """Up to `nbytes` bytes (None: all there are) of one packet, and whether they end it; ``(b"", False)`` if there is nothing.

        What differs in TDEST is not joined, and what was sent with a TUSER begins a result of its own: see `head` before. The bytes may be
        memory that the sender lends: a model that does not use them up within its present call copies them. ``ValueError`` for less than
        no bytes.
        """
        if nbytes is not None and nbytes < 0:
            raise ValueError(f"{self.name}: a receiver takes 0 bytes or more, not {nbytes}")
        if self.faults is not None and self.faults.exit_closed:
            return b"", False
        segments = self._segments
        wanted = self._available if nbytes is None else min(nbytes, self._available)
        parts: list[memoryview] = []
        got, last, any_yet, dest = 0, False, False, 0
        while segments and not last:
            data, ends, to, user, ready, lent = segments[0]
            if any_yet and (user or to != dest):
                break
            any_yet, dest = True, to
            room = wanted - got
            if len(data) > room:
                if room:
                    parts.append(data[:room])
                    rest = data[room:]
                    segments[0] = (rest, ends, to, 0, ready, lent)
                    self.ready_at = max(self.ready_at, ready - len(rest) / self.rate if self.rate else ready)
                    got += room
                break
            segments.popleft()
            if len(data):
                parts.append(data)
            if ready > self.ready_at:
                self.ready_at = ready
            got += len(data)
            last = ends
        self._available -= got
        self._packets -= last
        if self._demand:
            self._demand = max(0, self._demand - got)
        self.received += got
        self._open = 0 if last else self._open + got
        if got:
            if self._now is not None:
                self._received_at = self._now()
            self.tell_space()
        return (parts[0] if len(parts) == 1 else b"".join(parts)), last

    def taken(self, until: float, rate: float) -> None:
        """What has been received so far keeps its receiver busy `until` then, at `rate` bytes a second: its sender is held up by that."""
        self._sink_until, self._sink_rate = until, rate

    @property
    def accepted_at(self) -> float:
        """When the last byte sent so far is, or was, taken from the sender; it moves on while the receiver is still to take some.

        That is when it passed the sender's own interface, and no sooner than all but the `capacity` of the connection had gone on: a
        slow receiver, or a narrow part of the way, slows the sender down.
        """
        at = max(self._sent_at, self._entry_free)
        if self.capacity is None:
            return at
        if self.rate and self.entry_rate and self.rate < self.entry_rate:
            at = max(at, self._line_free - self.capacity / self.rate)
        if self._sink_rate:
            at = max(at, self._sink_until - (self.received - self.sent + self.capacity) / self._sink_rate)
        if self.onward and not self._asked:
            self._asked = True  # streams may go round
            for further in self.onward:
                rate = further._sink_rate or further.rate
                at = max(at, further.accepted_at - (self.capacity / rate if rate else 0.0))
            self._asked = False
        return at

    def clear(self) -> None:
        """Throw away what waits, as a reset does; what is sent next begins a packet."""
        self._segments.clear()
        if self.faults is not None:
            self.faults.begin()
        self._available = self._packets = self._demand = self._open = self.entered = 0
        self.tell_space()

    def tell_space(self) -> None:
        """Tell a sender that was refused of the space that there is now."""
        if self.faults is not None and self.faults.entry:
            return
        if self._starved and self.on_space is not None and self.space > 0:
            self._starved = False
            self.on_space()

    @property
    def standing(self) -> str:
        """Why nothing moves here, in words; or what waits, where it may move yet."""
        if self.faults is not None and (held := self.faults.held):
            return f"held by fault: {held}"
        waits = f"{self._available} bytes wait"
        room = None if self.capacity is None else self.capacity + self._demand - self._available
        if room is not None and room <= 0:
            why = self.dead_end or f"{self.sink} takes nothing"
            return f"full: {why}{self._for(self._received_at, self.received)}; {waits}"
        if self._packets:
            return f"{self._packets} complete packet{'s' * (self._packets > 1)}, {self._available} bytes, for {self.sink}" + (
                f": {self.dead_end}" if self.dead_end else ""
            )
        if self._available:
            return f"waits for TLAST: {self._available + self._open} bytes of a packet came from {self.source}, and not its end"
        if self._open:
            late = self._for(self._sent_at, 0)
            return f"waits for TLAST: {self.sink} has {self._open} bytes of a packet; {self.source} has sent nothing{late}"
        if not self.sent:
            return f"empty: {self.source} has never sent anything"
        return f"empty: {self.source} has sent nothing{self._for(self._sent_at, self.sent)}"

    def _for(self, since: float, total: int) -> str:
        if self._now is None or since == _NEVER:
            return ""
        before = f" ({total} bytes before that)" if total else ""
        return f" for {_seconds(self._now() - since)}{before}"


def forward(source: StreamQueue, sinks: Sequence[StreamQueue]) -> bool | None:
    """Pass one block of `source` on to all of `sinks`, with what it carries beside it, as far as each has room.

    Whether it ended a packet; None where nothing could go.
    """
    head = source.head
    room = min([sink.space for sink in sinks], default=0)
    if head is None or room <= 0:
        return None
    data, last = source.receive(room)
    for sink in sinks:
        sink.send(data, last, dest=head.dest, user=head.user, ready_at=source.ready_at, lend=True)
    source.demand(min([sink.space for sink in sinks]))  # large blocks pass where they can
    return last


def _mask(keep: Sequence[Any] | int, length: int, name: str) -> Sequence[Any]:
    """What is true of the bytes that count, one for each byte."""
    if isinstance(keep, int) or not hasattr(keep, "__len__"):
        bits = operator.index(keep)  # type: ignore[arg-type]
        if bits < 0 or bits >> length:
            raise ValueError(f"{name}: keep is a mask of {length} bits, one for each byte, not {bits:#x}")
        return [bit == "1" for bit in reversed(f"{bits:0{length}b}")] if length else ()
    if len(keep) != length:
        raise ValueError(f"{name}: keep says of each of {length} bytes whether it counts, not of {len(keep)}")
    return keep


def _seconds(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
