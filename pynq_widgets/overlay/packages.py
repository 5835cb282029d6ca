"""Drivers of installed packages: entry points in the group ``pynq_widgets.drivers``, named by VLNV with or without its version.

A name without colons is that of a kind of IP which the design room can tell (``hls``): its driver is for each IP of the kind that has no
other.

Only those of the IP in a design are imported, and one that fails to import is warned about and harms nothing else. PYNQ's own group,
``pynq.lib``, names modules and no VLNV, so all of them are imported, as PYNQ does, where ``import pynq`` means this project.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from pynq_widgets.plugins import entry_points

from .binding import Candidate, checked_bindto, full_name, without_version

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "pynq_widgets.drivers"
PYNQ_GROUP = "pynq.lib"

_log = logging.getLogger(__name__)


def installed() -> tuple[EntryPoint, ...]:
    """The entry points of the group, as the installed distributions have them now."""
    return tuple(entry_points(group=GROUP))


class Packages:
    """The drivers that `points` offer, imported when they are first asked for."""

    def __init__(self, points: Iterable[EntryPoint] | None = None, base: type = object) -> None:
        self._given = points
        self._base = base
        self._loaded: dict[EntryPoint, tuple[Candidate, ...]] = {}

    @cached_property
    def _points(self) -> dict[str, list[EntryPoint]]:
        points: dict[str, list[EntryPoint]] = {}
        for point in installed() if self._given is None else self._given:
            points.setdefault(point.name.strip(), []).append(point)
        return points

    @cached_property
    def roots(self) -> frozenset[str]:
        """The top-level names of the packages that have entry points."""
        return frozenset(point.value.partition(":")[0].partition(".")[0].strip() for points in self._points.values() for point in points)

    def owns(self, cls: type) -> bool:
        """Whether `cls` stands in one of the packages that have entry points (and not in the user's own code)."""
        return cls.__module__.partition(".")[0] in self.roots

    def drivers_for(self, vlnv: str) -> Sequence[Candidate]:
        """What the packages offer for an IP of type `vlnv` (of any version: the classes' own ``bindto`` decides)."""
        points = [*self._points.get(vlnv, ()), *self._points.get(without_version(vlnv), ())]
        return [candidate for point in dict.fromkeys(points) for candidate in self._load(point, vlnv)]

    def driver_for_kind(self, kind: str | None) -> Candidate | None:
        """What the packages offer for an IP of this kind that has no driver of its own; None where they offer nothing."""
        points = self._points.get(kind, ()) if kind else ()
        return next((candidate for point in points for candidate in self._load(point, "")), None)

    def _load(self, point: EntryPoint, vlnv: str) -> tuple[Candidate, ...]:
        if point not in self._loaded:
            try:
                found = point.load()
            except Exception as error:
                warnings.warn(
                    f"The driver {point.value!r} of the installed package {_owner(point)}, for {point.name}, could not be imported: "
                    f"{type(error).__name__}: {error}. The IP gets another driver.",
                    UserWarning,
                    stacklevel=2,
                )
                _log.warning("entry point %s = %s failed", point.name, point.value, exc_info=True)
                found = None
            self._loaded[point] = tuple(self._candidates(point, found, vlnv)) if found is not None else ()
        return self._loaded[point]

    def _candidates(self, point: EntryPoint, found: object, vlnv: str) -> Iterable[Candidate]:
        source = f"package {_owner(point)}"
        classes = [found] if not isinstance(found, ModuleType) else list(vars(found).values())
        drivers = [c for c in classes if isinstance(c, type) and issubclass(c, self._base) and c is not self._base]
        if isinstance(found, ModuleType):
            drivers = [c for c in drivers if "bindto" in vars(c)]
        if not drivers:
            warnings.warn(
                f"The entry point {point.name} = {point.value} of the installed package {_owner(point)} names no subclass of DefaultIP; "
                "it is ignored.",
                UserWarning,
                stacklevel=2,
            )
        for driver in drivers:
            bindto = getattr(driver, "bindto", None)
            # A class that states nothing is bound to what the entry point's name says.
            named = point.name.strip()
            yield Candidate(driver, checked_bindto(full_name(driver), bindto) if bindto else (named if named == vlnv else vlnv,), source)


_tried: set[EntryPoint] = set()


def import_for_pynq() -> None:
    """Import the modules that packages name for PYNQ (entry points in the group ``pynq.lib``), so that the drivers in them bind.

    Only where ``pynq`` is this project: they import it. Each is tried once, and one that cannot be imported is warned about.
    """
    if sys.modules.get("pynq") is not sys.modules["pynq_widgets"]:
        return
    for point in entry_points(group=PYNQ_GROUP):
        if point in _tried:
            continue
        _tried.add(point)
        try:
            import_module(point.value.partition(":")[0].strip())
        except Exception as error:
            warnings.warn(
                f"The module {point.value!r} of the installed package {_owner(point)}, which it names for {PYNQ_GROUP}, could not be "
                f"imported: {type(error).__name__}: {error}. Drivers in it do not bind.",
                UserWarning,
                stacklevel=2,
            )
            _log.warning("entry point %s = %s failed", point.name, point.value, exc_info=True)


def _owner(point: EntryPoint) -> str:
    dist = getattr(point, "dist", None)
    return dist.name if dist is not None else point.value.partition(":")[0]
