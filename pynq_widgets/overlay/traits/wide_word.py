"""WideWord: 64 bits in two registers, read so that they belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynq_widgets.access.mirror import Mirror

from .corrections import Statement
from .number import Number
from .place import Misplaced, find_register

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import RegisterHandle

    from .hub import Hub

READING = ("high-low-high", "low-high", "high-low")
WRITING = ("low-high", "high-low")
_TRIES = 8


class Torn(OSError):
    """The two halves would not hold still long enough to be read as one."""


class WideWord(Number):
    """64 bits in two registers of 32, or in one register that the design calls 64 bits wide::

        buffer = WideWord('buf_r_1', 'buf_r_2')                # low half, high half
        time = WideWord(0x40, unit='ns', scale=10)             # the high half is at the next word, 0x44
        stamp = WideWord('TS_LO', 'TS_HI', reading='low-high') # a core that keeps the high half when the low one is read

    reading
        ``'high-low-high'`` (default) reads three words, and the last two again while the high half has moved on, so that a carry
        between the halves cannot be seen half done; after 8 tries it raises :class:`Torn`. ``'low-high'`` and ``'high-low'`` are
        two reads, for cores that hold the other half, and for what only software changes.
    writing
        ``'low-high'`` (default) or ``'high-low'``: the order of the two writes, which nothing on this device comes between.

    `signed`, `scale`, `zero`, `unit`, `limits` are as for :class:`.Word`. With `poll` it is read whole each time.
    """

    kind = "wide"
    reads_in_blocks = False

    def __init__(
        self,
        register: str | int | None = None,
        high: str | int | None = None,
        *,
        reading: str = "high-low-high",
        writing: str = "low-high",
        **common: Any,
    ) -> None:
        if "bits" in common:
            raise TypeError(f"WideWord({register!r}): it is all bits of its registers; bits of one are a Field")
        self.high = high
        self.reading = reading
        self.writing = writing
        super().__init__(register, None, **common)

    def _check_values(self) -> None:
        self._one_of("reading", self.reading, READING)
        self._one_of("writing", self.writing, WRITING)
        if self.high is not None and self.high == self.register:
            self._refuse("the low and the high half are one register")
        if isinstance(self.high, int) and (self.high < 0 or self.high % 4):
            self._refuse(f"the offset {self.high:#x} of the high half is not that of a word")
        super()._check_values()

    @property
    def stated_width(self) -> int | None:
        return 64

    def statements(self) -> list[Statement]:
        low = self._statement(f"{self.name}_low", self._sought, 0, None)
        high = (self.high, 0) if self.high is not None else (self._sought, 4)
        return [low, self._statement(f"{self.name}_high", *high, None)]

    def locate(self, mirror: Mirror) -> Any:
        low = find_register(mirror, self._sought)
        if self.high is None and low.width > 32:
            return Whole(self, mirror, low)
        if self.high is not None:
            high = find_register(mirror, self.high)
        else:
            try:
                high = find_register(mirror, low.offset + 4)
            except Misplaced:
                behind = f"the word behind it, at {low.offset + 4:#x}"
                raise Misplaced(f"register {low.name} and {behind}, which is no register: say which holds the high half") from None
        for handle in (low, high):
            if handle.width > 32:
                raise Misplaced(f"register {handle.name}, which has {handle.width} bits and is no half of 64")
        return Halves(self, mirror, low, high)

    def _of_reset(self, place: Any, reset: int) -> Any:
        return self.decode(place, place.reset(reset))

    def _fetch(self, obj: Any, hub: Hub, place: Any) -> Any:
        # The halves come one by one; whoever observes is told when they belong together.
        with hub.quiet():
            return self.decode(place, place.load())


class _Wide:
    width = 64
    low = 0
    codec: Any = None
    mask = (1 << 64) - 1

    def __init__(self, trait: WideWord, mirror: Mirror, handles: tuple[RegisterHandle, ...]) -> None:
        self.mirror = mirror
        self.handle = handles[0]
        self._handles = handles
        self.registers = tuple(handle.name for handle in handles)
        self.guard = next((handle.guard for handle in handles if handle.guard), None)
        access = {handle.access for handle in handles}
        self.access = trait.access or ("read-only" if "read-only" in access else handles[0].access)
        if self.guard is None and self.access == "write-only":
            self.guard = "write-only"
        self._once = trait.reading != "high-low-high"
        self._sure: int | None = None  # the last value whose halves belonged together

    def doubtful(self, raw: int) -> bool:
        if self._once or self.guard is not None or raw == self._sure or all(handle.state == "written" for handle in self._handles):
            return False
        low, high = self._handles[0], self._handles[-1]
        # The high half was the same before the low one was read, and is so after it: nothing was carried in between.
        between = self._sure is not None and raw >> 32 == self._sure >> 32 and (high.when or 0.0) >= (low.when or 0.0)
        if between:
            self._sure = raw
        return not between

    def _torn(self) -> Torn:
        return Torn(f"{' and '.join(self.registers)} changed in each of {_TRIES} readings: there is no value that both halves had at once")


class Whole(_Wide):
    """One register of 64 bits; its low word is read before its high one, or both at once, as the bus has it."""

    def __init__(self, trait: WideWord, mirror: Mirror, handle: RegisterHandle) -> None:
        super().__init__(trait, mirror, (handle,))

    def load(self) -> int:
        value = self.handle.read()
        for _ in range(_TRIES):
            if self._once:
                return value
            high, value = value >> 32, self.handle.read()
            if value >> 32 == high:
                self._sure = value
                return value
        raise self._torn()

    def peek(self) -> int | None:
        return self.handle.value

    def store(self, raw: int, verify: bool) -> None:
        self.handle.write(raw, verify=verify)

    def reset(self, value: int) -> int:
        return value


class Halves(_Wide):
    """Two registers of 32 bits."""

    def __init__(self, trait: WideWord, mirror: Mirror, low: RegisterHandle, high: RegisterHandle) -> None:
        super().__init__(trait, mirror, (low, high))
        self._low, self._high = low, high
        self._high_first = trait.reading == "high-low"
        self._order = (0, 1) if trait.writing == "low-high" else (1, 0)

    def load(self) -> int:
        if self._once:
            if self._high_first:
                high = self._high.read()
                return high << 32 | self._low.read()
            low = self._low.read()
            return self._high.read() << 32 | low
        high = self._high.read()
        for _ in range(_TRIES):
            low, before = self._low.read(), high
            high = self._high.read()
            if high == before:
                self._sure = high << 32 | low
                return self._sure
        raise self._torn()

    def peek(self) -> int | None:
        low, high = self._low.value, self._high.value
        return None if low is None or high is None else high << 32 | low

    def store(self, raw: int, verify: bool) -> None:
        halves = ((self._low, raw & 0xFFFF_FFFF), (self._high, raw >> 32))
        with self.mirror.transaction():
            for index in self._order:
                handle, value = halves[index]
                handle.write(value, verify=verify)

    def reset(self, value: int) -> int:
        return (self._high.info.reset_value or 0) << 32 | value
