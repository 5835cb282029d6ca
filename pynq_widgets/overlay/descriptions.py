"""The description that a driver is given: PYNQ's dictionary, and with it the device, the overlay and the design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from pynq_widgets.design.views import visible_ranges

from .binding import Choice

VIEWS = ("ip_dict", "hierarchy_dict", "interrupt_pins", "interrupt_controllers", "gpio_dict", "mem_dict", "clock_dict")


class Blueprint:
    """What an overlay is built from: a :class:`Design`, or PYNQ's dictionaries alone where a device brings a parser of its own.

    `leaves` maps each IP and memory to its kind (``'ip'``, ``'memory'``, ``'part'``) and VLNV.
    """

    def __init__(self, source: Any) -> None:
        self.source = source
        self.modules: Mapping[str, Any] = getattr(source, "modules", None) or {}
        self.design = source if self.modules or hasattr(source, "address_map") else None

    def is_black_box(self, path: str) -> bool:
        """Whether of the IP only the boundary is known: a reconfigurable region that the file gives a VLNV of its own."""
        return getattr(self.modules.get(path), "kind", "") == "RBD"

    @cached_property
    def hierarchies(self) -> list[str]:
        if self.design is not None:
            return [path for path in self.design.hierarchies if path]
        return list(getattr(self.source, "hierarchy_dict", None) or {})

    @cached_property
    def quiet(self) -> Mapping[str, str]:
        """The blocks that completion and help leave out, by path, with the reason: those of a quiet type; see :mod:`design.quiet`.

        What somebody made and gave neither address nor stream stays: it has a name that they look for.
        """
        if self.design is None or not hasattr(self.design, "connections"):
            return {}
        from pynq_widgets.design import DesignError, quiet_modules
        from pynq_widgets.design.quiet import NOTHING

        try:
            found = quiet_modules(self.design)
        except DesignError:  # a part of the file that cannot be read: whoever asks for that part is told
            return {}
        return {path: why for path, why in found.items() if why != NOTHING and self.leaves.get(path, ("ip", None))[0] == "part"}

    @cached_property
    def leaves(self) -> dict[str, tuple[Any, str | None]]:
        if self.design is None:
            leaves: dict[str, tuple[Any, str | None]] = {
                path: ("memory", entry.get("type")) for path, entry in (getattr(self.source, "mem_dict", None) or {}).items()
            }
            for path, entry in self.source.ip_dict.items():
                leaves[path] = ("ip" if entry.get("phys_addr") is not None else "part", entry.get("type"))
            return leaves
        leaves = {path: ("part", module.vlnv) for path, module in self.modules.items()}
        for path, ranges in visible_ranges(self.design).items():
            if any(span.kind == "register" for span in ranges) and path not in self.hierarchies:
                leaves[path] = ("ip", leaves.get(path, ("part", None))[1])
        for memory in self.design.memories:
            # A core that has registers too is an IP of that path; its memory is one of its ranges.
            if leaves.get(memory.name, ("part", None))[0] == "part":
                leaves[memory.name] = ("memory", leaves.get(memory.name, ("part", None))[1])
        return leaves

    def view(self, name: str) -> dict[Any, Any]:
        """A fresh copy of one of PYNQ's dictionaries."""
        value = getattr(self.source, name, None) or {}
        if self.design is not None:
            return dict(value)
        return {key: _copied(entry) for key, entry in value.items()}


def _copied(entry: Any) -> Any:
    # Not deepcopy: a foreign parser's dictionaries may hold devices and classes.
    if isinstance(entry, dict):
        return {key: _copied(value) for key, value in entry.items()}
    return list(entry) if type(entry) is list else entry


