"""Which inputs of a controller were taken, and when: counted from what those who wait for interrupts tell, without a read."""

from __future__ import annotations

import re
import threading
import weakref
from collections import deque
from typing import Any

from pynq_widgets.device import events

_KEPT = 4096  # moments of the newest interrupts


class Heard:
    """What was taken of the inputs of the controller at `path` on `device`, from when this is made until the next overlay.

    An input is taken when its controller asked for attention and it was found pending: `pynq_widgets.access.Interrupt` does that for
    whoever waits. What other software takes past it (a processor in the logic, for instance) is not heard.
    """

    def __init__(self, device: Any, path: str, count: int) -> None:
        self._lock = threading.Lock()
        self._clock = device.clock
        self._counts = [0] * count
        self._moments: deque[tuple[float, int]] = deque(maxlen=_KEPT)
        self.since: float = device.clock.now()
        """Seconds of the device's clock from which on it counts."""
        generation = getattr(device, "generation", 0)
        pattern = re.compile(re.escape(events.input_name(path, 0))[: -len(r"0\]")] + r"(\d+)\]")
        here, where = weakref.ref(self), weakref.ref(device)

        def hear(what: str, line: str) -> None:
            heard, device = here(), where()
            found = pattern.fullmatch(line) if what == events.TAKEN else None
            if heard is not None and found is not None and getattr(device, "generation", 0) == generation:
                heard._take(int(found[1]))

        weakref.finalize(self, events.hear(device, hear))

    def _take(self, index: int) -> None:
        if index < len(self._counts):
            with self._lock:
                self._counts[index] += 1
                self._moments.append((self._clock.now(), index))

    @property
    def counts(self) -> tuple[int, ...]:
        """How often each input was taken."""
        with self._lock:
            return tuple(self._counts)

    def moments(self, since: float = float("-inf")) -> list[tuple[float, int]]:
        """(seconds of the device's clock, input) of the newest interrupts (4096 at most), the earliest first, later than `since`."""
        with self._lock:
            return [each for each in self._moments if each[0] > since]

    def clear(self) -> None:
        """Begin anew at 0."""
        with self._lock:
            self._counts = [0] * len(self._counts)
            self._moments.clear()
            self.since = self._clock.now()
