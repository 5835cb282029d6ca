"""What the registers of any number of blocks held at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import RegisterLike
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.showing import Shown

from .asking import asking
from .watch import readable
from .words import counted

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
        values: Mapping[str, Mapping[str, int]] | Callable[[], Mapping[str, Mapping[str, int]]],
        *,
        time: float = 0.0,
        name: str = "",
        left_out: Reasons | None = None,
        failed: Reasons | None = None,
        written: Mapping[str, frozenset[str]] | None = None,
        details: Mapping[str, Mapping[str, RegisterLike]] | None = None,
        types: Mapping[str, str] | None = None,
    ) -> None:
        self._source = values if callable(values) else _frozen(values)
        self.time = time
        self.name = name
        self.left_out = _frozen(left_out or {})
        self.failed = _frozen(failed or {})
        self.written: Mapping[str, frozenset[str]] = MappingProxyType(dict(written or {}))
        self.details = _frozen(details or {})
        self.types: Mapping[str, str] = MappingProxyType(dict(types or {}))

    @cached_property
    def _values(self) -> Mapping[str, Mapping[str, int]]:
        return _frozen(self._source()) if callable(self._source) else self._source

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


class _Layout:
    """What does not change about the registers of a mirror: which are read, what the design says of each."""

    def __init__(self, mirror: Mirror) -> None:
        within = set(readable(mirror))
        self.read = tuple(name for name in mirror.registers if name in within)
        self.handles = tuple(mirror.registers[name] for name in self.read)
        self.rest = tuple((name, handle) for name, handle in mirror.registers.items() if name not in within)
        self.details = MappingProxyType({name: handle.info for name, handle in mirror.registers.items()})


_value = attrgetter("value")


def _layout(mirror: Mirror) -> _Layout:
    # Kept with the mirror, whose handles it holds: a table here, even one of weak keys, would keep both for ever.
    kept = vars(mirror)
    layout: _Layout | None = kept.get("_layout")
    return kept.setdefault("_layout", _Layout(mirror)) if layout is None else layout


def take(mirrors: Mapping[str, Mirror], name: str = "", *, types: Mapping[str, str] | None = None) -> Snapshot:
    """Read what may be read unasked of all `mirrors` (by path), in blocks, and keep it.

    What the bus refuses is left out with the reason, and the rest is read all the same. A write-only register has the value that was
    last written through its mirror, if there was one. Raises ``StaleOverlayError`` where the overlay has gone.
    """
    held: dict[str, tuple[tuple[str, ...], list[int], dict[str, int]]] = {}
    left_out: dict[str, dict[str, str]] = {}
    failed: dict[str, dict[str, str]] = {}
    written: dict[str, frozenset[str]] = {}
    details: dict[str, Mapping[str, RegisterLike]] = {}
    time = 0.0
    for path, mirror in mirrors.items():
        layout = _layout(mirror)
        details[path] = layout.details
        missing: dict[str, str] = {}
        names: tuple[str, ...] = layout.read
        try:
            with asking(mirror.port.device, "snapshot"):
                mirror.refresh()
            values = list(map(_value, layout.handles))
        except StaleOverlayError:
            raise
        except Exception as error:
            # The registers that were not read are stale now, each with the reason.
            lost = {handle.name: handle.reason or str(error) for handle in layout.handles if handle.state in ("never", "stale")}
            missing |= lost
            failed[path] = lost
            names = tuple(name for name in names if name not in lost)
            values = [mirror.registers[name].value for name in names]
        time = mirror.now()
        posted: dict[str, int] = {}
        for register, handle in layout.rest:
            # Nobody may read it to see whether it still is so; what was written last is what is known.
            if handle.access == "write-only" and handle.state == "written" and handle.value is not None:
                posted[register] = handle.value
            else:
                missing[register] = handle.guard or "it lies beyond the range that is reached"
        held[path] = (names, values, posted)
        if missing:
            left_out[path] = missing
        if posted:
            written[path] = frozenset(posted)
    return Snapshot(
        # Names and values are brought together when somebody looks: most of the time of a snapshot would go there.
        lambda: {path: {**dict(zip(names, values, strict=True)), **posted} for path, (names, values, posted) in held.items()},
        time=time,
        name=name,
        left_out=left_out,
        failed=failed,
        written=written,
        details=details,
        types=types,
    )


def _frozen(table: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType(
        {path: entries if type(entries) is MappingProxyType else MappingProxyType(dict(entries)) for path, entries in table.items()}
    )
