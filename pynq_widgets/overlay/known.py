"""The drivers of one moment: what this session has defined, and what installed packages offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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

    def for_ip(self, path: str, vlnv: str | None, default: Any, ignore_version: bool = False, addressed: bool = True) -> Choice:
        """See :func:`.binding.choose_ip`."""
        return choose_ip(
            path, vlnv, self.own, lambda: [*self.packaged(vlnv or ""), *self._others], default, ignore_version, addressed=addressed
        )

    def for_hierarchy(self, path: str, description: Callable[[], dict[str, Any]], default: Any) -> Choice:
        """See :func:`.binding.choose_hierarchy`; `description` is asked for only where there is a driver to show it to."""
        return choose_hierarchy(path, description() if self.hierarchies else {}, self.hierarchies, default, self._warned)
