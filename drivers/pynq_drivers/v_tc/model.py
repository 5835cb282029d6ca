"""What the Video Timing Controller does, for the simulated device: locks to a picture that comes in, and makes one after the other.

Source: AMD PG016, Video Timing Controller v6.2: "Register Space" (from memory). That a detector locks after three pictures is taken for
granted.
"""

from __future__ import annotations

import math
from typing import Any

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r
from .timing import Timing, named

PICTURES_TO_LOCK = 3


class VideoTimingModel(RegisterModel):
    """``model.feed('1280x720')`` is a picture that comes in, ``model.feed(None)`` its end; `timing` is what the generator makes.

    Pictures are not made one by one: an event is planned only for an interrupt that is enabled and not yet pending.
    """

    def __init__(self, context: ModelContext) -> None:
        self._parts = r.Parts(context.module.parameters)
        super().__init__(context, r.layout(self._parts))
        self._version = [int(part) if part.isdigit() else 0 for part in [*context.module.version.split("."), "0", "0"][:2]]
        self._frequency = context.frequency("clk")
        self._incoming: tuple[Timing, float] | None = None
        self._locked = False
        self._since = 0.0  # when the generator began
        self._seen = 0  # pictures of the generator that the status knows
        self._made: dict[int, int] = {}
        self._plans: dict[str, Any] = {}
        self._clear()

    def _clear(self) -> None:
        self.file.reset()
        self.file.poke(r.VERSION, self._version[0] << 24 | self._version[1] << 16)
        self._made = dict(self._parts.timing) if self._parts.generator else {}
        self._locked = False

    # What the world does.

    def feed(self, mode: str | Timing | None, frequency: float | None = None) -> None:
        """A picture with this timing comes in from now on, with a pixel clock of `frequency` Hz (the design's); None: none."""
        if not self._parts.detector:
            raise ValueError(f"{self.context.path} has no detector in this design")
        with self.context.from_outside():
            self._incoming = None if mode is None else (named(mode), frequency or self._frequency)
            if self._locked:
                self._lose()
            self._look()

    @property
    def timing(self) -> Timing | None:
        """What the generator makes; None while it does not run."""
        wanted = r.ENABLED | r.GENERATE
        if not self._parts.generator or self.file.peek(r.CONTROL) & wanted != wanted:
            return None
        return r.decoded(lambda offset: self._made[offset])

    def _look(self) -> None:
        """The detector begins to look at what comes in."""
        plan = self._plans.pop("lock", None)
        if plan is not None:
            plan.cancel()
        wanted = r.ENABLED | r.DETECT
        if self._incoming is not None and self.file.peek(r.CONTROL) & wanted == wanted and not self._locked:
            timing, frequency = self._incoming
            self._plans["lock"] = self.context.clock.call_later(PICTURES_TO_LOCK * timing.clocks / frequency, self._lock)

    def _lock(self) -> None:
        if self._incoming is None:
            return
        for offset, value in r.encoded(self._incoming[0]).items():
            self.file.poke(r.DETECTOR + offset, value)
        self._locked = True
        self._happen(r.LOCK | r.DETECTOR_BLANK | r.DETECTOR_SEEN)

    def _lose(self) -> None:
        self._locked = False
        self.file.set_bits(r.ERROR, 0x1C_0000)
        self._happen(r.LOCK_LOST)

    # The generator.

    def _generated(self) -> int:
        """Pictures since it began."""
        timing = self.timing
        return 0 if timing is None else math.floor((self.context.clock.now() - self._since) * self._frequency / timing.clocks + 1e-9)

    def _settle(self) -> None:
        done = self._generated()
        if done > self._seen:
            self._seen = done
            events = r.GENERATOR_BLANK | r.GENERATOR_SEEN | ((1 << self._parts.syncs) - 1) << 16
            self._happen(events)

    def _plan(self) -> None:
        plan = self._plans.pop("picture", None)
        if plan is not None:
            plan.cancel()
        timing = self.timing
        missing = self.file.peek(r.ENABLE) & ~self.file.peek(r.STATUS) & (r.GENERATOR_BLANK | r.GENERATOR_SEEN | 0xFFFF_0000)
        if timing is not None and missing:
            when = self._since + (self._generated() + 1) * timing.clocks / self._frequency
            self._plans["picture"] = self.context.clock.call_at(when, self._tick)

    def _tick(self) -> None:
        self._settle()
        self._plan()

    def _happen(self, events: int) -> None:
        self.file.set_bits(r.STATUS, events)
        self._update()

    def _update(self) -> None:
        self.context.interrupt("irq").set(int(bool(self.file.peek(r.STATUS) & self.file.peek(r.ENABLE))))

    # What the bus does.

    def reading(self, offset: int) -> None:
        self._settle()
        if offset == r.DETECTOR + r.TIMING and self._parts.detector:
            self.file.poke(offset, self._where(self._incoming) | r.LOCKED if self._locked else 0)
        elif offset == r.GENERATOR + r.TIMING and self._parts.generator:
            timing = self.timing
            self.file.poke(offset, 0 if timing is None else self._where((timing, self._frequency), self._since))

    def _where(self, source: tuple[Timing, float] | None, since: float = 0.0) -> int:
        if source is None:
            return 0
        timing, frequency = source
        line = int((self.context.clock.now() - since) * frequency) % timing.clocks // timing.total_width
        return r.SEEN if line < timing.height else r.BLANKING

    def write(self, interface: str, offset: int, value: int) -> None:
        self._settle()
        super().write(interface, offset, value)

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.CONTROL:
            if value & (r.RESET | r.FRAME_RESET):
                self._clear()
            control = self.file.peek(r.CONTROL)
            if self._parts.generator:
                self._take(control, before)
            if self._parts.detector:
                if self._locked and control & (r.ENABLED | r.DETECT) != r.ENABLED | r.DETECT:
                    self._locked = False
                self._look()
        self._plan()
        self._update()

    def _take(self, control: int, before: int) -> None:
        """What is in the registers counts from now on; a generator that begins, begins with its first line."""
        wanted = r.ENABLED | r.GENERATE
        begins = control & wanted == wanted and before & wanted != wanted
        if control & r.UPDATE or begins:
            after = {offset: self.file.peek(r.GENERATOR + offset) for offset in self._made}
            if after != self._made or begins:
                try:
                    r.decoded(lambda offset: after[offset])
                except ValueError as error:
                    self.context.assume(f"the generator keeps the timing that it had: {error}")
                else:
                    self._made = after
                    self._since, self._seen = self.context.clock.now(), 0
