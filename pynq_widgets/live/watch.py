"""A watch: registers of any number of blocks that are read together, at a rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pynq_widgets.access import Mirror
from pynq_widgets.access.errors import StaleOverlayError, near_or_all

from .asking import asking
from .schedule import Subscription, tell
from .words import counted

if TYPE_CHECKING:
    from .sampler import Sampler

Groups = Mapping[Mirror, tuple[str, ...]]


class Watch(Subscription):
    """Registers that are read together, `rate` times a second, until :meth:`close`; made by :meth:`Sampler.watch`.

    What is read goes to the mirrors and so to whoever observes them. Beside what a :class:`Subscription` has:

    Attributes
    ----------
    groups : Mapping[Mirror, tuple of str]
        The registers by mirror, each once, in the order of their addresses; those that have gone alone are taken out.
    """

    def __init__(
        self,
        sampler: Sampler,
        groups: Groups,
        rate: float,
        on_tick: Callable[[Watch], object] | None,
        on_error: Callable[[BaseException], object] | None,
        on_rate: Callable[[float], object] | None,
    ) -> None:
        super().__init__(sampler, self._tick, rate, on_error, on_rate)
        self.groups = groups
        self._on_tick = on_tick

    def _tick(self) -> None:
        failure: BaseException | None = None
        gone: set[Mirror] = set()
        for mirror, names in self.groups.items():
            # Half a period: what was read later than that is as new as this tick promises.
            since = mirror.now() - 0.5 / self.rate
            try:
                with asking(mirror.port.device, "sampler"):
                    mirror.refresh(names, newer_than=since)
            except StaleOverlayError as over:
                failure = failure or over
                if not mirror.port.gone_alone:
                    self.close()
                    break
                gone.add(mirror)
            except Exception as error:
                # The words concerned are stale in the mirror, with the reason; the other blocks are read all the same.
                failure = failure or error
        if gone and len(gone) == len(self.groups):
            self.close()
        elif gone:
            # A region of the design was given another module: the rest is read on.
            self.groups = MappingProxyType({mirror: names for mirror, names in self.groups.items() if mirror not in gone})
        if self._on_tick is not None:
            tell(self._on_tick, self)
        if failure is not None:
            raise failure

    def add(self, mirror: Mirror, name: str) -> None:
        """Read the register `name` of `mirror`, too, from the next tick on. Raises as :meth:`Sampler.watch` does."""
        held = {known: list(names) for known, names in self.groups.items() if not known.port.is_stale}
        held.setdefault(mirror, []).append(name)
        self.groups = checked_groups(held.items())

    def __repr__(self) -> str:
        registers = sum(map(len, self.groups.values()))
        return f"Watch({counted(registers, 'register')}, {self._state()})"


def checked_groups(groups: Iterable[tuple[Mirror, Iterable[str] | None]]) -> Groups:
    """`groups` with each mirror and each register once; ``None`` for the names means all that may be read unasked.

    Raises ``KeyError`` for a register that the block does not have, with the near names, ``ValueError`` for one that is not to be read
    unasked, with the reason, and for no register at all, ``TypeError`` for another shape.
    """
    wanted: dict[Mirror, dict[str, None]] = {}
    for group in groups.items() if isinstance(groups, Mapping) else groups:
        try:
            mirror, names = group
        except (TypeError, ValueError):
            raise TypeError(f"a watch takes pairs of a mirror and its registers' names, not the {type(group).__name__} {group!r}") from None
        if not isinstance(mirror, Mirror):
            raise TypeError(f"a watch reads registers of a Mirror (ip.registers), not of the {type(mirror).__name__} {mirror!r}")
        within = readable(mirror)
        asked = wanted.setdefault(mirror, {})
        if names is None:
            asked.update(dict.fromkeys(within))
            continue
        for name in (names,) if isinstance(names, str) else names:
            _check(mirror, name, within)
            asked[name] = None
    found = {
        mirror: tuple(sorted(names, key=lambda name: (mirror.registers[name].offset, name))) for mirror, names in wanted.items() if names
    }
    if not found:
        raise ValueError("nothing to watch: name at least one register that may be read unasked")
    return MappingProxyType(found)


def readable(mirror: Mirror) -> list[str]:
    """The names of the registers that may be read unasked and can be."""
    spans = mirror.plan()
    return [
        name
        for name, handle in mirror.registers.items()
        if handle.guard is None and any(span.offset <= handle.offset < span.stop for span in spans)
    ]


def _check(mirror: Mirror, name: Any, within: list[str]) -> None:
    block = getattr(mirror.block, "name", "") or f"the block at {mirror.port.base:#010x}"
    if not isinstance(name, str):
        raise TypeError(f"a watch takes the names of registers, not the {type(name).__name__} {name!r}")
    if name not in mirror.registers:
        raise KeyError(f"no register {name!r} to watch in {block}{near_or_all(name, mirror.registers)}")
    if name not in within:
        why = mirror.registers[name].guard
        if why is None:
            raise ValueError(
                f"register {name} cannot be watched: it lies beyond the {4 * len(mirror.port.words):#x} bytes that are reached"
            )
        raise ValueError(
            f"register {name} cannot be watched: it is not read unasked ({why}){near_or_all(name, within)}; "
            f"ip.registers[{name!r}].read() reads it once"
        )
