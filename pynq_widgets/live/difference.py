"""What changed between two snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pynq_widgets.showing import Shown

from .words import counted

if TYPE_CHECKING:
    from pynq_widgets.access.describe import RegisterLike

    from .snapshot import Snapshot

_MOST = 200  # rows that a text lists


class FieldChange(NamedTuple):
    """A field that holds another value than before."""

    name: str
    before: int
    after: int


class Row(NamedTuple):
    """A register that holds another value than before.

    Where it is known on one side alone, the other is ``None`` and `reason` says why; `fields` are those that changed, where both are
    known. `width` is in bits.
    """

    path: str
    register: str
    before: int | None
    after: int | None
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    width: int = 32


class Difference(Shown):
    """What is different in the snapshot `after` from what was in `before`; true where something is.

    Attributes
    ----------
    rows : tuple of Row
        The registers that hold another value, and those whose value is known in one of the snapshots only.
    gone, come : tuple of str
        The IPs that only the earlier (the later) snapshot has.
    unknown : Mapping
        Path to register to reason: what the bus refused in both, so that nobody can tell whether it changed.
    unread : int
        How many registers were not read in either, since reading would change them.
    """

    def __init__(self, before: Snapshot, after: Snapshot) -> None:
        self.before = before
        self.after = after
        self.gone = tuple(path for path in before if path not in after)
        self.come = tuple(path for path in after if path not in before)
        self.rows = tuple(_rows(before, after))
        self.unknown: Mapping[str, Mapping[str, str]] = MappingProxyType(_unknown(before, after))
        self.unread = sum(
            register in after.left_out.get(path, {}) and register not in self.unknown.get(path, {})
            for path, reasons in before.left_out.items()
            for register in reasons
        )

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows or self.gone or self.come)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Difference):
            return NotImplemented
        return (self.rows, self.gone, self.come) == (other.rows, other.gone, other.come)

    def __hash__(self) -> int:
        return hash((self.rows, self.gone, self.come))

    def to_dict(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Path to register to ``{'before', 'after', 'fields': {name: (before, after)}}``, and ``'reason'`` where one is not known."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for row in self.rows:
            entry: dict[str, Any] = {
                "before": row.before,
                "after": row.after,
                "fields": {field.name: (field.before, field.after) for field in row.fields},
            }
            if row.reason:
                entry["reason"] = row.reason
            found.setdefault(row.path, {})[row.register] = entry
        return found

    @property
    def title(self) -> str:
        """One line that says how much changed."""
        changed = sum(row.before is not None and row.after is not None for row in self.rows)
        if not self:
            return "nothing changed"
        parts = [f"{counted(changed, 'register')} changed"] if changed or len(self.rows) == changed else []
        if len(self.rows) > changed:
            parts.append(f"{len(self.rows) - changed} known on one side only")
        return ", ".join(parts)

    def notes(self) -> list[str]:
        """What stands beside the rows: IPs that came and went, what cannot be told."""
        told = []
        if self.before.name != self.after.name:
            told.append(f"of two designs: {self.before.name or 'unnamed'} before, {self.after.name or 'unnamed'} after")
        if self.gone:
            told.append(f"only before: {', '.join(self.gone)}")
        if self.come:
            told.append(f"only after: {', '.join(self.come)}")
        for path, reasons in self.unknown.items():
            told += [f"nobody can tell of {path}.{register}: {why}" for register, why in reasons.items()]
        if self.unread:
            told.append(f"not read, since reading would change them: {counted(self.unread, 'register')}")
        return told

    def __repr__(self) -> str:
        cells = [(f"{row.path}.{row.register}", *texts(row), told(row)) for row in self.rows[:_MOST]]
        widths = [max((len(cell[column]) for cell in cells), default=0) for column in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}} → {c:<{widths[2]}}  {d}".rstrip() for a, b, c, d in cells]
        if len(self.rows) > _MOST:
            lines.append(f"… and {len(self.rows) - _MOST} more")
        return "\n".join([f"Difference: {self.title}", *(f"  {line}" for line in (*lines, *self.notes()))])


def texts(row: Row) -> tuple[str, str]:
    """Both values as they are shown: hexadecimal, as wide as the register, ``–`` for one that is not known."""
    digits = 2 + max(1, -(-min(row.width, 64) // 4))
    before, after = ("–" if value is None else f"{value:#0{digits}x}" for value in (row.before, row.after))
    return before, after


def told(row: Row) -> str:
    """The fields that changed, or why a value is not known."""
    return row.reason or ", ".join(f"{field.name} {field.before} → {field.after}" for field in row.fields)


def _rows(before: Snapshot, after: Snapshot) -> Iterator[Row]:
    for path in (*before, *(path for path in after if path not in before)):
        old, new = before.get(path, {}), after.get(path, {})
        for register in (*old, *(name for name in new if name not in old)):
            first, last = old.get(register), new.get(register)
            if first == last:
                continue
            info = after.details.get(path, {}).get(register) or before.details.get(path, {}).get(register)
            width = getattr(info, "width", 32)
            if first is None:
                yield Row(path, register, None, last, (), _why(before, path, register, "before"), width)
            elif last is None:
                yield Row(path, register, first, None, (), _why(after, path, register, "after"), width)
            else:
                yield Row(path, register, first, last, tuple(_fields(info, first, last)), "", width)


def _why(snapshot: Snapshot, path: str, register: str, when: str) -> str:
    if path not in snapshot:
        return f"{path} is not in the snapshot {when}"
    why = snapshot.left_out.get(path, {}).get(register)
    return f"not known {when}: {why}" if why else f"{path} has no such register {when}"


def _fields(info: RegisterLike | None, before: int, after: int) -> Iterator[FieldChange]:
    for field in info.fields if info is not None else ():
        mask = (1 << field.bit_width) - 1
        first, last = before >> field.bit_offset & mask, after >> field.bit_offset & mask
        if first != last:
            yield FieldChange(field.name, first, last)


def _unknown(before: Snapshot, after: Snapshot) -> dict[str, Mapping[str, str]]:
    """What has no value in either, and was refused by the bus in one of them."""
    found: dict[str, dict[str, str]] = {}
    for snapshot in (before, after):
        for path, reasons in snapshot.failed.items():
            for register, why in reasons.items():
                if register not in before.get(path, {}) and register not in after.get(path, {}):
                    found.setdefault(path, {})[register] = why
    return {path: MappingProxyType(reasons) for path, reasons in found.items()}