class Descriptions:
    """Descriptions by path, made when first asked for; the same IP has the same one wherever it is nested."""

    def __init__(self, blueprint: Blueprint, device: Any, overlay: Any, choose: Callable[[str], Choice]) -> None:
        self._blueprint = blueprint
        self._device = device
        self._overlay = overlay
        self._choose = choose
        self._ips: dict[str, dict[str, Any]] = {}
        self._hierarchies: dict[str, dict[str, Any]] = {}

    @cached_property
    def _ip_entries(self) -> dict[str, dict[str, Any]]:
        return self._blueprint.view("ip_dict")

    @cached_property
    def _memory_entries(self) -> dict[str, dict[str, Any]]:
        return self._blueprint.view("mem_dict")

    @cached_property
    def _hierarchy_entries(self) -> dict[str, dict[str, Any]]:
        return self._blueprint.view("hierarchy_dict")

    def _common(self, entry: dict[str, Any], path: str) -> dict[str, Any]:
        entry["device"] = self._device
        entry["overlay"] = self._overlay
        entry["design"] = self._blueprint.design
        entry.setdefault("fullpath", path)
        for key in ("interrupts", "gpio"):
            entry.setdefault(key, {})
        return entry

    def ip(self, path: str) -> dict[str, Any]:
        """The description of the IP or memory `path`."""
        if path not in self._ips:
            module = self._blueprint.modules.get(path)
            entry = self._ip_entries.get(path) or self._memory_entries.get(path) or self._from_module(module)
            entry = self._common(entry, path)
            entry["module"] = module
            if entry["fullpath"] != path:
                entry["memory"] = path  # one of several memories of a core
            for key in ("parameters", "registers"):
                entry.setdefault(key, {})
            self._ips[path] = entry
            entry["driver"] = self._choose(path).driver
        return self._ips[path]

    def _from_module(self, module: Any) -> dict[str, Any]:
        """For an IP that software has no address for: what can be said of it all the same."""
        if module is None:
            return {}
        entry: dict[str, Any] = {"type": module.vlnv, "parameters": dict(module.parameters), "registers": {}, "ranges": [], "state": None}
        pins = self._blueprint.view("interrupt_pins")
        entry["interrupts"] = {p.rpartition("/")[2]: pin for p, pin in pins.items() if p.rpartition("/")[0] == module.path}
        gpio = self._blueprint.view("gpio_dict").values()
        entry["gpio"] = {
            pin.rpartition("/")[2]: line for line in gpio for pin in line.get("pins", ()) if pin.rpartition("/")[0] == module.path
        }
        return entry

    def exchange(self, blueprint: Blueprint, region: str) -> None:
        """Another module stands in `region`: what describes that is made anew, and what describes the rest stays the same object."""
        self._blueprint = blueprint
        for name in ("_ip_entries", "_memory_entries", "_hierarchy_entries"):
            self.__dict__.pop(name, None)
        inside = f"{region}/"
        for made in (self._ips, self._hierarchies):
            for path in [path for path in made if f"{path}/".startswith(inside)]:
                del made[path]
            for entry in made.values():
                entry["design"] = blueprint.design
        above, _, name = region.rpartition("/")
        if above in self._hierarchies:
            for kind in ("ip", "memories"):
                self._hierarchies[above][kind].pop(name, None)
            nested = self._hierarchies[above]["hierarchies"][name] = self.hierarchy(region)
            nested["driver"] = self._choose(region).driver

    def hierarchy(self, path: str) -> dict[str, Any]:
        """The description of the hierarchy `path` with all that is below it, drivers assigned from the bottom up."""
        if path not in self._hierarchies:
            known = self._hierarchy_entries.get(path, {})
            entry = self._common(dict(known), path)
            self._hierarchies[path] = entry
            entry["ip"] = {name: self.ip(_join(path, name)) for name in known.get("ip", {})}
            entry["memories"] = {name: self.ip(_join(path, name)) for name in known.get("memories", {})}
            entry["hierarchies"] = {name: self.hierarchy(_join(path, name)) for name in known.get("hierarchies", {})}
            for nested in entry["hierarchies"].values():
                nested["driver"] = self._choose(nested["fullpath"]).driver
        return self._hierarchies[path]


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
