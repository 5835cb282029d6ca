"""What can be wrong with one stream connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.faults import Fault
    from pynq_widgets.device.simulated.stream import StreamQueue


class QueueFaults:
    """The faults of one connection: gates at its two ends, and what becomes of its packets on the way in."""

    def __init__(self) -> None:
        self.entry: list[Fault] = []  # nothing leaves the sender
        self.exit: list[Fault] = []  # nothing reaches the receiver
        self.short: list[tuple[Fault, int]] = []  # with the bytes that are left of a packet
        self.missing: list[Fault] = []
        self._dropping = False  # the rest of a packet that was cut

    @property
    def exit_closed(self) -> bool:
        """Whether nothing reaches the receiver."""
        return bool(self.exit)

    @property
    def shapes(self) -> bool:
        """Whether packets are changed on the way in."""
        return bool(self.short or self.missing or self._dropping)

    def begin(self) -> None:
        """The stream has been reset: what comes next is not the rest of a packet that was cut."""
        self._dropping = False

    @property
    def held(self) -> str:
        """What holds the stream up, in words; empty if nothing does."""
        return " and ".join(fault.words for fault in (*self.entry, *self.exit))

    def refuses(self) -> bool:
        """Whether a sender that asks now for room is refused; it counts as a hit."""
        for fault in self.entry:
            fault.hit()
        return bool(self.entry)

    def withholds(self) -> bool:
        """Whether what has just come in is kept from the receiver; it counts as a hit."""
        for fault in self.exit:
            fault.hit()
        return bool(self.exit)

    def send(self, queue: StreamQueue, source: memoryview, last: bool, dest: int, user: int, ready_at: float | None, lend: bool) -> int:
        """As `StreamQueue.send`, with packets cut short or their ends lost."""
        if self._dropping:
            self._dropping = not last
            return len(source)
        if self.short:
            fault, nbytes = self.short[0]
            left = nbytes - queue.entered
            if left > 0 and (len(source) > left or (len(source) == left and not last)):
                taken = queue.enter(source[:left], True, dest, user, ready_at, lend)
                if taken < left:
                    return taken
                self._dropping = not last
                fault.hit()
                return len(source)
        if last and self.missing:
            taken = queue.enter(source, False, dest, user, ready_at, lend)
            if taken == len(source):
                self.missing[0].hit()
            return taken
        return queue.enter(source, last, dest, user, ready_at, lend)
