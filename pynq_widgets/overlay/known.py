"""The drivers of one moment: what this session has defined, and what installed packages offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pynq_widgets.access.describe import registers_of
from pynq_widgets.design import kinds

from .binding import Candidate, Choice, choose_hierarchy, choose_ip, hierarchy_drivers, ip_drivers
from .packages import Packages


class KnownDrivers:
    """Which driver an IP or a hierarchy gets now; a class that is defined later is in the next one of these.

    `base` is the class that a package's driver must be derived from.
    """

    def __init__(self, base: type) -> None:
        self._packages = Packages(base=base)
        registered = [Candidate(cls, tuple(cls.bindto)) for cls in ip_drivers.snapshot()]  # type: ignore[attr-defined]
        self.own = [c for c in registered if not self._packages.owns(c.driver)]
        self._others = [c._replace(source=c.driver.__module__) for c in registered if self._packages.owns(c.driver)]
        self.hierarchies = hierarchy_drivers.snapshot()
        self._warned: set[type] = set()

    def packaged(self, vlnv: str) -> Sequence[Candidate]:
        """What installed packages have for an IP of this type."""
        return self._packages.drivers_for(vlnv)

    def for_ip(
        self,
        path: str,
        vlnv: str | None,
        default: Any,
        ignore_version: bool = False,
        addressed: bool = True,
        kind: Callable[[], str | None] | None = None,
    ) -> Choice:
        """See :func:`.binding.choose_ip`. `kind` is asked where nothing binds: a package may have a driver for all IP of that kind."""
        choice = choose_ip(
            path, vlnv, self.own, lambda: [*self.packaged(vlnv or ""), *self._others], default, ignore_version, addressed=addressed
        )
        if choice.driver is not default or not addressed or kind is None:
            return choice
        told = kind()
        general = self._packages.driver_for_kind(told)
        if general is None:
            return choice
        return Choice(general.driver, f"{choice.reason}; this one is for all IP of the kind {told} (from {general.source})")

    def for_hierarchy(self, path: str, description: Callable[[], dict[str, Any]], default: Any) -> Choice:
        """See :func:`.binding.choose_hierarchy`; `description` is asked for only where there is a driver to show it to."""
        return choose_hierarchy(path, description() if self.hierarchies else {}, self.hierarchies, default, self._warned)


def kind_of(description: Mapping[str, Any]) -> str | None:
    """The kind of an IP for which a package may have a general driver (see :mod:`design.kinds`); None for all others."""
    module = description.get("module")
    registers: Iterable[Any] = ()  # asked for only where the VLNV does not say it
    if module is not None:
        registers = (register for block in module.blocks for register in block.registers)
    elif description.get("registers"):
        registers = registers_of(description["registers"])
    return kinds.kind_of(description.get("type"), module, registers)
