"""Where in main memory buffers are to be, so that the cores which move data reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynq_widgets.device.simulated.signals import ip_name
from pynq_widgets.device.simulated.world import is_dram, is_processor

if TYPE_CHECKING:
    from pynq_widgets.design import Design

# What a master shares with others of main memory has to have so many bytes to be of use for buffers.
_SHARED = 1 << 24


def _reached_by_most(low: int, high: int, masters: list[list[tuple[int, int]]]) -> tuple[int, int]:
    """The part of ``low..high`` that as many masters as possible reach, each its own ranges (first byte, one past the last).

    What they share with a master in less than 16 MiB does not count. Of parts with as many masters, the lowest.
    """
    best, most = (low, high), -1
    for first in sorted({span for ranges in masters for span in ranges}):
        part, count = (max(low, first[0]), min(high, first[1])), 0
        if part[1] - part[0] < _SHARED:
            continue
        for ranges in masters:
            shared = max(((max(part[0], a), min(part[1], b)) for a, b in ranges), key=lambda span: span[1] - span[0], default=(0, 0))
            if shared[1] - shared[0] >= _SHARED:
                part, count = shared, count + 1
        if count > most:
            best, most = part, count
    return best


def reached_by_masters(design: Design) -> tuple[int, int] | None:
    """The part of main memory that as many masters of `design` as possible reach, one past its end; None where it has no such memory."""
    host = design.host
    low, high = 0, (0x4000_0000 if ip_name(host) == "processing_system7" else 0x8000_0000)
    if not is_processor(host):
        own = [r for r in design.address_map if r.kind == "memory" and is_dram(r.module)]
        if not own:
            return None
        largest = max(own, key=lambda r: r.size)
        low, high = largest.base, largest.high + 1
    masters = [
        [
            (r.base, r.high + 1)
            for r in ranges
            if r.kind == "memory" and (is_processor(r.module) if is_processor(host) else is_dram(r.module))
        ]
        for path, ranges in design.address_maps.items()
        # Buffers are for the cores that move data; a processor in the logic may see main memory elsewhere.
        if ip_name(design.modules.get(path)) != "microblaze"
    ]
    return _reached_by_most(low, high, masters)
