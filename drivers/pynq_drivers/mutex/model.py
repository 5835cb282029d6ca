"""What the Mutex core does, for the simulated device.

Source: AMD PG117, Mutex v2.1: "Register Space": a write counts where the mutex is free, or where it names the owner that has it.
"""

from __future__ import annotations

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext

from . import registers as r


class MutexModel(RegisterModel):
    """``model.take(0, owner=2)`` is another processor that takes mutex 0, ``model.release(0, owner=2)`` gives it back."""

    def __init__(self, context: ModelContext) -> None:
        self._made = r.Made(context.module.parameters)
        super().__init__(context, r.layout(self._made))

    def take(self, number: int, owner: int) -> bool:
        """Another processor tries to take a mutex; whether it got it."""
        with self.context.from_outside():
            self._put(self._at(number), owner << 1 | r.LOCK)
            return self.file.peek(self._at(number)) == owner << 1 | r.LOCK

    def release(self, number: int, owner: int) -> None:
        """Another processor gives a mutex back."""
        with self.context.from_outside():
            self._put(self._at(number), owner << 1)

    def _at(self, number: int) -> int:
        if number not in range(self._made.count):
            raise ValueError(f"{self.context.path} has the mutexes 0 to {self._made.count - 1}, not {number!r}")
        return r.STRIDE * number

    def _put(self, at: int, word: int) -> None:
        """A write to a mutex: taken where nobody has it, or where it is the owner's."""
        word &= (1 << self._made.width + 1) - 1
        before = self.file.peek(at)
        if before & r.LOCK and before >> 1 != word >> 1:
            return
        self.file.poke(at, word)

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset % r.STRIDE == 0 and offset // r.STRIDE < self._made.count:
            self._put(offset, value)
        else:
            super().write(interface, offset, value)
