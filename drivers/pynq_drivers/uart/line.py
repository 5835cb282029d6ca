"""The wires of a simulated serial port, and who sits at their other end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from pynq_drivers.uart.frame import Format, Received, receive
from pynq_drivers.uart.transcript import Transcript
from pynq_widgets.device.clock import Clock, Timer

_KEPT = 65536  # characters that were seen and not taken


class Core(Protocol):
    """What a line needs of the model of the core at its near end."""

    @property
    def baud(self) -> float:
        """Bits a second, 0 where the core has no clock for them."""

    @property
    def format(self) -> Format: ...

    def arrived(self, got: Received) -> None:
        """A character came in."""


class Line:
    """The other end of a serial port of the simulated device: what a terminal there types and sees.

    Attributes
    ----------
    baud : float or None
        Bits a second of the other end; None: as the core has it. Where they differ characters are garbled, as they would be.
    format : Format or None
        Framing at the other end; None: as the core has it.
    """

    def __init__(self, core: Core, clock: Clock, from_outside: Callable[[], AbstractContextManager[None]], name: str) -> None:
        self._core, self._clock, self._from_outside, self._name = core, clock, from_outside, name
        self.baud: float | None = None
        self.format: Format | None = None
        self._typed: deque[tuple[int, bool, bool]] = deque()
        self._event: Timer | None = None
        self._seen = bytearray()
        self._listeners: list[Callable[[bytes], object]] = []
        self._other: Line | None = None
        self.transcript = Transcript()
        self.errors = 0
        """Characters from the core that came with a wrong parity or without a stop bit."""

    def __repr__(self) -> str:
        return f"<the other end of {self._name}: {self._own_baud:g} baud, {self._own_format}>"

    @property
    def _own_baud(self) -> float:
        return self.baud or self._core.baud

    @property
    def _own_format(self) -> Format:
        return self.format or self._core.format

    # What the other end does.

    def type(self, data: bytes | str, *, wrong_parity: bool = False, no_stop: bool = False) -> None:
        """Send `data` (text as UTF-8) to the core, a character after the other at the baud rate.

        `wrong_parity` and `no_stop` make faults of them. ValueError where nothing says how fast.
        """
        content = data.encode() if isinstance(data, str) else bytes(data)
        with self._from_outside():
            if not self._own_baud:
                raise ValueError(f"{self._name} has no baud rate yet: program its divisor, or set the line's baud")
            self._typed.extend((value, wrong_parity, no_stop) for value in content)
            self._go()
        self.transcript.add(False, content)

    @property
    def waiting(self) -> int:
        """Characters that were typed and are not through the wire yet."""
        return len(self._typed)

    @property
    def seen(self) -> bytes:
        """What the core has sent, and nobody has taken; the newest 64 KiB of it."""
        return bytes(self._seen)

    def take(self) -> bytes:
        """What the core has sent since the last `take`."""
        with self._from_outside():
            content = bytes(self._seen)
            self._seen.clear()
        return content

    def on_seen(self, callback: Callable[[bytes], object]) -> Callable[[], None]:
        """Have ``callback(data)`` called with each character that comes from the core, under the device's lock; the result undoes it."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback) if callback in self._listeners else None

    def connect(self, other: Line | None) -> None:
        """Lead the core's output to the input of another (``line.connect(other.line)``, both ways), or to its own: a loop-back plug.

        None takes the cable off.
        """
        for end in (self, self._other):
            if end is not None:
                end._other = None
        if other is None:
            return
        if other._other is not None:
            other.connect(None)
        self._other, other._other = other, self

    # The wire.

    def reset(self) -> None:
        """What is on its way is lost."""
        self._typed.clear()
        if self._event is not None:
            self._event.cancel()
            self._event = None

    def _go(self) -> None:
        if self._event is None and self._typed and self._own_baud:
            self._event = self._clock.call_later(self._own_format.length / self._own_baud, self._through)

    def _through(self) -> None:
        self._event = None
        value, wrong_parity, no_stop = self._typed.popleft()
        levels = self._own_format.levels(value, wrong_parity=wrong_parity, no_stop=no_stop)
        self._go()
        self.enter(levels, self._own_baud)

    def enter(self, levels: tuple[int, ...], baud: float) -> None:
        """A frame has come in at the core, `baud` fast."""
        if self._core.baud:
            self._core.arrived(receive(levels, baud / self._core.baud, self._core.format))

    def came_out(self, levels: tuple[int, ...]) -> None:
        """The core has sent a frame; said at its end."""
        baud = self._core.baud
        if self._other is not None:
            self._other.enter(levels, baud)
        own = self._own_baud
        got = receive(levels, baud / own if own else 1, self._own_format)
        if got.frame_error or got.parity_error:
            self.errors += 1
        if got.is_break:
            return
        self._seen.append(got.value)
        if len(self._seen) > _KEPT:
            del self._seen[: len(self._seen) - _KEPT]
        self.transcript.add(True, bytes([got.value]))
        for callback in tuple(self._listeners):
            callback(bytes([got.value]))
