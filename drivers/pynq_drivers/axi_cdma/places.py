"""Where a copy comes from or goes to: a buffer, a memory of the design, or a bare address, as the core itself sees it.

The processor and a master in the logic need not see a memory at the same address: each has its own map (``Design.address_maps``).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from pynq_drivers.transfers.limits import Reach, span_of, whole


@dataclass(frozen=True)
class Place:
    """One end of a copy; `size` is None where nobody knows how much is there."""

    address: int  # as the core sees it
    size: int | None
    array: Any  # the buffer, None where it is none
    start: int  # of the copy, in `array`
    offset: int  # of the copy, in the whole buffer


class Places:
    """Finds the places of one core."""

    def __init__(self, title: str, device: Any, design: Any, path: str, interface: str) -> None:
        self._title, self._device, self._interface = title, device, interface
        self._reach = Reach(design, path, interface)
        self._own = self._reach.ranges

    def find(self, thing: Any, start: int, what: str) -> Place:
        """The place that `thing` is, from byte `start` on; `what` it is called in messages: ``'source'``."""
        start = whole(self._title, f"{what}_start", start)
        if start < 0:
            raise ValueError(f"{self._title}: {what}_start is a number of bytes, 0 or more, not {start}")
        if hasattr(thing, "flush") and hasattr(thing, "nbytes"):
            span = span_of(self._title, self._device, thing, start, to_memory=what == "destination")
            return Place(self._reach.seen(span.address), span.nbytes, thing, start, span.offset)
        if isinstance(getattr(thing, "description", None), dict):
            base, size = self._memory(thing, what)
            if start >= size:
                raise ValueError(f"{self._title}: {what}_start is byte {start} of a memory of {size} bytes")
            return Place(base + start, size - start, None, start, start)
        try:
            address = operator.index(thing)
        except TypeError:
            raise TypeError(
                f"{self._title}: the {what} is a buffer made by allocate(), a memory of the design (such as ol.axi_bram_ctrl_0) "
                f"or an address as this core sees it, not {type(thing).__name__}"
            ) from None
        if address < 0:
            raise ValueError(f"{self._title}: an address is 0 or more, not {address}")
        return Place(address + start, None, None, start, start)

    def check(self, place: Place, nbytes: int, what: str) -> None:
        """ValueError where part of the bytes is nowhere on this core's bus."""
        if not any(r.base <= place.address and place.address + nbytes - 1 <= r.base + r.size - 1 for r in self._own):
            self._reach.check(self._title, place.address, nbytes, f"the {what}")

    def _memory(self, thing: Any, what: str) -> tuple[int, int]:
        given = thing.description
        path = str(given.get("fullpath") or "")
        device = given.get("device")
        if device is not None and device is not self._device:
            raise ValueError(f"{self._title}: the {what} {path} is on {device!r}, this core is on {self._device!r}")
        base, size = given.get("phys_addr", given.get("base_address")), given.get("addr_range", given.get("size"))
        own = [r for r in self._own if r.slave == path]
        own.sort(key=lambda r: r.kind != "memory")
        if own:
            return int(own[0].base), int(own[0].size)
        if self._own and not any(r.base <= (base or 0) < r.base + r.size for r in self._own):
            raise ValueError(
                f"{self._title}: {self._interface} does not reach the {what} {path} by the design's address map; it reaches "
                + ", ".join(sorted({r.slave for r in self._own}))
            )
        if base is None or not size:
            raise ValueError(f"{self._title}: the {what} {path} has no address that this design tells of")
        return int(base), int(size)
