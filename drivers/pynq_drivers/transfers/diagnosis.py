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


def stream_words(device: Any, path: str, interface: str) -> str:
    """What the stream at `interface` does, as a simulated device knows it: ``' The stream … '``; '' where nobody knows."""
    find = getattr(device, "stream", None)
    if find is None:
        return ""
    try:
        standing = find(path, interface).standing
    except (AttributeError, KeyError, RuntimeError):
        return ""
    return f" {str(standing).rstrip('.')}." if standing else ""


def error_words(status: int, names: dict[int, str]) -> str:
    """The errors whose bits `status` has, joined; '' where it has none."""
    return " and ".join(text for bit, text in names.items() if status & bit)
