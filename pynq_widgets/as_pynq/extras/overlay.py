"""``pynq.overlay``: the private functions and classes that PYNQ's tests, and people who reach into its insides, use.

The rules are those of the overlays here (:mod:`pynq_widgets.overlay.binding`); only the shapes are PYNQ's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from pynq_widgets import overlay
from pynq_widgets.as_pynq.hwh_parser import HWH
from pynq_widgets.design import Design
from pynq_widgets.overlay.binding import full_name, hierarchy_drivers, ip_drivers, without_version
from pynq_widgets.overlay.describe import document_branch
from pynq_widgets.overlay.hierarchy import DefaultHierarchy
from pynq_widgets.overlay.known import KnownDrivers
from pynq_widgets.overlay.tree import attribute_name


def _assign_drivers(description: dict[str, Any], ignore_version: bool, device: Any) -> None:
    """Write ``driver`` and ``device`` into each IP and hierarchy of `description`, the deepest first."""
    _assign(description, ignore_version, device, KnownDrivers(overlay.DefaultIP))


def _assign(description: dict[str, Any], ignore_version: bool, device: Any, known: KnownDrivers) -> None:
    for name, entry in description["hierarchies"].items():
        _assign(entry, ignore_version, device, known)
        entry["device"] = device
        path = entry.get("fullpath", name)
        entry["driver"] = known.for_hierarchy(path, lambda entry=entry: entry, overlay.DocumentHierarchy).driver  # type: ignore[misc]
    for name, entry in description["ip"].items():
        entry["device"] = device
        path, addressed = entry.get("fullpath", name), entry.get("phys_addr") is not None
        entry["driver"] = known.for_ip(path, entry.get("type"), overlay.DefaultIP, ignore_version, addressed=addressed).driver


def _complete_description(
    ip_dict: Mapping[str, Any],
    hierarchy_dict: Mapping[str, Any],
    ignore_version: bool,
    mem_dict: Mapping[str, Any],
    device: Any,
    overlay: Any = None,
) -> dict[str, Any]:
    """One description of all that a parser's dictionaries list, with drivers."""
    for entry in hierarchy_dict.values():
        entry["overlay"] = overlay
    description = {
        "ip": dict(ip_dict),
        "hierarchies": dict(hierarchy_dict),
        "interrupts": {},
        "gpio": {},
        "memories": {attribute_name(name): entry for name, entry in mem_dict.items() if entry.get("used")},
        "device": device,
    }
    _assign_drivers(description, ignore_version, device)
    return description


class _IPMap(DefaultHierarchy):
    """What a description lists, as attributes."""

    def __init__(self, desc: dict[str, Any]) -> None:
        super().__init__(desc)

    @property
    def _description(self) -> dict[str, Any]:
        found: dict[str, Any] = self._described
        return found

    def _keys(self) -> list[str]:
        return [*self._children(), *self._interrupts, *self._gpio]


class _Drivers(Mapping[str, Any]):
    """The driver that each VLNV is bound to, and each VLNV without its version; PYNQ's registry, to look at."""

    def __getitem__(self, vlnv: str) -> Any:
        for driver in ip_drivers.snapshot():
            bindto: list[str] = driver.bindto  # type: ignore[attr-defined]
            if vlnv in bindto or vlnv in map(without_version, bindto):
                return driver
        raise KeyError(vlnv)

    def __iter__(self) -> Any:
        bound = [vlnv for driver in ip_drivers.snapshot() for vlnv in driver.bindto]  # type: ignore[attr-defined]
        return iter(dict.fromkeys(name for vlnv in bound for name in (vlnv, without_version(vlnv)) if name))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _build_docstring(description: dict[str, Any], name: str, type_: str) -> str:
    """What PYNQ writes into the docstring of an overlay or hierarchy."""
    return document_branch(_IPMap(description), "", type_, name)


def _parser(ol: Any) -> Any:
    """PYNQ's parser, in whose nets, pins and elements drivers look for what is connected to what."""
    source = ol._source
    if not isinstance(source, Design):
        return source
    kept: HWH | None = ol.__dict__.get("_pynq_parser")
    if kept is None or kept.design is not source:
        kept = ol.__dict__["_pynq_parser"] = HWH.of(source)
    return kept


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """Add them."""
    for value in (_assign_drivers, _complete_description, _IPMap, _build_docstring):
        put(module, value.__name__, value)
    put(module, "_classname", full_name)
    put(module, "_ip_drivers", _Drivers())
    put(module, "_hierarchy_drivers", _Hierarchies())
    put(overlay.Overlay, "parser", property(_parser))
    put(overlay.Overlay, "systemgraph", property(lambda ol: getattr(_parser(ol), "systemgraph", None)))


class _Hierarchies:
    """The drivers of hierarchies, the newest first; PYNQ's registry, to look at."""

    def __iter__(self) -> Any:
        return iter(hierarchy_drivers.snapshot())

    def __len__(self) -> int:
        return len(hierarchy_drivers.snapshot())

    def __contains__(self, driver: object) -> bool:
        return driver in hierarchy_drivers.snapshot()
