"""What the Clocking Wizard does, for the simulated device.

Source: AMD PG065, Clocking Wizard v6.0: "Register Space". How long it takes to lock is not told there: 100 µs here. The rest of the
simulated device goes on at the frequencies of the design; `frequencies` says what this core makes.
"""

from __future__ import annotations

from typing import Any

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r
from .dividers import Dividers

LOCK_TIME = 100e-6  # seconds


class ClockingWizardModel(RegisterModel):
    """``model.source(False)`` takes the clock that comes in away; ``model.trouble(0, 'STOP')`` is something wrong with a watched clock."""

    def __init__(self, context: ModelContext) -> None:
        self._made = r.Made(context.module.parameters)
        super().__init__(context, r.layout(self._made))
        self._there = True
        self._good_at = 0.0
        self._dividers: list[Dividers] = []
        self._clear()
        context.signal_out("locked").set(1)

    def _clear(self) -> None:
        self.file.reset()
        self._dividers = [Dividers(self._made.multiply, self._made.divide, out) for out in self._made.dividers]

    @property
    def frequencies(self) -> list[float]:
        """What it makes, in Hz, once it has locked."""
        return [dividers.frequency(self._made.source) for dividers in self._dividers]

    @property
    def locked(self) -> bool:
        """Whether the clocks are good."""
        return self._there and self.context.clock.now() >= self._good_at

    # What the world does.

    def source(self, present: bool) -> None:
        """The clock that comes in goes, or comes."""
        with self.context.from_outside():
            self._there = present
            self._unlock()

    def trouble(self, clock: int, event: str, on: bool = True) -> None:
        """Something is wrong with the watched clock 0 to 3 (or no longer): ``'OVER'``, ``'UNDER'``, ``'GLITCH'``, ``'STOP'``."""
        if not self._made.monitor:
            raise ValueError(f"{self.context.path} watches no clocks in this design")
        if event not in r.EVENTS or clock not in range(4):
            raise ValueError(f"{self.context.path} watches the clocks 0 to 3 for {', '.join(r.EVENTS)}, not {clock!r} for {event!r}")
        bit = 1 << 4 * r.EVENTS.index(event) + clock
        with self.context.from_outside():
            (self.file.set_bits if on else self.file.clear_bits)(r.MONITOR, bit)
            if on:
                self.file.set_bits(r.INTERRUPT_STATUS, bit)
            self._update()

    def _unlock(self) -> None:
        self._good_at = self.context.clock.now() + LOCK_TIME
        self._tell()
        if self._there:
            self.context.clock.call_at(self._good_at, self._tell)

    def _tell(self) -> Any:
        self.context.signal_out("locked").set(int(self.locked))

    def _update(self) -> None:
        if self._made.monitor:
            pending = self.file.peek(r.INTERRUPT_STATUS) & self.file.peek(r.INTERRUPT_ENABLE)
            self.context.interrupt("interrupt").set(int(bool(pending)))

    # What the bus does.

    def reading(self, offset: int) -> None:
        if offset == r.STATUS:
            self.file.poke(offset, int(self.locked))
        elif offset == r.LOAD and self._made.reconfigurable and self.locked:
            self.file.clear_bits(offset, r.START)

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.RESET and value == r.RESET_WORD:
            self._clear()
            self._unlock()
        elif offset == r.LOAD and self._made.reconfigurable and value & r.START:
            self._load(bool(value & r.OWN))
        self._update()

    def _load(self, own: bool) -> None:
        if own:
            multiply, divide = r.multiplier_of(self.file.peek(r.FEEDBACK))
            outs = [r.divider_of(self.file.peek(r.OUTPUTS + r.STRIDE * index)) for index in range(self._made.outputs)]
            if not divide or not multiply or not all(outs):
                self.context.assume("dividers of 0 were put to work: the clocks stay as they were")
                return
            self._dividers = [Dividers(multiply, divide, out) for out in outs]
        else:
            self._dividers = [Dividers(self._made.multiply, self._made.divide, out) for out in self._made.dividers]
        self._unlock()
