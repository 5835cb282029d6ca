"""What the Mailbox core does, for the simulated device: words from one side to the other.

Source: AMD PG114, Mailbox v2.1: "Register Space", "Interrupts". A word that is read while there is none is 0 here: the guide
leaves it open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r


class MailboxModel(RegisterModel):
    """Two sides. What is at the other end plays its part by the model: ``model.send([1, 2])``, ``model.receive()``, of side 1.

    Where the design has something else at that side (a processor with registers of its own), that reads and writes as usual.
    """

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context, r.LAYOUT)
        self._depth = context.parameter("C_MAILBOX_DEPTH", 16)
        self._sides = [_Side(self, number, RegisterModel(context, r.LAYOUT)) for number in (0, 1)]

    @property
    def depth(self) -> int:
        """Words that wait in each direction at most."""
        return self._depth

    def send(self, words: int | Iterable[int], side: int = 1) -> int:
        """Whoever is at `side` sends words; how many of them fitted."""
        listed = [words] if isinstance(words, int) else list(words)
        with self.context.from_outside():
            sent = 0
            for word in listed:
                if len(self._queue_to(1 - side)) >= self._depth:
                    break
                self._sides[side].put(word)
                sent += 1
            return sent

    def receive(self, side: int = 1) -> list[int]:
        """Whoever is at `side` takes all words that wait there."""
        with self.context.from_outside():
            words = list(self._queue_to(side))
            self._queue_to(side).clear()
            self.settle()
            return words

    def _queue_to(self, side: int) -> deque[int]:
        return self._sides[side].waiting

    def settle(self) -> None:
        """Levels are compared on both sides."""
        for each in self._sides:
            each.settle(len(self._queue_to(1 - each.number)))

    def side_of(self, interface: str) -> _Side:
        """The side behind a bus interface: ``S1_AXI`` is 1, anything else 0."""
        return self._sides[1 if "1" in interface else 0]

    def room(self, number: int) -> bool:
        """Whether a word of side `number` fits at the other one."""
        return len(self._queue_to(1 - number)) < self._depth

    def pass_on(self, number: int, word: int) -> None:
        """A word of side `number` waits at the other one."""
        self._queue_to(1 - number).append(word & 0xFFFF_FFFF)
        self.settle()

    def drop(self, number: int) -> None:
        """The words that side `number` has sent are thrown away."""
        self._queue_to(1 - number).clear()

    def read(self, interface: str, offset: int) -> int:
        return self.side_of(interface).read(offset)

    def write(self, interface: str, offset: int, value: int) -> None:
        self.side_of(interface).write(offset, value)


class _Side:
    """One side: its registers, and the words that wait there."""

    def __init__(self, model: MailboxModel, number: int, registers: RegisterModel) -> None:
        self._model = model
        self.number = number
        self.file = registers.file
        self.waiting: deque[int] = deque()
        self._before = r.SEND_ACTIVE

    def put(self, word: int) -> None:
        """Sends a word; one for which there is no room is an error."""
        if self._model.room(self.number):
            self._model.pass_on(self.number, word)
        else:
            self._fail(r.WRITE_FULL)

    def _fail(self, error: int) -> None:
        self.file.set_bits(r.ERROR, error)
        self.file.set_bits(r.INTERRUPT_STATUS, r.FAILED)
        self._tell()

    def settle(self, there: int) -> None:
        """What the levels say, `there` words waiting at the other side; an event is when one becomes active."""
        active = r.SEND_ACTIVE if there <= self.file.peek(r.SEND_LEVEL) else 0
        active |= r.RECEIVE_ACTIVE if len(self.waiting) > self.file.peek(r.RECEIVE_LEVEL) else 0
        full = r.FULL if there >= self._model.depth else 0
        self.file.poke(r.STATUS, active | full | (0 if self.waiting else r.EMPTY))
        new, self._before = active & ~self._before, active
        events = (r.SENT if new & r.SEND_ACTIVE else 0) | (r.RECEIVED if new & r.RECEIVE_ACTIVE else 0)
        self.file.set_bits(r.INTERRUPT_STATUS, events)
        self._tell()

    def _tell(self) -> None:
        pending = self.file.peek(r.INTERRUPT_STATUS) & self.file.peek(r.INTERRUPT_ENABLE)
        self.file.poke(r.INTERRUPT_PENDING, pending)
        self._model.context.interrupt(f"Interrupt_{self.number}").set(int(bool(pending)))

    def read(self, offset: int) -> int:
        if offset == r.READ:
            if not self.waiting:
                self._fail(r.READ_EMPTY)
                return 0
            word = self.waiting.popleft()
            self._model.settle()
            return word
        return self.file.read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == r.WRITE:
            self.put(value)
        elif offset == r.CONTROL:
            if value & r.CLEAR_SENT:
                self._model.drop(self.number)
            if value & r.CLEAR_RECEIVED:
                self.waiting.clear()
            self._model.settle()
        else:
            mask = {r.SEND_LEVEL: 0xFFFF, r.RECEIVE_LEVEL: 0xFFFF}.get(offset, 0x7)
            self.file.write(offset, value & mask)
            self._model.settle()
