"""Which side of a buffer is newer: the processor's, in its cache, or the device's, in the DRAM."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["coherent", "same", "host newer", "device newer", "both newer", "unknown"]
Extents = tuple[tuple[int, int], ...]

_WORDS: dict[State, str] = {
    "coherent": "host and device always see the same",
    "same": "host and device see the same",
    "host newer": "the host wrote what the device does not see: flush()",
    "device newer": "the device wrote what the host does not see: invalidate()",
    "both newer": "host and device wrote, in different places, what the other does not see: flush() the one part, invalidate() the other",
    "unknown": "this device cannot tell which side is newer",
}


class Coherence(NamedTuple):
    """How the two sides of an array differ.

    `host` and `device` are the stretches, as (offset, bytes) within the array, where that side is the newer one. Stretches are told in
    cache lines of 64 bytes of the buffer, and near ones as one where there are very many. ``'unknown'`` is the answer of a device
    that cannot look at both sides, as a board.
    """

    state: State
    host: Extents = ()
    device: Extents = ()

    def __str__(self) -> str:
        return f"{self.state}: {_WORDS[self.state]}" if self.state != "coherent" else _WORDS[self.state]


COHERENT = Coherence("coherent")
SAME = Coherence("same")
UNKNOWN = Coherence("unknown")


def coherence(host: Extents, device: Extents) -> Coherence:
    """What these stretches amount to."""
    if not host and not device:
        return SAME
    return Coherence("both newer" if host and device else "host newer" if host else "device newer", host, device)
