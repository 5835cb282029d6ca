"""Counter: bits that count up and wrap, and how fast they do."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from .base import BitsArgument
from .number import Number

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import RegisterHandle

_KEPT = 256


class Counter(Number):
    """Bits that count and wrap::

        frames = Counter('FRAMES', unit='frames', poll=10)
        ticks = Counter('STATUS', bits=(15, 0), modulus=50_000, down=True)

    The value is what the hardware holds, and wraps with it. ``ip.rate_of('frames')`` is counts a second (in `unit` a second, with
    `scale`), from what was seen of it in the last `window` seconds, whoever read it (a get, the sampler, a table): one wrap between
    two readings is counted, several cannot be seen. ``None`` until it was seen at two times, and again after somebody has written it.

    `modulus` is where it starts again, if not at the end of its bits; `down` says that it counts down. Without `bits` it is the whole
    register.
    """

    kind = "counter"

    def __init__(
        self,
        register: str | int | None = None,
        bits: BitsArgument = None,
        *,
        modulus: int | None = None,
        down: bool = False,
        window: float = 5.0,
        **common: Any,
    ) -> None:
        if modulus is not None and (isinstance(modulus, bool) or not isinstance(modulus, int) or modulus < 2):
            raise ValueError(f"Counter({register!r}): modulus={modulus!r} is not a number of 2 or more")
        if not window > 0:
            raise ValueError(f"Counter({register!r}): window={window!r} is not a time in seconds")
        self.modulus = modulus
        self.down = down
        self.window = float(window)
        super().__init__(register, bits, **common)

    def _check_values(self) -> None:
        if self.signed:
            self._refuse("a counter is not signed")
        if self.stated_width is not None and self.modulus is not None and self.modulus > 1 << self.stated_width:
            self._refuse(f"modulus={self.modulus} is more than {self.stated_width} bits can count")
        super()._check_values()

    def _settle(self, place: Any) -> Any:
        codec = super()._settle(place)
        if self.modulus is not None and self.modulus > 1 << place.width:
            raise ValueError(f"modulus={self.modulus} is more than {place.width} bits can count")
        return codec


class Tally:
    """What was seen of one counter: times (seconds) and how far it had come since the first."""

    def __init__(self, trait: Counter, place: Any) -> None:
        self.place = place
        self.trait = trait
        self._modulus = trait.modulus or 1 << place.width
        self._seen: deque[tuple[float, int]] = deque(maxlen=_KEPT)
        self._raw: int | None = None
        self._lock = threading.Lock()
        self.wraps = 0

    def see(self) -> None:
        """Take note of what the mirror holds now; called under the lock of the bus or not, from any thread, after each change."""
        with self._lock:
            self._see()

    def _see(self) -> None:
        handle: RegisterHandle = self.place.handle
        raw, when, state = self.place.peek(), handle.when, handle.state
        if raw is None or when is None or state == "stale":
            return
        if state == "written" or self._raw is None:
            self._seen.clear()
            self._seen.append((when, 0))
        elif when > self._seen[-1][0]:
            gone = (self._raw - raw if self.trait.down else raw - self._raw) % self._modulus
            self.wraps += raw > self._raw if self.trait.down else raw < self._raw
            total = self._seen[-1][1] + gone
            if len(self._seen) > 1 and when - self._seen[-2][0] < self.trait.window / _KEPT:
                # Seen more often than the window has room for: the newest takes the place of the one before.
                self._seen.pop()
            self._seen.append((when, total))
        self._raw = raw

    def rate(self) -> float | None:
        """Counts a second over the window."""
        with self._lock:
            self._see()
            return self._rate()

    def _rate(self) -> float | None:
        if len(self._seen) < 2:
            return None
        last, total = self._seen[-1]
        while len(self._seen) > 2 and self._seen[1][0] <= last - self.trait.window:
            self._seen.popleft()
        first, start = self._seen[0]
        return (total - start) / (last - first) * (1.0 if self.trait.scale is None else float(self.trait.scale))
