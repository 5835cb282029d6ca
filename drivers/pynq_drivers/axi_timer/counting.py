"""One counter as software has it: intervals, captures and waits, in seconds.

Source: AMD PG079, AXI Timer v2.0: "Generate Mode", "Capture Mode", "Cascade Mode" (counting down, an interval is (TLR + 2) clocks; in
cascade (TLR + 4)).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pynq_drivers import waiting
from pynq_drivers.axi_timer.registers import ARHT, CAPT, CASC, ENALL, ENIT, ENT, GENT, LOAD, MDT, STRIDE, TCR, TCSR, TINT, TLR, UDT, mode_of

if TYPE_CHECKING:
    from pynq_drivers.axi_timer.driver import AxiTimer

LOST = 0.5  # seconds that a lost interrupt costs at most


class Counter:
    """One of the counters of an `AxiTimer`: `timer0`, `timer1`, or both in cascade as one of 64 bits, `cascade`."""

    def __init__(self, timer: AxiTimer, number: int, width: int, halves: tuple[int, ...]) -> None:
        self._timer = timer
        self._base = number * STRIDE
        self._halves = halves  # offsets of the counters whose load and count registers make up this one
        self._width = width
        self._overhead = 4 if len(halves) > 1 else 2
        self._extra = CASC if len(halves) > 1 else 0

    @property
    def _title(self) -> str:
        name = "cascade" if self._extra else f"timer{self._base // STRIDE}"
        return f"{self._timer._fullpath}.{name}"

    def __repr__(self) -> str:
        return f"<{self._title}: {self._width} bits, intervals up to {self.longest:g} s>"

    @property
    def longest(self) -> float:
        """The longest interval in seconds."""
        return ((1 << self._width) - 1 + self._overhead) / self._timer.frequency

    def ticks(self, seconds: float) -> int:
        """Clocks in `seconds`; ValueError where the counter cannot do so few or so many."""
        ticks = round(seconds * self._timer.frequency)
        if not self._overhead <= ticks <= (1 << self._width) - 1 + self._overhead:
            shortest = self._overhead / self._timer.frequency
            hint = (
                "; cascade joins both counters for longer ones"
                if ticks > self._overhead and not self._extra and self._timer.cascade
                else ""
            )
            raise ValueError(f"{self._title} does intervals of {shortest:g} to {self.longest:g} s, not {seconds!r} s{hint}")
        return ticks

    def one_shot(self, seconds: float, interrupt: bool = True) -> None:
        """Starts an interval of `seconds` after which `expired` is True and, with `interrupt`, the core's interrupt is raised."""
        self._start(seconds, ENIT if interrupt else 0)

    def periodic(self, seconds: float | None = None, interrupt: bool = True, *, frequency: float | None = None) -> None:
        """Starts intervals of `seconds` (or so many a second: `frequency`, Hz), one after the other; at the end of each as `one_shot`."""
        self._start(period_of(f"{self._title}.periodic()", seconds, frequency), ARHT | (ENIT if interrupt else 0))

    @property
    def mode(self) -> str:
        """What the counter is set up for: ``'one-shot'``, ``'periodic'``, ``'capture'``, ``'PWM'`` or ``'counting on'``; one bus read."""
        return mode_of(self._timer.read(self._base + TCSR))

    @property
    def interval(self) -> float:
        """Seconds from one end of an interval to the next, as loaded and counting down."""
        with self._timer.device.lock:
            return (self._loaded() + self._overhead) / self._timer.frequency

    def _loaded(self) -> int:
        return sum(self._timer.read(half + TLR) << (32 * place) for place, half in enumerate(self._halves))

    def _start(self, seconds: float, mode: int) -> None:
        ticks = self.ticks(seconds)
        with self._timer.device.lock:
            self._load(ticks - self._overhead, mode | UDT)
            self._timer.write(self._base + TCSR, mode | UDT | self._extra | ENT)

    def load(self, count: int) -> None:
        """Stops the counter and puts `count` into it and into its load register."""
        if not 0 <= count < 1 << self._width:
            raise ValueError(f"{self._title} counts from 0 to {(1 << self._width) - 1:#x}, it cannot be loaded with {count!r}")
        with self._timer.device.lock:
            self._load(count, self._timer.read(self._base + TCSR) & (MDT | UDT | GENT | CAPT | ARHT | ENIT))

    def _load(self, count: int, mode: int) -> None:
        """Stops, clears what is pending, loads, and stands still."""
        control = mode | self._extra
        for place, half in enumerate(self._halves):
            self._timer.write(half + TLR, count >> (32 * place) & 0xFFFFFFFF)
        for half in self._halves:  # in cascade the upper one too: it has a LOAD bit of its own
            self._timer.write(half + TCSR, (control if half == self._base else 0) | LOAD | TINT)
        for half in self._halves:
            self._timer.write(half + TCSR, control if half == self._base else 0)

    def start(self) -> None:
        """Lets the counter run on as it was set up and loaded."""
        with self._timer.device.lock:
            self._timer.write(self._base + TCSR, self._timer.read(self._base + TCSR) & ~(LOAD | TINT) | ENT)

    def stop(self) -> None:
        """Stops the counter where it stands; what is pending stays."""
        with self._timer.device.lock:
            self._timer.write(self._base + TCSR, self._timer.read(self._base + TCSR) & ~(ENT | ENALL | TINT))

    @property
    def running(self) -> bool:
        """Whether the counter is enabled. A one-shot stays so after its end."""
        return bool(self._timer.read(self._base + TCSR) & ENT)

    @property
    def value(self) -> int:
        """The count. In cascade the halves are read so that they belong together (upper, lower, upper again)."""
        if len(self._halves) == 1:
            return self._timer.read(self._base + TCR)
        low, high = self._halves
        with self._timer.device.lock:
            upper = self._timer.read(high + TCR)
            while True:
                lower, again = self._timer.read(low + TCR), self._timer.read(high + TCR)
                if again == upper:
                    return upper << 32 | lower
                upper = again

    @property
    def remaining(self) -> float:
        """Seconds to the end of the interval, counting down."""
        return (self.value + 1) / self._timer.frequency

    @property
    def expired(self) -> bool:
        """Whether an interval has ended, or an event was captured, since `clear`."""
        return bool(self._timer.read(self._base + TCSR) & TINT)

    def clear(self) -> None:
        """Takes note of `expired`: it is False, and the interrupt low, until the next one."""
        with self._timer.device.lock:
            self._timer.write(self._base + TCSR, self._timer.read(self._base + TCSR) & ~LOAD | TINT)

    def wait(self, timeout: float | None = None) -> None:
        """Waits for the end of an interval (or a capture), and clears it. TimeoutError after `timeout` seconds."""
        deadline = waiting.Deadline(self._timer.device.clock, timeout)
        while not self._taken():
            self._check(deadline, timeout)
            if self._timer.interrupt_pin is not None and self._interrupts():
                with contextlib.suppress(TimeoutError):
                    self._timer.interrupt_pin.wait_blocking(deadline.slice(self._patience()))
            else:
                self._timer.device.clock.sleep(deadline.slice(self._until_look()))

    async def wait_async(self, timeout: float | None = None) -> None:
        """As `wait`, for coroutines."""
        deadline = waiting.Deadline(self._timer.device.clock, timeout)
        while not self._taken():
            self._check(deadline, timeout)
            if self._timer.interrupt_pin is not None and self._interrupts():
                with contextlib.suppress(TimeoutError):
                    await self._timer.interrupt_pin.wait(deadline.slice(self._patience()))
            else:
                await waiting.pause(self._timer.device.clock, deadline.slice(self._until_look()))

    def _taken(self) -> bool:
        with self._timer.device.lock:
            control = self._timer.read(self._base + TCSR)
            if not control & TINT:
                if not control & ENT:
                    raise RuntimeError(f"{self._title} stands still, so nothing will come: call one_shot(), periodic() or capture() first")
                return False
            self._timer.write(self._base + TCSR, control & ~LOAD)  # T0INT is 1 here: it is cleared by writing it back
            return True

    def _interrupts(self) -> bool:
        return bool(self._timer.read(self._base + TCSR) & ENIT)

    def _patience(self) -> float:
        """Seconds after which to look whether the interrupt got lost: some time after it should have come."""
        control = self._timer.read(self._base + TCSR)
        try:
            frequency = self._timer.frequency
        except ValueError:
            return LOST
        if control & MDT:
            return LOST
        count = self.value
        return (count if control & UDT else (1 << self._width) - 1 - count) / frequency + LOST

    def _until_look(self) -> float:
        return min(max(self.remaining, 10e-6), 2e-3)

    def _check(self, deadline: waiting.Deadline, timeout: float | None) -> None:
        if deadline.passed():
            raise TimeoutError(f"{self._title} did not come to the end of its interval within {timeout} s")

    def capture(self, interrupt: bool = True) -> None:
        """Counts up from 0 and keeps the count of the newest event on the capture pin, which `captured` tells in seconds."""
        mode = MDT | CAPT | ARHT | (ENIT if interrupt else 0)
        with self._timer.device.lock:
            self._load(0, mode)
            self._timer.write(self._base + TCSR, mode | self._extra | ENT)

    @property
    def captured(self) -> float:
        """Seconds from `capture()` to the newest event; meaningful once `expired` is True."""
        return self._captured() / self._timer.frequency

    def _captured(self) -> int:
        with self._timer.device.lock:
            return self._loaded()

    def between(self, timeout: float | None = None) -> float:
        """Seconds between two events on the capture pin, which it waits for: the period of a wave that leads there.

        Events that come faster than software takes them are passed by: then it is several periods. RuntimeError where `capture` was
        not called, TimeoutError after `timeout` seconds.
        """
        deadline = waiting.Deadline(self._timer.device.clock, timeout)
        self._check_captures()
        self.wait(deadline.left())
        first = last = self._captured()
        while last == first:  # the next event came between the two looks at the first
            self.wait(deadline.left())
            last = self._captured()
        return self._apart(first, last)

    async def between_async(self, timeout: float | None = None) -> float:
        """As `between`, for coroutines."""
        deadline = waiting.Deadline(self._timer.device.clock, timeout)
        self._check_captures()
        await self.wait_async(deadline.left())
        first = last = self._captured()
        while last == first:
            await self.wait_async(deadline.left())
            last = self._captured()
        return self._apart(first, last)

    def _apart(self, first: int, last: int) -> float:
        return ((last - first) & ((1 << self._width) - 1)) / self._timer.frequency

    def _check_captures(self) -> None:
        control = self._timer.read(self._base + TCSR)
        if control & (MDT | CAPT | ENT) != MDT | CAPT | ENT:
            raise RuntimeError(f"{self._title} does not capture ({mode_of(control)}): call capture() first")


def period_of(call: str, seconds: float | None, frequency: float | None) -> float:
    """`seconds`, or those of `frequency` (Hz); TypeError where both or neither are given."""
    if (seconds is None) == (frequency is None):
        raise TypeError(f"{call} takes seconds or frequency= (Hz), " + ("not both" if seconds is not None else "one of the two"))
    if frequency is None:
        assert seconds is not None
        return seconds
    if not frequency > 0:
        raise ValueError(f"{call} takes a frequency of more than 0 Hz, not {frequency!r}")
    return 1 / frequency
