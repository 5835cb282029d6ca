"""The memories in the host's address map."""

from __future__ import annotations

from collections.abc import Iterable

from .model import AddressRange, Memory
from .module import Module

_TECHNOLOGIES = ("ddr4", "ddr5", "lpddr4", "lpddr5", "hbm", "bram")


def read_memories(address_map: Iterable[AddressRange]) -> tuple[Memory, ...]:
    """One for each window of memory: several ways to one window are one memory, several windows of one core are named by their block."""
    windows: dict[tuple[str, int, int], AddressRange] = {}
    for span in address_map:
        if span.kind == "memory":
            key = (span.slave, span.base, span.size)
            if key not in windows or span.block < windows[key].block:
                windows[key] = span
    count: dict[str, int] = {}
    for path, _, _ in windows:
        count[path] = count.get(path, 0) + 1
    memories: dict[str, Memory] = {}
    for span in windows.values():
        name = span.slave if count[span.slave] == 1 else f"{span.slave}/{span.block}"
        if name in memories:
            name = f"{name}@{span.base:#x}"
        memories[name] = Memory(name, span.slave, span.block, span.base, span.size, technology(span.module))
    return tuple(memories.values())


def technology(module: Module | None) -> str:
    """What the memory is made of, by the interface that faces it; else the core's name."""
    if module is None:
        return "UNKNOWN"
    for bus in module.buses.values():
        if bus.protocol in _TECHNOLOGIES:
            return bus.protocol.upper()
    return module.modtype.upper() or "UNKNOWN"
