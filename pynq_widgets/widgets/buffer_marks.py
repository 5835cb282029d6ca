"""What stands on a buffer's plot beside its samples: where the DMA is, where the trigger is, which side of the cache is newer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .buffer_source import Source, coherence_of

if TYPE_CHECKING:
    from .plot_layers import Mark

_MOST = 8  # transfers, and ranges that are told


def dma_marks(source: Source, place: Callable[[float], float] = float) -> list[Mark]:
    """A mark for each transfer that is under way, where it is now: `place` makes of a sample a place on the axis."""
    from .plot_layers import Mark

    marks = []
    for transfer in tuple(getattr(source.buffer, "under_way", ()))[:_MOST]:
        done = transfer.position()
        sample = math.nan if done is None else source.sample_at(transfer.offset + done)
        if math.isfinite(sample):
            at = place(min(max(sample, 0.0), float(source.samples)))
            marks.append(Mark(at, "x", f"{transfer.title} {'writes' if transfer.to_memory else 'reads'}", "dma"))
    return marks


def trigger_marks(trigger: Any, scale: float) -> list[Mark]:
    """The level of the trigger, which a person may drag, and the place where it was met."""
    from .plot_layers import Mark

    if trigger is None:
        return []
    return [Mark(trigger.level * scale, "y", "trigger", "trigger", True), Mark(0.0, "x", "", "trigger")]


def coherence_text(buffer: Any) -> tuple[str, str]:
    """Which side of the cache is newer, and where; both empty where they are the same."""
    found = coherence_of(buffer)
    if found is None or found.state in ("coherent", "same", "unknown"):
        return "", ""
    words = []
    for side, ranges in (("host", found.host), ("device", found.device)):
        if ranges:
            some = ", ".join(f"{offset:,} to {offset + nbytes - 1:,}" for offset, nbytes in ranges[:_MOST])
            words.append(f"{side} newer in bytes {some}{', …' if len(ranges) > _MOST else ''}")
    return found.state, "; ".join(words)


def sides(buffer: Any) -> dict[str, Any]:
    """What a page says of the cache and of transfers that are under way."""
    return {"coherence": list(coherence_text(buffer)), "transfers": [transfer.title for transfer in getattr(buffer, "under_way", ())]}
