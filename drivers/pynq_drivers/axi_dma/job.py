"""What a channel of AXI DMA is busy with, for the simulated device."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Job:
    """One block to move: what LENGTH begins, or what a descriptor describes."""

    address: int
    length: int
    last: bool  # the packet ends with it: to be sent with TLAST; or TLAST was received
    first: bool = True  # the packet begins with it
    moved: int = 0
    since: float | None = None  # the time of its first byte
    over: bool = False  # all bytes are through, and only the time they take is left
