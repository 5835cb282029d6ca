"""What the registers of any number of blocks held at one moment."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pynq_widgets.access import Mirror, RegisterHandle
from pynq_widgets.access.describe import RegisterLike
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.showing import Shown

from .asking import asking
from .words import counted

_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from .difference import Difference

Reasons = Mapping[str, Mapping[str, str]]


class Snapshot(Mapping[str, Mapping[str, int]], Shown):
    """The values of registers, by the path of their IP and their name; ``after - before`` is what changed between two.

    It does not change any more. Two are equal where they hold the same values.

    Attributes
    ----------
    time : float
        When it was taken, in seconds of the device's clock.
    name : str
        Of what: the name of the design.
    left_out : Mapping
        Path to register to the reason why it has no value: what reading would change, what the bus refused.
    failed : Mapping
        The part of `left_out` where the bus was asked and failed.
    written : Mapping[str, frozenset of str]
        By path the write-only registers among the values: what was last written to them stands for what they hold.
    details : Mapping
        Path to register to what the design says of it (`offset`, `width`, `access`, `fields`).
    types : Mapping[str, str]
        Path to the type of the IP (its VLNV), where it is known.
    """

    def __init__(
        self,
        values: Mapping[str, Mapping[str, int]],
        *,
        time: float = 0.0,
        name: str = "",
        left_out: Reasons | None = None,
        failed: Reasons | None = None,
        written: Mapping[str, frozenset[str]] | None = None,
        details: Mapping[str, Mapping[str, RegisterLike]] | None = None,
        types: Mapping[str, str] | None = None,
    ) -> None:
        self._values = _frozen(values)
        self.time = time
        self.name = name
        self.left_out = _frozen(left_out or {})
        self.failed = _frozen(failed or {})
        self.written: Mapping[str, frozenset[str]] = MappingProxyType(dict(written or {}))
        self.details = _frozen(details or {})
        self.types: Mapping[str, str] = MappingProxyType(dict(types or {}))

    def __getitem__(self, path: str) -> Mapping[str, int]:
        """The values of the IP `path`, by register; ``KeyError`` with the near names otherwise."""
        try:
            return self._values[path]
        except KeyError:
            from pynq_widgets.access.errors import near_or_all

            raise KeyError(f"the snapshot has no IP {path!r}{near_or_all(str(path), self._values)}") from None

    def __contains__(self, path: object) -> bool:
        return path in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        """How many IPs it has."""
        return len(self._values)

    @property
    def count(self) -> int:
        """How many registers have a value."""
        return sum(map(len, self._values.values()))

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, Snapshot) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset((path, frozenset(values.items())) for path, values in self._values.items()))

    def __sub__(self, before: Any) -> Difference:
        """What is different here from what was in `before`."""
        if not isinstance(before, Snapshot):
            return NotImplemented
        from .difference import Difference

        return Difference(before, self)

    def to_dict(self) -> dict[str, dict[str, int]]:
        """The values as plain dictionaries: path to register to value."""
        return {path: dict(values) for path, values in self._values.items()}

    def __repr__(self) -> str:
        left = sum(map(len, self.left_out.values()))
        lost = sum(map(len, self.failed.values()))
        told = f", {left - lost} not read" if left > lost else ""
        told += f", {lost} that the bus refused" if lost else ""
        what = f" of {self.name}" if self.name else ""
        return f"<Snapshot{what}: {counted(self.count, 'register')} of {counted(len(self), 'IP')}{told}>"


def take(mirrors: Mapping[str, Mirror], name: str = "", *, types: Mapping[str, str] | None = None) -> Snapshot:
    """Read what may be read unasked of all `mirrors` (by path), in blocks, and keep it.

    What the bus refuses is left out with the reason, and the rest is read all the same. A write-only register has the value that was
    last written through its mirror, if there was one. Raises ``StaleOverlayError`` where the overlay has gone.
    """
    values: dict[str, dict[str, int]] = {}
    left_out: dict[str, dict[str, str]] = {}
    failed: dict[str, dict[str, str]] = {}
    written: dict[str, frozenset[str]] = {}
    time = 0.0
    for path, mirror in mirrors.items():
        try:
            with asking(mirror.port.device, "snapshot"):
                mirror.refresh()
        except StaleOverlayError:
            raise
        except Exception as error:
            _log.debug("a snapshot of %s is not whole: %s", path, error)  # the registers concerned are stale now, with the reason
        time = mirror.now()
        known, missing = values.setdefault(path, {}), left_out.setdefault(path, {})
        posted = set()
        for register, handle in mirror.registers.items():
            value, why = _held(handle)
            if value is not None:
                known[register] = value
                if handle.guard is not None:
                    posted.add(register)
                continue
            missing[register] = why
            if handle.guard is None and handle.reason:
                failed.setdefault(path, {})[register] = why
        if posted:
            written[path] = frozenset(posted)
    return Snapshot(
        values,
        time=time,
        name=name,
        left_out={path: reasons for path, reasons in left_out.items() if reasons},
        failed=failed,
        written=written,
        details={path: {name: handle.info for name, handle in mirror.registers.items()} for path, mirror in mirrors.items()},
        types=types,
    )


def _held(handle: RegisterHandle) -> tuple[int | None, str]:
    """What the register holds as far as is known, or why that is not known."""
    if handle.guard is not None:
        # Others may not be read to see whether it still is so, but nobody else can have written it.
        if handle.access == "write-only" and handle.state == "written":
            return handle.value, ""
        return None, handle.guard
    if handle.state in ("read", "written", "mismatch"):
        return handle.value, ""
    return None, handle.reason or "it lies beyond the range that is reached"


def _frozen(table: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType({path: MappingProxyType(dict(entries)) for path, entries in table.items()})
