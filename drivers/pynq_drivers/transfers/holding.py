"""What hardware is at work in is kept, whoever lets go of it, and ends when the hardware goes.

A core that was told an address goes on writing there, whether or not anybody in Python remembers. So a device refers to its transfers
under way, each of which refers to its buffer.
"""

from __future__ import annotations

from typing import Any, Protocol

from pynq_widgets.overlay import life

_NAME = "_transfers_under_way"


class Held(Protocol):
    """What hardware is at work in: a transfer, or a frame store."""

    title: str  # the path of its core, and what of that: 'hier/dma.recvchannel'

    @property
    def over(self) -> bool:
        """Whether Python is done with it."""
        ...

    def let_go(self) -> None:
        """The hardware is at rest: end it for its buffer."""
        ...

    def lost(self, at_rest: bool, region: str = "") -> None:
        """The overlay has gone, or its `region` holds another module; the hardware is at rest, or not known to be."""
        ...


class Holding:
    """The transfers of one device whose buffers its hardware may be reading or writing."""

    def __init__(self, device: Any) -> None:
        self._transfers: set[Held] = set()
        self._generation = life.generation_of(device)
        # Kept by the device itself: with it all of this goes.
        self._device = device
        watch = getattr(device, "watch_generation", None)
        if watch is not None:
            watch(self.look)
        self._regions = dict(self._held_regions())
        watch = getattr(device, "watch_regions", None)
        if watch is not None:
            watch(self.look_at_regions)

    @classmethod
    def of(cls, device: Any) -> Holding:
        """That of `device`; what another design had under way there has ended by then."""
        found: Holding | None = device.__dict__.get(_NAME)
        if found is None:
            found = device.__dict__[_NAME] = cls(device)
        elif found._generation != life.generation_of(device):
            found.look()
        return found

    def _held_regions(self) -> Any:
        return getattr(getattr(self._device, "design", None), "regions", {})

    def look_at_regions(self) -> None:
        """End what was under way in a region that holds another module now."""
        before, self._regions = self._regions, dict(self._held_regions())
        missing = object()
        for region in {**before, **self._regions}:
            if before.get(region, missing) is self._regions.get(region, missing):
                continue
            for transfer in tuple(self._transfers):
                if transfer.title.startswith(f"{region}/"):
                    if transfer.over:
                        transfer.let_go()
                    else:
                        transfer.lost(True, region)

    def __len__(self) -> int:
        return len(self._transfers)

    def add(self, transfer: Held) -> None:
        """The hardware is told of `transfer`."""
        self._transfers.add(transfer)

    def discard(self, transfer: Held) -> None:
        """The hardware is done with it."""
        self._transfers.discard(transfer)

    def look(self) -> None:
        """End what the hardware cannot go on with, since it is another by now."""
        generation = life.generation_of(self._device)
        if generation == self._generation:
            return
        self._generation = generation
        # Nothing is loaded: the overlay was freed, which does not stop its hardware, or it was replaced behind its back, which does. Not
        # known which, so memory is kept until the next design.
        at_rest = life.current(self._device) is not None
        for transfer in tuple(self._transfers):
            if transfer.over:
                transfer.let_go()
            else:
                transfer.lost(at_rest)
