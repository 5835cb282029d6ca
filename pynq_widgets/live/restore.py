"""Configuration put back: everything is checked and read first, then written in a stated order, then read back.

The order: the IPs by address, and in each the registers by address, those that its driver names in ``restore_order`` after the others
and in that order. Bits that start something (see :mod:`.configuration`) are left as they are in that pass, or cleared where they are to
be cleared; they are set at the end, in the same order. A register is written only where one of its bits is to change: one read and one
write of its word, under the lock of the bus, bits that are no configuration as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple

from pynq_widgets.access import Mirror, RegisterHandle
from pynq_widgets.access.errors import StaleOverlayError, near_or_all, noted
from pynq_widgets.showing import Shown

from .asking import asking
from .configuration import Part, Statement, choose, is_hls, mask_of, stated
from .snapshot import Snapshot
from .state import State, StateError
from .watch import readable
from .words import counted

_MOST = 40  # lines of each kind that a text lists


class Write(NamedTuple):
    """One write: the word at bus `address`, what its register held (None where it cannot be read) and holds then, in the `bits` meant."""

    path: str
    register: str
    address: int
    before: int | None
    after: int
    bits: int


class Refusal(NamedTuple):
    """A register that, read back, does not hold what was written to its `bits`."""

    path: str
    register: str
    wanted: int
    holds: int
    bits: int


class Restored(Shown):
    """What :func:`restore` did, or with `dry_run` would do.

    Attributes
    ----------
    written : tuple of Write
        In the order in which it was written. A register whose start bits came last may stand there twice.
    pending : tuple of Write
        What was still to be written when the bus failed.
    unchanged : tuple of (path, register)
        What held its values already.
    left_out : Mapping
        Path to register to the reason why it was not touched.
    refused : tuple of Refusal
        What does not hold, read back, what was written.
    unverified : Mapping
        Path to register to the reason why it could not be read back.
    """

    def __init__(self, state: State, dry_run: bool) -> None:
        self.state = state
        self.dry_run = dry_run
        self.written: tuple[Write, ...] = ()
        self.pending: tuple[Write, ...] = ()
        self.unchanged: tuple[tuple[str, str], ...] = ()
        self.left_out: dict[str, dict[str, str]] = {}
        self.refused: tuple[Refusal, ...] = ()
        self.unverified: dict[str, dict[str, str]] = {}

    @property
    def complete(self) -> bool:
        """Whether every value of the state stands in the hardware now, as far as that can be read."""
        return not (self.dry_run or self.pending or self.left_out or self.refused)

    @property
    def title(self) -> str:
        """One line."""
        left = sum(map(len, self.left_out.values()))
        parts = [
            f"{_registers(self.written)} {'would be written' if self.dry_run else 'written'}",
            f"{len(self.unchanged)} unchanged",
            f"{left} left out",
        ]
        if self.refused:
            parts.append(f"{len(self.refused)} did not take")
        if self.pending:
            parts.append(f"{_registers(self.pending)} not written")
        return ", ".join(parts)

    def reasons(self) -> list[tuple[str, str]]:
        """What was left out, ``('hier/ip.A, B', reason)``: registers of one IP with one reason together."""
        return [(f"{path}.{', '.join(names)}", why) for path, reasons in self.left_out.items() for why, names in _grouped(reasons).items()]

    def __repr__(self) -> str:
        verb = "would write" if self.dry_run else "wrote"
        lines = [f"{verb} {write.path}.{write.register} at {write.address:#010x}: {change(write)}" for write in self.written[:_MOST]]
        lines += _more(self.written)
        lines += [f"did not take: {r.path}.{r.register} holds {r.holds:#x} after {r.wanted:#x} (bits {r.bits:#x})" for r in self.refused]
        lines += [f"not written: {write.path}.{write.register}" for write in self.pending[:_MOST]] + _more(self.pending)
        left = self.reasons()
        lines += [f"left out: {what}: {why}" for what, why in left[:_MOST]] + _more(left)
        lines += [f"not read back: {p}.{r}: {why}" for p, reasons in self.unverified.items() for r, why in reasons.items()]
        return "\n".join([f"Restored: {self.title}", *(f"  {line}" for line in lines)])


class RestoreError(OSError):
    """The bus failed while a state was restored; `report` tells what had been written and what had not."""

    def __init__(self, message: str, report: Restored) -> None:
        super().__init__(message)
        self.report = report


class _Step(NamedTuple):
    handle: RegisterHandle
    mirror: Mirror
    write: Write
    fields: tuple[tuple[str, int], ...]  # name and value; empty: the register as a whole


class _Target(NamedTuple):
    """A register that is to be restored: the pieces of it that are configuration, and the value that they are to have."""

    path: str
    mirror: Mirror
    handle: RegisterHandle
    parts: tuple[Part, ...]
    value: int
    said: Statement

    @property
    def mask(self) -> int:
        return mask_of(self.parts)


def restore(
    mirrors: Mapping[str, Mirror],
    state: State | Snapshot,
    *,
    drivers: Mapping[str, Any] | None = None,
    types: Mapping[str, str] | None = None,
    name: str = "",
    dry_run: bool = False,
) -> Restored:
    """Write the configuration that `state` holds to the registers of `mirrors`, by path.

    Parameters
    ----------
    state
        What :func:`.state.load` gives, or a snapshot.
    drivers
        Path to driver class, which may state ``configuration`` and ``restore_order``.
    types
        Path to the type (VLNV) of the IP that is there; where it is another than in `state`, versions apart, the IP is left out.
    name
        Of the design that is loaded, for messages.
    dry_run
        Read, and tell what would be written; write nothing.

    Raises :class:`.state.StateError` where nothing of `state` is in this design or a value does not fit its register, and
    :class:`RestoreError` where the bus fails: before the first write nothing was written, after it `report` tells what was.
    """
    if isinstance(state, Snapshot):
        state = State.of(state)
    if not isinstance(state, State):
        raise TypeError(f"restore takes a state or a snapshot, not the {type(state).__name__} {state!r}")
    report = Restored(state, dry_run)
    targets = _targets(mirrors, state, drivers or {}, types or {}, name, report)
    _look(targets, report, "nothing was written: the registers could not be read")
    steps, unchanged = _plan(targets)
    report.unchanged = tuple(unchanged)
    if dry_run:
        report.written = tuple(step.write for step in steps)
        return report
    _write(steps, report)
    _verify(targets, report)
    return report


def _targets(
    mirrors: Mapping[str, Mirror], state: State, drivers: Mapping[str, Any], types: Mapping[str, str], name: str, report: Restored
) -> list[_Target]:
    """What is to be restored; the reasons for the rest go to `report`."""
    found: list[_Target] = []
    too_large = []
    here = False
    for path, values in state.values.items():
        mirror = mirrors.get(path)
        left = report.left_out.setdefault(path, {})
        strange = _strange(path, mirrors, state.types.get(path), types.get(path), name)
        if mirror is None or strange:
            left.update(dict.fromkeys(values, strange))
            continue
        here = True
        within = set(readable(mirror))
        said = stated(drivers.get(path))
        hls = is_hls(types.get(path) or state.types.get(path))
        for register, (value, bits) in values.items():
            handle = mirror.registers.get(register)
            if handle is None:
                left[register] = f"the design has no such register{near_or_all(register, mirror.registers)}"
                continue
            info = handle.info
            if value >> min(info.width, 64) and not getattr(info, "is_memory", False):
                too_large.append(f"{path}.{register} has {info.width} bits, {value:#x} does not fit")
                continue
            choice = choose(register, info, handle.guard if handle.access != "write-only" else None, said, hls)
            parts = tuple(part for part in choice.parts if not part.mask & ~bits)
            if not choice.parts:
                left[register] = choice.reason
            elif not parts:
                left[register] = f"the state holds only its bits {bits:#x}, and no field whole"
            elif handle.guard is None and register not in within:
                left[register] = "it lies beyond the range that is reached"
            else:
                found.append(_Target(path, mirror, handle, parts, value, said))
    source = state.source or "the state"
    if too_large:
        raise StateError(
            source, f"nothing was written: {'; '.join(too_large[:5])}" + (f"; and {len(too_large) - 5} more" if too_large[5:] else "")
        )
    if state.values and not here:
        was = f"design {state.name}" if state.name else "another design"
        first = next(iter(report.left_out.values()))
        why = next(iter(first.values()), "no register is named")
        raise StateError(source, f"it is of {was}, and no IP of it is in {name or 'this one'}: {next(iter(state.values))}: {why}")
    report.left_out = {path: reasons for path, reasons in report.left_out.items() if reasons}
    return found


def _strange(path: str, mirrors: Mapping[str, Mirror], was: str | None, now: str | None, name: str) -> str:
    if path not in mirrors:
        return f"{name or 'the design'} has no IP {path!r} with registers{near_or_all(path, mirrors, 6)}"
    if was and now and _kind(was) != _kind(now):
        return f"it is a {now} here, and was a {was}"
    return ""


def _kind(vlnv: str) -> str:
    return vlnv.rpartition(":")[0] if vlnv.count(":") == 3 else vlnv


def _look(targets: list[_Target], report: Restored, failed: str) -> None:
    """Read what is to be restored and may be read: in blocks, nothing else."""
    for mirror, names in _by_mirror(targets):
        try:
            with asking(mirror.port.device, "restore"):
                mirror.refresh(names)
        except StaleOverlayError:
            raise
        except Exception as error:
            raise RestoreError(f"{failed}: {error}", report) from error


def _by_mirror(targets: list[_Target]) -> Iterator[tuple[Mirror, list[str]]]:
    grouped: dict[Mirror, list[str]] = {}
    for target in targets:
        if target.handle.guard is None:
            grouped.setdefault(target.mirror, []).append(target.handle.name)
    yield from grouped.items()


def _plan(targets: list[_Target]) -> tuple[list[_Step], list[tuple[str, str]]]:
    first: list[tuple[tuple[Any, ...], _Step]] = []
    last: list[tuple[tuple[Any, ...], _Step]] = []
    unchanged = []
    for target in targets:
        handle = target.handle
        readable = handle.guard is None
        now = handle.value if readable or handle.state == "written" else None
        if now is not None and not (now ^ target.value) & target.mask:
            unchanged.append((target.path, handle.name))
            continue
        if now is None:
            # Nobody knows what it holds: it is written whole, or its other bits would be made up.
            (last if any(part.starts for part in target.parts) else first).append(
                (_rank(target, target.parts), _step(target, target.parts, None, whole=True))
            )
            continue
        changed = [part for part in target.parts if (now ^ target.value) & part.mask]
        # A bit that is to stop something does so before what it controls is changed.
        later = [part for part in changed if part.starts and not _stops(part, target.value)]
        early = [part for part in changed if part not in later]
        if early:
            first.append((_rank(target, early), _step(target, early, now)))
            now = now & ~mask_of(early) | target.value & mask_of(early)
        if later:
            last.append((_rank(target, later), _step(target, later, now)))
    ordered = [step for _, step in sorted(first, key=lambda item: item[0])] + [step for _, step in sorted(last, key=lambda item: item[0])]
    return ordered, unchanged


def _stops(part: Part, value: int) -> bool:
    return part.mask.bit_count() == 1 and not value & part.mask


def _rank(target: _Target, parts: Any) -> tuple[Any, ...]:
    """Where a step stands within its pass."""
    register, order = target.handle.name, target.said.order
    names = [register, *(f"{register}.{part.field}" for part in parts)]
    place = max((order.index(name) for name in names if name in order), default=-1)
    return (target.mirror.port.base, target.path, place, target.handle.offset, register)


def _step(target: _Target, parts: Any, now: int | None, whole: bool = False) -> _Step:
    handle, mask = target.handle, mask_of(parts)
    after = target.value & mask if now is None else now & ~mask | target.value & mask
    write = Write(target.path, handle.name, target.mirror.port.base + handle.offset, now, after, mask)
    fields = () if whole or not parts[0].field else tuple((part.field, part.of(target.value)) for part in parts)
    return _Step(handle, target.mirror, write, fields)


def _write(steps: list[_Step], report: Restored) -> None:
    done: list[Write] = []
    for step in steps:
        try:
            with ExitStack() as stack:
                stack.enter_context(asking(step.mirror.port.device, "restore"))
                if step.fields:
                    stack.enter_context(step.mirror.transaction())
                    for field, value in step.fields:
                        step.handle.write_field(field, value)
                else:
                    step.handle.write(step.write.after)
        except BaseException as error:
            report.written, report.pending = tuple(done), tuple(other.write for other in steps[len(done) :])
            told = f"restoring stopped at {step.write.path}.{step.write.register} (at {step.write.address:#010x}): {error}"
            told = f"{told}; {_registers(done)} written before it, {_registers(report.pending)} not: see report"
            if isinstance(error, Exception):
                raise RestoreError(told, report) from error
            noted(error, told)  # an interrupt stays one
            raise
        done.append(step.write)
    report.written = tuple(done)


def _verify(targets: list[_Target], report: Restored) -> None:
    written = {(write.path, write.register) for write in report.written}
    checked = [target for target in targets if (target.path, target.handle.name) in written]
    refused = []
    for mirror, names in _by_mirror(checked):
        try:
            with asking(mirror.port.device, "restore"):
                mirror.refresh(names)
        except Exception as error:
            # Everything was written; what the read-back could not see is told with each register.
            for target in checked:
                if target.mirror is mirror and target.handle.state != "read":
                    report.unverified.setdefault(target.path, {})[target.handle.name] = str(error)
    for target in checked:
        handle = target.handle
        if handle.guard is not None:
            report.unverified.setdefault(target.path, {})[handle.name] = handle.guard
        elif handle.name in report.unverified.get(target.path, {}) or handle.value is None:
            continue
        elif (handle.value ^ target.value) & target.mask:
            refused.append(Refusal(target.path, handle.name, target.value & target.mask, handle.value, target.mask))
    report.refused = tuple(refused)


def change(write: Write) -> str:
    """What a write changes, as text."""
    return f"{'–' if write.before is None else hex(write.before)} → {write.after:#x}"


def _registers(writes: Any) -> str:
    return counted(len({(write.path, write.register) for write in writes}), "register")


def _grouped(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for register, why in reasons.items():
        grouped.setdefault(why, []).append(register)
    return grouped


def _more(listed: Any) -> list[str]:
    return [f"… and {len(listed) - _MOST} more"] if len(listed) > _MOST else []
