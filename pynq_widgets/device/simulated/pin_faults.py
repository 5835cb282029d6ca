"""Pins whose changes get lost on the way to those who should see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.faults import Fault

Key = tuple[str | None, str]


class LossyPins:
    """Outputs of which others do not see every change to the active level: they see the idle level until it has gone back."""

    def __init__(self) -> None:
        self._faults: dict[Key, list[Fault]] = {}
        self._idle: dict[Key, int] = {}
        self._hidden: dict[Key, int] = {}

    def add(self, key: Key, fault: Fault, idle: int) -> None:
        """Lose what `fault` loses of the pin `key`, whose bits are `idle` where nothing is asked for."""
        self._faults.setdefault(key, []).append(fault)
        self._idle[key] = idle

    def remove(self, key: Key, fault: Fault) -> None:
        """What has been lost stays lost; from the next change on others see the pin again."""
        self._faults[key].remove(fault)

    def seen(self, key: Key, value: int) -> int:
        """What others see of a pin that is driven to `value`."""
        hidden = self._hidden.get(key, 0)
        return (value & ~hidden) | (self._idle[key] & hidden) if hidden else value

    def change(self, key: Key, old: int, new: int) -> tuple[int, int]:
        """What others see, before and after, of a pin that is driven from `old` to `new`."""
        before = self.seen(key, old)
        faults = self._faults.get(key)
        if faults is not None:
            idle = self._idle[key]
            hidden = self._hidden.get(key, 0) & (new ^ idle)
            asked = (new ^ idle) & ~(old ^ idle)
            if asked and faults:
                hidden |= asked
                faults[0].hit()
            self._hidden[key] = hidden
        return before, self.seen(key, new)
