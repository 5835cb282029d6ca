"""Why a transfer does not end, from the design's wires and, on a simulated device, from the stream itself."""

from __future__ import annotations

from typing import Any


def far_end(design: Any, path: str, interface: str) -> tuple[str, str] | None:
    """Path and interface of what the stream `interface` of `path` is connected to; None where the design does not say."""
    for link in getattr(design, "connections", ()):
        if link.protocol != "axis":
            continue
        if link.master == path and link.master_interface.lower() == interface.lower():
            return str(link.slave), str(link.slave_interface)
        if link.slave == path and link.slave_interface.lower() == interface.lower():
            return str(link.master), str(link.master_interface)
    return None


def not_started(design: Any, path: str, device: Any = None) -> str:
    """A hint where `path` is an HLS core that moves data only once started; '' elsewhere, and where `device`, a simulated one, knows that
    it was. Reads nothing, which could clear ap_done."""
    if getattr(getattr(device, "models", {}).get(path), "started", False):
        return ""
    module = getattr(design, "modules", {}).get(path)
    for block in getattr(module, "blocks", ()):
        for register in block.registers:
            if any(field.name == "AP_START" for field in register.fields):
                name = path.replace("/", ".")
                return f" {path} moves data only while it runs: was it started ({name}.ap_start = 1), with all of its arguments?"
    return ""


def leads_to(design: Any, path: str, interface: str) -> str | None:
    """Path of the core in which the stream that leaves `path` at `interface` ends, through all that only passes it on."""
    links = [link for link in getattr(design, "connections", ()) if link.protocol == "axis"]
    at, seen = next(((link.slave for link in links if (link.master, link.master_interface) == (path, interface))), None), set()
    while at is not None and at not in seen and at != path:
        seen.add(at)
        inward = [link for link in links if link.slave == at]
        onward = [link for link in links if link.master == at]
        module = getattr(design, "modules", {}).get(at)
        moves = module is not None and any(bus.protocol == "aximm" and bus.mode == "master" for bus in module.buses.values())
        if moves or len(inward) != 1 or len(onward) != 1:
            break
        at = onward[0].slave
    return None if at is None else str(at)


def stream_words(device: Any, path: str, interface: str) -> str:
    """What the stream at `interface` does, as a simulated device knows it: ``' Its stream: … .'``; '' where nobody knows."""
    find = getattr(device, "stream", None)
    if find is None:
        return ""
    try:
        standing = find(path, interface).standing
    except (AttributeError, KeyError, RuntimeError):
        return ""
    return f" Its stream: {str(standing).rstrip('.')}." if standing else ""


def error_words(status: int, names: dict[int, str]) -> str:
    """The errors whose bits `status` has, joined; '' where it has none."""
    return " and ".join(text for bit, text in names.items() if status & bit)
