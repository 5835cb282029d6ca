"""What software does with the Mailbox core: sends words to another processor, and gets its words.

Source: AMD PG114, Mailbox v2.1: "Register Space", "Programming Sequence" (from memory).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, ClassVar

from pynq_drivers import parameters, waiting
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit, Field

from . import registers as r

LOOK = 1e-3  # seconds between two looks where there is no interrupt


class Side:
    """One side of a mailbox: what the words are, that it sends and gets. `interface` is its bus interface."""

    def __init__(self, ip: Mailbox, mmio: Any, interface: str, pin: Any) -> None:
        self._ip = ip
        self._mmio = mmio
        self._pin = pin
        self.interface = interface

    def __repr__(self) -> str:
        return f"<{self._title}>"

    @property
    def _title(self) -> str:
        return f"{self._ip._fullpath} ({self.interface})"

    def _status(self) -> int:
        return int(self._mmio.read(r.STATUS))

    @property
    def empty(self) -> bool:
        """Whether no word waits here."""
        return bool(self._status() & r.EMPTY)

    @property
    def full(self) -> bool:
        """Whether no more words fit at the other side."""
        return bool(self._status() & r.FULL)

    def send(self, words: int | Iterable[int], timeout: float | None = 1.0) -> None:
        """Sends a word or several, in their order; waits for room. TimeoutError says how many of them were sent."""
        listed = [words] if isinstance(words, int) else list(words)
        for word in listed:
            if not isinstance(word, int) or isinstance(word, bool) or not 0 <= word <= 0xFFFF_FFFF:
                raise ValueError(f"words of {self._title} are numbers of 0 to 0xffffffff, not {word!r}: nothing was sent")
        clock = self._ip.device.clock
        deadline = waiting.Deadline(clock, timeout)
        for sent, word in enumerate(listed):
            while True:
                with self._ip.device.lock:
                    if not self.full:
                        self._mmio.write(r.WRITE, word)
                        break
                if deadline.passed():
                    raise TimeoutError(
                        f"the other side of {self._title} did not take its words within {timeout} s: {sent} of {len(listed)} were sent"
                    )
                clock.sleep(deadline.slice(LOOK))

    def receive(self, count: int = 1, timeout: float | None = 1.0) -> list[int]:
        """The next `count` words of the other side; waits for them. TimeoutError after `timeout` seconds; what came is kept then."""
        if count < 0:
            raise ValueError(f"{self._title} gives 0 or more words, not {count!r}")
        deadline = waiting.Deadline(self._ip.device.clock, timeout)
        kept = self._ip._kept.setdefault(self.interface, [])
        while len(kept) < count and (self._take(kept) or self._wait(deadline)):
            pass
        return self._given(kept, count, timeout)

    async def receive_async(self, count: int = 1, timeout: float | None = None) -> list[int]:
        """As `receive`, for coroutines; it waits for ever unless a `timeout` is given."""
        if count < 0:
            raise ValueError(f"{self._title} gives 0 or more words, not {count!r}")
        deadline = waiting.Deadline(self._ip.device.clock, timeout)
        kept = self._ip._kept.setdefault(self.interface, [])
        while len(kept) < count:
            if self._take(kept):
                continue
            if deadline.passed():
                break
            if self._pin is not None:
                self._listen()
                with contextlib.suppress(TimeoutError):
                    await self._pin.wait(deadline.left())
            else:
                await waiting.pause(self._ip.device.clock, deadline.slice(LOOK))
        return self._given(kept, count, timeout)

    def _given(self, kept: list[int], count: int, timeout: float | None) -> list[int]:
        if len(kept) < count:
            raise TimeoutError(f"the other side of {self._title} sent {len(kept)} of {count} words within {timeout} s")
        words, kept[:] = kept[:count], kept[count:]
        return words

    def _take(self, kept: list[int]) -> bool:
        """Takes a word, where one waits; reading an empty mailbox would be an error that the core notes."""
        with self._ip.device.lock:
            if self.empty:
                return False
            kept.append(int(self._mmio.read(r.READ)))
            return True

    def _listen(self) -> None:
        with self._ip.device.lock:
            self._mmio.write(r.INTERRUPT_STATUS, r.RECEIVED)
            self._mmio.write(r.INTERRUPT_ENABLE, self._mmio.read(r.INTERRUPT_ENABLE) | r.RECEIVED)

    def _wait(self, deadline: waiting.Deadline) -> bool:
        """Waits a while for a word; False where the time is over."""
        if deadline.passed():
            return False
        if self._pin is not None:
            self._listen()
            if self.empty:
                with contextlib.suppress(TimeoutError):
                    self._pin.wait_blocking(deadline.left())
        else:
            self._ip.device.clock.sleep(deadline.slice(LOOK))
        return True

    def clear(self, sent: bool = True, received: bool = True) -> None:
        """Throws away the words that were sent and not taken, and those that wait here."""
        self._mmio.write(r.CONTROL, (r.CLEAR_SENT if sent else 0) | (r.CLEAR_RECEIVED if received else 0))
        if received:
            self._ip._kept.pop(self.interface, None)

    def errors(self) -> list[str]:
        """What went wrong since it was last asked for: ``'read empty'``, ``'write full'``. Reading clears it."""
        word = int(self._mmio.read(r.ERROR))
        return [name for bit, name in ((r.READ_EMPTY, "read empty"), (r.WRITE_FULL, "write full")) if word & bit]


class Mailbox(DefaultIP):
    """Words between two processors: ``mailbox.send([1, 2])``, ``mailbox.receive(2)``.

    Attributes
    ----------
    sides : list of Side
        The sides that software here sees: usually one; both where this processor has both bus interfaces, for tests.
    depth : int
        Words that wait in each direction at most.
    """

    bindto = ["xilinx.com:ip:mailbox:2.0", "xilinx.com:ip:mailbox:2.1"]
    register_layout = r.LAYOUT
    sides: list[Side]
    depth: int

    empty = Bit("STATUS", "EMPTY", help="No word waits here")
    full = Bit("STATUS", "FULL", help="No more words fit at the other side")
    receive_level = Field("RECEIVE_LEVEL", "WORDS", unit="words", help="More words than these are an interrupt")
    send_level = Field("SEND_LEVEL", "WORDS", unit="words", help="As few words as these at the other side are an interrupt")

    # Words and what has happened are no setting.
    configuration: ClassVar[dict[str, bool]] = {"WRITE_DATA": False, "CONTROL": False, "INTERRUPT_STATUS": False}

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._kept: dict[str, list[int]] = {}
        self.depth = parameters.integer(description.get("parameters") or {}, "C_MAILBOX_DEPTH", 16)
        listed = [str(entry["interface"]) for entry in self.ranges] or ["S0_AXI"]
        self.sides = [Side(self, self._side(name, index), name, self._pin(name)) for index, name in enumerate(listed)]

    def _side(self, interface: str, index: int) -> Any:
        return self.mmio if index == 0 and len(self.ranges) < 2 else self.mmios[interface]

    def _pin(self, interface: str) -> Any:
        name = f"Interrupt_{1 if '1' in interface else 0}"
        return _Later(self, name) if name in self._interrupts else None

    def send(self, words: int | Iterable[int], timeout: float | None = 1.0) -> None:
        """As `Side.send`, from the first side."""
        self.sides[0].send(words, timeout)

    def receive(self, count: int = 1, timeout: float | None = 1.0) -> list[int]:
        """As `Side.receive`, at the first side."""
        return self.sides[0].receive(count, timeout)

    async def receive_async(self, count: int = 1, timeout: float | None = None) -> list[int]:
        """As `Side.receive_async`, at the first side."""
        return await self.sides[0].receive_async(count, timeout)


class _Later:
    """An interrupt that is made when it is first waited for: a device that has no way to it is told of then."""

    def __init__(self, ip: Mailbox, name: str) -> None:
        self._ip = ip
        self._name = name

    def wait_blocking(self, timeout: float | None) -> Any:
        return self._ip[self._name].wait_blocking(timeout)

    async def wait(self, timeout: float | None) -> Any:
        return await self._ip[self._name].wait(timeout)
