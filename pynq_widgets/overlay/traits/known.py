"""What is known of an attribute without asking the hardware."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple


class Known(NamedTuple):
    """The last known value of a hardware attribute.

    `value` is ``None`` if it was never seen; `state` as in the mirror (``'never'``, ``'read'``, ``'written'``, ``'stale'``,
    ``'mismatch'``); `age` in seconds and `when` in seconds of the device's clock, both ``None`` if it was never seen; `reason` says why
    the value is stale.
    """

    value: Any
    state: str
    age: float | None
    when: float | None
    reason: str


class LastKnown:
    """A value that was not read now, since reading has an effect (or is not possible): an int, float or str that knows its age.

    It counts and compares as the number it is. ``age`` is in seconds, ``when`` the time of the device's clock, ``state`` and ``guard``
    are the register's.
    """

    state: str
    when: float | None
    guard: str
    _handle: Any
    _shown: str

    @property
    def age(self) -> float | None:
        """Seconds since this value was read or written."""
        return None if self.when is None else float(self._handle._mirror.now() - self.when)

    def __repr__(self) -> str:
        age = self.age
        since = "" if age is None else f", {_seconds(age)} ago"
        return f"{self._shown} ({self.state}{since}; not read, {self.guard}: registers[{self._handle.name!r}].read() reads it)"


class LastKnownInt(LastKnown, int):
    """An int, or a bit."""

    __str__ = int.__repr__
    __hash__ = int.__hash__


class LastKnownFloat(LastKnown, float):
    """A float."""

    __str__ = float.__repr__
    __hash__ = float.__hash__


class LastKnownStr(LastKnown, str):
    """A label of an enumeration."""

    __str__ = str.__str__
    __hash__ = str.__hash__


def last_known(value: Any, handle: Any, guard: str) -> Any:
    """`value` with the age of what `handle` (a register of a mirror) holds; ``None`` stays None, what cannot carry an age stays itself."""
    made: Any
    if isinstance(value, Enum):
        return value
    if isinstance(value, int):
        made = LastKnownInt(value)
    elif isinstance(value, float):
        made = LastKnownFloat(value)
    elif type(value) is str:
        made = LastKnownStr(value)
    else:
        return value
    made.state, made.when, made.guard, made._handle, made._shown = handle.state, handle.when, guard, handle, repr(value)
    return made


def _seconds(age: float) -> str:
    if age < 1:
        return f"{age * 1e3:.0f} ms"
    return f"{age:.1f} s" if age < 120 else f"{age / 60:.0f} min"
